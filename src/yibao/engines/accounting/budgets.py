"""Budgets (预算) by fund year: execution by heading, warnings, spending kept to income.

A heading is a group of accounts of the chart (``benefits``), or ``income`` or ``spending`` as a
whole. The thresholds of warnings are data of the chart. Rates are millionths, rounded half up for
showing only; whether a threshold is reached is decided by exact products.

Refuses: a heading that the chart does not have.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from yibao.base.money import round_half_up
from yibao.base.rates import MILLION
from yibao.base.texts import Text
from yibao.engines.accounting.chart import BudgetWarning, Chart, UnableToBook
from yibao.engines.accounting.statements import FundStatement, StatementRow

TOTALS = {
    "income": Text("收入合计", "income"),
    "spending": Text("支出合计", "spending"),
}


@dataclass(frozen=True, slots=True)
class BudgetLine:
    """What was decided for one heading of a fund's year, fen ≥ 0."""

    fund: str
    heading: str
    amount: int


@dataclass(frozen=True, slots=True)
class Execution:
    """A heading's budget against what was booked; ``rate`` None where nothing was budgeted."""

    line: BudgetLine
    label: Text
    actual_amount: int
    rate: int | None
    is_income: bool
    warning: BudgetWarning | None = None

    @property
    def remaining_amount(self) -> int:
        """What may still be booked; below zero: over the budget."""
        return self.line.amount - self.actual_amount


@dataclass(frozen=True, slots=True)
class IncomeCheck:
    """Spend by income (以收定支): planned and actual spending against planned and actual income.

    A gap is income less spending; below zero the year lives on what earlier years left. The planned
    one is None where the budget does not say both.
    """

    fund: str
    planned_gap_amount: int | None
    actual_gap_amount: int
    brought_forward_amount: int

    @property
    def is_planned_within(self) -> bool | None:
        """Whether the budget spends no more than it takes in; None: it does not tell."""
        return None if self.planned_gap_amount is None else self.planned_gap_amount >= 0

    @property
    def is_actual_within(self) -> bool:
        """Whether no more was spent than came in."""
        return self.actual_gap_amount >= 0

    @property
    def is_covered(self) -> bool:
        """Whether what earlier years left covers the actual gap."""
        return self.brought_forward_amount + self.actual_gap_amount >= 0


def executions(
    lines: Iterable[BudgetLine], statements: Sequence[FundStatement], *, chart: Chart
) -> tuple[Execution, ...]:
    """How far each heading's budget is used, in the order of the lines.

    Raises:
        UnableToBook: ``heading_unknown``, ``fund_unknown``.
    """
    by_fund = {statement.fund: statement for statement in statements}
    return tuple(_execution(line, by_fund.get(line.fund), chart) for line in lines)


def income_check(lines: Iterable[BudgetLine], statement: FundStatement) -> IncomeCheck:
    """Whether one fund keeps to its income; of its budget lines only the totals are read."""
    planned = {line.heading: line.amount for line in lines if line.fund == statement.fund}
    is_told = planned.keys() >= TOTALS.keys()
    return IncomeCheck(
        fund=statement.fund,
        planned_gap_amount=planned["income"] - planned["spending"] if is_told else None,
        actual_gap_amount=statement.result_amount,
        brought_forward_amount=statement.brought_forward_amount,
    )


def check_heading(heading: str, chart: Chart) -> Text:
    """The label of a heading that the chart has.

    Raises:
        UnableToBook: ``heading_unknown``.
    """
    label = TOTALS.get(heading) or chart.groups.get(heading)
    if label is None:
        known = ", ".join([*TOTALS, *chart.groups])
        raise UnableToBook(
            "heading_unknown",
            Text(f"没有名为“{heading}”的预算科目", f"no budget heading '{heading}'"),
            Text(f"可用的名称: {known}", f"known names: {known}"),
        )
    return label


def _execution(line: BudgetLine, statement: FundStatement | None, chart: Chart) -> Execution:
    chart.fund(line.fund)
    label = check_heading(line.heading, chart)
    is_income = line.heading == "income" or any(
        account.group == line.heading and account.account_class == "income"
        for account in chart.accounts.values()
    )
    rows: Sequence[StatementRow] = ()
    if statement is not None:
        rows = statement.income if is_income else statement.spending
    actual = sum(row.amount for row in rows if line.heading in (*TOTALS, row.account.group))
    return Execution(
        line=line,
        label=label,
        actual_amount=actual,
        rate=round_half_up(actual * MILLION, line.amount) if line.amount else None,
        is_income=is_income,
        warning=None if is_income else _warning(line.amount, actual, chart),
    )


def _warning(budget: int, actual: int, chart: Chart) -> BudgetWarning | None:
    """The highest threshold that is reached; spending without a budget reaches all of them."""
    reached = [one for one in chart.warnings if actual * MILLION >= budget * one.at_rate]
    return reached[-1] if reached and actual > 0 else None
