"""The waterfall as steps: where each amount begins and ends, before anything is drawn.

The first step is the whole bill. Each layer takes its benefit off from the right; what remains is
the member's, and each reason takes its part of that until nothing is left. A step's ends are sums
of amounts in fen, so the picture closes as the explanation does.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from yibao.base.checks import check
from yibao.base.money import format_yuan
from yibao.base.texts import Text
from yibao.engines.benefits.explain.shapes import Adjustment, Explanation, FactShown, LayerShown

_LEFT_TO_THE_MEMBER = Text("个人负担合计", "Left to the member")

Kind = Literal["submitted", "layer", "silent", "member", "reason"]


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a step in one colour: a fund's, or a group of reasons'."""

    colour_of: str
    label: Text
    amount: int


@dataclass(frozen=True, slots=True)
class WaterfallStep:
    """One row of the picture, from ``start_amount`` up to ``end_amount`` on the scale, in fen.

    ``silent``: a layer that pays nothing, whose ``detail`` says why.
    """

    kind: Kind
    label: Text
    detail: Text
    start_amount: int
    end_amount: int
    parts: tuple[Part, ...]

    @property
    def amount(self) -> int:
        """The height of the step, fen."""
        return self.end_amount - self.start_amount


def waterfall_steps(explanation: Explanation) -> tuple[WaterfallStep, ...]:
    """The steps from the whole bill to the last fen left on the member.

    Holds: each step begins where the one before ended; the last ends at nothing.
    """
    steps = (
        _whole("submitted", Text("医疗费总额", "Charged in all"), explanation.submitted_amount),
        *_layer_steps(explanation),
        _whole("member", _LEFT_TO_THE_MEMBER, explanation.out_of_pocket_amount),
        *_reason_steps(explanation),
    )
    check(steps[-1].start_amount == 0 or len(explanation.adjustments) == 0, "the steps do not end")
    return steps


def _whole(kind: Kind, label: Text, amount: int) -> WaterfallStep:
    return WaterfallStep(kind, label, Text("", ""), 0, amount, (Part(kind, label, amount),))


def _layer_steps(explanation: Explanation) -> Iterator[WaterfallStep]:
    remaining = explanation.submitted_amount
    for layer in explanation.layers:
        start = remaining - layer.benefit_amount
        parts = tuple(Part(paid.fund, paid.label, paid.amount) for paid in layer.paid_by)
        kind: Kind = "layer" if layer.benefit_amount else "silent"
        yield WaterfallStep(kind, layer.label, _layer_detail(layer), start, remaining, parts)
        remaining = start
    check(remaining == explanation.out_of_pocket_amount, "the layers do not end at the member")


def _layer_detail(layer: LayerShown) -> Text:
    if not layer.applied:
        return _not_applied(layer.not_applied_because)
    paid = [part for part in layer.paid_by if part.amount]
    if not paid:
        return _silence(layer)
    if len(paid) == 1:
        return paid[0].label
    zh = "，".join(f"{part.label.zh} {_grouped(part.amount)}" for part in paid)
    return Text(zh, ", ".join(f"{part.label.en} {_grouped(part.amount)}" for part in paid))


def _silence(layer: LayerShown) -> Text:
    """Why a layer that applies pays nothing."""
    if layer.base_amount == 0:
        return Text("没有费用进入这一层", "no cost enters this layer")
    if layer.deductible is not None and layer.deductible.taken_amount == layer.admitted_amount:
        return Text("费用都在起付线以内", "all of the cost is within the deductible")
    if any(ceiling.binds for ceiling in layer.ceilings):
        return Text("已达封顶线", "a ceiling is reached")
    return Text("本次没有支付", "pays nothing this time")


def _not_applied(facts: tuple[FactShown, ...]) -> Text:
    if not facts:
        return Text("本次不适用", "does not apply")
    zh = "，".join(f"{fact.label.zh}为{fact.value_label.zh}" for fact in facts)
    en = ", ".join(f"{fact.label.en} is {fact.value_label.en}" for fact in facts)
    return Text(f"不适用：{zh}", f"does not apply: {en}")


def _reason_steps(explanation: Explanation) -> Iterator[WaterfallStep]:
    remaining = explanation.out_of_pocket_amount
    for adjustment in explanation.adjustments:
        start = remaining - adjustment.amount
        part = Part(adjustment.group, adjustment.label, adjustment.amount)
        detail = _reason_detail(adjustment)
        yield WaterfallStep("reason", adjustment.label, detail, start, remaining, (part,))
        remaining = start


def _reason_detail(adjustment: Adjustment) -> Text:
    parts = [adjustment.layer_label] if adjustment.layer else []
    if adjustment.ceiling:
        parts.append(adjustment.ceiling_label)
    if adjustment.stream:
        parts.append(adjustment.stream_label)
    return Text(" · ".join(part.zh for part in parts), " · ".join(part.en for part in parts))


def _grouped(amount: int) -> str:
    return format_yuan(amount, grouped=True)
