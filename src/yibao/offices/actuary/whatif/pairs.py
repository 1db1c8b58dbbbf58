"""Pairing the answers of two runs claim by claim, and summing the pairs, a part at a time.

The interface is the table of claims that `settle` writes (docs/settle-output.md), whichever engine
wrote it. Rows of a claim that a plan took apart by years are summed back to the claim. What the
runs differ in is summed over claims that both settled; a claim that one of them rejected is counted
and listed, and in no sum.

Holds: every claim of a part is in exactly one of compared, base only, reform only; sums are of
64-bit integers and checked against overflow.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl

from yibao.base.checks import check
from yibao.base.money import AMOUNT_LIMIT
from yibao.offices.actuary.whatif.groups import grouping_columns

PART_ROWS = 1_000_000
"""About how many claims are paired at a time."""
ALL = "#all"
_AMOUNTS = ("benefit_", "fund_", "left_")
_SUMS = (
    "submitted_amount",
    "base_benefit_amount",
    "reform_benefit_amount",
    "base_out_of_pocket_amount",
    "reform_out_of_pocket_amount",
)
_LARGEST_SUM = 2**63 - 1


@dataclass(slots=True)
class Sums:
    """What parts add up to, as small frames."""

    rows_count: int = 0
    base_only_count: int = 0
    reform_only_count: int = 0
    rules_changed: int = 0
    plan_changed: int = 0
    answer_changed: int = 0
    amounts: dict[str, int] = field(default_factory=dict)
    groups: list[pl.DataFrame] = field(default_factory=list)
    members: list[pl.DataFrame] = field(default_factory=list)
    changed: list[pl.DataFrame] = field(default_factory=list)
    one_sided: list[pl.DataFrame] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Tables:
    """The tables of claims that both runs wrote for the same claims, and the staged groupings."""

    base: Path
    reform: Path
    groups: Path


def add_tables(sums: Sums, tables: Tables, *, groupings: Sequence[str]) -> None:
    """Pair the claims of both runs and add them up; a member's claims are all in these tables."""
    base, reform = tables.base, tables.reform
    rows = max(_rows(base), _rows(reform))
    check(rows * AMOUNT_LIMIT < _LARGEST_SUM or _fits(base, rows), "amounts may pass 64 bits")
    names = _amount_names(base, reform)
    staged = pl.scan_parquet(tables.groups).unique("claim_id")
    for pairs in _parts(base, reform, rows=rows, names=names):
        with_groups = (
            pairs.lazy()
            .join(staged, on="claim_id", how="left")
            .with_columns(grouping_columns(groupings, on="chosen_on"))
            .collect()
        )
        _add(sums, with_groups, names=names, groupings=groupings)


def _rows(path: Path) -> int:
    return int(pl.scan_parquet(path).select(pl.len()).collect().item())


def _fits(path: Path, rows: int) -> bool:
    most = pl.scan_parquet(path).select(pl.col("submitted_amount").max()).collect().item()
    return rows * (most or 0) < _LARGEST_SUM


def _amount_names(base: Path, reform: Path) -> list[str]:
    """Every amount column of either run, those of the base first."""
    names = [*pl.scan_parquet(base).collect_schema(), *pl.scan_parquet(reform).collect_schema()]
    return [name for name in dict.fromkeys(names) if name.startswith(_AMOUNTS)]


def _parts(base: Path, reform: Path, *, rows: int, names: list[str]) -> Iterator[pl.DataFrame]:
    """Claims of both runs side by side; a member's claims are all in one part."""
    parts = max(1, -(-rows // PART_ROWS))
    for part in range(parts):
        sides = []
        for path, side in ((base, "base"), (reform, "reform")):
            scan = pl.scan_parquet(path)
            if parts > 1:
                scan = scan.filter(pl.col("member_id").hash() % parts == part)
            sides.append(_side(scan, side, names))
        yield (
            sides[0]
            .join(sides[1], on="claim_id", how="full", coalesce=True)
            .pipe(_told)
            .collect(engine="streaming")
        )


def _side(scan: pl.LazyFrame, side: str, names: Sequence[str]) -> pl.LazyFrame:
    """The claims of one run, one row each, columns marked by the side."""
    own = set(scan.collect_schema())
    benefits = [name for name in names if name in own and name.startswith("benefit_")]
    benefit = pl.sum_horizontal(benefits) if benefits else pl.lit(0, pl.Int64)
    counted = pl.when("is_annual")
    amounts = [pl.col(n) if n in own else pl.lit(0, pl.Int64).alias(n) for n in names]
    return (
        scan.with_columns(amounts)
        .with_columns(
            pl.col("claim_id").str.splitn("/", 2).struct.field("field_0").alias("claim_id"),
            counted.then(0).otherwise("submitted_amount").alias("submitted_amount"),
            benefit.alias("benefit_amount"),
            counted.then(-benefit).otherwise("out_of_pocket_amount").alias("out_of_pocket_amount"),
        )
        .group_by("claim_id")
        .agg(
            pl.col("member_id").first().alias(f"{side}_member_id"),
            pl.col("chosen_on").max().alias(f"{side}_chosen_on"),
            pl.col("plan_id").unique().sort().str.join(";").alias(f"{side}_plan_id"),
            pl.col("policy_hash").unique().sort().str.join(";").alias(f"{side}_policy_hash"),
            pl.col("submitted_amount", "benefit_amount", "out_of_pocket_amount")
            .sum()
            .name.prefix(f"{side}_"),
            pl.col(names).sum().name.prefix(f"{side}_"),
        )
    )


def _told(pairs: pl.LazyFrame) -> pl.LazyFrame:
    return pairs.with_columns(
        pl.coalesce("base_member_id", "reform_member_id").alias("member_id"),
        pl.coalesce("base_chosen_on", "reform_chosen_on").alias("chosen_on"),
        pl.coalesce("base_submitted_amount", "reform_submitted_amount").alias("submitted_amount"),
    )


def _add(
    sums: Sums, pairs: pl.DataFrame, *, names: Sequence[str], groupings: Sequence[str]
) -> None:
    in_base, in_reform = (
        pl.col("base_plan_id").is_not_null(),
        pl.col("reform_plan_id").is_not_null(),
    )
    one_sided = pairs.filter(~(in_base & in_reform))
    both = pairs.filter(in_base & in_reform).with_columns(
        pl.any_horizontal(
            pl.lit(value=False), *(pl.col(f"base_{n}") != pl.col(f"reform_{n}") for n in names)
        ).alias("is_changed")
    )
    sums.rows_count += both.height
    sums.base_only_count += one_sided["base_plan_id"].count()
    sums.reform_only_count += one_sided["reform_plan_id"].count()
    sums.rules_changed += _count_differing(both, "policy_hash")
    sums.plan_changed += _count_differing(both, "plan_id")
    sums.answer_changed += int(both["is_changed"].sum())
    for name in (f"{side}_{name}" for side in ("base", "reform") for name in names):
        sums.amounts[name] = sums.amounts.get(name, 0) + int(both[name].sum())
    for grouping in (ALL, *groupings):
        sums.groups.append(_group(both, grouping))
    sums.members.append(_by(both, ["member_id"]))
    sums.changed.append(_changed(both, names))
    sums.one_sided.append(
        one_sided.select(
            "claim_id",
            "member_id",
            pl.when(in_base).then(pl.lit("base")).otherwise(pl.lit("reform")).alias("settled_in"),
            "submitted_amount",
            pl.coalesce("base_benefit_amount", "reform_benefit_amount").alias("benefit_amount"),
        )
    )


def _count_differing(both: pl.DataFrame, name: str) -> int:
    return int((both[f"base_{name}"] != both[f"reform_{name}"]).sum())


def _by(both: pl.DataFrame, keys: Sequence[str]) -> pl.DataFrame:
    return both.group_by(keys).agg(pl.len().alias("claims_count"), pl.col(_SUMS).sum())


def _group(both: pl.DataFrame, grouping: str) -> pl.DataFrame:
    """One row a group: claims, members, members for whom the funds pay otherwise, sums."""
    key = pl.lit(None, pl.String) if grouping == ALL else pl.col(grouping)
    members = _by(both.with_columns(key.alias("group")), ["group", "member_id"])
    differs = pl.col("base_benefit_amount") != pl.col("reform_benefit_amount")
    return (
        members.group_by("group")
        .agg(
            pl.col("claims_count").sum(),
            pl.len().alias("members_count"),
            differs.sum().alias("changed_members_count"),
            pl.col(_SUMS).sum(),
        )
        .with_columns(pl.lit(grouping).alias("grouping"))
    )


def _changed(both: pl.DataFrame, names: Sequence[str]) -> pl.DataFrame:
    """The claims whose answer changed, with every benefit of both runs."""
    benefits = [name for name in names if name.startswith("benefit_")]
    return both.filter("is_changed").select(
        *("claim_id", "member_id", "base_plan_id", "reform_plan_id", "submitted_amount"),
        *("base_benefit_amount", "reform_benefit_amount"),
        (pl.col("reform_benefit_amount") - pl.col("base_benefit_amount")).alias("change_amount"),
        *(f"{side}_{name}" for name in benefits for side in ("base", "reform")),
    )
