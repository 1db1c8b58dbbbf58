"""The way to the database: transactions, retries in one place, one moment, errors in our words."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from pathlib import Path

import asyncpg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError

from tests.integration.conftest import Books
from yibao.storage.postgres import database as ours
from yibao.storage.postgres.database import Connection, Database
from yibao.storage.postgres.errors import (
    UnableToConnectInTime,
    UnableToFinishInTime,
    UnableToReachDatabase,
)
from yibao.storage.postgres.settings import DatabaseSettings, settings, without_password

COUNT = "SELECT amount FROM public.counted WHERE id = 1"
ADD = "UPDATE public.counted SET amount = $1 WHERE id = 1"


@pytest.fixture
def books(empty_database: Books) -> Books:
    async def made(database: Database) -> None:
        await database.pool.execute("CREATE TABLE public.counted (id int, amount bigint)")
        await database.pool.execute("INSERT INTO public.counted VALUES (1, 0), (2, 0)")

    with_database(empty_database, made)
    return empty_database


def with_database(
    books: Books, work: Callable[[Database], Awaitable[object]], **options: float
) -> object:
    async def all_of_it() -> object:
        async with await Database.open(books.owner_url, **options) as database:
            return await work(database)

    return asyncio.run(all_of_it())


async def add_one(connection: Connection) -> None:
    """Read, think, write: lost without isolation."""
    amount = await connection.fetchval(COUNT)
    await asyncio.sleep(0.002)
    await connection.execute(ADD, amount + 1)


def test_rivals_are_tried_again_until_all_have_written(books: Books):
    async def work(database: Database) -> object:
        each = (database.transact(add_one, isolation="serializable") for _ in range(6))
        await asyncio.gather(*each)
        return await database.pool.fetchval(COUNT)

    assert with_database(books, work) == 6


def test_two_in_each_others_way_both_end(books: Books):
    async def work(database: Database) -> object:
        def crosswise(first: int, second: int) -> Callable[[Connection], Awaitable[None]]:
            async def moved(connection: Connection) -> None:
                for number in (first, second):
                    update = "UPDATE public.counted SET amount = amount + 1 WHERE id = $1"
                    await connection.execute(update, number)
                    await asyncio.sleep(0.05)

            return moved

        await asyncio.gather(database.transact(crosswise(1, 2)), database.transact(crosswise(2, 1)))
        return await database.pool.fetchval("SELECT sum(amount)::int FROM public.counted")

    assert with_database(books, work) == 4


def test_rivals_without_end_are_told(books: Books, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(ours, "ATTEMPTS", 3)
    tries = []

    async def hopeless(connection: Connection) -> None:
        tries.append(1)
        raise asyncpg.SerializationError("always")

    with pytest.raises(UnableToFinishInTime) as refused:
        with_database(books, lambda database: database.transact(hopeless))
    assert refused.value.code == "rivals_in_the_way"
    assert len(tries) == 3


def test_what_the_work_raises_undoes_it_and_stays_as_it_is(books: Books):
    async def refused(connection: Connection) -> None:
        await connection.execute(ADD, 5)
        raise FileNotFoundError("a file of the work's own")

    async def work(database: Database) -> object:
        with pytest.raises(FileNotFoundError):
            await database.transact(refused)
        return await database.pool.fetchval(COUNT)

    assert with_database(books, work) == 0


def test_who_is_cancelled_writes_nothing_and_gives_the_connection_back(books: Books):
    async def slow(connection: Connection) -> None:
        await connection.execute(ADD, 5)
        await asyncio.sleep(30)

    async def work(database: Database) -> object:
        task = asyncio.ensure_future(database.transact(slow))
        await asyncio.sleep(0.1)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        return await database.pool.fetchval(COUNT)

    assert with_database(books, work, size=1) == 0


def test_reading_only_cannot_write(books: Books):
    async def work(database: Database) -> None:
        with pytest.raises(asyncpg.ReadOnlySQLTransactionError):
            await database.transact(lambda it: it.execute(ADD, 1), read_only=True)

    with_database(books, work)


def test_a_report_sees_one_moment(books: Books):
    async def work(database: Database) -> None:
        async with database.reading() as connection:
            assert (await connection.execute(text(COUNT))).scalar() == 0
            await database.transact(lambda it: it.execute(ADD, 5))
            assert (await connection.execute(text(COUNT))).scalar() == 0
        async with database.reading() as connection:
            assert (await connection.execute(text(COUNT))).scalar() == 5
            with pytest.raises(Exception, match="read-only"):
                await connection.execute(text("DELETE FROM public.counted"))

    with_database(books, work)


def test_a_report_that_asks_nonsense_is_told_so_by_the_library(books: Books):
    async def work(database: Database) -> None:
        with pytest.raises(ProgrammingError):
            async with database.reading() as connection:
                await connection.execute(text("SELECT * FROM nowhere"))

    with_database(books, work)


def test_a_pool_used_up_is_told(books: Books):
    async def work(database: Database) -> None:
        async with database.connection():
            with pytest.raises(UnableToConnectInTime) as refused:
                await database.transact(add_one)
            assert refused.value.code == "pool_used_up"
        await database.transact(add_one)

    with_database(books, work, size=1, wait_seconds=0.1)


def test_a_statement_that_takes_too_long_is_told(books: Books):
    async def slow(connection: Connection) -> None:
        await connection.execute("SET LOCAL statement_timeout = 20")
        await connection.execute("SELECT pg_sleep(10)")

    with pytest.raises(UnableToFinishInTime) as refused:
        with_database(books, lambda database: database.transact(slow))
    assert refused.value.code == "statement_cancelled"


@pytest.mark.parametrize("way", ["terminated by the server", "killed"])
def test_a_connection_lost_on_the_way_is_told_and_the_next_is_fine(books: Books, way: str):
    tries = []

    async def lost(connection: Connection) -> None:
        tries.append(1)
        await connection.execute(ADD, 5)
        number = connection.get_server_pid()
        if way == "killed":
            connection._transport.abort()  # the client's side of a cut cable
        else:
            other = await asyncpg.connect(books.superuser_url)
            await other.execute("SELECT pg_terminate_backend($1)", number)
            await other.close()
        await connection.execute(ADD, 6)

    async def work(database: Database) -> object:
        with pytest.raises(UnableToReachDatabase) as refused:
            await database.transact(lost)
        assert refused.value.code == "connection_lost"
        return await database.transact(lambda it: it.fetchval(COUNT))

    assert with_database(books, work, size=2) == 0
    assert len(tries) == 1, "it may have been committed: it is not tried again"


def test_a_schema_that_moved_meanwhile_is_no_error(books: Books):
    async def work(database: Database) -> object:
        query = "SELECT * FROM public.counted WHERE id = 1"
        await database.transact(lambda it: it.fetchrow(query))
        async with contextlib.AsyncExitStack() as stack:
            other = await asyncpg.connect(books.owner_url)
            stack.push_async_callback(other.close)
            await other.execute("ALTER TABLE public.counted ADD COLUMN name text")
        return dict(await database.transact(lambda it: it.fetchrow(query)))

    assert with_database(books, work, size=1) == {"id": 1, "amount": 0, "name": None}


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("postgresql://yibao@127.0.0.1:1/yibao", "database_unreachable"),
        ("postgresql://yibao@nowhere.invalid/yibao", "database_unreachable"),
        ("postgresql://yibao@127.0.0.1:1/yibao?sslmode=perhaps", "url_invalid"),
    ],
)
def test_a_server_that_is_not_there_is_told(url: str, code: str):
    with pytest.raises(UnableToReachDatabase) as refused:
        asyncio.run(Database.open(url))
    assert refused.value.code == code
    assert "yibao" in refused.value.told("zh")


def test_an_old_server_is_refused(books: Books, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(ours, "OLDEST_VERSION", 99)
    with pytest.raises(UnableToReachDatabase) as refused:
        asyncio.run(Database.open(books.service_url))
    assert refused.value.code == "server_too_old"


def test_the_environment_names_a_server_of_the_city(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    monkeypatch.setenv("YIBAO_DATABASE_URL", "postgres://a:b%40@db.example/books?sslmode=require")
    assert settings() == DatabaseSettings(
        None, "postgresql://a:b%40@db.example/books?sslmode=require"
    )
    with pytest.raises(UnableToReachDatabase) as refused:
        settings().needed_owner_url()
    assert refused.value.code == "owner_url_missing"
    with pytest.raises(UnableToReachDatabase) as refused:
        settings(tmp_path)  # a home that is named wins
    assert refused.value.code == "database_not_made"


@pytest.mark.parametrize("url", ["", "mysql://a/b", "postgresql://host", "postgresql://h:x/b"])
def test_a_url_that_cannot_be_read_is_told_without_showing_it(
    monkeypatch: pytest.MonkeyPatch, url: str
):
    monkeypatch.setenv("YIBAO_DATABASE_URL", url or "secret")
    with pytest.raises(UnableToReachDatabase) as refused:
        settings()
    assert refused.value.code == "url_invalid"
    assert (url or "secret") not in refused.value.told("en")


def test_a_url_is_shown_without_its_password():
    shown = without_password("postgresql://a:s%2Fcret@h:5/b?password=secret&sslmode=require")
    assert shown == "postgresql://a@h:5/b?sslmode=require"
