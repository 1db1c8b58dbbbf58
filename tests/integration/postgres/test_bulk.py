"""Frames in by COPY, queries out to files: every value as it was, all rows or none."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime
from pathlib import Path

import asyncpg
import polars as pl
import pytest

from tests.integration.conftest import Books
from yibao.storage.postgres import bulk
from yibao.storage.postgres.database import Connection, Database
from yibao.storage.postgres.errors import UnableToUseDatabase

TABLE = """
CREATE SCHEMA held;
CREATE TABLE held.row (id bigint PRIMARY KEY, amount bigint, name text, paid_on date,
    seen_at timestamptz, open boolean, seal bytea)
"""
ROWS = pl.DataFrame(
    {
        "id": [1, 2, 3],
        "amount": [9_007_199_254_740_993, -1, None],
        "name": ["", None, '医保,"一"\n二'],
        "paid_on": [date(2024, 2, 29), None, date(1999, 12, 31)],
        "seen_at": [datetime(2024, 1, 1, 12, 30, 1, 250, tzinfo=UTC), None, None],
        "open": [True, False, None],
        "seal": [b"\x00\xff", None, b""],
    },
    schema_overrides={"seen_at": pl.Datetime("us", "UTC")},
)

CSV = """\
"id","amount","name","paid_on","seen_at","open"
1,9007199254740993,"",2024-02-29,2024-01-01 12:30:01.000250Z,true
2,-1,,,,false
3,,"医保,""一""
二",1999-12-31,,
"""


def done(books: Books, work: Callable[[Connection], Awaitable[object]]) -> object:
    async def all_of_it() -> object:
        async with await Database.open(books.owner_url, size=1) as database:
            return await database.transact(work)

    return asyncio.run(all_of_it())


@pytest.fixture
def books(empty_database: Books) -> Books:
    done(empty_database, lambda connection: connection.execute(TABLE))
    return empty_database


@pytest.mark.parametrize("given", [ROWS, ROWS.to_arrow(), [ROWS[:1], ROWS[1:].to_arrow()]])
@pytest.mark.parametrize("suffix", [".parquet", ".csv"])
def test_every_value_comes_back_as_it_was(books: Books, tmp_path: Path, given: object, suffix: str):
    told: list[int] = []
    path = tmp_path / f"rows{suffix}"
    copied = done(
        books, lambda it: bulk.copy_in(it, given, schema="held", table="row", told=told.append)
    )
    assert copied == told[-1] == 3
    query = (
        "SELECT id, amount, name, paid_on, seen_at, open FROM held.row WHERE id > $1 ORDER BY id"
    )
    assert done(books, lambda it: bulk.write_query(it, query, 0, path=path)) == 3
    if suffix == ".parquet":
        assert pl.read_parquet(path).equals(ROWS.drop("seal"))
    else:
        assert path.read_text(encoding="utf-8") == CSV
    seals = done(books, lambda it: it.fetch("SELECT seal FROM held.row ORDER BY id"))
    assert [row[0] for row in seals] == ROWS["seal"].to_list()


def test_many_rows_stream_in_chunks(books: Books, tmp_path: Path):
    count = 2 * bulk.CHUNK_ROWS + 1
    many = pl.DataFrame({"id": range(count), "amount": range(count)})
    sent: list[int] = []
    got: list[int] = []
    done(books, lambda it: bulk.copy_in(it, many, schema="held", table="row", told=sent.append))
    path = tmp_path / "many.parquet"
    query = "SELECT id, amount FROM held.row ORDER BY id"
    done(books, lambda it: bulk.write_query(it, query, path=path, told=got.append))
    assert sent == got == [bulk.CHUNK_ROWS, 2 * bulk.CHUNK_ROWS, count]
    assert pl.read_parquet(path).equals(many)


def test_one_bad_row_refuses_all(books: Books):
    twice = pl.DataFrame({"id": [*range(9), 8]})
    with pytest.raises(asyncpg.UniqueViolationError):
        done(books, lambda it: bulk.copy_in(it, twice, schema="held", table="row"))
    assert done(books, lambda it: it.fetchval("SELECT count(*) FROM held.row")) == 0


def test_frames_without_rows_are_no_rows(books: Books):
    assert done(books, lambda it: bulk.copy_in(it, [], schema="held", table="row")) == 0
    assert done(books, lambda it: bulk.copy_in(it, ROWS[:0], schema="held", table="row")) == 0


@pytest.mark.parametrize(
    ("frames", "code"),
    [
        ([ROWS, ROWS.drop("name")], "columns_differ"),
        (pl.DataFrame({"id": [1], "name": [["a"]]}), "type_not_written"),
    ],
)
def test_what_cannot_be_copied_is_told(books: Books, frames: object, code: str):
    with pytest.raises(UnableToUseDatabase) as refused:
        done(books, lambda it: bulk.copy_in(it, frames, schema="held", table="row"))
    assert refused.value.code == code
    assert done(books, lambda it: it.fetchval("SELECT count(*) FROM held.row")) == 0


@pytest.mark.parametrize(
    ("query", "name", "code"),
    [
        ("SELECT sum(id) AS total FROM held.row", "out.parquet", "type_not_written"),
        ("SELECT id FROM held.row", "out.xls", "suffix_unknown"),
        ("SELECT id FROM held.row", "nowhere/out.csv", "place_unusable"),
    ],
)
def test_what_cannot_be_written_is_told_and_leaves_nothing(
    books: Books, tmp_path: Path, query: str, name: str, code: str
):
    with pytest.raises(UnableToUseDatabase) as refused:
        done(books, lambda it: bulk.write_query(it, query, path=tmp_path / name))
    assert refused.value.code == code
    assert list(tmp_path.iterdir()) == []
