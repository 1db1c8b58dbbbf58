"""One layer of the waterfall: the same steps for every kind of benefit (保障层).

The drawn slots are laid end to end as a line ``[0, base)``. The deductible is its head, what is
covered comes next, and its tail is cut by ceilings from the end: before the deductible, after it,
at the end of the bands, on the payment. Every fen of the line has one place, so every slot has too.

Steps: 0 applies? · 1 draw · 2 admit · 3 deductible · 4 cover · 5 price · 6 hold to the payment
ceilings · 7 attribute · 8 leave · 9 feed; then the funds. A layer that draws nothing asks for no
number and reads no counter.

Holds: base = deductible + benefit + own share + tails, for every slot and the layer; benefit ≤
covered ≤ admitted ≤ base. Rounding: a drawn share, half up per slot; the payment, half up once a
layer (:mod:`yibao.engines.benefits.pricing`); the funds, by largest remainder.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from yibao.base.checks import check
from yibao.base.money import allocate, round_half_up
from yibao.base.rates import MILLION
from yibao.engines.benefits.bands import slices_of, target_of, whole_slice
from yibao.engines.benefits.claim import Slot
from yibao.engines.benefits.course import Bounded, Course, Drawn
from yibao.engines.benefits.determination import (
    DeductibleUse,
    LayerResult,
    SlotOutcome,
    TopUpUse,
)
from yibao.engines.benefits.inquiry import Inquiry, Run
from yibao.engines.benefits.pricing import BandPricing, Pricing, TopUpPricing
from yibao.engines.benefits.slots import matching
from yibao.engines.policy.law import Ceiling, FactValue, Layer, Measure, Outcome, TopUp
from yibao.engines.policy.numbers import failing, holds


def run_layer(layer: Layer, run: Run) -> LayerResult:
    """Run one layer on a claim: the run's slots, lines and counters move, the result tells how.

    Raises:
        UnableToDetermine: if a number or counter that it needs cannot be had.
        InvariantBroken: if something does not close.
    """
    unmet = unmet_condition(layer, run)
    if unmet:
        return untouched(layer, applied=False, unmet=unmet)
    inquiry = Inquiry(layer, run)
    drawn = draw(layer, inquiry)
    if not drawn:
        return untouched(layer, applied=True)
    course = _course(layer, drawn, inquiry)
    outcomes = attribute(course)
    leave(layer, outcomes, run=run)
    paid_by = fund(layer, course.paid.amount, inquiry=inquiry)
    feed(layer, course, inquiry=inquiry)
    run.paid[layer.name] = course.paid.amount
    return _result(layer, course, outcomes=outcomes, paid_by=paid_by, inquiry=inquiry)


def _course(layer: Layer, drawn: tuple[Drawn, ...], inquiry: Inquiry) -> Course:
    base = sum(one.amount for one in drawn)
    admitted = admit(layer, base, inquiry=inquiry)
    deductible = take_deductible(layer, admitted.amount, inquiry=inquiry)
    taken = deductible.taken if deductible else 0
    cover = bound_cover(layer, admitted.amount - taken, inquiry=inquiry)
    reached, top_up = price(layer, cover.amount, taken=taken, inquiry=inquiry)
    held, paid = hold_payment(layer, reached, inquiry=inquiry)
    return Course(drawn, admitted, deductible, cover, reached, top_up, held, paid)


# Step 0: applies?


def unmet_condition(layer: Layer, run: Run) -> tuple[tuple[str, FactValue], ...]:
    """The facts that keep the layer from applying; empty if it applies."""
    asked_by = f"{layer.name}/when"
    if holds(layer.condition, run.claim.facts, asked_by=asked_by):
        return ()
    return failing(layer.condition, run.claim.facts, asked_by=asked_by)


# Step 1: draw


def draw(layer: Layer, inquiry: Inquiry) -> tuple[Drawn, ...]:
    """The listed slots that hold something, in the listed order.

    Rounding: a share is drawn half up, per slot.
    """
    run = inquiry.run
    drawn: dict[Slot, Drawn] = {}
    for listed in layer.draws:
        for slot in matching(listed.slot, run.state, version=run.version):
            check(slot not in drawn, f"{layer.name} draws {slot} twice")
            amount = whole = run.state[slot]
            if listed.share is not None:
                share = inquiry.definite(listed.share, f"draws/{listed.slot}/share")
                amount = round_half_up(whole * share, MILLION)
            drawn[slot] = Drawn(slot, amount, whole - amount)
    return tuple(one for one in drawn.values() if one.amount)


# Steps 2 and 4: cost ceilings


def admit(layer: Layer, base: int, *, inquiry: Inquiry) -> Bounded:
    """What the cost ceilings before the deductible admit of the base."""
    ceilings = layer.ceilings_before_deductible
    return _bounded(base, ceilings, place="cost_ceilings/before_deductible", inquiry=inquiry)


def bound_cover(layer: Layer, cost: int, *, inquiry: Inquiry) -> Bounded:
    """What the cost ceilings after the deductible leave of the cost above it."""
    ceilings = layer.ceilings_after_deductible
    return _bounded(cost, ceilings, place="cost_ceilings/after_deductible", inquiry=inquiry)


def _bounded(amount: int, ceilings: Sequence[Ceiling], *, place: str, inquiry: Inquiry) -> Bounded:
    """The least of an amount and every room; the tightest ceiling binds, on a tie the first."""
    uses = [inquiry.ceiling(ceiling, f"{place}/{ceiling.name}") for ceiling in ceilings]
    rooms = [use.room for use in uses if use.room is not None]
    if not rooms or min(rooms) >= amount:
        return Bounded(amount, tuple(uses))
    tightest = next(index for index, use in enumerate(uses) if use.room == min(rooms))
    uses[tightest] = replace(uses[tightest], binds=True)
    return Bounded(min(rooms), tuple(uses), uses[tightest].name)


# Step 3: the deductible


def take_deductible(layer: Layer, admitted: int, *, inquiry: Inquiry) -> DeductibleUse | None:
    """The deductible: what is still unmet, within the yearly maximum, from the head of the line."""
    rule = layer.deductible
    if rule is None:
        return None
    due = inquiry.definite(rule.due, "deductible/due")
    counter, balance = inquiry.balance(rule.counter, "deductible")
    unmet = max(0, due - balance)
    yearly = None
    if rule.yearly_maximum is not None:
        yearly = inquiry.ceiling(rule.yearly_maximum, "deductible/yearly_maximum")
        if yearly.room is not None and yearly.room < unmet:
            unmet = yearly.room
            yearly = replace(yearly, binds=True)
    return DeductibleUse(counter, due, balance, unmet, min(unmet, admitted), yearly)


# Step 5: bands, or a top-up


def price(
    layer: Layer, cost: int, *, taken: int, inquiry: Inquiry
) -> tuple[Pricing, TopUpUse | None]:
    """The pricing of the cost that the bands reach, and the target of a top-up."""
    if isinstance(layer.pays, TopUp):
        top_up = target_of(layer.pays, inquiry)
        missing = max(0, top_up.target - top_up.already_paid)
        return TopUpPricing(cost, missing), top_up
    _, position = inquiry.balance(layer.pays.position, "bands/position")
    start = position + taken if layer.pays.is_measured_from_zero else position
    if layer.pays.mode == "whole":
        return BandPricing(whole_slice(layer.pays, start, cost=cost, inquiry=inquiry)), None
    return BandPricing(slices_of(layer.pays, start, cost=cost, inquiry=inquiry)), None


# Step 6: payment ceilings


def hold_payment(layer: Layer, reached: Pricing, *, inquiry: Inquiry) -> tuple[Pricing, Bounded]:
    """Cut cost back to the largest whose payment fits the tightest room; and that payment."""
    payment = reached.payment(reached.covered_amount)
    ceilings = layer.payment_ceilings
    paid = _bounded(payment, ceilings, place="payment_ceilings", inquiry=inquiry)
    if not paid.name:
        return reached, paid
    held = reached.within(reached.largest_covered(paid.amount))
    check(held.payment(held.covered_amount) == paid.amount, f"{layer.name}: payment ≠ its room")
    return held, paid


# Step 7: attribute


def attribute(course: Course) -> tuple[SlotOutcome, ...]:
    """What becomes of every drawn slot, by its place on the line."""
    start, outcomes = 0, []
    for one in course.drawn:
        outcomes.append(_outcome(one, start, course))
        start += one.amount
    return tuple(outcomes)


def _outcome(one: Drawn, start: int, course: Course) -> SlotOutcome:
    end = start + one.amount
    deductible, covered, benefit = 0, 0, 0
    tails: dict[str, int] = {}
    for cut in course.cuts:
        first, last = max(start, cut.start), min(end, cut.end)
        if first >= last:
            continue
        if cut.outcome == "deductible":
            deductible += last - first
        elif cut.outcome is None:
            covered += last - first
            upto, before = last - course.taken, first - course.taken
            benefit += course.held.payment(upto) - course.held.payment(before)
        else:
            tails[cut.ceiling] = tails.get(cut.ceiling, 0) + last - first
    return SlotOutcome(
        slot=one.slot,
        drawn=one.amount,
        kept=one.kept,
        deductible=deductible,
        benefit=benefit,
        coinsurance=covered - benefit,
        over_ceiling=tuple(tails.items()),
    )


# Step 8: leave


def leave(layer: Layer, outcomes: Sequence[SlotOutcome], *, run: Run) -> None:
    """Carry every outcome to the slot that it is left in, for the claim and for its lines."""
    shares = [(one.slot, destinations(layer, one)) for one in outcomes]
    for slot, parts in shares:
        whole = run.state.pop(slot)
        check(whole == sum(part for _, part in parts), f"{layer.name} does not close at {slot}")
    for _, parts in shares:
        for target, part in parts:
            if target is not None and part:
                run.state[target] = run.state.get(target, 0) + part
    run.lines.settle(layer.name, shares)


def destinations(layer: Layer, one: SlotOutcome) -> list[tuple[Slot | None, int]]:
    """Where each part of a slot goes; None is the fund. The order settles ties between lines."""
    return [
        (left_slot(layer, one.slot, outcome="deductible"), one.deductible),
        (None, one.benefit),
        (left_slot(layer, one.slot, outcome="coinsurance"), one.coinsurance),
        *(
            (left_slot(layer, one.slot, outcome="over_ceiling", ceiling=name), amount)
            for name, amount in one.over_ceiling
        ),
        (one.slot, one.kept),
    ]


def left_slot(layer: Layer, slot: Slot, *, outcome: Outcome, ceiling: str = "") -> Slot:
    """The slot an outcome is left in: ``outcome@layer``, or the slot as it was.

    Unless written, what was ``eligible`` is renamed and everything else keeps its name.
    """
    written = dict(layer.leaves).get(outcome, "rename" if slot.reason == "eligible" else "keep")
    return Slot(outcome, layer.name, ceiling, slot.stream) if written == "rename" else slot


# Step 9: counters, and the funds


def feed(layer: Layer, course: Course, *, inquiry: Inquiry) -> None:
    """Let every counter that the layer feeds grow, once each; claim counts are not its business."""
    grown: dict[Measure, int] = {
        "drawn": course.base,
        "admitted": course.admitted.amount,
        "deductible": course.taken,
        "covered": course.held.covered_amount,
        "paid": course.paid.amount,
    }
    facts = inquiry.run.claim.facts
    fed = dict.fromkeys(
        feed.counter
        for feed in layer.feeds
        if holds(feed.condition, facts, asked_by=f"{layer.name}/feeds/{feed.counter}")
    )
    for name in fed:
        adds = inquiry.run.book.counter(name).adds
        if adds != "claim_count":
            inquiry.feed(name, grown[adds])


def fund(layer: Layer, payment: int, *, inquiry: Inquiry) -> tuple[tuple[str, int], ...]:
    """The payment by fund. Rounding: largest remainder, once a layer, ties to the first listed."""
    shares = [
        inquiry.definite(payer.share, f"paid_by/{payer.fund}/share") for payer in layer.paid_by
    ]
    check(sum(shares) == MILLION, f"{layer.name}: the funds' shares sum to {sum(shares)}")
    parts = allocate(payment, shares)
    return tuple((payer.fund, part) for payer, part in zip(layer.paid_by, parts, strict=True))


def untouched(
    layer: Layer, *, applied: bool, unmet: tuple[tuple[str, FactValue], ...] = ()
) -> LayerResult:
    """The result of a layer that does not apply, or that finds nothing to draw."""
    return LayerResult(
        layer=layer.name,
        label=layer.label,
        applied=applied,
        unmet_condition=unmet,
        base_amount=0,
        admitted_amount=0,
        deductible=None,
        covered_before_payment_ceiling=0,
        covered_amount=0,
        bands=(),
        top_up=None,
        uncapped_benefit_amount=0,
        benefit_amount=0,
        coinsurance_amount=0,
        over_ceiling=(),
        ceilings_before_deductible=(),
        ceilings_after_deductible=(),
        payment_ceilings=(),
        slots=(),
        paid_by=(),
        counters=(),
        numbers=(),
        structure=layer.structure,
    )


def _result(
    layer: Layer,
    course: Course,
    *,
    outcomes: tuple[SlotOutcome, ...],
    paid_by: tuple[tuple[str, int], ...],
    inquiry: Inquiry,
) -> LayerResult:
    tails: dict[str, int] = {}
    for cut in course.cuts:
        if cut.outcome == "over_ceiling":
            tails[cut.ceiling] = tails.get(cut.ceiling, 0) + cut.end - cut.start
    return replace(
        untouched(layer, applied=True),
        base_amount=course.base,
        admitted_amount=course.admitted.amount,
        deductible=course.deductible,
        covered_before_payment_ceiling=course.reached.covered_amount,
        covered_amount=course.held.covered_amount,
        bands=course.held.slices if isinstance(course.held, BandPricing) else (),
        top_up=course.top_up,
        uncapped_benefit_amount=course.reached.payment(course.reached.covered_amount),
        benefit_amount=course.paid.amount,
        coinsurance_amount=course.held.covered_amount - course.paid.amount,
        over_ceiling=tuple(tails.items()),
        ceilings_before_deductible=course.admitted.uses,
        ceilings_after_deductible=course.cover.uses,
        payment_ceilings=course.paid.uses,
        slots=outcomes,
        paid_by=paid_by,
        counters=inquiry.moves,
        numbers=inquiry.numbers,
    )
