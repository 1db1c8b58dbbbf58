"""How a what-if parts the claims: by what their file says of the member and the encounter.

The facts are those of the claim as it was filed, so a member who changes scheme within the year is
counted once in each. A grouping whose column the file lacks is left out; a cell left empty is a
group of its own, so that groups always sum to all claims.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl
import pyarrow as pa
from pyarrow import parquet

from yibao.base.texts import Text
from yibao.engines.policy.law import FactDefinition
from yibao.storage.files.claim_columns import Column
from yibao.storage.files.claim_files import ClaimsPlace
from yibao.storage.files.claim_tables import open_table

NOT_STATED = Text("未填", "not stated")
SEX = "extra_sex"
AGE_BAND = "age_band"
_BIRTH = "birth_date"
_FACTS = (
    "scheme",
    "member_category",
    "facility_level",
    "care_type",
    "assistance_identity",
    "is_poor",
    "payer_tier",
)
_ORDER = (
    "scheme",
    "member_category",
    AGE_BAND,
    SEX,
    "facility_level",
    "care_type",
    "assistance_identity",
    "is_poor",
    "payer_tier",
)
_YES_NO = {"true": Text("是", "yes"), "false": Text("否", "no")}
_SEXES = {"male": Text("男", "male"), "female": Text("女", "female")}
_AGES = (0, 18, 35, 45, 60, 75)
"""The first age of each band; bands are for reading, no rule asks for them."""


@dataclass(frozen=True, slots=True)
class GroupingWords:
    """A grouping's column, its name, and its values in the order in which they are shown."""

    name: str
    label: Text
    values: Mapping[str, Text]

    def value(self, value: str | None) -> Text:
        """A value as people call it."""
        if value is None:
            return NOT_STATED
        return self.values.get(value, Text(value, value))

    def place(self, value: str | None) -> tuple[int, str]:
        """Where a value stands: known ones in their order, then others, what is missing last."""
        if value is None:
            return len(self.values) + 1, ""
        known = list(self.values)
        return (known.index(value), "") if value in known else (len(known), value)


def stage_groups(
    place: ClaimsPlace, facts: Mapping[str, FactDefinition], *, target: Path
) -> tuple[str, ...]:
    """Write what the claims say of their groups to a Parquet file; the groupings that it has.

    Rows without an id are left out: they were rejected.
    """
    columns = [
        Column("claim_id", "identifier"),
        Column(_BIRTH, "date"),
        Column(SEX, "text"),
        *(Column(name, "fact", fact=facts[name]) for name in _FACTS if name in facts),
    ]
    names = [column.name for column in columns]
    schema = pa.schema([(name, pa.large_string()) for name in names])
    table = open_table(place.claims, columns)
    with parquet.ParquetWriter(target, schema, compression="lz4") as writer:
        for batch in table.batches():
            cells = [
                pl.col(name) if name in batch.columns else pl.lit(None, pl.String).alias(name)
                for name in names
            ]
            kept = batch.select(cells).filter(pl.col("claim_id").is_not_null())
            writer.write_table(kept.to_arrow().cast(schema))
    present = {AGE_BAND if name == _BIRTH else name for name in table.columns}
    return tuple(name for name in _ORDER if name in present and name in {*names, AGE_BAND})


def in_order(names: Iterable[str]) -> tuple[str, ...]:
    """Groupings in the order in which they are shown."""
    return tuple(sorted(set(names), key=_ORDER.index))


def grouping_columns(names: Sequence[str], *, on: str) -> list[pl.Expr]:
    """The grouping columns of staged claims; ages are those on the day in the column ``on``."""
    return [_age_band(on) if name == AGE_BAND else pl.col(name) for name in names]


def _age_band(on: str) -> pl.Expr:
    born, day = pl.col(_BIRTH).str.to_date("%Y-%m-%d", strict=False), pl.col(on)
    is_before = (day.dt.month() < born.dt.month()) | (
        (day.dt.month() == born.dt.month()) & (day.dt.day() < born.dt.day())
    )
    age = day.dt.year() - born.dt.year() - is_before.cast(pl.Int32)
    band = pl.lit(None, pl.String)
    for start, name in zip(_AGES, _band_names(), strict=True):
        band = pl.when(age >= start).then(pl.lit(name)).otherwise(band)
    return band.alias(AGE_BAND)


def _band_names() -> Iterator[str]:
    for start, following in zip(_AGES, (*_AGES[1:], None), strict=True):
        yield f"{start}+" if following is None else f"{start}–{following - 1}"


def grouping_words(name: str, facts: Mapping[str, FactDefinition]) -> GroupingWords:
    """A grouping in the area's own words."""
    if name == AGE_BAND:
        bands = {band: Text(f"{band} 岁", f"{band}") for band in _band_names()}
        return GroupingWords(name, Text("年龄", "age"), bands)
    if name == SEX:
        return GroupingWords(name, Text("性别", "sex"), _SEXES)
    fact = facts[name]
    values = _YES_NO if fact.kind == "yes_no" else dict(fact.values)
    return GroupingWords(name, fact.label, values)
