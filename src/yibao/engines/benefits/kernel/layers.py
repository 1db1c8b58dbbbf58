"""The layers of one claim, explained from their figures.

Holds: what a layer drew, slot by slot, sums to the base that compiled code had, after every layer.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from yibao.base.checks import check
from yibao.base.money import round_half_up
from yibao.base.rates import MILLION
from yibao.engines.benefits.claim import Slot
from yibao.engines.benefits.determination import LayerResult, TopUpUse
from yibao.engines.benefits.inquiry import Run
from yibao.engines.benefits.kernel.asked import asked_by_layer, with_derived
from yibao.engines.benefits.kernel.rebuilding import DrawnSlot, Figures, Rebuilt
from yibao.engines.benefits.kernel.resolved import Resolved, resolve, resolve_share
from yibao.engines.benefits.kernel.tracks import Tracks
from yibao.engines.benefits.layer import leave, unmet_condition, untouched
from yibao.engines.policy.law import Layer, PlanVersion, TopUp
from yibao.engines.policy.used import NumberUsed

_REMEMBERED = 1 << 14
"""How many layers' numbers are remembered before all are forgotten."""


@dataclass(slots=True)
class _LayerLaw:
    """One layer, the facts that it asks, and its numbers for the facts met so far."""

    layer: Layer
    facts: tuple[str, ...]
    by_year: bool
    drawn: Mapping[Slot, tuple[int, int]]
    resolved: dict[tuple[object, ...], Resolved] = field(default_factory=dict)
    shares: dict[tuple[object, ...], NumberUsed] = field(default_factory=dict)

    def seen(self, run: Run) -> tuple[object, ...]:
        """The values of the facts that the layer asks."""
        facts, lists = run.claim.facts, run.claim.list_facts
        year = run.on.year if self.by_year else 0
        return (year, *[facts.get(name, lists.get(name)) for name in self.facts])

    def numbers(self, run: Run, seen: tuple[object, ...]) -> Resolved:
        """The layer's numbers, remembered."""
        found = self.resolved.get(seen)
        if found is None:
            if len(self.resolved) >= _REMEMBERED:
                self.resolved.clear()
            found = self.resolved[seen] = resolve(self.layer, run)
        return found

    def share(self, run: Run, seen: tuple[object, ...], *, draw: int) -> NumberUsed:
        """The share of a draw, remembered."""
        found = self.shares.get((draw, *seen))
        if found is None:
            if len(self.shares) >= _REMEMBERED:
                self.shares.clear()
            found = resolve_share(self.layer.draws[draw], self.layer, run=run)
            self.shares[draw, *seen] = found
        return found


class Explainer:
    """The layers of one plan version."""

    def __init__(self, version: PlanVersion, tracks: Tracks) -> None:
        self._laws = []
        for layer, drawn in zip(version.layers, tracks.drawn, strict=True):
            asked = with_derived(asked_by_layer(layer, version), version)
            self._laws.append(_LayerLaw(layer, tuple(asked.facts), asked.by_year, drawn))

    def layers(self, run: Run, figures: Sequence[Sequence[int]]) -> tuple[LayerResult, ...]:
        """The results of all layers; the run's slots, lines and counters have moved then."""
        submitted = sum(run.opening.values())
        results = []
        for law, figure in zip(self._laws, figures, strict=True):
            results.append(_layer(law, run, Figures(*figure)))
            closes = sum(run.state.values()) + sum(run.paid.values())
            check(closes == submitted, f"{closes} ≠ {submitted} after {law.layer.name}")
        return tuple(results)


def _layer(law: _LayerLaw, run: Run, figures: Figures) -> LayerResult:
    layer = law.layer
    unmet = unmet_condition(layer, run)
    if unmet:
        check(not figures.base, f"{layer.name} drew {figures.base} without applying")
        return untouched(layer, applied=False, unmet=unmet)
    seen = law.seen(run)
    drawn, shares = _drawn(law, run, seen)
    base = sum([one.amount for one in drawn])
    check(base == figures.base, f"{layer.name} drew {figures.base}, of slots {base}")
    if not base:
        return untouched(layer, applied=True)
    found = law.numbers(run, seen)
    top_up = _top_up(layer.pays, found, run) if isinstance(layer.pays, TopUp) else None
    rebuilt = Rebuilt(layer, figures, found=found, book=run.book)
    result = rebuilt.result(drawn, shares=shares, top_up=top_up)
    leave(layer, result.slots, run=run)
    run.paid[layer.name] = figures.pay
    return result


def _drawn(
    law: _LayerLaw, run: Run, seen: tuple[object, ...]
) -> tuple[list[DrawnSlot], list[NumberUsed]]:
    """The slots that were drawn, in the order of the line, and the shares that were asked."""
    places = law.drawn
    held = [slot for slot, amount in run.state.items() if amount and slot in places]
    held.sort(key=places.__getitem__)
    drawn, shares = [], []
    for slot in held:
        amount = whole = run.state[slot]
        draw = places[slot][1]
        if law.layer.draws[draw].share is not None:
            share = law.share(run, seen, draw=draw)
            shares.append(share)
            amount = round_half_up(whole * (share.value or 0), MILLION)
        if amount:
            drawn.append(DrawnSlot(slot, amount, whole - amount))
    return drawn, shares


def _top_up(pays: TopUp, found: Resolved, run: Run) -> TopUpUse:
    """The target of a top-up. Rounding: a share of the original amounts, half up, once."""
    original = sum(run.opening.get(Slot.parse(slot), 0) for slot in pays.of)
    aim = original if found.target is None else found.target
    if pays.share is not None:
        aim = round_half_up(original * aim, MILLION)
    elif pays.of:
        aim = min(aim, original)
    return TopUpUse(aim, sum(run.paid.get(name, 0) for name in pays.counting))
