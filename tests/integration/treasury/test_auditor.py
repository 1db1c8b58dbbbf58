"""An auditor's way, as docs/ledger.md prints it: the seals checked by psql and sha256sum alone."""

from __future__ import annotations

import re
import subprocess

import asyncpg

from tests.health.checkers import ROOT
from tests.integration.conftest import Books, run
from tests.integration.treasury.town import benefit, contribution, credit, raw_post
from yibao.storage.postgres.runtime import installed_folder

PAGE = (ROOT / "docs" / "ledger.md").read_text(encoding="utf-8")
(SCRIPT,) = re.findall(r"```\n(.*?)```", PAGE, re.DOTALL)


def checked(books: Books) -> list[str]:
    """What the script of the page prints."""
    place = installed_folder() / "bin"
    done = subprocess.run(
        ["bash", "-c", SCRIPT],
        env={"PATH": f"{place}:/usr/bin:/bin", "URL": books.service_url, "LC_ALL": "C.UTF-8"},
        capture_output=True,
        text=True,
        check=True,
    )
    return [line.partition(" ")[2] for line in done.stdout.splitlines()]


def test_the_auditors_script_agrees_and_finds_what_was_bent(town: Books):
    async def booked():
        connection = await asyncpg.connect(town.service_url)
        for entries in (
            [contribution("c", 100, memo="居民缴费")],
            [credit("k", "M1", 5), benefit("b", 7)],
        ):
            await raw_post(connection, *entries)
            await connection.execute("SELECT treasury.seal_up_to(treasury.last_number())")
        await connection.close()

    async def bent():
        connection = await asyncpg.connect(town.superuser_url)
        await connection.execute(
            "ALTER TABLE treasury.entry DISABLE TRIGGER ALL;"
            "UPDATE treasury.entry SET memo = '单位缴费' WHERE client_id = 'c'"
        )
        await connection.close()

    run(booked())
    assert checked(town) == ["ok", "ok"]
    run(bent())
    assert checked(town) == ["BROKEN", "ok"]
