"""`yibao ledger journal`: entries found again, a page at a time; one of them in full."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from yibao.base.texts import Language, Text
from yibao.doors.cli.acting import run
from yibao.doors.cli.ledger_desk import (
    Counter,
    Errand,
    at_counter,
    day_of,
    day_option,
    report_options,
)
from yibao.doors.cli.ledger_tables import Answer, Column, Row, Sheet, Way, check_out, show
from yibao.doors.cli.ledger_words import NUMBER, ordered, yuan_of

if TYPE_CHECKING:
    from yibao.engines.accounting.chart import Chart
    from yibao.engines.accounting.entry import Line
    from yibao.offices.access.actors import Actor
    from yibao.offices.treasury.journal import Booked, Search

_SIZE = click.IntRange(1, 10_000)
_EXAMPLES = """\b
Examples:
  yibao ledger journal --account resident/provider_payable --party H37020000001
  yibao ledger journal --from 2024-06-01 --until 2024-06-30 --amount 1234.50
  yibao ledger journal --source claim-77         what a determination caused
  yibao ledger journal 4711                      one entry in full
  yibao ledger journal --event settlement --out settlements.csv
"""
_COLUMNS = (
    Column("number", Text("记账号", "number"), "number"),
    Column("business_date", Text("业务日期", "business date"), "day"),
    Column("event", Text("事件", "event"), "label"),
    Column("client_id", Text("编号", "client id")),
    Column("account", Text("科目", "account")),
    Column("party", Text("往来对象", "party")),
    Column("debit_amount", Text("借方", "debit"), "amount"),
    Column("credit_amount", Text("贷方", "credit"), "amount"),
    Column("source", Text("来源", "source")),
)
_HEAD = {
    "number": Text("记账号", "number"),
    "client_id": Text("编号", "client id"),
    "event": Text("事件", "event"),
    "business_date": Text("业务日期", "business date"),
    "booking_date": Text("入账日期", "booking date"),
    "booked_at": Text("记账时刻", "booked at"),
    "actor": Text("经办", "booked by"),
    "source": Text("来源", "source"),
    "memo": Text("摘要", "memo"),
    "reverses": Text("冲正的分录", "reverses"),
    "reversed_by": Text("被冲正于", "reversed by"),
    "reservation": Text("预留号", "reservation"),
}


@click.command("journal", epilog=_EXAMPLES)
@click.argument("number", type=NUMBER, required=False)
@click.option("--account", default="", help="With a line on this account (fund/type).")
@click.option("--party", default="", help="With a line of this party.")
@click.option("--amount", callback=yuan_of(1), help="With a line of this amount, either side.")
@day_option("--from", text="First business date.")
@day_option("--until", text="Last business date, included.")
@click.option("--client-id", default="", help="Of this client id.")
@click.option("--source", default="", help="That this caused: a claim, a determination.")
@click.option("--event", default="", help="Of this kind of event.")
@click.option(
    "--after", default=0, type=NUMBER, help="Only numbers behind this one: the next page."
)
@click.option("--size", default=20, show_default=True, type=_SIZE, help="Entries on a page.")
@report_options
def journal_command(
    number: int | None, account: str, party: str, amount: int | None, until: datetime | None,
    client_id: str, source: str, event: str, after: int, size: int, area: str, login_name: str,
    as_json: bool, out: Path | None, language: Language, **days: datetime | None,
) -> None:  # fmt: skip
    """Search entries in booking order; with a NUMBER, show that entry in full.

    Everything that is given must hold. A page ends with how to go on; --out writes all pages.
    """
    from yibao.offices.treasury.journal import Search

    check_out(out)
    way = Way(language, as_json=as_json, out=out)
    if number is not None:
        _show_one(number, Errand(
            login_name, area, "ledger.read", "ledger.journal", "entry", str(number),
        ), way)  # fmt: skip
        return
    first, last = ordered(day_of(days["from"]), day_of(until))
    asked = Search(account, party, amount, first, last, client_id, source, event, after=after)
    kind, of = ("party", party) if party else ("account", account)
    errand = Errand(login_name, area, "ledger.read", "ledger.journal", kind, of)

    async def work() -> tuple[int, list[Row], int | None]:
        async with at_counter(errand) as counter:
            chart = await counter.chart(language)
            entries, following = await _found(counter, asked, None if out else size)
            await counter.log(f"{len(entries)}")
            rows = [row for one in entries for row in _rows(one, chart, counter.desk.actor)]
            return len(entries), rows, following

    count, rows, following = run(work())
    remarks = [Text(f"{count} 笔分录", f"{count} entries")]
    if following is not None:
        remarks.append(Text(f"下一页: --after {following}", f"the next page: --after {following}"))
    sheet = Sheet("lines", Text("日记账", "journal"), _COLUMNS, rows, most=size if out else 0)
    show(Answer([sheet], remarks, {"next_after": following}), way)


async def _found(
    counter: Counter, asked: Search, size: int | None
) -> tuple[Sequence[Booked], int | None]:
    """A page, or everything."""
    from yibao.offices.treasury.journal import search, stream

    if asked.account_code:
        counter.book.chart.account(asked.account_code)
    if size is None:
        every = stream(counter.database, replace(asked, after=0), area=counter.area)
        return [one async for one in every], None
    page = await search(counter.database, asked, area=counter.area, size=size)
    return page.entries, page.next_after


def _show_one(number: int, errand: Errand, way: Way) -> None:
    async def work() -> tuple[Chart, Booked, list[Row]]:
        from yibao.offices.treasury.journal import booked

        async with at_counter(errand) as counter:
            chart = await counter.chart(way.language)
            found = await booked(counter.database, number, area=counter.area)
            await counter.log()
            return chart, found, _rows(found, chart, counter.desk.actor)

    chart, one, rows = run(work())
    heads = {
        "number": one.entry_id,
        "client_id": one.entry.client_id,
        "event": _event(one, chart),
        "business_date": one.entry.business_date,
        "booking_date": one.booking_date,
        "booked_at": one.booked_at,
        "actor": one.actor,
        "source": one.entry.source,
        "memo": one.entry.memo,
        "reverses": one.entry.reverses,
        "reversed_by": one.reversed_by,
        "reservation": one.entry.reservation,
    }
    what = (Column("what", Text("", ""), "label"), Column("value", Text("", ""), "label"))
    told = [
        {"what": _HEAD[name], "value": value}
        for name, value in heads.items()
        if value not in (None, "")
    ]
    columns = [column for column in _COLUMNS if column.name in _OF_LINE]
    title = Text(f"分录 {number}", f"entry {number}")
    lines = Sheet("lines", Text("分录行", "its lines"), columns, rows)
    show(Answer([Sheet("entry", title, what, told), lines], data={"head": heads}), way)


_OF_LINE = ("account", "party", "debit_amount", "credit_amount")


def _event(one: Booked, chart: Chart) -> Text:
    """What an event is called; its kind where the chart has dropped it."""
    kind = one.entry.event_kind
    return chart.facing[kind].label if kind in chart.facing else Text(kind, kind)


_IDENTITY_NUMBER = re.compile(r"[1-9][0-9]{14}(?:[0-9]{2}[0-9Xx])?\Z")


def _party(line: Line, chart: Chart, actor: Actor) -> str:
    """Whom a line is about; a member named by an identity number, as the actor may see it."""
    from yibao.offices.access.masking import masked_id_number

    account = chart.accounts.get(line.account_code)
    is_member = account is None or account.holder == "member"
    if is_member and _IDENTITY_NUMBER.match(line.party_id):
        return masked_id_number(line.party_id, actor)
    return line.party_id


def _rows(one: Booked, chart: Chart, actor: Actor) -> list[Row]:
    return [
        {
            "number": one.entry_id,
            "business_date": one.entry.business_date,
            "event": _event(one, chart),
            "event_kind": one.entry.event_kind,
            "client_id": one.entry.client_id,
            "account": line.account_code,
            "party": _party(line, chart, actor),
            "debit_amount": line.amount if line.amount > 0 else None,
            "credit_amount": -line.amount if line.amount < 0 else None,
            "source": one.entry.source,
        }
        for line in one.entry.lines
    ]
