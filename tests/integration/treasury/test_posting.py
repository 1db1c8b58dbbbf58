"""Booking through the office: answers entry by entry, in order, whatever stands beside them."""

from __future__ import annotations

import pytest

from tests.integration.treasury.town import (
    AREA,
    benefit,
    contribution,
    credit,
    entry,
    payment,
    use,
)
from yibao.offices.treasury.posting import Posted, Refused, post, post_within


def codes(answers):
    return [one.code if isinstance(one, Refused) else "ok" for one in answers]


def test_an_entry_is_booked_once(at_work):
    async def work(database, book):
        first = await post(database, [contribution("c1", 100)], area=AREA, actor="clerk")
        again = await post(database, [contribution("c1", 100)], area=AREA, actor="other")
        other = await post(database, [contribution("c1", 101)], area=AREA, actor="clerk")
        return first, again, other

    (first,), (again,), (other,) = at_work(work)
    assert isinstance(first, Posted)
    assert first.is_new
    assert again == Posted("c1", first.entry_id, is_new=False)
    assert other.code == "client_id_reused"
    assert str(first.entry_id) in other.refusals[0].message.en


def test_a_bad_entry_costs_its_neighbours_nothing(at_work):
    async def work(database, book):
        return await post(
            database,
            [
                contribution("c1", 1_000),
                use("u1", "M1", 1),  # nothing on the account
                credit("k1", "M1", 50),
                use("u2", "M1", 50),
                use("u3", "M1", 1),
                payment("p1", 1_000),  # nothing is owed: books allow it, money is there
                payment("p2", 1),  # the fund is empty now
                entry("w1", "settlement", "pooling/benefit 5", "relief/payable H1 -5"),
                benefit("b1", 7),
            ],
            area=AREA,
            actor="clerk",
        )

    answers = at_work(work)
    assert codes(answers) == [
        *("ok", "personal_account_overdrawn", "ok", "ok", "personal_account_overdrawn"),
        *("ok", "fund_overdrawn", "wall_crossed", "ok"),
    ]
    assert " ".join(one.client_id for one in answers) == "c1 u1 k1 u2 u3 p1 p2 w1 b1"


def test_one_id_twice_in_a_group_is_one_entry(at_work):
    async def work(database, book):
        return await post(
            database,
            [benefit("b1", 7), benefit("b1", 7), benefit("b1", 8)],
            area=AREA,
            actor="clerk",
        )

    first, second, third = at_work(work)
    assert (first.is_new, second.is_new) == (True, False)
    assert first.entry_id == second.entry_id
    assert third.code == "client_id_reused"


def test_what_was_refused_may_come_again(at_work):
    async def work(database, book):
        return await post(
            database,
            [use("u1", "M1", 5), credit("k1", "M1", 5), use("u1", "M1", 5)],
            area=AREA,
            actor="clerk",
        )

    assert codes(at_work(work)) == ["personal_account_overdrawn", "ok", "ok"]


def test_nothing_is_answered_by_nothing(at_work):
    async def work(database, book):
        return await post(database, [], area=AREA, actor="clerk")

    assert at_work(work) == ()


def test_within_a_transaction_of_another_office(at_work):
    async def work(database, book):
        async def inside(connection):
            answers = await post_within(
                connection,
                [credit("k1", "M1", 5), use("u1", "M1", 6), use("u2", "M1", 5)],
                book=book,
                actor="settler",
            )
            await connection.fetchval("SELECT 1")
            return answers

        kept = await database.transact(inside)

        async def given_up(connection):
            await post_within(connection, [credit("k2", "M2", 5)], book=book, actor="settler")
            raise KeyError

        with pytest.raises(KeyError):
            await database.transact(given_up)
        rows = await database.pool.fetch("SELECT client_id::text FROM treasury.entry ORDER BY 1")
        return kept, [row[0] for row in rows]

    answers, booked = at_work(work)
    assert codes(answers) == ["ok", "personal_account_overdrawn", "ok"]
    assert booked == ["k1", "u2"]
