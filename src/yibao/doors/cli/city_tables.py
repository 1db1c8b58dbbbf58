"""The tables of `yibao city`: published against generated figures, and what the funds paid."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from yibao.base.money import format_yuan
from yibao.base.texts import Language, Text

if TYPE_CHECKING:
    from rich.console import Console

    from yibao.offices.actuary.city.figures import Target
    from yibao.offices.actuary.city.funds import FundTotal
    from yibao.offices.actuary.city.measuring import Measured

_WIDTH = 132


def targets_data(found: Sequence[Measured]) -> dict[str, object]:
    """Targets as data."""
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


def funds_data(totals: Sequence[FundTotal]) -> dict[str, object]:
    """What the funds paid, as data: fen in all, yuan for each insured person."""
    return {
        "funds": [
            {
                "fund": one.fund,
                "benefit_amount": one.benefit_amount,
                "per_insured": one.per_insured,
                "beside": targets_data(one.beside)["targets"],
            }
            for one in totals
        ]
    }


def fund_labels(folder: Path, language: Language) -> Mapping[str, str]:
    """The names of the funds of a city's area."""
    from yibao.offices.actuary.laws import open_law
    from yibao.storage.files.partitions import read_manifest

    area = open_law(str(read_manifest(folder).made["area"]), with_examples=True).area
    return {fund: area.fund_label(fund).in_language(language) for fund in area.funds}


def show_funds(
    totals: Sequence[FundTotal], labels: Mapping[str, str], *, language: Language
) -> None:
    """Print what each fund paid, in all and a head, and below it what is published a head."""
    from rich.table import Table

    heads = (
        Text("基金", "fund"), Text("来源", "source"), Text("期间", "period"),
        Text("全年支付（元）", "paid in the year, yuan"),
        Text("人均（元）", "per insured, yuan"), Text("公布的人均（元）", "published"),
        Text("比", "ratio"),
    )  # fmt: skip
    title = Text("各基金支付，每名参保人", "what the funds paid, for each insured person")
    table = Table(title=title.in_language(language))
    for number, head in enumerate(heads):
        justify: Literal["left", "right"] = "right" if number >= 3 else "left"
        table.add_column(head.in_language(language), justify=justify, overflow="fold")
    everything = Text("全部基金", "all funds").in_language(language)
    for one in (one for one in totals if one.benefit_amount or one.beside):
        name = labels.get(one.fund, one.fund) or everything
        paid = format_yuan(one.benefit_amount, grouped=True)
        table.add_row(f"[bold]{name}[/bold]", "", "", paid, _figure(one.per_insured), "", "")
        for part in one.beside:
            table.add_row(*_part_row(part, language))
    wide_console().print(table)


def _part_row(one: Measured, language: Language) -> list[str]:
    target = one.target
    return [
        f"  {target.zh if language == 'zh' else target.en}",
        " ".join(target.source),
        _period(target).in_language(language),
        "",
        _figure(one.made or 0),
        _figure(one.published),
        f"{one.ratio or 0:.3f}",
    ]


def show_targets(found: Sequence[Measured], language: Language) -> None:
    """Print targets beside what the city has, then what the city lacks."""
    from rich.table import Table

    from yibao.offices.actuary.city.figures import read_figures

    console = wide_console()
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
    return [
        target.zh if language == "zh" else target.en,
        " ".join(target.source),
        _period(target).in_language(language),
        _figure(one.published),
        _figure(one.made or 0),
        f"{one.ratio or 0:.3f}",
        f"{low}–{high}",
        inside.in_language(language),
    ]


def _period(target: Target) -> Text:
    return Text(f"{target.year} 年 {target.months} 个月", f"{target.year}, {target.months} months")


def _figure(value: float) -> str:
    return f"{value:,.2f}" if value >= 10 else f"{value:.4f}"


def wide_console() -> Console:
    """A console; wide enough for the tables where the output goes to a file."""
    from rich.console import Console

    console = Console(highlight=False)
    return console if console.is_terminal else Console(highlight=False, width=_WIDTH)
