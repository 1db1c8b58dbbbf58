"""From sums of pairs to what people read: groups, deciles of burden, winners and losers.

Deciles rank members by what stayed with them under the base, ties by id, and are as equal in number
as members allow; with fewer than ten members there are as many deciles as members. A winner is a
member with less left to bear over all compared claims together.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Any

import polars as pl

from yibao.base.checks import check
from yibao.base.money import FEN_PER_YUAN
from yibao.engines.policy.law import FactDefinition
from yibao.offices.actuary.whatif.groups import grouping_words
from yibao.offices.actuary.whatif.pairs import ALL, Sums
from yibao.offices.actuary.whatif.shapes import Band, Change, Decile, Effect, Grouping, Moved

MOVED_SHOWN = 10
_DECILES = 10
_BANDS_IN_HUNDREDS = (0, 1, 5, 10, 50, 100)
_HUNDRED_YUAN = 100 * FEN_PER_YUAN


def total_effect(sums: Sums) -> Effect:
    """The effect on all compared claims."""
    rows = _groups_of(sums, ALL)
    nothing = Change(0, 0)
    return _effect(rows[0]) if rows else Effect(0, 0, 0, 0, nothing, nothing)


def groupings_of(
    sums: Sums, names: Iterable[str], *, facts: Mapping[str, FactDefinition]
) -> tuple[Grouping, ...]:
    """The effect by every grouping that the claims carry."""
    found = []
    whole = total_effect(sums)
    for name in names:
        words = grouping_words(name, facts)
        rows = sorted(_groups_of(sums, name), key=lambda row: words.place(row["group"]))
        groups = tuple(
            (row["group"] or "", words.value(row["group"]), _effect(row)) for row in rows
        )
        check(
            sum(effect.benefit.change_amount for _, _, effect in groups)
            == whole.benefit.change_amount
            and sum(effect.claims_count for _, _, effect in groups) == whole.claims_count,
            f"the groups of {name} do not sum to all claims",
        )
        found.append(Grouping(name, words.label, groups))
    return tuple(found)


def _groups_of(sums: Sums, grouping: str) -> list[dict[str, Any]]:
    frames = [frame for frame in sums.groups if frame.height]
    if not frames:
        return []
    whole = pl.concat(frames).filter(pl.col("grouping") == grouping)
    return whole.group_by("group").agg(pl.exclude("group", "grouping").sum()).to_dicts()


def _effect(row: Mapping[str, Any]) -> Effect:
    return Effect(
        claims_count=row["claims_count"],
        members_count=row["members_count"],
        changed_members_count=row["changed_members_count"],
        submitted_amount=row["submitted_amount"],
        benefit=Change(row["base_benefit_amount"], row["reform_benefit_amount"]),
        out_of_pocket=_burden(row),
    )


def _burden(row: Mapping[str, Any]) -> Change:
    return Change(row["base_out_of_pocket_amount"], row["reform_out_of_pocket_amount"])


def members_of(sums: Sums) -> pl.DataFrame:
    """One row a member: sums before and after, and the change of what stays with the member."""
    change = pl.col("reform_out_of_pocket_amount") - pl.col("base_out_of_pocket_amount")
    return (
        pl.concat(sums.members)
        .with_columns(change.alias("change_amount"))
        .sort("base_out_of_pocket_amount", "member_id")
    )


def deciles_of(members: pl.DataFrame) -> tuple[Decile, ...]:
    """Tenths of the members of :func:`members_of`, those who bore the least first."""
    count = max(members.height, 1)
    number = pl.int_range(pl.len(), dtype=pl.Int64) * min(_DECILES, count) // count + 1
    burden = pl.col("base_out_of_pocket_amount")
    differs = pl.col("base_benefit_amount") != pl.col("reform_benefit_amount")
    rows = (
        members.with_columns(number.alias("number"))
        .group_by("number")
        .agg(
            pl.len().alias("members_count"),
            differs.sum().alias("changed_members_count"),
            burden.min().alias("lowest_amount"),
            burden.max().alias("highest_amount"),
            pl.col(
                "submitted_amount", "base_out_of_pocket_amount", "reform_out_of_pocket_amount"
            ).sum(),
        )
        .sort("number")
    )
    return tuple(
        Decile(
            number=row["number"],
            members_count=row["members_count"],
            changed_members_count=row["changed_members_count"],
            lowest_amount=row["lowest_amount"],
            highest_amount=row["highest_amount"],
            submitted_amount=row["submitted_amount"],
            out_of_pocket=_burden(row),
        )
        for row in rows.to_dicts()
    )


def bands_of(members: pl.DataFrame) -> tuple[Band, ...]:
    """Winners and losers by the size of what they win or lose; empty bands stand too."""
    steps: Sequence[int | None] = [step * _HUNDRED_YUAN for step in _BANDS_IN_HUNDREDS]
    return tuple(_band(members, above or 0, most) for above, most in pairwise([*steps, None]))


def _band(members: pl.DataFrame, above: int, most: int | None) -> Band:
    size = pl.col("change_amount").abs()
    inside = (size > above) if most is None else (size > above) & (size <= most)
    found = members.filter(inside)["change_amount"]
    winners, losers = found.filter(found < 0), found.filter(found > 0)
    return Band(above, most, winners.len(), -int(winners.sum()), losers.len(), int(losers.sum()))


def moved_most(members: pl.DataFrame) -> tuple[tuple[Moved, ...], tuple[Moved, ...]]:
    """The members who win most and who lose most, the largest first, ties by id."""
    gains = members.filter(pl.col("change_amount") < 0).sort("change_amount", "member_id")
    losses = members.filter(pl.col("change_amount") > 0).sort(
        "change_amount", "member_id", descending=[True, False]
    )
    return _moved(gains), _moved(losses)


def _moved(members: pl.DataFrame) -> tuple[Moved, ...]:
    return tuple(
        Moved(row["member_id"], row["claims_count"], row["submitted_amount"], _burden(row))
        for row in members.head(MOVED_SHOWN).to_dicts()
    )
