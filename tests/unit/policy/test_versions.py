"""Time is cut exactly at the dates: the day before is the old rule, the day itself the new one."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta

import pytest

from tests.unit.policy.small_area import FILES, changed, compiled, faults_in
from yibao.engines.policy.area import AreaPolicy
from yibao.engines.policy.law import PlanVersion

CUT = date(2024, 7, 1)
BANDS = """\
      list:
        - {to: {fact: disease_limit}, rate: "80%"}
        - to: none
          rate: {is: "50%", then: [{plus_per: {fact: age, amount: "0.2pp", beyond: 60}}]}
"""
DATED_BANDS = """\
      list:
        - from: 2024-01-01
          until: 2024-07-01
          is: [{to: none, rate: "80%"}]
        - from: 2024-07-01
          is: [{to: none, rate: "81%"}]
"""
CUTS = {
    "a number": (
        "stay.yaml",
        "amount: 2000}",
        "amount: [{from: 2024-01-01, until: 2024-07-01, is: 2000}, {from: 2024-07-01, is: 2100}]}",
    ),
    "a named number": (
        "numbers.yaml",
        "is: {rows: [{disease: cancer, is: 900}, {disease: lupus, is: 600}]}",
        "is: [{from: 2023-01-01, until: 2024-07-01, is: 900}, {from: 2024-07-01, is: 800}]",
    ),
    "a step": ("stay.yaml", 'times: "50%"}', 'times: "50%", from: 2024-07-01}'),
    "the end of a step": ("stay.yaml", 'times: "50%"}', 'times: "50%", until: 2024-07-01}'),
    "a layer": ("stay.yaml", "  - layer: floor", "  - layer: floor\n    from: 2024-07-01"),
    "the end of a layer": (
        "stay.yaml",
        "  - layer: floor",
        "  - layer: floor\n    until: 2024-07-01",
    ),
    "a list of bands": ("stay.yaml", BANDS, DATED_BANDS),
    "a payer": (
        "stay.yaml",
        '[{fund: pooling, share: "100%"}]',
        (
            '[{fund: pooling, share: "100%", until: 2024-07-01},'
            ' {fund: treasury, share: "100%", from: 2024-07-01}]'
        ),
    ),
    "a ceiling": ("clinic.yaml", "{name: per_day,", "{name: per_day, from: 2024-07-01,"),
    "the end of a ceiling": (
        "clinic.yaml",
        "{name: per_day,",
        "{name: per_day, until: 2024-07-01,",
    ),
    "a route": ("clinic.yaml", "{stream: home,", "{stream: home, from: 2024-07-01,"),
}


def version_on(policy: AreaPolicy, plan: str, day: date) -> PlanVersion:
    (found,) = [v for v in policy.plans_on(day) if v.plan_id == f"999999/{plan}"]
    return found


def plan_of(file: str) -> str:
    return "clinic" if file == "clinic.yaml" else "stay"


@pytest.mark.parametrize("what", CUTS)
def test_a_version_is_cut_exactly_at_the_date(what: str):
    file, old, new = CUTS[what]
    policy = compiled(changed(file, old, new).files)
    before, of, after = (
        version_on(policy, plan_of(file), CUT + timedelta(days=days)) for days in (-1, 0, 1)
    )
    assert before.span.until == CUT == of.span.start
    assert of is after
    assert before.policy_hash != of.policy_hash


def spans(files: Mapping[str, str], plan: str) -> list[tuple[str, str]]:
    return [
        (str(version.span.start), str(version.span.until))
        for version in compiled(files).plans
        if version.plan_id == f"999999/{plan}"
    ]


def test_without_such_dates_there_are_no_such_cuts():
    assert spans(FILES, "stay") == [("2024-01-01", "None")]
    assert spans(FILES, "clinic") == [("2024-01-01", "2025-01-01"), ("2025-01-01", "None")]


def test_a_date_that_changes_nothing_cuts_nothing():
    same = (
        "amount: [{from: 2024-01-01, until: 2024-07-01, is: 2000}, {from: 2024-07-01, is: 2000}]}"
    )
    assert spans(changed("stay.yaml", "amount: 2000}", same).files, "stay") == [
        ("2024-01-01", "None")
    ]


def test_dates_outside_the_days_of_law_cut_nothing():
    old = "amount: [{from: 2001-01-01, until: 2002-01-01, is: 1}, {from: 2002-01-01, is: 2000}]}"
    assert spans(changed("stay.yaml", "amount: 2000}", old).files, "stay") == [
        ("2024-01-01", "None")
    ]


def test_several_spans_of_law_leave_the_days_between_without_a_rule():
    files = changed(
        "formula.yaml",
        "in_force: [{from: 2024-01-01}]",
        "in_force: [{from: 2024-01-01, until: 2024-03-01}, {from: 2024-05-01}]",
    ).files
    assert [str(version.span) for version in compiled(files).entitlements] == [
        "2024-01-01 – 2024-03-01",
        "2024-05-01 – …",
    ]


def test_an_index_is_asked_for_every_year_up_to_the_verified_one():
    # 2026 reads 2025, which is not published: a fault once 2026 is verified, and only then.
    later = changed("area.yaml", "verified_until: 2025-12-31", "verified_until: 2026-01-01").files
    assert [fault.code for fault in faults_in(later)] == ["index_year_missing"]
    assert faults_in(FILES) == []
