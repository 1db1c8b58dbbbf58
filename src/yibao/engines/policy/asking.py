"""Does every rule ask what can be known where it is asked?

A fact of a line is known where lines are sent to their streams, and nowhere else. A derived fact is
known from the layers on: not to ``applies_to`` and ``routes``, which come before it, nor to what it
is itself derived from. Whoever asks too early is told so here; at run time a route would pass such
a line by in silence, and everything else would miss the fact in every claim.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, is_dataclass

from yibao.base.findings import Where
from yibao.engines.policy import law
from yibao.engines.policy.area import AreaPolicy
from yibao.engines.policy.complaints import plans as complaints
from yibao.engines.policy.faults import Faults

Asked = Iterator[tuple[str, Where]]
"""Facts that are asked about, each with the nearest place that is known."""


def prove_asked(policy: AreaPolicy, *, faults: Faults) -> None:
    """Add a fault for every fact that is asked where it cannot be known."""
    of_lines = {name for name, fact in policy.facts.items() if fact.of == "line"}
    for version in policy.plans:
        where = version.layers[0].where if version.layers else Where(version.plan_id)
        for fact, place in _asked(_without_routes(version), where):
            if fact in of_lines:
                faults.add(complaints.line_fact_asked(place, fact))
        for fact, place in _asked_early(version, where):
            faults.add(complaints.derived_early(place, fact))


def _without_routes(version: law.PlanVersion) -> tuple[object, ...]:
    kept = (version.applies_to, version.layers, version.counters, version.feeds)
    return (*kept, *(entry for entry in version.derived if isinstance(entry, law.RankedSum)))


def _asked_early(version: law.PlanVersion, where: Where) -> Asked:
    """Derived facts that are asked about before they are known."""
    later = [entry.fact for entry in version.derived]
    for found in _asked((version.applies_to, version.routes), where):
        if found[0] in later:
            yield found
    while later:
        entry = version.derived[-len(later)]
        source = version.counter(entry.counter) if isinstance(entry, law.NthStay) else entry.number
        for found in _asked(source, where):
            if found[0] in later:
                yield found
        later.pop(0)


def _asked(part: object, where: Where) -> Asked:
    """Every fact that a part of the law asks about, at any depth."""
    where = getattr(part, "where", None) or where
    where = part.provenance.where if isinstance(part, law.Step) and part.provenance else where
    if isinstance(part, law.Step | law.FactNumber) and part.fact:
        yield part.fact, where
    elif isinstance(part, law.Ceiling) and part.per_fact:
        yield part.per_fact, part.amount.where
    elif isinstance(part, law.Counter):
        yield from ((fact, where) for fact in part.facts)
    if isinstance(part, tuple):
        if len(part) == 2 and isinstance(part[1], law.Test):
            yield str(part[0]), where
        for inner in part:
            yield from _asked(inner, where)
    elif is_dataclass(part) and not isinstance(part, type | Where | law.Test | law.Provenance):
        for field in fields(part):
            yield from _asked(getattr(part, field.name), where)
