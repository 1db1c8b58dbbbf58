"""Settling a file under a small law of its own: families, years, streams, what a plan refuses."""

from __future__ import annotations

import json

import polars as pl
import pytest

from yibao.engines.benefits.rows import Law
from yibao.offices.actuary.policies import area_from_text
from yibao.offices.actuary.settling import ResultPlaces, settle_file
from yibao.storage.files.claim_files import ClaimsPlace

# The family shares one deductible of 100.00 a year, then 50 % of what is in scope and, in a second
# layer, 90 % of rare drugs. The year is that of the charge.
LAW = """
area: "999001"
name: {zh: 示例市, en: Example}
---
facts:
  scheme: {zh: 险种, en: scheme, of: member, values: {employee: 职工, resident: 居民}}
  care_type: {zh: 类别, en: care type, of: encounter, values: {visit: 门诊, year_end: 年终}}
  drug_group: {zh: 药品, en: drug, of: line, values: {rare: 罕见病, common: 一般}}
---
counters:
  family_deductible: {zh: 起付线, en: deductible, adds: deductible, per: [family, benefit_year]}
  yearly_paid: {zh: 支付, en: paid, adds: paid, per: [member, benefit_year]}
---
sources:
  S: {title: 示例文件}
---
plan: visit
area: "999001"
name: {zh: 门诊, en: visits}
applies_to: {scheme: employee, care_type: visit}
in_force: [{from: 2020-01-01}]
chosen_by: settlement_date
benefit_year_of: charge_date
source: S
confidence: H
routes: [{stream: rare_drug, when: {drug_group: rare}}]
layers:
  - layer: pooling
    name: {zh: 统筹, en: pooling}
    paid_by: [{fund: pool, share: "60%"}, {fund: treasury, share: "40%"}]
    draws: [eligible]
    deductible: {counter: family_deductible, due: 100}
    bands:
      mode: slice
      measured: above_deductible
      position: per_claim
      list: [{to: none, rate: "50%"}]
    feeds: [family_deductible, yearly_paid]
  - layer: rare
    name: {zh: 罕见病, en: rare}
    paid_by: [{fund: pool, share: "100%"}]
    draws: ["eligible:rare_drug"]
    bands:
      mode: slice
      measured: above_deductible
      position: per_claim
      list: [{to: none, rate: "90%"}]
---
plan: year_end
area: "999001"
name: {zh: 年终, en: year end}
applies_to: {scheme: employee, care_type: year_end}
in_force: [{from: 2020-01-01}]
chosen_by: settlement_date
benefit_year_of: settlement_date
source: S
confidence: H
annual: {loads: [{slot: eligible, counter: yearly_paid}]}
layers:
  - layer: bonus
    name: {zh: 年终补助, en: bonus}
    paid_by: [{fund: pool, share: "100%"}]
    draws: [eligible]
    bands:
      mode: slice
      measured: above_deductible
      position: per_claim
      list: [{to: none, rate: "10%"}]
"""
AMOUNTS = ("eligible_amount", "prior_self_pay_amount", "over_limit_amount", "noncovered_amount")


@pytest.fixture(scope="module")
def law():
    return Law(area_from_text(LAW))


@pytest.fixture
def settle(law, tmp_path):
    def run(rows, **more):
        frame = pl.DataFrame([{"scheme": "employee", "care_type": "visit", **row} for row in rows])
        frame.write_parquet(tmp_path / "claims.parquet")
        places = ResultPlaces(tmp_path / "out.parquet", **more)
        summary = settle_file(law, ClaimsPlace(tmp_path / "claims.parquet"), results=places)
        rejects = pl.read_csv(places.rejects, infer_schema=False)
        return summary, pl.read_parquet(places.claims), rejects

    return run


def claim(number, eligible=None, **more):
    row = {
        "claim_id": f"C{number}",
        "member_id": "M1",
        "family_id": "F1",
        "settlement_date": "2024-05-01",
        "entry_sequence": number,
    }
    if eligible is not None:
        row |= dict(zip(AMOUNTS, (eligible, 0, 0, 0), strict=True))
    return row | more


def test_a_family_shares_a_deductible_in_the_order_of_its_entries(settle):
    rows = [
        claim(3, 10_000, member_id="M1"),
        claim(1, 6_000, member_id="M2"),
        claim(2, 6_000, member_id="M1"),
        claim(4, 10_000, member_id="M9", family_id="F9"),
    ]
    summary, frame, _ = settle(rows)
    # M2 meets 60.00 of 100.00, then M1 the other 40.00 and half of 20.00; then half of 100.00
    assert frame["claim_id"].to_list() == ["C1", "C2", "C3", "C4"]
    assert frame["benefit_pooling"].to_list() == [0, 1_000, 5_000, 0]
    assert summary.by_fund == {"pool": 3_600, "treasury": 2_400}
    assert frame["fund_pool"].to_list() == [0, 600, 3_000, 0]


def test_a_stream_given_with_the_claim(settle):
    row = claim(1, 10_000) | {"eligible_amount:rare_drug": 1_000}
    _, frame, _ = settle([row])
    assert frame["benefit_rare"].to_list() == [900]
    assert frame["left_coinsurance_rare"].to_list() == [100]
    assert frame["submitted_amount"].to_list() == [11_000]


@pytest.mark.parametrize(
    ("stated", "code"),
    [(9_999, "submitted_differs"), (10_000, None), (10_001, "submitted_differs")],
)
def test_the_stated_sum_is_held_against_the_parts(settle, stated, code):
    summary, _, rejects = settle([claim(1, 10_000, submitted_amount=stated)])
    assert rejects["code"].to_list() == ([code] if code else [])
    assert summary.rejected_count == bool(code)


def test_a_claim_without_amounts_is_refused_unless_its_plan_is_annual(settle):
    rows = [
        claim(1, 30_000),
        claim(2, None, **dict.fromkeys(AMOUNTS)),
        claim(3, None, care_type="year_end", **dict.fromkeys(AMOUNTS)),
    ]
    summary, frame, rejects = settle(rows)
    assert rejects["code"].to_list() == ["amounts_missing"]
    # 100.00 of 200.00 were paid by the first claim; a tenth of that comes back at the year's end
    assert frame["benefit_bonus"].to_list() == [0, 1_000]
    assert frame["is_annual"].to_list() == [False, True]
    assert summary.rows.submitted_amount == 30_000
    assert summary.rows.benefit_amount == 10_000 + 1_000
    assert summary.rows.out_of_pocket_amount == 30_000 - 11_000
    assert summary.by_finding == {"earlier_claim_rejected": 1}


def test_a_rejected_claim_marks_its_own_family_only(settle):
    rows = [
        claim(1, 10_000, scheme="resident"),
        claim(2, 10_000),
        claim(3, 10_000, member_id="M9", family_id="F9"),
    ]
    _, frame, rejects = settle(rows)
    assert rejects["code"].to_list() == ["no_plan"]
    assert frame["findings"].to_list() == ["earlier_claim_rejected", None]


def test_determinations_are_json_lines_in_the_order_of_the_rows(settle, tmp_path):
    place = tmp_path / "determinations.jsonl"
    _, frame, _ = settle([claim(2, 10_001), claim(1, 20_000)], determinations=place)
    told = [json.loads(line) for line in place.read_text("utf-8").splitlines()]
    assert [one["claim_id"] for one in told] == frame["claim_id"].to_list() == ["C1", "C2"]
    assert [one["out_of_pocket_amount"] for one in told] == [15_000, 5_000]
    # half of 100.01 is 50.005, half up 50.01
    assert frame["out_of_pocket_amount"].to_list() == [15_000, 5_000]


def test_two_runs_over_one_place_leave_the_last(settle):
    settle([claim(1, scheme="resident", eligible=1)])
    _, frame, rejects = settle([claim(1, 10_000)])
    assert (frame.height, rejects.height) == (1, 0)
