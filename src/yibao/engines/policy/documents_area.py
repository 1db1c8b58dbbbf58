"""The documents of an area beside its plans: area, facts, sources, numbers, overlays, register."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from yibao.engines.policy.documents import (
    BY_SHAPE,
    MAPPING,
    WORD,
    Condition,
    IndexSeries,
    Label,
    NamedNumber,
    Range,
    Spanned,
    Written,
    exactly_one,
)
from yibao.engines.policy.documents_plan import Counter
from yibao.engines.policy.scalars import AreaCode, Day, FactScalar, Name


class Product(Spanned):
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


ValueLabel = Annotated[Annotated[str, WORD] | Annotated[Label, MAPPING], BY_SHAPE]


class Fact(Written):
    """A word that rules may ask about: exactly one kind."""

    zh: str
    en: str
    of: Literal["member", "encounter", "line"]
    values: dict[str, ValueLabel] | None = None
    yes_no: Literal[True] | None = None
    number: Range | None = None
    amount: Range | None = None
    list_of: str | None = None

    @model_validator(mode="after")
    def _one_kind(self) -> Self:
        exactly_one(self, ("values", "yes_no", "number", "amount", "list_of"))
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
        exactly_one(self, ("replace", "add", "remove"))
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

    entries: Annotated[tuple[VerifiedProduct, ...], Field(alias="register", strict=False)]
