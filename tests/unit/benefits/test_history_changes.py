"""What changes in the middle of a year: the due, the scheme, the law; and what is paid at its end.

Plans of our own: a visit's due is 300 to March, 500 from April, 200 from July 2024, then 50 %. One
counter carries from scheme to scheme (`carried`), one starts anew (`own`). At the year's end 10 %
of what all visits left is paid.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from tests.unit.benefits.small_law import WORDS, law
from yibao.base.dates import Span
from yibao.engines.benefits.bills import Bill, Learn, Resettle, Reverse, Settle
from yibao.engines.benefits.claim import ClaimDates, CounterKey, Slot
from yibao.engines.benefits.facts import Member, Spell
from yibao.engines.benefits.history import replay

COUNTERS = """
  carried: {zh: 转移累计, en: carried, adds: deductible, per: [member, benefit_year]}
  own: {zh: 各险种累计, en: own, adds: deductible, per: [member, benefit_year, scheme]}
  half: {zh: 半年累计, en: half-year, adds: deductible, per: [member, benefit_year], restart_on: [2024-07-01]}
  left_drawn: {zh: 费用累计, en: drawn, adds: drawn, per: [member, benefit_year]}
  left_paid: {zh: 支付累计, en: paid, adds: paid, per: [member, benefit_year]}
---
sources:"""  # noqa: E501

HEAD = """
plan: {name}
area: "990000"
name: {{zh: 方案, en: a plan}}
applies_to: {{{applies}}}
in_force: [{{from: 2023-01-01}}]
chosen_by: settlement_date
benefit_year_of: settlement_date
source: own
confidence: M
"""
LAYERS = """layers:
  - layer: basic
    name: {{zh: 基本, en: basic}}
    paid_by: [{{fund: pool, share: "100%"}}]
    draws: [eligible]
    deductible: {{counter: {counter}, due: {due}}}
    bands:
      mode: slice
      measured: above_deductible
      position: per_claim
      list: [{{to: none, rate: "50%"}}]
    feeds: [{counter}, left_drawn, left_paid]
"""
DATED = (
    "[{from: 2023-01-01, until: 2024-04-01, is: 300},"
    " {from: 2024-04-01, until: 2024-07-01, is: 500}, {from: 2024-07-01, is: 200}]"
)
YEAR_END = (
    HEAD.format(name="year_end", applies="care_type: day_care")
    + """\
annual: {loads: [{slot: eligible, counter: left_drawn, minus: [left_paid]}]}
layers:
  - layer: second
    name: {zh: 二次, en: second}
    paid_by: [{fund: pool, share: "100%"}]
    draws: [eligible]
    bands:
      mode: slice
      measured: above_deductible
      position: per_claim
      list: [{to: none, rate: "10%"}]
"""
)


def plan(name: str, care_type: str, counter: str, due: str) -> str:
    return HEAD.format(name=name, applies=f"care_type: {care_type}") + LAYERS.format(
        counter=counter, due=due
    )


def area(*plans: str):
    return law(*plans, words=WORDS.replace("---\nsources:", COUNTERS.strip("\n")))


def visit(claim_id: str, day: str, yuan: int | None, care_type: str = "visit") -> Settle:
    slots = {} if yuan is None else {Slot("eligible"): yuan * 100}
    dates = ClaimDates(date.fromisoformat(day))
    return Settle(Bill(claim_id, claim_id, dates, {"care_type": care_type}, slots=slots))


def paid(under, *events, scheme: tuple[Spell, ...] = (Spell("scheme", "employee"),)) -> list[int]:
    done = replay(under, Member("M1", scheme), events=events)
    return [entry.determination.benefit_amount // 100 for entry in done.live()]


DUES = plan("visits", "visit", "carried", DATED)


@pytest.mark.parametrize(
    ("day", "benefit"),
    [
        ("2024-03-31", 300),  # (900 − 300) × 50 %: the due of March
        ("2024-04-01", 200),  # (900 − 500) × 50 %
        ("2024-06-30", 200),
        ("2024-07-01", 350),  # (900 − 200) × 50 %
    ],
)
def test_the_due_is_that_of_the_day(day: str, benefit: int):
    assert paid(area(DUES), visit("V", day, 900)) == [benefit]


def test_a_due_that_rises_is_topped_up():
    # March: 300 taken, 0 paid. April: 500 − 300 = 200 more, (400 − 200) × 50 %.
    assert paid(area(DUES), visit("V1", "2024-03-31", 300), visit("V2", "2024-04-01", 400)) == [
        0,
        100,
    ]


def test_a_due_that_falls_is_not_given_back():
    # June: 500 taken of 500. July's 200 are met long ago: 100 × 50 %.
    assert paid(area(DUES), visit("V1", "2024-06-30", 500), visit("V2", "2024-07-01", 100)) == [
        0,
        50,
    ]


MOVED = (
    Spell("scheme", "resident", Span(date(2020, 1, 1), date(2024, 5, 1))),
    Spell("scheme", "employee", Span(date(2024, 5, 1))),
)


@pytest.mark.parametrize(("counter", "later"), [("carried", 50), ("own", 0)])
def test_a_change_of_scheme_carries_only_what_is_not_kept_by_scheme(counter: str, later: int):
    under = area(plan("visits", "visit", counter, "300"))
    events = visit("V1", "2024-04-30", 300), visit("V2", "2024-05-01", 100)
    assert paid(under, *events, scheme=MOVED) == [0, later]


def test_a_counter_that_starts_again_at_a_date_of_the_law():
    under = area(plan("visits", "visit", "half", "300"))
    events = (
        visit("V1", "2024-01-01", 300),
        visit("V2", "2024-06-30", 100),
        visit("V3", "2024-07-01", 300),
        visit("V4", "2024-07-02", 100),
    )
    assert paid(under, *events) == [0, 50, 0, 50]


def test_an_annual_row_is_loaded_from_what_the_year_left():
    under = area(plan("visits", "visit", "carried", "300"), YEAR_END)
    events = (
        visit("V1", "2024-01-01", 500),  # (500 − 300) × 50 % = 100
        visit("V2", "2024-02-01", 600),  # 300: 700 of 1100 are left
        visit("end", "2024-12-31", None, "day_care"),
    )
    assert paid(under, *events) == [100, 300, 70]
    # a visit reversed makes the year's end stale; settled again it is 10 % of the other's 400
    done = replay(under, Member("M1"), events=[*events, Reverse("V2"), Resettle(2024)])
    assert [(e.claim_id, e.determination.benefit_amount) for e in done.live()] == [
        ("V1", 100_00), ("end", 40_00)
    ]  # fmt: skip


def test_a_reversal_makes_the_annual_row_stale():
    under = area(plan("visits", "visit", "carried", "300"), YEAR_END)
    events = (
        visit("V1", "2024-01-01", 500),
        visit("end", "2024-12-31", None, "day_care"),
        Reverse("V1"),
    )
    done = replay(under, Member("M1"), events=events)
    assert [entry.status for entry in done.entries] == ["reversed", "stale"]


def test_a_scheme_learned_late_makes_stale_what_was_read_otherwise():
    under = area(plan("visits", "visit", "own", "300"))
    events = (
        visit("V1", "2024-04-30", 300),
        visit("V2", "2024-05-01", 100),
        Learn((replace(MOVED[1], value="resident"),)),
    )
    done = replay(under, Member("M1", MOVED), events=events)
    assert [entry.status for entry in done.entries] == ["live", "stale"]
    again = replay(under, Member("M1", MOVED), events=[*events, Resettle(2024)])
    assert again.balances.of(CounterKey("own", ("M1", "2024", "resident"))) == 300_00
    assert again.balances.of(CounterKey("own", ("M1", "2024", "employee"))) == 0
