"""What the document models refuse: each kind once, at its line, in our own two languages."""

from __future__ import annotations

from typing import NamedTuple

import pytest

from tests.unit.policy.small_area import FILES, changed, faults_in

DRAWS = '[eligible, "eligible:rare"]'
STEP = '{when: {category: retired}, plus_points: "5pp"}'
IN_FORCE = "in_force: [{from: 2024-01-01}]"


class Case(NamedTuple):
    code: str
    file: str
    old: str
    new: str
    en: str
    zh: str
    below: int = 0
    """How many lines below the replacement's first the fault is told."""


C, S = "clinic.yaml", "stay.yaml"
CASES = [
    Case(
        "policy_missing",
        C,
        "chosen_by: settlement_date\n",
        "",
        "'chosen_by' is missing",
        "缺少必填项“chosen_by”",
        -7,
    ),
    Case(
        "policy_extra_forbidden",
        S,
        "draws: [eligible]",
        "draws: [eligible]\n    drwas: []",
        "did you mean draws",
        "是否应为 draws",
        1,
    ),
    Case(
        "policy_one_of",
        C,
        'is: "70%"',
        'is: "70%"\n              fact: age',
        "write exactly one of: is, fact",
        "只能写一个: is, fact",
        -2,
    ),
    Case(
        "policy_one_of",
        C,
        STEP,
        "{when: {category: retired}}",
        "write exactly one of: times, set",
        "必须且只能写一个: times",
    ),
    Case(
        "policy_one_of",
        C,
        STEP,
        '{plus_points: "5pp", at_most: "95%"}',
        "write exactly one of: times, set",
        "必须且只能写一个: times",
    ),
    Case(
        "policy_only_with",
        C,
        "{number: limit}",
        "{number: limit, year: previous}",
        "stand only beside index",
        "只能与 index 同写",
    ),
    Case(
        "policy_only_with",
        C,
        "{number: limit}",
        "{number: limit, except: [{is_poor: true, is: 3}]}",
        "stand only beside rows",
        "只能与 rows 同写",
    ),
    Case(
        "policy_target",
        S,
        ", of: [eligible]}",
        "}",
        "a target is share with of",
        "目标须写 share 与 of",
    ),
    Case("policy_too_short", C, DRAWS, "[]", "the list 'draws' is too short", "请至少写 1 项"),
    Case(
        "policy_too_short",
        C,
        "{category: retired}",
        "{category: []}",
        "the list 'category' is too short",
        "列表“category”太短",
    ),
    Case(
        "policy_day",
        C,
        IN_FORCE,
        "in_force: [{from: 2023-02-29}]",
        "'2023-02-29' is not a day that exists",
        "“2023-02-29”不是存在的日期",
    ),
    Case(
        "policy_day",
        C,
        IN_FORCE,
        "in_force: [{from: 2024-1-1}]",
        "write it like 2024-01-31",
        "请写成 2024-01-31 的形式",
    ),
    Case(
        "policy_day",
        C,
        IN_FORCE,
        "in_force: [{from: 20240101}]",
        "'20240101' is not a day",
        "“20240101”",
    ),
    Case(
        "policy_literal_error",
        C,
        "confidence: seed",
        "confidence: L",
        "'L' is not allowed here, expected 'H', 'M', 'seed'",
        "“L”不是允许的值",
    ),
    Case(
        "policy_literal_error",
        C,
        "confidence: seed",
        "confidence: X",
        "'X' is not allowed here",
        "“X”不是允许的值",
    ),
    Case(
        "policy_literal_error",
        C,
        "chosen_by: settlement_date",
        "chosen_by: payday",
        "expected 'discharge_date'",
        "请改为所列的值之一",
    ),
    Case(
        "policy_string_pattern_mismatch",
        C,
        "plan: clinic",
        "plan: Clinic",
        "names are lower-case letters",
        "名称用小写英文字母",
    ),
    Case(
        "policy_string_pattern_mismatch",
        C,
        'area: "999999"',
        'area: "9999"',
        "six quoted digits",
        "六位数字并加引号",
    ),
    Case("policy_string_type", C, 'area: "999999"', "area: 999999", "quote it", "请加引号"),
    Case("policy_scalar", C, "{number: limit}", "true", "expected, not 'true'", "实为“true”"),
    Case(
        "policy_int_type", S, "at_most: 3", 'at_most: "3"', "an integer is expected", "此处应为整数"
    ),
    Case("policy_greater_than_equal", S, "at_most: 3", "at_most: 0", "at least 1", "至少为 1"),
    Case(
        "policy_union_tag_invalid",
        C,
        DRAWS,
        "[[eligible]]",
        "'draws[1]' is not written in a way",
        "“draws[1]”的写法不对",
    ),
    Case(
        "policy_tuple_type",
        C,
        IN_FORCE,
        "in_force: {from: 2024-01-01}",
        "expected to be a list",
        "应为列表",
    ),
    Case(
        "policy_model_type",
        C,
        "{zh: 门诊, en: clinic}",
        "门诊",
        "'name' is expected to be a mapping",
        "应为由键和值组成的映射",
    ),
    Case(
        "policy_dict_type",
        C,
        "{scheme: employee, care_type: clinic}",
        "[clinic]",
        "'applies_to' is expected to be a mapping",
        "“applies_to”应为",
    ),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.code}-{case.new.strip()[:24]}")
def test_a_slip_is_told_at_its_line_in_both_languages(case: Case):
    made = changed(case.file, case.old, case.new)
    (fault,) = faults_in(made.files)
    place = (f"999999/{case.file}", made.line + case.below)
    assert (fault.code, fault.where.file, fault.where.line) == (case.code, *place)
    assert case.en in fault.told("en")
    assert case.zh in fault.told("zh")


def test_a_list_with_a_wrong_entry_is_not_called_too_short_as_well():
    found = faults_in(changed("clinic.yaml", IN_FORCE, "in_force: [{from: yesterday}]").files)
    assert [fault.code for fault in found] == ["policy_day"]


@pytest.mark.parametrize("key", ["start", "excepts", "open_ids", "value", "entries"])
def test_the_names_of_our_own_fields_are_no_second_spelling(key: str):
    files = changed("stay.yaml", "{is: 900, then", f"{{{key}: 900, then").files
    assert "policy_extra_forbidden" in [fault.code for fault in faults_in(files)]


def test_a_document_that_is_a_list_is_refused_where_it_stands():
    (fault,) = faults_in({**FILES, "more.yaml": "- plan: x\n"})
    assert (fault.code, str(fault.where)) == ("document_unknown", "999999/more.yaml:1")
    assert "not a mapping" in fault.message.en
