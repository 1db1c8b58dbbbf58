"""Exact decimals (定点小数): a fraction rounded half up once, as whole units of its last place.

A weight of four places is an integer of ten-thousandths; it is written as text and read back the
same. Square roots are whole numbers too, rounded half up.
"""

from __future__ import annotations

import re
from fractions import Fraction
from math import isqrt

from yibao.base.money import round_fraction

MILLION = 1_000_000
_DECIMAL = re.compile(r"([0-9]{1,9})(?:\.([0-9]{1,6}))?\Z")


def units_of(value: Fraction, places: int) -> int:
    """A fraction in units of its last place. Rounding: half up, once."""
    return round_fraction(value * 10**places)


def decimal_text(units: int, places: int) -> str:
    """Units of the last place as a decimal with all its places: 12346 of four is ``1.2346``."""
    sign = "-" if units < 0 else ""
    whole, rest = divmod(abs(units), 10**places)
    return f"{sign}{whole}.{rest:0{places}d}" if places else f"{sign}{whole}"


def parse_decimal(text: str, places: int) -> int:
    """A decimal of at most ``places`` places in units of its last place.

    Raises:
        ValueError: on any other text.
    """
    match = _DECIMAL.match(text)
    if match is None or len(match[2] or "") > places:
        raise ValueError(text)
    digits = (match[2] or "").ljust(places, "0")
    return int(match[1] + digits)


def root_millionths(square: Fraction) -> int:
    """The square root of a fraction ≥ 0 in millionths, rounded half up."""
    scaled = square * MILLION * MILLION
    root = isqrt(scaled.numerator // scaled.denominator)
    is_above = (2 * root + 1) ** 2 * scaled.denominator <= 4 * scaled.numerator
    return root + int(is_above)
