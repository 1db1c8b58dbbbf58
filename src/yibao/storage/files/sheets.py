"""Tables that others send (对账表格): CSV, XLSX or Parquet as rows of text with their line.

Whoever sends a list keeps it as they like; here every form becomes the rows of
:mod:`.tables`, all fields as text, so that one reader types them and one kind of fault is told.

Holds: a number keeps the digits it was written with; no amount passes through a float of ours.

Refuses: a Parquet column of binary fractions, which has lost its digits already; a file of another
kind; an XLSX file of several sheets where the first is empty.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import polars as pl

from yibao.base.findings import Fault, FaultsFound, Where
from yibao.base.system import system_reason
from yibao.base.texts import Text
from yibao.storage.files.tables import TableRow, column_faults, read_table
from yibao.storage.files.yaml_faults import unreadable

SHEETS = (".csv", ".xlsx", ".parquet")
_MIDNIGHT = " 00:00:00"


def read_sheet(path: Path, *, required: Sequence[str]) -> tuple[tuple[str, ...], list[TableRow]]:
    """Columns and rows of a CSV, XLSX or Parquet file, the suffix says which.

    Raises:
        FaultsFound: it cannot be read, or its header or columns are not what is needed.
    """
    suffix = path.suffix.lower()
    if suffix == ".csv":
        return read_table(path, required=required)
    name = str(path)
    if suffix not in SHEETS:
        raise FaultsFound([_unknown_suffix(name)])
    try:
        content = path.read_bytes()
    except OSError as error:
        raise FaultsFound([unreadable(Where(name), system_reason(error))]) from None
    frame = _frame(name, content, suffix)
    columns = tuple(column.strip() for column in frame.columns)
    faults = column_faults(name, columns, required=required)
    faults += [
        _binary_fractions(name, column)
        for column, kind in frame.schema.items()
        if kind.is_float() and suffix == ".parquet"
    ]
    if faults:
        raise FaultsFound(faults)
    return columns, [
        TableRow(Where(name, number), dict(zip(columns, map(_text, row), strict=True)))
        for number, row in enumerate(frame.iter_rows(), start=2)
        if any(value is not None for value in row)
    ]


def _frame(name: str, content: bytes, suffix: str) -> pl.DataFrame:
    try:
        if suffix == ".parquet":
            return pl.read_parquet(content)
        return pl.read_excel(content, infer_schema_length=0, raise_if_empty=False)
    except Exception as error:  # noqa: BLE001 - its readers raise whatever their parsers do
        why = (str(error).splitlines() or [type(error).__name__])[0]
        raise FaultsFound([_not_a_table(name, why)]) from None


def _text(value: object) -> str:
    return "" if value is None else str(value).strip().removesuffix(_MIDNIGHT)


def _unknown_suffix(name: str) -> Fault:
    shown = ", ".join(SHEETS)
    return Fault(
        "suffix_unknown",
        Where(name),
        Text("不支持的文件类型", "no such kind of file is read"),
        Text(f"请提供 {shown} 文件", f"bring one of {shown}"),
    )


def _not_a_table(name: str, why: str) -> Fault:
    return Fault(
        "table_unreadable",
        Where(name),
        Text(f"表格无法读取: {why}", f"the table cannot be read: {why}"),
        Text("请确认文件完整且与其后缀相符", "see that the file is whole and what its name says"),
    )


def _binary_fractions(name: str, column: str) -> Fault:
    return Fault(
        "column_type",
        Where(name),
        Text(f"列 {column} 为浮点数，金额会失真", f"the column {column} holds binary fractions"),
        Text("请改存为文本或 decimal", "store it as text or as decimal"),
    )
