"""Budgets (预算) by fund year, how far they are used, and permissions to overdraw.

A later figure for the same heading replaces the earlier one and both stay; a permission is dated
and names its document. Execution, and the check that a year spends no more than it takes in
(以收定支), are reckoned by :mod:`yibao.engines.accounting.budgets`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import asyncpg
from sqlalchemy import func, select

from yibao.base.dates import Span
from yibao.engines.accounting.budgets import (
    BudgetLine,
    Execution,
    IncomeCheck,
    executions,
    income_check,
)
from yibao.engines.accounting.chart import Chart
from yibao.offices.treasury.balances import Dates
from yibao.offices.treasury.books import Book
from yibao.offices.treasury.closing import year_of
from yibao.offices.treasury.errors import told, unable
from yibao.offices.treasury.statements import statements_of
from yibao.offices.treasury.tables import BUDGET
from yibao.storage.postgres.database import Connection, Database


@dataclass(frozen=True, slots=True)
class Decision:
    """By which document something was decided, and who recorded it."""

    document: str
    actor: str


@dataclass(frozen=True, slots=True)
class BudgetYear:
    """A fund year against its budget."""

    executions: tuple[Execution, ...]
    income_checks: tuple[IncomeCheck, ...]


async def record_budget(
    database: Database, line: BudgetLine, *, area: str, fund_year: int, decision: Decision
) -> int:
    """Record a budget's figure; its booking number.

    Raises:
        UnableToKeepBooks: ``fund_unknown``, ``value_unfit``.
    """
    return await _booked(
        database,
        "SELECT treasury.record_budget($1, $2, $3, $4, $5, $6, $7)",
        *(area, line.fund, fund_year, line.heading, line.amount),
        *(decision.document, decision.actor),
    )


async def permit_overdraft(
    database: Database, amount: int, *, place: tuple[str, str], days: Span, decision: Decision
) -> int:
    """Permit a fund's banks to fall below zero by ``amount`` fen on some days; its booking number.

    ``place`` is area and fund. Permissions of one day add up.

    Raises:
        UnableToKeepBooks: ``fund_unknown``, ``value_unfit`` (also where the days have no end).
    """
    if days.until is None:
        raise unable("value_unfit", str(days))
    return await _booked(
        database,
        "SELECT treasury.permit_overdraft($1, $2, $3, $4, $5, $6, $7)",
        *(*place, amount, days.start, days.until, decision.document, decision.actor),
    )


async def budget_lines(database: Database, fund_year: int, *, area: str) -> tuple[BudgetLine, ...]:
    """The figures in force for a fund year: the last of each heading."""
    last = (
        select(func.max(BUDGET.c.number))
        .where(BUDGET.c.area_code == area, BUDGET.c.fund_year == fund_year)
        .group_by(BUDGET.c.fund, BUDGET.c.heading)
    )
    wanted = (
        select(BUDGET).where(BUDGET.c.number.in_(last)).order_by(BUDGET.c.fund, BUDGET.c.heading)
    )
    async with database.reading() as connection:
        rows = (await connection.execute(wanted)).all()
    return tuple(BudgetLine(row.fund, row.heading, row.amount) for row in rows)


async def budget_year(
    database: Database, fund_year: int, *, book: Book, chart: Chart, known_on: date | None = None
) -> BudgetYear:
    """How far a year's budget is used, with warnings, and whether it spends by its income.

    Raises:
        UnableToBook: ``heading_unknown``, ``fund_unknown``.
    """
    lines = await budget_lines(database, fund_year, area=book.area_code)
    year = year_of(fund_year)
    dates = Dates(year.first_date, year.last_date, known_on)
    found = await statements_of(database, book=book, chart=chart, dates=dates)
    return BudgetYear(
        executions(lines, found, chart=chart),
        tuple(income_check(lines, statement) for statement in found),
    )


async def _booked(database: Database, call: str, *arguments: object) -> int:
    async def work(connection: Connection) -> int:
        return int(await connection.fetchval(call, *arguments))

    try:
        return await database.transact(work)
    except asyncpg.PostgresError as error:
        raise told(error) from error
