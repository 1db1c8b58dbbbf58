"""A real server for the tests of a worker, and a fresh migrated database for each test.

The server is the embedded one, without waiting for the disk: tests of durability make their own.
The schema is migrated once into a template, which each test's database is a copy of.
"""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections.abc import Coroutine, Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import pytest

from yibao.storage.postgres.migrate import migrate
from yibao.storage.postgres.server import Server

T = TypeVar("T")

HASTY = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "shared_buffers": "64MB",
    "autovacuum": "off",
}
TEMPLATE = "yibao"
ROOM_BYTES = 4 * 1024**3


@dataclass(frozen=True)
class Books:
    """One database as its three roles see it."""

    owner_url: str
    service_url: str
    superuser_url: str


@dataclass(frozen=True)
class Cluster:
    """A running server whose database ``yibao`` is migrated and left alone, to be copied."""

    server: Server

    def books(self, name: str) -> Books:
        settings = self.server.settings()
        urls = (settings.needed_owner_url(), settings.service_url, self.server.superuser_url())
        return Books(*(urlunsplit(urlsplit(url)._replace(path=f"/{name}")) for url in urls))

    async def command(self, *statements: str) -> None:
        connection = await asyncpg.connect(self.books("postgres").superuser_url)
        try:
            for statement in statements:
                await connection.execute(statement)
        finally:
            await connection.close()


def run(work: Coroutine[Any, Any, T]) -> T:
    """Run what is asynchronous to its end."""
    return asyncio.run(work)


@pytest.fixture(scope="session")
def home_for_servers() -> Iterator[Path]:
    """A folder that any account can enter, in memory where there is room: no disk to wait for."""
    memory = Path("/dev/shm")  # noqa: S108
    roomy = memory.is_dir() and shutil.disk_usage(memory).free > ROOM_BYTES
    folder = Path(tempfile.mkdtemp(prefix="yibao-", dir=memory if roomy else None))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def cluster(home_for_servers: Path) -> Iterator[Cluster]:
    """The worker's server, migrated to the head."""
    server = Server(home_for_servers / "shared", changed=HASTY)
    try:
        run(migrate(server.start().needed_owner_url()))
        yield Cluster(server)
    finally:
        server.stop()


_NUMBERS = count(1)


@pytest.fixture
def database(cluster: Cluster) -> Iterator[Books]:
    """A fresh copy of the migrated database."""
    yield from copied(cluster, TEMPLATE)


@pytest.fixture
def empty_database(cluster: Cluster) -> Iterator[Books]:
    """A fresh database that nothing was migrated into."""
    yield from copied(cluster, "template0")


def copied(cluster: Cluster, template: str) -> Iterator[Books]:
    name = f"books_{next(_NUMBERS)}"
    service = cluster.server.roles()[-1]
    run(
        cluster.command(
            f"CREATE DATABASE {name} TEMPLATE {template} OWNER yibao_owner STRATEGY file_copy",
            f"REVOKE ALL ON DATABASE {name} FROM PUBLIC",
            f'GRANT CONNECT ON DATABASE {name} TO "{service}"',
        )
    )
    yield cluster.books(name)
    run(cluster.command(f"DROP DATABASE {name} WITH (FORCE)"))
