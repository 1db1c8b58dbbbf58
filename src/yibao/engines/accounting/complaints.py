"""Complaints about a chart of accounts (科目表校验提示): one small function a fault.

Each is given the place and what was found there. Codes are stable; docs/errors.md lists them.

Refuses: to judge. Whether something is a fault is decided where the chart is compiled.
"""

from __future__ import annotations

from collections.abc import Iterable

from yibao.base.findings import Fault, Where
from yibao.base.texts import Text
from yibao.engines.policy.complaints.nearest import known_name


def document_unknown(where: Where, key: str, *, known: Iterable[str]) -> Fault:
    """A document whose first key is no kind."""
    return Fault(
        "chart_document_unknown",
        where,
        Text(f"首个键“{key}”不表示任何文档类型", f"the first key '{key}' is no kind of document"),
        known_name(key, known),
    )


def chart_missing(where: Where, code: str) -> Fault:
    """An area without a chart of accounts."""
    return Fault(
        "chart_missing",
        where,
        Text(f"地区 {code} 没有科目表", f"the area {code} has no chart of accounts"),
        Text(
            f"请在 {code}/accounts/ 中补充以 chart 开头的文件（写法见 docs/accounts.md）",
            f"add a file that begins with `chart` to {code}/accounts/ (docs/accounts.md)",
        ),
    )


def area_mismatch(where: Where, written: str, *, code: str) -> Fault:
    """A chart of another area in this area's folder."""
    return Fault(
        "chart_area_mismatch",
        where,
        Text(f"科目表属于 {written}，而文件夹属于 {code}", f"chart {written} in folder {code}"),
        Text(f'请写 chart: "{code}"', f'write `chart: "{code}"`'),
    )


def fund_unknown(where: Where, name: str, *, known: Iterable[str]) -> Fault:
    """A fund that the base does not name, or that the area does not have."""
    return Fault(
        "chart_fund_unknown",
        where,
        Text(f"没有名为“{name}”的基金", f"there is no fund named '{name}'"),
        known_name(name, known),
    )


def account_type_unknown(where: Where, name: str, *, known: Iterable[str]) -> Fault:
    """An account type or group of them that nobody declared."""
    return Fault(
        "account_type_unknown",
        where,
        Text(f"没有名为“{name}”的科目类型", f"there is no account type named '{name}'"),
        known_name(name, known),
    )


def group_unknown(where: Where, name: str, *, known: Iterable[str]) -> Fault:
    """A group that the chart does not name."""
    return Fault(
        "account_group_unknown",
        where,
        Text(f"没有名为“{name}”的科目分组", f"there is no group of accounts named '{name}'"),
        known_name(name, known),
    )


def source_unknown(where: Where, name: str, *, known: Iterable[str]) -> Fault:
    """A source that no sources document has."""
    return Fault(
        "chart_source_unknown",
        where,
        Text(f"没有编号为“{name}”的来源", f"there is no source '{name}'"),
        known_name(name, known),
    )


def clearing_not_mutual(where: Where, fund: str, *, other: str) -> Fault:
    """A fund that faces one which does not face it."""
    return Fault(
        "clearing_not_mutual",
        where,
        Text(
            f"基金“{fund}”与“{other}”往来，但“{other}”没有写回“{fund}”",
            f"the fund '{fund}' clears with '{other}', which does not name '{fund}'",
        ),
        Text(
            f"请在“{other}”的 clears_with 中补充 {fund}，或删除此处",
            f"add {fund} to `clears_with` of '{other}', or remove it here",
        ),
    )


def faces_nothing(where: Where, event: str, *, side: str) -> Fault:
    """An event that has no account on a side."""
    return Fault(
        "event_faces_nothing",
        where,
        Text(
            f"事件“{event}”的 {side} 方没有任何科目",
            f"the event '{event}' has no account on its {side} side",
        ),
        Text("请补充该方的科目类型，或删除该事件", "name account types for it, or drop the event"),
    )


def role_missing(where: Where, event: str, *, side: str, role: str) -> Fault:
    """An event that lacks a role which its posting asks for."""
    return Fault(
        "event_role_missing",
        where,
        Text(
            f"事件“{event}”的 {side} 方缺少角色“{role}”",
            f"the {side} side of '{event}' lacks the role '{role}'",
        ),
        Text("请写明由哪种科目承担", "say which account types play it"),
    )


def name_twice(where: Where, name: str, *, first: Where) -> Fault:
    """Two declarations of one name."""
    return Fault(
        "chart_name_twice",
        where,
        Text(f"名称“{name}”重复声明", f"the name '{name}' is declared twice"),
        Text("请改名，或只保留一处", "rename one, or keep only one"),
        also=(first,),
    )


def name_reserved(where: Where, name: str) -> Fault:
    """An account type that is named as those between funds are."""
    return Fault(
        "account_name_reserved",
        where,
        Text(f"“{name}”是基金往来科目的名称", f"'{name}' is the name of a clearing account"),
        Text(
            "请改名；往来科目由 clears_with 生成",
            "rename it; `clears_with` of the funds makes clearing accounts",
        ),
    )


def span_empty(where: Where, name: str) -> Fault:
    """A span that holds no day."""
    return Fault(
        "chart_span_empty",
        where,
        Text(f"“{name}”的有效期为空", f"the days of '{name}' are none"),
        Text("until 须晚于 from（不含当日）", "`until` is exclusive and lies behind `from`"),
    )


def guard_misplaced(where: Where, name: str, *, guard: str, needs: str) -> Fault:
    """A guard on an account that it cannot watch."""
    return Fault(
        "account_guard_misplaced",
        where,
        Text(
            f"科目“{name}”的 guard: {guard} 须与 {needs} 同用",
            f"`guard: {guard}` of '{name}' stands only on {needs}",
        ),
        Text("请更正 class、holder 或 guard", "mend class, holder or guard"),
    )


def unsourced(where: Where, name: str) -> Fault:
    """An account type that says neither its official name nor that it is our own."""
    return Fault(
        "account_unsourced",
        where,
        Text(
            f"科目“{name}”须二者写其一: official 与 source，或 own: true",
            f"'{name}' says either `official` with `source`, or `own: true`",
        ),
        Text(
            "请补充制度中的科目名，或注明自设", "name it as the system does, or say it is our own"
        ),
    )


def value_invalid(where: Where, written: str, *, expected: Text) -> Fault:
    """A rate or a time zone that is not written as one."""
    return Fault(
        "chart_value_invalid",
        where,
        Text(f"“{written}”不是{expected.zh}", f"'{written}' is not {expected.en}"),
        Text("请更正", "mend it"),
    )


def fund_unnamed(where: Where, name: str) -> Fault:
    """A fund of the base that has no name in both languages, or no first day."""
    return Fault(
        "chart_fund_unnamed",
        where,
        Text(f"基金“{name}”须写明 zh、en 和 from", f"the fund '{name}' needs zh, en and `from`"),
        Text("请补充", "add them"),
    )


def account_unused(where: Where, name: str) -> Fault:
    """A warning: an account type that no event faces."""
    return Fault(
        "account_unused",
        where,
        Text(f"没有任何事件使用科目“{name}”", f"no event faces the account type '{name}'"),
        Text("请写入某一事件，或删除该科目", "let an event face it, or remove it"),
    )
