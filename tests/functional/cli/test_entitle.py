"""`yibao entitle` as a clerk runs it: a folder of law, a file, an answer with its formula."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.functional.cli.running import Ran, yibao

AREA = """
area: "999002"
name: {zh: 示范市, en: Model City}
verified_until: 2024-12-31
funds: {maternity: {zh: 生育保险基金, en: maternity fund}, treasury: {zh: 财政, en: treasury}}
"""
FACTS = """
facts:
  scheme: {zh: 险种, en: scheme, of: member, values: {employee: 职工, resident: 居民}}
  age: {zh: 年龄, en: age, of: member, number: {from: 0, below: 130}}
  days: {zh: 天数, en: days, of: encounter, number: {from: 0, below: 400}}
  mean_wage: {zh: 月均工资, en: mean wage, of: member, amount: {from: 0, below: 1000000}}
"""
SOURCES = """
sources: {ALLOWANCE: {title: 示范市生育津贴办法}}
"""
ALLOWANCE = """
entitlement: birth_allowance
area: "999002"
name: {zh: 生育津贴, en: birth allowance}
applies_to: {scheme: employee}
in_force: [{from: 2024-01-01, until: 2026-01-01}]
chosen_by: event_date
source: ALLOWANCE
confidence: H
paid_by: [{fund: maternity, share: "50%"}, {fund: treasury, share: "50%"}]
pays: allowance
lines:
  - line: allowance
    name: {zh: 津贴, en: allowance}
    unit: amount
    is: {fact: mean_wage, then: [{divide_by: 30}, {times_fact: days}], rounding: truncate}
"""
MONTHLY = """
entitlement: monthly_account
area: "999002"
name: {zh: 退休个人账户, en: retired account}
applies_to: {scheme: employee}
in_force: [{from: 2024-01-01}]
chosen_by: event_date
source: ALLOWANCE
confidence: H
paid_by: [{fund: treasury, share: "100%"}]
pays: monthly
lines:
  - line: monthly
    name: {zh: 月划入, en: monthly sum}
    unit: amount
    is: {rows: [{age: {below: 70}, is: 90}, {age: {from: 70}, is: 110}]}
"""
REQUEST = """
entitlement: birth_allowance
policy: law
date: 2024-06-01
facts: {scheme: employee, mean_wage: 2695, days: 95}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    law = tmp_path / "law"
    law.mkdir()
    documents = {"area": AREA, "facts": FACTS, "sources": SOURCES, "allowance": ALLOWANCE}
    for name, text in {**documents, "monthly": MONTHLY}.items():
        (law / f"{name}.yaml").write_text(text, encoding="utf-8")
    return tmp_path


def run(folder: Path, request: str, *words: str) -> Ran:
    file = folder / "request.yaml"
    file.write_text(request, encoding="utf-8")
    return yibao("entitle", file, *words)


def test_the_formula_is_told_in_english(folder):
    # 2695 × 95 ÷ 30 = 8534.1666…, cut off; the odd fen of the halves is the first fund's
    answer = run(folder, REQUEST, "--language", "en")
    assert (answer.returncode, answer.stderr) == (0, "")
    assert (
        "1. allowance: mean wage 2695.00, divided by 30 = 539/6, times days 95 = 51205/6\n"
        "   = 8534.16 (exactly 51205/6, cut off once)\n"
    ) in answer.stdout
    assert "Paid: 8534.16\n   maternity fund: 4267.08\n   treasury: 4267.08\n" in answer.stdout
    assert "示范市生育津贴办法 [H]" in answer.stdout
    assert "Finding" not in answer.stdout


def test_the_formula_is_told_in_chinese(folder):
    answer = run(folder, REQUEST, "--language", "zh")
    assert "= 8534.16（精确值 51205/6，舍去尾数一次）" in answer.stdout
    assert "生育保险基金: 4267.08" in answer.stdout


def test_the_same_as_data(folder):
    data = json.loads(run(folder, REQUEST, "--json").stdout)
    assert data["paid_value"] == 853416
    assert [(one["fund"], one["amount"]) for one in data["paid_by"]] == [
        ("maternity", 426708),
        ("treasury", 426708),
    ]
    assert data["entitlement_id"] == "999002/birth_allowance"
    assert len(data["policy_hash"]) == 64


@pytest.mark.parametrize(
    ("date", "code", "words"),
    [
        ("2023-12-31", 4, "no rule on 2023-12-31"),
        ("2024-12-31", 0, "Paid"),
        ("2025-01-01", 0, "Finding"),
        ("2026-01-01", 4, "no rule on 2026-01-01"),
    ],
)
def test_days_at_the_edges_of_the_law(folder, date, code, words):
    answer = run(folder, REQUEST.replace("2024-06-01", date), "--language", "en")
    assert answer.returncode == code
    assert words in answer.stdout + answer.stderr


@pytest.mark.parametrize(("birth", "monthly"), [("1954-06-02", "90.00"), ("1954-06-01", "110.00")])
def test_age_is_worked_out_from_the_birth_date(folder, birth, monthly):
    # 70 on 1 June 2024, if born on 1 June 1954
    request = (
        f"entitlement: monthly_account\npolicy: law\ndate: 2024-06-01\nbirth_date: {birth}\n"
        "facts: {scheme: employee}\n"
    )
    assert f"Paid: {monthly}" in run(folder, request, "--language", "en").stdout


@pytest.mark.parametrize(
    ("change", "code", "words"),
    [
        (("employee", "resident"), 4, "scheme = resident"),
        ((", days: 95", ""), 4, "state days"),
        (("birth_allowance", "allowance"), 4, "it has: birth_allowance, monthly_account"),
        (("policy: law\n", ""), 4, "--policy"),
        (("mean_wage: 2695", "mean_wage: 2695.5"), 3, "request.yaml:5"),
        (("days: 95", "day: 95"), 3, "request.yaml:5"),
        (("days: 95", "days: 400"), 3, "request.yaml:5"),
        (("2024-06-01", "2024-06-31"), 3, "request.yaml:4"),
        (("date:", "dates:"), 3, "dates"),
        (("facts: {", "birth_date: 1990-01-01\nfacts: {age: 34, "), 3, "age is worked out"),
    ],
)
def test_what_cannot_be_answered_names_place_and_remedy(folder, change, code, words):
    answer = run(folder, REQUEST.replace(*change), "--language", "en")
    assert answer.returncode == code, answer.stderr
    assert words in answer.stderr
    assert "What to do" in answer.stderr
    assert "Traceback" not in answer.stderr
    assert answer.stdout == ""
    told = run(folder, REQUEST.replace(*change), "--language", "zh").stderr
    assert "处理" in told
