"""What stands in the claims of a city: sums, days, order, facts that agree with the members'."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import numpy as np
import polars as pl
import pytest

from tests.unit.city.conftest import MEMBERS, SEED, YEAR
from yibao.engines.benefits.rows import Law
from yibao.offices.actuary.city.chunks import outside_stays
from yibao.offices.actuary.city.making import make_city
from yibao.offices.actuary.city.outpatient import Chunk
from yibao.offices.actuary.city.tables import Contract
from yibao.offices.actuary.city.writing import Order
from yibao.offices.actuary.laws import open_law
from yibao.offices.actuary.settling import ResultPlaces, settle_file
from yibao.storage.files.claim_files import find_claims
from yibao.storage.files.partitions import find_places

FIRST, LAST = date(YEAR, 1, 1), date(YEAR, 12, 31)


def test_the_classes_sum_to_what_was_charged(claims: pl.DataFrame):
    classes = [name for name in claims.columns if name.partition(":")[0].endswith("_amount")]
    classes.remove("submitted_amount")
    assert len(classes) == 4 + 4
    assert claims.filter(pl.sum_horizontal(classes) != pl.col("submitted_amount")).height == 0
    assert claims.select(pl.min_horizontal(pl.min(*classes))).item() >= 0
    assert claims["submitted_amount"].min() > 0
    for name in classes[:4]:
        assert claims[name].sum() > 0, name


def test_every_day_is_of_the_year_and_in_order(claims: pl.DataFrame):
    assert claims["settlement_date"].min() >= FIRST
    assert claims["settlement_date"].max() <= LAST
    stays = claims.filter(pl.col("admission_date").is_not_null())
    assert stays.filter(pl.col("admission_date") >= pl.col("settlement_date")).height == 0
    assert stays["admission_date"].min() < FIRST  # some began in the year before
    assert claims.filter(pl.col("birth_date") >= FIRST).height == 0
    by_member = claims.group_by("member_id", maintain_order=True)
    days = by_member.agg(pl.col("settlement_date"), pl.col("entry_sequence"))
    assert (
        days.filter(
            ~pl.col("settlement_date")
            .list.eval(pl.element().diff().drop_nulls() >= timedelta())
            .list.all()
        ).height
        == 0
    )
    assert days.filter(pl.col("entry_sequence").list.first() != 1).height == 0
    assert (
        days.filter(
            pl.col("entry_sequence").list.last() != pl.col("entry_sequence").list.len()
        ).height
        == 0
    )


def test_nobody_is_in_two_hospitals_or_at_the_doctor_from_a_ward(claims: pl.DataFrame):
    stays = claims.filter(pl.col("discharge_date").is_not_null()).select(
        "member_id",
        "claim_id",
        pl.col("admission_date").alias("begins"),
        pl.col("discharge_date").alias("ends"),
    )
    met = claims.join(stays, on="member_id", suffix="_stay").filter(
        pl.col("claim_id") != pl.col("claim_id_stay"), pl.col("encounter_id").is_null()
    )
    assert met.height > 1_000
    inside = met.filter(
        pl.col("settlement_date") > pl.col("begins"), pl.col("settlement_date") < pl.col("ends")
    )
    assert inside.height == 0


def test_a_stay_in_parts_names_its_first_row(contract: Contract, tmp_path: Path):
    make_city(Order(40_000, SEED, YEAR), tmp_path / "city", contract=contract)
    rows = pl.read_parquet(tmp_path / "city" / "part-0000" / "claims.parquet").filter(
        pl.col("encounter_id").is_not_null()
    )
    assert rows.height > 20
    stays = rows.group_by("encounter_id").agg(
        pl.len(), pl.col("claim_id").min().alias("opener"), pl.col("member_id").n_unique(),
        pl.col("admission_date").n_unique(), pl.col("discharge_date").null_count().alias("open"),
    )  # fmt: skip
    assert stays.filter(
        (pl.col("len") != 2) | (pl.col("opener") != pl.col("encounter_id"))
        | (pl.col("member_id") != 1) | (pl.col("admission_date") != 1) | (pl.col("open") != 1)
    ).height == 0  # fmt: skip


def test_facts_are_those_of_the_members_spell(city: Path, claims: pl.DataFrame):
    members = pl.read_parquet(city / "members.parquet")
    assert members.filter(pl.col("from_date").is_not_null()).height > 5
    own = claims.join(members, on="member_id", suffix="_member").filter(
        pl.col("from_date").is_null() | (pl.col("from_date") <= pl.col("settlement_date")),
        pl.col("until_date").is_null() | (pl.col("settlement_date") < pl.col("until_date")),
    )
    assert own.height == claims.height
    for fact in ("scheme", "member_category", "payer_tier", "assistance_identity", "is_poor"):
        assert own.filter(pl.col(fact).ne_missing(pl.col(f"{fact}_member"))).height == 0, fact
    early = own.filter(pl.col("extra_kind") == "special_visit").filter(
        pl.col("settlement_date") < pl.col("recognised_date")
    )
    assert early.height == 0


@pytest.mark.parametrize(("change", "days"), [(105, []), (110, []), (111, [110]), (102, [110])])
def test_a_visit_waits_for_the_discharge_unless_its_scheme_has_ended(change: int, days: list[int]):
    """A visit on day 103 falls into a stay of days 100 to 110; the member changes scheme once."""
    first = int(np.datetime64("2024-01-01").astype(int))

    def on(*days: int) -> np.ndarray:
        return np.array(days) + first

    people = SimpleNamespace(change_day=on(change))
    chunk = cast(Chunk, SimpleNamespace(population=people, year=2024))
    stays = {"member": np.array([0]), "admission": on(100), "discharge": on(110), "day": on(110)}
    visits = {"member": np.array([0]), "day": on(103)}
    assert (outside_stays(visits, stays, chunk=chunk)["day"] - first).tolist() == days


def test_stays_are_coded_and_visits_are_not(claims: pl.DataFrame):
    is_stay = pl.col("extra_kind").is_in(["stay", "delivery"])
    coded = pl.col("extra_principal_diagnosis").is_not_null()
    assert claims.filter(is_stay != coded).height == 0
    births = claims.filter(pl.col("extra_kind") == "delivery")
    assert set(births["extra_sex"]) == {"female"}
    assert set(births["extra_procedures"]) == {"73.5900x001", "74.1x01"}


@pytest.fixture(scope="module")
def lined(contract: Contract, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("lined") / "city"
    make_city(Order(300, SEED, YEAR, lines_share=500_000), out, contract=contract)
    return out


def test_lines_sum_to_their_claim_and_stand_in_place_of_amounts(lined: Path):
    claims = pl.read_parquet(lined / "part-0000" / "claims.parquet")
    lines = pl.read_parquet(lined / "part-0000" / "lines.parquet")
    has_lines = claims.filter(pl.col("eligible_amount").is_null())
    assert 0.4 < has_lines.height / claims.height < 0.6
    sums = lines.group_by("claim_id").agg(pl.col("submitted_amount").sum().alias("sum"))
    joined = has_lines.join(sums, on="claim_id", how="full")
    assert joined.filter(pl.col("sum").ne_missing(pl.col("submitted_amount"))).height == 0
    assert lines.filter((pl.col("quantity") < 1) | (pl.col("submitted_amount") < 1)).height == 0
    assert lines.group_by("claim_id", "line_id").len()["len"].max() == 1


def test_every_claim_settles_under_qingdaos_law(lined: Path, qingdao: Law, tmp_path: Path):
    """With examples, with and without lines: nothing is rejected."""
    summary = settle_file(
        qingdao, find_places(lined), results=ResultPlaces(tmp_path / "settled.parquet")
    )
    assert summary.claims_count > 2_500
    assert summary.by_code == {}


@pytest.mark.parametrize("area", ["370100", "360400"])
def test_a_city_for_another_area_keeps_that_areas_contract(area: str, tmp_path: Path):
    law = open_law(area, with_examples=True)
    make_city(Order(20, SEED, YEAR), tmp_path / "city", contract=Contract.of(law.area))
    summary = settle_file(
        law,
        find_claims(tmp_path / "city" / "part-0000"),
        results=ResultPlaces(tmp_path / "settled.parquet"),
    )
    told = {"value_unknown", "amounts_twice", "submitted_differs", "identifier_invalid"}
    assert not told & set(summary.by_code)


def test_members_are_those_who_were_ordered(city: Path):
    members = pl.read_parquet(city / "members.parquet")
    assert members["member_id"].n_unique() == MEMBERS
    employee = members.filter(pl.col("scheme") == "employee")
    resident = members.filter(pl.col("scheme") == "resident")
    assert employee["payer_tier"].null_count() == employee.height > 0
    assert resident["member_category"].null_count() == resident.height > 0
    assert employee["member_category"].null_count() == resident["payer_tier"].null_count() == 0
    poor = members.filter(pl.col("assistance_identity") == "registered_poor")
    assert poor["is_poor"].all()
    assert (
        members.filter(pl.col("is_poor"), pl.col("assistance_identity") == "no_identity").height
        == 0
    )
