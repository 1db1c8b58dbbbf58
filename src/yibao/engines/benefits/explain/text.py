"""The explanation told to a person, in Chinese or English: a statement, a summary, a line table.

A statement is a list of rows, not a page: whoever prints it knows the width of the paper and how
wide a Chinese character is there. Sections follow the way of the bill; every amount that is taken
off or paid has the ids of the documents it rests on, and a star where a value is not law.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from yibao.base.texts import Language, Text
from yibao.engines.benefits.explain.reasons import GROUPS
from yibao.engines.benefits.explain.rows import Draft, Row, capital, money
from yibao.engines.benefits.explain.shapes import (
    Adjustment,
    Explanation,
    LineShown,
)
from yibao.engines.benefits.explain.text_grounds import counter_rows, ground_rows
from yibao.engines.benefits.explain.text_layers import layer_rows


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement in one language: a title, a line under it, and rows in order."""

    title: str
    subtitle: str
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class LineTable:
    """The bill's lines, one row each; ``rows`` are as wide as ``header``, amounts printed."""

    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def statement(explanation: Explanation, language: Language) -> Statement:
    """The whole explanation as rows that a member can read."""
    title = Text("费用结算说明", "How this bill was settled")
    plan = explanation.plan_label.in_language(language)
    day = explanation.chosen_on.isoformat()
    subtitle = Text(
        f"结算单 {explanation.claim_id} · 适用 {day} 的规定 · {explanation.benefit_year} 待遇年度",
        f"Claim {explanation.claim_id} · law of {day} · benefit year {explanation.benefit_year}",
    )
    drafts = [
        Draft("prose", 0, summary(explanation)),
        *_bill(explanation),
        *_layers(explanation),
        *_result(explanation),
        *counter_rows(explanation),
        *ground_rows(explanation),
    ]
    return Statement(
        f"{title.in_language(language)} · {plan}",
        subtitle.in_language(language),
        tuple(draft.row(language) for draft in drafts),
    )


def summary(explanation: Explanation) -> Text:
    """The explanation in one line."""
    paying = [layer for layer in explanation.layers if layer.benefit_amount]
    zh = "、".join(f"{layer.label.zh} {money(layer.benefit_amount)}" for layer in paying)
    en = ", ".join(f"{layer.label.en} {money(layer.benefit_amount)}" for layer in paying)
    submitted = money(explanation.submitted_amount)
    benefit = money(explanation.benefit_amount)
    own = money(explanation.out_of_pocket_amount)
    return Text(
        f"医疗费总额 {submitted} 元，基金支付 {benefit} 元{f'（{zh}）' if zh else ''}，"
        f"个人负担 {own} 元。",
        f"Of {submitted} yuan charged, the funds pay {benefit}{f' ({en})' if en else ''} "
        f"and {own} is left to the member.",
    )


def line_table(explanation: Explanation, language: Language) -> LineTable:
    """Each line of the bill: charged, paid by each layer, left for each reason."""
    layers: dict[str, Text] = {}
    slots: dict[str, Text] = {}
    for line in explanation.lines:
        layers.update((part.layer, part.label) for part in line.benefits)
        slots.update((part.slot, part.label) for part in line.left)
    layers = {layer.layer: layer.label for layer in explanation.layers if layer.layer in layers}
    left = {part.slot: slots[part.slot] for part in explanation.adjustments if part.slot in slots}
    first = (Text("明细", "Line"), Text("金额", "Charged"))
    paid = Text("支付", "pays")
    header = (
        *(_say(text, language) for text in first),
        *(
            f"{_say(text, language)}{_gap(language)}{_say(paid, language)}"
            for text in layers.values()
        ),
        *(_say(text, language) for text in left.values()),
    )
    rows = tuple(_line_row(line, layers, left) for line in explanation.lines)
    return LineTable(header, rows)


def _say(text: Text, language: Language) -> str:
    return text.zh if language == "zh" else capital(text.en)


def _gap(language: Language) -> str:
    return "" if language == "zh" else " "


def _line_row(line: LineShown, layers: dict[str, Text], left: dict[str, Text]) -> tuple[str, ...]:
    paid = {part.layer: part.amount for part in line.benefits}
    kept = {part.slot: part.amount for part in line.left}
    return (
        f"{line.line_id} {line.item}".strip(),
        money(line.submitted_amount),
        *(money(paid.get(layer, 0)) for layer in layers),
        *(money(kept.get(slot, 0)) for slot in left),
    )


def _bill(explanation: Explanation) -> Iterator[Draft]:
    yield Draft("section", 0, Text("费用构成", "The bill"))
    for part in explanation.opening:
        yield Draft("item", 1, part.label, money(part.amount))
    yield Draft(
        "total", 1, Text("医疗费总额", "Charged in all"), money(explanation.submitted_amount)
    )


def _layers(explanation: Explanation) -> Iterator[Draft]:
    remaining = explanation.submitted_amount
    for layer in explanation.layers:
        remaining -= layer.benefit_amount
        yield Draft("section", 0, layer.label)
        yield from layer_rows(layer, remaining_amount=remaining)


def _result(explanation: Explanation) -> Iterator[Draft]:
    yield Draft("section", 0, Text("结果", "The result"))
    for paid in explanation.paid_by:
        yield Draft("item", 1, paid.label, money(paid.amount))
    yield Draft(
        "total", 1, Text("基金支付合计", "Paid by funds"), money(explanation.benefit_amount)
    )
    for adjustment in explanation.adjustments:
        yield from _adjustment(adjustment)
    yield Draft(
        "total",
        1,
        Text("个人负担合计", "Left to the member"),
        money(explanation.out_of_pocket_amount),
    )


def _adjustment(adjustment: Adjustment) -> Iterator[Draft]:
    label = adjustment.label
    if adjustment.layer:
        layer = adjustment.layer_label
        label = Text(f"{layer.zh}·{label.zh}", f"{layer.en}: {label.en}")
    if adjustment.stream:
        label = Text(f"{label.zh}（{adjustment.stream}）", f"{label.en} ({adjustment.stream})")
    yield Draft("item", 1, label, money(adjustment.amount), adjustment.citations)
    group = next(text for name, text in GROUPS.items() if name == adjustment.group)
    yield Draft(
        "prose",
        2,
        Text(
            f"{group.zh}：{adjustment.sentence.zh}",
            f"{capital(group.en)}: {adjustment.sentence.en}",
        ),
    )
    for looked in adjustment.considered_by:
        if not looked.benefit_amount:
            continue
        drawn, paid = money(looked.drawn_amount), money(looked.benefit_amount)
        yield Draft(
            "prose",
            2,
            Text(
                f"{looked.label.zh}已就其中 {drawn} 计算，支付 {paid}。",
                f"{looked.label.en} looked at {drawn} of it and paid {paid}.",
            ),
        )
