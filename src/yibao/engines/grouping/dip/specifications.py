"""What each parameter may be (参数取值范围): a name, a kind, and how its value is read.

Holds: a value that passes has the type that :mod:`.parameters` declares. Refuses: defaults. A
parameter without a value on the day is a fault.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, get_args

from yibao.base.rates import MILLION, parse_rate
from yibao.base.texts import Text
from yibao.engines.grouping.dip.catalogue import KINDS
from yibao.engines.grouping.dip.parameters import (
    TREATMENTS,
    ConservativeCore,
    WhereCostUnknown,
)
from yibao.engines.grouping.weights.relative import YearMethod

MOST_PLACES = 6
_LARGEST = MILLION


@dataclass(frozen=True, slots=True)
class Specification:
    """How a value is read (raises ValueError), and what it should be in words."""

    read: Callable[[Any], Any]
    expected: Text


def _whole(least: int, most: int = _LARGEST) -> Specification:
    def read(value: Any) -> int:  # noqa: ANN401
        if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
            raise ValueError(value)
        return value

    return Specification(
        read, Text(f"{least} 至 {most} 的整数", f"a whole number from {least} to {most}")
    )


def _rate() -> Specification:
    def read(value: Any) -> int:  # noqa: ANN401
        return parse_rate(str(value))

    return Specification(read, Text('百分比，如 "10%"', 'a share like "10%"'))


def _one_of(words: tuple[str, ...]) -> Specification:
    def read(value: Any) -> str:  # noqa: ANN401
        if value not in words:
            raise ValueError(value)
        return str(value)

    shown = ", ".join(words)
    return Specification(read, Text(f"以下之一: {shown}", f"one of {shown}"))


def _truth() -> Specification:
    def read(value: Any) -> bool:  # noqa: ANN401
        if not isinstance(value, bool):
            raise TypeError(value)
        return value

    return Specification(read, Text("true 或 false", "true or false"))


def _list(of: Callable[[Any], Any], expected: Text, *, least: int = 1) -> Specification:
    def read(value: Any) -> tuple[Any, ...]:  # noqa: ANN401
        if not isinstance(value, tuple) or len(value) < least:
            raise ValueError(value)
        return tuple(of(one) for one in value)

    return Specification(read, expected)


def _text(value: Any) -> str:  # noqa: ANN401
    if not isinstance(value, str) or not value:
        raise ValueError(value)
    return value


def _level(value: Any) -> str:  # noqa: ANN401
    if value not in ("5", "4", "3", "2", "1", "chapter", 5, 4, 3, 2, 1):
        raise ValueError(value)
    return str(value)


def _chapter(value: Any) -> str:  # noqa: ANN401
    first, dash, last = _text(value).partition("-")
    if not dash or len(first) != 3 or len(last) != 3 or first > last:
        raise ValueError(value)
    return f"{first}-{last}"


def _type_word(value: Any) -> str:  # noqa: ANN401
    kind, _, treatment = _text(value).partition(" ")
    if kind not in KINDS or treatment not in TREATMENTS:
        raise ValueError(value)
    return f"{kind} {treatment}"


def _part(value: Any) -> int:  # noqa: ANN401
    found: int = _whole(0).read(value)
    return found


SPECIFICATIONS: Mapping[str, Specification] = {
    "diagnosis_characters": _whole(1, 20),
    "procedure_characters": _whole(0, 20),
    "related_share": _rate(),
    "where_cost_unknown": _one_of(get_args(WhereCostUnknown)),
    "alternatives": _list(
        _text, Text("编码组的列表", "a list of codes like 47.0100/47.0900"), least=0
    ),
    "core_threshold": _whole(1),
    "mixed_threshold": _whole(1),
    "mixed_levels": _list(_level, Text("1–5 或 chapter 的列表", "a list of 1 to 5 or chapter")),
    "chapters": _list(_chapter, Text("A00-B99 形式的列表", "a list like A00-B99"), least=0),
    "primary_keys": _list(_text, Text("病种编码的列表", "a list of groups' codes"), least=0),
    "conservative_core": _one_of(get_args(ConservativeCore)),
    "type_order": _list(_type_word, Text("core surgery 等的列表", "a list like core surgery")),
    "trimming_at_least": _whole(1),
    "trimming_low": _rate(),
    "trimming_high": _rate(),
    "year_parts": _list(_part, Text("整数的列表，如 [1, 2, 7]", "a list like [1, 2, 7]")),
    "year_method": _one_of(get_args(YearMethod)),
    "weight_places": _whole(0, MOST_PLACES),
    "points_per_weight": _whole(1),
    "point_places": _whole(0, MOST_PLACES),
    "outlier_low": _rate(),
    "outlier_high": _rate(),
    "outlier_extreme": _rate(),
    "outlier_low_inclusive": _truth(),
    "outlier_high_inclusive": _truth(),
}
"""Every parameter, by name."""
