"""The embedded server with real processes: killed, confused, started twice, as root and as a user.

One cluster serves most tests; each begins with a start, which must do whatever the one before left.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import asyncpg
import psutil
import pytest

from tests.integration.conftest import HASTY
from yibao.storage.postgres import runtime
from yibao.storage.postgres import server as ours
from yibao.storage.postgres.database import Connection, Database
from yibao.storage.postgres.errors import UnableToReachDatabase, UnableToRunServer
from yibao.storage.postgres.server import Server

AS_ROOT = os.geteuid() == 0
START = "import sys; from pathlib import Path; from yibao.storage.postgres.server import Server; "
START += "print(Server(Path(sys.argv[1])).start().service_url)"


@pytest.fixture(scope="module")
def kept(home_for_servers: Path) -> Iterator[Server]:
    """A durable server that is ill-treated by one test after the other."""
    server = Server(home_for_servers / "kept")
    server.start()
    yield server
    server.stop()


@pytest.fixture
def server(kept: Server) -> Server:
    """The same server, running."""
    kept.start()
    return kept


@pytest.fixture
def home_on_disk() -> Iterator[Path]:
    """A folder whose programs may be run, which memory often forbids."""
    with tempfile.TemporaryDirectory(prefix="yibao-") as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


def killed(server: Server) -> int:
    """Kill the server without a word; its process id."""
    number = server.status().process_id
    assert number is not None
    os.kill(number, signal.SIGKILL)
    for _ in range(200):
        if not server.status().is_running:
            return number
        time.sleep(0.02)
    raise AssertionError("it lives")


def lives(number: int) -> bool:
    """Whether a process runs; one that ended and that nobody reaped does not."""
    try:
        return psutil.Process(number).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def asked(url: str, question: str) -> object:
    async def answer() -> object:
        async with await Database.open(url, size=1) as database:
            return await database.pool.fetchval(question)

    return asyncio.run(answer())


def account_of(server: Server) -> dict[str, object]:
    """What makes a child run as the server's account."""
    account = server.runtime.account
    return {"user": account.user_id, "group": account.group_id} if AS_ROOT else {}


def test_a_start_repeated_changes_nothing(server: Server):
    before = server.status()
    assert server.start() == server.settings()
    assert server.status() == before
    assert before.is_running


def test_what_was_committed_outlives_a_kill(server: Server):
    async def book() -> None:
        async with await Database.open(server.settings().needed_owner_url()) as database:
            await database.pool.execute("CREATE TABLE IF NOT EXISTS public.kept (id int)")
            await database.transact(lambda it: it.execute("INSERT INTO public.kept VALUES (1)"))
            busy = asyncio.ensure_future(database.pool.execute("SELECT pg_sleep(60)"))
            await asyncio.sleep(0.1)
            killed(server)  # with a statement running, whose process must end before a new start
            await asyncio.gather(busy, return_exceptions=True)

    asyncio.run(book())
    server.start()
    owner = server.settings().needed_owner_url()
    assert asked(owner, "SELECT count(*) FROM public.kept") == 1
    assert asked(owner, "SHOW fsync") == asked(owner, "SHOW synchronous_commit") == "on"


def test_work_that_meets_a_killed_child_of_the_server_is_told(server: Server):
    """The server restarts itself then, and the pool finds its way back."""

    async def lost(connection: Connection) -> None:
        await connection.execute("CREATE TABLE public.lost (id int)")
        psutil.Process(connection.get_server_pid()).kill()
        await connection.execute("SELECT pg_sleep(5)")

    async def work() -> object:
        async with await Database.open(server.settings().needed_owner_url(), size=1) as database:
            with pytest.raises(UnableToReachDatabase) as refused:
                await database.transact(lost)
            assert refused.value.code == "connection_lost"
            asked = "SELECT to_regclass('public.lost')"
            for _ in range(100):
                with contextlib.suppress(UnableToReachDatabase):
                    return await database.transact(lambda it: it.fetchval(asked))
                await asyncio.sleep(0.1)
        return "never came back"

    assert asyncio.run(work()) is None


def test_a_child_that_outlives_its_killed_server_is_ended(
    server: Server, monkeypatch: pytest.MonkeyPatch
):
    """A statement that only computes never notices that the server is gone."""
    monkeypatch.setattr(ours, "_ORPHANS_SECONDS", 0.5)

    async def busy() -> int:
        connection = await asyncpg.connect(server.settings().service_url)
        number = connection.get_server_pid()
        endless = "SELECT count(*) FROM generate_series(1, 1000000000000) WHERE random() < 0"
        task = asyncio.ensure_future(connection.execute(endless))
        await asyncio.sleep(0.2)
        killed(server)
        assert lives(number)
        await asyncio.to_thread(server.start)
        connection.terminate()
        await asyncio.gather(task, return_exceptions=True)
        return number

    assert not lives(asyncio.run(busy()))
    assert asked(server.settings().service_url, "SELECT 1") == 1


def test_a_pid_that_is_another_process_now_is_no_server(server: Server):
    killed(server)
    other = subprocess.Popen(["sleep", "60"], **account_of(server))  # type: ignore[call-overload]
    try:
        pretend(server, other.pid)
        assert not server.status().is_running
        server.start()
        assert server.status().process_id not in (None, other.pid)
        assert other.poll() is None, "a process that is not ours was ended"
    finally:
        other.kill()
        other.wait()


def test_a_process_that_nobody_reaped_is_no_server(server: Server):
    killed(server)
    zombie = subprocess.Popen(["true"], **account_of(server))  # type: ignore[call-overload]
    try:
        while psutil.Process(zombie.pid).status() != psutil.STATUS_ZOMBIE:
            time.sleep(0.01)
        pretend(server, zombie.pid)
        assert not server.status().is_running
        server.start()
        assert server.status().process_id not in (None, zombie.pid)
    finally:
        zombie.wait()


def pretend(server: Server, number: int) -> None:
    """Have every file that names the server's process name another."""
    left = [server.cluster / "postmaster.pid", *(server.home / "sockets").glob("*.lock")]
    assert left[0].exists()
    for path in left:
        lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
        path.write_text("".join([f"{number}\n", *lines[1:]]), encoding="utf-8")


def test_two_starts_at_once_make_one_server(server: Server):
    killed(server)
    words = [sys.executable, "-c", START, str(server.home)]
    starts = [subprocess.Popen(words, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    told = [start.communicate()[0] for start in starts]
    assert [start.returncode for start in starts] == [0, 0]
    assert told[0] == told[1] == f"{server.settings().service_url}\n"
    named = [it for it in psutil.process_iter() if works_in(it, server.cluster)]
    parents = [it for it in named if it.ppid() not in {other.pid for other in named}]
    assert [it.pid for it in parents] == [server.status().process_id]


def works_in(process: psutil.Process, folder: Path) -> bool:
    try:
        return Path(process.cwd()) == folder
    except psutil.Error:
        return False


def test_a_stop_ends_the_sessions_of_clients(server: Server):
    async def connected() -> None:
        connection = await asyncpg.connect(server.settings().service_url)
        assert await asyncio.to_thread(server.stop)
        with pytest.raises((asyncpg.PostgresError, asyncpg.InterfaceError, ConnectionError)):
            await connection.fetchval("SELECT 1")
        connection.terminate()

    asyncio.run(connected())
    assert not server.status().is_running
    assert server.stop() is False, "there was nothing more to stop"


def test_a_port_that_another_took_is_left_to_it(server: Server):
    before = server.status().port
    server.stop()
    with closing(socket.socket()) as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        other.bind(("127.0.0.1", before))
        other.listen()
        assert asked(server.start().service_url, "SELECT 1") == 1
    assert server.status().port != before


def test_each_role_does_its_own_work_only(server: Server):
    service, owner = server.settings().service_url, server.settings().needed_owner_url()
    for url in (service, owner):
        assert asked(url, "SELECT rolsuper FROM pg_roles WHERE rolname = current_user") is False
    for forbidden in (
        "CREATE TABLE public.mine (id int)",
        "CREATE SCHEMA mine",
        "CREATE TEMPORARY TABLE mine (id int)",
        "COPY (SELECT 1) TO PROGRAM 'cat'",
        "SELECT pg_read_file('postgresql.conf')",
    ):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            asked(service, forbidden)
    with pytest.raises(UnableToReachDatabase) as refused:
        asked(service.replace("/yibao", "/postgres").replace(":///", "://"), "SELECT 1")
    assert refused.value.code == "database_refused"


def test_a_wrong_password_is_refused_and_never_told(server: Server):
    url = server.settings().service_url
    password = url.split(":")[2].split("@")[0]
    with pytest.raises(UnableToReachDatabase) as refused:
        asked(url.replace(password, "nonsense"), "SELECT 1")
    assert refused.value.code == "database_refused"
    assert "nonsense" not in refused.value.told("en") + refused.value.told("zh")


def test_passwords_stand_in_one_private_file(server: Server):
    secrets = json.loads((server.home / "secrets.json").read_text())
    words = [value for name, value in secrets.items() if name.endswith("password")]
    assert len(words) == 3
    assert all(len(word) >= 32 for word in words)
    assert (server.home / "secrets.json").stat().st_mode & 0o777 == 0o600
    assert server.cluster.stat().st_mode & 0o777 == 0o700
    elsewhere = [path for path in server.home.rglob("*") if path.is_file()]
    texts = [path.read_bytes() for path in elsewhere if path.name != "secrets.json"]
    lines = [
        " ".join(process.info["cmdline"] or ()) for process in psutil.process_iter(["cmdline"])
    ]
    for word in words:
        assert not any(word.encode() in text for text in texts)
        assert not any(word in line for line in lines)
        assert word not in repr(server.settings())


def test_the_cluster_is_made_with_care(server: Server):
    owner = server.settings().needed_owner_url()
    for setting, value in {
        "data_checksums": "on",
        "server_encoding": "UTF8",
        "password_encryption": "scram-sha-256",
        "TimeZone": "UTC",
        "listen_addresses": "127.0.0.1",
        "max_connections": "100",
    }.items():
        assert asked(owner, f"SHOW {setting}") == value
    rules = (server.cluster / "pg_hba.conf").read_text().splitlines()
    methods = {line.split()[-1] for line in rules if line.strip() and not line.startswith("#")}
    assert methods == {"scram-sha-256"}


def test_another_major_version_is_told(server: Server):
    server.stop()
    version = server.cluster / "PG_VERSION"
    ours = version.read_text()
    version.write_text("14\n")
    try:
        with pytest.raises(UnableToRunServer) as refused:
            server.start()
    finally:
        version.write_text(ours)
    assert refused.value.code == "cluster_of_other_version"
    assert "PostgreSQL 14" in refused.value.told("en")


def test_lost_passwords_leave_the_cluster_alone(server: Server):
    server.stop()
    secrets = server.home / "secrets.json"
    words = secrets.read_text()
    for left in ("", words[:40]):
        secrets.write_text(left)
        with pytest.raises(UnableToRunServer) as refused:
            server.start()
        assert refused.value.code == "secrets_lost"
    secrets.unlink()
    with pytest.raises(UnableToRunServer) as refused:
        server.start()
    assert refused.value.code == "secrets_lost"
    secrets.write_text(words)
    secrets.chmod(0o600)
    assert asked(server.start().service_url, "SELECT 1") == 1


def test_a_beginning_that_was_killed_is_made_anew(home_for_servers: Path):
    server = Server(home_for_servers / "begun", changed=HASTY)
    beginning = subprocess.Popen([sys.executable, "-c", START, str(server.home)])
    while not (server.home / "cluster.making" / "cluster" / "PG_VERSION").exists():
        assert beginning.poll() is None
        time.sleep(0.005)
    beginning.kill()
    beginning.wait()
    assert not server.cluster.exists()
    assert not server.status().is_made
    assert asked(server.start().service_url, "SELECT 1") == 1
    assert not (server.home / "cluster.making").exists()
    server.stop()


@pytest.mark.parametrize("name", ["PG_VERSION", "holiday.jpg"])
def test_a_folder_of_somebody_else_is_left_alone(home_for_servers: Path, name: str):
    home = home_for_servers / f"theirs-{name}"
    home.mkdir()
    (home / name).write_text("18\n")
    with pytest.raises(UnableToRunServer) as refused:
        Server(home).start()
    assert refused.value.code == "home_not_ours"
    assert [it.name for it in home.iterdir()] == [name]


def test_a_path_that_a_shell_would_read_is_refused(home_for_servers: Path):
    with pytest.raises(UnableToRunServer) as refused:
        Server(home_for_servers / "a$(touch b)").start()
    assert refused.value.code == "home_unusable"


def test_nothing_made_yet_says_what_to_do(home_for_servers: Path):
    with pytest.raises(UnableToReachDatabase) as refused:
        Server(home_for_servers / "nothing").settings()
    assert refused.value.code == "database_not_made"
    assert "yibao db start" in refused.value.told("zh")


@pytest.mark.skipif(not AS_ROOT, reason="only root lends an account")
def test_binaries_that_the_account_cannot_read_are_copied(
    home_on_disk: Path, monkeypatch: pytest.MonkeyPatch
):
    hidden = home_on_disk / "hidden"
    hidden.mkdir(mode=0o700)
    installed = runtime.installed_folder()
    (hidden / "packages").symlink_to(installed.parents[1])
    monkeypatch.setattr(
        runtime,
        "installed_folder",
        lambda: hidden / "packages" / installed.relative_to(installed.parents[1]),
    )
    server = Server(home_on_disk / "copied", changed=HASTY)
    assert asked(server.start().service_url, "SELECT 1") == 1
    number = server.status().process_id
    assert psutil.Process(number).username() == "nobody"
    assert Path(psutil.Process(number).exe()).is_relative_to(server.home / "runtime")
    server.stop()


@pytest.mark.skipif(not AS_ROOT, reason="only root can hide a folder from the account")
def test_a_home_that_the_account_cannot_enter_is_told(home_for_servers: Path):
    hidden = home_for_servers / "closed"
    hidden.mkdir(mode=0o700)
    with pytest.raises(UnableToRunServer) as refused:
        Server(hidden / "home").start()
    assert refused.value.code == "home_not_reachable"


@pytest.mark.skipif(not AS_ROOT, reason="only root can become another")
def test_an_account_that_there_is_not_is_told(
    home_for_servers: Path, monkeypatch: pytest.MonkeyPatch
):
    for name in ("nobody-of-that-name", "root"):
        monkeypatch.setenv("YIBAO_DATABASE_USER", name)
        with pytest.raises(UnableToRunServer) as refused:
            Server(home_for_servers / "unmade").start()
        assert refused.value.code == "account_unknown"


@pytest.mark.skipif(not AS_ROOT, reason="the other tests run as an ordinary user then")
def test_an_ordinary_user_runs_it_as_well(home_for_servers: Path):
    home = home_for_servers / "of-a-user"
    home.mkdir()
    os.chown(home, 65534, 65534)
    become = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", sys.executable, "-c"]
    if subprocess.run([*become, "import yibao"], check=False, cwd="/").returncode:
        pytest.skip("this interpreter cannot be run by another user")
    done = subprocess.run(
        [*become, START, str(home / "database")],
        check=True,
        cwd="/",
        text=True,
        capture_output=True,
    )
    server = Server(home / "database")
    assert (server.home.stat().st_uid, server.home.stat().st_mode & 0o777) == (65534, 0o700)
    assert asked(done.stdout.strip(), "SELECT 1") == 1
    stop = START.replace("start().service_url", "stop()")
    done = subprocess.run(
        [*become, stop, str(server.home)], check=True, cwd="/", text=True, capture_output=True
    )
    assert done.stdout == "True\n"
