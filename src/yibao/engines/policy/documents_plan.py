"""The documents that settle something: plans of layers, entitlements, and their counters."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import ConfigDict, Discriminator, Field, Tag, model_validator
from pydantic_core import PydanticCustomError

from yibao.engines.policy.documents import (
    BY_SHAPE,
    MAPPING,
    WORD,
    Condition,
    FactTest,
    Label,
    Number,
    Sourced,
    Spanned,
    Written,
    exactly_one,
)
from yibao.engines.policy.scalars import (
    AreaCode,
    DateName,
    Day,
    LeaveRule,
    Measure,
    Name,
    Scalar,
    Unit,
)


class ChoiceRow(Written):
    """A row of a table of counter names."""

    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, FactTest] = Field(init=False)
    value: str = Field(alias="is")

    @property
    def condition(self) -> Condition:
        """The facts that choose the row."""
        return dict(self.__pydantic_extra__ or {})


class ChoiceTable(Written):
    """Which counter, by facts."""

    rows: Annotated[tuple[ChoiceRow, ...], Field(strict=False, min_length=1)]
    excepts: Annotated[tuple[ChoiceRow, ...], Field(alias="except", strict=False)] = ()


CounterReference = Annotated[Annotated[str, WORD] | Annotated[ChoiceTable, MAPPING], BY_SHAPE]


class Ceiling(Spanned, Sourced):
    """A bound on cost or payment."""

    name: Name
    counter: CounterReference | None = None
    amount: Number
    per: str | None = None


class YearlyMaximum(Sourced):
    """The most that deductibles take in sum."""

    counter: str
    amount: Number


class Deductible(Sourced):
    """Due against a counter; ``per_claim`` remembers nothing."""

    counter: CounterReference
    due: Number
    yearly_maximum: YearlyMaximum | None = None


class Band(Sourced):
    """One band; ``to`` in slices, ``from``/``above`` where the whole amount takes one rate."""

    name: str = ""
    to: Number | None = None
    start: Number | None = Field(default=None, alias="from")
    above: Number | None = None
    rate: Number


class DatedBands(Sourced):
    """A dated list of bands."""

    start: Day = Field(alias="from")
    until: Day | None = None
    bands: Annotated[tuple[Band, ...], Field(alias="is", strict=False, min_length=1)]


def _bands_tag(value: object) -> str:
    is_filled = isinstance(value, list | tuple) and len(value) > 0
    first = value[0] if is_filled else None  # type: ignore[index]
    is_dated = isinstance(first, DatedBands) or (isinstance(first, dict) and "is" in first)
    return "<dated>" if is_dated else "<list>"


class Bands(Sourced):
    """Rates by position."""

    mode: Literal["slice", "whole"]
    measured: Literal["above_deductible", "from_zero"]
    position: CounterReference
    bands: Annotated[
        Annotated[tuple[Band, ...], Field(strict=False, min_length=1), Tag("<list>")]
        | Annotated[tuple[DatedBands, ...], Field(strict=False), Tag("<dated>")],
        Discriminator(_bands_tag),
    ] = Field(alias="list")


class Target(Sourced):
    """What a top-up aims at."""

    share: Number | None = None
    of: Annotated[tuple[str, ...], Field(strict=False)] = ()
    amount: Number | None = None
    at_most_of: Annotated[tuple[str, ...], Field(strict=False)] = ()

    @model_validator(mode="after")
    def _share_or_amount(self) -> Self:
        is_share = self.share is not None
        is_amount = self.amount is not None
        if is_share == is_amount or bool(self.of) != is_share or (is_share and self.at_most_of):
            raise PydanticCustomError("target", "share with of, or amount with at_most_of")
        return self


class TopUp(Sourced):
    """Pays what is missing to a target."""

    target: Target
    counting: Annotated[tuple[str, ...], Field(strict=False)] = ()


class Draw(Sourced):
    """A slot, and the share of it that is drawn."""

    slot: str
    share: Number | None = None


DrawEntry = Annotated[Annotated[str, WORD] | Annotated[Draw, MAPPING], BY_SHAPE]


class Payer(Spanned, Sourced):
    """A fund and its share of a layer's payment."""

    fund: Name
    share: Number


class Feed(Written):
    """A counter, fed when a condition holds."""

    counter: str
    when: Condition = Field(default_factory=dict)


FeedEntry = Annotated[Annotated[str, WORD] | Annotated[Feed, MAPPING], BY_SHAPE]


class CostCeilings(Written):
    """Ceilings on cost, by where they stand."""

    before_deductible: Annotated[tuple[Ceiling, ...], Field(strict=False)] = ()
    after_deductible: Annotated[tuple[Ceiling, ...], Field(strict=False)] = ()


class Leaves(Written):
    """What happens to the names of what is left."""

    deductible: LeaveRule | None = None
    coinsurance: LeaveRule | None = None
    over_ceiling: LeaveRule | None = None


class LayerBody(Spanned, Sourced):
    """A layer, wherever it is written."""

    layer: Name
    name: Label
    when: Condition = Field(default_factory=dict)
    paid_by: Annotated[tuple[Payer, ...], Field(strict=False, min_length=1)]
    draws: Annotated[tuple[DrawEntry, ...], Field(strict=False, min_length=1)]
    cost_ceilings: CostCeilings = CostCeilings()
    deductible: Deductible | None = None
    bands: Bands | None = None
    top_up: TopUp | None = None
    payment_ceilings: Annotated[tuple[Ceiling, ...], Field(strict=False)] = ()
    leaves: Leaves = Leaves()
    feeds: Annotated[tuple[FeedEntry, ...], Field(strict=False)] = ()

    @model_validator(mode="after")
    def _bands_or_top_up(self) -> Self:
        exactly_one(self, ("bands", "top_up"))
        return self


class SharedLayer(LayerBody):
    """A layer document that plans of other areas take by ``use:``."""

    area: AreaCode


class NthStay(Written):
    """The nth stay, from a counter."""

    counter: str
    at_most: Annotated[int, Field(ge=1)]


class Ranked(Written):
    """A number for each value of a list fact, highest first, by shares."""

    number: str
    over: str
    as_fact: str = Field(alias="as")
    shares: Annotated[tuple[Scalar, ...], Field(strict=False, min_length=1)]


class RankedSum(Written):
    """Wraps :class:`Ranked` under its key."""

    ranked_sum: Ranked


def _derived_tag(value: object) -> str:
    is_ranked = isinstance(value, RankedSum) or (isinstance(value, dict) and "ranked_sum" in value)
    return "<ranked>" if is_ranked else "<nth>"


DerivedEntry = Annotated[
    Annotated[NthStay, Tag("<nth>")] | Annotated[RankedSum, Tag("<ranked>")],
    Discriminator(_derived_tag),
]


class Route(Spanned):
    """A stream, what people call it, and the lines it takes."""

    stream: Name
    name: Label | None = None
    when: Condition


class Load(Written):
    """A slot loaded from counters."""

    slot: str
    counter: str
    minus: Annotated[tuple[str, ...], Field(strict=False)] = ()


class Annual(Written):
    """A plan paid at year end."""

    loads: Annotated[tuple[Load, ...], Field(strict=False, min_length=1)]


class InForce(Written):
    """A span of days on which a plan is law; ``until`` is exclusive."""

    start: Day = Field(alias="from")
    until: Day | None = None


class Plan(Sourced):
    """One product's waterfall."""

    plan: Name
    area: AreaCode
    name: Label
    applies_to: Condition
    in_force: Annotated[tuple[InForce, ...], Field(strict=False, min_length=1)]
    chosen_by: DateName
    benefit_year_of: DateName
    feeds: Annotated[tuple[FeedEntry, ...], Field(strict=False)] = ()
    derived: dict[Name, DerivedEntry] = Field(default_factory=dict)
    routes: Annotated[tuple[Route, ...], Field(strict=False)] = ()
    annual: Annual | None = None
    layers: Annotated[tuple[LayerBody, ...], Field(strict=False, min_length=1)]


class EntitlementLine(Sourced):
    """One line of a formula."""

    line: Name
    name: Label
    unit: Unit
    number: Number = Field(alias="is")


class Entitlement(Sourced):
    """An amount by formula on facts of a person."""

    entitlement: Name
    area: AreaCode
    name: Label
    applies_to: Condition = Field(default_factory=dict)
    in_force: Annotated[tuple[InForce, ...], Field(strict=False, min_length=1)]
    chosen_by: str
    paid_by: Annotated[tuple[Payer, ...], Field(strict=False)] = ()
    pays: Name
    lines: Annotated[tuple[EntitlementLine, ...], Field(strict=False, min_length=1)]


class Counter(Written):
    """A running total between claims."""

    zh: str = ""
    en: str = ""
    adds: Measure
    per: Annotated[tuple[str, ...], Field(strict=False, min_length=2)]
    once_per: Literal["encounter"] | None = None
    counts: Annotated[tuple[str, ...], Field(strict=False)] = ()
    restart_on: Annotated[tuple[Day, ...], Field(strict=False)] = ()
    opens_from: str | None = None
