"""Closing (结账): days, months and years that take no business any more, and their reopening.

Days are closed in order from the day the book was opened, several at once if one likes; a month
when its days are closed, a year when its months are. A close keeps the digest of every account's
turnover up to its last day, and posts nothing: results are read by fund year.

Holds: what is posted while a day is being closed is booked before the close or refused after it.

Refuses: to reopen what a closed month or year contains; a reopening without a reason, or approved
by the one who asks or the one who closed.
"""

from __future__ import annotations

import calendar
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal, TypeVar

import asyncpg
from sqlalchemy import func, select

from yibao.offices.treasury.books import Book
from yibao.offices.treasury.errors import told
from yibao.offices.treasury.tables import PERIOD_MARK
from yibao.storage.postgres.database import Connection, Database

T = TypeVar("T")
PeriodKind = Literal["day", "month", "year"]


@dataclass(frozen=True, slots=True)
class Period:
    """Days to be closed or reopened, both ends included."""

    kind: PeriodKind
    first_date: date
    last_date: date


def month_of(year: int, month: int) -> Period:
    """A calendar month."""
    last = calendar.monthrange(year, month)[1]
    return Period("month", date(year, month, 1), date(year, month, last))


def year_of(year: int) -> Period:
    """A calendar year, which is the fund year."""
    return Period("year", date(year, 1, 1), date(year, 12, 31))


@dataclass(frozen=True, slots=True)
class Reopening:
    """Who asks for a period to be opened again, who approves, and why."""

    asked_by: str
    approved_by: str
    reason: str


@dataclass(frozen=True, slots=True)
class Mark:
    """A close or a reopening as booked; ``balances_digest`` is empty for a reopening."""

    number: int
    action: Literal["close", "reopen"]
    period: Period
    marked_by: str
    approved_by: str
    reason: str
    balances_digest: str
    marked_at: datetime


async def close(database: Database, period: Period, *, area: str, actor: str) -> int:
    """Close a period; the booking number of its mark.

    Raises:
        UnableToKeepBooks: one of ``errors.PERIOD_CODES``.
    """

    async def work(connection: Connection) -> int:
        return int(
            await connection.fetchval(
                "SELECT treasury.close_period($1, $2, $3, $4, $5)",
                *(area, period.kind, period.first_date, period.last_date, actor),
            )
        )

    return await _marked(database, work)


async def reopen(database: Database, period: Period, *, area: str, reopening: Reopening) -> int:
    """Open a closed period again; the booking number of its mark.

    Raises:
        UnableToKeepBooks: one of ``errors.PERIOD_CODES``.
    """

    async def work(connection: Connection) -> int:
        return int(
            await connection.fetchval(
                "SELECT treasury.reopen_period($1, $2, $3, $4, $5, $6, $7)",
                *(area, period.kind, period.first_date, period.last_date),
                *(reopening.asked_by, reopening.approved_by, reopening.reason),
            )
        )

    return await _marked(database, work)


async def close_days(database: Database, last_date: date, *, book: Book, actor: str) -> int:
    """Close every day that was never closed, up to one; the booking number of the mark.

    Raises:
        UnableToKeepBooks: one of ``errors.PERIOD_CODES``.
    """
    first = await first_open_day(database, book=book)
    period = Period("day", min(first, last_date), last_date)
    return await close(database, period, area=book.area_code, actor=actor)


async def first_open_day(database: Database, *, book: Book) -> date:
    """The day after the last one that was ever closed; reopened days lie before it."""
    wanted = select(func.max(PERIOD_MARK.c.last_date)).where(
        PERIOD_MARK.c.area_code == book.area_code, PERIOD_MARK.c.period_kind == "day"
    )
    async with database.reading() as connection:
        last = (await connection.execute(wanted)).scalar()
    return last + timedelta(days=1) if last else book.opened_on


async def marks(database: Database, *, area: str) -> tuple[Mark, ...]:
    """Every close and reopening of the area, in booking order."""
    wanted = (
        select(PERIOD_MARK).where(PERIOD_MARK.c.area_code == area).order_by(PERIOD_MARK.c.number)
    )
    async with database.reading() as connection:
        rows = (await connection.execute(wanted)).all()
    return tuple(
        Mark(
            number=row.number,
            action=row.action,
            period=Period(row.period_kind, row.first_date, row.last_date),
            marked_by=row.marked_by,
            approved_by=row.approved_by,
            reason=row.reason,
            balances_digest=row.balances_digest,
            marked_at=row.marked_at,
        )
        for row in rows
    )


async def _marked(database: Database, work: Callable[[Connection], Awaitable[T]]) -> T:
    try:
        return await database.transact(work)
    except asyncpg.PostgresError as error:
        raise told(error) from error
