"""`yibao ledger close` and `reopen`: days, months and years that take no business any more."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING, cast

import click

from yibao.base.texts import Language, Text
from yibao.doors.cli.acting import chosen_token, origin, read_sessions, run
from yibao.doors.cli.ledger_desk import Counter, Errand, at_counter, book_options
from yibao.doors.cli.ledger_tables import Answer, Way, show
from yibao.doors.cli.ledger_words import months_between, period_of

if TYPE_CHECKING:
    from yibao.offices.access.actors import Actor
    from yibao.offices.treasury.closing import Mark, Period, PeriodKind
    from yibao.storage.postgres.database import Database

_KIND = click.Choice(["day", "month", "year"])
_CLOSE = """\b
Examples:
  yibao ledger close day 2024-01-31           every open day up to it
  yibao ledger close month 2024-01
  yibao ledger close year 2024 --with-parts   its days and months first, and earlier ones
"""
_REOPEN = """\b
Example:
  yibao ledger reopen day 2024-01-31 --reason "凭证 4711 记错" --second sun
"""


@click.command("close", epilog=_CLOSE)
@click.argument("kind", type=_KIND)
@click.argument("period")
@click.option("--with-parts", is_flag=True, help="First what must be closed before it.")
@book_options
def close_command(
    kind: str, period: str, with_parts: bool, area: str, login_name: str, as_json: bool,
    language: Language,
) -> None:  # fmt: skip
    """Close PERIOD: a day like 2024-01-31 and every open day before it, a month, or a year.

    Nothing is posted by closing; a close keeps the digest of every balance. A month is closed when
    its days are, a year when its months are, in order; --with-parts does that first.
    """
    wanted = period_of(cast("PeriodKind", kind), period)
    errand = Errand(login_name, area, "ledger.close", "ledger.close", "period", period)

    async def work() -> list[tuple[Period, int]]:
        async with at_counter(errand) as counter:
            return await _closed(counter, wanted, with_parts=with_parts)

    closed = run(work())
    told = [_told(Text("已结账", "closed"), done, number) for done, number in _together(closed)]
    data = {"closed": [{"kind": p.kind, "first": p.first_date, "last": p.last_date, "number": n}
                       for p, n in closed]}  # fmt: skip
    show(Answer((), told, data), Way(language, as_json=as_json))


@click.command("reopen", epilog=_REOPEN)
@click.argument("kind", type=_KIND)
@click.argument("period")
@click.option("--reason", required=True, help="Why it is opened again.")
@click.option("--second", required=True, metavar="LOGIN",
              help="Who approves: another person, logged in here too.")  # fmt: skip
@book_options
def reopen_command(
    kind: str, period: str, reason: str, second: str, area: str, login_name: str, as_json: bool,
    language: Language,
) -> None:  # fmt: skip
    """Open a closed PERIOD again: asked for by one person, approved by another.

    Who asks needs ledger.close, who approves ledger.reopen and is not the one who closed it.
    """
    wanted = period_of(cast("PeriodKind", kind), period)
    errand = Errand(login_name, area, "ledger.close", "ledger.reopen", "period", period)

    async def work() -> int:
        from yibao.offices.treasury.closing import Reopening, reopen

        async with at_counter(errand) as counter:
            approver = await _approver(counter, second)
            reopening = Reopening(counter.who, approver.reference, reason)
            database = counter.booking(f"{kind}, {approver.reference}: {reason}")
            return await reopen(database, wanted, area=counter.area, reopening=reopening)

    number = run(work())
    told = _told(Text("已重新开账", "reopened"), wanted, number)
    show(Answer((), [told], {"number": number}), Way(language, as_json=as_json))


async def _closed(
    counter: Counter, wanted: Period, *, with_parts: bool
) -> list[tuple[Period, int]]:
    """Close what is wanted, with parts what must be closed before it; each with its number."""
    from yibao.offices.treasury.closing import close, marks

    found = await marks(counter.database, area=counter.area)
    periods: list[Period] = []
    if wanted.kind == "day" or with_parts:
        periods += _open_days(found, counter.book.opened_on, wanted)
    if wanted.kind != "day":
        periods += [*(_parts(found, counter.book.opened_on, wanted) if with_parts else ()), wanted]
    elif not periods:
        periods = [wanted]  # closed already: the books say so
    return [
        (one, await close(_logged(counter, one), one, area=counter.area, actor=counter.who))
        for one in periods
    ]


def _logged(counter: Counter, period: Period) -> Database:
    return counter.booking(f"{period.kind} {period.first_date} {period.last_date}")


def _open_days(found: Sequence[Mark], opened_on: date, wanted: Period) -> list[Period]:
    """The open days up to the end of what is wanted, reopened ones too, in runs."""
    from yibao.offices.treasury.closing import Period

    closed: set[int] = set()
    for mark in (one for one in found if one.period.kind == "day"):
        first, last = mark.period.first_date.toordinal(), mark.period.last_date.toordinal()
        days = range(first, last + 1)
        if mark.action == "close":
            closed.update(days)
        else:
            closed.difference_update(days)
    runs: list[list[int]] = []
    for day in range(opened_on.toordinal(), wanted.last_date.toordinal() + 1):
        if day not in closed:
            if runs and runs[-1][-1] == day - 1:
                runs[-1].append(day)
            else:
                runs.append([day])
    return [Period("day", date.fromordinal(run[0]), date.fromordinal(run[-1])) for run in runs]


def _parts(found: Sequence[Mark], opened_on: date, wanted: Period) -> list[Period]:
    """The months, and for a year the earlier years, that must be closed before it."""
    from yibao.offices.treasury.closing import month_of, year_of

    state = {mark.period: mark.action for mark in found}
    needed = [month_of(*month) for month in months_between(opened_on, wanted.last_date)]
    if wanted.kind == "year":
        years = range(opened_on.year, wanted.first_date.year)
        needed += [year_of(year) for year in years]
    return [one for one in needed if one != wanted and state.get(one) != "close"]


async def _approver(counter: Counter, login_name: str) -> Actor:
    """The second person, who may approve.

    Raises:
        AccessRefused: ``login_needed``, ``permission_missing``, ``second_person_needed``.
    """
    from yibao.offices.access.actors import second_person
    from yibao.offices.access.log import demand, note_refusal
    from yibao.offices.access.refusals import AccessRefused
    from yibao.offices.access.sessions import session_actor

    office, deed = counter.desk.office, counter.errand.deed(detail=login_name)
    _, token = chosen_token(read_sessions(), login_name)
    approver = await session_actor(office, token, origin=origin())
    await demand(office, approver, permission="ledger.reopen", deed=deed)
    try:
        second_person(counter.who, approver)
    except AccessRefused as refused:
        await note_refusal(office, approver, deed=deed, code=refused.code)
        raise
    return approver


def _together(closed: Sequence[tuple[Period, int]]) -> list[tuple[Period, int]]:
    """Periods of one kind that follow each other as one, for telling."""
    from yibao.offices.treasury.closing import Period

    found: list[tuple[Period, int]] = []
    for period, number in closed:
        if found and found[-1][0].kind == period.kind:
            first = found[-1][0].first_date
            found[-1] = (Period(period.kind, first, period.last_date), number)
        else:
            found.append((period, number))
    return found


def _told(what: Text, period: Period, number: int) -> Text:
    zh = {"day": "日", "month": "月", "year": "年"}[period.kind]
    first, last = period.first_date, period.last_date
    return Text(
        f"{what.zh}（{zh}）: {first} 至 {last}，记账号 {number}",
        f"{what.en} ({period.kind}): {first} to {last}, number {number}",
    )
