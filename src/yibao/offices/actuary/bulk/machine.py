"""The compiled loops of settling in bulk: words of codes, and numbering what is met."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from yibao.engines.benefits.kernel.driver_code import BEGINS, NARROW
from yibao.engines.benefits.kernel.machine import load32

Ints = NDArray[np.int64]
Numbers = NDArray[np.int32]

ADDRESS, BASE, SIZE, OFFSET, WORD = range(5)
"""What is known of a question: where its column begins, its table of codes, the word they go to."""
compiled: Callable[..., Any] = njit(cache=True, nogil=True, error_model="numpy")
_BEGINS = np.int32(-BEGINS)
_NARROW = np.int32(NARROW)
_MIX = np.uint64((1 << 64) * 618 // 1000 | 1)  # odd, its bits well spread


@compiled
def write_words(questions: Ints, codes: Ints, words: Ints) -> None:
    """Set the codes of all questions in the words of each row.

    An index outside of a question's table counts as the nearest inside.
    """
    count = words.shape[1]
    for question in range(len(questions)):
        address = questions[question, ADDRESS]
        base, last = questions[question, BASE], questions[question, SIZE] - 1
        offset, word = questions[question, OFFSET], questions[question, WORD]
        for row in range(count):
            index = min(max(load32(address, row) - base, 0), last)
            words[word, row] |= codes[offset + index]


@compiled
def number_words(  # noqa: PLR0913, PLR0917
    words: Ints, masks: Ints, which: Numbers, keys: Ints, numbers: Numbers, out: Numbers,
    firsts: Ints, state: Ints,
) -> None:  # fmt: skip
    """Number the masked words of each row, in the order in which they are first met.

    ``which`` chooses each row's mask. ``state`` holds the next row and how many numbers there are;
    the run stops when ``firsts``, the rows that brought a new number, are full.
    """
    width, count = words.shape
    room, bits = len(keys) - 1, len(firsts)
    row, known, new = state[0], state[1], 0
    while row < count and new < bits:
        mask = which[row]
        mixed = np.uint64(0)
        for word in range(width):
            mixed = (mixed ^ np.uint64(words[word, row] & masks[mask, word])) * _MIX
            mixed ^= mixed >> np.uint64(29)
        place = np.int64(mixed & np.uint64(room))
        while True:
            number = numbers[place]
            if number < 0:
                for word in range(width):
                    keys[place, word] = words[word, row] & masks[mask, word]
                numbers[place] = out[row] = known
                firsts[new] = row
                known += 1
                new += 1
                break
            is_same = True
            for word in range(width):
                is_same &= keys[place, word] == words[word, row] & masks[mask, word]
            if is_same:
                out[row] = number
                break
            place = (place + 1) & room
        row += 1
    state[0], state[1], state[2] = row, known, new


@compiled
def spread(keys: Ints, numbers: Numbers, new_keys: Ints, new_numbers: Numbers) -> None:
    """Carry a table of numbers over to a larger one."""
    room = len(new_keys) - 1
    for old in range(len(keys)):
        if numbers[old] < 0:
            continue
        mixed = np.uint64(0)
        for word in range(keys.shape[1]):
            mixed = (mixed ^ np.uint64(keys[old, word])) * _MIX
            mixed ^= mixed >> np.uint64(29)
        place = np.int64(mixed & np.uint64(room))
        while new_numbers[place] >= 0:
            place = (place + 1) & room
        new_keys[place] = keys[old]
        new_numbers[place] = numbers[old]


class Numberer:
    """Numbers for words of codes, as they are met; one thread uses it at a time."""

    def __init__(self, width: int) -> None:
        self._keys = np.zeros((1 << 12, width), np.int64)
        self._numbers = np.full(1 << 12, -1, np.int32)
        self.count = 0

    def number(self, words: Ints, masks: Ints, *, which: Numbers) -> tuple[Numbers, list[int]]:
        """The number of each row, and the row that first brought each new number, in order."""
        out = np.empty(words.shape[1], np.int32)
        state = np.array([0, self.count, 0], np.int64)
        new: list[int] = []
        while state[0] < len(out):
            firsts = np.zeros(len(self._keys) // 2 - self.count, np.int64)
            number_words(words, masks, which, self._keys, self._numbers, out, firsts, state)
            new += firsts[: state[2]].tolist()
            self.count = int(state[1])
            if self.count * 2 >= len(self._keys):
                self._grow()
        return out, new

    def _grow(self) -> None:
        keys, numbers = self._keys, self._numbers
        self._keys = np.zeros((4 * len(keys), keys.shape[1]), np.int64)
        self._numbers = np.full(4 * len(keys), -1, np.int32)
        spread(keys, numbers, self._keys, self._numbers)


@compiled
def shape_rows(  # noqa: PLR0913, PLR0917
    dates: Numbers, which: Numbers, kinds: Ints, years: Numbers, first_day: int, chosen: Ints,
    year: Ints, holder_begins: NDArray[np.bool_], profiles: Numbers, profile_of: Numbers,
) -> bool:  # fmt: skip
    """Each row's chosen day and benefit year, and profiles marked where a member-year begins.

    ``kinds`` has for each number of ``which`` the places of both dates in ``dates``. Returns
    whether every member's years stand together, which they do not if one comes back.
    """
    is_sorted = True
    last = len(years) - 1
    for row in range(len(which)):
        number = which[row]
        chosen[row] = dates[kinds[number, 0], row]
        day = min(max(dates[kinds[number, 1], row] - first_day, 0), last)
        year[row] = years[day]
        profile = profile_of[number]
        if holder_begins[row] or year[row] != year[row - 1]:
            is_sorted &= holder_begins[row] or year[row] > year[row - 1]
            profile |= _BEGINS
        profiles[row] = profile
    return is_sorted


@compiled
def mark_narrow(profiles: Numbers, in_streams: Ints) -> None:
    """Mark claims without amounts in streams: the kernel then looks for none."""
    for row in range(len(profiles)):
        if in_streams[row] == 0:
            profiles[row] |= _NARROW


@compiled
def look(values: Ints, sums: Ints) -> tuple[int, int]:
    """How many values are not zero, and their total; ``sums`` grow by the values."""
    filled = total = 0
    for row in range(len(values)):
        value = values[row]
        filled += value != 0
        total += value
        sums[row] += value
    return filled, total


@compiled
def seen(codes: Numbers, count: int) -> NDArray[np.bool_]:
    """Which of so many codes occur."""
    found = np.zeros(count, np.bool_)
    for row in range(len(codes)):
        found[codes[row]] = True
    return found


@compiled
def sum_by(cells: Numbers, submitted: Ints, paid: Ints, sums: Ints) -> None:
    """Count, Σ submitted and Σ paid by cell."""
    for row in range(len(cells)):
        cell = cells[row]
        sums[cell, 0] += 1
        sums[cell, 1] += submitted[row]
        sums[cell, 2] += paid[row]


@compiled
def mark_later(begins: NDArray[np.bool_], rejected: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Rows of a member that stand behind a rejected one."""
    later = np.zeros(len(begins), np.bool_)
    has_rejected = False
    for row in range(len(begins)):
        if begins[row]:
            has_rejected = False
        later[row] = has_rejected
        has_rejected |= rejected[row]
    return later


@compiled
def mark_holders(begins: NDArray[np.bool_], odd: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """All rows of members that have an odd one."""
    marked = np.zeros(len(begins), np.bool_)
    start = 0
    for row in range(len(begins) + 1):
        if row == len(begins) or begins[row]:
            has_odd = False
            for one in range(start, row):
                has_odd |= odd[one]
            if has_odd:
                marked[start:row] = True
            start = row
    return marked
