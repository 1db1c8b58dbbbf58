"""Grouping a file of stays by a catalogue (批量入组): a row a stay, and a file of rejects.

Every profile is decided once; ties are settled by each stay's cost. A row says which step decided
and between how many groups the cost did, so that a surprising row can be asked about
(`yibao dip explain`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path

import numpy as np
import polars as pl

from yibao.base.rates import MILLION
from yibao.engines.grouping.dip.auxiliary import coefficients, is_split
from yibao.engines.grouping.dip.catalogue import Catalogue
from yibao.engines.grouping.dip.choosing import NO_GROUP, choose, settle_all
from yibao.engines.grouping.dip.parameters import Parameters
from yibao.engines.grouping.weights.cells import Truth, Whole
from yibao.offices.actuary.dip.profiling import profiled, stay_columns
from yibao.storage.files.dip_catalogues import read_catalogue
from yibao.storage.files.dip_parameters import read_parameters
from yibao.storage.files.results import ResultFiles
from yibao.storage.files.stays import read_stays

STATUSES = ("grouped", "blank", "ungrouped")
FINDINGS = ("procedure_invalid",)
_COEFFICIENT_PLACES = 6


@dataclass(frozen=True, slots=True)
class Office:
    """A catalogue and the parameters by which stays are grouped."""

    catalogue: Catalogue
    parameters: Parameters
    parameters_differ: bool


@dataclass(frozen=True, slots=True)
class Placed:
    """How a file was grouped: rows = grouped + blank + ungrouped + rejected."""

    rows_count: int
    counts: dict[str, int]
    rejects_count: int
    points: Decimal


def open_office(folder: Path, *, root: Path, area: str, holds_on: date | None = None) -> Office:
    """A catalogue with an area's parameters, by default those of the day it was built for.

    Raises:
        FaultsFound: if either is at fault.
    """
    catalogue, manifest = read_catalogue(folder)
    day = holds_on or date.fromisoformat(str(manifest.get("parameters_hold_on", "2025-01-01")))
    parameters = read_parameters(root, area or str(manifest.get("area", "")), holds_on=day)
    return Office(catalogue, parameters, parameters.digest != catalogue.parameters_digest)


def place_file(paths: Sequence[Path], out: Path, *, office: Office) -> Placed:
    """Group files of stays into ``out`` (CSV or Parquet), rejects beside it.

    Raises:
        FaultsFound: a file cannot be read.
        UnableToWrite: ``out`` cannot be written.
    """
    read = read_stays(paths)
    rows = placed_frame(read.stays, office)
    with ResultFiles(out) as files:
        files.arrow(out, rows.to_arrow().schema).add(rows.to_arrow())
        rejects = read.rejects.to_arrow()
        files.arrow(out.with_name(f"{out.stem}.rejects.csv"), rejects.schema).add(rejects)
        files.commit()
    counts = dict(rows["status"].value_counts().iter_rows())
    return Placed(
        rows.height + read.rejects.height,
        {name: int(counts.get(name, 0)) for name in STATUSES},
        read.rejects.height,
        Decimal(rows["adjusted_points"].sum() or 0),
    )


def placed_frame(stays: pl.DataFrame, office: Office) -> pl.DataFrame:
    """Stays with their groups, in order."""
    catalogue, rules = office.catalogue, office.parameters
    found = profiled(stays, rules.keys)
    choices = [choose(one, catalogue, rules=rules.groups) for one in found.profiles]
    amount = stays["total_amount"].to_numpy()
    place = settle_all(choices, found.profile, amount=amount, catalogue=catalogue)
    groups = catalogue.groups
    is_blank = np.array([group.key.kind == "blank" for group in groups] or [False])
    status = np.where(place == NO_GROUP, 2, np.where(is_blank[place], 1, 0))
    may_split = np.array([is_split(group.code, rules.auxiliary) for group in groups] or [False])
    columns = stay_columns(stays, rules.auxiliary, is_split=may_split[place] & (place != NO_GROUP))
    coefficient, giver = coefficients(columns, rules.auxiliary)
    points = _looked(place, [group.point_units for group in groups])
    weights = _looked(place, [group.weight_units for group in groups])
    is_none = place == NO_GROUP
    adjusted = (2 * points * coefficient + MILLION) // (2 * MILLION)
    steps = [choice.step for choice in choices]
    tied = np.array([len(choice.tied) for choice in choices] or [0])
    entries = [entry.name for _, entry in rules.auxiliary.entries()]
    return pl.DataFrame(
        {
            "Index": stays["index"],
            "status": _words(STATUSES, status),
            "dip": _words([group.code for group in groups], place),
            "kind": _words([group.key.kind for group in groups], place),
            "treatment": _words([group.key.treatment for group in groups], place),
            "step": _words(steps, found.profile),
            "tied_count": tied[found.profile],
            "relative_weight": _decimals(weights, catalogue.weight_places, missing=is_none),
            "points": _decimals(points, catalogue.point_places, missing=is_none),
            "coefficient": _decimals(coefficient, _COEFFICIENT_PLACES),
            "auxiliary": _words(entries, giver),
            "adjusted_points": _decimals(adjusted, catalogue.point_places, missing=is_none),
            "findings": _words(FINDINGS, np.where(found.has_invalid_procedure, 0, -1)),
            "year": stays["year"],
            "institution": stays["institution"],
            "institution_level": stays["institution_level"],
            "stay_days": stays["stay_days"],
            "total_amount": stays["total_amount"],
        }
    )


def _looked(place: Whole, values: Sequence[int]) -> Whole:
    """Values by place, 0 where there is none."""
    found: Whole = np.array([*values, 0], dtype=np.int64)[place]
    return found


def _words(values: Sequence[str], place: Whole) -> pl.Series:
    """Texts by place; a place below 0 is null."""
    table = pl.Series([*values, None], dtype=pl.String)
    at = np.where(place < 0, len(values), place)
    return table.gather(pl.Series(at, dtype=pl.UInt32))


def _decimals(units: Whole, places: int, *, missing: Truth | None = None) -> pl.Series:
    """Units of a last place as exact decimals, null where they are missing."""
    step = Decimal(1).scaleb(-places)
    column = pl.Series("units", units)
    if missing is not None:
        column = column.set(pl.Series(missing), None)
    exact = pl.col("units").cast(pl.Decimal(18, 0)) * pl.lit(step, pl.Decimal(18, places))
    return column.to_frame().select(exact.cast(pl.Decimal(18, places))).to_series()
