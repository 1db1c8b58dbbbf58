"""Building a catalogue from files of stays (病种目录生成), written whole or not at all.

Beside the catalogue stand the means by level of institution in the latest year, which payment asks
for, and what was rejected. The manifest names the files by their hashes and the parameters by
theirs, with those that are examples.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
import polars as pl

from yibao.base.errors import YibaoError
from yibao.base.money import format_yuan, round_fraction, round_half_up
from yibao.base.texts import Text
from yibao.engines.grouping.dip.building import Built, Pool, build
from yibao.engines.grouping.dip.parameters import Parameters
from yibao.engines.grouping.weights.cells import together
from yibao.engines.grouping.weights.quality import variance_explained
from yibao.offices.actuary.dip.profiling import Profiled, profiled
from yibao.storage.files.dip_catalogues import MANIFEST, TABLE, manifest_content, table_content
from yibao.storage.files.dip_parameters import read_parameters
from yibao.storage.files.folders import whole_folder
from yibao.storage.files.stays import ReadStays, read_stays


class UnableToBuild(YibaoError):
    """No catalogue can be made from these files."""


@dataclass(frozen=True, slots=True)
class Made:
    """A catalogue that was built, from how many stays; rows = stays + rejects + other years."""

    built: Built
    parameters: Parameters
    rows_count: int
    rejects: pl.DataFrame
    left_out_count: int
    variance_explained: int


def make_catalogue(
    paths: Sequence[Path], out: Path, *, root: Path, area: str, choice: Choice
) -> Made:
    """Build a catalogue from files of stays into the new folder ``out``.

    Raises:
        FaultsFound: a file or the parameters are at fault.
        UnableToBuild: no stay is left to build from.
        UnableToMakeCity: ``out`` is there already, or cannot be written.
    """
    read = read_stays(paths, needs_year=True)
    stays = read.stays
    if choice.years:
        stays = stays.filter(pl.col("year").is_in(list(choice.years)))
    if stays.is_empty():
        raise _nothing_left(read, choice.years)
    stays = stays.drop("row").with_row_index("row")
    latest = int(stays["year"].max())  # type: ignore[arg-type]
    holds_on = choice.holds_on or date(latest + 1, 1, 1)
    parameters = read_parameters(root, area, holds_on=holds_on)
    found = profiled(stays, parameters.keys)
    amount = stays["total_amount"].to_numpy()
    year = stays["year"].to_numpy()
    built = build(Pool(found.profiles, found.profile, year, amount), parameters)
    rows_count = read.stays.height + read.rejects.height
    left_out = read.stays.height - stays.height
    explained = variance_explained([together(row) for row in built.kept])
    made = Made(built, parameters, rows_count, read.rejects, left_out, explained)
    _write(made, stays, found, paths=paths, out=out)
    return made


@dataclass(frozen=True, slots=True)
class Choice:
    """Which years to build from (none: all), and the day whose parameters hold.

    Without a day it is the first of January after the latest year.
    """

    years: tuple[int, ...] = ()
    holds_on: date | None = None


def _write(
    made: Made, stays: pl.DataFrame, found: Profiled, *, paths: Sequence[Path], out: Path
) -> None:
    catalogue = made.built.catalogue
    table = table_content(catalogue)
    about = {
        "area": made.parameters.area_code,
        "parameters_hold_on": made.parameters.holds_on.isoformat(),
        "example_parameters": list(made.parameters.examples),
        "rows": made.rows_count,
        "stays": stays.height,
        "rejected": made.rejects.height,
        "left_out": made.left_out_count,
        "overall_mean_yuan": format_yuan(round_fraction(made.built.overall_mean)),
        "files": {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in paths},
    }
    with whole_folder(out) as folder:
        (folder / TABLE).write_bytes(table)
        (folder / MANIFEST).write_bytes(manifest_content(catalogue, table, about=about))
        _level_means(made, stays, found).write_csv(folder / "level_means.csv")
        made.rejects.write_csv(folder / "rejects.csv")


def _level_means(made: Made, stays: pl.DataFrame, found: Profiled) -> pl.DataFrame:
    """The mean of each group at each level of institution in the latest year, untrimmed."""
    codes = [group.code for group in made.built.catalogue.groups]
    place = made.built.group_of_profile[found.profile]
    latest = made.built.years[-1]
    sums = (
        stays.select("year", "institution_level", "total_amount")
        .with_columns(pl.Series("place", place), pl.col("institution_level").fill_null(""))
        .filter(pl.col("year") == latest)
        .group_by("place", "institution_level")
        .agg(pl.len().cast(pl.Int64).alias("cases_count"), pl.col("total_amount").sum())
        .sort("place", "institution_level")
    )
    means = [
        format_yuan(round_half_up(total, count))
        for total, count in zip(sums["total_amount"], sums["cases_count"], strict=True)
    ]
    return sums.select(
        pl.Series(
            "dip", np.array(codes, dtype=object)[sums["place"].to_numpy()].tolist(), pl.String
        ),
        pl.col("institution_level"),
        pl.lit(latest).alias("year"),
        pl.col("cases_count"),
        pl.Series("mean_yuan", means, pl.String),
    )


def _nothing_left(read: ReadStays, years: Sequence[int]) -> UnableToBuild:
    counts = read.rejects["code"].value_counts().sort("count", descending=True).rows()
    told = ", ".join(f"{code} {count}" for code, count in counts) or "–"
    chosen = ", ".join(map(str, years)) or "*"
    return UnableToBuild(
        Text(
            f"没有可用的病例（年度 {chosen}）；拒绝原因: {told}",
            f"no stay is left to build from (years {chosen}); rejected: {told}",
        ),
        Text("请检查文件的年度与列", "look at the years and the columns of the files"),
    )
