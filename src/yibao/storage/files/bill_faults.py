"""What is wrong with a bill file, said in our two languages.

The syntax is judged by pydantic; here its findings become faults with file, line and remedy.

Holds: every kind of finding has a fault; one that the table does not foresee is told by its
place and in the words of pydantic rather than passed over.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import ValidationError

from yibao.base.findings import Fault, Where
from yibao.base.texts import Text
from yibao.base.trees import Tree, where_at


def bill_faults(error: ValidationError, tree: Tree, *, known_keys: Iterable[str]) -> list[Fault]:
    """Pydantic's errors about a bill as faults with file and line."""
    known = list(known_keys)
    details = error.errors(include_url=False)
    return [_told(dict(detail), tree, known) for detail in details if not _is_echo(dict(detail))]


def _is_echo(detail: Mapping[str, Any]) -> bool:
    """A list called too short only because its items were refused, each on its own."""
    return detail["type"] == "too_short" and bool(detail.get("input"))


def _told(detail: Mapping[str, Any], tree: Tree, known: list[str]) -> Fault:
    kind, loc = str(detail["type"]), tuple(detail["loc"])
    key = next((str(step) for step in reversed(loc) if not _is_tag(step)), "–")
    if kind == "string_pattern_mismatch" and "slots" in loc:
        kind, key = "slot", str(detail.get("input"))
    message, remedy = _MESSAGES.get(kind, _OTHERWISE)
    if kind == "extra_forbidden":
        near = ", ".join(difflib.get_close_matches(key, [one for one in known if one != key], n=2))
        remedy = Text(f"是否应为 {near}？", f"did you mean {near}?") if near else remedy
    shown = detail.get("input")
    values = {
        "input": shown if isinstance(shown, str | int | bool) else "…",
        "key": key,
        "detail": detail["msg"],
        **detail.get("ctx", {}),
    }
    message = Text(message.zh.format(**values), message.en.format(**values))
    where = where_at(tree, loc[:-1] if kind == "missing" else loc)
    return Fault(f"bill_{kind}", where if where.file else _whole(tree), message, remedy)


def _is_tag(step: object) -> bool:
    """Whether a step is pydantic's own and not one of the file."""
    return str(step).startswith(("<", "["))


def _whole(tree: Tree) -> Where:
    return getattr(tree, "where", Where(""))


_AS_DOCUMENTED = Text("请按 docs/bill-format.md 的写法改写", "write it as docs/bill-format.md says")
_OTHERWISE = (
    Text("“{key}”的写法不对（{detail}）", "'{key}' is not written as expected ({detail})"),
    _AS_DOCUMENTED,
)
_YUAN_REMEDY = Text(
    '金额用半角数字写成元的整数，或加引号、最多两位小数的数，如 120 或 "120.50"',
    "write yuan as an integer or a quoted decimal of at most two places, in plain digits:"
    ' 120 or "120.50"',
)
_MESSAGES: dict[str, tuple[Text, Text]] = {
    "missing": (
        Text("缺少“{key}”", "the entry '{key}' is missing"),
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
        Text("以下各项须写且只写一个: {keys}", "write exactly one of: {keys}"),
        _AS_DOCUMENTED,
    ),
    "too_short": (
        Text("“{key}”不能为空", "'{key}' may not be empty"),
        Text("请至少写一项，或删除该项", "write at least one entry, or remove it"),
    ),
    "model_type": (
        Text("“{key}”应为若干“键: 值”", "'{key}' is a mapping of keys to values"),
        _AS_DOCUMENTED,
    ),
    "amount": (
        Text("“{input}”不是金额，或小于一分", "'{input}' is not an amount, or has parts of a fen"),
        _YUAN_REMEDY,
    ),
    "amount_too_large": (
        Text(
            "金额过大: {input}（最多 {limit} 元）",
            "the amount is too large: {input} (at most {limit} yuan)",
        ),
        Text("请核对位数与小数点", "check the digits and the decimal point"),
    ),
    "negative_amount": (
        Text("金额不能为负: {input}", "an amount may not be negative: {input}"),
        Text(
            "退费请用 refunds 行（按目录切分的明细）或 refund 事件",
            "take money back with a line that `refunds` another, or with a `refund` event",
        ),
    ),
    "decimal": (
        Text("“{input}”不是数量或单价", "'{input}' is not a quantity or a unit price"),
        Text(
            "写成整数或加引号的小数，最多四位小数",
            "write an integer or a quoted decimal of at most four places",
        ),
    ),
    "identifier": (
        Text("“{input}”不能用作编号", "'{input}' cannot be an identifier"),
        Text(
            "编号为 1 至 64 个字符，首尾不能有空格，不能含斜线",
            "it has 1 to 64 characters, none of them a slash, and no space at either end",
        ),
    ),
    "empty_span": (
        Text("until 应晚于 from", "`until` must lie behind `from`"),
        Text("until 当日不含在内；请核对两个日期", "`until` is exclusive; check the two dates"),
    ),
    "date_missing": (
        Text("没有结算日期", "there is no date to settle on"),
        Text(
            "请填写 dates.settlement；补报的写 dates.care",
            "write dates.settlement, or dates.care for a late claim",
        ),
    ),
    "dates_order": (
        Text("入院日期晚于出院（结算）日期", "admission lies behind discharge or settlement"),
        Text("请核对日期", "check the dates"),
    ),
    "charged_or_split": (
        Text(
            "明细要么写项目、数量、单价，要么写已切分的四类金额",
            "a line is either charged (item, quantity, price) or split into its four classes",
        ),
        Text(
            "只写其中一种: item、quantity、unit_price，"
            "或 eligible、prior_self_pay、over_limit、noncovered",
            "write one of them: item, quantity, unit_price; or eligible, prior_self_pay,"
            " over_limit, noncovered",
        ),
    ),
    "charged_lacks": (
        Text("明细缺少 {keys}", "the line lacks {keys}"),
        Text("请补充", "add it"),
    ),
    "amount_against_price": (
        Text("金额与数量 × 单价不符", "the amount is not quantity × unit price"),
        Text("请更正其中之一，或只写一个", "mend one of them, or write only one"),
    ),
    "refund_without_line": (
        Text("负数明细没有指明它退的是哪一行", "a negative line names no line that it takes back"),
        Text("请在 refunds 中写明原明细的编号", "name that line in `refunds`"),
    ),
    "lines_and_slots": (
        Text("lines 和 slots 不能同时出现", "`lines` and `slots` stand together"),
        Text("只保留一种", "keep one of them"),
    ),
    "no_amounts": (
        Text("结算单没有费用", "the bill has no amounts"),
        Text(
            "请写 lines 或 slots；年度方案的结算单写 slots: {}；也可能是文件不完整",
            "write lines or slots (`slots: {}` for an annual claim); is the file cut off?",
        ),
    ),
    "event_kind": (
        Text("不认识的事件", "an event of no known kind"),
        Text(
            "事件应含以下之一: settle、presettle、refund、reverse、learn、resettle",
            "an event has one of: settle, presettle, refund, reverse, learn, resettle",
        ),
    ),
    "slot": (
        Text("“{input}”不是费用分块", "'{input}' is not a slot"),
        Text(
            "写 eligible、prior_self_pay、over_limit、noncovered（可带 :通道），"
            "或 原因@保障层，如 coinsurance@basic",
            "write eligible, prior_self_pay, over_limit or noncovered (with :stream behind),"
            " or reason@layer, as coinsurance@basic",
        ),
    ),
}
