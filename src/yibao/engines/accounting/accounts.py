"""From drafts to a chart's accounts and facings: each fund's accounts, its clearing pairs, sides.

Holds: an account of a type exists in the funds that the type names and the area has; a clearing
account is made for both ends of a pair or for neither; its class is asset, with whatever sign.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from yibao.base.dates import Span
from yibao.base.findings import Fault
from yibao.base.texts import Text
from yibao.engines.accounting import complaints
from yibao.engines.accounting import documents as doc
from yibao.engines.accounting.chart import CLEARING, Account, Facing, Fund
from yibao.engines.accounting.events import ROLES
from yibao.engines.policy.faults import Faults

_OF_GROUP = "group:"
CLEARING_GROUP = "clearing"


def accounts_of(
    funds: Mapping[str, Fund],
    account_types: Mapping[str, doc.AccountTypeWritten],
    *,
    groups: Mapping[str, Text],
    faults: Faults,
) -> dict[str, Account]:
    """Every account of every fund by its code, clearing accounts included."""
    for name, written in account_types.items():
        faults.extend(_faults_of(name, written, groups))
    found = [
        _account(fund, name, written)
        for fund in funds.values()
        for name, written in account_types.items()
        if written.funds == "all" or fund.name in written.funds
    ]
    found += [
        _clearing(fund, funds[other]) for fund in funds.values() for other in fund.clears_with
    ]
    return {account.code: account for account in found}


def _faults_of(
    name: str, written: doc.AccountTypeWritten, groups: Mapping[str, Text]
) -> Iterator[Fault]:
    if name.startswith(CLEARING):
        yield complaints.name_reserved(written.where, name)
    if written.group not in groups:
        yield complaints.group_unknown(written.where_of("group"), written.group, known=groups)
    if written.start and written.until and written.until <= written.start:
        yield complaints.span_empty(written.where, name)
    if bool(written.official and written.source) is bool(written.own):
        yield complaints.unsourced(written.where, name)
    watched = {"personal": ("liability", "member"), "bank": ("asset", "bank")}.get(written.guard)
    if watched and (written.account_class, written.holder) != watched:
        yield complaints.guard_misplaced(
            written.where_of("guard"), name, guard=written.guard, needs=" + ".join(watched)
        )


def _account(fund: Fund, name: str, written: doc.AccountTypeWritten) -> Account:
    return Account(
        code=f"{fund.name}/{name}",
        fund=fund.name,
        account_type=name,
        account_class=written.account_class,
        holder=written.holder,
        guard=written.guard,
        label=Text(written.zh, written.en),
        group=written.group,
        span=_within(fund.span, written),
        official=written.official,
        source=written.source,
    )


def _within(span: Span, written: doc.AccountTypeWritten) -> Span:
    """The days on which both the fund and the account type are open."""
    ends = [until for until in (span.until, written.until) if until is not None]
    return Span(max(span.start, written.start or span.start), min(ends, default=None))


def _clearing(fund: Fund, other: Fund) -> Account:
    return Account(
        code=f"{fund.name}/{CLEARING}{other.name}",
        fund=fund.name,
        account_type=CLEARING + other.name,
        account_class="asset",
        holder="none",
        guard="none",
        label=Text(f"基金间往来—{other.label.zh}", f"clearing with the {other.label.en}"),
        group=CLEARING_GROUP,
        span=_within_both(fund.span, other.span),
        clearing_pair=f"{other.name}/{CLEARING}{fund.name}",
    )


def _within_both(one: Span, other: Span) -> Span:
    ends = [until for until in (one.until, other.until) if until is not None]
    return Span(max(one.start, other.start), min(ends, default=None))


def facing_of(
    events: Mapping[str, doc.EventWritten],
    account_types: Mapping[str, doc.AccountTypeWritten],
    *,
    funds: Mapping[str, Fund],
    faults: Faults,
) -> dict[str, Facing]:
    """What each event may face; groups are written out, clearing accounts of the area added."""
    pairs = {CLEARING + other for fund in funds.values() for other in fund.clears_with}
    found = {}
    for kind, written in events.items():
        faults.extend(_roles_lacking(kind, written))
        sides = []
        for side, roles in (("debit", written.debit), ("credit", written.credit)):
            played = {
                role: _types(words, written, account_types, faults) for role, words in roles.items()
            }
            if not any(roles.values()):
                faults.add(complaints.faces_nothing(written.where, kind, side=side))
            sides.append(played)
        debit, credit = sides
        cleared = pairs if written.clearing else set()
        found[kind] = Facing(
            event_kind=kind,
            label=Text(written.zh, written.en),
            debit=frozenset(cleared.union(*debit.values())),
            credit=frozenset(cleared.union(*credit.values())),
            debit_roles=debit,
            credit_roles=credit,
            source=written.source,
        )
    return found


def _types(
    words: Sequence[str],
    written: doc.EventWritten,
    account_types: Mapping[str, doc.AccountTypeWritten],
    faults: Faults,
) -> tuple[str, ...]:
    """The account types that words mean: a type, or all of a group."""
    found: list[str] = []
    for word in words:
        group = word.removeprefix(_OF_GROUP) if word.startswith(_OF_GROUP) else None
        meant = [name for name, one in account_types.items() if word == name or one.group == group]
        if not meant:
            fault = complaints.account_type_unknown(written.where, word, known=account_types)
            faults.add(fault)
        found += meant
    return tuple(dict.fromkeys(found))


def _roles_lacking(kind: str, written: doc.EventWritten) -> Iterator[Fault]:
    debit, credit = ROLES.get(kind, ((), ()))
    sides = (("debit", debit, written.debit), ("credit", credit, written.credit))
    for side, needed, said in sides:
        for role in needed:
            if said and role not in said:
                yield complaints.role_missing(written.where, kind, side=side, role=role)


def unused_types(
    account_types: Mapping[str, doc.AccountTypeWritten], facing: Mapping[str, Facing]
) -> list[Fault]:
    """Warnings about account types that no event but the opening faces."""
    used: set[str] = set()
    for kind, one in facing.items():
        used |= one.debit | one.credit if kind != "opening" else set()
    return [
        complaints.account_unused(written.where, name)
        for name, written in account_types.items()
        if name not in used and written.account_class != "balance"
    ]
