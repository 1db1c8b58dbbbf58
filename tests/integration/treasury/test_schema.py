"""The tables as declared are those that the migration made."""

from __future__ import annotations

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection

from tests.integration.conftest import Books, run
from yibao.offices.treasury.tables import ENTRY, SCHEMA
from yibao.storage.postgres.database import Database


def differences(connection: Connection) -> list[object]:
    options = {
        "include_schemas": True,
        "include_name": lambda name, kind, _: kind != "schema" or name == SCHEMA,
        "include_object": lambda thing, _name, kind, *_: kind != "table" or thing.schema == SCHEMA,
    }
    context = MigrationContext.configure(connection, opts=options)
    return list(compare_metadata(context, ENTRY.metadata))


def test_tables_and_migrations_agree(database: Books):
    async def work() -> list[object]:
        async with (
            await Database.open(database.owner_url, size=1) as owner,
            owner.engine.connect() as connection,
        ):
            return await connection.run_sync(differences)

    assert run(work()) == []
