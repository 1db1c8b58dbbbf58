"""A backup of the books, restored into a new folder, is held against seals exported before."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.functional.cli.running import Ran, yibao
from tests.integration.conftest import HASTY, Books, run
from tests.integration.treasury.town import AREA, benefit, contribution, credit, opened, use
from yibao.offices.treasury.posting import Posted, post
from yibao.offices.treasury.sealing import export_seals, seal_now
from yibao.offices.treasury.verifying import Verification, verify
from yibao.storage.postgres.database import Database
from yibao.storage.postgres.server import Server


async def _fill(books: Books, seals: Path) -> None:
    """Two entries that are sealed and exported, then a third."""
    await opened(books)
    async with await Database.open(books.service_url, size=2) as database:
        first = [contribution("c1", 900), credit("k1", "M1", 300)]
        await post(database, first, area=AREA, actor="clerk")
        await seal_now(database)
        await export_seals(database, seals)
        await post(database, [benefit("b1", 400)], area=AREA, actor="clerk")
        await seal_now(database)


@pytest.fixture
def restored(
    database: Books, home_for_servers: Path, tmp_path: Path
) -> Iterator[Callable[[], tuple[Ran, Path]]]:
    """Fills the books; called, backs them up and restores them: what was told, and where."""
    run(_fill(database, tmp_path / "seals.jsonl"))
    home = home_for_servers / "restored-books"

    def work() -> tuple[Ran, Path]:
        urls = {
            "YIBAO_DATABASE_URL": database.service_url,
            "YIBAO_OWNER_DATABASE_URL": database.owner_url,
        }
        done = yibao("db", "backup", tmp_path / "books.backup", **urls)
        assert done.returncode == 0, done.stderr
        return yibao("db", "restore", tmp_path / "books.backup", "--home", home), home

    yield work
    Server(home).stop()
    shutil.rmtree(home)


async def _verified(url: str, seals: Path) -> Verification:
    async with await Database.open(url, size=2) as database:
        return await verify(database, seals_file=seals)


def test_restored_books_hold_against_seals_exported_before(
    restored: Callable[[], tuple[Ran, Path]], tmp_path: Path
):
    told, home = restored()
    assert told.returncode == 0, told.stderr
    assert "3 entries and 2 seals of the ledger, 0 discrepancies" in told.stdout
    url = Server(home, changed=HASTY).start().service_url
    found = run(_verified(url, tmp_path / "seals.jsonl"))
    assert found.holds, found.discrepancies
    assert (found.entries_count, found.copied_seals_count) == (3, 1)

    async def go_on() -> None:
        async with await Database.open(url, size=2) as database:
            again, fresh = await post(
                database, [benefit("b1", 400), use("u1", "M1", 300)], area=AREA, actor="clerk"
            )
            assert isinstance(again, Posted)
            assert not again.is_new  # the same id and content answers as it did before
            assert isinstance(fresh, Posted)
            assert fresh.entry_id > again.entry_id
            (over,) = await post(database, [use("u2", "M1", 1)], area=AREA, actor="clerk")
            assert not isinstance(over, Posted)
            await seal_now(database)

    run(go_on())
    assert run(_verified(url, tmp_path / "seals.jsonl")).holds


def test_books_that_were_bent_before_the_backup_are_told(
    restored: Callable[[], tuple[Ran, Path]], database: Books
):
    async def bend() -> None:
        async with await Database.open(database.superuser_url, size=1) as connection:
            await connection.pool.execute(
                "ALTER TABLE treasury.entry DISABLE TRIGGER ALL;"
                " UPDATE treasury.entry SET actor = 'nobody' WHERE client_id = 'c1';"
                " ALTER TABLE treasury.entry ENABLE TRIGGER ALL"
            )

    run(bend())
    told, _ = restored()
    assert told.returncode == 1
    assert "NOT SO: 3 entries and 2 seals of the ledger, " in told.stdout
