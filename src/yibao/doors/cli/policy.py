"""`yibao policy`, for the policy officer: check an area's law, show, compare, date and cite it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

import click
from rich.table import Table

from yibao.base.findings import FaultsFound
from yibao.base.texts import Language
from yibao.doors.cli.entry import language_option
from yibao.doors.cli.policy_diff import difference_data, print_differences
from yibao.doors.cli.policy_telling import lines_told, plain_console, rule_name, span_told
from yibao.doors.cli.policy_words import HEADS
from yibao.engines.policy.area import AreaPolicy
from yibao.engines.policy.law import PlanVersion
from yibao.engines.policy.outline import Entry, outline
from yibao.offices.actuary import review
from yibao.offices.actuary.comparing import compare
from yibao.storage.files.policies import areas_in
from yibao.storage.files.shipped import policies_root

examples_option = click.option(
    "--with-examples", is_flag=True, help="Switch the overlays of example values on."
)
json_option = click.option("--json", "as_json", is_flag=True, help="Print data, not prose.")


_DIFF_EXAMPLES = """\b
Examples:
  yibao policy diff 370200 370200+outpatient_limit_2023
  yibao policy diff 370200/employee_inpatient@2024-12-31 \\
                    370200/employee_inpatient@2025-01-01
"""


@click.group()
def policy() -> None:
    """Check, show and compare an area's policy.

    AREA is a code of a shipped area (370200) or a folder of policy files.
    """


def _opened(area: str, *, with_examples: bool, reforms: Sequence[str] = ()) -> AreaPolicy:
    reference = review.Reference(area, None, None, tuple(reforms))
    return review.open_reference(reference, with_examples=with_examples)


@policy.command()
@click.argument("areas", nargs=-1)
@examples_option
@click.option("--reform", "reforms", multiple=True, help="Also check with this reform.")
@json_option
@language_option
def check(
    areas: tuple[str, ...],
    with_examples: bool,
    reforms: tuple[str, ...],
    as_json: bool,
    language: Language,
) -> None:
    """Prove that every day of every product has exactly one rule.

    Without AREAS: all shipped ones, with and without example values and with each reform.
    Faults are told with file, line and what to do; exit code 3.
    """
    wanted = areas or tuple(areas_in(policies_root()))
    faults: list[Any] = []
    for area in wanted:
        try:
            found = _opened(area, with_examples=with_examples, reforms=reforms)
            if not areas:
                for reform in [o.name for o in found.overlays if o.kind == "reform"]:
                    _opened(area, with_examples=True, reforms=[reform])
                _opened(area, with_examples=True)
        except FaultsFound as error:
            faults += [fault for fault in error.faults if fault not in faults]
            continue
        if as_json:
            click.echo(json.dumps(_report_data(found), ensure_ascii=False))
        else:
            _print_report(found, language)
    if faults:
        raise FaultsFound(faults)


def _report_data(policy_: AreaPolicy) -> dict[str, Any]:
    return {
        "area": policy_.code,
        "plans": [
            {
                "plan_id": entry.plan_id,
                "from": str(entry.span.start),
                "until": str(entry.span.until) if entry.span.until else None,
                "policy_hash": entry.policy_hash,
                "values": entry.values_count,
                "examples": entry.examples_count,
                "open": list(entry.open_ids),
                "monotone": entry.monotone.is_monotone if entry.monotone else None,
            }
            for entry in review.report(policy_)
        ],
        "overlays": {overlay.name: overlay.is_on for overlay in policy_.overlays},
    }


def _monotone_told(entry: review.PlanReport, words: dict[str, str]) -> str:
    answer = entry.monotone
    if answer is None or answer.is_monotone:
        return "" if answer is None else words["yes"]
    pair = " → ".join(answer.pair_of_layers or ())
    return f"{words['no']} ({pair})" if pair else words["no"]


def _print_report(policy_: AreaPolicy, language: Language) -> None:
    words = HEADS[language]
    console = plain_console()
    table = Table(
        title=f"{policy_.code} {policy_.label.in_language(language)}", title_justify="left"
    )
    for head in words["report"].split("|"):
        is_figure = head in words["right"].split("|")
        table.add_column(head, justify="right" if is_figure else "left", no_wrap=is_figure)
    for entry in review.report(policy_):
        glued = _monotone_told(entry, words)
        table.add_row(
            f"{entry.label.in_language(language)} [dim]{entry.plan_id.partition('/')[2]}[/dim]",
            span_told(entry.span),
            str(entry.layers_count),
            str(entry.values_count),
            str(entry.examples_count or ""),
            str(len(entry.open_ids) or ""),
            glued,
        )
    console.print(table)
    for question, plans in review.question_uses(policy_).items():
        if plans:
            names = ", ".join(plan.partition("/")[2] for plan in plans)
            console.print(f"  OPEN({question}): {names}")
    on = [o.label.in_language(language) for o in policy_.overlays if o.is_on]
    if on:
        console.print(words["overlays"] + "、".join(on))
    for product in policy_.products:
        until = product.span.until or policy_.verified_until
        console.print(f"  ✓ {product.name}: {product.span.start} … {until or ''}")
    console.print(words["clean"].format(area=policy_.code))


@policy.command()
@click.argument("reference")
@examples_option
@click.option(
    "--sources/--no-sources",
    default=True,
    show_default=True,
    help="Show where each value comes from.",
)
@language_option
def show(reference: str, with_examples: bool, sources: bool, language: Language) -> None:
    """Show plans as people read them. REFERENCE: AREA[/PLAN][@DATE][+REFORM]."""
    wanted = review.Reference.parse(reference)
    policy_ = review.open_reference(wanted, with_examples=with_examples)
    console = plain_console()
    for version in review.versions_of(policy_, wanted):
        console.print(_version_table(version, policy_, sources=sources, language=language))


def _version_table(
    version: PlanVersion, policy_: AreaPolicy, *, sources: bool, language: Language
) -> Table:
    words = HEADS[language]
    place = f"{version.plan_id} {span_told(version.span)} {version.policy_hash[:12]}"
    title = f"{version.label.in_language(language)} [dim]{place}[/dim]"
    table = Table(title=title, title_justify="left", show_lines=False)
    table.add_column(words["rule"], overflow="fold")
    table.add_column(words["says"], overflow="fold")
    if sources:
        table.add_column(words["source"], overflow="fold")
    layers = {layer.name: layer for layer in version.layers}
    section = ""
    for entry in outline(version, policy_.facts):
        if entry.path[0] != section:
            section = entry.path[0]
            table.add_section()
            if section in layers:
                table.add_row(
                    f"[bold]{layers[section].label.in_language(language)}[/bold]"
                    f" [dim]{section}[/dim]"
                )
        path = entry.path[1:] if section in layers else entry.path
        rule = rule_name(path, language)
        row = [f"  {rule}", lines_told(entry, language)]
        table.add_row(*row, *([_cited(entry)] if sources else []))
    return table


def _cited(entry: Entry) -> str:
    marks = dict.fromkeys(
        f"{', '.join(p.source_ids) or p.note} [dim]{p.confidence}[/dim]"
        + (f" [yellow]OPEN({', '.join(p.open_ids)})[/yellow]" if p.open_ids else "")
        for p in entry.provenances
    )
    return "\n".join(marks)


@policy.command(epilog=_DIFF_EXAMPLES)
@click.argument("left")
@click.argument("right")
@examples_option
@json_option
@language_option
def diff(left: str, right: str, with_examples: bool, as_json: bool, language: Language) -> None:
    """Compare two plans, dates, areas or a reform. LEFT, RIGHT: AREA[/PLAN][@DATE][+REFORM]."""
    of = (review.Reference.parse(left), review.Reference.parse(right))
    policies = [review.open_reference(each, with_examples=with_examples) for each in of]
    found = compare(policies[0], policies[1], of=of)
    if as_json:
        click.echo(json.dumps([difference_data(each) for each in found], ensure_ascii=False))
        return
    print_differences(found, policies=(policies[0], policies[1]), language=language)


@policy.command(short_help="List the days on which the law changes.")
@click.argument("area")
@click.option("--from", "start", type=click.DateTime(["%Y-%m-%d"]), help="Only from this day.")
@click.option("--until", type=click.DateTime(["%Y-%m-%d"]), help="Only before this day.")
@examples_option
@json_option
@language_option
def calendar(
    area: str,
    start: datetime | None,
    until: datetime | None,
    with_examples: bool,
    as_json: bool,
    language: Language,
) -> None:
    """List every day on which an area's law begins, changes or ends, and what changes."""
    policy_ = _opened(area, with_examples=with_examples)
    first = start.date() if start else date.min
    last = until.date() if until else date.max
    turns = [turn for turn in review.calendar(policy_) if first <= turn.day < last]
    if as_json:
        rows = [
            {
                "day": str(t.day),
                "plan_id": t.plan_id,
                "kind": t.kind,
                "rules": [e[0] for e in t.entries],
            }
            for t in turns
        ]
        click.echo(json.dumps(rows, ensure_ascii=False))
        return
    words = HEADS[language]
    table = Table(
        title=f"{policy_.code} {policy_.label.in_language(language)}", title_justify="left"
    )
    for head in (words["day"], words["plan"], words["change"]):
        table.add_column(head, overflow="fold")
    for turn in turns:
        lines = _turn_lines(turn, language)
        head = words[turn.kind]
        table.add_row(
            str(turn.day),
            turn.label.in_language(language),
            "\n".join([f"[bold]{head}[/bold]", *lines]),
        )
    console = plain_console()
    console.print(table)
    for stretch in review.example_stretches(policy_):
        console.print(
            words["stretch"].format(
                plan=stretch.product, span=span_told(stretch.span), count=stretch.examples_count
            )
        )


def _turn_lines(turn: review.Turn, language: Language) -> list[str]:
    """What changes on a day; a layer that comes or goes is told in one line."""
    words = HEADS[language]
    lines = [
        f"{words['layer']} {layer.in_language(language)}: {words[kind]}"
        for layer, kind in turn.layers
    ]
    for name, old, new in turn.entries:
        told = f"{lines_told(old, language)} → {lines_told(new, language)}".replace("\n", "; ")
        lines.append(f"{rule_name(name.split('/'), language)}: {told}")
    return lines or ([words["marks_only"]] if turn.kind == "changes" else [])


@policy.command(short_help="List sources and open questions.")
@click.argument("area")
@click.option("--unused", is_flag=True, help="Only sources that no rule rests on.")
@examples_option
@json_option
@language_option
def sources(
    area: str, unused: bool, with_examples: bool, as_json: bool, language: Language
) -> None:
    """List sources with the rules that rest on them, and the open questions of law."""
    policy_ = _opened(area, with_examples=with_examples)
    uses = [use for use in review.source_uses(policy_) if not (unused and use.places)]
    if as_json:
        rows = [
            {
                "source": use.source.source_id,
                "title": use.source.title,
                "rules": [list(p) for p in use.places],
            }
            for use in uses
        ]
        click.echo(json.dumps(rows, ensure_ascii=False))
        return
    words = HEADS[language]
    console = plain_console()
    table = Table(title=words["sources"], title_justify="left", show_lines=True)
    for head in (words["source"], words["title"], words["used_by"]):
        table.add_column(head, overflow="fold")
    for use in uses:
        source = use.source
        title = "\n".join(filter(None, [source.title, source.publisher, source.number, source.url]))
        table.add_row(
            source.source_id, title, "\n".join(f"{plan} {path}" for plan, path in use.places)
        )
    console.print(table)
    if not unused:
        questions = Table(title=words["questions"], title_justify="left", show_lines=True)
        for head in (words["question"], words["reading"], words["used_by"]):
            questions.add_column(head, overflow="fold")
        for name, plans in review.question_uses(policy_).items():
            text = policy_.questions[name]
            asked = f"{name}\n{text.question.in_language(language)}"
            reading = text.reading.in_language(language)
            questions.add_row(asked, reading, "\n".join(plans))
        console.print(questions)


@policy.command(short_help="Print the JSON Schema of policy files.")
def schema() -> None:
    """Print the JSON Schema of policy files, for editors (docs/schema/policy.schema.json)."""
    from yibao.engines.policy.schema import policy_schema_text

    click.echo(policy_schema_text(), nl=False)
