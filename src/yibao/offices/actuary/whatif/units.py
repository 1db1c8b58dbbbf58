"""Amounts and shares as a page of a what-if writes them: one unit a page, rounded by integers.

A city's sums are read in 万元 or million yuan; the exact fen stand in the tables and the JSON.
"""

from __future__ import annotations

from dataclasses import dataclass

from yibao.base.money import FEN_PER_YUAN, round_half_up
from yibao.base.rates import MILLION, PER_CENT
from yibao.base.texts import Language, Text

_MINUS = "−"
_TENTHS_OF_PER_CENT = 1_000  # millionths in a tenth of a per cent


@dataclass(frozen=True, slots=True)
class Unit:
    """What amounts are told in: a power of ten of yuan, and its name."""

    power: int
    name: str

    def told(self, amount: int, *, signed: bool = False) -> str:
        """An amount in this unit with two decimals; a sign in front where asked."""
        hundredths = round_half_up(abs(amount) * 100, FEN_PER_YUAN * 10**self.power)
        whole, rest = divmod(hundredths, 100)
        return f"{sign_of(amount, signed=signed)}{whole:,}.{rest:02d}"


_UNITS = {
    "zh": (Unit(0, "元"), Unit(4, "万元"), Unit(8, "亿元")),
    "en": (Unit(0, "yuan"), Unit(3, "thousand yuan"), Unit(6, "million yuan")),
}
_DIGITS_SHOWN = 7


def unit_for(amount: int, language: Language) -> Unit:
    """The unit in which the largest amount of a page has few enough digits to read."""
    units = _UNITS[language]
    for unit in units:
        if abs(amount) < FEN_PER_YUAN * 10 ** (unit.power + _DIGITS_SHOWN - 2):
            return unit
    return units[-1]


def yuan_of(language: Language) -> Unit:
    """Plain yuan."""
    return _UNITS[language][0]


def rate_told(rate: int | None, *, signed: bool = True) -> str:
    """A rate of millionths as a per cent, with one decimal below the whole; a dash for none."""
    if rate is None:
        return "—"
    if abs(rate) >= MILLION:
        return f"{sign_of(rate, signed=signed)}{round_half_up(abs(rate), PER_CENT):,}%"
    tenths = round_half_up(abs(rate), _TENTHS_OF_PER_CENT)
    if rate and not tenths:
        return f"<{rate_told(_TENTHS_OF_PER_CENT, signed=False)}"
    whole, rest = divmod(tenths, 10)
    return f"{sign_of(rate, signed=signed)}{whole:,}.{rest}%"


def sign_of(amount: int, *, signed: bool) -> str:
    """The sign to write: a true minus, and a plus where changes are told."""
    if amount < 0:
        return _MINUS
    return "+" if signed and amount > 0 else ""


def range_told(above_amount: int, most_amount: int | None) -> Text:
    """A band of amounts, in yuan."""
    low = f"{above_amount // FEN_PER_YUAN:,}"
    if most_amount is None:
        return Text(f"{low} 元以上", f"over {low} yuan")
    high = f"{most_amount // FEN_PER_YUAN:,}"
    if above_amount == 0:
        return Text(f"{high} 元及以下", f"up to {high} yuan")
    return Text(f"{low}–{high} 元", f"{low}–{high} yuan")
