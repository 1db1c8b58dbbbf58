"""Closure: every fen of a determination has one place, or the run stops (勾稽校验).

Two identities stand over everything: what was submitted is the sum of what was opened, and it is
paid by some layer or left in some slot. The same holds in every slot of every layer, and on every
line; payment never exceeds what is covered, nor that what is admitted, nor that the base.

The checks read the finished determination alone and raise, in every run.
"""

from __future__ import annotations

from collections.abc import Iterable

from yibao.base.checks import check
from yibao.base.errors import InvariantBroken
from yibao.base.money import round_half_up
from yibao.base.rates import MILLION
from yibao.engines.benefits.claim import CounterKey, Slot
from yibao.engines.benefits.determination import CeilingUse, Determination, LayerResult


def check_closure(determination: Determination) -> None:
    """Check every identity of a determination.

    Raises:
        InvariantBroken: naming the claim, the identity and the figures.
    """
    name, submitted = determination.claim_id, determination.submitted_amount
    opened = [amount for _, amount in determination.opening]
    _not_negative(f"{name}: opened", opened)
    _equal(f"{name}: opened", "submitted", sum(opened), submitted)
    paid = 0
    for layer in determination.layers:
        if not _is_idle(layer):
            _check_layer(layer, f"{name}/{layer.layer}")
            paid += layer.benefit_amount
    left = [amount for _, amount in determination.left]
    _not_negative(f"{name}: left", left)
    _equal(name, "benefits + left = submitted", paid + sum(left), submitted)
    _check_lines(determination)
    _check_deltas(determination)


def _is_idle(layer: LayerResult) -> bool:
    """Whether a layer did nothing at all, so that nothing of it needs to close."""
    return not (
        layer.base_amount
        or layer.admitted_amount
        or layer.covered_amount
        or layer.benefit_amount
        or layer.slots
        or layer.paid_by
        or layer.bands
        or layer.over_ceiling
        or layer.counters
        or layer.deductible is not None
    )


def _check_layer(layer: LayerResult, name: str) -> None:
    order = (layer.benefit_amount, layer.covered_amount, layer.admitted_amount, layer.base_amount)
    if not 0 <= order[0] <= order[1] <= order[2] <= order[3]:
        raise InvariantBroken(f"{name}: not in order: {order}")
    _check_slots(layer, name)
    _equal(name, "funds", sum([amount for _, amount in layer.paid_by]), layer.benefit_amount)
    if layer.top_up is None:
        slices = sum([band.slice_amount for band in layer.bands])
        _equal(name, "slices", slices, layer.covered_amount)
        product = sum([band.slice_amount * band.rate for band in layer.bands])
        _equal(name, "bands pay", round_half_up(product, MILLION), layer.benefit_amount)
    for use in layer.payment_ceilings:
        _fits(name, "payment", layer.benefit_amount, use)
    for use in layer.ceilings_before_deductible:
        _fits(name, "admitted", layer.admitted_amount, use)
    for use in layer.ceilings_after_deductible:
        _fits(name, "covered", layer.covered_amount, use)
    if layer.deductible is not None and not 0 <= layer.deductible.taken <= layer.deductible.unmet:
        raise InvariantBroken(f"{name}: deductible taken")


def _check_slots(layer: LayerResult, name: str) -> None:
    drawn = deductible = benefit = coinsurance = 0
    tails: dict[str, int] = {}
    for one in layer.slots:
        parts = [one.deductible, one.benefit, one.coinsurance]
        for ceiling, amount in one.over_ceiling:
            parts.append(amount)
            tails[ceiling] = tails.get(ceiling, 0) + amount
        if one.kept < 0 or min(parts) < 0:
            raise InvariantBroken(f"{name}: {one.slot}: negative amount in {one}")
        if sum(parts) != one.drawn:
            raise _unequal(name, str(one.slot), sum(parts), one.drawn)
        drawn += one.drawn
        deductible += one.deductible
        benefit += one.benefit
        coinsurance += one.coinsurance
    taken, over = layer.deductible_amount, 0
    _equal(name, "drawn", drawn, layer.base_amount)
    _equal(name, "deductible", deductible, taken)
    _equal(name, "benefit", benefit, layer.benefit_amount)
    _equal(name, "own share", coinsurance, layer.coinsurance_amount)
    if tails or layer.over_ceiling:
        over = layer.over_ceiling_amount
        if tails != dict(layer.over_ceiling):
            raise InvariantBroken(f"{name}: tails {tails} ≠ {layer.over_ceiling}")
    _equal(name, "base", taken + benefit + coinsurance + over, layer.base_amount)


def _check_lines(determination: Determination) -> None:
    if not determination.lines:
        return
    name = determination.claim_id
    left: dict[Slot, int] = {}
    benefits: dict[str, int] = {}
    for line in determination.lines:
        amounts = [amount for _, amount in (*line.benefits, *line.left)]
        _not_negative(f"{name}/{line.line_id}", amounts)
        _equal(f"{name}/{line.line_id}", "line", sum(amounts), line.submitted_amount)
        for slot, amount in line.left:
            left[slot] = left.get(slot, 0) + amount
        for layer, amount in line.benefits:
            benefits[layer] = benefits.get(layer, 0) + amount
    check(left == dict(determination.left), f"{name}: lines by slot {left}")
    paid = {one.layer: one.benefit_amount for one in determination.layers if one.benefit_amount}
    check(benefits == paid, f"{name}: lines by layer {benefits} ≠ {paid}")


def _check_deltas(determination: Determination) -> None:
    """Layers' moves are the claim's deltas; claim counts, fed beside the layers, come on top."""
    name = determination.claim_id
    moved: dict[CounterKey, int] = {}
    for layer in determination.layers:
        for move in layer.counters:
            key, delta = move.key, move.delta
            if delta < 0:
                raise InvariantBroken(f"{name}: {key} moves by {delta}")
            moved[key] = moved.get(key, 0) + delta
    deltas = dict(determination.deltas)
    for key, delta in moved.items():
        if deltas.get(key, 0) != delta:
            raise _unequal(name, str(key), delta, deltas.get(key, 0))
    for key, delta in deltas.items():
        if key not in moved and delta != 1:
            raise InvariantBroken(f"{name}: {key} moved by no layer")


def _fits(name: str, what: str, amount: int, use: CeilingUse) -> None:
    if use.room is not None and amount > use.room:
        raise InvariantBroken(f"{name}: {what} {amount} > {use.name} {use.room}")


def _not_negative(what: str, amounts: Iterable[int]) -> None:
    for amount in amounts:
        if amount < 0:
            raise InvariantBroken(f"{what}: negative amount {amount}")


def _equal(name: str, what: str, got: int, expected: int) -> None:
    if got != expected:
        raise _unequal(name, what, got, expected)


def _unequal(name: str, what: str, got: int, expected: int) -> InvariantBroken:
    return InvariantBroken(f"{name}: {what}: {got} ≠ {expected}")
