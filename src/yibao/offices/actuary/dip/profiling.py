"""Stays as profiles and marks (病例归型): what the engine decides about, worked out by column.

Each distinct code is looked up once; which procedures count, the engine says by arrays. Holds: the
profile of a stay is the one that the engine gives a single stay
(:func:`yibao.engines.grouping.dip.profiles.profile_of`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import polars as pl

from yibao.engines.grouping.dip.auxiliary import MISSING, Auxiliary, Stays
from yibao.engines.grouping.dip.codes import diagnosis_of, procedure_of
from yibao.engines.grouping.dip.parameters import KeyRules
from yibao.engines.grouping.dip.profiles import (
    UNKNOWN,
    Profile,
    counts_by_cost,
    is_counted_class,
    key_of,
    shortened,
    treatment_of,
    weightiest,
)
from yibao.engines.grouping.weights.cells import Truth, Whole

_AND, _FIELD = "+", "\t"


@dataclass(frozen=True, slots=True)
class Profiled:
    """Distinct profiles, the place of each stay's, and who has a procedure that is no code."""

    profiles: tuple[Profile, ...]
    profile: Whole
    has_invalid_procedure: Truth


def profiled(stays: pl.DataFrame, rules: KeyRules) -> Profiled:
    """The profiles of stays as :func:`yibao.storage.files.stays.read_stays` gives them."""
    listed = _procedures(stays)
    codes = _codes(listed["code"], rules)
    listed = listed.join(codes, on="code", how="left", maintain_order="left")
    counts = counts_by_cost(
        listed["position"].to_numpy() == 0,
        listed["amount"].to_numpy(),
        total=listed["total_amount"].to_numpy(),
        rules=rules,
    )
    invalid = np.zeros(stays.height, dtype=np.bool_)
    invalid[listed.filter(pl.col("key").is_null())["row"].to_numpy()] = True
    counted = listed.filter(pl.Series(counts) & pl.col("counts"))
    procedures = (
        counted.select("row", "key").unique().sort("row", "key")
        .group_by("row", maintain_order=True).agg(pl.col("key").str.join(_AND).alias("procedures"))
    )  # fmt: skip
    main = counted.filter(pl.col("position") == 0).select("row", pl.col("key").alias("main"))
    diagnoses = _looked_up(
        stays["diagnosis"], "short", lambda code: shortened(code, rules.diagnosis_characters)
    )
    texts = (
        stays.select("row", "diagnosis")
        .join(diagnoses, on="diagnosis", how="left", maintain_order="left")
        .join(procedures, on="row", how="left", maintain_order="left")
        .join(main, on="row", how="left", maintain_order="left")
        .select(
            pl.concat_str(
                [pl.col("short"), pl.col("procedures").fill_null(""), pl.col("main").fill_null("")],
                separator=_FIELD,
            ).alias("profile")
        )["profile"]
    )
    distinct = texts.unique().sort()
    place = texts.replace_strict(distinct, pl.int_range(len(distinct), eager=True))
    profiles = tuple(_profile(text, rules) for text in distinct)
    return Profiled(profiles, place.cast(pl.Int64).to_numpy(), invalid)


def stay_columns(stays: pl.DataFrame, auxiliary: Auxiliary, *, is_split: Truth) -> Stays:
    """Stays as the engine's auxiliary lists take them."""
    principal = _marks(stays, pl.concat_list("diagnosis"), auxiliary, read=diagnosis_of)
    secondary = _marks(stays, pl.col("secondary"), auxiliary, read=diagnosis_of)
    procedures = _marks(stays, pl.col("procedures"), auxiliary, read=procedure_of)
    distinct, back = np.unique(secondary, return_inverse=True)
    points = np.array([auxiliary.points_of(int(marks)) for marks in distinct], dtype=np.int64)
    numbers = {
        name: stays[name].fill_null(MISSING).to_numpy()
        for name in ("age", "age_days", "stay_days", "leaving_type")
    }
    numbers["comorbidity_points"] = points[back] if len(points) else np.zeros(0, dtype=np.int64)
    return Stays(numbers, principal, secondary, procedures, is_split)


def _procedures(stays: pl.DataFrame) -> pl.DataFrame:
    """One row a procedure: the stay's row, its position, the code, its amount, the stay's total."""
    lists = stays.filter(pl.col("procedures").list.len() > 0).select(
        "row",
        "total_amount",
        "procedures",
        pl.int_ranges(pl.col("procedures").list.len()).alias("position"),
        pl.when(pl.col("procedure_amounts").list.len() == pl.col("procedures").list.len())
        .then(pl.col("procedure_amounts"))
        .otherwise(
            pl.col("procedures").list.eval(pl.element().replace_strict({}, default=None))
            .cast(pl.List(pl.Int64))
        )
        .alias("amount"),
    )  # fmt: skip
    return (
        lists.explode("procedures", "position", "amount")
        .rename({"procedures": "code"})
        .filter(pl.col("code") != "")
        .with_columns(pl.col("amount").fill_null(UNKNOWN))
    )


def _codes(codes: pl.Series, rules: KeyRules) -> pl.DataFrame:
    """Each distinct code with its key and whether its class counts; a null key: it is no code."""
    distinct = codes.unique().sort()
    keys = []
    for text in distinct:
        code = procedure_of(text)
        keys.append(None if code is None else key_of(code, rules))
    counts = [key is not None and is_counted_class(treatment_of(key, rules)) for key in keys]
    schema = {"code": pl.String, "key": pl.String, "counts": pl.Boolean}
    return pl.DataFrame({"code": distinct, "key": keys, "counts": counts}, schema=schema)


def _looked_up(codes: pl.Series, name: str, meaning: Callable[[str], str]) -> pl.DataFrame:
    distinct = codes.unique().sort()
    return pl.DataFrame(
        {codes.name: distinct, name: [meaning(code) for code in distinct]},
        schema={codes.name: pl.String, name: pl.String},
    )


def _profile(text: str, rules: KeyRules) -> Profile:
    diagnosis, joined, main = text.split(_FIELD)
    procedures = tuple(joined.split(_AND)) if joined else ()
    return Profile(diagnosis, procedures, main, weightiest(procedures, rules))


def _marks(
    stays: pl.DataFrame,
    codes: pl.Expr,
    auxiliary: Auxiliary,
    *,
    read: Callable[[str], str | None],
) -> Whole:
    """The bits of all codes of each stay together."""
    marks = np.zeros(stays.height, dtype=np.int64)
    listed = stays.select("row", codes.alias("code")).explode("code").drop_nulls()
    distinct = listed["code"].unique().sort()
    bits = []
    for text in distinct:
        code = read(text)
        bits.append(0 if code is None else auxiliary.marks_of(code))
    known = pl.DataFrame(
        {"code": distinct, "marks": bits}, schema={"code": pl.String, "marks": pl.Int64}
    )
    found = listed.join(known.filter(pl.col("marks") != 0), on="code")
    np.bitwise_or.at(marks, found["row"].to_numpy(), found["marks"].to_numpy())
    return marks
