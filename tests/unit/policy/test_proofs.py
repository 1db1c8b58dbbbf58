"""What would mislead at run time is refused before: each slip beside the law that has none."""

from __future__ import annotations

import pytest

from tests.unit.benefits.small_law import STAYS, VISITS, WORDS
from yibao.base.findings import FaultsFound
from yibao.offices.actuary.policies import area_from_text

MORE = """
---
counters:
  visit_cost: {zh: 费用, en: cost, adds: admitted, per: [member, benefit_year]}
  lifetime_cost: {zh: 费用, en: cost, adds: admitted, per: [member, lifetime]}
  month_cost: {zh: 费用, en: cost, adds: admitted, per: [member, month]}
  bill_cost: {zh: 费用, en: cost, adds: admitted, per: [member, encounter]}
"""
FROM_ZERO = """measured: from_zero
      position: visit_cost"""
GUARANTEE = """  - layer: guarantee
    name: {zh: 保底, en: guarantee}
    paid_by: [{fund: pool, share: "100%"}]
    draws: ["deductible@pooling", "coinsurance@pooling"]
    top_up: {target: {share: "50%", of: [eligible]}, counting: [pooling]}
"""
ANNUAL = """
plan: yearly
area: "990000"
name: {zh: 年度, en: yearly}
applies_to: {scheme: employee, care_type: day_care}
in_force: [{from: 2023-01-01}]
chosen_by: settlement_date
benefit_year_of: settlement_date
source: own
confidence: M
annual: {loads: [{slot: eligible, counter: stay_paid}]}
layers:
  - layer: yearly
    name: {zh: 年度, en: yearly}
    paid_by: [{fund: pool, share: "100%"}]
    draws: [eligible]
    bands:
      mode: slice
      measured: above_deductible
      position: per_claim
      list: [{to: none, rate: "50%"}]
"""
GRANT = """
entitlement: grant
area: "990000"
name: {zh: 津贴, en: grant}
applies_to: {scheme: employee}
in_force: [{from: 2023-01-01}]
chosen_by: event_date
source: own
confidence: M
paid_by: [{fund: pool, share: "100%"}]
pays: money
lines:
  - {line: days, name: {zh: 天数, en: days}, unit: count, is: 98}
  - {line: part, name: {zh: 比例, en: part}, unit: rate, is: "50%"}
  - {line: money, name: {zh: 金额, en: money}, unit: amount, is: 100}
"""


def codes(*plans: str) -> list[str]:
    try:
        area_from_text("\n---\n".join([WORDS + MORE, *plans]))
    except FaultsFound as found:
        return [fault.code for fault in found.faults]
    return []


def replaced(text: str, old: str, new: str) -> str:
    assert text.count(old) == 1
    return text.replace(old, new)


@pytest.mark.parametrize(
    ("position", "found"),
    [
        ("visit_cost", []),
        ("lifetime_cost", []),
        ("month_cost", ["position_missing"]),
        ("bill_cost", ["position_missing"]),
        ("per_claim", ["position_missing"]),
    ],
)
def test_a_position_from_zero_is_remembered_as_long_as_the_deductible(position: str, found):
    visits = replaced(VISITS, "measured: above_deductible\n      position: per_claim", FROM_ZERO)
    fed = "feeds: [visit_cost, lifetime_cost, month_cost, bill_cost, visit_deductible"
    visits = replaced(visits, "feeds: [visit_deductible", fed)
    visits = replaced(visits, "position: visit_cost", f"position: {position}")
    assert codes(visits, STAYS) == found


@pytest.mark.parametrize(
    ("old", "new", "found"),
    [
        ("of: [eligible]", "of: [eligible, noncovered]", []),
        ("of: [eligible]", "of: [eligible, eligible]", ["draw_twice"]),
        ("counting: [pooling]", "counting: [pooling, pooling]", ["name_twice"]),
    ],
)
def test_a_top_up_counts_nothing_twice(old: str, new: str, found):
    assert codes(replaced(VISITS + GUARANTEE, old, new), STAYS) == found


def test_amounts_are_loaded_from_counters_of_amounts():
    assert codes(STAYS, VISITS, ANNUAL) == []
    counted = replaced(ANNUAL, "counter: stay_paid", "counter: stays")
    assert codes(STAYS, VISITS, counted) == ["counter_unit"]
    less = replaced(ANNUAL, "counter: stay_paid", "counter: stay_paid, minus: [stays]")
    assert codes(STAYS, VISITS, less) == ["counter_unit"]


@pytest.mark.parametrize("line", ["days", "part"])
def test_a_fund_pays_an_amount(line: str):
    assert codes(VISITS, STAYS, GRANT) == []
    decided = replaced(GRANT, "pays: money", f"pays: {line}")
    assert codes(VISITS, STAYS, decided) == ["unit_mismatch"]
    unpaid = replaced(decided, 'paid_by: [{fund: pool, share: "100%"}]\n', "")
    assert codes(VISITS, STAYS, unpaid) == []


OVERLAY = """
overlay: {name}
kind: law
area: "990000"
name: {{zh: 改, en: change}}
changes: [{{at: {at}, replace: {to}}}]
"""


@pytest.mark.parametrize(
    ("at", "found"),
    [
        ("visits/pooling/deductible/due", ["overlay_clash"]),
        ("visits/layers/pooling/deductible/due", ["overlay_clash"]),
        ("visits/layers/pooling/payment_ceilings/yearly/amount", []),
    ],
)
def test_one_place_written_in_two_ways_is_one_place(at: str, found):
    one = OVERLAY.format(name="one", at="visits/pooling/deductible/due", to=300)
    two = OVERLAY.format(name="two", at=at, to=200)
    assert codes(VISITS, STAYS, one, two) == found
