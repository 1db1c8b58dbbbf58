"""`yibao ledger reserve`, `release`, `overdraft`: money held, let go, permitted."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import click

from yibao.base.dates import Span
from yibao.base.texts import Language, Text
from yibao.doors.cli.acting import run
from yibao.doors.cli.ledger_desk import DAY, Counter, Errand, at_counter, book_options
from yibao.doors.cli.ledger_tables import Answer, Way, show
from yibao.doors.cli.ledger_words import (
    NUMBER,
    PeriodInvalid,
    UnableToReserve,
    document_option,
    yuan_of,
)

if TYPE_CHECKING:
    from yibao.offices.treasury.reserving import Held

_RESERVE = """\b
Examples:
  yibao ledger reserve HOLD-1 personal_account/personal_account_liability 120.00 \\
      --party M1 --until "2024-06-03 18:00"
  yibao ledger reserve PAY-7 resident/bank_spending 50000 --party B2 --until "2024-06-04 12:00"
"""
_MOMENT = click.DateTime(["%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M:%S%z"])


@click.command("reserve", epilog=_RESERVE)
@click.argument("client_id")
@click.argument("account", metavar="ACCOUNT")
@click.argument("amount", callback=yuan_of(1))
@click.option("--party", default="", help="The member or bank account.")
@click.option("--until", type=_MOMENT, required=True, help="When it ends by itself (local time).")
@book_options
def reserve_command(
    client_id: str, account: str, amount: int, party: str, until: datetime, area: str,
    login_name: str, as_json: bool, language: Language,
) -> None:  # fmt: skip
    """Hold AMOUNT yuan on ACCOUNT, a member's or a bank's, under CLIENT_ID.

    An event that names the reservation's number uses it up. The same id, account, amount and end
    gives the same reservation again.
    """
    errand = Errand(login_name, area, "ledger.post", "ledger.reserve", "account", account)

    async def work() -> Held:
        from yibao.offices.treasury.posting import Refused
        from yibao.offices.treasury.reserving import Hold, Reserved, reserve

        async with at_counter(errand) as counter:
            hold = Hold(client_id, account, amount, until.astimezone(), party)
            database = counter.booking(f"{client_id} {amount}", result_type=Reserved)
            held = await reserve(database, hold, book=counter.book, actor=counter.who)
            if isinstance(held, Refused):
                await counter.log_refusal(held.code)
            return held

    _tell_held(run(work()), Way(language, as_json=as_json))


def _tell_held(held: Held, way: Way) -> None:
    from yibao.offices.treasury.posting import Refused

    if isinstance(held, Refused):
        raise UnableToReserve(held.refusals[0])
    number = held.reservation_id
    told = Text(f"预留号 {number}", f"reservation {number}")
    if not held.is_new:
        told = Text(f"{told.zh}（早已预留）", f"{told.en} (it stood already)")
    show(Answer((), [told], {"reservation": number, "is_new": held.is_new}), way)


@click.command("release", epilog="\b\nExample:\n  yibao ledger release 4712")
@click.argument("number", type=NUMBER)
@book_options
def release_command(
    number: int, area: str, login_name: str, as_json: bool, language: Language
) -> None:
    """Let reservation NUMBER go: what it held is free again."""
    errand = Errand(login_name, area, "ledger.post", "ledger.release", "reservation", str(number))

    async def work() -> None:
        from yibao.offices.treasury.reserving import release

        async with at_counter(errand) as counter:
            await release(counter.booking(), number, area=counter.area, actor=counter.who)

    run(work())
    told = Text(f"预留 {number} 已释放", f"reservation {number} is released")
    show(Answer((), [told], {"released": number}), Way(language, as_json=as_json))


_OVERDRAFT = """\b
Example:
  yibao ledger overdraft resident 2000000 --from 2024-12-20 --until 2025-01-01 \\
      --document 财预〔2024〕9号
"""


@click.command("overdraft", epilog=_OVERDRAFT)
@click.argument("fund")
@click.argument("amount", callback=yuan_of(1))
@click.option("--from", "start", type=DAY, required=True, metavar="DAY", help="First day.")
@click.option("--until", type=DAY, required=True, metavar="DAY", help="The day after the last.")
@document_option
@book_options
def overdraft_command(
    fund: str, amount: int, start: datetime, until: datetime, document: str, area: str,
    login_name: str, as_json: bool, language: Language,
) -> None:  # fmt: skip
    """Permit FUND's banks to fall below zero by AMOUNT yuan on some days."""
    if until <= start:
        raise PeriodInvalid(
            Text(
                "止日不晚于起日；止日不含在内", "--until is not behind --from, and is not included"
            ),
            Text("请核对起止日期", "check the days"),
        )
    errand = Errand(login_name, area, "ledger.approve", "ledger.permit_overdraft", "fund", fund)

    async def permit(counter: Counter) -> int:
        from yibao.offices.treasury.budgeting import Decision, permit_overdraft

        days = Span(start.date(), until.date())
        return await permit_overdraft(
            counter.booking(f"{amount} {document}"),
            amount,
            place=(counter.area, fund),
            days=days,
            decision=Decision(document, counter.who),
        )

    async def work() -> int:
        async with at_counter(errand) as counter:
            return await permit(counter)

    number = run(work())
    told = Text(f"透支许可已登记，记账号 {number}", f"permission {number} is recorded")
    show(Answer((), [told], {"permission": number}), Way(language, as_json=as_json))
