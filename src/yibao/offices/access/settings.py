"""Access's own settings (参数): durations and lengths that we chose. None is a number of law."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessSettings:
    """What a bureau may set otherwise; docs/access.md tells what each is for."""

    session_idle: timedelta = timedelta(minutes=30)
    """A session ends when it was not used for so long."""
    session_longest: timedelta = timedelta(hours=12)
    """A session ends after so long, however it was used."""
    touch_grain: timedelta = timedelta(minutes=1)
    """Uses of a session or key are noted at most so often, so that reading stays reading."""
    free_failures: int = 3
    """So many wrong passwords in a row cost no waiting."""
    first_wait: timedelta = timedelta(seconds=5)
    """The wait after the next failure; each further failure doubles it."""
    longest_wait: timedelta = timedelta(minutes=15)
    """The wait never grows beyond this, or a stranger could lock a person out for good."""
    shortest_password: int = 10
    """Characters that a password has at least."""
    longest_password: int = 256
    """And at most, so that nobody hashes a novel."""
    key_validity: timedelta = timedelta(days=365)
    """How long a key counts where nothing else is said."""
    key_overlap: timedelta = timedelta(days=7)
    """How long the old key still counts beside the one that replaces it."""


def wait_after(failures: int, settings: AccessSettings) -> timedelta | None:
    """How long an account waits after so many failures in a row; None: not at all."""
    beyond = failures - settings.free_failures - 1
    if beyond < 0:
        return None
    doubled: timedelta = settings.first_wait * (1 << min(beyond, 32))
    return min(doubled, settings.longest_wait)
