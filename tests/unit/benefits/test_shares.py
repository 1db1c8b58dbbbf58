"""Every line closes: outcomes are shared out in the order of lines, by largest remainder."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.builders import bands, ceiling, claim_of_lines, due, layer, line, plan
from yibao.base.errors import InvariantBroken
from yibao.engines.benefits.claim import Balances, Slot
from yibao.engines.benefits.reference import adjudicate
from yibao.engines.benefits.shares import LineMatrix, share_out


def test_three_lines_of_a_hundred_close():
    """100, 140 and 60 over three lines.

    Line 1: 33⅓, 46⅔, 20 → 33, 47, 20. Line 2 of 67, 93, 40: 33½, 46½, 20 → 34, 46, 20. Line 3:
    the rest.
    """
    rows = share_out([100, 100, 100], [100, 140, 60])
    assert rows == [[33, 47, 20], [34, 46, 20], [33, 47, 20]]


def test_lines_and_outcomes_must_sum_to_the_same():
    with pytest.raises(InvariantBroken, match="lines 1 ≠ outcomes 2"):
        share_out([1], [2])


@given(st.data())
def test_rows_and_columns_close_for_any_amounts(data):
    amounts = data.draw(st.lists(st.integers(0, 10_000), min_size=1, max_size=12))
    total = sum(amounts)
    edges = sorted(data.draw(st.lists(st.integers(0, total), max_size=5)))
    outcomes = [b - a for a, b in zip([0, *edges], [*edges, total], strict=True)]
    rows = share_out(amounts, outcomes)
    assert [sum(row) for row in rows] == amounts
    assert [sum(column) for column in zip(*rows, strict=True)] == outcomes
    assert all(part >= 0 for row in rows for part in row)


def lines_of(version, *lines):
    done = adjudicate(version, claim_of_lines(*lines), balances=Balances())
    return [
        (dict(one.benefits), {str(slot): amount for slot, amount in one.left}) for one in done.lines
    ]


def test_the_lines_of_a_bill_are_shared_through_a_layer():
    # three lines of 1.00: deductible 1.00, 2.00 at 70 %
    version = plan(layer("a", ["eligible"], "70%", deductible=due(1)))
    assert lines_of(version, line("1", 1), line("2", 1), line("3", 1)) == [
        ({"a": 47}, {"deductible@a": 33, "coinsurance@a": 20}),
        ({"a": 46}, {"deductible@a": 34, "coinsurance@a": 20}),
        ({"a": 47}, {"deductible@a": 33, "coinsurance@a": 20}),
    ]


def test_what_is_not_drawn_is_shared_too():
    # half of 0.03 is 0.02 (0.015): line 1 ⅔ : ⅓, line 2 a tie, line 3 the rest
    version = plan(layer("a", [("noncovered", "50%")], "100%"))
    lines = [line(name, noncovered="0.01") for name in "123"]
    assert lines_of(version, *lines) == [({"a": 1}, {}), ({"a": 1}, {}), ({}, {"noncovered": 1})]


def test_a_second_layer_shares_what_the_first_left_on_each_line():
    version = plan(
        layer("a", ["eligible"], bands((1, "50%")), deductible=due("0.50")),
        layer("b", ["over_ceiling@a", "deductible@a"], "100%"),
    )
    # 2.00: deductible .50, covered 1.00 for .50, beyond the bands .50: a quarter each
    assert lines_of(version, line("1", "0.04"), line("2", "1.96")) == [
        ({"a": 1, "b": 2}, {"coinsurance@a": 1}),
        ({"a": 49, "b": 98}, {"coinsurance@a": 49}),
    ]


def test_streams_and_classes_do_not_mix():
    version = plan(layer("a", ["eligible", "prior_self_pay"], "50%"))
    lines = [line("1", "0.10"), line("2", prior_self_pay="0.10", over_limit="0.05")]
    assert lines_of(version, *lines) == [
        ({"a": 5}, {"coinsurance@a": 5}),
        ({"a": 5}, {"prior_self_pay": 5, "over_limit": 5}),
    ]


def test_a_line_of_nothing_is_still_a_line():
    version = plan(layer("a", ["eligible"], "50%"))
    assert lines_of(version, line("1", 0), line("2", 1))[0] == ({}, {})


def test_a_claim_without_lines_has_none():
    matrix = LineMatrix(())
    matrix.settle("a", [(Slot("eligible"), [(None, 5)])])
    assert matrix.results() == ()


def test_the_figures_of_a_bill_do_not_hang_on_its_lines():
    version = plan(layer("a", ["eligible"], "33%", ceilings=[ceiling("limit", 5)]))
    one = adjudicate(version, claim_of_lines(line("1", 20)), balances=Balances())
    many = adjudicate(
        version, claim_of_lines(*(line(str(n), 1) for n in range(20))), balances=Balances()
    )
    assert one.layers == many.layers
