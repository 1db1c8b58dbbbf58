"""Where a fund year's money came from and went (资金流向): one pair of bars a fund.

The upper bar is what there was: brought forward and income. The lower is where it is: spent, and
carried forward. Where a fund spent more than it had, what lacks stands behind the upper bar.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from yibao.base.money import format_yuan
from yibao.base.texts import Language, Text
from yibao.offices.actuary.drawing.pages import (
    FUND_COLOURS,
    GREY,
    MEMBER_COLOUR,
    TRACK,
    Form,
    Pen,
    bar,
    content_of,
    key,
    rule,
    sheet,
)

_WIDTH, _LEFT, _RIGHT, _ROW, _HEAD, _BAR = 900.0, 30.0, 60.0, 62.0, 96.0, 12.0
_SPENT, _HAD, _CARRIED = FUND_COLOURS[0], FUND_COLOURS[1], FUND_COLOURS[5]
_BROUGHT, _LACKS = TRACK, MEMBER_COLOUR
_WORDS = (
    (Text("上年结余", "brought forward"), _BROUGHT),
    (Text("收入", "income"), _HAD),
    (Text("支出", "spending"), _SPENT),
    (Text("滚存结余", "carried forward"), _CARRIED),
    (Text("缺口", "lacking"), _LACKS),
)


@dataclass(frozen=True, slots=True)
class FundFlow:
    """A fund's year in fen: carried forward = brought forward + income − spending."""

    label: Text
    brought_forward_amount: int
    income_amount: int
    spending_amount: int

    @property
    def carried_forward_amount(self) -> int:
        """What is left, below zero where the fund spent more than it had."""
        return self.brought_forward_amount + self.income_amount - self.spending_amount


def fund_flow_picture(
    flows: Sequence[FundFlow], form: Form, *, title: Text, language: Language
) -> bytes:
    """The picture of a year's funds as the content of a file, the largest fund first."""
    shown = sorted(flows, key=lambda flow: -max(flow.spending_amount, flow.income_amount))
    figure, axes = sheet(_WIDTH, _HEAD + _ROW * len(shown) + 16)
    pen = Pen(axes)
    said = title.in_language(language)
    pen.write((_LEFT, 30), said, size=15)
    place = _LEFT
    for words, colour in _WORDS:
        key(axes, (place, 62), colour=colour)
        text = words.in_language(language)
        pen.write((place + 16, 62), text, size=9, colour=GREY)
        place += 140
    most = max((_length(flow) for flow in shown), default=0) or 1
    for number, flow in enumerate(shown):
        top = _HEAD + number * _ROW
        rule(axes, (_LEFT, top - 6), width=_WIDTH - 2 * _LEFT)
        pen.write((_LEFT, top + 8), flow.label.in_language(language), size=10)
        pen.write((_WIDTH - _LEFT, top + 8), _told(flow, language), size=9, colour=GREY,
                  align="right")  # fmt: skip
        lacking = max(0, -flow.carried_forward_amount)
        there = ((flow.brought_forward_amount, _BROUGHT), (flow.income_amount, _HAD),
                 (lacking, _LACKS))  # fmt: skip
        gone = ((flow.spending_amount, _SPENT), (flow.carried_forward_amount, _CARRIED))
        for row, parts in enumerate((there, gone)):
            start = _LEFT
            for amount, colour in parts:
                length = (_WIDTH - _LEFT - _RIGHT) * max(0, amount) / most
                bar(axes, (start, top + 20 + row * (_BAR + 2)), size=(length, _BAR), colour=colour)
                start += length
    return content_of(figure, form, title=said, description=said)


def _length(flow: FundFlow) -> int:
    return max(flow.brought_forward_amount + flow.income_amount, flow.spending_amount)


def _told(flow: FundFlow, language: Language) -> str:
    income, spending = (
        format_yuan(amount, grouped=True) for amount in (flow.income_amount, flow.spending_amount)
    )
    carried = format_yuan(flow.carried_forward_amount, grouped=True)
    return Text(
        f"收 {income}　支 {spending}　结余 {carried} 元",
        f"in {income}   out {spending}   left {carried} yuan",
    ).in_language(language)
