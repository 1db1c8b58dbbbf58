"""Complaints about plans and entitlements: their days, streams, derived facts, and each other."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from yibao.base.findings import Fault, Where
from yibao.base.texts import Text
from yibao.engines.policy.complaints.nearest import known_name


def in_force_overlap(where: Where, *, first: Where) -> Fault:
    """Two spans of one document that share a day."""
    return Fault(
        "in_force_overlap",
        where,
        Text("in_force 的时段重叠", "two spans of `in_force` overlap"),
        Text("请为较早的一段写明 until", "give the earlier one its `until`"),
        also=(first,),
    )


def span_empty(where: Where) -> Fault:
    """A span that ends before it begins."""
    return Fault(
        "span_empty",
        where,
        Text("until 不晚于 from", "`until` is not after `from`"),
        Text("until 为不含当日的截止日", "`until` is the first day that is out"),
    )


def streams_too_many(where: Where, limit: int) -> Fault:
    """More streams than a claim may have."""
    return Fault(
        "streams_too_many",
        where,
        Text(
            f"费用通道超过 {limit} 个（含 general）", f"more than {limit} streams, general counted"
        ),
        Text("请合并通道", "merge some"),
    )


def stream_reserved(where: Where) -> Fault:
    """A route to the stream of everything else."""
    return Fault(
        "stream_reserved",
        where,
        Text("general 是未被分流费用的通道名", "`general` is the stream of what no route takes"),
        Text("请为通道改名", "give the stream another name"),
    )


def stream_names_differ(where: Where, stream: str) -> Fault:
    """Two names for one stream in a plan."""
    return Fault(
        "stream_names_differ",
        where,
        Text(f"通道“{stream}”有两个名称", f"the stream '{stream}' has two names"),
        Text("一个通道只写一个名称", "give a stream one name"),
    )


def routes_clash(where: Where, one: str, *, two: str, case: str) -> Fault:
    """A line that two streams take."""
    return Fault(
        "routes_clash",
        where,
        Text(
            f"通道“{one}”与“{two}”会同时接收一行费用",
            f"the streams '{one}' and '{two}' take the same line",
        ),
        Text(
            f"例如 {case or '任何情形'}；请让各通道的条件互不重叠",
            f"for example {case or 'any case'}; make their conditions exclude each other",
        ),
    )


def derived_undeclared(where: Where, name: str) -> Fault:
    """A derived fact that facts.yaml does not have as a number."""
    return Fault(
        "derived_undeclared",
        where,
        Text(
            f"派生事实“{name}”未在 facts.yaml 中声明为数值",
            f"the derived fact '{name}' is not a numeric fact of facts.yaml",
        ),
        Text("请先声明", "declare it first"),
    )


def line_fact_asked(where: Where, name: str) -> Fault:
    """A fact of a line, asked where there is only the claim."""
    return Fault(
        "line_fact_asked",
        where,
        Text(
            f"“{name}”是费用明细的事实，只有 routes 可以引用",
            f"'{name}' is a fact of a line, which only `routes` can ask about",
        ),
        Text(
            "请用 routes 将这类明细分入专门通道，再由保障层提取该通道",
            "send such lines to a stream by `routes`, and let a layer draw the stream",
        ),
    )


def derived_early(where: Where, name: str) -> Fault:
    """A derived fact, asked before it is known."""
    return Fault(
        "derived_early",
        where,
        Text(
            f"此处引用派生事实“{name}”时，它尚未得出",
            f"the derived fact '{name}' is not known yet where it is asked here",
        ),
        Text(
            "派生事实自保障层起可用；applies_to、routes 与在其之前的派生事实不能引用",
            "it is known from the layers on, not to `applies_to`, `routes` or what is derived"
            " before it",
        ),
    )


def list_fact_unknown(where: Where, name: str, *, of: str, known: Iterable[str]) -> Fault:
    """A ranked sum over something that is not a list of its fact."""
    return Fault(
        "list_fact_unknown",
        where,
        Text(f"“{name}”不是 {of} 的列表事实", f"'{name}' is not a list of {of}"),
        known_name(name, known),
    )


def layer_twice(where: Where, layer: str, *, day: date, first: Where) -> Fault:
    """Two entries of one layer on one day."""
    return Fault(
        "dated_overlap",
        where,
        Text(f"保障层“{layer}”在 {day} 重复", f"the layer '{layer}' stands twice on {day}"),
        Text("请用 from/until 分开，或改名", "part them by from/until, or rename one"),
        also=(first,),
    )


def no_layer(where: Where, day: date) -> Fault:
    """A day of a plan without any layer."""
    return Fault(
        "dated_gap",
        where,
        Text(f"{day} 起没有任何保障层生效", f"no layer is in force from {day}"),
        Text("请补充保障层，或缩短 in_force", "add a layer, or shorten `in_force`"),
    )


def plan_feeds(where: Where, counter: str, *, known: Iterable[str]) -> Fault:
    """A plan that feeds what only a layer can feed."""
    return Fault(
        "counter_unit",
        where,
        Text(
            f"计划只能直接累加 claim_count，“{counter}”不是",
            f"a plan feeds only counters that add claim_count, '{counter}' does not",
        ),
        _to_a_layer(known_name(counter, known)),
    )


def _to_a_layer(known: Text) -> Text:
    return Text(f"请移到保障层的 feeds；{known.zh}", f"move it to a layer's `feeds`; {known.en}")


def line_named_as_fact(where: Where, name: str) -> Fault:
    """A line of a formula that cannot be told from a fact or another line."""
    return Fault(
        "name_twice",
        where,
        Text(f"行名“{name}”已被事实或其他行使用", f"'{name}' is the name of a fact or a line"),
        Text("请为该行改名", "rename the line"),
    )


def counter_unfed(where: Where, name: str) -> Fault:
    """A counter that is read and never grows."""
    return Fault(
        "counter_unfed",
        where,
        Text(
            f"累计“{name}”被读取，但没有任何计划累加它",
            f"the counter '{name}' is read, but nothing feeds it",
        ),
        Text("请在相应保障层的 feeds 中列出", "list it under `feeds` of a layer"),
    )


def nth_unfed(where: Where, fact: str, *, counter: str) -> Fault:
    """A plan that numbers its claims by a counter that they do not feed."""
    return Fault(
        "nth_unfed",
        where,
        Text(
            f"“{fact}”取自累计“{counter}”，但本计划不累加它",
            f"'{fact}' is read from the counter '{counter}', which this plan does not feed",
        ),
        Text(
            "本计划的就诊不会被计入次数；请在计划的 feeds 中列出该累计",
            "its own claims would never be counted; list the counter under the plan's `feeds`",
        ),
    )


def fund_unknown(where: Where, fund: str, *, known: Iterable[str]) -> Fault:
    """A payer that area.yaml does not list."""
    return Fault(
        "fund_unknown",
        where,
        Text(f"基金“{fund}”未在 area.yaml 中声明", f"the fund '{fund}' is not in area.yaml"),
        known_name(fund, known),
    )


def plans_clash(where: Where, one: str, *, two: str, day: date, first: Where) -> Fault:
    """A claim that belongs to two plans."""
    return Fault(
        "plans_clash",
        where,
        Text(
            f"自 {day} 起，计划 {one} 与 {two} 会同时适用",
            f"from {day} the plans {one} and {two} take the same claims",
        ),
        Text(
            "请缩小其中一个的 applies_to，或分开 in_force",
            "narrow one `applies_to`, or part their `in_force`",
        ),
        also=(first,),
    )


def product_gap(where: Where, product: str, *, day: date, case: str) -> Fault:
    """A claim of a product that belongs to no plan."""
    return Fault(
        "product_gap",
        where,
        Text(
            f"产品“{product}”自 {day} 起没有适用的计划",
            f"the product '{product}' has no plan from {day}",
        ),
        Text(
            f"例如 {case or '任何情形'}；请补充计划或调整产品的起止日期",
            f"for example {case or 'any case'}; add a plan, or change the product's dates",
        ),
    )
