"""Making the cluster (建库): its folder, its three roles, its one database, its passwords.

It is made under another name, with no network, and gets its name when all of it stands: a folder
called ``cluster`` is whole, and one called ``cluster.making`` is an interrupted beginning of ours
that was never served, the only thing that is ever removed.

Holds: passwords are random, reach the programs by their input or a file of the account, and rest
in ``secrets.json``, which only the caller's account can read.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
import socket
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from yibao.base.texts import Text
from yibao.storage.postgres.errors import UnableToRunServer
from yibao.storage.postgres.runtime import Runtime
from yibao.storage.postgres.settings import service_role

SUPERUSER_ROLE = "yibao_superuser"
OWNER_ROLE = "yibao_owner"
DATABASE = "yibao"
CLUSTER = "cluster"
MAKING = "cluster.making"
SECRETS = "secrets.json"
CONFIGURATION = "server.conf"
SOCKETS = "sockets"
LOG = "log"
_LONGEST_SOCKET_PATH = 100

PARAMETERS: Mapping[str, str] = {
    "listen_addresses": "127.0.0.1",
    "max_connections": "100",
    "shared_buffers": "256MB",
    "max_wal_size": "2GB",
    "fsync": "on",
    "synchronous_commit": "on",
    "full_page_writes": "on",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_line_prefix": "%m [%p] %u ",
    "log_error_verbosity": "terse",
    "log_min_error_statement": "panic",
    "jit": "off",
}
"""What differs from PostgreSQL's own choice, or must not differ. The log has neither statements nor
the rows that a constraint refused, since both hold insured persons' data."""

_ROLES = """\
CREATE ROLE {owner} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE PASSWORD '{owner_password}'
CREATE ROLE {service} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE PASSWORD '{service_password}'
CREATE DATABASE {database} OWNER {owner}
REVOKE ALL ON DATABASE {database}, postgres, template1 FROM PUBLIC
GRANT CONNECT ON DATABASE {database} TO {service}
"""
_PRIVILEGES = "REVOKE ALL ON SCHEMA public FROM PUBLIC\n"


@dataclass(frozen=True, slots=True)
class Secrets:
    """What must be known to reach the cluster; never part of a ``repr`` or a log."""

    port: int
    service_role: str
    superuser_password: str
    owner_password: str
    service_password: str

    def __repr__(self) -> str:
        return f"Secrets(port={self.port})"

    @classmethod
    def drawn(cls) -> Secrets:
        """New ones."""
        words = (secrets.token_urlsafe(32) for _ in range(3))
        return cls(free_port(), service_role(), *words)

    @classmethod
    def read(cls, home: Path) -> Secrets | None:
        """Those of a home; ``None`` where there are none.

        Raises:
            UnableToRunServer: the file is not readable by us, or not whole.
        """
        try:
            return cls(**json.loads((home / SECRETS).read_text(encoding="utf-8")))
        except FileNotFoundError:
            return None
        except PermissionError:
            raise UnableToRunServer(
                "home_not_ours",
                Text(f"{home} 属于另一账户", f"{home} belongs to another account"),
                remedy=Text(
                    "请以启动它的账户运行，或以 YIBAO_DATABASE_HOME 另指目录",
                    "run as the account that made it, or name another by YIBAO_DATABASE_HOME",
                ),
            ) from None
        except (ValueError, TypeError):
            raise secrets_lost(home) from None

    def write(self, home: Path) -> None:
        """Keep them, readable by the caller's account only, whole or not at all."""
        _write_privately(home / SECRETS, json.dumps(asdict(self)))

    def on_port(self, port: int) -> Secrets:
        """The same, on another port."""
        return replace(self, port=port)


def free_port() -> int:
    """A port of this machine that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def is_free(port: int) -> bool:
    """Whether nobody listens there."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def make_cluster(home: Path, runtime: Runtime, *, known: Secrets, keeps: int) -> None:
    """Make the cluster of a home, with its roles and its database.

    ``keeps`` is a lock's descriptor, which PostgreSQL's programs hold though we be killed.

    Raises:
        UnableToRunServer: one of PostgreSQL's programs failed; what it said is told.
    """
    making = home / MAKING
    shutil.rmtree(making, ignore_errors=True)
    making.mkdir(mode=0o700)
    account = runtime.account
    account.give(making)
    password = making / "password"
    _write_privately(password, known.superuser_password)
    account.give(password)
    cluster = making / CLUSTER
    made = account.run(
        [
            runtime.program("initdb"),
            f"--pgdata={cluster}",
            f"--username={SUPERUSER_ROLE}",
            f"--pwfile={password}",
            *("--auth=scram-sha-256", "--data-checksums", "--encoding=UTF8", "--locale=C"),
            *("--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--no-instructions"),
        ],
        keeps=[keeps],
    )
    password.unlink()
    if made.returncode:
        raise _failed("initdb", made.stderr)
    names = {"owner": OWNER_ROLE, "service": f'"{known.service_role}"', "database": DATABASE}
    words = {
        "owner_password": known.owner_password,
        "service_password": known.service_password,
    }
    _say(runtime, cluster, "postgres", _ROLES.format(**names, **words), keeps=keeps)
    _say(runtime, cluster, DATABASE, _PRIVILEGES, keeps=keeps)
    with (cluster / "postgresql.conf").open("a", encoding="utf-8") as configuration:
        configuration.write(f"include '../{CONFIGURATION}'\n")  # a home may be renamed
    cluster.rename(home / CLUSTER)
    _settle(home)
    making.rmdir()


def configure(home: Path, port: int, *, changed: Mapping[str, str]) -> None:
    """Write the parameters that the server reads when it starts."""
    sockets = home / SOCKETS
    reachable = len(str(sockets).encode()) <= _LONGEST_SOCKET_PATH - len("/.s.PGSQL.65535")
    parameters = {
        **PARAMETERS,
        "port": str(port),
        "unix_socket_directories": f'"{sockets}"' if reachable else "",
        "unix_socket_permissions": "0700",
        **changed,
    }
    lines = [f"{name} = '{_quoted(value)}'\n" for name, value in parameters.items()]
    path = home / CONFIGURATION
    path.unlink(missing_ok=True)
    path.write_text("".join(lines), encoding="utf-8")
    path.chmod(0o644)


def secrets_lost(home: Path) -> UnableToRunServer:
    """The cluster stands, but nobody knows its passwords."""
    return UnableToRunServer(
        "secrets_lost",
        Text(
            f"{home / SECRETS} 缺失或不完整，无法登录其中的数据库",
            f"{home / SECRETS} is missing or not whole, so nobody can log in to the cluster there",
        ),
        remedy=Text(
            "请找回该文件；数据仍在，未作任何改动。也可将备份恢复到新目录",
            "find that file again; the data is untouched. Or restore a backup into a new folder",
        ),
    )


def _say(runtime: Runtime, cluster: Path, database: str, statements: str, *, keeps: int) -> None:
    """Run statements, one a line, without a network: PostgreSQL's single-user mode."""
    done = runtime.account.run(
        [
            *(runtime.program("postgres"), "--single", "-D", cluster),
            *("-c", "exit_on_error=on", "-c", "log_min_error_statement=panic", database),
        ],
        said=statements,
        keeps=[keeps],
    )
    if done.returncode or "ERROR:" in done.stderr:
        raise _failed("postgres --single", done.stderr)


def _failed(program: str, said: str) -> UnableToRunServer:
    last = " / ".join(said.strip().splitlines()[-4:])
    return UnableToRunServer(
        "cluster_not_made",
        Text(f"建库失败 ({program}): {last}", f"the cluster was not made ({program}): {last}"),
        remedy=Text(
            "请检查磁盘空间与目录权限，然后重新运行: 未完成的部分会重新建立",
            "look at the disk's space and the folder's permissions, and run again: what was begun"
            " is made anew",
        ),
    )


def _write_privately(path: Path, text: str) -> None:
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)
    _settle(path.parent)


def _settle(folder: Path) -> None:
    """Have the names in a folder outlive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _quoted(value: object) -> str:
    return str(value).replace("\\", "\\\\").replace("'", "''")
