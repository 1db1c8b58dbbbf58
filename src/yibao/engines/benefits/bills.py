"""A bill (结算单) as it enters the history of a member, and what may happen to it later.

A bill is what a provider charged for one encounter, or for a part of one: facts of the encounter,
dates, and lines, or slots where somebody split the amounts before. What happens is an *event*;
events stand in the order in which they were entered, and that order is law for counters.

Holds: a bill says everything that its settlement needs but the member's facts and the balances.

Refuses: to carry both lines and slots, since one would have to be believed against the other.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from yibao.base.checks import check
from yibao.base.findings import Where
from yibao.engines.benefits.claim import ClaimDates, Slot, SplitLine
from yibao.engines.benefits.facts import Spell, Stated
from yibao.engines.benefits.split import BillLine
from yibao.engines.policy.law import FactValue


@dataclass(frozen=True, slots=True)
class GivenLine:
    """A line that somebody has split before; its stream is written, or routed by ``facts``."""

    split: SplitLine
    charge_date: date | None = None
    facts: Mapping[str, FactValue] = field(default_factory=dict)

    @property
    def line_id(self) -> str:
        """The line's own id."""
        return self.split.line_id


@dataclass(frozen=True, slots=True)
class Bill:
    """One bill: ``facts`` are of the encounter; either ``lines`` or ``slots`` carry the amounts.

    Lines are as charged, for the catalogue to split, or given already split.

    Rows of one stay (interim settlement, 中途结算) are bills with the same ``encounter_id``; each
    has its own end date as ``dates.discharge_date``. An annual claim has neither lines nor slots.
    """

    claim_id: str
    encounter_id: str
    dates: ClaimDates
    facts: Mapping[str, Stated] = field(default_factory=dict)
    lines: tuple[BillLine | GivenLine, ...] = ()
    slots: Mapping[Slot, int] = field(default_factory=dict)
    episode_id: str = ""

    def __post_init__(self) -> None:
        check(not (self.lines and self.slots), f"bill {self.claim_id} has lines or slots, not both")

    @property
    def end_date(self) -> date:
        """The last day that the bill covers."""
        return self.dates.named("discharge_date")


@dataclass(frozen=True, slots=True)
class Settle:
    """Settle (结算) a bill: its deltas enter the counters."""

    bill: Bill
    where: Where = Where("")  # noqa: RUF009


@dataclass(frozen=True, slots=True)
class Reverse:
    """Reverse (冲正) a claim: the deltas stored with it leave the counters."""

    claim_id: str
    where: Where = Where("")  # noqa: RUF009


@dataclass(frozen=True, slots=True)
class Refund:
    """Refund a part (部分退费): the claim is reversed and what remains, ``bill``, is settled."""

    claim_id: str
    bill: Bill
    where: Where = Where("")  # noqa: RUF009


@dataclass(frozen=True, slots=True)
class Presettle:
    """Pre-settle (预结算) a bill: the answer and its deltas, and nothing is stored."""

    bill: Bill
    where: Where = Where("")  # noqa: RUF009


@dataclass(frozen=True, slots=True)
class Learn:
    """Learn facts of the member, for days that may lie behind (an identity granted retroactively).

    Claims settled before stand; those whose facts turn out different are marked stale.
    """

    spells: tuple[Spell, ...]
    where: Where = Where("")  # noqa: RUF009


@dataclass(frozen=True, slots=True)
class Resettle:
    """Resettle (重新结算) a benefit year in date order, by reversals and settlements."""

    benefit_year: int
    where: Where = Where("")  # noqa: RUF009


Event = Settle | Reverse | Refund | Presettle | Learn | Resettle
