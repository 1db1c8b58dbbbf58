"""Trial balance, income and spending, what is carried forward: worked by hand."""

from __future__ import annotations

import pytest

from tests.unit.accounting.books import chart
from yibao.base.errors import InvariantBroken
from yibao.engines.accounting.budgets import BudgetLine, executions, income_check
from yibao.engines.accounting.chart import UnableToBook
from yibao.engines.accounting.statements import (
    FundStatement,
    Movement,
    fund_statements,
    trial_balance,
)

# Residents in a year: 10,000 in the bank and 3,000 owed before; 6,980 subsidy and 4,150 of
# contributions come in; stays of 9,000 are settled, 500 of them reversed; providers get 8,000; 90
# goes to critical illness and stays unpaid.
# Income 11,130, spending 8,500 + 90, brought forward 7,000.
RESIDENT = [
    Movement("resident/bank_special", 1_000_000, 1_113_000, 0),
    Movement("resident/bank_spending", 0, 0, 800_000),
    Movement("resident/provider_payable", -300_000, 850_000, 900_000),
    Movement("resident/fund_balance", -700_000, 0, 0),
    Movement("resident/subsidy_income", 0, 0, 698_000),
    Movement("resident/contribution_personal", 0, 0, 415_000),
    Movement("resident/benefit_inpatient", 0, 900_000, 50_000),
    Movement("resident/critical_illness_spending", 0, 9_000, 0),
    Movement("resident/clearing_critical_illness", 0, 0, 9_000),
    Movement("critical_illness/clearing_resident", 0, 9_000, 0),
    Movement("critical_illness/fund_transfer_income", 0, 0, 9_000),
]
# Members' accounts: 500 held before, 600 contributed, 550 credited, 420 used.
PERSONAL = [
    Movement("personal_account/bank_special", 50_000, 60_000, 0),
    Movement("personal_account/personal_account_liability", -50_000, 42_000, 55_000),
    Movement("personal_account/provider_payable", 0, 0, 42_000),
    Movement("personal_account/contribution_personal", 0, 0, 60_000),
    Movement("personal_account/personal_account_credited", 0, 55_000, 0),
]


def statement(fund: str, movements: list[Movement]) -> FundStatement:
    return {one.fund: one for one in fund_statements(movements, chart())}[fund]


def test_the_years_result_is_carried_forward():
    resident = statement("resident", RESIDENT)
    income = [(row.account.account_type, row.amount) for row in resident.income]
    assert income == [("contribution_personal", 415_000), ("subsidy_income", 698_000)]
    spending = [(row.account.account_type, row.amount) for row in resident.spending]
    assert spending == [("benefit_inpatient", 850_000), ("critical_illness_spending", 9_000)]
    assert (resident.income_amount, resident.spending_amount) == (1_113_000, 859_000)
    assert resident.brought_forward_amount == 700_000
    assert resident.result_amount == 254_000
    assert resident.carried_forward_amount == 954_000
    # bank 21,130 − 8,000 = 13,130, clearing −90; owed 3,000 + 9,000 − 8,500 = 3,500
    assert (resident.assets_amount, resident.liabilities_amount) == (1_304_000, 350_000)
    assert resident.personal is None
    assert resident.national_spending_amount == 859_000
    assert resident.national_balance_amount == 954_000


def test_the_next_year_begins_where_this_one_ended_without_closing_entries():
    carried = [Movement(one.account_code, one.closing_amount, 0, 0) for one in RESIDENT]
    resident = statement("resident", carried)
    assert (resident.brought_forward_amount, resident.carried_forward_amount) == (954_000, 954_000)
    assert (resident.income_amount, resident.spending_amount) == (0, 0)


def test_an_opening_inside_the_period_is_brought_forward_and_no_income():
    moved = [
        Movement("resident/bank_special", 0, 500, 0),
        Movement("resident/fund_balance", 0, 0, 500),
    ]
    resident = statement("resident", moved)
    assert (resident.brought_forward_amount, resident.result_amount) == (500, 0)


def test_members_accounts_are_read_both_ways():
    personal = statement("personal_account", PERSONAL)
    assert (personal.income_amount, personal.spending_amount) == (60_000, 55_000)
    assert personal.carried_forward_amount == 5_000
    assert personal.personal is not None
    assert personal.personal.credited_amount == 55_000
    assert personal.personal.used_amount == 42_000
    assert personal.personal.held_before_amount == 50_000
    assert personal.personal.held_amount == 63_000
    assert personal.national_spending_amount == 42_000
    # 500 held before + 600 contributed − 420 used
    assert personal.national_balance_amount == 68_000


def test_a_trial_balance_has_every_account_and_equal_sides():
    balance = trial_balance(RESIDENT, chart())
    assert len(balance.rows) == len(RESIDENT)
    assert balance.rows[0].account.code == "resident/bank_special"
    # debits: 11,130 bank, 8,500 owed, 9,000 benefits, 90 + 90 clearing
    assert balance.debit_amount == balance.credit_amount == 2_881_000


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (
            0,
            Movement("resident/bank_special", 1_000_001, 1_113_000, 0),
            "opening balances of resid",
        ),
        (0, Movement("resident/bank_special", 1_000_000, 1_113_001, 0), "movements of resident"),
        (9, Movement("critical_illness/clearing_resident", 0, 9_001, 0), "movements of critical"),
    ],
)
def test_books_that_do_not_close_stop_the_run(old: int, new: Movement, said: str):
    bent = [*RESIDENT]
    bent[old] = new
    with pytest.raises(InvariantBroken, match=said):
        fund_statements(bent, chart())


def test_an_account_the_chart_does_not_have_is_refused():
    with pytest.raises(UnableToBook, match="resident/gold"):
        trial_balance([Movement("resident/gold", 0, 0, 0)], chart())


def test_a_fund_without_movements_has_no_statement():
    assert [one.fund for one in fund_statements(PERSONAL, chart())] == ["personal_account"]
    assert fund_statements([], chart()) == ()


@pytest.mark.parametrize(
    ("budget", "rate", "warning"),
    [
        # 8,500 spent on benefits; thresholds 80 %, 95 %, 100 %
        (1_062_501, 799_999, None),
        (1_062_500, 800_000, "watch"),
        (894_737, 950_000, "watch"),
        (894_736, 950_001, "warning"),
        (850_001, 999_999, "warning"),
        (850_000, 1_000_000, "over budget"),
        (1, 850_000_000_000, "over budget"),
        (0, None, "over budget"),
    ],
)
def test_a_budget_warns_below_at_and_above_each_threshold(
    budget: int, rate: int | None, warning: str | None
):
    statements = fund_statements(RESIDENT, chart())
    (found,) = executions([BudgetLine("resident", "benefits", budget)], statements, chart=chart())
    assert (found.actual_amount, found.rate) == (850_000, rate)
    assert found.remaining_amount == budget - 850_000
    assert (found.warning.label.en if found.warning else None) == warning
    assert found.label.zh == "待遇支出"


def test_income_beyond_its_budget_is_no_warning():
    statements = fund_statements(RESIDENT, chart())
    lines = [BudgetLine("resident", heading, 100) for heading in ("income", "contributions")]
    found = executions(lines, statements, chart=chart())
    assert [one.actual_amount for one in found] == [1_113_000, 415_000]
    assert [one.is_income for one in found] == [True, True]
    assert [one.warning for one in found] == [None, None]


def test_nothing_spent_is_no_warning_and_a_fund_without_movements_has_spent_nothing():
    (found,) = executions([BudgetLine("treasury", "spending", 0)], (), chart=chart())
    assert (found.actual_amount, found.rate, found.warning) == (0, None, None)


@pytest.mark.parametrize(
    ("line", "code"),
    [
        (BudgetLine("resident", "parties", 1), "heading_unknown"),
        (BudgetLine("maternity", "spending", 1), "fund_unknown"),
    ],
)
def test_a_heading_or_fund_that_is_not_there_is_refused(line: BudgetLine, code: str):
    with pytest.raises(UnableToBook) as caught:
        executions([line], (), chart=chart())
    assert caught.value.code == code


@pytest.mark.parametrize(
    ("income", "spending", "planned", "is_planned_within"),
    [(100, 99, 1, True), (100, 100, 0, True), (100, 101, -1, False)],
)
def test_spending_is_planned_within_income(
    income: int, spending: int, planned: int, is_planned_within: bool
):
    lines = [
        BudgetLine("resident", "income", income),
        BudgetLine("resident", "spending", spending),
        BudgetLine("resident", "benefits", 7),
        BudgetLine("assistance", "spending", 1_000),
    ]
    found = income_check(lines, statement("resident", RESIDENT))
    assert (found.planned_gap_amount, found.is_planned_within) == (planned, is_planned_within)
    assert (found.actual_gap_amount, found.is_actual_within) == (254_000, True)


@pytest.mark.parametrize("headings", [(), ("income",), ("spending",), ("income", "benefits")])
def test_a_budget_that_does_not_say_both_plans_no_gap(headings: tuple[str, ...]):
    lines = [BudgetLine("resident", heading, 100) for heading in headings]
    found = income_check(lines, statement("resident", RESIDENT))
    assert (found.planned_gap_amount, found.is_planned_within) == (None, None)


@pytest.mark.parametrize(
    ("before", "is_covered"), [(-9_001, True), (-9_000, True), (-8_999, False)]
)
def test_a_year_that_spends_more_lives_on_what_was_left(before: int, is_covered: bool):
    moved = [
        Movement("critical_illness/fund_balance", before, 0, 0),
        Movement("critical_illness/bank_special", -before, 0, 0),
        Movement("critical_illness/benefit_inpatient", 0, 9_000, 0),
        Movement("critical_illness/provider_payable", 0, 0, 9_000),
    ]
    found = income_check([], statement("critical_illness", moved))
    assert (found.is_actual_within, found.is_covered) == (False, is_covered)
