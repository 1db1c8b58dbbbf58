"""One share of claims, settled: read, coded, run through the kernel, packed; and what was odd."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc

from yibao.base.money import AMOUNT_LIMIT
from yibao.engines.benefits.facts import AGE
from yibao.engines.benefits.kernel.program import Program
from yibao.engines.benefits.rows import Law
from yibao.offices.actuary.bulk.counting import Placed, counted
from yibao.offices.actuary.bulk.desks import Desk, Ready, Rejected
from yibao.offices.actuary.bulk.frames import Frame, Truths, Verdicts, frame_of, numbers_of
from yibao.offices.actuary.bulk.machine import (
    Ints,
    Numbers,
    mark_holders,
    mark_narrow,
    shape_rows,
)
from yibao.offices.actuary.bulk.odd import outcomes_of
from yibao.offices.actuary.bulk.reading import (
    Share,
    begins_of,
    holders_of,
    order_of_entry,
    read_share,
    rows_of_share,
)
from yibao.offices.actuary.bulk.resolving import Resolver
from yibao.offices.actuary.bulk.summing import summary_of
from yibao.offices.actuary.bulk.tables import schema_of, table_of_frame
from yibao.offices.actuary.bulk.words import EPOCH, Questions
from yibao.offices.actuary.settled import ResultColumns, Summary
from yibao.storage.files.claim_columns import Contract
from yibao.storage.files.filed_claims import Reject

_YEARS = np.arange(np.datetime64("1900-01-01"), np.datetime64("2200-01-01"))
_FIRST_DAY = int(_YEARS[0].astype(int))
_YEAR_OF_DAY = (_YEARS.astype("datetime64[Y]").astype(np.int64) + EPOCH.year).astype(np.int32)


@dataclass(slots=True)
class ShareResult:
    """What a share gives: tables of results, rejects, the summary.

    ``ids`` are the first and last claim id where the share's ids grow, else None.
    """

    number: int
    claims_count: int
    tables: list[pa.Table]
    rejects: list[Reject]
    summary: Summary
    ids: tuple[int, int] | None


class ShareWorker:
    """Settles shares, each thread at a desk of its own."""

    def __init__(self, law: Law, program: Program, *, contract: Contract) -> None:
        self._law, self._contract = law, contract
        versions = [plan.version for plan in program.plans]
        questions = Questions(law.area, versions)
        self._resolver = Resolver(law, program, questions)
        self._columns = ResultColumns(law.area, law.catalogue.content_hash)
        self.schema = schema_of(self._columns.claims)
        self._local = threading.local()
        self.known = {column.name: column for column in contract.claims}
        self.verdicts: Verdicts = {}

    def __call__(self, share: Share) -> ShareResult:
        """Settle a share."""
        return _Settling(self, share).result()

    @property
    def desk(self) -> Desk:
        """This thread's desk."""
        if not hasattr(self._local, "desk"):
            self._local.desk = Desk(self._resolver, self.schema)
        desk: Desk = self._local.desk
        return desk

    @property
    def law(self) -> Law:
        """The law."""
        return self._law

    @property
    def contract(self) -> Contract:
        """The contract of the files."""
        return self._contract

    @property
    def resolver(self) -> Resolver:
        """The profiles that all desks share."""
        return self._resolver

    @property
    def columns(self) -> ResultColumns:
        """The columns of results."""
        return self._columns

    @cached_property
    def counts_by_charge(self) -> bool:
        """Whether some plan takes stays apart by their charge dates."""
        return any(v.benefit_year_of == "charge_date" for v in self._law.area.plans)


@dataclass(slots=True)
class _Settling:
    worker: ShareWorker
    share: Share
    rejects: list[Reject] = field(default_factory=list)
    tables: list[pa.Table] = field(default_factory=list)
    summary: Summary = field(default_factory=Summary)

    def result(self) -> ShareResult:
        table = read_share(self.share)
        rows = rows_of_share(self.share, table)
        begins = begins_of(holders_of(table, self.worker.contract))
        order = order_of_entry(table, begins, rows=rows)
        if order is not None:
            table, rows = table.take(pa.array(order)), rows[order]
        whole = frame_of(
            table, self.worker.known, rows=rows, begins=begins, verdicts=self.worker.verdicts
        )
        self._mark_rows(whole)
        frame, odd = self._without_odd(whole)
        ready = self._ready(frame)
        while frame.odd.any():
            frame, more = self._without_odd(frame)
            odd = pa.concat_arrays([odd, more])
            ready = self._ready(frame)
        if len(frame):
            self._settle(ready)
        if len(odd):
            self._settle_odd(table, rows, odd)
        self.summary.claims_count = len(rows)
        self.summary.settled_count = len(rows) - self.summary.rejected_count
        return ShareResult(
            self.share.number, len(rows), self.tables, self.rejects, self.summary, _growing(whole)
        )  # fmt: skip

    def _mark_rows(self, frame: Frame) -> None:
        """Mark what can be seen of rows without their plan."""
        sequence, begins = frame.sequence, frame.begins
        same = np.flatnonzero((sequence[1:] == sequence[:-1]) & ~begins[1:])
        if "entry_sequence" in self.share.part.columns:
            frame.odd[same] = frame.odd[same + 1] = True
        if self.share.twice:
            ids = frame.column("claim_id")
            if ids is not None:
                twice = pa.array(sorted(self.share.twice))
                frame.odd |= np.asarray(pc.is_in(ids.cast(pa.string()), twice))
        if self.share.part.lines is not None:
            frame.odd |= self._has_lines(frame)
        if AGE in self.worker.law.area.facts:
            self._mark_ages(frame)
        if self.worker.counts_by_charge and frame.has_charge_date is not None:
            self._mark_crossings(frame)
        if self.worker.resolver.questions.stay_days is not None:
            self._mark_interim_rows(frame)

    def _has_lines(self, frame: Frame) -> Truths:
        claims = frame.column("claim_id")
        path = self.share.part.lines
        if path is None:
            return np.zeros(len(frame), np.bool_)
        lines = pl.scan_parquet(path).select("claim_id").unique().collect()
        texts = claims.cast(pa.string()) if claims is not None else pa.array([], pa.string())
        return np.asarray(pc.is_in(texts, lines["claim_id"].to_arrow().cast(pa.string())))

    def _mark_ages(self, frame: Frame) -> None:
        """Birth dates that give no age that the area knows."""
        fact = self.worker.law.area.facts[AGE]
        if frame.birth.missing is not None and frame.birth.missing.all():
            return
        born = frame.birth.values
        if len(born) and frame.birth.missing is None:
            least, most = int(frame.dates.min()) - born.max(), int(frame.dates.max()) - born.min()
            if fact.start * 366 <= least and most < fact.below * 365:
                return
        lived = frame.dates.astype(np.int64) - frame.birth.values
        outside = (lived.min(axis=0) < fact.start * 366) | (lived.max(axis=0) >= fact.below * 365)
        frame.odd |= outside & frame.birth.is_stated

    def _mark_crossings(self, frame: Frame) -> None:
        """Stays over the turn of the year without a charge date: their plan may ask for it."""
        place = 1
        years = frame.dates[place].astype("datetime64[D]").astype("datetime64[Y]")
        since = frame.admission.values.astype("datetime64[D]").astype("datetime64[Y]")
        has_date = frame.has_charge_date
        lacks = ~has_date if has_date is not None else np.ones(len(frame), np.bool_)
        frame.odd |= (years != since) & frame.admission.is_stated & lacks

    def _mark_interim_rows(self, frame: Frame) -> None:
        """Rows that name another claim's encounter: their stay begins where that one ended."""
        array = frame.column("encounter_id")
        if array is not None:
            frame.odd |= np.asarray(array.is_valid())

    def _without_odd(self, frame: Frame) -> tuple[Frame, pa.Array]:
        """The frame without members that have an odd row, and these members' row numbers."""
        if not frame.odd.any():
            return frame, pa.array([], pa.int64())
        odd = mark_holders(frame.begins, frame.odd)
        return frame.kept(~odd), pa.array(frame.rows[odd])

    def _ready(self, frame: Frame) -> Ready:
        """Profiles, dates and counters of a frame; rows that turn out odd are marked."""
        worker, desk = self.worker, self.worker.desk
        which = desk.profiler.numbers(frame)
        known = desk.profiler.profiles
        count = len(frame)
        chosen, year = np.empty(count, np.int64), np.empty(count, np.int64)
        profiles = np.empty(count, np.int32)
        told = desk.profiler.told
        by_family = worker.contract.by_family
        members = _members(frame, by_family=by_family)
        begins = frame.begins
        if by_family:
            begins = np.append(True, members[1:] != members[:-1])[:count]
        is_sorted = shape_rows(
            frame.dates, which, told.kinds, _YEAR_OF_DAY, _FIRST_DAY, chosen, year, begins,
            profiles, told.numbers,
        )  # fmt: skip
        submitted = _sum(frame.amounts.values(), count)
        streams = [values for name, values in frame.amounts.items() if ":" in name]
        mark_narrow(profiles, _sum(streams, count))
        ready_rows = Placed(frame, told, which, year, members, _families(frame, by_family))
        self._mark_amounts(frame, ready_rows, submitted)
        found = counted(
            worker.resolver.program, ready_rows,
            years_stand_together=is_sorted and not by_family,
        )  # fmt: skip
        return Ready(frame, known, which, profiles, found, chosen, year, submitted, begins)

    def _mark_amounts(self, frame: Frame, placed: Placed, submitted: Ints) -> None:
        """Amounts that do not go with the row's plan, or do not sum."""
        told, which, program = placed.told, placed.which, self.worker.resolver.program
        is_annual = _where(told.annual, which)
        is_refused = _where(told.plans == 0, which)
        odd = (submitted > AMOUNT_LIMIT) | (is_annual & (submitted > 0))
        if frame.lacks_amounts is not None:
            odd |= frame.lacks_amounts & ~is_annual
        if frame.submitted is not None:
            differs = frame.submitted.values != submitted
            odd |= differs & frame.submitted.is_stated & ~is_annual
        for name, values in frame.amounts.items():
            stream = name.partition(":")[2]
            if stream and values.any():
                knows = [0, *(stream in plan.version.streams for plan in program.plans)]
                odd |= (values > 0) & ~np.array(knows, np.bool_)[told.plans][which]
        frame.odd |= odd & ~is_refused

    def _settle(self, ready: Ready) -> None:
        desk = self.worker.desk
        answer = desk.settle(ready)
        if answer.table.num_rows:
            self.tables.append(answer.table)
        self.summary.take(summary_of(answer.sums))
        for one in answer.rejected:
            self._reject(self._refused(ready.frame, one))

    def _reject(self, reject: Reject) -> None:
        if self.share.part.place is not None:
            reject = reject.found_in(self.share.part.place)
        self.rejects.append(reject)
        self.summary.add_reject(reject)

    def _refused(self, frame: Frame, one: Rejected) -> Reject:
        """Why a claim was rejected, told as the reference engine tells it."""
        error, resolver = one.error, self.worker.resolver
        if one.profile.plan is None:
            error = resolver.why_no_plan(one.profile, frame, row=one.place) or error
        resolver.name_fact(error)
        claim, member = (_text(frame, name, one.place) for name in ("claim_id", "member_id"))
        row, code = int(frame.rows[one.place]), getattr(error, "code", "")
        return Reject("claims", row, claim, member, "", code, error.message, error.remedy)

    def _settle_odd(self, table: pa.Table, rows: Ints, odd: pa.Array) -> None:
        places = np.isin(rows, np.asarray(odd))
        mask = pa.array(places)
        listed: list[list[object]] = []
        columns = self.worker.columns
        for outcome in outcomes_of(
            self.worker.law, self.share, contract=self.worker.contract,
            table=table.filter(mask), rows=rows[places],
        ):  # fmt: skip
            if isinstance(outcome, Reject):
                self._reject(outcome)
            else:
                listed.append(columns.claim_row(outcome))
                self.summary.add(outcome)
        if listed:
            frame = pl.DataFrame(listed, schema=columns.claims, orient="row")
            self.tables.append(table_of_frame(frame, self.worker.schema))


def _text(frame: Frame, name: str, place: int) -> str:
    array = frame.column(name)
    return "" if array is None else str(array[place].as_py() or "")


def _where(of_profiles: Truths, which: Numbers) -> Truths:
    """Which rows have a profile of some kind."""
    if not of_profiles.any():
        return np.zeros(len(which), np.bool_)
    found: Truths = of_profiles[which]
    return found


def _sum(columns: Iterable[Ints], count: int) -> Ints:
    total = np.zeros(count, np.int64)
    for values in columns:
        total += values
    return total


def _members(frame: Frame, *, by_family: bool) -> Ints:
    """A number for each member."""
    if not by_family:
        return np.cumsum(frame.begins)
    ids = frame.column("member_id")
    if ids is None:
        return np.cumsum(frame.begins)
    coded = ids.dictionary_encode() if not pa.types.is_dictionary(ids.type) else ids
    return numbers_of(coded.indices)[0]


def _families(frame: Frame, by_family: bool) -> Ints | None:  # noqa: FBT001
    """A number for each family, −1 for claims that name none."""
    ids = frame.column("family_id")
    if not by_family or ids is None:
        return None
    coded = ids.dictionary_encode() if not pa.types.is_dictionary(ids.type) else ids
    numbers, missing = numbers_of(coded.indices)
    return numbers if missing is None else np.where(missing, -1, numbers)


def _growing(frame: Frame) -> tuple[int, int] | None:
    """First and last claim id, if they are numbers that grow from row to row."""
    ids = frame.column("claim_id")
    if ids is None or not pa.types.is_integer(ids.type) or ids.null_count or not len(ids):
        return None
    values, _ = numbers_of(ids)
    return (int(values[0]), int(values[-1])) if np.all(values[1:] > values[:-1]) else None
