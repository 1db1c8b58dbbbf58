"""The host of a member's history (结算历史): events replayed purely, in their order of entry.

The order of entry is the order in which counters grow. A settled bill's rows carry the deltas that
they fed; a reversal takes exactly those away again, from their own benefit year, and later claims
that read such a counter stand but are marked stale. Whatever else may happen is built from these
two: a partial refund is a reversal and a settlement, a resettlement is many of them.

Holds: balances = opening + Σ deltas of the rows that are live (stale rows are live too); checked by
raising, at the end of every replay. A counter is never set, only added to.

Refuses: to reverse a row of a stay while a later row of it is live, to settle one claim id twice,
and to store anything: the caller gets rows and balances, and keeps them or not.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Literal, Protocol

from yibao.base.checks import check
from yibao.base.errors import YibaoError
from yibao.base.texts import Text
from yibao.engines.benefits import balances as books
from yibao.engines.benefits.bills import (
    Bill,
    Event,
    Learn,
    Presettle,
    Refund,
    Resettle,
    Reverse,
    Settle,
)
from yibao.engines.benefits.claim import Balances, Claim, CounterKey
from yibao.engines.benefits.determination import Determination
from yibao.engines.benefits.facts import Member, worked_out
from yibao.engines.benefits.reference import adjudicate as adjudicate_by_reference
from yibao.engines.benefits.rows import Law, Row, rows_of
from yibao.engines.policy.law import PlanVersion

Status = Literal["live", "stale", "reversed", "presettled"]


class Adjudicate(Protocol):
    """An engine: one claim row under one plan version (:func:`reference.adjudicate`)."""

    def __call__(self, version: PlanVersion, claim: Claim, *, balances: Balances) -> Determination:
        """The determination of one claim, balances unchanged."""
        ...


class HistoryInvalid(YibaoError):
    """An event that cannot happen: a stable code (docs/errors.md), what to do."""

    def __init__(self, code: str, message: Text, *, remedy: Text) -> None:
        super().__init__(message, remedy)
        self.code = code


@dataclass(frozen=True, slots=True)
class Entry:
    """One row of the history: what was asked, what was answered, and whether it stands.

    ``event`` counts events from 1; ``revision`` counts how often the claim was settled. ``bill`` is
    the whole bill that the row is of. ``stale_by`` lists the events that made it stale.
    """

    event: int
    bill: Bill
    row: Row
    determination: Determination
    status: Status = "live"
    revision: int = 1
    stale_by: tuple[int, ...] = ()

    @property
    def claim_id(self) -> str:
        """The row's claim id (a part of a bill has the year behind the bill's)."""
        return self.row.claim.claim_id

    @property
    def is_live(self) -> bool:
        """Whether its deltas are in the balances."""
        return self.status in ("live", "stale")


@dataclass(frozen=True, slots=True)
class Difference:
    """A row before and after a resettlement; one side is None when the bill has other rows now."""

    claim_id: str
    before: Determination | None
    after: Determination | None

    @property
    def benefit_amount(self) -> int:
        """What the funds pay more (or, below zero, less) than before, fen."""
        after = self.after.benefit_amount if self.after else 0
        return after - (self.before.benefit_amount if self.before else 0)


@dataclass(frozen=True, slots=True)
class Resettlement:
    """The outcome of resettling a benefit year: every row of it, in the new order."""

    event: int
    benefit_year: int
    differences: tuple[Difference, ...]


@dataclass(frozen=True, slots=True)
class Replayed:
    """A history replayed: entries in order of entry, final balances, the member as known now."""

    member: Member
    opening: Balances
    entries: tuple[Entry, ...]
    balances: Balances
    resettlements: tuple[Resettlement, ...] = ()

    def live(self) -> list[Entry]:
        """The entries whose deltas are in the balances."""
        return [entry for entry in self.entries if entry.is_live]

    def of_event(self, event: int) -> list[Entry]:
        """The entries that one event made."""
        return [entry for entry in self.entries if entry.event == event]


def replay(
    law: Law,
    member: Member,
    *,
    events: Sequence[Event],
    opening: Balances | None = None,
    adjudicate: Adjudicate = adjudicate_by_reference,
) -> Replayed:
    """Replay a member's events from opening balances.

    Raises:
        UnableToDetermine: when a bill has no one law.
        UnableToSplit: when one of its lines cannot be split.
        HistoryInvalid: when an event cannot happen (docs/errors.md).
            Each names the event's place and bill.
    """
    host = _Host(law, member, opening or Balances(), adjudicate)
    for number, event in enumerate(events, start=1):
        try:
            host.happen(number, event)
        except YibaoError as error:
            _name_place(error, event)
            raise
    host.check_balances()
    return Replayed(
        host.member, host.opening, tuple(host.entries), host.balances, tuple(host.resettlements)
    )


def _name_place(error: YibaoError, event: Event) -> None:
    """Put the event's place and bill before what an error says."""
    place = f"{event.where}: " if event.where.file else ""
    zh = en = place
    if isinstance(event, Settle | Refund | Presettle):
        name = event.bill.claim_id
        zh, en = f"{place}结算单 {name}: ", f"{place}bill {name}: "
    error.message = Text(zh + error.message.zh, en + error.message.en)


class _Host:
    """The state of one replay; every method is one event or a part of one."""

    def __init__(self, law: Law, member: Member, opening: Balances, adjudicate: Adjudicate) -> None:
        self.law = law
        self.member = member
        self.opening = opening
        self.adjudicate = adjudicate
        self.balances = opening
        self.entries: list[Entry] = []
        self.resettlements: list[Resettlement] = []
        self.event = 0

    def happen(self, number: int, event: Event) -> None:
        """Let one event happen, whole or not at all."""
        self.event = number
        match event:
            case Settle(bill):
                self._refuse_known(bill)
                self._settle(bill)
            case Reverse(claim_id):
                self._mark_stale(self._reverse(self._standing(claim_id)))
            case Refund(claim_id, bill):
                self._refund(claim_id, bill)
            case Presettle(bill):
                self._presettle(bill)
            case Learn(spells):
                self.member = self.member.knowing(spells)
                self._mark_changed()
            case Resettle(benefit_year):
                self._resettle(benefit_year)

    def _settle(self, bill: Bill) -> list[Entry]:
        settled = self._adjudicated(bill, status="live")
        self.entries.extend(settled)
        return settled

    def _presettle(self, bill: Bill) -> None:
        kept = self.balances
        self.entries.extend(self._adjudicated(bill, status="presettled"))
        self.balances = kept

    def _adjudicated(self, bill: Bill, *, status: Status) -> list[Entry]:
        entries: list[Entry] = []
        revision = 1 + max((e.revision for e in self._of_bill(bill.claim_id)), default=0)
        rows = rows_of(self.law, self.member, bill=bill, stay_from=self._stay_from(bill))
        balances = self.balances
        for row in rows:
            claim = replace(row.claim, entry_sequence=len(self.entries) + len(entries) + 1)
            answer = self.adjudicate(row.version, claim, balances=balances)
            answer = replace(answer, findings=(*answer.findings, *row.findings))
            balances = books.after(balances, answer)
            placed = replace(row, claim=claim)
            entries.append(Entry(self.event, bill, placed, answer, status, revision))
        self.balances = balances
        return entries

    def _stay_from(self, bill: Bill) -> date | None:
        """The end of the stay's row before this one, when there is a live one."""
        ends = [
            entry.bill.end_date
            for entry in self.entries
            if entry.is_live and entry.bill.encounter_id == bill.encounter_id
        ]
        return max(ends, default=None)

    def _reverse(self, entries: Sequence[Entry]) -> list[Entry]:
        """Take the rows of a bill out, last first; all of them are live."""
        for entry in reversed(entries):
            place = self._place(entry)
            later = [
                other.claim_id
                for other in self.entries[place + 1 :]
                if other.is_live and other.bill.encounter_id == entry.bill.encounter_id
            ]
            if later:
                raise self._later_row(entry.claim_id, later[-1])
            self.balances = books.without(self.balances, entry.determination)
            self.entries[place] = replace(entry, status="reversed")
        return list(entries)

    def _refund(self, claim_id: str, bill: Bill) -> None:
        standing = self._standing(claim_id)
        if bill.claim_id != standing[0].bill.claim_id:
            self._refuse_known(bill)
        self._mark_stale(self._reverse(standing))
        self._settle(bill)

    def _resettle(self, benefit_year: int) -> None:
        """Reverse every bill of a benefit year, last first, and settle them again in date order."""
        touched = dict.fromkeys(
            entry.bill.encounter_id
            for entry in self.entries
            if entry.is_live and entry.determination.benefit_year == benefit_year
        )
        before = [e for e in self.entries if e.is_live and e.bill.encounter_id in touched]
        bills = _in_date_order(before)
        outside = [e for e in self.entries if e.is_live and e not in before]
        self._reverse(before)
        after = [entry for bill in bills for entry in self._settle(bill)]
        self._mark_readers(outside, _moved_keys(before, after))
        self.resettlements.append(
            Resettlement(self.event, benefit_year, _differences(before, after))
        )

    def _mark_stale(self, reversed_entries: Sequence[Entry]) -> None:
        """Mark later live rows that read a counter which the reversed rows fed."""
        first = min(self._place_of_row(entry) for entry in reversed_entries)
        fed = {key for e in reversed_entries for key, delta in e.determination.deltas if delta}
        self._mark_readers([e for e in self.entries[first + 1 :] if e.is_live], fed)

    def _mark_readers(self, entries: Iterable[Entry], keys: set[CounterKey]) -> None:
        for entry in entries:
            if keys.intersection(entry.determination.reads):
                self._stale(entry)

    def _mark_changed(self) -> None:
        """Mark live rows whose member facts, on the day they were read, are known otherwise now."""
        for entry in [e for e in self.entries if e.is_live]:
            choice = entry.row.choice
            now = {
                **worked_out(self.law.area.facts, self.member, day=choice.chosen_on, stay=None),
                **self.member.on(choice.chosen_on),
                **entry.bill.facts,
            }
            if any(choice.facts.get(name) != value for name, value in now.items()):
                self._stale(entry)

    def _stale(self, entry: Entry) -> None:
        place = self._place(entry)
        by = (*entry.stale_by, self.event)
        self.entries[place] = replace(entry, status="stale", stale_by=by)

    def _of_bill(self, claim_id: str) -> list[Entry]:
        return [
            entry
            for entry in self.entries
            if entry.status != "presettled" and claim_id in (entry.bill.claim_id, entry.claim_id)
        ]

    def _standing(self, claim_id: str) -> list[Entry]:
        """The live rows of a bill, by the bill's id."""
        known = [entry for entry in self._of_bill(claim_id) if entry.bill.claim_id == claim_id]
        live = [entry for entry in known if entry.is_live]
        if not live:
            raise self._not_live(claim_id, is_known=bool(known))
        return live

    def _refuse_known(self, bill: Bill) -> None:
        if self._of_bill(bill.claim_id):
            raise HistoryInvalid(
                "claim_id_duplicate",
                Text(
                    f"结算单号 {bill.claim_id} 已经结算过",
                    f"claim id {bill.claim_id} was settled before",
                ),
                remedy=Text(
                    "请使用新的结算单号；部分退费请写 refund，重结请写 resettle",
                    "give it an id of its own; a partial refund is written `refund`,"
                    " settling a year again `resettle`",
                ),
            )

    def _place(self, entry: Entry) -> int:
        return next(i for i, other in enumerate(self.entries) if other is entry)

    def _place_of_row(self, entry: Entry) -> int:
        """The place of a row by its id and revision, whatever has become of it."""
        name = (entry.claim_id, entry.revision)
        return next(
            i
            for i, e in enumerate(self.entries)
            if (e.claim_id, e.revision) == name and e.status != "presettled"
        )

    def _not_live(self, claim_id: str, *, is_known: bool) -> HistoryInvalid:
        known = ", ".join(dict.fromkeys(e.bill.claim_id for e in self.entries if e.is_live)) or "—"
        why = (
            Text(f"结算单 {claim_id} 已经冲正", f"claim {claim_id} is reversed already")
            if is_known
            else Text(f"没有结算过的结算单 {claim_id}", f"no claim {claim_id} was settled")
        )
        remedy = Text(f"有效的结算单: {known}", f"live claims are: {known}")
        return HistoryInvalid("claim_not_live", why, remedy=remedy)

    def _later_row(self, claim_id: str, later: str) -> HistoryInvalid:
        return HistoryInvalid(
            "later_row_live",
            Text(
                f"{claim_id} 之后同一次住院还有有效的结算 {later}",
                f"after {claim_id} the same stay has a live row {later}",
            ),
            remedy=Text(
                f"请先冲正 {later}", f"reverse {later} first: rows of a stay go last first"
            ),
        )

    def check_balances(self) -> None:
        """Raise unless balances = opening + Σ deltas of live rows, key by key."""
        expected = dict(self.opening.sums)
        for entry in self.entries:
            if entry.is_live:
                for key, delta in entry.determination.deltas:
                    expected[key] = expected.get(key, 0) + delta
        for key in expected.keys() | self.balances.sums.keys():
            found = self.balances.of(key)
            check(
                found == expected.get(key, 0),
                f"counter {key}: balance {found}, deltas of live claims {expected.get(key, 0)}",
            )


def _in_date_order(entries: Sequence[Entry]) -> list[Bill]:
    """The bills of live rows by the day that their law was read on; ties in order of entry."""
    first: dict[str, Entry] = {}
    for entry in entries:
        first.setdefault(entry.bill.claim_id, entry)
    ordered = sorted(first.values(), key=lambda entry: entry.determination.chosen_on)
    return [entry.bill for entry in ordered]


def _moved_keys(before: Sequence[Entry], after: Sequence[Entry]) -> set[CounterKey]:
    """The counters whose sum over the rows is another than it was."""
    moved: dict[CounterKey, int] = {}
    for sign, entries in ((-1, before), (1, after)):
        for entry in entries:
            for key, delta in entry.determination.deltas:
                moved[key] = moved.get(key, 0) + sign * delta
    return {key for key, delta in moved.items() if delta}


def _differences(before: Sequence[Entry], after: Sequence[Entry]) -> tuple[Difference, ...]:
    old = {entry.claim_id: entry.determination for entry in before}
    new = {entry.claim_id: entry.determination for entry in after}
    names = dict.fromkeys([*new, *old])
    return tuple(Difference(name, old.get(name), new.get(name)) for name in names)
