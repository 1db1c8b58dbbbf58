"""Where the database is (数据库位置): named by the environment, else the embedded server's folder.

A city that runs its own server names it by ``YIBAO_DATABASE_URL`` (the service's role) and
``YIBAO_OWNER_DATABASE_URL`` (the owner's; only migrating and backing up need it). Without them the
folder ``YIBAO_DATABASE_HOME`` is read, where ``yibao db start`` keeps ports and passwords.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit, urlunsplit

import platformdirs

from yibao.base.texts import Text
from yibao.storage.postgres.errors import UnableToReachDatabase, UnableToRunServer

SERVICE_ROLE = "yibao_service"
_ROOT_HOME = Path("/var/lib/yibao")
_ROLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,62}\Z")


@dataclass(frozen=True, slots=True)
class DatabaseSettings:
    """The URLs of the two roles; they hold passwords, so they are never part of a ``repr``."""

    owner_url: str | None = field(repr=False)
    service_url: str = field(repr=False)

    def needed_owner_url(self) -> str:
        """The owner's URL.

        Raises:
            UnableToReachDatabase: a server of the city's own whose owner's URL nobody gave.
        """
        if self.owner_url is None:
            raise UnableToReachDatabase(
                "owner_url_missing",
                Text(
                    "未给出所有者角色的数据库地址", "the owner's URL of the database is not given"
                ),
                remedy=Text(
                    "请设置 YIBAO_OWNER_DATABASE_URL，仅迁移、备份时需要",
                    "set YIBAO_OWNER_DATABASE_URL; only migrating and backing up need it",
                ),
            )
        return self.owner_url


def settings(home: Path | None = None) -> DatabaseSettings:
    """The URLs to use: a named ``home`` wins, then the environment, then the default home.

    Raises:
        UnableToReachDatabase: there is no URL and no cluster in the home.
    """
    service_url = os.environ.get("YIBAO_DATABASE_URL")
    if home is None and service_url:
        owner_url = os.environ.get("YIBAO_OWNER_DATABASE_URL")
        return DatabaseSettings(owner_url and checked_url(owner_url), checked_url(service_url))
    from yibao.storage.postgres.server import Server  # noqa: PLC0415 - it builds on this module

    return Server(home or default_home()).settings()


def embedded_home(home: Path | None = None) -> Path:
    """The folder of the embedded server that is meant.

    Raises:
        UnableToRunServer: none is named, and a server of the city's own is.
    """
    if home is None and os.environ.get("YIBAO_DATABASE_URL"):
        raise UnableToRunServer(
            "server_of_the_city",
            Text(
                "YIBAO_DATABASE_URL 指定了自有服务器，本命令不启停它",
                "YIBAO_DATABASE_URL names a server of your own, which is not ours to start or stop",
            ),
            remedy=Text(
                "请用其自身的工具，或不设该变量，或以 --home 指定内置服务器",
                "use its own tools, or unset the variable, or name the embedded one by --home",
            ),
        )
    return home or default_home()


def default_home() -> Path:
    """The folder of the embedded server."""
    named = os.environ.get("YIBAO_DATABASE_HOME")
    if named:
        return Path(named).expanduser().absolute()
    if os.geteuid() == 0:
        return _ROOT_HOME
    return Path(platformdirs.user_data_dir("yibao", appauthor=False)) / "database"


def service_role() -> str:
    """The name of the service's role, which migrations grant to (``YIBAO_SERVICE_ROLE``).

    Raises:
        UnableToReachDatabase: the name is no plain identifier.
    """
    name = os.environ.get("YIBAO_SERVICE_ROLE") or SERVICE_ROLE
    if not _ROLE.match(name):
        raise UnableToReachDatabase(
            "role_invalid",
            Text(f"角色名无效: {name!r}", f"{name!r} cannot be a role's name"),
            remedy=Text(
                "YIBAO_SERVICE_ROLE 应以字母或下划线开头，只含字母、数字、下划线，至多 63 个",
                "YIBAO_SERVICE_ROLE begins with a letter or _, has letters, digits and _, 63 at"
                " most",
            ),
        )
    return name


def checked_url(url: str) -> str:
    """A URL of PostgreSQL as it was given, in the form every library here reads.

    Raises:
        UnableToReachDatabase: it is no such URL, or names no database; it is not shown, since it
            may hold a password.
    """
    if not _is_url(url):
        raise UnableToReachDatabase(
            "url_invalid",
            Text("数据库地址无法识别", "the URL of the database cannot be read"),
            remedy=Text(
                "应为 postgresql://用户:密码@主机:端口/数据库，密码中的特殊字符用 %xx 书写",
                "write postgresql://user:password@host:port/database, with %xx for special signs"
                " in the password",
            ),
        )
    return urlunsplit(urlsplit(url)._replace(scheme="postgresql"))


def _is_url(url: str) -> bool:
    try:
        parts = urlsplit(url)
        named = len(parts.path) > 1 and parts.port != 0
    except ValueError:
        return False
    return named and parts.scheme.partition("+")[0] in ("postgresql", "postgres")


def url_of(role: str, password: str, *, port: int, database: str) -> str:
    """The URL of a role on the embedded server."""
    user = f"{quote(role, safe='')}:{quote(password, safe='')}"
    return f"postgresql://{user}@127.0.0.1:{port}/{database}"


def without_password(url: str) -> str:
    """The same URL, fit to be shown or to stand in a command's arguments."""
    parts = urlsplit(url)
    user, _, place = parts.netloc.rpartition("@")
    name = user.partition(":")[0]
    options = [(key, value) for key, value in parse_qsl(parts.query) if key != "password"]
    return urlunsplit(
        parts._replace(netloc=f"{name}@{place}" if name else place, query=urlencode(options))
    )


def password_of(url: str) -> str:
    """The password that a URL holds; empty where it holds none."""
    parts = urlsplit(url)
    return unquote(parts.password or "") or dict(parse_qsl(parts.query)).get("password", "")
