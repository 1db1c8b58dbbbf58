"""Days and half-open spans of days. Pure: nothing here knows what day it is."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

_ISO = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}\Z")


def parse_date(text: str) -> date:
    """Read an ISO day ``2024-01-31``. Raises ValueError if it is not one that exists."""
    if not _ISO.match(text):
        raise ValueError(text)
    return date.fromisoformat(text)


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """The days from ``start`` up to, not including, ``until`` (None: without end)."""

    start: date
    until: date | None = None

    def __contains__(self, day: date) -> bool:
        return self.start <= day and (self.until is None or day < self.until)

    def meets(self, other: Span) -> bool:
        """Whether the two spans share a day."""
        return (self.until is None or other.start < self.until) and (
            other.until is None or self.start < other.until
        )

    def __str__(self) -> str:
        return f"{self.start} – {self.until or '…'}"


def gaps(spans: Iterable[Span], within: Span) -> list[Span]:
    """The parts of ``within`` that no span covers, in order."""
    missing: list[Span] = []
    position: date | None = within.start
    for span in sorted(spans):
        if position is None or (within.until is not None and position >= within.until):
            break
        if not span.meets(Span(position, within.until)):
            continue
        if span.start > position:
            missing.append(Span(position, span.start))
        position = span.until
    if position is not None and (within.until is None or position < within.until):
        missing.append(Span(position, within.until))
    return missing


def age_on(birth_date: date, day: date) -> int:
    """Full years of age on a day (周岁); who was born on 29 February turns on 1 March."""
    before_birthday = (day.month, day.day) < (birth_date.month, birth_date.day)
    return day.year - birth_date.year - int(before_birthday)


def day_before(day: date) -> date:
    """The day before."""
    return day - timedelta(days=1)
