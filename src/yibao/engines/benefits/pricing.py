"""Pricing: what a layer pays for the first ``c`` fen that it covers, and the way back (分段支付).

``payment(c)`` is F of the semantics: cumulative, rounded half up once, growing by 0 or 1 with every
fen. ``largest_covered(room)`` is the largest cost whose payment fits into a room; it is walked band
by band in integers, never searched. ``within(c)`` is the same pricing of the first ``c`` fen alone.

Holds: 0 ≤ F(c) ≤ c, F never falls; where a room is smaller than the payment, F at the largest
covered cost is the room exactly.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from yibao.base.money import round_half_up
from yibao.base.rates import MILLION
from yibao.engines.benefits.determination import BandUse


@dataclass(frozen=True, slots=True)
class BandPricing:
    """Payment by bands: the slices of the covered cost, in order. Empty slices are left out."""

    slices: tuple[BandUse, ...]

    @property
    def covered_amount(self) -> int:
        """The cost that is covered."""
        return sum(band.slice_amount for band in self.slices)

    def payment(self, covered: int) -> int:
        """F: the payment for the first ``covered`` fen. Rounding: half up, once a layer."""
        return round_half_up(
            sum(band.exact_product for band in self.within(covered).slices), MILLION
        )

    def largest_covered(self, room: int) -> int:
        """The largest cost whose payment is at most ``room``, which is less than all of it."""
        product_left = room * MILLION + MILLION // 2 - 1
        covered = 0
        for band in self.slices:
            if band.exact_product > product_left:
                return covered + product_left // band.rate
            product_left -= band.exact_product
            covered += band.slice_amount
        return covered

    def within(self, covered: int) -> BandPricing:
        """The pricing of the first ``covered`` fen."""
        slices = []
        for band in self.slices:
            amount = min(band.slice_amount, covered)
            covered -= amount
            if amount:
                slices.append(replace(band, slice_amount=amount))
        return BandPricing(tuple(slices))


@dataclass(frozen=True, slots=True)
class TopUpPricing:
    """Payment up to a target: every covered fen is paid until nothing is missing."""

    covered_amount: int
    missing: int

    def payment(self, covered: int) -> int:
        """F: the payment for the first ``covered`` fen."""
        return min(covered, self.covered_amount, self.missing)

    def largest_covered(self, room: int) -> int:
        """The largest cost whose payment is at most ``room``, which is less than all of it."""
        return room

    def within(self, covered: int) -> TopUpPricing:
        """The pricing of the first ``covered`` fen."""
        return TopUpPricing(min(covered, self.covered_amount), self.missing)


Pricing = BandPricing | TopUpPricing
