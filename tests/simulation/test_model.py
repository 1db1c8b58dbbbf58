"""Several processes at once against one ledger, and an auditor who believes none of them."""

from __future__ import annotations

import asyncio
import json
import os
import random
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from tests.integration.conftest import Books, run
from tests.integration.treasury.town import opened
from tests.simulation.auditor import Auditor
from tests.simulation.workload import operations
from yibao.offices.treasury import sealing
from yibao.offices.treasury.verifying import verify
from yibao.storage.postgres.database import Database
from yibao.storage.postgres.migrate import migrate
from yibao.storage.postgres.process import server_process
from yibao.storage.postgres.server import Server

SEED = int(os.environ.get("YIBAO_SIMULATION_SEED", "20240506"))


def started(url: str, seed: int, *, process: int, count: int, folder: Path) -> subprocess.Popen:
    orders = {
        "url": url,
        "seed": f"{seed}/{process}",
        "operations": operations(seed, process=process, count=count),
        "answers": str(folder / f"{seed}-{process}.jsonl"),
    }
    client = subprocess.Popen(
        [sys.executable, "-m", "tests.simulation.client"], stdin=subprocess.PIPE, text=True
    )
    client.stdin.write(json.dumps(orders))
    client.stdin.close()
    return client


def ended(clients: list[subprocess.Popen]) -> None:
    assert [client.wait(timeout=120) for client in clients] == [0] * len(clients)


async def audited(url: str, folder: Path, worlds: list[tuple[int, int, int]]) -> Auditor:
    """Read, replay, compare; ``worlds`` are seed, processes and operations of each round."""
    async with await Database.open(url, size=2) as database:
        await sealing.seal_now(database)
        found = await verify(database)
    auditor = Auditor()
    await auditor.read(url)
    auditor.replay()
    sent = set()
    for seed, processes, count in worlds:
        for process in range(processes):
            made = operations(seed, process=process, count=count)
            auditor.hear(made, folder / f"{seed}-{process}.jsonl")
            sent |= {each["client_id"] for each in made}
    auditor.every_entry_was_sent(sent)
    bent = [each for each in found.discrepancies if not each.code.startswith("rule_")]
    auditor.complaints += [each.told("en") for each in bent]  # rules have a test of their own
    return auditor


def answers(folder: Path) -> list[dict]:
    texts = [path.read_text(encoding="utf-8") for path in sorted(folder.iterdir())]
    return [json.loads(line) for text in texts for line in text.splitlines()]


def test_the_same_seed_makes_the_same_events():
    assert operations(7, process=1, count=300) == operations(7, process=1, count=300)
    assert operations(7, process=1, count=300) != operations(8, process=1, count=300)


@pytest.mark.parametrize("seed", [SEED, SEED + 1])
def test_what_processes_were_answered_is_what_stands(town: Books, tmp_path: Path, seed: int):
    processes, count = 3, 250
    clients = [
        started(town.service_url, seed, process=process, count=count, folder=tmp_path)
        for process in range(processes)
    ]
    ended(clients)
    auditor = run(audited(town.service_url, tmp_path, [(seed, processes, count)]))
    assert auditor.complaints == []
    given = answers(tmp_path)
    codes = {answer.get("code") for answer in given}
    # the workload reaches what it is there to reach
    assert {"unbalanced", "wall_crossed", "client_id_reused", "personal_account_overdrawn",
            "period_closed"} <= codes  # fmt: skip
    assert len(auditor.entries) > count
    assert {"reserve", "release", "close"} <= {answer.get("done") for answer in given}


def test_the_auditor_is_not_blind(town: Books, tmp_path: Path):
    ended([started(town.service_url, SEED, process=0, count=60, folder=tmp_path)])
    path = tmp_path / f"{SEED}-0.jsonl"
    booked = next(line for line in path.read_text().splitlines() if '"entry_id"' in line)
    forged = json.loads(booked) | {"client_id": "never-sent", "entry_id": 999_999}
    with path.open("a") as file:
        file.write(json.dumps(forged) + "\n")
    auditor = run(audited(town.service_url, tmp_path, [(SEED, 1, 60)]))
    assert auditor.complaints == ["never-sent was answered 999999 and stands as None"]


def kill_server(server: Server) -> None:
    """The server and everything it started, at once, without a word."""
    process = server_process(server.cluster)
    assert process is not None
    for each in [process, *process.children(recursive=True)]:
        with suppress(psutil.NoSuchProcess):
            each.send_signal(signal.SIGKILL)
    process.wait(timeout=20)


def crash_rounds(home: Path, folder: Path, *, rounds: int, seed: int) -> None:
    """Kill a client or the server at seeded moments, start it again, audit; on one ledger."""
    server = Server(home)
    settings = server.start()
    draw = random.Random(seed)
    worlds: list[tuple[int, int, int]] = []
    books = Books(settings.needed_owner_url(), settings.service_url, server.superuser_url())
    try:
        run(migrate(books.owner_url))
        run(opened(books))
        for number in range(rounds):
            worlds.append((seed * 1_000 + number, 2, 60))
            one_round(server, books.service_url, folder, draw, worlds)
    finally:
        server.stop()


def one_round(
    server: Server, url: str, folder: Path, draw: random.Random, worlds: list[tuple[int, int, int]]
) -> None:
    seed, processes, count = worlds[-1]
    clients = [
        started(url, seed, process=process, count=count, folder=folder)
        for process in range(processes)
    ]
    first = folder / f"{seed}-0.jsonl"
    until = time.monotonic() + 30
    while not first.exists() and time.monotonic() < until:
        time.sleep(0.005)  # until it sends
    for _ in range(draw.choice((1, 2))):
        time.sleep(draw.random() * 0.25)
        victim = draw.choice(("client", "server", "server"))
        if victim == "server":
            kill_server(server)
            assert server.start().service_url == url
        else:
            place = draw.randrange(processes)
            clients[place].kill()
            clients[place].wait(timeout=20)
            clients[place] = started(url, seed, process=place, count=count, folder=folder)
    ended(clients)
    auditor = asyncio.run(audited(url, folder, worlds))
    assert auditor.complaints == [], f"seed {seed}"


def test_a_crash_between_any_two_statements_loses_and_makes_nothing(
    home_for_servers: Path, tmp_path: Path
):
    crash_rounds(home_for_servers / "crashing", tmp_path, rounds=5, seed=SEED % 1_000)


@pytest.mark.long
def test_many_crashes_lose_and_make_nothing(home_for_servers: Path, tmp_path: Path):
    crash_rounds(home_for_servers / "crashing-long", tmp_path, rounds=60, seed=SEED % 997)
