"""Posting (记账): entries into the books, many at a time, each with its own answer.

A group of entries goes to the database in one call and one transaction. Where the ledger refuses
one of them, that one is taken out and answered, and the others go again: a bad entry costs its
neighbours nothing. Order is kept: an entry may use what the one before it brought.

Holds: for each entry exactly one answer, in the order given. The same client id with the same
content has one entry, however often and from however many places it is sent.

Refuses: half an entry, and any entry that the engine or the ledger refuses, with a code in words.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import Any, Protocol, TypeAlias, TypeVar

import asyncpg

from yibao.base.money import format_yuan
from yibao.engines.accounting.checking import refusals
from yibao.engines.accounting.entry import Entry, content_digest
from yibao.engines.accounting.refusals import REFUSAL_CODES, Refusal
from yibao.offices.treasury.books import Book, book_of
from yibao.offices.treasury.errors import judgement, told
from yibao.storage.postgres.database import Connection, Database

T = TypeVar("T")

GROUP_SIZE = 500
"""The most entries of one call."""
RACES = 20
"""How often one id may be won by somebody else before that is an error."""
_POST = (
    "SELECT entry_ids, are_new FROM treasury.post("
    "$1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)"
)
_OVERDRAWN = ("personal_account_overdrawn", "fund_overdrawn")
_OF_CHART = frozenset({"account_unknown", "account_not_open", "event_unknown", "facing_refused"})


@dataclass(frozen=True, slots=True)
class Posted:
    """An entry that stands in the books; not ``is_new``: it stood there before."""

    client_id: str
    entry_id: int
    is_new: bool


@dataclass(frozen=True, slots=True)
class Refused:
    """An entry that does not, and why: all that is known, in order of precedence."""

    client_id: str
    refusals: tuple[Refusal, ...]

    @property
    def code(self) -> str:
        """The code that is answered."""
        return self.refusals[0].code


Answer: TypeAlias = Posted | Refused


class Runner(Protocol):
    """Something that runs work on a connection, whole or not at all."""

    async def __call__(self, work: Callable[[Connection], Awaitable[T]]) -> T:
        """Run it."""


async def post(
    database: Database, entries: Sequence[Entry], *, area: str, actor: str
) -> tuple[Answer, ...]:
    """Book entries in groups, each group in a transaction of its own; an answer for each.

    Raises:
        UnableToKeepBooks: ``book_unknown``.
        UnableToReachDatabase: the connection was lost; sent again, what was booked answers again.
    """
    book = await book_of(database, area)

    async def run(work: Callable[[Connection], Awaitable[T]]) -> T:
        return await database.transact(work)

    judged = [refusals(entry, book.chart) for entry in entries]
    if any(one.code in _OF_CHART for found in judged for one in found):
        book = await book_of(database, area, is_fresh=True)
        judged = [refusals(entry, book.chart) for entry in entries]
    return await _post(run, list(zip(entries, judged, strict=True)), book, actor)


async def post_within(
    connection: Connection, entries: Sequence[Entry], *, book: Book, actor: str
) -> tuple[Answer, ...]:
    """Book entries inside the caller's transaction (READ COMMITTED); they stand when it commits.

    A refused entry leaves the transaction usable: whether to go on is for the caller to decide.
    """

    async def run(work: Callable[[Connection], Awaitable[T]]) -> T:
        async with connection.transaction():
            return await work(connection)

    judged = [(entry, refusals(entry, book.chart)) for entry in entries]
    return await _post(run, judged, book, actor)


async def _post(
    run: Runner, judged: list[tuple[Entry, tuple[Refusal, ...]]], book: Book, actor: str
) -> tuple[Answer, ...]:
    answers: list[Answer] = []
    for group in _groups(judged):
        sound = [entry for entry, found in group if not found]
        unsound = {entry.client_id: found for entry, found in group if found}
        found = await _Posting(run, book, actor).post(sound) if sound else {}
        if unsound:
            found |= await run(_known_of(book.area_code, group, unsound))
        answers += [found[entry.client_id] for entry, _ in group]
    return tuple(answers)


def _groups(
    judged: list[tuple[Entry, tuple[Refusal, ...]]],
) -> Iterator[list[tuple[Entry, tuple[Refusal, ...]]]]:
    """Groups in order, none with a client id twice."""
    group: list[tuple[Entry, tuple[Refusal, ...]]] = []
    seen: set[str] = set()
    for one in judged:
        if len(group) == GROUP_SIZE or one[0].client_id in seen:
            yield group
            group, seen = [], set()
        group.append(one)
        seen.add(one[0].client_id)
    if group:
        yield group


def _known_of(
    area: str,
    group: list[tuple[Entry, tuple[Refusal, ...]]],
    unsound: dict[str, tuple[Refusal, ...]],
) -> Callable[[Connection], Awaitable[dict[str, Answer]]]:
    """Answers for what the engine refuses: what was booked once answers as it did then."""

    async def work(connection: Connection) -> dict[str, Answer]:
        wanted = [client_id for client_id in unsound if "\x00" not in client_id]
        rows = await connection.fetch(
            "SELECT client_id::text, entry_id, content_digest FROM treasury.entry"
            " WHERE area_code = $1 AND client_id = ANY ($2::text[])",
            *(area, wanted),
        )
        answers: dict[str, Answer] = {
            client_id: Refused(client_id, found) for client_id, found in unsound.items()
        }
        digests = {entry.client_id: content_digest(entry) for entry, _ in group}
        for client_id, entry_id, digest in rows:
            if digests[client_id] == digest:
                answers[client_id] = Posted(client_id, entry_id, is_new=False)
            else:
                reused = Refusal("client_id_reused", client_id, found=str(entry_id))
                answers[client_id] = Refused(client_id, (reused, *unsound[client_id]))
        return answers

    return work


class _Posting:
    """One group on its way: tried until every entry of it is booked or refused."""

    def __init__(self, run: Runner, book: Book, actor: str) -> None:
        self.run = run
        self.book = book
        self.actor = actor
        self.answers: dict[str, Answer] = {}
        self.races = 0
        self.has_released = False

    async def post(self, entries: list[Entry]) -> dict[str, Answer]:
        while entries:
            try:
                row = await self.run(partial(self._call, entries=entries))
            except asyncpg.PostgresError as error:
                entries = await self._without_refused(entries, error)
                continue
            for entry, entry_id, is_new in zip(entries, *row, strict=True):
                self.answers[entry.client_id] = Posted(entry.client_id, entry_id, is_new)
            break
        return self.answers

    async def _call(self, connection: Connection, *, entries: list[Entry]) -> tuple[Any, ...]:
        return tuple(
            await connection.fetchrow(_POST, *arguments(entries, book=self.book, actor=self.actor))
        )

    async def _without_refused(
        self, entries: list[Entry], error: asyncpg.PostgresError
    ) -> list[Entry]:
        """What is left to post after an error, which may be all of it, to be tried again."""
        judged = judgement(error)
        if judged is None:
            return await self._after(entries, error)
        code, detail = judged
        client_id = str(detail.get("entry"))
        if code not in REFUSAL_CODES or not any(one.client_id == client_id for one in entries):
            raise told(error) from error
        if code in _OVERDRAWN and not self.has_released:
            self.has_released = True
            area, actor = self.book.area_code, self.actor
            if await self.run(lambda each: each.fetchval(_RELEASE, area, actor)):
                return entries
        self.answers[client_id] = Refused(client_id, (refusal_of(code, detail),))
        return [one for one in entries if one.client_id != client_id]

    async def _after(self, entries: list[Entry], error: asyncpg.PostgresError) -> list[Entry]:
        """After an error that names no entry: somebody else won an id, or one cannot be stored."""
        if isinstance(error, asyncpg.UniqueViolationError) and self.races < RACES:
            self.races += 1
            return entries
        if not isinstance(error, asyncpg.IntegrityConstraintViolationError | asyncpg.DataError):
            raise error
        if len(entries) > 1:
            for entry in entries:
                await self.post([entry])
            return []
        code = "amount_too_large" if _is_of_amount(error) else "text_invalid"
        client_id = entries[0].client_id
        refusal = Refusal(code, client_id, found=str(error))
        self.answers[client_id] = Refused(client_id, (refusal,))
        return []


_RELEASE = "SELECT treasury.release_expired($1, $2)"


def _is_of_amount(error: asyncpg.PostgresError) -> bool:
    return isinstance(error, asyncpg.NumericValueOutOfRangeError) or "amount" in str(error)


def arguments(entries: Sequence[Entry], *, book: Book, actor: str) -> tuple[Any, ...]:
    """What ``treasury.post`` is called with: an array a column, entries first, then lines."""
    lines = [
        (place, number, book.account_ids[line.account_code], line.party_id, line.amount)
        for place, entry in enumerate(entries, start=1)
        for number, line in enumerate(entry.lines, start=1)
    ]
    return (
        book.area_code,
        [entry.client_id for entry in entries],
        [content_digest(entry) for entry in entries],
        [entry.event_kind for entry in entries],
        [entry.business_date for entry in entries],
        [entry.reverses or 0 for entry in entries],
        [entry.reservation or 0 for entry in entries],
        [actor] * len(entries),
        [entry.source for entry in entries],
        [entry.memo for entry in entries],
        *([list(column) for column in zip(*lines, strict=True)] if lines else [[]] * 5),
    )


def refusal_of(code: str, detail: dict[str, Any]) -> Refusal:
    """A refusal of the ledger in the engine's shape."""
    subject = " ".join(
        str(detail[name])
        for name in ("account", "party", "fund", "place", "reservation")
        if detail.get(name)
    )
    amounts = [
        f"{name} {format_yuan(int(detail[name]))}"
        for name in ("amount", "balance", "reserved", "permitted", "after")
        if detail.get(name) is not None
    ]
    day = detail.get("business_date") if code in _OF_DAYS else None
    if day:
        amounts.append(date.fromisoformat(day).isoformat())
    return Refusal(
        code, detail["entry"], int(detail.get("line") or 0), subject, found=", ".join(amounts)
    )


_OF_DAYS = ("business_date_in_future", "business_date_before_opening", "period_closed")
