"""`yibao policy diff` as people and programs read it.

Two days of a plan, or a plan and its reform: one row for each rule that differs. Two cities: a
column for each, a section for each layer, and at the end what only one of them has.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rich.console import Console
from rich.table import Table

from yibao.base.texts import Language
from yibao.doors.cli.policy_telling import (
    lines_told,
    plain_console,
    rule_name,
    span_told,
    texts_told,
)
from yibao.doors.cli.policy_words import HEADS
from yibao.engines.policy.area import AreaPolicy
from yibao.engines.policy.law import EntitlementVersion
from yibao.offices.actuary.comparing import Difference
from yibao.offices.actuary.review import Version, id_of


def difference_data(each: Difference) -> dict[str, Any]:
    """A difference as data, rule by rule."""
    return {
        "kind": _kind(each),
        "left": id_of(each.left) if each.left else None,
        "right": id_of(each.right) if each.right else None,
        "left_days": span_told(each.left.span) if each.left else None,
        "right_days": span_told(each.right.span) if each.right else None,
        "changes": [
            {
                "rule": name,
                "left": [line.en for line in old.lines] if old else None,
                "right": [line.en for line in new.lines] if new else None,
            }
            for name, old, new in each.entries
        ],
    }


def _kind(each: Difference) -> str:
    one = each.left or each.right
    return "entitlement" if isinstance(one, EntitlementVersion) else "plan"


def print_differences(
    found: Sequence[Difference],
    *,
    policies: tuple[AreaPolicy, AreaPolicy],
    language: Language,
) -> None:
    """Print pairs first, then the plans and entitlements that only one side has."""
    words, console = HEADS[language], plain_console()
    names = [policy.label.in_language(language) for policy in policies]
    for each in found:
        if each.left is None or each.right is None:
            continue
        if each.is_between_areas:
            _print_areas(each, names, console, language)
        else:
            _print_versions(each, console, language)
    for position, word in enumerate(("only_left", "only_right")):
        pairs = [(each.left, each.right) for each in found if None in (each.left, each.right)]
        only = [pair[position] for pair in pairs if pair[position] is not None]
        if only:
            is_one_area = policies[0].code == policies[1].code
            head = words[word] if is_one_area else words["only_in"].format(area=names[position])
            console.print(f"{head}: {_listed(only, language)}")


def _listed(versions: Sequence[Version | None], language: Language) -> str:
    return "; ".join(
        f"{version.label.in_language(language)}"
        f" [dim]{id_of(version)} {span_told(version.span)}[/dim]"
        for version in versions
        if version is not None
    )


def _print_versions(each: Difference, console: Console, language: Language) -> None:
    words = HEADS[language]
    title = "  →  ".join(
        f"{id_of(version)} {span_told(version.span)}"
        for version in (each.left, each.right)
        if version is not None
    )
    if not each.entries:
        console.print(f"{title}: {words['same']}")
        return
    table = Table(title=title, title_justify="left", show_lines=True)
    for head in (words["rule"], words["before"], words["after"]):
        table.add_column(head, overflow="fold")
    for name, old, new in each.entries:
        rule = rule_name(name.split("/"), language)
        table.add_row(rule, lines_told(old, language), lines_told(new, language))
    console.print(table)
    console.print(words["same_count"].format(count=each.same_count))


def _print_areas(
    each: Difference, names: Sequence[str], console: Console, language: Language
) -> None:
    words = HEADS[language]
    if each.left is None or each.right is None:
        return
    labels = dict.fromkeys(v.label.in_language(language) for v in (each.left, each.right))
    title = " / ".join(labels)
    if not each.aspects:
        console.print(f"{title}: {words['same']}")
        return
    table = Table(title=title, title_justify="left", show_lines=False)
    table.add_column(words["rule"], overflow="fold", ratio=1)
    for name, version in zip(names, (each.left, each.right), strict=True):
        head = f"{name}\n[dim]{id_of(version)} {span_told(version.span)}[/dim]"
        table.add_column(head, overflow="fold", ratio=2)
    section = None
    for aspect in each.aspects:
        sides = [texts_told(side, language) for side in (aspect.left, aspect.right)]
        if aspect.section != section:
            section = aspect.section
            table.add_section()
            table.add_row(f"[bold]{section.in_language(language)}[/bold]")
        table.add_row(f"  {rule_name(aspect.name, language)}", *sides)
    console.print(table)
    console.print(words["same_count"].format(count=each.same_count))
