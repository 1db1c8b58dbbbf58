"""Years of settlements written straight into the ledger's tables, past its triggers, then sealed.

Posting ten million lines would measure posting again. Booking days follow the business days.
"""

from __future__ import annotations

from typing import Any

import asyncpg

from bench import ledger_work as work

LINES_PER_ENTRY = 6
BLOCK_ENTRIES = 100_000
TABLES = ("entry", "line", "personal_balance")
ENTRIES = """
INSERT INTO treasury.entry (entry_id, area_code, client_id, content_digest, event_kind,
    business_date, booking_date, actor, source)
SELECT nextval('treasury.booking_number'), $1, 'old-' || g, sha256(g::text::bytea), 'settlement',
    $2::date + (g * $4::bigint / $3)::integer, $2::date + (g * $4::bigint / $3)::integer,
    'settlement office', 'determination ' || g
FROM generate_series($5::bigint, $6::bigint) AS g
"""
LINES = """
INSERT INTO treasury.line (entry_id, line_number, account_id, amount, business_date, party_id)
SELECT e.entry_id, k.line_number, k.account_id, k.side * (1000 + e.entry_id % 90000 * k.part),
    e.business_date, CASE k.party
        WHEN 'H' THEN 'H37020' || lpad((e.entry_id * 7919 % $2)::text, 6, '0')
        WHEN 'M' THEN 'M3702' || lpad((e.entry_id * 104729 % $3)::text, 12, '0') ELSE '' END
FROM treasury.entry AS e CROSS JOIN unnest($4::smallint[], $5::bigint[], $6::bigint[], $7::bigint[],
    $8::text[]) AS k (line_number, account_id, side, part, party)
WHERE e.entry_id > $1
"""
BALANCES = """
UPDATE treasury.personal_balance AS b SET balance_amount = s.amount FROM (
    SELECT account_id, party_id::text AS party_id, -sum(amount) AS amount FROM treasury.line
    WHERE account_id = $1 GROUP BY account_id, party_id) AS s
WHERE b.account_id = s.account_id AND b.party_id = s.party_id
"""


async def filled(url: str, book: Any, *, lines: int, members: int) -> int:
    """Write that many lines; how many were written."""
    connection = await asyncpg.connect(url)
    codes = [f"{fund}/{name}" for fund, name in (
        (work.POOL, "benefit_inpatient"), (work.POOL, "provider_payable"),
        (work.LARGE, "benefit_inpatient"), (work.LARGE, "provider_payable"),
        (work.OWN, "personal_account_liability"), (work.OWN, "provider_payable"))]  # fmt: skip
    shape = (
        list(range(1, LINES_PER_ENTRY + 1)),
        [book.account_ids[code] for code in codes],
        [1, -1, 1, -1, 1, -1],
        [10, 10, 1, 1, 0, 0],
        ["", "H", "", "H", "M", "H"],
    )
    count = lines // LINES_PER_ENTRY
    for table in TABLES:
        await connection.execute(f"ALTER TABLE treasury.{table} DISABLE TRIGGER ALL")
    for first in range(1, count + 1, BLOCK_ENTRIES):
        last = min(count, first + BLOCK_ENTRIES - 1)
        number = await connection.fetchval("SELECT treasury.last_number()")
        await connection.execute(
            ENTRIES, work.AREA, work.OPENED_ON, count + 1, work.DAYS, first, last
        )
        await connection.execute(LINES, number, work.PROVIDERS, members, *shape)
    await connection.execute(BALANCES, book.account_ids[work.MEMBERS])
    for table in TABLES:
        await connection.execute(f"ALTER TABLE treasury.{table} ENABLE TRIGGER ALL")
    triggers = await connection.fetch(
        "SELECT relname, tgname FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid WHERE"
        " relnamespace = 'treasury'::regnamespace AND NOT tgisinternal AND tgenabled <> 'A'"
    )
    for table, name in triggers:
        await connection.execute(f"ALTER TABLE treasury.{table} ENABLE ALWAYS TRIGGER {name}")
    await connection.execute("VACUUM ANALYZE")
    await connection.close()
    return count * LINES_PER_ENTRY
