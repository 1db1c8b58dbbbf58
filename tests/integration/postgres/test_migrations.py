"""The schema's history: from nothing, and from every revision with data in it, to the head.

A revision that lands brings ``data/<revision>.sql`` beside this file: a few rows as that revision
had them, which every later step must keep.
"""

from __future__ import annotations

import asyncio
from pathlib import Path

import asyncpg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from tests.integration.conftest import Books
from yibao.storage.postgres import migrate as ours
from yibao.storage.postgres.database import Database, engine_of
from yibao.storage.postgres.errors import UnableToMigrate
from yibao.storage.postgres.facts import rows_counted
from yibao.storage.postgres.metadata import METADATA
from yibao.storage.postgres.migrate import current, head, migrate, revisions
from yibao.storage.postgres.migrations.script import with_service_role

DATA = Path(__file__).parent / "data"


async def rows(url: str) -> dict[str, int]:
    async with await Database.open(url, size=1) as database, database.connection() as connection:
        return await rows_counted(connection)


async def executed(url: str, statements: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(statements)
    finally:
        await connection.close()


def test_from_nothing_to_the_head_step_by_step(empty_database: Books):
    async def work() -> None:
        url = empty_database.owner_url
        told: list[str] = []
        assert await current(url) is None
        assert await migrate(url, told=told.append) == told == revisions()
        assert await current(url) == head() == revisions()[-1]
        assert await current(empty_database.service_url) == head()
        assert await migrate(url) == [], "the second time there is nothing to do"

    asyncio.run(work())


@pytest.mark.parametrize("revision", revisions())
def test_from_a_revision_with_data_in_it_to_the_head(empty_database: Books, revision: str):
    async def work() -> None:
        url = empty_database.owner_url
        await migrate(url, revision)
        assert await current(url) == revision
        bare = await rows(url)
        await executed(url, (DATA / f"{revision}.sql").read_text(encoding="utf-8"))
        filled = await rows(url)
        assert filled != bare, "a file of data with no data in it"
        await migrate(url)
        after = await rows(url)
        kept = {name: count for name, count in filled.items() if count > bare[name]}
        lost = {name: after.get(name) for name in kept if after.get(name) != kept[name]}
        assert lost == {}, "a step added or removed rows of a table that a person had filled"

    asyncio.run(work())


def test_every_file_of_data_is_of_a_revision():
    assert {path.stem for path in DATA.iterdir()} <= set(revisions())


def test_two_that_migrate_at_once_do_so_one_after_the_other(empty_database: Books):
    async def work() -> None:
        url = empty_database.owner_url
        done = await asyncio.gather(migrate(url), migrate(url))
        assert sorted(map(len, done)) == [0, len(revisions())]

    asyncio.run(work())


def test_the_service_cannot_migrate(empty_database: Books):
    with pytest.raises(UnableToMigrate) as refused:
        asyncio.run(migrate(empty_database.service_url))
    assert refused.value.code == "not_the_owner"


def test_a_service_role_that_there_is_not_is_told_with_the_remedy(
    empty_database: Books, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("YIBAO_SERVICE_ROLE", "yibao_elsewhere")
    with pytest.raises(UnableToMigrate) as refused:
        asyncio.run(migrate(empty_database.owner_url))
    assert refused.value.code == "service_role_missing"
    assert 'CREATE ROLE "yibao_elsewhere" LOGIN' in refused.value.told("zh")


def test_a_schema_of_a_newer_program_is_told(database: Books):
    async def work() -> None:
        change = "UPDATE public.schema_revision SET version_num = '9999_later'"
        await executed(database.owner_url, change)
        with pytest.raises(UnableToMigrate) as refused:
            await migrate(database.owner_url)
        assert refused.value.code == "revision_unknown"

    asyncio.run(work())


def test_a_step_that_fails_leaves_the_schema_as_it_was(
    empty_database: Books, monkeypatch: pytest.MonkeyPatch
):
    """The last statement of the last step fails, when everything is made already."""
    monkeypatch.setattr(ours, "_SEEN_BY_SERVICE", "SELECT 1 / 0")

    async def work() -> None:
        with pytest.raises(UnableToMigrate) as refused:
            await migrate(empty_database.owner_url)
        assert refused.value.code == "step_failed"
        assert await current(empty_database.owner_url) is None
        assert await rows(empty_database.owner_url) == {}

    asyncio.run(work())


def test_the_tables_declared_are_the_tables_made(database: Books):
    """What an office declares stands in the schema with the same columns, keys and types."""
    pytest.importorskip("yibao.offices.access.tables")

    async def work() -> list[object]:
        engine = engine_of(database.superuser_url)
        async with engine.connect() as connection:
            found = await connection.run_sync(
                lambda it: compare_metadata(
                    MigrationContext.configure(
                        it, opts={"include_schemas": True, "include_object": is_declared}
                    ),
                    METADATA,
                )
            )
        await engine.dispose()
        return found

    assert asyncio.run(work()) == []


def is_declared(thing: object, name: str, kind: str, reflected: bool, other: object) -> bool:
    """Tables that no office declares are none of this test's business."""
    del name
    table = thing if kind == "table" else getattr(thing, "table", thing)
    return getattr(table, "key", "") in METADATA.tables


def test_the_services_role_is_named_as_an_identifier(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("YIBAO_SERVICE_ROLE", "Service_2")
    script = "GRANT x TO :service; GRANT y TO {{service_role}}; SELECT a::service, b[1:service]"
    assert with_service_role(script) == (
        'GRANT x TO "Service_2"; GRANT y TO "Service_2"; SELECT a::service, b[1:service]'
    )
    for name in ('a"; DROP ROLE b', "a b", "1a", "a" * 64):
        monkeypatch.setenv("YIBAO_SERVICE_ROLE", name)
        with pytest.raises(Exception, match="role's name"):
            with_service_role(script)
