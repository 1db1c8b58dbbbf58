"""Who acts at a terminal (命令行操作主体): whoever logged in on this account of the machine.

``yibao access login`` asks for a password once and keeps the session's token in a file that only
the account can read. Every command that acts in somebody's name reads it from there; with several
people logged in, ``--as`` names one, else the last to log in acts. There is no other way: no
password and no token in the words of a command or in the environment, and no command without a
person behind it.

Holds: the file is 0600 from its first byte and is replaced whole; a file that others can read, or
that is another account's, is not used.
"""

from __future__ import annotations

import asyncio
import json
import os
import platform
import stat
import sys
import uuid
from collections.abc import AsyncIterator, Coroutine, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click
import platformdirs

from yibao.base.texts import Language, Text

if TYPE_CHECKING:
    from yibao.offices.access.actors import Actor, Origin
    from yibao.offices.access.office import AccessOffice

T = TypeVar("T")

SESSIONS_VARIABLE = "YIBAO_SESSIONS"
"""Names another file of sessions, such as one for a program that runs by itself."""

as_option = click.option(
    "--as", "login_name", default="", metavar="LOGIN",
    help="Who acts, of those who have logged in here. Default: the last one.",
)  # fmt: skip
json_option = click.option("--json", "as_json", is_flag=True, help="Print data, not tables.")
password_option = click.option(
    "--password-stdin", "from_stdin", is_flag=True,
    help="Read passwords from standard input, one a line, instead of asking.",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Desk:
    """The office of access, and who acts at this terminal."""

    office: AccessOffice
    actor: Actor


@dataclass(frozen=True, slots=True)
class Sessions:
    """The tokens kept on this account of the machine, by login name; ``last`` logged in last."""

    last: str = ""
    tokens: Mapping[str, str] = field(default_factory=dict, repr=False)

    def with_token(self, login_name: str, token: str) -> Sessions:
        """The same with one more, who acts from now on."""
        return Sessions(login_name, {**self.tokens, login_name: token})

    def without(self, login_name: str) -> Sessions:
        """The same with one less."""
        left = {name: token for name, token in self.tokens.items() if name != login_name}
        return Sessions(self.last if self.last in left else next(iter(left), ""), left)


def run(work: Coroutine[Any, Any, T]) -> T:
    """Run what is asynchronous, from a command."""
    return asyncio.run(work)


@asynccontextmanager
async def acting(login_name: str) -> AsyncIterator[Desk]:
    """The office as the service opens it, and the person who acts.

    Raises:
        AccessRefused: ``login_needed``, ``session_file_unsafe``, ``session_invalid``.
        UnableToUseDatabase: the database cannot be reached.
    """
    from yibao.offices.access.sessions import session_actor

    _, token = chosen_token(read_sessions(), login_name)
    async with opened() as office:
        yield Desk(office, await session_actor(office, token, origin=origin()))


@asynccontextmanager
async def opened(*, as_owner: bool = False) -> AsyncIterator[AccessOffice]:
    """The office of access on the database that the environment names.

    Raises:
        UnableToUseDatabase: the database cannot be reached, or has no tables of access.
    """
    from yibao.offices.access.office import AccessOffice
    from yibao.storage.postgres.database import Database
    from yibao.storage.postgres.settings import settings

    found = settings()
    url = found.needed_owner_url() if as_owner else found.service_url
    async with await Database.open(url, size=2) as database:
        if await database.pool.fetchval("SELECT to_regclass('access.log_entry')") is None:
            raise _not_migrated()
        yield AccessOffice(database)


def origin() -> Origin:
    """This machine and account, and a number for this run of a command."""
    from yibao.offices.access.actors import Origin

    return Origin(f"{platform.node()}:{os.geteuid()}", uuid.uuid4().hex)


def chosen_token(sessions: Sessions, login_name: str) -> tuple[str, str]:
    """Who acts, and the token.

    Raises:
        AccessRefused: ``login_needed``.
    """
    from yibao.offices.access.refusals import AccessRefused

    name = login_name or sessions.last
    if name in sessions.tokens:
        return name, sessions.tokens[name]
    here = ", ".join(sessions.tokens) or "-"
    told = Text("尚无人在此登录", "nobody has logged in here")
    if name:
        told = Text(
            f"{name} 未在此登录（已登录: {here}）",
            f"{name} has not logged in here (who has: {here})",
        )
    raise AccessRefused(
        "login_needed",
        told,
        Text("请先登录: yibao access login LOGIN", "log in first: yibao access login LOGIN"),
    )


def read_sessions() -> Sessions:
    """What is kept; nothing where there is no file.

    Raises:
        AccessRefused: ``session_file_unsafe``.
    """
    path = sessions_path()
    try:
        with path.open(encoding="utf-8") as file:
            state = os.fstat(file.fileno())
            if stat.S_IMODE(state.st_mode) & 0o077 or state.st_uid != os.geteuid():
                raise _unsafe(path)
            kept = json.load(file)
            return Sessions(str(kept["last"]), dict(kept["tokens"]))
    except FileNotFoundError:
        return Sessions()
    except (ValueError, KeyError, TypeError):
        return Sessions()  # a file cut short keeps nobody logged in


def write_sessions(sessions: Sessions) -> None:
    """Replace what is kept."""
    path = sessions_path()
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.{uuid.uuid4().hex}")
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
    try:
        with os.fdopen(os.open(beside, flags, 0o600), "w", encoding="utf-8") as file:
            json.dump({"last": sessions.last, "tokens": dict(sessions.tokens)}, file)
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)


def sessions_path() -> Path:
    """Where sessions are kept."""
    named = os.environ.get(SESSIONS_VARIABLE)
    if named:
        return Path(named).expanduser()
    return Path(platformdirs.user_state_dir("yibao", appauthor=False)) / "sessions.json"


def asked_password(what: Text, *, language: Language, from_stdin: bool, twice: bool) -> str:
    """A password from the terminal, unseen, or a line of standard input; never from the words."""
    if from_stdin:
        line = sys.stdin.readline()
        if not line:
            ended = Text(
                "标准输入在给出密码之前已结束", "standard input ended before a password came"
            )
            raise click.UsageError(ended.in_language(language))
        return line.rstrip("\r\n")
    if not sys.stdin.isatty():
        unseen = Text(
            "这里不是终端，无法隐藏输入的密码；请加 --password-stdin 从标准输入给出",
            "this is no terminal, so a password cannot be typed unseen; give it on standard input"
            " with --password-stdin",
        )
        raise click.UsageError(unseen.in_language(language))
    return str(
        click.prompt(
            what.in_language(language), hide_input=True, confirmation_prompt=twice, err=True
        )
    )


def _not_migrated() -> Exception:
    from yibao.storage.postgres.errors import UnableToReachDatabase

    return UnableToReachDatabase(
        "schema_missing",
        Text("数据库中还没有权限表", "the database has no tables of access yet"),
        remedy=Text("请运行 yibao db migrate", "run `yibao db migrate`"),
    )


def _unsafe(path: Path) -> Exception:
    from yibao.offices.access.refusals import AccessRefused

    return AccessRefused(
        "session_file_unsafe",
        Text(f"会话文件可被他人读取: {path}", f"others can read the file of sessions: {path}"),
        Text(
            "请删除该文件并重新登录；其中的会话请视为已泄露",
            "remove it and log in again; take the sessions in it for known to others",
        ),
    )
