"""Logging in (登录与会话): a password for a session, a session's token for an actor.

The password is judged outside any transaction, since that takes a while; whether it counts is
decided under the lock of the account's row. So guesses that arrive together are counted one by one,
and none counts while the account waits.

Holds: every way of not getting in takes one judging of a password and says the same words; only the
log tells which way it was. A session lives until the earliest of: not used for a while, its longest
life, logging out, a new password, suspension.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from yibao.offices.access.actors import Actor, Origin, nobody
from yibao.offices.access.credentials import (
    Judged,
    check_password,
    digest,
    hash_password,
    judge_password,
    new_secret,
)
from yibao.offices.access.log import Deed, record, storable
from yibao.offices.access.office import AccessOffice, is_within
from yibao.offices.access.people import is_login_name, store_password
from yibao.offices.access.refusals import login_refused, session_invalid
from yibao.offices.access.roles import permissions_of
from yibao.offices.access.settings import wait_after
from yibao.storage.postgres.database import Connection

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """What somebody offers to prove who they are."""

    login_name: str
    password: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """A session just made. ``token`` is shown here only; the database has its digest."""

    token: str = field(repr=False)
    actor: Actor
    idle_until: datetime
    longest_until: datetime


async def log_in(office: AccessOffice, offered: Credentials, *, origin: Origin) -> Session:
    """Give a session for a login name and its password.

    Raises:
        AccessRefused: ``login_refused``, whatever the reason.
    """
    token = new_secret()
    account, judged = await _judged(office, offered)

    async def work(connection: Connection) -> Session | None:
        row = await _decided(connection, account, judged=judged, office=office, origin=origin)
        if row is None:
            return None
        return await _opened(connection, row, token=token, office=office, origin=origin)

    session = await office.database.transact(work)
    if session is None:
        raise login_refused()
    return session


async def session_actor(office: AccessOffice, token: str, *, origin: Origin) -> Actor:
    """Who a session's token belongs to, with the permissions of this moment.

    Raises:
        AccessRefused: ``session_invalid``.
    """
    now = office.clock()

    async def work(connection: Connection) -> Actor | None:
        row = await connection.fetchrow(_SESSION, digest(token))
        if row is None or row["state"] != "active" or not is_live(row, now):
            return None
        await _touch(connection, row, now=now, office=office)
        return await _actor(connection, row, now=now, origin=origin)

    actor = await office.database.transact(work)
    if actor is None:
        raise session_invalid()
    return actor


async def log_out(office: AccessOffice, token: str, *, origin: Origin) -> None:
    """End a session; one that has ended already, or never was, needs no ending."""

    async def work(connection: Connection) -> None:
        row = await connection.fetchrow(_SESSION, digest(token))
        if row is None or row["ended_at"] is not None:
            return
        now = office.clock()
        await connection.execute(
            "UPDATE access.session SET ended_at = $2 WHERE id = $1 AND ended_at IS NULL",
            *(row["session_id"], now),
        )
        actor = await _actor(connection, row, now=now, origin=origin)
        await record(connection, actor, _of_session("access.log_out", row))

    await office.database.transact(work)


async def change_password(
    office: AccessOffice, offered: Credentials, *, password: str, origin: Origin
) -> None:
    """Set one's own password, given the present one; ends every session of one's own.

    Raises:
        AccessRefused: ``password_weak`` (the new one), ``login_refused`` (the present one).
    """
    check_password(
        password,
        login_name=offered.login_name,
        settings=office.settings,
        present=offered.password,
    )
    account, judged = await _judged(office, offered)
    hashed = await hash_password(password)

    async def work(connection: Connection) -> bool:
        row = await _decided(connection, account, judged=judged, office=office, origin=origin)
        if row is None:
            return False
        number = row["id"]
        await store_password(connection, number, hashed=hashed, is_first=False, office=office)
        actor = await _actor(connection, row, now=office.clock(), origin=origin)
        await record(connection, actor, _of_session("access.change_password", row))
        return True

    if not await office.database.transact(work):
        raise login_refused()


def is_live(session: Row, now: datetime) -> bool:
    """Whether a session's row counts at a moment; its ends are not included."""
    ends = (session["idle_until"], session["longest_until"], session["ended_at"])
    return is_within(now, now, *ends)  # whoever made it may have a clock that is ahead of ours


_ACCOUNT = (
    "SELECT id, login_name, display_name, password_hash, state, must_change, failed_attempts,"
    " locked_until FROM access.person_account"
)
_SESSION = (
    "SELECT s.id AS session_id, s.made_at, s.idle_until, s.longest_until, s.ended_at,"
    " p.id, p.login_name, p.display_name, p.state, p.must_change"
    " FROM access.session s JOIN access.person_account p ON p.id = s.person_id"
    " WHERE s.token_digest = $1"
)


async def _judged(office: AccessOffice, offered: Credentials) -> tuple[Row | None, Judged]:
    """The account's row as it is now, if there is one, and the password judged against it."""

    async def work(connection: Connection) -> Row | None:
        row: Row | None = await connection.fetchrow(
            f"{_ACCOUNT} WHERE login_name = $1", offered.login_name
        )
        return row

    account = None
    if is_login_name(offered.login_name):
        account = await office.database.transact(work, read_only=True)
    is_sane = len(offered.password) <= office.settings.longest_password
    stored = account["password_hash"] if account is not None and is_sane else None
    return account, await judge_password(offered.password if is_sane else "", stored)


async def _decided(
    connection: Connection,
    account: Row | None,
    *,
    judged: Judged,
    office: AccessOffice,
    origin: Origin,
) -> Row | None:
    """Under the lock of the row: whether the judged password counts. None is a refusal, logged."""
    now = office.clock()
    row: Row | None = None
    if account is not None:
        row = await connection.fetchrow(
            f"{_ACCOUNT} WHERE id = $1 FOR NO KEY UPDATE", account["id"]
        )
    if account is None or row is None:
        await _note(connection, "unknown", why="unknown", origin=origin)
        return None
    why = _why_not(row, now=now, judged_hash=account["password_hash"])
    if why is None:
        await _count(connection, row, judged=judged, now=now, office=office)
        why = None if judged.is_right else "password"
    if why is not None:
        await _note(connection, str(row["id"]), why=why, origin=origin)
        return None
    return row


def _why_not(row: Row, *, now: datetime, judged_hash: str) -> str | None:
    """Why no password would count now."""
    if row["state"] != "active":
        return "suspended"
    if row["locked_until"] is not None and now < row["locked_until"]:
        return "waiting"
    return "password_changed" if row["password_hash"] != judged_hash else None


async def _count(
    connection: Connection, row: Row, *, judged: Judged, now: datetime, office: AccessOffice
) -> None:
    failures = 0 if judged.is_right else row["failed_attempts"] + 1
    wait = wait_after(failures, office.settings)
    await connection.execute(
        "UPDATE access.person_account SET failed_attempts = $2, locked_until = $3,"
        " password_hash = coalesce($4, password_hash) WHERE id = $1",
        *(row["id"], failures, None if wait is None else now + wait, judged.rehashed),
    )


async def _note(connection: Connection, number: str, *, why: str, origin: Origin) -> None:
    """A line for a login that failed; of an unknown name nothing is kept, it may be a password."""
    deed = Deed(
        action="access.log_in",
        object_kind="person",
        object_id=number,
        outcome="refused",
        detail=why,
    )
    await record(connection, nobody(origin), deed)


async def _opened(
    connection: Connection, row: Row, *, token: str, office: AccessOffice, origin: Origin
) -> Session:
    now = office.clock()
    longest_until = now + office.settings.session_longest
    idle_until = min(now + office.settings.session_idle, longest_until)
    await connection.execute(
        "INSERT INTO access.session (token_digest, person_id, made_at, idle_until, longest_until,"
        " place) VALUES ($1, $2, $3, $4, $5, $6)",
        *(digest(token), row["id"], now, idle_until, longest_until, storable(origin.place)),
    )
    actor = await _actor(connection, row, now=now, origin=origin)
    await record(connection, actor, _of_session("access.log_in", row))
    return Session(token=token, actor=actor, idle_until=idle_until, longest_until=longest_until)


async def _touch(connection: Connection, row: Row, *, now: datetime, office: AccessOffice) -> None:
    idle_until = min(now + office.settings.session_idle, row["longest_until"])
    if idle_until - row["idle_until"] >= office.settings.touch_grain:
        await connection.execute(
            "UPDATE access.session SET idle_until = $2 WHERE id = $1 AND ended_at IS NULL",
            *(row["session_id"], idle_until),
        )


async def _actor(connection: Connection, row: Row, *, now: datetime, origin: Origin) -> Actor:
    may = frozenset[str]()
    if not row["must_change"]:
        may = await permissions_of(connection, row["id"], now=now)
    return Actor(
        kind="person",
        id=str(row["id"]),
        name=row["login_name"],
        permissions=may,
        origin=origin,
        must_change_password=row["must_change"],
    )


def _of_session(action: str, row: Row) -> Deed:
    return Deed(action=action, object_kind="person", object_id=str(row["id"]))
