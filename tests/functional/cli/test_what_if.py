"""`yibao what-if` as a policy officer runs it: real files, the real command, totals by hand.

By hand, Qingdao 2024, employees at a community centre: no deductible, working 80 %, retired 85 %,
at most 6000 (retired 7000) a year; under `outpatient_limit_2023` at most 1700.
"""

from __future__ import annotations

import csv
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import polars as pl
import pytest

VISIT = {
    "entry_sequence": 1,
    "settlement_date": "2024-03-01",
    "birth_date": "1980-01-01",
    "scheme": "employee",
    "member_category": "working",
    "care_type": "general_outpatient",
    "facility_level": "community",
    "prior_self_pay_amount": 0,
    "over_limit_amount": 0,
    "noncovered_amount": 0,
}
VISITS = [
    # 1600.00 on both sides; 1700.00 on both; 1700.01 or 1700.00; 6000.00 or 1700.00; 7000.00 or …
    {**VISIT, "claim_id": "C1", "member_id": "M1", "eligible_amount": 200_000},
    {**VISIT, "claim_id": "C2", "member_id": "M2", "eligible_amount": 212_500},
    {**VISIT, "claim_id": "C3", "member_id": "M3", "eligible_amount": 212_501},
    {**VISIT, "claim_id": "C4", "member_id": "M4", "eligible_amount": 1_000_000},
    {**VISIT, "claim_id": "C5", "member_id": "M5", "eligible_amount": 1_000_000,
     "member_category": "retired", "birth_date": "1950-01-01"},
]  # fmt: skip
BEFORE = 160_000 + 4 * 170_000
AFTER = 160_000 + 170_000 + 170_001 + 600_000 + 700_000


def write_csv(path, rows):
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(VISITS[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path


def command(*words, policy="370200"):
    program = str(Path(sys.executable).with_name("yibao"))
    return [program, "what-if", *map(str, words), "--policy", policy]


def ask(*words, **more):
    environment = {**os.environ, "LANG": "en_US.UTF-8"}
    return subprocess.run(
        command(*words, **more),
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
        env=environment,
    )


@pytest.fixture
def visits(tmp_path):
    return write_csv(tmp_path / "claims.csv", VISITS)


def test_from_1700_to_6000(visits):
    run = ask("law", visits, "--base-reform", "outpatient_limit_2023", "--json")
    assert (run.returncode, run.stderr) == (0, "")
    (line,) = run.stdout.splitlines()
    told = json.loads(line)
    assert told["total"]["base_benefit_amount"] == BEFORE
    assert told["total"]["reform_benefit_amount"] == AFTER
    assert told["total"]["change_amount"] == 1 + 430_000 + 530_000
    assert told["total"]["change_rate"] == 1_142_858  # 9600.01 of 8400.00
    assert [(fund["fund"], fund["change_amount"]) for fund in told["funds"]] == [
        ("employee_pooling", 960_001)
    ]
    assert (told["winners_count"], told["losers_count"]) == (3, 0)
    changes = {
        (group["grouping"], group["group"]): group["change_amount"] for group in told["groups"]
    }
    assert changes["member_category", "working"] == 430_001
    assert changes["member_category", "retired"] == 530_000
    assert changes["age_band", "35–44"] == 430_001
    assert changes["age_band", "60–74"] == 530_000
    assert told["claims"]["answer_changed"] == 3
    assert told["base"] == {
        "reforms": ["outpatient_limit_2023"],
        "zh": "职工门诊限额按 2023 年",
        "en": "the employees' outpatient limit of 2023",
    }
    assert len(told["cannot_see"]) == 4


def test_the_tables_for_people(visits):
    run = ask("outpatient_limit_2023", visits)
    assert run.returncode == 0, run.stderr
    assert "What if: the employees' outpatient limit of 2023." in run.stdout
    assert "−9,600.01" in run.stdout
    assert "0 bear less, 3 bear more" in run.stdout
    assert "visits that a better benefit brings" in run.stdout
    assert "The law is not settled: outpatient-deductible-shared" in run.stdout
    chinese = ask("outpatient_limit_2023", visits, "--language", "zh")
    assert "如果：职工门诊限额按 2023 年" in chinese.stdout
    assert "静态测算看不到：" in chinese.stdout


def test_open_questions_are_told_in_full_or_in_brief_by_name(visits):
    words = ("outpatient_limit_2023", visits, "--language", "en")
    full, brief = ask(*words).stdout, ask(*words, "--brief").stdout
    name = next(line for line in full.splitlines() if "Read as:" in line).split(":")[0].strip()
    assert "yibao policy sources" not in full
    assert f"The law is not settled: {name}" in brief
    assert "yibao policy sources 370200" in brief
    assert "Read as:" not in brief


def test_tables_and_a_picture_are_written(visits, tmp_path):
    out, picture = tmp_path / "new" / "tables", tmp_path / "page.png"
    words = ("outpatient_limit_2023", visits, "--out", out, "--picture", picture)
    run = ask(*words, "--language", "zh")
    assert run.returncode == 0, run.stderr
    assert picture.read_bytes().startswith(b"\x89PNG")
    assert str(out) in run.stdout
    changed = pl.read_csv(out / "changed_claims.csv")
    assert dict(zip(changed["claim_id"], changed["change_amount"], strict=True)) == {
        "C3": -1,
        "C4": -430_000,
        "C5": -530_000,
    }
    first = {file.name: file.read_bytes() for file in (*out.iterdir(), picture)}
    assert ask(*words, "--language", "zh").returncode == 0
    assert {file.name: file.read_bytes() for file in (*out.iterdir(), picture)} == first


def test_rejected_claims_end_with_one_and_are_told(tmp_path):
    path = write_csv(tmp_path / "claims.csv", [*VISITS, {**VISITS[0], "claim_id": "C9",
                     "member_id": "M9", "eligible_amount": -1}])  # fmt: skip
    run = ask("outpatient_limit_2023", path)
    assert run.returncode == 1
    assert "6 claims read, 5 compared" in run.stdout
    assert "1 claims were settled on neither side" in run.stdout


def test_a_reform_of_something_else_is_said_first(visits):
    run = ask("without_poor_tilt_2020", visits)
    assert run.returncode == 0
    assert "touches no rule under which these claims were settled" in run.stdout
    assert "winners and losers" not in run.stdout


def test_examples_are_told(visits):
    row = {**VISITS[0], "claim_id": "C9", "member_id": "M9", "facility_level": "pharmacy"}
    path = write_csv(visits, [*VISITS, row])
    assert ask("outpatient_limit_2023", path).returncode == 1  # a pharmacy has no sourced rate
    run = ask("outpatient_limit_2023", path, "--with-examples", "--json")
    told = json.loads(run.stdout)
    assert run.returncode == 0
    assert told["base_grounds"]["answers_with_examples_count"] == 1
    assert told["base_grounds"]["examples_count"] == 2  # the deductible and the rate
    assert any("2 of 30 values used are examples" in note["en"] for note in told["notes"])


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (("nosuch",), 3, "there is no reform named 'nosuch'"),
        (("law",), 4, "both sides are the same law (law)"),
        (("outpatient_limit_2023", "--engine", "abacus"), 4, "there is no engine abacus"),
        (("outpatient_limit_2023", "--picture", "page.gif"), 4, "no such form of picture"),
        (("outpatient_limit_2023", "--picture", "none/page.svg"), 4, "cannot write"),
        ((), 2, "Missing argument"),
    ],
)
def test_what_cannot_be_asked(visits, words, code, told):
    run = ask(*words[:1], *((visits,) if words else ()), *words[1:])
    assert run.returncode == code
    assert told in run.stderr
    assert "Traceback" not in run.stderr


@pytest.mark.parametrize("policy", ["000001", "nowhere"])
def test_an_area_that_there_is_not(visits, policy):
    run = ask("outpatient_limit_2023", visits, policy=policy)
    assert run.returncode == 4
    assert f"there is no policy '{policy}'" in run.stderr


def test_a_file_that_cannot_be_used(tmp_path):
    path = tmp_path / "claims.csv"
    path.write_text("claim_id,member_id\nC1,M1", encoding="utf-8")
    out = tmp_path / "out"
    run = ask("outpatient_limit_2023", path, "--out", out)
    assert run.returncode == 3
    assert "file_truncated" in run.stderr
    assert not out.exists()
    assert ask("outpatient_limit_2023", tmp_path / "none.csv").returncode == 3


def test_a_run_that_is_stopped_leaves_nothing(tmp_path):
    rows = [{**VISITS[0], "claim_id": f"C{n}", "member_id": f"M{n}"} for n in range(30_000)]
    path = write_csv(tmp_path / "claims.csv", rows)
    scratch, out = tmp_path / "scratch", tmp_path / "out"
    scratch.mkdir()
    environment = {**os.environ, "TMPDIR": str(scratch)}
    words = command("outpatient_limit_2023", path, "--out", out)
    with subprocess.Popen(words, stdout=subprocess.DEVNULL, env=environment) as process:
        for _ in range(600):
            if any(scratch.glob("yibao-what-if-*/base/.*")):
                break
            time.sleep(0.05)
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 128 + signal.SIGTERM
    assert list(scratch.iterdir()) == []
    assert not out.exists()
