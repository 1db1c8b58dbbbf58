"""`yibao quote`, `recompute` and `demo` as a person runs them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.functional.cli.running import yibao

ROOT = Path(__file__).parents[3]
PUBLISHED = ROOT / "examples" / "published"
A01 = PUBLISHED / "A01" / "bill.yaml"


def as_process(*words: object) -> subprocess.CompletedProcess[str]:
    """The real program, as a process of its own."""
    return subprocess.run(
        [sys.executable, "-W", "error", "-m", "yibao.doors.cli", *map(str, words)],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        env={**os.environ, "PYTHONUTF8": "1", "LANG": "C.UTF-8"},
    )


def edited(tmp_path: Path, example: str, *edits: tuple[str, str]) -> Path:
    """A copy of an example's bill, changed, beside a link to its policy."""
    text = (PUBLISHED / example / "bill.yaml").read_text(encoding="utf-8")
    for was, becomes in edits:
        assert was in text
        text = text.replace(was, becomes)
    bill = tmp_path / "bill.yaml"
    bill.write_text(text, encoding="utf-8")
    policy = PUBLISHED / example / "policy"
    if policy.is_dir() and not (tmp_path / "policy").exists():
        (tmp_path / "policy").symlink_to(policy)
    return bill


# -- the statement ---------------------------------------------------------------


def test_a_bill_is_settled_and_explained_in_english():
    done = as_process("quote", A01, "--language", "en")
    assert (done.returncode, done.stderr) == (0, "")
    for amount in ("125,790.00", "29,743.68", "17,126.42", "2,687.93", "24,651.97"):
        assert amount in done.stdout


def test_and_in_chinese_where_the_environment_speaks_it():
    done = yibao("quote", A01, LANG="zh_CN.UTF-8")
    assert "个人负担合计" in done.stdout
    assert "24,651.97" in done.stdout


def test_a_year_lists_its_claims_and_explains_the_last():
    done = yibao("quote", PUBLISHED / "S1-08" / "bill.yaml", "--language", "en")
    assert done.returncode == 0
    assert "visit-1" in done.stdout
    assert "Claim visit-3" in done.stdout
    assert "144.00" in done.stdout


def test_another_event_is_explained_on_request():
    done = yibao("quote", PUBLISHED / "S1-08" / "bill.yaml", "--event", 1, "--language", "en")
    assert "Claim visit-1" in done.stdout
    missing = yibao("quote", PUBLISHED / "S1-08" / "bill.yaml", "--event", 4, "--language", "en")
    assert missing.returncode == 4
    assert "1, 2, 3" in missing.stderr


CHARGED = """\
bill: charged
policy: "370200"
member:
  id: M1
  facts: {scheme: employee, member_category: working}
opening:
  - {counter: outpatient_deductible, year: 2024, amount: 800}
events:
  - settle: V1
    dates: {settlement: 2024-06-03}
    facts: {care_type: general_outpatient, facility_level: level_3}
    lines:
      - {line: 1, item: XC08CA01EX0000000000001, quantity: 600, unit_price: "1.0000"}
      - {line: 2, item: XC08CA01EX0000000000001, quantity: -100, amount: -100, refunds: 1}
"""


def test_charged_lines_are_split_by_the_catalogue_and_netted(tmp_path: Path):
    bill = tmp_path / "bill.yaml"
    bill.write_text(CHARGED, encoding="utf-8")
    done = yibao("quote", bill, "--with-examples", "--json")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)["entries"][0]["explanation"]
    # class A, 600 less 100 taken back; the 800 are met: 500 × 60 %
    assert told["submitted_amount"] == 500_00
    assert told["benefit_amount"] == 300_00
    assert [line["line_id"] for line in told["lines"]] == ["1"]
    assert "example_item" in [finding["code"] for finding in told["findings"]]


def test_a_line_that_the_catalogue_does_not_know_is_named(tmp_path: Path):
    bill = tmp_path / "bill.yaml"
    bill.write_text(CHARGED.replace("XC08CA01EX0000000000001", "NONE"), encoding="utf-8")
    done = yibao("quote", bill, "--with-examples", "--language", "en")
    assert done.returncode == 4
    assert "bill.yaml:9: bill V1: line 1: item NONE" in done.stderr


# -- data and recomputation ---------------------------------------------------------


@pytest.fixture
def stored(tmp_path: Path) -> Path:
    done = yibao("quote", A01, "--json")
    assert done.returncode == 0
    place = tmp_path / "stored.json"
    place.write_text(done.stdout, encoding="utf-8")
    return place


def test_data_carry_plan_hash_engine_and_amounts_in_fen(stored: Path):
    data = json.loads(stored.read_text(encoding="utf-8"))
    told = data["entries"][0]["explanation"]
    assert told["plan_id"] == "990001/resident_inpatient"
    assert len(told["policy_hash"]) == 64
    assert data["engine_version"] == told["engine_version"]
    assert told["benefit_amount"] == 175_348_03
    assert told["submitted_amount"] == told["benefit_amount"] + told["out_of_pocket_amount"]


def test_a_stored_determination_comes_out_again(stored: Path):
    done = yibao("recompute", stored, A01, "--language", "en")
    assert (done.returncode, done.stderr) == (0, "")
    assert "equal" in done.stdout


def test_a_changed_figure_is_named(stored: Path, tmp_path: Path):
    data = json.loads(stored.read_text(encoding="utf-8"))
    data["entries"][0]["explanation"]["benefit_amount"] += 1
    changed = tmp_path / "changed.json"
    changed.write_text(json.dumps(data), encoding="utf-8")
    done = yibao("recompute", changed, A01, "--language", "en")
    assert done.returncode == 1
    assert "explanation.benefit_amount: stored 17534804, computed 17534803" in done.stdout
    assert "policy has changed" not in done.stdout


def test_names_that_an_older_program_did_not_write_are_no_difference(stored: Path, tmp_path: Path):
    older = tmp_path / "older.json"
    data = json.loads(stored.read_text(encoding="utf-8"))
    explained = data["entries"][0]["explanation"]
    for adjustment in explained["adjustments"]:
        del adjustment["stream_label"]
    older.write_text(json.dumps(data), encoding="utf-8")
    assert yibao("recompute", older, A01).returncode == 0
    del explained["adjustments"][0]["amount"]  # a figure that is gone is one
    older.write_text(json.dumps(data), encoding="utf-8")
    assert yibao("recompute", older, A01).returncode == 1


def test_a_changed_policy_is_told(stored: Path, tmp_path: Path):
    policy = tmp_path / "policy"
    policy.mkdir()
    for file in (PUBLISHED / "A01" / "policy").iterdir():
        text = file.read_text(encoding="utf-8").replace("amount: 20000}", "amount: 20001}")
        (policy / file.name).write_text(text, encoding="utf-8")
    done = yibao("recompute", stored, A01, "--policy", policy, "--language", "en")
    assert done.returncode == 1
    assert "the policy has changed" in done.stdout


@pytest.mark.parametrize("content", ["", "{", "[]", '{"format": "other"}', "\xff"])
def test_what_is_no_stored_quote_is_told(tmp_path: Path, content: str):
    place = tmp_path / "stored.json"
    place.write_text(content, encoding="latin-1")
    done = yibao("recompute", place, A01, "--language", "en")
    assert done.returncode == 4
    assert "Traceback" not in done.stderr


# -- pictures --------------------------------------------------------------------


@pytest.mark.parametrize(("name", "begins"), [("a.svg", b"<?xml"), ("a.PNG", b"\x89PNG")])
def test_a_picture_is_written_whole(tmp_path: Path, name: str, begins: bytes):
    done = yibao("quote", A01, "--picture", tmp_path / name)
    assert done.returncode == 0
    assert (tmp_path / name).read_bytes().startswith(begins)
    assert [place.name for place in tmp_path.iterdir()] == [name]


@pytest.mark.parametrize("name", ["a.jpg", "a", "missing/a.svg"])
def test_a_picture_that_cannot_be_is_told(tmp_path: Path, name: str):
    done = yibao("quote", A01, "--picture", tmp_path / name, "--language", "en")
    assert done.returncode == 4
    assert "Traceback" not in done.stderr
    assert list(tmp_path.iterdir()) == []


# -- bad input ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("was", "becomes", "code", "words"),
    [
        ("facility_level: level_3", "facility_level: level_7", 3, ["level_7", "level_1, level_2"]),
        ("settlement: 2024-02-19", "settlement: 2019-02-19", 4, ["2019-02-19", "in force"]),
        ("settlement: 2024-02-19", "settlement: 2024-02-30", 3, ["2024-02-30"]),
        ("eligible: 500", "eligible: 500.5", 3, ["quote it"]),
        ("eligible: 500", 'eligible: "500.505"', 3, ["500.505"]),
        ("eligible: 500", "eligible: -500", 3, ["negative"]),
        ("settle: visit-2", "settle: visit-1", 4, ["visit-1", "settled before"]),
        ("scheme: employee, ", "", 4, ["scheme"]),
        ("events:", "events", 3, ["YAML"]),
    ],
)
def test_bad_input_names_place_and_remedy(tmp_path: Path, was, becomes, code, words):
    bill = edited(tmp_path, "S1-08", (was, becomes))
    told = {language: yibao("quote", bill, "--language", language) for language in ("en", "zh")}
    for language, arrow in (("en", "What to do"), ("zh", "处理")):
        done = told[language]
        assert (done.returncode, done.stdout) == (code, "")
        assert "Traceback" not in done.stderr
        assert "bill.yaml" in done.stderr
        assert arrow in done.stderr
    for word in words:
        assert word in told["en"].stderr


@pytest.mark.parametrize("words", [["quote", "nowhere.yaml"], ["quote", A01, "--policy", "999"]])
def test_what_is_not_there_is_told(words: list):
    done = yibao(*words, "--language", "en")
    assert done.returncode in {3, 4}
    assert "Traceback" not in done.stderr


def test_examples_are_asked_for_by_name():
    bill = PUBLISHED / "S0-12" / "bill.yaml"
    done = yibao("quote", bill, "--language", "en")
    assert done.returncode == 4
    assert "--with-examples" in done.stderr
    assert yibao("quote", bill, "--with-examples").returncode == 0


def test_an_unknown_reform_is_told():
    done = yibao(
        "quote", PUBLISHED / "S1-08" / "bill.yaml", "--reform", "nothing", "--language", "en"
    )
    assert done.returncode == 3
    assert "nothing" in done.stderr


# -- the demonstration, the program ------------------------------------------------


def test_the_demo_compares_every_figure_and_writes_pictures(tmp_path: Path):
    done = yibao("demo", "--members", "0", "--out", tmp_path / "out", "--language", "en")
    assert done.returncode == 0, done.stderr
    assert "NO" not in done.stdout.split()
    assert "equal to the fen" in done.stdout
    names = {folder.name for folder in PUBLISHED.iterdir()}
    assert {"A01", "A03", "A08-A10", "B06", "C08", "E03", "S1-08", "S0-12"} <= names
    pictures = {place.name for place in (tmp_path / "out").iterdir()}
    assert pictures == {f"{name}.{form}" for name in names for form in ("svg", "png")}


def test_help_answers_at_once():
    fastest = 9.0
    for _ in range(3):
        start = time.perf_counter()
        assert as_process("quote", "--help").returncode == 0
        fastest = min(fastest, time.perf_counter() - start)
    assert fastest < 0.3


HEAVY = ("matplotlib", "numba", "polars", "pyarrow", "pydantic", "rich.table", "yaml")
ASKING_FOR_HELP = f"""
import sys
from yibao.doors.cli.entry import COMMANDS, main
for name in COMMANDS:
    if name != "policy":
        try:
            main([name, "--help"], prog_name="yibao")
        except SystemExit as end:
            assert end.code == 0, name
        found = [heavy for heavy in {HEAVY} if heavy in sys.modules]
        assert not found, (name, found)
"""


def test_help_loads_nothing_heavy():
    done = subprocess.run(
        [sys.executable, "-c", ASKING_FOR_HELP], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.count("Usage: yibao") >= 5


def test_an_unknown_command_names_those_there_are():
    done = yibao("qoute")
    assert done.returncode == 2
    assert "quote" in done.stderr


def test_every_command_of_the_table_loads():
    from yibao.doors.cli.entry import COMMANDS

    for name in COMMANDS:
        done = yibao(name, "--help")
        assert (done.returncode, "Traceback" in done.stderr) == (0, False), name
