"""Big tables, CSV or Parquet, as a stream of batches of text, in bounded memory.

Both kinds of file end up as the same frames of text, so that one set of checks judges them. CSV is
UTF-8 with a header, every row as wide as the header, and a line end behind the last row: a file
that does not end so may have been cut short, and an amount cut short is another amount. In Parquet,
amounts and sequences are integers, never floats.

Rows are numbered as a person sees them: in CSV the header is row 1, in Parquet the first row is 1.

Refuses: to guess an encoding, a type or a missing field; every fault is of the file as a whole and
raised before anything is written.
"""

from __future__ import annotations

import codecs
import csv
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl
import pyarrow as pa
from pyarrow import parquet, types
from pyarrow.csv import ConvertOptions, ParseOptions, ReadOptions, open_csv

from yibao.base.findings import Fault, FaultsFound, Where
from yibao.base.system import system_reason
from yibao.base.texts import Text
from yibao.storage.files.claim_columns import Column
from yibao.storage.files.tables import encoding_fault

ROW = "#row"
"""The column that holds a row's number; no file can have a column of this name."""
LIST_SEPARATOR = ";"

_BATCH_ROWS = 65_536
_BLOCK_BYTES = 1 << 22


@dataclass(frozen=True, slots=True)
class BigTable:
    """A table that was opened: its columns, and its batches of text, read once."""

    path: Path
    columns: tuple[str, ...]
    batches: Callable[[], Iterator[pl.DataFrame]]


@dataclass(frozen=True, slots=True)
class OddRow:
    """A row of a CSV file that is not as wide as the header: its number and its text."""

    number: int
    text: str


def open_table(
    path: Path, known: Sequence[Column], *, odd_rows: list[OddRow] | None = None
) -> BigTable:
    """Open a ``.csv`` or ``.parquet`` file whose columns have the kinds of ``known``.

    Rows that are not as wide as the header stop the reading, unless ``odd_rows`` takes them: they
    stand there, at the latest, when the batch that would have held them is given.

    Raises:
        FaultsFound: unreadable, truncated, of wrong encoding, or of wrong column types; of rows
            narrower or wider than the header while batches are read.
    """
    if not path.is_file():
        raise FaultsFound([unreadable_fault(path, Text("文件不存在", "there is no such file"))])
    if path.suffix.lower() == ".parquet":
        return _open_parquet(path, {column.name: column for column in known})
    if path.suffix.lower() == ".csv":
        return _open_csv(path, odd_rows)
    raise FaultsFound(
        [unreadable_fault(path, Text("应为 .csv 或 .parquet", "it is not .csv or .parquet"))]
    )


def _open_csv(path: Path, odd_rows: list[OddRow] | None) -> BigTable:
    try:
        _check_text(path)
        with path.open(encoding="utf-8-sig", newline="") as file:
            columns = tuple(next(csv.reader(file), []))
    except OSError as error:
        why = system_reason(error)
        raise FaultsFound([unreadable_fault(path, why)]) from None
    if not columns:
        raise FaultsFound([unreadable_fault(path, Text("文件是空的", "it is empty"))])
    return BigTable(path, columns, lambda: _csv_batches(path, columns, odd_rows))


def _csv_batches(
    path: Path, columns: Sequence[str], odd_rows: list[OddRow] | None
) -> Iterator[pl.DataFrame]:
    wide: list[Fault] = []

    def note(row: object) -> str:
        if odd_rows is not None:
            odd_rows.append(OddRow(getattr(row, "number", None) or 0, getattr(row, "text", "")))
            return "skip"
        wide.append(_width(path, row))
        return "error"

    try:
        with open_csv(
            path,
            read_options=ReadOptions(use_threads=False, block_size=_BLOCK_BYTES),
            parse_options=ParseOptions(
                newlines_in_values=True, ignore_empty_lines=False, invalid_row_handler=note
            ),
            convert_options=ConvertOptions(
                column_types=dict.fromkeys(columns, pa.string()), strings_can_be_null=False
            ),
        ) as reader:
            first = 2  # the header is row 1
            for batch in reader:
                yield as_text(pa.Table.from_batches([batch]), first)
                first += batch.num_rows
    except pa.ArrowInvalid as error:
        raise FaultsFound(wide or [unreadable_fault(path, str(error))]) from None


def _check_text(path: Path) -> None:
    """Whether the whole file is UTF-8, ends in a line end, and closes every quote."""
    decoder = codecs.getincrementaldecoder("utf-8-sig")()
    line, quotes, last = 0, 0, b"\n"
    with path.open("rb") as file:
        while block := file.read(_BLOCK_BYTES):
            try:
                decoder.decode(block)
            except UnicodeDecodeError as error:
                raise FaultsFound([encoding_fault(str(path), error, lines_before=line)]) from None
            line += block.count(b"\n")
            quotes += block.count(b'"')
            last = block[-1:]
    if last != b"\n" or quotes % 2:
        raise FaultsFound([_truncated(path, line + 1)])


def _open_parquet(path: Path, known: dict[str, Column]) -> BigTable:

    try:
        with parquet.ParquetFile(path) as file:
            schema = file.schema_arrow
    except (pa.ArrowException, OSError) as error:
        raise FaultsFound([unreadable_fault(path, str(error))]) from None
    faults = [
        _type_fault(path, field.name, str(field.type))
        for field in schema
        if field.name in known and not _suits(known[field.name], field.type)
    ]
    if faults:
        raise FaultsFound(faults)
    names = [name for name in schema.names if name in known]
    return BigTable(path, tuple(schema.names), lambda: _parquet_batches(path, names))


def _parquet_batches(path: Path, names: list[str]) -> Iterator[pl.DataFrame]:

    first = 1
    try:
        with parquet.ParquetFile(path) as file:
            for batch in file.iter_batches(batch_size=_BATCH_ROWS, columns=names):
                yield as_text(pa.Table.from_batches([batch]), first)
                first += batch.num_rows
    except (pa.ArrowException, OSError) as error:
        raise FaultsFound([unreadable_fault(path, str(error))]) from None


def _suits(column: Column, found: pa.DataType) -> bool:
    """Whether a Parquet type may hold a column of this kind."""
    if types.is_dictionary(found):
        found = found.value_type
    if types.is_string(found) or types.is_large_string(found):
        return not _is_whole(column)
    if types.is_integer(found):
        return column.kind in ("identifier", "text", "decimal") or _is_whole(column)
    others = {
        "date": types.is_date(found),
        "decimal": types.is_decimal(found),
        "fact": types.is_boolean(found) or types.is_list(found) or types.is_large_list(found),
    }
    return bool(others.get(column.kind))


def _is_whole(column: Column) -> bool:
    """Whether the column holds whole numbers and nothing else."""
    if column.fact is not None:
        return column.fact.kind in ("number", "amount")
    return column.kind in ("amount", "signed_amount", "integer")


def as_text(table: pa.Table, first: int) -> pl.DataFrame:
    """A batch as text, empty cells as null, with the number of each row."""
    frame = pl.DataFrame(pl.from_arrow(table))
    texts = []
    for name, kind in frame.schema.items():
        column = pl.col(name)
        if isinstance(kind, pl.List):
            column = column.cast(pl.List(pl.String)).list.join(LIST_SEPARATOR)
        elif kind == pl.Boolean:
            column = pl.when(column).then(pl.lit("true")).when(~column).then(pl.lit("false"))
        else:
            column = column.cast(pl.String)
        texts.append(pl.when(column != "").then(column).alias(name))
    rows = pl.int_range(first, first + frame.height, dtype=pl.Int64, eager=True)
    return frame.select(texts).with_columns(rows.alias(ROW))


def _width(path: Path, row: object) -> Fault:
    number, found, expected = (
        getattr(row, name) for name in ("number", "actual_columns", "expected_columns")
    )
    return Fault(
        "row_width",
        Where(str(path), number or 0),
        Text(
            f"本行有 {found} 个字段，应为 {expected} 个", f"{found} fields where {expected} belong"
        ),
        Text("请补齐字段；文件可能被截断", "complete the row; the file may be cut short"),
    )


def _truncated(path: Path, line: int) -> Fault:
    return Fault(
        "file_truncated",
        Where(str(path), line),
        Text(
            "最后一行没有换行符或引号未闭合，文件可能被截断",
            "no line end behind the last row, or a quote never closed: it may be cut short",
        ),
        Text(
            "请重新导出；若文件完整，请在末尾补一个换行符",
            "export it again; if it is whole, add a line end at its end",
        ),
    )


def unreadable_fault(path: Path, why: str | Text) -> Fault:
    """The fault of a file that cannot be read."""
    told = Text(why, why) if isinstance(why, str) else why
    return Fault(
        "file_unreadable",
        Where(str(path)),
        Text(f"无法读取: {told.zh}", f"it cannot be read: {told.en}"),
        Text("请检查路径，或重新导出文件", "check the path, or export the file again"),
    )


def _type_fault(path: Path, name: str, found: str) -> Fault:
    return Fault(
        "column_type",
        Where(str(path)),
        Text(f"列 {name} 的类型不能是 {found}", f"the column {name} cannot be of type {found}"),
        Text(
            "金额与序号为整数 (分)，日期为 date 或 ISO 文本，见 docs/claims-format.md",
            "amounts and sequences are integers (fen), dates are dates or ISO text:"
            " see docs/claims-format.md",
        ),
    )
