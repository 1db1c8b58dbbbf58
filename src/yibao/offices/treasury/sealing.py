"""Sealing (封存): everything booked goes into a chain of hashes, soon after it was committed.

A seal covers a range of the booking order and hashes its text (view ``treasury.sealed_text``)
together with the seal before it. :func:`keep_sealing` runs beside a service; one of several holds
the lock and seals, the others wait to take over. :func:`export_seals` writes the chain to a file
that another institution keeps: whoever rewrites books and seals alike cannot rewrite that copy.

Holds: seals follow each other without a gap; a number is sealed when every transaction that may
have drawn it has ended, so nothing is booked into a sealed range.

Refuses: to seal what may still be in the making; it waits, and comes back.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable
from dataclasses import dataclass, fields
from pathlib import Path

import asyncpg
import msgspec

from yibao.base.findings import Fault, FaultsFound, Where
from yibao.base.texts import Text
from yibao.storage.postgres.database import Connection, Database
from yibao.storage.postgres.errors import UnableToUseDatabase

BLOCK_NUMBERS = 20_000
"""How many booking numbers a seal covers at most."""

EVERY_SECONDS = 0.5
_LEADER = "treasury.sealer"
_LOST = (
    *(UnableToUseDatabase, OSError, asyncpg.PostgresError),
    *(asyncpg.InterfaceError, asyncpg.InternalClientError),
)
_SEALS = """
SELECT seal_id, after_number, up_to_number, rows_count, entries_count, lines_count, debit_amount,
    previous_digest, digest, to_char(sealed_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.USZ')
    AS sealed_at
FROM treasury.seal ORDER BY seal_id
"""
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Seal:
    """A seal (封印): what it covers, ``after_number`` exclusive; amounts are fen."""

    seal_id: int
    after_number: int
    up_to_number: int
    rows_count: int
    entries_count: int
    lines_count: int
    debit_amount: int
    previous_digest: str
    digest: str
    sealed_at: str


async def seal_now(database: Database) -> int:
    """Seal what is booked and decided by now; how many seals were made.

    It waits some seconds for transactions under way, and leaves what they hold to the next call.
    """
    async with database.connection() as connection:
        return await _seal(connection)


async def keep_sealing(database: Database, *, every: float = EVERY_SECONDS) -> None:
    """Seal for as long as the task runs; a lost connection is met by a new one.

    ``every`` is the pause in seconds between two looks; only the holder of the lock looks.
    """
    while True:
        try:
            async with database.connection() as connection:
                await _seal_as_leader(connection, every=every)
        except _LOST as bad:
            _log.warning("sealing waits for the database: %s", bad)
        await asyncio.sleep(every)


async def _seal_as_leader(connection: Connection, *, every: float) -> None:
    """Wait for the lock, then seal until the connection is lost or the task ends."""
    wanted = "SELECT pg_try_advisory_lock(hashtextextended($1, 0))"
    while not await connection.fetchval(wanted, _LEADER):  # noqa: ASYNC110 - others may have it
        await asyncio.sleep(every)
    while True:
        await _seal(connection)
        await asyncio.sleep(every)


async def _seal(connection: Connection) -> int:
    """Seal up to the horizon of now, in blocks."""
    horizon = await connection.fetchval("SELECT up_to FROM treasury.horizon()")
    made = 0
    while True:
        sealed = await connection.fetchval("SELECT treasury.sealed_up_to()")
        if sealed >= horizon:
            return made
        up_to = min(horizon, sealed + BLOCK_NUMBERS)
        if await connection.fetchval("SELECT treasury.seal_up_to($1)", up_to) is None:
            return made
        made += 1


async def read_seals(connection: Connection) -> list[Seal]:
    """Every seal, in order."""
    rows = await connection.fetch(_SEALS)
    return [Seal(**row) for row in rows]


async def export_seals(database: Database, path: Path) -> int:
    """Write every seal to a file, one JSON object a line; how many were written."""
    async with database.connection() as connection:
        seals = await read_seals(connection)
    write_seals(seals, path)
    return len(seals)


def write_seals(seals: Iterable[Seal], path: Path) -> None:
    """Write seals to a file, whole or not at all."""
    beside = path.with_name(f".{path.name}.part")
    with beside.open("wb") as file:
        for seal in seals:
            file.write(msgspec.json.encode(seal) + b"\n")
    beside.replace(path)


def exported_seals(path: Path) -> list[Seal]:
    """The seals of an exported file.

    Raises:
        FaultsFound: ``seals_file_unreadable``: a line is no seal, or the file cannot be read.
    """
    try:
        lines = path.read_bytes().splitlines()
    except OSError as error:
        raise _unreadable(path, 0, str(error.strerror)) from None
    seals = []
    for number, line in enumerate(lines, start=1):
        try:
            seals.append(msgspec.json.decode(line, type=Seal))
        except msgspec.DecodeError as error:
            raise _unreadable(path, number, str(error)) from None
    if not seals:
        raise _unreadable(path, 0, ", ".join(field.name for field in fields(Seal)))
    return seals


def _unreadable(path: Path, line: int, why: str) -> FaultsFound:
    return FaultsFound(
        [
            Fault(
                "seals_file_unreadable",
                Where(str(path), line),
                Text(f"不是封印导出文件: {why}", f"this is no exported seal: {why}"),
                Text(
                    "请使用 yibao 导出的封印文件原件", "give the file of seals as yibao exported it"
                ),
            )
        ]
    )
