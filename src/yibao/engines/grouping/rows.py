"""Rows of a scheme's tables as they were written, and overlays of rows by key (地方调整).

A scheme comes as five tables of rows (docs/grouping-scheme.md); an overlay comes as the same five
with one column more, ``change``. :func:`overlaid` is all that overlays are: rows added, replaced or
taken away by their key, before anything is checked.

Refuses: adding what is there, changing or removing what is not.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from yibao.base.findings import Fault, Where
from yibao.base.texts import Text

KEYS = {"mdc": "mdc", "adrg": "adrg", "drg": "drg", "dx": "code", "proc": "code"}
"""The tables, in the order in which they are read, and the column that is each one's key."""

REQUIRED = {
    "mdc": ("mdc", "position", "condition", "adrgs"),
    "adrg": ("adrg", "condition", "drgs"),
    "drg": ("drg", "condition"),
    "dx": ("code", "mdcs", "lists", "level", "exclusion", "principal_exclusion", "site"),
    "proc": ("code", "operating_room", "lists"),
}
OPTIONAL = {
    "mdc": ("qy", "name_zh", "name_en"),
    "adrg": ("name_zh", "name_en"),
    "drg": ("name_zh", "name_en"),
    "dx": ("sex", "age_from", "age_until", "name"),
    "proc": ("sex", "name"),
}
CHANGE = "change"
CHANGES = ("add", "change", "remove")


class TableRow(NamedTuple):
    """One row: its file and line, and its cells by column."""

    file: str
    line: int
    cells: Mapping[str, str]

    @property
    def where(self) -> Where:
        """The place of the row."""
        return Where(self.file, self.line)


Tables = dict[str, list[TableRow]]


@dataclass(frozen=True, slots=True)
class SchemeSource:
    """What was read of a scheme: its identity's texts and its rows, unchecked."""

    manifest: Mapping[str, str]
    where: Where
    tables: Tables
    checksum: str


def overlaid(base: Tables, overlay: Tables, *, faults: list[Fault]) -> Tables:
    """The rows of a base with an overlay's changes; what cannot be done goes to ``faults``."""
    return {
        table: _overlaid(table, base.get(table, []), overlay.get(table, []), faults)
        for table in KEYS
    }


def _overlaid(
    table: str, base: Iterable[TableRow], changes: Iterable[TableRow], faults: list[Fault]
) -> list[TableRow]:
    key = KEYS[table]
    rows = {row.cells[key]: row for row in base}
    seen: dict[str, TableRow] = {}
    for row in changes:
        name, change = row.cells[key], row.cells.get(CHANGE, "")
        if name in seen:
            faults.append(key_twice(row, seen[name], name=name))
        elif change not in CHANGES:
            faults.append(_change_unknown(row, change))
        elif (change == "add") == (name in rows):
            faults.append(_cannot_change(row, name, change))
        elif change == "remove":
            del rows[name]
        else:
            rows[name] = row
        seen[name] = row
    return list(rows.values())


def key_twice(row: TableRow, first: TableRow, *, name: str) -> Fault:
    """The fault of a key that stands in two rows of a table."""
    return Fault(
        "scheme_key_twice",
        row.where,
        Text(f"{name} 出现两次", f"{name} stands in two rows"),
        Text("请合并为一行", "make one row of them"),
        (first.where,),
    )


def _change_unknown(row: TableRow, change: str) -> Fault:
    known = ", ".join(CHANGES)
    return Fault(
        "scheme_change_unknown",
        row.where,
        Text(f"change 列的值不对: {change or '空'}", f"{change or 'nothing'} is no change"),
        Text(f"请填写 {known} 之一", f"write one of {known}"),
    )


def _cannot_change(row: TableRow, name: str, change: str) -> Fault:
    if change == "add":
        return Fault(
            "scheme_row_exists",
            row.where,
            Text(f"基础方案中已有 {name}", f"the base has {name} already"),
            Text("请改为 change，或更换键值", "make it a change, or use another key"),
        )
    return Fault(
        "scheme_row_absent",
        row.where,
        Text(f"基础方案中没有 {name}", f"the base has no {name}"),
        Text("请改为 add，或核对键值", "make it an addition, or look at the key"),
    )
