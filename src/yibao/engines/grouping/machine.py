"""The walk through a scheme's tables, compiled once for every scheme (分组计算).

A case first marks the lists that its codes stand in: 1 for the first diagnosis or procedure, 2 for
the others. Every question of a condition then is a look at one mark or one number, and a condition
is a few operations over a stack of bits. Rules are tried in their order; what was tried, and which
questions held, is written down where somebody wants an explanation.

Holds: a case's marks are taken back before the next; the same walk with and without writing down.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, Final, NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from yibao.engines.grouping.case import MISSING

Bytes = NDArray[np.uint8]
Small = NDArray[np.int8]
Numbers = NDArray[np.int32]
Longs = NDArray[np.int64]

compiled: Callable[..., Any] = partial(njit, cache=True, nogil=True, error_model="numpy")
inlined: Callable[..., Any] = partial(compiled, forceinline=True)
"""Compiled into whoever calls it: what takes a scheme's arrays is called dozens of times a case."""

MARK, HAS_PROCEDURE, LEVEL, EQUAL, UNEQUAL, LESS, AT_MOST, MORE, AT_LEAST = range(9)
TRUE, FALSE, AND, OR, NOT = range(9, 14)
"""Operations: questions (all before ``AND``) push a bit, the others join those on the stack."""

FIRST, OTHERS, ANY = 1, 2, 3
UNKNOWN: Final = -1
NO_CODE: Final = -2
AGE, AGE_DAYS, WEIGHT, STAY_DAYS, SEX, ICU_HOURS, LEAVING, DEPARTMENT, SITES = range(9)
"""The places of ``conditions.FIELDS``."""
IS_QY: Final = 1
OPERATING_ROOM_LIST: Final = 0

_OFFSET = np.uint64(14695981039346656037)
_PRIME = np.uint64(1099511628211)
_SEPARATOR: Final = ord("|")
_SPACE: Final = ord(" ")


class CodeTable(NamedTuple):
    """Codes by number: their bytes one after another, and an open hash over them."""

    text: Bytes
    begins: Longs
    slots: Numbers


class SchemeTables(NamedTuple):
    """A scheme as arrays; rules are numbered, MDCs first."""

    operations: Small
    arguments: Numbers
    constants: Longs
    operation_begins: Numbers
    mdcs: Numbers
    children: Numbers
    child_begins: Numbers
    kinds: Small
    lists_count: Longs
    limits: Longs
    dx_lists: Numbers
    dx_list_begins: Numbers
    dx_level: Small
    dx_exclusion: Numbers
    dx_principal: Numbers
    dx_site: Small
    dx_sex: Small
    dx_age_from: Longs
    dx_age_until: Longs
    proc_lists: Numbers
    proc_list_begins: Numbers
    proc_sex: Small


class Walks(NamedTuple):
    """Where cases ended: by case the number of a rule or -1, and small codes of ``case``."""

    status: Small
    reason: Small
    mdc: Numbers
    adrg: Numbers
    drg: Numbers
    level: Small
    findings: Numbers


class Steps(NamedTuple):
    """What was tried: by step the rule, whether it held, its questions' bits; by case its end."""

    rules: Numbers
    held: Small
    bits: Longs
    ends: Longs


@inlined
def code_hash(text: Bytes, first: int, last: int) -> np.uint64:
    """A 64-bit hash of bytes (FNV-1a)."""
    mixed = _OFFSET
    for place in range(first, last):
        mixed = (mixed ^ np.uint64(text[place])) * _PRIME
    return mixed ^ (mixed >> np.uint64(32))


@compiled
def fill_slots(text: Bytes, begins: Longs, slots: Numbers) -> None:
    """Put every code's number in the hash; slots are -1 where free, a power of two of them."""
    mask = np.uint64(len(slots) - 1)
    for number in range(len(begins) - 1):
        slot = code_hash(text, begins[number], begins[number + 1]) & mask
        while slots[slot] >= 0:
            slot = (slot + np.uint64(1)) & mask
        slots[slot] = number


@inlined
def find_code(codes: CodeTable, text: Bytes, first: int, last: int) -> int:
    """The number of a code, or ``UNKNOWN``."""
    mask = np.uint64(len(codes.slots) - 1)
    slot = code_hash(text, first, last) & mask
    size = last - first
    while True:
        number = int(codes.slots[slot])
        if number < 0:
            return UNKNOWN
        begin = codes.begins[number]
        if codes.begins[number + 1] - begin == size:
            place = 0
            while place < size and codes.text[begin + place] == text[first + place]:
                place += 1
            if place == size:
                return int(number)
        slot = (slot + np.uint64(1)) & mask


@compiled
def count_codes(text: Bytes, begins: Longs, ends: Longs) -> int:
    """How many codes stand in lists of text; ``ends`` gets the running count by list."""
    total = 0
    for row in range(len(begins) - 1):
        first, last = begins[row], begins[row + 1]
        if last > first:
            total += 1
            for place in range(first, last):
                if text[place] == _SEPARATOR:
                    total += 1
        ends[row + 1] = total
    return total


@compiled
def number_codes(codes: CodeTable, text: Bytes, begins: Longs, ends: Longs, out: Numbers) -> None:
    """The numbers of all codes in lists of text; an empty place is ``NO_CODE``."""
    for row in range(len(begins) - 1):
        place, last = begins[row], begins[row + 1]
        at = ends[row]
        while at < ends[row + 1]:
            begin = place
            while place < last and text[place] != _SEPARATOR:
                place += 1
            first, end = begin, place
            while first < end and text[first] == _SPACE:
                first += 1
            while end > first and text[end - 1] == _SPACE:
                end -= 1
            out[at] = NO_CODE if first == end else find_code(codes, text, first, end)
            at += 1
            place += 1


@inlined
def asked(
    tables: SchemeTables, rule: int, marks: Bytes, numbers: Longs, level: int, has: int
) -> tuple[int, int]:
    """Whether a rule's condition holds, and the bits of its questions."""
    stack, bits, question = 0, 0, 0
    for at in range(tables.operation_begins[rule], tables.operation_begins[rule + 1]):
        kind = tables.operations[at]
        if kind >= AND:
            if kind == NOT:
                stack ^= 1
            elif kind == AND:
                stack = (stack >> 1) & (stack | ~1)
            else:
                stack = (stack >> 1) | (stack & 1)
            continue
        argument = tables.arguments[at]
        if kind == MARK:
            answer = (marks[argument] & tables.constants[at]) != 0
        elif kind == LEVEL:
            answer = level >= argument
        elif kind == HAS_PROCEDURE:
            answer = has != 0
        elif kind >= TRUE:
            answer = kind == TRUE
        else:
            number, constant = numbers[argument], tables.constants[at]
            answer = (
                (kind == EQUAL and number == constant)
                or (kind == UNEQUAL and number != constant)
                or (kind == LESS and number < constant)
                or (kind == AT_MOST and number <= constant)
                or (kind == MORE and number > constant)
                or (kind == AT_LEAST and number >= constant)
            ) and number != MISSING
        one = 1 if answer else 0
        stack = (stack << 1) | one
        bits |= one << question
        question += 1
    return stack & 1, bits
