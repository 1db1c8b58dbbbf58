"""Figures as they are printed: exact products of fen and millionths, and values by their unit."""

from __future__ import annotations

from fractions import Fraction

from yibao.base.money import FEN_PER_YUAN, format_yuan
from yibao.base.rates import MILLION, format_rate
from yibao.engines.policy.law import Unit

NONE = "none"
_PARTS_OF_YUAN = FEN_PER_YUAN * MILLION
_DECIMALS = 8


def exact_yuan(product: int) -> str:
    """Print a product of fen and millionths as yuan, every digit of it and at least two."""
    whole, rest = divmod(abs(product), _PARTS_OF_YUAN)
    decimals = f"{rest:0{_DECIMALS}d}"
    decimals = decimals[:2] + decimals[2:].rstrip("0")
    return f"{'-' if product < 0 else ''}{whole}.{decimals}"


def printed(unit: Unit, value: int | None) -> str:
    """Print a value of a number by its unit: yuan, per cent or a count; None is ``none``."""
    if value is None:
        return NONE
    if unit == "amount":
        return format_yuan(value)
    return format_rate(value) if unit == "rate" else str(value)


def printed_exact(unit: Unit, value: tuple[int, int]) -> str:
    """Print a step's exact value, as a fraction where the unit cannot hold it."""
    exact = Fraction(*value)
    if exact.denominator == 1:
        return printed(unit, exact.numerator)
    scaled = exact / {"amount": FEN_PER_YUAN, "rate": MILLION, "count": 1}[unit]
    return f"{scaled.numerator}/{scaled.denominator}"
