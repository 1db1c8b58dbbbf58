"""A chart of accounts as data: what the shipped ones hold, and every fault with file and line."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.unit.accounting.books import chart
from yibao.base.findings import Fault, FaultsFound
from yibao.engines.accounting.chart import Chart
from yibao.engines.accounting.charts import CompiledChart
from yibao.engines.accounting.events import ROLES
from yibao.offices.actuary.policies import open_area
from yibao.storage.files.charts import read_chart
from yibao.storage.files.shipped import policies_root

SHIPPED = ("000000", "370200", "370100", "360400")

CHART = """\
chart: "999999"
name: {zh: 小城科目表, en: Smalltown}
time_zone: Asia/Shanghai
funds:
  pooling: {zh: 统筹基金, en: pooling fund, from: 2020-01-01, clears_with: [relief]}
  relief: {zh: 救助资金, en: relief fund, from: 2021-01-01, clears_with: [pooling]}
pays:
  births: {fund: pooling, benefit: care, cash: care}
care_types: {stay: care}
groups:
  bank: {zh: 存款, en: bank}
  debts: {zh: 应付款, en: debts}
  benefits: {zh: 待遇, en: benefits}
warnings:
  - {at: "95%", label: {zh: 预警, en: warning}}
  - {at: "80%", label: {zh: 关注, en: watch}}
"""
TYPES = """\
account_types:
  money: {zh: 存款, en: money, class: asset, group: bank, holder: bank, guard: bank, own: true}
  owed: {zh: 应付, en: owed, class: liability, group: debts, holder: provider, own: true}
  care: {zh: 待遇, en: care, class: expense, group: benefits, official: 待遇支出, source: law}
  aid:
    {zh: 资助, en: aid, class: expense, group: benefits, funds: [relief], own: true,
     from: 2022-01-01}
"""
EVENTS = """\
events:
  settlement:
    zh: 结算
    en: settled
    debit: {benefit: ["group:benefits"], personal_account: []}
    credit: {provider: [owed]}
  payment: {zh: 拨付, en: paid, debit: {provider: [owed]}, credit: {bank: [money]}, clearing: true}
"""
SOURCES = """\
sources:
  law: {title: 制度}
"""
FILES = {
    "chart.yaml": CHART,
    "account_types.yaml": TYPES,
    "events.yaml": EVENTS,
    "sources.yaml": SOURCES,
}


@dataclass
class Place:
    root: Path

    def write(self, code: str, files: dict[str, str]) -> None:
        folder = self.root / code / "accounts"
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in files.items():
            (folder / name).write_text(text, encoding="utf-8")

    def read(self, code: str = "999999") -> CompiledChart:
        return read_chart(self.root, code)

    def faults(self, code: str = "999999") -> list[Fault]:
        with pytest.raises(FaultsFound) as caught:
            self.read(code)
        return list(caught.value.faults)


@pytest.fixture
def place(tmp_path: Path) -> Place:
    small = Place(tmp_path)
    small.write("999999", FILES)
    return small


def test_a_small_chart_is_read_in_full(place: Place):
    compiled = place.read()
    small = compiled.chart
    assert compiled.warnings == ()
    assert list(small.accounts) == [
        "pooling/money",
        "pooling/owed",
        "pooling/care",
        "relief/money",
        "relief/owed",
        "relief/care",
        "relief/aid",
        "pooling/clearing_relief",
        "relief/clearing_pooling",
    ]
    assert str(small.account("relief/aid").span) == "2022-01-01 – …"
    assert str(small.account("relief/money").span) == "2021-01-01 – …"
    assert str(small.account("pooling/clearing_relief").span) == "2021-01-01 – …"
    assert small.account("pooling/clearing_relief").clearing_pair == "relief/clearing_pooling"
    pair = "pooling/clearing_relief=relief/clearing_pooling"
    assert small.account("pooling/clearing_relief").pair_name == pair
    assert small.account("relief/clearing_pooling").pair_name == pair
    assert small.account("relief/money").pair_name == ""
    assert small.facing["settlement"].debit == {"care", "aid"}
    assert small.facing["payment"].credit == {"money", "clearing_relief", "clearing_pooling"}
    assert [warning.at_rate for warning in small.warnings] == [800_000, 950_000]
    assert small.benefit_code("births", care_type="anything") == "pooling/care"
    assert small.benefit_code("relief", care_type="stay") == "relief/care"


def test_equal_content_has_an_equal_digest_wherever_it_is_written(place: Place):
    first = place.read().chart.digest
    place.write("999999", {"chart.yaml": "# a word\n\n" + CHART})
    assert place.read().chart.digest == first
    place.write("999999", {"chart.yaml": CHART.replace("2020-01-01", "2020-01-02")})
    assert place.read().chart.digest != first


def test_an_area_has_the_funds_it_names_and_their_pairs(place: Place):
    place.write(
        "999901",
        {
            "chart.yaml": 'chart: "999901"\nuse: "999999"\nname: {zh: 县, en: county}\n'
            "funds:\n  pooling: {until: 2030-01-01, en: own name}\n"
        },
    )
    county = place.read("999901").chart
    assert list(county.accounts) == ["pooling/money", "pooling/owed", "pooling/care"]
    assert (county.area_code, county.time_zone) == ("999901", "Asia/Shanghai")
    assert (county.funds["pooling"].label.zh, county.funds["pooling"].label.en) == (
        "统筹基金",
        "own name",
    )
    assert str(county.account("pooling/care").span) == "2020-01-01 – 2030-01-01"
    assert set(county.payers) == {"pooling", "births"}


@pytest.mark.parametrize(
    ("file", "old", "new", "code", "line"),
    [
        ("chart.yaml", "clears_with: [relief]", "clears_with: [reserve]", "chart_fund_unknown", 5),
        ("chart.yaml", ", clears_with: [pooling]", "", "clearing_not_mutual", 5),
        ("chart.yaml", "{fund: pooling,", "{fund: pool,", "chart_fund_unknown", 8),
        ("chart.yaml", "benefit: care", "benefit: cure", "account_type_unknown", 8),
        ("chart.yaml", "{stay: care}", "{stay: cure}", "account_type_unknown", 9),
        ("chart.yaml", "from: 2021-01-01", "from: 2021-02-29", "policy_day", 6),
        ("chart.yaml", "from: 2021-01-01,", "", "chart_fund_unnamed", 6),
        (
            "chart.yaml", "from: 2021-01-01", "from: 2021-01-01, until: 2021-01-01",
            "chart_span_empty", 6,
        ),
        ("chart.yaml", '"95%"', '"lots"', "chart_value_invalid", 15),
        ("chart.yaml", "Asia/Shanghai", "Asia/Qingdao", "chart_value_invalid", 3),
        ("chart.yaml", 'chart: "999999"', 'chart: "999998"', "chart_area_mismatch", 1),
        ("chart.yaml", "funds:", "founds:", "policy_extra_forbidden", 4),
        ("chart.yaml", "name: {zh: 小城科目表, en: Smalltown}\n", "", "policy_missing", 1),
        ("account_types.yaml", "group: debts", "group: depts", "account_group_unknown", 3),
        ("account_types.yaml", "  owed:", "  clearing_owed:", "account_name_reserved", 3),
        ("account_types.yaml", "source: law", "source: lore", "chart_source_unknown", 4),
        ("account_types.yaml", ", source: law", "", "account_unsourced", 4),
        ("account_types.yaml", "official: 待遇支出, source: law", "", "account_unsourced", 4),
        (
            "account_types.yaml", "from: 2022", "until: 2022-01-01, from: 2022",
            "chart_span_empty", 6,
        ),
        ("account_types.yaml", "funds: [relief]", "funds: [grief]", "chart_fund_unknown", 6),
        ("account_types.yaml", "holder: bank, ", "", "account_guard_misplaced", 2),
        (
            "account_types.yaml", "holder: provider", "holder: provider, guard: personal",
            "account_guard_misplaced", 3,
        ),
        ("account_types.yaml", "class: asset", "class: treasure", "policy_literal_error", 2),
        ("account_types.yaml", "  owed:", "  money:", "yaml_duplicate_key", 3),
        ("events.yaml", "{provider: [owed]}", "{}", "event_faces_nothing", 3),
        ("events.yaml", "{provider: [owed]}", "{giver: [owed]}", "event_role_missing", 3),
        ("events.yaml", "group:benefits", "group:beneficence", "account_type_unknown", 3),
        ("events.yaml", "[money]", "[gold]", "account_type_unknown", 7),
        ("events.yaml", "events:", "occasions:", "chart_document_unknown", 1),
        ("sources.yaml", "title", "tittle", "policy_extra_forbidden", 2),
    ],
)  # fmt: skip
def test_a_fault_has_its_code_file_line_and_remedy(
    place: Place, file: str, old: str, new: str, code: str, line: int
):
    text = FILES[file]
    assert text.count(old) >= 1
    place.write("999999", {file: text.replace(old, new, 1)})
    found = [fault for fault in place.faults() if fault.code == code]
    assert found
    assert (found[0].where.file, found[0].where.line) == (f"999999/accounts/{file}", line)
    for words in (found[0].message, found[0].remedy):
        assert re.search("[一-鿿]", words.zh)
        assert words.en


def test_all_faults_are_collected(place: Place):
    place.write(
        "999999",
        {
            "chart.yaml": CHART.replace("Asia/Shanghai", "Mars"),
            "events.yaml": FILES["events.yaml"].replace("[money]", "[gold]"),
        },
    )
    assert [fault.code for fault in place.faults()] == [
        "chart_value_invalid",
        "account_type_unknown",
    ]


def test_a_name_declared_in_two_files_shows_both_places(place: Place):
    place.write("999999", {"more.yaml": TYPES})
    faults = place.faults()
    assert {fault.code for fault in faults} == {"chart_name_twice"}
    assert faults[0].also[0].file == "999999/accounts/account_types.yaml"


def test_an_account_that_no_event_faces_is_a_warning(place: Place):
    more = "account_types:\n  gold: {zh: 黄金, en: gold, class: asset, group: bank, own: true}\n"
    place.write("999999", {"more.yaml": more})
    (warning,) = place.read().warnings
    assert (warning.code, str(warning.where)) == ("account_unused", "999999/accounts/more.yaml:2")


@pytest.mark.parametrize("code", ["999902", "000000"])
def test_an_area_without_a_chart_is_a_fault(place: Place, code: str):
    assert [fault.code for fault in place.faults(code)] == ["chart_missing"]


def test_a_base_that_is_not_there_is_a_fault(place: Place):
    text = 'chart: "999901"\nuse: "888888"\nname: {zh: 县, en: county}\nfunds: {pooling: {}}\n'
    place.write("999901", {"chart.yaml": text})
    assert [str(fault.where) for fault in place.faults("999901")] == ["888888/accounts"]


@pytest.mark.parametrize("code", SHIPPED)
def test_a_shipped_chart_has_what_every_event_asks_for(code: str):
    shipped = chart(code)
    assert set(shipped.facing) == set(ROLES)
    for account in shipped.accounts.values():
        assert (account.official and account.source) or not account.source
        if account.clearing_pair:
            assert shipped.account(account.clearing_pair).clearing_pair == account.code


COMMON = ["employee_pooling", "personal_account", "resident", "critical_illness"]


@pytest.mark.parametrize(
    ("code", "others"),
    [
        (
            "370200",
            [
                *("large_amount", "supplementary", "assistance", "poverty_relief"),
                *("long_term_care", "treasury"),
            ],
        ),
        ("370100", ["large_amount", "assistance", "long_term_care", "treasury"]),
        ("360400", ["supplementary", "assistance", "treasury"]),
    ],
)
def test_each_city_has_its_funds(code: str, others: list[str]):
    assert list(chart(code).funds) == COMMON + others


@pytest.mark.parametrize("code", SHIPPED[1:])
def test_every_fund_that_the_policies_pay_from_has_a_payer(code: str):
    policy = open_area(code)
    layers = [layer for version in policy.plans for layer in version.layers]
    paid_by = [payer.fund for one in (*layers, *policy.entitlements) for payer in one.paid_by]
    assert paid_by
    assert {*paid_by, *policy.funds} <= set(chart(code).payers)


def test_every_care_type_of_the_nation_has_an_account():
    shipped: Chart = chart("000000")
    facts = (policies_root() / "000000" / "facts.yaml").read_text(encoding="utf-8")
    section = facts.partition("  care_type:\n")[2].partition("\n  facility_level:")[0]
    care_types = re.findall(r"^      ([a-z_]+): \{", section, re.MULTILINE)
    assert len(care_types) >= 10
    assert set(care_types) <= set(shipped.care_types)


def test_an_area_that_has_not_merged_keeps_a_maternity_fund(tmp_path: Path):
    text = 'chart: "999901"\nuse: "000000"\nname: {zh: 县, en: county}\n'
    folder = tmp_path / "999901" / "accounts"
    folder.mkdir(parents=True)
    (tmp_path / "000000").symlink_to(policies_root() / "000000")
    (folder / "chart.yaml").write_text(text + "funds: {employee_pooling: {}, maternity: {}}\n")
    county = read_chart(tmp_path, "999901").chart
    assert county.benefit_code("maternity", care_type="inpatient") == "maternity/benefit_inpatient"
    merged = chart("370200").benefit_code("maternity", care_type="inpatient")
    assert merged == "employee_pooling/benefit_maternity_medical"
