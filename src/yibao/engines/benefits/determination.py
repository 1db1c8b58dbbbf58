"""What adjudication returns: every figure that the explanation, the books and the auditor need.

A determination is complete: layers with their bases, deductibles, slices, ceilings and payments,
what is left on the member by slot, the counters before and after, the numbers used with their
sources. Nothing is computed again from it; it closes to the fen, by slot, line, layer and claim
(:mod:`yibao.engines.benefits.closure`). Amounts are fen, rates millionths.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from yibao.base.texts import Text
from yibao.engines.benefits.claim import CounterKey, Slot
from yibao.engines.policy.law import FactValue, Provenance
from yibao.engines.policy.used import NumberUsed, StepTrace

__all__ = [
    "Determination",
    "LayerResult",
    "LineResult",
    "SlotOutcome",
    "DeductibleUse",
    "CeilingUse",
    "BandUse",
    "TopUpUse",
    "CounterMove",
    "NumberUsed",
    "StepTrace",
]


@dataclass(frozen=True, slots=True)
class CeilingUse:
    """A ceiling as read: amount None means none; room None means without bound."""

    name: str
    counter: CounterKey | None
    amount: int | None
    balance: int
    room: int | None
    binds: bool


@dataclass(frozen=True, slots=True)
class DeductibleUse:
    """The deductible as taken: due, already met, still unmet (after the yearly maximum), taken."""

    counter: CounterKey | None
    due: int
    balance: int
    unmet: int
    taken: int
    yearly_maximum: CeilingUse | None = None


@dataclass(frozen=True, slots=True)
class BandUse:
    """A band's slice of the covered cost and the exact product in fen-millionths."""

    start: int
    to: int | None
    rate: int
    slice_amount: int

    @property
    def exact_product(self) -> int:
        """Slice × rate, in millionths of a fen."""
        return self.slice_amount * self.rate


@dataclass(frozen=True, slots=True)
class SlotOutcome:
    """What became of one drawn slot: benefit, deductible, own share, and tails by ceiling name.

    ``drawn = deductible + benefit + coinsurance + Σ over_ceiling``; ``kept`` was not drawn.
    """

    slot: Slot
    drawn: int
    kept: int
    deductible: int
    benefit: int
    coinsurance: int
    over_ceiling: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class CounterMove:
    """A counter that was read or fed: its balance before, and the delta of this claim."""

    key: CounterKey
    before: int
    delta: int

    @property
    def after(self) -> int:
        """The balance after this claim's layer."""
        return self.before + self.delta


@dataclass(frozen=True, slots=True)
class TopUpUse:
    """A guaranteed target: the amount aimed at, and what named layers had paid."""

    target: int
    already_paid: int


@dataclass(frozen=True, slots=True)
class LayerResult:
    """One layer's figures. A layer that does not apply names the fact, and has zeros only."""

    layer: str
    label: Text
    applied: bool
    unmet_condition: tuple[tuple[str, FactValue], ...]
    base_amount: int
    admitted_amount: int
    deductible: DeductibleUse | None
    covered_before_payment_ceiling: int
    covered_amount: int
    bands: tuple[BandUse, ...]
    top_up: TopUpUse | None
    uncapped_benefit_amount: int
    benefit_amount: int
    coinsurance_amount: int
    over_ceiling: tuple[tuple[str, int], ...]
    ceilings_before_deductible: tuple[CeilingUse, ...]
    ceilings_after_deductible: tuple[CeilingUse, ...]
    payment_ceilings: tuple[CeilingUse, ...]
    slots: tuple[SlotOutcome, ...]
    paid_by: tuple[tuple[str, int], ...]
    counters: tuple[CounterMove, ...]
    numbers: tuple[NumberUsed, ...]
    structure: Provenance | None = None

    @property
    def deductible_amount(self) -> int:
        """The deductible taken, fen."""
        return self.deductible.taken if self.deductible else 0

    @property
    def over_ceiling_amount(self) -> int:
        """Σ tails, fen."""
        return sum(amount for _, amount in self.over_ceiling)


@dataclass(frozen=True, slots=True)
class LineResult:
    """One line's share: benefits by layer and what is left by slot; they sum to its charge."""

    line_id: str
    submitted_amount: int
    benefits: tuple[tuple[str, int], ...]
    left: tuple[tuple[Slot, int], ...]


@dataclass(frozen=True, slots=True)
class Determination:
    """The whole answer for one claim row.

    ``deltas`` are what to add to the balances (and to take away on reversal); ``nth`` the stay
    numbers used. ``left`` lists every slot still on the member, zeros left out.
    """

    claim_id: str
    member_id: str
    encounter_id: str
    plan_id: str
    policy_hash: str
    engine_version: str
    chosen_on: date
    benefit_year: int
    submitted_amount: int
    opening: tuple[tuple[Slot, int], ...]
    layers: tuple[LayerResult, ...]
    left: tuple[tuple[Slot, int], ...]
    lines: tuple[LineResult, ...]
    deltas: tuple[tuple[CounterKey, int], ...]
    nth: tuple[tuple[CounterKey, str, int], ...]
    reads: tuple[CounterKey, ...]
    findings: tuple[str, ...] = ()
    is_annual: bool = False
    derived: tuple[NumberUsed, ...] = ()  # numbers behind derived facts, used before the layers

    @property
    def benefit_amount(self) -> int:
        """Σ layers' benefits, fen."""
        return sum(layer.benefit_amount for layer in self.layers)

    @property
    def out_of_pocket_amount(self) -> int:
        """What is left on the member, fen."""
        return sum(amount for _, amount in self.left)

    @property
    def by_fund(self) -> dict[str, int]:
        """Benefits by fund, in the order of the layers."""
        totals: dict[str, int] = {}
        for layer in self.layers:
            for fund, amount in layer.paid_by:
                totals[fund] = totals.get(fund, 0) + amount
        return totals

    @property
    def numbers(self) -> tuple[NumberUsed, ...]:
        """Every number used: by derived facts, then by the layers that applied, in order."""
        return (*self.derived, *(number for layer in self.layers for number in layer.numbers))

    @property
    def open_ids(self) -> tuple[str, ...]:
        """Open questions of law that this determination rests on, in order of use.

        A layer that drew nothing rests on nothing.
        """
        found: dict[str, None] = {}
        for number in self.derived:
            found.update(dict.fromkeys(_open_ids(number)))
        for layer in self.layers:
            if layer.base_amount and layer.structure:
                found.update(dict.fromkeys(layer.structure.open_ids))
            for number in layer.numbers:
                found.update(dict.fromkeys(_open_ids(number)))
        return tuple(found)


def _open_ids(number: NumberUsed) -> tuple[str, ...]:
    return tuple(open_id for source in number.provenance for open_id in source.open_ids)
