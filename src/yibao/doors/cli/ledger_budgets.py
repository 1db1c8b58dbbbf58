"""`yibao ledger budget`: a fund year's figures, how far they are used, and spend by income."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from yibao.base.texts import Language, Text
from yibao.doors.cli.acting import run
from yibao.doors.cli.ledger_desk import Errand, at_counter, book_options, report_options
from yibao.doors.cli.ledger_tables import Answer, Column, Row, Sheet, Way, check_out, show
from yibao.doors.cli.ledger_words import document_option, yuan_of

if TYPE_CHECKING:
    from yibao.engines.accounting.budgets import Execution, IncomeCheck
    from yibao.engines.accounting.chart import Chart
    from yibao.offices.treasury.budgeting import BudgetYear

_YEAR = click.IntRange(1998, 2200)
_EXAMPLES = """\b
Examples:
  yibao ledger budget set resident 2024 income 5200000000 --document 青财社〔2024〕1号
  yibao ledger budget set resident 2024 spending 5000000000 --document 青财社〔2024〕1号
  yibao ledger budget set resident 2024 benefits 4800000000 --document 青财社〔2024〕1号
  yibao ledger budget show 2024
"""
_COLUMNS = (
    Column("fund", Text("基金", "fund"), "label"),
    Column("heading", Text("科目", "heading"), "label"),
    Column("budget_amount", Text("预算", "budget"), "amount"),
    Column("actual_amount", Text("执行", "actual"), "amount"),
    Column("rate", Text("执行率", "used")),
    Column("remaining_amount", Text("余额", "remaining"), "amount"),
    Column("warning", Text("预警", "warning"), "label"),
)
_CHECKS = (
    Column("fund", Text("基金", "fund"), "label"),
    Column("planned", Text("预算", "the budget"), "label"),
    Column("planned_gap_amount", Text("预算收支差", "planned: income − spending"), "amount"),
    Column("actual_gap_amount", Text("实际收支差", "actual: income − spending"), "amount"),
    Column("brought_forward_amount", Text("上年结余", "brought forward"), "amount"),
    Column("told", Text("以收定支", "spend by income"), "label"),
)


@click.group("budget", epilog=_EXAMPLES)
def budget_command() -> None:
    """Set a fund year's budget, and see how far it is used."""


@budget_command.command("set")
@click.argument("fund")
@click.argument("year", type=_YEAR)
@click.argument("heading")
@click.argument("amount", callback=yuan_of(0))
@document_option
@book_options
def set_budget(
    fund: str, year: int, heading: str, amount: int, document: str, area: str, login_name: str,
    as_json: bool, language: Language,
) -> None:  # fmt: skip
    """Set HEADING of FUND's YEAR to AMOUNT yuan; a later figure replaces it, and both stay.

    A heading is `income`, `spending`, or a group of the chart such as `benefits`.
    """
    errand = Errand(login_name, area, "ledger.set_budget", "ledger.set_budget", "fund", fund)

    async def work() -> int:
        from yibao.engines.accounting.budgets import BudgetLine, check_heading
        from yibao.offices.treasury.budgeting import Decision, record_budget

        async with at_counter(errand) as counter:
            check_heading(heading, await counter.chart(language))
            return await record_budget(
                counter.booking(f"{year} {heading} {amount} {document}"),
                BudgetLine(fund, heading, amount),
                area=counter.area,
                fund_year=year,
                decision=Decision(document, counter.who),
            )

    number = run(work())
    told = Text(f"预算已登记，记账号 {number}", f"recorded under number {number}")
    show(Answer((), [told], {"number": number}), Way(language, as_json=as_json))


@budget_command.command("show")
@click.argument("year", type=_YEAR)
@report_options
def show_budget(
    year: int, area: str, login_name: str, as_json: bool, out: Path | None, language: Language
) -> None:
    """Show how far YEAR's budget is used, with warnings, and whether it spends by its income."""
    check_out(out)
    errand = Errand(login_name, area, "ledger.read", "ledger.budget", detail=str(year))

    async def work() -> tuple[Chart, BudgetYear]:
        from yibao.offices.treasury.budgeting import budget_year

        async with at_counter(errand) as counter:
            chart = await counter.chart(language)
            found = await budget_year(counter.database, year, book=counter.book, chart=chart)
            await counter.log()
            return chart, found

    chart, found = run(work())
    used = Sheet(
        "executions",
        Text(f"{year} 年度预算执行", f"the budget of {year}"),
        _COLUMNS,
        [_row(one, chart) for one in found.executions],
    )
    checks = Sheet("income_checks", Text("以收定支", "spend by income"), _CHECKS,
                   _checks(found.income_checks, chart))  # fmt: skip
    remarks = [] if found.executions else [Text("该年度没有预算", "no budget is set for this year")]
    show(Answer([used, checks], remarks), Way(language, as_json=as_json, out=out))


def _row(one: Execution, chart: Chart) -> Row:
    warning = one.warning.label if one.warning else ""
    return {
        "fund": chart.fund(one.line.fund).label,
        "heading": one.label,
        "budget_amount": one.line.amount,
        "actual_amount": one.actual_amount,
        "rate": "" if one.rate is None else _percent(one.rate),
        "remaining_amount": one.remaining_amount,
        "warning": warning,
    }


def _percent(rate: int) -> str:
    """Millionths as per cent with one decimal, cut off."""
    whole, rest = divmod(rate, 10_000)
    return f"{whole}.{rest // 1_000}%"


def _checks(checks: Sequence[IncomeCheck], chart: Chart) -> list[Row]:
    return [
        {
            "fund": chart.fund(one.fund).label,
            "planned": _PLANS[one.is_planned_within],
            "planned_gap_amount": one.planned_gap_amount,
            "actual_gap_amount": one.actual_gap_amount,
            "brought_forward_amount": one.brought_forward_amount,
            "told": _told(one),
        }
        for one in checks
    ]


_PLANS: dict[bool | None, Text] = {
    None: Text("收入或支出预算未定", "income or spending not set"),
    True: Text("预算收支平衡或有结余", "plans within income"),
    False: Text("预算支出大于收入", "plans beyond income"),
}


def _told(one: IncomeCheck) -> Text:
    if one.is_actual_within:
        return Text("收支平衡或有结余", "within income")
    if one.is_covered:
        return Text("超出当年收入，由上年结余弥补", "beyond income, covered by earlier years")
    return Text("超出收入，结余不足弥补", "beyond income and what earlier years left")
