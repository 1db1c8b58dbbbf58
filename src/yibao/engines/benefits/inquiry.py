"""What one layer asks while it runs: numbers with their sources, counters with their balances.

Everything that is asked is kept, so that the layer's result can show what it rests on. A ceiling is
read here, before anything is decided and before any counter moves.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

from yibao.base.checks import check
from yibao.engines.benefits.book import CounterBook
from yibao.engines.benefits.claim import Claim, CounterKey, Slot
from yibao.engines.benefits.determination import CeilingUse, CounterMove, NumberUsed
from yibao.engines.benefits.shares import LineMatrix
from yibao.engines.policy.law import Ceiling, CounterChoice, Layer, Number, PlanVersion
from yibao.engines.policy.numbers import choose_row, evaluate, whole_number


@dataclass(slots=True)
class Run:
    """One claim on its way through the layers: what is still on the member, and what was paid."""

    version: PlanVersion
    claim: Claim
    on: date
    book: CounterBook
    opening: dict[Slot, int]
    state: dict[Slot, int]
    lines: LineMatrix
    paid: dict[str, int] = field(default_factory=dict)


class Inquiry:
    """The questions of one layer, and their answers."""

    def __init__(self, layer: Layer, run: Run) -> None:
        self.run = run
        self._layer = layer
        self._numbers: list[NumberUsed] = []
        self._moves: dict[CounterKey, CounterMove] = {}

    @property
    def numbers(self) -> tuple[NumberUsed, ...]:
        """Every number asked, in order."""
        return tuple(self._numbers)

    @property
    def moves(self) -> tuple[CounterMove, ...]:
        """Every counter read or fed, in order."""
        return tuple(self._moves.values())

    def number(self, number: Number, place: str) -> int | None:
        """A number of the layer; None is «none»."""
        used = evaluate(
            number,
            name=f"{self._layer.name}/{place}",
            facts=self.run.claim.facts,
            on=self.run.on,
        )
        self._numbers.append(used)
        return used.value

    def definite(self, number: Number, place: str) -> int:
        """A number of the layer that may not be «none»."""
        value = self.number(number, place)
        check(value is not None, f"{self._layer.name}/{place} cannot be none")
        return value or 0

    def balance(self, choice: CounterChoice, place: str) -> tuple[CounterKey | None, int]:
        """The counter that is chosen for the claim and its balance; per claim: none and 0."""
        _, name = choose_row(
            choice.rows,
            choice.excepts,
            facts=self.run.claim.facts,
            asked_by=f"{self._layer.name}/{place}/counter",
        )
        if not name:
            return None, 0
        key, balance = self.run.book.read(name)
        self._moves.setdefault(key, CounterMove(key, balance, 0))
        return key, balance

    def ceiling(self, ceiling: Ceiling, place: str) -> CeilingUse:
        """A ceiling as it stands before the claim: amount, balance, room. It does not bind yet."""
        amount = self.number(ceiling.amount, f"{place}/amount")
        if amount is not None and ceiling.per_fact is not None:
            asked_by = f"{self._layer.name}/{place}"
            amount *= whole_number(self.run.claim.facts, ceiling.per_fact, asked_by=asked_by)
        counter, balance = self.balance(ceiling.counter, place)
        room = None if amount is None else max(0, amount - balance)
        return CeilingUse(ceiling.name, counter, amount, balance, room, binds=False)

    def feed(self, name: str, amount: int) -> None:
        """Let a counter grow, and remember from where."""
        before = self.run.book.balance(name)
        key = self.run.book.feed(name, amount)
        self._moves[key] = CounterMove(
            key, self._moves[key].before if key in self._moves else before, amount
        )
