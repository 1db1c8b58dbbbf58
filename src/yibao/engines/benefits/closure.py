"""Closure: every fen of a determination has one place, or the run stops (勾稽校验).

Two identities stand over everything: what was submitted is the sum of what was opened, and it is
paid by some layer or left in some slot. The same holds in every slot of every layer, and on every
line; payment never exceeds what is covered, nor that what is admitted, nor that the base.

The checks read the finished determination alone and raise, in every run.
"""

from __future__ import annotations

from collections.abc import Iterable

from yibao.base.checks import check
from yibao.base.money import round_half_up
from yibao.base.rates import MILLION
from yibao.engines.benefits.claim import CounterKey, Slot
from yibao.engines.benefits.determination import CeilingUse, Determination, LayerResult


def check_closure(determination: Determination) -> None:
    """Check every identity of a determination.

    Raises:
        InvariantBroken: naming the claim, the identity and the figures.
    """
    name = determination.claim_id
    _sums(f"{name}: opened", (amount for _, amount in determination.opening), determination)
    for layer in determination.layers:
        _check_layer(layer, f"{name}/{layer.layer}")
    _not_negative(f"{name}: left", (amount for _, amount in determination.left))
    total = determination.benefit_amount + determination.out_of_pocket_amount
    _equal(f"{name}: benefits + left = submitted", total, determination.submitted_amount)
    _check_lines(determination)
    _check_deltas(determination)


def _check_layer(layer: LayerResult, name: str) -> None:
    order = (layer.benefit_amount, layer.covered_amount, layer.admitted_amount, layer.base_amount)
    check(order[0] >= 0 and list(order) == sorted(order), f"{name}: not in order: {order}")
    _check_slots(layer, name)
    _equal(f"{name}: funds", sum(amount for _, amount in layer.paid_by), layer.benefit_amount)
    if layer.top_up is None:
        _equal(f"{name}: slices", sum(b.slice_amount for b in layer.bands), layer.covered_amount)
        product = sum(band.exact_product for band in layer.bands)
        _equal(f"{name}: bands pay", round_half_up(product, MILLION), layer.benefit_amount)
    for use in layer.payment_ceilings:
        _fits(f"{name}: payment", layer.benefit_amount, use)
    for use in layer.ceilings_before_deductible:
        _fits(f"{name}: admitted", layer.admitted_amount, use)
    for use in layer.ceilings_after_deductible:
        _fits(f"{name}: covered", layer.covered_amount, use)
    if layer.deductible is not None:
        check(0 <= layer.deductible.taken <= layer.deductible.unmet, f"{name}: deductible taken")


def _check_slots(layer: LayerResult, name: str) -> None:
    sums = dict.fromkeys(("drawn", "deductible", "benefit", "coinsurance"), 0)
    tails: dict[str, int] = {}
    for one in layer.slots:
        place = f"{name}: {one.slot}"
        parts = (one.deductible, one.benefit, one.coinsurance, *(a for _, a in one.over_ceiling))
        _not_negative(place, (one.kept, *parts))
        _equal(place, sum(parts), one.drawn)
        for part in sums:
            sums[part] += getattr(one, part)
        for ceiling, amount in one.over_ceiling:
            tails[ceiling] = tails.get(ceiling, 0) + amount
    _equal(f"{name}: drawn", sums["drawn"], layer.base_amount)
    _equal(f"{name}: deductible", sums["deductible"], layer.deductible_amount)
    _equal(f"{name}: benefit", sums["benefit"], layer.benefit_amount)
    _equal(f"{name}: own share", sums["coinsurance"], layer.coinsurance_amount)
    check(tails == dict(layer.over_ceiling), f"{name}: tails {tails} ≠ {layer.over_ceiling}")
    placed = layer.deductible_amount + layer.benefit_amount + layer.coinsurance_amount
    _equal(f"{name}: base", placed + layer.over_ceiling_amount, layer.base_amount)


def _check_lines(determination: Determination) -> None:
    if not determination.lines:
        return
    name = determination.claim_id
    left: dict[Slot, int] = {}
    benefits: dict[str, int] = {}
    for line in determination.lines:
        amounts = [amount for _, amount in (*line.benefits, *line.left)]
        _not_negative(f"{name}/{line.line_id}", amounts)
        _equal(f"{name}/{line.line_id}", sum(amounts), line.submitted_amount)
        for slot, amount in line.left:
            left[slot] = left.get(slot, 0) + amount
        for layer, amount in line.benefits:
            benefits[layer] = benefits.get(layer, 0) + amount
    check(left == dict(determination.left), f"{name}: lines by slot {left}")
    paid = {one.layer: one.benefit_amount for one in determination.layers if one.benefit_amount}
    check(benefits == paid, f"{name}: lines by layer {benefits} ≠ {paid}")


def _check_deltas(determination: Determination) -> None:
    """Layers' moves are the claim's deltas; claim counts, fed beside the layers, come on top."""
    moved: dict[CounterKey, int] = {}
    for layer in determination.layers:
        for move in layer.counters:
            check(move.delta >= 0, f"{determination.claim_id}: {move.key} moves by {move.delta}")
            moved[move.key] = moved.get(move.key, 0) + move.delta
    deltas = dict(determination.deltas)
    for key, delta in moved.items():
        _equal(f"{determination.claim_id}: {key}", delta, deltas.get(key, 0))
    for key, delta in deltas.items():
        check(key in moved or delta == 1, f"{determination.claim_id}: {key} moved by no layer")


def _fits(what: str, amount: int, use: CeilingUse) -> None:
    check(use.room is None or amount <= use.room, f"{what} {amount} > {use.name} {use.room}")


def _sums(what: str, amounts: Iterable[int], determination: Determination) -> None:
    amounts = list(amounts)
    _not_negative(what, amounts)
    _equal(what, sum(amounts), determination.submitted_amount)


def _not_negative(what: str, amounts: Iterable[int]) -> None:
    for amount in amounts:
        check(amount >= 0, f"{what}: negative amount {amount}")


def _equal(what: str, got: int, expected: int) -> None:
    check(got == expected, f"{what}: {got} ≠ {expected}")
