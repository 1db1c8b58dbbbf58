"""DIP on the terminal and as JSON: catalogues, what was built, one stay's reasons."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.table import Table

from yibao.base.money import format_yuan, round_fraction
from yibao.base.rates import format_rate
from yibao.base.texts import Language, Text
from yibao.doors.cli.statements import console_for_people
from yibao.engines.grouping.dip.explaining import TREATMENT_TOLD, told
from yibao.engines.grouping.weights.decimals import decimal_text

if TYPE_CHECKING:
    from yibao.engines.grouping.dip.catalogue import Catalogue, Group
    from yibao.engines.grouping.dip.explaining import Explained
    from yibao.offices.actuary.dip.making import Made

_KINDS = {
    "core": Text("核心病种", "core"),
    "primary": Text("基层病种", "primary care"),
    "mixed": Text("综合病种", "mixed"),
    "blank": Text("空白病种", "blank"),
}
_HEADS = (
    *(Text("病种", "group"), Text("类型", "kind"), Text("治疗方式", "treatment")),
    *(Text("病例数", "cases"), Text("例均费用 (元)", "mean (yuan)"), Text("权重", "weight")),
    *(Text("分值", "points"), Text("变异系数", "CV")),
)
_TEXT_COLUMNS = 3


def show_built(made: Made, out: Path, *, language: Language) -> None:
    """What was built: rows, groups by kind, the mean of all, what groups explain."""
    groups = made.built.catalogue.groups
    sizes, stays = Counter[str](), Counter[str]()
    for one in groups:
        sizes[one.key.kind] += 1
        stays[one.key.kind] += one.cases_count
    years = ", ".join(map(str, made.built.years))
    mean = format_yuan(round_fraction(made.built.overall_mean), grouped=True)
    said = Text(
        f"{out}: {made.rows_count} 行，拒绝 {made.rejects.height}，不在所选年度"
        f" {made.left_out_count}；年度 {years}；例均费用 {mean} 元；方差减小"
        f" {format_rate(made.variance_explained)}",
        f"{out}: {made.rows_count} rows, {made.rejects.height} rejected, {made.left_out_count} of"
        f" other years; years {years}; mean {mean} yuan; groups explain"
        f" {format_rate(made.variance_explained)} of the variance",
    )
    console = console_for_people()
    console.print(said.in_language(language))
    heads = (Text("类型", "kind"), Text("病种数", "groups"), Text("病例数", "cases"))
    table = _table(heads, language, text_columns=1)
    for kind, label in _KINDS.items():
        if sizes[kind]:
            table.add_row(label.in_language(language), f"{sizes[kind]:,}", f"{stays[kind]:,}")
    console.print(table)


def show_groups(
    catalogue: Catalogue, groups: Sequence[Group], *, limit: int, language: Language
) -> None:
    """Groups as a table, the most frequent first."""
    table = _table(_HEADS, language, text_columns=_TEXT_COLUMNS)
    ordered = sorted(groups, key=lambda one: (-one.cases_count, one.code))
    for one in ordered[:limit]:
        table.add_row(
            one.code,
            _KINDS[one.key.kind].in_language(language),
            TREATMENT_TOLD[one.key.treatment].in_language(language),
            f"{one.cases_count:,}",
            format_yuan(one.mean_amount, grouped=True),
            decimal_text(one.weight_units, catalogue.weight_places),
            decimal_text(one.point_units, catalogue.point_places),
            format_rate(one.variation),
        )
    console = console_for_people()
    console.print(table)
    if len(ordered) > limit:
        said = Text(
            f"共 {len(ordered)} 个病种，显示 {limit} 个", f"{limit} of {len(ordered)} groups"
        )
        console.print(said.in_language(language))


def built_data(made: Made, out: Path) -> dict[str, Any]:
    """What was built, for machines."""
    kinds = Counter(one.key.kind for one in made.built.catalogue.groups)
    return {
        "out": str(out),
        "rows": made.rows_count,
        "rejected": made.rejects.height,
        "left_out": made.left_out_count,
        "years": list(made.built.years),
        "groups": len(made.built.catalogue.groups),
        "kinds": dict(sorted(kinds.items())),
        "overall_mean_amount": round_fraction(made.built.overall_mean),
        "variance_explained": decimal_text(made.variance_explained, 6),
        "parameters_digest": made.parameters.digest,
        "example_parameters": list(made.parameters.examples),
    }


def groups_data(catalogue: Catalogue, groups: Sequence[Group]) -> dict[str, Any]:
    """Groups, for machines."""
    return {"groups": [_group_data(one, catalogue) for one in groups]}


def explained_data(explained: Explained, language: Language) -> dict[str, Any]:
    """One stay's reasons, for machines, with the sentences for people."""
    catalogue, group = explained.catalogue, explained.group
    return {
        "Index": explained.stay.index,
        "diagnosis": explained.profile.diagnosis,
        "procedures": list(explained.profile.procedures),
        "treatment": explained.profile.treatment,
        "judged": [
            {"code": one.code, "treatment": one.treatment, "reason": one.reason}
            for one in explained.judged
        ],
        "step": explained.choice.step,
        "candidates": [
            {
                "dip": catalogue.groups[one.place].code,
                "fits": one.fits,
                "parts": one.parts_count,
                "matched": one.matched_count,
            }
            for one in explained.choice.candidates
        ],
        "tied": [catalogue.groups[place].code for place in explained.choice.tied],
        "group": None if group is None else _group_data(group, catalogue),
        "auxiliary_met": [entry.name for entry in explained.met],
        "coefficient": decimal_text(explained.coefficient, 6),
        "adjusted_points": decimal_text(explained.adjusted_units, catalogue.point_places),
        "told": [sentence.in_language(language) for sentence in told(explained)],
    }


def _group_data(group: Group, catalogue: Catalogue) -> dict[str, Any]:
    return {
        "dip": group.code,
        "kind": group.key.kind,
        "treatment": group.key.treatment,
        "cases": group.cases_count,
        "mean_amount": group.mean_amount,
        "relative_weight": decimal_text(group.weight_units, catalogue.weight_places),
        "points": decimal_text(group.point_units, catalogue.point_places),
        "variation": decimal_text(group.variation, 6),
    }


def _table(heads: Sequence[Text], language: Language, *, text_columns: int) -> Table:
    table = Table(box=None, pad_edge=False)
    for number, head in enumerate(heads):
        justify = "left" if number < text_columns else "right"
        table.add_column(head.in_language(language), justify=justify)  # type: ignore[arg-type]
    return table
