"""A report's files (报告输出): tables as CSV, a workbook, JSON for machines, the picture.

Holds: every file has the same figures; what is a share is written with its decimals as text or as
exact decimal, never as a binary fraction of an amount.
"""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from yibao.base.money import format_yuan
from yibao.base.texts import Language, Text
from yibao.engines.grouping.weights.decimals import decimal_text
from yibao.engines.grouping.weights.quality import Quality, Yardstick, judge
from yibao.offices.actuary.drawing.pages import content_of
from yibao.offices.actuary.quality.page import ReportPage
from yibao.offices.actuary.quality.reading import GroupedFile
from yibao.storage.files.folders import whole_folder

Cell = str | int
INDEX_PLACES, DAY_PLACES = 6, 2

GROUP_HEADS = (
    *(Text("病组", "group"), Text("病例数", "cases"), Text("总费用(元)", "cost (yuan)")),
    *(Text("例均费用(元)", "mean (yuan)"), Text("中位费用(元)", "median (yuan)")),
    *(Text("变异系数", "CV"), Text("权重", "weight"), Text("平均住院日", "mean days")),
    *(Text("低倍率", "low"), Text("高倍率", "high"), Text("极高", "extreme")),
    Text("裁剪", "trimmed"),
)
INSTITUTION_HEADS = (
    *(Text("医疗机构", "institution"), Text("病例数", "cases"), Text("病组数", "groups")),
    *(Text("总费用(元)", "cost (yuan)"), Text("例均费用(元)", "mean (yuan)"), Text("CMI", "CMI")),
    *(Text("费用消耗指数", "cost index"), Text("时间消耗指数", "time index")),
    *(Text("低倍率", "low"), Text("高倍率及极高", "high and extreme")),
)
_GROUP_KEYS = (
    *("group", "cases_count", "total_yuan", "mean_yuan", "median_yuan", "variation"),
    *("relative_weight", "mean_stay_days", "low_count", "high_count", "extreme_count"),
    "trimmed_count",
)
_INSTITUTION_KEYS = (
    *("institution", "cases_count", "groups_count", "total_yuan", "mean_yuan", "case_mix_index"),
    *("cost_index", "time_index", "low_count", "high_count"),
)


@dataclass(frozen=True, slots=True)
class Report:
    """A grouping judged: the file it came from, its quality, the decimals of its weights."""

    file: GroupedFile
    quality: Quality
    places: int


def make_report(
    file: GroupedFile, out: Path, *, yardstick: Yardstick, language: Language
) -> Report:
    """Judge a grouping and write the report into the new folder ``out``.

    Raises:
        UnableToMakeCity: ``out`` is there already, or cannot be written.
    """
    quality = judge(file.cases, groups_count=len(file.groups), yardstick=yardstick)
    report = Report(file, quality, yardstick.places)
    groups, institutions = group_rows(report), institution_rows(report)
    with whole_folder(out) as folder:
        _csv(folder / "groups.csv", _GROUP_KEYS, groups)
        _csv(folder / "institutions.csv", _INSTITUTION_KEYS, institutions)
        said = json.dumps(report_data(report), ensure_ascii=False, indent=2)
        (folder / "report.json").write_text(said + "\n", encoding="utf-8")
        _workbook(folder / "report.xlsx", (groups, institutions), language=language)
        title = f"{file.by} · {quality.cases_count}"
        figure = ReportPage(report.quality, file, report.places, language).figure()
        content = content_of(figure, "png", title=title, description=title)
        (folder / "report.png").write_bytes(content)
    return report


def group_rows(report: Report) -> list[tuple[Cell, ...]]:
    """A row a group, the costliest first."""
    ordered = sorted(report.quality.groups, key=lambda one: (-one.total_amount, one.place))
    return [
        (
            report.file.groups[one.place], one.cases_count, format_yuan(one.total_amount),
            format_yuan(one.mean_amount), format_yuan(one.median_amount),
            decimal_text(one.variation, INDEX_PLACES),
            decimal_text(one.weight_units, report.places),
            decimal_text(one.mean_stay, DAY_PLACES), one.low_count, one.high_count,
            one.extreme_count, one.trimmed_count,
        )
        for one in ordered
    ]  # fmt: skip


def institution_rows(report: Report) -> list[tuple[Cell, ...]]:
    """A row an institution, the highest case mix first."""
    found = report.quality.institutions
    ordered = sorted(found, key=lambda one: (-one.case_mix_units, one.place))
    return [
        (
            report.file.institutions[one.place], one.cases_count, one.groups_count,
            format_yuan(one.total_amount), format_yuan(one.mean_amount),
            decimal_text(one.case_mix_units, report.places),
            decimal_text(one.cost_index, INDEX_PLACES), decimal_text(one.time_index, INDEX_PLACES),
            one.low_count, one.high_count,
        )
        for one in ordered
    ]  # fmt: skip


def report_data(report: Report) -> dict[str, object]:
    """The whole report, for machines."""
    file, quality = report.file, report.quality
    groups = [dict(zip(_GROUP_KEYS, row, strict=True)) for row in group_rows(report)]
    institutions = [
        dict(zip(_INSTITUTION_KEYS, row, strict=True)) for row in institution_rows(report)
    ]
    return summary_data(report) | {
        "by": file.by,
        "mean_amount": quality.mean_amount,
        "groups": groups,
        "institutions": institutions,
    }


def summary_data(report: Report) -> dict[str, object]:
    """What a report says in one line."""
    file, quality = report.file, report.quality
    return {
        "rows": file.rows_count,
        "judged": quality.cases_count,
        "ungrouped": file.ungrouped_count,
        "without_cost": file.without_cost_count,
        "groups_count": len(quality.groups),
        "institutions_count": len(quality.institutions),
        "total_amount": quality.total_amount,
        "variance_explained": decimal_text(quality.variance_explained, INDEX_PLACES),
        "case_mix_index": decimal_text(quality.case_mix_units, report.places),
        "low_count": sum(one.low_count for one in quality.groups),
        "high_count": sum(one.high_count for one in quality.groups),
        "extreme_count": sum(one.extreme_count for one in quality.groups),
    }


def _csv(place: Path, keys: Sequence[str], rows: Sequence[Sequence[Cell]]) -> None:
    frame = pl.DataFrame(list(rows), schema=list(keys), orient="row")
    frame.write_csv(place)


def _workbook(
    place: Path, tables: tuple[Sequence[Sequence[Cell]], ...], *, language: Language
) -> None:
    """The two tables as sheets; decimals stay exact in their cells' texts."""
    from xlsxwriter import Workbook  # noqa: PLC0415 - slow to import

    content = io.BytesIO()
    with Workbook(content, {"in_memory": True}) as book:
        heads = (GROUP_HEADS, INSTITUTION_HEADS)
        names = (Text("病组", "groups"), Text("医疗机构", "institutions"))
        for name, head, rows in zip(names, heads, tables, strict=True):
            sheet = book.add_worksheet(name.in_language(language))
            bold = book.add_format({"bold": True})
            sheet.write_row(0, 0, [one.in_language(language) for one in head], bold)
            for number, row in enumerate(rows, start=1):
                sheet.write_row(number, 0, row)
            sheet.freeze_panes(1, 1)
            sheet.autofit()
    place.write_bytes(content.getvalue())
