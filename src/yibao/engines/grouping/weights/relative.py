"""Relative weights (相对权重): a group's mean over the mean of all, years counting unequally.

Two ways of joining years are in use, and both are here under a name. ``means``: the mean of each
year's mean, weighted by the years' parts, over the years in which there are cases. ``pooled``: a
case of a year counts as many times as the year has parts.

Holds: pooled, or with one year alone, Σ weight × counted cases = counted cases, exactly, before
weights are rounded.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Literal

from yibao.engines.grouping.weights.cells import Cell

YearMethod = Literal["means", "pooled"]


def mean_over_years(
    years: Sequence[Cell], parts: Sequence[int], *, method: YearMethod
) -> Fraction | None:
    """The mean in fen of cells by year, the oldest first; None where no year with parts has a case.

    ``parts`` has as many entries as there are years.
    """
    pairs = [(cell, part) for cell, part in zip(years, parts, strict=True) if cell.cases_count]
    if method == "pooled":
        count = sum(part * cell.cases_count for cell, part in pairs)
        total = sum(part * cell.total_amount for cell, part in pairs)
        return Fraction(total, count) if count else None
    whole = sum(part for _, part in pairs)
    if not whole:
        return None
    return sum((part * cell.mean_amount for cell, part in pairs), Fraction(0)) / whole


def parts_of(years: Sequence[int], parts: Sequence[int]) -> tuple[int, ...]:
    """The parts of consecutive years, the last part for the latest: of two years of 1:2:7, 2 and 7.

    Years before those that have a part count for nothing.
    """
    missing = max(len(years) - len(parts), 0)
    return (0,) * missing + tuple(parts[max(len(parts) - len(years), 0) :])
