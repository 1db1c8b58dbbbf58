"""The counters of one claim, each key worked out once: the reference's book, remembering keys."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from yibao.base.checks import check
from yibao.engines.benefits.balances import key_of
from yibao.engines.benefits.book import CounterBook, StayNumber
from yibao.engines.benefits.claim import Balances, Claim, CounterKey
from yibao.engines.policy.law import Counter, PlanVersion


class Known(NamedTuple):
    """A counter, what it is kept by, and the names of those whose sums make its balance.

    Counters of one number ``kept`` have the same values of their keys.
    """

    counter: Counter
    kept: int
    chain: tuple[str, ...]


@dataclass(slots=True)
class Counts:
    """Which claim counts grow with claims of one set of facts, as far as it was asked yet."""

    names: tuple[str, ...] | None = None
    counted: dict[str, bool] = field(default_factory=dict)


class QuickBook(CounterBook):
    """The working balances of one claim.

    ``counters`` are the version's (:func:`counters_of`).
    """

    def __init__(
        self,
        version: PlanVersion,
        claim: Claim,
        *,
        balances: Balances,
        counters: Mapping[str, Known],
    ) -> None:
        self._counters = counters
        self._values: dict[int, tuple[str, ...]] = {}
        self._names: dict[str, CounterKey] = {}
        self._opening: dict[str, int] = {}
        self._fed: dict[str, int] = {}
        self._read: dict[str, None] = {}
        self._stays: dict[str, tuple[CounterKey, int] | None] = {}
        self._counts = Counts()
        super().__init__(version, claim, balances=balances)

    @property
    def opening_balances(self) -> Balances:
        """The balances before the claim."""
        return self._balances

    @property
    def deltas(self) -> tuple[tuple[CounterKey, int], ...]:
        """What the claim adds, zeros left out."""
        return tuple([(self._names[name], delta) for name, delta in self._fed.items() if delta])

    @property
    def reads(self) -> tuple[CounterKey, ...]:
        """Every key that was read, in order."""
        return tuple(map(self.key, self._read))

    def replace_claim(self, claim: Claim, *, keys_move: bool) -> None:
        """Go on with a claim whose derived facts are known, which may change keys."""
        self.claim = claim
        if keys_move:
            for kept in (self._values, self._names, self._opening, self._stays):
                kept.clear()

    def counter(self, name: str) -> Counter:
        """The counter of a name."""
        return self._counters[name].counter if name in self._counters else super().counter(name)

    def key(self, name: str) -> CounterKey:
        """The key of a counter for this claim."""
        if name in self._names:
            return self._names[name]
        known = self._counters[name]
        values = self._values.get(known.kept)
        if values is None:
            values = key_of(known.counter, self.claim, version=self._version).keys
            self._values[known.kept] = values
        key = self._names[name] = CounterKey(name, values)
        return key

    def read(self, name: str) -> tuple[CounterKey, int]:
        """A counter's key and its balance now, with what it opens from."""
        balance = 0
        for one in self._counters[name].chain:
            self._read[one] = None
            balance += self.opening(one) + self._fed.get(one, 0)
        return self.key(name), balance

    def balance(self, name: str) -> int:
        """A counter's balance now, without marking it as read."""
        balance = 0
        for one in self._counters[name].chain:
            balance += self.opening(one) + self._fed.get(one, 0)
        return balance

    def feed(self, name: str, amount: int) -> CounterKey:
        """Let a counter grow."""
        self._fed[name] = self._fed.get(name, 0) + amount
        return self.key(name)

    def opening(self, name: str) -> int:
        """A counter's own sum before the claim."""
        amount = self._opening.get(name)
        if amount is None:
            amount = self._opening[name] = self._balances.sums.get(self.key(name), 0)
        return amount

    def known_number(self, name: str) -> int:
        """The number that the encounter was given when it was counted; 0 if it was not yet."""
        counted = self._counted(name, self.key(name))
        return 0 if counted is None else counted[1]

    def count_claim_as(self, counts: Counts) -> tuple[StayNumber, ...]:
        """Count the claim; ``counts`` is what is known for its facts, and grows."""
        self._counts = counts
        return self.count_claim()

    def _claim_counts(self) -> tuple[str, ...]:
        counts = self._counts
        if counts.names is None:
            counts.names = super()._claim_counts()
        return counts.names

    def _is_counted(self, counter: Counter) -> bool:
        counted = self._counts.counted
        if counter.name not in counted:
            counted[counter.name] = super()._is_counted(counter)
        return counted[counter.name]

    def _counted(self, name: str, key: CounterKey) -> tuple[CounterKey, int] | None:
        if name not in self._stays:
            self._stays[name] = super()._counted(name, key)
        return self._stays[name]


def counters_of(version: PlanVersion) -> dict[str, Known]:
    """A version's counters by name, with what the book asks of them for every claim."""
    by_name = {counter.name: counter for counter in version.counters}
    known: dict[str, Known] = {}
    numbers: dict[object, int] = {}
    for name, counter in by_name.items():
        chain = [name]
        while (following := by_name[chain[-1]].opens_from) is not None:
            check(following not in chain, f"counter {name} opens from itself")
            chain.append(following)
        kept = (counter.holder, counter.period, counter.facts, counter.restart_on)
        known[name] = Known(counter, numbers.setdefault(kept, len(numbers)), tuple(chain))
    return known


def has_keys_of_derived_facts(version: PlanVersion) -> bool:
    """Whether a counter is kept by a fact that is only known once others were worked out."""
    derived = {rule.fact for rule in version.derived}
    return any(derived.intersection(counter.facts) for counter in version.counters)
