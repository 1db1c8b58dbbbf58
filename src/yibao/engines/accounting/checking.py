"""What makes an entry unfit for any book: everything that can be known without the database.

The same rules stand in the database as constraints; here they are said in words a clerk can act on,
all that are broken at once, in the published order. An entry without refusals here may still be
refused by the books (a closed day, an overdrawn account).

Holds: an entry without refusals sums to zero as a whole, in each fund and in each clearing pair,
and every line stands on a side that its event allows.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator

from yibao.base.money import AMOUNT_LIMIT, format_yuan
from yibao.engines.accounting.chart import Account, Chart, Side
from yibao.engines.accounting.entry import Entry, Line
from yibao.engines.accounting.refusals import Refusal, ordered

LINES_LIMIT = 32_767
"""The most lines an entry may have: their numbers are kept in two bytes."""
TEXT_LIMIT = 400
_UNFIT = re.compile(r"[\x01-\x1f\x7f\\\x00]")


def refusals(entry: Entry, chart: Chart) -> tuple[Refusal, ...]:
    """Why the entry cannot stand in the books of the chart's area; empty when it may be sent."""
    found = [*_of_texts(entry), *_of_lines(entry, chart), *_of_sums(entry, chart)]
    if not entry.lines:
        found.append(Refusal("entry_empty", entry.client_id))
    if len(entry.lines) > LINES_LIMIT:
        found.append(Refusal("entry_too_long", entry.client_id, found=str(len(entry.lines))))
    if entry.event_kind not in chart.facing:
        found.append(Refusal("event_unknown", entry.client_id, subject=entry.event_kind))
    return ordered(found)


def _of_texts(entry: Entry) -> Iterator[Refusal]:
    """Texts that a sealed line could not hold."""
    texts = [("client_id", entry.client_id), ("source", entry.source), ("memo", entry.memo)]
    texts += [(line.account_code, line.party_id) for line in entry.lines]
    for name, text in texts:
        if _UNFIT.search(text) or len(text) > TEXT_LIMIT or not entry.client_id:
            yield Refusal("text_invalid", entry.client_id, subject=name, found=repr(text)[:60])


def _of_lines(entry: Entry, chart: Chart) -> Iterator[Refusal]:
    for number, line in enumerate(entry.lines, start=1):
        account = chart.accounts.get(line.account_code)
        for code, found in _of_line(line, account, entry, chart):
            yield Refusal(code, entry.client_id, number, line.account_code, found)


def _of_line(
    line: Line, account: Account | None, entry: Entry, chart: Chart
) -> Iterator[tuple[str, str]]:
    """The codes of one line, each with what was found."""
    if line.amount == 0:
        yield "amount_zero", ""
    if abs(line.amount) > AMOUNT_LIMIT:
        yield "amount_too_large", format_yuan(line.amount)
    if account is None:
        yield "account_unknown", ""
        return
    if entry.business_date not in account.span:
        yield "account_not_open", f"{entry.business_date} ({account.span})"
    if account.holder != "none" and not line.party_id:
        yield "party_missing", account.holder
    if account.holder == "none" and line.party_id:
        yield "party_unexpected", line.party_id
    facing = chart.facing.get(entry.event_kind)
    side: Side = "debit" if line.amount > 0 else "credit"
    is_reversal = entry.reverses is not None
    allowed = facing and facing.allows(account.account_type, side=side, is_reversal=is_reversal)
    if facing and line.amount and not allowed:
        yield "facing_refused", f"{entry.event_kind}, {side}"


def _of_sums(entry: Entry, chart: Chart) -> Iterator[Refusal]:
    by_fund: dict[str, int] = defaultdict(int)
    by_pair: dict[str, int] = defaultdict(int)
    for line in entry.lines:
        by_fund[line.fund] += line.amount
        account = chart.accounts.get(line.account_code)
        if account and account.clearing_pair:
            by_pair[account.pair_name] += line.amount
    total = sum(by_fund.values())
    if total:
        yield Refusal("unbalanced", entry.client_id, found=format_yuan(total))
    for fund, amount in by_fund.items():
        if amount and not total:
            yield Refusal("wall_crossed", entry.client_id, subject=fund, found=format_yuan(amount))
    for pair, amount in by_pair.items():
        if amount:
            found = format_yuan(amount)
            yield Refusal("clearing_unpaired", entry.client_id, subject=pair, found=found)
