"""Rivals on real connections: what only one may do, one does, whoever comes first."""

from __future__ import annotations

import asyncio

import asyncpg
import pytest

from tests.integration.conftest import Books, run
from tests.integration.treasury.town import (
    AREA,
    DAY,
    OPENED,
    benefit,
    contribution,
    credit,
    payment,
    raw_post,
    use,
)
from yibao.offices.treasury.closing import Period, close, close_days
from yibao.offices.treasury.errors import UnableToKeepBooks
from yibao.offices.treasury.posting import Posted, Refused, post

ROUNDS = 100


def told(answers):
    return sorted(one.code if isinstance(one, Refused) else "ok" for one in answers)


def test_two_uses_of_one_account_of_which_one_fits(at_work):
    async def work(database, book):
        async def posted(*entries):
            return (await post(database, entries, area=AREA, actor="clerk"))[0]

        found = []
        for number in range(ROUNDS):
            await posted(credit(f"k{number}", f"M{number}", 100))
            answers = await asyncio.gather(
                posted(use(f"a{number}", f"M{number}", 60)),
                posted(use(f"b{number}", f"M{number}", 41)),
            )
            found.append(told(answers))
        left = await database.pool.fetchval(
            "SELECT count(*) FROM treasury.personal_balance WHERE balance_amount IN (40, 59)"
        )
        return found, left

    found, left = at_work(work)
    assert found == [["ok", "personal_account_overdrawn"]] * ROUNDS
    assert left == ROUNDS


def test_two_payments_from_one_bank(at_work):
    async def work(database, book):
        async def posted(*entries):
            return (await post(database, entries, area=AREA, actor="clerk"))[0]

        found = []
        for number in range(20):
            await posted(contribution(f"in{number}", 100))
            answers = await asyncio.gather(
                *(posted(payment(f"{name}{number}", 100)) for name in "abc")
            )
            found.append(told(answers))
        return found, await database.pool.fetchval(
            "SELECT treasury.fund_available($1, 'pooling')", AREA
        )

    found, left = at_work(work)
    assert found == [["fund_overdrawn", "fund_overdrawn", "ok"]] * 20
    assert left == 0


def test_one_id_from_eight_connections(at_work):
    async def work(database, book):
        found = []
        for number in range(20):
            entry = benefit(f"b{number}", 5)
            answers = await asyncio.gather(
                *(post(database, [entry], area=AREA, actor=f"clerk{one}") for one in range(8))
            )
            found.append([one for (one,) in answers])
        return found, await database.pool.fetchval("SELECT count(*) FROM treasury.entry")

    found, booked = at_work(work)
    assert booked == 20
    for answers in found:
        assert all(isinstance(one, Posted) for one in answers)
        assert len({one.entry_id for one in answers}) == 1
        assert sum(one.is_new for one in answers) == 1


def test_one_id_with_two_contents_at_once(at_work):
    async def work(database, book):
        found = []
        for number in range(20):
            answers = await asyncio.gather(
                *(
                    post(database, [benefit(f"b{number}", amount)], area=AREA, actor="clerk")
                    for amount in (5, 6)
                )
            )
            found.append(told(one for (one,) in answers))
        return found

    assert at_work(work) == [["client_id_reused", "ok"]] * 20


def test_groups_that_cross_each_other_all_end(at_work):
    """Members in opposite orders in two groups: whoever waits in a ring is tried again."""

    async def work(database, book):
        names = [f"M{number}" for number in range(30)]
        groups = [
            [credit(f"{name}-{turn}-{member}", member, 1) for member in order]
            for turn in range(5)
            for name, order in (("up", names), ("down", names[::-1]))
        ]
        answers = await asyncio.gather(
            *(post(database, group, area=AREA, actor="clerk") for group in groups)
        )
        balances = await database.pool.fetch("SELECT balance_amount FROM treasury.personal_balance")
        return {told_one for one in answers for told_one in told(one)}, {row[0] for row in balances}

    assert at_work(work) == ({"ok"}, {10})


def test_posting_against_closing(at_work):
    """Each entry of a day is booked before the day's close or refused after it: none between."""

    async def work(database, book):
        refused = 0
        for number in range(25):
            day = OPENED.replace(day=number + 1)

            async def closing(day=day):
                await asyncio.sleep(0.002)
                return await close_days(database, day, book=book, actor="closer")

            posters = [
                post(database, [benefit(f"b{number}-{one}", 5, on=day)], area=AREA, actor="clerk")
                for one in range(8)
            ]
            mark, *answers = await asyncio.gather(closing(), *posters)
            for (one,) in answers:
                if isinstance(one, Posted):
                    assert one.entry_id < mark
                else:
                    refused += 1
                    assert one.code == "period_closed"
        return refused

    at_work(work)


def test_two_who_close_the_same_day(at_work):
    async def work(database, book):
        day = Period("day", OPENED, OPENED)
        return await asyncio.gather(
            *(close(database, day, area=AREA, actor=who) for who in ("a", "b")),
            return_exceptions=True,
        )

    answers = at_work(work)
    assert sum(isinstance(one, int) for one in answers) == 1
    (error,) = [one for one in answers if isinstance(one, UnableToKeepBooks)]
    assert error.code == "period_closed_already"


def test_a_seal_waits_for_those_who_drew_a_number(town: Books):
    """Numbers of a transaction that is still open are not sealed over."""

    async def work():
        slow, quick, sealer = [await asyncpg.connect(town.service_url) for _ in range(3)]
        transaction = slow.transaction()
        await transaction.start()
        (number,) = await raw_post(slow, benefit("slow", 5))
        await raw_post(quick, benefit("quick", 5))  # and ends, with a later number
        seal_it = sealer.fetchval("SELECT treasury.seal_up_to($1)", number + 1)
        sealing = asyncio.create_task(seal_it)
        await asyncio.sleep(0.2)
        waited = not sealing.done()
        await transaction.commit()
        seal = await sealing
        counted = await slow.fetchval(
            "SELECT entries_count FROM treasury.seal WHERE seal_id = $1", seal
        )
        for one in (slow, quick, sealer):
            await one.close()
        return waited, counted

    assert run(work()) == (True, 2)


@pytest.mark.parametrize("isolation", ["read_committed"])
def test_a_day_closed_since_the_transaction_began_is_closed(town: Books, isolation: str):
    async def work():
        poster, closer = [await asyncpg.connect(town.service_url) for _ in range(2)]
        async with poster.transaction(isolation=isolation):
            await poster.fetchval("SELECT count(*) FROM treasury.period_mark")
            await closer.execute(
                "SELECT treasury.close_period($1, 'day', $2, $3, 'x')", AREA, OPENED, DAY
            )
            with pytest.raises(asyncpg.PostgresError) as caught:
                async with poster.transaction():
                    await raw_post(poster, benefit("b", 5))
        await poster.close()
        await closer.close()
        return caught.value.args[0]

    assert run(work()) == "period_closed"
