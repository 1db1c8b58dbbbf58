"""``yibao quote``: one bill, or a member's year, settled and explained."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from yibao.base.texts import Language, Text
from yibao.doors.cli.entry import language_option
from yibao.doors.cli.pictures import picture_form, write_picture

if TYPE_CHECKING:
    from yibao.engines.benefits.history import Entry
    from yibao.offices.actuary.quoting import Quote

_EXAMPLES = """\b
Examples:
  yibao quote bill.yaml
  yibao quote bill.yaml --policy 370200 --language zh --picture bill.svg
  yibao quote year.yaml --event 3
  yibao quote bill.yaml --json > stored.json
"""


@click.command(epilog=_EXAMPLES)
@click.argument("bill", type=click.Path(path_type=Path, readable=False))
@click.option("--policy", default="", help="Area code or policy folder; default: the bill's.")
@click.option("--with-examples", is_flag=True, help="Switch the overlays of example values on.")
@click.option("--reform", "reforms", multiple=True, help="A reform, by name; may be repeated.")
@click.option("--event", type=click.IntRange(min=1), help="Explain this event, counted from 1.")
@click.option("--json", "as_json", is_flag=True, help="Print data; `yibao recompute` reads it.")
@click.option(
    "--picture",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Also draw the waterfall: a file ending in .svg or .png.",
)
@language_option
def quote(
    bill: Path,
    policy: str,
    with_examples: bool,
    reforms: tuple[str, ...],
    event: int | None,
    as_json: bool,
    picture: Path | None,
    language: Language,
) -> None:
    """Settle BILL under an area's policy and explain it.

    BILL is a YAML file (docs/bill-format.md): a member, what is known of them, and what happened.
    Of several events, the last that settled something is explained.
    """
    from yibao.offices.actuary.quoting import Terms, as_data
    from yibao.offices.actuary.quoting import quote as settle_bill

    form = picture_form(picture) if picture is not None else ""
    quoted = settle_bill(bill, Terms(policy, with_examples, reforms))
    asked = quoted.asked(event)
    if picture is not None:
        _draw(quoted, asked, picture, form=form, language=language)
    if as_json:
        data = as_data(quoted, None if event is None else asked)
        click.echo(json.dumps(data, ensure_ascii=False, indent=2))
        return
    _print(quoted, asked, language)
    if picture is not None:
        told = Text(f"图已写入 {picture}", f"the picture is in {picture}")
        click.echo(told.in_language(language))


def _print(quoted: Quote, asked: list[Entry], language: Language) -> None:
    from yibao.doors.cli.statements import console_for_people, print_history, print_statement

    console = console_for_people()
    if len(quoted.entries) > 1:
        print_history(console, quoted.replayed, language=language)
        console.print()
    for entry in asked:
        print_statement(console, quoted.explained(entry), language=language)
        console.print()


def _draw(quoted: Quote, asked: list[Entry], place: Path, *, form: str, language: Language) -> None:
    write_picture(place, quoted.explained(asked[-1]), form=form, language=language)
