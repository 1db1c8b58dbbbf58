"""A layer's result from the figures of compiled code: what the explanation prints.

The figures (base, admitted, taken, …) are those that the compiled code wrote. What is added here is
how they came about: which number stood where, which ceiling bound, how each band and slot shares in
them. Every part is held against the figures, so that neither can drift from the other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
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


class DrawnSlot(NamedTuple):
    """A slot as drawn: how much of it, and what stays."""

    slot: Slot
    amount: int
    kept: int


Cut = tuple[int, int, str]
"""A tail of the line: from where, up to where, by which ceiling."""


class Rebuilt:
    """One layer of one claim, from its figures."""

    def __init__(
        self, layer: Layer, figures: Figures, *, found: Resolved, book: CounterBook
    ) -> None:
        self.layer = layer
        self.figures = figures
        self.found = found
        self.book = book
        self.moves: dict[CounterKey, CounterMove] = {}

    def result(
        self, drawn: Sequence[DrawnSlot], *, shares: Sequence[NumberUsed], top_up: TopUpUse | None
    ) -> LayerResult:
        """The layer's result; the book's counters have grown then."""
        figures, found = self.figures, self.found
        before = self._uses(found.before, cut_to=figures.admitted, amount=figures.base)
        deductible = self._deductible()
        net = figures.admitted - figures.taken
        after = self._uses(found.after, cut_to=figures.cover, amount=net)
        low = self._low()
        payment = self._uses(found.payment, cut_to=figures.pay, amount=figures.uncapped)
        bands = self._slices(low)
        tails = self._tails(_binding(payment), _binding(after), _binding(before))
        pays = self._paid_up_to(bands)
        self._feed()
        return LayerResult(
            layer=self.layer.name,
            label=self.layer.label,
            applied=True,
            unmet_condition=(),
            base_amount=figures.base,
            admitted_amount=figures.admitted,
            deductible=deductible,
            covered_before_payment_ceiling=figures.reached,
            covered_amount=figures.covered,
            bands=bands,
            top_up=top_up,
            uncapped_benefit_amount=figures.uncapped,
            benefit_amount=figures.pay,
            coinsurance_amount=figures.covered - figures.pay,
            over_ceiling=_summed(tails),
            ceilings_before_deductible=before,
            ceilings_after_deductible=after,
            payment_ceilings=payment,
            slots=tuple(self._outcomes(drawn, tails, pays)),
            paid_by=self._funds(),
            counters=tuple(self.moves.values()),
            numbers=(*shares, *found.numbers),
            structure=self.layer.structure,
        )

    def _read(self, use: CeilingUse | DeductibleUse) -> tuple[CounterKey | None, int]:
        return self._read_counter("" if use.counter is None else use.counter.counter)

    def _read_counter(self, name: str) -> tuple[CounterKey | None, int]:
        if not name:
            return None, 0
        key, balance = self.book.read(name)
        if key not in self.moves:
            self.moves[key] = CounterMove(key, balance, 0)
        return key, balance

    def _use(self, use: CeilingUse) -> CeilingUse:
        key, balance = self._read(use)
        room = None if use.amount is None else max(0, use.amount - balance)
        return CeilingUse(use.name, key, use.amount, balance, room, binds=False)

    def _uses(
        self, listed: Sequence[CeilingUse], *, cut_to: int, amount: int
    ) -> tuple[CeilingUse, ...]:
        """Ceilings as they stood; where they cut, the first whose room is what was left."""
        uses = [self._use(use) for use in listed]
        rooms = [use.room for use in uses if use.room is not None]
        if min([amount, *rooms]) != cut_to:
            raise InvariantBroken(f"{self.layer.name}: {cut_to} of {amount}, {rooms}")
        if cut_to < amount:
            place = next(index for index, use in enumerate(uses) if use.room == cut_to)
            uses[place] = replace(uses[place], binds=True)
        return tuple(uses)

    def _deductible(self) -> DeductibleUse | None:
        found = self.found.deductible
        if found is None:
            return None
        key, balance = self._read(found)
        unmet = max(0, found.due - balance)
        maximum = None
        if found.yearly_maximum is not None:
            maximum = self._use(found.yearly_maximum)
            if maximum.room is not None and maximum.room < unmet:
                unmet = maximum.room
                maximum = replace(maximum, binds=True)
        taken = self.figures.taken
        if min(unmet, self.figures.admitted) != taken:
            raise InvariantBroken(f"{self.layer.name}: {taken} taken of {unmet}")
        return DeductibleUse(key, found.due, balance, unmet, taken, maximum)

    def _low(self) -> int:
        """Where the covered cost begins on the bands' line."""
        pays = self.layer.pays
        if not isinstance(pays, Bands):
            return 0
        _, balance = self._read_counter(self.found.position)
        return balance + self.figures.taken if pays.is_measured_from_zero else balance

    def _slices(self, low: int) -> tuple[BandUse, ...]:
        """What of the covered cost lies in each band, empty ones left out."""
        pays, bands, figures = self.layer.pays, self.found.bands, self.figures
        if isinstance(pays, TopUp):
            return ()
        if pays.mode == "whole":
            high = low + figures.cover
            band = next(band for band in reversed(bands) if band.start <= high)
            uses = [BandUse(band.start, band.to, band.rate, figures.covered)]
        else:
            high = low + figures.covered
            uses = [
                BandUse(band.start, band.to, band.rate, part)
                for band in bands
                if (
                    part := (high if band.to is None else min(high, band.to)) - max(low, band.start)
                )
                > 0
            ]
        slices = tuple(use for use in uses if use.slice_amount)
        covered = sum([use.slice_amount for use in slices])
        pay = round_half_up(sum([use.exact_product for use in slices]), MILLION)
        if (covered, pay) != (figures.covered, figures.pay):
            raise InvariantBroken(
                f"{self.layer.name}: bands pay {pay} for {covered}, not {figures}"
            )
        return slices

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

    def _paid_up_to(self, bands: Sequence[BandUse]) -> Callable[[int], int]:
        """What the layer pays for the first fen that it covers. Rounding: half up, cumulative."""
        pay = self.figures.pay
        if isinstance(self.layer.pays, TopUp):
            return lambda covered: min(covered, pay)

        def paid(covered: int) -> int:
            product = 0
            for band in bands:
                part = min(covered, band.slice_amount)
                product += part * band.rate
                covered -= part
            return round_half_up(product, MILLION)

        return paid

    def _outcomes(
        self, drawn: Sequence[DrawnSlot], tails: Sequence[Cut], paid: Callable[[int], int]
    ) -> Iterator[SlotOutcome]:
        taken, covered_amount = self.figures.taken, self.figures.covered
        end = end_covered = end_paid = 0
        for one in drawn:
            start, start_covered, start_paid = end, end_covered, end_paid
            end = start + one.amount
            end_covered = min(max(end - taken, 0), covered_amount)
            end_paid = paid(end_covered)
            cuts = [(min(end, stop) - max(start, begin), name) for begin, stop, name in tails]
            benefit = end_paid - start_paid
            yield SlotOutcome(
                slot=one.slot,
                drawn=one.amount,
                kept=one.kept,
                deductible=min(end, taken) - min(start, taken),
                benefit=benefit,
                coinsurance=end_covered - start_covered - benefit,
                over_ceiling=_summed([(0, part, name) for part, name in cuts if part > 0]),
            )

    def _feed(self) -> None:
        figures = self.figures
        grown = {
            "drawn": figures.base,
            "admitted": figures.admitted,
            "deductible": figures.taken,
            "covered": figures.covered,
            "paid": figures.pay,
        }
        for name in self.found.feeds:
            delta = grown[self.book.counter(name).adds]
            before = self.book.balance(name)
            key = self.book.feed(name, delta)
            known = self.moves.get(key)
            self.moves[key] = CounterMove(key, known.before if known else before, delta)

    def _funds(self) -> tuple[tuple[str, int], ...]:
        """Rounding: largest remainder, once a layer, ties to the first listed."""
        funds = [payer.fund for payer in self.layer.paid_by]
        if len(funds) == 1:
            return ((funds[0], self.figures.pay),)
        return tuple(zip(funds, allocate(self.figures.pay, self.found.shares), strict=True))


def _binding(uses: Sequence[CeilingUse]) -> str:
    return next((use.name for use in uses if use.binds), "")


def _summed(tails: Sequence[Cut]) -> tuple[tuple[str, int], ...]:
    if not tails:
        return ()
    sums: dict[str, int] = {}
    for start, end, name in tails:
        sums[name] = sums.get(name, 0) + end - start
    return tuple(sums.items())
