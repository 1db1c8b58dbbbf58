"""`yibao city`: make a synthetic city, and hold it to the published figures."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from yibao.base.texts import Language, Text
from yibao.doors.cli.city_tables import (
    fund_labels,
    funds_data,
    show_funds,
    show_targets,
    targets_data,
    wide_console,
)
from yibao.doors.cli.entry import language_option
from yibao.doors.cli.running import interruptible, progress_bars

if TYPE_CHECKING:
    from yibao.offices.actuary.city.writing import Order
    from yibao.storage.files.partitions import Manifest

_FOLDER = click.Path(path_type=Path)
_MILLION = 1_000_000


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
@click.option("--brief", is_flag=True, help="Print no table of published and generated figures.")
@click.option("--json", "as_json", is_flag=True, help="Print one line of JSON, not tables.")
@language_option
def make(
    members: int, seed: int, out: Path, year: int, partitions: int, lines: bool,
    lines_percent: int, policy: str, brief: bool, as_json: bool, language: Language,
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
    if as_json:
        data = _made(order, manifest, out) | targets_data(measure(out))
        click.echo(json.dumps(data, ensure_ascii=False))
        return
    told = Text(
        f"{out}: {members} 人，{manifest.claims_count} 张结算单，{len(manifest.parts)} 个分区",
        f"{out}: {members} members, {manifest.claims_count} claims,"
        f" {len(manifest.parts)} partitions",
    )
    click.echo(told.in_language(language))
    if not brief:
        show_targets(measure(out), language)


@city.command()
@click.argument("folder", metavar="DIR", type=_FOLDER)
@click.option("--settled", type=_FOLDER, help="What `yibao settle` made of it: compare the funds.")
@click.option("--json", "as_json", is_flag=True, help="Print one line of JSON, not a table.")
@language_option
def report(folder: Path, settled: Path | None, as_json: bool, language: Language) -> None:
    """Compare a city with the published figures: target, generated, ratio, bounds, source.

    With --settled also what each fund paid, in all and for each insured person, beside what is
    published of it.
    """
    from yibao.offices.actuary.city.funds import fund_totals
    from yibao.offices.actuary.city.measuring import measure

    found = measure(folder, settled=settled)
    totals = fund_totals(folder, settled) if settled else []
    if as_json:
        data = targets_data(found) | funds_data(totals)
        click.echo(json.dumps(data, ensure_ascii=False))
        return
    if totals:
        show_funds(totals, fund_labels(folder, language), language=language)
    show_targets(found, language)


@city.command()
@click.argument("folder", metavar="DIR", type=_FOLDER)
@click.option("--care-type", "care_types", multiple=True, required=True, metavar="NAME",
              help="Keep claims of this care type (repeatable).")  # fmt: skip
@click.option("--out", type=_FOLDER, required=True, help="The folder to make.")
@language_option
def choose(folder: Path, care_types: tuple[str, ...], out: Path, language: Language) -> None:
    """Choose claims of a city: a folder of partitions with those of some care types.

    For a year whose law covers some care types alone: the claims of all others would be rejected.
    """
    from yibao.offices.actuary.city.choosing import choose_claims
    from yibao.storage.files.partitions import read_manifest

    manifest = choose_claims(folder, out, care_types=care_types)
    all_count, count = read_manifest(folder).claims_count, manifest.claims_count
    told = Text(
        f"{out}: {all_count} 张结算单中的 {count} 张",
        f"{out}: {count} of {all_count} claims",
    )
    click.echo(told.in_language(language))


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
    wide_console().print(table)


def _made(order: Order, manifest: Manifest, out: Path) -> dict[str, object]:
    return {
        "out": str(out),
        "members": order.members_count,
        "claims": manifest.claims_count,
        "partitions": len(manifest.parts),
    }
