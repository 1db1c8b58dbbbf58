"""Bringing the schema forward (迁移): from whatever revision it has to the head, told step by step.

Holds: all steps of one call are in one transaction under a lock, so that a schema is at the old
revision or at the new one, and two that migrate at once do so one after the other.

Refuses: a role that does not own the database, a schema of a newer program, and going back.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from importlib import resources
from typing import Any

import asyncpg
from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util.exc import CommandError
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.pool import NullPool

from yibao.base.texts import Text
from yibao.storage.postgres.database import Database, engine_of
from yibao.storage.postgres.errors import UnableToMigrate
from yibao.storage.postgres.migrations.script import with_service_role
from yibao.storage.postgres.settings import service_role

_LOCK = 4_020_180_917_011_949
"""The key of the advisory lock that one who migrates holds."""


async def migrate(
    owner_url: str, revision: str = "head", *, told: Callable[[str], None] = lambda _: None
) -> list[str]:
    """Upgrade to ``revision``; the revisions that were run, in order, each passed to ``told``.

    Raises:
        UnableToReachDatabase: the server cannot be reached or is older than 15.
        UnableToMigrate: the URL is not the owner's, the service's role is missing, the schema is
            of a newer program, a step failed. The schema is as it was.
    """
    async with await Database.open(owner_url, size=1) as database, database.connection() as owner:
        await _refuse(owner)
    done: list[str] = []

    def step(*, step: Any, **_: object) -> None:  # noqa: ANN401
        done.append(step.up_revision_id)
        told(step.up_revision_id)

    async with _connected(owner_url) as connection:
        await connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
        try:
            await connection.run_sync(_upgrade, revision, step)
            await connection.execute(text(with_service_role(_SEEN_BY_SERVICE)))
        except CommandError as error:
            raise _unknown(error) from None
        except (asyncpg.PostgresError, DBAPIError) as error:
            raise _failed(done, error) from error
    return done


async def current(url: str) -> str | None:
    """The schema's revision; ``None`` where nothing was migrated yet."""
    async with _connected(url) as connection:
        return await connection.run_sync(_current)


def head() -> str | None:
    """The last revision this program knows."""
    return ScriptDirectory.from_config(_config()).get_current_head()


def revisions() -> list[str]:
    """Every revision, from the first to the head."""
    walked = ScriptDirectory.from_config(_config()).walk_revisions()
    return [each.revision for each in walked][::-1]


_SEEN_BY_SERVICE = """
DO $$ BEGIN
IF to_regclass('public.schema_revision') IS NOT NULL THEN
GRANT USAGE ON SCHEMA public TO :service;
GRANT SELECT ON public.schema_revision TO :service;
END IF; END $$
"""


def _config() -> Config:
    config = Config()
    place = resources.files("yibao.storage.postgres").joinpath("migrations")
    config.set_main_option("script_location", str(place).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config


def _upgrade(connection: Connection, revision: str, step: Callable[..., None]) -> None:
    config = _config()
    config.attributes["connection"] = connection
    config.attributes["told"] = step
    command.upgrade(config, revision)


def _current(connection: Connection) -> str | None:
    options = {"version_table": "schema_revision", "version_table_schema": "public"}
    return MigrationContext.configure(connection, opts=options).get_current_revision()


@asynccontextmanager
async def _connected(url: str) -> AsyncIterator[AsyncConnection]:
    engine = engine_of(url, poolclass=NullPool)
    try:
        async with engine.begin() as connection:
            yield connection
    finally:
        await engine.dispose()


async def _refuse(owner: asyncpg.Connection) -> None:
    """What would fail half way is told before."""
    may = await owner.fetchval("SELECT has_database_privilege(current_database(), 'CREATE')")
    if not may:
        user = await owner.fetchval("SELECT current_user")
        raise UnableToMigrate(
            "not_the_owner",
            Text(f"角色 {user} 不能在该数据库建表", f"the role {user} may not make schemas here"),
            remedy=Text(
                "请在 YIBAO_OWNER_DATABASE_URL 中给出数据库所有者",
                "give the database's owner in YIBAO_OWNER_DATABASE_URL",
            ),
        )
    role = service_role()
    if not await owner.fetchval("SELECT true FROM pg_roles WHERE rolname = $1", role):
        raise UnableToMigrate(
            "service_role_missing",
            Text(f"数据库中没有角色 {role}", f"the server has no role {role}"),
            remedy=Text(
                f'请管理员执行 CREATE ROLE "{role}" LOGIN，或以 YIBAO_SERVICE_ROLE 指定角色名',
                f'have an administrator run CREATE ROLE "{role}" LOGIN, or name another by'
                " YIBAO_SERVICE_ROLE",
            ),
        )


def _failed(done: list[str], error: Exception) -> UnableToMigrate:
    after = done[-1] if done else "-"
    return UnableToMigrate(
        "step_failed",
        Text(
            f"版本 {after} 之后的一步失败，结构未作改动: {error}",
            f"the step after {after} failed, and the schema is as it was: {error}",
        ),
        remedy=Text("请保留此信息并报告", "keep this message and report it"),
    )


def _unknown(error: CommandError) -> UnableToMigrate:
    return UnableToMigrate(
        "revision_unknown",
        Text(
            f"数据库结构版本不为本程序所知: {error}",
            f"the schema's revision is not known here: {error}",
        ),
        remedy=Text(
            "数据库可能来自更新的程序: 请升级 yibao，或检查所给版本号",
            "the schema may be of a newer program: upgrade yibao, or look at the revision given",
        ),
    )
