"""``yibao what-if``: one file of claims under two laws, who gains, and what it costs the funds."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from yibao.base.texts import Language, Text
from yibao.doors.cli.entry import language_option
from yibao.doors.cli.pictures import make_folder, picture_form, write_content
from yibao.doors.cli.running import (
    ENGINE_HELP,
    RUNNER_HELP,
    interruptible,
    progress_bars,
    teller,
)

if TYPE_CHECKING:
    from yibao.offices.actuary.whatif.runs import Asked, Sample, Side
    from yibao.offices.actuary.whatif.shapes import Comparison

NOT_ALL_COMPARED = 1
"""Exit code when claims were left out: done, but not on all of the file."""

_FILE = click.Path(path_type=Path)


@click.command("what-if")
@click.argument("reform")
@click.argument("claims", type=_FILE)
@click.option("--policy", required=True, metavar="AREA", help="An area code or a policy folder.")
@click.option("--base-reform", default="law", help="Put a reform under the base as well.")
@click.option("--engine", default="kernel", show_default=True, help=ENGINE_HELP)
@click.option("--runner", default="local", show_default=True, help=RUNNER_HELP)
@click.option("--lines", type=_FILE, help="The file of lines, where CLAIMS is a file.")
@click.option("--catalogue", type=_FILE, help="A catalogue in place of the area's own.")
@click.option("--with-examples", is_flag=True, help="Switch example values on, on both sides.")
@click.option("--json", "as_json", is_flag=True, help="Print one line of JSON, not tables.")
@click.option(
    "--brief", is_flag=True,
    help="Print totals, funds and layers; no groups of members, open questions by name.",
)  # fmt: skip
@click.option("--picture", type=_FILE, help="Also draw a page: a file ending in .svg or .png.")
@click.option("--out", type=_FILE, metavar="FOLDER", help="Also write the tables there, as CSV.")
@language_option
def what_if(
    reform: str, claims: Path, policy: str, base_reform: str, engine: str, runner: str,
    lines: Path | None, catalogue: Path | None, with_examples: bool, as_json: bool, brief: bool,
    picture: Path | None, out: Path | None, language: Language,
) -> None:  # fmt: skip
    """Ask what a reform would do.

    CLAIMS (a file, a folder with claims and lines, or a synthetic city) is settled under the law
    as it stands and under REFORM, which the area names, and the answers are compared: by fund, by
    group of members, by burden, winners and losers. `a+b` is two reforms together; `law` is none,
    so `what-if law CLAIMS --base-reform a` asks what abolishing `a` does. See docs/what-if.md.

    Exit code 0: every claim compared; 1: some were rejected; 3: a file cannot be used.
    """
    form = picture_form(picture) if picture is not None else None
    from yibao.offices.actuary.whatif.runs import Asked, reforms_named, sample_of

    asked = Asked(
        policy, reforms_named(reform), reforms_named(base_reform), with_examples, catalogue
    )
    comparison = _compare(asked, sample_of(claims, lines), by=(engine, runner), language=language)
    if out is not None:
        from yibao.offices.actuary.whatif.output import write_tables

        make_folder(out)
        write_tables(comparison, out)
    if picture is not None and form is not None:
        from yibao.offices.actuary.whatif.page import what_if_picture

        write_content(picture, what_if_picture(comparison, form, language=language))
    if not as_json:
        from yibao.doors.cli.what_if_tables import print_comparison

        print_comparison(comparison, language, policy=policy, is_brief=brief)
    _tell(comparison, as_json=as_json, places=(out, picture), language=language)
    if comparison.counts.compared != comparison.counts.read:
        raise SystemExit(NOT_ALL_COMPARED)


def _compare(
    asked: Asked, sample: Sample, *, by: tuple[str, str], language: Language
) -> Comparison:
    from yibao.offices.actuary.settling import Way
    from yibao.offices.actuary.whatif.compare import what_if as compare

    with interruptible(), progress_bars(language) as bars:
        tellers = {"base": bars.of(Text("基准结算", "settling, base"))}

        def tell(side: Side, done: int, total: int) -> None:
            if side not in tellers:
                tellers[side] = bars.of(Text("改革结算", "settling, reform"))
            tellers[side](done, total)

        return compare(asked, sample, engine=Way(*by, teller(language)), progress=tell)


def _tell(
    comparison: Comparison,
    *,
    as_json: bool,
    places: tuple[Path | None, ...],
    language: Language,
) -> None:
    if as_json:
        from yibao.offices.actuary.whatif.output import as_data

        click.echo(json.dumps(as_data(comparison), ensure_ascii=False))
        return
    for place in places:
        if place is not None:
            told = Text(f"已写入 {place}", f"written: {place}")
            click.echo(told.in_language(language))
