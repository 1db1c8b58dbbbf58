"""Complaints about a layer: its slots, counters, bands and payers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date

from yibao.base.findings import Fault, Where
from yibao.base.texts import Text
from yibao.engines.policy.complaints.nearest import known_name

COUNTER = Text("累计", "counter")
STREAM = Text("费用通道", "stream")
SLOT = Text("费用分块", "slot")
EARLIER_LAYER = Text("前序保障层", "earlier layer")
REASON = Text("剩余原因", "reason")
CEILING = Text("封顶名称", "ceiling")
LINE = Text("行", "line")


def name_unknown(where: Where, name: str, *, kind: Text, known: Iterable[str]) -> Fault:
    """A name of some kind that nothing has."""
    return Fault(
        "name_unknown",
        where,
        Text(f"没有名为“{name}”的{kind.zh}", f"there is no {kind.en} named '{name}'"),
        known_name(name, known),
    )


def counter_unit(where: Where, name: str, *, adds: str, wanted: Sequence[str]) -> Fault:
    """A counter that adds something else than its user reads."""
    shown = " / ".join(wanted)
    return Fault(
        "counter_unit",
        where,
        Text(
            f"累计“{name}”累加的是 {adds}，此处须累加 {shown}",
            f"the counter '{name}' adds {adds}; here it must add {shown}",
        ),
        Text(
            "请换用单位相符的累计（docs/policy-language.md §6）",
            "use a counter of the right unit (docs/policy-language.md §6)",
        ),
    )


def draw_twice(where: Where, slot: str, *, other: str) -> Fault:
    """Two draws of one layer that mean the same slot."""
    return Fault(
        "draw_twice",
        where,
        Text(f"“{slot}”与“{other}”取自同一费用分块", f"'{slot}' and '{other}' draw one slot twice"),
        Text("请只保留一项", "keep one of them"),
    )


def band_edges(where: Where) -> Fault:
    """An edge that the mode of the bands does not have."""
    return Fault(
        "band_edges",
        where,
        Text(
            "slice 的档写 to；whole 的档写 from 或 above",
            "bands of mode slice say `to`; of mode whole `from` or `above`",
        ),
        Text("请按模式书写档的边界", "write the edges as the mode wants them"),
    )


def edges_order(where: Where, case: str) -> Fault:
    """Bands that go back, stand still, or go on behind «none»."""
    return Fault(
        "edges_order",
        where,
        Text("各档的边界没有依次上升", "the edges of the bands do not rise"),
        Text(
            f"例如 {case or '任何情形'}；none 只能是最后一档的上限",
            f"for example {case or 'any case'}; `none` may end the last band only",
        ),
    )


def whole_start(where: Where) -> Fault:
    """A whole-amount table that leaves small amounts without a band."""
    return Fault(
        "whole_start",
        where,
        Text("whole 的第一档没有从 0 开始", "the first band of mode whole does not begin at 0"),
        Text("第一档写 from: 0 或 above: 0", "write `from: 0` or `above: 0` in the first band"),
    )


def position_missing(where: Where) -> Fault:
    """Bands from zero that forget where the year stands."""
    return Fault(
        "position_missing",
        where,
        Text(
            "起付线按年累计且分档从零起算时，档位也须用年度累计",
            "bands from zero with a deductible over the year need a position counter too",
        ),
        Text(
            "请为 position 指定累加 admitted 的年度累计",
            "give `position` a yearly counter that adds admitted",
        ),
    )


def shares_sum(where: Where, day: date, *, case: str) -> Fault:
    """Payers who pay less or more than everything."""
    return Fault(
        "shares_sum",
        where,
        Text("各基金的份额合计不是 100%", "the funds' shares do not sum to 100 %"),
        Text(
            f"请检查 {day} 当日的 paid_by（{case or '任何情形'}）",
            f"look at `paid_by` on {day} ({case or 'any case'})",
        ),
    )
