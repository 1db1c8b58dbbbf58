"""Facts asked where they cannot be known: refused by the compiler, each beside the good case."""

from __future__ import annotations

import pytest

from tests.unit.benefits.small_law import STAYS, VISITS, WORDS
from yibao.base.findings import FaultsFound
from yibao.offices.actuary.policies import area_from_text

LIMITS = """
numbers:
  by_disease: {zh: 限额, en: limit, unit: amount, is: 100, source: own, confidence: M}
"""
RANKED = "{ranked_sum: {number: by_disease, over: special_diseases, as: disease, shares: ['100%']}}"


def faults(*plans: str, words: str = WORDS, limits: str = LIMITS) -> list[str]:
    """The codes of the faults, in order."""
    try:
        area_from_text("\n---\n".join([words, limits, *plans]))
    except FaultsFound as found:
        return [fault.code for fault in found.faults]
    return []


def replaced(text: str, old: str, new: str) -> str:
    assert text.count(old) == 1
    return text.replace(old, new)


def test_the_plans_as_they_are_ask_what_can_be_known():
    assert faults(VISITS, STAYS) == []


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("{scheme: employee, care_type: visit}", "{care_type: visit, drug_group: rare}"),
        ("    paid_by:", "    when: {drug_group: rare}\n    paid_by:"),
        ("due: 400", "due: {rows: [{drug_group: rare, is: 0}, {drug_group: ordinary, is: 400}]}"),
        ("due: 400", "due: {is: 400, then: [{when: {drug_group: rare}, set: 0}]}"),
        ("feeds: [visit_d", "feeds: [{counter: visit_paid, when: {drug_group: rare}}, visit_d"),
        ("amount: 1000}", "amount: 1000, per: boxes}"),
        ("due: 400", "due: {is: 400, then: [{times_fact: boxes}]}"),
    ],
)
def test_a_fact_of_a_line_is_for_routes_alone(old: str, new: str):
    words = replaced(
        WORDS,
        "  drug_group:",
        "  boxes: {zh: 盒, en: boxes, of: line, number: {from: 1, below: 9}}\n  drug_group:",
    )
    found = faults(replaced(VISITS, old, new), STAYS, words=words)
    assert found == ["line_fact_asked"]
    routed = replaced(VISITS, "{drug_group: rare}", "{drug_group: rare, boxes: 1}")
    assert faults(routed, STAYS, words=words) == []


def test_a_counter_is_not_kept_by_a_fact_of_a_line():
    words = replaced(
        WORDS,
        "adds: paid, per: [member, benefit_year]}\n  stays:",
        "adds: paid, per: [member, benefit_year, drug_group]}\n  stays:",
    )
    assert faults(VISITS, STAYS, words=words) == ["line_fact_asked"]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("care_type: inpatient}", "care_type: inpatient, nth_stay: 1}"),
        ("layers:", "routes: [{stream: first, when: {nth_stay: 1}}]\nlayers:"),
    ],
)
def test_a_derived_fact_is_not_known_before_the_layers(old: str, new: str):
    found = faults(VISITS, replaced(STAYS, old, new))
    assert found == ["derived_early"]


@pytest.mark.parametrize(
    ("derived", "codes"),
    [
        (f"nth_stay: {{counter: stays, at_most: 2}}, income: {RANKED}", []),
        (f"income: {RANKED}, nth_stay: {{counter: stays, at_most: 2}}", ["derived_early"]),
    ],
)
def test_derived_facts_are_derived_in_the_listed_order(derived: str, codes: list[str]):
    by_stay = replaced(LIMITS, "is: 100", "is: {is: 100, then: [{when: {nth_stay: 2}, set: 50}]}")
    plan = replaced(STAYS, "nth_stay: {counter: stays, at_most: 2}", derived)
    assert faults(VISITS, plan, limits=by_stay) == codes


def test_the_order_of_a_stay_is_not_kept_by_the_order_of_a_stay():
    words = replaced(
        WORDS,
        "counts: [inpatient],\n     per: [member, benefit_year]}",
        "counts: [inpatient],\n     per: [member, benefit_year, nth_stay]}",
    )
    assert faults(VISITS, STAYS, words=words) == ["derived_early"]
