"""The service's role against the books: what it may not do, and what its one way in refuses.

Every attack goes straight to the database; no code of the office stands between.
"""

from __future__ import annotations

from datetime import date

import asyncpg
import pytest

from tests.integration.conftest import Books, run
from tests.integration.treasury.town import (
    DAY,
    OPENED,
    benefit,
    contribution,
    credit,
    entry,
    payment,
    raw_post,
    use,
)

TABLES = (
    *("book", "chart_installation", "account", "account_end", "facing", "facing_end"),
    *("period_mark", "budget", "overdraft_permission", "entry", "line", "personal_balance"),
    *("fund_guard", "reservation", "reservation_end", "seal", "day_sum", "party_day_sum"),
    "posting",
)
INNER = (
    "refuse('x', '{}')",
    "lock_periods('999999', true)",
    "lock_fund('999999', 'pooling')",
    "begin_booking()",
    "check_fund('999999', 'pooling')",
)


def as_service(books: Books, attack):
    async def work():
        connection = await asyncpg.connect(books.service_url)
        try:
            return await attack(connection)
        finally:
            await connection.close()

    return run(work())


def refused(error: asyncpg.PostgresError) -> str:
    return str(error.args[0]) if error.sqlstate == "YB000" else str(error.sqlstate)


async def judged(connection, *entries, **changed) -> str:
    """The code that one call is refused with."""
    with pytest.raises(asyncpg.PostgresError) as caught:
        await raw_post(connection, *entries, **changed)
    return refused(caught.value)


@pytest.mark.parametrize("table", TABLES)
def test_no_table_is_written(town: Books, table: str):
    async def attack(connection):
        name = f"treasury.{table}"
        merged = f"MERGE INTO {name} AS t USING {name} AS s ON false"
        for statement in (
            f"INSERT INTO {name} SELECT * FROM {name}",
            f"DELETE FROM {name}",
            f"TRUNCATE {name} CASCADE",
            f"ALTER TABLE {name} DISABLE TRIGGER ALL",
            f"DROP TABLE {name}",
            f"{merged} WHEN NOT MATCHED THEN INSERT DEFAULT VALUES",
            f"COPY {name} FROM PROGRAM 'true'",
            f"DO $$ BEGIN LOCK TABLE {name} IN SHARE MODE; END $$",
        ):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.execute(statement)
        columns = await connection.fetch(
            "SELECT attname FROM pg_attribute WHERE attrelid = $1::regclass AND attnum > 0",
            name,
        )
        column = columns[0][0]
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute(f"UPDATE {name} SET {column} = {column}")

    as_service(town, attack)


@pytest.mark.parametrize("call", INNER)
def test_inner_functions_are_not_called(town: Books, call: str):
    async def attack(connection):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute(f"SELECT treasury.{call}")

    as_service(town, attack)


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT nextval('treasury.booking_number')",
        "SELECT setval('treasury.booking_number', 1)",
        "SET session_replication_role = replica",
        "SET ROLE yibao_owner",
        "CREATE SCHEMA evil",
        "CREATE TABLE treasury.evil (id int)",
        "CREATE FUNCTION public.sum(bigint) RETURNS bigint LANGUAGE sql AS 'SELECT 0::bigint'",
        "ALTER FUNCTION treasury.post SECURITY INVOKER",
        "CREATE TRIGGER evil AFTER INSERT ON treasury.line EXECUTE FUNCTION treasury.append_only()",
    ],
)
def test_nothing_around_the_tables_is_touched(town: Books, statement: str):
    async def attack(connection):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute(statement)

    as_service(town, attack)


WALL = ("pooling/benefit 5", "relief/payable H1 -5")
REFUSED = [
    # what is wrong, how it is refused
    (benefit("x", 5, on=date(2999, 1, 1)), "business_date_in_future"),
    (benefit("x", 5, on=date(2023, 12, 31)), "business_date_before_opening"),
    (entry("x", "settlement"), "entry_empty"),
    (entry("x", "settlement", "pooling/benefit 5"), "unbalanced"),
    (entry("x", "settlement", "pooling/benefit 5", "pooling/payable H1 -4"), "unbalanced"),
    (entry("x", "settlement", *WALL), "wall_crossed"),
    (
        entry("x", "settlement", "pooling/benefit 5", "relief/payable H1 -4"),
        "unbalanced",
    ),
    (
        entry("x", "transfer", "pooling/given 5", "pooling/clearing_relief -5"),
        "clearing_unpaired",
    ),
    (entry("x", "settlement", "pooling/nothing 5", "pooling/payable H1 -5"), "account_unknown"),
    (entry("x", "settlement", "pooling/benefit 5", "pooling/payable -5"), "party_missing"),
    (
        entry("x", "settlement", "pooling/benefit M1 5", "pooling/payable H1 -5"),
        "party_unexpected",
    ),
    (
        entry("x", "settlement", "pooling/payable H1 5", "pooling/benefit -5"),
        "facing_refused",
    ),
    (entry("x", "theft", "pooling/benefit 5", "pooling/payable H1 -5"), "facing_refused"),
    (use("x", "M1", 1), "personal_account_overdrawn"),
    (payment("x", 1), "fund_overdrawn"),
    (benefit("x", 5, reverses=10**15), "reversal_unknown"),
    (benefit("x", 5, reservation=10**15), "reservation_unknown"),
    # what does not fit into a column is refused by the column
    (entry("x", "settlement", "pooling/benefit 0", "pooling/payable H1 0"), "23514"),
    (benefit("x", 10**13 + 1), "23514"),
    (benefit("", 5), "23514"),
    (benefit("x" * 401, 5), "23514"),
    (benefit("x\ny", 5), "23514"),
    (benefit("x", 5, memo="a\tb"), "23514"),
    (benefit("x", 5, source="a\\b"), "23514"),
    (entry("x", "settlement", "pooling/benefit 5", f"pooling/payable {'H' * 401} -5"), "23514"),
]


NAMES = [f"{place} {code}" for place, (_, code) in enumerate(REFUSED, 1)]


@pytest.mark.parametrize(("bad", "code"), REFUSED, ids=NAMES)
def test_the_way_in_refuses(town: Books, bad, code: str):
    async def attack(connection):
        found = await judged(connection, bad)
        booked = await connection.fetchval("SELECT count(*) FROM treasury.entry")
        lines = await connection.fetchval("SELECT count(*) FROM treasury.line")
        return found, booked, lines

    assert as_service(town, attack) == (code, 0, 0)


def test_the_largest_amount_and_the_longest_text_are_booked(town: Books):
    async def attack(connection):
        await raw_post(connection, benefit("x" * 400, 10**13, memo="记" * 400))
        return await connection.fetchval("SELECT max(amount) FROM treasury.line")

    assert as_service(town, attack) == 10**13


GOOD = benefit("x", 5)


@pytest.mark.parametrize(
    "changed",
    [
        {"client_ids": ["x", "y"]},
        {"client_ids": [None]},
        {"client_ids": [["x"]]},
        {"digests": []},
        {"business_dates": [None]},
        {"business_dates": None},
        {"line_of": [1]},
        {"line_of": [1, 2]},
        {"line_of": [1, 0]},
        {"line_of": [1, None]},
        {"line_numbers": [1]},
        {"account_ids": [None, None]},
        {"amounts": [5, -5, 0]},
        {"parties": ["", None]},
        {"memos": []},
    ],
    ids=str,
)
def test_arrays_that_do_not_fit_are_refused(town: Books, changed):
    async def attack(connection):
        found = await judged(connection, GOOD, **changed)
        return found, await connection.fetchval("SELECT count(*) FROM treasury.entry")

    assert as_service(town, attack) == ("arrays_unfit", 0)


@pytest.mark.parametrize("numbers", [[1, 1], [2, 3], [1, 3], [0, 1], [-1, 1]], ids=str)
def test_lines_are_numbered_from_one(town: Books, numbers):
    async def attack(connection):
        return await judged(connection, GOOD, line_numbers=numbers)

    assert as_service(town, attack) in ("append_only", "23514", "23505")


def test_nothing_is_nothing(town: Books):
    async def attack(connection):
        return await raw_post(connection)

    assert as_service(town, attack) == []


def test_an_area_without_a_book_is_refused(town: Books):
    async def attack(connection):
        return await judged(connection, GOOD, area="888888")

    assert as_service(town, attack) == "book_unknown"


@pytest.mark.parametrize("isolation", ["repeatable_read", "serializable"])
def test_an_old_snapshot_books_nothing(town: Books, isolation: str):
    """In an old snapshot a day that was closed since would still be open."""

    async def attack(connection):
        async with connection.transaction(isolation=isolation):
            await connection.fetchval("SELECT 1 FROM treasury.entry")
            return await judged(connection, GOOD)

    assert as_service(town, attack) == "isolation_refused"


@pytest.mark.parametrize(
    "call",
    [
        "reserve('999999', 'r', decode(repeat('00', 32), 'hex'), 1, 'M1', 1, now(), 'x')",
        "close_period('999999', 'day', '2024-01-01', '2024-01-01', 'x')",
        "reopen_period('999999', 'day', '2024-01-01', '2024-01-01', 'x', 'y', 'z')",
        "record_budget('999999', 'pooling', 2024, 'income', 1, 'd', 'x')",
        "permit_overdraft('999999', 'pooling', 1, '2024-01-01', '2025-01-01', 'd', 'x')",
        "release_reservation('999999', 1, 'x')",
        "release_expired('999999', 'x')",
        "seal_up_to(1)",
    ],
)
def test_no_call_books_in_an_old_snapshot(town: Books, call: str):
    async def attack(connection):
        async with connection.transaction(isolation="repeatable_read"):
            with pytest.raises(asyncpg.PostgresError) as caught:
                await connection.execute(f"SELECT treasury.{call}")
            return refused(caught.value)

    assert as_service(town, attack) == "isolation_refused"


@pytest.mark.parametrize("when", ["before", "after"])
def test_constraints_set_immediate_let_nothing_through(town: Books, when: str):
    async def attack(connection):
        async with connection.transaction():
            if when == "before":
                await connection.execute("SET CONSTRAINTS ALL IMMEDIATE")
            await raw_post(connection, contribution("c", 5))
            if when == "after":
                await connection.execute("SET CONSTRAINTS ALL IMMEDIATE")
            async with connection.transaction():
                await raw_post(connection, credit("k", "M1", 5))
        with pytest.raises(asyncpg.PostgresError):
            await raw_post(connection, entry("e", "settlement"))
        return await connection.fetchval("SELECT count(*) FROM treasury.entry")

    assert as_service(town, attack) == 2


def test_a_savepoint_given_up_leaves_nothing(town: Books):
    async def attack(connection):
        async with connection.transaction():
            savepoint = connection.transaction()
            await savepoint.start()
            await raw_post(connection, credit("k", "M1", 5), contribution("c", 9, fund="personal"))
            await savepoint.rollback()
            assert await judged_inside(connection, use("u", "M1", 1)) == (
                "personal_account_overdrawn"
            )
            await raw_post(connection, credit("k2", "M1", 3))
        rows = await connection.fetch("SELECT client_id::text FROM treasury.entry")
        balances = await connection.fetch("SELECT balance_amount FROM treasury.personal_balance")
        return [row[0] for row in rows], [row[0] for row in balances]

    async def judged_inside(connection, bad):
        with pytest.raises(asyncpg.PostgresError) as caught:
            async with connection.transaction():
                await raw_post(connection, bad)
        return refused(caught.value)

    assert as_service(town, attack) == (["k2"], [3])


def test_temporary_objects_do_not_stand_in_for_real_ones(town: Books):
    """A search path of one's own, temporary tables and functions change nothing."""

    async def attack(connection):
        await connection.execute("CREATE TEMP TABLE account AS SELECT * FROM treasury.account")
        await connection.execute("CREATE TEMP TABLE personal_balance (balance_amount bigint)")
        await connection.execute(
            "CREATE FUNCTION pg_temp.sum(bigint) RETURNS bigint LANGUAGE sql AS 'SELECT 0::bigint'"
        )
        await connection.execute("SET search_path = pg_temp, treasury, pg_catalog")
        first = await judged(connection, use("u", "M1", 1))
        second = await judged(connection, entry("w", "settlement", *WALL))
        return first, second

    async def allowed():
        owner = await asyncpg.connect(town.owner_url)
        name = await owner.fetchval("SELECT current_database()")
        await owner.execute(f"GRANT TEMPORARY ON DATABASE {name} TO yibao_service")
        await owner.close()

    run(allowed())
    assert as_service(town, attack) == ("personal_account_overdrawn", "wall_crossed")


def test_one_id_has_one_content(town: Books):
    async def attack(connection):
        first = await raw_post(connection, contribution("c", 5))
        again = await raw_post(connection, contribution("c", 5))
        other = await judged(connection, contribution("c", 6))
        return first == again, other

    assert as_service(town, attack) == (True, "client_id_reused")


def test_a_group_is_booked_whole_or_not(town: Books):
    async def attack(connection):
        await judged(connection, contribution("c", 5), entry("w", "settlement", *WALL))
        return await connection.fetchval("SELECT count(*) FROM treasury.entry")

    assert as_service(town, attack) == 0


def test_a_seal_ahead_of_the_numbers_is_no_seal(town: Books):
    """Nobody seals what is not booked yet, so that nothing booked later is locked out."""

    async def attack(connection):
        await connection.fetchval("SELECT treasury.seal_up_to($1)", 10**18)
        sealed = await connection.fetchval("SELECT treasury.sealed_up_to()")
        drawn = await connection.fetchval("SELECT treasury.last_number()")
        await raw_post(connection, contribution("c", 5))
        return sealed == drawn

    assert as_service(town, attack)


def test_a_reversal_mirrors_once(town: Books):
    async def attack(connection):
        (number,) = await raw_post(connection, benefit("b", 5))
        found = [
            await judged(connection, benefit("r", 5, reverses=number)),
            await judged(connection, benefit("r", -4, reverses=number)),
            await judged(connection, benefit("r", -5, reverses=number, on=OPENED)),
        ]
        (mirror,) = await raw_post(connection, benefit("r", -5, reverses=number))
        found.append(await judged(connection, benefit("r2", -5, reverses=number)))
        found.append(await judged(connection, benefit("r3", 5, reverses=mirror)))
        found.append(await connection.fetchval("SELECT sum(amount) FROM treasury.line"))
        return found

    assert as_service(town, attack) == [
        "facing_refused",  # not turned round
        *("reversal_differs", "reversal_differs"),
        "reversal_repeated",
        "facing_refused",  # a reversal is not reversed
        0,
    ]
    assert DAY > OPENED
