"""The kernel's road from files to files comes to the reference's answer, whatever they hold."""

from __future__ import annotations

import os
import resource
import shutil
import subprocess
import sys
from datetime import date, timedelta
from pathlib import Path

import polars as pl
import pytest

from tests.unit.actuary.bulk_cities import city, claims_of, differences, places_of, settled
from yibao.base.findings import FaultsFound
from yibao.offices.actuary.bulk.resolving import Resolver
from yibao.offices.actuary.laws import open_law
from yibao.offices.actuary.settling import (
    ResultPlaces,
    UnableToSettle,
    Way,
    settle_file,
)
from yibao.storage.files.partitions import find_places

YEARS = [
    *(("370200", year) for year in (2020, 2022, 2023, 2024)),
    *(("370100", year) for year in (2019, 2023, 2025)),
    *(("360400", year) for year in (2020, 2023, 2024)),
]


@pytest.fixture(scope="session")
def laws():
    codes = dict.fromkeys(code for code, _ in YEARS)
    return {code: open_law(code, with_examples=True) for code in codes}


@pytest.fixture(scope="session")
def law(laws):
    return laws["370200"]


@pytest.fixture(scope="session")
def small_city(law, tmp_path_factory):
    """About two thousand claims of 2024."""
    return city(tmp_path_factory.mktemp("city") / "city", law, members=170, year=2024)


@pytest.fixture(scope="session")
def small(small_city):
    return claims_of(small_city)


def written(frame, folder, **options):
    path = folder / "claims.parquet"
    frame.write_parquet(path, **options)
    return path


@pytest.mark.parametrize(("code", "year"), YEARS)
def test_every_shipped_plan_over_a_city(laws, code, year, tmp_path):
    path = city(tmp_path / "city", laws[code], members=170, year=year)
    assert claims_of(path).height >= 1_900
    assert differences(laws[code], path, tmp_path) == []


@pytest.mark.long
@pytest.mark.parametrize(("code", "year"), YEARS)
def test_every_shipped_plan_over_a_larger_city(laws, code, year, tmp_path):
    path = city(tmp_path / "city", laws[code], members=1_600, year=year, partitions=3)
    assert claims_of(path).height >= 20_000
    assert differences(laws[code], path, tmp_path) == []


def test_law_without_its_examples_rejects_the_same_claims(small_city, tmp_path):
    bare = open_law("370200")
    assert differences(bare, small_city, tmp_path) == []
    summary, rows, rejects = settled(bare, small_city, tmp_path / "k.parquet", "kernel")
    assert set(rejects["code"]) == {"example_needed"}
    assert summary.rejected_count == rejects.height > 50
    assert rows["findings"].str.contains("earlier_claim_rejected").any()


def test_claims_split_by_the_catalogue_among_others(law, tmp_path):
    path = tmp_path / "city"
    from yibao.offices.actuary.city.making import Order, make_city
    from yibao.offices.actuary.city.tables import Contract

    order = Order(60, 5, 2024, 1, lines_share=100_000)
    make_city(order, path, contract=Contract.of(law.area))
    assert (path / "part-0000" / "lines.parquet").is_file()
    assert differences(law, path, tmp_path) == []


def some(frame, every, offset=0):
    """Rows here and there."""
    return pl.int_range(frame.height) % every == offset


WRONG = {
    "an unknown value": {"facility_level": "level_9"},
    "a value that is empty": {"facility_level": ""},
    "an amount below zero": {"eligible_amount": -1},
    "an amount too large": {"eligible_amount": 10**13 + 1},
    "amounts that are together too large": {"eligible_amount": 10**13, "noncovered_amount": 10**13},
    "a class that is missing": {"noncovered_amount": None},
    "another sum": {"submitted_amount": 1},
    "no sum": {"submitted_amount": None},
    "no day": {"settlement_date": None},
    "a day before the law": {"settlement_date": date(1999, 12, 31), "discharge_date": None},
    "a day behind the law's check": {"settlement_date": date(2031, 1, 1), "discharge_date": None},
    "no member": {"member_id": None},
    "no claim id": {"claim_id": None},
    "an entry below zero": {"entry_sequence": -1},
    "no entry": {"entry_sequence": None},
    "no scheme": {"scheme": None},
    "no care type": {"care_type": None},
    "an amount in a stream of another plan": {"eligible_amount:essential_drug": 100},
    "a birth in the future": {"birth_date": date(2030, 1, 1)},
    "a birth long ago": {"birth_date": date(1700, 1, 1)},
    "no disease for a counter kept by it": {"disease": None},
}


@pytest.mark.parametrize("wrong", WRONG, ids=lambda name: name.replace(" ", "-"))
def test_rows_that_are_wrong_here_and_there(law, small, tmp_path, wrong):
    frame = small.head(240)
    changes = [
        pl.when(some(frame, 41))
        .then(pl.lit(value, dtype=pl.String if isinstance(value, str) else frame.schema[name]))
        .otherwise(pl.col(name).cast(pl.String) if isinstance(value, str) else pl.col(name))
        .alias(name)
        for name, value in WRONG[wrong].items()
    ]
    assert differences(law, written(frame.with_columns(changes), tmp_path), tmp_path) == []


@pytest.fixture
def asked_why(monkeypatch):
    """The days of the rows for which the reference was asked why no plan can be chosen."""
    asked, ask = [], Resolver._no_plan

    def noted(resolver, frame, row):
        asked.append(int(frame.dates[0, row]))
        return ask(resolver, frame, row)

    monkeypatch.setattr(Resolver, "_no_plan", noted)
    return asked


def test_why_no_plan_can_be_chosen_is_worked_out_once_for_rows_alike(
    law, small, tmp_path, asked_why
):
    """A quarter of the claims lacks its scheme, the others lie before the law, on ten days."""
    frame, when = small.head(600), pl.int_range(600)
    day = pl.date(1999, 1, 1) + pl.duration(days=when % 10)
    frame = frame.with_columns(
        settlement_date=day,
        admission_date=pl.when(pl.col("admission_date").is_null()).then(None).otherwise(day),
        discharge_date=pl.when(pl.col("discharge_date").is_null()).then(None).otherwise(day),
        birth_date=pl.date(1950, 1, 1),
        scheme=pl.when(when % 4 == 0).then(None).otherwise("scheme"),
    )
    assert differences(law, written(frame, tmp_path), tmp_path) == []
    rejects = pl.read_csv(tmp_path / "kernel.parquet.rejects.csv", infer_schema=False)
    told = {
        code: rows.select(pl.exclude("row", "claim_id", "member_id", "entry_sequence")).unique()
        for (code,), rows in rejects.group_by("code")
    }
    assert rejects.height == 600
    days = {name for rows in told.values() for name in rows["message_en"] if "1999-01-" in name}
    assert {name.partition(" on ")[2][:10] for name in days} == {
        f"1999-01-{number:02}" for number in range(1, 11)
    }
    assert len(asked_why) < rejects.height / 2
    assert len(set(asked_why)) == 10


def test_claims_twice_in_a_file(law, small, tmp_path):
    frame = small.head(500)
    first = pl.col("claim_id").first()
    frame = frame.with_columns(
        pl.when(some(frame, 97)).then(first).otherwise("claim_id").alias("claim_id")
    )
    path = written(frame, tmp_path)
    assert differences(law, path, tmp_path) == []
    _, _, rejects = settled(law, path, tmp_path / "k.parquet", "kernel")
    assert rejects["code"].to_list() == ["claim_id_twice"] * 6


def test_entries_twice(law, small, tmp_path):
    frame = small.head(500).with_columns(entry_sequence=pl.col("entry_sequence") // 2 + 1)
    path = written(frame, tmp_path)
    assert differences(law, path, tmp_path) == []


@pytest.mark.parametrize("every", [7, 64, 500])
def test_members_that_stand_across_row_groups(law, small, tmp_path, every, monkeypatch):
    monkeypatch.setattr("yibao.offices.actuary.bulk.reading.SHARE_ROWS", 100)
    path = written(small.head(400), tmp_path, row_group_size=every, statistics=every != 64)
    assert differences(law, path, tmp_path) == []


def test_rows_in_no_order(law, small, tmp_path):
    frame = small.head(400).sample(fraction=1, shuffle=True, seed=5)
    assert differences(law, written(frame, tmp_path), tmp_path) == []


def test_a_members_rows_in_another_order_than_entered(law, small, tmp_path):
    frame = small.head(400)
    frame = frame.sort("member_id", pl.col("entry_sequence") * -1)
    assert differences(law, written(frame, tmp_path), tmp_path) == []


def test_rows_without_a_sequence_are_entered_as_they_stand(law, small, tmp_path):
    frame = small.head(600).drop("entry_sequence").reverse()
    assert differences(law, written(frame, tmp_path), tmp_path) == []


def test_ids_of_text_and_encounters_of_their_own(law, small, tmp_path):
    frame = small.head(400).with_columns(
        claim_id=pl.format("C-{}", "claim_id"),
        member_id=pl.format("会员{}", "member_id"),
        encounter_id=pl.when(some(small.head(400), 3)).then(pl.lit("E1")).otherwise(pl.lit("")),
    )
    assert differences(law, written(frame, tmp_path), tmp_path) == []


def test_an_id_that_is_none(law, small, tmp_path):
    frame = small.head(300)
    ids = (
        pl.when(some(frame, 50)).then(pl.lit("a b")).otherwise(pl.col("member_id").cast(pl.String))
    )
    assert differences(law, written(frame.with_columns(member_id=ids), tmp_path), tmp_path) == []


def test_claims_in_csv(law, small, tmp_path):
    frame = small.head(600)
    lists = [name for name, kind in frame.schema.items() if isinstance(kind, pl.List)]
    path = tmp_path / "claims.csv"
    frame.with_columns(pl.col(lists).list.join(";")).write_csv(path)
    assert differences(law, path, tmp_path) == []


def test_dates_as_text(law, small, tmp_path):
    frame = small.head(300).with_columns(pl.col("settlement_date").cast(pl.String))
    frame = frame.with_columns(
        settlement_date=pl.when(some(frame, 60))
        .then(pl.lit("2024-02-30"))
        .otherwise("settlement_date")
    )
    assert differences(law, written(frame, tmp_path), tmp_path) == []


def test_years_of_a_member_one_within_the_other(law, small, tmp_path):
    """Bills of one year entered between those of another: each year keeps its own counters."""
    frame = small.head(400)
    day = pl.col("settlement_date")
    frame = frame.with_columns(
        settlement_date=pl.when(some(frame, 2)).then(day - timedelta(days=366)).otherwise(day)
    )
    assert differences(law, written(frame, tmp_path), tmp_path) == []


def test_results_in_csv_have_the_same_rows(law, small_city, tmp_path):
    runs = [
        settled(law, small_city, tmp_path / f"{engine}.csv", engine)
        for engine in ("reference", "kernel")
    ]
    assert runs[0][1].equals(runs[1][1])
    assert runs[0][0] == runs[1][0]


def test_an_empty_file(law, small, tmp_path):
    path = written(small.head(0), tmp_path)
    assert differences(law, path, tmp_path) == []


def test_the_same_file_gives_the_same_bytes_with_any_number_of_threads(law, tmp_path, monkeypatch):
    path = city(tmp_path / "city", law, members=400, year=2024, partitions=3)
    found = []
    for threads in (1, 2, 3):
        monkeypatch.setattr("yibao.offices.actuary.runners.LOCAL_THREADS", threads)
        out = tmp_path / f"{threads}.parquet"
        settled(law, path, out, Way("kernel"))
        found.append(out.read_bytes())
    assert found[0] == found[1] == found[2]


def refused(law, path, tmp_path, engine="kernel"):
    out = tmp_path / "out.parquet"
    out.write_text("what stood here before", encoding="utf-8")
    with pytest.raises(FaultsFound) as told:
        settle_file(law, places_of(path), results=ResultPlaces(out), engine=engine)
    assert out.read_text("utf-8") == "what stood here before"
    assert not Path(f"{out}.rejects.csv").exists()
    assert not [one for one in tmp_path.iterdir() if one.name.startswith(".")]
    return [fault.code for fault in told.value.faults]


@pytest.fixture
def parts(law, tmp_path):
    return city(tmp_path / "city", law, members=300, year=2024, partitions=3)


def test_a_partition_that_is_missing(law, parts, tmp_path):
    shutil.rmtree(parts / "part-0001")
    assert refused(law, parts, tmp_path) == ["partition_missing"]


def test_a_partition_cut_short(law, parts, tmp_path):
    path = parts / "part-0001" / "claims.parquet"
    path.write_bytes(path.read_bytes()[:-100])
    assert refused(law, parts, tmp_path) == ["file_unreadable"]


def test_a_partition_broken_in_the_middle(law, parts, tmp_path):
    path = parts / "part-0001" / "claims.parquet"
    whole = bytearray(path.read_bytes())
    for place in range(100, len(whole) // 2, 50):
        whole[place] ^= 0xFF
    path.write_bytes(whole)
    assert refused(law, parts, tmp_path) == ["file_unreadable"]


def test_a_member_in_two_partitions(law, parts, tmp_path):
    first, second = (parts / f"part-000{n}" / "claims.parquet" for n in (0, 1))
    moved = pl.read_parquet(first).head(1)
    frame = pl.read_parquet(second)
    changed = frame.with_columns(
        member_id=pl.when(pl.col("member_id") == frame["member_id"][0])
        .then(moved["member_id"][0])
        .otherwise("member_id")
    )
    changed.write_parquet(second)
    with pytest.raises(FaultsFound) as told:
        settle_file(
            law, find_places(parts), results=ResultPlaces(tmp_path / "o.parquet"), engine="kernel"
        )
    assert {fault.code for fault in told.value.faults} == {"member_in_two_partitions"}
    assert str(moved["member_id"][0]) in told.value.faults[0].message.en


def test_a_column_that_nobody_knows(law, small, tmp_path):
    path = written(small.head(5).with_columns(favourite_colour=pl.lit("red")), tmp_path)
    assert refused(law, path, tmp_path) == ["column_unknown"]


def test_amounts_as_floats(law, small, tmp_path):
    path = written(small.head(5).with_columns(pl.col("eligible_amount") / 100), tmp_path)
    assert refused(law, path, tmp_path) == ["column_type"]


def test_tables_that_only_the_reference_engine_writes(law, small, tmp_path):
    results = ResultPlaces(tmp_path / "o.parquet", lines=tmp_path / "l.parquet")
    with pytest.raises(UnableToSettle) as told:
        settle_file(
            law, places_of(written(small.head(5), tmp_path)), results=results, engine="kernel"
        )
    assert "--engine reference" in told.value.remedy.en


@pytest.mark.skipif(os.name != "posix", reason="limits of a process")
def test_a_disk_that_is_full(law, small_city, tmp_path):
    """The system refuses to write on: nothing half written stays, and it is said why."""
    out = tmp_path / "out.parquet"
    out.write_text("what stood here before", encoding="utf-8")
    command = [
        *(str(Path(sys.executable).with_name("yibao")), "settle", str(small_city), str(out)),
        *("--policy", "370200", "--with-examples", "--engine", "kernel", "--language", "en"),
    ]

    def limit():
        resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))

    run = subprocess.run(
        command, capture_output=True, text=True, check=False, preexec_fn=limit, timeout=120
    )
    assert run.returncode == 4, run.stderr
    assert "cannot write" in run.stderr
    assert "nothing was written" in run.stderr
    assert "Traceback" not in run.stderr
    assert out.read_text("utf-8") == "what stood here before"
    assert sorted(one.name for one in tmp_path.iterdir()) == ["out.parquet"]
