"""An area's whole law, compiled: what offices and doors hold in their hands.

Everything is frozen. :class:`AreaPolicy` answers which plans there are on a day; choosing the plan
of a claim is the benefit engine's (:mod:`yibao.engines.benefits.choice`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from yibao.base.dates import Span
from yibao.base.findings import Where
from yibao.base.texts import Text
from yibao.engines.policy.law import (
    Condition,
    Counter,
    EntitlementVersion,
    FactDefinition,
    FactValue,
    PlanVersion,
)


@dataclass(frozen=True, slots=True)
class SourceText:
    """A source as people read it."""

    source_id: str
    title: str
    publisher: str = ""
    number: str = ""
    period: str = ""
    published: str = ""
    url: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class QuestionText:
    """An open question of law, and the reading taken meanwhile."""

    question_id: str
    question: Text
    reading: Text


@dataclass(frozen=True, slots=True)
class Product:
    """A product of the area: facts, and the days on which it must have exactly one rule."""

    name: str
    condition: Condition
    span: Span
    where: Where


@dataclass(frozen=True, slots=True)
class OverlayNote:
    """An overlay of the area, and whether it is on."""

    name: str
    kind: str
    label: Text
    is_on: bool
    where: Where
    paths: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Verified:
    """Which days of a product were checked against sources, and what stays an example."""

    product: str
    span: Span
    sourced: Text
    examples: Text | None
    checked_on: date | None


@dataclass(frozen=True, slots=True)
class AreaPolicy:
    """The law of one area with its words and documents."""

    code: str
    label: Text
    facts: Mapping[str, FactDefinition]
    sets: Mapping[str, tuple[FactValue, ...]]
    counters: Mapping[str, Counter]
    plans: tuple[PlanVersion, ...]
    entitlements: tuple[EntitlementVersion, ...] = ()
    products: tuple[Product, ...] = ()
    sources: Mapping[str, SourceText] = field(default_factory=dict)
    questions: Mapping[str, QuestionText] = field(default_factory=dict)
    funds: Mapping[str, Text] = field(default_factory=dict)
    overlays: tuple[OverlayNote, ...] = ()
    verified: tuple[Verified, ...] = ()
    verified_until: date | None = None

    def plans_on(self, day: date) -> tuple[PlanVersion, ...]:
        """The versions in force on a day."""
        return tuple(version for version in self.plans if day in version.span)

    def fund_label(self, fund: str) -> Text:
        """A fund's name for people."""
        return self.funds.get(fund, Text(fund, fund))
