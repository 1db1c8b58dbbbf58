"""Small CSV tables that people keep by hand: rows as text with their line, faults placed.

The encoding is UTF-8 (with or without a byte order mark) and nothing else, the header names every
column once, every row has as many fields as the header. Nothing is typed here; typing belongs to
the reader of the table. Big files of claims go another way (:mod:`.claim_tables`).
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from yibao.base.findings import Fault, FaultsFound, Where
from yibao.base.system import system_reason
from yibao.base.texts import Text
from yibao.storage.files.yaml_faults import unreadable

_OTHER_SEPARATORS = ";\t"


@dataclass(frozen=True, slots=True)
class TableRow:
    """One row: its place, and its fields by column name, spaces around them taken off."""

    where: Where
    fields: dict[str, str]


def read_table(path: Path, *, required: Sequence[str]) -> tuple[tuple[str, ...], list[TableRow]]:
    """Columns and rows of a CSV file.

    Raises:
        FaultsFound: wrong encoding, a column missing or named twice, rows of another width.
    """
    name = str(path)
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise FaultsFound([encoding_fault(name, error)]) from None
    except OSError as error:
        raise FaultsFound([unreadable(Where(name), system_reason(error))]) from None
    lines = csv.reader(text.splitlines(keepends=True), strict=True)
    rows: list[TableRow] = []
    faults: list[Fault] = []
    columns: tuple[str, ...] = ()
    try:
        columns = tuple(field.strip() for field in next(lines, []))
        faults += column_faults(name, columns, required=required)
        start = lines.line_num + 1
        for fields in lines:
            where, start = Where(name, start), lines.line_num + 1
            if len(fields) == len(columns):
                stripped = (field.strip() for field in fields)
                rows.append(TableRow(where, dict(zip(columns, stripped, strict=True))))
            elif fields:
                faults.append(_width_fault(where, len(fields), len(columns)))
    except csv.Error as error:
        faults.append(_unreadable(Where(name, lines.line_num), str(error)))
    if faults:
        raise FaultsFound(faults)
    return columns, rows


def encoding_fault(name: str, error: UnicodeDecodeError, *, lines_before: int = 0) -> Fault:
    """The fault of a file that is not UTF-8, at the line of the first wrong byte."""
    line = lines_before + error.object[: error.start].count(b"\n") + 1
    return Fault(
        "encoding_invalid",
        Where(name, line),
        Text("文件不是 UTF-8 编码", "the file is not UTF-8"),
        Text("请另存为 UTF-8 编码的 CSV (不要用 GBK)", "save it as CSV in UTF-8 (not GBK)"),
    )


def column_faults(name: str, columns: Sequence[str], *, required: Sequence[str]) -> list[Fault]:
    """Faults of a header: required columns missing, columns named twice or not at all."""
    where = Where(name, 1)
    if len(columns) == 1 and any(mark in columns[0] for mark in _OTHER_SEPARATORS):
        return [_separator_fault(where)]
    faults = [
        Fault(
            "column_missing",
            where,
            Text(f"缺少必需的列 {column}", f"the column {column} is missing"),
            Text(f"请补充列 {column}", f"add the column {column}"),
        )
        for column in required
        if column not in columns
    ]
    for column in dict.fromkeys(columns):
        if not column or columns.count(column) > 1:
            shown = column or "''"
            faults.append(
                Fault(
                    "column_twice",
                    where,
                    Text(
                        f"列名重复或为空: {shown}",
                        f"a column is named twice or not at all: {shown}",
                    ),
                    Text("每列请使用唯一的列名", "give every column one name of its own"),
                )
            )
    return faults


def _separator_fault(where: Where) -> Fault:
    return Fault(
        "separator_wrong",
        where,
        Text("列之间不是逗号", "the columns are not separated by commas"),
        Text("请另存为逗号分隔的 CSV", "save it as CSV with commas, not semicolons or tabs"),
    )


def _width_fault(where: Where, found: int, expected: int) -> Fault:
    return Fault(
        "row_width",
        where,
        Text(
            f"本行有 {found} 个字段，应为 {expected} 个", f"{found} fields where {expected} belong"
        ),
        Text("请补齐字段；文件可能被截断", "complete the row; the file may be cut short"),
    )


def _unreadable(where: Where, why: str) -> Fault:
    return Fault(
        "table_unreadable",
        where,
        Text(f"CSV 无法读取: {why}", f"the CSV cannot be read: {why}"),
        Text("请检查引号与换行", "look at the quotes and line ends"),
    )
