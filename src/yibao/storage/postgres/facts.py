"""What a database says of itself (数据库概况): version, size, schema, roles, rows."""

from __future__ import annotations

from dataclasses import dataclass

import asyncpg

from yibao.storage.postgres.database import Database
from yibao.storage.postgres.migrate import current

_FACTS = """
SELECT current_setting('server_version') AS version, current_database() AS name,
       pg_database_size(current_database()) AS size_bytes,
       (SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()) AS connections
"""
_ROLES = """
SELECT rolname AS name, rolcanlogin AS may_login, rolsuper AS is_superuser,
       EXISTS (SELECT 1 FROM pg_database d WHERE d.datname = current_database()
               AND d.datdba = r.oid) AS owns_database
FROM pg_roles r WHERE rolname NOT LIKE 'pg\\_%' ORDER BY rolsuper DESC, 4 DESC, rolname
"""
_TABLES = """
SELECT format('%I.%I', schemaname, tablename) FROM pg_tables
WHERE schemaname !~ '^pg_' AND schemaname <> 'information_schema' ORDER BY 1
"""


@dataclass(frozen=True, slots=True)
class Role:
    """A role of the server and what it may do at large."""

    name: str
    may_login: bool
    is_superuser: bool
    owns_database: bool


@dataclass(frozen=True, slots=True)
class DatabaseFacts:
    """A database at one moment; ``revision`` is ``None`` before the first migration."""

    version: str
    name: str
    size_bytes: int
    connections: int
    revision: str | None
    roles: tuple[Role, ...]


async def describe(url: str) -> DatabaseFacts:
    """Ask a database for its facts.

    Raises:
        UnableToReachDatabase: it cannot be reached.
    """
    async with await Database.open(url, size=1) as database, database.connection() as connection:
        facts = dict(await connection.fetchrow(_FACTS))
        roles = tuple(Role(**row) for row in await connection.fetch(_ROLES))
    return DatabaseFacts(**facts, revision=await current(url), roles=roles)


async def rows_counted(connection: asyncpg.Connection) -> dict[str, int]:
    """How many rows each table has, as the connection's transaction sees it."""
    names = [row[0] for row in await connection.fetch(_TABLES)]
    return {
        name: await connection.fetchval(f"SELECT count(*) FROM {name}")  # noqa: S608 - quoted by %I
        for name in names
    }
