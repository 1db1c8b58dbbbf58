"""`yibao ledger open`: a book from an area's chart of accounts."""

from __future__ import annotations

from datetime import date, datetime

import click

from yibao.base.texts import Language, Text
from yibao.doors.cli.acting import acting, as_option, json_option, run
from yibao.doors.cli.entry import language_option
from yibao.doors.cli.ledger_desk import Errand, chart_of, day_of, day_option
from yibao.doors.cli.ledger_tables import Answer, Way, show

_EXAMPLES = """\b
Examples:
  yibao ledger open 370200 --on 2023-12-31
  yibao ledger open 370200                  installs a newer chart in the open book
"""


@click.command("open", epilog=_EXAMPLES)
@click.argument("area", metavar="AREA")
@day_option(
    "--on", text="First business date that is taken: the day before the first fund year, on which"
    " opening balances stand. Needed once.",
)  # fmt: skip
@as_option
@json_option
@language_option
def open_command(
    area: str, on: datetime | None, login_name: str, as_json: bool, language: Language
) -> None:
    """Open AREA's book with the chart in its accounts folder, or install its newer chart.

    Needs the owner's account of the database besides somebody who may post: the embedded server's
    folder on the bureau's own machine, or YIBAO_OWNER_DATABASE_URL.
    """
    chart = chart_of(area)

    async def work() -> tuple[date, dict[str, int]]:
        from dataclasses import asdict

        from yibao.offices.access.log import demand, record
        from yibao.offices.treasury.books import open_book
        from yibao.storage.postgres.database import Database
        from yibao.storage.postgres.settings import settings

        errand = Errand(login_name, area, "ledger.post", "ledger.open")
        owner_url = settings().needed_owner_url()
        async with acting(login_name) as desk:
            deed = errand.deed(detail=chart.digest)
            await demand(desk.office, desk.actor, permission=errand.permission, deed=deed)
            first = day_of(on) or await _opened_on(desk.office.database, area)
            async with (
                await Database.open(owner_url, size=1) as owner,
                owner.connection() as connection,
                connection.transaction(),
            ):
                brought = await open_book(
                    connection, chart, opened_on=first, actor=desk.actor.reference
                )
                await record(connection, desk.actor, deed)
        return first, asdict(brought)

    first, brought = run(work())
    accounts, facings = brought["accounts_added"], brought["facings_added"]
    ended, withdrawn = brought["accounts_ended"], brought["facings_withdrawn"]
    told = Text(
        f"{chart.label.zh}: 建账日 {first}，新增科目 {accounts}、停用 {ended}，"
        f"新增对应关系 {facings}、撤销 {withdrawn}",
        f"{chart.label.en}: open from {first}; accounts added {accounts}, ended {ended};"
        f" facings added {facings}, withdrawn {withdrawn}",
    )
    data = {"area": area, "opened_on": first, "digest": chart.digest, **brought}
    show(Answer((), [told], data), Way(language, as_json=as_json))


async def _opened_on(database: object, area: str) -> date:
    """The day an open book was opened on.

    Raises:
        click.UsageError: there is no book yet, and no day was given.
    """
    from yibao.offices.treasury.books import book_of
    from yibao.offices.treasury.errors import UnableToKeepBooks

    try:
        return (await book_of(database, area)).opened_on  # type: ignore[arg-type]
    except UnableToKeepBooks:
        told = f"{area} 尚未建账，请写明建账日 / has no book yet, name its first day: --on DAY"
        raise click.UsageError(told) from None
