"""`yibao group` and `yibao scheme` as a person runs them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest

from tests.health.checkers import ROOT

EXAMPLE, CITY = "examples/grouping/base", "examples/grouping/city"
CASES = """Index,gender,age,ageDay,weight,dept,inHospitalTime,leavingType,zdList,ssList
C1,1,50,,,,5,1,XG01|XK03,
C2,3,50,,,,5,1,XG01,
C3,2,40,,,,5,1,XW01,YW01|YW02
"""


@pytest.fixture
def cases(tmp_path) -> Path:
    path = tmp_path / "cases.csv"
    path.write_text(CASES, "utf-8")
    return path


def yibao(*words: object, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "yibao.doors.cli", *map(str, words)],
        capture_output=True, text=True, cwd=ROOT, check=False, env=os.environ | environment,
    )  # fmt: skip


def test_a_file_is_grouped_and_the_invalid_case_told(cases, tmp_path):
    out = tmp_path / "groups.csv"
    done = yibao("group", cases, "--scheme", EXAMPLE, "--out", out, "--language", "en")
    assert done.returncode == 1, done.stderr
    rows = pl.read_csv(out, infer_schema=False)
    assert rows.columns[:5] == ["Index", "status", "mdc", "adrg", "drg"]
    assert rows["drg"].to_list()[::2] == ["GZ14", "WA19"]
    assert rows["status"].to_list() == ["grouped", "invalid", "grouped"]
    assert "cases.csv:3 C2 [sex_invalid]" in done.stderr
    assert "What to do" in done.stderr
    assert "Traceback" not in done.stderr


ODD_PLACES = [[2], [3], [5], [2, 3], [4, 5], [2, 4, 6], [2, 3, 4, 5, 6]]


@pytest.mark.parametrize("places", ODD_PLACES, ids=str)
@pytest.mark.parametrize("cells", ["", ",1,50,,,,5,1,XG01,,9,9"], ids=["narrow", "wide"])
def test_rows_of_another_width_are_invalid_cases_in_their_place(places, cells, tmp_path):
    header, *good = CASES.splitlines()
    waiting = iter([*good, *good])
    numbers = range(2, 2 + len(good) + len(places))
    rows = [f"ODD{n}{cells}" if n in places else next(waiting) for n in numbers]
    rows.insert(0, header)
    path, out = tmp_path / "odd.csv", tmp_path / "groups.csv"
    path.write_text("\n".join(rows) + "\n", "utf-8")
    done = yibao("group", path, "--scheme", EXAMPLE, "--out", out, "--json")
    assert done.returncode == 1, done.stderr
    found = pl.read_csv(out, infer_schema=False).with_columns(pl.all().fill_null(""))
    assert found["Index"].to_list() == [row.split(",")[0] for row in rows[1:]]
    odd = found.filter(pl.col("Index").str.starts_with("ODD"))
    assert set(odd.select("status", "mdc", "drg", "reason").rows()) == {
        ("invalid", "", "", "row_width")
    }
    rejects = pl.read_csv(f"{out}.rejects.csv").filter(pl.col("code") == "row_width")
    assert rejects["row"].to_list() == [place for place in places if place < 2 + len(rows) - 1]
    answer = json.loads(done.stdout)
    assert answer["cases"] == len(rows) - 1
    assert sum(answer[name] for name in ("grouped", "qy", "ungrouped", "invalid")) == len(rows) - 1


def test_json_adds_up(cases, tmp_path):
    out = tmp_path / "groups.parquet"
    done = yibao("group", "--scheme", EXAMPLE, "--out", out, cases, "--json")
    answer = json.loads(done.stdout)
    parts = [answer[name] for name in ("grouped", "qy", "ungrouped", "invalid")]
    assert (answer["cases"], sum(parts), parts) == (3, 3, [2, 0, 0, 1])
    assert pl.read_parquet(out).height == 3


def test_cases_are_explained_from_a_file_and_on_the_spot(cases):
    filed = yibao(
        "group", "explain", "C1", "--cases", cases, "--scheme", EXAMPLE, "--language", "en"
    )
    assert filed.returncode == 0, filed.stderr
    assert "C1: grouped MDCG → GZ1 → GZ14" in filed.stdout
    assert "without the secondary diagnosis XK03 → GZ16" in filed.stdout
    written = yibao(
        "group", "explain", "gender=1;age=50;zdList=XG01|XK03", "--scheme", CITY, "--json"
    )
    assert json.loads(written.stdout)["drg"] == "GZ16"
    absent = yibao("group", "explain", "C9", "--cases", cases, "--scheme", EXAMPLE)
    assert absent.returncode == 4
    assert "C9" in absent.stderr


def test_schemes_are_checked_shown_and_compared(tmp_path):
    assert json.loads(yibao("scheme", "check", EXAMPLE, "--json").stdout)["drgs"] == 60
    shown = yibao("scheme", "show", EXAMPLE, "LR1", "--language", "en").stdout
    assert "the principal diagnosis is in list LR1 and age in years < 18" in shown
    different = yibao("scheme", "diff", EXAMPLE, CITY, "--language", "en")
    assert different.returncode == 1
    assert "~ dx XK03: level C → –" in different.stdout
    assert yibao("scheme", "diff", EXAMPLE, EXAMPLE).returncode == 0
    nothing = yibao("scheme", "check", tmp_path, "--language", "zh")
    assert nothing.returncode == 3
    assert "不是分组方案目录" in nothing.stderr


@pytest.mark.parametrize("mark", [";", "\t"])
def test_other_separators_are_one_fault_that_says_so(mark, cases, tmp_path):
    cases.write_text(CASES.replace(",", mark), "utf-8")
    out = tmp_path / "out.csv"
    done = yibao("group", cases, "--scheme", EXAMPLE, "--out", out, "--language", "en")
    assert done.returncode == 3
    assert "cases.csv:1 [separator_wrong]" in done.stderr
    assert "with commas" in done.stderr
    assert "1 fault found" in done.stderr
    assert not out.exists()


def test_the_first_run_says_that_it_compiles_and_later_ones_do_not(cases, tmp_path):
    environment = {"NUMBA_CACHE_DIR": str(tmp_path / "kept")}
    words = ("--scheme", EXAMPLE, "--out", tmp_path / "out.csv", "--language", "en")
    first, second = (yibao("group", cases, *words, **environment) for _ in range(2))
    assert first.stderr.count("first run: compiling the grouper") == 1
    assert "compiling" not in second.stderr
    assert first.stdout.splitlines()[1:] == second.stdout.splitlines()[1:]
    case = "gender=1;age=50;zdList=XG01"
    explained = yibao("group", "explain", case, "--scheme", EXAMPLE, **environment)
    assert (explained.returncode, explained.stderr.count("编译")) == (0, 0)


def test_memory_of_small_pieces_goes_back_to_the_system():
    program = (
        "from yibao.offices.actuary.grouping.running import group_file; import pyarrow;"
        "print(pyarrow.default_memory_pool().backend_name)"
    )
    environment = {k: v for k, v in os.environ.items() if k != "ARROW_DEFAULT_MEMORY_POOL"}
    for named, expected in (
        ({}, "system"),
        ({"ARROW_DEFAULT_MEMORY_POOL": "mimalloc"}, "mimalloc"),
    ):
        asked = subprocess.run(
            [sys.executable, "-c", program], capture_output=True, text=True, check=True,
            env=environment | named,
        )  # fmt: skip
        assert asked.stdout.strip() == expected


def test_help_is_there_without_heavy_imports():
    for words in (["group"], ["group", "run"], ["group", "explain"], ["scheme"]):
        helped = yibao(*words, "--help")
        assert helped.returncode == 0
        assert "Examples:" in helped.stdout
    program = "import sys, yibao.doors.cli.group; print('numba' in sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert loaded.stdout.strip() == "False"
