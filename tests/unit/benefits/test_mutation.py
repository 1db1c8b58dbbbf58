"""The tests have teeth: any one step of the layer done wrong makes a case fail.

Every case is a claim worked by hand. Every step of the layer has wrong variants; with each of them
put in place, at least one case must fail, by a wrong figure or by a broken invariant.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import replace

import pytest

from tests.builders import (
    bands,
    ceiling,
    claim,
    claim_of_lines,
    counter,
    due,
    layer,
    left,
    line,
    money,
    plan,
    top_up,
    when,
    whole,
)
from yibao.base.errors import YibaoError
from yibao.engines.benefits import layer as layer_module
from yibao.engines.benefits import reference as reference_module
from yibao.engines.benefits.balances import after
from yibao.engines.benefits.claim import Balances, Slot
from yibao.engines.benefits.course import Bounded, Drawn
from yibao.engines.benefits.pricing import BandPricing, TopUpPricing
from yibao.engines.benefits.reference import adjudicate
from yibao.engines.policy.law import Feed

CASES: dict[str, Callable[[], bool]] = {}


def case(check: Callable[[], bool]) -> Callable[[], bool]:
    CASES[check.__name__] = check
    return check


def year(version, *claims):
    balances, found = Balances(), []
    for made in claims:
        done = adjudicate(version, made, balances=balances)
        balances = after(balances, done)
        found.append(money(done.benefit_amount))
    return found


@case
def a_layer_for_the_poor() -> bool:
    version = plan(layer("a", ["eligible"], "100%", when={"is_poor": True}))
    amounts = [
        money(
            adjudicate(
                version, claim(10, facts={"is_poor": poor}), balances=Balances()
            ).benefit_amount
        )
        for poor in (True, False)
    ]
    return amounts == ["10", "0"]


@case
def a_layer_that_does_not_apply_names_the_fact() -> bool:
    version = plan(layer("a", ["eligible"], "100%", when={"is_poor": True}))
    done = adjudicate(version, claim(10, facts={"is_poor": False}), balances=Balances())
    (told,) = done.layers
    return (told.applied, told.unmet_condition) == (False, (("is_poor", False),))


@case
def order_and_share_of_the_draw() -> bool:
    # 100 prior self-pay first, then 50 of the noncovered; the deductible takes 60 of the first
    version = plan(layer("a", ["prior_self_pay", ("noncovered", "50%")], "50%", deductible=due(60)))
    done = adjudicate(
        version, claim({"noncovered": 100, "prior_self_pay": 100}), balances=Balances()
    )
    return left(done) == {"prior_self_pay": "80", "noncovered": "75"}


@case
def half_a_fen_of_a_share() -> bool:
    version = plan(layer("a", [("noncovered", "50%")], "100%"))
    done = adjudicate(version, claim({"noncovered": "0.05"}), balances=Balances())
    return left(done) == {"noncovered": "0.02"}


@case
def a_yearly_deductible_over_two_claims() -> bool:
    version = plan(
        layer("a", ["eligible"], "50%", deductible=due(800, "met"), feeds=["met"]),
        counters=[counter("met", "deductible")],
    )
    return year(version, claim(500), claim(400)) == ["0", "50"]


@case
def a_yearly_maximum_of_deductibles() -> bool:
    # 600 and 600 of 1100 in a year: the second takes 500
    version = plan(
        layer(
            "a",
            ["eligible"],
            "100%",
            deductible=due(600, "", ceiling("year", 1100, "met")),
            feeds=["met"],
        ),
        counters=[counter("met", "deductible")],
    )
    return year(version, claim(1000), claim(1000)) == ["400", "500"]


@case
def a_bill_smaller_than_the_deductible() -> bool:
    version = plan(layer("a", ["eligible"], "100%", deductible=due(600)))
    return left(adjudicate(version, claim(100), balances=Balances())) == {"deductible@a": "100"}


@case
def ceilings_in_two_places_and_a_tie() -> bool:
    version = plan(
        layer(
            "a",
            ["eligible"],
            "50%",
            deductible=due(100),
            before=[ceiling("one", 900), ceiling("two", 900)],
            after=[ceiling("three", 700), ceiling("four", 600)],
        )
    )
    return left(adjudicate(version, claim(1000), balances=Balances())) == {
        "deductible@a": "100",
        "coinsurance@a": "300",
        "over_ceiling@a.one": "100",
        "over_ceiling@a.four": "200",
    }


@case
def bands_that_run_on_from_zero() -> bool:
    # [1000, 5000) less nothing: 3000 × 50 % + 1000 × 80 % ; then [5000, 6000) × 80 %
    made = bands((4000, "50%"), "80%", position="seen", measured="from_zero")
    version = plan(
        layer("a", ["eligible"], made, deductible=due(1000, "met"), feeds=["seen", "met"]),
        counters=[counter("seen", "admitted"), counter("met", "deductible")],
    )
    return year(version, claim(5000), claim(1000)) == ["2300", "800"]


@case
def the_end_of_the_bands() -> bool:
    version = plan(layer("a", ["eligible"], bands((400, "50%"))))
    return left(adjudicate(version, claim(500), balances=Balances())) == {
        "coinsurance@a": "200",
        "over_ceiling@a.bands": "100",
    }


@case
def the_whole_at_one_rate() -> bool:
    made = whole(("from", 0, "50%"), ("from", 1000, "80%"))
    version = plan(layer("a", ["eligible"], made))
    return year(version, claim(1000)) == ["800"]


@case
def a_payment_ceiling_turned_into_cost() -> bool:
    version = plan(
        layer("a", ["eligible"], "30%", ceilings=[ceiling("limit", 1, "paid")], feeds=["paid"]),
        layer("b", ["over_ceiling@a"], "100%"),
        counters=[counter("paid", "paid")],
    )
    # 3.34 is the largest cost that pays 1.00, 6.66 go on; without room 0.01 still pays 0.00
    return year(version, claim(10), claim(10)) == ["7.66", "9.99"]


@case
def a_guarantee_on_top() -> bool:
    version = plan(
        layer("a", ["eligible"], "30%", deductible=due(200)),
        layer(
            "b",
            ["deductible@a", "coinsurance@a"],
            top_up(["eligible"], share="50%", counting=["a"]),
        ),
    )
    done = adjudicate(version, claim(1000), balances=Balances())
    return left(done) == {"coinsurance@a": "500"}


@case
def relief_by_place_on_the_line() -> bool:
    version = plan(
        layer(
            "a",
            ["eligible", "prior_self_pay"],
            "80%",
            deductible=due(150),
            ceilings=[ceiling("limit", 40)],
        )
    )
    done = adjudicate(version, claim({"eligible": 100, "prior_self_pay": 200}), balances=Balances())
    first, second = done.layers[0].slots
    return (first.benefit, second.benefit, second.deductible) == (0, 4_000, 5_000)


@case
def what_is_renamed_and_what_keeps_its_name() -> bool:
    version = plan(
        layer(
            "a",
            ["eligible", "noncovered"],
            "50%",
            deductible=due(100),
            leaves={"over_ceiling": "rename"},
            before=[ceiling("one", 200)],
        )
    )
    done = adjudicate(version, claim({"eligible": 150, "noncovered": 100}), balances=Balances())
    return left(done) == {
        "deductible@a": "100",
        "coinsurance@a": "25",
        "noncovered": "25",
        "over_ceiling@a.one": "50",
    }


@case
def every_measure_and_the_next_layer() -> bool:
    names = ["drawn", "admitted", "deductible", "covered", "paid"]
    version = plan(
        layer(
            "a",
            ["eligible"],
            bands((400, "50%")),
            deductible=due(100),
            before=[ceiling("x", 900)],
            ceilings=[ceiling("y", 150)],
            feeds=[*names, Feed("never", when({"is_poor": True}))],
        ),
        counters=[*(counter(name, name) for name in names), counter("never", "paid")],
    )
    done = adjudicate(version, claim(1000, facts={"is_poor": False}), balances=Balances())
    return [delta for _, delta in done.deltas] == [100_000, 90_000, 10_000, 30_000, 15_000]


@case
def a_stay_counts_once() -> bool:
    version = plan(
        layer("a", ["eligible"], "100%", feeds=["stays"]),
        counters=[counter("stays", "claim_count", once_per_encounter=True)],
    )
    done = adjudicate(version, claim(10), balances=Balances())
    return [delta for _, delta in done.deltas] == [1]


@case
def two_funds_and_an_odd_fen() -> bool:
    version = plan(layer("a", ["eligible"], "100%", paid_by={"one": "50%", "two": "50%"}))
    return adjudicate(version, claim("0.03"), balances=Balances()).layers[0].paid_by == (
        ("one", 2),
        ("two", 1),
    )


@case
def lines_of_one_slot() -> bool:
    version = plan(layer("a", ["eligible"], "70%", deductible=due(1)))
    made = claim_of_lines(line("1", 1), line("2", 1), line("3", 1))
    lines = adjudicate(version, made, balances=Balances()).lines
    return [dict(one.left)[Slot("deductible", "a")] for one in lines] == [33, 34, 33]


# Wrong variants, by step. `right` is the step as it is.

right = {
    name: step
    for name, step in vars(layer_module).items()
    if inspect.isfunction(step) and step.__module__ == layer_module.__name__ and name[0] != "_"
}

MUTANTS: dict[str, dict[str, Callable]] = {
    "unmet_condition": {
        "always applies": lambda layer, run: (),
        "never applies": lambda layer, run: (("fact", "value"),),
    },
    "draw": {
        "last listed first": lambda layer, inquiry: right["draw"](layer, inquiry)[::-1],
        "share forgotten": lambda layer, inquiry: tuple(
            Drawn(one.slot, one.amount + one.kept, 0) for one in right["draw"](layer, inquiry)
        ),
        "rest lost": lambda layer, inquiry: tuple(
            replace(one, kept=0) for one in right["draw"](layer, inquiry)
        ),
        "half a fen down": lambda layer, inquiry: tuple(
            replace(one, amount=one.kept, kept=one.amount) if one.amount == one.kept + 1 else one
            for one in right["draw"](layer, inquiry)
        ),
    },
    "admit": {
        "no ceiling": lambda layer, base, *, inquiry: Bounded(base),
        "last listed on a tie": lambda layer, base, *, inquiry: right["admit"](
            replace(layer, ceilings_before_deductible=layer.ceilings_before_deductible[::-1]),
            base,
            inquiry=inquiry,
        ),
        "only the first listed": lambda layer, base, *, inquiry: replace(
            right["admit"](layer, base, inquiry=inquiry), amount=base
        ),
    },
    "take_deductible": {
        "none": lambda layer, admitted, *, inquiry: None,
        "counter forgotten": lambda layer, admitted, *, inquiry: _changed_deductible(
            layer, admitted, inquiry, lambda used: used.due
        ),
        "yearly maximum forgotten": lambda layer, admitted, *, inquiry: right["take_deductible"](
            replace(
                layer,
                deductible=layer.deductible and replace(layer.deductible, yearly_maximum=None),
            ),
            admitted,
            inquiry=inquiry,
        ),
        "more than there is": lambda layer, admitted, *, inquiry: _changed_deductible(
            layer, 10**12, inquiry, lambda used: used.unmet
        ),
    },
    "bound_cover": {
        "no ceiling": lambda layer, cost, *, inquiry: Bounded(cost),
        "before the deductible": lambda layer, cost, *, inquiry: right["bound_cover"](
            replace(layer, ceilings_after_deductible=layer.ceilings_after_deductible[:1]),
            cost,
            inquiry=inquiry,
        ),
    },
    "price": {
        "deductible forgotten in the position": lambda layer, cost, *, taken, inquiry: right[
            "price"
        ](layer, cost, taken=0, inquiry=inquiry),
        "always from zero": lambda layer, cost, *, taken, inquiry: right["price"](
            replace(layer, pays=_other_position(layer)), cost, taken=taken, inquiry=inquiry
        ),
        "first band for all": lambda layer, cost, *, taken, inquiry: _one_band(
            right["price"](layer, cost, taken=taken, inquiry=inquiry)
        ),
        "top-up forgets what was paid": lambda layer, cost, *, taken, inquiry: _greedy(
            right["price"](layer, cost, taken=taken, inquiry=inquiry)
        ),
    },
    "hold_payment": {
        "no ceiling": lambda layer, reached, *, inquiry: (
            reached,
            Bounded(reached.payment(reached.covered_amount)),
        ),
        "smallest cost": lambda layer, reached, *, inquiry: _smallest(layer, reached, inquiry),
        "payment cut, cost not": lambda layer, reached, *, inquiry: (
            reached,
            right["hold_payment"](layer, reached, inquiry=inquiry)[1],
        ),
    },
    "attribute": {
        "from the tail": lambda course: right["attribute"](
            replace(course, drawn=course.drawn[::-1])
        )[::-1],
        "all at the head": lambda course: tuple(
            right["attribute"](replace(course, drawn=(one,)))[0] for one in course.drawn
        ),
    },
    "leave": {
        "nothing moves": lambda layer, outcomes, *, run: None,
        "lines forgotten": lambda layer, outcomes, *, run: _without_lines(layer, outcomes, run),
        "only the first slot": lambda layer, outcomes, *, run: right["leave"](
            layer, outcomes[:1], run=run
        ),
    },
    "destinations": {
        "benefit stays on the member": lambda layer, one: [
            (target or one.slot, part) for target, part in right["destinations"](layer, one)
        ],
        "rest to the fund": lambda layer, one: [
            *right["destinations"](layer, one)[:-1],
            (None, one.kept),
        ],
        "tail forgotten": lambda layer, one: [
            (target, part)
            for target, part in right["destinations"](layer, one)
            if target is None or target.reason != "over_ceiling"
        ],
        "last outcome first": lambda layer, one: right["destinations"](layer, one)[::-1],
    },
    "left_slot": {
        "all renamed": lambda layer, slot, *, outcome, ceiling="": Slot(
            outcome, layer.name, ceiling, slot.stream
        ),
        "all kept": lambda layer, slot, *, outcome, ceiling="": slot,
        "ceiling forgotten": lambda layer, slot, *, outcome, ceiling="": right["left_slot"](
            layer, slot, outcome=outcome
        ),
        "as written forgotten": lambda layer, slot, *, outcome, ceiling="": right["left_slot"](
            replace(layer, leaves=()), slot, outcome=outcome, ceiling=ceiling
        ),
    },
    "feed": {
        "nothing grows": lambda layer, course, *, inquiry: None,
        "condition forgotten": lambda layer, course, *, inquiry: right["feed"](
            replace(layer, feeds=tuple(replace(one, condition=()) for one in layer.feeds)),
            course,
            inquiry=inquiry,
        ),
        "twice": lambda layer, course, *, inquiry: [
            right["feed"](layer, course, inquiry=inquiry) for _ in range(2)
        ],
        "before the payment ceiling": lambda layer, course, *, inquiry: right["feed"](
            layer, replace(course, held=course.reached), inquiry=inquiry
        ),
        "cost before the ceilings": lambda layer, course, *, inquiry: right["feed"](
            layer, replace(course, admitted=Bounded(course.base)), inquiry=inquiry
        ),
    },
    "fund": {
        "remainder to the last": lambda layer, payment, *, inquiry: right["fund"](
            replace(layer, paid_by=layer.paid_by[::-1]), payment, inquiry=inquiry
        )[::-1],
        "all to the first": lambda layer, payment, *, inquiry: ((layer.paid_by[0].fund, payment),),
        "nobody": lambda layer, payment, *, inquiry: (),
    },
    "untouched": {
        "as if it applied": lambda layer, *, applied, unmet=(): right["untouched"](
            layer, applied=True, unmet=unmet
        ),
        "without the fact": lambda layer, *, applied, unmet=(): right["untouched"](
            layer, applied=applied
        ),
    },
    "run_layer": {
        "never run": lambda layer, run: replace(
            right["untouched"](layer, applied=True), structure=None
        ),
    },
}


def _changed_deductible(layer, admitted, inquiry, unmet_of):
    used = right["take_deductible"](layer, admitted, inquiry=inquiry)
    if used is None:
        return None
    unmet = unmet_of(used)
    return replace(used, unmet=unmet, taken=min(unmet, admitted))


def _other_position(layer):
    if isinstance(layer.pays, type(top_up([]))):
        return layer.pays
    return replace(layer.pays, position=due(0).counter)


def _one_band(priced):
    pricing, used = priced
    if isinstance(pricing, BandPricing) and pricing.slices:
        first = replace(pricing.slices[0], slice_amount=pricing.covered_amount)
        return BandPricing((first,)), used
    return priced


def _greedy(priced):
    pricing, used = priced
    if isinstance(pricing, TopUpPricing):
        return TopUpPricing(pricing.covered_amount, used.target), used
    return priced


def _smallest(layer, reached, inquiry):
    _, paid = right["hold_payment"](layer, reached, inquiry=inquiry)
    cost = next(c for c in range(reached.covered_amount + 1) if reached.payment(c) >= paid.amount)
    return reached.within(cost), paid


def _without_lines(layer, outcomes, run):
    lines, run.lines = run.lines, type(run.lines)(())
    right["leave"](layer, outcomes, run=run)
    run.lines = lines


def failing_cases() -> list[str]:
    failed = []
    for name, check in CASES.items():
        try:
            holds = check()
        except (YibaoError, ValueError, KeyError):
            holds = False
        if not holds:
            failed.append(name)
    return failed


def test_every_case_holds_as_the_layer_is():
    assert failing_cases() == []


def test_every_step_of_the_layer_has_a_wrong_variant():
    assert set(MUTANTS) == set(right)


@pytest.mark.parametrize(
    ("step", "variant"), [(step, variant) for step in MUTANTS for variant in MUTANTS[step]]
)
def test_a_wrong_step_is_found(step, variant, monkeypatch):
    owner = reference_module if step == "run_layer" else layer_module
    monkeypatch.setattr(owner, step, MUTANTS[step][variant])
    assert failing_cases(), f"no case notices {step}: {variant}"
