"""The owner of the tables against the books: every row is judged, and none is changed.

Statements are the owner's own, straight to the tables. A superuser who lets triggers sleep is
refused too, as long as the triggers stand; who removes them is found by the seals.
"""

from __future__ import annotations

from datetime import date, timedelta

import asyncpg
import pytest

from tests.integration.conftest import Books, run
from tests.integration.treasury.town import (
    AREA,
    DAY,
    HEAD,
    benefit,
    contribution,
    credit,
    ids_of,
    put,
    put_lines,
    raw_post,
)

BOOKED = (
    *("book", "chart_installation", "account", "account_end", "facing", "facing_end"),
    *("period_mark", "budget", "overdraft_permission", "entry", "line", "reservation"),
    *("reservation_end", "seal"),
)
DERIVED = ("personal_balance", "fund_guard", "day_sum", "party_day_sum")


def as_owner(books: Books, attack, *, role: str = "owner"):
    async def work():
        connection = await asyncpg.connect(getattr(books, f"{role}_url"))
        try:
            return await attack(connection)
        finally:
            await connection.close()

    return run(work())


async def filled(connection) -> None:
    """Something in every table that can have something."""
    await raw_post(
        *(connection, contribution("c", 100), credit("k", "M1", 50), benefit("b", 5)),
    )
    await connection.execute("SELECT treasury.close_period($1, 'day', $2, $2, 'x')", AREA, _FIRST)
    await connection.execute(
        "SELECT treasury.record_budget($1, 'pooling', 2024, 'income', 1, 'd', 'x')", AREA
    )
    await connection.execute(
        "SELECT treasury.permit_overdraft($1, 'pooling', 1, '2024-01-01', '2025-01-01', 'd', 'x')",
        AREA,
    )
    account = (await ids_of(connection))["personal/members"]
    held = await connection.fetchval(
        "SELECT reservation_id FROM treasury.reserve($1, 'r', decode(repeat('00', 32), 'hex'), $2,"
        " 'M1', 1, now() + interval '1 hour', 'x')",
        *(AREA, account),
    )
    await connection.execute("SELECT treasury.release_reservation($1, $2, 'x')", AREA, held)
    await connection.execute("SELECT treasury.seal_up_to(treasury.last_number())")


_FIRST = date(2024, 1, 1)


async def refused(connection, statement: str, *arguments) -> str:
    return await judged(connection, lambda one: one.execute(statement, *arguments))


@pytest.mark.parametrize("role", ["owner", "superuser"])
@pytest.mark.parametrize("table", [*BOOKED, *DERIVED])
def test_nothing_booked_is_changed_or_removed(town: Books, table: str, role: str):
    async def attack(connection):
        if role == "superuser":
            await connection.execute("SET session_replication_role = replica")
        column = await connection.fetchval(
            "SELECT attname FROM pg_attribute WHERE attrelid = $1::regclass AND attnum = 1",
            f"treasury.{table}",
        )
        name = f"treasury.{table}"
        merged = f"MERGE INTO {name} AS t USING (SELECT 1 AS one) AS s ON true WHEN MATCHED THEN"
        return {
            await refused(connection, statement)
            for statement in (
                f"UPDATE {name} SET {column} = {column}",
                f"DELETE FROM {name}",
                f"DELETE FROM {name} WHERE false",
                f"TRUNCATE {name} CASCADE",
                f"{merged} DELETE",
                f"{merged} UPDATE SET {column} = t.{column}",
                f"WITH gone AS (DELETE FROM {name} RETURNING 1) SELECT * FROM gone",
            )
        }

    async def prepared(connection):
        await filled(connection)

    as_owner(town, prepared)
    assert as_owner(town, attack, role=role) == {"append_only"}


@pytest.mark.parametrize("table", DERIVED)
def test_derived_sums_are_not_written_by_hand(town: Books, table: str):
    rows = {
        "personal_balance": "(account_id, party_id, balance_amount) SELECT account_id, 'M9', 5"
        " FROM treasury.account WHERE account_code = 'personal/members'",
        "fund_guard": "(area_code, fund) VALUES ('999999', 'pooling')",
        "day_sum": "SELECT account_id, '2024-01-01', '2024-01-01', 5, 0, 1 FROM treasury.account",
        "party_day_sum": "SELECT account_id, 'H1', '2024-01-01', '2024-01-01', 5, 0, 1"
        " FROM treasury.account",
    }

    async def attack(connection):
        return await refused(connection, f"INSERT INTO treasury.{table} {rows[table]}")

    assert as_owner(town, attack) == "append_only"


SOUND = [("pooling/benefit", "", 5), ("pooling/payable", "H1", -5)]


async def judged(connection, attack) -> str:
    """How a transaction of plain INSERTs ends."""
    try:
        async with connection.transaction():
            await attack(connection)
    except asyncpg.PostgresError as error:
        return str(error.args[0]) if error.sqlstate == "YB000" else str(error.sqlstate)
    return "booked"


def test_what_the_owner_books_is_judged(town: Books):
    """A table of entries by plain INSERT: what is wrong, and how it ends."""
    tomorrow = date.today() + timedelta(days=2)  # noqa: DTZ011
    table = [
        (SOUND, {}, "booked"),
        (SOUND, {"booking_date": DAY}, "booked"),  # taken over from older books
        ([], {}, "entry_empty"),
        ([("pooling/benefit", "", 5)], {}, "unbalanced"),
        ([("pooling/benefit", "", 5), ("relief/payable", "H1", -5)], {}, "wall_crossed"),
        ([("personal/members", "M1", 5), ("personal/payable", "H1", -5)], {}, OVERDRAWN),
        ([("pooling/payable", "H1", 5), ("pooling/bank", "B1", -5)], PAYMENT, "fund_overdrawn"),
        (SOUND, {"booking_date": tomorrow}, "business_date_in_future"),
        (SOUND, {"booking_date": DAY - timedelta(days=1)}, "23514"),
        (SOUND, {"business_date": date(2023, 12, 31)}, "business_date_before_opening"),
        (SOUND, {"posted_in": 3}, "append_only"),
        (SOUND, {"kind": "theft"}, "facing_refused"),
        (SOUND, {"client_id": ""}, "23514"),
        (SOUND, {"reverses": 10**15}, "23503"),
        (SOUND, {"reservation": 10**15}, "reservation_unknown"),
    ]

    async def attack(connection):
        return [
            await judged(connection, lambda one, lines=lines, head=head: put(one, lines, **head))
            for lines, head, _ in table
        ]

    assert as_owner(town, attack) == [code for *_, code in table]


OVERDRAWN = "personal_account_overdrawn"
PAYMENT = {"kind": "payment"}


def test_lines_are_not_added_later(town: Books):
    async def attack(connection):
        async with connection.transaction():
            number = await put(connection, SOUND)

        async def next_day(one):
            await put_lines(one, number, SOUND, DAY, first=3)

        async def at_once(one):
            other = await put(one, SOUND)
            await put_lines(one, other, SOUND, DAY, first=3)

        async def in_two_halves(one):
            other = await put(one, [])
            await put_lines(one, other, SOUND[:1], DAY)
            await put_lines(one, other, SOUND[1:], DAY, first=2)

        async def to_none(one):
            await put_lines(one, 10**15, SOUND, DAY)

        async def on_another_day(one):
            other = await put(one, [])
            await put_lines(one, other, SOUND, DAY + timedelta(days=1))

        return [
            await judged(connection, one)
            for one in (next_day, at_once, in_two_halves, to_none, on_another_day)
        ]

    assert as_owner(town, attack) == [
        *("append_only", "append_only", "unbalanced", "entry_unknown", "business_date_differs"),
    ]


def test_copy_and_merge_are_judged_like_any_insert(town: Books):
    columns = ["entry_id", "line_number", "account_id", "party_id", "amount", "business_date"]

    async def attack(connection):
        ids = await ids_of(connection)
        benefits, owed = ids["pooling/benefit"], ids["pooling/payable"]

        async def copied(one, amount):
            number = await put(one, [])
            rows = [
                (number, 1, benefits, "", 5, DAY),
                (number, 2, owed, "H1", amount, DAY),
            ]
            await one.copy_records_to_table(
                "line", schema_name="treasury", columns=columns, records=rows
            )

        async def merged(one, amount):
            number = await put(one, [])
            await one.execute(
                "MERGE INTO treasury.line AS l USING (VALUES (1, $2::bigint, '', 5::bigint),"
                " (2, $3::bigint, 'H1', $4::bigint)) AS n (number, account, party, amount)"
                " ON l.entry_id = $1 AND l.line_number = n.number WHEN NOT MATCHED THEN INSERT"
                " (entry_id, line_number, account_id, party_id, amount, business_date)"
                " VALUES ($1, n.number, n.account, n.party, n.amount, $5)",
                *(number, benefits, owed, amount, DAY),
            )

        async def over_conflict(one, _):
            number = await put(one, SOUND)
            await one.execute(
                "INSERT INTO treasury.line (entry_id, line_number, account_id, amount,"
                " business_date) VALUES ($1, 1, $2, 5, $3)"
                " ON CONFLICT (entry_id, line_number) DO UPDATE SET amount = 6",
                *(number, benefits, DAY),
            )

        return [
            await judged(connection, lambda one, way=way, amount=amount: way(one, amount))
            for way in (copied, merged, over_conflict)
            for amount in (-5, -4)
        ]

    assert as_owner(town, attack) == [
        *("booked", "unbalanced", "booked", "unbalanced", "append_only", "append_only"),
    ]


def test_a_number_that_a_seal_passed_is_not_used(town: Books):
    async def attack(connection):
        old = await connection.fetchval("SELECT nextval('treasury.booking_number')")
        await connection.execute("SELECT treasury.seal_up_to(treasury.last_number())")
        found = [
            await refused(connection, HEAD, *head)
            for head in (
                [old, AREA, "o", "settlement", DAY, DAY, None, None, None],
                [old + 10**6, AREA, "o", "settlement", DAY, DAY, None, None, None],
            )
        ]
        found.append(
            await refused(
                connection,
                "INSERT INTO treasury.budget (number, area_code, fund, fund_year, heading, amount,"
                " document, decided_by) VALUES ($1, $2, 'pooling', 2024, 'h', 1, 'd', 'x')",
                *(old, AREA),
            )
        )
        return found

    assert as_owner(town, attack) == ["append_only"] * 3


def test_a_seal_that_does_not_follow_is_refused(town: Books):
    async def attack(connection):
        await connection.execute("SELECT treasury.seal_up_to(treasury.last_number())")
        columns = (
            "seal_id, after_number, up_to_number, rows_count, entries_count, lines_count,"
            " debit_amount, previous_digest, digest, row_marks"
        )
        return {
            await refused(
                connection,
                f"INSERT INTO treasury.seal ({columns})"
                f" SELECT seal_id + {gap}, up_to_number + {b},"
                f" up_to_number + 1 + {c}, 0, 0, 0, 0, {previous}, digest, ''::bytea"
                " FROM treasury.seal ORDER BY seal_id DESC LIMIT 1",
            )
            for gap, b, c, previous in (
                (2, 0, 0, "digest"),
                (1, -1, 0, "digest"),
                (1, 0, 0, "repeat('0', 64)"),
                (1, 0, 0, "digest"),  # nothing was drawn since
            )
        }

    assert as_owner(town, attack) == {"append_only"}


def test_reservations_end_by_their_own_rules(town: Books):
    async def attack(connection):
        await raw_post(connection, credit("k", "M1", 50))
        account = (await ids_of(connection))["personal/members"]
        held = await connection.fetchval(
            "SELECT reservation_id FROM treasury.reserve($1, 'r', decode(repeat('00', 32), 'hex'),"
            " $2, 'M1', 10, now() + interval '1 hour', 'x')",
            *(AREA, account),
        )
        end = "INSERT INTO treasury.reservation_end (reservation_id, outcome, actor) VALUES"
        found = [
            await refused(connection, f"{end} ($1, '{how}', 'x')", held)
            for how in ("posted", "expired", "lost")
        ]
        await connection.execute(f"{end} ($1, 'voided', 'x')", held)
        found.append(await refused(connection, f"{end} ($1, 'voided', 'x')", held))
        found.append(
            await connection.fetchval("SELECT sum(reserved_amount) FROM treasury.personal_balance")
        )
        return found

    assert as_owner(town, attack) == [
        *("reservation_ended", "reservation_ended", "23514", "23505"),
        0,
    ]


def test_an_account_does_not_end_before_its_business(town: Books):
    async def attack(connection):
        await raw_post(connection, benefit("b", 5))
        end = (
            "INSERT INTO treasury.account_end (account_id, valid_until) SELECT account_id, $1"
            " FROM treasury.account WHERE account_code = 'pooling/benefit'"
        )
        found = [
            await refused(connection, end, DAY),
            await refused(connection, end, date(2019, 12, 31)),
        ]
        await connection.execute(end, DAY + timedelta(days=1))
        found += [
            await judged(connection, lambda one: put(one, SOUND)),
            await judged(
                connection, lambda one: put(one, SOUND, business_date=DAY + timedelta(days=1))
            ),
        ]
        return found

    assert as_owner(town, attack) == [
        *("account_in_use", "account_in_use", "booked", "account_not_open"),
    ]


def test_a_third_account_makes_no_clearing_pair(town: Books):
    async def attack(connection):
        add = (
            "INSERT INTO treasury.account (area_code, account_code, fund, account_type,"
            " account_class, holder, guard, clearing_pair, label_zh, label_en, valid_from)"
            " SELECT area_code, $1::text || '/clearing_x', $1, 'clearing_x', account_class, holder,"
            " guard, clearing_pair, 'x', 'x', valid_from FROM treasury.account"
            " WHERE account_code = 'pooling/clearing_relief'"
        )
        return [
            await refused(connection, add, "personal"),
            await refused(connection, add, "relief"),
        ]

    assert as_owner(town, attack) == ["clearing_unpaired", "clearing_unpaired"]
