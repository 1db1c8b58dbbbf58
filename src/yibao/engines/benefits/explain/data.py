"""The explanation as data: the engine's own figures with words and sources, closed to the fen.

Key: every fen of the bill stands once, as a layer's benefit or as an adjustment. An adjustment is a
slot that is still on the member; its code is the slot's reason, its layer the one that left it, its
sources those of the numbers that left it there. Refuses to explain a determination that does not
close.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from yibao.base.checks import check
from yibao.base.texts import Text
from yibao.engines.benefits.claim import GENERAL, CounterKey, Slot
from yibao.engines.benefits.determination import Determination, LayerResult, LineResult
from yibao.engines.benefits.explain.layers import (
    citations_at,
    counter_shown,
    layer_shown,
    number_shown,
    paid_shown,
    rate_citations,
)
from yibao.engines.benefits.explain.reasons import PRECEDENCE, adjustment_reason, reason_of
from yibao.engines.benefits.explain.shapes import (
    FORMAT,
    Adjustment,
    Citation,
    Considered,
    CounterShown,
    Explanation,
    FindingShown,
    LayerShown,
    LineBenefit,
    LineLeft,
    LineShown,
    SlotAmount,
    StayShown,
)
from yibao.engines.benefits.explain.vocabulary import NO_WORDS, Vocabulary
from yibao.engines.benefits.slots import BANDS_END


def explanation(determination: Determination, words: Vocabulary = NO_WORDS) -> Explanation:
    """Tell a determination with its words and sources; amounts are fen.

    Holds: submitted = Σ benefits + Σ adjustments, and each layer closes by itself.

    Raises:
        InvariantBroken: if the determination does not close.
    """
    words = words.within(determination.plan_id)
    labels = {layer.layer: layer.label for layer in determination.layers}
    layers = tuple(layer_shown(layer, words, layer_labels=labels) for layer in determination.layers)
    adjustments = _adjustments(determination, words, layers)
    _check_closure(determination, adjustments)
    values_count, examples_count = values_used(determination)
    return Explanation(
        format=FORMAT,
        claim_id=determination.claim_id,
        member_id=determination.member_id,
        encounter_id=determination.encounter_id,
        plan_id=determination.plan_id,
        plan_label=words.plan(determination.plan_id),
        policy_hash=determination.policy_hash,
        engine_version=determination.engine_version,
        chosen_on=determination.chosen_on,
        benefit_year=determination.benefit_year,
        is_annual=determination.is_annual,
        submitted_amount=determination.submitted_amount,
        benefit_amount=determination.benefit_amount,
        out_of_pocket_amount=determination.out_of_pocket_amount,
        opening=tuple(
            SlotAmount(str(slot), words.slot(slot, labels), amount)
            for slot, amount in determination.opening
            if amount
        ),
        derived=tuple(number_shown(number, words) for number in determination.derived),
        layers=layers,
        paid_by=paid_shown(determination.by_fund.items(), words),
        adjustments=adjustments,
        lines=tuple(_line(line, words, labels) for line in determination.lines),
        counters=_counters(determination, words),
        stays=tuple(
            StayShown(key.counter, words.counter(key.counter), encounter_id, number)
            for key, encounter_id, number in determination.nth
        ),
        values_count=values_count,
        examples_count=examples_count,
        questions=tuple(words.question(open_id) for open_id in determination.open_ids),
        findings=tuple(_finding(code) for code in determination.findings),
    )


def values_used(determination: Determination) -> tuple[int, int]:
    """How many values of the policy were used, and how many of them are examples: (m, n).

    A value is a number of the policy at its place, counted once for each row that it was read for.
    """
    is_example = {(number.name, number.row): number.is_example for number in determination.numbers}
    return len(is_example), sum(is_example.values())


def _adjustments(
    determination: Determination, words: Vocabulary, shown: Sequence[LayerShown]
) -> tuple[Adjustment, ...]:
    """What is left, by precedence, then by layer, then along the line that the layer drew."""
    order = {layer.layer: place for place, layer in enumerate(determination.layers)}
    found = (
        _adjustment(slot, amount, determination.layers, words)
        for slot, amount in determination.left
        if amount
    )
    named = (_with_ceiling(adjustment, shown) for adjustment in found)
    return tuple(sorted(named, key=lambda one: (PRECEDENCE[one.code], order.get(one.layer, -1))))


def _adjustment(
    slot: Slot, amount: int, layers: Sequence[LayerResult], words: Vocabulary
) -> Adjustment:
    reason = adjustment_reason(slot.reason)
    layer = next((layer for layer in layers if layer.layer == slot.layer), None)
    return Adjustment(
        group=reason.group,
        code=reason.code,
        label=reason.label,
        sentence=reason.sentence,
        slot=str(slot),
        layer=slot.layer,
        layer_label=layer.label if layer else Text(slot.layer, slot.layer),
        ceiling=slot.ceiling,
        ceiling_label=Text("", ""),
        stream="" if slot.stream == GENERAL else slot.stream,
        stream_label=Text("", "") if slot.stream == GENERAL else words.stream(slot.stream),
        amount=amount,
        considered_by=_considered(slot, layers),
        citations=_adjustment_citations(slot, layer, words),
    )


def _with_ceiling(adjustment: Adjustment, shown: Sequence[LayerShown]) -> Adjustment:
    """The adjustment with its ceiling in words."""
    label = Text(adjustment.ceiling, adjustment.ceiling)
    if adjustment.ceiling == BANDS_END:
        label = Text("最后一个费用段以上", "beyond the last band")
    for layer in shown:
        for ceiling in layer.ceilings:
            names = (layer.layer, ceiling.name)
            if names == (adjustment.layer, adjustment.ceiling) and ceiling.binds:
                label = ceiling.label
    return replace(adjustment, ceiling_label=label)


def _considered(slot: Slot, layers: Sequence[LayerResult]) -> tuple[Considered, ...]:
    return tuple(
        Considered(layer.layer, layer.label, outcome.drawn, outcome.benefit)
        for layer in layers
        for outcome in layer.slots
        if outcome.slot == slot and outcome.drawn
    )


def _adjustment_citations(
    slot: Slot, layer: LayerResult | None, words: Vocabulary
) -> tuple[Citation, ...]:
    if layer is None:
        return ()
    if slot.reason == "deductible":
        found = citations_at(layer, words, "deductible", "due")
    elif slot.reason == "coinsurance":
        found = rate_citations(layer, words)
    elif slot.ceiling == BANDS_END:
        found = citations_at(layer, words, "bands", "to")
    else:
        found = citations_at(layer, words, slot.ceiling)
    if not found and layer.top_up is not None:
        found = citations_at(layer, words, "top_up")
    if not found and layer.structure is not None:
        found = (words.citation(layer.structure),)
    return found


def _line(line: LineResult, words: Vocabulary, labels: Mapping[str, Text]) -> LineShown:
    parts = sum(amount for _, amount in line.benefits) + sum(amount for _, amount in line.left)
    check(
        line.submitted_amount == parts,
        f"line {line.line_id}: charged {line.submitted_amount}, its parts sum to {parts}",
    )
    return LineShown(
        line_id=line.line_id,
        item=words.item(line.line_id).zh,
        item_label=words.item(line.line_id),
        submitted_amount=line.submitted_amount,
        benefits=tuple(
            LineBenefit(layer, labels.get(layer) or Text(layer, layer), amount)
            for layer, amount in line.benefits
            if amount
        ),
        left=tuple(
            LineLeft(
                str(slot), adjustment_reason(slot.reason).code, words.slot(slot, labels), amount
            )
            for slot, amount in line.left
            if amount
        ),
    )


def _counters(determination: Determination, words: Vocabulary) -> tuple[CounterShown, ...]:
    first: dict[CounterKey, int] = {}
    last: dict[CounterKey, int] = {}
    for layer in determination.layers:
        for move in layer.counters:
            first.setdefault(move.key, move.before)
            last[move.key] = move.after
    shown = [
        counter_shown(key, words, before=before, delta=last[key] - before)
        for key, before in first.items()
    ]
    for key, delta in determination.deltas:
        if key not in first:  # fed by the plan itself, which only counts claims
            shown.append(replace(counter_shown(key, words, before=None, delta=delta), unit="count"))
        else:
            moved = last[key] - first[key]
            check(moved == delta, f"counter {key}: layers moved it by {moved}, deltas say {delta}")
    return tuple(shown)


def _finding(code: str) -> FindingShown:
    reason = reason_of(code)
    return FindingShown(code, reason.label, reason.sentence)


def _check_closure(determination: Determination, adjustments: Sequence[Adjustment]) -> None:
    adjusted = sum(adjustment.amount for adjustment in adjustments)
    submitted = determination.submitted_amount
    check(
        submitted == determination.benefit_amount + adjusted,
        f"claim {determination.claim_id}: submitted {submitted} is not benefits "
        f"{determination.benefit_amount} + adjustments {adjusted}",
    )
    opening = sum(amount for _, amount in determination.opening)
    check(
        submitted == opening,
        f"claim {determination.claim_id}: submitted {submitted}, the bill's parts sum to {opening}",
    )
