"""Qingdao's book, opened on 2023-12-31 and empty, with people who are logged in at this terminal.

qian is the fund accountant and acts unless another is named; sun reviews, zhao audits, wang is a
clerk, li administers. The database is made once a worker and copied for each test.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import asyncpg
import pytest
from argon2 import PasswordHasher
from click.testing import CliRunner

from tests.integration.conftest import Books, Cluster, copied, run
from yibao.doors.cli.acting import Sessions, write_sessions
from yibao.doors.cli.entry import main
from yibao.offices.access import credentials
from yibao.offices.access.actors import Origin
from yibao.offices.access.office import AccessOffice
from yibao.offices.access.people import NewPerson, create_person
from yibao.offices.access.roles import Grant, grant_role
from yibao.offices.access.sessions import Credentials, change_password, log_in, session_actor
from yibao.offices.access.starting import make_first_administrator
from yibao.offices.treasury.books import open_book
from yibao.storage.files.charts import read_chart
from yibao.storage.files.shipped import policies_root
from yibao.storage.postgres.database import Database

OPEN = "qingdao_open"
OPENED = date(2023, 12, 31)
PEOPLE = {"wang": "clerk", "zhao": "auditor", "sun": "reviewer", "qian": "fund_accountant"}
HERE = Origin("test", "")
CHEAP = PasswordHasher(time_cost=1, memory_cost=1_024, parallelism=1)


@dataclass(frozen=True)
class Ran:
    """How a command ended."""

    code: int
    out: str
    err: str


class Terminal:
    """`yibao ledger`, with files in a folder of the test."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __call__(self, *words: object, code: int = 0, as_: str = "qian") -> Ran:
        typed = ["ledger", *(str(word) for word in words), *(["--as", as_] if as_ else [])]
        done = CliRunner().invoke(main, typed, catch_exceptions=False, prog_name="yibao")
        assert done.exit_code == code, done.output
        assert "Traceback" not in done.output
        return Ran(done.exit_code, done.stdout, done.stderr)

    def file(self, name: str, *lines: str) -> Path:
        place = self.folder / name
        place.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
        return place


@pytest.fixture(scope="session")
def tokens() -> dict[str, str]:
    """By login name; filled when the template is made."""
    return {}


@pytest.fixture(scope="session")
def open_template(cluster: Cluster, tokens: dict[str, str]) -> str:
    """A database with the book and the people, to be copied."""
    run(cluster.command(f"CREATE DATABASE {OPEN} TEMPLATE yibao OWNER yibao_owner"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(credentials, "_hasher", lambda: CHEAP)
        tokens.update(run(_people(cluster.books(OPEN))))
    run(_open(cluster.books(OPEN)))
    return OPEN


async def _people(books: Books) -> dict[str, str]:
    first = NewPerson(login_name="li", display_name="李", password=secrets.token_urlsafe())
    async with await Database.open(books.owner_url, size=2) as database:
        await make_first_administrator(AccessOffice(database), first, origin=HERE)
    async with await Database.open(books.service_url, size=2) as database:
        office = AccessOffice(database)
        found = {"li": await _token(office, first)}
        administrator = await session_actor(office, found["li"], origin=HERE)
        for login_name, role in PEOPLE.items():
            person = NewPerson(
                login_name=login_name, display_name=login_name, password=secrets.token_urlsafe()
            )
            await create_person(office, administrator, person=person)
            await grant_role(office, administrator, grant=Grant(login_name=login_name, role=role))
            found[login_name] = await _token(office, person)
    return found


async def _token(office: AccessOffice, person: NewPerson) -> str:
    offered = Credentials(login_name=person.login_name, password=person.password)
    own = secrets.token_urlsafe()
    await change_password(office, offered, password=own, origin=HERE)
    offered = Credentials(login_name=person.login_name, password=own)
    return (await log_in(office, offered, origin=HERE)).token


async def _open(books: Books) -> None:
    chart = read_chart(policies_root(), "370200").chart
    owner = await asyncpg.connect(books.owner_url)
    try:
        await open_book(owner, chart, opened_on=OPENED, actor="founder")
    finally:
        await owner.close()


@pytest.fixture
def at(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, tokens: dict[str, str]):
    """Points the program at a database, with everybody logged in."""

    def point(books: Books, *, with_owner: bool = False) -> Terminal:
        monkeypatch.setenv("YIBAO_DATABASE_URL", books.service_url)
        if with_owner:
            monkeypatch.setenv("YIBAO_OWNER_DATABASE_URL", books.owner_url)
        monkeypatch.setenv("YIBAO_SESSIONS", str(tmp_path / "sessions.json"))
        monkeypatch.setenv("LANG", "C.UTF-8")
        write_sessions(Sessions("qian", tokens))
        return Terminal(tmp_path)

    return point


@pytest.fixture
def qingdao(cluster: Cluster, open_template: str) -> Iterator[Books]:
    """A fresh copy of Qingdao's database."""
    yield from copied(cluster, open_template)


@pytest.fixture
def ledger(at: Callable[..., Terminal], qingdao: Books) -> Terminal:
    """The program on Qingdao's book."""
    return at(qingdao)


_HEAD = (
    *("kind", "client_id", "business_date", "fund", "bank_id", "account_type", "amount"),
    *("provider_id", "member_id", "care_type", "source"),
    *("from_type", "from_bank_id", "to_type", "to_bank_id"),
)
EVENTS = (
    ",".join(_HEAD),
    "contribution,C-1,2024-01-31,resident,B1,contribution_personal,41500.00,,,,,,,,",
    "contribution,C-1,2024-01-31,resident,B1,contribution_aided,500,,,,,,,,",
    "personal_account_credit,K-1,2024-02-05,,,,100,,M1,,,,,,",
    "personal_account_credit,K-1,2024-02-05,,,,250.55,,M2,,,,,,",
    "settlement,S-1,2024-03-15,resident,,,1000.10,H1,,inpatient,claim-77,,,,",
    "settlement,S-2,2024-04-01,resident,,,120.5,H1,,general_outpatient,claim-78,,,,",
    "settlement,S-3,2024-04-02,critical_illness,,,99,H2,,inpatient,claim-79,,,,",
    "bank_transfer,T-1,2024-04-03,resident,,,2000,,,,,bank_special,B1,bank_spending,B2",
    "provider_payment,P-1,2024-04-30,resident,B2,,1100,H1,,,,,,,",
)
"""Seven events of 2024; what stands after them is worked out by hand in the tests."""


@pytest.fixture
def posted(ledger: Terminal) -> Terminal:
    """The same, with the seven events in the book."""
    ledger("post", ledger.file("events.csv", *EVENTS))
    return ledger
