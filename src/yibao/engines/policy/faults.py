"""Faults of policy files: collecting them, and saying pydantic's in our own two languages."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import ValidationError

from yibao.base.findings import Fault, FaultsFound, Where
from yibao.base.texts import Text
from yibao.base.trees import Branch, Tree, where_at

_WRITE_AS_DOCUMENTED = Text("请按政策语言文档的写法改写", "write it as docs/policy-language.md says")


class Faults:
    """A growing list of faults; equal ones are kept once."""

    def __init__(self) -> None:
        self._faults: dict[tuple[str, Where, str], Fault] = {}

    def add(self, fault: Fault) -> None:
        """Add one fault."""
        self._faults.setdefault((fault.code, fault.where, fault.message.en), fault)

    def extend(self, faults: Iterable[Fault]) -> None:
        """Add faults found elsewhere."""
        for fault in faults:
            self.add(fault)

    def __len__(self) -> int:
        return len(self._faults)

    @property
    def found(self) -> list[Fault]:
        """The faults so far."""
        return list(self._faults.values())

    def raise_if_any(self) -> None:
        """Raise all of them together.

        Raises:
            FaultsFound: if there is at least one.
        """
        if self._faults:
            raise FaultsFound(self._faults.values())


def known_name(name: str, known: Iterable[str]) -> Text:
    """What to do about a name that is not declared: the nearest ones, or all when few."""
    names = sorted(known)
    near = difflib.get_close_matches(name, names, n=3)
    shown = ", ".join(near or names[:12]) or "–"
    return Text(f"可用的名称: {shown}", f"known names: {shown}")


_MESSAGES: Mapping[str, tuple[Text, Text]] = {
    "missing": (
        Text("缺少必填项“{key}”", "the entry '{key}' is missing"),
        Text("请补充该项", "add it"),
    ),
    "extra_forbidden": (
        Text("不认识的项“{key}”", "the entry '{key}' is not known here"),
        Text("请改名或删除", "rename or remove it"),
    ),
    "day": (
        Text("“{input}”不是存在的日期", "'{input}' is not a day that exists"),
        Text("请写成 2024-01-31 的形式", "write it like 2024-01-31"),
    ),
    "one_of": (
        Text("以下各项必须且只能写一个: {keys}", "write exactly one of: {keys}"),
        _WRITE_AS_DOCUMENTED,
    ),
    "target": (
        Text("目标须写 share 与 of，或 amount 与 at_most_of", "a target is share with of, or amount with at_most_of"),
        _WRITE_AS_DOCUMENTED,
    ),
    "literal_error": (
        Text("“{input}”不是允许的值，应为 {expected}", "'{input}' is not allowed here, expected {expected}"),
        Text("请改为所列的值之一", "write one of these"),
    ),
    "string_pattern_mismatch": (
        Text("“{input}”的写法不符合要求", "'{input}' is not written as a name of its kind"),
        Text("名称用小写英文字母、数字和下划线；地区代码为六位数字并加引号",
             "names are lower-case letters, digits and _; an area code is six quoted digits"),
    ),
    "string_type": (
        Text("此处应为文字，实为“{input}”", "text is expected here, not '{input}'"),
        Text("请加引号", "quote it"),
    ),
    "too_short": (
        Text("列表不能为空", "the list may not be empty"),
        Text("请至少写一项，或删除该项", "write at least one entry, or remove it"),
    ),
}  # fmt: skip
_OTHERWISE = (
    Text("“{key}”的写法不对（{detail}）", "'{key}' is not written as expected ({detail})"),
    _WRITE_AS_DOCUMENTED,
)


def _filled(text: Text, values: Mapping[str, object]) -> Text:
    return Text(text.zh.format(**values), text.en.format(**values))


def _key_of(loc: tuple[int | str, ...]) -> str:
    names = [str(step) for step in loc if not str(step).startswith("<")]
    return names[-1] if names else "–"


def from_validation(error: ValidationError, tree: Tree, *, known_keys: Iterable[str]) -> list[Fault]:
    """Pydantic's errors as faults with file and line."""
    faults = []
    details = error.errors(include_url=False)
    for detail in details:
        if detail["type"] == "too_short" and any(
            other is not detail and other["loc"][: len(detail["loc"])] == detail["loc"]
            for other in details
        ):
            continue  # its entries are at fault, not their number
        loc, kind = detail["loc"], detail["type"]
        context: dict[str, Any] = dict(detail.get("ctx", {}))
        shown = detail.get("input")
        shown = shown if isinstance(shown, str | int | bool) else "…"
        values = {"keys": "", "expected": "", **context}
        values |= {"key": _key_of(loc), "input": shown, "detail": detail["msg"]}
        message, remedy = _MESSAGES.get(kind, _OTHERWISE)
        if kind == "extra_forbidden":
            near = difflib.get_close_matches(_key_of(loc), list(known_keys), n=2)
            if near:
                remedy = Text(f"是否应为 {', '.join(near)}？", f"did you mean {', '.join(near)}?")
        where = where_at(tree, loc[:-1] if kind == "missing" else loc)
        if isinstance(tree, Branch) and not where.file:
            where = tree.where
        faults.append(Fault(f"policy_{kind}", where, _filled(message, values), remedy))
    return faults
