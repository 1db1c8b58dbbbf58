"""The town: its chart, how it is opened, entries in one line, and the raw way into its ledger."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from hashlib import sha256
from typing import Any

import asyncpg

from tests.integration.conftest import Books
from yibao.base.dates import Span
from yibao.base.texts import Text
from yibao.engines.accounting.chart import Account, Chart, Facing, Fund
from yibao.engines.accounting.entry import Entry, Line
from yibao.offices.treasury.books import Installation, open_book

AREA = "999999"
OPENED = date(2024, 1, 1)
DAY = date(2024, 5, 6)
FUNDS = ("pooling", "personal", "relief")
TYPES = {
    # account type: class, holder, guard, funds
    "bank": ("asset", "bank", "bank", FUNDS),
    "payable": ("liability", "provider", "none", FUNDS),
    "members": ("liability", "member", "personal", ("personal",)),
    "contribution": ("income", "none", "none", FUNDS),
    "benefit": ("expense", "none", "none", ("pooling", "relief")),
    "credited": ("expense", "none", "none", ("personal",)),
    "given": ("expense", "none", "none", ("pooling",)),
    "received": ("income", "none", "none", ("relief",)),
}
EVENTS = {
    "contribution": ({"bank"}, {"contribution"}),
    "settlement": ({"benefit", "members"}, {"payable"}),
    "credit": ({"credited"}, {"members"}),
    "payment": ({"payable"}, {"bank"}),
    "transfer": (
        {"given", "clearing_pooling", "clearing_relief"},
        {"received", "clearing_pooling", "clearing_relief"},
    ),
}


def chart(*, digest: str = "0" * 64, **changed: Any) -> Chart:
    """The town's chart; ``changed`` replaces parts of it."""
    accounts = [
        _account(fund, name, *kind)
        for name, (*kind, funds) in TYPES.items()
        for fund in FUNDS
        if fund in funds
    ]
    for fund, other in (("pooling", "relief"), ("relief", "pooling")):
        pair = f"{other}/clearing_{fund}"
        accounts.append(_account(fund, f"clearing_{other}", "asset", "none", "none", pair=pair))
    parts: dict[str, Any] = {
        "area_code": AREA,
        "label": Text("小城", "town"),
        "time_zone": "Asia/Shanghai",
        "funds": {fund: Fund(fund, Text(fund, fund), Span(OPENED)) for fund in FUNDS},
        "accounts": {account.code: account for account in accounts},
        "facing": {
            kind: Facing(kind, Text(kind, kind), frozenset(debit), frozenset(credit), {}, {})
            for kind, (debit, credit) in EVENTS.items()
        },
        "payers": {},
        "care_types": {},
        "digest": digest,
    }
    return Chart(**parts | changed)


def _account(fund: str, name: str, *kind: str, pair: str | None = None) -> Account:
    account_class, holder, guard = kind
    return Account(
        code=f"{fund}/{name}",
        fund=fund,
        account_type=name,
        account_class=account_class,  # type: ignore[arg-type]
        holder=holder,  # type: ignore[arg-type]
        guard=guard,  # type: ignore[arg-type]
        label=Text(name, name),
        group=name,
        span=Span(date(2020, 1, 1)),
        clearing_pair=pair,
    )


async def opened(books: Books, given: Chart | None = None) -> Installation:
    """Open the town's book as the owner."""
    owner = await asyncpg.connect(books.owner_url)
    try:
        return await open_book(owner, given or chart(), opened_on=OPENED, actor="founder")
    finally:
        await owner.close()


def entry(client_id: str, kind: str, *lines: str, on: date = DAY, **more: Any) -> Entry:
    """An entry whose lines read ``account party amount``, the party left out where none is."""
    found = []
    for line in lines:
        account, *party, amount = line.split()
        found.append(Line(account, int(amount), *party))
    return Entry(client_id, kind, on, tuple(found), **more)


def contribution(client_id: str, amount: int, *, fund: str = "pooling", **more: Any) -> Entry:
    """Money comes in."""
    return entry(
        *(client_id, "contribution"),
        *(f"{fund}/bank B1 {amount}", f"{fund}/contribution {-amount}"),
        **more,
    )


def credit(client_id: str, member: str, amount: int, **more: Any) -> Entry:
    """A member's account is credited."""
    return entry(
        *(client_id, "credit", f"personal/credited {amount}"),
        f"personal/members {member} {-amount}",
        **more,
    )


def use(client_id: str, member: str, amount: int, **more: Any) -> Entry:
    """A member pays a provider from the account."""
    return entry(
        *(client_id, "settlement", f"personal/members {member} {amount}"),
        f"personal/payable H1 {-amount}",
        **more,
    )


def benefit(client_id: str, amount: int, *, fund: str = "pooling", **more: Any) -> Entry:
    """A fund owes a provider."""
    return entry(
        *(client_id, "settlement", f"{fund}/benefit {amount}", f"{fund}/payable H1 {-amount}"),
        **more,
    )


def payment(client_id: str, amount: int, *, fund: str = "pooling", **more: Any) -> Entry:
    """A fund pays a provider."""
    return entry(
        *(client_id, "payment", f"{fund}/payable H1 {amount}", f"{fund}/bank B1 {-amount}"),
        **more,
    )


POST = (
    "SELECT entry_ids, are_new FROM treasury.post("
    "$1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)"
)


async def ids_of(connection: Any) -> dict[str, int]:
    rows = await connection.fetch("SELECT account_code::text, account_id FROM treasury.account")
    return dict(map(tuple, rows))


async def raw_arguments(connection: Any, entries: Sequence[Entry], **changed: Any) -> list[Any]:
    """The arguments of ``treasury.post`` made here, so that no code of ours stands in the way."""
    ids = await ids_of(connection)
    named: dict[str, Any] = {
        "area": AREA,
        "client_ids": [one.client_id for one in entries],
        "digests": [sha256(repr(one).encode()).digest() for one in entries],
        "kinds": [one.event_kind for one in entries],
        "business_dates": [one.business_date for one in entries],
        "reverses": [one.reverses or 0 for one in entries],
        "reservations": [one.reservation or 0 for one in entries],
        "actors": ["clerk"] * len(entries),
        "sources": [one.source for one in entries],
        "memos": [one.memo for one in entries],
        "line_of": [place for place, one in enumerate(entries, 1) for _ in one.lines],
        "line_numbers": [number for one in entries for number, _ in enumerate(one.lines, 1)],
        "account_ids": [ids.get(each.account_code, 0) for one in entries for each in one.lines],
        "parties": [each.party_id for one in entries for each in one.lines],
        "amounts": [each.amount for one in entries for each in one.lines],
    }
    return list((named | changed).values())


async def raw_post(connection: Any, *entries: Entry, **changed: Any) -> list[int]:
    """Call ``treasury.post`` as it stands."""
    arguments = await raw_arguments(connection, entries, **changed)
    return list((await connection.fetchrow(POST, *arguments))["entry_ids"])


HEAD = (
    "INSERT INTO treasury.entry (entry_id, area_code, client_id, content_digest, event_kind,"
    " business_date, booking_date, actor, reverses_entry_id, reservation_id, posted_in)"
    " VALUES ($1, $2, $3, decode(repeat('00', 32), 'hex'), $4, $5, $6, 'owner', $7, $8,"
    " coalesce($9, pg_current_xact_id()::text::bigint))"
)


async def put(connection, lines, **head) -> int:
    """An entry and its lines by plain INSERTs, in one statement for the lines."""
    number = await connection.fetchval("SELECT nextval('treasury.booking_number')")
    today = await connection.fetchval("SELECT treasury.today($1)", AREA)
    given = {
        "client_id": f"o{number}",
        "kind": "settlement",
        "business_date": DAY,
        "booking_date": today,
        "reverses": None,
        "reservation": None,
        "posted_in": None,
    } | head
    head_values = list(given.values())
    await connection.execute(HEAD, given.pop("number", number), AREA, *head_values[:7])
    if lines:
        await put_lines(connection, number, lines, given["business_date"])
    return number


async def put_lines(connection, number: int, lines, day, first: int = 1) -> None:
    ids = await ids_of(connection)
    columns = list(zip(*lines, strict=True))
    await connection.execute(
        "INSERT INTO treasury.line (entry_id, line_number, account_id, party_id, amount,"
        " business_date) SELECT $1, n.number, n.account, n.party, n.amount, $2 FROM"
        " unnest($3::smallint[], $4::bigint[], $5::text[], $6::bigint[])"
        " AS n (number, account, party, amount)",
        *(number, day, list(range(first, first + len(lines)))),
        *([ids[code] for code in columns[0]], list(columns[1]), list(columns[2])),
    )
