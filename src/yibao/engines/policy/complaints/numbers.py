"""Complaints about numbers: literals, dates, provenance, references, steps, rows and bounds."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from yibao.base.findings import Fault, Where
from yibao.base.texts import Text
from yibao.engines.policy.complaints.nearest import known_name
from yibao.engines.policy.law import Unit

_FORMS = {
    "amount": Text(
        "金额写非负整数元、加引号的两位小数或 none",
        'an amount is yuan, at least 0: 600, "12.50" or none',
    ),
    "rate": Text('比例写成 "80%"', 'a rate is written "80%"'),
    "count": Text("计数写非负整数", "a count is a plain integer ≥ 0"),
}
_UNITS_ZH = {"amount": "金额", "rate": "比例", "count": "计数"}


def literal_invalid(where: Where, written: object, *, unit: Unit) -> Fault:
    """Text that is no amount, rate or count, whichever its place wants."""
    return Fault(
        f"{unit}_invalid",
        where,
        Text(
            f"“{written}”不是此处要求的{_UNITS_ZH[unit]}",
            f"'{written}' is not the {unit} that is wanted here",
        ),
        _FORMS[unit],
    )


def points_invalid(where: Where, written: object) -> Fault:
    """Text that is no percentage points."""
    return Fault(
        "points_invalid",
        where,
        Text(f"“{written}”不是百分点", f"'{written}' is not percentage points"),
        Text('百分点写成 "5pp"', 'points are written "5pp"'),
    )


def divide_by_zero(where: Where) -> Fault:
    """A divisor of zero."""
    return Fault(
        "divide_by_zero",
        where,
        Text("除数不能为零", "a divisor may not be zero"),
        Text("请写正整数", "write an integer above zero"),
    )


def none_refused(where: Where) -> Fault:
    """«none» where something must be due, paid or added."""
    return Fault(
        "none_refused",
        where,
        Text("此处不能写 none", "`none` means nothing here"),
        Text(
            "none 只用于封顶线和最后一档的上限",
            "`none` stands for a ceiling, or for the end of the last band",
        ),
    )


def step_on_none(where: Where, case: str) -> Fault:
    """A step that reckons with «none»."""
    return Fault(
        "step_on_none",
        where,
        Text("对 none 只能使用 set 或 at_most", "`none` takes only the steps set and at_most"),
        Text(
            f"例如 {case or '任何情形'}；请用 when 排除，或写成行",
            f"for example {case or 'any case'}; leave it out by `when`, or write rows",
        ),
    )


def dated_gap(where: Where, day: date) -> Fault:
    """No entry holds on a day of the plan."""
    return Fault(
        "dated_gap",
        where,
        Text(f"{day} 起没有生效的规定", f"nothing is in force from {day}"),
        Text(
            "请补充该日期的条目，或缩短计划的 in_force",
            "add an entry for that day, or shorten the plan's `in_force`",
        ),
    )


def dated_overlap(where: Where, day: date, *, first: Where) -> Fault:
    """Two entries hold on one day."""
    return Fault(
        "dated_overlap",
        where,
        Text(f"{day} 有多条规定同时生效", f"more than one entry is in force on {day}"),
        Text(
            "请为较早的一条写明 until（不含当日）", "give the earlier one its `until` (exclusive)"
        ),
        also=(first,),
    )


def source_missing(where: Where) -> Fault:
    """A number or a structure that comes from nowhere."""
    return Fault(
        "source_missing",
        where,
        Text("没有写明来源", "no source is given"),
        Text("请写 source（sources.yaml 中的代号）", "write `source`, an id of sources.yaml"),
    )


def confidence_missing(where: Where) -> Fault:
    """A number or a structure that nobody vouches for."""
    return Fault(
        "confidence_missing",
        where,
        Text("没有写明可信度", "no confidence is given"),
        Text(
            "请写 confidence: H、M、seed、example 或 open",
            "write `confidence`: H, M, seed, example or open",
        ),
    )


def open_missing(where: Where) -> Fault:
    """`confidence: open` without a question."""
    return Fault(
        "open_missing",
        where,
        Text("可信度为 open 但未写明待定问题", "confidence is open but no question is named"),
        Text("请在 open 中列出问题代号", "list the question ids under `open`"),
    )


def source_unknown(where: Where, name: str, *, known: Iterable[str]) -> Fault:
    """A source that sources.yaml does not list."""
    return Fault(
        "source_unknown",
        where,
        Text(
            f"来源“{name}”未在 sources.yaml 中声明", f"the source '{name}' is not in sources.yaml"
        ),
        known_name(name, known),
    )


def question_unknown(where: Where, name: str, *, known: Iterable[str]) -> Fault:
    """An open question that sources.yaml does not list."""
    return Fault(
        "question_unknown",
        where,
        Text(
            f"问题“{name}”未在 sources.yaml 中声明",
            f"the question '{name}' is not in sources.yaml",
        ),
        known_name(name, known),
    )


def unit_mismatch(where: Where, name: str, *, unit: Unit) -> Fault:
    """A named number, an index or a fact of another unit."""
    return Fault(
        "unit_mismatch",
        where,
        Text(f"“{name}”的单位不是{_UNITS_ZH[unit]}", f"'{name}' is not of the unit {unit}"),
        Text("请使用单位相符的数", "take a number of the right unit"),
    )


def number_unknown(where: Where, name: str, *, known: Iterable[str]) -> Fault:
    """A named number that nobody declared."""
    return Fault(
        "number_unknown",
        where,
        Text(f"数“{name}”未声明", f"the number '{name}' is not declared"),
        known_name(name, known),
    )


def number_circular(where: Where, name: str) -> Fault:
    """A named number that leads back to itself."""
    return Fault(
        "number_circular",
        where,
        Text(f"数“{name}”引用了自身", f"the number '{name}' names itself"),
        Text("请在其中一处写出数值", "write the value out at one of the places"),
    )


def index_unknown(where: Where, name: str, *, known: Iterable[str]) -> Fault:
    """A yearly series that nobody declared."""
    return Fault(
        "index_unknown",
        where,
        Text(f"序列“{name}”未声明", f"the index '{name}' is not declared"),
        known_name(name, known),
    )


def index_year_missing(where: Where, name: str, *, year: int, series: Where) -> Fault:
    """A year that a plan needs and the series does not have."""
    return Fault(
        "index_year_missing",
        where,
        Text(f"序列“{name}”没有 {year} 年的值", f"the index '{name}' has no value for {year}"),
        Text("请补充该年的公布值", "add the published value of that year"),
        also=(series,),
    )


def step_unsuited(where: Where, name: str) -> Fault:
    """A step that a number of this unit cannot take."""
    return Fault(
        "step_unsuited",
        where,
        Text(f"步骤“{name}”不适用于此处的数", f"the step '{name}' does not suit this number"),
        Text(
            "比例用 plus_points/minus_points，金额和计数用 plus/minus",
            "rates take points; amounts and counts take plus and minus",
        ),
    )


def table_too_wide(where: Where) -> Fault:
    """More combinations than can be tried."""
    return Fault(
        "table_too_wide",
        where,
        Text("此处涉及的事实组合过多，无法逐一验证", "too many combinations of facts to prove"),
        Text("请拆分表格，或在 applies_to 中缩小范围", "split the table, or narrow `applies_to`"),
    )


def rows_gap(where: Where, count: int, *, cases: str) -> Fault:
    """Cases without a row."""
    return Fault(
        "rows_gap",
        where,
        Text(f"有 {count} 种情形没有对应的行", f"{count} case(s) have no row"),
        Text(f"请补充: {cases}", f"add rows for: {cases}"),
    )


def rows_clash(where: Where, case: str, *, first: Where) -> Fault:
    """A case with two rows."""
    return Fault("rows_clash", where, *_clash(case), also=(first,))


def excepts_clash(where: Where, case: str, *, first: Where) -> Fault:
    """A case with two exceptions."""
    return Fault("excepts_clash", where, *_clash(case), also=(first,))


def _clash(case: str) -> tuple[Text, Text]:
    return (
        Text("两行同时适用", "two rows apply to the same case"),
        Text(
            f"例如 {case or '任何情形'}；请让两行互不重叠",
            f"for example {case or 'any case'}; make them exclude each other",
        ),
    )


def except_too_wide(where: Where) -> Fault:
    """An exception that is not inside one row."""
    return Fault(
        "except_too_wide",
        where,
        Text("例外没有严格包含在某一行之内", "the exception does not lie strictly inside one row"),
        Text("请缩小例外的条件，或改写为行", "narrow its facts, or make it a row"),
    )


def out_of_bounds(where: Where, case: str, *, unit: Unit) -> Fault:
    """A number that leaves its bounds for some reachable facts."""
    bounds = Text("比例须在 0–100% 之间", "a rate lies within 0–100 %")
    if unit != "rate":
        bounds = Text("不得为负", "it may not be negative")
    return Fault(
        f"{unit}_out_of_bounds",
        where,
        Text(f"{_UNITS_ZH[unit]}越界：{bounds.zh}", f"the {unit} is out of bounds: {bounds.en}"),
        Text(
            f"例如 {case or '任何情形'}；请检查数值与步骤，必要时加 at_least/at_most",
            f"for example {case or 'any case'}; look at value and steps, add at_least or at_most",
        ),
    )
