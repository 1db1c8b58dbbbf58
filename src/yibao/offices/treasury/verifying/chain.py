"""The chain of seals (封印链): each block read again, hashed again, and the changed row named.

A block is read as one stream in the order it was sealed and hashed here, not by the database whose
functions are under suspicion too. Only where the digest differs are its rows read one by one and
held against the marks that the seal keeps of them.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from yibao.base.texts import Text
from yibao.engines.accounting.entry import Entry, Line, content_digest
from yibao.offices.treasury.sealing import Seal
from yibao.offices.treasury.verifying.report import Discrepancy, at_entry
from yibao.storage.postgres.database import Connection

MARK_BYTES = 4
_TOLD = 20
_TEXT = """SELECT text FROM treasury.sealed_text
    WHERE number > $1 AND number <= $2 ORDER BY number, part"""
_ROWS = """SELECT number, part, text FROM treasury.sealed_text
    WHERE number > $1 AND number <= $2 ORDER BY number, part"""
_CONTENT = """
SELECT e.entry_id, e.client_id, e.event_kind, e.business_date, e.source, e.memo,
    e.reverses_entry_id, e.reservation_id, e.content_digest,
    array_agg(coalesce(a.account_code, '') ORDER BY l.line_number) AS codes,
    array_agg(l.party_id::text ORDER BY l.line_number) AS parties,
    array_agg(l.amount ORDER BY l.line_number) AS amounts
FROM treasury.entry AS e JOIN treasury.line AS l USING (entry_id)
    LEFT JOIN treasury.account AS a USING (account_id)
WHERE e.entry_id > $1 AND e.entry_id <= $2 GROUP BY e.entry_id
"""


@dataclass(slots=True)
class _Stream:
    """A block's text as it streams by: hashed and counted."""

    digest: Any
    entries_count: int = 0
    lines_count: int = 0

    async def take(self, chunk: bytes) -> None:
        # COPY writes a tab as \t; no backslash stands in what was booked, so this is one to one
        self.entries_count += chunk.count(b"\nentry\\t") + chunk.startswith(b"entry\\t")
        self.lines_count += chunk.count(b"\nline\\t") + chunk.startswith(b"line\\t")
        self.digest.update(chunk.replace(b"\\t", b"\t"))


def links(seals: Sequence[Seal]) -> Iterator[Discrepancy]:
    """Where a seal does not follow the one before it."""
    seal_id, up_to, digest = 0, 0, ""
    for seal in seals:
        follows = (seal_id + 1, up_to, digest)
        if (seal.seal_id, seal.after_number, seal.previous_digest) != follows:
            yield Discrepancy("chain_broken", at_seal(seal))
        seal_id, up_to, digest = seal.seal_id, seal.up_to_number, seal.digest


def compared(seals: Sequence[Seal], copy: Sequence[Seal]) -> Iterator[Discrepancy]:
    """Where the seals are not those of an exported copy, and where that breaks itself."""
    yield from (replace(each, found="copy") for each in links(copy))
    ours = {seal.seal_id: seal for seal in seals}
    for seal in copy:
        known = ours.get(seal.seal_id)
        if known is None:
            yield Discrepancy("copy_ahead", at_seal(seal))
        elif known != seal:
            yield Discrepancy("copy_differs", at_seal(seal))


async def block(connection: Connection, seal: Seal) -> tuple[int, list[Discrepancy]]:
    """The rows of a sealed block, and what does not hold of it."""
    stream = _Stream(hashlib.sha256(f"{seal.previous_digest}\n".encode()))
    said = await connection.copy_from_query(
        _TEXT, seal.after_number, seal.up_to_number, output=stream.take
    )
    rows_count = int(said.split()[-1])
    found = []
    if stream.digest.hexdigest() != seal.digest:
        found.append(Discrepancy("seal_differs", at_seal(seal)))
        found += await _named(connection, seal)
    counts = (rows_count, stream.entries_count, stream.lines_count)
    if counts != (seal.rows_count, seal.entries_count, seal.lines_count):
        found.append(Discrepancy("seal_counts_differ", at_seal(seal), str(counts)))
    return rows_count, found


async def _named(connection: Connection, seal: Seal) -> list[Discrepancy]:
    """Which rows of a block are not those that were sealed."""
    rows = await connection.fetch(_ROWS, seal.after_number, seal.up_to_number)
    kept = await connection.fetchval(
        "SELECT row_marks FROM treasury.seal WHERE seal_id = $1", seal.seal_id
    )
    sealed = [kept[place : place + MARK_BYTES] for place in range(0, len(kept), MARK_BYTES)]
    standing = [hashlib.sha256(row["text"].encode()).digest()[:MARK_BYTES] for row in rows]
    found = list(_unlike(rows, standing, sealed))
    for row in await connection.fetch(_CONTENT, seal.after_number, seal.up_to_number):
        if content_digest(_entry_of(row)) != row["content_digest"]:
            place = at_entry(row["entry_id"], row["client_id"])
            found.append(Discrepancy("entry_content_differs", place))
    return found


def _unlike(
    rows: Sequence[Any], standing: list[bytes], sealed: list[bytes]
) -> Iterator[Discrepancy]:
    """Rows whose marks differ; between the same neighbours where rows came or went."""
    begin = 0
    while begin < min(len(standing), len(sealed)) and standing[begin] == sealed[begin]:
        begin += 1
    end = 0
    shorter = min(len(standing), len(sealed)) - begin
    while end < shorter and standing[-1 - end] == sealed[-1 - end]:
        end += 1
    ours, theirs = standing[begin : len(standing) - end], sealed[begin : len(sealed) - end]
    middle = rows[begin : len(rows) - end]
    if len(ours) == len(theirs):
        pairs = zip(middle, ours, theirs, strict=True)
        changed = [row for row, mark, was in pairs if mark != was]
        yield from (Discrepancy("row_changed", at_row(row)) for row in changed[:_TOLD])
        return
    expected = Counter(theirs)
    strange = []
    for row, mark in zip(middle, ours, strict=True):
        if expected[mark]:
            expected[mark] -= 1
        else:
            strange.append(row)
    code = "row_inserted" if len(ours) > len(theirs) else "row_changed"
    yield from (Discrepancy(code, at_row(row)) for row in strange[:_TOLD])
    gone = expected.total()
    if gone:
        yield Discrepancy("row_missing", _between(rows, begin, len(rows) - end), str(gone))


def at_seal(seal: Seal) -> Text:
    """The place of a seal."""
    span = f"({seal.after_number}, {seal.up_to_number}]"
    return Text(f"封印 {seal.seal_id} {span}", f"seal {seal.seal_id} {span}")


def at_row(row: Any) -> Text:  # noqa: ANN401 - a driver's record
    """The place of a sealed row, as its table and number."""
    table, *columns = row["text"].split("\t")
    if table == "line":
        return at_entry(row["number"], line=row["part"], account=f"[{columns[2]}]")
    if table == "entry":
        return at_entry(row["number"], columns[2])
    return Text(f"{table} {row['number']}", f"{table} {row['number']}")


def _between(rows: Sequence[Any], begin: int, end: int) -> Text:
    before = str(at_row(rows[begin - 1]).en) if begin else "-"
    behind = str(at_row(rows[end]).en) if end < len(rows) else "-"
    return Text(f"{before} 与 {behind} 之间", f"between {before} and {behind}")


def _entry_of(row: Any) -> Entry:  # noqa: ANN401 - a driver's record
    lines = zip(row["codes"], row["amounts"], row["parties"], strict=True)
    return Entry(
        client_id=row["client_id"],
        event_kind=row["event_kind"],
        business_date=row["business_date"],
        lines=tuple(Line(code, amount, party) for code, amount, party in lines),
        source=row["source"],
        memo=row["memo"],
        reverses=row["reverses_entry_id"],
        reservation=row["reservation_id"],
    )
