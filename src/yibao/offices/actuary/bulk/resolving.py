"""From words to profiles: the plan of a row chosen once for each word, by the reference's choice.

A word is first read for what choosing a plan asks, then for what the chosen version asks; rows that
differ in nothing that *their* plan asks share a profile. Nothing here decides by itself: the first
row of a kind is assembled as a bill and put to :func:`yibao.engines.benefits.rows.rows_of`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from threading import Lock

import numpy as np

from yibao.base.errors import YibaoError
from yibao.engines.benefits.bills import Bill
from yibao.engines.benefits.choice import UNVERIFIED_YEAR
from yibao.engines.benefits.claim import Claim, ClaimDates
from yibao.engines.benefits.facts import Member, Stated
from yibao.engines.benefits.kernel.blocks import Case
from yibao.engines.benefits.kernel.claims import profile_of
from yibao.engines.benefits.kernel.profiles import PlanBlocks, rejecting
from yibao.engines.benefits.kernel.program import Program
from yibao.engines.benefits.rows import Law, rows_of
from yibao.engines.policy.unable import UnableToDetermine
from yibao.offices.actuary.bulk.frames import DATES, Frame, Truths, Whole
from yibao.offices.actuary.bulk.machine import Ints, Numberer, Numbers
from yibao.offices.actuary.bulk.words import EPOCH, Questions
from yibao.storage.files.filed_claims import value_of

_NO_DAY = -(1 << 62)


@dataclass(frozen=True, slots=True)
class Profile:
    """What rows of one profile have in common.

    ``plan`` None: no law answers, and the kernel rejects them. ``kinds`` are the places of the
    chosen date and of the date that benefit years count by.
    """

    number: int
    plan: PlanBlocks | None
    case: Case
    kinds: tuple[int, int] = (0, 0)
    is_unverified: bool = False

    @property
    def is_annual(self) -> bool:
        """Whether its plan pays at year end."""
        return self.plan is not None and self.plan.shape.is_annual

    def fact(self, name: str) -> str:
        """A fact as summaries group by it."""
        return str(self.case.claim.facts.get(name, ""))


@dataclass(frozen=True, slots=True)
class ProfileTable:
    """What is asked of all profiles, as columns. ``plans`` number plans, 0: no law answers."""

    numbers: Numbers
    kinds: Ints
    annual: Truths
    plans: Numbers

    @classmethod
    def of(cls, profiles: list[Profile], program: Program) -> ProfileTable:
        """The columns; plans are numbered from 1 as the program has them."""
        places = {id(plan): place for place, plan in enumerate(program.plans, start=1)}
        return cls(
            np.array([one.number for one in profiles], np.int32),
            np.array([one.kinds for one in profiles], np.int64).reshape(len(profiles), 2),
            np.array([one.is_annual for one in profiles], np.bool_),
            np.array([places.get(id(one.plan), 0) for one in profiles], np.int32),
        )


@dataclass(slots=True)
class Resolver:
    """The profiles that were met, for all threads together."""

    law: Law
    program: Program
    questions: Questions
    lock: Lock = field(default_factory=Lock)
    choices: dict[tuple[int, ...], PlanBlocks | None] = field(default_factory=dict)
    profiles: dict[tuple[int, ...], Profile] = field(default_factory=dict)
    kept: dict[int, object] = field(default_factory=dict)
    named: dict[int, YibaoError] = field(default_factory=dict)
    told: dict[tuple[int, ...], YibaoError | None] = field(default_factory=dict)

    def name_fact(self, error: YibaoError) -> None:
        """Say in an error what the fact is that it asks for; once, for many claims share it."""
        with self.lock:
            if isinstance(error, UnableToDetermine) and id(error) not in self.named:
                error.name_fact(self.law.area.facts)
                self.named[id(error)] = error

    def choice(self, word: tuple[int, ...], frame: Frame, *, row: int) -> PlanBlocks | None:
        """The plan that answers rows of a word; None if none does."""
        with self.lock:
            if word not in self.choices:
                self.choices[word] = self._resolved(frame, row).plan
            return self.choices[word]

    def profile(self, word: tuple[int, ...], frame: Frame, *, row: int) -> Profile:
        """The profile of rows of a word."""
        with self.lock:
            found = self.profiles.get(word)
            if found is None:
                found = self.profiles[word] = self._resolved(frame, row)
                # Arrays are replaced when they grow; a run goes on with those that it began with.
                for array in (self.program.blocks.values, self.program.profiles.rows):
                    self.kept[id(array)] = array
            return found

    def why_no_plan(self, profile: Profile, frame: Frame, *, row: int) -> YibaoError | None:
        """Why no plan can be chosen for a row of a profile; None if one can.

        Its profile and its days decide that, and all that is told of it: rows that have these in
        common share one answer.
        """
        days = (*frame.dates[:, row].tolist(), _number_of(frame.admission, row))
        with self.lock:
            key = (profile.number, *days)
            if key not in self.told:
                self.told[key] = self._no_plan(frame, row)
            return self.told[key]

    def _no_plan(self, frame: Frame, row: int) -> YibaoError | None:
        member, bill = case_of(frame, row, law=self.law)
        try:
            rows_of(self.law, member, bill=bill)
        except YibaoError as error:
            return error
        return None

    def _resolved(self, frame: Frame, row: int) -> Profile:
        member, bill = case_of(frame, row, law=self.law)
        program = self.program
        try:
            first = rows_of(self.law, member, bill=bill)[0]
            case = Case(first.claim, first.choice.chosen_on)
            plan = next(one for one in program.plans if one.version is first.version)
            number = profile_of(program, plan, case=case)
        except YibaoError as error:
            number = program.profiles.add(rejecting(program.blocks, error), None)
            return Profile(number, None, _bare(member, bill))
        version = plan.version
        kinds = DATES.index(version.chosen_by), DATES.index(version.benefit_year_of)
        return Profile(number, plan, case, kinds, UNVERIFIED_YEAR in first.findings)


class Profiler:
    """The profiles of rows; one thread uses it at a time."""

    def __init__(self, resolver: Resolver) -> None:
        self._resolver = resolver
        width = resolver.questions.width
        self._first, self._second = Numberer(width), Numberer(width)
        self._choosing = resolver.questions.choosing()[np.newaxis, :]
        self._masks: list[Ints] = []
        self.profiles: list[Profile] = []
        self.told = ProfileTable.of([], resolver.program)

    def numbers(self, frame: Frame) -> Numbers:
        """The place of each row's profile in :attr:`profiles`."""
        words = self._resolver.questions.words(frame)
        none = np.zeros(len(frame), np.int32)
        choices, new = self._first.number(words, self._choosing, which=none)
        for row in new:
            word = tuple(int(one) for one in words[:, row] & self._choosing[0])
            plan = self._resolver.choice(word, frame, row=row)
            mask = self._choosing[0]
            if plan is not None:
                mask = self._resolver.questions.asked_by(plan.version)
            self._masks.append(mask)
        masks = np.stack(self._masks) if self._masks else self._choosing
        numbers, new = self._second.number(words, masks, which=choices)
        for row in new:
            word = tuple(int(one) for one in words[:, row] & masks[choices[row]])
            self.profiles.append(self._resolver.profile(word, frame, row=row))
        if new:
            self.told = ProfileTable.of(self.profiles, self._resolver.program)
        return numbers


def case_of(frame: Frame, row: int, *, law: Law) -> tuple[Member, Bill]:
    """A row as a bill without cost, with its facts and dates."""
    facts: dict[str, Stated] = {}
    for name, words in frame.words.items():
        index = int(words.index[row])
        if index < len(words.texts) and words.texts[index]:
            facts[name] = value_of(law.area.facts[name], words.texts[index])
    for name, whole in frame.numbers.items():
        if whole.missing is None or not whole.missing[row]:
            facts[name] = int(whole.values[row])
    settlement, discharge, charge = (_day(frame.dates[place, row]) for place in range(len(DATES)))
    dates = ClaimDates(
        settlement,
        discharge_date=discharge,
        charge_date=charge,
        admission_date=_day_of(frame.admission, row),
    )
    family = _stated(frame, "family_id", row)
    member = Member("M", birth_date=_day_of(frame.birth, row), family_id=family)
    episode = _stated(frame, "episode_id", row)
    return member, Bill("C", "C", dates, facts=facts, episode_id=episode)


def _stated(frame: Frame, name: str, row: int) -> str:
    array = frame.column(name)
    return "" if array is None or not array[row].is_valid else str(array[row].as_py())


def _day(number: int) -> date:
    return EPOCH + timedelta(days=int(number))


def _day_of(column: Whole, row: int) -> date | None:
    return None if column.missing is not None and column.missing[row] else _day(column.values[row])


def _number_of(column: Whole, row: int) -> int:
    """A row's number, one that no day has where it is missing."""
    is_missing = column.missing is not None and column.missing[row]
    return _NO_DAY if is_missing else int(column.values[row])


def _bare(member: Member, bill: Bill) -> Case:
    facts = {name: value for name, value in bill.facts.items() if not isinstance(value, tuple)}
    claim = Claim("C", member.member_id, "C", bill.dates, facts=facts, slots={})
    return Case(claim, bill.dates.settlement_date)
