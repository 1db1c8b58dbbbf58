"""Words of the books' commands that click does not know: yuan, months, and their errors."""

from __future__ import annotations

import calendar
import re
from datetime import date, timedelta
from typing import TYPE_CHECKING

import click

from yibao.base.errors import YibaoError
from yibao.base.money import parse_yuan
from yibao.base.texts import Language, Text

if TYPE_CHECKING:
    from yibao.engines.accounting.refusals import Refusal
    from yibao.offices.treasury.closing import Period, PeriodKind

_MONTH = re.compile(r"([0-9]{4})-(0[1-9]|1[0-2])\Z")
_YEAR = re.compile(r"(19|20|21)[0-9]{2}\Z")


class UnableToReserve(YibaoError):
    """The books refuse to hold an amount."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.message, refusal.remedy)
        self.code = refusal.code

    def told(self, language: Language) -> str:
        """The refusal as prose in one language, with its code."""
        return f"[{self.code}] {super().told(language)}"


class PeriodInvalid(YibaoError):
    """What was written is no day, month or year."""


class BudgetInvalid(YibaoError):
    """A budget's figure that cannot be."""


def _as_yuan(context: click.Context, parameter: click.Parameter, value: str | None) -> int | None:
    """An amount of yuan of the command line, as fen."""
    if value is None:
        return None
    try:
        return parse_yuan(value)
    except ValueError:
        told = f"{value!r}: 1234.50 (元，最多两位小数 / yuan, two decimals at most)"
        raise click.BadParameter(told, ctx=context, param=parameter) from None


yuan_callback = _as_yuan
"""For arguments and options that are amounts: yuan with two decimals at most become fen."""


def period_of(kind: PeriodKind, text: str) -> Period:
    """The days of a day, month or year as people write them.

    Raises:
        PeriodInvalid: it is none.
    """
    from yibao.offices.treasury.closing import Period, month_of, year_of

    month, year = _MONTH.match(text), _YEAR.match(text)
    if kind == "month" and month:
        return month_of(int(month[1]), int(month[2]))
    if kind == "year" and year:
        return year_of(int(text))
    if kind == "day":
        try:
            day = date.fromisoformat(text)
        except ValueError:
            pass
        else:
            return Period("day", day, day)
    form = {"day": "2024-01-31", "month": "2024-01", "year": "2024"}[kind]
    names = {"day": ("日期", "day"), "month": ("月份", "month"), "year": ("年度", "year")}
    zh, en = names[kind]
    raise PeriodInvalid(
        Text(f"“{text}”不是{zh}", f"'{text}' is no {en}"),
        Text(f"写作 {form}", f"write it as {form}"),
    )


def months_between(first: date, last: date) -> list[tuple[int, int]]:
    """The (year, month) of every calendar month that has a day between two, both included."""
    found = []
    day = first.replace(day=1)
    while day <= last:
        found.append((day.year, day.month))
        day += timedelta(days=calendar.monthrange(day.year, day.month)[1])
    return found
