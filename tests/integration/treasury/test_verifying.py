"""Whatever a superuser bends is found by verify, and its place is named."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path

import asyncpg
import pytest

from tests.integration.conftest import Books, Cluster, copied, run
from tests.integration.treasury.town import (
    AREA,
    OPENED,
    benefit,
    chart,
    contribution,
    credit,
    entry,
    opened,
    payment,
    use,
)
from yibao.base.dates import Span
from yibao.base.findings import FaultsFound
from yibao.engines.accounting.chart import Chart
from yibao.engines.accounting.entry import reversal_of
from yibao.offices.treasury import sealing
from yibao.offices.treasury.posting import Posted, post
from yibao.offices.treasury.verifying import Verification, rules, verify
from yibao.storage.postgres.database import Database

SEALED = "sealed_town"
DAY = date(2024, 5, 6)


async def _filled(books: Books) -> None:
    """One row at least in every sealed table, three seals, and one entry that none covers."""
    await opened(books)
    async with await Database.open(books.service_url, size=4) as database:
        used = use("u1", "M1", 300, source="bill 7", memo="at the counter")
        answers = await post(
            database,
            [
                contribution("c1", 90_000),
                credit("k1", "M1", 1_000),
                used,
                benefit("b1", 40_000),
                payment("p1", 40_000),
                entry(
                    *("t1", "transfer", "pooling/given 500", "pooling/clearing_relief -500"),
                    *("relief/clearing_pooling 500", "relief/received -500"),
                ),
            ],
            area=AREA,
            actor="clerk",
        )
        assert all(isinstance(each, Posted) for each in answers)
        await sealing.seal_now(database)
        number = answers[2].entry_id
        undone = reversal_of(used, booking_number=number, client_id="r1", business_date=DAY)
        await post(database, [undone, benefit("b2", 7)], area=AREA, actor="clerk")
        async with database.connection() as connection:
            await _held_and_decided(connection)
        await opened(books, _newer_chart())
        await sealing.seal_now(database)
        await post(database, [benefit("b3", 8), credit("k2", "M2", 9)], area=AREA, actor="clerk")
        await sealing.seal_now(database)
        await post(database, [benefit("b4", 1)], area=AREA, actor="clerk")
    owner = await asyncpg.connect(books.owner_url)
    await owner.close()


def _newer_chart() -> Chart:
    """A chart in which one account ends, and one account type may not face an event any more."""
    first = chart()
    given, transfer = first.accounts["pooling/given"], first.facing["transfer"]
    ended = replace(given, span=Span(given.span.start, date(2024, 6, 1)))
    narrower = replace(transfer, debit=transfer.debit - {"clearing_relief"})
    return chart(
        digest="1" * 64,
        accounts={**first.accounts, ended.code: ended},
        facing={**first.facing, "transfer": narrower},
    )


async def _held_and_decided(connection: asyncpg.Connection) -> None:
    """Reservations, an end of one, marks, a budget, a permission."""
    members = await connection.fetchval(
        "SELECT account_id FROM treasury.account WHERE account_code = 'personal/members'"
    )
    held = "SELECT reservation_id FROM treasury.reserve($1, $2, $3, $4, 'M1', 10, $5, 'clerk')"
    when = await connection.fetchval("SELECT clock_timestamp() + interval '1 day'")
    first = await connection.fetchval(held, AREA, "h1", b"1" * 32, members, when)
    await connection.fetchval(held, AREA, "h2", b"2" * 32, members, when)
    await connection.execute("SELECT treasury.release_reservation($1, $2, 'clerk')", AREA, first)
    await connection.execute(
        "SELECT treasury.close_period($1, 'day', $2, $2, 'chief')", AREA, OPENED
    )
    await connection.execute(
        "SELECT treasury.record_budget($1, 'pooling', 2024, 'benefit', 5000, 'doc 1', 'council')",
        AREA,
    )
    await connection.execute(
        "SELECT treasury.permit_overdraft($1, 'relief', 700, $2, $3, 'doc 2', 'council')",
        *(AREA, OPENED, date(2024, 2, 1)),
    )


@pytest.fixture(scope="session")
def sealed_template(cluster: Cluster) -> str:
    run(
        cluster.command(
            f"CREATE DATABASE {SEALED} TEMPLATE yibao OWNER yibao_owner",
        )
    )
    run(_filled(cluster.books(SEALED)))
    return SEALED


@pytest.fixture
def sealed(cluster: Cluster, sealed_template: str):
    """A town with three seals and an unsealed entry."""
    yield from copied(cluster, sealed_template)


def verified(books: Books, **options) -> Verification:
    async def work() -> Verification:
        async with await Database.open(books.service_url, size=2) as database:
            return await verify(database, **options)

    return run(work())


def bend(books: Books, *statements: str, quietly: bool = True) -> None:
    """Run statements as superuser with all triggers out of the way, and put those back."""

    async def work() -> None:
        connection = await asyncpg.connect(books.superuser_url)
        tables = await connection.fetch(
            "SELECT relname FROM pg_class WHERE relnamespace = 'treasury'::regnamespace"
            " AND relkind = 'r'"
        )
        enabled = await connection.fetch(
            "SELECT relname, tgname FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid"
            " WHERE relnamespace = 'treasury'::regnamespace AND tgenabled = 'A'"
        )
        async with connection.transaction():
            for table in tables if quietly else ():
                await connection.execute(f"ALTER TABLE treasury.{table[0]} DISABLE TRIGGER ALL")
            for statement in statements:
                await connection.execute(statement)
            for table in tables if quietly else ():
                await connection.execute(f"ALTER TABLE treasury.{table[0]} ENABLE TRIGGER ALL")
            for table, trigger in enabled if quietly else ():
                await connection.execute(
                    f"ALTER TABLE treasury.{table} ENABLE ALWAYS TRIGGER {trigger}"
                )
        await connection.close()

    run(work())


def shown(found: Verification) -> str:
    return "\n".join(each.told("en") + each.told("zh") for each in found.discrepancies)


def places(found: Verification, code: str) -> list[str]:
    return [each.place.en for each in found.discrepancies if each.code == code]


def value(books: Books, query: str):
    async def work():
        connection = await asyncpg.connect(books.superuser_url)
        try:
            return await connection.fetchval(query)
        finally:
            await connection.close()

    return run(work())


def number_of(books: Books, client_id: str) -> int:
    return value(books, f"SELECT entry_id FROM treasury.entry WHERE client_id = '{client_id}'")


def test_untouched_books_verify(sealed: Books):
    steps: list[tuple[int, int]] = []
    found = verified(sealed, progress=lambda done, last: steps.append((done, last)))
    assert found.holds, shown(found)
    # c1, k1, u1, b1, p1 of two lines each, t1 of four; r1, b2, b3, k2, b4 of two each
    assert (found.seals_count, found.entries_count, found.lines_count) == (3, 11, 24)
    assert found.unsealed_count == 1
    assert 0 < found.unsealed_seconds < 3_600
    assert steps[-1][0] == found.sealed_up_to


CHANGED = {
    "text": "{column} || 'x'",
    "bigint": "{column} + 500000",
    "integer": "{column} + 1",
    "smallint": "{column} + 10",
    "date": "{column} + 1",
    "timestamp with time zone": "{column} + interval '1 microsecond'",
    "bytea": "overlay({column} PLACING '\\x5a'::bytea FROM 1)",
}
ALLOWED = {"account_class": "'expense'", "holder": "'none'", "guard": "'none'", "side": "'debit'"}
ALLOWED |= {"action": "'reopen'", "period_kind": "'month'", "outcome": "'expired'"}
SEALED_TABLES = (
    *("book", "chart_installation", "account", "account_end", "facing", "facing_end"),
    *(
        "period_mark",
        "budget",
        "overdraft_permission",
        "entry",
        "line",
        "reservation",
        "reservation_end",
    ),
)
NUMBERS = {
    "account": "account_id",
    "entry": "entry_id",
    "line": "entry_id",
    "reservation": "reservation_id",
}


@pytest.mark.parametrize("table", SEALED_TABLES)
def test_a_change_of_any_column_is_found_and_its_row_named(
    sealed: Books, table: str, cluster: Cluster
):
    columns = value(
        sealed,
        "SELECT array_agg(column_name || ':' || coalesce(domain_name, data_type)) FROM"
        f" information_schema.columns WHERE table_schema = 'treasury' AND table_name = '{table}'",
    )
    key = NUMBERS.get(table, "number")
    picked = {
        "entry": "SELECT entry_id FROM treasury.entry WHERE client_id = 'r1'",
        "line": "SELECT entry_id FROM treasury.entry WHERE client_id = 'u1'",
        "account": "SELECT account_id FROM treasury.account"
        " WHERE account_code = 'personal/members'",
    }.get(table, f"SELECT max({key}) FROM treasury.{table}")
    number = value(sealed, picked)
    which = f"{key} = {number}" + (" AND line_number = 2" if table == "line" else "")
    missed = {}
    for name, said in (column.split(":") for column in columns):
        kind = "text" if said == "word" else said
        before = value(sealed, f"SELECT {name}::text FROM treasury.{table} WHERE {which}")
        change = ALLOWED.get(
            name, CHANGED[kind].format(column=f"coalesce({name}, {default(kind)})")
        )
        rules_off = [
            f"ALTER TABLE treasury.{table} DROP CONSTRAINT {constraint} CASCADE"
            for constraint in value(
                sealed,
                "SELECT coalesce(array_agg(conname::text), '{}') FROM pg_constraint WHERE"
                f" conrelid = 'treasury.{table}'::regclass AND contype IN ('c', 'f')",
            )
        ]
        bend(sealed, *rules_off, f"UPDATE treasury.{table} SET {name} = {change} WHERE {which}")
        found = verified(sealed)
        named = [*places(found, "row_changed"), *places(found, "row_missing")]
        is_named = any(f" {number}" in each for each in named) or (name == key and named)
        if "seal_differs" not in found.codes or not is_named:
            missed[name] = places(found, "seal_differs"), named
        restored = "NULL" if before is None else f"'{before}'"
        where = which.replace(str(number), f"{number} + 500000") if name == key else which
        where = (
            where.replace("line_number = 2", "line_number = 12") if name == "line_number" else where
        )
        bend(sealed, f"UPDATE treasury.{table} SET {name} = {restored} WHERE {where}")
    assert missed == {}


@pytest.mark.parametrize("table", ["account_end", "facing_end"])
def test_an_account_or_a_facing_brought_back_is_found(sealed: Books, table: str):
    installed = value(sealed, "SELECT max(number) FROM treasury.chart_installation")
    between = {  # the newer chart's rows follow each other
        "account_end": f"between chart_installation {installed} and facing_end {installed + 2}",
        "facing_end": f"between account_end {installed + 1} and -",
    }
    bend(sealed, f"DELETE FROM treasury.{table}")
    found = verified(sealed)
    assert "seal_differs" in found.codes
    assert places(found, "row_missing") == [between[table]]


def test_every_sealed_kind_of_row_is_bent_by_a_test(sealed: Books):
    kinds = value(
        sealed, "SELECT array_agg(DISTINCT split_part(text, E'\t', 1)) FROM treasury.sealed_text"
    )
    assert sorted(kinds) == sorted(SEALED_TABLES)


def default(kind: str) -> str:
    return {"bigint": "0", "text": "''"}.get(kind, "NULL")


def test_the_changed_line_and_its_sums_are_named(sealed: Books):
    number = number_of(sealed, "b1")
    bend(sealed, f"UPDATE treasury.line SET amount = amount + 1 WHERE entry_id = {number}"
                 " AND line_number = 1")  # fmt: skip
    found = verified(sealed)
    assert places(found, "entry_content_differs") == [f"entry {number} (b1)"]
    assert any(each.startswith(f"entry {number} line 1") for each in places(found, "row_changed"))
    assert places(found, "entry_unbalanced") == [f"entry {number} pooling"]
    assert places(found, "day_sum_differs")[0].startswith("account pooling/benefit 2024-05-06")


def test_a_deleted_entry_is_found_between_its_neighbours(sealed: Books):
    number = number_of(sealed, "b1")
    bend(
        sealed,
        f"DELETE FROM treasury.line WHERE entry_id = {number}",
        f"DELETE FROM treasury.entry WHERE entry_id = {number}",
    )
    (place,) = places(verified(sealed), "row_missing")
    assert f"between entry {number - 1} line 2" in place
    assert f"and entry {number + 1} (p1)" in place


def test_an_entry_pushed_into_a_sealed_range_is_named(sealed: Books):
    number = number_of(sealed, "b1")
    free = value(sealed, "SELECT min(g) FROM generate_series(1, 900) AS g WHERE NOT EXISTS"
                         " (SELECT FROM treasury.sealed_text WHERE number = g)")  # fmt: skip
    if free > value(sealed, "SELECT treasury.sealed_up_to()"):
        free = number
        bend(
            sealed,
            "UPDATE treasury.line SET entry_id = 0 WHERE entry_id = 1",
            "INSERT INTO treasury.line SELECT entry_id, 3, account_id, amount, business_date,"
            f" party_id FROM treasury.line WHERE entry_id = {number} AND line_number = 1",
        )
        assert any(f"entry {number} line 3" in each
                   for each in places(verified(sealed), "row_inserted"))  # fmt: skip
    else:
        copy = "SELECT {0}, {1} FROM treasury.{2} WHERE entry_id = {3}"
        entry_columns = "area_code, 'x1', content_digest, event_kind, business_date, booking_date,"
        entry_columns += " booked_at, posted_in, NULL, NULL, actor, source, memo"
        line_columns = "line_number, account_id, amount, business_date, party_id"
        bend(
            sealed,
            "INSERT INTO treasury.entry " + copy.format(free, entry_columns, "entry", number),
            "INSERT INTO treasury.line " + copy.format(free, line_columns, "line", number),
        )
        assert f"entry {free} (x1)" in places(verified(sealed), "row_inserted")


def test_two_lines_that_change_places_are_named(sealed: Books):
    number = number_of(sealed, "b1")
    bend(
        sealed,
        f"UPDATE treasury.line SET line_number = 90 WHERE entry_id = {number} AND line_number = 1",
        f"UPDATE treasury.line SET line_number = 1 WHERE entry_id = {number} AND line_number = 2",
        f"UPDATE treasury.line SET line_number = 2 WHERE entry_id = {number} AND line_number = 90",
    )
    found = verified(sealed)
    named = places(found, "row_changed")
    assert [each.split(" [")[0] for each in named] == [
        f"entry {number} line 1",
        f"entry {number} line 2",
    ]
    assert found.codes == {"seal_differs", "row_changed", "entry_content_differs"}


def test_two_entries_that_change_places_are_named(sealed: Books):
    first, second = number_of(sealed, "b1"), number_of(sealed, "p1")
    swap = [
        f"UPDATE treasury.{table} SET entry_id = {target} WHERE entry_id = {source}"
        for source, target in ((first, 0), (second, first), (0, second))
        for table in ("entry", "line")
    ]
    bend(sealed, *swap)
    named = " ".join(places(verified(sealed), "row_changed"))
    assert f"entry {first} (p1)" in named
    assert f"entry {second} (b1)" in named


def test_rebuilt_seals_are_found_against_the_exported_copy(sealed: Books, tmp_path: Path):
    async def exported() -> int:
        async with await Database.open(sealed.service_url, size=1) as database:
            return await sealing.export_seals(database, tmp_path / "seals.jsonl")

    assert run(exported()) == 3
    assert verified(sealed, seals_file=tmp_path / "seals.jsonl").holds
    number = number_of(sealed, "b2")
    bend(
        sealed,
        f"UPDATE treasury.entry SET actor = 'nobody' WHERE entry_id = {number}",
        "CREATE TEMP TABLE old AS SELECT up_to_number FROM treasury.seal ORDER BY 1",
        "DELETE FROM treasury.seal",
        "DO $$ DECLARE top bigint; BEGIN FOR top IN SELECT up_to_number FROM old ORDER BY 1 LOOP"
        " PERFORM treasury.seal_up_to(top); END LOOP; END $$",
    )
    assert verified(sealed).holds  # the chain is whole again: only the copy tells
    found = verified(sealed, seals_file=tmp_path / "seals.jsonl")
    assert found.codes == {"copy_differs"}
    # every seal was made anew, so all three have another moment, two another digest
    assert len(places(found, "copy_differs")) == 3


def test_a_chain_that_was_cut_short_is_found_against_the_copy(sealed: Books, tmp_path: Path):
    async def exported() -> None:
        async with await Database.open(sealed.service_url, size=1) as database:
            await sealing.export_seals(database, tmp_path / "seals.jsonl")

    run(exported())
    bend(sealed, "DELETE FROM treasury.seal WHERE seal_id = 3")
    found = verified(sealed, seals_file=tmp_path / "seals.jsonl")
    assert places(found, "copy_ahead")[0].startswith("seal 3 ")


@pytest.mark.parametrize(
    "change",
    [
        "previous_digest = repeat('0', 64)",
        "after_number = after_number + 1",
        "digest = repeat('0', 64)",
        "rows_count = rows_count + 1",
        "entries_count = entries_count + 1",
        "lines_count = lines_count + 1",
        "debit_amount = debit_amount + 1",
        "up_to_number = up_to_number + 1",
    ],
)
def test_a_changed_seal_is_named(sealed: Books, change: str):
    bend(sealed, f"UPDATE treasury.seal SET {change} WHERE seal_id = 2")
    found = verified(sealed)
    assert found.codes & {"chain_broken", "seal_differs", "seal_counts_differ"}
    assert any(each.place.en.startswith("seal 2 ") for each in found.discrepancies), shown(found)


@pytest.mark.parametrize(
    ("code", "statement", "place"),
    [
        (
            "personal_balance_differs",
            (
                "UPDATE treasury.personal_balance SET balance_amount = balance_amount + 5"
                " WHERE party_id = 'M1'"
            ),
            "account personal/members M1",
        ),
        (
            "reserved_differs",
            "UPDATE treasury.personal_balance SET reserved_amount = 0 WHERE party_id = 'M1'",
            "account personal/members M1",
        ),
        (
            "day_sum_differs",
            (
                "UPDATE treasury.day_sum SET debit_amount = debit_amount + 1 WHERE account_id ="
                " (SELECT account_id FROM treasury.account WHERE account_code = 'relief/received')"
            ),
            "account relief/received 2024-05-06",
        ),
        (
            "party_day_sum_differs",
            (
                "DELETE FROM treasury.party_day_sum WHERE party_id = 'H1' AND account_id ="
                " (SELECT account_id FROM treasury.account WHERE account_code = 'pooling/payable')"
            ),
            "account pooling/payable H1 2024-05-06",
        ),
    ],
)
def test_a_sum_that_is_not_that_of_its_lines_is_named(
    sealed: Books, code: str, statement: str, place: str
):
    bend(sealed, statement)
    found = verified(sealed)
    assert found.codes == {code}, shown(found)
    assert places(found, code)[0].startswith(place)


def test_an_unsealed_entry_is_judged_too(sealed: Books):
    number = number_of(sealed, "b4")
    bend(sealed, f"UPDATE treasury.line SET amount = amount * 2 WHERE entry_id = {number}"
                 " AND line_number = 1")  # fmt: skip
    assert places(verified(sealed), "entry_unbalanced") == [f"entry {number} pooling"]


def test_a_reversal_that_no_longer_mirrors_is_named(sealed: Books):
    number = number_of(sealed, "r1")
    bend(sealed, f"UPDATE treasury.line SET party_id = 'M2' WHERE entry_id = {number}"
                 " AND party_id = 'M1'")  # fmt: skip
    assert f"entry {number} (r1)" in places(verified(sealed), "reversal_differs")


def test_an_entry_in_a_closed_day_is_named(sealed: Books):
    number = number_of(sealed, "b3")
    bend(
        sealed,
        f"UPDATE treasury.entry SET business_date = '2024-01-01' WHERE entry_id = {number}",
        f"UPDATE treasury.line SET business_date = '2024-01-01' WHERE entry_id = {number}",
    )
    assert places(verified(sealed), "closed_period_entered") == [f"entry {number} (b3)"]


@pytest.mark.parametrize(
    ("code", "statement", "place"),
    [
        ("rule_changed", "ALTER TABLE treasury.line DISABLE TRIGGER judge_1_lines",
         "rule trigger line judge_1_lines"),
        ("rule_changed", "ALTER TABLE treasury.entry ENABLE REPLICA TRIGGER append_only",
         "rule trigger entry append_only"),
        ("rule_missing", "DROP TRIGGER entries_close ON treasury.posting",
         "rule trigger posting entries_close"),
        ("rule_changed", ("CREATE OR REPLACE FUNCTION treasury.append_only() RETURNS trigger"
         " LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS 'BEGIN RETURN NULL; END'"),
         "rule function append_only "),
        ("rule_missing", ("ALTER TABLE treasury.personal_balance DROP CONSTRAINT"
         " personal_balance_balance_amount_check"),
         "rule constraint personal_balance personal_balance_balance_amount_check"),
        ("rule_missing", "ALTER DOMAIN treasury.word DROP CONSTRAINT word_check",
         "rule constraint word word_check"),
        ("rule_added", "GRANT UPDATE (amount) ON treasury.line TO yibao_service",
         "rule grant column line amount"),
        ("rule_changed", "GRANT INSERT ON treasury.line TO yibao_service",
         "rule grant relation line"),
        ("rule_added", "CREATE RULE away AS ON UPDATE TO treasury.line DO INSTEAD NOTHING",
         "rule rewrite line away"),
        ("rule_changed", "ALTER TABLE treasury.line DISABLE TRIGGER ALL",
         "rule trigger line append_only"),
    ],
)  # fmt: skip
def test_a_bent_rule_is_named(sealed: Books, code: str, statement: str, place: str):
    bend(sealed, statement, quietly=False)
    found = verified(sealed)
    assert place in places(found, code), shown(found)


def test_the_packaged_rules_are_those_of_a_fresh_migration(database: Books):
    async def work() -> dict[str, str]:
        connection = await asyncpg.connect(database.service_url)
        try:
            return await rules.standing(connection)
        finally:
            await connection.close()

    assert run(work()) == rules.expected(), "python -m tests.integration.treasury.renew_rules"


def test_a_broken_export_is_refused_with_its_line(sealed: Books, tmp_path: Path):
    path = tmp_path / "seals.jsonl"
    path.write_text('{"seal_id": 1}\n')
    with pytest.raises(FaultsFound) as refused:
        verified(sealed, seals_file=path)
    assert [fault.code for fault in refused.value.faults] == ["seals_file_unreadable"]
    assert refused.value.faults[0].where.line == 1


def test_the_sealer_keeps_up_and_survives_a_lost_connection(town: Books, at_work: Callable):
    async def work(database: Database, book: object) -> list[int]:
        sealer = asyncio.create_task(sealing.keep_sealing(database, every=0.02))
        counts = []
        for turn in range(2):
            await post(database, [contribution(f"c{turn}", 5)], area=AREA, actor="clerk")
            for _ in range(200):
                await asyncio.sleep(0.02)
                async with database.connection() as connection:
                    tail = "SELECT treasury.last_number() - treasury.sealed_up_to()"
                    if await connection.fetchval(tail) == 0:
                        break
            async with database.connection() as connection:
                counts.append(await connection.fetchval("SELECT treasury.sealed_up_to()"))
            superuser = await asyncpg.connect(town.superuser_url)
            await superuser.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory'"
                " AND granted AND database = (SELECT oid FROM pg_database"
                " WHERE datname = current_database())"
            )
            await superuser.close()
        assert not sealer.done(), sealer.exception()
        sealer.cancel()
        return counts

    first, second = at_work(work)
    assert 0 < first < second
