"""One bill, one law: the plan that its facts and dates meet, on the date that the plan names."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from tests.unit.benefits.small_law import DAY_CARE, STAYS, VISITS, WORDS, law, member, stay, visit
from yibao.base.dates import Span
from yibao.engines.benefits.facts import Member, Spell
from yibao.engines.benefits.rows import Law, Row, rows_of
from yibao.engines.policy.unable import UnableToDetermine

POOR_FROM_MARCH = Spell("is_poor", value=True, span=Span(date(2024, 3, 1)))
NOT_POOR_BEFORE = Spell("is_poor", value=False, span=Span(date(2020, 1, 1), date(2024, 3, 1)))


def row(event, *, of: Member | None = None, under: Law | None = None) -> Row:
    rows = rows_of(under or law(), of or member(), bill=event.bill)
    assert len(rows) == 1
    return rows[0]


@pytest.mark.parametrize(
    ("day", "begins"),
    [
        ("2023-01-01", "2023-01-01"),
        ("2024-06-30", "2023-01-01"),
        ("2024-07-01", "2024-07-01"),
        ("2024-07-02", "2024-07-01"),
    ],
)
def test_the_version_is_that_of_the_day(day: str, begins: str):
    chosen = row(visit("V", day, 100)).version
    assert chosen.plan_id.endswith("visits")
    assert chosen.span.start == date.fromisoformat(begins)


def test_the_day_before_a_plan_begins_has_no_rule():
    with pytest.raises(UnableToDetermine) as told:
        row(visit("V", "2022-12-31", 100))
    assert told.value.code == "no_rule_on_date"
    assert "2022-12-31" in told.value.told("zh")
    assert "2023-01-01" in told.value.told("en")


@pytest.mark.parametrize(
    ("ended", "is_poor"), [("2024-02-29", False), ("2024-03-01", True), ("2024-03-02", True)]
)
def test_facts_are_read_on_the_date_that_the_plan_names(ended: str, is_poor: bool):
    claim = row(
        stay("S", "2024-02-10", ended, 100), of=member(NOT_POOR_BEFORE, POOR_FROM_MARCH)
    ).claim
    assert claim.facts["is_poor"] is is_poor


@pytest.mark.parametrize(("ended", "age"), [("2024-05-09", 63), ("2024-05-10", 64)])
def test_age_is_worked_out_on_that_date(ended: str, age: int):
    claim = row(stay("S", "2024-05-01", ended, 100), of=member(birth_date=date(1960, 5, 10))).claim
    assert claim.facts["age"] == age


@pytest.mark.parametrize(
    ("admitted", "ended", "days"),
    [
        ("2024-05-01", "2024-05-01", 1),
        ("2024-05-01", "2024-05-02", 1),
        ("2024-05-01", "2024-05-03", 2),
        ("2024-02-28", "2024-03-01", 2),
    ],
)
def test_stay_days_are_the_nights_and_one_at_least(admitted: str, ended: str, days: int):
    assert row(stay("S", admitted, ended, 100)).claim.facts["stay_days"] == days


def test_a_bill_that_no_plan_is_for():
    resident = Member("M1", (Spell("scheme", "resident"),))
    with pytest.raises(UnableToDetermine) as told:
        row(visit("V", "2024-01-01", 100), of=resident)
    assert told.value.code == "no_plan"
    assert "990000/visits" in told.value.told("en")


def test_a_fact_that_the_choice_needs_is_named():
    with pytest.raises(UnableToDetermine) as told:
        row(visit("V", "2024-01-01", 100), of=Member("M1"))
    assert told.value.code == "fact_missing"
    assert "scheme" in told.value.told("zh")


def test_two_plans_for_one_bill_are_told_and_neither_is_taken():
    area = law(VISITS).area
    again = [replace(version, plan_id="visits_again") for version in area.plans]
    twice = Law(replace(area, plans=(*area.plans, *again)))
    with pytest.raises(UnableToDetermine) as told:
        row(visit("V", "2024-01-01", 100), under=twice)
    assert told.value.code == "several_plans"
    assert "visits_again" in told.value.told("en")


def test_two_plans_that_read_different_dates_are_told_apart_by_their_own_dates():
    """Day care is read on its charge date, a stay on its discharge: each is asked on its own."""
    both = law(STAYS, DAY_CARE)
    assert row(stay("S", "2024-01-01", "2024-01-02", 1), under=both).choice.chosen_on == date(
        2024, 1, 2
    )


@pytest.mark.parametrize(
    ("day", "findings"), [("2025-12-31", ()), ("2026-01-01", ("unverified_year",))]
)
def test_a_date_behind_the_verified_years_is_answered_with_a_finding(day: str, findings: tuple):
    assert row(visit("V", day, 100)).findings == findings


REGISTERED = """
---
register:
  - {product: visits, from: 2023-01-01, until: 2024-01-01, sourced: {zh: 全部, en: all}}
  - {product: visits, from: 2024-01-01, until: %s, sourced: {zh: 全部, en: all}}
  - {product: stays, from: 2023-01-01, until: 2023-07-01, sourced: {zh: 全部, en: all}}
"""
PRODUCTS = """products:
  - {name: visits, when: {scheme: employee, care_type: visit}, from: 2024-01-01}
  - {name: stays, when: {scheme: employee, care_type: inpatient}, from: 2024-01-01}"""


@pytest.mark.parametrize(
    ("until", "day", "findings"),
    [
        ("2024-07-01", "2024-06-30", ()),
        ("2024-07-01", "2024-07-01", ("unverified_year",)),
        ("2026-07-01", "2025-12-31", ()),
        ("2026-07-01", "2026-01-01", ("unverified_year",)),
    ],
)
def test_a_date_behind_the_register_of_its_product_is_answered_with_a_finding(
    until: str, day: str, findings: tuple
):
    words = WORDS.replace("products: []", PRODUCTS) + REGISTERED % until
    assert row(visit("V", day, 100), under=law(words=words)).findings == findings


@pytest.mark.parametrize(
    ("fact", "value", "code", "words"),
    [
        ("facility_level", "level_9", "value_unknown", "level_2, level_3"),
        ("levle", "level_3", "fact_unknown", "facility_level"),
        ("stay_days", 1000, "value_unknown", "0 to 999"),
    ],
)
def test_a_word_that_the_area_does_not_know_says_which_there_are(fact, value, code, words):
    with pytest.raises(UnableToDetermine) as told:
        row(visit("V", "2024-01-01", 100, **{fact: value}))
    assert told.value.code == code
    assert words in told.value.told("en")
