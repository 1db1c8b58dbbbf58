"""Reversing (冲正): a booked entry undone, whole and once, by its mirror.

Holds: a reversal names what it reverses and has its lines with the other sign; the original stays.

Refuses: a second reversal, a reversal of a reversal, a day before the original's or a closed one.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from yibao.engines.accounting.entry import Entry, reversal_of
from yibao.offices.treasury.journal import booked
from yibao.offices.treasury.posting import Answer, post
from yibao.storage.postgres.database import Database


@dataclass(frozen=True, slots=True)
class Reversal:
    """What is asked for: the booking number of the entry, and the id and day of its reversal."""

    entry_id: int
    client_id: str
    business_date: date
    memo: str = ""


async def mirror_of(database: Database, reversal: Reversal, *, area: str) -> Entry:
    """The entry that undoes another, to be posted.

    Raises:
        UnableToKeepBooks: ``entry_unknown``.
        UnableToBook: ``reversal_differs``: it is a reversal itself, or booked for a later day.
    """
    original = await booked(database, reversal.entry_id, area=area)
    return reversal_of(
        original.entry,
        booking_number=reversal.entry_id,
        client_id=reversal.client_id,
        business_date=reversal.business_date,
        memo=reversal.memo,
    )


async def reverse(database: Database, reversal: Reversal, *, area: str, actor: str) -> Answer:
    """Book the mirror of an entry.

    Raises:
        UnableToKeepBooks, UnableToBook: as :func:`mirror_of`.
    """
    entry = await mirror_of(database, reversal, area=area)
    return (await post(database, [entry], area=area, actor=actor))[0]
