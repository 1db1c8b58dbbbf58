"""Paying above the cost cannot be written: what would do so is a fault of the policy file.

The cases of assistance/never_above_the_cost show the rest: a layer can only draw what is still on
the member, so naming one base twice gives the second layer what the first one left.
"""

from __future__ import annotations

import pytest

from tests.spec.reading import HERE
from tests.spec.running import AREA_CODE
from yibao.base.findings import FaultsFound
from yibao.engines.policy.compiler import compile_area
from yibao.storage.files.yaml_tree import parse_yaml

BASE = """
plan: above
area: "990000"
name: {zh: 高于费用, en: above the cost}
applies_to: {scheme: resident, care_type: inpatient}
in_force: [{from: 2023-01-01}]
chosen_by: discharge_date
benefit_year_of: discharge_date
source: spec
confidence: example
layers:
  - layer: basic
    name: {zh: 基本, en: basic}
    paid_by: [{fund: resident, share: "100%"}]
    draws: [eligible]
    bands:
      mode: slice
      measured: above_deductible
      position: per_claim
      list: [{to: none, rate: "70%"}]
"""
RATE = 'rate: "70%"'


def faults(text: str) -> list[str]:
    """The codes of the faults that an area of one plan has."""
    common = (HERE / "common" / "area.yaml").read_text(encoding="utf-8")
    try:
        compile_area({AREA_CODE: parse_yaml(f"{common}\n---\n{text}", "above.yaml")}, AREA_CODE)
    except FaultsFound as found:
        return [fault.code for fault in found.faults]
    return []


def changed(old: str, new: str) -> list[str]:
    assert BASE.count(old) == 1
    return faults(BASE.replace(old, new))


def test_the_plan_that_is_changed_below_has_no_fault() -> None:
    assert faults(BASE) == []


ABOVE = {
    "a rate above 100 %": (RATE, 'rate: "100.0001%"', "rate_out_of_bounds"),
    "points that lift a rate above 100 %": (
        RATE,
        'rate: {is: "70%", then: [{when: {is_poor: true}, plus_points: "31pp"}]}',
        "rate_out_of_bounds",
    ),
    "a factor that lifts a rate above 100 %": (
        RATE,
        'rate: {is: "70%", then: [{times: "150%"}]}',
        "rate_out_of_bounds",
    ),
    "a share above 100 % of a slot": (
        "draws: [eligible]",
        'draws: [{slot: eligible, share: "101%"}]',
        "rate_out_of_bounds",
    ),
    "payers whose shares exceed the whole": (
        'share: "100%"}',
        'share: "100%"}, {fund: assistance, share: "10%"}',
        "shares_sum",
    ),
    "one slot drawn twice by one layer": (
        "draws: [eligible]",
        "draws: [eligible, eligible]",
        "draw_twice",
    ),
    "bands whose edges go back": (
        'list: [{to: none, rate: "70%"}]',
        'list: [{to: 20000, rate: "50%"}, {to: 10000, rate: "60%"}, {to: none, rate: "65%"}]',
        "edges_order",
    ),
}


@pytest.mark.parametrize("what", ABOVE)
def test_a_policy_cannot_say(what: str) -> None:
    old, new, code = ABOVE[what]
    assert code in changed(old, new)


@pytest.mark.parametrize("points", ["29pp", "30pp"])
def test_points_up_to_the_whole_are_law(points: str) -> None:
    step = f'rate: {{is: "70%", then: [{{when: {{is_poor: true}}, plus_points: "{points}"}}]}}'
    assert changed(RATE, step) == []
