"""The log (操作日志): who did or saw what, when, why, from where, and how it ended.

An office writes a :class:`Deed` in the transaction of the act: both happen, or neither. A refusal
has no act, and :func:`demand` writes it in a transaction of its own before it raises. The time of a
line is the database's, not the writer's.

Holds: lines are added and read, never changed; reading the log leaves a line too.

Refuses: to hold what should not be read there. An object is named by its internal id, never by an
identity number, and no password or secret is passed to this module.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Select, select

from yibao.offices.access.actors import Actor, require
from yibao.offices.access.office import AccessOffice
from yibao.offices.access.refusals import AccessRefused
from yibao.offices.access.tables import LOG_ENTRY
from yibao.storage.postgres.database import Connection

Outcome = Literal["done", "refused", "failed"]

READ_LOG = "access.read_log"


@dataclass(frozen=True, slots=True, kw_only=True)
class Deed:
    """One act on one object: ``action`` is a dotted name such as ``member.read``."""

    action: str
    object_kind: str = ""
    object_id: str = ""
    purpose: str = ""
    outcome: Outcome = "done"
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class LogQuery:
    """What of the log is asked for; what is not given does not narrow. Newest lines come first."""

    actor: str = ""
    """An :attr:`~yibao.offices.access.actors.Actor.reference`, as ``person:17``."""
    object_kind: str = ""
    object_id: str = ""
    action: str = ""
    outcome: Outcome | None = None
    since: datetime | None = None
    until: datetime | None = None
    before_id: int | None = None
    """Only lines older than this one: the last id of the page before."""
    limit: int = 100


LONGEST_WORDS = 400
"""Characters that a word of a line keeps; the rest is cut off, with a mark."""

_INSERT = """
INSERT INTO access.log_entry (actor_kind, actor_id, actor_name, institution_code, action,
    object_kind, object_id, purpose, outcome, detail, place, request_id)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
"""


async def record(connection: Connection, actor: Actor, *deeds: Deed) -> None:
    """Write what an actor did, in the transaction that the act itself is in."""
    who = (actor.kind, actor.id, actor.name, actor.institution)
    origin = (storable(actor.origin.place), storable(actor.origin.request_id))
    await connection.executemany(
        _INSERT, [(*who, *map(storable, _words(deed)), *origin) for deed in deeds]
    )


async def demand(office: AccessOffice, actor: Actor, *, permission: str, deed: Deed) -> None:
    """Go on only if the actor has the permission; a refusal leaves a line in the log.

    Raises:
        AccessRefused: as :func:`~yibao.offices.access.actors.require`.
    """
    try:
        require(actor, permission)
    except AccessRefused as refused:
        await note_refusal(office, actor, deed=deed, code=refused.code)
        raise


async def note_refusal(office: AccessOffice, actor: Actor, *, deed: Deed, code: str) -> None:
    """Write that an act was refused, in a transaction of its own, since the act has none."""
    refusal = Deed(
        action=deed.action,
        object_kind=deed.object_kind,
        object_id=deed.object_id,
        purpose=deed.purpose,
        outcome="refused",
        detail=code,
    )
    await office.database.transact(lambda connection: record(connection, actor, refusal))


async def search_log(
    office: AccessOffice, actor: Actor, *, query: LogQuery, purpose: str = ""
) -> Sequence[Mapping[str, Any]]:
    """Lines of the log, newest first: who saw a member, what a person did. Leaves a line itself.

    Raises:
        AccessRefused: ``permission_missing``.
    """
    deed = Deed(
        action=READ_LOG,
        object_kind=query.object_kind,
        object_id=query.object_id,
        purpose=purpose,
        detail=query.actor,
    )
    await demand(office, actor, permission=READ_LOG, deed=deed)
    async with office.database.reading() as connection:
        found = (await connection.execute(_statement(query))).mappings().all()
    await office.database.transact(lambda connection: record(connection, actor, deed))
    return [dict(row) for row in found]


def storable(text: str) -> str:
    """A text as the database can keep it; no line is lost because somebody sent odd characters."""
    known = text.replace("\0", "\N{REPLACEMENT CHARACTER}").encode("utf-8", "replace").decode()
    return known if len(known) <= LONGEST_WORDS else f"{known[: LONGEST_WORDS - 1]}…"


def _statement(query: LogQuery) -> Select[Any]:
    columns = LOG_ENTRY.c
    statement = select(LOG_ENTRY).order_by(columns.id.desc()).limit(query.limit)
    kind, _, number = query.actor.partition(":")
    wanted = (
        (columns.actor_kind, kind),
        (columns.actor_id, number),
        (columns.object_kind, query.object_kind),
        (columns.object_id, query.object_id),
        (columns.action, query.action),
        (columns.outcome, query.outcome),
    )
    for column, value in wanted:
        if value:
            statement = statement.where(column == storable(value))
    if query.since is not None:
        statement = statement.where(columns.recorded_at >= query.since)
    if query.until is not None:
        statement = statement.where(columns.recorded_at < query.until)
    if query.before_id is not None:
        statement = statement.where(columns.id < query.before_id)
    return statement


def _words(deed: Deed) -> tuple[str, ...]:
    what = (deed.action, deed.object_kind, deed.object_id)
    return (*what, deed.purpose, deed.outcome, deed.detail)
