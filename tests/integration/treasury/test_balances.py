"""Balances as of X known on Y, sealed or not, worked by hand; journal, statements, budgets."""

from __future__ import annotations

from datetime import date, timedelta

import asyncpg
import pytest

from tests.integration.conftest import Books, run
from tests.integration.treasury.town import (
    AREA,
    DAY,
    benefit,
    chart,
    contribution,
    credit,
    entry,
    payment,
    put,
    use,
)
from yibao.base.dates import Span
from yibao.base.texts import Text
from yibao.engines.accounting.budgets import BudgetLine
from yibao.engines.accounting.chart import BudgetWarning, UnableToBook
from yibao.offices.treasury.balances import Dates, Scope, balance, movements, personal_balances
from yibao.offices.treasury.books import book_of
from yibao.offices.treasury.budgeting import (
    Decision,
    budget_lines,
    budget_year,
    permit_overdraft,
    record_budget,
)
from yibao.offices.treasury.errors import UnableToKeepBooks
from yibao.offices.treasury.journal import Search, booked, search, stream
from yibao.offices.treasury.posting import Posted, post
from yibao.offices.treasury.reversing import Reversal, reverse
from yibao.offices.treasury.statements import statements_of, trial
from yibao.storage.postgres.database import Database

MAY_1, MAY_2, MAY_3 = (date(2024, 5, day) for day in (1, 2, 3))
PAYABLE = "pooling/payable"


def of(party: str, amount: int):
    return [("pooling/benefit", "", amount), (PAYABLE, party, -amount)]


def used(member: str, amount: int):
    return [("personal/members", member, amount), ("personal/payable", "H1", -amount)]


def given(member: str, amount: int):
    return [("personal/credited", "", amount), ("personal/members", member, -amount)]


BOOKED = [
    # business date, booking date, event, lines
    (MAY_1, MAY_1, "settlement", of("H1", 100)),
    (MAY_1, MAY_3, "settlement", of("H1", 20)),  # came late
    (MAY_2, MAY_2, "settlement", of("H2", 3)),
    (MAY_2, MAY_2, "credit", given("M1", 50)),
    (MAY_3, MAY_3, "settlement", used("M1", 8)),
    (MAY_1, MAY_3, "settlement", of("H2", 4_000)),  # came late as well
]
ASKED = [
    # scope, business dates up to, known on, fen
    (Scope(account_code=PAYABLE), MAY_1, MAY_1, -100),
    (Scope(account_code=PAYABLE), MAY_1, MAY_2, -100),
    (Scope(account_code=PAYABLE), MAY_1, MAY_3, -4_120),
    (Scope(account_code=PAYABLE), MAY_2, MAY_2, -103),
    (Scope(account_code=PAYABLE), MAY_3, MAY_2, -103),
    (Scope(account_code=PAYABLE), MAY_3, None, -4_123),
    (Scope(account_code=PAYABLE), None, None, -4_123),
    (Scope(account_code=PAYABLE), date(2024, 4, 30), None, 0),
    (Scope(account_code=PAYABLE, party_id="H1"), MAY_1, MAY_1, -100),
    (Scope(account_code=PAYABLE, party_id="H1"), MAY_3, MAY_3, -120),
    (Scope(account_code=PAYABLE, party_id="H2"), MAY_1, MAY_2, 0),
    (Scope(account_code=PAYABLE, party_id="H2"), MAY_1, None, -4_000),
    (Scope(party_id="H1"), None, None, -128),
    (Scope(fund="personal", party_id="H1"), None, None, -8),
    (Scope(account_type="payable"), MAY_2, None, -4_123),
    (Scope(account_type="payable"), MAY_3, None, -4_131),
    (Scope(party_id="M1"), MAY_2, None, -50),
    (Scope(party_id="M1"), MAY_3, None, -42),
    (Scope(party_id="M1"), MAY_3, MAY_2, -50),
    (Scope(party_id="M1"), MAY_1, None, 0),
    (Scope(fund="pooling"), None, None, 0),  # every fund sums to zero
    (Scope(), MAY_2, MAY_2, 0),
]


@pytest.mark.parametrize("sealed", [0, 3, 6])
def test_any_balance_as_of_one_day_known_on_another(town: Books, sealed: int):
    """The same answers however much of the books is sealed."""

    async def work():
        owner = await asyncpg.connect(town.owner_url)
        for place, (business, booking, kind, lines) in enumerate(BOOKED, 1):
            async with owner.transaction():
                dates = {"business_date": business, "booking_date": booking}
                await put(owner, lines, kind=kind, **dates)
            if place == sealed:
                await owner.execute("SELECT treasury.seal_up_to(treasury.last_number())")
        await owner.close()
        async with await Database.open(town.service_url, size=2) as database:
            book = await book_of(database, AREA)
            return [
                (await balance(database, scope, book=book, dates=Dates(None, last, known))).amount
                for scope, last, known, _ in ASKED
            ]

    assert run(work()) == [amount for *_, amount in ASKED]


def test_a_scope_of_nothing_is_refused(at_work):
    async def work(database, book):
        return await balance(database, Scope(fund="nothing"), book=book)

    with pytest.raises(UnableToBook):
        at_work(work)


YEAR = [
    contribution("c23", 1_000),
    entry("t", "transfer", "pooling/given 200", "pooling/clearing_relief -200",
          "relief/clearing_pooling 200", "relief/received -200"),
    benefit("b1", 300),
    payment("p1", 250),
    credit("k1", "M1", 70),
    use("u1", "M1", 20),
]  # fmt: skip


def test_statements_and_trial_balance(at_work):
    async def work(database, book):
        await post(database, YEAR, area=AREA, actor="clerk")
        dates = Dates(date(2024, 1, 1), date(2024, 12, 31))
        found = await statements_of(database, book=book, chart=chart(), dates=dates)
        after = Dates(date(2025, 1, 1), date(2025, 12, 31))
        next_year = await statements_of(database, book=book, chart=chart(), dates=after)
        sums = await trial(database, book=book, dates=dates)
        return found, next_year, (sums.debit_amount, sums.credit_amount)

    found, next_year, sums = at_work(work)
    by_fund = {one.fund: one for one in found}
    pooling, relief = by_fund["pooling"], by_fund["relief"]
    assert (pooling.income_amount, pooling.spending_amount) == (1_000, 500)
    assert (pooling.assets_amount, pooling.liabilities_amount) == (550, 50)
    assert (relief.income_amount, relief.spending_amount) == (200, 0)
    assert {one.fund: one.brought_forward_amount for one in next_year} == {
        "pooling": 500,
        "relief": 200,
        "personal": -70,
    }
    assert sums == (2_040, 2_040)


def test_budgets_their_use_and_the_check_by_income(at_work):
    decision = Decision("文件1号", "planner")
    planned = chart(
        groups={"benefit": Text("待遇", "benefits")},
        warnings=(BudgetWarning(800_000, Text("关注", "watch")),),
    )

    async def work(database, book):
        await post(database, YEAR, area=AREA, actor="clerk")
        for heading, amount in (
            ("benefit", 1),
            ("benefit", 375),
            ("income", 600),
            ("spending", 601),
        ):
            line = BudgetLine("pooling", heading, amount)
            await record_budget(database, line, area=AREA, fund_year=2024, decision=decision)
        lines = await budget_lines(database, 2024, area=AREA)
        with pytest.raises(UnableToKeepBooks, match="nothing"):
            await record_budget(
                database,
                BudgetLine("nothing", "income", 1),
                area=AREA,
                fund_year=2024,
                decision=decision,
            )
        with pytest.raises(UnableToKeepBooks):
            await record_budget(
                database,
                BudgetLine("pooling", "income", -1),
                area=AREA,
                fund_year=2024,
                decision=decision,
            )
        return lines, await budget_year(database, 2024, book=book, chart=planned)

    lines, year = at_work(work)
    assert {line.heading: line.amount for line in lines} == {
        "benefit": 375,
        "income": 600,
        "spending": 601,
    }
    used = {
        one.line.heading: (one.actual_amount, one.warning is not None) for one in year.executions
    }
    # 300 of 375 is 80 %: the warning is reached; 500 of 601 is above it as well
    assert used == {"benefit": (300, True), "income": (1_000, False), "spending": (500, True)}
    (check,) = [one for one in year.income_checks if one.fund == "pooling"]
    assert (check.planned_gap_amount, check.actual_gap_amount) == (-1, 500)


def test_an_overdraft_is_permitted_by_days_and_amount(at_work):
    async def work(database, book):
        today = await database.pool.fetchval("SELECT treasury.today($1)", AREA)
        tomorrow = today + timedelta(days=1)
        decision = Decision("文件2号", "director")

        async def paid(name, amount):
            (one,) = await post(database, [payment(name, amount)], area=AREA, actor="clerk")
            return getattr(one, "code", "ok")

        async def permit(amount, *days):
            place = (AREA, "pooling")
            await permit_overdraft(
                database, amount, place=place, days=Span(*days), decision=decision
            )

        found = [await paid("p1", 1)]
        await permit(100, today - timedelta(days=9), today)  # over yesterday
        await permit(100, tomorrow, tomorrow + timedelta(days=9))  # begins tomorrow
        found.append(await paid("p2", 1))
        await permit(100, today, tomorrow)
        found += [await paid("p3", 101), await paid("p4", 100), await paid("p5", 1)]
        with pytest.raises(UnableToKeepBooks):
            await permit(100, today)
        return found

    assert at_work(work) == [
        *("fund_overdrawn", "fund_overdrawn", "fund_overdrawn", "ok", "fund_overdrawn"),
    ]


def test_the_journal_is_searched_and_streamed(at_work):
    async def work(database, book):
        await post(database, YEAR, area=AREA, actor="clerk")
        late = benefit("b2", 300, on=DAY + timedelta(days=1), source="claim 9")
        await post(database, [late], area=AREA, actor="other")

        async def ids(**asked):
            page = await search(database, Search(**asked), area=AREA)
            return " ".join(one.entry.client_id for one in page.entries)

        first = await search(database, Search(), area=AREA, size=3)
        second = await search(database, Search(after=first.next_after), area=AREA, size=4)
        streamed = [one.entry async for one in stream(database, Search(), area=AREA)]
        return (
            [
                await ids(account_code=PAYABLE),
                await ids(account_code=PAYABLE, amount=250),
                await ids(party_id="H1", amount=20),
                await ids(party_id="M1"),
                await ids(client_id="t"),
                await ids(source="claim 9"),
                await ids(event_kind="settlement", last_date=DAY),
                await ids(first_date=DAY + timedelta(days=1)),
                await ids(actor="other"),
                await ids(amount=999),
            ],
            (len(first.entries), len(second.entries), second.next_after),
            streamed == [*YEAR, late],
        )

    found, pages, is_same = at_work(work)
    assert found == ["b1 p1 b2", "p1", "u1", "k1 u1", "t", "b2", "b1 u1", "b2", "b2", ""]
    assert pages == (3, 4, None)
    assert is_same


def test_an_entry_is_reversed_once_and_whole(at_work):
    async def work(database, book):
        (first,) = await post(database, [benefit("b1", 300)], area=AREA, actor="clerk")

        async def undo(number, name, on=DAY):
            answer = await reverse(database, Reversal(number, name, on), area=AREA, actor="undoer")
            return answer if isinstance(answer, Posted) else answer.code

        mirror = await undo(first.entry_id, "r1")
        again = await undo(first.entry_id, "r1")
        with pytest.raises(UnableToBook):
            await undo(mirror.entry_id, "r2")
        with pytest.raises(UnableToBook):
            await undo(first.entry_id, "r3", on=DAY - timedelta(days=1))
        with pytest.raises(UnableToKeepBooks):
            await undo(10**15, "r4")
        other = await undo(first.entry_id, "r5")
        original = await booked(database, first.entry_id, area=AREA)
        left = await movements(database, book=book, dates=Dates())
        return mirror, again, other, original, {one.closing_amount for one in left}

    mirror, again, other, original, left = at_work(work)
    assert again == Posted("r1", mirror.entry_id, is_new=False)
    assert other == "reversal_repeated"
    assert original.reversed_by == mirror.entry_id
    assert left == {0}


def test_a_used_credit_is_not_taken_back(at_work):
    async def work(database, book):
        answers = await post(
            database, [credit("k", "M1", 10), use("u", "M1", 4)], area=AREA, actor="clerk"
        )
        reversal = Reversal(answers[0].entry_id, "r", DAY)
        refused = await reverse(database, reversal, area=AREA, actor="clerk")
        (account,) = await personal_balances(database, "M1", book=book)
        return refused.code, account.balance_amount, account.available_amount

    assert at_work(work) == ("personal_account_overdrawn", 6, 6)
