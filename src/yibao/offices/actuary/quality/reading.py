"""Grouped cases with their costs (入组结果与费用): one file, or two joined by the case's index.

Costs are fen (`total_amount`) or yuan as text (`total_yuan`). A weight is taken from the file where
it has one for every group, and worked out from the cases otherwise.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import polars as pl

from yibao.base.errors import YibaoError
from yibao.base.findings import FaultsFound
from yibao.base.texts import Text
from yibao.engines.grouping.weights.cells import Whole
from yibao.engines.grouping.weights.decimals import parse_decimal
from yibao.engines.grouping.weights.quality import Grouped
from yibao.storage.files.stays import INDEX, amounts_in_fen, read_texts
from yibao.storage.files.tables import column_faults

GROUP_COLUMNS = ("dip", "drg")
WEIGHT_PLACES = 4
_IN_A_GROUP = ("grouped", "qy", "blank")
_COST = ("total_amount", "total_yuan")
_NEEDED = ("institution", "inHospitalTime", *_COST)


class UnableToReport(YibaoError):
    """There is nothing to report about."""


@dataclass(frozen=True, slots=True)
class GroupedFile:
    """Cases as the engine takes them, and the names of their groups and institutions.

    ``weights`` are by group in ten-thousandths, empty where the file has none for some group.
    """

    cases: Grouped
    groups: tuple[str, ...]
    institutions: tuple[str, ...]
    weights: tuple[int, ...]
    by: str
    rows_count: int
    ungrouped_count: int
    without_cost_count: int


def read_grouped(grouped: Path, cases: Path | None = None) -> GroupedFile:
    """The cases of a grouping with their costs; ``cases`` has what ``grouped`` lacks.

    Raises:
        FaultsFound: a file cannot be read, or a column is missing.
        UnableToReport: no case has both a group and a cost.
    """
    frame = _renamed(read_texts(grouped))
    by = next((name for name in GROUP_COLUMNS if name in frame.columns), GROUP_COLUMNS[-1])
    faults = column_faults(str(grouped), frame.columns, required=(INDEX, "status", by))
    if not faults and not set(_COST) & set(frame.columns) and cases is None:
        faults = column_faults(str(grouped), frame.columns, required=_COST[:1])
    if faults:
        raise FaultsFound(faults)
    if cases is not None:
        frame = _joined(frame, cases)
    for name in _NEEDED:
        if name not in frame.columns:
            frame = frame.with_columns(pl.lit(None, pl.String).alias(name))
    amount = amounts_in_fen(pl.col("total_amount"), pl.col("total_yuan"))
    frame = frame.with_columns(
        amount.alias("amount"),
        pl.col("inHospitalTime").cast(pl.Int64, strict=False).fill_null(-1).alias("days"),
        pl.col("institution").fill_null("–"),
    )
    in_a_group = frame.filter(pl.col("status").is_in(_IN_A_GROUP) & pl.col(by).is_not_null())
    judged = in_a_group.filter(pl.col("amount").fill_null(0) > 0)
    if judged.is_empty():
        raise _nothing(grouped, frame.height, in_a_group.height)
    groups, group = _numbered(judged[by])
    institutions, institution = _numbered(judged["institution"])
    return GroupedFile(
        Grouped(group, institution, judged["amount"].to_numpy(), judged["days"].to_numpy()),
        groups,
        institutions,
        _weights(judged, by, groups),
        by,
        frame.height,
        frame.height - in_a_group.height,
        in_a_group.height - judged.height,
    )


def _renamed(frame: pl.DataFrame) -> pl.DataFrame:
    """Days of stay under the name that files of cases have."""
    if "stay_days" in frame.columns and "inHospitalTime" not in frame.columns:
        return frame.rename({"stay_days": "inHospitalTime"})
    return frame


def _joined(frame: pl.DataFrame, cases: Path) -> pl.DataFrame:
    other = read_texts(cases)
    faults = column_faults(str(cases), other.columns, required=(INDEX,))
    if faults:
        raise FaultsFound(faults)
    wanted = [name for name in _NEEDED if name in other.columns and name not in frame.columns]
    once = other.select(INDEX, *wanted).unique(INDEX, keep="none")
    return frame.join(once, on=INDEX, how="left", maintain_order="left")


def _numbered(column: pl.Series) -> tuple[tuple[str, ...], Whole]:
    names = column.unique().sort()
    numbers = pl.int_range(len(names), eager=True)
    return tuple(names), column.replace_strict(names, numbers).cast(pl.Int64).to_numpy()


def _weights(judged: pl.DataFrame, by: str, groups: tuple[str, ...]) -> tuple[int, ...]:
    if "relative_weight" not in judged.columns:
        return ()
    known = judged.select(by, "relative_weight").drop_nulls().unique(by, keep="first")
    texts = dict(known.iter_rows())
    try:
        return tuple(parse_decimal(texts[group], WEIGHT_PLACES) for group in groups)
    except (KeyError, ValueError):
        return ()


def _nothing(grouped: Path, rows: int, in_a_group: int) -> UnableToReport:
    if not in_a_group:
        return UnableToReport(
            Text(
                f"{grouped}: {rows} 行中没有一行入组",
                f"{grouped}: of {rows} rows none is in a group",
            ),
            Text(
                "请核对分组方案与病例的编码版本", "see that the scheme has the codes of the cases"
            ),
        )
    return UnableToReport(
        Text(
            f"{grouped}: {rows} 行中 {in_a_group} 行已入组，但没有一行有费用",
            f"{grouped}: of {rows} rows {in_a_group} are in a group, and none has a cost",
        ),
        Text(
            "请用 --cases 指定含 Index 与 total_amount 的病例文件",
            "name the file of cases with Index and total_amount by --cases",
        ),
    )
