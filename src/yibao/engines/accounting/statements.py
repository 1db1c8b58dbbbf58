"""Statements (报表): trial balance, income and spending of each fund, what it carries forward.

Read from the movements of accounts in a period, which others fetched: nothing is booked by closing,
so the balance carried forward is derived here, from what stood before and what came since.

A fund that keeps members' accounts shows two readings: the books spend what is credited to members
and owe it from then on; the national form (制度口径) spends what members used and holds the rest.
Both are given, and differ by what the members' accounts grew.

Holds, by raising: each fund's opening, movements and closing sum to zero; brought forward + income
− spending = carried forward = assets − liabilities.

Refuses: an account that the chart does not have. The opening entry belongs before the period.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from yibao.base.checks import check
from yibao.base.texts import Text
from yibao.engines.accounting.chart import Account, AccountClass, Chart

RESULT: tuple[AccountClass, ...] = ("income", "expense", "balance")


@dataclass(frozen=True, slots=True)
class Movement:
    """An account's opening (signed, debit > 0), debits and credits of a period (each ≥ 0), fen."""

    account_code: str
    opening_amount: int
    debit_amount: int
    credit_amount: int

    @property
    def change_amount(self) -> int:
        """Debits less credits."""
        return self.debit_amount - self.credit_amount

    @property
    def closing_amount(self) -> int:
        """Signed, debit > 0."""
        return self.opening_amount + self.change_amount


@dataclass(frozen=True, slots=True)
class TrialRow:
    """An account with its movement."""

    account: Account
    movement: Movement


@dataclass(frozen=True, slots=True)
class TrialBalance:
    """The trial balance (试算平衡表): rows in the order of the chart, movements' totals."""

    rows: tuple[TrialRow, ...]
    debit_amount: int
    credit_amount: int


@dataclass(frozen=True, slots=True)
class StatementRow:
    """A row of income or of spending: an account's amount, positive for what the row is called."""

    account: Account
    amount: int


@dataclass(frozen=True, slots=True)
class PersonalReading:
    """Members' accounts in the national form: used = credited − growth of what is held."""

    credited_amount: int
    used_amount: int
    held_before_amount: int
    held_amount: int


@dataclass(frozen=True, slots=True)
class FundStatement:
    """Income and spending of one fund (收支表), and its balance (结余)."""

    fund: str
    label: Text
    income: tuple[StatementRow, ...]
    spending: tuple[StatementRow, ...]
    brought_forward_amount: int
    carried_forward_amount: int
    assets_amount: int
    liabilities_amount: int
    personal: PersonalReading | None = None

    @property
    def income_amount(self) -> int:
        """Σ income."""
        return sum(row.amount for row in self.income)

    @property
    def spending_amount(self) -> int:
        """Σ spending."""
        return sum(row.amount for row in self.spending)

    @property
    def result_amount(self) -> int:
        """Income less spending (当期结余)."""
        return self.income_amount - self.spending_amount

    @property
    def national_spending_amount(self) -> int:
        """Spending in the national form: what members used in place of what they were credited."""
        if self.personal is None:
            return self.spending_amount
        return self.spending_amount - self.personal.credited_amount + self.personal.used_amount

    @property
    def national_balance_amount(self) -> int:
        """The balance in the national form: members' money counts as the fund's."""
        held = self.personal.held_amount if self.personal else 0
        return self.carried_forward_amount + held


def trial_balance(movements: Iterable[Movement], chart: Chart) -> TrialBalance:
    """The trial balance of all funds.

    Raises:
        UnableToBook: ``account_unknown``.
        InvariantBroken: a fund's books do not close.
    """
    by_code = {movement.account_code: movement for movement in movements}
    for code in by_code:
        chart.account(code)
    rows = tuple(
        TrialRow(account, by_code[code])
        for code, account in chart.accounts.items()
        if code in by_code
    )
    for fund in chart.funds:
        _check_closes(fund, [row.movement for row in rows if row.account.fund == fund])
    return TrialBalance(
        rows,
        debit_amount=sum(row.movement.debit_amount for row in rows),
        credit_amount=sum(row.movement.credit_amount for row in rows),
    )


def fund_statements(movements: Iterable[Movement], chart: Chart) -> tuple[FundStatement, ...]:
    """The statement of every fund that has movements or balances, in the order of the chart.

    Raises:
        UnableToBook: ``account_unknown``.
        InvariantBroken: a fund's books do not close.
    """
    rows = trial_balance(movements, chart).rows
    found = []
    for fund in chart.funds:
        own = [row for row in rows if row.account.fund == fund]
        if own:
            found.append(_statement(fund, own, chart))
    return tuple(found)


def _statement(fund: str, rows: Sequence[TrialRow], chart: Chart) -> FundStatement:
    statement = FundStatement(
        fund=fund,
        label=chart.funds[fund].label,
        income=_rows_of("income", rows, chart),
        spending=_rows_of("expense", rows, chart),
        brought_forward_amount=-_sum_of(rows, RESULT, "opening") - _sum_of(rows, ("balance",), ""),
        carried_forward_amount=-_sum_of(rows, RESULT, "closing"),
        assets_amount=_sum_of(rows, ("asset",), "closing"),
        liabilities_amount=-_sum_of(rows, ("liability",), "closing"),
        personal=_personal(rows),
    )
    carried = statement.carried_forward_amount
    check(
        statement.brought_forward_amount + statement.result_amount == carried,
        f"{fund}: {statement.brought_forward_amount} + {statement.result_amount} = {carried}",
    )
    check(
        statement.assets_amount - statement.liabilities_amount == carried,
        f"{fund}: {statement.assets_amount} − {statement.liabilities_amount} = {carried}",
    )
    return statement


def _rows_of(
    account_class: AccountClass, rows: Sequence[TrialRow], chart: Chart
) -> tuple[StatementRow, ...]:
    """Rows of a class in the order of the chart's groups; income is a credit, spending a debit."""
    sign = -1 if account_class == "income" else 1
    order = {group: position for position, group in enumerate(chart.groups)}
    found = [
        StatementRow(row.account, sign * row.movement.change_amount)
        for row in rows
        if row.account.account_class == account_class
    ]
    return tuple(sorted(found, key=lambda row: order.get(row.account.group, len(order))))


def _sum_of(rows: Sequence[TrialRow], classes: tuple[AccountClass, ...], moment: str) -> int:
    """Signed sum of some classes: at the opening, at the closing, or of the change between."""
    amounts = (row.movement for row in rows if row.account.account_class in classes)
    if moment == "opening":
        return sum(one.opening_amount for one in amounts)
    if moment == "closing":
        return sum(one.closing_amount for one in amounts)
    return sum(one.change_amount for one in amounts)


def _personal(rows: Sequence[TrialRow]) -> PersonalReading | None:
    held = [row.movement for row in rows if row.account.guard == "personal"]
    if not held:
        return None
    credited = sum(
        row.movement.change_amount for row in rows if row.account.group == "personal_credited"
    )
    before = -sum(one.opening_amount for one in held)
    after = -sum(one.closing_amount for one in held)
    return PersonalReading(
        credited_amount=credited,
        used_amount=credited - (after - before),
        held_before_amount=before,
        held_amount=after,
    )


def _check_closes(fund: str, movements: Sequence[Movement]) -> None:
    opening = sum(one.opening_amount for one in movements)
    change = sum(one.change_amount for one in movements)
    check(opening == 0, f"the opening balances of {fund} sum to zero: {opening}")
    check(change == 0, f"the movements of {fund} sum to zero: {change}")
