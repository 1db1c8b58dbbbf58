"""A chunk of a city: its members and all their events in order of entry, ready to be written.

Holds: rows stand by member, then by day; a member's rows are numbered from 1; a later row of a stay
names the first as its encounter; nobody visits a clinic while in hospital.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from yibao.offices.actuary.city.bills import Bills, draw_bills
from yibao.offices.actuary.city.draws import Draws, Whole
from yibao.offices.actuary.city.events import NO_DAY, NONE, Events, joined, kept
from yibao.offices.actuary.city.figures import Figures
from yibao.offices.actuary.city.outpatient import Chunk, draw_outpatient
from yibao.offices.actuary.city.population import (
    CHUNK_MEMBERS,
    Population,
    Scales,
    draw_population,
    year_days,
)
from yibao.offices.actuary.city.providers import Providers
from yibao.offices.actuary.city.stays import draw_stays

CLAIMS_PER_MEMBER = 1_000
"""Claim ids are the member's id times this, plus the entry sequence, which stays below it."""
_ROW_BITS = 23
"""Rows of a chunk: 8 million at most."""
_DAY_BITS = 15


@dataclass(frozen=True, slots=True)
class DrawnChunk:
    """Members, events in order of entry, and their bills; ``sequence`` counts from 1 by member."""

    population: Population
    rows: Events
    bills: Bills
    sequence: Whole
    claim_id: Whole
    encounter_id: Whole


@dataclass(frozen=True, slots=True)
class Plan:
    """What a city is made of; the partitions it is written into are no part of it."""

    members_count: int
    seed: int
    year: int
    figures: Figures
    scales: Scales
    providers: Providers

    @property
    def chunks_count(self) -> int:
        """How many chunks the members need."""
        return -(-self.members_count // CHUNK_MEMBERS)


def draw_chunk(plan: Plan, number: int) -> DrawnChunk:
    """The chunk of a number; of the last one only members that the city has."""
    draws = Draws(plan.seed, number)
    start = number * CHUNK_MEMBERS
    people = draw_population(draws, plan.figures, start=start, year=plan.year, scales=plan.scales)
    chunk = Chunk(draws, plan.figures, plan.scales, plan.year, people, plan.providers)
    rows = draw_events(chunk)
    rows = kept(rows, rows["member"] < plan.members_count - start)
    rows = kept(rows, _order(rows, plan.year))
    member = rows["member"]
    starts = np.searchsorted(member, np.arange(CHUNK_MEMBERS))
    sequence = np.arange(len(member)) - starts[member] + 1
    keep = sequence < CLAIMS_PER_MEMBER
    rows, sequence = kept(rows, keep), sequence[keep]
    claim_id = people.member_id[rows["member"]] * CLAIMS_PER_MEMBER + sequence
    encounter = _encounters(rows["stay"], claim_id)
    return DrawnChunk(people, rows, draw_bills(chunk, rows), sequence, claim_id, encounter)


def draw_events(chunk: Chunk) -> Events:
    """All events of a chunk, in no order."""
    stays = draw_stays(chunk)
    return joined([outside_stays(draw_outpatient(chunk), stays, chunk=chunk), stays])


def outside_stays(visits: Events, stays: Events, *, chunk: Chunk) -> Events:
    """Visits that would fall into a stay wait until the day of discharge, or do not happen.

    They do not happen if the member is insured otherwise by then: an employee's visit is no bill of
    a resident's.
    """
    first, following = year_days(chunk.year)
    is_stay = stays["discharge"] != NO_DAY
    stays = kept(
        stays, np.flatnonzero(is_stay)[np.argsort(stays["member"][is_stay], kind="stable")]
    )
    visitors = visits["member"]
    low = np.searchsorted(stays["member"], visitors, side="left")
    high = np.searchsorted(stays["member"], visitors, side="right")
    day = visits["day"].copy()
    for nth in range(int((high - low).max(initial=0))):
        has = np.flatnonzero(low + nth < high)
        at = (low + nth)[has]
        inside = (day[has] > stays["admission"][at]) & (day[has] < stays["discharge"][at])
        day[has[inside]] = stays["discharge"][at[inside]]
    change = chunk.population.change_day[visitors]
    is_same_spell = (visits["day"] < change) == (day < change)
    visits = visits | {"day": day}
    return kept(visits, (day >= first) & (day < following) & is_same_spell)


def _order(rows: Events, year: int) -> Whole:
    """Places of the rows by member and day; within a day as they were drawn."""
    first, _ = year_days(year)
    number = np.arange(len(rows["day"]))
    key = (rows["member"] << _DAY_BITS | (rows["day"] - first)) << _ROW_BITS | number
    key.sort()
    return key & ((1 << _ROW_BITS) - 1)


def _encounters(stay: Whole, claim_id: Whole) -> Whole:
    """The claim that opened the stay, for its later rows; 0 for all others."""
    encounter = np.zeros(len(stay), dtype=np.int64)
    at = np.flatnonzero(stay != NONE)
    if not len(at):
        return encounter
    opened, first, back = np.unique(stay[at], return_index=True, return_inverse=True)
    counts = np.bincount(back, minlength=len(opened))
    opener = claim_id[at[first]][back]
    encounter[at] = np.where(counts[back] > 1, opener, 0)
    return encounter
