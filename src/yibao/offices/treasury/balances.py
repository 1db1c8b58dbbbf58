"""Balances (余额): of any account, type, fund or party, as of a business date, as known on another.

What is sealed is summed by account, business day and booking day (by party too, where parties are
few); what is not sealed yet is a short tail of lines. A balance is both, read in one snapshot.

Holds: a balance as of X known on Y counts each line with business date ≤ X and booking date ≤ Y
once, sealed or not; an answer for one day known on a past day never changes any more.

Refuses: a scope that no account of the book is in (:class:`~..chart.UnableToBook`).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from sqlalchemy import (
    ColumnElement,
    FromClause,
    Select,
    Table,
    and_,
    case,
    func,
    literal,
    select,
    true,
    union_all,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from yibao.engines.accounting.chart import Account
from yibao.engines.accounting.statements import Movement
from yibao.offices.treasury.books import Book
from yibao.offices.treasury.tables import DAY_SUM, ENTRY, LINE, PARTY_DAY_SUM, PERSONAL_BALANCE
from yibao.storage.postgres.database import Database


@dataclass(frozen=True, slots=True)
class Scope:
    """What a balance is of: everything that is given must hold, what is empty is not asked."""

    account_code: str = ""
    account_type: str = ""
    fund: str = ""
    party_id: str = ""

    def accounts(self, book: Book) -> tuple[Account, ...]:
        """The accounts of the book in the scope.

        Raises:
            UnableToBook: ``account_unknown``: there is none.
        """
        chart = book.chart
        if self.account_code:
            return (chart.account(self.account_code),)
        found = tuple(
            account
            for account in chart.accounts.values()
            if self.fund in ("", account.fund)
            and self.account_type in ("", account.account_type)
            and (not self.party_id or account.holder != "none")
        )
        return found or (chart.account(f"{self.fund or '*'}/{self.account_type or '*'}"),)


@dataclass(frozen=True, slots=True)
class Dates:
    """Business dates from ``first`` to ``last``, both included, as known at the end of a day."""

    first: date | None = None
    last: date | None = None
    known_on: date | None = None


@dataclass(frozen=True, slots=True)
class Balance:
    """Balances of a scope: one movement an account that ever moved."""

    movements: tuple[Movement, ...]

    @property
    def amount(self) -> int:
        """The signed sum, debit > 0."""
        return sum(movement.closing_amount for movement in self.movements)


@dataclass(frozen=True, slots=True)
class PersonalBalance:
    """A member's account now: what stands on it and what of that is reserved, fen ≥ 0."""

    account_code: str
    balance_amount: int
    reserved_amount: int

    @property
    def available_amount(self) -> int:
        """What may be used."""
        return self.balance_amount - self.reserved_amount


async def balance(
    database: Database, scope: Scope, *, book: Book, dates: Dates | None = None
) -> Balance:
    """The balance of a scope at the end of ``dates.last``, as known on ``dates.known_on``.

    Raises:
        UnableToBook: ``account_unknown``.
    """
    accounts = scope.accounts(book)
    async with database.reading() as connection:
        found = await moved(
            connection, accounts, book=book, dates=dates or Dates(), party_id=scope.party_id
        )
    return Balance(found)


async def movements(database: Database, *, book: Book, dates: Dates) -> tuple[Movement, ...]:
    """The movement of every account of the book between two business dates."""
    async with database.reading() as connection:
        return await moved(connection, book.chart.accounts.values(), book=book, dates=dates)


async def personal_balances(
    database: Database, member_id: str, *, book: Book
) -> tuple[PersonalBalance, ...]:
    """A member's accounts as they stand at this moment."""
    codes = {number: code for code, number in book.account_ids.items()}
    wanted = select(PERSONAL_BALANCE).where(
        PERSONAL_BALANCE.c.party_id == member_id, PERSONAL_BALANCE.c.account_id.in_(codes)
    )
    async with database.reading() as connection:
        rows = (await connection.execute(wanted)).all()
    return tuple(
        PersonalBalance(codes[row.account_id], row.balance_amount, row.reserved_amount)
        for row in rows
    )


async def moved(
    connection: AsyncConnection,
    accounts: Iterable[Account],
    *,
    book: Book,
    dates: Dates,
    party_id: str = "",
) -> tuple[Movement, ...]:
    """Movements on a connection of :meth:`Database.reading`, in the order of the chart."""
    wanted = list(accounts)
    codes = {book.account_ids[account.code]: account.code for account in wanted}
    sealed, last = (
        await connection.execute(
            select(func.treasury.sealed_up_to(), func.treasury.last_number()),
        )
    ).one()
    members = [book.account_ids[each.code] for each in wanted if each.holder == "member"]
    others = [number for number in codes if number not in set(members)]
    if not party_id:
        parts = [
            _of_sums(DAY_SUM, list(codes), dates),
            _of_tail(list(codes), dates, (sealed, last)),
        ]
    else:
        parts = [
            _of_sums(PARTY_DAY_SUM, others, dates, party_id),
            _of_tail(others, dates, (sealed, last), party_id),
            _of_member(members, dates, party_id),
        ]
    every = union_all(*parts).subquery()
    summed = select(
        every.c.account_id, *(func.sum(every.c[name]).label(name) for name in _SUMS)
    ).group_by(every.c.account_id)
    rows = (await connection.execute(summed)).all()
    found = {
        codes[row.account_id]: Movement(
            codes[row.account_id], int(row.opening), int(row.debit), int(row.credit)
        )
        for row in rows
    }
    return tuple(found[code] for code in codes.values() if code in found)


_SUMS = ("opening", "debit", "credit")


def _of_sums(
    table: Table, account_ids: list[int], dates: Dates, party_id: str = ""
) -> Select[tuple[int, int, int, int]]:
    """What sealed days moved, opening and period apart."""
    c = table.c
    before = c.business_date < dates.first if dates.first else literal(value=False)
    wanted = [c.account_id.in_(account_ids), *_until(c.business_date, dates.last)]
    wanted += _until(c.booking_date, dates.known_on)
    if party_id:
        wanted.append(c.party_id == party_id)
    return select(
        c.account_id,
        case((before, c.debit_amount - c.credit_amount), else_=0).label("opening"),
        case((before, 0), else_=c.debit_amount).label("debit"),
        case((before, 0), else_=c.credit_amount).label("credit"),
    ).where(*wanted)


def _of_tail(
    account_ids: list[int], dates: Dates, tail: tuple[int, int], party_id: str = ""
) -> Select[tuple[int, int, int, int]]:
    """What is not sealed yet. Found by number: an account's index would find all its lines."""
    sealed, last = tail
    wanted = [LINE.c.entry_id > sealed, LINE.c.entry_id <= last]
    wanted.append((LINE.c.account_id + 0).in_(account_ids))
    return _of_lines([*wanted, *_of_party(party_id)], dates)


def _of_member(
    account_ids: list[int], dates: Dates, party_id: str
) -> Select[tuple[int, int, int, int]]:
    """A member's lines, sealed or not: few, and not summed by day."""
    return _of_lines([LINE.c.account_id.in_(account_ids), *_of_party(party_id)], dates)


def _of_lines(wanted: list[ColumnElement[bool]], dates: Dates) -> Select[tuple[int, int, int, int]]:
    amount = LINE.c.amount
    before = LINE.c.business_date < dates.first if dates.first else literal(value=False)
    source: FromClause = LINE
    if dates.known_on:
        source = LINE.join(ENTRY, LINE.c.entry_id == ENTRY.c.entry_id)
    return (
        select(
            LINE.c.account_id,
            case((before, amount), else_=0).label("opening"),
            case((and_(~before, amount > 0), amount), else_=0).label("debit"),
            case((and_(~before, amount < 0), -amount), else_=0).label("credit"),
        )
        .select_from(source)
        .where(
            *wanted,
            *_until(LINE.c.business_date, dates.last),
            *_until(ENTRY.c.booking_date, dates.known_on),
        )
    )


def _of_party(party_id: str) -> list[ColumnElement[bool]]:
    return [LINE.c.party_id == party_id] if party_id else [true()]


def _until(column: ColumnElement[date], last: date | None) -> list[ColumnElement[bool]]:
    return [column <= last] if last else []
