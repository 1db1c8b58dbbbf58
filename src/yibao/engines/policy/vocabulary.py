"""The words of an area: facts with their domains, sets, counters; conditions over them.

A domain is what a fact may be: a set of values, or a half-open range of integers. Conditions are
checked against domains here, once, so that no rule can ask about a word or a value that does not
exist.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from yibao.base.findings import Where
from yibao.base.money import AMOUNT_LIMIT, parse_yuan
from yibao.base.texts import Text
from yibao.engines.policy import documents as doc
from yibao.engines.policy.complaints import words as complaints
from yibao.engines.policy.documents_area import Fact, FactSet
from yibao.engines.policy.faults import Faults, written
from yibao.engines.policy.law import Condition, FactDefinition, FactValue, Test


@dataclass(frozen=True, slots=True)
class Domain:
    """What a fact may be: ``values``, or integers in [start, below)."""

    values: tuple[FactValue, ...] | None = None
    start: int = 0
    below: int = 0

    def within(self, test: Test) -> Domain:
        """The part of the domain that passes a test."""
        if self.values is not None:
            return Domain(tuple(value for value in self.values if test.holds(value)))
        if test.values is not None:
            kept = (v for v in sorted(int(value) for value in test.values))
            return Domain(tuple(v for v in kept if self.start <= v < self.below))
        start = self.start if test.start is None else max(self.start, test.start)
        below = self.below if test.below is None else min(self.below, test.below)
        return Domain(None, start, max(start, below))

    @property
    def is_empty(self) -> bool:
        """Whether nothing is left."""
        return not self.values if self.values is not None else self.start >= self.below


NUMERIC = ("number", "amount")

Scope = Mapping[str, Domain]
"""Every fact with what it may still be at a place in a plan."""


def define_fact(name: str, fact: Fact, *, faults: Faults) -> FactDefinition:
    """A declared fact; amounts' bounds in fen."""
    label = Text(fact.zh, fact.en)
    if fact.values is not None:
        values = tuple(
            (value, Text(text.zh, text.en) if isinstance(text, doc.Label) else Text(text, value))
            for value, text in fact.values.items()
        )
        return FactDefinition(name, label, fact.of, "values", values)
    if fact.yes_no:
        return FactDefinition(name, label, fact.of, "yes_no")
    if fact.list_of is not None:
        return FactDefinition(name, label, fact.of, "list", list_of=fact.list_of)
    bounds = fact.number or fact.amount or doc.Range()
    kind: Literal["amount", "number"] = "amount" if fact.amount is not None else "number"
    start, below = _bounds(bounds, kind, where=fact.where, faults=faults)
    if below is None:
        below = AMOUNT_LIMIT
    if (start or 0) >= below:
        faults.add(complaints.range_empty(fact.where, name))
    return FactDefinition(name, label, fact.of, kind, (), start or 0, below)


def _bounds(
    written: doc.Range, kind: str, *, where: Where, faults: Faults
) -> tuple[int | None, int | None]:
    """The two bounds of a range; amounts in fen."""
    found: list[int | None] = []
    for value in (written.start, written.below):
        read = None if value is None else integer(value, is_amount=kind == "amount")
        if value is not None and read is None:
            faults.add(complaints.bound_invalid(where, value))
        found.append(read)
    return found[0], found[1]


def integer(value: object, *, is_amount: bool) -> int | None:
    """A value of a numeric fact as written: fen for an amount; None if it is not one."""
    if isinstance(value, bool) or not isinstance(value, int | str):
        return None
    if not is_amount:
        return value if isinstance(value, int) else None
    try:
        return parse_yuan(str(value))
    except ValueError:
        return None


class Vocabulary:
    """Facts, sets and how conditions are read over them."""

    def __init__(
        self,
        facts: Mapping[str, FactDefinition],
        sets: Mapping[str, FactSet],
        *,
        faults: Faults,
    ) -> None:
        self.facts = dict(facts)
        self.sets = dict(sets)
        self.faults = faults

    def with_facts(self, more: Iterable[FactDefinition]) -> Vocabulary:
        """The same words and some more."""
        facts = {**self.facts, **{fact.name: fact for fact in more}}
        return Vocabulary(facts, self.sets, faults=self.faults)

    def domain(self, name: str) -> Domain:
        """What a declared fact may be."""
        fact = self.facts[name]
        if fact.kind == "values":
            return Domain(tuple(value for value, _ in fact.values))
        if fact.kind == "yes_no":
            return Domain((False, True))
        return Domain(None, fact.start, fact.below)

    def scope(self, *conditions: Condition) -> dict[str, Domain]:
        """Every fact that is not a list, narrowed by conditions."""
        scope = {name: self.domain(name) for name, f in self.facts.items() if f.kind != "list"}
        for condition in conditions:
            scope = narrowed(scope, condition)
        return scope

    def condition(self, written: doc.Condition, where: Where) -> Condition:
        """A condition as written, its names and values checked."""
        tests = []
        for name, test in written.items():
            if self.is_known(name, where):
                compiled = self._test(name, test, where)
                if compiled is not None:
                    tests.append((name, compiled))
        return tuple(tests)

    def is_known(self, name: str, where: Where) -> bool:
        """Whether rules may ask about a fact; if not, that is a fault."""
        if name in self.facts and self.facts[name].kind != "list":
            return True
        known = [name for name, fact in self.facts.items() if fact.kind != "list"]
        self.faults.add(complaints.fact_unknown(where, name, known=known))
        return False

    def numeric(self, name: str, where: Where) -> FactDefinition | None:
        """A fact that must be a number or an amount."""
        fact = self.facts.get(name)
        if fact is not None and fact.kind in NUMERIC:
            return fact
        known = [name for name, fact in self.facts.items() if fact.kind in NUMERIC]
        self.faults.add(complaints.fact_not_numeric(where, name, known=known))
        return None

    def _test(self, name: str, written: doc.FactTest, where: Where) -> Test | None:
        fact = self.facts[name]
        if isinstance(written, doc.Range):
            return self._range(fact, written, where)
        values = written if isinstance(written, tuple) else (written,)
        known: set[FactValue] = set()
        for value in values:
            known |= self._expanded(fact, value, where)
        return Test(frozenset(known)) if known else None

    def _range(self, fact: FactDefinition, written: doc.Range, where: Where) -> Test | None:
        if fact.kind not in NUMERIC:
            self._bad_value(fact, "from/below", where)
            return None
        start, below = _bounds(written, fact.kind, where=where, faults=self.faults)
        if start is not None and below is not None and start >= below:
            self.faults.add(complaints.range_empty(where, fact.name))
        return Test(None, start, below)

    def _expanded(self, fact: FactDefinition, value: FactValue, where: Where) -> set[FactValue]:
        """A value, or the values of a set, that the fact really has."""
        if isinstance(value, str) and value in self.sets and self.sets[value].fact == fact.name:
            return set(self.sets[value].values)
        if fact.kind in NUMERIC:
            number = integer(value, is_amount=fact.kind == "amount")
            if number is not None and fact.start <= number < fact.below:
                return {number}
        elif any(value is v or (value == v and type(value) is type(v)) for v in self._values(fact)):
            return {value}
        self._bad_value(fact, value, where)
        return set()

    def _values(self, fact: FactDefinition) -> tuple[FactValue, ...]:
        return self.domain(fact.name).values or ()

    def _bad_value(self, fact: FactDefinition, value: object, where: Where) -> None:
        known = [written(v) for v in self._values(fact)]
        known = known or [f"{fact.start} … {fact.below - 1}"]
        known += [name for name, entry in self.sets.items() if entry.fact == fact.name]
        self.faults.add(complaints.fact_value_unknown(where, fact.name, value=value, known=known))


def narrowed(scope: Scope, condition: Condition) -> dict[str, Domain]:
    """A scope under one more condition."""
    result = dict(scope)
    for name, test in condition:
        if name in result:
            result[name] = result[name].within(test)
    return result
