"""The persons of a chunk: households, schemes, identities, diseases, and what changes in mid-year.

A chunk is a fixed number of members in whole households, so that a family never leaves it. A member
has one state from the first of January and at most one change, on the first of a later month.

Holds: ids rise with the member's place in the city; only residents have a tier, only employees a
category; a registered-poor identity and the flag agree. Facts are codes, named by the tuples here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

import numpy as np

from yibao.offices.actuary.city.draws import MILLION, Draws, Truth, Whole, by_age
from yibao.offices.actuary.city.figures import MONTHS, Figures
from yibao.offices.actuary.city.households import SEXES, draw_households

CHUNK_MEMBERS = 1 << 15
FIRST_ID = 1_000_000 * 1_000
EMPLOYEE, RESIDENT = 0, 1
WORKING, RETIRED = 0, 1
TIER_1, TIER_2, CHILD, STUDENT = 0, 1, 2, 3
NONE = -1
SCHEMES = ("employee", "resident")
CATEGORIES = ("working", "retired")
TIERS = ("tier_1", "tier_2", "child", "student")
_SCALE_BITS = 20

Scales = Mapping[str, int]
"""By assumption: the factor that brings its level to its target (:mod:`.scaling`)."""


def scaled(raw: Whole, scale: int) -> Whole:
    """Raw propensities times a scale."""
    return raw * scale >> _SCALE_BITS


def scale_for(target: int, raw: Whole) -> int:
    """The scale under which ``raw`` has the mean ``target`` (0 where there is nothing to scale)."""
    total = int(raw.sum())
    return (target * len(raw) << _SCALE_BITS) // total if total else 0


@dataclass(frozen=True, slots=True)
class State:
    """What may change: codes by member; ``category`` and ``tier`` are NONE where they do not apply.

    ``identity`` 0 is no identity, then those of the assumption ``identities`` in order.
    """

    scheme: Whole
    category: Whole
    tier: Whole
    identity: Whole
    is_poor: Truth


@dataclass(slots=True)
class Population:
    """The members of a chunk; days count from 1970-01-01."""

    member_id: Whole
    family_id: Whole
    sex: Whole
    age: Whole
    birth_day: Whole
    frailty: Whole
    first: State
    second: State
    change_day: Whole
    special: Whole
    recognised_day: Whole
    has_hypertension: Truth
    has_diabetes: Truth
    delivery_day: Whole = field(default_factory=lambda: np.zeros(0, np.int64))

    def __len__(self) -> int:
        return len(self.member_id)

    def at(self, name: str, *, member: Whole, day: Whole) -> Whole:
        """A part of the state of members on days."""
        changed = day >= self.change_day[member]
        first, second = getattr(self.first, name), getattr(self.second, name)
        found: Whole = np.where(changed, second[member], first[member])
        return found

    def ever(self, scheme: int) -> Truth:
        """Who is in a scheme at any time of the year."""
        is_in: Truth = (self.first.scheme == scheme) | (self.second.scheme == scheme)
        return is_in

    @property
    def is_chronic(self) -> Truth:
        """Who has a special disease or one of the two diseases."""
        is_ill: Truth = (self.special != NONE) | self.has_hypertension | self.has_diabetes
        return is_ill


def day_number(day: date) -> int:
    """Days from 1970-01-01."""
    return int(np.datetime64(day, "D").astype(np.int64))


def year_days(year: int) -> tuple[int, int]:
    """The first day of a year and that of the next."""
    return day_number(date(year, 1, 1)), day_number(date(year + 1, 1, 1))


def draw_population(
    draws: Draws, figures: Figures, *, start: int, year: int, scales: Scales
) -> Population:
    """The members of the chunk that begins with the city's member number ``start``."""
    count = CHUNK_MEMBERS
    home = draw_households(draws, figures, count=count)
    age, sex = home.age, home.sex
    first_day, _ = year_days(year)
    stream = draws.stream("person")
    birth_day = first_day - (age * 365 + age // 4) - 1 - stream.below(365, count)
    member_id = FIRST_ID + start + np.arange(count, dtype=np.int64)
    frailty = draws.stream("frailty").factor(figures.whole("frailty_spread"), count)
    first = _first_state(draws, figures, age=age, sex=sex, scales=scales)
    second, change_day = _second_state(draws, figures, first=first, age=age, year=year)
    special = _special(draws, figures, age=age, scales=scales)
    recognised = _recognised(draws, special=special, year=year, scales=scales)
    is_resident = (first.scheme == RESIDENT) & (special == NONE)
    disease = draws.stream("two diseases")
    hypertension, diabetes = (
        is_resident
        & disease.happens(scaled(by_age(figures.steps(name), age), scales.get(name, 0)), count)
        for name in ("hypertension_factors", "diabetes_factors")
    )
    return Population(
        member_id, member_id[home.head], sex, age, birth_day, frailty, first, second, change_day,
        special, recognised, hypertension, diabetes,
    )  # fmt: skip


def _first_state(
    draws: Draws, figures: Figures, *, age: Whole, sex: Whole, scales: Scales
) -> State:
    count = len(age)
    stream = draws.stream("scheme")
    is_student = (age >= figures.table("adult_ages")["from"]) & (
        age < figures.whole("student_until")
    )
    is_student &= stream.happens(figures.whole("student_share"), count)
    share = by_age(figures.steps("employee_shares"), age)
    is_employee = stream.happens(share, count) & ~is_student
    scheme = np.where(is_employee, EMPLOYEE, RESIDENT)
    category = _category(figures, scheme=scheme, age=age, sex=sex)
    is_tier_1 = stream.happens(figures.whole("tier_1_share"), count)
    tier = _tier(figures, scheme=scheme, age=age, is_tier_1=is_tier_1, is_student=is_student)
    rate = scaled(by_age(figures.steps("identity_factors"), age), scales.get("identity_factors", 0))
    has_identity = (scheme == RESIDENT) & draws.stream("identity").happens(rate, count)
    kind = draws.stream("which identity").chosen(list(figures.table("identities").values()), count)
    identity = np.where(has_identity, 1 + kind, 0)
    return State(scheme, category, tier, identity, _is_poor(draws, figures, identity))


def _category(figures: Figures, *, scheme: Whole, age: Whole, sex: Whole) -> Whole:
    limits = figures.table("retired_from")
    retires = np.array([limits[name] for name in SEXES])[sex]
    return np.where(scheme == EMPLOYEE, np.where(age >= retires, RETIRED, WORKING), NONE)


def _tier(
    figures: Figures, *, scheme: Whole, age: Whole, is_tier_1: Truth, is_student: Truth
) -> Whole:
    tier = np.where(is_tier_1, TIER_1, TIER_2)
    tier = np.where(age < figures.table("child_ages")["below"], CHILD, tier)
    tier = np.where(is_student, STUDENT, tier)
    return np.where(scheme == RESIDENT, tier, NONE)


def _is_poor(draws: Draws, figures: Figures, identity: Whole) -> Truth:
    shares = np.array([0, *figures.table("poor_shares").values()], dtype=np.int64)
    return draws.stream("poor").happens(shares[identity], len(identity))


def _second_state(
    draws: Draws, figures: Figures, *, first: State, age: Whole, year: int
) -> tuple[State, Whole]:
    """The state after a change, and its day; the first state and no day where nothing changes."""
    count = len(age)
    rates = figures.table("changes")
    stream = draws.stream("changes")
    may = {
        "job_found": (first.scheme == RESIDENT)
        & (first.tier <= TIER_2)
        & (age < _last_work(figures)),
        "job_lost": (first.scheme == EMPLOYEE) & (first.category == WORKING),
        "retires": (first.category == WORKING) & (age >= figures.table("retired_from")["female"]),
        "identity_granted": (first.scheme == RESIDENT) & (first.identity == 0),
        "identity_ended": first.identity > 0,
    }
    kind = np.full(count, NONE)
    for number, name in enumerate(may):
        happens = may[name] & stream.happens(rates[name], count)
        kind = np.where((kind == NONE) & happens, number, kind)
    found, lost, retired, granted, ended = (kind == number for number in range(len(may)))
    which = stream.chosen(list(figures.table("identities").values()), count)
    identity = np.where(granted, 1 + which, np.where(found | ended, 0, first.identity))
    tier = np.where(
        lost,
        np.where(stream.happens(figures.whole("tier_1_share"), count), TIER_1, TIER_2),
        first.tier,
    )
    poor = np.where(granted, _is_poor(draws, figures, identity), first.is_poor & ~(found | ended))
    second = State(
        np.where(found, EMPLOYEE, np.where(lost, RESIDENT, first.scheme)),
        np.where(found, WORKING, np.where(lost, NONE, np.where(retired, RETIRED, first.category))),
        np.where(found, NONE, tier),
        identity,
        poor.astype(bool),
    )
    starts = np.array([day_number(date(year, month, 1)) for month in range(2, MONTHS + 1)])
    day = starts[stream.below(len(starts), count)]
    return second, np.where(kind == NONE, year_days(year)[1], day)


def _last_work(figures: Figures) -> int:
    return figures.table("retired_from")["female"]


def _special(draws: Draws, figures: Figures, *, age: Whole, scales: Scales) -> Whole:
    """The special disease by its place among the assumption's, NONE for most."""
    count = len(age)
    name = "special_disease_factors"
    rate = scaled(by_age(figures.steps(name), age), scales.get(name, 0))
    has = draws.stream("special").happens(rate, count)
    adults, children = (
        figures.table(part) for part in ("special_diseases", "child_special_diseases")
    )
    stream = draws.stream("which disease")
    adult = stream.chosen(list(adults.values()), count)
    child = stream.chosen([children.get(disease, 0) for disease in adults], count)
    is_child = age < figures.table("child_ages")["below"]
    return np.where(has, np.where(is_child, child, adult), NONE)


def _recognised(draws: Draws, *, special: Whole, year: int, scales: Scales) -> Whole:
    """The day on which the disease was recognised: for most, before the year."""
    count = len(special)
    first_day, next_year = year_days(year)
    stream = draws.stream("recognised")
    in_year = stream.happens(scales.get("recognised_in_year", 0), count)
    day = first_day + stream.below(next_year - first_day, count)
    return np.where(in_year, day, first_day - 1 - stream.below(MILLION // 1_000, count))
