"""Choosing a stay's group (入组): candidates, an order among them, and why one won.

With procedures that count: of the diagnosis's groups all of whose parts the stay has, those with
most parts; of these, those that name most of the stay's procedures; of these the group whose mean
is nearest to the stay's cost; of equals the one whose type comes first, then whose code does. With
none, the diagnosis's conservative group. Then the mixed groups of the stay's class of treatment,
narrow before broad, then the blank group. When a stay whose procedures fit nothing may take the
conservative group is a parameter.

Holds: only the last tie needs the cost, so a profile has a :class:`Choice` for all its stays; a
choice has at least one group or is blank.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from yibao.engines.grouping.dip.building import mixed_key
from yibao.engines.grouping.dip.catalogue import BLANK, Catalogue, Group
from yibao.engines.grouping.dip.parameters import GroupRules
from yibao.engines.grouping.dip.profiles import Profile
from yibao.engines.grouping.weights.cells import Whole

Step = Literal["procedures", "conservative", "mixed", "blank"]
NO_GROUP = -1


@dataclass(frozen=True, slots=True)
class Candidate:
    """A group that was looked at: its parts, how many of the stay's procedures it names.

    It ``fits`` where the stay has all its parts.
    """

    place: int
    parts_count: int
    matched_count: int
    fits: bool


@dataclass(frozen=True, slots=True)
class Choice:
    """What a profile comes to: the step that decided, and all groups that were looked at.

    ``tied`` are those left for the cost to decide between, in order of preference.
    """

    step: Step
    tied: tuple[int, ...]
    candidates: tuple[Candidate, ...] = ()


def choose(profile: Profile, catalogue: Catalogue, *, rules: GroupRules) -> Choice:
    """The choice of a profile."""
    seen = tuple(
        _candidate(profile, catalogue, place)
        for place in catalogue.by_diagnosis.get(profile.diagnosis, ())
    )
    fitting = [one for one in seen if one.fits]
    with_parts = [one for one in fitting if one.parts_count]
    if profile.procedures and with_parts:
        most = max((one.parts_count, one.matched_count) for one in with_parts)
        best = [one for one in with_parts if (one.parts_count, one.matched_count) == most]
        return Choice("procedures", _in_order(best, catalogue, rules), seen)
    plain = _in_order([one for one in fitting if not one.parts_count], catalogue, rules)
    when = rules.conservative_core if profile.procedures else "before_mixed"
    if plain and when == "before_mixed":
        return Choice("conservative", plain, seen)
    mixed = _mixed(profile, catalogue, rules)
    if mixed:
        return Choice("mixed", mixed, seen)
    if plain and when == "after_mixed":
        return Choice("conservative", plain, seen)
    blank = catalogue.place_of.get(BLANK)
    return Choice("blank", () if blank is None else (blank,), seen)


def settle(choice: Choice, amount: int, *, catalogue: Catalogue) -> int:
    """The place of a stay's group by its cost in fen; :data:`NO_GROUP` where there is none."""
    if not choice.tied:
        return NO_GROUP
    groups = catalogue.groups
    # min() keeps the first of equals, and the tied stand in order of preference
    return min(choice.tied, key=lambda place: abs(groups[place].mean_amount - amount))


def settle_all(
    choices: Sequence[Choice], profile: Whole, *, amount: Whole, catalogue: Catalogue
) -> Whole:
    """The places of many stays' groups, by their profiles' choices and their costs in fen."""
    first = np.array([choice.tied[0] if choice.tied else NO_GROUP for choice in choices] or [0])
    found: Whole = first.astype(np.int64)[profile]
    open_choices = np.array([len(choice.tied) > 1 for choice in choices] or [False])
    rows = np.flatnonzero(open_choices[profile])
    rows = rows[np.argsort(profile[rows], kind="stable")]
    numbers, starts = np.unique(profile[rows], return_index=True)
    for number, at in zip(numbers.tolist(), np.split(rows, starts[1:]), strict=False):
        tied = np.array(choices[number].tied, dtype=np.int64)
        means = np.array([catalogue.groups[place].mean_amount for place in tied], dtype=np.int64)
        found[at] = tied[np.argmin(np.abs(means[None, :] - amount[at][:, None]), axis=1)]
    return found


def _candidate(profile: Profile, catalogue: Catalogue, place: int) -> Candidate:
    key = catalogue.groups[place].key
    matched = key.matched(profile.procedures)
    return Candidate(place, len(key.parts), matched, not key.parts or matched > 0)


def _in_order(
    candidates: Sequence[Candidate], catalogue: Catalogue, rules: GroupRules
) -> tuple[int, ...]:
    def preference(place: int) -> tuple[int, str]:
        group: Group = catalogue.groups[place]
        word = group.type_word
        known = rules.type_order
        return known.index(word) if word in known else len(known), group.code

    return tuple(sorted((one.place for one in candidates), key=preference))


def _mixed(profile: Profile, catalogue: Catalogue, rules: GroupRules) -> tuple[int, ...]:
    for level in rules.mixed_levels:
        key = mixed_key(profile, level=level, rules=rules)
        if key is not None and key.text in catalogue.place_of:
            return (catalogue.place_of[key.text],)
    return ()
