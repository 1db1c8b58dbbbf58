"""Closing and reopening: in order, as wholes, by two people; what is closed takes nothing."""

from __future__ import annotations

import hashlib
from datetime import date

from tests.integration.treasury.town import AREA, benefit, contribution
from yibao.offices.treasury.closing import (
    Period,
    Reopening,
    close,
    close_days,
    first_open_day,
    marks,
    month_of,
    reopen,
    year_of,
)
from yibao.offices.treasury.errors import UnableToKeepBooks
from yibao.offices.treasury.posting import post

CLOSER = "closer"
TWO = Reopening("asker", "approver", "late bills")


def day(text: str, last: str = "") -> Period:
    return Period("day", date.fromisoformat(text), date.fromisoformat(last or text))


async def told(work) -> str:
    try:
        await work
    except UnableToKeepBooks as error:
        return error.code
    return "ok"


class Clerk:
    """Closes and reopens, and says how it went."""

    def __init__(self, database) -> None:
        self.database = database

    async def close(self, period: Period, actor: str = CLOSER) -> str:
        return await told(close(self.database, period, area=AREA, actor=actor))

    async def reopen(self, period: Period, reopening: Reopening = TWO) -> str:
        return await told(reopen(self.database, period, area=AREA, reopening=reopening))

    async def post(self, *days: str) -> list[str]:
        entries = [benefit(f"{text}-{id(days)}", 5, on=date.fromisoformat(text)) for text in days]
        answers = await post(self.database, entries, area=AREA, actor="clerk")
        return [getattr(one, "code", "ok") for one in answers]


def test_days_are_closed_in_order(at_work):
    async def work(database, book):
        clerk = Clerk(database)
        return [
            await clerk.close(day("2023-12-31")),
            await clerk.close(day("2024-01-02")),
            await clerk.close(day("2024-01-01")),
            await clerk.close(day("2024-01-01")),
            await clerk.close(day("2024-01-03", "2024-01-05")),
            await clerk.close(day("2024-01-01", "2024-01-03")),
            await clerk.close(day("2024-01-02", "2024-01-05")),
            await clerk.close(day("2999-01-01")),
            str(await first_open_day(database, book=book)),
        ]

    assert at_work(work) == [
        *("business_date_before_opening", "period_before_open", "ok", "period_closed_already"),
        *("period_before_open", "period_closed_already", "ok", "period_not_over", "2024-01-06"),
    ]


def test_a_closed_day_takes_nothing_and_its_neighbours_do(at_work):
    async def work(database, book):
        clerk = Clerk(database)
        await close_days(database, date(2024, 1, 2), book=book, actor=CLOSER)
        return await clerk.post("2024-01-01", "2024-01-02", "2024-01-03")

    assert at_work(work) == ["period_closed", "period_closed", "ok"]


def test_a_month_is_closed_over_its_days_and_a_year_over_its_months(at_work):
    async def work(database, book):
        clerk = Clerk(database)
        found = [
            await clerk.close(Period("month", date(2024, 1, 1), date(2024, 1, 30))),
            await clerk.close(Period("month", date(2024, 1, 2), date(2024, 1, 31))),
            await clerk.close(Period("year", date(2024, 1, 1), date(2024, 6, 30))),
            await clerk.close(month_of(2024, 1)),
        ]
        await close_days(database, date(2024, 12, 31), book=book, actor=CLOSER)
        found += [
            await clerk.close(month_of(2024, 2)),
            await clerk.close(month_of(2024, 1)),
            await clerk.close(month_of(2024, 1)),
            await clerk.close(year_of(2024)),
        ]
        found += [await clerk.close(month_of(2024, month)) for month in range(2, 13)]
        found += [await clerk.close(year_of(2024)), await clerk.close(month_of(2023, 12))]
        return found

    assert at_work(work) == [
        *("period_not_whole", "period_not_whole", "period_not_whole", "period_parts_open"),
        *("period_before_open", "ok", "period_closed_already", "period_parts_open"),
        *["ok"] * 11,
        *("ok", "business_date_before_opening"),
    ]


def test_reopening_takes_two_people_a_reason_and_the_way_from_the_top(at_work):
    async def work(database, book):
        clerk = Clerk(database)
        await close_days(database, date(2024, 12, 31), book=book, actor=CLOSER)
        for month in range(1, 13):
            await clerk.close(month_of(2024, month))
        await clerk.close(year_of(2024))
        june = day("2024-06-10")
        return [
            await clerk.reopen(june),
            await clerk.reopen(month_of(2024, 6)),
            await clerk.reopen(year_of(2024), Reopening("asker", "asker", "r")),
            await clerk.reopen(year_of(2024), Reopening("asker", "", "r")),
            await clerk.reopen(year_of(2024), Reopening("asker", CLOSER, "r")),
            await clerk.reopen(year_of(2024), Reopening("asker", "approver", "")),
            await clerk.reopen(year_of(2024), Reopening(CLOSER, "approver", "r")),
            await clerk.reopen(year_of(2024)),
            await clerk.reopen(june),
            await clerk.reopen(month_of(2024, 6)),
            *(await clerk.post("2024-06-10")),
            await clerk.reopen(june),
            await clerk.reopen(june),
            *(await clerk.post("2024-06-09", "2024-06-10", "2024-06-11")),
            await clerk.close(month_of(2024, 6)),
            await clerk.close(june),
            await clerk.close(month_of(2024, 6)),
            *(await clerk.post("2024-06-10")),
        ]

    assert at_work(work) == [
        *("period_within_closed", "period_within_closed"),
        *("second_person_missing", "second_person_missing", "second_person_missing"),
        *("reason_missing", "ok", "period_not_closed", "period_within_closed", "ok"),
        "period_closed",  # the month is open again, its days are not
        *("ok", "period_not_closed", "period_closed", "ok", "period_closed"),
        *("period_parts_open", "ok", "ok", "period_closed"),
    ]


def test_a_close_keeps_the_digest_of_the_balances(at_work):
    async def work(database, book):
        await post(
            database,
            [
                contribution("c", 500, on=date(2024, 1, 1)),
                benefit("b", 7, on=date(2024, 1, 2)),
                benefit("later", 9, on=date(2024, 1, 3)),
            ],
            area=AREA,
            actor="clerk",
        )
        await close_days(database, date(2024, 1, 2), book=book, actor=CLOSER)
        (mark,) = await marks(database, area=AREA)
        return mark

    mark = at_work(work)
    text = (
        "pooling/bank\t500\t0\npooling/benefit\t7\t0\n"
        "pooling/contribution\t0\t500\npooling/payable\t0\t7\n"
    )
    assert mark.balances_digest == hashlib.sha256(text.encode()).hexdigest()
    assert (mark.action, mark.marked_by, mark.period) == (
        *("close", CLOSER),
        day("2024-01-01", "2024-01-02"),
    )


def test_days_do_not_depend_on_the_time_zone_of_who_asks(at_work):
    """Somewhere midnight does not exist on one day of the year; a day there is a day here."""

    async def work(database, book):
        async with database.connection() as connection:
            await connection.execute("SET timezone = 'Africa/Cairo'")  # 2024-04-26 begins at 01:00
            for call in (
                "'day', '2024-01-01', '2024-04-30'",
                "'month', '2024-01-01', '2024-01-31'",
            ):
                await connection.execute(
                    f"SELECT treasury.close_period('{AREA}', {call}, '{CLOSER}')"
                )
            await connection.execute("RESET timezone")
        clerk = Clerk(database)
        return [await clerk.close(month_of(2024, month)) for month in (2, 3, 4)]

    assert at_work(work) == ["ok", "ok", "ok"]
