"""Roles (角色授权): given to a person for a time, by another person, and taken back.

What a role permits is data that comes with the schema. A grant counts from ``valid_from`` up to,
not including, the earlier of ``valid_until`` and the moment it was withdrawn.

Holds: nobody grants a role to themselves, here and in the database; no person has one role twice at
one moment, since grants to a person queue at the person's row.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from yibao.base.texts import Text
from yibao.offices.access.actors import Actor, second_person
from yibao.offices.access.log import Deed, demand, note_refusal, record
from yibao.offices.access.office import AccessOffice
from yibao.offices.access.people import person_number
from yibao.offices.access.refusals import AccessRefused, unknown
from yibao.storage.postgres.database import Connection

GRANT_ROLE = "access.grant_role"
_ROLE = re.compile(r"[a-z_]{1,60}\Z")


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """A role for a person; without ``valid_from`` it counts at once, without an end for good."""

    login_name: str
    role: str
    valid_from: datetime | None = None
    valid_until: datetime | None = None


async def grant_role(office: AccessOffice, actor: Actor, *, grant: Grant) -> int:
    """Give a role to another person; answers the grant's number.

    Raises:
        AccessRefused: ``permission_missing``, ``second_person_needed``, ``person_unknown``,
            ``role_unknown``, ``role_not_for_people``, ``role_held_already``, ``validity_empty``.
    """
    deed = _deed("access.grant_role", grant)
    await demand(office, actor, permission=GRANT_ROLE, deed=deed)
    start = grant.valid_from or office.clock()
    if grant.valid_until is not None and grant.valid_until <= start:
        raise validity_empty()

    async def work(connection: Connection) -> int:
        number = await person_number(connection, grant.login_name)
        second_person(f"person:{number}", actor)
        await check_role(connection, grant.role)
        await _check_not_held(connection, number, grant=grant, start=start)
        row = (number, grant.role, start, grant.valid_until, int(actor.id), office.clock())
        granted = await insert_grant(connection, row)
        await record(connection, actor, _of_person(deed, number))
        return granted

    return await _or_refused(office, actor, work=work, deed=deed)


async def withdraw_role(office: AccessOffice, actor: Actor, *, login_name: str, role: str) -> int:
    """Take a role back from this moment, also where it has not begun; answers how many grants.

    Raises:
        AccessRefused: ``permission_missing``, ``second_person_needed`` (a key cannot withdraw),
            ``person_unknown``, ``role_unknown``, ``role_not_held``.
    """
    deed = _deed("access.withdraw_role", Grant(login_name=login_name, role=role))
    await demand(office, actor, permission=GRANT_ROLE, deed=deed)

    async def work(connection: Connection) -> int:
        second_person("", actor)
        number = await person_number(connection, login_name)
        await check_role(connection, role)
        now = office.clock()
        ended = await connection.fetch(
            "UPDATE access.role_grant SET withdrawn_by = $3, withdrawn_at = $4"
            " WHERE person_id = $1 AND role_code = $2 AND withdrawn_at IS NULL"
            " AND (valid_until IS NULL OR $4 < valid_until) RETURNING id",
            *(number, role, int(actor.id), now),
        )
        if not ended:
            raise _not_held(login_name, role)
        await record(connection, actor, _of_person(deed, number))
        return len(ended)

    return await _or_refused(office, actor, work=work, deed=deed)


async def list_roles(office: AccessOffice) -> Sequence[Mapping[str, Any]]:
    """Every role with its labels, who may hold it, and what it permits. No secret, so no check."""

    async def work(connection: Connection) -> Sequence[Mapping[str, Any]]:
        rows = await connection.fetch(
            "SELECT r.code, r.holder, r.label_zh, r.label_en,"
            " array_agg(rp.permission_code ORDER BY rp.permission_code) AS permissions"
            " FROM access.role r JOIN access.role_permission rp ON rp.role_code = r.code"
            " GROUP BY r.code ORDER BY r.holder DESC, r.code"
        )
        return [dict(row) for row in rows]

    return await office.database.transact(work, read_only=True)


async def grants_of(
    office: AccessOffice, actor: Actor, *, login_name: str
) -> Sequence[Mapping[str, Any]]:
    """Every grant a person ever had, with its dates and who gave and withdrew it.

    Raises:
        AccessRefused: ``permission_missing``, ``person_unknown``.
    """
    deed = Deed(action="access.list_grants", object_kind="login", object_id=login_name)
    await demand(office, actor, permission=GRANT_ROLE, deed=deed)

    async def work(connection: Connection) -> Sequence[Mapping[str, Any]]:
        number = await person_number(connection, login_name)
        rows = await connection.fetch(
            "SELECT g.id, g.role_code, g.valid_from, g.valid_until, g.granted_at,"
            " a.login_name AS granted_by, g.withdrawn_at, b.login_name AS withdrawn_by"
            " FROM access.role_grant g"
            " LEFT JOIN access.person_account a ON a.id = g.granted_by"
            " LEFT JOIN access.person_account b ON b.id = g.withdrawn_by"
            " WHERE g.person_id = $1 ORDER BY g.id",
            number,
        )
        return [dict(row) for row in rows]

    return await office.database.transact(work)


async def permissions_of(connection: Connection, number: int, *, now: datetime) -> frozenset[str]:
    """What a person may do at a moment, by every grant that counts then."""
    rows = await connection.fetch(
        "SELECT DISTINCT rp.permission_code FROM access.role_grant g"
        " JOIN access.role_permission rp ON rp.role_code = g.role_code"
        " WHERE g.person_id = $1 AND g.valid_from <= $2"
        " AND (g.valid_until IS NULL OR $2 < g.valid_until)"
        " AND (g.withdrawn_at IS NULL OR $2 < g.withdrawn_at)",
        *(number, now),
    )
    return frozenset(row["permission_code"] for row in rows)


async def insert_grant(connection: Connection, row: tuple[object, ...]) -> int:
    """A grant's row: person, role, from, until, granted by (None: nobody, owner only), at."""
    number: int = await connection.fetchval(
        "INSERT INTO access.role_grant (person_id, role_code, valid_from, valid_until, granted_by,"
        " granted_at) VALUES ($1, $2, $3, $4, $5, $6) RETURNING id",
        *row,
    )
    return number


async def check_role(connection: Connection, role: str) -> None:
    """Refuse what is no role, or no role for people.

    Raises:
        AccessRefused: ``role_unknown``, ``role_not_for_people``.
    """
    holder: str | None = None
    if _ROLE.match(role):
        holder = await connection.fetchval("SELECT holder FROM access.role WHERE code = $1", role)
    if holder is None:
        raise unknown("role_unknown", repr(role))
    if holder != "person":
        raise AccessRefused(
            "role_not_for_people",
            Text(f"角色 {role} 只用于机构密钥", f"the role {role} is for institutions' keys only"),
            Text(
                "请改用人员角色: yibao access role list",
                "take one for people: yibao access role list",
            ),
        )


def validity_empty() -> AccessRefused:
    """An end that is not behind its start."""
    return AccessRefused(
        "validity_empty",
        Text("有效期的止期必须晚于起期", "the end of the validity must be behind its start"),
        Text("请改正起止日期；止期当日不含在内", "mend the dates; the end itself is not included"),
    )


async def _check_not_held(
    connection: Connection, number: int, *, grant: Grant, start: datetime
) -> None:
    held = await connection.fetchrow(
        "SELECT valid_from, valid_until FROM access.role_grant"
        " WHERE person_id = $1 AND role_code = $2 AND withdrawn_at IS NULL"
        " AND tstzrange(valid_from, valid_until) && tstzrange($3, $4) LIMIT 1",
        *(number, grant.role, start, grant.valid_until),
    )
    if held is not None:
        until = held["valid_until"]
        span = f"{held['valid_from']:%Y-%m-%d} – {f'{until:%Y-%m-%d}' if until else '…'}"
        raise AccessRefused(
            "role_held_already",
            Text(
                f"{grant.login_name} 已有角色 {grant.role}（{span}）",
                f"{grant.login_name} has the role {grant.role} already ({span})",
            ),
            Text(
                "请先收回，或改用不重叠的日期",
                "withdraw it first, or take dates that do not overlap",
            ),
        )


async def _or_refused(
    office: AccessOffice,
    actor: Actor,
    *,
    work: Callable[[Connection], Awaitable[int]],
    deed: Deed,
) -> int:
    """Do the work; an attempt of one person alone at what needs two is kept in the log."""
    try:
        return await office.database.transact(work)
    except AccessRefused as refused:
        if refused.code == "second_person_needed":
            await note_refusal(office, actor, deed=deed, code=refused.code)
        raise


def _not_held(login_name: str, role: str) -> AccessRefused:
    return AccessRefused(
        "role_not_held",
        Text(f"{login_name} 没有角色 {role}", f"{login_name} does not have the role {role}"),
        Text(
            f"请核对: yibao access role show {login_name}",
            f"see `yibao access role show {login_name}`",
        ),
    )


def _deed(action: str, grant: Grant) -> Deed:
    return Deed(action=action, object_kind="login", object_id=grant.login_name, detail=grant.role)


def _of_person(deed: Deed, number: int) -> Deed:
    kind = "person"
    return Deed(action=deed.action, object_kind=kind, object_id=str(number), detail=deed.detail)
