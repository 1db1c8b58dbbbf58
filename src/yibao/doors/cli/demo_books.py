"""The last part of ``yibao demo``: the city's year in the books, closed, stated, sealed, verified.

Every step is a command of ours, printed as a person would type it. The database is one of its own
in a temporary folder, whatever the environment names, and goes when the demo ends.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from yibao.base.money import format_yuan, round_half_up
from yibao.base.texts import Language, Text
from yibao.doors.cli.acting import SESSIONS_VARIABLE, Sessions, run, write_sessions
from yibao.doors.cli.demo_city import city_folder, run_typed, settled_file
from yibao.doors.cli.running import interruptible

if TYPE_CHECKING:
    from yibao.offices.access.office import AccessOffice
    from yibao.storage.files.example_books import ExampleBooks
    from yibao.storage.postgres.server import Server

_HIDDEN = ("YIBAO_DATABASE_URL", "YIBAO_OWNER_DATABASE_URL")
_PEOPLE = (("qian", "钱", "fund_accountant"), ("sun", "孙", "reviewer"))
_BY = "facility_level"


def run_books(out: Path, *, language: Language) -> None:
    """Post the settled city of ``out`` in books of its own; they are gone when this returns."""
    from yibao.storage.files.example_books import read_example_books
    from yibao.storage.files.shipped import examples_root

    books = read_example_books(examples_root() / "books" / "qingdao_2024.yaml")
    if not settled_file(out, books.year).exists():
        return
    click.echo()
    heading = Text("账簿: 记账、结账、收支表、封存、核验", "the books: post, close, state, verify")
    click.secho(heading.in_language(language), bold=True)
    click.echo(books.note.zh if language == "zh" else books.note.en)
    with interruptible(), _database(language) as server:
        _meet(language)
        events, insured = _write_events(books, out)
        run_typed("ledger open", {"area": books.area, "--on": f"{books.year - 1}-12-31"},
                  language=language)  # fmt: skip
        run_typed("ledger post", {"file": events}, language=language)
        run_typed("ledger close year", {"year": books.year, "--with-parts": True},
                  language=language)  # fmt: skip
        _state(books, out, insured=insured, language=language)
        seals = out / "seals.jsonl"
        run_typed("ledger verify", {"--export": seals}, language=language)
        _bend(server, language)
        run_typed("ledger verify", {"--seals": seals}, language=language)


@contextmanager
def _database(language: Language) -> Iterator[Server]:
    """A server in a folder of its own, named by the environment of the commands meanwhile."""
    from yibao.storage.postgres.server import Server

    folder = Path(tempfile.mkdtemp(prefix="yibao-demo-"))
    folder.chmod(0o711)  # as root the server runs as another account, which must come through
    named = {"YIBAO_DATABASE_HOME": folder / "db", SESSIONS_VARIABLE: folder / "sessions.json"}
    before = {name: os.environ.get(name) for name in (*named, *_HIDDEN)}
    server = Server(folder / "db")
    try:
        for name in _HIDDEN:
            os.environ.pop(name, None)
        os.environ.update({name: str(place) for name, place in named.items()})
        run_typed("db start", {}, language=language)
        run_typed("db migrate", {}, language=language)
        yield server
    finally:
        server.stop()
        for name, value in before.items():
            os.environ.pop(name, None)
            if value is not None:
                os.environ[name] = value
        shutil.rmtree(folder, ignore_errors=True)


def _meet(language: Language) -> None:
    """An accountant and a reviewer, logged in here, with passwords that nobody knows."""
    told = Text(
        "示例人员: 基金会计 qian（经办）、复核 sun（见 docs/access.md）",
        "people for the example: qian, fund accountant, who acts; sun, reviewer (docs/access.md)",
    )
    click.echo(told.in_language(language))
    write_sessions(run(_sessions()))


async def _sessions() -> Sessions:
    from yibao.doors.cli.acting import opened, origin
    from yibao.offices.access.people import NewPerson, create_person
    from yibao.offices.access.roles import Grant, grant_role
    from yibao.offices.access.sessions import session_actor
    from yibao.offices.access.starting import make_first_administrator

    first = NewPerson(login_name="li", display_name="李", password=secrets.token_urlsafe())
    async with opened(as_owner=True) as office:
        await make_first_administrator(office, first, origin=origin())
    sessions = Sessions()
    async with opened() as office:
        token = await _own_password(office, first)
        administrator = await session_actor(office, token, origin=origin())
        for login_name, name, role in reversed(_PEOPLE):
            person = NewPerson(
                login_name=login_name, display_name=name, password=secrets.token_urlsafe()
            )
            await create_person(office, administrator, person=person)
            await grant_role(office, administrator, grant=Grant(login_name=login_name, role=role))
            sessions = sessions.with_token(login_name, await _own_password(office, person))
    return sessions


async def _own_password(office: AccessOffice, person: Any) -> str:  # noqa: ANN401 - a NewPerson
    """Change the given password for one of their own; the token of a session."""
    from yibao.doors.cli.acting import origin
    from yibao.offices.access.sessions import Credentials, change_password, log_in

    offered = Credentials(login_name=person.login_name, password=person.password)
    own = secrets.token_urlsafe()
    await change_password(office, offered, password=own, origin=origin())
    offered = Credentials(login_name=person.login_name, password=own)
    return (await log_in(office, offered, origin=origin())).token


def _write_events(books: ExampleBooks, out: Path) -> tuple[Path, int]:
    """The year's events as a file beside the city, and how many are insured."""
    from yibao.offices.actuary.city.measuring import insured_of
    from yibao.offices.treasury.example_year import example_events
    from yibao.offices.treasury.summing import SettledYear, summed_settlements
    from yibao.storage.files.charts import read_chart
    from yibao.storage.files.ledger_events import write_events
    from yibao.storage.files.partitions import read_manifest
    from yibao.storage.files.shipped import policies_root

    city = city_folder(out, books.year)
    claims = sorted(city.glob("part-*/claims.parquet"))
    settled = summed_settlements(SettledYear(settled_file(out, books.year), claims, _BY))
    insured = insured_of(city, read_manifest(city))
    chart = read_chart(policies_root(), books.area).chart
    place = out / f"events-{books.year}.jsonl"
    write_events(example_events(books, settled, insured=insured, chart=chart), place)
    return place, insured


def _state(books: ExampleBooks, out: Path, *, insured: int, language: Language) -> None:
    """The funds' statements, one in full, all beside what cities publish, and a picture."""
    place = out / f"statement-{books.year}.json"
    words = {"--year": books.year, "--brief": True, "--out": place}
    run_typed("ledger statement", words, language=language)
    run_typed("ledger statement", {"--year": books.year, "--fund": "resident"}, language=language)
    stated = json.loads(place.read_bytes())
    _beside(books, stated["totals"], insured=insured, language=language)
    _draw(stated, out / f"funds-{books.year}.png", language)


def _beside(
    books: ExampleBooks, totals: Mapping[str, Mapping[str, int]], *, insured: int,
    language: Language,
) -> None:  # fmt: skip
    """All funds together, beside what is published: in all, a head, and spending by income."""
    from yibao.doors.cli.ledger_tables import Answer, Column, Sheet, Way, show

    columns = (
        Column("what", Text("口径", "what"), "label"),
        Column("source", Text("来源", "source")),
        Column("period", Text("期间", "period"), "label"),
        Column("income", Text("收入", "income"), "amount"),
        Column("spending", Text("支出", "spending"), "amount"),
        Column("income_each", Text("人均收入", "income a head"), "amount"),
        Column("spending_each", Text("人均支出", "spending a head"), "amount"),
        Column("share", Text("支出占收入", "spent of income")),
    )
    income, spending = (
        sum(one[name] for one in totals.values()) for name in ("income", "spending")
    )
    passed_on = sum(one.per_insured * insured for one in books.transfers)
    ours = Text("本例各基金（示例收入，不含基金间划转）",
                "these books (example incomes, without transfers between funds)")  # fmt: skip
    rows = [
        _published(ours, "–", (books.year, 12), (income - passed_on, spending - passed_on, insured))
    ]
    rows += [
        _published(Text(one.zh, one.en), one.source, (one.year, one.months),
                   (one.income, one.spending, one.insured))
        for one in books.published
    ]  # fmt: skip
    title = Text("与公布数字并列", "beside what is published")
    click.echo()
    show(Answer([Sheet("beside", title, columns, rows)]), Way(language))


def _published(
    what: Text, source: str, period: tuple[int, int | None], figures: tuple[int | None, int, int]
) -> dict[str, object]:
    income, spending, insured = figures
    year, months = period
    share = (
        "" if not income else "{}.{}%".format(*divmod(round_half_up(spending * 1_000, income), 10))
    )
    return {
        "what": what,
        "source": source,
        "period": Text(f"{year} 年 {months} 个月", f"{year}, {months} months")
        if months
        else str(year),
        "income": income,
        "spending": spending,
        "income_each": None if income is None else round_half_up(income, insured),
        "spending_each": round_half_up(spending, insured),
        "share": share,
    }


def _draw(stated: Mapping[str, Any], place: Path, language: Language) -> None:
    from yibao.doors.cli.pictures import write_content
    from yibao.offices.actuary.drawing.fund_flow import FundFlow, fund_flow_picture

    flows = [
        FundFlow(
            Text(row["fund"]["zh"], row["fund"]["en"]),
            row["brought_forward"],
            row["income"],
            row["spending"],
        )
        for row in stated["funds"]
    ]
    title = Text(
        "各基金全年收支（收入为示例金额）", "the funds' year (incomes are example amounts)"
    )
    write_content(place, fund_flow_picture(flows, "png", title=title, language=language))
    told = Text(f"图: {place}", f"the picture: {place}")
    click.echo(told.in_language(language))


def _bend(server: Server, language: Language) -> None:
    """Change one booked line as a superuser who knows what they do: the entry still balances."""
    number = run(_bent(server.superuser_url()))
    changed = format_yuan(100)
    told = Text(
        f"\n超级用户停用触发器，把分录 {number} 的两行各改 {changed} 元，借贷仍平:",
        f"\na superuser switches the triggers off and bends two lines of entry {number} by"
        f" {changed} yuan, so that it still balances:",
    )
    click.secho(told.in_language(language), bold=True)


async def _bent(superuser_url: str) -> int:
    from yibao.storage.postgres.database import Database

    async with await Database.open(superuser_url, size=1) as database, database.connection() as it:
        entry_id = await it.fetchval(
            "SELECT min(entry_id) FROM treasury.entry WHERE event_kind = 'settlement'"
        )
        async with it.transaction():
            await it.execute("ALTER TABLE treasury.line DISABLE TRIGGER ALL")
            await it.execute(
                "UPDATE treasury.line SET amount = amount + 100 * sign(amount)::bigint"
                " WHERE entry_id = $1 AND line_number <= 2",
                entry_id,
            )
            names = await it.fetch(
                "SELECT tgname FROM pg_trigger WHERE tgrelid = 'treasury.line'::regclass"
                " AND NOT tgisinternal"
            )
            for name in names:
                await it.execute(
                    f"ALTER TABLE treasury.line ENABLE ALWAYS TRIGGER {name['tgname']}"
                )
    return int(entry_id)
