"""The counters of one claim, each key worked out once: the reference's book, remembering keys."""

from __future__ import annotations

from yibao.engines.benefits.balances import key_of
from yibao.engines.benefits.book import CounterBook
from yibao.engines.benefits.claim import Balances, Claim, CounterKey
from yibao.engines.policy.law import Counter, PlanVersion


class QuickBook(CounterBook):
    """The working balances of one claim. Keys are forgotten when the claim is replaced."""

    def __init__(self, version: PlanVersion, claim: Claim, *, balances: Balances) -> None:
        self._counters = {counter.name: counter for counter in version.counters}
        self._keys: dict[str, CounterKey] = {}
        self._chains: dict[str, tuple[CounterKey, ...]] = {}
        super().__init__(version, claim, balances=balances)

    def forget_keys(self) -> None:
        """The claim's facts have changed."""
        self._keys.clear()
        self._chains.clear()

    def counter(self, name: str) -> Counter:
        """The counter of a name."""
        return self._counters[name] if name in self._counters else super().counter(name)

    def key(self, name: str) -> CounterKey:
        """The key of a counter for this claim."""
        key = self._keys.get(name)
        if key is None:
            key = self._keys[name] = key_of(self.counter(name), self.claim, version=self._version)
        return key

    def read(self, name: str) -> tuple[CounterKey, int]:
        """A counter's key and its balance now, with what it opens from."""
        chain = self._chain(name)
        for key in chain:
            self._reads[key] = None
        return chain[0], self.balance(name)

    def balance(self, name: str) -> int:
        """A counter's balance now, without marking it as read."""
        sums, deltas = self._balances.sums, self._deltas
        return sum([sums.get(key, 0) + deltas.get(key, 0) for key in self._chain(name)])

    def opening(self, name: str) -> int:
        """A counter's own sum before the claim."""
        return self._balances.of(self.key(name))

    def known_number(self, name: str) -> int:
        """The number that the encounter was given when it was counted; 0 if it was not yet."""
        counted = self._counted(name, self.key(name))
        return 0 if counted is None else counted[1]

    def _chain(self, name: str) -> tuple[CounterKey, ...]:
        chain = self._chains.get(name)
        if chain is None:
            following = self.counter(name)
            keys = [self.key(name)]
            while following.opens_from is not None:
                following = self.counter(following.opens_from)
                keys.append(self.key(following.name))
            chain = self._chains[name] = tuple(keys)
        return chain
