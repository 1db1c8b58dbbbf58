"""Every fault of meaning: told once, at its place, in both languages, with the good case beside it.

A case replaces one text of the small area. The fault is expected at the line where the replacement
begins, unless `at` names another text of that file, or of the file `told_in`. `good` is a
replacement that is no fault.
"""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from tests.unit.policy.small_area import FILES, changed, compiled, faults_in, line_of


@dataclass(frozen=True)
class Case:
    code: str
    file: str
    old: str
    new: str
    en: str
    zh: str
    at: str = ""
    told_in: str = ""
    good: str = ""


WORDS = [
    Case(
        "fact_unknown",
        "clinic.yaml",
        "then: [{when: {category: retired}",
        "then: [{when: {categry: retired}",
        "known names: category",
        "未声明的事实“categry”",
    ),
    Case(
        "fact_unknown",  # a list is asked only through a ranked sum
        "clinic.yaml",
        "{category: retired}",
        "{illnesses: cancer}",
        "'illnesses' is not declared",
        "“illnesses”",
    ),
    Case(
        "fact_value_unknown",
        "clinic.yaml",
        "{level: high, is: 800}",
        "{level: level_4, is: 800}",
        "has no value 'level_4'",
        "可用的名称: high, low, lower, mid",
    ),
    Case(
        "fact_value_unknown",
        "clinic.yaml",
        "[{is_poor: false, is: 6000}",
        '[{is_poor: "no", is: 6000}',
        "known names: false, true",
        "没有“no”这个值",
    ),
    Case(
        "fact_value_unknown",
        "stay.yaml",
        "{when: {nth_stay: 2}",
        "{when: {nth_stay: 100}",
        "known names: 1 … 99",
        "没有“100”这个值",
        good="{when: {nth_stay: [2, 3]}",
    ),
    Case(
        "fact_value_unknown",
        "stay.yaml",
        "{when: {nth_stay: 2}",
        "{when: {care_type: {from: 2}}",
        "has no value 'from/below'",
        "“from/below”",
    ),
    Case(
        "fact_not_numeric",
        "stay.yaml",
        "{fact: age, amount",
        "{fact: level, amount",
        "'level' is not a numeric fact",
        "“level”不是数值事实",
    ),
    Case(
        "bound_invalid",
        "facts.yaml",
        "{from: 0, below: 130}",
        '{from: 0, below: "130.5"}',
        "the bound '130.5'",
        "界限“130.5”",
        good="{from: 0, below: 131}",
    ),
    Case(
        "range_empty",
        "facts.yaml",
        "{from: 0, below: 130}",
        "{from: 130, below: 130}",
        "'age' holds no value",
        "范围为空",
        good="{from: 129, below: 130}",
    ),
    Case(
        "range_empty",
        "stay.yaml",
        "{when: {nth_stay: 2}",
        "{when: {nth_stay: {from: 2, below: 2}}",
        "'nth_stay' holds no value",
        "below 须大于 from",
        good="{when: {nth_stay: {from: 2, below: 3}}",
    ),
    Case(
        "name_twice",
        "facts.yaml",
        "  lower: {fact: level",
        "  high: {fact: level",
        "the set 'high' has the name of a value",
        "与某个取值同名",
        good="  lower: {fact: level",
    ),
]
COUNTERS = [
    Case(
        "counter_keys",
        "counters.yaml",
        "  met: {adds: deductible, per: [member, benefit_year]}",
        "  met: {adds: deductible, per: [member, month, day]}",
        "write member or family, then one period",
        "“met”的 per 写法不对",
        good="  met: {adds: deductible, per: [family, encounter, benefit_year]}",
    ),
    Case(
        "counter_keys",
        "counters.yaml",
        "  met: {adds: deductible, per: [member, benefit_year]}",
        "  met: {adds: deductible, per: [hospital, month]}",
        "keys of the counter 'met'",
        "先写 member 或 family",
    ),
    Case(
        "counter_once",
        "counters.yaml",
        "once_per: encounter, counts: [stay], ",
        "",
        "claim_count says `once_per: encounter`",
        "claim_count 须写 once_per",
    ),
    Case(
        "counter_once",
        "counters.yaml",
        "  paid: {adds: paid, ",
        "  paid: {adds: paid, counts: [stay], ",
        "others say neither",
        "其他累计不写",
    ),
    Case(
        "fact_value_unknown",
        "counters.yaml",
        "counts: [stay]",
        "counts: [stays]",
        "'care_type' has no value 'stays'",
        "“stays”",
        good="counts: [stay, clinic]",
    ),
    Case(
        "fact_unknown",
        "counters.yaml",
        "benefit_year, disease]",
        "benefit_year, diseases]",
        "known names: disease",
        "“diseases”",
    ),
    Case(
        "opens_from",
        "counters.yaml",
        "  paid: {adds: paid, per",
        "  paid: {adds: paid, opens_from: met, per",
        "must have the same adds and per",
        "adds 和 per 须一致",
    ),
    Case(
        "opens_from",
        "counters.yaml",
        "  paid: {adds: paid, per: [member, benefit_year]}",
        "  paid: {adds: paid, opens_from: earlier_paid, per: [member, month]}",
        "must have the same adds and per",
        "期初取自“earlier_paid”",
    ),
    Case(
        "opens_from",
        "counters.yaml",
        "  paid: {adds: paid, per",
        "  paid: {adds: paid, opens_from: paid, per",
        "leads back to itself",
        "期初又回到自身",
    ),
    Case(
        "name_unknown",
        "counters.yaml",
        "  paid: {adds: paid, per",
        "  paid: {adds: paid, opens_from: earlier, per",
        "there is no counter named 'earlier'",
        "没有名为“earlier”的累计",
    ),
    Case(
        "counter_unit",
        "clinic.yaml",
        "        counter: paid",
        "        counter: met",
        "'met' adds deductible; here it must add paid",
        "“met”累加的是 deductible，此处须累加 paid",
        at="      - name: yearly",
    ),
    Case(
        "counter_unit",
        "clinic.yaml",
        "      counter: met",
        "      counter: paid",
        "here it must add deductible / admitted",
        "须累加 deductible / admitted",
        good="      counter: admitted",
    ),
    Case(
        "counter_unit",
        "stay.yaml",
        "{counter: met, amount",
        "{counter: admitted, amount",
        "here it must add deductible",
        "须累加 deductible",
    ),
    Case(
        "counter_unit",
        "stay.yaml",
        "is: covered}, {disease",
        "is: admitted}, {disease",
        "here it must add covered",
        "须累加 covered",
    ),
    Case(
        "counter_unit",
        "stay.yaml",
        "feeds: [stays]",
        "feeds: [stays, met]",
        "move it to a layer's `feeds`",
        "请移到保障层的 feeds",
    ),
    Case(
        "counter_unit",
        "stay.yaml",
        "{counter: stays, at_most",
        "{counter: met, at_most",
        "here it must add claim_count",
        "须累加 claim_count",
    ),
    Case(
        "counter_unfed",
        "clinic.yaml",
        "    feeds: [met, paid, admitted]",
        "    feeds: [met, admitted]",
        "'paid' is read, but nothing feeds it",
        "“paid”被读取，但没有任何计划累加它",
        at="  - layer: basic",
    ),
    Case(
        "nth_unfed",
        "stay.yaml",
        "feeds: [stays]\n",
        "",
        "'nth_stay' is read from the counter 'stays', which this plan does not feed",
        "“nth_stay”取自累计“stays”，但本计划不累加它",
        at="  nth_stay: {counter: stays",
        good="feeds: [{counter: stays, when: {is_poor: true}}]\n",
    ),
    Case(
        "condition_dead",  # one above the highest nth stay
        "stay.yaml",
        "{when: {nth_stay: 3}, set: 100}",
        "{when: {nth_stay: 4}, set: 100}",
        "here nth_stay can only be 1 … 3",
        "关于“nth_stay”的条件永远不会成立",
        good="{when: {nth_stay: {from: 3}}, set: 100}",
    ),
    Case(
        "condition_dead",  # the plan is not for residents
        "clinic.yaml",
        "then: [{when: {category: retired}",
        "then: [{when: {scheme: resident}",
        "here scheme can only be employee",
        "此处 scheme 只可能是 employee",
        good="then: [{when: {scheme: employee}",
    ),
    Case(
        "condition_dead",
        "stay.yaml",
        "  - layer: floor\n",
        "  - layer: floor\n    when: {care_type: clinic}\n",
        "here care_type can only be stay",
        "“care_type”",
        at="    when: {care_type: clinic}",
        good="  - layer: floor\n    when: {care_type: stay}\n",
    ),
    Case(
        "condition_dead",
        "stay.yaml",
        "feeds: [covered, met]",
        "feeds: [covered, {counter: met, when: {nth_stay: {from: 4}}}]",
        "can never hold here",
        "永远不会成立",
        good="feeds: [covered, {counter: met, when: {nth_stay: {from: 3}}}]",
    ),
    Case(
        "condition_dead",
        "clinic.yaml",
        "{level: high, is: 800}]",
        "{level: high, is: 800}, {care_type: stay, is: 5}]",
        "here care_type can only be clinic",
        "此处 care_type 只可能是 clinic",
    ),
    Case(
        "condition_dead",
        "formula.yaml",
        "{when: {is_poor: true}, plus: 15}",
        "{when: {scheme: resident}, plus: 15}",
        "here scheme can only be employee",
        "此处 scheme 只可能是 employee",
    ),
    Case(
        "name_unknown",
        "clinic.yaml",
        "    feeds: [met, paid, admitted]",
        "    feeds: [met, payed, paid, admitted]",
        "there is no counter named 'payed'",
        "可用的名称: paid",
    ),
    Case(
        "rows_gap",
        "stay.yaml",
        "position: {rows: [{disease: cancer, is: covered}, {disease: lupus, is: per_claim}]}",
        "position: {rows: [{disease: cancer, is: covered}]}",
        "add rows for: disease=lupus",
        "请补充: disease=lupus",
    ),
]
NUMBERS = [
    Case(
        "amount_invalid",
        "clinic.yaml",
        "{to: 10000,",
        '{to: "10000.001",',
        "an amount is yuan",
        "“10000.001”不是此处要求的金额",
        good='{to: "10000.01",',
    ),
    Case(
        "amount_invalid",
        "clinic.yaml",
        "amount: 500, per",
        "amount: -500, per",
        "'-500' is not the amount",
        "金额写非负整数元",
        good="amount: 0, per",
    ),
    Case(
        "rate_invalid",
        "clinic.yaml",
        'is: "70%"',
        "is: 70",
        'a rate is written "80%"',
        "“70”不是此处要求的比例",
        good='is: "70.0001%"',
    ),
    Case(
        "count_invalid",
        "formula.yaml",
        "{divide_by: 30}",
        '{divide_by: "30"}',
        "a count is a plain integer",
        "计数写非负整数",
    ),
    Case(
        "divide_by_zero",
        "formula.yaml",
        "{divide_by: 30}",
        "{divide_by: 0}",
        "a divisor may not be zero",
        "除数不能为零",
        good="{divide_by: 1}",
    ),
    Case(
        "points_invalid",
        "clinic.yaml",
        'plus_points: "5pp"',
        'plus_points: "5%"',
        'points are written "5pp"',
        "“5%”不是百分点",
    ),
    Case(
        "none_refused",
        "stay.yaml",
        "due: {is: 900,",
        "due: {is: none,",
        "`none` means nothing here",
        "此处不能写 none",
    ),
    Case(
        "amount_invalid",  # a step cannot make a ceiling fall away: rows can
        "stay.yaml",
        "set: 100",
        "set: none",
        "'none' is not the amount",
        "“none”",
    ),
    Case(
        "step_on_none",
        "clinic.yaml",
        "{is_poor: true, is: none}]}",
        "{is_poor: true, is: none}], then: [{plus: 1}]}",
        "for example is_poor=true",
        "对 none 只能使用 set 或 at_most",
        good="{is_poor: true, is: none}], then: [{at_most: 9000}]}",
    ),
    Case(
        "step_unsuited",
        "clinic.yaml",
        'plus_points: "5pp"',
        'plus: "5%"',
        "rates take points",
        "步骤“plus”不适用于此处的数",
    ),
    Case(
        "step_unsuited",
        "stay.yaml",
        "set: 100",
        'plus_points: "5pp"',
        "'plus_points' does not suit",
        "“plus_points”",
    ),
    Case(
        "unit_mismatch",
        "clinic.yaml",
        "{number: limit}",
        "{number: share}",
        "'share' is not of the unit amount",
        "“share”的单位不是金额",
    ),
    Case(
        "unit_mismatch",
        "stay.yaml",
        "{fact: disease_limit}",
        "{fact: stay_days}",
        "'stay_days' is not of the unit amount",
        "请使用单位相符的数",
    ),
    Case(
        "unit_mismatch",
        "clinic.yaml",
        "per: stay_days",
        "per: disease_limit",
        "'disease_limit' is not of the unit count",
        "“disease_limit”的单位不是计数",
    ),
    Case(
        "unit_mismatch",
        "formula.yaml",
        "{minus_fact: part}",
        "{minus_fact: days}",
        "'days' is not of the unit amount",
        "“days”",
    ),
    Case(
        "number_unknown",
        "clinic.yaml",
        "{number: limit}",
        "{number: limits}",
        "known names: limit",
        "数“limits”未声明",
    ),
    Case(
        "number_circular",
        "numbers.yaml",
        "unit: amount, is: 5000,",
        "unit: amount, is: {number: limit},",
        "'limit' names itself",
        "“limit”引用了自身",
        good="unit: amount, is: {number: 999999/limit_of_old},",
    ),
    Case(
        "index_unknown",
        "clinic.yaml",
        "index: income",
        "index: incomes",
        "the index 'incomes' is not declared",
        "可用的名称: ",
    ),
    Case(
        "index_year_missing",  # 2025 reads 2024, and 2025 is verified
        "numbers.yaml",
        ', "2024": {is: "29988.50"}',
        "",
        "has no value for 2024",
        "没有 2024 年的值",
        at="due: {index: income",
        told_in="clinic.yaml",
    ),
    Case(
        "index_year_missing",  # 2024 reads 2023
        "numbers.yaml",
        '"2023": {is: 28753}, ',
        "",
        "has no value for 2023",
        "请补充该年的公布值",
        at="due: {index: income",
        told_in="clinic.yaml",
    ),
    Case(
        "rate_out_of_bounds",  # 75 % and 5 points are at most 100; 26 are not
        "clinic.yaml",
        'plus_points: "5pp"',
        'plus_points: "25.0001pp"',
        "for example category=retired",
        "比例须在 0–100% 之间",
        at="            - from: 2025-01-01",
        good='plus_points: "25pp"',
    ),
    Case(
        "rate_out_of_bounds",  # 50 % and 69 years beyond 60 at 0.7246 points are below 100 %
        "stay.yaml",
        'amount: "0.2pp"',
        'amount: "0.75pp"',
        "for example age=129",
        "例如 age=129",
        good='amount: "0.7246pp"',
    ),
    Case(
        "amount_out_of_bounds",
        "stay.yaml",
        "set: 100",
        "minus: 901",
        "for example nth_stay=3",
        "不得为负",
        good="minus: 900",
    ),
    Case(
        "amount_out_of_bounds",  # a later line is less than an earlier one whatever the wage
        "formula.yaml",
        '{times: "40%"}',
        "{times: 2}",
        "the amount is out of bounds",
        "金额越界",
        at="{fact: whole, then: [{minus_fact",
        good="{times: 1}",
    ),
    Case(
        "count_out_of_bounds",
        "formula.yaml",
        "plus: 15",
        "minus: 99",
        "for example is_poor=true",
        "计数越界",
        good="minus: 98",
    ),
]
PROVENANCE = [
    Case(
        "source_missing",
        "numbers.yaml",
        "is: 5000, source: S1, confidence: H}",
        "is: 5000, confidence: H}",
        "write `source`, an id of sources.yaml",
        "没有写明来源",
    ),
    Case(
        "confidence_missing",
        "numbers.yaml",
        "is: 5000, source: S1, confidence: H}",
        "is: 5000, source: S1}",
        "write `confidence`: H, M, seed, example or open",
        "没有写明可信度",
    ),
    Case(
        "source_unknown",
        "numbers.yaml",
        "is: 5000, source: S1,",
        "is: 5000, source: [S1, S2],",
        "'S2' is not in sources.yaml",
        "来源“S2”",
        good="is: 5000, source: {ids: [S1], note: page 3},",
    ),
    Case(
        "question_unknown",
        "numbers.yaml",
        "source: S1, confidence: H}\n  by",
        "source: S1, confidence: H, open: [who]}\n  by",
        "known names: whose",
        "问题“who”",
        good="source: S1, confidence: H, open: [whose]}\n  by",
    ),
    Case(
        "open_missing",
        "numbers.yaml",
        "is: 5000, source: S1, confidence: H}",
        "is: 5000, source: S1, confidence: open}",
        "list the question ids under `open`",
        "未写明待定问题",
        good="is: 5000, source: S1, confidence: open, open: [whose]}",
    ),
]
DATES = [
    Case(
        "dated_gap",
        "clinic.yaml",
        "              until: 2025-01-01",
        "              until: 2024-12-31",
        "nothing is in force from 2024-12-31",
        "2024-12-31 起没有生效的规定",
        at="          rate:\n            - from",
    ),
    Case(
        "dated_overlap",
        "clinic.yaml",
        "              until: 2025-01-01",
        "              until: 2025-01-02",
        "more than one entry is in force on 2025-01-01",
        "请为较早的一条写明 until",
        at="            - from: 2025-01-01",
    ),
    Case(
        "span_empty",
        "clinic.yaml",
        "in_force: [{from: 2024-01-01}]",
        "in_force: [{from: 2024-01-01}, {from: 2023-05-01, until: 2023-05-01}]",
        "`until` is the first day that is out",
        "until 不晚于 from",
    ),
    Case(
        "in_force_overlap",
        "formula.yaml",
        "in_force: [{from: 2024-01-01}]",
        "in_force: [{from: 2023-01-01, until: 2024-01-02}, {from: 2024-01-01}]",
        "two spans of `in_force` overlap",
        "时段重叠",
        good="in_force: [{from: 2023-01-01, until: 2024-01-01}, {from: 2024-01-01}]",
    ),
    Case(
        "dated_overlap",
        "clinic.yaml",
        "  - layer: second",
        "  - layer: basic",
        "the layer 'basic' stands twice on 2024-01-01",
        "保障层“basic”在 2024-01-01 重复",
    ),
]
TABLES = [
    Case(
        "rows_gap",
        "clinic.yaml",
        "rows: [{level: lower, is: 0}, {level: high, is: 800}]",
        "rows: [{level: low, is: 0}, {level: high, is: 800}]",
        "add rows for: level=mid, is_poor=false",
        "请补充: level=mid, is_poor=false",
        at="        - from: 2024-01-01\n          rows",
    ),
    Case(
        "rows_clash",
        "clinic.yaml",
        "rows: [{level: lower, is: 0}, {level: high, is: 800}]",
        "rows: [{level: lower, is: 0}, {level: [mid, high], is: 800}]",
        "for example level=mid",
        "两行同时适用",
    ),
    Case(
        "excepts_clash",
        "clinic.yaml",
        "except: [{level: high, is_poor: true, is: 400}]",
        "except: [{level: high, is_poor: true, is: 400}, {is_poor: true, level: high, is: 500}]",
        "for example level=high, is_poor=true",
        "例如 level=high, is_poor=true",
    ),
    Case(
        "except_too_wide",  # as wide as its row
        "clinic.yaml",
        "except: [{level: high, is_poor: true, is: 400}]",
        "except: [{level: high, is: 400}]",
        "narrow its facts, or make it a row",
        "没有严格包含在某一行之内",
        good="except: [{level: high, age: {from: 60}, is: 400}]",
    ),
    Case(
        "except_too_wide",  # over two rows
        "clinic.yaml",
        "except: [{level: high, is_poor: true, is: 400}]",
        "except: [{is_poor: true, is: 400}]",
        "does not lie strictly inside one row",
        "请缩小例外的条件",
    ),
]
LAYERS = [
    Case(
        "name_unknown",
        "clinic.yaml",
        "draws: [eligible, ",
        "draws: [eligibel, ",
        "there is no slot named 'eligibel'",
        "可用的名称: eligible",
    ),
    Case(
        "name_unknown",
        "clinic.yaml",
        '"eligible:rare"]',
        '"eligible:rear"]',
        "there is no stream named 'rear'",
        "没有名为“rear”的费用通道",
    ),
    Case(
        "name_unknown",
        "clinic.yaml",
        '"coinsurance@basic", ',
        '"coinsurance@base", ',
        "there is no earlier layer named 'base'",
        "没有名为“base”的前序保障层",
    ),
    Case(
        "name_unknown",
        "clinic.yaml",
        '"coinsurance@basic", ',
        '"eligible@basic", ',
        "there is no reason named 'eligible'",
        "剩余原因",
    ),
    Case(
        "name_unknown",
        "clinic.yaml",
        "over_ceiling@basic.yearly",
        "over_ceiling@basic.yearly_limit",
        "there is no ceiling named 'yearly_limit'",
        "没有名为“yearly_limit”的封顶名称",
        good="over_ceiling@basic.bands",
    ),
    Case(
        "name_unknown",
        "stay.yaml",
        "of: [eligible]}",
        'of: ["coinsurance@basic"]}',
        "there is no slot named 'coinsurance@basic'",
        "可用的名称: ",
        good="of: [eligible, prior_self_pay]}",
    ),
    Case(
        "name_unknown",
        "stay.yaml",
        "of: [eligible]}",
        'of: ["eligible:rare"]}',
        "there is no stream named 'rare'",
        "费用通道",
    ),
    Case(
        "name_unknown",
        "stay.yaml",
        "counting: [basic]",
        "counting: [floor]",
        "there is no earlier layer named 'floor'",
        "前序保障层",
    ),
    Case(
        "draw_twice",
        "clinic.yaml",
        "{slot: noncovered, share",
        '"over_ceiling@basic", {slot: noncovered, share',
        "draw one slot twice",
        "取自同一费用分块",
        good='"over_ceiling@basic.per_day", {slot: noncovered, share',
    ),
    Case(
        "band_edges",
        "clinic.yaml",
        "{to: 10000, rate",
        "{from: 10000, rate",
        "bands of mode slice say `to`",
        "slice 的档写 to",
    ),
    Case(
        "band_edges",
        "clinic.yaml",
        '{from: 0, rate: "50%"}',
        '{from: 0, above: 0, rate: "50%"}',
        "of mode whole `from` or `above`",
        "whole 的档写 from 或 above",
    ),
    Case(
        "edges_order",
        "clinic.yaml",
        '{to: 10000, rate: "60%"}',
        '{to: 10000, rate: "60%"}\n        - {to: 10000, rate: "65%"}',
        "the edges of the bands do not rise",
        "没有依次上升",
        at='        - {to: 10000, rate: "65%"}',
        good='{to: 10000, rate: "60%"}\n        - {to: "10000.01", rate: "65%"}',
    ),
    Case(
        "edges_order",
        "clinic.yaml",
        "{to: 10000, rate",
        "{to: none, rate",
        "`none` may end the last band only",
        "none 只能是最后一档的上限",
        at="        - to: none",
    ),
    Case(
        "edges_order",  # the limit is 5000 yuan
        "clinic.yaml",
        '{from: 0, rate: "50%"}',
        '{from: 0, rate: "50%"}\n        - {from: "5000.02", rate: "55%"}',
        "the edges of the bands do not rise",
        "例如 任何情形",
        at="{above: {number: limit}",
        good='{from: 0, rate: "50%"}\n        - {from: "5000.00", rate: "55%"}',
    ),
    Case(
        "whole_start",
        "clinic.yaml",
        "{from: 0, rate",
        '{from: "0.01", rate',
        "write `from: 0` or `above: 0`",
        "没有从 0 开始",
        good="{above: 0, rate",
    ),
    Case(
        "position_missing",
        "clinic.yaml",
        "      position: admitted",
        "      position: per_claim",
        "give `position` a yearly counter that adds admitted",
        "请为 position 指定累加 admitted 的年度累计",
        at="    bands:\n      mode: whole",
    ),
    Case(
        "shares_sum",
        "clinic.yaml",
        '{fund: treasury, share: "10%"}]',
        '{fund: treasury, share: "9.9999%"}]',
        "look at `paid_by` on 2024-01-01",
        "份额合计不是 100%",
    ),
    Case(
        "shares_sum",  # whole but for the days of 2025
        "clinic.yaml",
        '{fund: treasury, share: "10%"}]',
        '{fund: treasury, share: "10%", until: 2025-01-01}]',
        "look at `paid_by` on 2025-01-01",
        "请检查 2025-01-01 当日的 paid_by",
    ),
    Case(
        "shares_sum",
        "formula.yaml",
        'paid_by: [{fund: pooling, share: "100%"}]',
        'paid_by: [{fund: pooling, share: "99%"}]',
        "do not sum to 100 %",
        "请检查 2024-01-01",
    ),
    Case(
        "name_twice",
        "clinic.yaml",
        "name: yearly\n",
        "name: per_day\n",
        "the name 'per_day' is declared twice",
        "名称“per_day”重复声明",
    ),
    Case(
        "name_twice",
        "clinic.yaml",
        '{fund: treasury, share: "10%"}]',
        '{fund: pooling, share: "10%"}]',
        "the name 'pooling' is declared twice",
        "请改名，或只保留一处",
    ),
    Case(
        "name_unknown",
        "formula.yaml",
        "pays: money",
        "pays: monny",
        "there is no line named 'monny'",
        "没有名为“monny”的行",
        good="pays: whole",
    ),
    Case(
        "name_twice",
        "formula.yaml",
        "{line: days, name",
        "{line: age, name",
        "'age' is the name of a fact or a line",
        "请为该行改名",
    ),
]
PLANS = [
    Case(
        "streams_too_many",
        "clinic.yaml",
        "  - {stream: rare, when: {drug_group: rare}}",
        "\n".join(
            f"  - {{stream: s{age}, when: {{drug_group: ordinary, age: {age}}}}}"
            for age in range(6)
        )
        + "\n  - {stream: rare, when: {drug_group: rare}}",
        "more than 8 streams",
        "费用通道超过 8 个",
        at="routes:",
        good="\n".join(
            f"  - {{stream: s{age}, when: {{drug_group: ordinary, age: {age}}}}}"
            for age in range(5)
        )
        + "\n  - {stream: rare, when: {drug_group: rare}}",
    ),
    Case(
        "stream_reserved",
        "clinic.yaml",
        "{stream: home,",
        "{stream: general,",
        "give the stream another name",
        "请为通道改名",
    ),
    Case(
        "stream_names_differ",
        "clinic.yaml",
        "  - {stream: home, when: {drug_group: home}}",
        "  - {stream: home, name: {zh: 甲, en: a}, when: {drug_group: home, is_poor: true}}\n"
        "  - {stream: home, name: {zh: 甲, en: b}, when: {drug_group: home, is_poor: false}}",
        "the stream 'home' has two names",
        "通道“home”有两个名称",
        at="  - {stream: home, name: {zh: 甲, en: b}",
        good="  - {stream: home, name: {zh: 甲, en: a}, when: {drug_group: home, is_poor: true}}\n"
        "  - {stream: home, name: {zh: 甲, en: a}, when: {drug_group: home, is_poor: false}}",
    ),
    Case(
        "routes_clash",
        "clinic.yaml",
        "{drug_group: home}",
        "{is_poor: true}",
        "for example drug_group=rare, is_poor=true",
        "通道“rare”与“home”会同时接收一行费用",
        at="routes:",
        good="{drug_group: home, is_poor: true}",
    ),
    Case(
        "derived_undeclared",
        "stay.yaml",
        "  nth_stay: {counter",
        "  third_stay: {counter",
        "'third_stay' is not a numeric fact of facts.yaml",
        "派生事实“third_stay”",
    ),
    Case(
        "list_fact_unknown",
        "stay.yaml",
        "over: illnesses",
        "over: disease",
        "known names: illnesses",
        "“disease”不是 disease 的列表事实",
    ),
    Case(
        "plans_clash",
        "stay.yaml",
        "applies_to: {care_type: stay}",
        "applies_to: {care_type: [stay, clinic]}",
        "the plans 999999/clinic and 999999/stay take the same claims",
        "计划 999999/clinic 与 999999/stay 会同时适用",
        at="  - layer: basic",
        good="applies_to: {scheme: [employee, resident], care_type: stay}",
    ),
    Case(
        "product_gap",
        "area.yaml",
        "when: {scheme: employee, care_type: clinic}",
        "when: {care_type: clinic}",
        "for example care_type=clinic, scheme=resident",
        "产品“clinic”自 2024-01-01 起没有适用的计划",
    ),
    Case(
        "product_gap",
        "area.yaml",
        "care_type: clinic}, from: 2024-01-01}",
        "care_type: clinic}, from: 2023-12-31}",
        "has no plan from 2023-12-31",
        "请补充计划或调整产品的起止日期",
        good="care_type: clinic}, from: 2024-01-02}",
    ),
    Case(
        "product_gap",  # the last verified day counts, the day after it no more
        "stay.yaml",
        "in_force: [{from: 2024-01-01}]",
        "in_force: [{from: 2024-01-01, until: 2025-12-31}]",
        "the product 'stay' has no plan from 2025-12-31",
        "产品“stay”自 2025-12-31 起没有适用的计划",
        at="{name: stay, when",
        told_in="area.yaml",
        good="in_force: [{from: 2024-01-01, until: 2026-01-01}]",
    ),
    Case(
        "fund_unknown",
        "clinic.yaml",
        'paid_by: [{fund: pooling, share: "90%"}',
        'paid_by: [{fund: poling, share: "90%"}',
        "the fund 'poling' is not in area.yaml",
        "可用的名称: pooling",
        at="  - layer: basic",
    ),
    Case(
        "product_unknown",
        "register.yaml",
        "product: clinic",
        "product: clinics",
        "there is no product named 'clinics'",
        "没有名为“clinics”的产品",
    ),
    Case(
        "area_mismatch",
        "stay.yaml",
        'area: "999999"',
        'area: "990000"',
        "area 990000 in the folder of 999999",
        "文档属于地区 990000，而文件夹属于 999999",
    ),
    Case(
        "name_twice",
        "stay.yaml",
        "plan: stay",
        "plan: clinic",
        "the name 'clinic' is declared twice",
        "名称“clinic”重复声明",
    ),
    Case(
        "document_unknown",
        "stay.yaml",
        "plan: stay",
        "plans: stay",
        "known names: plan",
        "首个键“plans”不表示任何文档类型",
    ),
]
GROUPS = {
    "words": WORDS,
    "counters": COUNTERS,
    "numbers": NUMBERS,
    "provenance": PROVENANCE,
    "dates": DATES,
    "tables": TABLES,
    "layers": LAYERS,
    "plans": PLANS,
}
CASES = [
    pytest.param(case, id=f"{group}-{number}-{case.code}")
    for group, cases in GROUPS.items()
    for number, case in enumerate(cases, start=1)
]
SHARE = (
    'numbers:\n  share: {zh: 比例, en: share, unit: rate, is: "10%", source: S1, confidence: H}\n'
)
OLD = "  limit_of_old: {zh: 旧, en: old, unit: amount, is: 4000, source: S1, confidence: H}\n"
BASE = {**FILES, "more.yaml": SHARE + OLD}


def test_the_small_area_has_no_fault():
    assert faults_in(BASE) == []
    assert [version.plan_id for version in compiled(BASE).plans] == [
        "999999/clinic",
        "999999/clinic",
        "999999/stay",
    ]


@pytest.mark.parametrize("case", CASES)
def test_a_fault_is_told_at_its_place_in_both_languages(case: Case):
    made = changed(case.file, case.old, case.new, files=BASE)
    file = case.told_in or case.file
    line = line_of(made.files[file], case.at) if case.at else made.line
    found = faults_in(made.files)
    place = (f"999999/{file}", line)
    told = [fault for fault in found if fault.code == case.code]
    assert place in [(f.where.file, f.where.line) for f in told], [f.told("en") for f in found]
    fault = next(f for f in told if (f.where.file, f.where.line) == place)
    english, chinese = fault.told("en"), fault.told("zh")
    assert case.en in english
    assert case.zh in chinese
    assert fault.remedy.en in english
    assert fault.remedy.zh in chinese
    assert ("What to do" in english, "处理" in chinese) == (True, True)


@pytest.mark.parametrize("case", [param for param in CASES if param.values[0].good])
def test_the_good_case_beside_it_passes(case: Case):
    found = faults_in(changed(case.file, case.old, case.good, files=BASE).files)
    assert [fault.told("en") for fault in found] == []


def test_too_many_cases_to_try_are_a_fault_and_not_a_pass():
    values = [", ".join(f"v{n}_{m}: 值" for m in range(6)) for n in range(7)]
    words = "".join(
        f"  w{n}: {{zh: 词, en: w, of: member, values: {{{values[n]}}}}}\n" for n in range(7)
    )
    row = ", ".join(f"w{n}: v{n}_0" for n in range(7))
    files = {
        **changed("clinic.yaml", "is_poor: true, is: 400}", f"{row}, is: 400}}").files,
        "facts.yaml": FILES["facts.yaml"].replace("sets:\n", words + "sets:\n"),
    }
    assert "table_too_wide" in [fault.code for fault in faults_in(files)]


def test_a_shared_number_may_say_more_than_one_plan_needs():
    rows = "{rows: [{scheme: resident, is: 1}, {scheme: employee, is: 2}]}"
    more = f"  due: {{zh: 起付, en: due, unit: amount, source: S1, confidence: M, is: {rows}}}\n"
    files = {
        **FILES,
        "numbers.yaml": FILES["numbers.yaml"].replace("indices:\n", more + "indices:\n"),
        "clinic.yaml": FILES["clinic.yaml"].replace("{to: 10000,", "{to: {number: due},"),
    }
    assert faults_in(files) == []


def test_there_is_one_area_document():
    (fault,) = faults_in({**FILES, "town.yaml": FILES["area.yaml"]})
    assert (fault.code, str(fault.where)) == ("area_twice", "999999/town.yaml:1")
    assert str(fault.also[0]) == "999999/area.yaml:1"
    assert "merge them" in fault.told("en")
    assert "area 文档只能有一份" in fault.told("zh")


def test_a_day_without_any_layer_is_a_gap():
    dated = FILES["stay.yaml"].replace("  - layer:", "  - from: 2024-01-02\n    layer:")
    found = faults_in({**FILES, "stay.yaml": dated})
    assert [(fault.code, fault.where.line) for fault in found] == [
        ("dated_gap", line_of(dated, "layers:"))
    ]
    assert "no layer is in force from 2024-01-01" in found[0].told("en")
    assert "没有任何保障层生效" in found[0].told("zh")


def test_a_gap_on_the_first_day_of_one_layer_is_none_where_another_holds():
    dated = FILES["stay.yaml"].replace("  - layer: basic", "  - from: 2024-01-02\n    layer: basic")
    first, second = [
        v for v in compiled({**FILES, "stay.yaml": dated}).plans if "stay" in v.plan_id
    ]
    assert [[layer.name for layer in v.layers] for v in (first, second)] == [
        ["floor"],
        ["basic", "floor"],
    ]


def test_every_fault_of_a_stage_is_told_at_once_in_order_of_place():
    files = dict(BASE)
    for file, old, new in (
        ("stay.yaml", "of: [eligible]}", "of: [eligibel]}"),
        ("clinic.yaml", 'plus_points: "5pp"', 'plus_points: "5%"'),
        ("clinic.yaml", "draws: [eligible, ", "draws: [eligibel, "),
        ("numbers.yaml", "{disease: lupus, is: 600}", "{disease: lupus, is: -6}"),
    ):
        assert files[file].count(old) == 1
        files[file] = files[file].replace(old, new)
    found = faults_in(files)
    assert [(fault.where.file, fault.code) for fault in found] == [
        ("999999/clinic.yaml", "name_unknown"),
        ("999999/clinic.yaml", "points_invalid"),
        ("999999/numbers.yaml", "amount_invalid"),
        ("999999/stay.yaml", "name_unknown"),
    ]
    assert [fault.where for fault in found] == sorted(fault.where for fault in found)


def test_syntax_faults_of_all_files_come_before_any_of_meaning():
    files = dict(BASE)
    files["clinic.yaml"] = files["clinic.yaml"].replace("draws: [eligible, ", "draw: [eligibel, ")
    files["stay.yaml"] = files["stay.yaml"].replace("confidence: M", "confidence: L")
    codes = [fault.code for fault in faults_in(files)]
    assert codes == ["policy_missing", "policy_extra_forbidden", "policy_literal_error"]
