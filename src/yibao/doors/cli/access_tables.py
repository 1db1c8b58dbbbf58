"""Rows of access as tables that people read, or as JSON with every column."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

import click

from yibao.base.texts import Language, Text

_WIDTH = 160


class Column(NamedTuple):
    """A column of a table: which value of a row, under which head."""

    name: str
    head: Text


def show(
    rows: Sequence[Mapping[str, Any]],
    *,
    columns: Sequence[Column],
    language: Language,
    as_json: bool,
) -> None:
    """Print rows: a table of the named columns, or a line of JSON with all there are."""
    if as_json:
        import msgspec

        click.echo(msgspec.json.encode([dict(row) for row in rows]).decode())
        return
    from rich.console import Console
    from rich.table import Table

    table = Table(*(one.head.in_language(language) for one in columns))
    for row in rows:
        table.add_row(*(_cell(row[one.name], language) for one in columns))
    console = Console(highlight=False, markup=False)
    if not console.is_terminal:
        console = Console(highlight=False, markup=False, width=_WIDTH)
    console.print(table)


def _cell(value: object, language: Language) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return Text("是" if value else "否", "yes" if value else "no").in_language(language)
    if isinstance(value, datetime):
        return f"{value.astimezone():%Y-%m-%d %H:%M:%S}"
    if isinstance(value, list):
        return " ".join(map(str, value))
    return str(value)
