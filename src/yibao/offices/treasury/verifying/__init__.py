"""Verifying (核验): whether the books are what was booked, and what bent them where they are not.

Everything is looked at as of one moment, by two connections at once: the chain of seals and each
block's text (:mod:`chain`), what must add up (:mod:`sums`), the database's own rules
(:mod:`rules`). Against an exported copy of the seals, a chain rebuilt consistently is found too.

Holds: each discrepancy names its place: the row, entry, line, account, seal or rule.

Refuses: to mend anything. It reads with the service's role, which may do no more.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

from yibao.offices.treasury.sealing import Seal, exported_seals, read_seals
from yibao.offices.treasury.verifying import chain, rules, sums
from yibao.offices.treasury.verifying.report import Discrepancy, Verification, in_order
from yibao.storage.postgres.database import Connection, Database

__all__ = ["Discrepancy", "Verification", "verify"]

CONNECTIONS = 2
_SETTINGS = """SET LOCAL work_mem = '256MB'; SET LOCAL jit = off; SET LOCAL timezone = 'UTC';
SET LOCAL max_parallel_workers_per_gather = 0"""
_TAIL = """
SELECT last.number - treasury.sealed_up_to() AS unsealed_count,
    coalesce(extract(epoch FROM clock_timestamp() - (SELECT min(booked_at) FROM treasury.entry
        WHERE entry_id > treasury.sealed_up_to())), 0)::float8 AS unsealed_seconds,
    last.number AS last_number
FROM (SELECT treasury.last_number() AS number) AS last
"""


class _Totals:
    """What both connections count and find."""

    def __init__(self) -> None:
        self.rows_count = 0
        self.entries_count = 0
        self.lines_count = 0
        self.found: list[Discrepancy] = []


_Work = Callable[[Connection, _Totals], Awaitable[None]]


async def verify(
    database: Database,
    *,
    seals_file: Path | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Verification:
    """Verify the whole ledger as it stands at this moment.

    ``seals_file`` is an exported copy of the seals; ``progress`` is told how many numbers of the
    booking order are done, and how many there are.

    Raises:
        FaultsFound: the exported copy cannot be read.
        UnableToReachDatabase: the connection was lost; nothing is known.
    """
    copy = exported_seals(seals_file) if seals_file else []
    async with database.connection() as first, _at_one_moment(first) as moment:
        seals = await read_seals(first)
        tail = await first.fetchrow(_TAIL)
        sealed_up_to = seals[-1].up_to_number if seals else 0
        totals = _Totals()
        totals.found += [*chain.links(seals), *chain.compared(seals, copy)]
        works = _works(seals, max(tail["last_number"], sealed_up_to), progress)
        async with database.connection() as second, _at_one_moment(second, moment):
            await asyncio.gather(*(_run(works, each, totals) for each in (first, second)))
    return Verification(
        discrepancies=in_order(totals.found),
        seals_count=len(seals),
        rows_count=totals.rows_count,
        entries_count=totals.entries_count,
        lines_count=totals.lines_count,
        sealed_up_to=sealed_up_to,
        unsealed_count=max(0, tail["unsealed_count"]),
        unsealed_seconds=tail["unsealed_seconds"],
        copied_seals_count=len(copy),
    )


def _works(
    seals: list[Seal], last_number: int, progress: Callable[[int, int], None] | None
) -> list[_Work]:
    """Everything to be done, the last first: whole-ledger checks, then blocks."""
    done = 0

    def told(count: int) -> None:
        nonlocal done
        done += count
        if progress:
            progress(done, last_number)

    sealed_up_to = seals[-1].up_to_number if seals else 0
    works: list[_Work] = [partial(_check, check=each, sealed=sealed_up_to) for each in sums.CHECKS]
    works.append(_rules)
    works += [partial(_block, seal=each, told=told) for each in seals]
    works.append(partial(_tail, after=sealed_up_to, up_to=last_number))
    return works[::-1]


async def _run(works: list[_Work], connection: Connection, totals: _Totals) -> None:
    while works:
        await works.pop()(connection, totals)


async def _check(
    connection: Connection, totals: _Totals, *, check: sums.Check, sealed: int
) -> None:
    totals.found += await sums.whole(connection, check, sealed_up_to=sealed)


async def _rules(connection: Connection, totals: _Totals) -> None:
    totals.found += await rules.bent(connection)


async def _block(
    connection: Connection, totals: _Totals, *, seal: Seal, told: Callable[[int], None]
) -> None:
    rows_count, found = await chain.block(connection, seal)
    summed = await sums.block_sums(connection, after=seal.after_number, up_to=seal.up_to_number)
    if summed.debit_amount != seal.debit_amount:
        place, amount = chain.at_seal(seal), str(summed.debit_amount)
        found.append(Discrepancy("seal_counts_differ", place, amount))
    totals.rows_count += rows_count
    _add(totals, summed, found)
    told(seal.up_to_number - seal.after_number)


async def _tail(connection: Connection, totals: _Totals, *, after: int, up_to: int) -> None:
    _add(totals, await sums.block_sums(connection, after=after, up_to=up_to), [])


def _add(totals: _Totals, summed: sums.BlockSums, found: list[Discrepancy]) -> None:
    totals.entries_count += summed.entries_count
    totals.lines_count += summed.lines_count
    totals.found += [*found, *summed.discrepancies]


@asynccontextmanager
async def _at_one_moment(connection: Connection, moment: str = "") -> AsyncIterator[Any]:
    """A read-only transaction at a moment, of another connection where one is named."""
    async with connection.transaction(isolation="repeatable_read", readonly=True):
        if moment:
            await connection.execute(f"SET TRANSACTION SNAPSHOT '{moment}'")
        await connection.execute(_SETTINGS)
        yield moment or await connection.fetchval("SELECT pg_export_snapshot()")
