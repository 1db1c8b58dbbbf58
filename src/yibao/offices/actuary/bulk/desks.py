"""One worker's desk: a frame of claims through the kernel, into a table of results.

Holds, and is checked in every row: submitted = Σ benefits + Σ left, Σ funds = Σ benefits.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from yibao.base.checks import check
from yibao.base.errors import YibaoError
from yibao.engines.benefits.claim import CLASSES, OUTCOMES, Slot
from yibao.engines.benefits.kernel.batch import Batch, Results, Wanted, settle
from yibao.engines.benefits.kernel.marks import marks_of
from yibao.engines.benefits.kernel.tracks import left_column
from yibao.engines.benefits.version import ENGINE_VERSION
from yibao.offices.actuary.bulk.counting import Counted
from yibao.offices.actuary.bulk.frames import Frame, Truths, whole_array
from yibao.offices.actuary.bulk.grounds import Ground, Grounds
from yibao.offices.actuary.bulk.machine import (
    Ints,
    Numberer,
    Numbers,
    look,
    mark_later,
    seen,
    sum_by,
)
from yibao.offices.actuary.bulk.resolving import Profile, Profiler, Resolver
from yibao.offices.actuary.bulk.tables import Constants, amounts_column, coded, encounters_of
from yibao.offices.actuary.bulk.tables import members_of as members_column

_WANTED = Wanted(pays=True, left=True, funds=True, marks=True)
_FINDINGS = (
    None, "unverified_year", "earlier_claim_rejected", "unverified_year;earlier_claim_rejected",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Ready:
    """A frame that can be settled: profiles, counters, dates as the plans read them.

    ``which`` are places in ``known``; ``profiles`` the kernel's own numbers, marked where a
    member-year begins; ``members`` says where a member begins.
    """

    frame: Frame
    known: list[Profile]
    which: Numbers
    profiles: Numbers
    counted: Counted
    chosen: Ints
    year: Ints
    submitted: Ints
    members: Truths

    def kept(self, keep: Truths) -> Ready:
        """What remains of a frame without its rejected claims, for the table of results."""
        return replace(
            self,
            frame=self.frame.kept(keep),
            which=self.which[keep],
            chosen=self.chosen[keep],
            year=self.year[keep],
            submitted=self.submitted[keep],
        )


@dataclass(frozen=True, slots=True)
class Kindred:
    """Claims of one profile that drew by the same layers; ``funds`` are those of these layers."""

    profile: Profile
    ground: Ground
    funds: tuple[str, ...]

    @property
    def is_annual(self) -> bool:
        """Whether they are paid at year end."""
        return self.profile.is_annual

    @property
    def group(self) -> tuple[object, ...]:
        """All that a summary tells apart."""
        profile, uses_examples = self.profile, bool(self.ground.examples_count)
        facts = profile.fact("scheme"), profile.fact("care_type")
        return (id(profile.plan), facts, profile.is_unverified, uses_examples, self.funds)


@dataclass(slots=True)
class KindredTable:
    """What is asked of all kindred, as columns; it grows as they are met.

    ``groups`` number what summaries tell apart, ``grouped`` has one of each.
    """

    values: Ints = field(default_factory=lambda: np.zeros(0, np.int64))
    examples: Ints = field(default_factory=lambda: np.zeros(0, np.int64))
    annual: Truths = field(default_factory=lambda: np.zeros(0, np.bool_))
    unverified: Numbers = field(default_factory=lambda: np.zeros(0, np.int32))
    groups: Numbers = field(default_factory=lambda: np.zeros(0, np.int32))
    grouped: list[Kindred] = field(default_factory=list)
    _places: dict[tuple[object, ...], int] = field(default_factory=dict)

    def grow(self, new: Sequence[Kindred]) -> None:
        """More kindred, behind those that are there."""
        places = [self._place(one) for one in new]
        grounds = [one.ground for one in new]
        self.values = np.append(self.values, [one.values_count for one in grounds])
        self.examples = np.append(self.examples, [one.examples_count for one in grounds])
        self.annual = np.append(self.annual, [one.is_annual for one in new])
        unverified = np.array([one.profile.is_unverified for one in new], np.int32)
        self.unverified = np.append(self.unverified, unverified)
        self.groups = np.append(self.groups, np.array(places, np.int32))

    def _place(self, one: Kindred) -> int:
        place = self._places.setdefault(one.group, len(self.grouped))
        if place == len(self.grouped):
            self.grouped.append(one)
        return place


@dataclass(slots=True)
class Sums:
    """What a frame's claims came to: count, submitted, paid by group of kindred; by column."""

    groups: list[tuple[Kindred, int, int, int]] = field(default_factory=list)
    columns: dict[str, int] = field(default_factory=dict)
    later_count: int = 0


@dataclass(frozen=True, slots=True)
class Rejected:
    """A claim that the kernel rejected: its place in the frame, and why."""

    place: int
    profile: Profile
    error: YibaoError


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of a frame: its table of results, sums, and the claims that were rejected."""

    table: pa.Table
    sums: Sums
    rejected: list[Rejected]


class Desk:
    """What one thread works with."""

    def __init__(self, resolver: Resolver, schema: pa.Schema) -> None:
        self.profiler = Profiler(resolver)
        self.kindred: list[Kindred] = []
        self._program = resolver.program
        self._lock = resolver.lock
        self._schema = schema
        self._outputs = {name: place for place, name in enumerate(self._program.outputs)}
        self._numberer = Numberer(2)
        self._grounds = Grounds()
        self._told = KindredTable()
        self._active: dict[int, frozenset[str]] = {}
        self._constants = Constants()

    def settle(self, ready: Ready) -> Answer:
        """Settle a frame."""
        program = self._program
        count = len(ready.frame)
        amounts = np.zeros((len(program.inputs), count), np.int64)
        for place, name in enumerate(program.inputs):
            if name in ready.frame.amounts:
                amounts[place] = ready.frame.amounts[name]
        counted = ready.counted
        batch = Batch(
            profiles=ready.profiles,
            amounts=amounts,
            years=counted.years,
            keys=counted.keys,
            sums=counted.sums,
        )
        results = settle(program, batch, wanted=_WANTED)
        active = self._active_columns(ready)
        if not results.rejected_count:
            later = np.zeros(count, np.bool_)
            table, sums = self._table(ready, results, later, active)
            return Answer(table, sums, [])
        return self._with_rejected(ready, results, active)

    def _with_rejected(self, ready: Ready, results: Results, active: frozenset[str]) -> Answer:
        is_rejected = results.status != 0
        keep = ~is_rejected
        rejected = [
            Rejected(
                place,
                ready.known[ready.which[place]],
                self._program.blocks.error(int(results.status[place])),
            )
            for place in np.flatnonzero(is_rejected).tolist()
        ]
        later = mark_later(ready.frame.begins, is_rejected)[keep]
        few = replace(results, columns=results.columns[:, keep], marks=results.marks[keep])
        table, sums = self._table(ready.kept(keep), few, later, active)
        return Answer(table, sums, rejected)

    def _active_columns(self, ready: Ready) -> frozenset[str]:
        """The columns that some plan of the frame may write."""
        plans = seen(ready.which, len(ready.known))
        names: set[str] = set()
        for place in np.unique(self.profiler.told.plans[plans]).tolist():
            if place:
                names |= self._written_by(place)
        return frozenset(names)

    def _written_by(self, place: int) -> frozenset[str]:
        """The columns that a plan may write."""
        if place not in self._active:
            shape = self._program.plans[place - 1].shape
            names = {f"left_{reason}" for reason in CLASSES}
            for layer in shape.layers:
                names.add(f"benefit_{layer.name}")
                names |= {f"fund_{fund}" for fund in layer.funds}
                names |= {f"left_{reason}_{layer.name}" for reason in OUTCOMES}
            drawn = {draw for layer in shape.layers for draw, _ in layer.draws if "@" in draw}
            names |= {left_column(Slot.parse(draw)) for draw in drawn}
            self._active[place] = frozenset(names & self._outputs.keys())
        return self._active[place]

    def _table(
        self, ready: Ready, results: Results, later: Truths, active: frozenset[str]
    ) -> tuple[pa.Table, Sums]:
        kindred = self._name_kindred(ready, results.marks)
        sums = Sums(later_count=int(np.count_nonzero(later)))
        columns = self._identity(ready) | self._words(kindred, later)
        columns |= self._amounts(ready, results, kindred, active, sums)
        told = self._told
        columns |= {
            "chosen_on": pa.array(ready.chosen.astype(np.int32)).cast(pa.date32()),
            "counter_year": pa.array(ready.year),
            "is_annual": pa.array(told.annual[kindred]),
            "values_count": pa.array(told.values[kindred]),
            "examples_count": pa.array(told.examples[kindred]),
        }
        arrays = [columns[name] for name in self._schema.names]
        return pa.Table.from_arrays(arrays, schema=self._schema), sums

    def _name_kindred(self, ready: Ready, marks: Ints) -> Numbers:
        """The kindred of each claim."""
        which = ready.which
        words = np.stack([which.astype(np.int64), marks])
        every = np.full((1, 2), -1, np.int64)
        numbers, new = self._numberer.number(words, every, which=np.zeros(len(which), np.int32))
        met = [self._kindred_of(ready.known[which[row]], int(marks[row])) for row in new]
        if met:
            self.kindred += met
            self._told.grow(met)
        return numbers

    def _kindred_of(self, profile: Profile, marks: int) -> Kindred:
        plan = profile.plan
        if plan is None:
            return Kindred(profile, Ground(0, 0, ()), ())
        told = marks_of(plan.shape)
        drew = [layer for n, layer in enumerate(plan.version.layers) if told.drew(marks, n)]
        funds = dict.fromkeys(payer.fund for layer in drew for payer in layer.paid_by)
        return Kindred(profile, self._grounds.of(plan, profile.case, marks=marks), tuple(funds))

    def _identity(self, ready: Ready) -> dict[str, pa.Array]:
        frame = ready.frame
        claims, members = frame.table["claim_id"], frame.table["member_id"]
        claims, members = whole_array(claims), whole_array(members)
        texts = claims.cast(pa.string())
        begins = ready.members
        return {
            "claim_id": texts,
            "member_id": members_column(members, begins if len(begins) == len(texts) else
                                        _begins(members)),
            "encounter_id": encounters_of(frame.column("encounter_id"), claims, texts=texts),
            "entry_sequence": pa.array(frame.sequence),
        }  # fmt: skip

    def _words(self, kindred: Numbers, later: Truths) -> dict[str, pa.Array]:
        constant, rows = self._constants.text, len(kindred)
        plans = [one.profile.plan for one in self.kindred]
        ids = [plan.version.plan_id if plan else None for plan in plans]
        hashes = [plan.version.policy_hash if plan else None for plan in plans]
        questions = [one.ground.questions for one in self.kindred]
        used = np.flatnonzero(seen(kindred, len(plans))).tolist()
        findings = self._told.unverified[kindred] + 2 * later.astype(np.int32)
        told = np.flatnonzero(seen(findings, len(_FINDINGS))).tolist()
        return {
            "plan_id": coded(ids, kindred, used=used),
            "policy_hash": coded(hashes, kindred, used=used),
            "open_questions": coded(questions, kindred, used=used),
            "engine_version": constant(ENGINE_VERSION, rows),
            "catalogue_hash": constant(None, rows),
            "findings": coded(_FINDINGS, findings, used=told),
        }

    def _amounts(
        self, ready: Ready, results: Results, kindred: Numbers, active: frozenset[str], sums: Sums
    ) -> dict[str, pa.Array]:
        rows = len(kindred)
        paid, funded, left = (np.zeros(rows, np.int64) for _ in range(3))
        into = {"benefit": paid, "fund": funded, "left": left}
        zeros = self._constants.zeros(rows)
        columns = {}
        for name in self._schema.names:
            total = into.get(name.partition("_")[0])
            if total is None:
                continue
            columns[name] = zeros
            if name in active:
                values = results.columns[self._outputs[name]]
                filled, amount = look(values, total)
                if filled:
                    columns[name] = amounts_column(values)
                    sums.columns[name] = amount
        submitted = ready.submitted
        is_annual = self._told.annual[kindred]
        if is_annual.any():
            submitted = np.where(is_annual, paid + left, submitted)
        check(
            np.array_equal(submitted, paid + left) and np.array_equal(paid, funded),
            "a claim's parts do not sum to what was charged",
        )
        self._sum(sums, kindred, submitted, paid)
        columns["submitted_amount"] = pa.array(submitted)
        columns["out_of_pocket_amount"] = pa.array(left)
        return columns

    def _sum(self, sums: Sums, kindred: Numbers, submitted: Ints, paid: Ints) -> None:
        told = self._told
        found = np.zeros((len(told.grouped), 3), np.int64)
        sum_by(told.groups[kindred], submitted, paid, found)
        for number in np.flatnonzero(found[:, 0]).tolist():
            sums.groups.append((told.grouped[number], *found[number].tolist()))


def _begins(members: pa.Array) -> Truths:
    """Where another member begins."""
    texts = members.cast(pa.string())
    begins: Truths = np.ones(len(texts), np.bool_)
    begins[1:] = np.asarray(pc.not_equal(texts[1:], texts[:-1]))
    return begins
