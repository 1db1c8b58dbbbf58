"""People's accounts (人员账号): made by an administrator, used by nobody else.

An administrator gives a first password that must be changed at the first login, and may suspend an
account; an account is never deleted, because the log points at it.

Holds: setting a password or suspending ends every session of the person, in the same transaction.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from yibao.base.texts import Text
from yibao.offices.access.actors import Actor
from yibao.offices.access.credentials import check_password, hash_password
from yibao.offices.access.log import Deed, demand, record
from yibao.offices.access.office import AccessOffice
from yibao.offices.access.refusals import AccessRefused, unknown
from yibao.storage.postgres.database import Connection

MANAGE_PEOPLE = "access.manage_people"
_LOGIN_NAME = re.compile(r"[a-z][a-z0-9._-]{1,31}\Z")

State = Literal["active", "suspended"]


@dataclass(frozen=True, slots=True, kw_only=True)
class NewPerson:
    """Whom to make an account for; the password is the first one and must be changed."""

    login_name: str
    display_name: str
    password: str = field(repr=False)


async def create_person(office: AccessOffice, actor: Actor, *, person: NewPerson) -> int:
    """Make an account; answers the person's number.

    Raises:
        AccessRefused: ``permission_missing``, ``login_name_invalid``, ``name_missing``,
            ``password_weak``, ``person_exists``.
    """
    deed = Deed(action="access.create_person", object_kind="login", object_id=person.login_name)
    await demand(office, actor, permission=MANAGE_PEOPLE, deed=deed)
    check_person(person, office)
    hashed = await hash_password(person.password)

    async def work(connection: Connection) -> int:
        return await insert_person(connection, actor, person=person, hashed=hashed, office=office)

    return await office.database.transact(work)


def check_person(person: NewPerson, office: AccessOffice) -> None:
    """Refuse names and passwords that an account cannot have.

    Raises:
        AccessRefused: ``login_name_invalid``, ``name_missing``, ``password_weak``.
    """
    if not is_login_name(person.login_name):
        raise AccessRefused(
            "login_name_invalid",
            Text(f"登录名无效: {person.login_name!r}", f"{person.login_name!r} is no login name"),
            Text(
                "应为 2 至 32 个字符，以小写字母开头，只含小写字母、数字和 . _ -",
                "use 2 to 32 characters: a small letter, then small letters, digits, . _ -",
            ),
        )
    if not (person.display_name.strip() and person.display_name.isprintable()):
        raise _name_missing()
    if len(person.display_name) > 100:
        raise _name_missing()
    check_password(person.password, login_name=person.login_name, settings=office.settings)


def is_login_name(text: str) -> bool:
    """Whether a text has the form of a login name."""
    return _LOGIN_NAME.match(text) is not None


async def insert_person(
    connection: Connection, actor: Actor, *, person: NewPerson, hashed: str, office: AccessOffice
) -> int:
    """The account's row and its line in the log; answers the person's number.

    Raises:
        AccessRefused: ``person_exists``.
    """
    now = office.clock()
    number: int | None = await connection.fetchval(
        "INSERT INTO access.person_account (login_name, display_name, password_hash, must_change,"
        " made_by, made_at, password_at) VALUES ($1, $2, $3, true, $4, $5, $5)"
        " ON CONFLICT (login_name) DO NOTHING RETURNING id",
        *(person.login_name, person.display_name.strip(), hashed, actor.reference, now),
    )
    if number is None:
        raise AccessRefused(
            "person_exists",
            Text(f"登录名 {person.login_name} 已有账号", f"{person.login_name} has an account"),
            Text("请换一个登录名", "take another login name"),
        )
    deed = Deed(
        action="access.create_person",
        object_kind="person",
        object_id=str(number),
        detail=person.login_name,
    )
    await record(connection, actor, deed)
    return number


async def reset_password(
    office: AccessOffice, actor: Actor, *, login_name: str, password: str
) -> None:
    """Give a person a new first password; ends their sessions and any waiting after failures.

    Raises:
        AccessRefused: ``permission_missing``, ``password_weak``, ``person_unknown``.
    """
    deed = Deed(action="access.reset_password", object_kind="login", object_id=login_name)
    await demand(office, actor, permission=MANAGE_PEOPLE, deed=deed)
    check_password(password, login_name=login_name, settings=office.settings)
    hashed = await hash_password(password)

    async def work(connection: Connection) -> None:
        number = await person_number(connection, login_name)
        await store_password(connection, number, hashed=hashed, is_first=True, office=office)
        await record(connection, actor, _of_person("access.reset_password", number))

    await office.database.transact(work)


async def set_state(office: AccessOffice, actor: Actor, *, login_name: str, state: State) -> None:
    """Suspend an account, which ends its sessions, or let it be used again.

    Raises:
        AccessRefused: ``permission_missing``, ``person_unknown``.
    """
    action = "access.suspend_person" if state == "suspended" else "access.resume_person"
    deed = Deed(action=action, object_kind="login", object_id=login_name)
    await demand(office, actor, permission=MANAGE_PEOPLE, deed=deed)

    async def work(connection: Connection) -> None:
        number = await person_number(connection, login_name)
        await connection.execute(
            "UPDATE access.person_account SET state = $2 WHERE id = $1", number, state
        )
        if state == "suspended":
            await end_sessions(connection, number, office=office)
        await record(connection, actor, _of_person(action, number))

    await office.database.transact(work)


async def list_people(office: AccessOffice, actor: Actor) -> Sequence[Mapping[str, Any]]:
    """Every account with its state and the roles it has now; no hashes.

    Raises:
        AccessRefused: ``permission_missing``.
    """
    deed = Deed(action="access.list_people")
    await demand(office, actor, permission=MANAGE_PEOPLE, deed=deed)

    async def work(connection: Connection) -> Sequence[Mapping[str, Any]]:
        rows = await connection.fetch(
            "SELECT p.id, p.login_name, p.display_name, p.state, p.must_change, p.locked_until,"
            " coalesce(array_agg(DISTINCT g.role_code ORDER BY g.role_code)"
            "   FILTER (WHERE g.role_code IS NOT NULL), '{}') AS roles"
            " FROM access.person_account p LEFT JOIN access.role_grant g ON g.person_id = p.id"
            "   AND g.valid_from <= $1 AND (g.valid_until IS NULL OR $1 < g.valid_until)"
            "   AND (g.withdrawn_at IS NULL OR $1 < g.withdrawn_at)"
            " GROUP BY p.id ORDER BY p.login_name",
            office.clock(),
        )
        return [dict(row) for row in rows]

    return await office.database.transact(work, read_only=True)


async def find_person(office: AccessOffice, login_name: str) -> int:
    """The number of a person, as the log and other offices name them.

    Raises:
        AccessRefused: ``person_unknown``.
    """
    return await office.database.transact(lambda connection: person_number(connection, login_name))


async def person_number(connection: Connection, login_name: str) -> int:
    """The number of a person, whose row is locked until the transaction ends.

    Raises:
        AccessRefused: ``person_unknown``.
    """
    number: int | None = None
    if is_login_name(login_name):
        number = await connection.fetchval(
            "SELECT id FROM access.person_account WHERE login_name = $1 FOR NO KEY UPDATE",
            login_name,
        )
    if number is None:
        raise unknown("person_unknown", repr(login_name))
    return number


async def store_password(
    connection: Connection, number: int, *, hashed: str, is_first: bool, office: AccessOffice
) -> None:
    """Put a new hash in the place of the old; failures are forgotten and sessions end."""
    await connection.execute(
        "UPDATE access.person_account SET password_hash = $2, must_change = $3,"
        " failed_attempts = 0, locked_until = NULL, password_at = $4 WHERE id = $1",
        *(number, hashed, is_first, office.clock()),
    )
    await end_sessions(connection, number, office=office)


async def end_sessions(connection: Connection, number: int, *, office: AccessOffice) -> None:
    """End every session of a person."""
    await connection.execute(
        "UPDATE access.session SET ended_at = $2 WHERE person_id = $1 AND ended_at IS NULL",
        *(number, office.clock()),
    )


def _of_person(action: str, number: int) -> Deed:
    return Deed(action=action, object_kind="person", object_id=str(number))


def _name_missing() -> AccessRefused:
    return AccessRefused(
        "name_missing",
        Text(
            "姓名须有 1 至 100 个可显示的字符", "a name has 1 to 100 characters that can be shown"
        ),
        Text("请填写姓名", "give the person's name"),
    )
