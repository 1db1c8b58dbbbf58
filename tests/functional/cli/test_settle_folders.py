"""`yibao settle` of a folder of partitions that is not as it should be: who is told what, where."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest

from tests.functional.cli.running import yibao
from yibao.offices.actuary.city.making import make_city
from yibao.offices.actuary.city.tables import Contract
from yibao.offices.actuary.city.writing import Order
from yibao.offices.actuary.laws import open_law
from yibao.storage.files.partitions import read_manifest, table_file, write_manifest

ENGINES = ("reference", "kernel")


@pytest.fixture
def city(tmp_path: Path) -> Path:
    """Forty members in three parts."""
    contract = Contract.of(open_law("370200", with_examples=True).area)
    make_city(Order(40, 9, 2024, 3), tmp_path / "city", contract=contract)
    return tmp_path / "city"


def claims_of(city: Path, part: int) -> pl.DataFrame:
    return pl.read_parquet(city / f"part-{part:04d}" / "claims.parquet")


def rewrite(city: Path, part: int, claims: pl.DataFrame) -> None:
    """Other claims for a part, and a manifest that names them."""
    path = city / f"part-{part:04d}" / "claims.parquet"
    claims.write_parquet(path)
    manifest = read_manifest(city)
    parts = [
        type(one)(table_file(city, path)) if number == part else one
        for number, one in enumerate(manifest.parts)
    ]
    write_manifest(city, type(manifest)(**{**_fields(manifest), "parts": tuple(parts)}))


def _fields(manifest) -> dict[str, object]:
    return {name: getattr(manifest, name) for name in manifest.__struct_fields__}


def settle(city: Path, engine: str, language: str = "en"):
    out = city.parent / f"settled-{engine}.parquet"
    words = ("--policy", "370200", "--engine", engine, "--language", language, "--with-examples")
    return yibao("settle", city, out, *words, "--json"), out


def left_behind(city: Path) -> list[str]:
    return sorted(path.name for path in city.parent.iterdir() if path.name != "city")


@pytest.mark.parametrize("engine", ENGINES)
def test_a_reject_names_its_part_and_row(city: Path, engine: str) -> None:
    wrong = claims_of(city, 1).with_columns(
        eligible_amount=pl.when(pl.int_range(pl.len()) == 2).then(-1).otherwise("eligible_amount")
    )
    rewrite(city, 1, wrong)
    ran, out = settle(city, engine)
    assert ran.returncode == 1
    assert "part-0001/claims.parquet:3 " in ran.stderr
    rejects = pl.read_csv(f"{out}.rejects.csv", infer_schema=False)
    found = rejects.filter(pl.col("code") == "amount_negative")
    assert found.select("file", "row").rows() == [("part-0001/claims.parquet", "3")]
    assert json.loads(ran.stdout)["rejects"]["amount_negative"] == 1


@pytest.mark.parametrize("engine", ENGINES)
def test_a_claim_id_in_two_parts_stops_the_run_and_both_places_are_named(
    city: Path, engine: str
) -> None:
    shared = claims_of(city, 0)["claim_id"][4]
    second = claims_of(city, 2)
    ids = pl.when(pl.int_range(pl.len()) == 1).then(shared).otherwise("claim_id")
    rewrite(city, 2, second.with_columns(claim_id=ids))
    for language, said in (("en", "stands in two partitions"), ("zh", "在两个分区中都有")):
        ran, _ = settle(city, engine, language)
        assert ran.returncode == 3
        assert f"{city}/part-0002/claims.parquet:2; {city}/part-0000/claims.parquet:5" in ran.stderr
        assert f"[claim_id_in_two_partitions] {'claim' if language == 'en' else ''}" in ran.stderr
        assert str(shared) in ran.stderr
        assert said in ran.stderr
    assert left_behind(city) == []


@pytest.mark.parametrize("engine", ENGINES)
def test_a_member_in_two_parts_stops_the_run(city: Path, engine: str) -> None:
    moved = claims_of(city, 0).head(1).with_columns(pl.col("claim_id") + 999_000_000_000_000)
    rewrite(city, 1, pl.concat([claims_of(city, 1), moved]))
    ran, _ = settle(city, engine)
    assert ran.returncode == 3
    assert "member_in_two_partitions" in ran.stderr
    assert "part-0000" in ran.stderr
    assert "part-0001" in ran.stderr
    assert left_behind(city) == []


@pytest.mark.parametrize("engine", ENGINES)
def test_a_part_that_is_missing_stops_the_run(city: Path, engine: str) -> None:
    (city / "part-0002" / "claims.parquet").unlink()
    ran, _ = settle(city, engine, "zh")
    assert ran.returncode == 3
    assert "part-0002/claims.parquet [partition_missing] 清单中的分区文件不存在" in ran.stderr
    assert left_behind(city) == []


@pytest.mark.parametrize("engine", ENGINES)
def test_results_are_no_claims(city: Path, engine: str) -> None:
    ran, out = settle(city, engine)
    assert ran.returncode == 0, ran.stderr
    again = city.parent / "again.parquet"
    words = ("--policy", "370200", "--engine", engine)
    for language, said in (("en", "these are results of settling"), ("zh", "这是结算结果")):
        told = yibao("settle", out, again, *words, "--language", language)
        assert told.returncode == 3
        assert f"{out} [claims_are_results] {said}" in told.stderr
        assert "column_unknown" not in told.stderr
    assert not again.exists()
    asked = yibao("what-if", "law", out, *words, "--base-reform", "outpatient_limit_2023")
    assert asked.returncode == 3
    assert "claims_are_results" in asked.stderr


@pytest.mark.parametrize("engine", ENGINES)
def test_a_folder_with_nothing_and_a_folder_as_out(city: Path, engine: str) -> None:
    empty, out = city.parent / "empty", city.parent / "out.parquet"
    empty.mkdir()
    out.mkdir()
    words = ("--policy", "370200", "--engine", engine, "--language", "zh")
    told = yibao("settle", empty, city.parent / "o.parquet", *words)
    assert (told.returncode, "[file_unreadable]" in told.stderr) == (3, True)
    told = yibao("settle", city, out, *words, "--with-examples")
    assert (told.returncode, "这是目录，不是文件；未写入任何结果" in told.stderr) == (4, True)
    assert list(out.iterdir()) == []
    assert left_behind(city) == ["empty", "out.parquet"]


def test_claims_of_a_care_type_are_chosen_or_refused(city: Path) -> None:
    out = city.parent / "stays"
    done = yibao("city", "choose", city, "--care-type", "inpatient", "--out", out)
    assert done.returncode == 0, done.stderr
    chosen = pl.concat(pl.read_parquet(path) for path in sorted(out.glob("part-*/claims.parquet")))
    whole = pl.concat(claims_of(city, part) for part in range(3))
    kinds = pl.col("care_type").cast(pl.String)
    assert chosen.height == whole.filter(kinds == "inpatient").height > 0
    assert chosen.select(kinds.unique()).to_series().to_list() == ["inpatient"]
    assert read_manifest(out).made["care_types"] == "inpatient"
    words = ("--care-type", "nonsense", "--out", city.parent / "none", "--language", "en")
    refused = yibao("city", "choose", city, *words)
    assert refused.returncode == 4
    assert "has no claims of nonsense" in refused.stderr
    assert left_behind(city) == ["stays"]
