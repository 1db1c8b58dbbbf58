"""Draws in whole numbers from a counter-based generator (Philox), keyed by seed, chunk and purpose.

A stream is found by its key alone, so that a new purpose shifts no other draw and chunks can be
made in any order. Everything is integer arithmetic on 32 random bits; a spread (a lognormal of mean
one) is a table of quantiles in thousandths. Refuses nothing: bounds are the caller's.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cache
from itertools import pairwise
from statistics import NormalDist
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

Whole = NDArray[np.int64]
Truth = NDArray[np.bool_]

THOUSAND = 1_000
MILLION = 1_000_000
_STEPS = 1 << 10
_HALF = np.uint64(32)
_REST = (1 << 16) - 1


class Draws:
    """All the randomness of one chunk of a city."""

    def __init__(self, seed: int, chunk: int) -> None:
        self._seed = seed
        self._chunk = chunk

    def stream(self, purpose: str) -> Stream:
        """The stream of one purpose; asked for twice, it begins again."""
        low = (self._chunk << 32) | crc32(purpose.encode())
        return Stream(np.random.Philox(key=np.array([self._seed, low], dtype=np.uint64)))


class Stream:
    """One sequence of draws."""

    def __init__(self, generator: np.random.Philox) -> None:
        self._generator = generator

    def bits(self, count: int) -> Whole:
        """``count`` whole numbers of 32 random bits."""
        raw: NDArray[np.uint64] = self._generator.random_raw(count)
        return (raw >> _HALF).astype(np.int64)

    def below(self, bound: int | Whole, count: int) -> Whole:
        """Whole numbers from 0 to below ``bound``, all alike; ``bound`` < 2^31."""
        return (self.bits(count) * bound) >> 32

    def happens(self, millionths: int | Whole, count: int) -> Truth:
        """Whether something of this probability, in millionths, happens."""
        return self.below(MILLION, count) < millionths

    def rounded(self, thousandths: Whole) -> Whole:
        """Thousandths as whole numbers, up or down by chance, so that the mean is kept."""
        return (thousandths + self.below(THOUSAND, len(thousandths))) // THOUSAND

    def chosen(self, weights: Sequence[int], count: int) -> Whole:
        """Places in ``weights``, each as often as its weight says."""
        edges = np.cumsum(np.asarray(weights, dtype=np.int64))
        found: Whole = np.searchsorted(edges, self.below(int(edges[-1]), count), side="right")
        return found

    def factor(self, spread: int, count: int) -> Whole:
        """Factors in thousandths, of mean 1000 and a spread in thousandths of the logarithm."""
        table = quantiles(spread)
        bits = self.bits(count)
        place, rest = bits >> 22, (bits >> 6) & _REST
        low, high = table[place], table[place + 1]
        found: Whole = low + ((high - low) * rest >> 16)
        return found


@cache
def quantiles(spread: int) -> Whole:
    """A lognormal of mean 1000 as a table of quantiles, so that drawing needs no logarithm."""
    normal = NormalDist()
    places = [(step + 0.5) / (_STEPS + 1) for step in range(_STEPS + 1)]
    heights = [math.exp(normal.inv_cdf(place) * spread / THOUSAND) for place in places]
    mean = sum((a + b) / 2 for a, b in pairwise(heights)) / _STEPS
    return np.array([round(THOUSAND * height / mean) for height in heights], dtype=np.int64)


def by_age(steps: Sequence[tuple[int, int]], age: Whole) -> Whole:
    """The value for each age of a table (first age, value) in rising order."""
    firsts = np.array([first for first, _ in steps])
    values = np.array([value for _, value in steps], dtype=np.int64)
    return values[np.searchsorted(firsts, age, side="right") - 1]


def scattered(numbers: Whole) -> NDArray[np.uint64]:
    """Whole numbers mixed to 64 bits that look random: the hash that partitions are made by."""
    with np.errstate(over="ignore"):
        mixed = numbers.astype(np.uint64) + np.uint64(0x9E3779B97F4A7C15)
        mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return mixed ^ (mixed >> np.uint64(31))
