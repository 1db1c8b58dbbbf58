"""Words of the books' commands that click does not know: yuan, months, and their errors."""

from __future__ import annotations

import calendar
import re
from collections.abc import Callable, Sequence
from datetime import date, timedelta
from typing import TYPE_CHECKING

import click

from yibao.base.errors import YibaoError
from yibao.base.money import format_yuan, parse_yuan
from yibao.base.texts import Language, Text

if TYPE_CHECKING:
    from yibao.engines.accounting.refusals import Refusal
    from yibao.offices.treasury.closing import Period, PeriodKind

_MONTH = re.compile(r"([0-9]{4})-(0[1-9]|1[0-2])\Z")
_YEAR = re.compile(r"(19|20|21)[0-9]{2}\Z")


LONGEST_WORD = 400
NUMBER = click.IntRange(0, 2**63 - 1)
"""A number of the booking order."""


def ordered(first: date | None, last: date | None) -> tuple[date | None, date | None]:
    """Two days of the command line, the first not behind the last.

    Raises:
        PeriodInvalid: it is.
    """
    if first and last and last < first:
        raise PeriodInvalid(
            Text(f"止日 {last} 早于起日 {first}", f"{last} lies before {first}"),
            Text("请核对起止日期", "check --from and --until"),
        )
    return first, last


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


def yuan_of(least: int) -> Callable[[click.Context, click.Parameter, str | None], int | None]:
    """For options that are amounts: yuan with two decimals at most become ``least`` fen or more."""

    def read(context: click.Context, parameter: click.Parameter, value: str | None) -> int | None:
        if value is None:
            return None
        try:
            amount = parse_yuan(value)
        except ValueError:
            told = f"{value!r}: 1234.50 (元，最多两位小数 / yuan, two decimals at most)"
            raise click.BadParameter(told, ctx=context, param=parameter) from None
        if amount < least:
            told = f"{value}: ≥ {format_yuan(least)}"
            raise click.BadParameter(told, ctx=context, param=parameter)
        return amount

    return read


def document_option(command: Callable[..., None]) -> Callable[..., None]:
    """``--document``: by which something was decided."""
    return click.option(
        "--document", required=True, callback=_as_word, help="By which it was decided."
    )(command)


def _as_word(context: click.Context, parameter: click.Parameter, value: str) -> str:
    if value.strip() and value.isprintable() and len(value) <= LONGEST_WORD:
        return value
    told = f"1–{LONGEST_WORD} 字，不含控制字符 / characters, none of control"
    raise click.BadParameter(told, ctx=context, param=parameter)


def check_words(context: click.Context, words: Sequence[str]) -> None:
    """Refuse words that are no text in UTF-8: the books could not keep them.

    Raises:
        click.UsageError: there is one.
    """
    for word in words:
        try:
            word.encode()
        except UnicodeEncodeError:
            raise click.UsageError(f"{word!r}: UTF-8", context) from None


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
