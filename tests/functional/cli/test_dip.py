"""`yibao dip` and `yibao group report`, as a person runs them."""

from __future__ import annotations

import json

import polars as pl
import pytest

from tests.functional.cli.running import yibao

HEAD = "Index,zdList,ssList,year,institution,institution_level,total_yuan,procedure_yuan,age\n"


def rows():
    """Strokes at 100 and 300 yuan, appendectomies at 400 and 800, fifteen of each cost."""
    for n in range(15):
        yield f"A{n},I63.900,,2024,east,level_2,100,,50"
        yield f"B{n},I63.801|E11.900,,2024,west,level_3,300.00,,70"
        yield f"C{n},K35.800x001,47.0100|54.2100,2024,east,level_2,400,100|39.99,30"
        yield f"D{n},K35.800x001,47.0100|54.2100,2024,west,level_3,800,100|80,30"


@pytest.fixture
def stays(tmp_path):
    path = tmp_path / "stays.csv"
    path.write_text(HEAD + "\n".join(rows()) + "\n", encoding="utf-8")
    return path


@pytest.fixture
def catalogue(tmp_path, stays):
    done = yibao("dip", "build", stays, "--out", tmp_path / "catalogue")
    assert (done.returncode, "60 rows, 0 rejected" in done.stdout) == (0, True)
    assert "nobody's law" in done.stderr
    return tmp_path / "catalogue"


def test_a_catalogue_by_hand(catalogue):
    done = yibao("dip", "show", catalogue, "--json")
    groups = {one["dip"]: one for one in json.loads(done.stdout)["groups"]}
    # mean of all 400 yuan; a related procedure of 39.99 of 400 does not count, 80 of 800 does
    assert {code: (one["cases"], one["relative_weight"]) for code, one in groups.items()} == {
        "I63.8": (15, "0.7500"),
        "I63.9": (15, "0.2500"),
        "K35.8:47.0100": (15, "1.0000"),
        "K35.8:47.0100+54.2100": (15, "2.0000"),
    }
    assert groups["I63.9"]["points"] == "250.00"
    manifest = json.loads((catalogue / "catalogue.json").read_bytes())
    assert manifest["stays"] == 60
    assert manifest["parameters_hold_on"] == "2025-01-01"
    means = pl.read_csv(catalogue / "level_means.csv", infer_schema=False).rows()
    assert means[0] == ("I63.8", "level_3", "2024", "15", "300.00")


def test_grouping_and_rejects_add_up(tmp_path, stays, catalogue):
    with stays.open("a", encoding="utf-8") as file:
        file.write("E1,,,2024,east,level_2,5,,\nE2,I63.900,,2024,east,level_2,5.001,,\n")
        file.write("E3,Q21.000,,2024,east,level_2,5,,30\n")
    out = tmp_path / "groups.csv"
    done = yibao("dip", "group", stays, "--catalogue", catalogue, "--out", out, "--json")
    said = json.loads(done.stdout)
    assert done.returncode == 1
    assert (said["rows"], said["grouped"], said["ungrouped"], said["rejected"]) == (63, 60, 1, 2)
    placed = pl.read_csv(out, infer_schema=False)
    by_index = {row["Index"]: row for row in placed.iter_rows(named=True)}
    assert by_index["D0"]["dip"] == "K35.8:47.0100+54.2100"
    # diabetes gives a point: 1.1 is more than 1.05 for 70 years; 750 × 1.1
    assert (by_index["B0"]["coefficient"], by_index["B0"]["adjusted_points"]) == (
        "1.100000", "825.00",
    )  # fmt: skip
    assert (by_index["E3"]["status"], by_index["E3"]["dip"]) == ("ungrouped", None)
    rejects = pl.read_csv(tmp_path / "groups.rejects.csv", infer_schema=False)
    assert dict(rejects.select("index", "code").iter_rows()) == {
        "E1": "diagnosis_missing", "E2": "amount_invalid",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("language", "sentence"),
    [("en", "its cost is too small a share"), ("zh", "费用占比不足，不计入")],
)
def test_one_stay_explained(stays, catalogue, language, sentence):
    words = ("dip", "explain", stays, "C0", "--catalogue", catalogue, "--language", language)
    done = yibao(*words)
    assert done.returncode == 0
    assert sentence in done.stdout
    assert "K35.8:47.0100" in done.stdout
    data = json.loads(yibao(*words, "--json").stdout)
    assert data["group"]["dip"] == "K35.8:47.0100"
    assert [one["reason"] for one in data["judged"]] == ["main", "cost_below_share"]


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (("explain", "STAYS", "nobody", "--catalogue", "CATALOGUE"), 4, "no stay has the Index"),
        (("explain", "STAYS", "A0", "--catalogue", "nowhere"), 3, "file_unreadable"),
        (("build", "STAYS", "--out", "CATALOGUE"), 4, "is there already"),
        (("build", "STAYS", "--out", "new", "--years", "2019"), 4, "no stay is left"),
        (("build", "STAYS", "--out", "new", "--years", "twenty"), 2, "--years"),
        (("build", "STAYS", "--out", "new", "--on", "2019-01-01"), 3, "dip_value_missing"),
        (("build", "STAYS", "--out", "new", "--parameters", "999999"), 3, "dip_parameters_missing"),
        (("build", "nowhere.csv", "--out", "new"), 3, "file_unreadable"),
        (("group", "STAYS", "--catalogue", "CATALOGUE", "--out", "x.txt"), 4, ".parquet"),
    ],
)
def test_what_cannot_be_done_is_told(monkeypatch, stays, catalogue, words, code, told):
    monkeypatch.chdir(stays.parent)
    places = {"STAYS": stays, "CATALOGUE": catalogue}
    done = yibao("dip", *(places.get(word, word) for word in words))
    assert done.returncode == code, done.stderr
    assert told in done.stderr
    assert not (stays.parent / "new").exists()


def test_a_report_by_hand(tmp_path, stays, catalogue):
    grouped = tmp_path / "groups.parquet"
    assert yibao("dip", "group", stays, "--catalogue", catalogue, "--out", grouped).returncode == 0
    out = tmp_path / "report"
    done = yibao("group", "report", grouped, "--out", out, "--json")
    said = json.loads(done.stdout)
    # every group has one cost, so groups explain everything and nothing is an outlier
    assert (said["judged"], said["groups_count"], said["variance_explained"]) == (60, 4, "1.000000")
    assert (said["low_count"], said["high_count"], said["case_mix_index"]) == (0, 0, "1.0000")
    institutions = pl.read_csv(out / "institutions.csv", infer_schema=False)
    # west (0.75 + 2) / 2, east (0.25 + 1) / 2
    assert dict(institutions.select("institution", "case_mix_index").iter_rows()) == {
        "west": "1.3750", "east": "0.6250",
    }  # fmt: skip
    assert (out / "report.png").read_bytes().startswith(b"\x89PNG")
    assert pl.read_excel(out / "report.xlsx", sheet_id=1).height == 4
    told = yibao("group", "report", grouped, "--out", tmp_path / "zh", "--language", "zh")
    assert "费用消耗指数" in told.stdout


def test_a_grouping_without_costs_takes_them_from_the_cases(tmp_path, stays, catalogue):
    grouped = tmp_path / "drg.csv"
    grouped.write_text("Index,status,mdc,adrg,drg\nA0,grouped,B,BR2,BR23\nA1,ungrouped,0,0,0\n"
                       "Z9,grouped,B,BR2,BR23\n", encoding="utf-8")  # fmt: skip
    done = yibao("group", "report", grouped, "--out", tmp_path / "r")
    assert (done.returncode, "column_missing" in done.stderr) == (3, True)
    words = ("group", "report", grouped, "--cases", stays, "--out", tmp_path / "r", "--json")
    said = json.loads(yibao(*words).stdout)
    assert (said["rows"], said["judged"], said["ungrouped"], said["without_cost"]) == (3, 1, 1, 1)


def test_a_cost_that_stands_twice_is_nobodys(tmp_path, stays):
    grouped = tmp_path / "drg.csv"
    grouped.write_text("Index,status,drg\nA0,grouped,BR23\nA1,grouped,BR23\n", encoding="utf-8")
    with stays.open("a", encoding="utf-8") as file:
        file.write("A1,I63.900,,2024,east,level_2,7,,50\n")
    words = ("group", "report", grouped, "--cases", stays, "--out", tmp_path / "r", "--json")
    said = json.loads(yibao(*words).stdout)
    assert (said["judged"], said["without_cost"], said["total_amount"]) == (1, 1, 10_000)


def test_no_case_in_a_group_is_told(tmp_path):
    grouped = tmp_path / "drg.csv"
    grouped.write_text("Index,status,drg,total_yuan\nA0,ungrouped,0000,5\n", encoding="utf-8")
    done = yibao("group", "report", grouped, "--out", tmp_path / "r")
    assert (done.returncode, "of 1 rows none is in a group" in done.stderr) == (4, True)
