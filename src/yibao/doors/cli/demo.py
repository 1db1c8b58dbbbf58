"""``yibao demo``: published bills, expected against computed; a city's year; its books."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from yibao.base.texts import Language, Text
from yibao.doors.cli.entry import language_option
from yibao.doors.cli.running import ENGINE_HELP

if TYPE_CHECKING:
    from yibao.offices.actuary.published import Compared, Example

_EXPLAINED = "A01"
_WHOLE = Text("合计", "all layers")
_FIGURES = {
    "benefit": Text("支付", "paid"),
    "deductible": Text("起付线", "deductible"),
    "left": Text("个人负担", "left to the member"),
}


@click.command()
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("out"),
    show_default=True,
    help="Folder for the pictures.",
)
@click.option(
    "--members", default=50_000, show_default=True, help="Size of the synthetic cities; 0: none."
)
@click.option("--engine", default="kernel", show_default=True, help=ENGINE_HELP)
@click.option(
    "--books/--no-books", default=True, show_default=True,
    help="Keep the city's books in a database that goes when the demo ends.",
)  # fmt: skip
@language_option
def demo(out: Path, members: int, engine: str, books: bool, language: Language) -> None:
    """Settle published bills and a small city's year, explain, ask what reforms would do, book it.

    First the published bills: expected against computed, one explained in full, pictures. Then a
    synthetic city: its year settled, its figures beside the published ones, two what-ifs. Last the
    books: the year posted, closed, stated, sealed and verified, on a PostgreSQL of its own.

    Exit code 1 if a published figure is not equal to the fen.
    """
    from yibao.doors.cli.statements import console_for_people, print_statement
    from yibao.offices.actuary.published import settle_published

    examples = list(settle_published())
    console = console_for_people()
    _print_table(examples, language)
    shown = next((one for one in examples if one.name == _EXPLAINED), examples[0])
    console.print()
    print_statement(console, shown.quoted.explained(shown.quoted.entries[-1]), language=language)
    console.print()
    _draw(examples, out, language)
    wrong = sum(not figure.is_equal for one in examples for figure in one.figures)
    count = sum(len(one.figures) for one in examples)
    told = Text(
        f"{len(examples)} 个公开算例，{count} 个数字，{count - wrong} 个一致到分",
        f"{len(examples)} published examples, {count} figures, {count - wrong} equal to the fen",
    )
    click.echo(told.in_language(language))
    if wrong:
        raise SystemExit(1)
    if members:
        from yibao.doors.cli.demo_city import run_city

        run_city(out, members=members, engine=engine, language=language)
    if members and books:
        from yibao.doors.cli.demo_books import run_books

        run_books(out, language=language)


def _print_table(examples: list[Example], language: Language) -> None:
    from rich.table import Table

    from yibao.doors.cli.statements import console_for_people

    headings = (
        (Text("算例", "Example"), "left"),
        (Text("结算单", "Claim"), "left"),
        (Text("项目", "Figure"), "left"),
        (Text("公布", "Expected"), "right"),
        (Text("计算", "Computed"), "right"),
        (Text("一致", "Equal"), "left"),
    )
    table = Table(box=None, pad_edge=False)
    for heading, justify in headings:
        table.add_column(heading.in_language(language), justify=justify)  # type: ignore[arg-type]
    for one in examples:
        table.add_row(f"[bold]{one.name}[/bold]", "", _title(one, language), end_section=False)
        for figure in one.figures:
            table.add_row("", *_row(figure, language))
    console_for_people().print(table)


def _title(example: Example, language: Language) -> str:
    title = example.quoted.history.title.in_language(language)
    note = example.expectation.note
    if note is None:
        return title
    return f"{title} — {note.zh if language == 'zh' else note.en}"


def _row(figure: Compared, language: Language) -> tuple[str, ...]:
    from yibao.base.money import format_yuan

    of = figure.layer or _WHOLE
    what = f"{of.in_language(language)}: {_FIGURES[figure.figure].in_language(language)}"
    equal = Text("是", "yes") if figure.is_equal else Text("否 ✗", "NO")
    return (
        figure.claim_id,
        what,
        format_yuan(figure.expected, grouped=True),
        format_yuan(figure.computed, grouped=True),
        equal.in_language(language),
    )


def _draw(examples: list[Example], out: Path, language: Language) -> None:
    from yibao.doors.cli.pictures import make_folder, write_picture

    make_folder(out)
    for one in examples:
        explained = one.quoted.explained(one.quoted.entries[-1])
        for form in ("svg", "png"):
            place = out / f"{one.name}.{form}"
            write_picture(place, explained, form=form, language=language)
    told = Text(
        f"图（SVG 与 PNG）在 {out.resolve()}", f"The pictures (SVG and PNG) are in {out.resolve()}"
    )
    click.echo(told.in_language(language))
