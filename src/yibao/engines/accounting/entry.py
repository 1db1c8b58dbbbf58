"""Entries (会计分录): what is to be booked, before any book has seen it.

An entry is a list of signed lines: debit above zero, credit below, in fen. It never changes; what
was wrong is undone by a reversal, the same lines with the other sign. :func:`content_digest` is how
two entries of one client id are told apart.

Canonical text of the digest: JSON without blanks of ``["yibao-entry-1", client_id, event_kind,
business_date, source, memo, reverses, reservation, [[account_code, party_id, amount], …]]`` in
UTF-8, the lines in their order, letters beyond ASCII as they are, a missing number as ``null``.

Refuses: a reversal of a reversal. Whether an entry may stand is said by
:mod:`yibao.engines.accounting.checking`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from yibao.base.texts import Text
from yibao.engines.accounting.chart import UnableToBook


@dataclass(frozen=True, slots=True)
class Line:
    """One line (分录行): ``amount`` in fen, debit > 0, credit < 0; a party where one is asked."""

    account_code: str
    amount: int
    party_id: str = ""

    @property
    def fund(self) -> str:
        """The fund the account belongs to, as its code says."""
        return self.account_code.partition("/")[0]


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry to be booked.

    ``client_id`` tells it apart from every other one of the area; ``source`` is what caused it;
    ``reverses`` the booking number of the entry it undoes; ``reservation`` the one it uses up.
    """

    client_id: str
    event_kind: str
    business_date: date
    lines: tuple[Line, ...]
    source: str = ""
    memo: str = ""
    reverses: int | None = None
    reservation: int | None = None


def content_digest(entry: Entry) -> bytes:
    """The SHA-256 of an entry's canonical text: 32 bytes, equal for equal content only."""
    content = [
        "yibao-entry-1",
        *(entry.client_id, entry.event_kind, entry.business_date.isoformat()),
        *(entry.source, entry.memo, entry.reverses, entry.reservation),
        [[line.account_code, line.party_id, line.amount] for line in entry.lines],
    ]
    text = json.dumps(content, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).digest()


def reversal_of(
    entry: Entry, *, booking_number: int, client_id: str, business_date: date, memo: str = ""
) -> Entry:
    """The entry (冲正) that undoes a booked one whole: every line with the other sign.

    Raises:
        UnableToBook: ``reversal_differs``: the entry is a reversal itself, or the day lies before
            the original's. What was reversed in error is booked again.
    """
    if entry.reverses is not None or business_date < entry.business_date:
        raise UnableToBook(
            "reversal_differs",
            Text(
                f"分录 {entry.client_id} 不能这样冲正",
                f"the entry {entry.client_id} cannot be reversed like this",
            ),
            Text(
                "冲正分录不得再冲正，冲正日期不得早于原业务日期；误冲正的请重新记账",
                "a reversal is not reversed, nor dated before its original; book it again instead",
            ),
        )
    return Entry(
        client_id=client_id,
        event_kind=entry.event_kind,
        business_date=business_date,
        lines=tuple(Line(line.account_code, -line.amount, line.party_id) for line in entry.lines),
        source=entry.source,
        memo=memo,
        reverses=booking_number,
    )


def merged(lines: Iterable[Line]) -> tuple[Line, ...]:
    """Lines of one account, party and side as one, in order of first appearance, zeros left out."""
    sums: dict[tuple[str, str, bool], int] = {}
    for line in lines:
        key = (line.account_code, line.party_id, line.amount > 0)
        sums[key] = sums.get(key, 0) + line.amount
    return tuple(Line(code, amount, party) for (code, party, _), amount in sums.items() if amount)
