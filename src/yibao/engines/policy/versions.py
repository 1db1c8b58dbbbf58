"""Cutting time: every day that a document, or a number it takes, mentions begins a new version."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import TypeVar

from pydantic import BaseModel

from yibao.base.dates import Span
from yibao.engines.policy import documents as doc
from yibao.engines.policy import documents_plan as plan_doc
from yibao.engines.policy import law
from yibao.engines.policy.complaints import plans as complaints
from yibao.engines.policy.faults import Faults
from yibao.engines.policy.figures import Shelf

_DATED = doc.Spanned | doc.DatedNumber | plan_doc.InForce | plan_doc.DatedBands
Version = TypeVar("Version", law.PlanVersion, law.EntitlementVersion)


def parts_of(document: object) -> Iterator[object]:
    """Everything that a document is made of, at any depth, itself first."""
    yield document
    inner: Iterable[object] = ()
    if isinstance(document, BaseModel):
        named = [getattr(document, name) for name in type(document).model_fields]
        inner = [*named, *(document.model_extra or {}).values()]
    elif isinstance(document, Mapping):
        inner = document.values()
    elif isinstance(document, tuple | list):
        inner = document
    for part in inner:
        yield from parts_of(part)


@dataclass(frozen=True, slots=True)
class Mentions:
    """What a document and the named numbers behind it mention."""

    days: frozenset[date]
    has_index: bool


def mentions_of(document: object, shelf: Shelf) -> Mentions:
    """The days of a document and of every named number that it leads to."""
    days: set[date] = set()
    has_index = False
    seen: set[str] = set()
    waiting: list[object] = [document]
    while waiting:
        for part in parts_of(waiting.pop()):
            if isinstance(part, date):
                days.add(part)
            has_index |= isinstance(part, doc.Reference) and part.index is not None
            name = _named(part)
            if name in shelf.numbers and name not in seen:
                seen.add(name)
                waiting.append(shelf.numbers[name])
    return Mentions(frozenset(days), has_index)


def _named(part: object) -> str:
    if isinstance(part, doc.Reference):
        return part.number or part.use or ""
    return part.number if isinstance(part, plan_doc.Ranked) else ""


def check_spans(document: plan_doc.Plan | plan_doc.Entitlement, faults: Faults) -> None:
    """No span of a document is empty, and the spans of `in_force` do not meet."""
    for part in parts_of(document):
        if isinstance(part, _DATED) and part.start and part.until and part.until <= part.start:
            faults.add(complaints.span_empty(part.where))
    for index, entry in enumerate(document.in_force):
        for other in document.in_force[:index]:
            if Span(entry.start, entry.until).meets(Span(other.start, other.until)):
                faults.add(complaints.in_force_overlap(entry.where, first=other.where))


def spans_of(
    document: plan_doc.Plan | plan_doc.Entitlement, shelf: Shelf, *, horizon: date | None
) -> list[Span]:
    """The spans of law, cut at every mentioned day inside them.

    What reads a published index is cut at every New Year up to the horizon too.
    """
    mentions = mentions_of(document, shelf)
    days = set(mentions.days)
    if mentions.has_index:
        days |= set(_new_years(document.in_force, horizon))
    return _cut(document.in_force, sorted(days))


def _cut(in_force: Sequence[plan_doc.InForce], days: Sequence[date]) -> list[Span]:
    spans = []
    for entry in in_force:
        whole = Span(entry.start, entry.until)
        edges = [entry.start, *(day for day in days if day in whole and day > entry.start)]
        ends = [*edges[1:], entry.until]
        spans += [Span(start, end) for start, end in zip(edges, ends, strict=True)]
    return sorted(spans, key=lambda span: span.start)


def _new_years(in_force: Sequence[plan_doc.InForce], horizon: date | None) -> list[date]:
    first = min(entry.start for entry in in_force)
    last = max(entry.until or horizon or entry.start for entry in in_force)
    last = min(last, horizon) if horizon else last
    return [date(year, 1, 1) for year in range(first.year, last.year + 1)]


def joined(spans: Iterable[Span], compile_on: Callable[[Span], Version]) -> list[Version]:
    """The version of every span; neighbours of equal content are one."""
    versions: list[Version] = []
    for span in spans:
        version = compile_on(span)
        last = versions[-1] if versions else None
        if last and last.policy_hash == version.policy_hash and last.span.until == span.start:
            versions[-1] = replace(last, span=Span(last.span.start, span.until))
        else:
            versions.append(version)
    return versions
