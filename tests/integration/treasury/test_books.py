"""Opening books: once, again without effect, with additions, and never with a change."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import asyncpg
import pytest

from tests.integration.conftest import Books, run
from tests.integration.treasury.town import AREA, DAY, benefit, chart, entry, opened
from tests.unit.accounting.books import chart as shipped_chart
from yibao.base.dates import Span
from yibao.engines.accounting.chart import Facing
from yibao.offices.treasury.books import Installation, book_of, open_book
from yibao.offices.treasury.errors import UnableToKeepBooks
from yibao.offices.treasury.posting import post
from yibao.storage.postgres.database import Database

NEXT = "1" * 64


def test_a_book_reads_back_as_it_was_opened(at_work):
    async def work(database, book):
        return book

    book = at_work(work)
    given = chart()
    for code, account in given.accounts.items():
        kept = book.chart.account(code)
        assert replace(kept, group=account.group) == account
    for kind, facing in given.facing.items():
        assert (book.chart.facing[kind].debit, book.chart.facing[kind].credit) == (
            facing.debit,
            facing.credit,
        )
    assert len(set(book.account_ids.values())) == len(given.accounts)


def test_the_same_chart_again_changes_nothing(town: Books):
    assert run(opened(town)) == Installation()


def test_a_shipped_chart_is_installed_whole(town: Books):
    given = shipped_chart("370200")

    async def work():
        owner = await asyncpg.connect(town.owner_url)
        found = await open_book(owner, given, opened_on=date(2024, 1, 1), actor="founder")
        await owner.close()
        async with await Database.open(town.service_url, size=1) as database:
            return found, await book_of(database, "370200")

    found, book = run(work())
    assert found.accounts_added == len(given.accounts) == len(book.account_ids)


def test_a_newer_chart_adds_ends_and_withdraws(town: Books):
    given = chart()
    fresh = replace(
        given.accounts["pooling/benefit"], code="pooling/benefit_new", account_type="benefit_new"
    )
    ended = replace(given.accounts["relief/benefit"], span=Span(date(2020, 1, 1), date(2024, 5, 7)))
    settlement = given.facing["settlement"]
    newer = chart(
        digest=NEXT,
        accounts={**given.accounts, fresh.code: fresh, ended.code: ended},
        facing={
            **{kind: one for kind, one in given.facing.items() if kind != "transfer"},
            "settlement": replace(settlement, debit=settlement.debit | {"benefit_new"}),
        },
    )

    async def work():
        async with await Database.open(town.service_url, size=2) as database:
            await book_of(database, AREA)  # known to this process before the chart grew
            found = await opened(town, newer)
            answers = await post(
                database,
                [
                    entry("n", "settlement", "pooling/benefit_new 5", "pooling/payable H1 -5"),
                    benefit("before", 5, fund="relief", on=DAY),
                    benefit("after", 5, fund="relief", on=date(2024, 5, 7)),
                    entry(
                        *("t", "transfer", "pooling/given 5", "pooling/clearing_relief -5"),
                        *("relief/clearing_pooling 5", "relief/received -5"),
                    ),
                ],
                area=AREA,
                actor="clerk",
            )
        return found, [getattr(one, "code", "ok") for one in answers], await opened(town, newer)

    found, codes, again = run(work())
    assert found == Installation(1, 1, 1, 6)
    assert codes == ["ok", "ok", "account_not_open", "event_unknown"]
    assert again == Installation()


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        ({"account_class": "liability", "guard": "none"}, "pooling/bank: account_class asset"),
        ({"holder": "none"}, "pooling/bank: holder bank → none"),
        ({"guard": "none"}, "pooling/bank: guard bank → none"),
        ({"span": Span(date(2021, 1, 1))}, "pooling/bank: valid_from"),
        ({"clearing_pair": "relief/bank"}, "pooling/bank: clearing_pair"),
    ],
)
def test_a_chart_that_changes_what_stands_is_refused_by_name(town: Books, changed, named: str):
    given = chart()
    account = replace(given.accounts["pooling/bank"], **changed)
    newer = chart(digest=NEXT, accounts={**given.accounts, account.code: account})
    with pytest.raises(UnableToKeepBooks) as caught:
        run(opened(town, newer))
    assert caught.value.code == "chart_changed"
    assert named in caught.value.message.en
    assert run(opened(town)) == Installation()


def test_a_chart_that_loses_an_account_is_refused(town: Books):
    given = chart()
    accounts = {code: one for code, one in given.accounts.items() if code != "relief/benefit"}
    with pytest.raises(UnableToKeepBooks, match="relief/benefit"):
        run(opened(town, chart(digest=NEXT, accounts=accounts)))


def test_a_withdrawn_facing_does_not_come_back(town: Books):
    given = chart()
    without = {kind: one for kind, one in given.facing.items() if kind != "credit"}
    run(opened(town, chart(digest=NEXT, facing=without)))
    with pytest.raises(UnableToKeepBooks, match="credit/credited/debit"):
        run(opened(town, chart(digest="2" * 64)))
    assert isinstance(given.facing["credit"], Facing)


def test_an_account_is_not_ended_before_its_business(town: Books):
    given = chart()
    ended = replace(given.accounts["pooling/benefit"], span=Span(date(2020, 1, 1), DAY))

    async def work():
        async with await Database.open(town.service_url, size=1) as database:
            await post(database, [benefit("b", 5)], area=AREA, actor="clerk")
        await opened(town, chart(digest=NEXT, accounts={**given.accounts, ended.code: ended}))

    with pytest.raises(UnableToKeepBooks) as caught:
        run(work())
    assert caught.value.code == "account_in_use"


def test_an_area_without_a_book_is_told(at_work):
    async def work(database, book):
        return await post(database, [benefit("b", 5)], area="888888", actor="clerk")

    with pytest.raises(UnableToKeepBooks) as caught:
        at_work(work)
    assert caught.value.code == "book_unknown"


def test_a_book_opened_on_another_day_is_refused(town: Books):
    async def work():
        owner = await asyncpg.connect(town.owner_url)
        try:
            await open_book(owner, chart(digest=NEXT), opened_on=DAY, actor="founder")
        finally:
            await owner.close()

    with pytest.raises(UnableToKeepBooks, match="2024-01-01"):
        run(work())
