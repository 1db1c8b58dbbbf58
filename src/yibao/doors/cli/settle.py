"""`yibao settle`: a file of claims in, one row a claim out, and a summary for people or as JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from yibao.base.money import format_yuan
from yibao.base.texts import Language, Text
from yibao.doors.cli.entry import language_option
from yibao.doors.cli.running import (
    ENGINE_HELP,
    RUNNER_HELP,
    interruptible,
    progress_bars,
    teller,
)

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text as Styled

    from yibao.engines.policy.area import AreaPolicy
    from yibao.offices.actuary.settled import Summary, Totals
    from yibao.offices.actuary.settling import ResultPlaces
    from yibao.storage.files.claim_files import ClaimsPlace
    from yibao.storage.files.filed_claims import Reject

NOT_ALL_SETTLED = 1
"""Exit code when claims were rejected: done, but what was checked does not hold."""

_FILE = click.Path(path_type=Path)


_EXAMPLES = """\b
Examples:
  yibao settle claims/ settled.csv --policy 370200
  yibao settle claims.parquet settled.parquet --policy 370200 --lines lines.parquet --json
  yibao settle city/ settled.parquet --policy 370200 --engine kernel
"""


@click.command(epilog=_EXAMPLES)
@click.argument("claims", metavar="IN", type=_FILE)
@click.argument("out", type=_FILE)
@click.option("--policy", required=True, metavar="AREA", help="An area code or a policy folder.")
@click.option("--engine", default="reference", show_default=True, help=ENGINE_HELP)
@click.option("--runner", default="local", show_default=True, help=RUNNER_HELP)
@click.option("--lines", type=_FILE, help="The file of lines, where IN is a file and not a folder.")
@click.option("--catalogue", type=_FILE, help="A catalogue in place of the area's own.")
@click.option("--with-examples", is_flag=True, help="Switch example values on.")
@click.option("--reform", "reforms", multiple=True, help="Settle under this reform (repeatable).")
@click.option("--lines-out", type=_FILE, help="Also write a table of lines.")
@click.option("--determinations", type=_FILE, help="Also write each explanation as a JSON line.")
@click.option("--json", "as_json", is_flag=True, help="Print one line of JSON, not tables.")
@language_option
def settle(
    claims: Path, out: Path, policy: str, engine: str, runner: str, lines: Path | None,
    catalogue: Path | None, with_examples: bool, reforms: tuple[str, ...], lines_out: Path | None,
    determinations: Path | None, as_json: bool, language: Language,
) -> None:  # fmt: skip
    """Settle a file of claims.

    IN is a folder with claims.csv or claims.parquet (and lines beside it), a file of claims, or a
    folder of partitions with their manifest.json, as `yibao city make` makes them. OUT is a .csv or
    .parquet file, one row a claim; rejected claims stand in OUT.rejects.csv with the reason and
    what to do. Formats: docs/claims-format.md, docs/settle-output.md.

    Exit code 0: all settled; 1: some claims were rejected; 3: the file cannot be used.
    """
    from yibao.offices.actuary.laws import open_law
    from yibao.offices.actuary.settling import KERNEL, ResultPlaces, Way, settle_file
    from yibao.storage.files.partitions import find_places

    law = open_law(policy, with_examples=with_examples, reforms=reforms, catalogue=catalogue)
    places = find_places(claims, lines, with_members=engine != KERNEL)
    results = ResultPlaces(out, lines_out, determinations)

    with interruptible(), progress_bars(language) as bars:
        summary = settle_file(
            law,
            places,
            results=results,
            engine=Way(engine, runner, teller(language)),
            progress=bars.of(Text("结算", "settling")),
        )
    if as_json:
        click.echo(json.dumps(_as_data(summary, results), ensure_ascii=False))
    else:
        _show(summary, law.area, results, language)
    if summary.rejected_count:
        _tell_rejects(summary, results, places=places, language=language)
        raise SystemExit(NOT_ALL_SETTLED)


def _as_data(summary: Summary, results: ResultPlaces) -> dict[str, object]:
    rows = summary.rows
    return {
        "claims": summary.claims_count,
        "settled": summary.settled_count,
        "rejected": summary.rejected_count,
        "rows": rows.claims_count,
        "seconds": round(summary.seconds, 3),
        "submitted_amount": rows.submitted_amount,
        "benefit_amount": rows.benefit_amount,
        "out_of_pocket_amount": rows.out_of_pocket_amount,
        "funds": summary.by_fund,
        "layers": summary.by_layer,
        "schemes": {name: asdict(totals) for name, totals in summary.by_scheme.items()},
        "care_types": {name: asdict(totals) for name, totals in summary.by_care_type.items()},
        "with_examples": summary.with_examples_count,
        "findings": summary.by_finding,
        "rejects": summary.by_code,
        "out": str(results.claims),
        "rejects_out": str(results.rejects),
    }


def _show(summary: Summary, area: AreaPolicy, results: ResultPlaces, language: Language) -> None:
    from rich.console import Console

    console = Console(highlight=False)
    if not console.is_terminal:
        console = Console(highlight=False, width=120)
    told = Text(
        f"读取 {summary.claims_count} 张结算单，结算 {summary.settled_count}，"
        f"拒绝 {summary.rejected_count}，用时 {summary.seconds:.1f} 秒",
        f"{summary.claims_count} claims read, {summary.settled_count} settled,"
        f" {summary.rejected_count} rejected, in {summary.seconds:.1f} s",
    )
    console.print(told.in_language(language))
    for title, fact, table in (
        (Text("按险种", "by scheme"), "scheme", summary.by_scheme),
        (Text("按医疗类别", "by care type"), "care_type", summary.by_care_type),
    ):
        _show_totals(console, title, _labelled(area, fact, table, language), language)
    layers = [
        (_layer_told(area, name, language), amount) for name, amount in summary.by_layer.items()
    ]
    _show_amounts(console, Text("按保障层", "by layer"), layers, language)
    funds = [
        (area.fund_label(fund).in_language(language), amount)
        for fund, amount in summary.by_fund.items()
    ]
    _show_amounts(console, Text("按基金", "by fund"), funds, language)
    if summary.with_examples_count:
        count = summary.with_examples_count
        told = Text(
            f"{count} 条结果用到了示例值，不能作为待遇依据",
            f"{count} results used example values and are no ground for a benefit",
        )
        console.print(told.in_language(language))
    for finding, count in summary.by_finding.items():
        console.print(f"{finding}: {count}")
    console.print(str(results.claims), soft_wrap=True)


def _layer_told(area: AreaPolicy, name: str, language: Language) -> Styled:
    """What the area's plans call a layer, each of its labels, and its name behind."""
    from rich.text import Text as Styled

    labels = dict.fromkeys(
        layer.label.in_language(language)
        for version in area.plans
        for layer in version.layers
        if layer.name == name
    )
    return Styled.assemble(" / ".join(labels), " ", (name, "dim"))


def _labelled(
    area: AreaPolicy, fact: str, table: Mapping[str, Totals], language: Language
) -> dict[str, Totals]:
    labels = dict(area.facts[fact].values) if fact in area.facts else {}
    return {
        (labels[value].in_language(language) if value in labels else value or "—"): totals
        for value, totals in table.items()
    }


def _show_totals(
    console: Console, title: Text, table: Mapping[str, Totals], language: Language
) -> None:
    from rich.table import Table

    heads = (
        Text("笔数", "claims"),
        Text("医疗费总额", "submitted"),
        Text("基金支付", "paid by funds"),
        Text("个人负担", "out of pocket"),
    )
    shown = Table(title.in_language(language))
    for head in heads:
        shown.add_column(head.in_language(language), justify="right")
    for name, totals in table.items():
        shown.add_row(
            name,
            str(totals.claims_count),
            format_yuan(totals.submitted_amount, grouped=True),
            format_yuan(totals.benefit_amount, grouped=True),
            format_yuan(totals.out_of_pocket_amount, grouped=True),
        )
    console.print(shown)


def _show_amounts(
    console: Console, title: Text, rows: Sequence[tuple[str | Styled, int]], language: Language
) -> None:
    from rich.table import Table

    shown = Table(title.in_language(language))
    shown.add_column(Text("基金支付", "paid").in_language(language), justify="right")
    for name, amount in rows:
        shown.add_row(name, format_yuan(amount, grouped=True))
    console.print(shown)


def _tell_rejects(
    summary: Summary, results: ResultPlaces, *, places: Sequence[ClaimsPlace], language: Language
) -> None:
    for reject in summary.first_rejects:
        click.echo(_told(reject, _file_of(reject, places), language), err=True)
    count = summary.rejected_count
    told = Text(
        f"{count} 张结算单未结算，原因见 {results.rejects}",
        f"{count} claims were not settled; {results.rejects} says why",
    )
    click.echo(told.in_language(language), err=True)


def _file_of(reject: Reject, places: Sequence[ClaimsPlace]) -> str:
    """The file that a reject stands in; of several parts, the table."""
    if len(places) > 1:
        return reject.file
    path = places[0].lines if reject.file == "lines" else places[0].claims
    return path.name if path else reject.file


def _told(reject: Reject, file: str, language: Language) -> str:
    arrow = Text("处理", "What to do").in_language(language)
    return (
        f"{file}:{reject.row} {reject.claim_id} [{reject.code}]"
        f" {reject.message.in_language(language)}\n"
        f"    {arrow}: {reject.remedy.in_language(language)}"
    )
