"""Amounts of money: integer fen, rounded half up once, shared out without loss.

An amount is an ``int`` of fen (分) from the moment it is read to the moment it is printed. No float
ever touches one. Rounding has one name, :func:`round_half_up`; sharing out has one name,
:func:`allocate`, by largest remainder, so that parts always sum to the whole.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from fractions import Fraction

FEN_PER_YUAN = 100
AMOUNT_LIMIT = 10**13
"""Largest amount that is read, in fen: sums of rate × slice then stay inside 64 bits."""

_YUAN = re.compile(r"-?[0-9]{1,12}(\.[0-9]{1,2})?\Z")


def round_half_up(numerator: int, denominator: int = 1) -> int:
    """Round ``numerator / denominator`` half up (away from zero for positive halves).

    Rounding: half up, the only rounding of amounts (docs/policy-language.md §6).
    ``denominator`` > 0.
    """
    return (2 * numerator + denominator) // (2 * denominator)


def round_fraction(value: Fraction) -> int:
    """Round an exact fraction half up to an integer."""
    return round_half_up(value.numerator, value.denominator)


def parse_yuan(text: str) -> int:
    """Read yuan written as an integer or a decimal of at most two places, as integer fen.

    Raises:
        ValueError: on any other text, a third decimal, or an amount beyond the limit.
    """
    if not _YUAN.match(text):
        raise ValueError(text)
    negative = text.startswith("-")
    whole, _, decimals = text.lstrip("-").partition(".")
    fen = int(whole) * FEN_PER_YUAN + int((decimals + "00")[:2])
    if fen > AMOUNT_LIMIT:
        raise ValueError(text)
    return -fen if negative else fen


def format_yuan(amount: int, *, grouped: bool = False) -> str:
    """Print fen as yuan with two decimals, ``grouped`` with thousands separators."""
    whole, fen = divmod(abs(amount), FEN_PER_YUAN)
    sign = "-" if amount < 0 else ""
    return f"{sign}{whole:,}.{fen:02d}" if grouped else f"{sign}{whole}.{fen:02d}"


def allocate(amount: int, weights: Sequence[int]) -> list[int]:
    """Share ``amount`` out in proportion to ``weights`` by largest remainder.

    The parts sum to ``amount`` exactly; ties go to the first listed. Weights are integers ≥ 0; when
    all are zero the amount must be zero.

    Raises:
        ValueError: if a weight is negative, or there is something to share and nobody to take it.
    """
    total = sum(weights)
    if any(weight < 0 for weight in weights) or (total == 0 and amount != 0):
        raise ValueError(f"cannot share {amount} over weights {list(weights)}")
    if total == 0:
        return [0] * len(weights)
    parts = [amount * weight // total for weight in weights]
    remainders = [amount * weight % total for weight in weights]
    missing = amount - sum(parts)
    for index in sorted(range(len(weights)), key=lambda i: (-remainders[i], i))[:missing]:
        parts[index] += 1
    return parts
