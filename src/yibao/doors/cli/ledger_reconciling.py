"""`yibao ledger reconcile`: a provider's list or a bank's statement against the books."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from yibao.base.texts import Language, Text
from yibao.doors.cli.acting import run
from yibao.doors.cli.ledger_desk import Errand, at_counter, day_of, day_option, report_options
from yibao.doors.cli.ledger_tables import Answer, Column, Row, Sheet, Way, check_out, show
from yibao.doors.cli.ledger_words import ordered

if TYPE_CHECKING:
    from yibao.engines.accounting.reconciling import Match, Reconciliation, Record
    from yibao.offices.treasury.reconciling import Reconciled

DIFFERS = 1
"""Exit code when the two sides differ."""
_FILE = click.Path(path_type=Path)
_SHOWN = 40
_PROVIDER = """\b
Example:
  yibao ledger reconcile provider list.xlsx --provider H37020000001 \\
      --from 2024-06-01 --until 2024-06-30 --column amount=统筹支付 --column reference=结算号
"""
_BANK = """\b
Example:
  yibao ledger reconcile bank statement.csv --account B2 --column date=交易日期
"""
_COUNTS = (
    Column("what", Text("结果", "result"), "label"),
    Column("count", Text("笔数", "count"), "count"),
    Column("ours_amount", Text("我方", "ours"), "amount"),
    Column("theirs_amount", Text("对方", "theirs"), "amount"),
    Column("difference_amount", Text("差额", "difference"), "amount"),
)
_DETAILS = (
    Column("what", Text("结果", "result"), "label"),
    Column("reference", Text("参考号", "reference")),
    Column("entry", Text("我方记账号", "our number")),
    Column("ours_amount", Text("我方", "ours"), "amount"),
    Column("line", Text("对方行号", "their line")),
    Column("theirs_amount", Text("对方", "theirs"), "amount"),
    Column("on", Text("日期", "day"), "day"),
    Column("who", Text("对方户名", "counterparty")),
)
_WORDS = {
    "matched": Text("相符", "matched"),
    "differing": Text("金额不符", "amount differs"),
    "only_ours": Text("仅我方有", "only ours"),
    "only_theirs": Text("仅对方有", "only theirs"),
    "sum": Text("合计", "sum"),
}

column_option = click.option(
    "--column", "columns", multiple=True, metavar="OURS=THEIRS",
    help="What the file calls a column of ours (repeatable).",
)  # fmt: skip


@click.group("reconcile")
def reconcile_command() -> None:
    """Compare a provider's list or a bank's statement with the books; nothing is booked.

    Exit code 0: everything agrees; 1: something differs, and is listed.
    """


@reconcile_command.command("provider", epilog=_PROVIDER)
@click.argument("file", type=_FILE)
@click.option("--provider", required=True, help="Whose list.")
@day_option("--from", text="First business date.", needed=True)
@day_option("--until", text="Last business date, included.", needed=True)
@click.option("--fund", default="", help="One fund only.")
@click.option("--event", "events", multiple=True, help="Default: what comes of claims.")
@column_option
@report_options
def provider_list(
    file: Path, provider: str, until: datetime, fund: str, events: tuple[str, ...],
    columns: tuple[str, ...], area: str, login_name: str, as_json: bool, out: Path | None,
    language: Language, **days: datetime,
) -> None:  # fmt: skip
    """Compare FILE (.csv, .xlsx, .parquet) with what our payables came to owe the provider.

    Columns: reference (our client id, or the determination that caused it), amount in yuan, fund if
    lines are by fund. A row without a reference is a total: of the fund it names, or of all.
    """
    from yibao.storage.files.ledger_lists import PROVIDER_COLUMNS, read_provider_list

    check_out(out)
    names = _names(columns, PROVIDER_COLUMNS)
    errand = Errand(login_name, area, "ledger.reconcile", "ledger.reconcile", "provider", provider)

    async def work() -> Reconciled:
        from yibao.offices.treasury.reconciling import CLAIMED, Party, reconcile_provider

        async with at_counter(errand) as counter:
            sent = read_provider_list(file, names=names)
            ordered(days["from"].date(), until.date())
            party = Party(provider, days["from"].date(), until.date(), fund)
            found = await reconcile_provider(
                counter.database, sent, party=party, book=counter.book,
                event_kinds=events or CLAIMED,
            )  # fmt: skip
            await counter.log(_outcome(found))
            return found

    _tell(run(work()), {}, Way(language, as_json=as_json, out=out))


@reconcile_command.command("bank", epilog=_BANK)
@click.argument("file", type=_FILE)
@click.option("--account", required=True, help="The bank account, as the books name it.")
@day_option("--from", text="First business date of ours. Default: the file's first day.")
@day_option("--until", text="Last business date of ours. Default: the file's last day.")
@click.option("--fund", default="", help="One fund only.")
@click.option(
    "--within-days", default=3, show_default=True, type=click.IntRange(0, 31),
    help="How far the bank's day may lie from ours where there is no reference.",
)  # fmt: skip
@column_option
@report_options
def bank_statement(
    file: Path, account: str, until: datetime | None, fund: str, within_days: int,
    columns: tuple[str, ...], area: str, login_name: str, as_json: bool, out: Path | None,
    language: Language, **days: datetime | None,
) -> None:  # fmt: skip
    """Compare FILE with the lines of a bank account: date, amount, reference, counterparty.

    Money into the account is above zero. Lines meet by reference; those without one by amount and
    day, where there is one candidate on each side.
    """
    from yibao.storage.files.ledger_lists import BANK_COLUMNS, read_bank_statement

    check_out(out)
    names = _names(columns, BANK_COLUMNS)
    errand = Errand(login_name, area, "ledger.reconcile", "ledger.reconcile", "bank", account)

    async def work() -> tuple[Reconciled, Mapping[str, str]]:
        from yibao.offices.treasury.reconciling import Party, reconcile_statement

        async with at_counter(errand) as counter:
            sent = read_bank_statement(file, names=names)
            first = day_of(days["from"]) or sent.first_date
            party = Party(account, first, day_of(until) or sent.last_date, fund)
            found = await reconcile_statement(
                counter.database, sent, party=party, book=counter.book, within_days=within_days
            )
            await counter.log(_outcome(found))
            return found, sent.counterparties

    found, parties = run(work())
    _tell(found, parties, Way(language, as_json=as_json, out=out))


def _names(columns: Sequence[str], known: Sequence[str]) -> dict[str, str]:
    """What the sender calls our columns."""
    found = {}
    for one in columns:
        ours, _, theirs = one.partition("=")
        if ours not in known or not theirs:
            raise click.UsageError(f"--column {one}: {' '.join(f'{name}=…' for name in known)}")
        found[ours] = theirs
    return found


def _outcome(found: Reconciled) -> str:
    return "agrees" if found.agrees else "differs"


# ---- telling


def _tell(found: Reconciled, parties: Mapping[str, str], way: Way) -> None:
    sheets = []
    if found.lines is not None:
        title = Text("明细对账", "lines")
        sheets.append(Sheet("lines", title, _COUNTS, _counts(found.lines), totals=True))
    if found.totals is not None:
        title = Text("合计对账", "totals")
        sheets.append(Sheet("totals", title, _COUNTS, _counts(found.totals)[:-1]))
    details = [
        row
        for part in (found.totals, found.lines)
        if part is not None
        for row in _differences(part, parties)
    ]
    if details or way.out or way.as_json:
        title = Text("差异明细", "differences")
        sheets.insert(0, Sheet("differences", title, _DETAILS, details, most=_SHOWN))
    remarks = [_told(found)]
    show(Answer(sheets, remarks, {"agrees": found.agrees}), way)
    if not found.agrees:
        raise SystemExit(DIFFERS)


def _told(found: Reconciled) -> Text:
    told = Text("账目相符", "everything agrees")
    if not found.agrees:
        told = Text("账目不符，见差异明细", "the two sides differ")
    if found.reversed_count:
        count = found.reversed_count
        told = Text(
            f"{told.zh}；期间内已冲正的 {count} 对分录未列入",
            f"{told.en}; {count} entries that were reversed in the period are left out",
        )
    return told


def _counts(part: Reconciliation) -> list[Row]:
    sides = {
        "matched": _of_matches(part.matched),
        "differing": _of_matches(part.differing),
        "only_ours": (len(part.only_ours), _sum(part.only_ours), 0),
        "only_theirs": (len(part.only_theirs), 0, _sum(part.only_theirs)),
    }
    totals = tuple(sum(values) for values in zip(*sides.values(), strict=True))
    return [_count(name, *figures) for name, figures in {**sides, "sum": totals}.items()]


def _count(name: str, *figures: int) -> Row:
    count, ours, theirs = figures
    return {
        "what": _WORDS[name],
        "count": count,
        "ours_amount": ours,
        "theirs_amount": theirs,
        "difference_amount": ours - theirs,
        "code": name,
    }


def _of_matches(matches: Sequence[Match]) -> tuple[int, int, int]:
    ours = sum(one.ours.amount for one in matches)
    return len(matches), ours, sum(one.theirs.amount for one in matches)


def _sum(records: Sequence[Record]) -> int:
    return sum(one.amount for one in records)


def _differences(part: Reconciliation, parties: Mapping[str, str]) -> list[Row]:
    rows = [_detail("differing", one.ours, one.theirs, parties) for one in part.differing]
    rows += [_detail("only_ours", one, None, parties) for one in part.only_ours]
    return rows + [_detail("only_theirs", None, one, parties) for one in part.only_theirs]


def _detail(
    name: str, ours: Record | None, theirs: Record | None, parties: Mapping[str, str]
) -> Row:
    some = theirs or ours
    return {
        "what": _WORDS[name],
        "reference": some.reference if some else "",
        "entry": ours.record_id if ours else "",
        "ours_amount": ours.amount if ours else None,
        "line": theirs.record_id if theirs else "",
        "theirs_amount": theirs.amount if theirs else None,
        "on": some.on if some else None,
        "who": parties.get(theirs.record_id, "") if theirs else "",
        "code": name,
    }
