"""`yibao group`: a file of cases through a grouping scheme, or single cases explained."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from yibao.base.texts import Language, Text
from yibao.doors.cli.entry import language_option
from yibao.doors.cli.group_report import report
from yibao.doors.cli.running import interruptible, progress_bars, teller

if TYPE_CHECKING:
    from yibao.offices.actuary.grouping.running import GroupingSummary

NOT_ALL_VALID = 1
"""Exit code when cases were invalid: done, but what was checked does not hold."""

_FILE = click.Path(path_type=Path)
_EXAMPLES = """\b
Examples:
  yibao group cases.csv --scheme examples/grouping/base --out groups.csv
  yibao group cases.parquet --scheme my-city/ --out groups.parquet --json
  yibao group explain S000017 --cases cases.csv --scheme my-city/
  yibao group explain 'gender=2;age=30;zdList=A00.000|B01.100;ssList=' --scheme my-city/
"""

scheme_option = click.option(
    "--scheme", type=_FILE, required=True, metavar="DIR",
    help="The folder of a grouping scheme (docs/grouping-scheme.md), or five bare tables.",
)  # fmt: skip
json_option = click.option("--json", "as_json", is_flag=True, help="Print data, not prose.")


class _RunOrSay(click.Group):
    """A group whose words are a run of its own unless they name a command."""

    def parse_args(self, context: click.Context, args: list[str]) -> list[str]:
        """Put `run` before words that name no command."""
        if args and args[0] not in (*self.commands, "--help"):
            args = ["run", *args]
        return super().parse_args(context, args)


@click.group(cls=_RunOrSay, epilog=_EXAMPLES)
def group() -> None:
    """Group cases by a scheme (DRG): yibao group CASES --scheme DIR --out FILE.

    CASES is a .csv or .parquet file with the columns of docs/grouping.md. Without a command's name
    the words are those of `run`.
    """


@group.command(epilog=_EXAMPLES)
@click.argument("cases", type=_FILE)
@scheme_option
@click.option("--out", type=_FILE, required=True, help="A .csv or .parquet file, one row a case.")
@json_option
@language_option
def run(cases: Path, scheme: Path, out: Path, as_json: bool, language: Language) -> None:
    """Group a file of cases.

    OUT has one row a case, in order: Index, status, mdc, adrg, drg, reason, complication, findings.
    Invalid cases stand in OUT.rejects.csv too, each with every reason and what to do.

    Exit code 0: all cases are valid; 1: some are not; 3: the file or the scheme cannot be used.
    """
    from yibao.offices.actuary.grouping.running import group_file
    from yibao.offices.actuary.grouping.schemes import open_scheme
    from yibao.storage.files.compiled import COMPILING_GROUPER, compilation_told
    from yibao.storage.files.grouping_cases import open_cases

    telling = compilation_told(COMPILING_GROUPER, tell=teller(language))
    with interruptible(), telling, progress_bars(language) as bars:
        compiled = open_scheme(scheme)
        filed = open_cases(cases)
        bar = bars.of(Text("分组", "grouping"))
        summary = group_file(compiled, filed, out=out, progress=bar)
    if as_json:
        click.echo(json.dumps(_as_data(summary, out), ensure_ascii=False))
    else:
        _show(summary, out, language)
    if summary.by_status["invalid"]:
        _tell_rejects(summary, cases, language)
        raise SystemExit(NOT_ALL_VALID)


@group.command(epilog=_EXAMPLES)
@click.argument("case", nargs=-1, required=True)
@scheme_option
@click.option("--cases", type=_FILE, help="The file that has cases of these indexes.")
@json_option
@language_option
def explain(
    case: tuple[str, ...], scheme: Path, cases: Path | None, as_json: bool, language: Language
) -> None:
    """Explain why cases are in their group, and which single change would move them.

    CASE is an Index in the file of --cases; without it a case as name=value pairs.
    """
    from yibao.engines.grouping.telling import explanation_data, explanation_lines
    from yibao.offices.actuary.grouping.explaining import explain_filed, explain_written
    from yibao.offices.actuary.grouping.schemes import open_scheme
    from yibao.storage.files.compiled import COMPILING_GROUPER, compilation_told

    with compilation_told(COMPILING_GROUPER, tell=teller(language)):
        compiled = open_scheme(scheme)
        found = (
            explain_filed(compiled, cases, indexes=case)
            if cases
            else explain_written(compiled, case)
        )
    for one in found:
        if as_json:
            data = explanation_data(one.explanation, one.moves)
            click.echo(json.dumps(data, ensure_ascii=False))
        else:
            click.echo("\n".join(explanation_lines(one.explanation, one.moves, language=language)))


def _as_data(summary: GroupingSummary, out: Path) -> dict[str, object]:
    return {
        "cases": summary.cases_count,
        **summary.by_status,
        "reasons": summary.by_reason,
        "mdcs": summary.by_mdc,
        "drgs": summary.by_drg,
        "findings": summary.by_finding,
        "invalid_reasons": summary.by_invalid_reason,
        "repeated_indexes": summary.repeated_count,
        "seconds": round(summary.seconds, 3),
        "out": str(out),
        "rejects_out": str(summary.rejects),
    }


_HEADS = {
    "status": Text("状态", "status"),
    "reason": Text("未入组原因", "why ungrouped"),
    "mdc": Text("主要诊断大类", "major category"),
    "finding": Text("疑点", "finding"),
    "count": Text("病例数", "cases"),
}
_STATUSES = {
    "grouped": Text("入组", "grouped"),
    "qy": Text("歧义病例", "ambiguous (QY)"),
    "ungrouped": Text("未入组", "ungrouped"),
    "invalid": Text("无效", "invalid"),
}


def _show(summary: GroupingSummary, out: Path, language: Language) -> None:
    from yibao.doors.cli.policy_telling import plain_console
    from yibao.engines.grouping.case import finding_told

    console = plain_console()
    told = Text(
        f"读取 {summary.cases_count} 份病例，用时 {summary.seconds:.1f} 秒",
        f"{summary.cases_count} cases read in {summary.seconds:.1f} s",
    )
    console.print(told.in_language(language))
    statuses = {
        _STATUSES[name].in_language(language): count for name, count in summary.by_status.items()
    }
    findings = {
        f"{finding_told(name).in_language(language)} [{name}]": count
        for name, count in summary.by_finding.items()
    }
    for head, table in (
        ("status", statuses),
        ("reason", summary.by_reason),
        ("mdc", dict(sorted(summary.by_mdc.items()))),
        ("finding", findings),
    ):
        if table:
            _show_counts(head, table, language)
    if summary.repeated_count:
        told = Text(
            f"{summary.repeated_count} 份病例的 Index 与前面的重复",
            f"{summary.repeated_count} cases have an Index that another had before",
        )
        console.print(told.in_language(language))
    console.print(str(out), soft_wrap=True)


def _show_counts(head: str, table: dict[str, int], language: Language) -> None:
    from rich.table import Table
    from rich.text import Text as Styled

    from yibao.doors.cli.policy_telling import plain_console

    shown = Table(_HEADS[head].in_language(language))
    shown.add_column(_HEADS["count"].in_language(language), justify="right")
    for name, count in table.items():
        shown.add_row(Styled(name), f"{count:,}")
    plain_console().print(shown)


def _tell_rejects(summary: GroupingSummary, cases: Path, language: Language) -> None:
    from yibao.engines.grouping.case import REMEDY, invalid_told

    arrow = Text("处理", "What to do").in_language(language)
    for row, index, reason in summary.first_rejects:
        told = invalid_told(reason).in_language(language)
        click.echo(f"{cases.name}:{row} {index} [{reason}] {told}", err=True)
        click.echo(f"    {arrow}: {REMEDY.in_language(language)}", err=True)
    count = summary.by_status["invalid"]
    told_all = Text(
        f"{count} 份病例无效，原因见 {summary.rejects}",
        f"{count} cases are invalid; {summary.rejects} says why",
    )
    click.echo(told_all.in_language(language), err=True)


group.add_command(report)
