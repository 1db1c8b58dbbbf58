"""One process of the workload: ``python -m tests.simulation.client``, its orders as JSON on stdin.

It sends its operations in groups, and writes a line for each answer before it goes on. When the
connection is lost it reconnects and sends the same again, under the same ids. Started anew after
it was killed, it sends everything from the beginning.
"""

from __future__ import annotations

import asyncio
import json
import random
import sys
from datetime import date
from pathlib import Path
from typing import Any

import asyncpg
from sqlalchemy.exc import DBAPIError

from tests.integration.treasury.town import AREA
from yibao.engines.accounting.entry import Entry, Line
from yibao.offices.treasury.posting import Posted, post
from yibao.storage.postgres.database import Database
from yibao.storage.postgres.errors import UnableToUseDatabase

LOST = (
    *(UnableToUseDatabase, asyncpg.PostgresError, asyncpg.InterfaceError, OSError),
    *(asyncpg.InternalClientError, DBAPIError),
)
PATIENCE = 400
HELD = """SELECT reservation_id FROM treasury.reserve($1, $2, $3, (SELECT account_id
    FROM treasury.account WHERE account_code = 'personal/members'), $4, $5,
    '2199-01-01', 'client')"""


class Client:
    """Sends operations and remembers what was answered."""

    def __init__(self, orders: dict[str, Any]) -> None:
        self.operations = orders["operations"]
        self.draw = random.Random(orders["seed"])
        self.out = Path(orders["answers"]).open("a", encoding="utf-8")  # noqa: SIM115
        self.booked: dict[str, int] = {}
        self.held: dict[str, int] = {}
        self.sent: dict[str, Entry] = {}

    def answer(self, client_id: str, **known: Any) -> None:
        self.out.write(json.dumps({"client_id": client_id, **known}) + "\n")
        self.out.flush()

    async def work(self, url: str) -> None:
        for _ in range(PATIENCE):
            try:
                async with await Database.open(url, size=1) as database:
                    await self.send_all(database)
            except LOST:
                await asyncio.sleep(0.05)
            else:
                return
        raise SystemExit("given up")

    async def send_all(self, database: Database) -> None:
        """Send what is left; a group whose connection was lost is still left."""
        while self.operations:
            size = self.draw.choice((1, 1, 2, 5, 12))
            await self.send(database, self.operations[:size])
            self.operations = self.operations[size:]

    async def send(self, database: Database, group: list[dict[str, Any]]) -> None:
        entries: list[Entry] = []
        for operation in group:
            if operation["kind"] in ("entry", "again"):
                entry = self.entry_of(operation)
                if entry is not None:
                    entries.append(entry)
                    continue
                self.answer(operation["client_id"], skipped=True)
            else:
                await self.post(database, entries)
                entries = []
                await self.other(database, operation)
        await self.post(database, entries)

    async def post(self, database: Database, entries: list[Entry]) -> None:
        if not entries:
            return
        for entry, found in zip(
            entries, await post(database, entries, area=AREA, actor="client"), strict=True
        ):
            if isinstance(found, Posted):
                self.booked[found.client_id] = found.entry_id
                self.answer(found.client_id, entry_id=found.entry_id, content=content(entry))
            else:
                self.answer(found.client_id, code=found.code, content=content(entry))

    def entry_of(self, operation: dict[str, Any]) -> Entry | None:
        if operation["kind"] == "again":
            return self.sent.get(operation["of"])
        if "reverses" in operation:
            return self.reversal(operation)
        if "reuses" in operation:
            first = self.sent.get(operation["reuses"])
            if first is None or operation["reuses"] not in self.booked:
                return None
            return Entry(first.client_id, first.event_kind, first.business_date, first.lines,
                         memo=f"other {operation['client_id']}")  # fmt: skip
        if "spends" in operation and operation["spends"] not in self.held:
            return None
        entry = Entry(
            client_id=operation["client_id"],
            event_kind=operation["event"],
            business_date=date.fromisoformat(operation["day"]),
            lines=tuple(Line(code, amount, party) for code, party, amount in operation["lines"]),
            reservation=self.held.get(operation.get("spends", "")),
        )
        return self.sent.setdefault(entry.client_id, entry)

    def reversal(self, operation: dict[str, Any]) -> Entry | None:
        first = self.sent.get(operation["reverses"])
        number = self.booked.get(operation["reverses"])
        if first is None or number is None:
            return None
        lines = tuple(Line(one.account_code, -one.amount, one.party_id) for one in first.lines)
        entry = Entry(operation["client_id"], first.event_kind, first.business_date, lines,
                      reverses=number)  # fmt: skip
        return self.sent.setdefault(entry.client_id, entry)

    async def other(self, database: Database, operation: dict[str, Any]) -> None:
        client_id, kind = operation["client_id"], operation["kind"]
        try:
            found = await database.transact(lambda each: self.call(each, operation))
        except asyncpg.PostgresError as refused:
            if refused.sqlstate != "YB000":
                raise
            self.answer(client_id, code=str(refused))
            return
        if kind == "reserve":
            self.held[client_id] = found
        self.answer(client_id, done=kind, number=found)

    async def call(self, connection: Any, operation: dict[str, Any]) -> Any:
        if operation["kind"] == "reserve":
            digest = operation["client_id"].encode().ljust(32)[:32]
            return await connection.fetchval(
                *(HELD, AREA, operation["client_id"], digest),
                *(operation["party"], operation["amount"]),
            )
        if operation["kind"] == "release":
            number = self.held.get(operation["of"], 0)
            await connection.execute(
                "SELECT treasury.release_reservation($1, $2, 'client')", AREA, number
            )
            return number
        days = [date.fromisoformat(operation[name]) for name in ("first", "last")]
        if operation["kind"] == "close":
            statement = "SELECT treasury.close_period($1, 'day', $2, $3, 'chief')"
        else:
            statement = "SELECT treasury.reopen_period($1, 'day', $2, $3, 'chief', 'head', 'why')"
        return await connection.fetchval(statement, AREA, *days)


def content(entry: Entry) -> list[Any]:
    lines = [[line.account_code, line.party_id, line.amount] for line in entry.lines]
    return [entry.event_kind, entry.business_date.isoformat(), entry.memo, lines]


def main() -> None:
    orders = json.loads(sys.stdin.read())
    asyncio.run(Client(orders).work(orders["url"]))


if __name__ == "__main__":
    main()
