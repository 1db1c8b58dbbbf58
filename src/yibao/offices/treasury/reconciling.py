"""Reconciling (对账): what a provider or a bank says, against the lines of our books.

A provider's lines are held against what our payables came to owe it, a bank's against the lines of
the bank account. Which record meets which is decided by
:mod:`yibao.engines.accounting.reconciling`; here both sides become records.

Holds: an entry and its reversal within the period are nobody's record, since they sum to nothing;
how many such pairs there were is told. A reference of theirs may be our client id or our source.

Refuses: to book anything. What is to be done about a difference is decided by a person.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby

from sqlalchemy import select

from yibao.engines.accounting.reconciling import (
    Reconciliation,
    Record,
    reconcile,
    reconcile_bank,
)
from yibao.offices.treasury.books import Book
from yibao.offices.treasury.tables import ACCOUNT, ENTRY, LINE
from yibao.storage.files.ledger_lists import BankStatement, ProviderList
from yibao.storage.postgres.database import Database

CLAIMED = ("settlement", "personal_account_use")
"""The events by which a fund comes to owe a provider for a claim."""

PAYABLE = "provider_payable"
_BETWEEN = " / "


@dataclass(frozen=True, slots=True)
class Party:
    """Whose records: the provider or bank account, the days (both included), a fund if one."""

    party_id: str
    first_date: date
    last_date: date
    fund: str = ""


@dataclass(frozen=True, slots=True)
class OurLine:
    """What an entry moved with the party in one fund; ``amount`` in the party's own sense."""

    entry_id: int
    client_id: str
    source: str
    business_date: date
    fund: str
    amount: int


@dataclass(frozen=True, slots=True)
class Reconciled:
    """Lines and totals against ours; None where the sender gave none.

    ``reversed_count`` pairs of an entry and its reversal were left out.
    """

    lines: Reconciliation | None
    totals: Reconciliation | None
    reversed_count: int

    @property
    def agrees(self) -> bool:
        """Whether nothing differs."""
        return all(part is None or part.agrees for part in (self.lines, self.totals))


async def reconcile_provider(
    database: Database,
    sent: ProviderList,
    *,
    party: Party,
    book: Book,
    event_kinds: Collection[str] = CLAIMED,
) -> Reconciled:
    """A provider's list against its payable: what we came to owe is above zero.

    Raises:
        UnableToBook: ``account_unknown``: the fund that is named has no such payable.
    """
    wanted = {
        code
        for code, account in book.chart.accounts.items()
        if account.account_type == PAYABLE and party.fund in ("", account.fund)
    }
    ours = await _lines(database, party, codes=wanted, book=book, event_kinds=event_kinds)
    credited = [_turned(one) for one in ours]
    kept, reversed_count = await _without_reversed(database, credited)
    return Reconciled(
        _provider_lines(kept, sent) if sent.lines else None,
        _provider_totals(credited, sent) if sent.totals else None,
        reversed_count,
    )


async def reconcile_statement(
    database: Database, sent: BankStatement, *, party: Party, book: Book, within_days: int
) -> Reconciled:
    """A bank's statement against the lines of the bank account: money in is above zero."""
    wanted = {
        code
        for code, account in book.chart.accounts.items()
        if account.holder == "bank" and party.fund in ("", account.fund)
    }
    ours = await _lines(database, party, codes=wanted, book=book, event_kinds=())
    kept, reversed_count = await _without_reversed(database, ours)
    references = {record.reference for record in sent.records if record.reference}
    records = [
        Record(str(one.entry_id), one.amount, _known(one, references), one.business_date)
        for one in _by_entry(kept)
    ]
    found = reconcile_bank(records, sent.records, within_days=within_days)
    return Reconciled(found, None, reversed_count)


def _provider_lines(ours: Sequence[OurLine], sent: ProviderList) -> Reconciliation:
    by_fund = sent.by_fund
    references = {row.reference for row in sent.lines}
    theirs = [
        Record(row.record_id, row.amount, _of_fund(row.reference, row.fund if by_fund else ""))
        for row in sent.lines
    ]
    records = [
        Record(
            str(one.entry_id),
            one.amount,
            _of_fund(_known(one, references) or one.client_id, one.fund if by_fund else ""),
        )
        for one in (ours if by_fund else _by_entry(ours))
    ]
    return reconcile(records, theirs)


def _provider_totals(ours: Sequence[OurLine], sent: ProviderList) -> Reconciliation:
    sums: dict[str, int] = defaultdict(int)
    for one in ours:
        sums[one.fund] += one.amount
        sums[""] += one.amount
    asked = {row.fund for row in sent.totals}
    if asked - {""}:
        asked |= {fund for fund, amount in sums.items() if fund and amount}
    records = [Record(_total(fund), sums.get(fund, 0), _total(fund)) for fund in sorted(asked)]
    theirs = [Record(row.record_id, row.amount, _total(row.fund)) for row in sent.totals]
    return reconcile(records, theirs)


def _total(fund: str) -> str:
    return fund or "*"


def _of_fund(reference: str, fund: str) -> str:
    return f"{reference}{_BETWEEN}{fund}" if fund else reference


def _known(one: OurLine, references: Collection[str]) -> str:
    """What the other side calls an entry: our client id, else our source; empty: neither."""
    return next((name for name in (one.client_id, one.source) if name in references), "")


def _turned(one: OurLine) -> OurLine:
    return OurLine(
        one.entry_id, one.client_id, one.source, one.business_date, one.fund, -one.amount
    )


def _by_entry(lines: Iterable[OurLine]) -> list[OurLine]:
    """One line an entry, its funds together; those that come to nothing left out."""
    found = []
    for _, group in groupby(lines, key=lambda one: one.entry_id):
        together = list(group)
        first, amount = together[0], sum(one.amount for one in together)
        if amount:
            found.append(
                OurLine(
                    *(first.entry_id, first.client_id, first.source, first.business_date),
                    *("", amount),
                )
            )
    return found


async def _lines(
    database: Database, party: Party, *, codes: set[str], book: Book, event_kinds: Collection[str]
) -> list[OurLine]:
    """What the entries of a period moved with a party, by entry and fund, in booking order."""
    ids = [number for code, number in book.account_ids.items() if code in codes]
    head = (ENTRY.c.entry_id, ENTRY.c.client_id, ENTRY.c.source, ENTRY.c.business_date)
    wanted = (
        select(*head, ACCOUNT.c.fund, LINE.c.amount)
        .join(ENTRY, ENTRY.c.entry_id == LINE.c.entry_id)
        .join(ACCOUNT, ACCOUNT.c.account_id == LINE.c.account_id)
        .where(
            LINE.c.account_id.in_(ids),
            LINE.c.party_id == party.party_id,
            LINE.c.business_date.between(party.first_date, party.last_date),
        )
        .order_by(ENTRY.c.entry_id, ACCOUNT.c.fund)
    )
    if event_kinds:
        wanted = wanted.where(ENTRY.c.event_kind.in_(sorted(event_kinds)))
    async with database.reading() as connection:
        rows = (await connection.execute(wanted)).all()
    sums: dict[tuple[int, str], int] = defaultdict(int)
    heads = {}
    for row in rows:
        sums[row.entry_id, row.fund] += row.amount
        heads[row.entry_id] = (row.client_id, row.source, row.business_date)
    return [
        OurLine(entry_id, *heads[entry_id], fund, amount)
        for (entry_id, fund), amount in sums.items()
        if amount
    ]


async def _without_reversed(
    database: Database, lines: Sequence[OurLine]
) -> tuple[list[OurLine], int]:
    """The lines without entries that were reversed within the period, and how many those were."""
    numbers = {one.entry_id for one in lines}
    if not numbers:
        return [], 0
    wanted = select(ENTRY.c.entry_id, ENTRY.c.reverses_entry_id).where(
        ENTRY.c.reverses_entry_id.is_not(None),
        ENTRY.c.entry_id.between(min(numbers), max(numbers)),
    )
    async with database.reading() as connection:
        rows = (await connection.execute(wanted)).all()
    pairs = [
        (row.entry_id, row.reverses_entry_id)
        for row in rows
        if row.entry_id in numbers and row.reverses_entry_id in numbers
    ]
    gone = {number for pair in pairs for number in pair}
    return [one for one in lines if one.entry_id not in gone], len(pairs)
