"""Rates: integers in millionths, so that 80 % is 800 000 and 2.5 % is 25 000, exactly."""

from __future__ import annotations

import re

MILLION = 1_000_000
PER_CENT = 10_000

_DECIMAL = r"([0-9]{1,4})(?:\.([0-9]{1,4}))?"
_RATE = re.compile(_DECIMAL + r"%\Z")
_POINTS = re.compile(_DECIMAL + r"pp\Z")


def _scaled(match: re.Match[str]) -> int:
    return int(match[1]) * PER_CENT + int(((match[2] or "") + "0000")[:4])


def parse_rate(text: str) -> int:
    """Read ``"80%"`` or ``"2.5%"`` as millionths. Raises ValueError on any other text."""
    match = _RATE.match(text)
    if match is None:
        raise ValueError(text)
    return _scaled(match)


def parse_points(text: str) -> int:
    """Read percentage points ``"5pp"`` as millionths. Raises ValueError on any other text."""
    match = _POINTS.match(text)
    if match is None:
        raise ValueError(text)
    return _scaled(match)


def format_rate(rate: int) -> str:
    """Print millionths as a per cent without idle zeros: ``800000`` → ``80%``."""
    sign = "-" if rate < 0 else ""
    whole, rest = divmod(abs(rate), PER_CENT)
    decimals = f"{rest:04d}".rstrip("0")
    return f"{sign}{whole}.{decimals}%" if decimals else f"{sign}{whole}%"
