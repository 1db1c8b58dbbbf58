"""Institutions' keys (机构密钥): made by the bureau, rotated without a pause, revoked at once.

A key's text is ``yibao.<key id>.<secret>``. The key id is public and names the row; of the secret
only a digest is stored. Rotating makes a new key beside the old one, which counts on for an
overlap, so that an institution changes its programs one by one.

Holds: a key counts from ``valid_from`` up to, not including, the earlier of ``valid_until`` and its
being revoked; it may only do what a role for keys permits; it is replaced at most once, also when
two rotate it in the same moment.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from yibao.base.texts import Text
from yibao.offices.access.actors import Actor, Origin
from yibao.offices.access.credentials import KeyText, digest, is_same, new_key, parse_key
from yibao.offices.access.log import Deed, demand, record, storable
from yibao.offices.access.office import AccessOffice, is_within
from yibao.offices.access.refusals import AccessRefused, key_invalid, unknown
from yibao.offices.access.roles import validity_empty
from yibao.storage.postgres.database import Connection

MANAGE_KEYS = "access.manage_keys"
ROTATE_OWN_KEY = "access.rotate_own_key"
_INSTITUTION = re.compile(r"[A-Z0-9]{1,30}\Z")
_KEY_ID = re.compile(r"[0-9a-f]{16}\Z")

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyOrder:
    """What key to make. Without scopes: all that the role ``institution`` permits."""

    institution_code: str
    label: str = ""
    scopes: frozenset[str] = frozenset()
    valid_from: datetime | None = None
    valid_until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MadeKey:
    """A key just made. ``str(key)`` is its text, which exists here only."""

    key: KeyText
    institution_code: str
    valid_from: datetime
    valid_until: datetime
    old_valid_until: datetime | None = None
    """When the key that was rotated stops counting."""


async def make_key(office: AccessOffice, actor: Actor, *, order: KeyOrder) -> MadeKey:
    """Make a key for an institution.

    Raises:
        AccessRefused: ``permission_missing``, ``institution_invalid``, ``scope_unknown``,
            ``validity_empty``.
    """
    code = order.institution_code
    deed = Deed(action="access.make_key", object_kind="institution", object_id=code)
    await demand(office, actor, permission=MANAGE_KEYS, deed=deed)
    if not _INSTITUTION.match(code):
        raise _institution_invalid(code)
    now = office.clock()
    start = order.valid_from or now
    until = order.valid_until or start + office.settings.key_validity
    if until <= start:
        raise validity_empty()
    key = new_key()

    async def work(connection: Connection) -> MadeKey:
        scopes = await _scopes(connection, order)
        label = storable(order.label)
        made = (key.key_id, digest(key.secret), code, label, scopes, start, until)
        await connection.execute(_INSERT, *made, None, actor.reference, now)
        await record(connection, actor, _of_key("access.make_key", key.key_id, detail=code))
        return MadeKey(key=key, institution_code=code, valid_from=start, valid_until=until)

    return await office.database.transact(work)


async def rotate_key(
    office: AccessOffice, actor: Actor, *, key_id: str, overlap: timedelta | None = None
) -> MadeKey:
    """Make a new key beside an old one, which counts on for the overlap and no longer.

    An institution may rotate its own key by that key or another of its own. The new key has the
    scopes and label of the old one, and the usual validity from now.

    Raises:
        AccessRefused: ``permission_missing``, ``key_unknown``, ``key_not_live``, ``key_replaced``,
            ``validity_empty`` (an overlap below zero).
    """
    await _demand_rotation(office, actor, key_id=key_id)
    beside = office.settings.key_overlap if overlap is None else overlap
    if beside < timedelta(0):
        raise validity_empty()
    key = new_key()

    async def work(connection: Connection) -> MadeKey:
        old = await _locked(connection, key_id)
        now = office.clock()
        if actor.kind == "key" and old["institution_code"] != actor.institution:
            raise unknown("key_unknown", repr(key_id))
        if not is_live(old, now):
            raise _not_live(key_id)
        await _check_not_replaced(connection, key_id)
        ends = min(old["valid_until"], now + beside)
        until = now + office.settings.key_validity
        await connection.execute(
            "UPDATE access.api_key SET valid_until = $2 WHERE key_id = $1", key_id, ends
        )
        code = old["institution_code"]
        made = (key.key_id, digest(key.secret), code, old["label"], old["scopes"], now, until)
        await connection.execute(_INSERT, *made, key_id, actor.reference, now)
        await record(
            connection, actor, _of_key("access.rotate_key", key_id, detail=f"by {key.key_id}")
        )
        made_key = MadeKey(key=key, institution_code=code, valid_from=now, valid_until=until)
        return replace(made_key, old_valid_until=ends)

    return await office.database.transact(work)


async def revoke_key(office: AccessOffice, actor: Actor, *, key_id: str, reason: str) -> datetime:
    """Stop a key at once and for good; answers since when it is revoked.

    Revoking again changes nothing and answers the first moment.

    Raises:
        AccessRefused: ``permission_missing``, ``key_unknown``.
    """
    deed = _of_key("access.revoke_key", key_id, detail=reason)
    await demand(office, actor, permission=MANAGE_KEYS, deed=deed)

    async def work(connection: Connection) -> datetime:
        row = await _locked(connection, key_id)
        if row["revoked_at"] is not None:
            revoked: datetime = row["revoked_at"]
            return revoked
        now = office.clock()
        await connection.execute(
            "UPDATE access.api_key SET revoked_by = $2, revoked_at = $3 WHERE key_id = $1",
            *(key_id, actor.reference, now),
        )
        await record(connection, actor, deed)
        return now

    return await office.database.transact(work)


async def list_keys(
    office: AccessOffice, actor: Actor, *, institution_code: str = ""
) -> Sequence[Row]:
    """Keys of one institution or of all, newest last; no digests.

    Raises:
        AccessRefused: ``permission_missing``.
    """
    deed = Deed(action="access.list_keys", object_kind="institution", object_id=institution_code)
    await demand(office, actor, permission=MANAGE_KEYS, deed=deed)
    now = office.clock()

    async def work(connection: Connection) -> Sequence[Row]:
        rows = await connection.fetch(
            "SELECT key_id, institution_code, label, scopes, valid_from, valid_until, replaces,"
            " made_by, made_at, revoked_by, revoked_at, last_used_at FROM access.api_key"
            " WHERE $1 = '' OR institution_code = $1 ORDER BY institution_code, made_at, key_id",
            storable(institution_code),
        )
        return [{**row, "is_live": is_live(row, now)} for row in rows]

    return await office.database.transact(work, read_only=True)


async def authenticate_key(office: AccessOffice, presented: str, *, origin: Origin) -> Actor:
    """Who presents a key, with its scopes as permissions. For the hot path: one short statement.

    A known key that does not count leaves a line in the log; an unknown one has nobody to tell of.

    Raises:
        AccessRefused: ``key_invalid``, whatever the reason.
    """
    key = parse_key(presented)
    now = office.clock()
    async with office.database.connection() as connection:
        row = None
        if key is not None and _KEY_ID.match(key.key_id):
            row = await connection.fetchrow(_AUTHENTICATE, key.key_id)
        stored = row["secret_digest"] if row is not None else None
        is_right = is_same(key.secret if key is not None else "", stored)
        if row is not None and is_right and is_live(row, now):
            last = row["last_used_at"]
            if last is None or now - last >= office.settings.touch_grain:
                await connection.execute(
                    "UPDATE access.api_key SET last_used_at = $2 WHERE key_id = $1",
                    *(row["key_id"], now),
                )
            return _actor(row, origin)
        if row is not None:
            why = "not_live" if is_right else "secret"
            refusal = replace(
                _of_key("access.use_key", row["key_id"], detail=why), outcome="refused"
            )
            await record(connection, replace(_actor(row, origin), kind="nobody", id=""), refusal)
    raise key_invalid()


def is_live(key: Row, now: datetime) -> bool:
    """Whether a key's row counts at a moment; its ends are not included."""
    return is_within(now, key["valid_from"], key["valid_until"], key["revoked_at"])


_INSERT = (
    "INSERT INTO access.api_key (key_id, secret_digest, institution_code, label, scopes,"
    " valid_from, valid_until, replaces, made_by, made_at)"
    " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)"
)
_AUTHENTICATE = (
    "SELECT key_id, secret_digest, institution_code, scopes, valid_from, valid_until, revoked_at,"
    " last_used_at FROM access.api_key WHERE key_id = $1"
)


def _actor(row: Row, origin: Origin) -> Actor:
    return Actor(
        kind="key",
        id=row["key_id"],
        name=f"{row['institution_code']}/{row['key_id']}",
        permissions=frozenset(row["scopes"]),
        institution=row["institution_code"],
        origin=origin,
    )


async def _demand_rotation(office: AccessOffice, actor: Actor, *, key_id: str) -> None:
    may_own = actor.kind == "key" and actor.may(ROTATE_OWN_KEY)
    permission = ROTATE_OWN_KEY if may_own else MANAGE_KEYS
    deed = _of_key("access.rotate_key", key_id)
    await demand(office, actor, permission=permission, deed=deed)


async def _locked(connection: Connection, key_id: str) -> Row:
    row: Row | None = None
    if _KEY_ID.match(key_id):
        row = await connection.fetchrow(
            "SELECT * FROM access.api_key WHERE key_id = $1 FOR NO KEY UPDATE", key_id
        )
    if row is None:
        raise unknown("key_unknown", repr(key_id))
    return row


async def _check_not_replaced(connection: Connection, key_id: str) -> None:
    by = await connection.fetchval("SELECT key_id FROM access.api_key WHERE replaces = $1", key_id)
    if by is not None:
        raise AccessRefused(
            "key_replaced",
            Text(f"密钥 {key_id} 已由 {by} 替换", f"the key {key_id} was replaced by {by} already"),
            Text(
                f"请使用 {by}；若其密文遗失，请更换 {by}",
                f"use {by}; where its text was lost, rotate {by}",
            ),
        )


async def _scopes(connection: Connection, order: KeyOrder) -> list[str]:
    rows = await connection.fetch(
        "SELECT rp.role_code, rp.permission_code FROM access.role_permission rp"
        " JOIN access.role r ON r.code = rp.role_code WHERE r.holder = 'key'"
    )
    usual = {row["permission_code"] for row in rows if row["role_code"] == "institution"}
    foreign = order.scopes - {row["permission_code"] for row in rows}
    if foreign:
        raise unknown("scope_unknown", ", ".join(map(repr, sorted(foreign))))
    return sorted(order.scopes or usual)


def _of_key(action: str, key_id: str, *, detail: str = "") -> Deed:
    return Deed(action=action, object_kind="key", object_id=key_id, detail=detail)


def _not_live(key_id: str) -> AccessRefused:
    return AccessRefused(
        "key_not_live",
        Text(
            f"密钥 {key_id} 已吊销或不在有效期内",
            f"the key {key_id} was revoked or is not valid now",
        ),
        Text("请申请新密钥: yibao access key make", "make a new one: yibao access key make"),
    )


def _institution_invalid(code: str) -> AccessRefused:
    return AccessRefused(
        "institution_invalid",
        Text(f"机构编码无效: {code!r}", f"{code!r} cannot be an institution's code"),
        Text("应为 1 至 30 个大写字母或数字", "use 1 to 30 capital letters and digits"),
    )
