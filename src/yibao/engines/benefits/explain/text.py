"""The explanation told to a person, in Chinese or English: a statement, a summary, a line table.

A statement is a list of rows, not a page: whoever prints it knows the width of the paper and how
wide a Chinese character is there. Sections follow the way of the bill; every amount that is taken
off or paid has the ids of the documents it rests on, and a star where a value is not law.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from yibao.base.texts import Language, Text
from yibao.engines.benefits.explain.reasons import ADJUSTMENTS, GROUPS
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
    paid = {part.layer for line in explanation.lines for part in line.benefits}
    left = {part.code for line in explanation.lines for part in line.left}
    layers = [layer for layer in explanation.layers if layer.layer in paid]
    reasons = [reason for reason in ADJUSTMENTS if reason.code in left]
    gap = "" if language == "zh" else " "
    pays = Text("支付", "pays").in_language(language)
    header = (
        _say(Text("明细", "line"), language),
        _say(Text("金额", "charged"), language),
        *(f"{_say(layer.label, language)}{gap}{pays}" for layer in layers),
        *(_say(reason.label, language) for reason in reasons),
    )
    rows = (
        (
            f"{line.line_id} {line.item_label.in_language(language)}".strip(),
            money(line.submitted_amount),
            *(money(_paid_on(line, layer.layer)) for layer in layers),
            *(money(_left_on(line, reason.code)) for reason in reasons),
        )
        for line in explanation.lines
    )
    return LineTable(header, tuple(rows))


def _paid_on(line: LineShown, layer: str) -> int:
    return sum(part.amount for part in line.benefits if part.layer == layer)


def _left_on(line: LineShown, code: str) -> int:
    return sum(part.amount for part in line.left if part.code == code)


def _say(text: Text, language: Language) -> str:
    return text.zh if language == "zh" else capital(text.en)


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
    if adjustment.ceiling:
        ceiling = adjustment.ceiling_label
        label = Text(f"{label.zh}（{ceiling.zh}）", f"{label.en} ({ceiling.en})")
    if adjustment.stream:
        stream = adjustment.stream_label
        label = Text(f"{label.zh}（{stream.zh}）", f"{label.en} ({stream.en})")
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
