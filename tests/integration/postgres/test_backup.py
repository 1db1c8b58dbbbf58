"""Backups by the command line: one file, restored into a new folder, with what was checked."""

from __future__ import annotations

import asyncio
import json
import tarfile
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest

from tests.functional.cli.running import Ran, yibao
from tests.integration.conftest import HASTY
from yibao.storage.postgres.server import Server

FILLED = "INSERT INTO access.permission VALUES ('books.read', '查账', 'read'), ('a.b', '甲', 'a')"


@pytest.fixture(scope="module")
def home(home_for_servers: Path) -> Iterator[Path]:
    server = Server(home_for_servers / "backed-up", changed=HASTY)
    settings = server.start()
    assert yibao("db", "migrate", "--home", server.home).returncode == 0
    assert executed(settings.needed_owner_url(), FILLED) == "INSERT 0 2"
    yield server.home
    server.stop()


@pytest.fixture(scope="module")
def backup(home: Path, home_for_servers: Path) -> Path:
    file = home_for_servers / "books.backup"
    ran = yibao("db", "backup", file, "--home", home)
    assert (ran.returncode, ran.stderr.splitlines()[0]) == (0, "counting the rows of each table")
    return file


def executed(url: str, statement: str) -> str:
    async def work() -> str:
        connection = await asyncpg.connect(url)
        try:
            return await connection.execute(statement)
        finally:
            await connection.close()

    return asyncio.run(work())


def test_a_backup_comes_back_with_every_row_and_privilege(backup: Path, home_for_servers: Path):
    restored = home_for_servers / "restored"
    ran = yibao("db", "restore", backup, "--home", restored)
    assert ran.returncode == 0, ran.stderr
    assert "each table as it was counted" in ran.stdout
    assert f"yibao db start --home {restored}" in ran.stdout
    assert not Server(restored).status().is_running
    assert [it.name for it in restored.parent.iterdir() if "restoring" in it.name] == []
    server = Server(restored, changed=HASTY)
    try:
        settings = server.start()
        found = "SELECT 1 FROM access.permission WHERE label_zh = '查账'"
        assert executed(settings.service_url, found) == "SELECT 1"
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            executed(settings.service_url, "DELETE FROM access.permission")
    finally:
        server.stop()
    again = yibao("db", "restore", backup, "--home", restored)
    refused(again, "is no empty folder")


def test_a_backup_is_private_whole_and_not_written_over(backup: Path, home: Path):
    assert backup.stat().st_mode & 0o777 == 0o600
    with tarfile.open(backup) as archive:
        member = archive.extractfile("manifest.json")
        assert member is not None
        manifest = json.load(member)
        assert archive.getnames()[0] == "manifest.json"
    assert manifest["rows"]["access.permission"] >= 2
    assert manifest["format"] == "yibao-backup-1"
    refused(yibao("db", "backup", backup, "--home", home), "exists already")
    assert [it.name for it in backup.parent.iterdir() if it.name.startswith(".")] == []


@pytest.mark.parametrize("harm", ["one byte", "cut short", "not a backup", "rows"])
def test_a_backup_that_was_harmed_restores_nothing(
    backup: Path, home_for_servers: Path, tmp_path: Path, harm: str
):
    harmed = tmp_path / "harmed.backup"
    content = backup.read_bytes()
    counted = b'"access.permission": '
    harmed.write_bytes(
        {
            "one byte": content.replace(b"PGDMP", b"PGDMQ", 1),
            "cut short": content[: len(content) // 2],
            "not a backup": b"a picture of a cat",
            "rows": content.replace(counted, counted[:-1] + b"9", 1),
        }[harm]
    )
    place = home_for_servers / f"harmed-{harm.replace(' ', '-')}"
    refused(yibao("db", "restore", harmed, "--home", place), "the backup is not whole")
    assert not place.exists()
    assert not place.with_name(f"{place.name}.restoring").exists()


@pytest.mark.parametrize("name", ["../outside", "/outside", "dump/../../outside", "dump/link"])
def test_a_tar_that_reaches_outside_is_refused(
    backup: Path, home_for_servers: Path, tmp_path: Path, name: str
):
    harmed = tmp_path / "harmed.backup"
    harmed.write_bytes(backup.read_bytes())
    with tarfile.open(harmed, mode="a") as archive:
        member = tarfile.TarInfo(name)
        if name.endswith("link"):
            member.type, member.linkname = tarfile.SYMTYPE, "../../../outside"
        archive.addfile(member)
    place = home_for_servers / "reached"
    refused(yibao("db", "restore", harmed, "--home", place), "does not belong there")
    assert not place.exists()


def test_grants_to_a_role_of_another_name_are_told(backup: Path, tmp_path: Path):
    place = tmp_path / "other"
    ran = yibao("db", "restore", backup, "--home", place, YIBAO_SERVICE_ROLE="clerk")
    refused(ran, "YIBAO_SERVICE_ROLE=yibao_service")


def test_status_reads_in_one_look(home: Path):
    told = yibao("db", "status", "--home", home)
    labels = [line.split()[0] for line in told.stdout.splitlines()]
    assert labels == [
        "state",
        "folder",
        "where",
        *("version", "size", "connections"),
        "schema",
        "roles",
    ]
    assert "yibao_service (may log in)" in told.stdout
    data = json.loads(yibao("db", "status", "--home", home, "--json").stdout)
    assert (data["running"], data["home"], data["made"]) == (True, str(home), True)
    assert "运行中" in yibao("db", "status", "--home", home, "--language", "zh").stdout


def test_a_url_keeps_its_password_unless_asked(home: Path):
    settings = Server(home).settings()
    bare = yibao("db", "url", "--home", home).stdout.strip()
    assert bare.startswith("postgresql://yibao_service@127.0.0.1:")
    whole = yibao("db", "url", "--home", home, "--with-password").stdout.strip()
    assert whole == settings.service_url != bare
    owner = yibao("db", "url", "--home", home, "--with-password", "--owner").stdout.strip()
    assert owner == settings.needed_owner_url()


@pytest.mark.parametrize("words", [["migrate"], ["backup", "x.backup"], ["url"]])
def test_what_needs_a_database_says_how_to_make_one(tmp_path: Path, words: list[str]):
    ran = yibao("db", *words, "--home", tmp_path / "none")
    refused(ran, "there is no database in")
    assert "yibao db start" in ran.stderr


def test_a_server_that_stands_still_says_how_to_start_it(home: Path):
    Server(home).stop()
    try:
        refused(yibao("db", "migrate", "--home", home), "`yibao db start`")
        assert "not running" in yibao("db", "status", "--home", home).stdout
        assert "it did not run" in yibao("db", "stop", "--home", home).stdout
    finally:
        Server(home, changed=HASTY).start()


def test_a_server_of_the_city_is_not_started_or_stopped():
    for word in ("start", "stop"):
        ran = yibao("db", word, YIBAO_DATABASE_URL="postgresql://a@db.invalid/b")
        refused(ran, "names a server of your own")


def refused(ran: Ran, because: str) -> None:
    assert ran.returncode == 4, ran
    assert because in ran.stderr
    assert "What to do" in ran.stderr
