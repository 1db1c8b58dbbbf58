"""Which facts the rules ask: of a number, a layer, a plan, an area.

A block holds the numbers of one layer for one combination of the facts that *the layer* asks, so
asking little keeps blocks few. Derived facts are followed to what they are derived from. Stated
family and episode ids are asked like facts, under names that no fact can have: a counter kept by
family cannot be read for a claim that names none.

Holds: evaluating a rule for the facts listed here, and for no others, gives the same answer as
evaluating it for all.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from yibao.engines.policy.law import (
    Bands,
    Ceiling,
    Condition,
    Counter,
    CounterChoice,
    FactNumber,
    FactValue,
    Index,
    Layer,
    NthStay,
    Number,
    PlanVersion,
    RankedSum,
    Rows,
    Test,
)

FAMILY = "#family"
EPISODE = "#episode"
CARE_TYPE = "care_type"


@dataclass(slots=True)
class Asked:
    """Facts by the manner in which they are asked.

    ``tests`` are those a fact is put to; a fact in ``whole`` is used as a value, and one in
    ``stated`` need only be known. ``by_year`` says that the year of the chosen day matters.
    """

    tests: dict[str, dict[Test, None]] = field(default_factory=dict)
    whole: dict[str, None] = field(default_factory=dict)
    stated: dict[str, None] = field(default_factory=dict)
    by_year: bool = False

    @property
    def facts(self) -> dict[str, None]:
        """The names of all facts asked."""
        return dict.fromkeys((*self.tests, *self.whole, *self.stated))

    def condition(self, condition: Condition) -> None:
        """Ask a condition's tests."""
        for fact, test in condition:
            self.tests.setdefault(fact, {})[test] = None

    def number(self, number: Number) -> None:
        """Ask everything that a number may look at."""
        body = number.body
        if isinstance(body, Rows):
            for row in (*body.rows, *body.excepts):
                self.condition(row.condition)
                self.number(row.number)
        elif isinstance(body, FactNumber):
            self.whole[body.fact] = None
        elif isinstance(body, Index):
            self.by_year = True
        for step in number.steps:
            self.condition(step.condition)
            if step.fact:
                self.whole[step.fact] = None

    def counter(self, choice: CounterChoice, version: PlanVersion) -> None:
        """Ask the rows of a choice and the keys of the counters that it may come to."""
        for condition, name in (*choice.rows, *choice.excepts):
            self.condition(condition)
            if name:
                self.keys(version.counter(name), version)

    def keys(self, counter: Counter, version: PlanVersion) -> None:
        """Ask what a counter is kept by, and those that it opens from."""
        if counter.holder == "family":
            self.stated[FAMILY] = None
        if counter.period == "episode":
            self.stated[EPISODE] = None
        self.stated |= dict.fromkeys(counter.facts)
        if counter.opens_from is not None:
            self.keys(version.counter(counter.opens_from), version)

    def add(self, other: Asked) -> None:
        """Ask all that another asks."""
        for fact, tests in other.tests.items():
            self.tests.setdefault(fact, {}).update(tests)
        self.whole |= other.whole
        self.stated |= other.stated
        self.by_year |= other.by_year

    def drop(self, fact: str) -> None:
        """Ask no longer about a fact."""
        for asked in (self.tests, self.whole, self.stated):
            asked.pop(fact, None)

    def signature(self, fact: str, value: FactValue | tuple[str, ...] | None) -> object:
        """What the rules can tell of a fact's value: values of one signature are the same to them.

        A numeric fact that is only tested by ranges falls into few signatures, however many values
        it has.
        """
        if value is None:
            return None
        if fact in self.whole or isinstance(value, tuple):
            return value
        tests = self.tests.get(fact)
        if tests is None:
            return True
        is_by_range = any(test.values is None for test in tests)
        if isinstance(value, bool) or (is_by_range and isinstance(value, str)):
            return value
        return tuple(test.holds(value) for test in tests)


def asked_by_layer(layer: Layer, version: PlanVersion) -> Asked:
    """What one layer asks, derived facts under their own names."""
    asked = Asked()
    asked.condition(layer.condition)
    for choice in _choices(layer):
        asked.counter(choice, version)
    for number in _numbers(layer):
        asked.number(number)
    for ceiling in _ceilings(layer):
        if ceiling.per_fact is not None:
            asked.whole[ceiling.per_fact] = None
    for feed in layer.feeds:
        asked.condition(feed.condition)
        asked.keys(version.counter(feed.counter), version)
    return asked


def with_derived(asked: Asked, version: PlanVersion) -> Asked:
    """The same questions, and those that the derived facts among them ask in turn."""
    found = Asked()
    found.add(asked)
    for rule in reversed(version.derived):
        if isinstance(rule, RankedSum) and rule.fact in found.facts:
            found.whole[rule.over] = None
            inner = Asked()
            inner.number(rule.number)
            inner.drop(rule.as_fact)
            found.add(inner)
    return found


def base_facts(asked: Asked, version: PlanVersion) -> Asked:
    """The same questions about stated facts alone: derived ones are left to what they rest on."""
    found = with_derived(asked, version)
    for rule in version.derived:
        found.drop(rule.fact)
    return found


def asked_by_plan(version: PlanVersion) -> Asked:
    """What a plan version asks of stated facts: scope, derived facts, layers, claim counts."""
    asked = Asked()
    asked.condition(version.applies_to)
    for layer in version.layers:
        asked.add(asked_by_layer(layer, version))
    asked.add(asked_outside_layers(version))
    for rule in version.derived:
        asked.stated[rule.fact] = None
    return base_facts(asked, version)


def asked_outside_layers(version: PlanVersion) -> Asked:
    """What is asked whatever the layers do: derived facts, loads, and claim counts."""
    asked = Asked()
    for rule in version.derived:
        if isinstance(rule, NthStay):
            asked.keys(version.counter(rule.counter), version)
        else:
            asked.whole[rule.fact] = None
    for load in version.loads:
        for name in (load.counter, *load.minus):
            asked.keys(version.counter(name), version)
    for feed in version.feeds:
        asked.condition(feed.condition)
        counter = version.counter(feed.counter)
        asked.keys(counter, version)
    for counter in version.counters:
        if counter.adds == "claim_count" and counter.counts:
            asked.tests.setdefault(CARE_TYPE, {})[Test(counter.counts)] = None
    return asked


def _choices(layer: Layer) -> Iterator[CounterChoice]:
    for ceiling in _ceilings(layer):
        yield ceiling.counter
    if layer.deductible is not None:
        yield layer.deductible.counter
    if isinstance(layer.pays, Bands):
        yield layer.pays.position


def _ceilings(layer: Layer) -> Iterator[Ceiling]:
    yield from layer.ceilings_before_deductible
    if layer.deductible is not None and layer.deductible.yearly_maximum is not None:
        yield layer.deductible.yearly_maximum
    yield from layer.ceilings_after_deductible
    yield from layer.payment_ceilings


def _numbers(layer: Layer) -> Iterator[Number]:
    yield from (draw.share for draw in layer.draws if draw.share is not None)
    yield from (ceiling.amount for ceiling in _ceilings(layer))
    if layer.deductible is not None:
        yield layer.deductible.due
    pays = layer.pays
    if isinstance(pays, Bands):
        for band in pays.bands:
            yield from _given((band.rate, band.to, band.start))
    else:
        yield from _given((pays.share, pays.amount))
    yield from (payer.share for payer in layer.paid_by)


def _given(numbers: Iterable[Number | None]) -> Iterator[Number]:
    return (number for number in numbers if number is not None)
