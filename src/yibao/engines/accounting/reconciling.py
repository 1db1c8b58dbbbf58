"""Reconciling (对账): our records against a provider's or a bank's, each record placed once.

Records meet by reference first; a reference that stands several times pairs equal amounts first. A
bank's lines that carry no reference of ours meet by amount and day, and only where there is one
candidate on each side: what could be several is left open for a person.

Holds, by raising: on each side, matched + differing + alone = all, in counts and in sums.

Refuses: to guess. Nothing here books; what is to be done about a difference is a person's.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import islice
from typing import Literal

from yibao.base.checks import check

How = Literal["reference", "amount_and_day", "amount_near"]


@dataclass(frozen=True, slots=True)
class Record:
    """A record of one side: ``amount`` fen with its sign; a bank's has a day as well."""

    record_id: str
    amount: int
    reference: str = ""
    on: date | None = None


@dataclass(frozen=True, slots=True)
class Match:
    """Two records that are one; ``how`` they met."""

    ours: Record
    theirs: Record
    how: How = "reference"

    @property
    def difference_amount(self) -> int:
        """Ours less theirs."""
        return self.ours.amount - self.theirs.amount


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """Every record of both sides, once: matched, differing in amount, or alone."""

    matched: tuple[Match, ...]
    differing: tuple[Match, ...]
    only_ours: tuple[Record, ...]
    only_theirs: tuple[Record, ...]

    @property
    def difference_amount(self) -> int:
        """Σ ours less Σ theirs, which the three kinds of difference explain."""
        alone = _total(self.only_ours) - _total(self.only_theirs)
        return alone + sum(match.difference_amount for match in self.differing)

    @property
    def agrees(self) -> bool:
        """Whether nothing differs and nobody is alone."""
        return not (self.differing or self.only_ours or self.only_theirs)


def reconcile(ours: Iterable[Record], theirs: Iterable[Record]) -> Reconciliation:
    """A provider's lines or totals against ours, by reference.

    Totals are records whose reference says what they are the total of.
    """
    sides = (_apart(ours), _apart(theirs))
    matched, left_ours, left_theirs = _pairs(*sides, key=lambda one: (one.reference, one.amount))
    differing, left_ours, left_theirs = _pairs(
        left_ours, left_theirs, key=lambda one: one.reference
    )
    found = Reconciliation(tuple(matched), tuple(differing), tuple(left_ours), tuple(left_theirs))
    _check_closed(found, *sides)
    return found


def reconcile_bank(
    ours: Iterable[Record], theirs: Iterable[Record], *, within_days: int
) -> Reconciliation:
    """A bank statement's lines against ours; those without a reference meet by amount and day.

    ``within_days``: how far the bank's day may lie from ours.
    """
    sides = (_apart(ours), _apart(theirs))
    named = reconcile(
        [one for one in sides[0] if one.reference], [one for one in sides[1] if one.reference]
    )
    left_ours = [*named.only_ours, *(one for one in sides[0] if not one.reference)]
    left_theirs = [*named.only_theirs, *(one for one in sides[1] if not one.reference)]
    same_day, left_ours, left_theirs = _single(left_ours, left_theirs, days=0)
    near, left_ours, left_theirs = _single(left_ours, left_theirs, days=within_days)
    found = Reconciliation(
        (*named.matched, *same_day, *near),
        named.differing,
        tuple(left_ours),
        tuple(left_theirs),
    )
    _check_closed(found, *sides)
    return found


def _pairs(
    ours: Sequence[Record], theirs: Sequence[Record], *, key: Callable[[Record], Hashable]
) -> tuple[list[Match], list[Record], list[Record]]:
    """Pair records of one key in their order; a record without a reference pairs with nobody."""
    waiting: dict[Hashable, deque[Record]] = defaultdict(deque)
    for one in theirs:
        if one.reference:
            waiting[key(one)].append(one)
    matches: list[Match] = []
    left: list[Record] = []
    for one in ours:
        others = waiting.get(key(one)) if one.reference else None
        if others:
            matches.append(Match(one, others.popleft()))
        else:
            left.append(one)
    taken = {id(match.theirs) for match in matches}
    return matches, left, [one for one in theirs if id(one) not in taken]


def _single(
    ours: Sequence[Record], theirs: Sequence[Record], *, days: int
) -> tuple[list[Match], list[Record], list[Record]]:
    """Pair records of one amount, ``days`` apart at most, that have no other candidate."""
    our_places, their_places = _by_day(ours), _by_day(theirs)
    matches: list[Match] = []
    for one in ours:
        candidates = _candidates(one, their_places, days)
        if len(candidates) == 1 and len(_candidates(candidates[0], our_places, days)) == 1:
            matches.append(Match(one, candidates[0], "amount_near" if days else "amount_and_day"))
    taken = {id(match.ours) for match in matches} | {id(match.theirs) for match in matches}
    return (
        matches,
        [one for one in ours if id(one) not in taken],
        [one for one in theirs if id(one) not in taken],
    )


_Places = dict[tuple[int, int], list[Record]]


def _by_day(records: Iterable[Record]) -> _Places:
    """Records by amount and day, those without a day left out."""
    places: _Places = defaultdict(list)
    for one in records:
        if one.on is not None:
            places[one.amount, one.on.toordinal()].append(one)
    return places


def _candidates(one: Record, places: _Places, days: int) -> list[Record]:
    """At most two of the records that might be one with this: two are as bad as many."""
    if one.on is None:
        return []
    day = one.on.toordinal()
    near = (places.get((one.amount, day + step), ()) for step in range(-days, days + 1))
    fitting = (
        other for group in near for other in group if not (one.reference and other.reference)
    )
    return list(islice(fitting, 2))


def _apart(records: Iterable[Record]) -> tuple[Record, ...]:
    """Copies of the records, so that one given twice is two."""
    return tuple(replace(record) for record in records)


def _total(records: Iterable[Record]) -> int:
    return sum(record.amount for record in records)


def _check_closed(found: Reconciliation, ours: Sequence[Record], theirs: Sequence[Record]) -> None:
    met = (*found.matched, *found.differing)
    placed_ours = [*(match.ours for match in met), *found.only_ours]
    placed_theirs = [*(match.theirs for match in met), *found.only_theirs]
    check(
        (len(placed_ours), _total(placed_ours)) == (len(ours), _total(ours)),
        f"all of our {len(ours)} records are placed once",
    )
    check(
        (len(placed_theirs), _total(placed_theirs)) == (len(theirs), _total(theirs)),
        f"all of their {len(theirs)} records are placed once",
    )
