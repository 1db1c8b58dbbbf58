"""What conditions say (条件的说法), in both languages, for people who ask why."""

from __future__ import annotations

from yibao.base.texts import Text
from yibao.engines.grouping.conditions import (
    OPERATING_ROOM,
    THOUSAND,
    Compare,
    Complication,
    Condition,
    Constant,
    Either,
    Every,
    HasProcedure,
    InList,
    Leaf,
    Negated,
)

_SUBJECTS = {
    "pdx": Text("主要诊断", "the principal diagnosis"),
    "sdx": Text("任一其他诊断", "a secondary diagnosis"),
    "dx": Text("任一诊断", "any diagnosis"),
    "pproc": Text("主要手术操作", "the main procedure"),
    "sproc": Text("任一其他手术操作", "a further procedure"),
    "proc": Text("任一手术操作", "any procedure"),
    "procset": Text("任一手术操作", "any procedure"),
}
_FIELDS = {
    "age": Text("年龄(岁)", "age in years"),
    "ageDay": Text("日龄(天)", "age in days"),
    "weight": Text("新生儿体重(克)", "newborn weight in grams"),
    "inHospitalTime": Text("住院天数", "days of stay"),
    "gender": Text("性别(1男 2女)", "sex (1 male, 2 female)"),
    "icuHours": Text("重症监护小时", "hours in intensive care"),
    "leavingType": Text("离院方式", "way of leaving"),
    "dept": Text("科室", "department"),
    "bodySites": Text("受伤部位数", "injured body sites"),
}
_SIGNS = {"==": "=", "!=": "≠", "<": "<", "<=": "≤", ">": ">", ">=": "≥"}


def leaf_told(leaf: Leaf) -> Text:  # noqa: PLR0911
    """One question in words."""
    if isinstance(leaf, InList):
        subject = _SUBJECTS[leaf.subject]
        if leaf.list_name == OPERATING_ROOM:
            return Text(
                f"{subject.zh}属于手术室手术", f"{subject.en} is an operating-room procedure"
            )
        return Text(
            f"{subject.zh}在列表 {leaf.list_name} 中", f"{subject.en} is in list {leaf.list_name}"
        )
    if isinstance(leaf, HasProcedure):
        return Text("有手术操作", "there is a procedure")
    if isinstance(leaf, Complication):
        if leaf.level == "mcc":
            return Text("有严重并发症或合并症 (MCC)", "there is an MCC")
        return Text("有并发症或合并症 (MCC 或 CC)", "there is an MCC or CC")
    if isinstance(leaf, Constant):
        return Text("无条件", "always") if leaf.holds else Text("不适用", "never")
    return _compare_told(leaf)


def not_listed_told(subject: str) -> Text:
    """That a subject is in none of some lists, whose names follow."""
    told = _SUBJECTS[subject]
    return Text(f"{told.zh}不在以下各组的列表中", f"{told.en} is in no list of these")


def _compare_told(leaf: Compare) -> Text:
    field, sign = _FIELDS[leaf.field], _SIGNS[leaf.comparison]
    shown = leaf.value if isinstance(leaf.value, str) else number_told(leaf.value)
    return Text(f"{field.zh} {sign} {shown}", f"{field.en} {sign} {shown}")


def field_told(name: str) -> Text:
    """What a field of a case is called."""
    return _FIELDS[name]


def number_told(thousandths: int) -> str:
    """A number of thousandths as people write it."""
    whole, rest = divmod(abs(thousandths), THOUSAND)
    sign = "-" if thousandths < 0 else ""
    return f"{sign}{whole}" + (f".{rest:03d}".rstrip("0") if rest else "")


def condition_told(condition: Condition) -> Text:
    """A whole condition in words."""
    if isinstance(condition, Every | Either):
        word = Text(" 且 ", " and ") if isinstance(condition, Every) else Text(" 或 ", " or ")
        told = [_bracketed(part) for part in condition.parts]
        return Text(word.zh.join(part.zh for part in told), word.en.join(part.en for part in told))
    if isinstance(condition, Negated):
        part = _bracketed(condition.part)
        return Text(f"非（{part.zh}）", f"not ({part.en})")
    return leaf_told(condition)


def _bracketed(part: Condition) -> Text:
    told = condition_told(part)
    if isinstance(part, Every | Either) and len(part.parts) > 1:
        return Text(f"（{told.zh}）", f"({told.en})")
    return told
