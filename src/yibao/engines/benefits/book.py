"""The counters during one claim: opening balances, and what its layers have added since.

Holds: a layer sees what the layers before it fed; every key that was read is remembered, so that
the claim can be marked stale when one of them changes. The opening balances are never touched.
"""

from __future__ import annotations

from yibao.base.checks import check
from yibao.engines.benefits.balances import counted_stay, key_of, keys_read
from yibao.engines.benefits.claim import Balances, Claim, CounterKey
from yibao.engines.policy.law import Counter, PlanVersion
from yibao.engines.policy.numbers import holds
from yibao.engines.policy.unable import fact_missing

StayNumber = tuple[CounterKey, str, int]
"""A counter's key, an encounter, and which one it is there."""


class CounterBook:
    """The working balances of one claim; ``claim`` has its derived facts once they are known."""

    def __init__(self, version: PlanVersion, claim: Claim, *, balances: Balances) -> None:
        self.claim = claim
        self._version = version
        self._balances = balances
        self._deltas: dict[CounterKey, int] = {}
        self._reads: dict[CounterKey, None] = {}

    @property
    def deltas(self) -> tuple[tuple[CounterKey, int], ...]:
        """What the claim adds, zeros left out."""
        return tuple((key, delta) for key, delta in self._deltas.items() if delta)

    @property
    def reads(self) -> tuple[CounterKey, ...]:
        """Every key that was read, in order."""
        return tuple(self._reads)

    def counter(self, name: str) -> Counter:
        """The counter of a name."""
        known = {counter.name: counter for counter in self._version.counters}
        check(name in known, f"{self._version.plan_id} uses the counter {name} without having it")
        return known[name]

    def key(self, name: str) -> CounterKey:
        """The key of a counter for this claim."""
        return key_of(self.counter(name), self.claim, version=self._version)

    def read(self, name: str) -> tuple[CounterKey, int]:
        """A counter's key and its balance now, with what it opens from."""
        keys = keys_read(self.counter(name), self.claim, version=self._version)
        self._reads.update(dict.fromkeys(keys))
        return keys[0], sum(self.balance_of(key) for key in keys)

    def balance(self, name: str) -> int:
        """A counter's balance now, as :meth:`read`, without marking it as read."""
        keys = keys_read(self.counter(name), self.claim, version=self._version)
        return sum(self.balance_of(key) for key in keys)

    def balance_of(self, key: CounterKey) -> int:
        """The sum of one key now."""
        return self._balances.of(key) + self._deltas.get(key, 0)

    def feed(self, name: str, amount: int) -> CounterKey:
        """Let a counter grow."""
        check(amount >= 0, f"counter {name} fed with {amount}")
        key = self.key(name)
        self._deltas[key] = self._deltas.get(key, 0) + amount
        return key

    def stay_number(self, name: str) -> int:
        """Which encounter this is (第几次住院): others that settled first, plus one."""
        key, balance = self.read(name)
        counted = self._counted(name, key)
        return balance + 1 if counted is None else counted[1]

    def count_claim(self) -> tuple[StayNumber, ...]:
        """Feed every claim count of the plan once, whether or not its layers apply."""
        numbers: list[StayNumber] = []
        for name in self._claim_counts():
            counter, key = self.counter(name), self.key(name)
            counted = self._counted(name, key)
            if counted is None and self._is_counted(counter):
                counted = key, self.balance(name) + 1
                self.feed(name, 1)
            if counted is not None and counter.once_per_encounter:
                numbers.append((counted[0], self.claim.encounter_id, counted[1]))
        return tuple(numbers)

    def _claim_counts(self) -> tuple[str, ...]:
        feeds = [*self._version.feeds, *(f for layer in self._version.layers for f in layer.feeds)]
        return tuple(
            dict.fromkeys(
                feed.counter
                for feed in feeds
                if self.counter(feed.counter).adds == "claim_count"
                and holds(feed.condition, self.claim.facts, asked_by=f"feeds/{feed.counter}")
            )
        )

    def _counted(self, name: str, key: CounterKey) -> tuple[CounterKey, int] | None:
        return counted_stay(
            self._balances, self.counter(name), key=key, encounter_id=self.claim.encounter_id
        )

    def _is_counted(self, counter: Counter) -> bool:
        """Whether the claim's care type is one that the counter counts."""
        if not counter.counts:
            return True
        if "care_type" not in self.claim.facts:
            raise fact_missing("care_type", asked_by=f"counters/{counter.name}")
        return self.claim.facts["care_type"] in counter.counts
