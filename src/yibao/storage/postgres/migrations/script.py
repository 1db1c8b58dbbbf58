"""What a revision runs (迁移脚本): its packaged SQL, with the service's role named safely.

In the SQL the role is written ``{{service_role}}`` or ``:service``; the quoted identifier takes its
place, and nothing else is replaced. A file's statements run in one go, in the migration's own
transaction.
"""

from __future__ import annotations

import re
from importlib import resources
from typing import cast

import asyncpg
from alembic import op
from sqlalchemy.util import await_only

from yibao.storage.postgres.settings import service_role

_SERVICE = re.compile(r"\{\{service_role\}\}|(?<![:\w\]]):service\b")


def run(name: str) -> None:
    """Run the packaged file ``migrations/sql/{name}.sql`` on the migration's connection."""
    text = resources.files(__package__).joinpath("sql", f"{name}.sql").read_text(encoding="utf-8")
    driver = cast("asyncpg.Connection", op.get_bind().connection.driver_connection)
    await_only(driver.execute(with_service_role(text)))


def with_service_role(text: str) -> str:
    """SQL with the role's place taken by the quoted name of the service's role."""
    quoted = f'"{service_role()}"'  # a plain identifier, or settings refuse it
    return _SERVICE.sub(lambda _: quoted, text)
