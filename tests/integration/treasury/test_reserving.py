"""Reserve, then post or let go: what is held is nobody else's, and for no longer than it lasts."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

from tests.integration.treasury.town import AREA, contribution, credit, payment, use
from yibao.offices.treasury.balances import personal_balances
from yibao.offices.treasury.errors import UnableToKeepBooks
from yibao.offices.treasury.posting import Refused, post
from yibao.offices.treasury.reserving import Hold, Reserved, release, release_expired, reserve

MEMBERS = "personal/members"


def hold(client_id: str, amount: int, *, account: str = MEMBERS, party: str = "M1", seconds=60.0):
    return Hold(client_id, account, amount, datetime.now(UTC) + timedelta(seconds=seconds), party)


class Counter:
    """Holds, books and lets go at one counter."""

    def __init__(self, database, book) -> None:
        self.database = database
        self.book = book

    async def hold(self, *given, **more) -> str | int:
        one = given[0] if isinstance(given[0], Hold) else hold(*given, **more)
        answer = await reserve(self.database, one, book=self.book, actor="counter")
        return answer.code if isinstance(answer, Refused) else answer.reservation_id

    async def post(self, *entries) -> list[str]:
        answers = await post(self.database, entries, area=AREA, actor="counter")
        return [one.code if isinstance(one, Refused) else "ok" for one in answers]

    async def release(self, number: int, *, area: str = AREA) -> str:
        try:
            await release(self.database, number, area=area, actor="counter")
        except UnableToKeepBooks as error:
            return error.code
        return "ok"

    async def member(self) -> tuple[int, int]:
        (one,) = await personal_balances(self.database, "M1", book=self.book)
        return one.balance_amount, one.reserved_amount


def test_what_is_held_on_a_members_account_is_not_used_by_others(at_work):
    async def work(database, book):
        counter = Counter(database, book)
        await counter.post(credit("k", "M1", 100))
        held = await counter.hold("r1", 70)
        found = [
            await counter.hold("r2", 31),
            await counter.post(use("u1", "M1", 31), use("u2", "M1", 30)),
            await counter.member(),
            await counter.post(use("u3", "M1", 71, reservation=held)),
            await counter.post(use("u4", "M1", 50, reservation=held)),
            await counter.member(),
            await counter.post(use("u5", "M1", 20)),
            await counter.member(),
        ]
        return [*found, await counter.post(use("u6", "M1", 1, reservation=held))]

    assert at_work(work) == [
        "personal_account_overdrawn",
        ["personal_account_overdrawn", "ok"],
        (70, 70),
        ["personal_account_overdrawn"],  # 71 are not there, held or not
        ["ok"],  # a part is used, the rest is free
        (20, 0),
        ["ok"],
        (0, 0),
        ["reservation_ended"],
    ]


def test_an_entry_uses_no_more_than_it_reserved_and_uses_it(at_work):
    async def work(database, book):
        counter = Counter(database, book)
        await counter.post(credit("k", "M1", 100), credit("k2", "M2", 100))
        held = await counter.hold("r1", 40)
        return [
            await counter.post(use("u1", "M1", 41, reservation=held)),
            await counter.post(use("u2", "M2", 10, reservation=held)),
            await counter.post(credit("u3", "M1", 10, reservation=held)),
            await counter.post(use("u4", "M1", 40, reservation=held)),
        ]

    assert at_work(work) == [
        ["reservation_exceeded"],
        ["reservation_unknown"],
        ["reservation_unknown"],
        ["ok"],
    ]


def test_in_one_group_nobody_takes_what_a_later_entry_reserved(at_work):
    async def work(database, book):
        counter = Counter(database, book)
        await counter.post(credit("k", "M1", 100), contribution("c", 100))
        held = await counter.hold("r1", 100)
        bank = await counter.hold("r2", 100, account="pooling/bank", party="B1")
        return [
            await counter.post(use("u1", "M1", 1), use("u2", "M1", 100, reservation=held)),
            await counter.post(payment("p1", 1), payment("p2", 100, reservation=bank)),
        ]

    assert at_work(work) == [
        ["personal_account_overdrawn", "ok"],
        ["fund_overdrawn", "ok"],
    ]


def test_what_is_held_on_a_bank_account_is_respected_by_other_payments(at_work):
    async def work(database, book):
        counter = Counter(database, book)
        await counter.post(contribution("c", 100))
        held = await counter.hold("r1", 60, account="pooling/bank", party="B1")
        return [
            await counter.hold("r2", 41, account="pooling/bank", party="B1"),
            await counter.post(payment("p1", 41)),
            await counter.post(payment("p2", 40)),
            await counter.post(payment("p3", 60, reservation=held)),
            await counter.post(payment("p4", 1)),
        ]

    assert at_work(work) == [
        *("fund_overdrawn", ["fund_overdrawn"], ["ok"], ["ok"], ["fund_overdrawn"]),
    ]


def test_a_reservation_is_made_once_and_ends_once(at_work):
    async def work(database, book):
        counter = Counter(database, book)
        await counter.post(credit("k", "M1", 100))
        one = hold("r1", 40)
        first = await reserve(database, one, book=book, actor="counter")
        again = await reserve(database, one, book=book, actor="counter")
        return [
            isinstance(first, Reserved) and first.is_new,
            again == Reserved("r1", first.reservation_id, is_new=False),
            await counter.hold("r1", 41),
            await counter.release(first.reservation_id, area="888888"),
            await counter.release(10**15),
            await counter.release(first.reservation_id),
            await counter.release(first.reservation_id),
            await counter.member(),
        ]

    assert at_work(work) == [
        *(True, True, "client_id_reused", "reservation_unknown", "reservation_unknown"),
        *("ok", "reservation_ended", (100, 0)),
    ]


def test_what_cannot_be_held(at_work):
    async def work(database, book):
        counter = Counter(database, book)
        await counter.post(credit("k", "M1", 100))
        return [
            await counter.hold("r", 0),
            await counter.hold("r", -1),
            await counter.hold("r", 10**13 + 1),
            await counter.hold("r", 1, account="pooling/nothing"),
            await counter.hold("r", 1, account="pooling/payable", party="H1"),
            await counter.hold("r", 1, party=""),
            await counter.hold("r", 1, seconds=-1),
            await counter.hold("r", 1, party="M2"),
        ]

    assert at_work(work) == [
        *("amount_zero", "amount_zero", "amount_too_large", "account_unknown", "account_unknown"),
        *("party_missing", "reservation_ended", "personal_account_overdrawn"),
    ]


def test_an_expired_reservation_is_not_used_and_lets_go(at_work):
    """Its time over, it cannot be booked; posting lets go of it before calling an account empty."""

    async def work(database, book):
        counter = Counter(database, book)
        await counter.post(credit("k", "M1", 100), contribution("c", 100))
        held = await counter.hold("r1", 100, seconds=0.1)
        await counter.hold("b1", 100, account="pooling/bank", party="B1", seconds=0.1)
        await asyncio.sleep(0.15)
        found = [
            await counter.member(),
            await counter.post(use("u1", "M1", 100, reservation=held)),
            await counter.post(use("u2", "M1", 100)),
            await counter.post(payment("p1", 100)),
            await counter.release(held),
        ]
        await counter.post(credit("k2", "M1", 5))
        await counter.hold("r3", 5, seconds=0.1)
        await asyncio.sleep(0.15)
        found += [
            await counter.hold("r4", 5, seconds=0.1),  # lets go of the one before
            await release_expired(database, area=AREA, actor="sweeper"),
        ]
        await asyncio.sleep(0.15)
        outcomes = await database.pool.fetch(
            "SELECT outcome::text, actor::text FROM treasury.reservation_end ORDER BY number"
        )
        swept = await release_expired(database, area=AREA, actor="sweeper")
        return [isinstance(one, int) or one for one in found], swept, list(map(tuple, outcomes))

    found, swept, outcomes = at_work(work)
    assert found == [
        (100, 100),
        ["reservation_ended"],
        ["ok"],
        ["ok"],
        "reservation_ended",
        True,
        True,
    ]
    assert swept == 1
    assert outcomes == [("expired", "counter")] * 3
