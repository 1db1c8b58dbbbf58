"""The books' tables (账表): for people on a terminal, as CSV or XLSX, and as JSON with fen.

On a terminal and in CSV or XLSX amounts are yuan with two decimals under heads in words; in JSON
they are integer fen under names. A file appears whole or not at all.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import click

from yibao.base.money import format_yuan
from yibao.base.texts import Language, Text

if TYPE_CHECKING:
    import polars as pl
    from rich.console import Console

Kind = Literal["text", "label", "number", "amount", "count", "day", "moment"]
Row = Mapping[str, Any]
FORMS = (".csv", ".xlsx", ".json")
YUAN_DECIMALS = 2
_WIDTH = 160
_DIGITS = 24


@dataclass(frozen=True, slots=True)
class Column:
    """A column: the name of its value in a row, its head, what kind of value."""

    name: str
    head: Text
    kind: Kind = "text"


@dataclass(frozen=True, slots=True)
class Sheet:
    """A table: rows are values by column name; amounts in fen. ``totals``: the last row is one.

    A terminal shows the first ``most`` rows, 0: all of them, below 0: none, with the remarks alone;
    files and JSON always have all.
    """

    name: str
    title: Text
    columns: Sequence[Column]
    rows: Sequence[Row]
    totals: bool = False
    most: int = 0


@dataclass(frozen=True, slots=True)
class Way:
    """How a command answers: in which language, as JSON, into which file."""

    language: Language
    as_json: bool = False
    out: Path | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """What a command answers: sheets, remarks below them, and data for JSON alone."""

    sheets: Sequence[Sheet]
    remarks: Sequence[Text] = ()
    data: Mapping[str, Any] = field(default_factory=dict)


def show(answer: Answer, way: Way) -> None:
    """Print an answer, and write it where a file was asked for.

    Raises:
        UnableToWrite: the file cannot be written.
        click.UsageError: its name ends in no known way.
    """
    if way.out is not None:
        _write(answer, way.out, way.language)
    if way.as_json:
        click.echo(_as_json(answer).decode())
        return
    console = _console()
    for sheet in (one for one in answer.sheets if one.most >= 0):
        _print(console, sheet, way.language)
    for remark in answer.remarks:
        click.echo(remark.in_language(way.language))
    if way.out is not None:
        told = Text(f"已写入 {way.out}", f"written to {way.out}")
        click.echo(told.in_language(way.language))


def check_out(place: Path | None) -> None:
    """Refuse a name that ends in no known way, before anything is done.

    Raises:
        click.UsageError: see above.
    """
    if place is not None and place.suffix.lower() not in FORMS:
        shown = ", ".join(FORMS)
        raise click.UsageError(f"--out {place.name}: {shown}")


def side(amount: int) -> Text:
    """On which side a balance stands (借/贷)."""
    if amount == 0:
        return Text("平", "–")
    return Text("借", "Dr") if amount > 0 else Text("贷", "Cr")


def _console() -> Console:
    from rich.console import Console

    console = Console(highlight=False, markup=False)
    if console.is_terminal:
        return console
    return Console(highlight=False, markup=False, width=_WIDTH)


def _print(console: Console, sheet: Sheet, language: Language) -> None:
    from rich.table import Table

    table = Table(title=sheet.title.in_language(language) or None, title_justify="left")
    for column in sheet.columns:
        is_figure = column.kind in ("amount", "count", "number")
        table.add_column(
            column.head.in_language(language),
            justify="right" if is_figure else "left",
            no_wrap=is_figure,
            overflow="fold",
        )
    last = len(sheet.rows) - 1
    for number, row in enumerate(sheet.rows[: sheet.most or None]):
        cells = [_cell(row.get(column.name), column.kind, language) for column in sheet.columns]
        is_total = sheet.totals and number == last
        if is_total and number:
            table.add_section()
        table.add_row(*cells, style="bold" if is_total else None)
    console.print(table)
    more = len(sheet.rows) - (sheet.most or len(sheet.rows))
    if more > 0:
        told = Text(f"另有 {more} 行: --out 写出全部", f"{more} more rows: --out writes them all")
        console.print(told.in_language(language))


def _cell(value: object, kind: Kind, language: Language) -> str:
    if value is None or value == "":
        return ""
    if isinstance(value, Text):
        return value.in_language(language)
    if kind == "amount" and isinstance(value, int):
        return format_yuan(value, grouped=True)
    if kind == "count" and isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, datetime):
        return f"{value.astimezone():%Y-%m-%d %H:%M:%S}"
    return str(value)


# ---- files


def _write(answer: Answer, place: Path, language: Language) -> None:
    from yibao.doors.cli.pictures import write_content

    check_out(place)
    suffix = place.suffix.lower()
    if suffix == ".json":
        content = _as_json(answer)
    elif suffix == ".csv":
        content = _frame(answer.sheets[0], language).write_csv().encode("utf-8-sig")
    else:
        content = _workbook(answer, language)
    write_content(place, content)


def _as_json(answer: Answer) -> bytes:
    import msgspec

    data = {sheet.name: [_plain(row) for row in sheet.rows] for sheet in answer.sheets}
    return msgspec.json.encode({**data, **answer.data})


def _plain(row: Row) -> dict[str, Any]:
    return {
        name: {"zh": value.zh, "en": value.en} if isinstance(value, Text) else value
        for name, value in row.items()
    }


def _workbook(answer: Answer, language: Language) -> bytes:
    import xlsxwriter

    content = BytesIO()
    with xlsxwriter.Workbook(content, {"in_memory": True}) as book:
        for sheet in answer.sheets:
            _frame(sheet, language).write_excel(
                book, sheet.name, autofit=True, float_precision=YUAN_DECIMALS,
            )  # fmt: skip
    return content.getvalue()


def _frame(sheet: Sheet, language: Language) -> pl.DataFrame:
    """The sheet with heads in words; amounts are exact decimals of yuan."""
    import polars as pl

    kinds: dict[Kind, Any] = {
        "amount": pl.Decimal(_DIGITS, YUAN_DECIMALS), "count": pl.Int64, "number": pl.Int64,
        "day": pl.Date,
    }  # fmt: skip
    columns = []
    for column in sheet.columns:
        unit = Text("（元）", ", yuan") if column.kind == "amount" else Text("", "")
        head = f"{column.head.in_language(language)}{unit.in_language(language)}"
        values = [_filed(row.get(column.name), column.kind, language) for row in sheet.rows]
        columns.append(pl.Series(head, values, dtype=kinds.get(column.kind, pl.String)))
    return pl.DataFrame(columns)


def _filed(value: object, kind: Kind, language: Language) -> object:
    if kind == "amount":
        return Decimal(value).scaleb(-YUAN_DECIMALS) if isinstance(value, int) else None
    if kind in ("count", "number"):
        return value if isinstance(value, int) else None
    if kind == "day":
        return value if isinstance(value, date) else None
    return _cell(value, kind, language)
