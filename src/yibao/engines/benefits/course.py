"""The course of one layer: what its steps found, from the draw to the payment, as one line of fen.

The line ``[0, base)`` is cut into stretches of one outcome each: head, covered, tails.

Holds: the stretches follow one another without gap or overlap and end at the base.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from yibao.engines.benefits.claim import Slot
from yibao.engines.benefits.determination import CeilingUse, DeductibleUse, TopUpUse
from yibao.engines.benefits.pricing import Pricing
from yibao.engines.benefits.slots import BANDS_END
from yibao.engines.policy.law import Outcome


@dataclass(frozen=True, slots=True)
class Drawn:
    """What is drawn of one slot, and what of it stays put."""

    slot: Slot
    amount: int
    kept: int


@dataclass(frozen=True, slots=True)
class Bounded:
    """What passes some ceilings; ``name`` is the one that cut the tail, if any did."""

    amount: int
    uses: tuple[CeilingUse, ...] = ()
    name: str = ""


@dataclass(frozen=True, slots=True)
class Cut:
    """A stretch ``[start, end)`` of the line with one outcome; None: covered."""

    start: int
    end: int
    outcome: Outcome | None
    ceiling: str = ""


@dataclass(frozen=True, slots=True)
class Course:
    """What the steps found, from the draw to the payment."""

    drawn: tuple[Drawn, ...]
    admitted: Bounded
    deductible: DeductibleUse | None
    cover: Bounded
    reached: Pricing  # what the bands reach
    top_up: TopUpUse | None
    held: Pricing  # what is covered in the end
    paid: Bounded

    @property
    def base(self) -> int:
        """The length of the line."""
        return sum(one.amount for one in self.drawn)

    @property
    def taken(self) -> int:
        """The deductible taken."""
        return self.deductible.taken if self.deductible else 0

    @property
    def cuts(self) -> tuple[Cut, ...]:
        """The line from head to tail, without empty stretches."""
        start, cuts = 0, []
        for end, outcome, ceiling in self._ends():
            if end > start:
                cuts.append(Cut(start, end, outcome, ceiling))
            start = max(start, end)
        return tuple(cuts)

    def _ends(self) -> Iterable[tuple[int, Outcome | None, str]]:
        yield self.taken, "deductible", ""
        yield self.taken + self.held.covered_amount, None, ""
        yield self.taken + self.reached.covered_amount, "over_ceiling", self.paid.name
        yield self.taken + self.cover.amount, "over_ceiling", BANDS_END
        yield self.admitted.amount, "over_ceiling", self.cover.name
        yield self.base, "over_ceiling", self.admitted.name
