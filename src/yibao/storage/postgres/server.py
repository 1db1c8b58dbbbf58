"""The embedded server (内置数据库): PostgreSQL's binaries, run by ourselves in one folder.

The folder, its *home*, has the ``cluster``, the passwords, the log, and two locks: one that whoever
starts or stops holds, one that the server itself holds while it or a child of it lives. Starting is
safe to repeat: a server that runs is left alone, one that died is recovered by PostgreSQL from its
own log of writes.

Holds: at most one server runs in a home; a folder that holds a cluster is never removed; what is
told as running was seen to run in this folder.

Refuses: a home of another major version, of another account, or that holds somebody else's files.
"""

from __future__ import annotations

import re
import signal
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import psutil

from yibao.base.system import system_reason
from yibao.base.texts import Text
from yibao.storage.postgres import cluster as parts
from yibao.storage.postgres.errors import UnableToReachDatabase, UnableToRunServer
from yibao.storage.postgres.process import is_ready, locked, orphans, server_process
from yibao.storage.postgres.runtime import Account, Runtime
from yibao.storage.postgres.settings import DatabaseSettings, url_of

_STARTING = "start.lock"
_RUNNING = "running.lock"
_START_SECONDS = 600
_STOP_SECONDS = 120
_ORPHANS_SECONDS = 15
_PORT_TRIES = 5
_TROUBLESOME = re.compile(r"[\"'$`\\\x00-\x1f]")
_LOG_BYTES = 16 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class ServerStatus:
    """What stands in a home: whether there is a cluster, whether its server runs, and where."""

    home: Path
    is_made: bool
    process_id: int | None = None
    port: int | None = None
    account: str | None = None

    @property
    def is_running(self) -> bool:
        """Whether a server runs there."""
        return self.process_id is not None


class Server:
    """The server of a home. ``changed`` parameters are for tests that need no durability."""

    def __init__(self, home: Path, *, changed: Mapping[str, str] | None = None) -> None:
        self.home = home.expanduser().absolute()
        self.cluster = self.home / parts.CLUSTER
        self.log = self.home / parts.LOG / "server.log"
        self._changed = changed or {}

    def start(self) -> DatabaseSettings:
        """Make the cluster if there is none, start the server if it does not run; its URLs.

        Raises:
            UnableToRunServer: the folder, the account or PostgreSQL itself refuses.
        """
        with self._alone():
            known = self._made()
            if server_process(self.cluster) is None:
                self._begin(known)
            self._wait_until_ready()
        return self.settings()

    def stop(self) -> bool:
        """Stop with clients connected: their transactions end, their connections close.

        Returns whether a server ran.

        Raises:
            UnableToRunServer: it does not end.
        """
        if not self.cluster.is_dir():
            return False
        with self._alone():
            process = server_process(self.cluster)
            if process is None:
                return False
            with suppress(psutil.NoSuchProcess):
                process.send_signal(signal.SIGINT)
            try:
                with locked(self.home / _RUNNING, seconds=_STOP_SECONDS):
                    self._wait_for_end()
            except TimeoutError:
                raise _not_stopped(self.home, process.pid) from None
        return True

    def status(self) -> ServerStatus:
        """What stands there now."""
        with _told(self.home):
            if not (self.cluster / "PG_VERSION").exists():
                return ServerStatus(self.home, is_made=False)
            process = server_process(self.cluster)
            account = Account.of(self.cluster).name
        known = parts.Secrets.read(self.home)
        return ServerStatus(
            self.home,
            is_made=True,
            process_id=process.pid if process else None,
            port=known.port if known else None,
            account=account,
        )

    def settings(self) -> DatabaseSettings:
        """The URLs of the owner and the service.

        Raises:
            UnableToReachDatabase: nothing was made there yet.
        """
        known = self._known()
        port = known.port
        return DatabaseSettings(
            url_of(parts.OWNER_ROLE, known.owner_password, port=port, database=parts.DATABASE),
            url_of(known.service_role, known.service_password, port=port, database=parts.DATABASE),
        )

    def superuser_url(self) -> str:
        """The superuser's URL, which only `yibao db` and tests use."""
        known = self._known()
        return url_of(
            parts.SUPERUSER_ROLE,
            known.superuser_password,
            port=known.port,
            database=parts.DATABASE,
        )

    def roles(self) -> tuple[str, str, str]:
        """The names of superuser, owner and service."""
        return parts.SUPERUSER_ROLE, parts.OWNER_ROLE, self._known().service_role

    @cached_property
    def runtime(self) -> Runtime:
        """The binaries and the account for this home."""
        return Runtime(self.home, Account.of(self.cluster))

    def _known(self) -> parts.Secrets:
        with _told(self.home):
            is_made = self.cluster.is_dir()
        known = parts.Secrets.read(self.home) if is_made else None
        if known is None and is_made:
            raise parts.secrets_lost(self.home)
        if known is None:
            raise UnableToReachDatabase(
                "database_not_made",
                Text(f"{self.home} 中还没有数据库", f"there is no database in {self.home} yet"),
                remedy=Text(
                    "运行 yibao db start；自有服务器请设置 YIBAO_DATABASE_URL",
                    "run `yibao db start`; for a server of your own set YIBAO_DATABASE_URL",
                ),
            )
        return known

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Nobody else starts or stops this home meanwhile."""
        with _told(self.home), ExitStack() as held:
            self._refuse_path()
            self.home.mkdir(mode=0o711, parents=True, exist_ok=True)
            self._refuse_others()
            try:
                held.enter_context(locked(self.home / _STARTING, seconds=_START_SECONDS))
            except TimeoutError:
                raise UnableToRunServer(
                    "home_in_use",
                    Text(
                        f"另一个程序正占用 {self.home}", f"another program is busy in {self.home}"
                    ),
                    remedy=Text("请待其结束后重试", "wait until it ends and try again"),
                ) from None
            yield

    def _refuse_path(self) -> None:
        """A path that cannot be told to PostgreSQL's own programs."""
        if _TROUBLESOME.search(str(self.home)):
            raise UnableToRunServer(
                "home_unusable",
                Text(
                    f"路径 {str(self.home)!r} 含有引号、$、反斜杠等符号",
                    f"the path {str(self.home)!r} has a quote, a $, a backslash or the like",
                ),
                remedy=Text(
                    "请换一个路径: YIBAO_DATABASE_HOME", "name another: YIBAO_DATABASE_HOME"
                ),
            )

    def _refuse_others(self) -> None:
        ours = {parts.CLUSTER, parts.MAKING, parts.SECRETS, parts.CONFIGURATION, parts.SOCKETS}
        ours |= {parts.LOG, "runtime", _STARTING, _RUNNING}
        others = [it.name for it in self.home.iterdir() if it.name not in ours]
        others = [name for name in others if not name.startswith(f".{parts.SECRETS}")]
        if others and not (self.home / parts.SECRETS).exists():
            raise UnableToRunServer(
                "home_not_ours",
                Text(
                    f"{self.home} 中有别的文件，例如 {others[0]}",
                    f"{self.home} holds files that are not ours, such as {others[0]}",
                ),
                remedy=Text(
                    "请以 YIBAO_DATABASE_HOME 指定空目录或新目录",
                    "name an empty or a new folder by YIBAO_DATABASE_HOME",
                ),
            )

    def _made(self) -> parts.Secrets:
        """The cluster stands, of our version, where the account can reach it."""
        account = self.runtime.account
        if account.borrowed or self.home.stat().st_uid == account.user_id:
            self.home.chmod(0o711 if account.borrowed else 0o700)
        if not account.may_enter(self.home):
            raise UnableToRunServer(
                "home_not_reachable",
                Text(
                    f"账户 {account.name} 无法进入 {self.home}",
                    f"the account {account.name} cannot enter {self.home}",
                ),
                remedy=Text(
                    "PostgreSQL 不以 root 运行: 请以 YIBAO_DATABASE_HOME 另指目录",
                    "PostgreSQL does not run as root: name another folder by YIBAO_DATABASE_HOME",
                ),
            )
        known = parts.Secrets.read(self.home)
        if not self.cluster.exists():
            known = known or parts.Secrets.drawn()
            known.write(self.home)
            with self._nobody_writes() as running:  # nor does what a killed start left making
                parts.make_cluster(self.home, self.runtime, known=known, keeps=running)
        if known is None:
            raise parts.secrets_lost(self.home)
        self._refuse_other_version()
        return known

    def _refuse_other_version(self) -> None:
        stands = (self.cluster / "PG_VERSION").read_text(encoding="ascii").strip()
        if stands != self.runtime.major_version:
            ours = self.runtime.major_version
            raise UnableToRunServer(
                "cluster_of_other_version",
                Text(
                    f"{self.cluster} 属于 PostgreSQL {stands}，本程序带的是 {ours}",
                    f"{self.cluster} is of PostgreSQL {stands}; this program brings {ours}",
                ),
                remedy=Text(
                    "用原版本的 yibao 备份，再用 yibao db restore 恢复到新目录",
                    "back up with the yibao that made it, then `yibao db restore` into a new"
                    " folder",
                ),
            )

    def _begin(self, known: parts.Secrets) -> None:
        account = self.runtime.account
        for name in (parts.SOCKETS, parts.LOG):
            (self.home / name).mkdir(exist_ok=True)
            account.give(self.home / name)
        self._rotate_log()
        said_before = self.log.stat().st_size if self.log.exists() else 0
        refused = ""
        with self._nobody_writes() as running:
            self._forget_the_dead()
            for _ in range(_PORT_TRIES):
                if not parts.is_free(known.port):
                    known = known.on_port(parts.free_port())
                    known.write(self.home)
                parts.configure(self.home, known.port, changed=self._changed)
                refused = self._launched(running)
                if not refused:
                    return
                if parts.is_free(known.port):
                    break  # it was not the port
        raise _not_started(self.log, refused, said_before=said_before)

    def _launched(self, running: int) -> str:
        """Why it was refused; nothing where it runs."""
        done = self.runtime.account.run(
            [
                *(self.runtime.program("pg_ctl"), "start", "--wait", "--silent"),
                f"--timeout={_START_SECONDS}",
                *(f"--pgdata={self.cluster}", f"--log={self.log}"),
            ],
            keeps=[running],
        )
        return "" if done.returncode == 0 else done.stderr.strip() or "pg_ctl"

    @contextmanager
    def _nobody_writes(self) -> Iterator[int]:
        """Wait for what a killed server left behind; end it when it takes too long."""
        lock = self.home / _RUNNING
        with ExitStack() as held:
            try:
                descriptor = held.enter_context(locked(lock, seconds=_ORPHANS_SECONDS))
            except TimeoutError:
                descriptor = held.enter_context(self._ended_orphans(lock))
            yield descriptor

    @contextmanager
    def _ended_orphans(self, lock: Path) -> Iterator[int]:
        for process in orphans(self.cluster):
            with suppress(psutil.Error):
                process.kill()
        with ExitStack() as held:
            try:
                descriptor = held.enter_context(locked(lock, seconds=_ORPHANS_SECONDS))
            except TimeoutError:
                raise _still_in_use(self.home) from None
            yield descriptor

    def _forget_the_dead(self) -> None:
        """Remove pid files whose process is not the server, which PostgreSQL would believe."""
        (self.cluster / "postmaster.pid").unlink(missing_ok=True)
        for left in (self.home / parts.SOCKETS).glob(".s.PGSQL.*"):
            left.unlink(missing_ok=True)

    def _wait_until_ready(self) -> None:
        """One that another start left recovering answers later."""
        until = time.monotonic() + _START_SECONDS
        while not is_ready(self.cluster):
            if server_process(self.cluster) is None or time.monotonic() > until:
                raise _not_started(self.log, "postmaster.pid", said_before=0)
            time.sleep(0.05)

    def _wait_for_end(self) -> None:
        until = time.monotonic() + _STOP_SECONDS
        while server_process(self.cluster) is not None:
            if time.monotonic() > until:
                raise TimeoutError
            time.sleep(0.02)

    def _rotate_log(self) -> None:
        with suppress(FileNotFoundError):
            if self.log.stat().st_size > _LOG_BYTES:
                self.log.replace(self.log.with_suffix(".log.1"))


@contextmanager
def _told(home: Path) -> Iterator[None]:
    """Tell what the system refuses in a home."""
    try:
        yield
    except OSError as error:
        if isinstance(error, TimeoutError):
            raise
        why = system_reason(error)
        place = error.filename or home
        raise UnableToRunServer(
            "home_unusable",
            Text(f"无法使用 {place}: {why.zh}", f"cannot use {place}: {why.en}"),
            remedy=Text(
                "请检查权限与磁盘，或以 YIBAO_DATABASE_HOME 另指目录",
                "look at permissions and the disk, or name another by YIBAO_DATABASE_HOME",
            ),
        ) from None


def _not_started(log: Path, refused: str, *, said_before: int) -> UnableToRunServer:
    said = log.read_bytes()[said_before:].decode("utf-8", "replace") if log.exists() else ""
    last = " / ".join((said.strip() or refused).splitlines()[-4:])
    return UnableToRunServer(
        "server_not_started",
        Text(f"数据库没有启动: {last}", f"the server did not start: {last}"),
        remedy=Text(f"详见日志 {log}", f"the log tells more: {log}"),
    )


def _still_in_use(home: Path) -> UnableToRunServer:
    return UnableToRunServer(
        "cluster_still_in_use",
        Text(
            f"{home} 的数据库仍被本机看不到的进程使用",
            f"the cluster in {home} is in use by a process that cannot be seen from here",
        ),
        remedy=Text(
            "它可能在另一容器中运行: 请在那里停止它",
            "it may run in another container: stop it there",
        ),
    )


def _not_stopped(home: Path, process_id: int) -> UnableToRunServer:
    return UnableToRunServer(
        "server_not_stopped",
        Text(
            f"{home} 的数据库进程 {process_id} 在 {_STOP_SECONDS} 秒内没有结束",
            f"the server of {home}, process {process_id}, did not end in {_STOP_SECONDS} seconds",
        ),
        remedy=Text("请稍后再试；不要强行终止", "try again later; do not kill it"),
    )
