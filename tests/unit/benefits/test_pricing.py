"""F and its way back: the largest covered cost, against the definition itself."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from yibao.engines.benefits.determination import BandUse
from yibao.engines.benefits.pricing import BandPricing, TopUpPricing

SLICES = st.lists(
    st.tuples(
        st.integers(1, 40), st.sampled_from([0, 1, 333_333, 500_000, 650_001, 999_999, 1_000_000])
    ),
    min_size=1,
    max_size=4,
)


def priced(slices) -> BandPricing:
    return BandPricing(tuple(BandUse(0, None, rate, amount) for amount, rate in slices))


@given(SLICES)
def test_a_fen_of_cost_pays_a_fen_or_none(slices):
    pricing = priced(slices)
    paid = [pricing.payment(c) for c in range(pricing.covered_amount + 1)]
    assert paid[0] == 0
    assert {later - sooner for sooner, later in pairwise(paid)} <= {0, 1}


@given(SLICES, st.integers(0, 160))
def test_the_largest_cost_is_the_last_that_fits(slices, room):
    """The definition, by trying every cost; the engine walks the bands instead."""
    pricing = priced(slices)
    if pricing.payment(pricing.covered_amount) <= room:
        return
    tried = [c for c in range(pricing.covered_amount + 1) if pricing.payment(c) <= room]
    covered = pricing.largest_covered(room)
    assert covered == max(tried)
    assert pricing.payment(covered) == room
    assert pricing.within(covered).payment(covered) == room


@given(st.integers(0, 50), st.integers(0, 50), st.integers(0, 50))
def test_a_top_up_pays_fen_for_fen_until_nothing_is_missing(cost, missing, room):
    pricing = TopUpPricing(cost, missing)
    paid = [pricing.payment(c) for c in range(cost + 1)]
    assert paid == [min(c, missing) for c in range(cost + 1)]
    if paid[-1] > room:
        assert pricing.largest_covered(room) == max(c for c in range(cost + 1) if paid[c] <= room)
