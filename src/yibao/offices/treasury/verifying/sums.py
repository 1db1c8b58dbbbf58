"""What must add up (核算): entries, funds, pairs, reversals, and the sums kept beside the lines.

Each check is one query whose rows are discrepancies. Those over a range of the booking order run
block by block; those over the whole ledger run once, each on one connection.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from yibao.base.texts import Text
from yibao.offices.treasury.verifying.report import Discrepancy, at_entry
from yibao.storage.postgres.database import Connection

_FUNDS = """
WITH funds AS (
    SELECT l.entry_id, a.fund, sum(l.amount) AS amount, count(*) AS lines_count,
        sum(l.amount) FILTER (WHERE l.amount > 0) AS debit
    FROM treasury.line AS l LEFT JOIN treasury.account AS a USING (account_id)
    WHERE l.entry_id > $1 AND l.entry_id <= $2 GROUP BY l.entry_id, a.fund
)
SELECT coalesce(sum(debit), 0)::bigint AS debit,
    coalesce(sum(lines_count), 0)::bigint AS lines_count, count(DISTINCT entry_id) AS entries_count,
    array_agg(entry_id) FILTER (WHERE amount <> 0) AS entries,
    array_agg(fund::text) FILTER (WHERE amount <> 0) AS funds,
    array_agg(amount::text) FILTER (WHERE amount <> 0) AS amounts
FROM funds
"""


@dataclass(frozen=True, slots=True)
class Check:
    """A query over the whole ledger, the code of its rows and how their place is told."""

    code: str
    query: str
    place: Callable[[Any], Text]


@dataclass(frozen=True, slots=True)
class BlockSums:
    """What the lines of a range come to; ``debit_amount`` in fen."""

    debit_amount: int
    entries_count: int
    lines_count: int
    discrepancies: tuple[Discrepancy, ...]


async def block_sums(connection: Connection, *, after: int, up_to: int) -> BlockSums:
    """Add up the lines of a range by entry and fund."""
    row = await connection.fetchrow(_FUNDS, after, up_to)
    unbalanced = zip(row["entries"] or (), row["funds"] or (), row["amounts"] or (), strict=True)
    found = tuple(
        Discrepancy("entry_unbalanced", at_entry(entry, account=fund or "-"), amount)
        for entry, fund, amount in unbalanced
    )
    return BlockSums(row["debit"], row["entries_count"], row["lines_count"], found)


async def whole(connection: Connection, check: Check, *, sealed_up_to: int) -> list[Discrepancy]:
    """What one check over the whole ledger finds, at most a hundred."""
    arguments = [sealed_up_to] if "$1" in check.query else []
    rows = await connection.fetch(f"{check.query} LIMIT 100", *arguments)
    return [Discrepancy(check.code, check.place(row), str(row["found"] or "")) for row in rows]


def _entry_place(row: Any) -> Text:  # noqa: ANN401 - a driver's record
    return at_entry(row["entry_id"], row.get("client_id") or "", line=row.get("line_number") or 0)


def _account_place(row: Any) -> Text:  # noqa: ANN401
    days = " ".join(str(row[name]) for name in ("business_date", "booking_date") if name in row)
    parts = (row["account_code"], row.get("party_id"), days)
    place = " ".join(part for part in parts if part)
    return Text(f"科目 {place}", f"account {place}")


def _difference(name: str, *, party: str, holders: str) -> str:
    """The rows of a table of day sums that are not what sealed lines come to."""
    keys = f"account_id, {party + ', ' if party else ''}business_date, booking_date"
    places = "1, 2, 3, 4" if party else "1, 2, 3"
    of_lines = f"l.account_id, {'l.party_id::text AS party_id, ' if party else ''}l.business_date,"
    shown = "coalesce(k.party_id, s.party_id)" if party else "''"
    return f"""
    WITH summed AS (
        SELECT {of_lines} e.booking_date,
            coalesce(sum(l.amount) FILTER (WHERE l.amount > 0), 0) AS debit_amount,
            coalesce(sum(-l.amount) FILTER (WHERE l.amount < 0), 0) AS credit_amount,
            count(*) AS lines_count
        FROM treasury.line AS l JOIN treasury.entry AS e USING (entry_id)
        WHERE l.entry_id <= $1 AND {holders} GROUP BY {places}
    )
    SELECT a.account_code, {shown} AS party_id, business_date, booking_date,
        concat_ws(' / ', k.debit_amount, s.debit_amount, k.credit_amount, s.credit_amount) AS found
    FROM treasury.{name} AS k FULL JOIN summed AS s USING ({keys})
        LEFT JOIN treasury.account AS a USING (account_id)
    WHERE (k.debit_amount, k.credit_amount, k.lines_count)
        IS DISTINCT FROM (s.debit_amount, s.credit_amount, s.lines_count)
    """  # noqa: S608 - every part is a word of this file


_BY_PARTY = """l.account_id IN (SELECT account_id FROM treasury.account
    WHERE holder NOT IN ('none', 'member'))"""

CHECKS = (
    Check("day_sum_differs", _difference("day_sum", party="", holders="true"), _account_place),
    Check(
        "party_day_sum_differs",
        _difference("party_day_sum", party="party_id", holders=_BY_PARTY),
        _account_place,
    ),
    Check(
        "line_homeless",
        """
        SELECT l.entry_id, l.line_number, concat_ws(' ', l.account_id, l.business_date) AS found
        FROM treasury.line AS l LEFT JOIN treasury.entry AS e USING (entry_id)
        WHERE e.entry_id IS NULL OR e.business_date <> l.business_date
            OR NOT EXISTS (SELECT FROM treasury.account AS a
                WHERE a.account_id = l.account_id AND a.area_code = e.area_code)
        """,
        _entry_place,
    ),
    Check(
        "entry_empty",
        """
        SELECT e.entry_id, e.client_id, '' AS found FROM treasury.entry AS e
        WHERE NOT EXISTS (SELECT FROM treasury.line AS l WHERE l.entry_id = e.entry_id)
        """,
        _entry_place,
    ),
    Check(
        "pair_unbalanced",
        """
        SELECT l.entry_id, concat_ws(' ', a.clearing_pair, sum(l.amount)) AS found
        FROM treasury.line AS l JOIN treasury.account AS a USING (account_id)
        WHERE l.account_id IN (SELECT account_id FROM treasury.account WHERE clearing_pair <> '')
        GROUP BY l.entry_id, a.clearing_pair HAVING sum(l.amount) <> 0
        """,
        _entry_place,
    ),
    Check(
        "reversal_differs",
        """
        SELECT r.entry_id, r.client_id, concat_ws(' ', r.reverses_entry_id, l.party_id) AS found
        FROM treasury.entry AS r
            JOIN treasury.line AS l ON l.entry_id IN (r.entry_id, r.reverses_entry_id)
        WHERE r.reverses_entry_id IS NOT NULL
        GROUP BY r.entry_id, l.account_id, l.party_id HAVING sum(l.amount) <> 0
        """,
        _entry_place,
    ),
    Check(
        "personal_balance_differs",
        """
        WITH summed AS (
            SELECT account_id, party_id::text AS party_id, -sum(amount) AS amount
            FROM treasury.line WHERE account_id IN (
                SELECT account_id FROM treasury.account WHERE guard = 'personal')
            GROUP BY account_id, party_id
        )
        SELECT a.account_code, party_id, concat_ws(' / ', b.balance_amount, s.amount) AS found
        FROM treasury.personal_balance AS b FULL JOIN summed AS s USING (account_id, party_id)
            LEFT JOIN treasury.account AS a USING (account_id)
        WHERE coalesce(b.balance_amount, 0) <> coalesce(s.amount, 0) OR b.balance_amount < 0
        """,
        _account_place,
    ),
    Check(
        "reserved_differs",
        """
        WITH held AS (
            SELECT account_id, party_id::text AS party_id, sum(amount) AS amount
            FROM treasury.reservation AS r JOIN treasury.account AS a USING (account_id)
            WHERE a.guard = 'personal' AND NOT EXISTS (SELECT FROM treasury.reservation_end AS x
                WHERE x.reservation_id = r.reservation_id)
            GROUP BY account_id, party_id
        )
        SELECT a.account_code, party_id, concat_ws(' / ', b.reserved_amount, h.amount) AS found
        FROM treasury.personal_balance AS b FULL JOIN held AS h USING (account_id, party_id)
            LEFT JOIN treasury.account AS a USING (account_id)
        WHERE coalesce(b.reserved_amount, 0) <> coalesce(h.amount, 0)
        """,
        _account_place,
    ),
    Check(
        "closed_period_entered",
        """
        WITH days AS (
            SELECT area_code, business_date, max(entry_id) AS last_id
            FROM treasury.entry GROUP BY area_code, business_date
        ), suspected AS (
            SELECT * FROM days AS d WHERE EXISTS (SELECT FROM treasury.period_mark AS m
                WHERE m.area_code = d.area_code AND m.period_kind = 'day' AND m.action = 'close'
                    AND d.business_date BETWEEN m.first_date AND m.last_date
                    AND m.number < d.last_id)
        )
        SELECT e.entry_id, e.client_id, e.business_date::text AS found
        FROM suspected JOIN treasury.entry AS e USING (area_code, business_date)
        WHERE (SELECT m.action FROM treasury.period_mark AS m
            WHERE m.area_code = e.area_code AND m.period_kind = 'day' AND m.number < e.entry_id
                AND e.business_date BETWEEN m.first_date AND m.last_date
            ORDER BY m.number DESC LIMIT 1) = 'close'
        """,
        _entry_place,
    ),
)
