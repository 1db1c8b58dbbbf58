"""`yibao ledger balance` and `trial`: what stands in accounts, as of a day, as known on another."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
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
from yibao.doors.cli.ledger_tables import Answer, Column, Sheet, Way, check_out, show, side
from yibao.doors.cli.ledger_words import ordered

if TYPE_CHECKING:
    from pathlib import Path

    from yibao.engines.accounting.chart import Chart
    from yibao.engines.accounting.statements import Movement
    from yibao.offices.treasury.balances import PersonalBalance

_BALANCE = """\b
Examples:
  yibao ledger balance resident/provider_payable --as-of 2024-06-30 --known-on 2024-07-05
  yibao ledger balance --fund resident
  yibao ledger balance --type provider_payable --party H37020000001
  yibao ledger balance --type personal_account_liability --party M1
"""
_TRIAL = """\b
Examples:
  yibao ledger trial --year 2024
  yibao ledger trial --from 2024-06-01 --until 2024-06-30 --fund resident --out trial.xlsx
"""
_SUM = Text("合计", "sum")
_COLUMNS = (
    Column("account", Text("科目", "account")),
    Column("label", Text("名称", "name"), "label"),
    Column("opening", Text("期初", "opening"), "amount"),
    Column("debit_amount", Text("借方", "debit"), "amount"),
    Column("credit_amount", Text("贷方", "credit"), "amount"),
    Column("side", Text("方向", "side"), "label"),
    Column("balance", Text("余额", "balance"), "amount"),
)


@click.command("balance", epilog=_BALANCE)
@click.argument("account", default="", metavar="[ACCOUNT]")
@click.option("--fund", default="", help="All accounts of a fund.")
@click.option("--type", "account_type", default="", help="An account type, in every fund.")
@click.option("--party", default="", help="A member, provider, supplier or bank account.")
@day_option("--as-of", text="Business up to this day. Default: all.")
@day_option("--known-on", text="As the books stood at the end of this day. Default: now.")
@report_options
def balance_command(
    account: str, fund: str, account_type: str, party: str, as_of: datetime | None,
    known_on: datetime | None, area: str, login_name: str, as_json: bool, out: Path | None,
    language: Language,
) -> None:  # fmt: skip
    """Show the balance of ACCOUNT (fund/type), a fund, an account type or a party.

    Dr and Cr tell the side a balance stands on. A past day known on a past day never changes.
    """
    from yibao.offices.treasury.balances import Dates, Scope

    check_out(out)
    kind, number = ("party", party) if party else ("account", account or fund or account_type)
    errand = Errand(login_name, area, "ledger.read", "ledger.balance", kind, number)
    scope = Scope(account, account_type, fund, party)
    dates = Dates(last=day_of(as_of), known_on=day_of(known_on))

    async def work() -> tuple[Chart, Sequence[Movement], Sequence[PersonalBalance]]:
        from yibao.offices.treasury.balances import balance, personal_balances

        async with at_counter(errand) as counter:
            found = await balance(counter.database, scope, book=counter.book, dates=dates)
            held: Sequence[PersonalBalance] = ()
            if party:
                held = await personal_balances(counter.database, party, book=counter.book)
            await counter.log()
            return counter.book.chart, found.movements, held

    chart, movements, held = run(work())
    title = Text(
        f"余额{_dates_zh(dates.last, dates.known_on)}",
        f"balance{_dates_en(dates.last, dates.known_on)}",
    )
    columns = [column for column in _COLUMNS if column.name != "opening"]
    sheets = [Sheet("balances", title, columns, _rows(movements, chart), totals=True)]
    if held:
        sheets.append(_held(held))
    data = {"amount": sum(one.closing_amount for one in movements)}
    show(Answer(sheets, data=data), Way(language, as_json=as_json, out=out))


@click.command("trial", epilog=_TRIAL)
@day_option("--from", text="First business date.")
@day_option("--until", text="Last business date, included.")
@click.option("--year", type=click.IntRange(1998, 2200), help="A fund year, in place of days.")
@click.option("--fund", default="", help="One fund only.")
@day_option("--known-on", text="As the books stood at the end of this day. Default: now.")
@report_options
def trial_command(
    until: datetime | None, year: int | None, fund: str, known_on: datetime | None, area: str,
    login_name: str, as_json: bool, out: Path | None, language: Language, **days: datetime | None,
) -> None:  # fmt: skip
    """Show the trial balance of a period: every account that moved, debits equal to credits."""
    from yibao.offices.treasury.balances import Dates

    check_out(out)
    first, last = ordered(day_of(days["from"]), day_of(until))
    if year:
        first, last = date(year, 1, 1), date(year, 12, 31)
    errand = Errand(login_name, area, "ledger.read", "ledger.trial", detail=f"{first} {last}")
    dates = Dates(first, last, day_of(known_on))

    async def work() -> tuple[Chart, Sequence[Movement]]:
        async with at_counter(errand) as counter:
            found = await _trial(counter, dates, fund=fund)
            await counter.log()
            return counter.book.chart, found

    chart, movements = run(work())
    rows = _rows(movements, chart)
    title = Text(
        f"试算平衡表{_between_zh(first, last)}", f"trial balance{_between_en(first, last)}"
    )
    sheet = Sheet("accounts", title, _COLUMNS, rows, totals=True)
    debit = sum(one.debit_amount for one in movements)
    credit = sum(one.credit_amount for one in movements)
    data = {"debit_amount": debit, "credit_amount": credit}
    show(Answer([sheet], data=data), Way(language, as_json=as_json, out=out))


async def _trial(counter: Counter, dates: object, *, fund: str) -> list[Movement]:
    from yibao.offices.treasury.statements import trial

    found = await trial(counter.database, book=counter.book, dates=dates)  # type: ignore[arg-type]
    if fund:
        counter.book.chart.fund(fund)
    return [row.movement for row in found.rows if fund in ("", row.account.fund)]


def _rows(movements: Sequence[Movement], chart: Chart) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = [
        {
            "account": one.account_code,
            "label": chart.account(one.account_code).label,
            "opening": one.opening_amount,
            "debit_amount": one.debit_amount,
            "credit_amount": one.credit_amount,
            "side": side(one.closing_amount),
            "balance": abs(one.closing_amount),
        }
        for one in movements
    ]
    closing = sum(one.closing_amount for one in movements)
    rows.append(
        {
            "account": "",
            "label": _SUM,
            "opening": sum(one.opening_amount for one in movements),
            "debit_amount": sum(one.debit_amount for one in movements),
            "credit_amount": sum(one.credit_amount for one in movements),
            "side": side(closing),
            "balance": abs(closing),
        }
    )
    return rows


def _held(held: Sequence[PersonalBalance]) -> Sheet:
    columns = (
        Column("account", Text("科目", "account")),
        Column("balance_amount", Text("当前余额", "balance now"), "amount"),
        Column("reserved_amount", Text("已预留", "reserved"), "amount"),
        Column("available_amount", Text("可用", "available"), "amount"),
    )
    rows = [
        {
            "account": one.account_code,
            "balance_amount": one.balance_amount,
            "reserved_amount": one.reserved_amount,
            "available_amount": one.available_amount,
        }
        for one in held
    ]
    return Sheet("personal", Text("个人账户", "personal accounts"), columns, rows)


def _dates_zh(as_of: date | None, known_on: date | None) -> str:
    known = f"，按 {known_on} 账面" if known_on else ""
    return (f"，截至 {as_of}" if as_of else "") + known


def _dates_en(as_of: date | None, known_on: date | None) -> str:
    known = f", as known on {known_on}" if known_on else ""
    return (f" as of {as_of}" if as_of else "") + known


def _between_zh(first: date | None, last: date | None) -> str:
    return f"，{first or '…'} 至 {last or '…'}" if first or last else ""


def _between_en(first: date | None, last: date | None) -> str:
    return f", {first or '…'} to {last or '…'}" if first or last else ""
