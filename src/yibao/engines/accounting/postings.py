"""From a business event to its entry: the event says who moves, the chart says in which account.

Pure: the same event and chart give the same entry. Lines of one account, party and side become one;
amounts of zero leave no line. A total that is shared over funds or parts is shared by
:func:`shared`, which loses and makes nothing.

Holds: an entry made here sums to zero in each fund and each clearing pair, since every event's
moves do; :func:`entry_of` checks it by raising.

Refuses: an amount below zero, an event that moves nothing, a role or fund the chart does not have
(:class:`~yibao.engines.accounting.chart.UnableToBook`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from yibao.base.checks import check
from yibao.base.money import allocate, format_yuan
from yibao.base.texts import Text
from yibao.engines.accounting.chart import Chart, UnableToBook
from yibao.engines.accounting.entry import Entry, Line, merged
from yibao.engines.accounting.events import (
    BENEFIT_ROLE,
    CLEARING_ROLE,
    PERSONAL,
    BenefitShare,
    Event,
    Move,
)


def entry_of(event: Event, chart: Chart) -> Entry:
    """The entry (会计分录) of an event.

    Raises:
        UnableToBook: ``amount_negative``, ``nothing_to_book``, or what the chart lacks.
    """
    lines = merged(_line(move, event, chart) for move in event.moves())
    if not lines:
        raise UnableToBook(
            "nothing_to_book",
            Text(
                f"事件 {event.client_id}（{event.kind}）没有任何金额",
                f"the event {event.client_id} ({event.kind}) moves nothing",
            ),
            Text("金额为零的事件不需记账", "an event without an amount is not booked"),
        )
    _check_closed(event, lines)
    return Entry(
        client_id=event.client_id,
        event_kind=event.kind,
        business_date=event.business_date,
        lines=lines,
        source=event.source,
        memo=event.memo,
        reservation=event.reservation,
    )


def shared(amount: int, weights: Mapping[str, int]) -> dict[str, int]:
    """Share an amount over named parts by largest remainder; ties go to the first written.

    Raises:
        ValueError: as :func:`yibao.base.money.allocate`.
    """
    return dict(zip(weights, allocate(amount, list(weights.values())), strict=True))


def benefit_shares(
    paid_by: Sequence[tuple[str, str, int]], *, care_type: str
) -> tuple[BenefitShare, ...]:
    """A determination's payments, as (layer, fund, amount), for :class:`events.Settlement`."""
    return tuple(
        BenefitShare(fund, care_type, amount, layer) for layer, fund, amount in paid_by if amount
    )


def _line(move: Move, event: Event, chart: Chart) -> Line:
    if move.amount < 0:
        raise UnableToBook(
            "amount_negative",
            Text(
                f"事件 {event.client_id}（{event.kind}）的金额小于零: {format_yuan(move.amount)}",
                f"an amount of the event {event.client_id} ({event.kind}) is below zero: "
                f"{format_yuan(move.amount)}",
            ),
            Text("减少金额请用冲正或相应的退回事件", "take back by a reversal or its own event"),
        )
    amount = move.amount if move.side == "debit" else -move.amount
    return Line(_code(move, event.kind, chart), amount, move.party_id)


def _code(move: Move, kind: str, chart: Chart) -> str:
    """The account that plays a move's role."""
    fund = _fund(move.fund, chart)
    if move.role == CLEARING_ROLE:
        return chart.clearing_code(fund, facing=_fund(move.named, chart))
    if move.role == BENEFIT_ROLE:
        payer = chart.payer(move.fund)
        named = move.named or (payer.cash if move.is_cash else "")
        if not named:
            return chart.benefit_code(move.fund, care_type=move.care_type)
        return chart.code_of(fund, chart.type_for(kind, move.role, side=move.side, named=named))
    return chart.code_of(fund, chart.type_for(kind, move.role, side=move.side, named=move.named))


def _fund(named: str, chart: Chart) -> str:
    """The fund in whose books a policy's fund is kept; members' accounts have one of their own."""
    return chart.personal_fund if named == PERSONAL else chart.payer(named).fund


def _check_closed(event: Event, lines: Sequence[Line]) -> None:
    sums: dict[str, int] = {}
    for line in lines:
        sums[line.fund] = sums.get(line.fund, 0) + line.amount
    check(
        not any(sums.values()),
        f"entry {event.client_id} ({event.kind}) closes in each fund: {sums}",
    )
