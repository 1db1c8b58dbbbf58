"""The journal (日记账): booked entries found again, page by page or as one stream.

Entries come in booking order. A page ends with the number to go on after; a stream reads one moment
of the books, however long it takes, and holds a page in memory.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime
from itertools import groupby
from typing import Any

from sqlalchemy import ColumnElement, exists, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from yibao.engines.accounting.entry import Entry, Line
from yibao.offices.treasury.errors import unable
from yibao.offices.treasury.tables import ACCOUNT, ENTRY, LINE
from yibao.storage.postgres.database import Database

PAGE_SIZE = 500


@dataclass(frozen=True, slots=True)
class Booked:
    """An entry as it stands in the books; ``reversed_by``: the number of its reversal."""

    entry_id: int
    entry: Entry
    booking_date: date
    booked_at: datetime
    actor: str
    reversed_by: int | None


@dataclass(frozen=True, slots=True)
class Search:
    """What is looked for: all that is given must hold, of one line where lines are concerned.

    ``amount`` is the fen of a line on either side; dates are included; ``after`` is a number.
    """

    account_code: str = ""
    party_id: str = ""
    amount: int | None = None
    first_date: date | None = None
    last_date: date | None = None
    client_id: str = ""
    source: str = ""
    event_kind: str = ""
    actor: str = ""
    after: int = 0


@dataclass(frozen=True, slots=True)
class Page:
    """Entries found; ``next_after`` is where to go on, None at the end."""

    entries: tuple[Booked, ...]
    next_after: int | None


async def search(database: Database, asked: Search, *, area: str, size: int = PAGE_SIZE) -> Page:
    """One page of what is found, in booking order."""
    async with database.reading() as connection:
        return await _page(connection, asked, area, size)


async def stream(database: Database, asked: Search, *, area: str) -> AsyncIterator[Booked]:
    """Everything that is found, in booking order, as of one moment."""
    after: int | None = asked.after
    async with database.reading() as connection:
        while after is not None:
            page = await _page(connection, replace(asked, after=after), area, PAGE_SIZE)
            for found in page.entries:
                yield found
            after = page.next_after


async def booked(database: Database, entry_id: int, *, area: str) -> Booked:
    """The entry of a booking number.

    Raises:
        UnableToKeepBooks: ``entry_unknown``.
    """
    async with database.reading() as connection:
        wanted = [ENTRY.c.area_code == area, ENTRY.c.entry_id == entry_id]
        found = await _read(connection, wanted, 1)
    if not found:
        raise unable("entry_unknown", str(entry_id))
    return found[0]


async def _page(connection: AsyncConnection, asked: Search, area: str, size: int) -> Page:
    wanted = [ENTRY.c.area_code == area, ENTRY.c.entry_id > asked.after, *_wanted(asked)]
    found = await _read(connection, wanted, size + 1)
    more = len(found) > size
    entries = tuple(found[:size])
    return Page(entries, entries[-1].entry_id if more else None)


def _wanted(asked: Search) -> Iterator[ColumnElement[bool]]:
    for name in ("client_id", "source", "event_kind", "actor"):
        if getattr(asked, name):
            yield ENTRY.c[name] == getattr(asked, name)
    if asked.first_date:
        yield ENTRY.c.business_date >= asked.first_date
    if asked.last_date:
        yield ENTRY.c.business_date <= asked.last_date
    of_line = list(_of_line(asked))
    if of_line:
        yield ENTRY.c.entry_id.in_(select(LINE.c.entry_id).where(*of_line))


def _of_line(asked: Search) -> Iterator[ColumnElement[bool]]:
    if asked.account_code:
        yield LINE.c.account_id.in_(
            select(ACCOUNT.c.account_id).where(ACCOUNT.c.account_code == asked.account_code)
        )
    if asked.party_id:
        yield LINE.c.party_id == asked.party_id
        yield exists().where(ACCOUNT.c.account_id == LINE.c.account_id, ACCOUNT.c.holder != "none")
    if asked.amount is not None:
        yield or_(LINE.c.amount == asked.amount, LINE.c.amount == -asked.amount)


async def _read(
    connection: AsyncConnection, wanted: list[ColumnElement[bool]], size: int
) -> list[Booked]:
    reversal = ENTRY.alias("reversal")
    heads = (
        select(ENTRY, reversal.c.entry_id.label("reversed_by"))
        .join(reversal, reversal.c.reverses_entry_id == ENTRY.c.entry_id, isouter=True)
        .where(*wanted)
        .order_by(ENTRY.c.entry_id)
        .limit(size)
    )
    rows = (await connection.execute(heads)).all()
    if not rows:
        return []
    lines = (
        select(LINE, ACCOUNT.c.account_code)
        .join(ACCOUNT, ACCOUNT.c.account_id == LINE.c.account_id)
        .where(LINE.c.entry_id.in_([row.entry_id for row in rows]))
        .order_by(LINE.c.entry_id, LINE.c.line_number)
    )
    found = (await connection.execute(lines)).all()
    by_entry = {
        entry_id: tuple(Line(row.account_code, row.amount, row.party_id) for row in group)
        for entry_id, group in groupby(found, key=lambda row: row.entry_id)
    }
    return [_booked(row, by_entry[row.entry_id]) for row in rows]


def _booked(row: Any, lines: tuple[Line, ...]) -> Booked:  # noqa: ANN401 - a row of SQLAlchemy
    return Booked(
        entry_id=row.entry_id,
        entry=Entry(
            client_id=row.client_id,
            event_kind=row.event_kind,
            business_date=row.business_date,
            lines=lines,
            source=row.source,
            memo=row.memo,
            reverses=row.reverses_entry_id,
            reservation=row.reservation_id,
        ),
        booking_date=row.booking_date,
        booked_at=row.booked_at,
        actor=row.actor,
        reversed_by=row.reversed_by,
    )
