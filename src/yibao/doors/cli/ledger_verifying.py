"""`yibao ledger seal` and `verify`: what was booked, made provable, and proved."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from yibao.base.texts import Language, Text
from yibao.doors.cli.acting import run
from yibao.doors.cli.ledger_desk import Errand, at_counter, book_options, report_options
from yibao.doors.cli.ledger_tables import Answer, Column, Sheet, Way, check_out, show
from yibao.doors.cli.running import progress_bars

if TYPE_CHECKING:
    from yibao.offices.treasury.verifying import Verification

NOT_AS_BOOKED = 1
"""Exit code when something was bent."""
_FILE = click.Path(path_type=Path, dir_okay=False)
_EXAMPLES = """\b
Examples:
  yibao ledger verify
  yibao ledger verify --export seals.jsonl      give the file to another institution
  yibao ledger verify --seals seals.jsonl       and hold the books against it later
"""
_COLUMNS = (
    Column("code", Text("代码", "code")),
    Column("place", Text("位置", "place"), "label"),
    Column("message", Text("不符之处", "what does not hold"), "label"),
    Column("found", Text("实为", "found")),
    Column("remedy", Text("处理", "what to do"), "label"),
)


@click.command("seal", epilog="\b\nExample:\n  yibao ledger seal")
@book_options
def seal_command(area: str, login_name: str, as_json: bool, language: Language) -> None:
    """Seal what is booked by now.

    Commands that book seal it themselves, and a running service does so within a second: this one
    is for what another program booked.
    """
    errand = Errand(login_name, area, "ledger.verify", "ledger.seal")

    async def work() -> int:
        from yibao.offices.treasury.sealing import seal_now

        async with at_counter(errand) as counter:
            made = await seal_now(counter.database)
            await counter.log(str(made))
            return made

    made = run(work())
    told = Text(f"新增封印 {made} 个", f"{made} seals made")
    show(Answer((), [told], {"seals": made}), Way(language, as_json=as_json))


@click.command("verify", epilog=_EXAMPLES)
@click.option("--seals", type=_FILE, help="A copy of the seals, as --export wrote it earlier.")
@click.option("--export", type=_FILE, help="Afterwards, write every seal to this file.")
@report_options
def verify_command(
    seals: Path | None, export: Path | None, area: str, login_name: str, as_json: bool,
    out: Path | None, language: Language,
) -> None:  # fmt: skip
    """Verify the whole ledger: the chain of seals, every row, every sum, the database's own rules.

    Seals are exported only if everything holds. Exit code 1: something was bent; it is named.
    """
    check_out(out)
    errand = Errand(login_name, area, "ledger.verify", "ledger.verify")

    async def work() -> Verification:
        from yibao.offices.treasury.sealing import export_seals
        from yibao.offices.treasury.verifying import verify

        async with at_counter(errand) as counter:
            with progress_bars(language) as bars:
                tell = bars.of(Text("核验", "verifying"))
                found = await verify(counter.database, seals_file=seals, progress=tell)
            if export is not None and found.holds:
                await export_seals(counter.database, export)
            await counter.log(" ".join(sorted(found.codes)) or "holds")
            return found

    found = run(work())
    _show(found, Way(language, as_json=as_json, out=out), export if found.holds else None)
    if not found.holds:
        raise SystemExit(NOT_AS_BOOKED)


def _show(found: Verification, way: Way, exported: Path | None) -> None:
    from dataclasses import asdict

    rows = [
        {
            "code": one.code,
            "place": one.place,
            "message": one.message,
            "found": one.found,
            "remedy": one.remedy,
        }
        for one in found.discrepancies
    ]
    title = Text("不符之处", "what does not hold")
    sheets = [Sheet("discrepancies", title, _COLUMNS, rows)]
    if not rows and way.out is None and not way.as_json:
        sheets = []
    data = {name: value for name, value in asdict(found).items() if name != "discrepancies"}
    remarks = [_told(found)]
    if exported is not None:
        remarks.append(Text(f"封印已导出: {exported}", f"the seals are in {exported}"))
    show(Answer(sheets, remarks, {**data, "holds": found.holds}), way)


def _told(found: Verification) -> Text:
    zh = f"核验 {found.entries_count} 笔分录、{found.lines_count} 行、{found.seals_count} 个封印"
    en = (
        f"{found.entries_count} entries, {found.lines_count} lines and {found.seals_count} seals"
        " were looked at"
    )
    if found.copied_seals_count:
        zh += f"，与副本的 {found.copied_seals_count} 个封印比对"
        en += f", and {found.copied_seals_count} seals of the copy"
    if found.unsealed_count:
        zh += f"；尚未封存 {found.unsealed_count} 个记账号"
        en += f"; {found.unsealed_count} numbers are not sealed yet"
    bent = len(found.discrepancies)
    return Text(
        f"{zh}: {'全部相符' if found.holds else f'{bent} 处不符'}",
        f"{en}: {'everything holds' if found.holds else f'{bent} things do not hold'}",
    )
