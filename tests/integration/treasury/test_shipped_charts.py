"""The shipped charts, in a real book: what the pure rules accept, the database accepts as well."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import asyncpg
import pytest

from tests.integration.conftest import Books, run
from tests.unit.accounting.books import BY_HAND, DAY, chart
from yibao.engines.accounting import events as ev
from yibao.engines.accounting.chart import Chart, UnableToBook
from yibao.engines.accounting.entry import Entry, reversal_of
from yibao.engines.accounting.events_parties import PersonalAccountCredit
from yibao.engines.accounting.postings import entry_of
from yibao.offices.treasury.books import open_book
from yibao.offices.treasury.posting import Posted, post
from yibao.storage.postgres.database import Database

FIRST = date(2023, 12, 31)
AMPLE = 10**9


async def _opened(books: Books, chart_: Chart) -> None:
    owner = await asyncpg.connect(books.owner_url)
    try:
        await open_book(owner, chart_, opened_on=FIRST, actor="founder")
    finally:
        await owner.close()


def _funded(chart_: Chart) -> list[Entry]:
    """Money in every fund's bank accounts, and on the member's account."""
    balances = tuple(
        ev.OpeningBalance(fund, account_type, AMPLE, "B2")
        for fund in chart_.funds
        for account_type in ("bank_special", "bank_spending")
    )
    opening = ev.Opening(client_id="opening", business_date=FIRST, balances=balances)
    credit = PersonalAccountCredit(
        client_id="credit", business_date=FIRST, credits=(("M1", AMPLE),)
    )
    return [entry_of(opening, chart_), entry_of(credit, chart_)]


def _bookable(chart_: Chart) -> list[Entry]:
    """The entries worked by hand, as far as the area has their funds."""
    found = []
    for position, (event, _) in enumerate(BY_HAND):
        try:
            found.append(entry_of(replace(event, client_id=f"e{position}"), chart_))
        except UnableToBook as refused:
            if refused.code not in ("fund_unknown", "account_unknown"):
                raise
    return found


@pytest.mark.parametrize("code", ["370200", "370100", "360400"])
def test_every_entry_worked_by_hand_is_booked_and_reversed(database: Books, code: str):
    city = chart(code)
    entries = [*_funded(city), *_bookable(city)]
    assert len(entries) > 30

    async def work() -> tuple[tuple[object, ...], tuple[object, ...], int]:
        await _opened(database, city)
        async with await Database.open(database.service_url, size=2) as service:
            booked = await post(service, entries, area=code, actor="clerk")
            undone = [
                reversal_of(
                    entry,
                    booking_number=answer.entry_id,
                    client_id=f"r-{entry.client_id}",
                    business_date=DAY,
                )
                for entry, answer in reversed(list(zip(entries, booked, strict=True)))
                if isinstance(answer, Posted)
            ]
            reversed_ = await post(service, undone, area=code, actor="clerk")
            async with service.pool.acquire() as connection:
                left = await connection.fetchval(
                    "SELECT count(*) FROM (SELECT account_id, party_id FROM treasury.line"
                    " GROUP BY 1, 2 HAVING sum(amount) <> 0) AS kept"
                )
        return booked, reversed_, left

    booked, reversed_, left = run(work())
    assert [one for one in booked if not isinstance(one, Posted)] == []
    assert [one for one in reversed_ if not isinstance(one, Posted)] == []
    assert (len(reversed_), left) == (len(entries), 0)
