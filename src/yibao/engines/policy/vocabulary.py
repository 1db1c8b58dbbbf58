"""The words of an area: facts with their domains, sets, counters; conditions over them.

A domain is what a fact may be: a set of values, or a half-open range of integers. Conditions are checked
against domains here, once, so that no rule can ask about a word or a value that does not exist.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from yibao.base.findings import Fault, Where
from yibao.base.money import AMOUNT_LIMIT, parse_yuan
from yibao.base.texts import Text
from yibao.engines.policy import documents as doc
from yibao.engines.policy.documents_area import Fact, FactSet
from yibao.engines.policy.faults import Faults, known_name
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
    is_amount = fact.amount is not None
    start = _bound(bounds.start, is_amount=is_amount, otherwise=0, where=fact.where, faults=faults)
    below = _bound(
        bounds.below, is_amount=is_amount, otherwise=AMOUNT_LIMIT, where=fact.where, faults=faults
    )
    return FactDefinition(
        name, label, fact.of, "amount" if is_amount else "number", (), start, below
    )


def _bound(
    value: int | str | None, *, is_amount: bool, otherwise: int, where: Where, faults: Faults
) -> int:
    if value is None:
        return otherwise
    if is_amount:
        try:
            return parse_yuan(str(value))
        except ValueError:
            pass
    elif isinstance(value, int) and not isinstance(value, bool):
        return value
    faults.add(Fault(
        "bound_invalid", where,
        Text(f"界限“{value}”写法不对", f"the bound '{value}' is not written as one"),
        Text("计数写整数；金额写整数元或加引号的两位小数", "a count is an integer; an amount is yuan, decimals quoted"))
            )  # fmt: skip
    return otherwise


class Vocabulary:
    """Facts, sets and how conditions are read over them."""

    def __init__(
        self,
        facts: Mapping[str, FactDefinition],
        sets: Mapping[str, FactSet],
        faults: Faults,
    ) -> None:
        self.facts = dict(facts)
        self.sets = dict(sets)
        self.faults = faults

    def with_facts(self, more: Iterable[FactDefinition]) -> Vocabulary:
        """The same words and some more."""
        return Vocabulary({**self.facts, **{f.name: f for f in more}}, self.sets, self.faults)

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
            for name, test in condition:
                if name in scope:
                    scope[name] = scope[name].within(test)
        return scope

    def condition(self, written: doc.Condition, where: Where) -> Condition:
        """A condition as written, its names and values checked."""
        tests = []
        for name, test in written.items():
            if self._is_known(name, where):
                compiled = self._test(name, test, where)
                if compiled is not None:
                    tests.append((name, compiled))
        return tuple(tests)

    def _is_known(self, name: str, where: Where) -> bool:
        if name in self.facts and self.facts[name].kind != "list":
            return True
        self.faults.add(Fault(
            "fact_unknown", where,
            Text(f"未声明的事实“{name}”", f"the fact '{name}' is not declared"),
            known_name(name, self.facts))
            )  # fmt: skip
        return False

    def numeric(self, name: str, where: Where) -> FactDefinition | None:
        """A fact that must be a number or an amount."""
        fact = self.facts.get(name)
        if fact is not None and fact.kind in ("number", "amount"):
            return fact
        self.faults.add(Fault(
            "fact_not_numeric", where,
            Text(f"“{name}”不是数值事实", f"'{name}' is not a numeric fact"),
            known_name(name, [n for n, f in self.facts.items() if f.kind in ("number", "amount")]))
            )  # fmt: skip
        return None

    def _test(self, name: str, written: doc.FactTest, where: Where) -> Test | None:
        fact = self.facts[name]
        if isinstance(written, doc.Range):
            if fact.kind not in ("number", "amount"):
                return self._bad_value(name, "from/below", where)
            is_amount = fact.kind == "amount"
            bounds = [
                None if value is None
                else _bound(value, is_amount=is_amount, otherwise=0, where=where, faults=self.faults)
                for value in (written.start, written.below)
            ]  # fmt: skip
            return Test(None, bounds[0], bounds[1])
        values = written if isinstance(written, tuple) else (written,)
        known: set[FactValue] = set()
        for value in values:
            known |= self._expanded(fact, value, where)
        return Test(frozenset(known)) if known else None

    def _expanded(self, fact: FactDefinition, value: FactValue, where: Where) -> set[FactValue]:
        """A value, or the values of a set, that the fact really has."""
        if isinstance(value, str) and value in self.sets and self.sets[value].fact == fact.name:
            return set(self.sets[value].values)
        if fact.kind == "amount" and not isinstance(value, bool):
            try:
                return {parse_yuan(str(value))}
            except ValueError:
                pass
        domain = self.domain(fact.name)
        if domain.values is not None:
            if any(value is v or (value == v and type(value) is type(v)) for v in domain.values):
                return {value}
        elif type(value) is int and domain.start <= value < domain.below:
            return {value}
        self._bad_value(fact.name, value, where)
        return set()

    def _bad_value(self, name: str, value: object, where: Where) -> None:
        fact = self.facts[name]
        if fact.kind == "yes_no":
            known = ["true", "false"]
        else:
            known = [v for v, _ in fact.values] or [f"{fact.start} … {fact.below - 1}"]
            known += [s for s, entry in self.sets.items() if entry.fact == name]
        self.faults.add(Fault(
            "fact_value_unknown", where,
            Text(f"事实“{name}”没有“{value}”这个值", f"the fact '{name}' has no value '{value}'"),
            known_name(str(value), known))
            )  # fmt: skip


def narrowed(scope: Scope, condition: Condition) -> dict[str, Domain]:
    """A scope under one more condition."""
    result = dict(scope)
    for name, test in condition:
        if name in result:
            result[name] = result[name].within(test)
    return result


def rename_fact(fact: FactDefinition, name: str) -> FactDefinition:
    """The same domain under another name."""
    return replace(fact, name=name)
