"""Quality of a grouping (分组质量): case mix, spread inside groups, what groups explain, outliers.

All figures describe and pay nothing, yet they are whole numbers: shares and indices in millionths,
amounts in fen, days in hundredths. Indices compare an institution with the mean of each group over
all institutions, so that its mix of cases does not count.

Holds: the profiles of groups add up to all cases that were given; reduction in variance is 0 with
one group and 1 where every group has one cost; with all institutions together every index is 1.
Rounding: an index adds terms that were rounded down to a thousandth of a millionth.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from yibao.base.money import round_half_up
from yibao.base.rates import MILLION
from yibao.engines.grouping.weights.cells import Cell, Trimming, Whole, cells, together, untrimmed
from yibao.engines.grouping.weights.decimals import root_millionths, units_of

_FINE = MILLION * 1_000
_HUNDRED = 100


@dataclass(frozen=True, slots=True)
class OutlierBounds:
    """Multiples of a group's mean in millionths, below and above which a case is an outlier.

    ``low_inclusive`` and ``high_inclusive`` say whether a case at the bound is one. Beyond
    ``extreme_rate`` a case is extreme.
    """

    low_rate: int
    high_rate: int
    extreme_rate: int
    low_inclusive: bool = False
    high_inclusive: bool = False


@dataclass(frozen=True, slots=True)
class Grouped:
    """Cases as arrays: places of group and institution, cost in fen, days of stay (−1: unknown)."""

    group: Whole
    institution: Whole
    amount: Whole
    stay_days: Whole


@dataclass(frozen=True, slots=True)
class GroupProfile:
    """One group. Days in hundredths; weight in ten-thousandths or as given; CV in millionths."""

    place: int
    cases_count: int
    total_amount: int
    mean_amount: int
    median_amount: int
    variation: int
    weight_units: int
    mean_stay: int
    low_count: int
    high_count: int
    extreme_count: int
    trimmed_count: int


@dataclass(frozen=True, slots=True)
class InstitutionProfile:
    """One institution: mean weight (CMI) in units of weights, cost and time index in millionths."""

    place: int
    cases_count: int
    groups_count: int
    total_amount: int
    mean_amount: int
    case_mix_units: int
    cost_index: int
    time_index: int
    low_count: int
    high_count: int


@dataclass(frozen=True, slots=True)
class Quality:
    """A grouping as a whole; ``variance_explained`` (RIV) in millionths."""

    cases_count: int
    total_amount: int
    mean_amount: int
    variance_explained: int
    case_mix_units: int
    groups: tuple[GroupProfile, ...]
    institutions: tuple[InstitutionProfile, ...]


@dataclass(frozen=True, slots=True)
class Yardstick:
    """What cases are judged by: weights in units of ``places``, bounds and trimming.

    ``weights`` are by group; empty, they are worked out from the cases (:func:`own_weights`).
    """

    bounds: OutlierBounds
    trimming: Trimming
    places: int
    weights: tuple[int, ...] = ()


def judge(cases: Grouped, *, groups_count: int, yardstick: Yardstick) -> Quality:
    """The quality of a grouping; there is at least one case."""
    whole = cells(cases.group, cases.amount, count=groups_count)
    stays = untrimmed(cases.group, cases.amount, trimming=yardstick.trimming)
    kept = cells(cases.group[stays], cases.amount[stays], count=groups_count)
    weights = yardstick.weights or own_weights(kept, yardstick.places)
    kinds = _outliers(cases, kept, yardstick.bounds)
    everything = together(whole)
    profiles = _groups(cases, (whole, kept), weights=weights, kinds=kinds)
    return Quality(
        everything.cases_count,
        everything.total_amount,
        round_half_up(everything.total_amount, everything.cases_count),
        variance_explained(whole),
        _mix(weights, [cell.cases_count for cell in whole]),
        profiles,
        _institutions(cases, whole, weights=weights, kinds=kinds),
    )


def own_weights(kept: Sequence[Cell], places: int) -> tuple[int, ...]:
    """Relative weights of one pool: a group's mean over that of all, in units of ``places``."""
    everything = together(kept)
    if not everything.total_amount:
        return (0,) * len(kept)
    return tuple(
        units_of(cell.mean_amount / everything.mean_amount, places) if cell.cases_count else 0
        for cell in kept
    )


def variance_explained(groups: Sequence[Cell]) -> int:
    """Reduction in variance (RIV) in millionths: the share of the spread that lies between groups.

    0 where all cases cost the same.
    """
    everything = together(groups)
    if not everything.cases_count:
        return 0
    whole = _spread(everything)
    if not whole:
        return 0
    by_count: dict[int, int] = {}
    for cell in groups:
        if cell.cases_count:
            square = cell.total_amount**2
            by_count[cell.cases_count] = by_count.get(cell.cases_count, 0) + square
    between = sum((Fraction(squares, count) for count, squares in by_count.items()), Fraction(0))
    return units_of(1 - (everything.squares - between) / whole, 6)


def _spread(cell: Cell) -> Fraction:
    return cell.squares - Fraction(cell.total_amount**2, cell.cases_count)


def _outliers(cases: Grouped, kept: Sequence[Cell], bounds: OutlierBounds) -> Whole:
    """For each case 0, or 1 low, 2 high, 3 extreme, by its group's mean after trimming."""
    low = [_first_above(cell, bounds.low_rate, at=not bounds.low_inclusive) for cell in kept]
    high = [_first_above(cell, bounds.high_rate, at=bounds.high_inclusive) for cell in kept]
    extreme = [_first_above(cell, bounds.extreme_rate, at=False) for cell in kept]
    limits = [np.array(one, dtype=np.int64)[cases.group] for one in (low, high, extreme)]
    kinds = np.where(cases.amount < limits[0], 1, 0)
    kinds = np.where(cases.amount >= limits[1], 2, kinds)
    return np.where(cases.amount >= limits[2], 3, kinds).astype(np.int64)


def _first_above(cell: Cell, rate: int, *, at: bool) -> int:
    """The least amount in fen above a multiple of a cell's mean, or at it."""
    if not cell.cases_count:
        return 0
    numerator, denominator = cell.total_amount * rate, cell.cases_count * MILLION
    return -(-numerator // denominator) if at else numerator // denominator + 1


def _groups(
    cases: Grouped, found: tuple[list[Cell], list[Cell]], *, weights: Sequence[int], kinds: Whole
) -> tuple[GroupProfile, ...]:
    whole, kept = found
    size = len(whole)
    order = np.lexsort((cases.amount, cases.group))
    edges = np.searchsorted(cases.group[order], np.arange(size + 1))
    counts = [np.bincount(cases.group[kinds == kind], minlength=size) for kind in (1, 2, 3)]
    stays = _mean_stays(cases, cases.group, size)
    profiles = []
    for place, (cell, part) in enumerate(zip(whole, kept, strict=True)):
        if not cell.cases_count:
            continue
        middle = cases.amount[order[edges[place] : edges[place + 1]]]
        profiles.append(
            GroupProfile(
                place, cell.cases_count, cell.total_amount,
                round_half_up(cell.total_amount, cell.cases_count), _median(middle),
                root_millionths(cell.relative_variance), weights[place], stays[place],
                int(counts[0][place]), int(counts[1][place]), int(counts[2][place]),
                cell.cases_count - part.cases_count,
            )
        )  # fmt: skip
    return tuple(profiles)


def _median(ordered: Whole) -> int:
    lower, upper = int(ordered[(len(ordered) - 1) // 2]), int(ordered[len(ordered) // 2])
    return round_half_up(lower + upper, 2)


def _mean_stays(cases: Grouped, number: Whole, size: int) -> list[int]:
    """Mean days by number in hundredths, over the cases whose days are known."""
    is_known = cases.stay_days >= 0
    found = cells(number[is_known], cases.stay_days[is_known], count=size)
    return [
        round_half_up(cell.total_amount * _HUNDRED, cell.cases_count) if cell.cases_count else 0
        for cell in found
    ]


def _mix(weights: Sequence[int], counts: Sequence[int]) -> int:
    """The mean weight of cases, in units of weights (CMI)."""
    total = sum(weight * count for weight, count in zip(weights, counts, strict=True))
    return round_half_up(total, max(sum(counts), 1))


def _institutions(
    cases: Grouped, whole: Sequence[Cell], *, weights: Sequence[int], kinds: Whole
) -> tuple[InstitutionProfile, ...]:
    size = len(whole)
    count = int(cases.institution.max(initial=-1)) + 1
    number = cases.institution * size + cases.group
    by_both = cells(number, cases.amount, count=count * size)
    is_known = cases.stay_days >= 0
    days = cells(number[is_known], cases.stay_days[is_known], count=count * size)
    all_days = cells(cases.group[is_known], cases.stay_days[is_known], count=size)
    low = np.bincount(cases.institution[kinds == 1], minlength=count)
    high = np.bincount(cases.institution[kinds >= 2], minlength=count)
    profiles = []
    for place in range(count):
        own = by_both[place * size : (place + 1) * size]
        everything = together(own)
        if not everything.cases_count:
            continue
        profiles.append(
            InstitutionProfile(
                place, everything.cases_count, sum(cell.cases_count > 0 for cell in own),
                everything.total_amount,
                round_half_up(everything.total_amount, everything.cases_count),
                _mix(weights, [cell.cases_count for cell in own]),
                _index(own, whole),
                _index(days[place * size : (place + 1) * size], all_days),
                int(low[place]), int(high[place]),
            )
        )  # fmt: skip
    return tuple(profiles)


def _index(own: Sequence[Cell], whole: Sequence[Cell]) -> int:
    """The mean over cases of own mean / mean of all in the group, in millionths; 0 without any."""
    count = terms = 0
    for cell, of_all in zip(own, whole, strict=True):
        if cell.cases_count and of_all.total_amount:
            count += cell.cases_count
            terms += cell.total_amount * of_all.cases_count * _FINE // of_all.total_amount
    return round_half_up(terms, count * (_FINE // MILLION)) if count else 0
