"""Which process is the server (进程身份): never a pid alone.

A pid may belong to another process by now, or to one that ended and that nobody has reaped. The
server is the process that ``postmaster.pid`` names, that is alive, and that works in this very data
folder; where the folder of a process may not be seen, its start time must be the file's.

Besides, the server and each of its children hold a lock on a file in the home from their start to
their end, which no crash can leave behind. Whoever gets that lock knows that nobody writes the
cluster any more, the killed server's last children included.
"""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil

_READY_LINE = 7
_SAME_START_SECONDS = 5


def server_process(cluster: Path) -> psutil.Process | None:
    """The running server of a data folder."""
    try:
        lines = (cluster / "postmaster.pid").read_text(encoding="utf-8").splitlines()
        process = psutil.Process(int(lines[0]))
        started_at = int(lines[2])
    except (FileNotFoundError, ValueError, IndexError, psutil.NoSuchProcess):
        return None
    return process if _is_server(process, cluster, started_at=started_at) else None


def is_ready(cluster: Path) -> bool:
    """Whether the running server of a data folder answers, or is still recovering."""
    try:
        lines = (cluster / "postmaster.pid").read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return False
    return len(lines) > _READY_LINE and lines[_READY_LINE].strip() == "ready"


def _is_server(process: psutil.Process, cluster: Path, *, started_at: int) -> bool:
    try:
        if process.status() == psutil.STATUS_ZOMBIE:
            return False
        return Path(process.cwd()) == cluster.resolve()
    except psutil.AccessDenied:
        return abs(process.create_time() - started_at) <= _SAME_START_SECONDS
    except (psutil.NoSuchProcess, psutil.ZombieProcess):
        return False


def orphans(cluster: Path) -> list[psutil.Process]:
    """Processes that work in a data folder, whose server is gone."""
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            if Path(process.cwd()) == cluster.resolve() and process.name().startswith("postgres"):
                found.append(process)
    return found


@contextmanager
def locked(path: Path, *, seconds: float) -> Iterator[int]:
    """Hold a file's lock; what is yielded is the descriptor, which a child may keep.

    Raises:
        TimeoutError: another held it all the time.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        until = time.monotonic() + seconds
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() >= until:
                    raise TimeoutError(f"{path} is locked") from None
                time.sleep(0.05)
        yield descriptor
    finally:
        os.close(descriptor)
