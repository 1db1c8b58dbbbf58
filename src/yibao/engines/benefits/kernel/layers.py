"""The layers of one claim, explained from their figures.

Amounts on the member are kept by the number of their slot, in canonical order. Which of them a
layer draws, and where each outcome of them is left, follows from which slots are held: that is
worked out once and remembered.

Holds: what a layer drew, slot by slot, sums to the base that compiled code had, and slots and
benefits sum to what was submitted, after every layer.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from yibao.base.checks import check
from yibao.base.errors import InvariantBroken
from yibao.base.money import round_half_up
from yibao.base.rates import MILLION
from yibao.engines.benefits.claim import Slot
from yibao.engines.benefits.determination import LayerResult, SlotOutcome, TopUpUse
from yibao.engines.benefits.inquiry import Run
from yibao.engines.benefits.kernel.rebuilding import DrawnSlot, Figures, Rebuilt
from yibao.engines.benefits.kernel.resolved import Resolved, resolve, resolve_share
from yibao.engines.benefits.kernel.tracks import Tracks
from yibao.engines.benefits.layer import destinations, left_slot, unmet_condition, untouched
from yibao.engines.benefits.slots import ceiling_names
from yibao.engines.policy.law import Layer, PlanVersion, TopUp
from yibao.engines.policy.used import NumberUsed

_REMEMBERED = 1 << 12

Amounts = dict[int, int]
"""What is still on the member, by the number of its slot; zeros are not kept."""


@dataclass(slots=True)
class Said:
    """What a layer's rules say to one set of facts, as far as it was asked yet."""

    idle: LayerResult | None = None
    resolved: Resolved | None = None
    shares: dict[int, NumberUsed] = field(default_factory=dict)


class Explainer:
    """The layers of one plan version; ``slots`` lists every slot, each at its number."""

    def __init__(self, version: PlanVersion, tracks: Tracks) -> None:
        self.slots = tuple(sorted(tracks.order, key=tracks.order.__getitem__))
        self._layers = tuple(
            _LayerExplainer(layer, places, numbers=tracks.order)
            for layer, places in zip(version.layers, tracks.drawn, strict=True)
        )

    def nothing_said(self) -> list[Said]:
        """What is known of facts that were not met before."""
        return [Said() for _ in self._layers]

    def layers(
        self, run: Run, amounts: Amounts, *, figures: Sequence[Sequence[int]], said: Sequence[Said]
    ) -> tuple[LayerResult, ...]:
        """The results of all layers; ``amounts``, lines and counters have moved then.

        ``said`` is what is known for the claim's facts; it grows.
        """
        opening, submitted = dict(amounts), sum(amounts.values())
        paid, results = 0, []
        for layer, figure, one in zip(self._layers, figures, said, strict=True):
            result = layer.result(run, amounts, figures=figure, said=one, opening=opening)
            results.append(result)
            if result.base_amount:
                paid += result.benefit_amount
                closes = sum(amounts.values()) + paid
                check(closes == submitted, "slots and benefits do not sum to what was submitted")
        return tuple(results)


class _Held(NamedTuple):
    """A slot that a layer draws: which, by which draw, and where its outcomes are left."""

    number: int
    slot: Slot
    draw: int
    deductible: int
    coinsurance: int
    over_ceiling: Mapping[str, int]


class _LayerExplainer:
    """One layer."""

    def __init__(
        self,
        layer: Layer,
        places: Mapping[Slot, tuple[int, int]],
        *,
        numbers: Mapping[Slot, int],
    ) -> None:
        self._layer = layer
        self._has_shares = any(draw.share is not None for draw in layer.draws)
        in_order = sorted(places, key=places.__getitem__)
        self._drawn = [_held(layer, slot, places[slot][1], numbers=numbers) for slot in in_order]
        self._patterns: dict[tuple[int, ...], tuple[_Held, ...]] = {}
        of = layer.pays.of if isinstance(layer.pays, TopUp) else ()
        self._of = [numbers.get(Slot.parse(slot), -1) for slot in of]

    def result(
        self,
        run: Run,
        amounts: Amounts,
        *,
        figures: Sequence[int],
        said: Said,
        opening: Amounts,
    ) -> LayerResult:
        """The layer's result; what it drew is left where its outcomes go."""
        layer = self._layer
        if said.idle is None:
            unmet = unmet_condition(layer, run)
            said.idle = untouched(layer, applied=not unmet, unmet=unmet)
        if not said.idle.applied:
            if figures[0]:
                raise InvariantBroken(f"{layer.name} drew without applying")
            return said.idle
        held = self._pattern(tuple(amounts))
        drawn, shares = self._draw(held, amounts, run=run, said=said)
        base = sum([one.amount for one in drawn])
        if base != figures[0]:
            raise InvariantBroken(f"{layer.name} drew {figures[0]}, of slots {base}")
        if not base:
            return said.idle
        if said.resolved is None:
            said.resolved = resolve(layer, run)
        top_up = None
        if isinstance(layer.pays, TopUp):
            top_up = self._top_up(layer.pays, said.resolved, run=run, opening=opening)
        rebuilt = Rebuilt(layer, Figures(*figures), found=said.resolved, book=run.book)
        result = rebuilt.result(drawn, shares=shares, top_up=top_up)
        _leave(held, result.slots, amounts)
        if run.claim.lines:
            shared = [(one.slot, destinations(layer, one)) for one in result.slots]
            run.lines.settle(layer.name, shared)
        run.paid[layer.name] = result.benefit_amount
        return result

    def _pattern(self, numbers: tuple[int, ...]) -> tuple[_Held, ...]:
        """What of the slots with these numbers the layer draws, in the order of the line."""
        held = self._patterns.get(numbers)
        if held is None:
            if len(self._patterns) >= _REMEMBERED:
                self._patterns.clear()
            held = tuple(one for one in self._drawn if one.number in numbers)
            self._patterns[numbers] = held
        return held

    def _draw(
        self, held: Sequence[_Held], amounts: Amounts, *, run: Run, said: Said
    ) -> tuple[list[DrawnSlot], list[NumberUsed]]:
        """The slots that are drawn, and the shares that were asked."""
        if not self._has_shares:
            return [DrawnSlot(one.slot, amounts[one.number], 0) for one in held], []
        drawn, shares = [], []
        for one in held:
            amount = whole = amounts[one.number]
            draw = self._layer.draws[one.draw]
            if draw.share is not None:
                share = said.shares.get(one.draw)
                if share is None:
                    share = said.shares[one.draw] = resolve_share(draw, self._layer, run=run)
                shares.append(share)
                amount = round_half_up(whole * (share.value or 0), MILLION)
            if amount:
                drawn.append(DrawnSlot(one.slot, amount, whole - amount))
        return drawn, shares

    def _top_up(self, pays: TopUp, found: Resolved, *, run: Run, opening: Amounts) -> TopUpUse:
        """The target of a top-up. Rounding: a share of the original amounts, half up, once."""
        original = sum([opening.get(number, 0) for number in self._of])
        aim = original if found.target is None else found.target
        if pays.share is not None:
            aim = round_half_up(original * aim, MILLION)
        elif pays.of:
            aim = min(aim, original)
        return TopUpUse(aim, sum([run.paid.get(name, 0) for name in pays.counting]))


def _held(layer: Layer, slot: Slot, draw: int, *, numbers: Mapping[Slot, int]) -> _Held:
    return _Held(
        number=numbers[slot],
        slot=slot,
        draw=draw,
        deductible=numbers[left_slot(layer, slot, outcome="deductible")],
        coinsurance=numbers[left_slot(layer, slot, outcome="coinsurance")],
        over_ceiling={
            name: numbers[left_slot(layer, slot, outcome="over_ceiling", ceiling=name)]
            for name in ceiling_names(layer)
        },
    )


def _leave(held: Sequence[_Held], outcomes: Sequence[SlotOutcome], amounts: Amounts) -> None:
    """Carry every outcome to the slot that it is left in."""
    drawn = held
    if len(held) != len(outcomes):  # a share of some slot came to nothing: it stays as it is
        slots = {one.slot for one in outcomes}
        drawn = [one for one in held if one.slot in slots]
    for one in drawn:
        del amounts[one.number]
    for one, outcome in zip(drawn, outcomes, strict=True):
        for number, part in (
            (one.deductible, outcome.deductible),
            (one.coinsurance, outcome.coinsurance),
            (one.number, outcome.kept),
        ):
            if part:
                amounts[number] = amounts.get(number, 0) + part
        for name, part in outcome.over_ceiling:
            number = one.over_ceiling[name]
            amounts[number] = amounts.get(number, 0) + part
