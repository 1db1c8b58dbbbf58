"""A layer's result from the figures of compiled code: what the explanation prints.

The figures (base, admitted, taken, …) are those that the compiled code wrote. What is added here is
how they came about: which number stood where, which ceiling bound, how each band and slot shares in
them. Every part is held against the figures, so that neither can drift from the other.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from yibao.base.errors import InvariantBroken
from yibao.base.money import allocate, round_half_up
from yibao.base.rates import MILLION
from yibao.engines.benefits.book import CounterBook
from yibao.engines.benefits.claim import CounterKey, Slot
from yibao.engines.benefits.determination import (
    BandUse,
    CeilingUse,
    CounterMove,
    DeductibleUse,
    LayerResult,
    NumberUsed,
    SlotOutcome,
    TopUpUse,
)
from yibao.engines.benefits.kernel.resolved import Resolved
from yibao.engines.benefits.slots import BANDS_END
from yibao.engines.policy.law import Bands, Layer, TopUp


class Figures(NamedTuple):
    """A layer's figures as compiled code wrote them."""

    base: int
    admitted: int
    taken: int
    cover: int
    reached: int
    uncapped: int
    covered: int
    pay: int


GROWN = {
    measure: Figures._fields.index(figure)
    for measure, figure in (
        ("drawn", "base"),
        ("admitted", "admitted"),
        ("deductible", "taken"),
        ("covered", "covered"),
        ("paid", "pay"),
    )
}
"""The place of the figure that a counter grows by."""


class DrawnSlot(NamedTuple):
    """A slot as drawn: how much of it, and what stays."""

    slot: Slot
    amount: int
    kept: int


Cut = tuple[int, int, str]
"""A tail of the line: from where, up to where, by which ceiling."""

Uses = tuple[CeilingUse, ...]


class Rebuilt:
    """One layer of one claim, from its figures."""

    __slots__ = ("book", "figures", "found", "layer", "moves")

    def __init__(
        self, layer: Layer, figures: Figures, *, found: Resolved, book: CounterBook
    ) -> None:
        self.layer = layer
        self.figures = figures
        self.found = found
        self.book = book
        self.moves: dict[str, tuple[CounterKey, int, int]] = {}

    def result(
        self, drawn: Sequence[DrawnSlot], *, shares: Sequence[NumberUsed], top_up: TopUpUse | None
    ) -> LayerResult:
        """The layer's result; the book's counters have grown then."""
        figures, found, layer = self.figures, self.found, self.layer
        base, admitted, taken, cover, reached, uncapped, covered, pay = figures
        before, admitted_by = self._uses(found.before, cut_to=admitted, amount=base)
        deductible = self._deductible()
        after, cover_by = self._uses(found.after, cut_to=cover, amount=admitted - taken)
        low = self._low()
        payment, paid_by = self._uses(found.payment, cut_to=pay, amount=uncapped)
        bands = self._slices(low)
        tails: Sequence[Cut] = ()
        if taken + covered < base:
            tails = self._tails(paid_by, cover_by, admitted_by)
        slots = self._outcomes(drawn, tails, bands)
        self._feed()
        return LayerResult(
            layer=layer.name,
            label=layer.label,
            applied=True,
            unmet_condition=(),
            base_amount=base,
            admitted_amount=admitted,
            deductible=deductible,
            covered_before_payment_ceiling=reached,
            covered_amount=covered,
            bands=bands,
            top_up=top_up,
            uncapped_benefit_amount=uncapped,
            benefit_amount=pay,
            coinsurance_amount=covered - pay,
            over_ceiling=_summed(tails),
            ceilings_before_deductible=before,
            ceilings_after_deductible=after,
            payment_ceilings=payment,
            slots=slots,
            paid_by=self._funds(),
            counters=tuple([CounterMove(*move) for move in self.moves.values()]),
            numbers=(*shares, *found.numbers) if shares else found.numbers,
            structure=layer.structure,
        )

    def _read(self, name: str) -> tuple[CounterKey, int]:
        key, balance = self.book.read(name)
        if name not in self.moves:
            self.moves[name] = (key, balance, 0)
        return key, balance

    def _room(self, use: CeilingUse) -> tuple[CounterKey | None, int, int | None]:
        """A ceiling's counter, its balance, and the room that is left."""
        if use.counter is None:
            return None, 0, use.amount
        key, balance = self._read(use.counter.counter)
        return key, balance, None if use.amount is None else max(0, use.amount - balance)

    def _uses(self, listed: Uses, *, cut_to: int, amount: int) -> tuple[Uses, str]:
        """Ceilings as they stood; where they cut, the first whose room is what was left binds."""
        least, binding, uses = amount, "", []
        for use in listed:
            key, balance, room = self._room(use)
            binds = not binding and room == cut_to < amount
            if binds:
                binding = use.name
            if room is not None and room < least:
                least = room
            uses.append(CeilingUse(use.name, key, use.amount, balance, room, binds))
        if least != cut_to:
            raise InvariantBroken(f"{self.layer.name}: {cut_to} of {amount}, {uses}")
        return tuple(uses), binding

    def _deductible(self) -> DeductibleUse | None:
        found = self.found.deductible
        if found is None:
            return None
        key, balance = (None, 0) if found.counter is None else self._read(found.counter.counter)
        unmet = max(0, found.due - balance)
        maximum = found.yearly_maximum
        if maximum is not None:
            keyed, met, room = self._room(maximum)
            binds = room is not None and room < unmet
            unmet = room if room is not None and binds else unmet
            maximum = CeilingUse(maximum.name, keyed, maximum.amount, met, room, binds)
        taken = self.figures.taken
        if min(unmet, self.figures.admitted) != taken:
            raise InvariantBroken(f"{self.layer.name}: {taken} taken of {unmet}")
        return DeductibleUse(key, found.due, balance, unmet, taken, maximum)

    def _low(self) -> int:
        """Where the covered cost begins on the bands' line."""
        pays, position = self.layer.pays, self.found.position
        if not isinstance(pays, Bands):
            return 0
        balance = self._read(position)[1] if position else 0
        return balance + self.figures.taken if pays.is_measured_from_zero else balance

    def _slices(self, low: int) -> tuple[BandUse, ...]:
        """What of the covered cost lies in each band, empty ones left out."""
        pays, bands, figures = self.layer.pays, self.found.bands, self.figures
        if isinstance(pays, TopUp):
            return ()
        uses, high = [], low + figures.covered
        if pays.mode == "whole":
            high = low + figures.cover
            band = next(band for band in reversed(bands) if band.start <= high)
            if figures.covered:
                uses.append(BandUse(band.start, band.to, band.rate, figures.covered))
        else:
            for band in bands:
                end = high if band.to is None else min(high, band.to)
                part = end - max(low, band.start)
                if part > 0:
                    uses.append(BandUse(band.start, band.to, band.rate, part))
        covered = sum([use.slice_amount for use in uses])
        pay = round_half_up(sum([use.slice_amount * use.rate for use in uses]), MILLION)
        if (covered, pay) != (figures.covered, figures.pay):
            raise InvariantBroken(
                f"{self.layer.name}: bands pay {pay} for {covered}, not {figures}"
            )
        return tuple(uses)

    def _tails(self, payment: str, after: str, before: str) -> list[Cut]:
        figures = self.figures
        start = figures.taken + figures.covered
        tails = []
        for end, name in (
            (figures.taken + figures.reached, payment),
            (figures.taken + figures.cover, BANDS_END),
            (figures.admitted, after),
            (figures.base, before),
        ):
            if end > start:
                tails.append((start, end, name))
                start = end
        return tails

    def _paid_up_to(self, covered: int, bands: Sequence[BandUse]) -> int:
        """What the layer pays for the first fen that it covers. Rounding: half up, cumulative."""
        figures = self.figures
        if not covered or covered == figures.covered:
            return figures.pay if covered else 0
        if isinstance(self.layer.pays, TopUp):
            return min(covered, figures.pay)
        product = 0
        for band in bands:
            part = min(covered, band.slice_amount)
            product += part * band.rate
            covered -= part
        return round_half_up(product, MILLION)

    def _outcomes(
        self, drawn: Sequence[DrawnSlot], tails: Sequence[Cut], bands: Sequence[BandUse]
    ) -> tuple[SlotOutcome, ...]:
        """What becomes of each slot, laid end to end on the line."""
        taken, covered_amount = self.figures.taken, self.figures.covered
        end = end_covered = end_paid = 0
        outcomes = []
        for slot, amount, kept in drawn:
            start, start_covered, start_paid = end, end_covered, end_paid
            end = start + amount
            end_covered = min(max(end - taken, 0), covered_amount)
            end_paid = self._paid_up_to(end_covered, bands)
            benefit = end_paid - start_paid
            over: tuple[tuple[str, int], ...] = ()
            if tails:
                cuts = [(max(start, begin), min(end, stop), name) for begin, stop, name in tails]
                over = _summed([cut for cut in cuts if cut[0] < cut[1]])
            deductible = min(end, taken) - min(start, taken)
            coinsurance = end_covered - start_covered - benefit
            outcomes.append(SlotOutcome(slot, amount, kept, deductible, benefit, coinsurance, over))
        return tuple(outcomes)

    def _feed(self) -> None:
        book, moves = self.book, self.moves
        for name in self.found.feeds:
            delta = self.figures[GROWN[book.counter(name).adds]]
            known = moves.get(name)
            before = book.balance(name) if known is None else known[1]
            moves[name] = (book.feed(name, delta), before, delta)

    def _funds(self) -> tuple[tuple[str, int], ...]:
        """Rounding: largest remainder, once a layer, ties to the first listed."""
        payers, pay = self.layer.paid_by, self.figures.pay
        if len(payers) == 1:
            return ((payers[0].fund, pay),)
        funds = [payer.fund for payer in payers]
        return tuple(zip(funds, allocate(pay, self.found.shares), strict=True))


def _summed(tails: Sequence[Cut]) -> tuple[tuple[str, int], ...]:
    if not tails:
        return ()
    sums: dict[str, int] = {}
    for start, end, name in tails:
        sums[name] = sums.get(name, 0) + end - start
    return tuple(sums.items())
