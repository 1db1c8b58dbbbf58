"""Reserving (预留): money held on a guarded account until it is booked, let go or expired.

A member's account or a fund's bank accounts are guarded; what is reserved there is nobody else's.
An entry that names the reservation uses it up, whole or in part, and frees the rest.

Holds: a reservation ends once, as posted, voided or expired. One whose time is over cannot be used
any more; it holds its amount until it is let go, which :func:`release_expired` does, and which
posting does by itself before it calls an account overdrawn.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypeAlias

import asyncpg

from yibao.base.money import AMOUNT_LIMIT, format_yuan
from yibao.engines.accounting.refusals import REFUSAL_CODES, Refusal
from yibao.offices.treasury.books import Book
from yibao.offices.treasury.errors import judgement, told
from yibao.offices.treasury.posting import Refused, refusal_of
from yibao.storage.postgres.database import Connection, Database

RACES = 20


@dataclass(frozen=True, slots=True)
class Hold:
    """What is to be held: ``amount`` fen > 0 on a guarded account, up to a moment."""

    client_id: str
    account_code: str
    amount: int
    expires_at: datetime
    party_id: str = ""


@dataclass(frozen=True, slots=True)
class Reserved:
    """A reservation that stands; not ``is_new``: the same was asked for before."""

    client_id: str
    reservation_id: int
    is_new: bool


Held: TypeAlias = Reserved | Refused


async def reserve(database: Database, hold: Hold, *, book: Book, actor: str) -> Held:
    """Hold an amount; the same client id and content gives the same reservation again."""
    found = _refusal(hold, book)
    if found:
        return Refused(hold.client_id, (found,))
    is_released = False
    for _ in range(RACES):
        try:
            return await database.transact(lambda each: _reserve(each, hold, book, actor))
        except asyncpg.UniqueViolationError:
            continue  # the same id, at the same moment: the next try finds it
        except asyncpg.PostgresError as error:
            judged = judgement(error)
            if judged is None or judged[0] not in REFUSAL_CODES:
                raise told(error) from error
            if not is_released and judged[0].endswith("_overdrawn"):
                is_released = True
                if await release_expired(database, area=book.area_code, actor=actor):
                    continue
            return Refused(hold.client_id, (refusal_of(*judged),))
    return Refused(hold.client_id, (Refusal("client_id_reused", hold.client_id),))


async def release(database: Database, reservation_id: int, *, area: str, actor: str) -> None:
    """Let a reservation go: voided before its time is over, expired after it.

    Raises:
        UnableToKeepBooks: ``reservation_unknown``, ``reservation_ended``.
    """
    try:
        await database.transact(
            lambda each: each.execute(
                "SELECT treasury.release_reservation($1, $2, $3)", area, reservation_id, actor
            )
        )
    except asyncpg.PostgresError as error:
        raise told(error) from error


async def release_expired(database: Database, *, area: str, actor: str) -> int:
    """Let go of every reservation of the area whose time is over; how many there were."""
    return int(
        await database.transact(
            lambda each: each.fetchval("SELECT treasury.release_expired($1, $2)", area, actor)
        )
    )


def _refusal(hold: Hold, book: Book) -> Refusal | None:
    if hold.amount <= 0:
        return Refusal("amount_zero", hold.client_id, found=format_yuan(hold.amount))
    if hold.amount > AMOUNT_LIMIT:
        return Refusal("amount_too_large", hold.client_id, found=format_yuan(hold.amount))
    if hold.account_code not in book.account_ids:
        return Refusal("account_unknown", hold.client_id, subject=hold.account_code)
    return None


async def _reserve(connection: Connection, hold: Hold, book: Book, actor: str) -> Reserved:
    row = await connection.fetchrow(
        "SELECT reservation_id, is_new FROM treasury.reserve($1, $2, $3, $4, $5, $6, $7, $8)",
        *(book.area_code, hold.client_id, hold_digest(hold), book.account_ids[hold.account_code]),
        *(hold.party_id, hold.amount, hold.expires_at, actor),
    )
    return Reserved(hold.client_id, row["reservation_id"], row["is_new"])


def hold_digest(hold: Hold) -> bytes:
    """SHA-256 of a hold's canonical text: JSON without blanks, the moment in UTC."""
    moment = hold.expires_at.astimezone(UTC).isoformat(timespec="microseconds")
    content = [
        "yibao-hold-1",
        *(hold.client_id, hold.account_code, hold.party_id, hold.amount, moment),
    ]
    text = json.dumps(content, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).digest()
