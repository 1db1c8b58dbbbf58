"""What all documents of the policy language are made of: cited, dated entries and numbers.

One declaration gives the parser, the faults and the published JSON Schema
(docs/policy-language.md is the prose). Models are frozen, refuse unknown keys, and remember the
file and line they were written at. Meaning (names, units, dates, coverage) is the compiler's.
"""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal, Self

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
from yibao.engines.policy.scalars import Confidence, Day, FactScalar, Scalar, Unit, Use


class Written(BaseModel):
    """A mapping as written, with its place."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)
    _tree: Branch = PrivateAttr(default_factory=lambda: Branch(Where("")))

    @model_validator(mode="wrap")
    @classmethod
    def _remember(cls, data: object, handler: ModelWrapValidatorHandler[Self]) -> Self:
        instance = handler(data)
        if isinstance(data, Branch):
            instance._tree = data  # noqa: SLF001
        return instance

    @property
    def where(self) -> Where:
        """The file and line it was written at."""
        return self._tree.where

    def where_of(self, key: str) -> Where:
        """The file and line of one of its keys."""
        return self._tree.where_of(key)


def shape_of(value: object) -> str:
    """How a value is written, mapping, list or word: what tells the members of a union apart."""
    if isinstance(value, dict | BaseModel):
        return "<mapping>"
    return "<list>" if isinstance(value, list | tuple) else "<word>"


BY_SHAPE = Discriminator(shape_of)
WORD, LIST, MAPPING = Tag("<word>"), Tag("<list>"), Tag("<mapping>")


def exactly_one(model: Written, keys: tuple[str, ...]) -> None:
    """Refuse a mapping that has none or several of some keys."""
    fields = type(model).model_fields
    given = [key for key in keys if getattr(model, key) is not None]
    if len(given) != 1:
        shown = ", ".join(str(fields[key].alias or key) for key in keys)
        raise PydanticCustomError("one_of", "exactly one of: {keys}", {"keys": shown})


class Label(Written):
    """A name for people, in both languages."""

    zh: str
    en: str


class SourceNote(Written):
    """Source ids with a note."""

    ids: tuple[str, ...] = Field(default=(), strict=False)
    note: str = ""


Source = Annotated[
    Annotated[str, WORD]
    | Annotated[tuple[str, ...], Field(strict=False, min_length=1), LIST]
    | Annotated[SourceNote, MAPPING],
    BY_SHAPE,
]


class Sourced(Written):
    """Anything that may carry provenance."""

    source: Source | None = None
    confidence: Confidence | None = None
    open_ids: Annotated[tuple[str, ...] | None, Field(alias="open", strict=False)] = None


class Spanned(Written):
    """Anything that is law on some days only; ``until`` is exclusive."""

    start: Day | None = Field(default=None, alias="from")
    until: Day | None = None

    def holds_on(self, day: date) -> bool:
        """Whether it is law on a day."""
        is_begun = self.start is None or self.start <= day
        return is_begun and (self.until is None or day < self.until)


class Range(Written):
    """A half-open range of a numeric fact."""

    start: Scalar | None = Field(default=None, alias="from")
    below: Scalar | None = None


FactTest = Annotated[
    Annotated[FactScalar, WORD]
    | Annotated[tuple[FactScalar, ...], Field(strict=False, min_length=1), LIST]
    | Annotated[Range, MAPPING],
    BY_SHAPE,
]
Condition = dict[str, FactTest]


class PlusPer(Written):
    """``amount`` for every unit of a fact above ``beyond``."""

    fact: str
    amount: Scalar
    beyond: Scalar = 0


OPERATIONS = (
    *("times", "set", "at_least", "at_most", "plus", "minus", "plus_points", "minus_points"),
    *("own_share_times", "plus_per", "times_fact", "plus_fact", "minus_fact", "divide_by"),
)


class Step(Spanned, Sourced):
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
        exactly_one(self, OPERATIONS)
        return self

    @property
    def operation(self) -> str:
        """The operation that is written."""
        return next(name for name in OPERATIONS if getattr(self, name) is not None)


class Reference(Written):
    """A number by reference: a fact, a named number, an index of a year."""

    fact: str | None = None
    number: str | None = None
    use: Use | None = None
    index: str | None = None
    year: Literal["previous", "current"] | None = None
    times: Scalar | None = None

    @model_validator(mode="after")
    def _only_an_index_has_a_year(self) -> Self:
        if self.index is None and (self.year is not None or self.times is not None):
            raise PydanticCustomError(
                "only_with", "{keys} only with {other}", {"keys": "year, times", "other": "index"}
            )
        return self


class SimpleBody(Reference):
    """What a row may give instead of a literal."""

    @model_validator(mode="after")
    def _one_body(self) -> Self:
        exactly_one(self, ("fact", "number", "use", "index"))
        return self


Simple = Annotated[Annotated[Scalar, WORD] | Annotated[SimpleBody, MAPPING], BY_SHAPE]


class Row(Sourced):
    """A row of a table: reserved keys, every other key is a fact."""

    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, FactTest] = Field(init=False)
    value: Simple = Field(alias="is")

    @property
    def condition(self) -> Condition:
        """The facts that choose the row."""
        return dict(self.__pydantic_extra__ or {})


class NumberBody(Reference, Sourced):
    """A number: exactly one of is, fact, number, use, index, rows; then steps."""

    value: Scalar | None = Field(default=None, alias="is")
    rows: Annotated[tuple[Row, ...] | None, Field(strict=False, min_length=1)] = None
    excepts: Annotated[tuple[Row, ...], Field(alias="except", strict=False)] = ()
    then: Annotated[tuple[Step, ...], Field(strict=False)] = ()
    rounding: Literal["half_up", "truncate"] = "half_up"

    @model_validator(mode="after")
    def _one_body(self) -> Self:
        exactly_one(self, ("value", "fact", "number", "use", "index", "rows"))
        if self.excepts and self.rows is None:
            raise PydanticCustomError(
                "only_with", "{keys} only with {other}", {"keys": "except", "other": "rows"}
            )
        return self


class DatedNumber(NumberBody):
    """One dated entry of a number."""

    start: Day = Field(alias="from")
    until: Day | None = None


Number = Annotated[
    Annotated[Scalar, WORD]
    | Annotated[tuple[DatedNumber, ...], Field(strict=False, min_length=1), LIST]
    | Annotated[NumberBody, MAPPING],
    BY_SHAPE,
]


class NamedNumber(Sourced):
    """A number of the area that plans share."""

    zh: str
    en: str
    unit: Unit
    number: Number = Field(alias="is")


class YearValue(Sourced):
    """One year of an index."""

    value: Scalar = Field(alias="is")


class IndexSeries(Sourced):
    """A published yearly series."""

    zh: str
    en: str
    unit: Unit
    years: dict[Annotated[str, Field(pattern=r"^[0-9]{4}$")], YearValue]
