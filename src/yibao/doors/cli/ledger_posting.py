"""`yibao ledger post` and `reverse`: business events of a file into entries, and entries undone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from yibao.base.errors import YibaoError
from yibao.base.texts import Language, Text
from yibao.doors.cli.acting import run
from yibao.doors.cli.ledger_desk import (
    DAY,
    Counter,
    Errand,
    at_counter,
    book_options,
    report_options,
)
from yibao.doors.cli.ledger_tables import Answer, Column, Sheet, Way, check_out, show
from yibao.doors.cli.ledger_words import NUMBER
from yibao.doors.cli.running import interruptible, progress_bars

if TYPE_CHECKING:
    from yibao.engines.accounting.entry import Entry
    from yibao.offices.treasury.filing import FiledEntries
    from yibao.offices.treasury.posting import Posted, Refused
    from yibao.storage.postgres.database import Connection

NOT_ALL_POSTED = 1
"""Exit code when `--each` left some out: done, but not all."""

_CHUNK = 500
_SHOWN = 20
_POST_EXAMPLES = """\b
Examples:
  yibao ledger post opening.jsonl
  yibao ledger post events.csv --check          judge everything, book nothing
  yibao ledger post events.csv --each --out answers.csv
\b
A file of events, CSV (docs/ledger-files.md has every kind and its fields):
  kind,client_id,business_date,fund,bank_id,account_type,amount
  contribution,C-2024-01,2024-01-31,resident,B1,contribution_personal,41500.00
"""


class UnableToPost(YibaoError):
    """The books refuse entries of a file, and nothing of it was booked."""


class _Undone(Exception):
    """Everything was judged, and is taken back."""


@click.command("post", epilog=_POST_EXAMPLES)
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--each", is_flag=True, help="Book what can be booked, and list what is refused.")
@click.option("--check", is_flag=True, help="Judge everything, by the books too; book nothing.")
@report_options
def post_command(
    file: Path, each: bool, check: bool, area: str, login_name: str, as_json: bool,
    out: Path | None, language: Language,
) -> None:  # fmt: skip
    """Post the business events of FILE: all of them, or none.

    FILE is CSV, or JSON lines by any other name; every fault is told with its line and remedy, and
    then nothing is posted. An event that was posted before, with the same client id and content,
    is answered with its entry. Paying events need the permission ledger.pay as well.

    Exit code 0: posted; 1: with --each, some were refused; 3: the file has faults; 4: refused.
    """
    check_out(out)
    errand = Errand(login_name, area, "ledger.post", "ledger.post", "file", file.name)

    async def work() -> tuple[FiledEntries, list[Posted | Refused]]:
        from yibao.offices.treasury.filing import filed_entries

        async with at_counter(errand) as counter:
            filed = filed_entries(file, await counter.chart(language))
            await _demand_pay(counter, filed.entries)
            if each and not check:
                answers = await _post_each(counter, filed.entries, language)
            else:
                answers = await _post_all(counter, filed.entries, is_trial=check)
        return filed, answers

    with interruptible():
        filed, answers = run(work())
    _tell(answers, filed, Way(language, as_json=as_json, out=out), is_trial=check, each=each)


@click.command("reverse", epilog="\b\nExample:\n  yibao ledger reverse 4711 R-4711 2024-03-31")
@click.argument("number", type=NUMBER)
@click.argument("client_id")
@click.argument("day", type=DAY)
@click.option("--memo", default="", help="Why.")
@book_options
def reverse_command(
    number: int, client_id: str, day: datetime, memo: str, area: str, login_name: str,
    as_json: bool, language: Language,
) -> None:  # fmt: skip
    """Reverse the entry of booking NUMBER on DAY, by an entry with CLIENT_ID."""
    errand = Errand(login_name, area, "ledger.reverse", "ledger.reverse", "entry", str(number))

    async def work() -> list[Posted | Refused]:
        from yibao.offices.treasury.reversing import Reversal, mirror_of

        async with at_counter(errand) as counter:
            asked = Reversal(number, client_id, day.date(), memo)
            mirror = await mirror_of(counter.database, asked, area=counter.area)
            return await _post_all(counter, [mirror], is_trial=False)

    _tell(run(work()), None, Way(language, as_json=as_json))


# ---- booking


async def _demand_pay(counter: Counter, entries: Sequence[Entry]) -> None:
    """Money that leaves a fund's banks is paid by somebody who may pay."""
    from yibao.offices.access.log import demand

    accounts = counter.book.chart.accounts
    if any(_pays(entry, accounts) for entry in entries):
        deed = counter.errand.deed(area=counter.area, detail="ledger.pay")
        await demand(counter.desk.office, counter.desk.actor, permission="ledger.pay", deed=deed)


def _pays(entry: Entry, accounts: Any) -> bool:  # noqa: ANN401 - a chart's accounts by code
    banks = [
        line.amount
        for line in entry.lines
        if line.account_code in accounts and accounts[line.account_code].guard == "bank"
    ]
    return sum(banks) < 0


async def _post_all(
    counter: Counter, entries: Sequence[Entry], *, is_trial: bool
) -> list[Posted | Refused]:
    """All of them in one transaction with its line of the log; none if one is refused."""
    from yibao.offices.treasury.posting import Refused, post_within

    answers: list[Posted | Refused] = []

    async def book(connection: Connection) -> None:
        answers[:] = await post_within(connection, entries, book=counter.book, actor=counter.who)
        if is_trial or any(isinstance(one, Refused) for one in answers):
            raise _Undone
        await _record(connection, counter, answers)

    with suppress(_Undone):
        await counter.database.transact(book)
    refused = [one for one in answers if isinstance(one, Refused)]
    if refused and not is_trial:
        await counter.log_refusal(refused[0].code)
    return answers


async def _record(
    connection: Connection, counter: Counter, answers: Sequence[Posted | Refused]
) -> None:
    """The line of the log, in the transaction of what it tells."""
    from yibao.offices.access.log import record

    detail = _told(_counts(answers), is_undone=False).en
    await record(
        connection, counter.desk.actor, counter.errand.deed(area=counter.area, detail=detail)
    )


async def _post_each(
    counter: Counter, entries: Sequence[Entry], language: Language
) -> list[Posted | Refused]:
    """Group by group, each in one transaction with its line of the log."""
    from yibao.offices.treasury.posting import post_within

    answers: list[Posted | Refused] = []
    chunk: Sequence[Entry] = ()

    async def book(connection: Connection) -> tuple[Posted | Refused, ...]:
        found = await post_within(connection, chunk, book=counter.book, actor=counter.who)
        await _record(connection, counter, found)
        return found

    with progress_bars(language) as bars:
        tell = bars.of(Text("记账", "posting"))
        for start in range(0, len(entries), _CHUNK):
            chunk = entries[start : start + _CHUNK]
            answers += await counter.database.transact(book)
            tell(len(answers), len(entries))
    return answers


# ---- telling

_POSTED = Text("已记账", "posted")
_FIT = Text("可记账，未记", "fit, not booked")
_ALREADY = Text("早已记账", "already booked")
_REFUSED = Text("拒绝", "refused")
_COLUMNS = (
    Column("client_id", Text("编号", "client id")),
    Column("outcome", Text("结果", "outcome"), "label"),
    Column("entry_id", Text("记账号", "number"), "number"),
    Column("code", Text("原因", "reason")),
    Column("place", Text("位置", "place")),
)


def _tell(
    answers: Sequence[Posted | Refused],
    filed: FiledEntries | None,
    way: Way,
    *,
    is_trial: bool = False,
    each: bool = True,
) -> None:
    from yibao.offices.treasury.posting import Refused

    refused = [one for one in answers if isinstance(one, Refused)]
    is_undone = is_trial or bool(refused and not each)
    rows = [_row(one, filed, is_undone=is_undone) for one in answers]
    title = Text("记账结果", "what was posted")
    most = 0 if len(rows) <= _SHOWN else -1
    sheet = Sheet("entries", title, _COLUMNS, rows, most=most)
    counts = _counts(answers)
    told = _told(counts, is_undone=is_undone)
    show(Answer([sheet], [told], {**counts, "booked": not is_undone}), way)
    for one in refused[:_SHOWN]:
        place = f"{filed.places[one.client_id]}: " if filed else ""
        for refusal in one.refusals:
            click.echo(f"{place}{refusal.told(way.language)}", err=True)
    if refused and each and not is_trial and filed:
        raise SystemExit(NOT_ALL_POSTED)
    if refused:
        raise _nothing_booked(len(refused), len(answers))


def _row(
    answer: Posted | Refused, filed: FiledEntries | None, *, is_undone: bool
) -> dict[str, object]:
    from yibao.offices.treasury.posting import Refused

    row: dict[str, object] = {"client_id": answer.client_id}
    if isinstance(answer, Refused):
        row |= {"outcome": _REFUSED, "entry_id": None, "code": answer.code}
    elif answer.is_new:
        number = None if is_undone else answer.entry_id
        row |= {"outcome": _FIT if is_undone else _POSTED, "entry_id": number, "code": ""}
    else:
        row |= {"outcome": _ALREADY, "entry_id": answer.entry_id, "code": ""}
    return row | {"place": str(filed.places[answer.client_id]) if filed else ""}


def _counts(answers: Sequence[Posted | Refused]) -> dict[str, int]:
    from yibao.offices.treasury.posting import Posted

    posted = [one for one in answers if isinstance(one, Posted)]
    fresh = sum(one.is_new for one in posted)
    return {
        "posted": fresh,
        "already": len(posted) - fresh,
        "refused": len(answers) - len(posted),
    }


def _told(counts: Mapping[str, int], *, is_undone: bool) -> Text:
    fresh = _FIT if is_undone else _POSTED
    return Text(
        f"{fresh.zh} {counts['posted']}，早已记账 {counts['already']}，拒绝 {counts['refused']}",
        f"{fresh.en} {counts['posted']}, already {counts['already']}, refused {counts['refused']}",
    )


def _nothing_booked(refused: int, count: int) -> UnableToPost:
    return UnableToPost(
        Text(
            f"{count} 笔中有 {refused} 笔被拒绝，未记任何分录",
            f"{refused} of {count} refused; nothing was booked",
        ),
        Text(
            "请按上列提示更正后重报，或加 --each 先记可记的",
            "mend what is listed above and send it again, or book the others by --each",
        ),
    )
