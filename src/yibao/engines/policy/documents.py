"""The policy language's documents, as written: syntax only, everything still dated.

One declaration gives the parser, the faults and the published JSON Schema
(docs/policy-language.md is the prose). Models are frozen, refuse unknown keys, and remember the
file and line they were written at. Meaning (names, units, dates, coverage) is the compiler's.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    Discriminator,
    Field,
    ModelWrapValidatorHandler,
    PrivateAttr,
    Tag,
    model_validator,
)
from pydantic_core import PydanticCustomError

from yibao.base.findings import Where
from yibao.base.trees import Branch
from yibao.engines.policy.scalars import (
    AreaCode,
    Confidence,
    DateName,
    Day,
    FactScalar,
    LeaveRule,
    Measure,
    Name,
    Period,
    Scalar,
    Use,
)


class Written(BaseModel):
    """A mapping as written, with its place."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, populate_by_name=True)
    _where: Where = PrivateAttr(default=Where(""))
    _lines: dict[str, int] = PrivateAttr(default_factory=dict)

    @model_validator(mode="wrap")
    @classmethod
    def _remember(cls, data: Any, handler: ModelWrapValidatorHandler[Self]) -> Self:
        instance = handler(data)
        if isinstance(data, Branch):
            instance._where = data.where
            instance._lines = data.lines
        return instance

    @property
    def where(self) -> Where:
        """The file and line it was written at."""
        return self._where

    def where_of(self, key: str) -> Where:
        """The file and line of one of its keys."""
        return Where(self._where.file, self._lines.get(key, self._where.line))


class Label(Written):
    """A name for people, in both languages."""

    zh: str
    en: str


class SourceNote(Written):
    """Source ids with a note."""

    ids: tuple[str, ...] = Field(default=(), strict=False)
    note: str = ""


Source = str | Annotated[tuple[str, ...], Field(strict=False)] | SourceNote


class Sourced(Written):
    """Anything that may carry provenance."""

    source: Source | None = None
    confidence: Confidence | None = None
    open_ids: Annotated[tuple[str, ...] | None, Field(alias="open", strict=False)] = None


class Dates(Written):
    """Anything that may carry its own dates; ``until`` is exclusive."""

    start: Day | None = Field(default=None, alias="from")
    until: Day | None = None


class Range(Written):
    """A half-open range of a numeric fact."""

    start: Scalar | None = Field(default=None, alias="from")
    below: Scalar | None = None


def _test_tag(value: Any) -> str:
    if isinstance(value, dict | Range):
        return "<range>"
    return "<values>" if isinstance(value, list | tuple) else "<value>"


FactTest = Annotated[
    Annotated[FactScalar, Tag("<value>")]
    | Annotated[tuple[FactScalar, ...], Field(strict=False), Tag("<values>")]
    | Annotated[Range, Tag("<range>")],
    Discriminator(_test_tag),
]
Condition = dict[str, FactTest]


class PlusPer(Written):
    """``amount`` for every unit of a fact above ``beyond``."""

    fact: str
    amount: Scalar
    beyond: Scalar = 0


OPERATIONS = (
    "times", "set", "at_least", "at_most", "plus", "minus", "plus_points", "minus_points",
    "own_share_times", "plus_per", "times_fact", "plus_fact", "minus_fact", "divide_by",
)  # fmt: skip


class Step(Dates, Sourced):
    """One step on a number: exactly one operation."""

    when: Condition = Field(default_factory=dict)
    times: Scalar | None = None
    set: Scalar | None = None
    at_least: Scalar | None = None
    at_most: Scalar | None = None
    plus: Scalar | None = None
    minus: Scalar | None = None
    plus_points: Scalar | None = None
    minus_points: Scalar | None = None
    own_share_times: Scalar | None = None
    plus_per: PlusPer | None = None
    times_fact: str | None = None
    plus_fact: str | None = None
    minus_fact: str | None = None
    divide_by: Scalar | None = None

    @model_validator(mode="after")
    def _one_operation(self) -> Self:
        if len(self.operations) != 1:
            raise PydanticCustomError(
                "one_of", "exactly one of: {keys}", {"keys": ", ".join(OPERATIONS)}
            )
        return self

    @property
    def operations(self) -> list[str]:
        """The operations that are written."""
        return [name for name in OPERATIONS if getattr(self, name) is not None]


class SimpleBody(Written):
    """What a row may give instead of a literal: a fact, a named number, an index."""

    fact: str | None = None
    number: str | None = None
    use: Use | None = None
    index: str | None = None
    year: Literal["previous", "current"] = "current"
    times: Scalar | None = None

    @model_validator(mode="after")
    def _one_body(self) -> Self:
        _exactly_one(self, ("fact", "number", "use", "index"))
        return self


def _exactly_one(model: Written, keys: tuple[str, ...]) -> None:
    fields = type(model).model_fields
    given = [key for key in keys if getattr(model, key) is not None]
    if len(given) != 1:
        shown = ", ".join(str(fields[key].alias or key) for key in keys)
        raise PydanticCustomError("one_of", "exactly one of: {keys}", {"keys": shown})


def _simple_tag(value: Any) -> str:
    return "<body>" if isinstance(value, dict | SimpleBody) else "<literal>"


Simple = Annotated[
    Annotated[Scalar, Tag("<literal>")] | Annotated[SimpleBody, Tag("<body>")],
    Discriminator(_simple_tag),
]


class Row(Sourced):
    """A row of a table: reserved keys, every other key is a fact."""

    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, FactTest] = Field(init=False)
    value: Simple = Field(alias="is")

    @property
    def condition(self) -> Condition:
        """The facts that choose the row."""
        return dict(self.__pydantic_extra__ or {})


class NumberBody(Sourced):
    """A number: exactly one of is, fact, number, use, index, rows; then steps."""

    value: Scalar | None = Field(default=None, alias="is")
    fact: str | None = None
    number: str | None = None
    use: Use | None = None
    index: str | None = None
    year: Literal["previous", "current"] = "current"
    times: Scalar | None = None
    rows: Annotated[tuple[Row, ...] | None, Field(strict=False)] = None
    excepts: Annotated[tuple[Row, ...], Field(alias="except", strict=False)] = ()
    then: Annotated[tuple[Step, ...], Field(strict=False)] = ()
    rounding: Literal["half_up", "truncate"] = "half_up"

    @model_validator(mode="after")
    def _one_body(self) -> Self:
        _exactly_one(self, ("value", "fact", "number", "use", "index", "rows"))
        return self


class DatedNumber(NumberBody):
    """One dated entry of a number."""

    start: Day = Field(alias="from")
    until: Day | None = None


def _number_tag(value: Any) -> str:
    if isinstance(value, list | tuple):
        return "<dated>"
    return "<body>" if isinstance(value, dict | NumberBody) else "<literal>"


Number = Annotated[
    Annotated[Scalar, Tag("<literal>")]
    | Annotated[NumberBody, Tag("<body>")]
    | Annotated[tuple[DatedNumber, ...], Field(strict=False, min_length=1), Tag("<dated>")],
    Discriminator(_number_tag),
]


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

    rows: Annotated[tuple[ChoiceRow, ...], Field(strict=False)]
    excepts: Annotated[tuple[ChoiceRow, ...], Field(alias="except", strict=False)] = ()


CounterRef = str | ChoiceTable


class Ceiling(Dates, Sourced):
    """A bound on cost or payment."""

    name: Name
    counter: CounterRef | None = None
    amount: Number
    per: str | None = None


class YearlyMaximum(Sourced):
    """The most that deductibles take in sum."""

    counter: str
    amount: Number


class Deductible(Sourced):
    """Due against a counter; ``per_claim`` remembers nothing."""

    counter: CounterRef
    due: Number
    yearly_maximum: YearlyMaximum | None = None


class Band(Sourced):
    """One band; ``to`` in slices, ``from``/``above`` where the whole amount takes one rate."""

    name: str = ""
    to: Number | None = None
    start: Number | None = Field(default=None, alias="from")
    above: Number | None = None
    rate: Number


class DatedBands(Written):
    """A dated list of bands."""

    start: Day = Field(alias="from")
    until: Day | None = None
    bands: Annotated[tuple[Band, ...], Field(alias="is", strict=False, min_length=1)]


def _bands_tag(value: Any) -> str:
    if isinstance(value, list | tuple) and value:
        first = value[0]
        if isinstance(first, DatedBands) or (isinstance(first, dict) and "is" in first):
            return "<dated>"
    return "<list>"


class Bands(Sourced):
    """Rates by position."""

    mode: Literal["slice", "whole"]
    measured: Literal["above_deductible", "from_zero"]
    position: CounterRef
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
        if (self.share is None) == (self.amount is None) or bool(self.of) != (self.share is not None):
            raise PydanticCustomError("target", "share with of, or amount with at_most_of")
        return self


class TopUp(Sourced):
    """Pays what is missing to a target."""

    target: Target
    counting: Annotated[tuple[str, ...], Field(strict=False)] = ()


class Draw(Written):
    """A slot, and the share of it that is drawn."""

    slot: str
    share: Number | None = None


class Payer(Dates, Sourced):
    """A fund and its share of a layer's payment."""

    fund: Name
    share: Number


class Feed(Written):
    """A counter, fed when a condition holds."""

    counter: str
    when: Condition = Field(default_factory=dict)


class CostCeilings(Written):
    """Ceilings on cost, by where they stand."""

    before_deductible: Annotated[tuple[Ceiling, ...], Field(strict=False)] = ()
    after_deductible: Annotated[tuple[Ceiling, ...], Field(strict=False)] = ()


class Leaves(Written):
    """What happens to the names of what is left."""

    deductible: LeaveRule | None = None
    coinsurance: LeaveRule | None = None
    over_ceiling: LeaveRule | None = None


class LayerBody(Dates, Sourced):
    """A layer, wherever it is written."""

    layer: Name
    name: Label
    when: Condition = Field(default_factory=dict)
    paid_by: Annotated[tuple[Payer, ...], Field(strict=False, min_length=1)]
    draws: Annotated[tuple[str | Draw, ...], Field(strict=False, min_length=1)]
    cost_ceilings: CostCeilings = CostCeilings()
    deductible: Deductible | None = None
    bands: Bands | None = None
    top_up: TopUp | None = None
    payment_ceilings: Annotated[tuple[Ceiling, ...], Field(strict=False)] = ()
    leaves: Leaves = Leaves()
    feeds: Annotated[tuple[str | Feed, ...], Field(strict=False)] = ()

    @model_validator(mode="after")
    def _bands_or_top_up(self) -> Self:
        _exactly_one(self, ("bands", "top_up"))
        return self


class SharedLayer(LayerBody):
    """A layer document that plans of other areas take by ``use:``."""

    area: AreaCode


class NthStay(Written):
    """The nth stay, from a counter."""

    counter: str
    at_most: int


class Ranked(Written):
    """A number for each value of a list fact, highest first, by shares."""

    number: str
    over: str
    as_fact: str = Field(alias="as")
    shares: Annotated[tuple[Scalar, ...], Field(strict=False)]


class RankedSum(Written):
    """Wraps :class:`Ranked` under its key."""

    ranked_sum: Ranked


class Route(Dates):
    """A stream and the lines it takes."""

    stream: Name
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
    """A span of days on which a plan is law."""

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
    feeds: Annotated[tuple[str | Feed, ...], Field(strict=False)] = ()
    derived: dict[str, NthStay | RankedSum] = Field(default_factory=dict)
    routes: Annotated[tuple[Route, ...], Field(strict=False)] = ()
    annual: Annual | None = None
    layers: Annotated[tuple[LayerBody, ...], Field(strict=False, min_length=1)]


class EntitlementLine(Sourced):
    """One line of a formula."""

    line: Name
    name: Label
    unit: Literal["amount", "rate", "count"]
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


PERIODS: tuple[Period, ...] = (
    "benefit_year", "month", "day", "encounter", "episode", "lifetime",
)  # fmt: skip
