"""The records of stays that a city writes: they are the stays of its claims, coded sensibly."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import polars as pl
import pytest

from yibao.engines.grouping.conditions import FIELDS
from yibao.engines.grouping.dip.codes import diagnosis_of, procedure_of
from yibao.offices.actuary.city.figures import read_figures
from yibao.offices.actuary.grouping.running import group_file
from yibao.offices.actuary.grouping.schemes import open_scheme
from yibao.storage.files.grouping_cases import case_batch, open_cases
from yibao.storage.files.shipped import examples_root
from yibao.storage.files.stays import read_stays


@pytest.fixture(scope="module")
def cases(city: Path) -> pl.DataFrame:
    return pl.read_parquet(city / "cases.parquet").with_columns(
        pl.col(pl.Categorical).cast(pl.String)
    )


@pytest.fixture(scope="module")
def joined(cases: pl.DataFrame, claims: pl.DataFrame) -> pl.DataFrame:
    """Each record with the claim that ended its stay."""
    own = claims.with_columns(pl.format("2024-{}", "claim_id").alias("Index"))
    return cases.join(own, on="Index", how="inner", validate="1:1")


def test_every_record_is_a_stay_that_ended(cases, claims, joined):
    ended = claims.filter(
        pl.col("extra_kind").is_in(["stay", "delivery"]) & pl.col("discharge_date").is_not_null()
    )
    assert cases.height == ended.height == joined.height
    assert cases["Index"].n_unique() == cases.height


def test_a_records_cost_is_that_of_its_claims(joined, claims):
    opened = joined.with_columns(pl.coalesce("encounter_id", "claim_id").alias("opener"))
    by_stay = claims.filter(pl.col("extra_kind").is_in(["stay", "delivery"])).group_by(
        pl.coalesce("encounter_id", "claim_id").alias("opener")
    )
    sums = by_stay.agg(pl.col("submitted_amount").sum().alias("charged"))
    found = opened.join(sums, on="opener", how="left")
    assert (found["total_amount"] == found["charged"]).all()


def test_sex_age_days_and_principal_diagnosis_are_the_claims(joined):
    assert (joined["gender"].replace_strict({1: "male", 2: "female"}) == joined["extra_sex"].cast(
        pl.String)).all()  # fmt: skip
    days = (joined["admission_date"] - joined["birth_date"]).dt.total_days().clip(0)
    assert (joined["ageDay"] == days).all()
    principal = joined["zdList"].str.split("|").list.first()
    assert (principal == joined["extra_principal_diagnosis"].cast(pl.String)).all()


@pytest.mark.parametrize("limit", [1, 15, 66])
def test_years_of_age_turn_on_the_birthday(joined, limit):
    for row in joined.filter(pl.col("age").is_between(limit - 1, limit)).iter_rows(named=True):
        birth, day = row["birth_date"], row["admission_date"]
        years = day.year - birth.year - ((day.month, day.day) < (birth.month, birth.day))
        assert row["age"] == max(years, 0)
        assert isinstance(birth, date)


def test_codes_are_codes_and_costs_stay_inside_the_stay(city):
    read = read_stays([city / "cases.parquet"], needs_year=True)
    assert read.rejects.is_empty()
    for row in read.stays.iter_rows(named=True):
        assert all(diagnosis_of(code) for code in row["secondary"])
        stems = [code[:3] for code in (row["diagnosis"], *row["secondary"])]
        assert len(set(stems)) == len(stems), stems
        assert all(procedure_of(code) for code in row["procedures"] if code)
        assert sum(row["procedure_amounts"]) <= row["total_amount"]
    some = read.stays.filter(pl.col("procedure_amounts").list.len() > 1)
    assert some.height


def test_codes_fit_sex_and_age(cases):
    newborn = cases.filter(pl.col("zdList").str.starts_with("P"))
    assert (newborn["ageDay"] <= 28).all()
    assert (cases.filter(pl.col("ageDay") > 28)["weight"] == 0).all()
    assert (cases.filter(pl.col("ageDay") <= 28)["weight"] > 0).all()
    for code, sex in (("N40", 1), ("D25", 2), ("O8", 2), ("C50", 2)):
        assert (cases.filter(pl.col("zdList").str.starts_with(code))["gender"] == sex).all()
    assert (cases.filter(pl.col("zdList").str.contains("M81.900"))["gender"] == 2).all()
    assert not cases.filter((pl.col("age") < 15) & pl.col("zdList").str.contains("J44")).height


def test_known_diseases_stand_among_further_diagnoses(city, joined):
    members = pl.read_parquet(city / "members.parquet").unique("member_id")
    known = joined.join(members.select("member_id", "has_hypertension"), on="member_id")
    says = known["zdList"].str.contains("I10.x")
    with_it, without = (says.filter(known["has_hypertension"] == has) for has in (True, False))
    assert len(with_it) > 10
    assert with_it.sum() * 2 > len(with_it)
    assert without.sum() * 3 < len(without)


def test_the_grouper_reads_every_record(city, cases):
    filed = open_cases(city / "cases.parquet")
    batches = [case_batch(rows, ()) for rows in filed.frames()]
    age = FIELDS.index("age")
    read = [int(number) for batch in batches for number in batch.columns.numbers[:, age]]
    assert read == [age * 1000 for age in cases["age"].to_list()]
    assert not any(batch.columns.invalid.any() for batch in batches)


def test_the_citys_example_scheme_groups_every_record(city, cases, tmp_path):
    scheme = open_scheme(examples_root() / "grouping" / "synthetic_city")
    summary = group_file(scheme, open_cases(city / "cases.parquet"), out=tmp_path / "groups.csv")
    assert summary.by_status["grouped"] == summary.cases_count == cases.height
    assert summary.by_finding.keys() <= {"qy_ambiguous"}
    assert len(summary.by_mdc) > 10


def test_the_list_of_codes_names_what_there_is():
    figures = read_figures()
    names = {condition.name for condition in figures.conditions}
    for one in figures.stay_codes:
        assert one.part in ("further", "related", "main", "older")
        assert one.condition in (names | {""})
        of_diagnosis = one.part in ("further", "older")
        assert (diagnosis_of if of_diagnosis else procedure_of)(one.code) == one.code
        assert one.known in ("", "hypertension", "diabetes")
