"""Reading files of cases (病例文件), CSV or Parquet, as columns for the grouper, in bounded memory.

The columns are those of docs/grouping.md; others are not read. What a cell says that is no number
is marked and judged by the grouper, so that one odd case never stops a run; a file without a column
that is needed cannot be used at all.

Holds: one row in, one case out, in order, a row that is not as wide as the header too (an invalid
case of whom the Index alone is read); rows are numbered as a person sees them.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl
import pyarrow as pa
from numpy.typing import NDArray
from pyarrow import parquet

from yibao.base.findings import FaultsFound
from yibao.engines.grouping.batch import CaseColumns, CodeTexts
from yibao.engines.grouping.case import MISSING, OTHER_DEPARTMENT, ROW_WIDTH, UNREADABLE
from yibao.engines.grouping.conditions import DEPARTMENT, FIELDS, NUMBER_LIMIT, THOUSAND
from yibao.storage.files.claim_tables import OddRow, open_table, unreadable_fault
from yibao.storage.files.tables import column_faults

INDEX, DIAGNOSES, PROCEDURES = "Index", "zdList", "ssList"
REQUIRED = (INDEX, "gender", "age", DIAGNOSES, PROCEDURES)
NUMBERS = ("age", "ageDay", "weight", "inHospitalTime", "gender", "icuHours", "leavingType")
COLUMNS = (*REQUIRED, *(name for name in (*NUMBERS, DEPARTMENT) if name not in REQUIRED))
SEPARATOR = "|"
ODD = "#odd"
"""Marks rows that are not as wide as the header; no file can have a column of this name."""
_BATCH_ROWS, _BUFFER_BYTES = 1 << 13, 1 << 17


@dataclass(frozen=True, slots=True)
class CaseFrame:
    """Some rows of a file: the number of the first, and the columns that are read."""

    first_row: int
    frame: pl.DataFrame


@dataclass(frozen=True, slots=True)
class CaseBatch:
    """Some cases: the number of the first row, their indexes, and their columns."""

    first_row: int
    index: pl.Series
    columns: CaseColumns


@dataclass(frozen=True, slots=True)
class CaseFile:
    """A file of cases that was opened; ``rows_count`` is -1 where only reading would tell."""

    path: Path
    rows_count: int

    def frames(self) -> Iterator[CaseFrame]:
        """The rows, some at a time."""
        return _parquet_frames(self.path) if _is_parquet(self.path) else _csv_frames(self.path)


def open_cases(path: Path) -> CaseFile:
    """Open a ``.csv`` or ``.parquet`` file of cases.

    Raises:
        FaultsFound: unreadable, truncated, of wrong encoding, or without a column that is needed.
    """
    table = open_table(path, ())
    faults = column_faults(str(path), table.columns, required=REQUIRED)
    if faults:
        raise FaultsFound(faults)
    rows_count = -1
    if _is_parquet(path):
        with parquet.ParquetFile(path) as file:
            rows_count = file.metadata.num_rows
    return CaseFile(path, rows_count)


def case_batch(rows: CaseFrame, departments: Sequence[str]) -> CaseBatch:
    """Rows as the grouper takes them; ``departments`` are those that its scheme asks for."""
    frame = rows.frame
    index = frame[INDEX].cast(pl.String).str.strip_chars().fill_null("")
    numbers = np.full((frame.height, len(FIELDS)), MISSING, np.int64)
    for name in NUMBERS:
        if name in frame.columns:
            numbers[:, FIELDS.index(name)] = _thousandths(frame[name])
    weights = numbers[:, FIELDS.index("weight")]
    weights[weights == 0] = MISSING  # how a weight that is not given is written
    if departments and DEPARTMENT in frame.columns:
        numbers[:, FIELDS.index(DEPARTMENT)] = _department_numbers(frame[DEPARTMENT], departments)
    invalid = (index == "").cast(pl.Int32).to_numpy().copy()  # the first of INVALID_REASONS
    if ODD in frame.columns:
        invalid[frame[ODD].fill_null(value=False).to_numpy()] = ROW_WIDTH
    columns = CaseColumns(numbers, _texts(frame[DIAGNOSES]), _texts(frame[PROCEDURES]), invalid)
    return CaseBatch(rows.first_row, index, columns)


def _thousandths(column: pl.Series) -> NDArray[np.int64]:
    """Numbers in thousandths; what is empty is missing, what is no number is unreadable."""
    if column.dtype.is_integer():
        wide = column.cast(pl.Int64, strict=False)  # a narrow integer cannot be held to the limit
        within = wide.is_between(-NUMBER_LIMIT, NUMBER_LIMIT).fill_null(value=False)
        told = pl.select(pl.when(within).then(wide * THOUSAND).otherwise(UNREADABLE)).to_series()
        return _filled(told, column)
    text = column.cast(pl.String).str.strip_chars() if column.dtype == pl.String else column
    number = text.cast(pl.Float64, strict=False)
    is_number = (number.is_finite() & (number.abs() < NUMBER_LIMIT)).fill_null(value=False)
    scaled = (number * THOUSAND).round()
    told = pl.select(
        pl.when(is_number).then(scaled).otherwise(None).cast(pl.Int64).fill_null(UNREADABLE)
    ).to_series()
    empty = text.is_null() | (text == "") if text.dtype == pl.String else text.is_null()
    return pl.select(pl.when(empty).then(MISSING).otherwise(told)).to_series().to_numpy()


def _filled(told: pl.Series, column: pl.Series) -> NDArray[np.int64]:
    missing = pl.select(pl.when(column.is_null()).then(MISSING).otherwise(told)).to_series()
    return missing.to_numpy()


def _department_numbers(column: pl.Series, departments: Sequence[str]) -> NDArray[np.int64]:
    text = column.cast(pl.String).str.strip_chars().fill_null("")
    known = {name: (place + 1) * THOUSAND for place, name in enumerate(departments)}
    return text.replace_strict(
        {**known, "": MISSING}, default=OTHER_DEPARTMENT * THOUSAND, return_dtype=pl.Int64
    ).to_numpy()


def _texts(column: pl.Series) -> CodeTexts:
    """A column's texts as bytes; a column of lists is joined."""
    if isinstance(column.dtype, pl.List):
        column = column.cast(pl.List(pl.String)).list.join(SEPARATOR)
    array = column.cast(pl.String).fill_null("").to_arrow()
    wide = array.cast(pa.large_string())
    _, begins, text = wide.buffers()
    offsets = np.frombuffer(begins, np.int64)[wide.offset : wide.offset + len(wide) + 1]
    content = np.frombuffer(text, np.uint8) if text is not None else np.empty(0, np.uint8)
    return CodeTexts(content, offsets)


# -- files -----------------------------------------------------------------------------------------


def _is_parquet(path: Path) -> bool:
    return path.suffix.lower() == ".parquet"


def _csv_frames(path: Path) -> Iterator[CaseFrame]:
    first, odd = 2, list[OddRow]()  # the header is row 1
    table = open_table(path, (), odd_rows=odd)
    place = table.columns.index(INDEX)
    frame = pl.DataFrame(schema=dict.fromkeys(COLUMNS, pl.String))
    for batch in table.batches():
        frame = batch.select([name for name in COLUMNS if name in batch.columns])
        among = _before(odd, first + frame.height)
        whole = _with_odd(frame, among, first=first, place=place)
        yield CaseFrame(first, whole)
        first += whole.height
    if odd:
        yield CaseFrame(first, _with_odd(frame.clear(), odd, first=first, place=place))


def _before(odd: list[OddRow], end: int) -> list[OddRow]:
    """Take from ``odd`` what stands among the rows before ``end``, each of which moves the end."""
    count = 0
    while count < len(odd) and odd[count].number < end + count:
        count += 1
    taken = odd[:count]
    del odd[:count]
    return taken


def _with_odd(
    frame: pl.DataFrame, odd: Sequence[OddRow], *, first: int, place: int
) -> pl.DataFrame:
    """Rows with the odd ones between them, as they stand in the file."""
    if not odd:
        return frame
    taken = {row.number for row in odd}
    height = frame.height + len(odd)
    numbers = [number for number in range(first, first + height) if number not in taken]
    even = frame.with_columns(
        pl.Series("#number", numbers[: frame.height], pl.Int64), pl.lit(value=False).alias(ODD)
    )
    others = pl.DataFrame(
        {
            INDEX: [_cell(row.text, place) for row in odd],
            "#number": [row.number for row in odd],
            ODD: [True] * len(odd),
        },
        schema={INDEX: pl.String, "#number": pl.Int64, ODD: pl.Boolean},
    )
    together = pl.concat([even, others], how="diagonal")
    return together.sort("#number", maintain_order=True).drop("#number")


def _cell(text: str, place: int) -> str:
    cells = next(csv.reader([text]), [])
    return cells[place] if place < len(cells) else ""


def _parquet_frames(path: Path) -> Iterator[CaseFrame]:
    first = 1
    try:
        with parquet.ParquetFile(path, pre_buffer=False, buffer_size=_BUFFER_BYTES) as file:
            names = [name for name in COLUMNS if name in file.schema_arrow.names]
            for batch in file.iter_batches(
                batch_size=_BATCH_ROWS, columns=names, use_threads=False
            ):
                table = pa.Table.from_batches([batch])
                yield CaseFrame(first, pl.DataFrame(pl.from_arrow(table)))
                first += batch.num_rows
    except (pa.ArrowException, OSError) as error:
        raise FaultsFound([unreadable_fault(path, str(error))]) from None
