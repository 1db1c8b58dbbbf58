"""Targets are counted as they say, over their months, and can be missed."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import polars as pl
import pytest

from yibao.engines.benefits.rows import Law
from yibao.offices.actuary.city.draws import quantiles, scattered
from yibao.offices.actuary.city.figures import read_figures
from yibao.offices.actuary.city.funds import fund_totals
from yibao.offices.actuary.city.making import make_city
from yibao.offices.actuary.city.measuring import UnableToMeasure, measure
from yibao.offices.actuary.city.tables import Contract
from yibao.offices.actuary.city.writing import Order
from yibao.offices.actuary.settling import ResultPlaces, settle_file
from yibao.storage.files.partitions import (
    FORMAT,
    Manifest,
    Part,
    TableFile,
    find_places,
    write_manifest,
)

SOURCED = re.compile(r"S[01]-\d\d\Z")


def by_hand(folder: Path) -> tuple[Path, Path]:
    """Four insured persons; five claims, one of them in December; what two funds paid."""
    (folder / "part-0000").mkdir(parents=True)
    visit, stay = "employee_visit", "stay"
    pl.DataFrame(
        {
            "claim_id": [11, 12, 21, 31, 32],
            "member_id": [1, 1, 2, 3, 3],
            "settlement_date": [
                date(2024, 1, 1), date(2024, 11, 30), date(2024, 12, 1),
                date(2024, 5, 5), date(2024, 6, 6),
            ],
            "extra_kind": [visit, visit, visit, stay, stay],
            "scheme": ["employee", "employee", "employee", "resident", "resident"],
            "facility_level": ["community", "level_3", "community", "level_2", "level_3"],
            "place_of_care": ["local", "local", "local", "local", "in_province"],
            "submitted_amount": [100_00, 300_00, 50_00, 9_000_00, 20_000_00],
            "eligible_amount": [90_00, 280_00, 50_00, 8_000_00, 16_000_00],
            "eligible_amount:essential_drug": [10_00, None, None, None, None],
        }
    ).write_parquet(folder / "part-0000" / "claims.parquet")  # fmt: skip
    pl.DataFrame(
        {
            "member_id": [1, 2, 3, 4],
            "special_disease": [None, "cancer", "cancer", None],
            "recognised_date": [None, date(2024, 12, 2), date(2023, 1, 1), None],
            "has_hypertension": [True, False, False, False],
            "has_diabetes": [False, False, False, False],
            "assistance_identity": ["no_identity", "no_identity", "subsistence", "no_identity"],
            "is_poor": [False, False, True, False],
        }
    ).write_parquet(folder / "members.parquet")
    parts = (Part(TableFile("part-0000/claims.parquet", 5, "")),)
    write_manifest(folder, Manifest(FORMAT, "family_id", parts, (), {"members": 4, "year": 2024}))
    settled = folder.parent / "settled.parquet"
    pl.DataFrame(
        {
            "claim_id": ["11", "12", "21", "31", "32/2024", "32/2023"],
            "fund_employee_pooling": [80_00, 168_00, 40_00, 0, 0, 0],
            "fund_resident": [0, 0, 0, 6_000_00, 9_000_00, 1_000_00],
            "fund_critical_illness": [0, 0, 0, 0, 2_000_00, 0],
        }
    ).write_parquet(settled)
    return folder, settled


def test_targets_are_counted_by_hand(tmp_path: Path):
    folder, settled = by_hand(tmp_path / "city")
    made = {one.target.name: one.made for one in measure(folder, settled=settled)}
    assert made["settlements_per_insured"] == 4 / 4
    assert made["employee_visits_per_insured"] == 2 / 4  # the one of December is out
    assert made["inpatients_per_insured"] == 1 / 4  # two stays, one person
    assert made["special_patients_per_insured"] == 1 / 4
    assert made["new_special_patients_per_insured"] == 1 / 4
    assert made["hypertension_patients_per_insured"] == 1 / 4
    assert made["diabetes_patients_per_insured"] == 0
    assert made["aided_per_insured"] == made["poor_per_insured"] == 1 / 4
    assert made["stays_elsewhere_per_insured"] == 1 / 4
    assert made["cost_of_stay_elsewhere"] == 20_000
    assert made["primary_share_of_visits"] == 1 / 2
    assert made["fund_of_employee_visit"] == (80 + 168) / 2
    assert made["primary_share_of_visit_fund"] == 80 / 248
    assert made["fund_of_inpatient"] == 6_000 + 9_000 + 1_000 + 2_000
    assert made["resident_in_policy_rate"] == 18_000 / 24_000
    assert made["employee_in_policy_rate"] is None  # no stay of an employee
    assert made["critical_illness_persons_per_insured"] == 1 / 4
    assert made["assistance_per_insured"] == 0
    assert made["fund_spending_per_insured"] == (80 + 168 + 18_000) / 4


def test_without_settled_claims_there_is_no_figure_of_a_fund(tmp_path: Path):
    folder, _ = by_hand(tmp_path / "city")
    assert {one.made for one in measure(folder) if one.target.settled} == {None}


def test_settled_claims_of_another_city_are_refused(tmp_path: Path):
    folder, settled = by_hand(tmp_path / "city")
    frame = pl.read_parquet(settled).with_columns(claim_id=pl.lit("99"))
    frame.write_parquet(settled)
    with pytest.raises(UnableToMeasure, match="was not settled from"):
        measure(folder, settled=settled)


def test_one_claim_too_many_is_refused(tmp_path: Path):
    folder, settled = by_hand(tmp_path / "city")
    frame = pl.read_parquet(settled)
    more = frame.head(1).with_columns(claim_id=pl.lit("99"))
    pl.concat([frame, more]).write_parquet(settled)
    with pytest.raises(UnableToMeasure, match="was not settled from"):
        measure(folder, settled=settled)


def test_a_table_that_is_no_result_is_refused(tmp_path: Path):
    folder, _ = by_hand(tmp_path / "city")
    with pytest.raises(UnableToMeasure, match="no result of settling"):
        fund_totals(folder, folder / "members.parquet")


def test_funds_are_sums_with_the_published_beside(tmp_path: Path):
    folder, settled = by_hand(tmp_path / "city")
    totals = {one.fund: one for one in fund_totals(folder, settled)}
    everything = totals.pop("")
    paid = pl.read_parquet(settled)
    for fund, one in totals.items():
        assert one.benefit_amount == paid[f"fund_{fund}"].sum()
    # 80, 168, 40 and 18,000 yuan for four persons
    assert everything.benefit_amount == sum(one.benefit_amount for one in totals.values())
    assert everything.per_insured == (80 + 168 + 40 + 18_000) / 4  # the year, December too
    beside = {one.target.name: one for one in everything.beside}
    # 78.9 hundred million yuan for 8.902 million persons (S0-16, S0-01)
    assert beside["stays_fund_per_insured"].published == 7_890_000_000 / 8_902_000
    assert beside["stays_fund_per_insured"].made == 18_000 / 4
    assert beside["fund_spending_per_insured"].published == 30_680_000_000 / 9_402_000


def test_bounds_hold_from_edge_to_edge_and_widen_by_the_sample():
    target = read_figures().targets["employee_visits_per_insured"]
    published = target.value / target.per
    edges = (0.93, 1.07)
    assert [target.within(published * edge) for edge in edges] == [True, True]
    assert not target.within(published * 0.9299)
    assert not target.within(published * 1.0701)
    assert target.within(published * 1.0701, slack=0.01)
    highest = read_figures().targets["fund_spending_per_insured"]
    assert highest.within(0)
    assert not highest.within(highest.value / highest.per * 1.001)


def test_every_target_is_cited_and_every_scale_names_one():
    figures = read_figures()
    for target in figures.targets.values():
        assert all(SOURCED.match(source) for source in target.source), target.name
        assert set(target.bounds) == {
            "near": {"from", "to"}, "at_most": {"to"}, "at_least": {"from"},
        }[target.kind]  # fmt: skip
    for target in figures.beside:
        assert all(SOURCED.match(source) for source in target.source), target.name
        assert (target.kind, target.bounds, target.settled) == ("beside", {}, True)
    scaled = {one.scaled_to for one in figures.assumptions.values() if one.scaled_to}
    assert scaled <= set(figures.targets)
    assert all(one.zh and one.en for one in figures.assumptions.values())


def test_conditions_and_items_name_what_there_is(qingdao: Law):
    figures = read_figures()
    diseases = {"", *figures.parts("special_diseases")}
    assert {condition.follows for condition in figures.conditions} <= diseases
    assert {condition.profile for condition in figures.conditions} <= set(figures.items)
    stated = set(dict(qingdao.area.facts["disease"].values))
    assert set(figures.parts("special_diseases")) <= stated
    assert set(figures.parts("named")) <= set(dict(qingdao.area.facts["facility_named"].values))
    identities = set(dict(qingdao.area.facts["assistance_identity"].values))
    assert {"no_identity", *figures.parts("identities")} == identities
    code = re.compile(r"[A-Z]\d\d\.[0-9x]{3,7}(x\d{3})?\Z")
    for condition in figures.conditions:
        assert code.match(condition.principal), condition.principal


def test_the_mean_of_a_spread_is_one():
    for spread in (200, 600, 900):
        table = quantiles(spread)
        assert abs((table[:-1] + table[1:]).sum() / 2 / (len(table) - 1) - 1_000) < 1
        assert (table[1:] >= table[:-1]).all()


def test_the_hash_is_the_published_one():
    """SplitMix64, whose first output from seed 0 is known."""
    import numpy as np

    assert int(scattered(np.array([0]))[0]) == 0xE220A8397B1DCDAF


def test_a_city_of_20000_meets_every_target_that_needs_no_settling(
    contract: Contract, tmp_path: Path
):
    make_city(Order(20_000, 7, 2024), tmp_path / "city", contract=contract)
    found = measure(tmp_path / "city")
    assert {one.target.name: one.ratio for one in found if one.is_within is False} == {}
    assert sum(one.made is not None for one in found) >= 14


@pytest.mark.long
def test_a_settled_city_of_20000_meets_every_target(
    contract: Contract, qingdao: Law, tmp_path: Path
):
    make_city(Order(20_000, 7, 2024), tmp_path / "city", contract=contract)
    settled = tmp_path / "settled.parquet"
    summary = settle_file(qingdao, find_places(tmp_path / "city"), results=ResultPlaces(settled))
    assert summary.rejected_count == 0
    found = measure(tmp_path / "city", settled=settled)
    assert {one.target.name: one.ratio for one in found if not one.is_within} == {}


@pytest.mark.long
def test_a_settled_city_of_100000_meets_every_target(
    contract: Contract, qingdao: Law, tmp_path: Path
):
    make_city(Order(100_000, 7, 2024), tmp_path / "city", contract=contract)
    settled = tmp_path / "settled.parquet"
    places = find_places(tmp_path / "city")
    summary = settle_file(qingdao, places, results=ResultPlaces(settled), engine="kernel")
    assert (summary.rejected_count, summary.settled_count) == (0, summary.claims_count)
    found = measure(tmp_path / "city", settled=settled)
    assert {one.target.name: one.ratio for one in found if not one.is_within} == {}
    totals = {one.fund: one.benefit_amount for one in fund_totals(tmp_path / "city", settled)}
    assert totals.pop("") == sum(totals.values()) == summary.rows.benefit_amount
    assert {fund: paid for fund, paid in totals.items() if paid} == {
        fund: paid for fund, paid in summary.by_fund.items() if paid
    }
