"""Auxiliary lists (辅助目录): what age, comorbidity and severity add to a group's points.

Lists are data. Each has entries with a test and a coefficient; all entries that a stay meets are
told, and the highest coefficient counts, 1 where it meets none. Groups that are not split
(of Chinese medicine's advantage, paid by the day) keep 1.

A test asks for ranges of numbers and for codes by prefix, and nothing else: a closed vocabulary.
Comorbidity points (Charlson) add up over conditions found among the secondary diagnoses; a graver
condition takes the place of the lighter one that it names. Stays come as columns; a single stay is
columns of length one. A number that a stay lacks is :data:`MISSING` and meets no range.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from yibao.base.rates import MILLION
from yibao.base.texts import Text
from yibao.engines.grouping.dip.codes import longest_prefix
from yibao.engines.grouping.weights.cells import Truth, Whole

MISSING = -1
NUMBERS = ("age", "age_days", "stay_days", "leaving_type", "comorbidity_points")
"""What ranges may ask for: years, days of life, days of stay, the code of the way of leaving."""
WHOLE_COEFFICIENT = MILLION


@dataclass(frozen=True, slots=True)
class Condition:
    """A comorbid condition: its points, and the lighter condition whose place it takes."""

    name: str
    points: int
    replaces: str = ""


@dataclass(frozen=True, slots=True)
class Band:
    """A half-open range of a number."""

    number: str
    start: int | None = None
    below: int | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry of a list: everything in it must hold. ``coefficient`` is in millionths.

    ``principal``, ``secondary`` and ``procedure`` name lists of codes: one of the stay's codes must
    be in the list; ``principal_outside`` names one in which the principal diagnosis must not be.
    """

    name: str
    label: Text
    coefficient: int
    bands: tuple[Band, ...] = ()
    principal: str = ""
    principal_outside: str = ""
    secondary: str = ""
    procedure: str = ""


@dataclass(frozen=True, slots=True)
class AuxiliaryList:
    """One list: by age, by comorbidity, by severity, and so on."""

    name: str
    label: Text
    entries: tuple[Entry, ...]


@dataclass(frozen=True, slots=True)
class Auxiliary:
    """All lists, what they refer to, and what is not split (by prefix of the group's code).

    ``prefixes`` leads from a prefix of a diagnosis to its comorbid condition's place in
    ``conditions``; ``code_lists`` are prefixes by the name of their list.
    """

    lists: tuple[AuxiliaryList, ...] = ()
    conditions: tuple[Condition, ...] = ()
    prefixes: Mapping[str, int] = field(default_factory=dict)
    code_lists: Mapping[str, frozenset[str]] = field(default_factory=dict)
    not_split: frozenset[str] = frozenset()

    def entries(self) -> tuple[tuple[AuxiliaryList, Entry], ...]:
        """Every entry with its list, in order: the places of :func:`coefficients`."""
        return tuple((one, entry) for one in self.lists for entry in one.entries)

    def is_in(self, code: str, name: str) -> bool:
        """Whether a code begins with a prefix of a list of codes."""
        return longest_prefix(code, self.code_lists.get(name, frozenset())) is not None

    def marks_of(self, code: str) -> int:
        """The comorbid condition and the lists of a code, as bits: conditions, then lists."""
        prefix = longest_prefix(code, self.prefixes)
        marks = 0 if prefix is None else 1 << self.prefixes[prefix]
        for place, name in enumerate(self.code_lists):
            marks |= self.is_in(code, name) << (len(self.conditions) + place)
        return marks

    def points_of(self, marks: int) -> int:
        """The comorbidity points of a stay's secondary diagnoses, their bits together."""
        found = {one.name: one for bit, one in enumerate(self.conditions) if marks >> bit & 1}
        replaced = {one.replaces for one in found.values()}
        return sum(one.points for name, one in found.items() if name not in replaced)


@dataclass(frozen=True, slots=True)
class Stays:
    """Stays as columns: numbers, marks of codes, and which may be split.

    The numbers are those of :data:`NUMBERS`; the marks are the bits of :meth:`Auxiliary.marks_of`
    of the principal diagnosis, of the secondary diagnoses and of the procedures.
    """

    numbers: Mapping[str, Whole]
    principal: Whole
    secondary: Whole
    procedures: Whole
    is_split: Truth


def coefficients(stays: Stays, auxiliary: Auxiliary) -> tuple[Whole, Whole]:
    """The coefficient of each stay in millionths, and the place of the entry that gave it (−1)."""
    size = len(stays.principal)
    best = np.full(size, WHOLE_COEFFICIENT, dtype=np.int64)
    giver = np.full(size, -1, dtype=np.int64)
    for place, met in enumerate(entries_met(stays, auxiliary)):
        _, entry = auxiliary.entries()[place]
        # the first of equals stays; an entry below 1 counts only where nothing else is met
        is_better = met & ((giver < 0) | (entry.coefficient > best))
        best[is_better], giver[is_better] = entry.coefficient, place
    return best, giver


def entries_met(stays: Stays, auxiliary: Auxiliary) -> Sequence[Truth]:
    """For every entry, which stays meet it; stays that are not split meet none."""
    return [stays.is_split & _holds(entry, stays, auxiliary) for _, entry in auxiliary.entries()]


def is_split(code: str, auxiliary: Auxiliary) -> bool:
    """Whether a group may be split by the lists."""
    return longest_prefix(code, auxiliary.not_split) is None


def _holds(entry: Entry, stays: Stays, auxiliary: Auxiliary) -> Truth:
    holds = np.ones(len(stays.principal), dtype=np.bool_)
    for band in entry.bands:
        number = stays.numbers[band.number]
        holds &= number != MISSING
        if band.start is not None:
            holds &= number >= band.start
        if band.below is not None:
            holds &= number < band.below
    for name, marks in (
        (entry.principal, stays.principal),
        (entry.secondary, stays.secondary),
        (entry.procedure, stays.procedures),
    ):
        if name:
            holds &= (marks >> _bit(name, auxiliary) & 1).astype(np.bool_)
    if entry.principal_outside:
        bit = _bit(entry.principal_outside, auxiliary)
        holds &= (stays.principal >> bit & 1) == 0
    return holds


def _bit(name: str, auxiliary: Auxiliary) -> int:
    return len(auxiliary.conditions) + list(auxiliary.code_lists).index(name)
