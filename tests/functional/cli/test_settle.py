"""`yibao settle` as a clerk runs it: real files, the real command, totals worked by hand.

By hand, Qingdao. Employee outpatient 2024, working: deductible 0 / 500 / 800 by level, 80 / 70 /
60 %. Visits at level 3 of 500, 300 and 240 in scope: the first 800 meet the deductible, the rest is
paid at 60 %, 144.00. Employee inpatient 2025, level 3, first stay, 50000 in scope: (40000 − 800) ×
86 % + 10000 × 95 % = 33712 + 9500 = 43212.
"""

from __future__ import annotations

import csv
import json
import os
import signal
import subprocess
import sys
import time
from datetime import date
from pathlib import Path

import polars as pl
import pytest

from tests.functional.cli.running import yibao

CATALOGUE = Path(__file__).parents[3] / "policies" / "370200" / "catalogue"
COLUMNS = [
    "claim_id", "member_id", "entry_sequence", "settlement_date", "scheme", "member_category",
    "care_type", "facility_level", "eligible_amount", "prior_self_pay_amount",
    "over_limit_amount", "noncovered_amount",
]  # fmt: skip
VISIT = {
    "member_id": "M1",
    "settlement_date": "2024-03-01",
    "scheme": "employee",
    "member_category": "working",
    "care_type": "general_outpatient",
    "facility_level": "level_3",
    "prior_self_pay_amount": 0,
    "over_limit_amount": 0,
    "noncovered_amount": 0,
}
VISITS = [
    {**VISIT, "claim_id": "C3", "entry_sequence": 3, "eligible_amount": 24_000,
     "prior_self_pay_amount": 1_000, "noncovered_amount": 500},
    {**VISIT, "claim_id": "C1", "entry_sequence": 1, "eligible_amount": 50_000},
    {**VISIT, "claim_id": "C2", "entry_sequence": 2, "eligible_amount": 30_000},
    {**VISIT, "claim_id": "D1", "entry_sequence": 1, "eligible_amount": 10_001, "member_id": "M2",
     "facility_level": "level_1"},
]  # fmt: skip


def write_csv(path, rows, columns=COLUMNS):
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, columns)
        writer.writeheader()
        writer.writerows(rows)
    return path


def settle(*words, policy="370200"):
    return yibao("settle", *words, "--policy", policy)


def data(run):
    assert run.returncode in (0, 1), run.stderr
    (line,) = run.stdout.splitlines()
    return json.loads(line)


def rejects(out):
    return pl.read_csv(f"{out}.rejects.csv", infer_schema=False).to_dicts()


def leftovers(folder):
    return sorted(path.name for path in folder.iterdir() if path.name.startswith("."))


@pytest.fixture(params=["csv", "parquet"])
def visits(request, tmp_path):
    path = tmp_path / f"claims.{request.param}"
    if request.param == "csv":
        return write_csv(path, VISITS)
    days = pl.col("settlement_date").str.to_date()
    pl.DataFrame(VISITS).select(COLUMNS).with_columns(days).write_parquet(path)
    return path


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_visits_of_a_year(visits, tmp_path, suffix):
    out = tmp_path / f"out.{suffix}"
    run = settle(visits, out, "--json")
    assert (run.returncode, run.stderr) == (0, "")
    told = data(run)
    # 1,055.00 of M1 and 100.01 of M2; 144.00 and 80 % of 100.01 = 80.008, half up 80.01
    assert (told["claims"], told["settled"], told["rejected"]) == (4, 4, 0)
    assert told["submitted_amount"] == 105_500 + 10_001
    assert told["funds"] == {"employee_pooling": 14_400 + 8_001}
    assert told["layers"] == {"outpatient_pooling": 22_401}
    assert told["schemes"]["employee"]["claims_count"] == 4
    assert told["care_types"]["general_outpatient"]["out_of_pocket_amount"] == 115_501 - 22_401
    frame = pl.read_parquet(out) if suffix == "parquet" else pl.read_csv(out)
    assert frame["claim_id"].to_list() == ["C1", "C2", "C3", "D1"]
    assert frame["benefit_outpatient_pooling"].to_list() == [0, 0, 14_400, 8_001]
    assert frame["left_deductible_outpatient_pooling"].to_list() == [50_000, 30_000, 0, 0]
    assert frame["left_coinsurance_outpatient_pooling"].to_list() == [0, 0, 9_600, 2_000]
    assert frame["left_prior_self_pay"].to_list() == [0, 0, 1_000, 0]
    assert frame["left_noncovered"].to_list() == [0, 0, 500, 0]
    assert frame["out_of_pocket_amount"].to_list() == [50_000, 30_000, 11_100, 2_000]
    assert set(frame["plan_id"]) == {"370200/employee_outpatient"}
    assert frame["policy_hash"].str.len_chars().min() >= 32
    parts = [name for name in frame.columns if name.startswith(("benefit_", "left_"))]
    assert frame.select(pl.sum_horizontal(parts)).to_series().eq(frame["submitted_amount"]).all()
    assert rejects(out) == []
    assert leftovers(tmp_path) == []


def test_the_same_file_gives_the_same_bytes(tmp_path):
    path = write_csv(tmp_path / "claims.csv", VISITS)
    for name in ("a.parquet", "b.parquet"):
        assert settle(path, tmp_path / name, "--json").returncode == 0
    assert (tmp_path / "a.parquet").read_bytes() == (tmp_path / "b.parquet").read_bytes()


def test_a_stay(tmp_path):
    stay = {
        **VISIT,
        "claim_id": "S1",
        "entry_sequence": 1,
        "settlement_date": "2025-03-01",
        "care_type": "inpatient",
        "eligible_amount": 5_000_000,
        "facility_kind": "general",
        "facility_named": "other_facility",
        "place_of_care": "local",
    }
    names = pl.read_csv(CATALOGUE / "example_drugs.csv").columns  # the shipped area is there
    assert "item_code" in names
    columns = [*COLUMNS, "facility_kind", "facility_named", "place_of_care"]
    run = settle(write_csv(tmp_path / "claims.csv", [stay], columns), tmp_path / "o.csv", "--json")
    assert run.returncode == 0, run.stderr
    assert data(run)["layers"]["basic"] == 4_321_200


LINE_COLUMNS = ["claim_id", "line_id", "item_code", "quantity", "submitted_amount", "charge_date",
                "refunds_line_id"]  # fmt: skip


def codes_of(*names):
    found = {}
    for path in CATALOGUE.glob("*.csv"):
        for row in pl.read_csv(path, infer_schema=False).to_dicts():
            found[row["name_en"]] = row["item_code"]
    return [found[name] for name in names]


@pytest.fixture
def bill_of_lines(tmp_path):
    amlodipine, insulin, consultation, scan, saline = codes_of(
        "amlodipine tablets 5 mg",
        "insulin glargine 3 ml",
        "private-clinic consultation",
        "plain computed tomography",
        "sodium chloride injection 250 ml",
    )
    folder = tmp_path / "bill"
    folder.mkdir()
    columns = [name for name in COLUMNS if not name.endswith("_amount")]
    claim = {name: VISIT.get(name, "") for name in columns}
    claim |= {"claim_id": "L1", "entry_sequence": 1, "facility_level": "level_1",
              "settlement_date": "2024-07-01", "submitted_amount": 44_600}  # fmt: skip
    write_csv(folder / "claims.csv", [claim], [*columns, "submitted_amount"])
    lines = [
        # class A: 14.00 eligible
        ("1", amlodipine, "28", 1_400, "", ""),
        # B, employees 5 % from 2023, at most 80 a pen: 10.00 above, 5 % of 160.00 = 8.00, 152.00
        ("2", insulin, "2", 17_000, "", ""),
        # C: all of it
        ("3", consultation, "1", 5_000, "", ""),
        # B 10 % on the day before it becomes class A, at most 180: 20.00 above, 18.00, 162.00
        ("4", scan, "1", 20_000, "2024-06-30", ""),
        # five bottles for 20.00, two of them taken back for 8.00: 12.00
        ("5", saline, "5", 2_000, "", ""),
        ("6", saline, "-2", -800, "", "5"),
    ]
    rows = [dict(zip(LINE_COLUMNS, ("L1", *line), strict=True)) for line in lines]
    write_csv(folder / "lines.csv", rows, LINE_COLUMNS)
    return folder


def test_lines_are_split_and_every_line_closes(bill_of_lines, tmp_path):
    out, lines, determinations = (tmp_path / n for n in ("o.parquet", "l.parquet", "d.jsonl"))
    run = settle(bill_of_lines, out, "--with-examples", "--json", "--lines-out", lines,
                 "--determinations", determinations)  # fmt: skip
    assert run.returncode == 0, run.stderr
    # eligible 14 + 152 + 162 + 12 = 340.00; level 1 has no deductible, 80 % = 272.00
    (row,) = pl.read_parquet(out).to_dicts()
    assert row["submitted_amount"] == 44_600
    assert row["benefit_outpatient_pooling"] == 27_200
    assert row["left_coinsurance_outpatient_pooling"] == 6_800
    assert row["left_prior_self_pay"] == 2_600
    assert row["left_over_limit"] == 3_000
    assert row["left_noncovered"] == 5_000
    assert "example_item" in row["findings"]
    assert "refund-line" in row["open_questions"]
    assert len(row["catalogue_hash"]) == 64
    frame = pl.read_parquet(lines)
    assert frame["line_id"].to_list() == ["1", "2", "3", "4", "5"]
    assert frame["submitted_amount"].to_list() == [1_400, 17_000, 5_000, 20_000, 1_200]
    assert frame["benefit_outpatient_pooling"].to_list() == [1_120, 12_160, 0, 12_960, 960]
    (explained,) = [json.loads(line) for line in determinations.read_text("utf-8").splitlines()]
    assert (explained["claim_id"], explained["benefit_amount"]) == ("L1", 27_200)


def test_without_examples_an_example_catalogue_answers_with_its_code(bill_of_lines, tmp_path):
    run = settle(bill_of_lines, tmp_path / "o.csv", "--json")
    assert run.returncode == 1
    (reject,) = rejects(tmp_path / "o.csv")
    assert (reject["code"], reject["claim_id"]) == ("example_needed", "L1")
    assert "--with-examples" in reject["remedy_zh"]
    assert "--with-examples" in reject["remedy_en"]


@pytest.mark.parametrize(
    ("change", "column", "code"),
    [
        ({"facility_level": "level_9"}, "facility_level", "value_unknown"),
        ({"eligible_amount": -1}, "eligible_amount", "amount_negative"),
        ({"eligible_amount": "10.5"}, "eligible_amount", "amount_not_fen"),
        ({"settlement_date": "2024-02-30"}, "settlement_date", "date_invalid"),
        ({"settlement_date": "2023-12-31"}, None, "no_rule_on_date"),  # the law begins a day later
        ({"care_type": ""}, None, "fact_missing"),
        ({"care_type": "delivery", "facility_level": "pharmacy"}, None, "no_plan"),
    ],
)
def test_a_bad_claim_is_rejected_and_the_others_settled(tmp_path, change, column, code):
    good = {**VISITS[1], "settlement_date": "2024-01-01"}
    bad = {**good, "claim_id": "B1", "entry_sequence": 2, **change}
    later = {**good, "claim_id": "C2", "entry_sequence": 3, "eligible_amount": 40_000}
    out = tmp_path / "out.csv"
    run = settle(write_csv(tmp_path / "claims.csv", [good, bad, later]), out, "--json")
    assert run.returncode == 1
    told = data(run)
    assert (told["claims"], told["settled"], told["rejected"]) == (3, 2, 1)
    assert told["rejects"] == {code: 1}
    # 500 and 400, 800 of them the deductible, the last 100 at 60 %
    assert told["benefit_amount"] == 6_000
    (reject,) = rejects(out)
    assert (reject["row"], reject["claim_id"], reject["column"], reject["code"]) == (
        "3",
        "B1",
        column,
        code,
    )
    assert all(reject[name] for name in ("message_zh", "message_en", "remedy_zh", "remedy_en"))
    assert f"[{code}]" in run.stderr
    assert "claims.csv:3 B1" in run.stderr
    frame = pl.read_csv(out)
    assert frame["findings"].to_list() == [None, "earlier_claim_rejected"]


def test_a_repeated_claim_id_settles_none_of_them(tmp_path):
    rows = [VISITS[1], {**VISITS[2], "claim_id": "C1"}, VISITS[3]]
    run = settle(write_csv(tmp_path / "claims.csv", rows), tmp_path / "o.csv", "--json")
    told = data(run)
    assert (run.returncode, told["settled"], told["rejects"]) == (1, 1, {"claim_id_twice": 2})


def test_rejects_are_told_in_both_languages(tmp_path):
    path = write_csv(tmp_path / "claims.csv", [{**VISITS[1], "facility_level": "level_9"}])
    chinese = settle(path, tmp_path / "o.csv", "--language", "zh")
    assert "不是有效取值" in chinese.stderr
    assert "拒绝 1" in chinese.stdout
    english = settle(path, tmp_path / "o.csv", "--language", "en")
    assert "What to do: it may be: community" in english.stderr
    assert "1 rejected" in english.stdout


@pytest.mark.parametrize(
    ("language", "told"),
    [
        ("zh", ("按险种", "职工医保", "普通门诊", "门诊统筹 outpatient_pooling")),
        ("en", ("by layer", "employee insurance", "outpatient pooling outpatient_pooling")),
    ],
)
def test_the_summary_for_people(tmp_path, language, told):
    run = settle(write_csv(tmp_path / "c.csv", VISITS), tmp_path / "o.csv", "--language", language)
    assert run.returncode == 0
    for words in (*told, "224.01", "1,155.01"):
        assert words in run.stdout


def test_a_reject_of_a_line_names_the_file_of_lines(tmp_path):
    columns = [name for name in COLUMNS if not name.endswith("_amount")]
    claim = {name: VISITS[1][name] for name in columns}
    line = {"claim_id": "C1", "line_id": "1", "item_code": "NONE", "quantity": "x",
            "submitted_amount": 100}  # fmt: skip
    write_csv(tmp_path / "claims.csv", [claim], columns)
    write_csv(tmp_path / "lines.csv", [line], list(line))
    run = settle(tmp_path, tmp_path / "o.csv", "--language", "en")
    assert run.returncode == 1
    assert "lines.csv:2 C1" in run.stderr


def bad_file(folder, kind):
    path = write_csv(folder / "claims.csv", VISITS)
    if kind == "column_missing":
        write_csv(path, [{k: v for k, v in row.items() if k != "member_id"} for row in VISITS],
                  [name for name in COLUMNS if name != "member_id"])  # fmt: skip
    elif kind == "encoding_invalid":
        path.write_bytes(path.read_bytes() + "D2,李四".encode("gbk") + b",,,,,,,,,,\r\n")
    elif kind == "file_truncated":
        path.write_bytes(path.read_bytes()[:-3])
    elif kind == "row_width":
        path.write_bytes(path.read_bytes() + b"D2,M2\r\n")
    else:
        path.unlink()
        path = folder / "claims.parquet"
        frame = pl.DataFrame(VISITS).select(COLUMNS)
        if kind == "column_type":
            frame = frame.with_columns(pl.col("eligible_amount") / 100)
        frame.write_parquet(path)
        if kind == "file_unreadable":
            path.write_bytes(path.read_bytes()[:-50])
    return path


@pytest.mark.parametrize(
    "kind",
    ["column_missing", "encoding_invalid", "file_truncated", "row_width", "column_type",
     "file_unreadable"],
)  # fmt: skip
def test_a_bad_file_stops_before_anything_is_written(tmp_path, kind):
    path = bad_file(tmp_path, kind)
    out = tmp_path / "out.csv"
    out.write_text("what stood here before", encoding="utf-8")
    for language, arrow in (("zh", "处理"), ("en", "What to do")):
        run = settle(path, out, "--json", "--language", language)
        assert run.returncode == 3
        assert f"[{kind}]" in run.stderr
        assert path.name in run.stderr
        assert arrow in run.stderr
        assert "Traceback" not in run.stderr
        assert run.stdout == ""
    assert out.read_text("utf-8") == "what stood here before"
    assert not Path(f"{out}.rejects.csv").exists()
    assert leftovers(tmp_path) == []


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["claims.csv", "out.xlsx"], ".parquet"),
        (["claims.csv", "nowhere/out.csv"], "nowhere"),
        (["claims.csv", "claims.csv"], "overwrite"),
        (["claims.csv", "out.csv", "--lines-out", "out.csv"], "two results"),
        (["claims.csv", "out.csv", "--catalogue", "none"], "none"),
        (["claims.csv", "out.csv", "--engine", "abacus"], "reference"),
    ],
)
def test_wrong_places_are_told(tmp_path, words, said):
    claims = write_csv(tmp_path / "claims.csv", VISITS)
    before = claims.read_bytes()
    kept = ("--lines-out", "--catalogue", "--engine", "abacus")
    placed = [word if word in kept else tmp_path / word for word in words]
    run = settle(*placed, "--language", "en")
    assert run.returncode == 4
    assert said in run.stderr
    assert "Traceback" not in run.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["claims.csv"]
    assert claims.read_bytes() == before


def test_an_unknown_area_is_told(tmp_path):
    run = settle(write_csv(tmp_path / "c.csv", VISITS), tmp_path / "o.csv", policy="999999")
    assert run.returncode == 4
    assert "370200" in run.stderr


@pytest.mark.skipif(os.name != "posix", reason="signals")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
def test_killed_in_the_middle_leaves_nothing_half_written(tmp_path, number):
    many = [{**VISITS[1], "claim_id": f"C{n}", "member_id": f"M{n}"} for n in range(30_000)]
    claims = write_csv(tmp_path / "claims.csv", many)
    out = tmp_path / "out.csv"
    out.write_text("what stood here before", encoding="utf-8")
    command = [str(Path(sys.executable).with_name("yibao")), "settle", str(claims), str(out),
               "--policy", "370200"]  # fmt: skip
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as running:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            hidden = list(tmp_path.glob(".out.csv.*.part/0-out.csv"))
            if hidden and hidden[0].stat().st_size:
                break  # the file was read, claims are being settled
            assert running.poll() is None, running.stderr.read()
            time.sleep(0.01)
        time.sleep(0.3)
        assert running.poll() is None
        running.send_signal(number)
        _, said = running.communicate(timeout=60)
    assert running.returncode != 0
    assert b"Traceback" not in said
    assert out.read_text("utf-8") == "what stood here before"
    assert not Path(f"{out}.rejects.csv").exists()
    if number != signal.SIGKILL:  # nobody can tidy up after that
        assert leftovers(tmp_path) == []


def test_days_around_a_change_in_parquet(tmp_path):
    frame = pl.DataFrame(
        [{**VISITS[3], "claim_id": f"C{n}", "settlement_date": day} for n, day in enumerate(
            (date(2023, 12, 31), date(2024, 1, 1), date(2024, 1, 2)))]
    )  # fmt: skip
    frame = frame.with_columns(pl.Series("entry_sequence", [1, 2, 3]))
    frame.select(COLUMNS).write_parquet(tmp_path / "claims.parquet")
    run = settle(tmp_path / "claims.parquet", tmp_path / "o.parquet", "--json")
    told = data(run)
    assert (told["settled"], told["rejects"]) == (2, {"no_rule_on_date": 1})
    assert pl.read_parquet(tmp_path / "o.parquet")["claim_id"].to_list() == ["C1", "C2"]
