"""The shape of an explanation: plain values with stable names, the same in Python and in JSON.

Amounts are integer fen and end in ``_amount``; rates are integer millionths and come with their
printed form; exact products are printed yuan, because a product of fen and millionths may exceed
what a reader of JSON holds. docs/explanation-format.md publishes every key.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from yibao.base.texts import Text
from yibao.engines.policy.law import FactValue, Unit

FORMAT = "yibao.explanation/1"


@dataclass(frozen=True, slots=True)
class Source:
    """A document that a value comes from."""

    source_id: str
    title: str = ""
    publisher: str = ""
    number: str = ""
    period: str = ""
    url: str = ""


@dataclass(frozen=True, slots=True)
class Citation:
    """Where a value comes from: documents, a note, how sure, and its place in the policy files."""

    sources: tuple[Source, ...]
    note: str
    confidence: str
    open_ids: tuple[str, ...]
    place: str


@dataclass(frozen=True, slots=True)
class Question:
    """An open question of law that the result rests on, and the reading taken."""

    question_id: str
    text: Text
    reading: Text


@dataclass(frozen=True, slots=True)
class FactShown:
    """A fact and its value, in words where the area has them."""

    fact: str
    value: FactValue
    label: Text
    value_label: Text


@dataclass(frozen=True, slots=True)
class StepShown:
    """A step on a number as it was applied, and the value after it."""

    operation: str
    operand: str
    label: Text
    value_after: str


@dataclass(frozen=True, slots=True)
class NumberShown:
    """A number of the policy as it was used: fen, millionths or a count; None is «none»."""

    name: str
    unit: Unit
    value: int | None
    printed: str
    row: tuple[FactShown, ...]
    steps: tuple[StepShown, ...]
    citations: tuple[Citation, ...]
    is_example: bool


@dataclass(frozen=True, slots=True)
class SlotAmount:
    """A part of the bill before any layer looks at it."""

    slot: str
    label: Text
    amount: int


@dataclass(frozen=True, slots=True)
class SlotShown:
    """What became of one slot that the layer drew; ``kept_amount`` was not drawn."""

    slot: str
    label: Text
    drawn_amount: int
    kept_amount: int
    deductible_amount: int
    benefit_amount: int
    coinsurance_amount: int
    over_ceiling_amount: int


@dataclass(frozen=True, slots=True)
class CeilingShown:
    """A ceiling as it was read, and the amount that it cut off. ``ceiling_amount`` None: none."""

    name: str
    kind: str  # before_deductible, after_deductible, payment, yearly_maximum
    label: Text
    counter: str
    ceiling_amount: int | None
    balance_amount: int
    room_amount: int | None
    binds: bool
    cut_amount: int
    citations: tuple[Citation, ...]


@dataclass(frozen=True, slots=True)
class DeductibleShown:
    """The deductible: due, met before this claim, taken now, and what of it remains."""

    counter: str
    due_amount: int
    met_amount: int
    unmet_amount: int
    taken_amount: int
    remaining_amount: int
    yearly_maximum: CeilingShown | None
    citations: tuple[Citation, ...]


@dataclass(frozen=True, slots=True)
class BandShown:
    """A band's slice × rate; ``exact_product`` is printed yuan without any rounding."""

    start_amount: int
    to_amount: int | None
    rate: int
    rate_printed: str
    slice_amount: int
    exact_product: str
    citations: tuple[Citation, ...]


@dataclass(frozen=True, slots=True)
class RoundingShown:
    """The layer's one rounding: the sum of the exact products, and what is paid."""

    exact_sum: str
    rounded_amount: int
    difference: str


@dataclass(frozen=True, slots=True)
class TopUpShown:
    """A guaranteed minimum: the target, and what other layers paid towards it."""

    target_amount: int
    already_paid_amount: int
    citations: tuple[Citation, ...]


@dataclass(frozen=True, slots=True)
class PaidShown:
    """What one fund pays."""

    fund: str
    label: Text
    amount: int


@dataclass(frozen=True, slots=True)
class CounterShown:
    """A running total before and after; fen, or a plain count. ``before`` None: not shown."""

    counter: str
    label: Text
    keys: tuple[str, ...]
    unit: str  # amount, count
    before: int | None
    delta: int
    after: int | None


@dataclass(frozen=True, slots=True)
class LayerShown:
    """One layer, step by step. A layer that does not apply says which facts stood against it."""

    layer: str
    label: Text
    applied: bool
    not_applied_because: tuple[FactShown, ...]
    base_amount: int
    admitted_amount: int
    covered_amount: int
    slots: tuple[SlotShown, ...]
    ceilings: tuple[CeilingShown, ...]
    deductible: DeductibleShown | None
    bands: tuple[BandShown, ...]
    rounding: RoundingShown | None
    top_up: TopUpShown | None
    uncapped_benefit_amount: int
    benefit_amount: int
    coinsurance_amount: int
    over_ceiling_amount: int
    paid_by: tuple[PaidShown, ...]
    counters: tuple[CounterShown, ...]
    numbers: tuple[NumberShown, ...]
    structure: Citation | None


@dataclass(frozen=True, slots=True)
class Considered:
    """A layer that drew an amount which is still on the member, or was before it paid a part."""

    layer: str
    label: Text
    drawn_amount: int
    benefit_amount: int


@dataclass(frozen=True, slots=True)
class Adjustment:
    """An amount that no fund pays (核减/自付): group, code, layer, source, and who looked at it."""

    group: str
    code: str
    label: Text
    sentence: Text
    slot: str
    layer: str
    layer_label: Text
    ceiling: str
    ceiling_label: Text
    stream: str
    stream_label: Text
    amount: int
    considered_by: tuple[Considered, ...]
    citations: tuple[Citation, ...]


@dataclass(frozen=True, slots=True)
class LineLeft:
    """A part of a line that is left on the member."""

    slot: str
    code: str
    label: Text
    amount: int


@dataclass(frozen=True, slots=True)
class LineBenefit:
    """A part of a line that a layer pays."""

    layer: str
    label: Text
    amount: int


@dataclass(frozen=True, slots=True)
class LineShown:
    """A line of the bill: what is paid by which layer and what is left, summing to its charge."""

    line_id: str
    item: str
    item_label: Text
    submitted_amount: int
    benefits: tuple[LineBenefit, ...]
    left: tuple[LineLeft, ...]


@dataclass(frozen=True, slots=True)
class StayShown:
    """The number that this stay has in its year."""

    counter: str
    label: Text
    encounter_id: str
    number: int


@dataclass(frozen=True, slots=True)
class FindingShown:
    """Something that the reader must know about this answer."""

    code: str
    label: Text
    sentence: Text


@dataclass(frozen=True, slots=True)
class Explanation:
    """The whole explanation of one determination; it closes to the fen."""

    format: str
    claim_id: str
    member_id: str
    encounter_id: str
    plan_id: str
    plan_label: Text
    policy_hash: str
    engine_version: str
    chosen_on: date
    benefit_year: int
    is_annual: bool
    submitted_amount: int
    benefit_amount: int
    out_of_pocket_amount: int
    opening: tuple[SlotAmount, ...]
    derived: tuple[NumberShown, ...]
    layers: tuple[LayerShown, ...]
    paid_by: tuple[PaidShown, ...]
    adjustments: tuple[Adjustment, ...]
    lines: tuple[LineShown, ...]
    counters: tuple[CounterShown, ...]
    stays: tuple[StayShown, ...]
    values_count: int
    examples_count: int
    questions: tuple[Question, ...]
    findings: tuple[FindingShown, ...]
