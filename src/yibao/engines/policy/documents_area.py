"""The documents of an area beside its plans: area, facts, sources, numbers, overlays, register."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from yibao.engines.policy.documents import (
    Condition,
    Counter,
    Dates,
    Label,
    Number,
    Range,
    Sourced,
    Written,
)
from yibao.engines.policy.scalars import AreaCode, Day, FactScalar, Name, Scalar


class Product(Dates):
    """A product that must have exactly one rule every day."""

    name: Name
    when: Condition


class Area(Written):
    """A city, a province or the nation."""

    area: AreaCode
    name: Label
    products: Annotated[tuple[Product, ...], Field(strict=False)] = ()
    verified_until: Day | None = None
    funds: dict[Name, Label] = Field(default_factory=dict)


class Fact(Written):
    """A word that rules may ask about: exactly one kind."""

    zh: str
    en: str
    of: Literal["member", "encounter", "line"]
    values: dict[str, str | Label] | None = None
    yes_no: Literal[True] | None = None
    number: Range | None = None
    amount: Range | None = None
    list_of: str | None = None

    @model_validator(mode="after")
    def _one_kind(self) -> Self:
        kinds = ("values", "yes_no", "number", "amount", "list_of")
        if sum(getattr(self, kind) is not None for kind in kinds) != 1:
            raise PydanticCustomError("one_of", "exactly one of: {keys}", {"keys": ", ".join(kinds)})
        return self


class FactSet(Written):
    """A name for several values of one fact."""

    fact: str
    values: Annotated[tuple[FactScalar, ...], Field(strict=False, min_length=1)]


class Facts(Written):
    """facts.yaml."""

    use: AreaCode | None = None
    facts: dict[Name, Fact] = Field(default_factory=dict)
    sets: dict[Name, FactSet] = Field(default_factory=dict)


class Counters(Written):
    """counters.yaml."""

    use: AreaCode | None = None
    counters: dict[Name, Counter] = Field(default_factory=dict)


class SourceEntry(Written):
    """A document or page that figures come from."""

    title: str
    publisher: str = ""
    number: str = ""
    period: str = ""
    published: str = ""
    url: str = ""
    note: str = ""


class Question(Written):
    """An open question of law and the reading that is taken meanwhile."""

    zh: str
    en: str
    reading: Label


class Sources(Written):
    """sources.yaml."""

    use: AreaCode | None = None
    sources: dict[str, SourceEntry] = Field(default_factory=dict)
    questions: dict[str, Question] = Field(default_factory=dict)


class NamedNumber(Sourced):
    """A number of the area that plans share."""

    zh: str
    en: str
    unit: Literal["amount", "rate", "count"]
    number: Number = Field(alias="is")


class YearValue(Sourced):
    """One year of an index."""

    value: Scalar = Field(alias="is")


class IndexSeries(Sourced):
    """A published yearly series."""

    zh: str
    en: str
    unit: Literal["amount", "rate", "count"]
    years: dict[str, YearValue]


class Numbers(Written):
    """numbers.yaml."""

    numbers: dict[Name, NamedNumber] = Field(default_factory=dict)
    indices: dict[Name, IndexSeries] = Field(default_factory=dict)


class Change(Written):
    """One change of an overlay: exactly one of replace, add, remove."""

    at: str
    replace: Any = None
    add: Any = None
    remove: Literal[True] | None = None

    @model_validator(mode="after")
    def _one_change(self) -> Self:
        if sum(value is not None for value in (self.replace, self.add, self.remove)) != 1:
            raise PydanticCustomError(
                "one_of", "exactly one of: {keys}", {"keys": "replace, add, remove"}
            )
        return self


class Overlay(Written):
    """Named changes to an area's documents."""

    overlay: Name
    kind: Literal["law", "examples", "reform"]
    area: AreaCode
    name: Label
    note: str = ""
    changes: Annotated[tuple[Change, ...], Field(strict=False, min_length=1)]


class VerifiedProduct(Written):
    """Which days of a product were checked against which sources."""

    product: Name
    start: Day = Field(alias="from")
    until: Day | None = None
    sourced: Label
    examples: Label | None = None
    checked_on: Day | None = None


class Register(Written):
    """register.yaml: what was verified for which years."""

    register_: Annotated[tuple[VerifiedProduct, ...], Field(alias="register", strict=False)]


DOCUMENT_KEYS = (
    "area", "facts", "sets", "counters", "sources", "questions", "numbers", "indices", "plan",
    "layer", "entitlement", "overlay", "register",
)  # fmt: skip
