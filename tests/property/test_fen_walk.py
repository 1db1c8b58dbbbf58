"""The engine against a walk along the line, one fen at a time (`fen_walk`)."""

from __future__ import annotations

from collections import Counter as Tally

from tests.property.fen_walk import FenWalk, Settled
from tests.property.random_plans import Taste, random_plan, random_year
from tests.property.seeds import blocks
from yibao.engines.benefits.balances import after
from yibao.engines.benefits.claim import Balances
from yibao.engines.benefits.determination import Determination
from yibao.engines.benefits.reference import adjudicate

SMALL = Taste(scale=300)  # 3 yuan: long enough for every rounding, short enough to walk


def of_engine(determination: Determination) -> Settled:
    """What the engine found, in the walk's words."""
    layers = {}
    for layer in determination.layers:
        ends = {}
        for one in layer.slots:
            parts = Tally(
                deductible=one.deductible, benefit=one.benefit, coinsurance=one.coinsurance
            )
            parts.update({f"over {name}": amount for name, amount in one.over_ceiling})
            ends[str(one.slot)] = {end: amount for end, amount in parts.items() if amount}
        layers[layer.layer] = (
            layer.base_amount,
            layer.admitted_amount,
            layer.deductible_amount,
            layer.covered_amount,
            layer.benefit_amount,
            {slot: tally for slot, tally in ends.items() if tally},
            {fund: amount for fund, amount in layer.paid_by if amount},
        )
    lines = [
        {
            **{str(slot): amount for slot, amount in line.left},
            **dict(line.benefits),
        }
        for line in determination.lines
    ]
    return Settled(
        {name: found for name, found in layers.items() if found[0]},
        {str(slot): amount for slot, amount in determination.left if amount},
        {key.counter: amount for key, amount in determination.deltas if key.counter != "stays"},
        lines,
    )


def of_walk(walked: Settled) -> Settled:
    """The walk's own, laid out alike."""
    layers = {}
    for name, one in walked.layers.items():
        ends = {
            slot: {end: fen for end, fen in tally.items() if fen}
            for slot, tally in one.ends.items()
        }
        layers[name] = (
            one.base,
            one.admitted,
            one.taken,
            one.covered,
            one.paid,
            {slot: tally for slot, tally in ends.items() if tally},
            {fund: amount for fund, amount in one.funds.items() if amount},
        )
    kept = {name: found for name, found in layers.items() if found[0]}
    return Settled(kept, walked.left, walked.deltas, walked.lines)


def first_difference(seed: int) -> str:
    """Settle a seed's year on both; what differs first, or nothing."""
    version = random_plan(seed, SMALL)
    walk, balances = FenWalk(version), Balances()
    for claim in random_year(seed, version, SMALL):
        walked = of_walk(walk.settle(claim))
        determination = adjudicate(version, claim, balances=balances)
        balances = after(balances, determination)
        found = of_engine(determination)
        if found != walked:
            return f"seed {seed}, {claim.claim_id}:\nengine {found}\nwalk   {walked}"
    return ""


@blocks(800, 100, long=12_000)
def test_every_fen_has_the_place_that_the_walk_gives_it(seeds):
    for seed in seeds:
        assert not (difference := first_difference(seed)), difference


def test_the_random_years_meet_every_step():
    """The comparison is worth what it meets: each step must come, and bind, often enough."""
    met: Tally = Tally()
    for seed in range(400):
        version, balances = random_plan(seed, SMALL), Balances()
        for claim in random_year(seed, version, SMALL):
            determination = adjudicate(version, claim, balances=balances)
            balances = after(balances, determination)
            for layer in determination.layers:
                met.update(_steps(layer))
            met["interim row"] += claim.encounter_id in {e for _, e in balances.nth}
            met["lines"] += bool(determination.lines)
    for step in EXPECTED:
        assert met[step] >= 20, f"{step}: {met[step]}"


EXPECTED = (
    "not applied",
    "several slots",
    "several streams",
    "drawn in part",
    "cost ceiling before",
    "cost ceiling after",
    "deductible",
    "yearly maximum",
    "met by earlier claims",
    "beyond the bands",
    "several bands",
    "payment ceiling",
    "tie of payment ceilings",
    "split funding",
    "top-up",
    "of the family",
    "lines",
)


def _steps(layer) -> dict[str, int]:
    rooms = [use.room for use in layer.payment_ceilings if use.room is not None]
    return {
        "not applied": not layer.applied,
        "several slots": len(layer.slots) > 1,
        "several streams": len({one.slot.stream for one in layer.slots}) > 1,
        "drawn in part": any(one.kept for one in layer.slots),
        "cost ceiling before": any(use.binds for use in layer.ceilings_before_deductible),
        "cost ceiling after": any(use.binds for use in layer.ceilings_after_deductible),
        "deductible": layer.deductible_amount > 0,
        "yearly maximum": bool(
            layer.deductible
            and layer.deductible.yearly_maximum
            and layer.deductible.yearly_maximum.binds
        ),
        "met by earlier claims": bool(layer.deductible and layer.deductible.balance),
        "beyond the bands": "bands" in dict(layer.over_ceiling),
        "several bands": len(layer.bands) > 1,
        "payment ceiling": any(use.binds for use in layer.payment_ceilings),
        "tie of payment ceilings": len(rooms) == 2 and rooms[0] == rooms[1] != 0,
        "split funding": len(layer.paid_by) > 1 and layer.benefit_amount > 0,
        "top-up": layer.top_up is not None and layer.benefit_amount > 0,
        "of the family": any("family" in move.key.counter for move in layer.counters),
    }
