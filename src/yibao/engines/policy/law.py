"""The law of one plan on one span of days: what the compiler makes and the engines read.

Everything dated has been resolved, every name has been followed; what is left is structure and
numbers that still ask for facts. All amounts are integer fen, rates integer millionths, counts
integers. ``None`` as the value of an amount means «none», without ceiling. A version is frozen and
hashable; equal content gives an equal ``policy_hash``.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from typing import Literal

from yibao.base.dates import Span
from yibao.base.findings import Where
from yibao.base.texts import Text

FactValue = str | int | bool
Unit = Literal["amount", "rate", "count"]
Outcome = Literal["deductible", "coinsurance", "over_ceiling"]
Measure = Literal["drawn", "admitted", "deductible", "covered", "paid", "claim_count"]
Holder = Literal["member", "family"]
Period = Literal[
    "benefit_year", "month", "day", "encounter", "episode", "lifetime", "encounter_benefit_year"
]
DateName = Literal["discharge_date", "settlement_date", "charge_date"]


@dataclass(frozen=True, slots=True)
class Provenance:
    """Where a number or a structure comes from."""

    source_ids: tuple[str, ...]
    note: str
    confidence: str  # H, M, seed, example, open
    open_ids: tuple[str, ...] = ()
    where: Where = Where("")  # noqa: RUF009


@dataclass(frozen=True, slots=True)
class Test:
    """A test on one fact: one of some values, or (numeric facts) a half-open range."""

    values: frozenset[FactValue] | None = None
    start: int | None = None
    below: int | None = None

    def holds(self, value: FactValue) -> bool:
        """Whether a fact's value passes."""
        if self.values is not None:
            return value in self.values
        number = int(value)
        return (self.start is None or self.start <= number) and (
            self.below is None or number < self.below
        )


Condition = tuple[tuple[str, Test], ...]
"""All tests must hold, by fact name in the written order; empty: always."""


@dataclass(frozen=True, slots=True)
class Literal_:  # noqa: N801
    """A number as written: fen, millionths or a count; ``value`` None is «none» (no ceiling)."""

    value: int | None
    provenance: Provenance


@dataclass(frozen=True, slots=True)
class ExampleNeeded:
    """No source gives this number; an examples overlay must, else the answer is a code."""

    provenance: Provenance


@dataclass(frozen=True, slots=True)
class FactNumber:
    """The number is a fact (amount facts are held in fen)."""

    fact: str
    provenance: Provenance


@dataclass(frozen=True, slots=True)
class Index:
    """A published yearly series: the value of one year times a pure factor (10 % is 1/10), exact.

    The year is that of the chosen day plus ``year_offset``. The number that it begins is rounded
    once, at its end.
    """

    name: str
    year_offset: int
    times: Fraction
    by_year: tuple[tuple[int, int, Provenance], ...]
    provenance: Provenance


Simple = Literal_ | ExampleNeeded | FactNumber | Index


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a table: when its condition holds, its number is taken."""

    condition: Condition
    number: Number
    where: Where


@dataclass(frozen=True, slots=True)
class Rows:
    """A table: exactly one row holds for every reachable case; ``excepts`` win over ``rows``."""

    rows: tuple[Row, ...]
    excepts: tuple[Row, ...] = ()


@dataclass(frozen=True, slots=True)
class Step:
    """One step on the exact value: ``operation`` as in docs/policy-language.md §4.

    ``operand`` is in the unit of the number (fen, millionths, count) for set/at_least/at_most/plus/
    minus/plus_points/minus_points/plus_per, a pure factor for times/own_share_times/divide_by, and
    unused where ``fact`` alone speaks (times_fact, plus_fact, minus_fact). ``beyond`` goes with
    plus_per.
    ``is_amount_fact`` says that ``fact`` is held in fen: as a factor (times_fact, plus_per) it then
    counts in yuan, ``beyond`` being fen; added or taken away it is fen on an amount as it stands.
    """

    operation: str
    condition: Condition
    operand: Fraction = Fraction(0)
    fact: str = ""
    beyond: int = 0
    provenance: Provenance | None = None
    is_amount_fact: bool = False


@dataclass(frozen=True, slots=True)
class Number:
    """A number that may still ask for facts: body, steps, one rounding at the end."""

    unit: Unit
    body: Simple | Rows
    steps: tuple[Step, ...] = ()
    truncates: bool = False
    where: Where = Where("")  # noqa: RUF009


@dataclass(frozen=True, slots=True)
class Counter:
    """A running total between claims: what it adds, and the keys it is kept by."""

    name: str
    label: Text
    adds: Measure
    holder: Holder
    period: Period
    facts: tuple[str, ...] = ()
    once_per_encounter: bool = False
    counts: frozenset[str] = frozenset()  # care types that a claim_count counts; empty: all
    restart_on: tuple[date, ...] = ()
    opens_from: str | None = None


@dataclass(frozen=True, slots=True)
class CounterChoice:
    """Which counter is used: rows over facts; one row with an empty condition: always that one.

    The name ``""`` stands for per claim: nothing is remembered.
    """

    rows: tuple[tuple[Condition, str], ...]
    excepts: tuple[tuple[Condition, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Draw:
    """One listed slot pattern (text as written, parsed by the engine) and the share drawn."""

    slot: str
    share: Number | None = None


@dataclass(frozen=True, slots=True)
class Ceiling:
    """A bound on cost or payment: amount (× a fact) against a counter."""

    name: str
    counter: CounterChoice
    amount: Number
    per_fact: str | None = None


@dataclass(frozen=True, slots=True)
class Deductible:
    """The deductible: due against its counter, bounded by what a yearly maximum leaves."""

    counter: CounterChoice
    due: Number
    yearly_maximum: Ceiling | None = None


@dataclass(frozen=True, slots=True)
class Band:
    """One band: in mode slice up to ``to``, in mode whole from ``start``.

    A ``to`` of «none» has no end; ``is_open`` is written ``above:``, its first fen is one above.
    """

    rate: Number
    to: Number | None = None
    start: Number | None = None
    is_open: bool = False


@dataclass(frozen=True, slots=True)
class Bands:
    """Rates by position on a line that may run on through the year."""

    mode: Literal["slice", "whole"]
    is_measured_from_zero: bool
    position: CounterChoice
    bands: tuple[Band, ...]


@dataclass(frozen=True, slots=True)
class TopUp:
    """Pays what is missing to a target: a share of, or an amount at most of, original slots.

    ``counting`` names the layers whose payment counts towards it.
    """

    of: tuple[str, ...]
    counting: tuple[str, ...]
    share: Number | None = None
    amount: Number | None = None


@dataclass(frozen=True, slots=True)
class Payer:
    """A fund and its share of the layer's payment."""

    fund: str
    share: Number


@dataclass(frozen=True, slots=True)
class Feed:
    """A counter that the layer feeds, when a condition holds."""

    counter: str
    condition: Condition = ()


@dataclass(frozen=True, slots=True)
class Layer:
    """One layer: the steps of docs/policy-language.md §6 read exactly these fields."""

    name: str
    label: Text
    condition: Condition
    paid_by: tuple[Payer, ...]
    draws: tuple[Draw, ...]
    pays: Bands | TopUp
    deductible: Deductible | None
    ceilings_before_deductible: tuple[Ceiling, ...]
    ceilings_after_deductible: tuple[Ceiling, ...]
    payment_ceilings: tuple[Ceiling, ...]
    leaves: tuple[tuple[Outcome, Literal["rename", "keep"]], ...]  # only what is written
    feeds: tuple[Feed, ...]
    structure: Provenance
    where: Where = Where("")  # noqa: RUF009


@dataclass(frozen=True, slots=True)
class Route:
    """A stream and the lines it takes (condition over line, encounter and member facts).

    ``label`` is what people call it: one for each stream, None where nobody named it.
    """

    stream: str
    condition: Condition
    label: Text | None = None


@dataclass(frozen=True, slots=True)
class NthStay:
    """Derived fact: other live encounters of the counter that settled first, plus one, at most."""

    fact: str
    counter: str
    at_most: int


@dataclass(frozen=True, slots=True)
class RankedSum:
    """Derived fact: a number evaluated for every value of a list fact, highest first, by shares."""

    fact: str
    number: Number
    over: str
    as_fact: str
    shares: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Load:
    """A slot of an annual claim, loaded from counters: counter − Σ minus."""

    slot: str
    counter: str
    minus: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PlanVersion:
    """One plan on one span of days.

    ``streams`` lists ``general`` first, then the routes' streams in order. ``counters`` holds every
    counter that is read or fed. ``values_count`` and ``examples_count`` count literals, for «n of m
    values are examples» of the whole version; a determination counts its own.
    """

    plan_id: str  # "370200/employee_outpatient"
    area: str
    label: Text
    span: Span
    applies_to: Condition
    chosen_by: DateName
    benefit_year_of: DateName
    layers: tuple[Layer, ...]
    counters: tuple[Counter, ...]
    feeds: tuple[Feed, ...]
    routes: tuple[Route, ...] = ()
    derived: tuple[NthStay | RankedSum, ...] = ()
    loads: tuple[Load, ...] = ()
    is_annual: bool = False
    policy_hash: str = field(default="", compare=False)

    @property
    def streams(self) -> tuple[str, ...]:
        """All streams, ``general`` first."""
        return ("general", *dict.fromkeys(route.stream for route in self.routes))

    def stream_label(self, stream: str) -> Text:
        """What people call a stream; its own name where the plan gives none."""
        labels = (route.label for route in self.routes if route.stream == stream)
        return next((label for label in labels if label), Text(stream, stream))

    def counter(self, name: str) -> Counter:
        """The counter of a name that this version reads or feeds."""
        return next(counter for counter in self.counters if counter.name == name)


@dataclass(frozen=True, slots=True)
class FactDefinition:
    """A declared word that rules may ask about, with its domain."""

    name: str
    label: Text
    of: Literal["member", "encounter", "line"]
    kind: Literal["values", "yes_no", "number", "amount", "list"]
    values: tuple[tuple[str, Text], ...] = ()
    start: int = 0  # numeric domain, half-open; amounts in fen
    below: int = 0
    list_of: str = ""


@dataclass(frozen=True, slots=True)
class EntitlementLine:
    """One line of an entitlement's formula."""

    name: str
    label: Text
    number: Number


@dataclass(frozen=True, slots=True)
class EntitlementVersion:
    """An entitlement on one span of days: lines in order, the one that is paid, the payers."""

    entitlement_id: str
    area: str
    label: Text
    span: Span
    applies_to: Condition
    chosen_by: str
    lines: tuple[EntitlementLine, ...]
    pays: str
    paid_by: tuple[Payer, ...]
    structure: Provenance
    policy_hash: str = field(default="", compare=False)
