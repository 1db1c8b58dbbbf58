"""How fast the ledger posts, answers and verifies: ``python -m bench.ledger [--quick] [--json]``.

It starts a server of its own, with every commit flushed to disk, and posts settlements in groups
over several connections while the sealer runs. The ratio is to bare inserts of the same rows into
tables of the same columns, primary keys and indexes that judge nothing, in the same groups over as
many connections, kept open as the ledger's are, in turns with the posting. Of several turns the
fastest counts, because whatever else the machine does only slows a turn down. Balances are asked of
a filled ledger over accounts, parties and dates drawn at random, and the whole of it is verified.

The history behind balances and verification is written past the triggers and then sealed as any
other; its members' balances are summed by the same statement that verification compares with.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import platform
import random
import shutil
import statistics
import sys
import tempfile
import time
from contextlib import AsyncExitStack
from datetime import timedelta
from pathlib import Path
from typing import Any

import asyncpg
import psutil

from bench import ledger_history as history
from bench import ledger_work as work
from yibao.offices.treasury.balances import Dates, Scope, balance
from yibao.offices.treasury.books import Book, book_of, open_book
from yibao.offices.treasury.posting import post as post_by_office
from yibao.offices.treasury.sealing import keep_sealing, seal_now
from yibao.offices.treasury.verifying import verify
from yibao.storage.files.charts import read_chart
from yibao.storage.postgres.database import Database
from yibao.storage.postgres.migrate import migrate
from yibao.storage.postgres.server import Server

SEED = 20_240_101
GROUP = 500
POLICIES = Path(__file__).parent.parent / "policies"
GOALS = {
    "posted_lines_per_second": 20_000,
    "ratio_to_bare_writes": 0.6,
    "verify_lines_per_second": 500_000,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="the last line is JSON")
    parser.add_argument("--quick", action="store_true", help="a tenth of the lines, in 45 seconds")
    parser.add_argument("--lines", type=int, help="lines of history (10 million; 1 with --quick)")
    options = parser.parse_args()
    home = Path(tempfile.mkdtemp(prefix="yibao-"))
    home.chmod(0o755)
    server = Server(home / "ledger")
    try:
        server.start()
        lines = options.lines or (1_000_000 if options.quick else 10_000_000)
        figures = asyncio.run(measured(server, lines=lines, quick=options.quick))
    finally:
        server.stop()
        shutil.rmtree(home, ignore_errors=True)
    for name, value in figures.items():
        goal = GOALS.get(name)
        met = "" if goal is None else f" ({'meets' if value >= goal else 'MISSES'} {goal:,})"
        print(f"{name}: {value:,}{met}" if isinstance(value, int | float) else f"{name}: {value}")
    worst = figures["balance_ms"]["max"]
    print(f"any balance: {worst} ms ({'meets' if worst < 50 else 'MISSES'} 50)")
    if options.json:
        print(json.dumps(figures))


async def measured(server: Server, *, lines: int, quick: bool) -> dict[str, Any]:
    """All figures."""
    begun = time.perf_counter()
    settings = server.settings()
    owner_url, superuser_url = settings.needed_owner_url(), server.superuser_url()
    await migrate(owner_url)
    owner = await asyncpg.connect(owner_url)
    chart = read_chart(POLICIES, work.AREA).chart
    await open_book(owner, chart, opened_on=work.OPENED_ON, actor="bench")
    await owner.execute(work.BARE_SCHEMA)
    await owner.close()
    figures: dict[str, Any] = {"machine": machine(), "quick": quick, "group_entries": GROUP}
    async with await Database.open(settings.service_url, size=6) as database:
        book = await book_of(database, work.AREA)
        members = 20_000 if quick else 200_000
        say("members' accounts", begun)
        for first in range(0, members, 5_000):
            group = work.group_of(work.credited(first, 5_000), book)
            async with database.connection() as connection:
                await work.post(connection, group)
        say("posting and bare writes in turns, the sealer running", begun)
        await posting(figures, database, owner_url, book, members=members, quick=quick)
        say("history", begun)
        made = await history.filled(superuser_url, book, lines=lines, members=members)
        await seal_now(database)
        say("balances", begun)
        figures["lines_of_history"] = made
        await balances(figures, database, book, members=members, count=300 if quick else 2_000)
        say("verifying", begun)
        await verifying(figures, database)
    figures["seconds"] = round(time.perf_counter() - begun, 1)
    return figures


async def posting(
    figures: dict[str, Any], database: Database, owner_url: str, book: Book, *, members: int,
    quick: bool,
) -> None:  # fmt: skip
    """Posted lines a second by the number of connections, and bare writes beside each."""
    sealer = asyncio.create_task(keep_sealing(database))
    bare = await Database.open(owner_url, size=4)
    turns, groups_count = (3, 16) if quick else (6, 60)
    for connections in (2,) if quick else (1, 2, 4):
        rates: dict[str, list[float]] = {"bare": [], "posted": []}
        for turn in range(turns):
            for kind, taken in rates.items():
                draw = random.Random(f"{SEED}/{connections}/{turn}/{kind}")
                name = f"{kind}{connections}.{turn}"
                groups = [
                    work.group_of(work.settlements(draw, f"{name}.{number}", count=GROUP,
                        members=members, share=(turn + number / groups_count) / turns), book)
                    for number in range(groups_count)
                ]  # fmt: skip
                pool = bare if kind == "bare" else database
                taken.append(await rate(pool, groups, kind, connections))
        best = {kind: max(values) for kind, values in rates.items()}
        ratios = [ours / bare for ours, bare in zip(rates["posted"], rates["bare"], strict=True)]
        figures[f"connections_{connections}"] = {
            "posted_lines_per_second": round(best["posted"]),
            "bare_lines_per_second": round(best["bare"]),
            "ratio": round(best["posted"] / best["bare"], 3),
            "median_ratio": round(statistics.median(ratios), 3),
        }
    by_office = await office_rate(database, members=members, groups_count=groups_count)
    sealer.cancel()
    await bare.close()
    chosen = figures["connections_2"]
    figures["posted_lines_per_second"] = chosen["posted_lines_per_second"]
    figures["ratio_to_bare_writes"] = chosen["ratio"]
    figures["office_lines_per_second"] = round(by_office)


async def rate(database: Database, groups: list[Any], kind: str, connections: int) -> float:
    """Lines a second of one turn."""
    count = sum(work.lines_of(group) for group in groups)
    left = list(groups)

    async def writer(connection: asyncpg.Connection) -> None:
        write = work.write_bare if kind == "bare" else work.post
        while left:
            await write(connection, left.pop(0))

    async with AsyncExitStack() as stack:
        opened = [
            await stack.enter_async_context(database.connection()) for _ in range(connections)
        ]
        begun = time.perf_counter()
        await asyncio.gather(*(writer(each) for each in opened))
        return count / (time.perf_counter() - begun)


async def office_rate(database: Database, *, members: int, groups_count: int) -> float:
    """Lines a second through the office: judged, digested and sent, two groups at a time."""
    draw = random.Random(SEED)
    entries = [
        work.settlements(draw, f"office.{number}", count=GROUP, members=members, share=0.9)
        for number in range(groups_count)
    ]
    count = sum(len(entry.lines) for group in entries for entry in group)

    async def sender(mine: list[Any]) -> None:
        for group in mine:
            await post_by_office(database, group, area=work.AREA, actor="settlement office")

    begun = time.perf_counter()
    await asyncio.gather(sender(entries[::2]), sender(entries[1::2]))
    return count / (time.perf_counter() - begun)


async def balances(
    figures: dict[str, Any], database: Database, book: Book, *, members: int, count: int
) -> None:
    """Milliseconds of balances as of a random day, of accounts, parties and members in turn."""
    draw = random.Random(SEED)
    scopes = (
        lambda: Scope(account_code=f"{work.POOL}/benefit_inpatient"),
        lambda: Scope(account_code=f"{work.POOL}/provider_payable"),
        lambda: Scope(account_code=f"{work.POOL}/provider_payable",
                      party_id=f"H37020{draw.randrange(work.PROVIDERS):06d}"),
        lambda: Scope(account_code=work.MEMBERS, party_id=work.member(draw.randrange(members))),
        lambda: Scope(account_code=work.MEMBERS),
        lambda: Scope(fund=work.POOL),
    )  # fmt: skip
    taken: list[float] = []
    for number in range(count + 20):
        last = work.OPENED_ON + timedelta(days=draw.randrange(work.DAYS))
        known = last + timedelta(days=draw.randrange(0, 60)) if number % 3 == 0 else None
        scope = scopes[number % len(scopes)]()
        begun = time.perf_counter()
        await balance(database, scope, book=book, dates=Dates(last=last, known_on=known))
        if number >= 20:  # the first ones open connections and prepare statements
            taken.append((time.perf_counter() - begun) * 1_000)
    taken.sort()
    figures["balance_ms"] = {
        "p50": round(taken[len(taken) // 2], 2),
        "p99": round(taken[int(len(taken) * 0.99)], 2),
        "max": round(taken[-1], 2),
    }


async def verifying(figures: dict[str, Any], database: Database) -> None:
    """Lines a second of the whole verification."""
    begun = time.perf_counter()
    found = await verify(database)
    seconds = time.perf_counter() - begun
    for each in found.discrepancies[:5]:
        print(each.told("en"), file=sys.stderr)
    figures["discrepancies"] = len(found.discrepancies)
    figures["verified_lines"] = found.lines_count
    figures["verify_lines_per_second"] = round(found.lines_count / seconds)


def machine() -> str:
    """What it ran on."""
    memory = psutil.virtual_memory().total / 2**30
    parts = (
        f"{os.cpu_count()} CPUs",
        f"{memory:.0f} GiB",
        f"{platform.system()} {platform.machine()}",
        f"Python {platform.python_version()}",
        f"load {os.getloadavg()[0]:.1f}",
    )
    return ", ".join(parts)


def say(text: str, begun: float) -> None:
    print(f"{time.perf_counter() - begun:6.1f} s  {text}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
