"""Statements on the terminal: what an explanation says, laid out for people."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text as Styled

from yibao.base.money import format_yuan
from yibao.base.texts import Language, Text
from yibao.engines.benefits.explain.shapes import Explanation
from yibao.engines.benefits.explain.text import line_table, statement
from yibao.engines.benefits.history import Entry, Replayed

WIDTH_WHEN_PIPED = 120
_STATUS = {
    "live": Text("有效", "live"),
    "stale": Text("待重结", "stale"),
    "reversed": Text("已冲正", "reversed"),
    "presettled": Text("预结算", "pre-settled"),
}
_STYLES = {"section": "bold", "total": "bold"}


def console_for_people() -> Console:
    """A console that is wide enough to read when the output goes to a file."""
    console = Console(highlight=False)
    return console if console.is_terminal else Console(highlight=False, width=WIDTH_WHEN_PIPED)


def print_statement(console: Console, explained: Explanation, *, language: Language) -> None:
    """The statement of one row, and its lines where the bill had several."""
    told = statement(explained, language)
    console.print(Styled(told.title, "bold"))
    console.print(Styled(told.subtitle, "dim"))
    for row in told.rows:
        if row.kind == "section":
            console.print()
        if row.kind == "prose":
            console.print(Styled("  " * row.depth + row.label))
            continue
        grid = Table.grid(expand=True, padding=(0, 1))
        grid.add_column(ratio=1)
        grid.add_column(justify="right", no_wrap=True)
        grid.add_column(justify="left", width=14, no_wrap=False)
        style = _STYLES.get(row.kind, "")
        label = Styled("  " * row.depth + row.label, style)
        grid.add_row(label, Styled(row.amount, style), Styled(row.references, "dim"))
        console.print(grid)
    if explained.lines:
        console.print()
        console.print(_lines(explained, language))


def _lines(explained: Explanation, language: Language) -> Table:
    shown = line_table(explained, language)
    table = Table(box=None, pad_edge=False)
    for index, heading in enumerate(shown.header):
        table.add_column(heading, justify="right" if index else "left")
    for row in shown.rows:
        table.add_row(*row)
    return table


def print_history(console: Console, replayed: Replayed, *, language: Language) -> None:
    """The rows of a history in order of entry, then what each resettlement changed."""
    headings = (
        Text("事件", "Event"),
        Text("结算单", "Claim"),
        Text("适用日期", "Law of"),
        Text("总费用", "Charged"),
        Text("基金支付", "Funds pay"),
        Text("个人负担", "Left"),
        Text("状态", "Status"),
    )
    table = Table(box=None, pad_edge=False)
    for index, heading in enumerate(headings):
        justify = "right" if index in (0, 3, 4, 5) else "left"
        table.add_column(heading.in_language(language), justify=justify)  # type: ignore[arg-type]
    for entry in replayed.entries:
        table.add_row(*_history_row(entry, language))
    console.print(table)
    for one in replayed.resettlements:
        moved = [change for change in one.differences if change.benefit_amount]
        told = Text(
            f"{one.benefit_year} 年度重新结算，{len(one.differences)} 笔中 {len(moved)} 笔有变化",
            f"Benefit year {one.benefit_year} resettled:"
            f" {len(moved)} of {len(one.differences)} rows changed",
        )
        console.print(Styled(told.in_language(language)))
        for change in moved:
            console.print(f"    {change.claim_id}  {_signed(change.benefit_amount)}")


def _history_row(entry: Entry, language: Language) -> Sequence[str]:
    answer = entry.determination
    claim = entry.claim_id if entry.revision == 1 else f"{entry.claim_id} ({entry.revision})"
    return (
        str(entry.event),
        claim,
        answer.chosen_on.isoformat(),
        format_yuan(answer.submitted_amount, grouped=True),
        format_yuan(answer.benefit_amount, grouped=True),
        format_yuan(answer.out_of_pocket_amount, grouped=True),
        _STATUS[entry.status].in_language(language),
    )


def _signed(amount: int) -> str:
    return f"{'+' if amount > 0 else ''}{format_yuan(amount, grouped=True)}"
