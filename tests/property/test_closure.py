"""Closure on random plans, checked from the figures alone: by slot, line, layer and claim."""

from __future__ import annotations

from collections import Counter as Tally

from tests.property.random_plans import EVERYTHING, random_plan, random_year
from tests.property.seeds import blocks
from yibao.engines.benefits.balances import after
from yibao.engines.benefits.claim import Balances, Slot
from yibao.engines.benefits.reference import adjudicate


def settled(version, seed: int):
    """Every claim of a seed's year with its determination."""
    balances = Balances()
    for claim in random_year(seed, version, EVERYTHING):
        determination = adjudicate(version, claim, balances=balances)
        balances = after(balances, determination)
        yield claim, determination


@blocks(400, 100, long=6_000)
def test_every_fen_has_one_place(seeds):
    for seed in seeds:
        version = random_plan(seed, EVERYTHING)
        for claim, determination in settled(version, seed):
            where = f"seed {seed}, {claim.claim_id}"
            closes_by_claim(claim, determination, where)
            closes_by_layer(determination, where)
            closes_by_slot(version, claim, determination, where)
            closes_by_line(claim, determination, where)


def closes_by_claim(claim, found, where):
    submitted = sum(claim.slots.values())
    left = sum(amount for _, amount in found.left)
    paid = sum(layer.benefit_amount for layer in found.layers)
    assert found.submitted_amount == submitted, where
    assert paid + left == submitted, where
    assert 0 <= paid <= submitted, where
    assert all(amount >= 0 for _, amount in found.left), where


def closes_by_layer(found, where):
    for layer in found.layers:
        tails = sum(amount for _, amount in layer.over_ceiling)
        parts = (layer.deductible_amount, layer.benefit_amount, layer.coinsurance_amount, tails)
        assert min(parts) >= 0, (where, layer.layer)
        assert sum(parts) == layer.base_amount, (where, layer.layer)
        assert sum(amount for _, amount in layer.paid_by) == layer.benefit_amount, where
        assert layer.benefit_amount <= layer.covered_amount, (where, layer.layer)
        assert layer.covered_amount <= layer.admitted_amount <= layer.base_amount, where
        if layer.top_up is None:
            product = sum(band.slice_amount * band.rate for band in layer.bands)
            assert (2 * product + 1_000_000) // 2_000_000 == layer.benefit_amount, where


def closes_by_slot(version, claim, found, where):
    """Carry the claim's slots from layer to layer by what each layer says it did."""
    leaves = {layer.name: dict(layer.leaves) for layer in version.layers}
    state = Tally({str(slot): amount for slot, amount in claim.slots.items() if amount})
    for layer in found.layers:
        for one in layer.slots:
            tails = sum(amount for _, amount in one.over_ceiling)
            assert one.drawn == one.deductible + one.benefit + one.coinsurance + tails, where
            assert state[str(one.slot)] == one.drawn + one.kept, (where, layer.layer, one.slot)
        drawn = sum(one.drawn for one in layer.slots)
        assert drawn == layer.base_amount, (where, layer.layer)
        total = sum(state.values())
        for one in layer.slots:
            state[str(one.slot)] = one.kept
        for slot, outcome, ceiling, amount in _left_by(layer):
            default = "rename" if slot.reason == "eligible" else "keep"
            is_renamed = leaves[layer.layer].get(outcome, default) == "rename"
            renamed = Slot(outcome, layer.layer, ceiling, slot.stream)
            state[str(renamed if is_renamed else slot)] += amount
        assert sum(state.values()) == total - layer.benefit_amount, (where, layer.layer)
    assert +state == Tally({str(slot): amount for slot, amount in found.left if amount}), where


def _left_by(layer):
    """What of each slot is still on the member, by outcome."""
    for one in layer.slots:
        outcomes = [("deductible", "", one.deductible), ("coinsurance", "", one.coinsurance)]
        outcomes += [("over_ceiling", name, amount) for name, amount in one.over_ceiling]
        for outcome, ceiling, amount in outcomes:
            yield one.slot, outcome, ceiling, amount


def closes_by_line(claim, found, where):
    assert len(found.lines) == len(claim.lines), where
    by_layer: Tally = Tally()
    by_slot: Tally = Tally()
    for line, result in zip(claim.lines, found.lines, strict=True):
        assert result.line_id == line.line_id, where
        amounts = [amount for _, amount in (*result.benefits, *result.left)]
        assert min(amounts, default=0) >= 0, (where, line.line_id)
        assert sum(amounts) == line.submitted_amount, (where, line.line_id)
        by_layer.update(dict(result.benefits))
        by_slot.update(dict(result.left))
    if claim.lines:
        assert +by_slot == Tally(dict(found.left)), where
        assert +by_layer == +Tally({x.layer: x.benefit_amount for x in found.layers}), where
