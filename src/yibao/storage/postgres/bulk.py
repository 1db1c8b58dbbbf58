"""Much at once (批量导入导出): frames into a table by COPY, a query out to Parquet or CSV.

Both stream: a few tens of thousands of rows are in memory at a time, and a callback is told how
many are done. What goes in is judged by the database's own constraints, all of it or nothing, since
a COPY is one statement.

Holds: an empty text stays an empty text, a missing value is NULL; a file of results appears whole
under its name or not at all.

Refuses: nested columns, a column that the table does not have, and to write ``numeric``, whose
exactness Parquet readers do not share: amounts are integer fen, so cast sums to ``bigint``.
"""

from __future__ import annotations

import io
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

import asyncpg
import polars as pl
import pyarrow as pa
from pyarrow import csv, parquet

from yibao.base.texts import Text
from yibao.storage.postgres.errors import UnableToUseDatabase
from yibao.storage.postgres.places import told_of, working_folder

if TYPE_CHECKING:
    from yibao.storage.postgres.database import Connection

CHUNK_ROWS = 50_000
Frame: TypeAlias = Any  # pl.DataFrame, pa.Table or pa.RecordBatch; Arrow's have no type hints
_FRAMES = (pl.DataFrame, pa.Table, pa.RecordBatch)
Told = Callable[[int], None]

_ARROW = {
    "bool": pa.bool_(),
    "int2": pa.int16(),
    "int4": pa.int32(),
    "int8": pa.int64(),
    "float4": pa.float32(),
    "float8": pa.float64(),
    "text": pa.string(),
    "varchar": pa.string(),
    "bpchar": pa.string(),
    "name": pa.string(),
    "uuid": pa.string(),
    "json": pa.string(),
    "jsonb": pa.string(),
    "date": pa.date32(),
    "timestamp": pa.timestamp("us"),
    "timestamptz": pa.timestamp("us", tz="UTC"),
    "bytea": pa.binary(),
}
_SUFFIXES = (".parquet", ".csv")


class _Writer(Protocol):
    def write_batch(self, batch: pa.RecordBatch) -> None: ...
    def close(self) -> None: ...


async def copy_in(
    connection: Connection,
    frames: Frame | Iterable[Frame],
    *,
    schema: str,
    table: str,
    told: Told = lambda _: None,
) -> int:
    """COPY frames into ``schema.table`` by the names of their columns; how many rows.

    ``told`` hears how many rows were sent so far. All frames have the first one's columns.

    Raises:
        UnableToUseDatabase: a nested column, or frames of different columns.
        asyncpg.PostgresError: what the database refuses; nothing of it was written.
    """
    given = iter([frames] if isinstance(frames, _FRAMES) else frames)
    first = next((frame for frame in map(_as_frame, given) if frame.width), None)
    if first is None:
        return 0
    sent = 0

    async def chunks() -> AsyncIterator[bytes]:
        nonlocal sent
        for frame in _chained(first, given):
            _refuse(frame, first.columns)
            for chunk in frame.iter_slices(CHUNK_ROWS):
                yield _as_csv(chunk)
                sent += chunk.height
                told(sent)

    await connection.copy_to_table(
        table,
        schema_name=schema,
        columns=first.columns,
        source=chunks(),
        format="csv",
        null="",
        encoding="utf-8",
    )
    return sent


async def write_query(
    connection: Connection,
    query: str,
    *arguments: object,
    path: Path,
    told: Told = lambda _: None,
) -> int:
    """Write what a query finds to a Parquet or CSV file, by the suffix; how many rows.

    Raises:
        UnableToUseDatabase: another suffix, a column of a type that is not written, a full disk.
    """
    if path.suffix not in _SUFFIXES:
        raise UnableToUseDatabase(
            "suffix_unknown",
            Text(f"不认识的后缀: {path.name}", f"{path.name} has a suffix that is not known"),
            remedy=Text("请用 .parquet 或 .csv", "use .parquet or .csv"),
        )
    done = 0
    async with connection.transaction(readonly=True):
        statement = await connection.prepare(query)
        shape = _shape(statement)
        with working_folder(path) as folder, told_of(path):
            made = folder / path.name
            writer = _writer(made, shape)
            cursor = await statement.cursor(*arguments)
            while rows := await cursor.fetch(CHUNK_ROWS):
                writer.write_batch(_as_batch(rows, shape))
                done += len(rows)
                told(done)
            writer.close()
            made.replace(path)
    return done


def _chained(first: pl.DataFrame, others: Iterator[Frame]) -> Iterator[pl.DataFrame]:
    yield first
    yield from map(_as_frame, others)


def _as_frame(frame: Frame) -> pl.DataFrame:
    if isinstance(frame, pl.DataFrame):
        return frame
    made = pl.from_arrow(frame)
    return made if isinstance(made, pl.DataFrame) else made.to_frame()


def _refuse(frame: pl.DataFrame, columns: Sequence[str]) -> None:
    if frame.columns != list(columns):
        raise UnableToUseDatabase(
            "columns_differ",
            Text(
                f"各批数据的列不同: {frame.columns}", f"batches differ in columns: {frame.columns}"
            ),
            remedy=Text(
                "请使各批的列名与次序一致", "give every batch the same columns in one order"
            ),
        )
    nested = [name for name, kind in frame.schema.items() if kind.is_nested()]
    if nested:
        raise UnableToUseDatabase(
            "type_not_written",
            Text(f"列 {nested[0]} 是嵌套类型", f"the column {nested[0]} is nested"),
            remedy=Text("请先转为 JSON 文本", "turn it into JSON text first"),
        )


def _as_csv(chunk: pl.DataFrame) -> bytes:
    """As COPY reads it: what is quoted is a value, what is empty without quotes is NULL."""
    as_hexadecimal = [
        (pl.lit("\\x") + pl.col(name).bin.encode("hex")).alias(name)
        for name, kind in chunk.schema.items()
        if kind == pl.Binary
    ]
    written = io.BytesIO()
    chunk.with_columns(as_hexadecimal).write_csv(
        written, include_header=False, quote_style="non_numeric", null_value=""
    )
    return written.getvalue()


def _shape(statement: asyncpg.prepared_stmt.PreparedStatement) -> pa.Schema:
    fields = []
    for column in statement.get_attributes():
        kind = _ARROW.get(column.type.name)
        if kind is None:
            raise UnableToUseDatabase(
                "type_not_written",
                Text(
                    f"列 {column.name} 的类型 {column.type.name} 不能导出",
                    f"the column {column.name} is {column.type.name}, which is not written",
                ),
                remedy=Text(
                    "请在查询中转换，例如 sum(x)::bigint、x::text",
                    "cast it in the query, such as sum(x)::bigint or x::text",
                ),
            )
        fields.append(pa.field(column.name, kind))
    return pa.schema(fields)


def _writer(path: Path, shape: pa.Schema) -> _Writer:
    if path.suffix == ".csv":
        made: _Writer = csv.CSVWriter(str(path), shape)
        return made
    written: _Writer = parquet.ParquetWriter(str(path), shape, compression="zstd")
    return written


def _as_batch(rows: Sequence[asyncpg.Record], shape: pa.Schema) -> pa.RecordBatch:
    columns = [
        [row[index] if row[index] is None or not texts else str(row[index]) for row in rows]
        for index, texts in enumerate(field.type == pa.string() for field in shape)
    ]
    arrays = [pa.array(column, field.type) for column, field in zip(columns, shape, strict=True)]
    return pa.record_batch(arrays, schema=shape)
