"""Cells (单元): how many cases, what they cost, and their squares, by any numbering of the cases.

A cell is a group, or a group's year, or a group at a level: whatever the cases are numbered by.
Trimming takes the same share of the cheapest and the dearest cases of a cell away before its mean.

Holds: cells sum to all cases that were given; equal amounts are alike, so that the order of the
cases changes no sum. Rounding: a share of a count is rounded down, so that trimming never takes
more than it was told to.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from yibao.base.checks import check
from yibao.base.rates import MILLION

Whole = NDArray[np.int64]
Truth = NDArray[np.bool_]

CASE_LIMIT = 10**12
"""The dearest case that is read, in fen; sums of nine million such cases stay inside 64 bits."""
_WORD = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Cell:
    """The cases of a cell: their count, the sum of their amounts, the sum of the squares."""

    cases_count: int = 0
    total_amount: int = 0
    squares: int = 0

    @property
    def mean_amount(self) -> Fraction:
        """The exact mean in fen. Raises ZeroDivisionError where there is no case."""
        return Fraction(self.total_amount, self.cases_count)

    @property
    def relative_variance(self) -> Fraction:
        """Population variance over the square of the mean: the square of the variation (CV)."""
        if self.total_amount == 0:
            return Fraction(0)
        spread = self.cases_count * self.squares - self.total_amount**2
        return Fraction(spread, self.total_amount**2)

    def __add__(self, other: Cell) -> Cell:
        return Cell(
            self.cases_count + other.cases_count,
            self.total_amount + other.total_amount,
            self.squares + other.squares,
        )


@dataclass(frozen=True, slots=True)
class Trimming:
    """Of cells of ``at_least`` cases the cheapest and dearest shares go, both in millionths."""

    at_least: int
    low_rate: int
    high_rate: int


NO_TRIMMING = Trimming(0, 0, MILLION)


def cells(number: Whole, amount: Whole, *, count: int) -> list[Cell]:
    """The cells 0 … ``count`` − 1 of cases with their cell's number and their amount in fen."""
    if not len(number):
        return [Cell()] * count
    check(int(amount.max()) * len(amount) <= _WORD, "a sum of amounts is beyond 64 bits")
    order = np.argsort(number, kind="stable")
    present, starts = np.unique(number[order], return_index=True)
    sorted_amounts = amount[order]
    sums = np.add.reduceat(sorted_amounts, starts)
    exact = sorted_amounts.astype(object)
    squares = np.add.reduceat(exact * exact, starts)
    counts = np.diff([*starts.tolist(), len(number)])
    found = [Cell()] * count
    for place, cell in enumerate(present.tolist()):
        found[cell] = Cell(int(counts[place]), int(sums[place]), int(squares[place]))
    return found


def untrimmed(number: Whole, amount: Whole, *, trimming: Trimming) -> Truth:
    """Which cases stay when each cell is trimmed by itself."""
    order = np.lexsort((amount, number))
    sorted_numbers = number[order]
    starts = np.searchsorted(sorted_numbers, sorted_numbers, side="left")
    count = np.searchsorted(sorted_numbers, sorted_numbers, side="right") - starts
    rank = np.arange(len(order)) - starts
    is_trimmed = count >= max(trimming.at_least, 1)
    low = np.where(is_trimmed, count * trimming.low_rate // MILLION, 0)
    high = np.where(is_trimmed, count * (MILLION - trimming.high_rate) // MILLION, 0)
    stays = np.empty(len(order), dtype=np.bool_)
    stays[order] = (rank >= low) & (rank < count - high)
    return stays


def together(parts: Iterable[Cell]) -> Cell:
    """Several cells as one."""
    return sum(parts, Cell())
