"""Designated institutions (定点医药机构): by level and kind, and who goes to which.

The numbers by level are those of the whole city, scaled to the members; hospitals that rules name
always stand. A member goes to primary care near home mostly, elsewhere to big places more than to
small ones. Ids are invented and look like no real institution's.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from yibao.offices.actuary.city.draws import MILLION, Draws, Stream, Truth, Whole
from yibao.offices.actuary.city.figures import Figures

LEVELS = ("community", "level_1", "level_2", "level_3", "pharmacy")
COMMUNITY, LEVEL_1, LEVEL_2, LEVEL_3, PHARMACY = range(len(LEVELS))
KINDS = ("general", "traditional", "psychiatric")
GENERAL, TRADITIONAL, PSYCHIATRIC = range(len(KINDS))
_FEWEST = 3
_DIGITS = 5
_REFERENCE_INSURED = "settlements_per_insured"


@dataclass(frozen=True, slots=True)
class Providers:
    """All providers, level by level; ``named`` is a place in the assumption ``named`` or -1."""

    provider_id: tuple[str, ...]
    level: Whole
    kind: Whole
    named: Whole
    is_essential: Truth
    first: Whole
    count: Whole

    def near(self, stream: Stream, home: Whole, *, level: Whole, home_share: int) -> Whole:
        """A provider of each level: near home for most visits to primary care."""
        far = self._popular(stream, level)
        stays_home = stream.happens(home_share, len(level)) & (level != LEVEL_3)
        return np.where(stays_home, self.first[level] + home % self.count[level], far)

    def of_kind(self, stream: Stream, level: Whole, *, kind: Whole) -> Whole:
        """A provider of each level and, where there is one, of the kind."""
        found = self._popular(stream, level)
        for number in (TRADITIONAL, PSYCHIATRIC):
            wanted = kind == number
            for step in range(len(LEVELS)):
                own = np.flatnonzero((self.level == step) & (self.kind == number))
                here = wanted & (level == step)
                if len(own):
                    found = np.where(here, own[stream.below(len(own), len(level))], found)
        return found

    def _popular(self, stream: Stream, level: Whole) -> Whole:
        """The product of two even draws: the first of a level have the most visits."""
        size = len(level)
        share = stream.below(MILLION, size) * stream.below(MILLION, size) // MILLION
        return self.first[level] + share * self.count[level] // MILLION


def draw_providers(draws: Draws, figures: Figures, *, members_count: int) -> Providers:
    """The providers of a city of a size."""
    insured = figures.targets[_REFERENCE_INSURED].per
    named = figures.words("named")
    table = figures.table("providers")
    counts = [max(_FEWEST, table[level] * members_count // insured) for level in LEVELS]
    counts[LEVEL_3] = max(counts[LEVEL_3], len(named) + 1)
    count = np.array(counts, dtype=np.int64)
    first = np.cumsum(count) - count
    level = np.repeat(np.arange(len(LEVELS)), count)
    total = len(level)
    stream = draws.stream("providers")
    share = stream.below(MILLION, total)
    kinds = figures.table("kinds")
    kind = np.where(share < kinds["traditional"] + kinds["psychiatric"], PSYCHIATRIC, GENERAL)
    kind = np.where(share < kinds["traditional"], TRADITIONAL, kind)
    kind = np.where((level == PHARMACY) | (level == COMMUNITY), GENERAL, kind)
    place = np.full(total, -1)
    for number, words in enumerate(named.values()):
        place[first[LEVEL_3] + number] = number
        kind[first[LEVEL_3] + number] = KINDS.index(str(words))
    essential = stream.happens(figures.whole("essential_drug_share"), total) & (level == COMMUNITY)
    ids = tuple(
        f"{LEVELS[at]}-{number:0{_DIGITS}d}"
        for at, number in zip(level.tolist(), range(total), strict=True)
    )
    return Providers(ids, level, kind, place, essential, first, count)
