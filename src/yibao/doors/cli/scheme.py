"""`yibao scheme`: grouping schemes checked, shown, compared, and taken into our format."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import click

from yibao.base.errors import YibaoError
from yibao.base.texts import Language, Text
from yibao.doors.cli.entry import language_option
from yibao.doors.cli.group import json_option

if TYPE_CHECKING:
    from yibao.engines.grouping.scheme import GroupingScheme, Rule
    from yibao.offices.actuary.grouping.schemes import Difference

_FOLDER = click.Path(path_type=Path)
_EXAMPLES = """\b
Examples:
  yibao scheme check examples/grouping/base
  yibao scheme show examples/grouping/base EB1
  yibao scheme diff examples/grouping/base examples/grouping/city
  yibao scheme import tables/ my-city/ --version 2023 --code-set "医保版 2.0" \\
      --valid-from 2023-01-01
"""


@click.group(epilog=_EXAMPLES)
def scheme() -> None:
    """Check, show, compare and import grouping schemes (docs/grouping-scheme.md)."""


@scheme.command(epilog=_EXAMPLES)
@click.argument("folder", type=_FOLDER)
@json_option
@language_option
def check(folder: Path, as_json: bool, language: Language) -> None:
    """Check a scheme: every name, list, condition and checksum.

    All faults are told with file, line and what to do; exit code 3. What is odd but may be meant
    is listed and is no fault.
    """
    from yibao.offices.actuary.grouping.schemes import review_scheme

    report = review_scheme(folder)
    counts = _counts(report.scheme)
    if as_json:
        data = {
            **_identity(report.scheme),
            **counts,
            "remarks": [
                {"where": str(where), "zh": text.zh, "en": text.en}
                for where, text in report.remarks
            ],
        }
        click.echo(json.dumps(data, ensure_ascii=False))
        return
    click.echo(_title(report.scheme, language))
    for name, count in counts.items():
        click.echo(f"    {_COUNTED[name].in_language(language)}: {count:,}")
    for where, text in report.remarks:
        click.echo(f"{where} {text.in_language(language)}")
    click.echo(Text("没有错误", "no faults").in_language(language))


@scheme.command(epilog=_EXAMPLES)
@click.argument("folder", type=_FOLDER)
@click.argument("keys", nargs=-1)
@json_option
@language_option
def show(folder: Path, keys: tuple[str, ...], as_json: bool, language: Language) -> None:
    """Show a scheme's MDCs in order, or the rules named by KEYS (an MDC, ADRG or DRG)."""
    from yibao.offices.actuary.grouping.schemes import review_scheme

    found = review_scheme(folder).scheme
    rules = _rules_named(found, keys)
    if as_json:
        click.echo(json.dumps([_rule_data(rule) for rule in rules], ensure_ascii=False))
        return
    click.echo(_title(found, language))
    for rule in rules:
        _print_rule(rule, language)


@scheme.command(epilog=_EXAMPLES)
@click.argument("before", type=_FOLDER)
@click.argument("after", type=_FOLDER)
@json_option
@language_option
def diff(before: Path, after: Path, as_json: bool, language: Language) -> None:
    """Compare two schemes row by row, by table and key.

    Exit code 0: they are the same; 1: they differ.
    """
    from yibao.offices.actuary.grouping.schemes import compare_schemes

    differences = compare_schemes(before, after)
    for one in differences:
        click.echo(_difference_json(one) if as_json else _difference_told(one))
    if not as_json:
        counted = Counter((one.table, one.change) for one in differences)
        for (table, change), count in counted.items():
            click.echo(f"{table}: {_CHANGES[change].in_language(language)} {count:,}")
        if not differences:
            click.echo(Text("两个方案相同", "the schemes are the same").in_language(language))
    if differences:
        raise SystemExit(1)


@scheme.command("import", epilog=_EXAMPLES)
@click.argument("source", type=_FOLDER)
@click.argument("target", type=_FOLDER)
@click.option("--name", "scheme_id", help="The scheme's identifier; the folder's name if not told.")
@click.option("--version", help="Which version of the scheme it is.")
@click.option("--code-set", help="The version of the code sets that its codes are of.")
@click.option("--valid-from", metavar="DATE", help="The first day on which it is in force.")
@click.option("--valid-until", metavar="DATE", help="The first day on which it is not.")
@click.option("--name-zh", help="Its name in Chinese.")
@click.option("--name-en", help="Its name in English.")
@language_option
def import_(
    source: Path, target: Path, scheme_id: str | None, version: str | None, code_set: str | None,
    valid_from: str | None, valid_until: str | None, name_zh: str | None, name_en: str | None,
    language: Language,
) -> None:  # fmt: skip
    """Write the scheme in SOURCE to TARGET in our format: five bare tables, or base and overlay.

    TARGET is a new folder. The scheme is checked before and after.
    """
    from yibao.offices.actuary.grouping.schemes import import_scheme

    texts = {
        "scheme": scheme_id, "version": version, "code_set": code_set, "valid_from": valid_from,
        "valid_until": valid_until, "name_zh": name_zh, "name_en": name_en,
    }  # fmt: skip
    written = import_scheme(source, target, texts={k: v for k, v in texts.items() if v})
    click.echo(_title(written, language))
    click.echo(str(target))


_COUNTED = {
    "mdcs": Text("主要诊断大类 (MDC)", "major categories (MDC)"),
    "adrgs": Text("基本组 (ADRG)", "basic groups (ADRG)"),
    "drgs": Text("细分组 (DRG)", "groups (DRG)"),
    "qy_slots": Text("启用的歧义病例槽", "slots for ambiguous cases that are on"),
    "diagnoses": Text("诊断代码", "diagnosis codes"),
    "mcc": Text("MCC 代码", "MCC codes"),
    "cc": Text("CC 代码", "CC codes"),
    "procedures": Text("手术操作代码", "procedure codes"),
    "operating_room": Text("手术室手术", "operating-room procedures"),
}
_CHANGES = {
    "add": Text("新增", "added"),
    "change": Text("修改", "changed"),
    "remove": Text("删除", "removed"),
}
_MARKS = {"add": "+", "change": "~", "remove": "-"}


def _counts(found: GroupingScheme) -> dict[str, int]:
    levels = Counter(code.level for code in found.diagnoses.values())
    kinds = Counter(rule.kind for rule in found.adrgs.values())
    return {
        "mdcs": len(found.mdcs),
        "adrgs": kinds["adrg"],
        "drgs": len(found.drgs),
        "qy_slots": kinds["qy"],
        "diagnoses": len(found.diagnoses),
        "mcc": levels[2],
        "cc": levels[1],
        "procedures": len(found.procedures),
        "operating_room": sum(one.is_operating_room for one in found.procedures.values()),
    }


def _identity(found: GroupingScheme) -> dict[str, object]:
    it = found.identity
    return {
        "scheme": it.scheme_id,
        "version": it.version,
        "code_set": it.code_set,
        "valid_from": str(it.valid_from) if it.valid_from else None,
        "valid_until": str(it.valid_until) if it.valid_until else None,
        "base": it.base or None,
        "checksum": it.checksum,
    }


def _title(found: GroupingScheme, language: Language) -> str:
    it = found.identity
    parts = (it.scheme_id, it.version, it.name.in_language(language), it.code_set)
    return " · ".join(dict.fromkeys(part for part in parts if part))


def _rules_named(found: GroupingScheme, keys: tuple[str, ...]) -> list[Rule]:
    if not keys:
        return list(found.mdcs)
    from yibao.engines.grouping.scheme import mdc_name

    mdcs = {name: rule for rule in found.mdcs for name in (rule.key, mdc_name(rule.key))}
    known = {**found.drgs, **found.adrgs, **mdcs}
    absent = [key for key in keys if key not in known]
    if absent:
        raise YibaoError(
            Text(f"方案中没有规则 {', '.join(absent)}", f"there is no rule {', '.join(absent)}"),
            Text("不带 KEYS 可列出各 MDC", "without KEYS the MDCs are listed"),
        )
    return [known[key] for key in keys]


def _rule_data(rule: Rule) -> dict[str, object]:
    from yibao.engines.grouping.conditions import condition_text
    from yibao.engines.grouping.wording import condition_told

    told = condition_told(rule.condition)
    return {
        "kind": rule.kind,
        "key": rule.key,
        "name_zh": rule.name.zh,
        "name_en": rule.name.en,
        "condition": json.loads(condition_text(rule.condition)),
        "condition_zh": told.zh,
        "condition_en": told.en,
        "children": list(rule.children),
        "where": str(rule.where),
    }


def _print_rule(rule: Rule, language: Language) -> None:
    from yibao.engines.grouping.wording import condition_told

    name = rule.name.in_language(language) or rule.name.zh
    click.echo(f"{rule.kind.upper()} {rule.key} {name}".rstrip())
    click.echo(f"    {condition_told(rule.condition).in_language(language)}")
    if rule.children:
        click.echo(f"    → {' '.join(rule.children)}")


def _difference_json(one: Difference) -> str:
    sides = {"before": dict(one.before), "after": dict(one.after)}
    data = {"table": one.table, "key": one.key, "change": one.change, **sides}
    return json.dumps(data, ensure_ascii=False)


def _difference_told(one: Difference) -> str:
    head = f"{_MARKS[one.change]} {one.table} {one.key}"
    if one.change != "change":
        cells = one.after or one.before
        return f"{head}: " + " · ".join(f"{name} {cell}" for name, cell in cells.items() if cell)
    changes = (
        f"{name} {one.before.get(name, '') or '–'} → {one.after.get(name, '') or '–'}"
        for name in one.columns
    )
    return f"{head}: " + " · ".join(changes)
