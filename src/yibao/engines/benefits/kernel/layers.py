"""The layers of one claim, explained from their figures.

Holds: what a layer drew, slot by slot, sums to the base that compiled code had, after every layer.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from yibao.base.checks import check
from yibao.base.errors import InvariantBroken
from yibao.base.money import round_half_up
from yibao.base.rates import MILLION
from yibao.engines.benefits.claim import Slot
from yibao.engines.benefits.determination import LayerResult, TopUpUse
from yibao.engines.benefits.inquiry import Run
from yibao.engines.benefits.kernel.rebuilding import DrawnSlot, Figures, Rebuilt
from yibao.engines.benefits.kernel.resolved import Resolved, resolve, resolve_share
from yibao.engines.benefits.kernel.tracks import Tracks
from yibao.engines.benefits.layer import leave, unmet_condition, untouched
from yibao.engines.policy.law import Layer, PlanVersion, TopUp
from yibao.engines.policy.used import NumberUsed


@dataclass(slots=True)
class Said:
    """What a layer's rules say to one set of facts, as far as it was asked yet."""

    idle: LayerResult | None = None
    resolved: Resolved | None = None
    shares: dict[int, NumberUsed] = field(default_factory=dict)


class Explainer:
    """The layers of one plan version."""

    def __init__(self, version: PlanVersion, tracks: Tracks) -> None:
        self._layers = tuple(zip(version.layers, tracks.drawn, strict=True))

    def nothing_said(self) -> list[Said]:
        """What is known of facts that were not met before."""
        return [Said() for _ in self._layers]

    def layers(
        self, run: Run, figures: Sequence[Sequence[int]], *, said: Sequence[Said]
    ) -> tuple[LayerResult, ...]:
        """The results of all layers; the run's slots, lines and counters have moved then.

        ``said`` is what is known for the claim's facts; it grows.
        """
        submitted = sum(run.opening.values())
        results = []
        for (layer, places), figure, one in zip(self._layers, figures, said, strict=True):
            result = _layer(layer, places, run=run, figures=figure, said=one)
            results.append(result)
            if result.base_amount:
                closes = sum(run.state.values()) + sum(run.paid.values())
                check(closes == submitted, "slots and benefits do not sum to what was submitted")
        return tuple(results)


Places = Mapping[Slot, tuple[int, int]]


def _layer(
    layer: Layer, places: Places, *, run: Run, figures: Sequence[int], said: Said
) -> LayerResult:
    if said.idle is None:
        unmet = unmet_condition(layer, run)
        said.idle = untouched(layer, applied=not unmet, unmet=unmet)
    if not said.idle.applied:
        check(not figures[0], f"{layer.name} drew without applying")
        return said.idle
    drawn, shares = _drawn(layer, places, run=run, said=said)
    base = sum([one.amount for one in drawn])
    if base != figures[0]:
        raise InvariantBroken(f"{layer.name} drew {figures[0]}, of slots {base}")
    if not base:
        return said.idle
    if said.resolved is None:
        said.resolved = resolve(layer, run)
    top_up = _top_up(layer.pays, said.resolved, run) if isinstance(layer.pays, TopUp) else None
    rebuilt = Rebuilt(layer, Figures(*figures), found=said.resolved, book=run.book)
    result = rebuilt.result(drawn, shares=shares, top_up=top_up)
    leave(layer, result.slots, run=run)
    run.paid[layer.name] = result.benefit_amount
    return result


def _drawn(
    layer: Layer, places: Places, *, run: Run, said: Said
) -> tuple[list[DrawnSlot], list[NumberUsed]]:
    """The slots that were drawn, in the order of the line, and the shares that were asked."""
    held = [slot for slot, amount in run.state.items() if amount and slot in places]
    held.sort(key=places.__getitem__)
    drawn: list[DrawnSlot] = []
    shares: list[NumberUsed] = []
    for slot in held:
        amount = whole = run.state[slot]
        place = places[slot][1]
        draw = layer.draws[place]
        if draw.share is not None:
            share = said.shares.get(place)
            if share is None:
                share = said.shares[place] = resolve_share(draw, layer, run=run)
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
