"""A table behind a row is proved like the row itself: what a named number leaves out is a fault."""

from __future__ import annotations

import pytest

from yibao.base.findings import FaultsFound
from yibao.offices.actuary.policies import area_from_text

POLICY = """
area: "990001"
name: {zh: 示例, en: example}
---
facts:
  facility_level: {zh: 级别, en: level, of: encounter, values: {level_1: 一级, level_2: 二级}}
  place: {zh: 就医地, en: place, of: encounter, values: {local: 本地, elsewhere: 异地}}
---
sources:
  own: {title: 示例}
---
numbers:
  rate_at_home:
    zh: 本地比例
    en: rate at home
    unit: rate
    is: {source: own, confidence: H, rows: [ROWS]}
---
plan: example
area: "990001"
name: {zh: 示例, en: example}
applies_to: {facility_level: [level_1, level_2]}
in_force: [{from: 2024-01-01}]
chosen_by: settlement_date
benefit_year_of: settlement_date
source: own
confidence: H
layers:
  - layer: basic
    name: {zh: 基本, en: basic}
    paid_by: [{fund: resident, share: "100%"}]
    draws: [eligible]
    bands:
      mode: slice
      measured: above_deductible
      position: per_claim
      list:
        - to: none
          rate: {rows: [{place: local, is: {number: rate_at_home}}, {place: elsewhere, is: "50%"}]}
"""
WHOLE = '{facility_level: level_1, is: "80%"}, {facility_level: level_2, is: "70%"}'
TORN = '{facility_level: level_1, is: "80%"}'


def test_a_whole_table_behind_a_row_is_accepted() -> None:
    assert len(area_from_text(POLICY.replace("ROWS", WHOLE)).plans) == 1


def test_a_gap_in_a_table_behind_a_row_is_told_where_it_stands() -> None:
    with pytest.raises(FaultsFound) as found:
        area_from_text(POLICY.replace("ROWS", TORN))
    (fault,) = found.value.faults
    assert fault.code == "rows_gap"
    assert "facility_level=level_2" in fault.remedy.en
    assert fault.where.line == POLICY[: POLICY.index("ROWS")].count("\n") + 1


def test_only_what_the_row_leaves_must_be_covered() -> None:
    text = (
        POLICY.replace("ROWS", TORN)
        .replace(
            "{place: elsewhere",
            '{place: local, facility_level: level_2, is: "70%"}, {place: elsewhere',
        )
        .replace("{place: local, is: {n", "{place: local, facility_level: level_1, is: {n")
    )
    assert len(area_from_text(text).plans) == 1
