"""What the ledger's benchmark writes: settlements under Qingdao's chart, and bare tables beside it.

Settlements have 4, 6 or 8 lines in two or three funds; each touches one of many members' personal
accounts and one of 300 providers. Days follow each other; one settlement in ten comes late. The
same arrays go through ``treasury.post`` and, by the same kind of statement, into bare tables of the
same columns, primary keys and indexes.
"""

from __future__ import annotations

import random
from datetime import date, timedelta
from typing import Any

import asyncpg

from yibao.engines.accounting.entry import Entry, Line
from yibao.offices.treasury.posting import arguments

AREA = "370200"
OPENED_ON = date(2024, 1, 1)
DAYS = 365
PROVIDERS = 300
CREDIT_AMOUNT = 10**9
POST = "SELECT * FROM treasury.post($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11,$12,$13,$14,$15)"
POOL, LARGE, OWN = "employee_pooling", "large_amount", "personal_account"
MEMBERS = f"{OWN}/personal_account_liability"
BARE_SCHEMA = """
DROP SCHEMA IF EXISTS bare CASCADE;
CREATE SCHEMA bare;
CREATE TABLE bare.entry (entry_id bigint PRIMARY KEY, area_code text, client_id text,
    content_digest bytea, event_kind text, business_date date, booking_date date,
    booked_at timestamptz DEFAULT clock_timestamp(),
    posted_in bigint DEFAULT pg_current_xact_id()::text::bigint, reverses_entry_id bigint,
    reservation_id bigint, actor text, source text, memo text, UNIQUE (area_code, client_id));
CREATE UNIQUE INDEX ON bare.entry (reverses_entry_id) WHERE reverses_entry_id IS NOT NULL;
CREATE INDEX ON bare.entry USING brin (business_date) WITH (pages_per_range = 32);
CREATE TABLE bare.line (entry_id bigint, line_number smallint, account_id bigint, amount bigint,
    business_date date, party_id text, PRIMARY KEY (entry_id, line_number));
CREATE INDEX ON bare.line (account_id, party_id, business_date);
CREATE SEQUENCE bare.number;
"""
BARE_ENTRIES = """
INSERT INTO bare.entry (entry_id, area_code, client_id, content_digest, event_kind, business_date,
    booking_date, reverses_entry_id, reservation_id, actor, source, memo)
SELECT entry_id, $2, client_id, digest, kind, business_date, current_date, nullif(reversed, 0),
    nullif(reserved, 0), actor, source, memo
FROM unnest($1::bigint[], $3::text[], $4::bytea[], $5::text[], $6::date[], $7::bigint[],
    $8::bigint[], $9::text[], $10::text[], $11::text[]) AS n (entry_id, client_id, digest, kind,
    business_date, reversed, reserved, actor, source, memo)
"""
BARE_LINES = """
INSERT INTO bare.line (entry_id, line_number, account_id, amount, business_date, party_id)
SELECT entry_id, line_number, account_id, amount, business_date, party
FROM unnest($1::bigint[], $2::smallint[], $3::bigint[], $4::text[], $5::bigint[], $6::date[])
    AS n (entry_id, line_number, account_id, party, amount, business_date)
"""


def settlement(draw: random.Random, client_id: str, *, day: date, members: int) -> Entry:
    """One settlement of 4, 6 or 8 lines."""
    if draw.random() < 0.1:
        day = max(OPENED_ON, day - timedelta(days=draw.randrange(1, 30)))
    provider = f"H37020{draw.randrange(PROVIDERS):06d}"
    paid, above = draw.randrange(1_000, 900_000), draw.randrange(1_000, 90_000)
    own = draw.randrange(1, 5_000)
    shape = draw.random()
    lines = [(f"{POOL}/benefit_inpatient", "", paid), (f"{POOL}/provider_payable", provider, -paid)]
    if shape >= 0.4:
        lines += [(f"{LARGE}/benefit_inpatient", "", above)]
        lines += [(f"{LARGE}/provider_payable", provider, -above)]
    if shape >= 0.8:
        drug = draw.randrange(1_000, 50_000)
        lines += [(f"{POOL}/benefit_special_drug", "", drug)]
        lines += [(f"{POOL}/provider_payable", provider, -drug)]
    lines += [(MEMBERS, member(draw.randrange(members)), own)]
    lines += [(f"{OWN}/provider_payable", provider, -own)]
    return Entry(
        client_id, "settlement", day, tuple(Line(code, amount, who) for code, who, amount in lines),
        source=f"determination {client_id}",
    )  # fmt: skip


def settlements(
    draw: random.Random, name: str, *, count: int, members: int, share: float
) -> list[Entry]:
    """Settlements at a share of the year gone by, under ids that begin with ``name``."""
    day = OPENED_ON + timedelta(days=int(share * (DAYS - 1)))
    return [
        settlement(draw, f"{name}-{number}", day=day, members=members) for number in range(count)
    ]


def credited(first: int, count: int) -> list[Entry]:
    """What fills members' accounts."""
    entries = []
    for number in range(first, first + count):
        lines = (
            Line(f"{OWN}/personal_account_credited", CREDIT_AMOUNT),
            Line(MEMBERS, -CREDIT_AMOUNT, member(number)),
        )
        entries.append(Entry(f"credit-{number}", "personal_account_credit", OPENED_ON, lines))
    return entries


def member(number: int) -> str:
    return f"M3702{number:012d}"


def group_of(entries: list[Entry], book: Any) -> tuple[Any, ...]:
    """Entries as the arrays that ``treasury.post`` takes."""
    return arguments(entries, book=book, actor="settlement office")


def lines_of(group: tuple[Any, ...]) -> int:
    return len(group[10])


async def post(connection: asyncpg.Connection, group: tuple[Any, ...]) -> None:
    """One durable transaction of the ledger."""
    await connection.fetchrow(POST, *group)


async def write_bare(connection: asyncpg.Connection, group: tuple[Any, ...]) -> None:
    """The same rows in one durable transaction of bare inserts."""
    area, client_ids, digests, kinds, days, *rest = group[:10]
    line_of, line_numbers, accounts, parties, amounts = group[10:]
    async with connection.transaction():
        drawn = "SELECT array_agg(nextval('bare.number')) FROM generate_series(1, $1)"
        ids = await connection.fetchval(drawn, len(client_ids))
        await connection.execute(BARE_ENTRIES, ids, area, client_ids, digests, kinds, days, *rest)
        await connection.execute(
            BARE_LINES, [ids[place - 1] for place in line_of], line_numbers, accounts, parties,
            amounts, [days[place - 1] for place in line_of],
        )  # fmt: skip
