"""What every use case of access works with: the database, a clock, our settings.

The clock is a value, so that a test stands a moment before an expiry, at it and after it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from yibao.offices.access.settings import AccessSettings
from yibao.storage.postgres.database import Database


def clock_now() -> datetime:
    """This moment, in UTC."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class AccessOffice:
    """The room at work: made once by a door, and passed to each use case."""

    database: Database
    clock: Callable[[], datetime] = clock_now
    settings: AccessSettings = field(default_factory=AccessSettings)


def is_within(now: datetime, start: datetime, *ends: datetime | None) -> bool:
    """Whether a moment lies from ``start`` up to, not including, the earliest end; None: no end."""
    return start <= now and all(end is None or now < end for end in ends)
