"""`yibao dip`: build a catalogue of DIP groups from stays, group by it, explain one stay."""

from __future__ import annotations

import json
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from yibao.base.texts import Language, Text
from yibao.doors.cli.entry import language_option
from yibao.doors.cli.running import interruptible

if TYPE_CHECKING:
    from yibao.engines.grouping.dip.parameters import Parameters
    from yibao.offices.actuary.dip.placing import Office

_FILE = click.Path(path_type=Path)
_DAY = click.DateTime(["%Y-%m-%d"])
_SHOWN_EXAMPLES = 6
_catalogue = click.option("--catalogue", type=_FILE, required=True, metavar="DIR",
                          help="The folder that `yibao dip build` made.")  # fmt: skip
_area = click.option(
    "--parameters", "area", default="", metavar="AREA", show_default="the catalogue's",
    help="The area whose parameters hold.",
)  # fmt: skip
_day = click.option("--on", "day", type=_DAY, help="The day whose parameters hold.")


@click.group()
def dip() -> None:
    """Pay by points of disease groups (DIP, 按病种分值): catalogue, grouping, reasons."""


@dip.command()
@click.argument("cases", type=_FILE, nargs=-1, required=True)
@click.option("--out", type=_FILE, required=True, metavar="DIR", help="The folder to make.")
@click.option("--years", default="", metavar="Y,Y,…", help="Build from these years alone.")
@click.option("--parameters", "area", default="000000", show_default=True, metavar="AREA",
              help="The area whose parameters hold.")  # fmt: skip
@_day
@click.option("--json", "as_json", is_flag=True, help="Print one line of JSON, not a table.")
@language_option
def build(
    cases: tuple[Path, ...], out: Path, years: str, area: str, day: datetime | None,
    as_json: bool, language: Language,
) -> None:  # fmt: skip
    """Build a catalogue from files of stays (CSV or Parquet) of one to three years.

    Columns: Index, zdList, ssList, year, total_amount (fen) or total_yuan; procedure_amounts or
    procedure_yuan, institution_level and more where there are (docs/dip.md). Exit code 1: rows
    were rejected.
    """
    from yibao.doors.cli.dip_tables import built_data, show_built
    from yibao.offices.actuary.dip.making import Choice, make_catalogue
    from yibao.storage.files.shipped import policies_root

    choice = Choice(_years(years), _date(day))
    with interruptible():
        made = make_catalogue(cases, out, root=policies_root(), area=area, choice=choice)
    if as_json:
        click.echo(json.dumps(built_data(made, out), ensure_ascii=False))
    else:
        show_built(made, out, language=language)
        _tell_examples(made.parameters, language)
    raise SystemExit(1 if made.rejects.height else 0)


@dip.command()
@click.argument("cases", type=_FILE, nargs=-1, required=True)
@_catalogue
@click.option("--out", type=_FILE, required=True, metavar="FILE", help="CSV or Parquet.")
@_area
@_day
@click.option("--json", "as_json", is_flag=True, help="Print one line of JSON.")
@language_option
def group(
    cases: tuple[Path, ...], catalogue: Path, out: Path, area: str, day: datetime | None,
    as_json: bool, language: Language,
) -> None:  # fmt: skip
    """Group files of stays by a catalogue: a row a stay, rejects beside. Exit code 1: rejects."""
    from yibao.offices.actuary.dip.placing import place_file

    with interruptible():
        office = _office(catalogue, area, day, language)
        placed = place_file(cases, out, office=office)
    if as_json:
        data = {
            "rows": placed.rows_count, **placed.counts, "rejected": placed.rejects_count,
            "points": str(placed.points), "out": str(out),
        }  # fmt: skip
        click.echo(json.dumps(data, ensure_ascii=False))
    else:
        counts = placed.counts
        told = Text(
            f"{out}: {placed.rows_count} 行，入组 {counts['grouped']}，空白病种 {counts['blank']}，"
            f"未入组 {counts['ungrouped']}，拒绝 {placed.rejects_count}；总分值 {placed.points}",
            f"{out}: {placed.rows_count} rows, {counts['grouped']} grouped, {counts['blank']}"
            f" blank, {counts['ungrouped']} without a group, {placed.rejects_count} rejected;"
            f" {placed.points} points",
        )
        click.echo(told.in_language(language))
    raise SystemExit(1 if placed.rejects_count else 0)


@dip.command()
@click.argument("cases", type=_FILE)
@click.argument("index")
@_catalogue
@_area
@_day
@click.option("--json", "as_json", is_flag=True, help="Print one line of JSON.")
@language_option
def explain(
    cases: Path, index: str, catalogue: Path, area: str, day: datetime | None, as_json: bool,
    language: Language,
) -> None:  # fmt: skip
    """Explain the group of one stay of a file: what counted, the candidates, why one won."""
    from yibao.doors.cli.dip_tables import explained_data
    from yibao.engines.grouping.dip.explaining import told
    from yibao.offices.actuary.dip.explaining import explain_stay

    office = _office(catalogue, area, day, language)
    explained = explain_stay([cases], index, office=office)
    if as_json:
        click.echo(json.dumps(explained_data(explained, language), ensure_ascii=False))
        return
    for sentence in told(explained):
        click.echo(sentence.in_language(language))


@dip.command()
@click.argument("catalogue", type=_FILE, metavar="DIR")
@click.option("--diagnosis", default="", help="Only groups whose code begins so.")
@click.option("--limit", type=click.IntRange(1), default=40, show_default=True, help="Rows shown.")
@click.option("--json", "as_json", is_flag=True, help="Print one line of JSON, not a table.")
@language_option
def show(catalogue: Path, diagnosis: str, limit: int, as_json: bool, language: Language) -> None:
    """Show the groups of a catalogue: cases, mean, weight, points, CV; the most frequent first."""
    from yibao.doors.cli.dip_tables import groups_data, show_groups
    from yibao.storage.files.dip_catalogues import read_catalogue

    found, _ = read_catalogue(catalogue)
    chosen = [one for one in found.groups if one.code.startswith(diagnosis)]
    if as_json:
        click.echo(json.dumps(groups_data(found, chosen), ensure_ascii=False))
        return
    show_groups(found, chosen, limit=limit, language=language)


def _office(catalogue: Path, area: str, day: datetime | None, language: Language) -> Office:
    from yibao.offices.actuary.dip.placing import open_office
    from yibao.storage.files.shipped import policies_root

    office = open_office(catalogue, root=policies_root(), area=area, holds_on=_date(day))
    if office.parameters_differ:
        told = Text(
            "注意: 所用参数与生成目录时的参数不同",
            "note: these are not the parameters that the catalogue was built with",
        )
        click.echo(told.in_language(language), err=True)
    return office


def _tell_examples(parameters: Parameters, language: Language) -> None:
    """Say on stderr which parameters are examples and nobody's law."""
    if not parameters.examples:
        return
    shown = ", ".join(parameters.examples[:_SHOWN_EXAMPLES])
    count = len(parameters.examples)
    more = " …" if count > _SHOWN_EXAMPLES else ""
    told = Text(
        f"注意: {count} 项参数为示例值，并非任何地区的规定: {shown}{more}",
        f"note: {count} parameters are examples and nobody's law: {shown}{more}",
    )
    click.echo(told.in_language(language), err=True)


def _years(text: str) -> tuple[int, ...]:
    parts = [part.strip() for part in text.split(",") if part.strip()]
    if not all(part.isascii() and part.isdigit() and len(part) == 4 for part in parts):
        raise click.BadParameter("2022,2023,2024", param_hint="--years")
    return tuple(sorted({int(part) for part in parts}))


def _date(day: datetime | None) -> date | None:
    return None if day is None else day.date()
