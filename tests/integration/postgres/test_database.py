"""The way to the database: transactions, retries, one moment, errors in our words."""

from __future__ import annotations

import asyncio

from tests.integration.conftest import Books
from yibao.storage.postgres.database import Database


def test_what_is_transacted_is_committed(database: Books):
    async def works():
        async with await Database.open(database.owner_url) as books:
            await books.transact(lambda each: each.execute("CREATE TABLE kept (id int)"))
            return await books.transact(lambda each: each.fetchval("SELECT count(*) FROM kept"))

    assert asyncio.run(works()) == 0
