"""What the law may ask of a row, as one word of codes: each question has its bits.

Rows of one word are the same to every rule. A fact of few values is coded by value, a numeric fact
by the ranges that rules tell apart (by value where a rule uses the number itself), a date by the
span between two changes of the law.

Holds: two rows of one word get the same plan, the same numbers, and the same reasons.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from threading import Lock

import numpy as np
from numpy.typing import NDArray

from yibao.engines.benefits.facts import AGE, STAY_DAYS
from yibao.engines.benefits.kernel.asked import EPISODE, FAMILY, Asked, asked_by_plan
from yibao.engines.policy.area import AreaPolicy
from yibao.engines.policy.law import FactDefinition, PlanVersion
from yibao.offices.actuary.bulk.frames import DATES, Frame, Whole
from yibao.offices.actuary.bulk.machine import (
    ADDRESS,
    BASE,
    OFFSET,
    SIZE,
    WORD,
    Ints,
    Numbers,
    write_words,
)

EPOCH: date = np.datetime64(0, "D").item()
_YEARS = 200
_MONTH = 100
_YEAR = _MONTH * _MONTH
"""Of a day in digits: 20240229."""
_WORD_BITS = 62
_GROWING_BITS = 14
ALWAYS = ("scheme", "care_type")
"""Facts that a summary tells apart, whether or not a rule asks them."""


@dataclass(slots=True)
class Question:
    """A question: where its codes stand in the word; code 0 is «nothing stated»."""

    name: str
    bits: int
    word: int = 0
    shift: int = 0
    known: dict[str | int, int] = field(default_factory=dict)
    edges: tuple[int, ...] = ()
    is_by_value: bool = False

    @property
    def mask(self) -> int:
        """Its bits in its word."""
        return ((1 << self.bits) - 1) << self.shift

    def code(self, value: str | int) -> int:
        """The code of a value, new ones as they come; −1 when there is no room for more."""
        found = self.known.get(value)
        if found is None:
            found = len(self.known) + 1
            if found >= 1 << self.bits:
                return -1
            self.known[value] = found
        return found


@dataclass(frozen=True, slots=True)
class DateQuestion:
    """The span between changes of the law in which a date lies: its question and first days."""

    question: Question
    place: int
    starts: tuple[int, ...]


class Questions:
    """All questions of an area's law, and the words of rows."""

    def __init__(self, area: AreaPolicy, versions: Sequence[PlanVersion]) -> None:
        self._lock = Lock()
        self._asked = {version: _asked(version) for version in versions}
        self._area = area
        whole = Asked()
        for version in area.plans:
            whole.add(self._asked.get(version) or _asked(version))
        for name in ALWAYS:
            whole.stated.setdefault(name)
        self.facts = {
            name: _of_fact(area.facts[name], whole) for name in whole.facts if name in area.facts
        }
        self.stay_days = self.facts.pop(STAY_DAYS, None)
        self.stated = {n: Question(n, 1) for n in (FAMILY, EPISODE) if n in whole.facts}
        names = dict.fromkeys(version.chosen_by for version in area.plans)
        age = self.facts.pop(AGE, None)
        self.ages = [] if age is None else [
            (Question(AGE, age.bits, edges=age.edges, is_by_value=age.is_by_value), place)
            for place in (DATES.index(name) for name in names)
        ]  # fmt: skip
        self.dates = [_of_date(area, name, by_year=whole.by_year) for name in names]
        self.width = self._place()

    def __iter__(self) -> Iterator[Question]:
        yield from self.facts.values()
        yield from self.stated.values()
        yield from (question for question, _ in self.ages)
        yield from (one.question for one in self.dates)
        if self.stay_days is not None:
            yield self.stay_days

    def _place(self) -> int:
        word = shift = 0
        for question in self:
            if shift + question.bits > _WORD_BITS:
                word, shift = word + 1, 0
            question.word, question.shift = word, shift
            shift += question.bits
        return word + 1

    def choosing(self) -> Ints:
        """The mask of what choosing a plan asks, and of what summaries tell apart."""
        names = {name for version in self._area.plans for name, _ in version.applies_to}
        return self._mask(names | set(ALWAYS))

    def asked_by(self, version: PlanVersion) -> Ints:
        """The mask of all that a version asks."""
        return self._mask(set(self._asked[version].facts)) | self.choosing()

    def _mask(self, names: set[str]) -> Ints:
        mask = np.zeros(self.width, np.int64)
        dates = {one.question.name for one in self.dates}
        for question in self:
            if question.name in names or question.name in dates:
                mask[question.word] |= question.mask
        return mask

    def words(self, frame: Frame) -> Ints:
        """The word of each row; rows with a value that has no room for a code become odd."""
        coder = _Coder(self, frame)
        with self._lock:
            coder.code()
        words = np.zeros((self.width, len(frame)), np.int64)
        write_words(*coder.tables(), words)
        return words


def _asked(version: PlanVersion) -> Asked:
    found = asked_by_plan(version)
    for counter in version.counters:
        for name in counter.facts:
            found.whole[name] = None
    return found


def _of_fact(fact: FactDefinition, asked: Asked) -> Question:
    if fact.kind not in ("number", "amount"):
        count = {"values": len(fact.values), "yes_no": 2}.get(fact.kind)
        bits = _GROWING_BITS if count is None else (count + 1).bit_length()
        return Question(fact.name, bits)
    if fact.name in asked.whole:
        bits = min((fact.below - fact.start + 1).bit_length(), _GROWING_BITS)
        return Question(fact.name, bits, is_by_value=True)
    edges = {fact.start, fact.below}
    for test in asked.tests.get(fact.name, {}):
        if test.values is not None:
            for value in test.values:
                edges |= {int(value), int(value) + 1}
        edges |= {edge for edge in (test.start, test.below) if edge is not None}
    return Question(fact.name, (len(edges) + 2).bit_length(), edges=tuple(sorted(edges)))


def _of_date(area: AreaPolicy, name: str, *, by_year: bool) -> DateQuestion:
    changes: set[date] = set()
    spans = [version.span for version in area.plans if version.chosen_by == name]
    for span in spans:
        changes |= {day for day in (span.start, span.until) if day is not None}
    if area.verified_until is not None:
        changes.add(area.verified_until + timedelta(days=1))
    if by_year:
        changes |= {date(year, 1, 1) for year in range(EPOCH.year, EPOCH.year + _YEARS)}
    starts = tuple(sorted(days(change) for change in changes))
    question = Question(f"#{name}", (len(starts) + 2).bit_length())
    return DateQuestion(question, DATES.index(name), starts)


def days(day: date) -> int:
    """A day counted from 1970."""
    return (day - EPOCH).days


class _Coder:
    """The questions' columns and codes for one frame."""

    def __init__(self, questions: Questions, frame: Frame) -> None:
        self.questions, self.frame = questions, frame
        self.rows: list[list[int]] = []
        self.codes: list[Ints] = []
        self.size = 0
        self.held: list[Numbers] = []

    def tables(self) -> tuple[Ints, Ints]:
        shape = (len(self.rows), WORD + 1)
        rows = np.array(self.rows, np.int64).reshape(shape)
        return rows, np.concatenate([*self.codes, np.zeros(1, np.int64)])

    def code(self) -> None:
        frame, questions = self.frame, self.questions
        for name, question in questions.facts.items():
            if name in frame.words:
                words = frame.words[name]
                codes = [question.code(text) if text else 0 for text in words.texts]
                self.add(question, words.index, [*codes, 0])
            elif name in frame.numbers:
                self.add_numbers(question, frame.numbers[name])
        for name, question in questions.stated.items():
            array = frame.column("family_id" if name == FAMILY else "episode_id")
            if array is not None:
                self.add(question, np.asarray(array.is_valid()).astype(np.int32), [0, 1])
        for question, place in questions.ages:
            self.add_numbers(question, _ages(frame.birth, frame.dates[place]))
        if questions.stay_days is not None:
            self.add_numbers(questions.stay_days, _stay_days(frame))
        for one in questions.dates:
            self.add_date(one)

    def add(self, question: Question, index: Numbers, codes: Sequence[int], base: int = 0) -> None:
        if -1 in codes:
            lacking = np.array([code == -1 for code in codes])
            self.frame.odd |= lacking[np.clip(index - base, 0, len(codes) - 1)]
            codes = [max(code, 0) for code in codes]
        index = np.ascontiguousarray(index, np.int32)
        self.held.append(index)
        row = [0] * (WORD + 1)
        row[ADDRESS], row[BASE], row[SIZE] = index.ctypes.data, base, len(codes)
        row[OFFSET], row[WORD] = self.size, question.word
        self.rows.append(row)
        self.codes.append(np.array(codes, np.int64) << question.shift)
        self.size += len(codes)

    def add_numbers(self, question: Question, whole: Whole) -> None:
        if question.is_by_value:
            values, index = np.unique(whole.values, return_inverse=True)
            codes = [question.code(int(value)) for value in values]
        else:
            index = np.searchsorted(np.array(question.edges), whole.values, side="right")
            codes = list(range(1, len(question.edges) + 2))
        if whole.missing is not None:
            index = np.where(whole.missing, len(codes), index)
        self.add(question, index.astype(np.int32), [*codes, 0])

    def add_date(self, one: DateQuestion) -> None:
        if not one.starts:
            return
        base = one.starts[0] - 1
        span = np.arange(base, one.starts[-1] + 1)
        codes = np.searchsorted(np.array(one.starts), span, side="right") + 1
        self.add(one.question, self.frame.dates[one.place], codes.tolist(), base)


def _stay_days(frame: Frame) -> Whole:
    """Nights from admission to discharge, at least 1."""
    discharge = frame.dates[DATES.index("discharge_date")].astype(np.int64)
    return Whole(np.maximum(discharge - frame.admission.values, 1), frame.admission.missing)


def _ages(birth: Whole, day: Numbers) -> Whole:
    """Full years on a day; who was born on 29 February turns on 1 March."""
    return Whole((_calendar(day) - _calendar(birth.values)) // _YEAR, birth.missing)


def _calendar(day: NDArray[np.integer]) -> Ints:
    """Days as year, month and day in digits: 20240229."""
    dates = day.astype("datetime64[D]")
    years = dates.astype("datetime64[Y]").astype(np.int64) + EPOCH.year
    months = dates.astype("datetime64[M]").astype(np.int64) % 12 + 1
    day_of_month = (dates - dates.astype("datetime64[M]")).astype(np.int64) + 1
    found: Ints = years * _YEAR + months * _MONTH + day_of_month
    return found
