"""Opening books (建账): a chart of accounts put into force, by the owner of the database.

A book is opened once; a newer chart adds accounts, ends some, and says anew what events may face.
What stands is never changed: an account that should be another one gets another type.

Holds: what a chart installed is what the ledger judges by; each installation is booked with the
chart's digest and the name of who did it; installing the same chart twice does nothing.

Refuses: a chart that changes or loses what stands, with every such place named.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any
from weakref import WeakKeyDictionary

import asyncpg
from sqlalchemy import select

from yibao.base.dates import Span
from yibao.base.texts import Text
from yibao.engines.accounting.chart import Account, Chart, Facing, Fund
from yibao.offices.treasury.errors import UnableToKeepBooks, told, unable
from yibao.offices.treasury.tables import (
    ACCOUNT,
    ACCOUNT_END,
    BOOK,
    CHART_INSTALLATION,
    FACING,
    FACING_END,
)
from yibao.storage.postgres.database import Connection, Database

PAIR = " ↔ "


@dataclass(frozen=True, slots=True)
class Book:
    """An area's book as the ledger has it; ``chart`` holds what entries are judged by, no more."""

    chart: Chart
    opened_on: date
    account_ids: Mapping[str, int]
    installation: int

    @property
    def area_code(self) -> str:
        """The area whose book it is."""
        return self.chart.area_code


@dataclass(frozen=True, slots=True)
class Installation:
    """What an installation brought: counts of accounts and facings; zeros where nothing was new."""

    accounts_added: int = 0
    accounts_ended: int = 0
    facings_added: int = 0
    facings_withdrawn: int = 0


async def open_book(
    connection: Connection, chart: Chart, *, opened_on: date, actor: str
) -> Installation:
    """Open the area's book with a chart, or bring an open book's chart up to date, in one step.

    ``connection`` is the owner's; ``opened_on`` is the first business date that is taken.

    Raises:
        UnableToKeepBooks: ``chart_changed``, ``account_in_use``, ``value_unfit``.
    """
    try:
        async with connection.transaction():
            await connection.execute("SELECT treasury.lock_periods($1, true)", chart.area_code)
            await _open(connection, chart, opened_on)
            return await _install(connection, chart, actor)
    except asyncpg.PostgresError as error:
        raise told(error) from error


async def _open(connection: Connection, chart: Chart, opened_on: date) -> None:
    found = await connection.fetchrow(
        "SELECT time_zone, opened_on FROM treasury.book WHERE area_code = $1", chart.area_code
    )
    if found is None:
        await connection.execute(
            "INSERT INTO treasury.book (area_code, label_zh, label_en, time_zone, opened_on)"
            " VALUES ($1, $2, $3, $4, $5)",
            *(chart.area_code, chart.label.zh, chart.label.en, chart.time_zone, opened_on),
        )
    elif tuple(found) != (chart.time_zone, opened_on):
        given = f"{chart.time_zone}, {opened_on}"
        raise _changed([f"{found['time_zone']}, {found['opened_on']} → {given}"])


async def _install(connection: Connection, chart: Chart, actor: str) -> Installation:
    area = chart.area_code
    last = await connection.fetchval(
        "SELECT digest FROM treasury.chart_installation WHERE area_code = $1"
        " ORDER BY number DESC LIMIT 1",
        area,
    )
    if last == chart.digest:
        return Installation()
    standing = await connection.fetch(_STANDING_ACCOUNTS, area)
    facings = {
        (kind, name, side): number
        for number, kind, name, side in await connection.fetch(_FACINGS, area)
    }
    withdrawn = {tuple(row) for row in await connection.fetch(_WITHDRAWN, area)}
    wanted = set(_facings_of(chart))
    changes = [*_changes(standing, chart), *("/".join(each) for each in wanted & withdrawn)]
    if changes:
        raise _changed(sorted(changes))
    await connection.execute(_INSTALLED, area, chart.digest, actor)
    known = {row["account_code"] for row in standing}
    fresh = [account for account in chart.accounts.values() if account.code not in known]
    await connection.executemany(_ADD_ACCOUNT, [_row_of(area, account) for account in fresh])
    ended = {row["account_code"] for row in standing if row["valid_until"]}
    ends = [
        (area, account.code, account.span.until)
        for account in chart.accounts.values()
        if account.span.until and account.code not in ended
    ]
    await connection.executemany(_END_ACCOUNT, ends)
    added = sorted(wanted - set(facings))
    await connection.executemany(_ADD_FACING, [(area, *each) for each in added])
    lost = sorted(number for facing, number in facings.items() if facing not in wanted)
    await connection.executemany(_END_FACING, [(number,) for number in lost])
    return Installation(len(fresh), len(ends), len(added), len(lost))


def _changes(standing: list[asyncpg.Record], chart: Chart) -> Iterator[str]:
    """Where a chart says something else about an account that stands."""
    for row in standing:
        code = row["account_code"]
        account = chart.accounts.get(code)
        if account is None:
            yield f"{code}: –"
            continue
        for name, value in zip(_JUDGED, _row_of("", account)[4:9], strict=True):
            if row[name] != value:
                yield f"{code}: {name} {row[name]} → {value}"
        if row["valid_until"] and row["valid_until"] != account.span.until:
            yield f"{code}: valid_until {row['valid_until']} → {account.span.until}"


_JUDGED = ("account_class", "holder", "guard", "clearing_pair", "valid_from")
_STANDING_ACCOUNTS = (
    "SELECT a.*, e.valid_until FROM treasury.account AS a"
    " LEFT JOIN treasury.account_end AS e USING (account_id) WHERE a.area_code = $1"
)
_FACINGS = (
    "SELECT number, event_kind, account_type, side FROM treasury.facing AS f WHERE area_code = $1"
    " AND NOT EXISTS (SELECT FROM treasury.facing_end WHERE facing_number = f.number)"
)
_WITHDRAWN = (
    "SELECT event_kind, account_type, side FROM treasury.facing AS f WHERE area_code = $1"
    " AND EXISTS (SELECT FROM treasury.facing_end WHERE facing_number = f.number)"
)
_INSTALLED = (
    "INSERT INTO treasury.chart_installation (area_code, digest, installed_by) VALUES ($1, $2, $3)"
)
_ADD_ACCOUNT = (
    "INSERT INTO treasury.account (area_code, account_code, fund, account_type, account_class,"
    " holder, guard, clearing_pair, valid_from, label_zh, label_en)"
    " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)"
)
_END_ACCOUNT = (
    "INSERT INTO treasury.account_end (account_id, valid_until) SELECT account_id, $3"
    " FROM treasury.account WHERE area_code = $1 AND account_code = $2"
)
_ADD_FACING = (
    "INSERT INTO treasury.facing (area_code, event_kind, account_type, side)"
    " VALUES ($1, $2, $3, $4)"
)
_END_FACING = "INSERT INTO treasury.facing_end (facing_number) VALUES ($1)"


def _row_of(area: str, account: Account) -> tuple[Any, ...]:
    pair = PAIR.join(sorted((account.code, account.clearing_pair))) if account.clearing_pair else ""
    return (
        *(area, account.code, account.fund, account.account_type, account.account_class),
        *(account.holder, account.guard, pair, account.span.start),
        *(account.label.zh, account.label.en),
    )


def _facings_of(chart: Chart) -> Iterator[tuple[str, str, str]]:
    for kind, facing in chart.facing.items():
        for account_type in facing.debit:
            yield kind, account_type, "debit"
        for account_type in facing.credit:
            yield kind, account_type, "credit"


def _changed(places: list[str]) -> UnableToKeepBooks:
    shown = "; ".join(places)
    return UnableToKeepBooks(
        "chart_changed",
        Text(f"科目表改动了已建账的内容: {shown}", f"the chart changes what stands: {shown}"),
        remedy=Text(
            "已用科目不得更改，只可停用并另设新科目",
            "what stands is not changed: end the account and add another",
        ),
    )


# ---- reading it back

_KNOWN: WeakKeyDictionary[Database, dict[str, Book]] = WeakKeyDictionary()


async def book_of(database: Database, area: str, *, is_fresh: bool = False) -> Book:
    """The area's book; read once a database, and again when ``is_fresh`` is asked for.

    Raises:
        UnableToKeepBooks: ``book_unknown``.
    """
    known = _KNOWN.setdefault(database, {})
    if is_fresh or area not in known:
        known[area] = await _read(database, area)
    return known[area]


async def _read(database: Database, area: str) -> Book:
    async with database.reading() as connection:
        book = (await connection.execute(select(BOOK).where(BOOK.c.area_code == area))).first()
        if book is None:
            raise unable("book_unknown", area)
        accounts = await connection.execute(
            select(ACCOUNT, ACCOUNT_END.c.valid_until)
            .join(ACCOUNT_END, ACCOUNT.c.account_id == ACCOUNT_END.c.account_id, isouter=True)
            .where(ACCOUNT.c.area_code == area)
            .order_by(ACCOUNT.c.account_id)
        )
        ended = select(FACING_END.c.facing_number)
        facings = await connection.execute(
            select(FACING).where(FACING.c.area_code == area, FACING.c.number.not_in(ended))
        )
        installed = await connection.execute(
            select(CHART_INSTALLATION)
            .where(CHART_INSTALLATION.c.area_code == area)
            .order_by(CHART_INSTALLATION.c.number.desc())
            .limit(1)
        )
        rows = accounts.all()
        last = installed.first()
        chart = _chart_of(book, rows, facings.all())
    return Book(
        chart=chart,
        opened_on=book.opened_on,
        account_ids={row.account_code: row.account_id for row in rows},
        installation=last.number if last else 0,
    )


def _chart_of(book: Any, rows: Any, facings: Any) -> Chart:  # noqa: ANN401 - rows of SQLAlchemy
    accounts = {row.account_code: _account_of(row) for row in rows}
    sides: dict[str, dict[str, set[str]]] = {}
    for row in facings:
        kind = sides.setdefault(row.event_kind, {"debit": set(), "credit": set()})
        kind[row.side].add(row.account_type)
    first = {row.fund: row.valid_from for row in reversed(rows)}
    return Chart(
        area_code=book.area_code,
        label=Text(book.label_zh, book.label_en),
        time_zone=book.time_zone,
        funds={fund: Fund(fund, Text(fund, fund), Span(start)) for fund, start in first.items()},
        accounts=accounts,
        facing={
            kind: Facing(
                event_kind=kind,
                label=Text(kind, kind),
                debit=frozenset(found["debit"]),
                credit=frozenset(found["credit"]),
                debit_roles={},
                credit_roles={},
            )
            for kind, found in sides.items()
        },
        payers={},
        care_types={},
    )


def _account_of(row: Any) -> Account:  # noqa: ANN401
    pair = next((code for code in row.clearing_pair.split(PAIR) if code != row.account_code), None)
    return Account(
        code=row.account_code,
        fund=row.fund,
        account_type=row.account_type,
        account_class=row.account_class,
        holder=row.holder,
        guard=row.guard,
        label=Text(row.label_zh, row.label_en),
        group="",
        span=Span(row.valid_from, row.valid_until),
        clearing_pair=pair or None,
    )
