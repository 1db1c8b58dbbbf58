"""A layer told as rows: from what enters it to what it pays, each figure with its reference.

The column reads as a sum: what enters, less what the ceilings and the deductible take off, is what
is paid for; each slice × rate is printed exactly and the one rounding has a row of its own.
"""

from __future__ import annotations

from collections.abc import Iterator

from yibao.base.texts import Text
from yibao.engines.benefits.explain.rows import Draft, exact, less, money
from yibao.engines.benefits.explain.shapes import (
    CeilingShown,
    DeductibleShown,
    FactShown,
    LayerShown,
)


def layer_rows(layer: LayerShown, *, remaining_amount: int) -> Iterator[Draft]:
    """The rows of one layer; ``remaining_amount`` is what is on the member after it, fen."""
    if not layer.applied:
        yield _not_applied(layer)
        return
    if layer.base_amount == 0:
        yield Draft(
            "prose",
            1,
            Text("没有费用进入这一层。", "No cost enters this layer."),
        )
        return
    yield from _entering(layer)
    yield from _ceilings(layer, "before_deductible")
    if layer.deductible is not None:
        yield from _deductible(layer.deductible)
    yield from _ceilings(layer, "after_deductible")
    yield from _beyond_bands(layer)
    yield from _ceilings(layer, "payment")
    yield from _payment(layer)
    yield Draft(
        "item",
        1,
        Text("此时仍由个人负担", "Still on the member after this layer"),
        money(remaining_amount),
    )


def facts_told(facts: tuple[FactShown, ...]) -> Text:
    """Facts and their values in words, in a row."""
    return Text(
        "，".join(f"{fact.label.zh}为「{fact.value_label.zh}」" for fact in facts),
        ", ".join(f"{fact.label.en} is “{fact.value_label.en}”" for fact in facts),
    )


def _not_applied(layer: LayerShown) -> Draft:
    facts = facts_told(layer.not_applied_because)
    return Draft(
        "prose",
        1,
        Text(
            f"本次不适用：{facts.zh}。" if facts.zh else "本次不适用。",
            f"Does not apply: {facts.en}." if facts.en else "Does not apply.",
        ),
    )


def _entering(layer: LayerShown) -> Iterator[Draft]:
    yield Draft(
        "item",
        1,
        Text("进入这一层的费用（计算基数）", "Cost that enters this layer (the base)"),
        money(layer.base_amount),
        (layer.structure,) if layer.structure else (),
    )
    drawn = [slot for slot in layer.slots if slot.drawn_amount]
    for slot in drawn:
        if len(drawn) > 1 or slot.kept_amount:
            part = Text(f"其中 {slot.label.zh}", f"Of it, {slot.label.en}")
            if slot.kept_amount:
                part = Text(
                    f"{part.zh}（另有 {money(slot.kept_amount)} 不计入）",
                    f"{part.en} ({money(slot.kept_amount)} more does not count)",
                )
            yield Draft("item", 2, part, money(slot.drawn_amount))


def _deductible(deductible: DeductibleShown) -> Iterator[Draft]:
    due, met = money(deductible.due_amount), money(deductible.met_amount)
    zh, en = f"标准 {due}", f"{due} due"
    if deductible.met_amount:
        zh, en = f"{zh}，此前已累计 {met}", f"{en}, {met} counted before"
    yield Draft(
        "item",
        1,
        Text(
            f"减：起付线，基金支付前由个人先负担（{zh}）",
            f"Less the deductible, which the member bears first ({en})",
        ),
        less(deductible.taken_amount),
        deductible.citations,
    )
    maximum = deductible.yearly_maximum
    if maximum is not None and maximum.binds and maximum.ceiling_amount is not None:
        amount, balance = money(maximum.ceiling_amount), money(maximum.balance_amount)
        yield Draft(
            "prose",
            2,
            Text(
                f"年内起付线合计最多 {amount}，此前已计 {balance}。",
                f"All deductibles of the year are at most {amount}; {balance} counted before.",
            ),
            citations=maximum.citations,
        )
    if deductible.remaining_amount:
        rest = money(deductible.remaining_amount)
        yield Draft(
            "prose",
            2,
            Text(f"起付线还差 {rest} 未满。", f"{rest} of the deductible is still to be met."),
        )


def _ceilings(layer: LayerShown, kind: str) -> Iterator[Draft]:
    for ceiling in layer.ceilings:
        if ceiling.kind == kind and ceiling.ceiling_amount is not None and ceiling.binds:
            yield _ceiling(ceiling, layer)


def _ceiling(ceiling: CeilingShown, layer: LayerShown) -> Draft:
    amount, balance = money(ceiling.ceiling_amount or 0), money(ceiling.balance_amount)
    zh, en = f"限额 {amount}", f"{amount}"
    if ceiling.balance_amount:
        zh, en = f"{zh}，此前已用 {balance}", f"{en}, {balance} used before"
    if ceiling.kind == "payment":
        uncapped = money(layer.uncapped_benefit_amount)
        zh, en = f"{zh}；不设限时支付 {uncapped}", f"{en}; without it {uncapped} would be paid"
    return Draft(
        "item",
        1,
        Text(
            f"减：超过{ceiling.label.zh}的费用（{zh}）",
            f"Less cost beyond the {ceiling.label.en} ({en})",
        ),
        less(ceiling.cut_amount),
        ceiling.citations,
    )


def _beyond_bands(layer: LayerShown) -> Iterator[Draft]:
    cut_by_ceilings = sum(ceiling.cut_amount for ceiling in layer.ceilings)
    rest = layer.over_ceiling_amount - cut_by_ceilings
    if rest:
        yield Draft(
            "item",
            1,
            Text("减：超过最后一个费用段的费用", "Less cost beyond the last band"),
            less(rest),
        )


def _payment(layer: LayerShown) -> Iterator[Draft]:
    yield Draft(
        "item",
        1,
        Text("按规定计算支付的费用", "Cost that is paid for"),
        money(layer.covered_amount),
    )
    for band in layer.bands:
        product = Text(
            f"{money(band.slice_amount)} × {band.rate_printed}（基金支付比例）",
            f"{money(band.slice_amount)} × {band.rate_printed} (the fund's rate)",
        )
        yield Draft("item", 2, product, exact(band.exact_product), band.citations)
    if layer.rounding is not None and layer.rounding.difference != "0.00":
        yield Draft(
            "item",
            2,
            Text("四舍五入到分（仅此一次）", "rounded to the fen, once"),
            exact(layer.rounding.difference),
        )
    if layer.top_up is not None:
        target, paid = money(layer.top_up.target_amount), money(layer.top_up.already_paid_amount)
        yield Draft(
            "prose",
            2,
            Text(
                f"保底：补足到 {target}，其他保障层已支付 {paid}。",
                f"A guaranteed minimum of {target}; other layers paid {paid} of it.",
            ),
            citations=layer.top_up.citations,
        )
    for paid_part in layer.paid_by:
        yield Draft(
            "total",
            1,
            Text(f"{paid_part.label.zh}支付", f"Paid by the {paid_part.label.en}"),
            money(paid_part.amount),
        )
    if not layer.paid_by:
        yield Draft("total", 1, Text("基金支付", "Paid by the fund"), money(layer.benefit_amount))
