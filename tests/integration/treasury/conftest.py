"""An open book of a small town: two funds and members' accounts, opened on 2024-01-01.

The chart is compiled once a session from data below; amounts in tests are fen.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from tests.integration.conftest import Books, Cluster, copied, run
from tests.integration.treasury.town import opened
from yibao.offices.treasury.books import Book, book_of
from yibao.storage.postgres.database import Database

TOWN = "town"


@pytest.fixture(scope="session")
def town_template(cluster: Cluster) -> str:
    """A database whose book is open, to be copied."""
    run(cluster.command(f"CREATE DATABASE {TOWN} TEMPLATE yibao OWNER yibao_owner"))
    run(opened(cluster.books(TOWN)))
    return TOWN


@pytest.fixture
def town(cluster: Cluster, town_template: str):
    """A fresh copy of the town's database."""
    yield from copied(cluster, town_template)


@pytest.fixture
def at_work(town: Books) -> Callable[[Callable[[Database, Book], Awaitable[Any]]], Any]:
    """Runs a function of the service's database and the book, to its end."""

    def work(function: Callable[[Database, Book], Awaitable[Any]]) -> Any:
        async def inside() -> Any:
            async with await Database.open(town.service_url, size=10) as database:
                return await function(database, await book_of(database, "999999"))

        return run(inside())

    return work
