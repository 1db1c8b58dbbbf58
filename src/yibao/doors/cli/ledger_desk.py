"""What every command of the books needs (账务柜台): who acts, which book, what it is logged as.

Holds: nothing is read or booked before the permission was asked for; every act and every look
leaves a line in the log of access, a refusal too. The line of an act is written in the act's own
transaction: there is no act without it. What an act booked is sealed before it is told.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from yibao.base.texts import Language, Text
from yibao.doors.cli.acting import Desk, acting, as_option, json_option
from yibao.doors.cli.entry import language_option

if TYPE_CHECKING:
    from yibao.engines.accounting.chart import Chart
    from yibao.offices.access.log import Deed
    from yibao.offices.treasury.books import Book
    from yibao.storage.postgres.database import Connection, Database

Command = Callable[..., None]

_LOOKS = frozenset({"ledger.read", "ledger.verify", "ledger.reconcile"})
"""Permissions of errands that book nothing."""

area_option = click.option(
    "--area", default="", metavar="AREA", help="Whose book. Default: the only one there is.",
)  # fmt: skip
out_option = click.option(
    "--out", type=click.Path(path_type=Path, dir_okay=False),
    help="Also write the tables to this .csv, .xlsx or .json file.",
)  # fmt: skip
DAY = click.DateTime(["%Y-%m-%d"])


def book_options(command: Command) -> Command:
    """``--area``, ``--as``, ``--json`` and ``--language``."""
    for option in (language_option, json_option, as_option, area_option):
        command = option(command)
    return command


def report_options(command: Command) -> Command:
    """The same and ``--out``."""
    return out_option(book_options(command))


def day_option(name: str, *, text: str, needed: bool = False) -> Callable[[Command], Command]:
    """A day of the command line."""
    return click.option(name, type=DAY, required=needed, metavar="DAY", help=text)


def day_of(moment: datetime | None) -> date | None:
    """A day as click gives it."""
    return moment.date() if moment else None


@dataclass(frozen=True, slots=True)
class Errand:
    """Why somebody comes: the login, the area, the permission, and what is written in the log."""

    login_name: str
    area: str
    permission: str
    action: str
    object_kind: str = "book"
    object_id: str = ""
    detail: str = ""

    def deed(self, *, area: str = "", detail: str = "") -> Deed:
        """The line of the log."""
        from yibao.offices.access.log import Deed

        return Deed(
            action=self.action,
            object_kind=self.object_kind,
            object_id=self.object_id or area or self.area,
            detail=detail or self.detail,
        )


@dataclass(frozen=True, slots=True)
class Counter:
    """A desk with an open book."""

    desk: Desk
    errand: Errand
    book: Book

    @property
    def database(self) -> Database:
        """The database of the desk's office."""
        return self.desk.office.database

    @property
    def area(self) -> str:
        """The area of the book."""
        return self.book.area_code

    @property
    def who(self) -> str:
        """Who acts, as the books store it."""
        return self.desk.actor.reference

    def booking(self, detail: str = "", *, result_type: type = object) -> Database:
        """The database, each of whose transactions ends with the errand's line in the log.

        ``result_type``: transactions that return something else are no acts of the errand.
        """
        from yibao.offices.access.log import record

        deed = self.errand.deed(area=self.area, detail=detail)

        async def last(connection: Connection, result: object) -> None:
            if isinstance(result, result_type):
                await record(connection, self.desk.actor, deed)

        return self.database.ending_with(last)

    async def log_refusal(self, code: str) -> None:
        """Write in the log that the books refused the errand."""
        from yibao.offices.access.log import note_refusal

        deed = self.errand.deed(area=self.area)
        await note_refusal(self.desk.office, self.desk.actor, deed=deed, code=code)

    async def log(self, detail: str = "") -> None:
        """Write in the log that somebody looked."""
        from yibao.offices.access.log import record

        deed = self.errand.deed(area=self.area, detail=detail)
        await self.database.transact(lambda each: record(each, self.desk.actor, deed))

    async def chart(self, language: Language) -> Chart:
        """The area's chart from its files; tells where it is not the one in force."""
        chart = chart_of(self.area)
        from sqlalchemy import select

        from yibao.offices.treasury.tables import CHART_INSTALLATION

        wanted = select(CHART_INSTALLATION.c.digest).where(
            CHART_INSTALLATION.c.number == self.book.installation
        )
        async with self.database.reading() as connection:
            digest = (await connection.execute(wanted)).scalar()
        if digest != chart.digest:
            told = Text(
                f"提示: 科目表文件与账簿在用的不同；启用: yibao ledger open {self.area}",
                "note: the chart in the files is not the one in force; to install it:"
                f" yibao ledger open {self.area}",
            )
            click.echo(told.in_language(language), err=True)
        return chart


@asynccontextmanager
async def at_counter(errand: Errand) -> AsyncIterator[Counter]:
    """The book, for somebody who may do what they came for; sealed when they have done it.

    Raises:
        AccessRefused: nobody is logged in, or the permission is missing.
        UnableToKeepBooks: ``book_unknown``.
    """
    from yibao.offices.access.log import demand
    from yibao.offices.treasury.books import book_of
    from yibao.offices.treasury.errors import UnableToKeepBooks
    from yibao.offices.treasury.sealing import seal_now

    async with acting(errand.login_name) as desk:
        await demand(desk.office, desk.actor, permission=errand.permission, deed=errand.deed())
        area = errand.area or await _only_area(desk.office.database)
        counter = Counter(desk, errand, await book_of(desk.office.database, area))
        try:
            yield counter
        except UnableToKeepBooks as refused:
            await counter.log_refusal(refused.code)
            raise
        if errand.permission not in _LOOKS:
            await seal_now(desk.office.database)


def chart_of(area: str) -> Chart:
    """The chart of accounts in an area's files.

    Raises:
        FaultsFound: the chart has faults, or the area has none.
    """
    from yibao.storage.files.charts import read_chart
    from yibao.storage.files.shipped import policies_root

    return read_chart(policies_root(), area).chart


async def _only_area(database: Database) -> str:
    from sqlalchemy import select

    from yibao.offices.treasury.errors import unable
    from yibao.offices.treasury.tables import BOOK

    async with database.reading() as connection:
        areas = list((await connection.execute(select(BOOK.c.area_code))).scalars())
    if not areas:
        raise unable("book_unknown")
    if len(areas) > 1:
        raise click.UsageError(f"--area: {_joined(sorted(areas))}")
    return str(areas[0])


def _joined(words: Sequence[str]) -> str:
    return ", ".join(words)
