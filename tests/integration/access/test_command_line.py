"""`yibao access` as the bureau runs it, on a real server."""

from __future__ import annotations

import asyncio
import json
import stat
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from tests.integration.conftest import Books
from yibao.doors.cli.entry import main
from yibao.offices.access.actors import Origin
from yibao.offices.access.keys import authenticate_key
from yibao.offices.access.office import AccessOffice
from yibao.storage.postgres.database import Database

FIRST = "a first sentence, given"
OWN = "a sentence of my own"
Program = Callable[..., Result]


@pytest.fixture
def sessions(tmp_path: Path) -> Path:
    return tmp_path / "state" / "sessions.json"


@pytest.fixture
def yibao(database: Books, sessions: Path, monkeypatch: pytest.MonkeyPatch) -> Program:
    """The program on this test's database, with the file of sessions in a folder of the test."""
    monkeypatch.setenv("YIBAO_DATABASE_URL", database.service_url)
    monkeypatch.setenv("YIBAO_OWNER_DATABASE_URL", database.owner_url)
    monkeypatch.setenv("YIBAO_SESSIONS", str(sessions))
    monkeypatch.setenv("LANG", "C.UTF-8")

    def run(*words: str, lines: tuple[str, ...] = (), code: int = 0) -> Result:
        given = "".join(f"{line}\n" for line in lines)
        end = ["--password-stdin"] if lines else []
        done = CliRunner().invoke(
            main, ["access", *words, *end], input=given, catch_exceptions=False
        )
        assert done.exit_code == code, done.output
        assert "Traceback" not in done.output
        for secret in (FIRST, OWN):
            assert secret not in done.output
        return done

    return run


@pytest.fixture
def li(yibao: Program) -> Program:
    """The program, where the first administrator has logged in."""
    yibao("init", "li", "--name", "李四", lines=(FIRST,))
    yibao("person", "password", "li", lines=(FIRST, OWN))
    return yibao


def test_from_nothing_to_a_clerk_who_acts(li: Program, sessions: Path):
    assert stat.S_IMODE(sessions.stat().st_mode) == 0o600
    assert stat.S_IMODE(sessions.parent.stat().st_mode) == 0o700
    assert OWN not in sessions.read_text("utf-8")
    li("person", "add", "wang", "--name", "王五", lines=(FIRST,))
    li("role", "grant", "wang", "clerk")
    told = li("login", "wang", lines=(FIRST,)).output
    assert "yibao access person password wang" in told
    assert "password_change_needed" in li("person", "list", code=4).stderr
    li("person", "password", "wang", lines=(FIRST, OWN))
    assert "claim.settle" in li("whoami").output
    refused = li("person", "list", "--language", "zh", code=4).stderr
    assert "[permission_missing] wang 没有权限 access.manage_people" in refused
    people = json.loads(li("person", "list", "--as", "li", "--json").stdout)
    assert [(one["login_name"], one["roles"]) for one in people] == [
        *(("li", ["administrator"]), ("wang", ["clerk"])),
    ]
    assert "王五" in li("person", "list", "--as", "li").output
    assert "clerk" in li("role", "show", "wang", "--as", "li").output
    assert "经办人员" in li("role", "list", "--language", "zh").output
    li("role", "withdraw", "wang", "clerk", "--as", "li")
    assert "claim.settle" not in li("whoami").output
    li("person", "suspend", "wang", "--as", "li")
    assert "session_invalid" in li("whoami", code=4).stderr
    li("person", "resume", "wang", "--as", "li")
    li("login", "wang", lines=(OWN,))
    li("person", "password", "wang", "--reset", "--as", "li", lines=(FIRST,))
    assert "login_refused" in li("login", "wang", lines=(OWN,), code=4).stderr


def test_a_key_from_making_to_revoking(li: Program, database: Books):
    def counts(text: str) -> bool:
        async def work() -> bool:
            async with await Database.open(database.service_url, size=1) as opened:
                try:
                    await authenticate_key(AccessOffice(opened), text, origin=Origin())
                except Exception:  # noqa: BLE001 - either it counts or it does not
                    return False
                return True

        return asyncio.run(work())

    made = li("key", "make", "H99000000001", "--label", "his", "--until", "2099-01-01")
    text = made.stdout.strip()  # and nothing else, so that it can be piped
    assert counts(text)
    key_id = text.split(".")[1]
    rotated = json.loads(li("key", "rotate", key_id, "--overlap-days", "2", "--json").stdout)
    assert counts(text)
    assert counts(rotated["key"])
    assert "key_replaced" in li("key", "rotate", key_id, code=4).stderr
    li("key", "revoke", key_id, "--reason", "lost")
    assert not counts(text)
    listed = json.loads(li("key", "list", "--institution", "H99000000001", "--json").stdout)
    assert [(one["is_live"], one["replaces"]) for one in listed] == [(False, None), (True, key_id)]
    secret = rotated["key"].split(".")[2]
    assert secret not in li("key", "list").output
    log = json.loads(li("log", "search", "--object", f"key:{key_id}", "--json").stdout)
    assert [one["action"] for one in log] == [
        *("access.use_key", "access.revoke_key", "access.rotate_key", "access.make_key"),
    ]
    everything = li("log", "search", "--limit", "1000", "--json").stdout
    assert secret not in everything
    assert text.split(".")[2] not in everything


def test_the_log_answers_who_did_what_and_that_somebody_looked(li: Program):
    li("person", "add", "wang", "--name", "王五", lines=(FIRST,))
    found = json.loads(li("log", "search", "--person", "li", "--purpose", "audit", "--json").stdout)
    assert found[0]["action"] == "access.create_person"
    assert found[0]["object"] == "person:2"
    (looked,) = json.loads(li("log", "search", "--action", "access.read_log", "--json").stdout)
    assert (looked["purpose"], looked["detail"]) == ("audit", "person:1")
    assert "create_person" in li("log", "search").output
    assert json.loads(li("log", "search", "--since", "2099-01-01", "--json").stdout) == []
    assert "person_unknown" in li("log", "search", "--person", "none", code=4).stderr


def test_only_who_has_logged_in_acts(yibao: Program, sessions: Path):
    assert "nobody has logged in here" in yibao("person", "list", code=4).stderr
    yibao("init", "li", "--name", "李四", lines=(FIRST,))
    again = yibao("init", "zhao", "--name", "赵六", lines=(FIRST,), code=4)
    assert "administrator_exists" in again.stderr
    yibao("init", "zhao", "--name", "赵六", "--another", lines=(FIRST,))
    yibao("login", "li", lines=(FIRST,))
    assert "zhao has not logged in here (who has: li)" in (
        yibao("whoami", "--as", "zhao", code=4).stderr
    )
    sessions.chmod(0o640)
    assert "session_file_unsafe" in yibao("whoami", code=4).stderr
    sessions.chmod(0o600)
    kept = sessions.read_text("utf-8")
    yibao("logout")
    assert json.loads(sessions.read_text("utf-8")) == {"last": "", "tokens": {}}
    sessions.write_text(kept, "utf-8")  # a token that was copied away before
    assert "session_invalid" in yibao("whoami", code=4).stderr
    sessions.write_text("{", "utf-8")
    assert "login_needed" in yibao("whoami", code=4).stderr


def test_a_password_is_never_typed_where_it_shows(yibao: Program):
    assert "--password-stdin" in yibao("login", "li", code=2).stderr
    assert "不是终端" in yibao("login", "li", "--language", "zh", code=2).stderr
    empty = yibao("login", "li", "--password-stdin", code=2)
    assert "ended before a password came" in empty.stderr
    for words in ("login li secret", "person add wang secret", "init li secret"):
        assert yibao(*words.split(), code=2).exit_code == 2


def test_a_database_without_tables_is_told_with_its_remedy(
    empty_database: Books, yibao: Program, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("YIBAO_DATABASE_URL", empty_database.service_url)
    monkeypatch.setenv("YIBAO_OWNER_DATABASE_URL", empty_database.owner_url)
    for done in (
        yibao("role", "list", code=4),
        yibao("login", "li", lines=(FIRST,), code=4),
        yibao("init", "li", "--name", "李四", lines=(FIRST,), code=4),
    ):
        assert "yibao db migrate" in done.stderr


@pytest.mark.parametrize("words", ["", "person", "role", "key", "log", "key make", "log search"])
def test_help_says_what_each_command_does(yibao: Program, words: str):
    told = yibao(*words.split(), "--help").output
    assert "Usage: yibao" in told or "Usage: main" in told
    assert len(told) > 200
