"""What a post reads does not grow with the book, also where the server has no statistics yet."""

from __future__ import annotations

import asyncpg

from tests.integration.conftest import Books, run
from tests.integration.treasury.town import AREA, contribution
from yibao.offices.treasury.posting import GROUP_SIZE, post
from yibao.storage.postgres.database import Database

GROUPS = 6


def test_ids_are_looked_up_one_by_one_in_a_book_without_statistics(town: Books):
    entries = [contribution(f"c{number}", 1) for number in range(GROUP_SIZE * GROUPS)]

    async def work() -> int:
        async with await Database.open(town.service_url, size=1) as database:
            answers = await post(database, entries, area=AREA, actor="clerk")
            assert all(answer.is_new for answer in answers)  # type: ignore[union-attr]
        connection = await asyncpg.connect(town.owner_url)
        try:
            await connection.execute("SELECT pg_stat_force_next_flush()")
            read = await connection.fetchval(
                "SELECT idx_tup_read FROM pg_stat_user_indexes"
                " WHERE schemaname = 'treasury' AND indexrelname = 'client_id_once'"
            )
        finally:
            await connection.close()
        return int(read)

    # No id is known yet, so each look finds nothing; a plan that reads the area would have read
    # 0 + 500 + 1000 + … + 2500 rows by then.
    assert run(work()) < GROUP_SIZE
