"""`yibao group report`: weights, case mix, spread and outliers of a grouping, DRG or DIP."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from yibao.base.rates import format_rate
from yibao.base.texts import Language, Text
from yibao.doors.cli.entry import language_option
from yibao.doors.cli.running import interruptible

if TYPE_CHECKING:
    from yibao.offices.actuary.quality.writing import Report

_FILE = click.Path(path_type=Path)
_DAY = click.DateTime(["%Y-%m-%d"])
_SHOWN = 15
_TODAY_UNKNOWN = datetime(2025, 1, 1)  # noqa: DTZ001 - a day of parameters, not a time


@click.command()
@click.argument("grouped", type=_FILE)
@click.option("--out", type=_FILE, required=True, metavar="DIR", help="The folder to make.")
@click.option("--cases", type=_FILE, help="The file of cases, for costs that GROUPED lacks.")
@click.option("--parameters", "area", default="000000", show_default=True, metavar="AREA",
              help="The area whose trimming and bounds of outliers hold.")  # fmt: skip
@click.option("--on", "day", type=_DAY, default=_TODAY_UNKNOWN, show_default="2025-01-01",
              help="The day whose parameters hold.")  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="Print one line of JSON, not tables.")
@language_option
def report(
    grouped: Path, out: Path, cases: Path | None, area: str, day: datetime, as_json: bool,
    language: Language,
) -> None:  # fmt: skip
    """Judge a grouping: GROUPED is what `yibao group` or `yibao dip group` wrote.

    The folder gets groups.csv, institutions.csv, report.xlsx, report.json and report.png. Costs are
    total_amount (fen) or total_yuan, of GROUPED itself or of --cases, joined by Index.
    """
    from yibao.engines.grouping.weights.quality import Yardstick
    from yibao.offices.actuary.quality.reading import WEIGHT_PLACES, read_grouped
    from yibao.offices.actuary.quality.writing import make_report, summary_data
    from yibao.storage.files.dip_parameters import read_parameters
    from yibao.storage.files.shipped import policies_root

    parameters = read_parameters(policies_root(), area, holds_on=day.date())
    with interruptible():
        file = read_grouped(grouped, cases)
        trimming = parameters.weights.trimming
        yardstick = Yardstick(parameters.outliers, trimming, WEIGHT_PLACES, file.weights)
        made = make_report(file, out, yardstick=yardstick, language=language)
    if as_json:
        click.echo(json.dumps(summary_data(made) | {"out": str(out)}, ensure_ascii=False))
        return
    _show(made, out, language)


def _show(made: Report, out: Path, language: Language) -> None:
    from rich.table import Table

    from yibao.doors.cli.statements import console_for_people
    from yibao.offices.actuary.quality.writing import (
        GROUP_HEADS,
        INSTITUTION_HEADS,
        group_rows,
        institution_rows,
    )

    file, quality = made.file, made.quality
    explained = format_rate(quality.variance_explained)
    said = Text(
        f"{out}: {file.rows_count} 行，评价 {quality.cases_count}，未入组 {file.ungrouped_count}，"
        f"无费用 {file.without_cost_count}；{len(quality.groups)} 个病组，方差减小 {explained}",
        f"{out}: {file.rows_count} rows, {quality.cases_count} judged, {file.ungrouped_count}"
        f" without a group, {file.without_cost_count} without a cost; {len(quality.groups)}"
        f" groups explain {explained} of the variance",
    )
    console = console_for_people()
    console.print(said.in_language(language))
    for heads, rows in (
        (GROUP_HEADS, group_rows(made)),
        (INSTITUTION_HEADS, institution_rows(made)),
    ):
        table = Table(box=None, pad_edge=False)
        for number, head in enumerate(heads):
            justify = "right" if number else "left"
            table.add_column(head.in_language(language), justify=justify)  # type: ignore[arg-type]
        for row in rows[:_SHOWN]:
            table.add_row(*map(str, row))
        console.print(table)
