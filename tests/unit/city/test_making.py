"""A city is whole or not there, and its bytes follow from the seed alone."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import polars as pl
import pyarrow as pa
import pytest
from polars.testing import assert_frame_equal
from pyarrow import parquet

from tests.unit.city.conftest import MEMBERS, SEED, YEAR
from yibao.offices.actuary.city import writing
from yibao.offices.actuary.city.chunks import draw_chunk
from yibao.offices.actuary.city.making import UnableToMakeCity, make_city, plan_of
from yibao.offices.actuary.city.population import CHUNK_MEMBERS
from yibao.offices.actuary.city.tables import Contract, claims_table, members_table
from yibao.offices.actuary.city.writing import Order
from yibao.storage.files.partitions import read_manifest
from yibao.storage.files.results import UnableToWrite


def bytes_of(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_the_same_seed_gives_the_same_bytes(city: Path, contract: Contract, tmp_path: Path):
    again = tmp_path / "again"
    make_city(Order(MEMBERS, SEED, YEAR), again, contract=contract)
    assert bytes_of(again) == bytes_of(city)


def test_another_seed_gives_another_city(city: Path, contract: Contract, tmp_path: Path):
    make_city(Order(MEMBERS, SEED + 1, YEAR), tmp_path / "other", contract=contract)
    other, own = bytes_of(tmp_path / "other"), bytes_of(city)
    assert other.keys() == own.keys()
    assert not [name for name in own if own[name] == other[name] and "providers" not in name]


def test_partitions_change_no_claim_and_part_no_family(
    claims: pl.DataFrame, contract: Contract, tmp_path: Path
):
    make_city(Order(MEMBERS, SEED, YEAR, partitions=5), tmp_path / "parts", contract=contract)
    parts = [
        pl.read_parquet(path) for path in sorted((tmp_path / "parts").glob("part-*/claims.parquet"))
    ]
    assert len(parts) == 5
    assert all(part.height > claims.height / 10 for part in parts)
    for part in parts:
        assert_frame_equal(part, part.sort("member_id", "entry_sequence"))
    assert_frame_equal(pl.concat(parts).sort("claim_id"), claims.sort("claim_id"))
    families = [set(part["family_id"]) for part in parts]
    assert sum(map(len, families)) == len(set.union(*families))


def test_a_longer_city_begins_with_the_shorter_one(contract: Contract, tmp_path: Path):
    sizes = (CHUNK_MEMBERS - 9, CHUNK_MEMBERS + 9)
    for size in sizes:
        make_city(Order(size, SEED, YEAR), tmp_path / str(size), contract=contract)
    short, long = (pl.read_parquet(tmp_path / str(size) / "members.parquet") for size in sizes)
    assert_frame_equal(long.head(short.height), short)
    assert long["member_id"].n_unique() == sizes[1]


def test_row_groups_are_cut_and_nothing_is_lost(
    claims: pl.DataFrame, contract: Contract, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(writing, "_GROUP_ROWS", 1_000)
    monkeypatch.setattr(writing, "_LEAST_ROWS", 1_000)
    make_city(Order(MEMBERS, SEED, YEAR), tmp_path / "city", contract=contract)
    read = pl.read_parquet(tmp_path / "city" / "part-0000" / "claims.parquet")
    assert_frame_equal(read, claims)


@pytest.mark.parametrize("lines", [0, 500_000])
def test_columns_without_gaps_say_so(lines: int, contract: Contract, tmp_path: Path):
    made = tmp_path / "city"
    make_city(Order(200, SEED, YEAR, lines_share=lines), made, contract=contract)
    schema = parquet.read_schema(made / "part-0000" / "claims.parquet")
    filled = {field.name for field in schema if not field.nullable}
    assert {"claim_id", "member_id", "birth_date", "submitted_amount", "care_type"} <= filled
    assert ("eligible_amount" in filled) == (lines == 0)
    assert not filled & {"admission_date", "encounter_id", "member_category"}


def test_a_gap_in_a_column_that_has_none_is_refused(tmp_path: Path):
    groups = writing.RowGroups(tmp_path / "claims.parquet", 1, filled=["claim_id"])
    with pytest.raises(ValueError, match="claim_id"):
        groups.add(pa.table({"claim_id": pa.array([1, None])}))


def test_who_was_born_on_the_first_day_of_1970_has_a_birth_date(contract: Contract):
    """Days count from there, so it is day 0, which elsewhere stands for no day."""
    plan = plan_of(Order(200, SEED, YEAR))
    chunk = draw_chunk(plan, 0)
    born = np.zeros_like(chunk.population.birth_day)
    chunk = replace(chunk, population=replace(chunk.population, birth_day=born))
    lined = np.zeros(len(chunk.claim_id), np.bool_)
    claims = claims_table(
        chunk, plan.figures, providers=plan.providers, contract=contract, lined=lined
    )
    members = members_table(chunk, plan.figures, count=200)
    for table in (claims, members):
        assert set(table["birth_date"].to_pylist()) == {date(1970, 1, 1)}


def test_the_manifest_counts_what_is_there(city: Path, claims: pl.DataFrame):
    manifest = read_manifest(city)
    assert manifest.claims_count == claims.height
    assert manifest.made["seed"] == SEED
    assert manifest.made["members"] == MEMBERS
    assert pl.read_parquet(city / "members.parquet")["member_id"].n_unique() == MEMBERS


@pytest.mark.parametrize("stop", [KeyboardInterrupt, SystemExit])
def test_an_interrupted_run_leaves_nothing(
    stop: type[BaseException], contract: Contract, tmp_path: Path
):
    def interrupt(done: int, total: int) -> None:
        raise stop

    with pytest.raises(stop):
        make_city(
            Order(MEMBERS, SEED, YEAR), tmp_path / "city", contract=contract, progress=interrupt
        )
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_leaves_nothing_and_says_so(
    contract: Contract, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(writing.RowGroups, "_write", full)
    with pytest.raises(UnableToWrite) as told:
        make_city(Order(MEMBERS, SEED, YEAR), tmp_path / "city", contract=contract)
    assert "disk is full" in told.value.told("en")
    assert "磁盘" in told.value.told("zh")
    assert list(tmp_path.iterdir()) == []


def test_what_is_there_is_not_overwritten(contract: Contract, tmp_path: Path):
    (tmp_path / "city").mkdir()
    with pytest.raises(UnableToWrite, match="there already"):
        make_city(Order(MEMBERS, SEED, YEAR), tmp_path / "city", contract=contract)
    assert list((tmp_path / "city").iterdir()) == []


@pytest.mark.parametrize(
    ("order", "name"),
    [
        (Order(0, 1, YEAR), "--members"),
        (Order(10, -1, YEAR), "--seed"),
        (Order(10, 1, YEAR, partitions=1_001), "--partitions"),
    ],
)
def test_sizes_that_make_no_city_are_refused(
    order: Order, name: str, contract: Contract, tmp_path: Path
):
    with pytest.raises(UnableToMakeCity, match=name):
        make_city(order, tmp_path / "city", contract=contract)
    assert list(tmp_path.iterdir()) == []
