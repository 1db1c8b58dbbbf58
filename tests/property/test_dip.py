"""For every population: nobody is lost, order does not matter, one stay goes as many do."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np
import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.dip.builders import KEYS, parameters
from yibao.base.texts import Text
from yibao.engines.grouping.dip.auxiliary import Auxiliary, AuxiliaryList, Band, Condition, Entry
from yibao.engines.grouping.dip.building import Pool, build
from yibao.engines.grouping.dip.explaining import Stay, explain
from yibao.engines.grouping.dip.profiles import Procedure, judged_procedures, profile_of
from yibao.engines.grouping.weights.cells import Trimming, together
from yibao.engines.grouping.weights.cells import cells as make_cells
from yibao.engines.grouping.weights.quality import (
    Grouped,
    OutlierBounds,
    Yardstick,
    judge,
    variance_explained,
)
from yibao.offices.actuary.dip.placing import Office, placed_frame
from yibao.offices.actuary.dip.profiling import profiled

DIAGNOSES = ("I63.900", "I63.801", "K35.800", "K35.300x001", "K80.100", "A09.000", "Q21.000")
PROCEDURES = ("47.0100", "54.2100", "45.1300", "96.0100", "89.0100", "not a code")

procedure = st.tuples(st.sampled_from(PROCEDURES), st.none() | st.integers(0, 400))
stay = st.tuples(
    st.sampled_from(DIAGNOSES),
    st.lists(procedure, max_size=4),
    st.sampled_from((2022, 2023, 2024)),
    st.integers(1, 2_000),
    st.lists(st.sampled_from(("E11.900", "C34.900", "C77.900", "?")), max_size=2),
    st.none() | st.integers(0, 100),
)
stays = st.lists(stay, min_size=1, max_size=60)
AUXILIARY = Auxiliary(
    (
        AuxiliaryList(
            "a",
            Text("表", "list"),
            (
                Entry("old", Text("老", "old"), 1_050_000, (Band("age", 65),)),
                Entry("ill", Text("病", "ill"), 1_100_000, (Band("comorbidity_points", 1),)),
                Entry("cut", Text("术", "cut"), 900_000, procedure="operations"),
            ),
        ),
    ),
    (Condition("diabetes", 1), Condition("cancer", 2), Condition("metastasis", 6, "cancer")),
    {"E11": 0, "C34": 1, "C77": 2},
    {"operations": frozenset({"47"})},
    frozenset({"K80"}),
)


def frame_of(population):
    """The stays as they are read from a file."""
    return pl.DataFrame(
        {
            "index": [str(n) for n in range(len(population))],
            "year": [one[2] for one in population],
            "diagnosis": [one[0] for one in population],
            "secondary": [one[4] for one in population],
            "procedures": [[code for code, _ in one[1]] for one in population],
            "procedure_amounts": [[amount for _, amount in one[1]] for one in population],
            "total_amount": [one[3] for one in population],
            "age": [one[5] for one in population],
        },
        schema_overrides={
            "secondary": pl.List(pl.String), "procedures": pl.List(pl.String),
            "procedure_amounts": pl.List(pl.Int64), "age": pl.Int64, "total_amount": pl.Int64,
        },
    ).with_columns(
        *(pl.lit(None, pl.Int64).alias(name) for name in ("age_days", "stay_days", "leaving_type")),
        *(pl.lit(None, pl.String).alias(name) for name in ("institution", "institution_level")),
    ).with_row_index("row")  # fmt: skip


def pool_of(population, rules):
    frame = frame_of(population)
    found = profiled(frame, rules.keys)
    return Pool(
        found.profiles, found.profile, frame["year"].to_numpy(), frame["total_amount"].to_numpy()
    )


@settings(max_examples=60, deadline=None)
@given(stays)
def test_a_populations_profiles_are_those_of_its_stays(population):
    found = profiled(frame_of(population), KEYS)
    for one, number in zip(population, found.profile, strict=True):
        known = [Procedure(code, amount) for code, amount in one[1]]
        judged = judged_procedures(known, one[3], rules=KEYS)
        assert found.profiles[number] == profile_of(one[0], judged, rules=KEYS)


@settings(max_examples=60, deadline=None)
@given(stays, st.integers(1, 6), st.integers(1, 6))
def test_nobody_is_lost_and_every_stay_has_one_group(population, core, mixed):
    rules = parameters(core_threshold=core, mixed_threshold=mixed)
    pool = pool_of(population, rules)
    built = build(pool, rules)
    groups = built.catalogue.groups
    assert sum(group.cases_count for group in groups) == len(population)
    whole = build(pool, parameters(core_threshold=core, mixed_threshold=mixed, trimming=NONE))
    kept = together(cell for row in whole.kept for cell in row)
    assert (kept.cases_count, kept.total_amount) == (len(population), int(pool.amount.sum()))
    for group in groups:
        threshold = mixed if group.key.kind == "mixed" else core
        assert group.key.kind == "blank" or group.cases_count >= threshold
    assert set(built.group_of_profile.tolist()) == set(range(len(groups)))


NONE = Trimming(1, 0, 1_000_000)
HARD = Trimming(3, 200_000, 800_000)


@settings(max_examples=60, deadline=None)
@given(stays, st.sampled_from((NONE, HARD)))
def test_weights_of_counted_stays_sum_to_their_number(population, trimming):
    rules = parameters(trimming=trimming, year_method="pooled", year_parts=(1, 2, 7))
    built = build(pool_of(population, rules), rules)
    parts = (1, 2, 7)[-len(built.years) :]
    total = count = Fraction(0)
    for weight, row in zip(built.weights, built.kept, strict=True):
        counted = sum(part * cell.cases_count for part, cell in zip(parts, row, strict=True))
        total += (weight or 0) * counted
        count += counted
    assert total == count


@settings(max_examples=60, deadline=None)
@given(st.data(), stays, st.sampled_from((NONE, HARD)), st.sampled_from(("means", "pooled")))
def test_the_order_of_stays_changes_nothing(data, population, trimming, method):
    rules = parameters(trimming=trimming, year_method=method)
    turned = data.draw(st.permutations(population))
    first, second = (build(pool_of(one, rules), rules) for one in (population, turned))
    assert first.catalogue == second.catalogue
    assert (first.kept, first.weights) == (second.kept, second.weights)


@settings(max_examples=50, deadline=None)
@given(stays, stays, st.sampled_from(("before_mixed", "after_mixed", "without_procedures")))
def test_one_stay_at_a_counter_goes_as_the_batch_does(population, others, when):
    rules = replace(parameters(conservative_core=when), auxiliary=AUXILIARY)
    built = build(pool_of(population, rules), rules)
    office = Office(built.catalogue, rules, parameters_differ=False)
    rows = placed_frame(frame_of(others), office)
    assert rows.height == len(others)
    for one, row in zip(others, rows.iter_rows(named=True), strict=True):
        told = explain(
            Stay(
                row["Index"], one[0], one[3], tuple(one[4]),
                tuple(Procedure(code, amount) for code, amount in one[1]), one[5],
            ),
            built.catalogue, parameters=rules,
        )  # fmt: skip
        assert row["dip"] == (None if told.group is None else told.group.code)
        assert row["step"] == told.choice.step
        assert row["coefficient"] * 1_000_000 == told.coefficient
        assert (row["adjusted_points"] or 0) * 100 == told.adjusted_units
        assert row["auxiliary"] == (None if told.giver is None else told.giver.name)


cases = st.lists(
    st.tuples(st.integers(0, 3), st.integers(0, 2), st.integers(1, 999), st.integers(-1, 9)),
    min_size=1, max_size=50,
)  # fmt: skip


def judged(population, *, alone=False):
    columns = [np.array(column, dtype=np.int64) for column in zip(*population, strict=True)]
    if alone:
        columns[1][:] = 0
    bounds = OutlierBounds(500_000, 2_000_000, 5_000_000)
    return judge(Grouped(*columns), groups_count=4, yardstick=Yardstick(bounds, NONE, 4))


@settings(max_examples=80, deadline=None)
@given(cases)
def test_a_reports_parts_add_up(population):
    found = judged(population)
    for parts in (found.groups, found.institutions):
        assert sum(one.cases_count for one in parts) == len(population)
        assert sum(one.total_amount for one in parts) == sum(one[2] for one in population)
    assert 0 <= found.variance_explained <= 1_000_000
    low = sum(2 * one[2] < mean_of(population, one[0]) for one in population)
    assert sum(one.low_count for one in found.groups) == low
    assert sum(one.low_count for one in found.institutions) == low


def mean_of(population, group):
    amounts = [one[2] for one in population if one[0] == group]
    return Fraction(sum(amounts), len(amounts))


@settings(max_examples=40, deadline=None)
@given(cases)
def test_all_institutions_together_are_the_measure(population):
    (everyone,) = judged(population, alone=True).institutions
    assert abs(everyone.cost_index - 1_000_000) <= 1
    days = sum(max(one[3], 0) for one in population)
    assert not days or abs(everyone.time_index - 1_000_000) <= 1


@settings(max_examples=60, deadline=None)
@given(cases)
def test_finer_groups_never_explain_less(population):
    columns = [np.array(column, dtype=np.int64) for column in zip(*population, strict=True)]
    coarse = variance_explained(make_cells(columns[0], columns[2], count=4))
    fine = variance_explained(make_cells(columns[0] * 3 + columns[1], columns[2], count=12))
    assert fine >= coarse
