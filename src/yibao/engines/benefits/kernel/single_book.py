"""The counters of one claim, each key worked out once: the reference's book, remembering keys."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from yibao.base.checks import check
from yibao.engines.benefits.balances import key_of
from yibao.engines.benefits.book import CounterBook
from yibao.engines.benefits.claim import Balances, Claim, CounterKey
from yibao.engines.policy.law import Counter, PlanVersion


class Known(NamedTuple):
    """A counter, what it is kept by, and the names of those whose sums make its balance.

    Counters kept by the same have the same values of their keys.
    """

    counter: Counter
    kept: tuple[object, ...]
    chain: tuple[str, ...]


class QuickBook(CounterBook):
    """The working balances of one claim. Keys are forgotten when the claim is replaced.

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
        self._values: dict[tuple[object, ...], tuple[str, ...]] = {}
        self._names: dict[str, CounterKey] = {}
        self._opening: dict[str, int] = {}
        self._fed: dict[str, int] = {}
        self._read: dict[str, None] = {}
        super().__init__(version, claim, balances=balances)

    @property
    def deltas(self) -> tuple[tuple[CounterKey, int], ...]:
        """What the claim adds, zeros left out."""
        return tuple([(self.key(name), delta) for name, delta in self._fed.items() if delta])

    @property
    def reads(self) -> tuple[CounterKey, ...]:
        """Every key that was read, in order."""
        return tuple([self.key(name) for name in self._read])

    def replace_claim(self, claim: Claim) -> None:
        """Go on with a claim whose derived facts are known, which may change keys."""
        self.claim = claim
        self._values.clear()
        self._names.clear()
        self._opening.clear()

    def counter(self, name: str) -> Counter:
        """The counter of a name."""
        return self._counters[name].counter if name in self._counters else super().counter(name)

    def key(self, name: str) -> CounterKey:
        """The key of a counter for this claim."""
        key = self._names.get(name)
        if key is None:
            known = self._counters[name]
            values = self._values.get(known.kept)
            if values is None:
                values = key_of(known.counter, self.claim, version=self._version).keys
                self._values[known.kept] = values
            key = self._names[name] = CounterKey(name, values)
        return key

    def read(self, name: str) -> tuple[CounterKey, int]:
        """A counter's key and its balance now, with what it opens from."""
        for one in self._counters[name].chain:
            self._read[one] = None
        return self.key(name), self.balance(name)

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


def counters_of(version: PlanVersion) -> dict[str, Known]:
    """A version's counters by name, with what the book asks of them for every claim."""
    by_name = {counter.name: counter for counter in version.counters}
    known = {}
    for name, counter in by_name.items():
        chain = [name]
        while (following := by_name[chain[-1]].opens_from) is not None:
            check(following not in chain, f"counter {name} opens from itself")
            chain.append(following)
        kept = (counter.holder, counter.period, counter.facts, counter.restart_on)
        known[name] = Known(counter, kept, tuple(chain))
    return known
