"""A ceiling on payment is a ceiling on cost: the largest cost whose payment fits, to the fen."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

from hypothesis import example, given
from hypothesis import strategies as st

from tests.property.random_plans import Taste, always, number, random_plan, random_year
from yibao.engines.benefits.claim import Balances, Slot
from yibao.engines.benefits.reference import adjudicate
from yibao.engines.policy.law import Band, Bands, Ceiling

MILLION = 1_000_000
PLAN = random_plan("ceiling on payment", Taste(layers=1, top_up=False, conditions=False))
CLAIM = random_year("ceiling on payment", PLAN)[0]

rates = st.integers(0, MILLION) | st.sampled_from((0, 1, 499_999, 500_000, 500_001, MILLION))
bands = st.lists(st.tuples(st.integers(1, 4_000), rates), min_size=1, max_size=4)


def one_layer(edges, limit: int):
    """A plan of one layer: bands of the given widths, the last without end, and one ceiling."""
    made, top = [], 0
    for place, (width, rate) in enumerate(edges, start=1):
        top += width
        end = number(None if place == len(edges) else top)
        made.append(Band(number(rate, "rate"), to=end))
    layer = replace(
        PLAN.layers[0],
        draws=PLAN.layers[0].draws[:1],
        deductible=None,
        ceilings_before_deductible=(),
        ceilings_after_deductible=(),
        pays=Bands("slice", False, always(""), tuple(made)),
        payment_ceilings=(Ceiling("limit", always(""), number(limit)),),
        feeds=(),
    )
    return replace(PLAN, layers=(layer,))


def payment(edges, cost: int) -> int:
    """F, from the definition: every fen at its rate, rounded half up once."""
    exact, start = Fraction(0), 0
    for place, (width, rate) in enumerate(edges, start=1):
        end = cost if place == len(edges) else min(cost, start + width)
        exact += Fraction(max(0, end - start) * rate, MILLION)
        start += width
    return (2 * exact.numerator + exact.denominator) // (2 * exact.denominator)


@given(bands, st.integers(0, 12_000), st.integers(0, 6_000))
@example([(1, 500_000)], 1, 0)  # half a fen rounds up and does not fit into nothing
@example([(1, 499_999)], 1, 0)
@example([(100, MILLION), (100, 0)], 150, 100)  # cost at rate 0 still fits into a full room
@example([(1, 910_000)], 8_000_000, 6_500_000)  # 65,000.00 at 91 % is 71,428.57 of cost
def test_cost_is_cut_to_the_largest_whose_payment_fits(edges, cost, limit):
    claim = replace(CLAIM, slots={Slot("eligible"): cost}, lines=())
    layer = adjudicate(one_layer(edges, limit), claim, balances=Balances()).layers[0]
    whole = payment(edges, cost)
    if whole <= limit:
        assert (layer.covered_amount, layer.benefit_amount) == (cost, whole)
        return
    assert layer.benefit_amount == limit
    assert payment(edges, layer.covered_amount) == limit
    assert payment(edges, layer.covered_amount + 1) > limit
    assert layer.over_ceiling == (("limit", cost - layer.covered_amount),)


@given(bands, st.integers(0, 12_000))
def test_payment_grows_by_nothing_or_one_with_every_fen(edges, cost):
    def paid(amount: int) -> int:
        claim = replace(CLAIM, slots={Slot("eligible"): amount}, lines=())
        return adjudicate(one_layer(edges, 10**9), claim, balances=Balances()).benefit_amount

    assert paid(cost) == payment(edges, cost)
    assert paid(cost + 1) - paid(cost) in (0, 1)
