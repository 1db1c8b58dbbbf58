"""What is odd in a case: findings that change no group, and what makes a case invalid."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from tests.unit.grouping.world import EXAMPLE, case_of, compiled_of
from yibao.base.findings import FaultsFound
from yibao.engines.grouping.case import FINDINGS, INVALID_REASONS, finding_told, invalid_told
from yibao.engines.grouping.explaining import explain_cases
from yibao.offices.actuary.grouping.running import REJECT_SCHEMA, group_file
from yibao.storage.files.grouping_cases import open_cases


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1 50 XG01 -", []),
        ("1 50 NOBODY -", ["principal_diagnosis_unknown"]),
        ("1 50 XG01+NOBODY -", ["diagnosis_unknown"]),
        ("1 50 XG01 NOBODY", ["procedure_unknown"]),
        ("1 50 XG01+XG01 -", ["principal_repeated"]),
        ("1 50 XG01+XK03+XK03 -", ["diagnosis_repeated"]),
        ("1 50 XG01 YG04+YG04", ["procedure_repeated"]),
        ("1 50 XG01+XW01 -", ["sex_against_diagnosis"]),
        ("2 50 XG01+XW01 -", []),
        ("1 50 XG01+XW02 -", ["sex_against_diagnosis"]),  # no sex of its own: MDC W lists it alone
        ("1 50 XG01+XW03 -", []),  # MDC G lists it as well
        ("2 50 XG01 YM02", ["sex_against_procedure", "qy_ambiguous"]),
        ("1 17 XM01 -", ["age_against_diagnosis"]),
        ("1 18 XM01 -", []),
        ("1 1 XG01+XP11 -", ["age_against_diagnosis"]),
        ("1 1 XG01+XP10 -", ["age_against_diagnosis"]),  # MDC P takes the first year alone
        ("1 0 XP10 - days=28", ["newborn_weight_missing"]),
        ("1 0 XP10 - days=29", []),
        ("1 0 XP10 - days=3 weight=99", ["newborn_weight_implausible"]),
        ("1 0 XP10 - days=3 weight=100", []),
        ("1 0 XP10 - days=3 weight=9999", []),
        ("1 0 XP10 - days=3 weight=10000", ["newborn_weight_implausible"]),
        ("1 0 XP10 -", ["ages_disagree"]),
        ("1 0 XP10 - days=365", []),
        ("1 0 XP10 - days=366", ["ages_disagree"]),
        ("1 2 XG01 - days=729", ["ages_disagree"]),
        ("1 2 XG01 - days=730", []),
        ("1 50 XG01 - days=0", ["ages_disagree"]),
        ("1 50 XG11 YG05", ["qy_ambiguous"]),
        ("1 50 XG11 YG04+YG05", ["qy_ambiguous"]),
        ("1 50 XL10 YG05", []),  # the slot is on: the case is in it
        ("1 50 XG01 YG01", []),
    ],
)
def test_findings(text: str, expected: list[str]):
    (explained,) = explain_cases(compiled_of(EXAMPLE), [case_of(text)])
    assert list(explained.findings) == expected


def test_every_code_is_told_in_both_languages():
    for name in FINDINGS:
        assert finding_told(name).zh != finding_told(name).en
    for name in INVALID_REASONS:
        assert invalid_told(name).zh != invalid_told(name).en


HEADER = "Index,gender,age,ageDay,weight,dept,inHospitalTime,icuHours,leavingType,zdList,ssList"
ROWS = """
A1,1,50,,,,,,,XG01,
,1,50,,,,,,,XG01,
A3,1,50,,,,,,,,
A4,1,50,,,,,,,|XG01,
A5,3,50,,,,,,,XG01,
A6,,50,,,,,,,XG01,
A7,1,,,,,,,,XG01,
A8,1,150,,,,,,,XG01,
A9,1,151,,,,,,,XG01,
A10,1,5.5,,,,,,,XG01,
A11,1,-1,,,,,,,XG01,
A12,1,fifty,,,,,,,XG01,
A13,1,0,half,3000,,,,,XP10,
A14,1,0,3,heavy,,,,,XP10,
A15,1,0,3,2500.5,,,,,XP11,
A16,1,50,,,,-1,,,XG01,
A17,1,50,,,,nan,,,XG01,
A18,1,50,,,,5,95.5,,XG01,YS20
A19,1,50,,,,5,96.0,,XG01,YS20
A20,1,50,,,,5,1e400,,XG01,
A21,1,50,,,,5,,1.5,XG01,
A22,0,-2,,,,,,,,
A23,1,50,,,E07,,,, XG01 | XK03 , YG04 | YG03
A1,1,50,,,,,,,XG01,
""".strip().splitlines()
EXPECTED = {
    "A1": "GZ16", "": ["index_missing"],
    "A3": ["principal_diagnosis_missing"], "A4": ["principal_diagnosis_missing"],
    "A5": ["sex_invalid"], "A6": ["sex_invalid"],
    "A7": ["age_invalid"], "A8": "GZ16", "A9": ["age_invalid"], "A10": ["age_invalid"],
    "A11": ["age_invalid"], "A12": ["age_invalid"], "A13": ["age_days_invalid"],
    "A14": ["weight_invalid"], "A15": "PS39", "A16": ["stay_days_invalid"],
    "A17": ["stay_days_invalid"], "A18": "GZ16", "A19": "SC19", "A20": ["icu_hours_invalid"],
    "A21": ["leaving_type_invalid"],
    "A22": ["principal_diagnosis_missing", "sex_invalid", "age_invalid"], "A23": "GD19",
}  # fmt: skip


def filed(folder: Path, rows: list[str]) -> Path:
    path = folder / "cases.csv"
    path.write_text("\n".join([HEADER, *rows]) + "\n", "utf-8")
    return path


def run(cases: Path, out: Path):
    summary = group_file(compiled_of(EXAMPLE), open_cases(cases), out=out)
    read = pl.read_parquet if out.suffix == ".parquet" else pl.read_csv
    options = {} if out.suffix == ".parquet" else {"infer_schema": False}
    rows = read(out, **options).with_columns(pl.all().cast(pl.String).fill_null(""))
    rejects = pl.read_csv(summary.rejects, schema=REJECT_SCHEMA)
    return summary, rows, rejects.with_columns(pl.col("Index").fill_null(""))


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_odd_cases_stand_beside_and_all_are_counted(tmp_path, suffix):
    summary, rows, rejects = run(filed(tmp_path, ROWS), tmp_path / f"out{suffix}")
    assert rows["Index"].to_list() == [line.split(",")[0] for line in ROWS]
    for index, expected in EXPECTED.items():
        row = rows.filter(pl.col("Index") == index).row(0, named=True)
        told = rejects.filter(pl.col("Index") == index)
        if isinstance(expected, str):
            assert (row["status"], row["drg"], told.height) == ("grouped", expected, 0), index
        else:
            assert (row["status"], row["mdc"], row["drg"]) == ("invalid", "", ""), index
            assert row["reason"] == expected[0]
            assert told["code"].to_list() == expected
    invalid = sum(isinstance(expected, list) for expected in EXPECTED.values())
    assert summary.by_status == {
        "grouped": len(ROWS) - invalid, "qy": 0, "ungrouped": 0, "invalid": invalid,
    }  # fmt: skip
    assert summary.cases_count == len(ROWS)
    assert summary.repeated_count == 1
    assert rejects["row"].to_list()[:2] == [3, 4]  # the header is row 1


def test_parquet_reads_as_csv_does_and_pieces_change_nothing(tmp_path):
    rows = [
        f"B{number},1,50,,,,,,,XG01|XK0{number % 7},YG0{number % 6}" for number in range(30_000)
    ]
    path = filed(tmp_path, rows)
    whole = pl.read_csv(path)
    whole.write_parquet(tmp_path / "cases.parquet", row_group_size=999)
    _, first, _ = run(path, tmp_path / "first.csv")
    _, second, _ = run(tmp_path / "cases.parquet", tmp_path / "second.parquet")
    listed = whole.with_columns(pl.col("zdList").str.split("|"), pl.col("ssList").str.split("|"))
    listed.write_parquet(tmp_path / "listed.parquet")
    _, third, _ = run(tmp_path / "listed.parquet", tmp_path / "third.csv")
    assert first.equals(second)
    assert first.equals(third)
    assert first["drg"].n_unique() > 3


@pytest.mark.parametrize(
    ("header", "code"),
    [
        (HEADER.replace("zdList", "diagnoses"), "column_missing"),
        (HEADER.replace("dept", "age"), "column_twice"),
    ],
)
def test_a_file_without_its_columns_is_refused(tmp_path, header, code):
    path = tmp_path / "cases.csv"
    path.write_text(f"{header}\n{ROWS[0]}\n", "utf-8")
    with pytest.raises(FaultsFound) as caught:
        open_cases(path)
    assert [fault.code for fault in caught.value.faults] == [code]


def test_a_row_that_is_cut_short_is_an_invalid_case_and_stops_nothing(tmp_path):
    summary, rows, rejects = run(filed(tmp_path, [ROWS[0], "A2,1", ROWS[0]]), tmp_path / "out.csv")
    assert (summary.cases_count, summary.by_invalid_reason) == (3, {"row_width": 1})
    assert rows["status"].to_list()[1] == "invalid"
    assert rejects.select("row", "Index", "code").rows() == [(3, "A2", "row_width")]


def test_an_empty_file_gives_an_empty_answer(tmp_path):
    summary, rows, rejects = run(filed(tmp_path, []), tmp_path / "out.csv")
    assert (summary.cases_count, rows.height, rejects.height) == (0, 0, 0)
