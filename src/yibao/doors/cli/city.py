"""`yibao city`: make a synthetic city, and hold it to the published figures."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from yibao.base.texts import Language, Text
from yibao.doors.cli.entry import language_option
from yibao.doors.cli.running import interruptible, progress_bars

if TYPE_CHECKING:
    from rich.console import Console

    from yibao.offices.actuary.city.measuring import Measured
    from yibao.offices.actuary.city.writing import Order
    from yibao.storage.files.partitions import Manifest

_FOLDER = click.Path(path_type=Path)
_MILLION = 1_000_000
_WIDTH = 132


@click.group()
def city() -> None:
    """Make a synthetic city of members and claims, and compare it with published figures."""


@city.command()
@click.option("--members", type=int, required=True, help="How many insured persons.")
@click.option("--seed", type=int, required=True, help="The same seed gives the same bytes.")
@click.option("--out", type=_FOLDER, required=True, help="The folder to make.")
@click.option("--year", type=click.IntRange(1990, 2100), default=2024, show_default=True)
@click.option(
    "--partitions", type=int, default=0, show_default="by size", help="Parts of the claims."
)
@click.option("--lines/--no-lines", help="Give claims lines with item codes, instead of amounts.")
@click.option(
    "--lines-percent", type=click.IntRange(1, 100), default=100, show_default=True,
    help="With --lines: the share of claims that have lines.",
)  # fmt: skip
@click.option("--policy", default="370200", show_default=True, metavar="AREA",
              help="The area whose claims contract the folder keeps.")  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="Print one line of JSON, not tables.")
@language_option
def make(
    members: int, seed: int, out: Path, year: int, partitions: int, lines: bool,
    lines_percent: int, policy: str, as_json: bool, language: Language,
) -> None:  # fmt: skip
    """Make a city: a folder with a manifest, claims in partitions, members and providers.

    Nobody in it exists. Same seed, same bytes; more partitions, the same claims. The formats are in
    docs/claims-format.md; afterwards the table of published against generated figures is printed.
    """
    from yibao.offices.actuary.city.making import make_city
    from yibao.offices.actuary.city.measuring import measure
    from yibao.offices.actuary.city.tables import Contract
    from yibao.offices.actuary.city.writing import Order
    from yibao.offices.actuary.laws import open_law

    contract = Contract.of(open_law(policy, with_examples=True).area)
    share = lines_percent * (_MILLION // 100) if lines else 0
    order = Order(members, seed, year, partitions, share)
    with interruptible(), progress_bars(language) as bars:
        progress = bars.of(Text("生成参保人", "making members"))
        manifest = make_city(order, out, contract=contract, progress=progress)
    found = measure(out)
    if as_json:
        data = _made(order, manifest, out) | _as_data(found)
        click.echo(json.dumps(data, ensure_ascii=False))
        return
    told = Text(
        f"{out}: {members} 人，{manifest.claims_count} 张结算单，{len(manifest.parts)} 个分区",
        f"{out}: {members} members, {manifest.claims_count} claims,"
        f" {len(manifest.parts)} partitions",
    )
    click.echo(told.in_language(language))
    _show(found, language)


@city.command()
@click.argument("folder", metavar="DIR", type=_FOLDER)
@click.option("--settled", type=_FOLDER, help="What `yibao settle` made of it: compare the funds.")
@click.option("--json", "as_json", is_flag=True, help="Print one line of JSON, not a table.")
@language_option
def report(folder: Path, settled: Path | None, as_json: bool, language: Language) -> None:
    """Compare a city with the published figures: target, generated, ratio, bounds, source."""
    from yibao.offices.actuary.city.measuring import measure

    found = measure(folder, settled=settled)
    if as_json:
        click.echo(json.dumps(_as_data(found), ensure_ascii=False))
    else:
        _show(found, language)


@city.command()
@language_option
def assumptions(language: Language) -> None:
    """List what a city assumes besides the published figures."""
    from rich.table import Table

    from yibao.offices.actuary.city.figures import read_figures

    heads = (
        Text("名称", "name"),
        Text("假设", "assumption"),
        Text("按此标定", "scaled to"),
        Text("值", "value"),
    )
    table = Table(*(head.in_language(language) for head in heads))
    for name, one in read_figures().assumptions.items():
        label = one.zh if language == "zh" else one.en
        value = json.dumps(one.value, ensure_ascii=False)
        table.add_row(name, label, one.scaled_to, value)
    _console().print(table)


def _made(order: Order, manifest: Manifest, out: Path) -> dict[str, object]:
    return {
        "out": str(out),
        "members": order.members_count,
        "claims": manifest.claims_count,
        "partitions": len(manifest.parts),
    }


def _as_data(found: Sequence[Measured]) -> dict[str, object]:
    return {
        "targets": [
            {
                "target": one.target.name,
                "source": list(one.target.source),
                "published": one.published,
                "generated": one.made,
                "ratio": one.ratio,
                "bounds": one.target.bounds,
                "inside": one.is_within,
            }
            for one in found
        ]
    }


def _show(found: Sequence[Measured], language: Language) -> None:
    from rich.table import Table

    from yibao.offices.actuary.city.figures import read_figures

    console = _console()
    heads = (
        Text("指标", "figure"), Text("来源", "source"), Text("期间", "period"),
        Text("公布", "published"), Text("生成", "generated"), Text("比", "ratio"),
        Text("范围", "bounds"), Text("在内", "inside"),
    )  # fmt: skip
    table = Table(title=Text("公布与生成", "published and generated").in_language(language))
    for number, head in enumerate(heads):
        table.add_column(
            head.in_language(language), justify="right" if 3 <= number <= 5 else "left"
        )
    for one in found:
        if one.made is not None:
            table.add_row(*_row(one, language))
    console.print(table)
    waiting = [one for one in found if one.made is None]
    if waiting:
        told = Text(
            f"另有 {len(waiting)} 项须结算后才有: yibao city report DIR --settled OUT",
            f"{len(waiting)} more need settled claims: yibao city report DIR --settled OUT",
        )
        console.print(told.in_language(language))
    figures = read_figures()
    lacking = "；".join(w.zh for w in figures.not_generated)
    missing = "; ".join(w.en for w in figures.not_generated)
    count = len(figures.assumptions)
    told = Text(
        f"未生成: {lacking}\n其余 {count} 项是假设，不是公布的数字: yibao city assumptions",
        f"not generated: {missing}\n{count} more figures are assumptions and not published:"
        " yibao city assumptions",
    )
    console.print(told.in_language(language), soft_wrap=True)


def _row(one: Measured, language: Language) -> list[str]:
    target = one.target
    low, high = (f"{max(bound, 0):.2f}" if bound is not None else "" for bound in one.bounds)
    inside = Text("是", "yes") if one.is_within else Text("否", "NO")
    months = Text(
        f"{target.year} 年 {target.months} 个月", f"{target.year}, {target.months} months"
    )
    return [
        target.zh if language == "zh" else target.en,
        " ".join(target.source),
        months.in_language(language),
        _figure(one.published),
        _figure(one.made or 0),
        f"{one.ratio or 0:.3f}",
        f"{low}–{high}",
        inside.in_language(language),
    ]


def _figure(value: float) -> str:
    return f"{value:,.2f}" if value >= 10 else f"{value:.4f}"


def _console() -> Console:
    from rich.console import Console

    console = Console(highlight=False)
    return console if console.is_terminal else Console(highlight=False, width=_WIDTH)
