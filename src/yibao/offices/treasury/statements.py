"""Statements (报表) of the books: trial balance, and income and spending of each fund by year.

The figures come from :mod:`balances`; what they mean is said by
:mod:`yibao.engines.accounting.statements`. The chart given by the caller names groups and orders
rows; it must be the one that is in force.
"""

from __future__ import annotations

from yibao.engines.accounting.chart import Chart
from yibao.engines.accounting.statements import (
    FundStatement,
    TrialBalance,
    fund_statements,
    trial_balance,
)
from yibao.offices.treasury.balances import Dates, movements
from yibao.offices.treasury.books import Book
from yibao.storage.postgres.database import Database


async def trial(
    database: Database, *, book: Book, dates: Dates, chart: Chart | None = None
) -> TrialBalance:
    """The trial balance of a period; by the ledger's own chart where none is given."""
    found = await movements(database, book=book, dates=dates)
    return trial_balance(found, chart or book.chart)


async def statements_of(
    database: Database, *, book: Book, chart: Chart, dates: Dates
) -> tuple[FundStatement, ...]:
    """Income, spending and balance of every fund in a period, for a fund year its calendar year."""
    return fund_statements(await movements(database, book=book, dates=dates), chart)
