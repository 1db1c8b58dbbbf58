"""A city's years, settled by both engines, are the same table: every column and every refusal.

Members of a synthetic city live through every year in which a shipped area has changed its plans.
Half of them keep what the city drew, with the facts that it does not draw stated besides. The bills
of the others are *turned*: to a plan in force on their day, with facts of any admitted value, and
with amounts up to where ceilings stand. Every plan version must be met by claims that settle.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path
from random import Random
from typing import Any

import polars as pl
import pytest

from tests.unit.actuary.bulk_cities import city, claims_of, differences
from yibao.engines.benefits.claim import CLASSES, GENERAL
from yibao.engines.benefits.rows import Law
from yibao.engines.policy.law import PlanVersion
from yibao.offices.actuary.laws import open_law
from yibao.offices.actuary.settling import facts_stated

YEARS = {
    "370200": range(2020, 2026),
    "370100": range(2018, 2026),
    "360400": range(2020, 2025),
}
MEMBERS = {"370200": 600, "370100": 500, "360400": 750}
"""Enough for 20,000 claims that settle."""

NEEDS_EXAMPLES = {"370200/dialysis_transplant_drugs 2023-01-01 – …"}
"""Versions of which no number is published: without examples they answer claims of nothing only."""

Row = dict[str, Any]


class _Dresser:
    """Says of a city's claims what its area asks, and turns those of every other member."""

    def __init__(self, law: Law, seed: str) -> None:
        self.law = law
        self.random = Random(f"city {seed}")
        stated = {name: law.area.facts[name] for name in facts_stated(law.area)}
        self.facts = {name: fact for name, fact in stated.items() if fact.of != "line"}
        self.streams = {s for version in law.area.plans for s in version.streams} - {GENERAL}

    def dressed(self, claims: pl.DataFrame) -> pl.DataFrame:
        """The claims, those of a year in order, with a claim at year end where plans are annual."""
        known = [name for name in claims.columns if not name.startswith("extra_")]
        amounts = [f"{name}_amount:{s}" for name in CLASSES for s in sorted(self.streams)]
        rows = claims.select(known).drop("submitted_amount").to_dicts()
        for row in rows:
            row.update({name: row.get(name) for name in (*amounts, *self.facts)})
            for name in self.facts:
                if name not in known:
                    row[name] = self.value(name)
            if row["member_id"] % 2:
                self.turn(row)
        rows += self.at_year_end(rows)
        for sequence, row in enumerate(sorted(rows, key=lambda row: row["settlement_date"])):
            row["entry_sequence"] = sequence
        frame = pl.DataFrame(rows, infer_schema_length=None)
        frame = frame.with_columns(pl.col(pl.Null).cast(pl.Int64))
        return frame.sort("family_id", "member_id", "entry_sequence")

    def turn(self, row: Row) -> None:
        """Make a claim one of a plan in force on its day."""
        random, day = self.random, row["settlement_date"]
        plans = [v for v in self.law.area.plans if day in v.span and not v.is_annual]
        if not plans:
            return
        version = random.choice(plans)
        if day not in version.span or (row["discharge_date"] or day) not in version.span:
            return
        for name in self.facts:
            if random.random() < 0.5:
                row[name] = self.value(name)
        for name, test in version.applies_to:
            if name in self.facts:
                row[name] = random.choice(sorted(test.values or (), key=str))
        factor = random.choice((1, 1, 2, 5, 25, 150))
        for name in CLASSES:
            row[f"{name}_amount"] *= factor
            for stream in sorted(self.streams):
                amount = random.randrange(random.choice((30_000, 3_000_000)))
                is_there = stream in version.streams and random.random() < 0.5
                row[f"{name}_amount:{stream}"] = amount if is_there else None

    def value(self, name: str) -> object:
        """Any value of a fact; sometimes none."""
        fact, random = self.facts[name], self.random
        if random.random() < 0.01:
            return None
        if fact.kind == "list":
            values = [value for value, _ in self.law.area.facts[fact.list_of].values]
            return ";".join(random.sample(values, random.randint(0, 2)))
        if fact.kind == "values":
            return random.choice([value for value, _ in fact.values])
        if fact.kind == "yes_no":
            return random.random() < 0.3
        return random.randrange(fact.start, fact.below)

    def at_year_end(self, rows: list[Row]) -> list[Row]:
        """A claim without amounts for every member with claims, where a plan is annual."""
        year = rows[0]["settlement_date"].year
        day = date(year, 12, 31)
        plans = [v for v in self.law.area.plans if v.is_annual and day in v.span]
        found = []
        for version in plans:
            for member, last in {row["member_id"]: row for row in rows}.items():
                row = last | {name: None for name in last if "_amount" in name}
                row |= {"claim_id": 10**8 + member, "encounter_id": None, "settlement_date": day}
                row |= {"admission_date": None, "discharge_date": None}
                row |= {name: min(test.values, key=str) for name, test in version.applies_to}
                found.append(row)
        return found


def years_of(law: Law, folder: Path, *, members: int) -> Path:
    """One file with all years of a city's members."""
    frames, code = [], law.area.code
    dresser = _Dresser(law, code)
    for year in YEARS[code]:
        made = claims_of(city(folder / f"{year}", law, members=members, year=year))
        frame = dresser.dressed(made)
        shift = year * 10**9
        frames.append(
            frame.with_columns(
                pl.col("claim_id", "encounter_id", "entry_sequence").cast(pl.Int64) + shift
            )
        )
    path = folder / "claims.parquet"
    whole = pl.concat(frames, how="diagonal_relaxed")
    whole.sort("family_id", "member_id", "entry_sequence").write_parquet(path)
    return path


def version_of(law: Law, plan: str, day: date) -> PlanVersion:
    """The version of a plan that speaks of a day."""
    return next(v for v in law.area.plans if v.plan_id == plan and day in v.span)


@pytest.mark.parametrize("code", YEARS)
@pytest.mark.parametrize("examples", [True, False], ids=["with examples", "without"])
@pytest.mark.parametrize("is_whole", [False, pytest.param(True, marks=pytest.mark.long)])
def test_a_citys_years_are_settled_alike(code, examples, is_whole, tmp_path):
    law = open_law(code, with_examples=examples)
    path = years_of(law, tmp_path, members=MEMBERS[code] if is_whole else 40)
    assert differences(law, path, tmp_path) == []
    rows = pl.read_parquet(tmp_path / "kernel.parquet")
    assert rows.height >= (20_000 if is_whole else 800), rows.height
    if is_whole or examples:
        days = rows.select("plan_id", "chosen_on").unique().rows()
        met = {version_of(law, plan, day) for plan, day in days}
        unmet = {f"{v.plan_id} {v.span}" for v in law.area.plans if v not in met}
        assert unmet <= (set() if examples else NEEDS_EXAMPLES)
    if is_whole and examples:
        benefits = rows.select(pl.col("^benefit_.*$").sum()).row(0, named=True)
        assert [name for name, amount in benefits.items() if not amount] == []
