"""`yibao ledger statement`: income and spending of each fund (收支表), with what it carries on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from yibao.base.texts import Language, Text
from yibao.doors.cli.acting import run
from yibao.doors.cli.ledger_desk import Errand, at_counter, day_of, day_option, report_options
from yibao.doors.cli.ledger_tables import Answer, Column, Row, Sheet, Way, check_out, show
from yibao.doors.cli.ledger_words import ordered

if TYPE_CHECKING:
    from yibao.engines.accounting.statements import FundStatement

_EXAMPLES = """\b
Examples:
  yibao ledger statement --year 2024
  yibao ledger statement --year 2024 --fund resident --out resident.xlsx
  yibao ledger statement --from 2024-01-01 --until 2024-06-30 --known-on 2024-07-10
"""
_COLUMNS = (
    Column("item", Text("项目", "item"), "label"),
    Column("amount", Text("金额", "amount"), "amount"),
)
_WORDS = {
    "brought_forward": Text("上年结余", "brought forward"),
    "income": Text("收入合计", "income"),
    "spending": Text("支出合计", "spending"),
    "result": Text("当期结余", "result of the period"),
    "carried_forward": Text("滚存结余", "carried forward"),
    "assets": Text("资产", "assets"),
    "liabilities": Text("负债", "liabilities"),
    "national_spending": Text("支出（制度口径）", "spending in the national form"),
    "national_balance": Text("滚存结余（制度口径）", "balance in the national form"),
    "held": Text("个人账户余额", "held for members"),
}


@click.command("statement", epilog=_EXAMPLES)
@click.option("--year", type=click.IntRange(1998, 2200), help="The fund year.")
@click.option("--fund", "funds", multiple=True, help="Only this fund (repeatable).")
@day_option("--from", text="First business date, in place of a year.")
@day_option("--until", text="Last business date, included.")
@day_option("--known-on", text="As the books stood at the end of this day. Default: now.")
@click.option("--brief", is_flag=True, help="One row a fund.")
@report_options
def statement_command(
    year: int | None, funds: tuple[str, ...], until: datetime | None, known_on: datetime | None,
    brief: bool, area: str, login_name: str, as_json: bool, out: Path | None, language: Language,
    **days: datetime | None,
) -> None:  # fmt: skip
    """Show income, spending and balance of each fund in a year, or between two days.

    Holds: brought forward + income − spending = carried forward = assets − liabilities. A fund that
    keeps members' accounts is shown in the national form as well (docs/accounts.md).
    """
    from yibao.offices.treasury.balances import Dates

    check_out(out)
    first, last = _span(year, day_of(days["from"]), day_of(until))
    errand = Errand(login_name, area, "ledger.read", "ledger.statement", detail=f"{first} {last}")

    async def work() -> Sequence[FundStatement]:
        from yibao.offices.treasury.statements import statements_of

        async with at_counter(errand) as counter:
            chart = await counter.chart(language)
            for fund in funds:
                chart.fund(fund)
            found = await statements_of(
                counter.database,
                book=counter.book,
                chart=chart,
                dates=Dates(first, last, day_of(known_on)),
            )
            await counter.log()
            return [one for one in found if not funds or one.fund in funds]

    found = run(work())
    period = f"{first} – {last}"
    sheets = [_brief(found, period)] if brief else [_sheet(one, period) for one in found]
    remarks = [] if found else [Text("该期间没有账目", "nothing stands in these books then")]
    data = {"first": first, "last": last, "totals": {one.fund: _totals(one) for one in found}}
    show(Answer(sheets, remarks, data), Way(language, as_json=as_json, out=out))


def _span(year: int | None, first: date | None, last: date | None) -> tuple[date, date]:
    if year is not None and first is None and last is None:
        return date(year, 1, 1), date(year, 12, 31)
    if year is None and first is not None and last is not None:
        ordered(first, last)
        return first, last
    raise click.UsageError("--year, or --from and --until")


def _sheet(one: FundStatement, period: str) -> Sheet:
    title = Text(f"{one.label.zh} 收支表 {period}", f"{one.label.en}: {period}")
    return Sheet(one.fund, title, _COLUMNS, list(_rows(one)))


def _brief(found: Sequence[FundStatement], period: str) -> Sheet:
    names = ("brought_forward", "income", "spending", "result", "carried_forward")
    columns = [
        Column("fund", Text("基金", "fund"), "label"),
        *(Column(name, _WORDS[name], "amount") for name in (*names, "assets", "liabilities")),
    ]
    rows: list[Row] = [{"fund": one.label, **_totals(one)} for one in found]
    return Sheet("funds", Text(f"收支表 {period}", f"the funds, {period}"), columns, rows)


def _rows(one: FundStatement) -> Iterator[Row]:
    totals = _totals(one)

    def total(name: str) -> Row:
        return {"item": _WORDS[name], "amount": totals[name], "code": name}

    yield total("brought_forward")
    for part, rows in (("income", one.income), ("spending", one.spending)):
        yield total(part)
        for row in rows:
            label = row.account.label
            item = Text(f"　{label.zh}", f"  {label.en}")
            yield {"item": item, "amount": row.amount, "code": row.account.account_type}
    for name in ("result", "carried_forward", "assets", "liabilities"):
        yield total(name)
    if one.personal is not None:
        for name in ("national_spending", "held", "national_balance"):
            yield total(name)


def _totals(one: FundStatement) -> dict[str, int]:
    totals = {
        "brought_forward": one.brought_forward_amount,
        "income": one.income_amount,
        "spending": one.spending_amount,
        "result": one.result_amount,
        "carried_forward": one.carried_forward_amount,
        "assets": one.assets_amount,
        "liabilities": one.liabilities_amount,
    }
    if one.personal is not None:
        totals |= {
            "national_spending": one.national_spending_amount,
            "held": one.personal.held_amount,
            "national_balance": one.national_balance_amount,
        }
    return totals
