"""`yibao policy` as a policy officer runs it: the real command in a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

WORDS = """
facts:
  scheme: {zh: 险种, en: scheme, of: member, values: {employee: 职工, resident: 居民}}
  level: {zh: 等级, en: level, of: encounter, values: {low: 一级, high: 三级}}
counters:
  paid: {zh: 支付累计, en: paid so far, adds: paid, per: [member, benefit_year]}
sources:
  OLD: {title: 旧文件}
  NEW: {title: 新文件, number: 示〔2025〕1号}
  SPARE: {title: 未被引用}
questions:
  shared: {zh: 是否共用, en: is it shared, reading: {zh: 共用, en: shared}}
"""
PLAN = """
plan: visit
area: "999001"
name: {zh: 门诊, en: visits}
applies_to: {scheme: employee}
in_force: [{from: 2024-01-01}]
chosen_by: settlement_date
benefit_year_of: settlement_date
source: OLD
confidence: H
layers:
  - layer: pooling
    name: {zh: 统筹, en: pooling}
    paid_by: [{fund: pool, share: "100%"}]
    draws: [eligible]
    bands:
      mode: slice
      measured: above_deductible
      position: per_claim
      list:
        - to: none
          rate:
            - {from: 2024-01-01, until: 2025-01-01, is: "70%"}
            - {from: 2025-01-01, is: "75%", source: NEW, open: [shared]}
    payment_ceilings:
      - name: yearly
        counter: paid
        amount: {rows: [{level: low, is: 1000}, {level: high, is: 2000}]}
    feeds: [paid]
"""
AREA = """
area: "999001"
name: {zh: 示范市, en: Model City}
products: [{name: visits, when: {scheme: employee}, from: 2024-01-01}]
verified_until: 2025-12-31
"""
REFORM = """
overlay: higher
kind: reform
area: "999001"
name: {zh: 提高封顶线, en: higher ceiling}
changes:
  - at: visit/pooling/payment_ceilings/yearly/amount
    replace:
      rows: [{level: low, is: 1500}, {level: high, is: 2500}]
      source: OLD
      confidence: example
"""


def run(*words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(Path(sys.executable).with_name("yibao")), *words],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, **environment},
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A small area of our own, as a policy officer would keep it."""
    place = tmp_path / "999001"
    place.mkdir()
    facts, _, rest = WORDS.partition("counters:")
    counters, _, sources = rest.partition("sources:")
    (place / "facts.yaml").write_text(facts, encoding="utf-8")
    (place / "counters.yaml").write_text("counters:" + counters, encoding="utf-8")
    (place / "sources.yaml").write_text("sources:" + sources, encoding="utf-8")
    (place / "area.yaml").write_text(AREA, encoding="utf-8")
    (place / "visit.yaml").write_text(PLAN, encoding="utf-8")
    (place / "higher.yaml").write_text(REFORM, encoding="utf-8")
    return place


def test_check_reports_versions_values_and_open_questions(folder: Path) -> None:
    done = run("policy", "check", str(folder), "--json")
    assert (done.returncode, done.stderr) == (0, "")
    plans = json.loads(done.stdout)["plans"]
    assert [(p["from"], p["until"], p["open"]) for p in plans] == [
        ("2024-01-01", "2025-01-01", []),
        ("2025-01-01", None, ["shared"]),
    ]
    # share, band edge, rate, two rows of the ceiling
    assert [p["values"] for p in plans] == [5, 5]
    assert all(p["monotone"] for p in plans)


def test_check_tells_every_fault_with_file_line_and_remedy(folder: Path) -> None:
    text = PLAN.replace("{level: high, is: 2000}", "{level: top, is: 2000.5}")
    (folder / "visit.yaml").write_text(text.replace('"70%"', '"170%"'), encoding="utf-8")
    done = run("policy", "check", str(folder), "--language", "zh")
    assert done.returncode == 3
    assert "999001/visit.yaml:28 [yaml_scalar]" in done.stderr
    assert "处理" in done.stderr
    assert "Traceback" not in done.stderr
    fixed = text.replace("2000.5", "2000").replace('"70%"', '"170%"')
    (folder / "visit.yaml").write_text(fixed, encoding="utf-8")
    done = run("policy", "check", str(folder), "--language", "en")
    assert done.returncode == 3
    assert "999001/visit.yaml:28 [fact_value_unknown]" in done.stderr
    assert "999001/visit.yaml:23 [rate_out_of_bounds]" in done.stderr
    assert "known names: " in done.stderr


def test_show_prints_rules_with_their_sources(folder: Path) -> None:
    done = run("policy", "show", f"{folder}@2025-01-01", "--language", "zh")
    assert done.returncode == 0, done.stderr
    assert "75%" in done.stdout
    assert "70%" not in done.stdout
    assert "NEW" in done.stdout
    assert "OPEN(shared)" in done.stdout
    assert "等级=三级: 2,000.00 元" in done.stdout
    before = run("policy", "show", f"{folder}@2024-12-31", "--language", "zh")
    assert "70%" in before.stdout


def test_diff_of_two_days_names_only_the_rule_that_changed(folder: Path) -> None:
    done = run("policy", "diff", f"{folder}@2024-12-31", f"{folder}@2025-01-01", "--json")
    assert done.returncode == 0, done.stderr
    (pair,) = json.loads(done.stdout)
    assert pair["changes"] == [
        {"rule": "pooling/bands/1/rate", "left": ["70%"], "right": ["75%"]},
    ]


def test_diff_with_a_reform_shows_its_effect(folder: Path) -> None:
    done = run("policy", "diff", str(folder), f"{folder}+higher", "--json")
    assert done.returncode == 0, done.stderr
    (pair,) = json.loads(done.stdout)
    (change,) = pair["changes"]
    assert change["rule"] == "pooling/payment_ceilings/yearly"
    assert change["right"] == ["level=low: 1,500.00 yuan", "level=high: 2,500.00 yuan"]


def other_city(folder: Path) -> Path:
    """A city of its own: two bands for one, no ceiling, a layer more, and a plan of its own."""
    other = folder.parent / "999002"
    other.mkdir()
    for file in ("facts.yaml", "counters.yaml", "sources.yaml"):
        (other / file).write_text((folder / file).read_text("utf-8"), encoding="utf-8")
    area = AREA.replace("999001", "999002").replace("Model City", "Other City")
    (other / "area.yaml").write_text(area, encoding="utf-8")
    head, _, tail = PLAN.replace("999001", "999002").partition("        - to: none")
    bands = """        - {to: 10000, rate: "70%"}
        - {to: none, rate: "90%"}
    feeds: [paid]
  - layer: second
    name: {zh: 补助, en: aid}
    paid_by: [{fund: pool, share: "100%"}]
    draws: ["coinsurance@pooling"]
    deductible: {counter: per_claim, due: 300}
    bands: {mode: slice, measured: from_zero, position: per_claim, list: [{to: none, rate: "50%"}]}
"""
    assert "payment_ceilings" in tail
    (other / "visit.yaml").write_text(head + bands, encoding="utf-8")
    own = PLAN.replace("plan: visit", "plan: birth").replace("999001", "999002")
    own = own.replace("en: visits", "en: births").replace("scheme: employee", "scheme: resident")
    (other / "birth.yaml").write_text(own, encoding="utf-8")
    return other


def test_diff_of_two_cities_tells_each_side_in_a_column(folder: Path) -> None:
    done = run("policy", "diff", str(folder), str(other_city(folder)), "--language", "en")
    assert done.returncode == 0, done.stderr
    rows = [
        [cell.strip() for cell in line.strip("│┃").replace("┃", "│").split("│")]
        for line in done.stdout.splitlines()
        if line[:1] in "│┃"
    ]
    assert ["", "Model City", "Other City"] in rows
    start = rows.index(["bands", "75%", "to 10,000.00 yuan: 70%"])
    assert rows[start + 1] == ["", "", "above: 90%"]
    assert ["payment ceiling", "level=low: 1,000.00 yuan", "–"] in rows
    start = rows.index(["the whole layer", "–", "deductible: 300.00 yuan"])
    assert rows[start + 1] == ["", "", "rate: 50%"]
    # when and draws of the pooling
    assert "2 other rules are the same" in done.stdout
    assert "only in Other City: births" in done.stdout
    assert "only in Model City" not in done.stdout


def test_diff_counts_what_is_the_same_and_never_below_nothing(folder: Path) -> None:
    done = run("policy", "diff", f"{folder}@2024-12-31", f"{folder}@2025-01-01", "--language", "en")
    # applies to, when, draws, measured, ceiling and its counter, who pays, the band's edge
    assert "8 other rules are the same" in done.stdout


def test_calendar_lists_the_days_on_which_law_turns(folder: Path) -> None:
    done = run("policy", "calendar", str(folder), "--json")
    turns = json.loads(done.stdout)
    assert [(t["day"], t["kind"], t["rules"]) for t in turns] == [
        ("2024-01-01", "begins", []),
        ("2025-01-01", "changes", ["pooling/bands/1/rate"]),
    ]


def test_calendar_says_where_a_turn_changes_no_figure(folder: Path) -> None:
    (folder / "visit.yaml").write_text(PLAN.replace('"75%"', '"70%"'), encoding="utf-8")
    done = run("policy", "calendar", str(folder), "--language", "en")
    assert done.stdout.count("the same figures, on other sources or open questions") == 1


ENTITLEMENT = """
entitlement: grant
area: "999001"
name: {zh: 定额补助, en: grant}
source: OLD
confidence: H
applies_to: {scheme: employee}
in_force: [{from: 2024-01-01}]
chosen_by: event_date
paid_by: [{fund: pool, share: "100%"}]
pays: sum
lines:
  - line: sum
    name: {zh: 补助额, en: the grant}
    unit: amount
    is: [{from: 2024-01-01, until: 2025-01-01, is: 100}, {from: 2025-01-01, is: 120}]
"""


@pytest.fixture
def granting(folder: Path) -> Path:
    """The area with three entitlements: one changes with 2025, one ends, one begins."""
    last = ENTITLEMENT.replace("[{from: 2024-01-01}]", "[{from: 2024-01-01, until: 2025-01-01}]")
    first = ENTITLEMENT.replace("[{from: 2024-01-01}]", "[{from: 2025-01-01}]")
    for name, text in (("grant", ENTITLEMENT), ("ending", last), ("coming", first)):
        content = text.replace("entitlement: grant", f"entitlement: {name}")
        (folder / f"{name}.yaml").write_text(content, encoding="utf-8")
    return folder


@pytest.mark.parametrize(
    ("day", "grant", "there"),
    [
        ("2024-12-30", None, ["ending", "grant"]),
        ("2024-12-31", None, ["ending", "grant"]),
        ("2025-01-01", ["100.00 yuan", "120.00 yuan"], ["coming", "grant"]),
    ],
)
def test_diff_tells_entitlements_that_change_come_and_go(granting: Path, day, grant, there) -> None:
    done = run("policy", "diff", f"{granting}@2024-12-31", f"{granting}@{day}", "--json")
    assert done.returncode == 0, done.stderr
    told = [pair for pair in json.loads(done.stdout) if pair["kind"] == "entitlement"]
    changes = {pair["left"]: pair["changes"] for pair in told if pair["left"] and pair["right"]}
    rule = {"rule": "lines/sum", "left": ["100.00 yuan"], "right": ["120.00 yuan"]}
    assert changes["999001/grant"] == ([rule] if grant else [])
    right = [pair["right"].partition("/")[2] for pair in told if pair["right"]]
    assert sorted(right) == there
    if grant:
        gone = next(pair for pair in told if pair["right"] is None)
        assert (gone["left"], gone["left_days"]) == ("999001/ending", "2024-01-01 … 2025-01-01")


def test_diff_prints_entitlements_for_people(granting: Path) -> None:
    days = (f"{granting}@2024-12-31", f"{granting}@2025-01-01")
    done = run("policy", "diff", *days, "--language", "en")
    rows = [
        [cell.strip() for cell in line.strip("│").split("│")] for line in done.stdout.split("\n")
    ]
    assert ["line sum", "100.00 yuan", "120.00 yuan"] in rows
    assert "only left: grant 999001/ending 2024-01-01 … 2025-01-01" in done.stdout
    assert "only right: grant 999001/coming 2025-01-01 …" in done.stdout
    chinese = run("policy", "diff", *days, "--language", "zh")
    assert "仅左侧有: 定额补助 999001/ending" in chinese.stdout


def test_diff_of_one_entitlement_by_its_name(granting: Path) -> None:
    from_2024, from_2025 = (f"999001/grant@{day}" for day in ("2024-06-01", "2025-06-01"))
    words = ("policy", "diff", from_2024, from_2025, "--json")
    done = run(*words, YIBAO_POLICIES=str(granting.parent))
    (pair,) = json.loads(done.stdout)
    assert (pair["kind"], pair["left"]) == ("entitlement", "999001/grant")
    assert [change["right"] for change in pair["changes"]] == [["120.00 yuan"]]
    none = run("policy", "diff", "999001/nothing", from_2025, YIBAO_POLICIES=str(granting.parent))
    assert none.returncode == 4
    assert "its plans: visit, coming, ending, grant" in none.stderr


def test_diff_of_two_cities_tells_entitlements_by_name(granting: Path) -> None:
    other = other_city(granting)
    text = ENTITLEMENT.replace("999001", "999002").replace("is: 120", "is: 150")
    (other / "grant.yaml").write_text(text, encoding="utf-8")
    done = run("policy", "diff", str(granting), str(other), "--language", "en")
    rows = [
        [cell.strip() for cell in line.strip("│").split("│")] for line in done.stdout.split("\n")
    ]
    assert ["line sum", "120.00 yuan", "150.00 yuan"] in rows
    assert "only in Model City: grant 999001/coming" in done.stdout


def test_calendar_lists_entitlements_too(granting: Path) -> None:
    done = run("policy", "calendar", str(granting), "--from", "2024-06-01", "--json")
    turns = [(t["day"], t["plan_id"], t["kind"], t["rules"]) for t in json.loads(done.stdout)]
    assert turns == [
        ("2025-01-01", "999001/coming", "begins", []),
        ("2025-01-01", "999001/ending", "ends", []),
        ("2025-01-01", "999001/grant", "changes", ["lines/sum"]),
        ("2025-01-01", "999001/visit", "changes", ["pooling/bands/1/rate"]),
    ]


def test_sources_tells_what_rests_on_each_and_what_is_unused(folder: Path) -> None:
    done = run("policy", "sources", str(folder), "--unused", "--json")
    assert [row["source"] for row in json.loads(done.stdout)] == ["SPARE"]
    every = json.loads(run("policy", "sources", str(folder), "--json").stdout)
    rules = {row["source"]: row["rules"] for row in every}
    assert ["999001/visit", "pooling/bands/1/rate"] in rules["NEW"]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("show", "999001/none"), "no policy files were found"),
        (("show", "370200/none"), "has no plan 'none'"),
        (("show", "370200@2024-02-30"), "not a day that exists"),
        (("show", "370200@1949-10-01"), "no plan is in force"),
        (("check", "370200", "--reform", "none"), "no reform named 'none'"),
    ],
)
def test_a_wrong_name_is_told_without_a_traceback(words: tuple[str, ...], told: str) -> None:
    done = run("policy", *words, "--language", "en")
    assert done.returncode in (3, 4)
    assert told in done.stderr
    assert "What to do" in done.stderr
    assert "Traceback" not in done.stderr
