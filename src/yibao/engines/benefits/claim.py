"""What adjudication reads: slots, split lines, one claim, and balances of counters.

Amounts are integer fen and ≥ 0. A claim is a vector of slots, all still on the member; nothing else
is state inside a claim. Balances are the only memory between claims. Slots and counters' keys are
looked up for every amount, so they are tuples by name, whose hash costs least.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import NamedTuple

from yibao.engines.policy.law import FactValue

GENERAL = "general"
CLASSES = ("eligible", "prior_self_pay", "over_limit", "noncovered")
OUTCOMES = ("deductible", "coinsurance", "over_ceiling")


class Slot(NamedTuple):
    """A part of the bill: a class in a stream, or what a layer left (reason, layer, ceiling).

    Written ``eligible``, ``eligible:rare_drug``, ``coinsurance@basic``,
    ``over_ceiling@basic.yearly_limit``, with ``:stream`` behind where it is not ``general``.
    """

    reason: str
    layer: str = ""
    ceiling: str = ""
    stream: str = GENERAL

    def __str__(self) -> str:
        text = self.reason
        if self.layer:
            text += f"@{self.layer}"
        if self.ceiling:
            text += f".{self.ceiling}"
        return text if self.stream == GENERAL else f"{text}:{self.stream}"

    @classmethod
    def parse(cls, text: str) -> Slot:
        """Read a slot from its written form (stream ``general`` when none is written)."""
        head, _, stream = text.partition(":")
        reason, _, place = head.partition("@")
        layer, _, ceiling = place.partition(".")
        return cls(reason, layer, ceiling, stream or GENERAL)


@dataclass(frozen=True, slots=True)
class SplitLine:
    """A line of the bill after the split: four classes in one stream, summing to the charge.

    ``left`` serves a claim that starts from given left slots: the line's amounts by such slots.
    """

    line_id: str
    stream: str = GENERAL
    eligible_amount: int = 0
    prior_self_pay_amount: int = 0
    over_limit_amount: int = 0
    noncovered_amount: int = 0

    @property
    def submitted_amount(self) -> int:
        """What was charged, fen."""
        return (
            self.eligible_amount
            + self.prior_self_pay_amount
            + self.over_limit_amount
            + self.noncovered_amount
        )

    def slots(self) -> dict[Slot, int]:
        """The line's amounts by slot, zeros left out."""
        amounts = {
            Slot("eligible", stream=self.stream): self.eligible_amount,
            Slot("prior_self_pay", stream=self.stream): self.prior_self_pay_amount,
            Slot("over_limit", stream=self.stream): self.over_limit_amount,
            Slot("noncovered", stream=self.stream): self.noncovered_amount,
        }
        return {slot: amount for slot, amount in amounts.items() if amount}


@dataclass(frozen=True, slots=True)
class ClaimDates:
    """The dates on the bill. Each may stand for the others where a care type has but one."""

    settlement_date: date
    discharge_date: date | None = None
    charge_date: date | None = None
    admission_date: date | None = None

    def named(self, name: str) -> date:
        """The date of a name that plans use; discharge and charge fall back to settlement."""
        if name == "discharge_date":
            return self.discharge_date or self.settlement_date
        if name == "charge_date":
            return self.charge_date or self.settlement_date
        return self.settlement_date


@dataclass(frozen=True, slots=True)
class Claim:
    """One row to adjudicate: a settled encounter, or an interim row of one.

    ``facts`` hold on the plan's chosen date, numeric amount facts in fen, list facts as tuples in
    ``list_facts``; ``nth_stay`` and other history facts are added by the engine. ``slots`` is the
    claim's vector; ``lines``, when given, sum to it slot by slot.
    """

    claim_id: str
    member_id: str
    encounter_id: str
    dates: ClaimDates
    facts: Mapping[str, FactValue]
    slots: Mapping[Slot, int]
    lines: tuple[SplitLine, ...] = ()
    list_facts: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    family_id: str = ""
    episode_id: str = ""
    entry_sequence: int = 0

    @property
    def submitted_amount(self) -> int:
        """Σ slots, fen."""
        return sum(self.slots.values())


class CounterKey(NamedTuple):
    """A counter's name and the values of its keys, e.g. («basic_paid», («M1», «2024»))."""

    counter: str
    keys: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Balances:
    """The memory between claims: sums of deltas by counter key, and each encounter's stay number.

    ``nth`` maps (counter key, encounter id) to the stay number that its first live row was given;
    every later row of the encounter has the same.
    """

    sums: Mapping[CounterKey, int] = field(default_factory=dict)
    nth: Mapping[tuple[CounterKey, str], int] = field(default_factory=dict)

    def of(self, key: CounterKey) -> int:
        """The balance of a key, 0 when nothing was fed."""
        return self.sums.get(key, 0)
