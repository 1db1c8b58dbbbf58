"""The compiled engine answers as the reference does: every column, figure, counter and refusal.

Numbers vary inside a shape, so that one compilation serves hundreds of member-years.
"""

from __future__ import annotations

from collections import Counter as Tally
from dataclasses import replace

import numpy as np
import pytest

from tests.property.kernel_worlds import (
    LOAD,
    WANTED,
    answers,
    closing_differences,
    difference,
    kernel,
    program,
    settled,
    world,
)
from tests.property.random_plans import random_plan, random_year
from yibao.base.errors import InvariantBroken, YibaoError
from yibao.engines.benefits.balances import after
from yibao.engines.benefits.claim import Balances
from yibao.engines.benefits.determination import Determination
from yibao.engines.benefits.kernel.batch import Wanted, settle
from yibao.engines.benefits.kernel.claims import batch_of
from yibao.engines.benefits.kernel.driver_code import NARROW, PROFILE
from yibao.engines.benefits.kernel.plan_code import totals_of
from yibao.engines.benefits.kernel.program import program_of
from yibao.engines.benefits.kernel.tracks import one_column
from yibao.engines.benefits.reference import adjudicate

QUICK, LONG = range(12), range(12, 320)


def shapes(quick=QUICK, long=LONG):
    """Parametrize ``seed``: twelve shapes always, hundreds in `make test-long`."""
    deep = [pytest.param(seed, marks=pytest.mark.long) for seed in long]
    return pytest.mark.parametrize("seed", [*quick, *deep])


@pytest.fixture(autouse=True)
def _forget():
    yield
    program.cache_clear()


@shapes()
def test_every_column_figure_and_counter_is_the_references(seed):
    made = world(seed, 200 if seed in QUICK else 400)
    compiled, numbered, results = settled(made)
    closing: Tally = Tally()
    for index, found in enumerate(answers(made.years)):
        assert difference(compiled, results, index, found) == "", (seed, index)
        closing.update(dict(found.deltas))
    assert closing_differences(compiled, numbered, dict(closing)) == []


@shapes(long=range(12, 100))
def test_what_cannot_be_determined_is_refused_alike_and_leaves_no_trace(seed):
    made = world(seed, 100, holes=True)
    compiled, numbered, results = settled(made)
    closing: Tally = Tally()
    for index, found in enumerate(answers(made.years)):
        assert difference(compiled, results, index, found) == "", (seed, index)
        if isinstance(found, Determination):
            closing.update(dict(found.deltas))
    assert closing_differences(compiled, numbered, dict(closing)) == []
    refused = results.status != 0
    assert results.rejected_count == int(refused.sum())
    assert not results.columns[:, refused].any()


def test_refusals_are_met_in_the_run_after_counters_were_fed():
    """The rollback is looked at: some claim is refused by a layer behind one that fed a counter."""
    met = 0
    for seed in QUICK:
        made = world(seed, 60, holes=True)
        _, _, results = settled(made)
        met += int(((results.status != 0) & (results.figures[:, 0, 7] > 0)).sum())
    assert met >= 5


@shapes(long=range(12, 60))
def test_one_claim_is_explained_as_by_the_reference(seed):
    for number in range(12):
        version = random_plan(seed)
        balances = Balances()
        for claim in random_year(f"single {seed}/{number}", version):
            expected = adjudicate(version, claim, balances=balances)
            found = kernel().adjudicate(version, claim, balances=balances)
            assert found == expected, (seed, number, claim.claim_id)
            balances = after(balances, found)


def told(engine, version, claim):
    """An engine's answer, or how it refuses."""
    try:
        return engine(version, claim, balances=Balances())
    except YibaoError as error:
        return type(error), getattr(error, "code", ""), str(error)


@shapes(quick=range(4), long=range(12, 40))
def test_a_claim_that_is_refused_is_refused_in_the_references_words(seed):
    made = world(seed, 12, holes=True, variants=2)
    for version, claims in made.years:
        for claim in claims:
            assert told(kernel().adjudicate, version, claim) == told(adjudicate, version, claim)


WRONG_AMOUNTS = [-1, True, 1.0, 10**13 + 1, "1"]


@pytest.mark.parametrize("wrong", WRONG_AMOUNTS)
def test_amounts_are_judged_again_where_slots_came_before(wrong):
    """The kernel remembers which slots claims hold; what stands in them it looks at every time."""
    version = random_plan(3)
    claim = next(c for c in random_year("again", version) if len(c.slots) > 1 and not c.lines)
    first = next(iter(claim.slots))
    plain = replace(claim, slots=dict.fromkeys(claim.slots, 1000))
    reverse = replace(plain, slots=dict(reversed(plain.slots.items())))
    nothing = replace(plain, slots={**plain.slots, first: 0})
    much = replace(plain, slots=dict.fromkeys(claim.slots, 9 * 10**12))
    for one in (plain, plain, reverse, reverse, nothing, nothing, plain, much):
        assert told(kernel().adjudicate, version, one) == told(adjudicate, version, one)
    broken = replace(plain, slots={**plain.slots, first: wrong})
    refused = told(kernel().adjudicate, version, broken)
    assert refused == told(adjudicate, version, broken)
    assert refused[1].startswith("amount_")


@shapes(long=range(12, 60))
def test_forgotten_sums_give_the_same_columns(seed):
    """Member-years that stand together need no rows; what occurs once needs no key."""
    made = world(seed, 60)
    alone = [
        (version, [replace(claim, member_id=f"M{number}") for claim in claims])
        for number, (version, claims) in enumerate(made.years)
        if len({claim.dates.settlement_date.year for claim in claims}) == 1
    ]
    rows = [(version, claim) for version, claims in alone for claim in claims]
    compiled = program(made.versions)
    numbered = batch_of(compiled, rows)
    keys, sums = {}, {}
    for group, column in numbered.batch.keys.items():
        counts = np.bincount(column[column >= 0], minlength=1)
        once = (column >= 0) & (counts[np.maximum(column, 0)] == 1)
        keys[group] = np.where(once, -1, column).astype(np.int32)
        sums[group] = numbered.batch.sums[group].copy()
    batch = replace(numbered.batch, years=None, keys=keys, sums=sums)
    results = settle(compiled, batch, wanted=WANTED)
    expected = settle(compiled, numbered.batch, wanted=WANTED)
    assert np.array_equal(results.columns, expected.columns)
    assert np.array_equal(results.figures, expected.figures)


@shapes(quick=range(4), long=range(12, 40))
def test_two_parts_give_what_one_gives(seed):
    made = world(seed, 40)
    compiled, numbered, whole = settled(made)
    middle = sum(len(claims) for _, claims in made.years[:20])
    again = batch_of(compiled, made.rows).batch
    parts = [(0, middle), (middle, len(again))]
    halves = settle(compiled, again, wanted=WANTED, parts=parts)
    assert np.array_equal(whole.columns, halves.columns)
    assert np.array_equal(whole.totals, halves.totals)
    for group, sums in numbered.batch.sums.items():
        assert np.array_equal(sums, again.sums[group])


@shapes(quick=range(4), long=range(12, 40))
def test_totals_are_the_sums_of_the_columns(seed):
    made = world(seed, 60)
    lean = program_of(made.versions, LOAD, ending=one_column)
    numbered = batch_of(lean, made.rows)
    totals = settle(lean, numbered.batch, wanted=Wanted(pays=False, left=False, totals=True)).totals
    compiled, full, results = settled(made)
    profiles = full.batch.profiles & PROFILE
    assert np.array_equal(profiles, numbered.batch.profiles & PROFILE)
    names = ["", *totals_of(compiled.shapes[0])]
    for profile in range(compiled.profiles.count):
        claims = profiles == profile
        assert totals[profile, 0] == claims.sum()
        for place, name in enumerate(names[1:], start=1):
            assert totals[profile, place] == results.column(compiled, name)[claims].sum()


@shapes(
    quick=(*range(6), 65), long=(*range(12, 65), *range(66, 100))
)  # 65: a layer draws what no lean layer leaves
def test_the_lean_form_of_a_plan_answers_as_the_whole(seed):
    """Claims of the general stream alone, for whom no conditional layer applies, run through it."""
    made = world(seed, 60)
    _, _, whole = settled(made)
    compiled = program_of(made.versions, LOAD, with_lean=True)
    numbered = batch_of(compiled, made.rows)
    others = [place for place, name in enumerate(compiled.inputs) if ":" in name]
    is_narrow = ~numbered.batch.amounts[others].any(axis=0)
    profiles = numbered.batch.profiles
    told = np.where(is_narrow, profiles | NARROW, profiles).astype(np.int32)
    results = settle(compiled, replace(numbered.batch, profiles=told), wanted=WANTED)
    assert np.array_equal(whole.columns, results.columns)
    assert np.array_equal(whole.figures, results.figures)
    assert np.array_equal(whole.totals, results.totals)


def test_a_reform_of_numbers_compiles_nothing():
    seen = []

    def load(name, source):
        seen.append(name)
        return LOAD(name, source)

    versions = world(3, 2, variants=6).versions
    for version in versions:
        program_of((version,), load)
    assert len(set(seen)) == 2


def test_columns_that_do_not_fit_are_refused():
    made = world(0, 4)
    compiled, numbered, _ = settled(made)
    batch = numbered.batch
    for wrong in (
        replace(batch, profiles=batch.profiles.astype(np.int64)),
        replace(batch, profiles=batch.profiles + compiled.profiles.count),
        replace(batch, amounts=batch.amounts[:, :-1]),
        replace(batch, years=batch.years + len(batch.sums[None])),
        replace(batch, sums={}),
        replace(batch, keys={group: keys + 99_999 for group, keys in batch.keys.items()}),
    ):
        with pytest.raises(InvariantBroken):
            settle(compiled, wrong)
    with pytest.raises(InvariantBroken, match="parts"):
        settle(compiled, batch, parts=[(0, 1)])
