"""A bureau with an administrator, a clock that tests turn, and shortcuts to what happened."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.integration.conftest import Books, run
from yibao.offices.access.actors import Actor, Origin
from yibao.offices.access.office import AccessOffice
from yibao.offices.access.people import NewPerson, create_person
from yibao.offices.access.roles import Grant, grant_role
from yibao.offices.access.sessions import Credentials, change_password, log_in
from yibao.offices.access.starting import make_first_administrator
from yibao.storage.postgres.database import Database

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
TICK = timedelta(microseconds=1)
DESK = Origin("10.0.0.7", "request-1")
FIRST = "a first password, given"
OWN = "own words 中文 that only I know"


class Bureau:
    """The office as the service opens it."""

    def __init__(self, database: Database, books: Books) -> None:
        self.now = NOON
        self.books = books
        self.office = AccessOffice(database, clock=lambda: self.now)
        self.administrator: Actor

    def pass_by(self, time: timedelta) -> None:
        self.now += time

    async def person(self, login_name: str, *roles: str) -> Actor:
        """Somebody with roles, who has set a password of their own and logged in."""
        person = NewPerson(login_name=login_name, display_name="张小三", password=FIRST)
        await create_person(self.office, self.administrator, person=person)
        for role in roles:
            grant = Grant(login_name=login_name, role=role)
            await grant_role(self.office, self.administrator, grant=grant)
        return await self.settle_in(login_name)

    async def settle_in(self, login_name: str) -> Actor:
        given = Credentials(login_name=login_name, password=FIRST)
        await change_password(self.office, given, password=OWN, origin=DESK)
        return (await self.session(login_name)).actor

    async def session(self, login_name: str, password: str = OWN) -> Any:
        offered = Credentials(login_name=login_name, password=password)
        return await log_in(self.office, offered, origin=DESK)

    async def fetch(self, statement: str, *values: object) -> list[dict[str, Any]]:
        async with self.office.database.connection() as connection:
            return [dict(row) for row in await connection.fetch(statement, *values)]

    async def lines(self, action: str) -> list[dict[str, Any]]:
        return await self.fetch(
            "SELECT * FROM access.log_entry WHERE action = $1 ORDER BY id", action
        )


@asynccontextmanager
async def opened(books: Books) -> AsyncIterator[Bureau]:
    """The bureau as it begins: one administrator, made with the owner's account."""
    async with await Database.open(books.owner_url, size=1) as owner:
        office = AccessOffice(owner, clock=lambda: NOON)
        person = NewPerson(login_name="admin", display_name="李四", password=FIRST)
        await make_first_administrator(office, person, origin=DESK)
    async with await Database.open(books.service_url) as database:
        bureau = Bureau(database, books)
        bureau.administrator = await bureau.settle_in("admin")
        yield bureau


def in_bureau(books: Books, work: Callable[[Bureau], Awaitable[None]]) -> None:
    """Run a test's work in a bureau of its own."""

    async def all_of_it() -> None:
        async with opened(books) as bureau:
            await work(bureau)

    run(all_of_it())
