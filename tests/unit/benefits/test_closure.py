"""Closure is checked by raising: every identity is broken once, and the run stops."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from tests.builders import (
    bands,
    ceiling,
    claim_of_lines,
    counter,
    due,
    layer,
    line,
    plan,
)
from yibao.base.errors import InvariantBroken
from yibao.engines.benefits.claim import Balances, CounterKey, Slot
from yibao.engines.benefits.closure import check_closure
from yibao.engines.benefits.determination import Determination
from yibao.engines.benefits.reference import adjudicate


def closed() -> Determination:
    """Eligible 10.00: deductible 1.00, 5.00 covered for 2.50, four tails; all of it on lines."""
    version = plan(
        layer(
            "basic",
            ["eligible"],
            bands((6, "50%")),
            deductible=due(1, "met"),
            before=[ceiling("before", 9)],
            after=[ceiling("after", 7)],
            ceilings=[ceiling("paid", "2.50")],
            paid_by={"one": "50%", "two": "50%"},
            feeds=["met"],
        ),
        layer("next", ["noncovered"], "50%"),
        counters=[counter("met", "deductible"), counter("visits", "claim_count")],
        feeds=["visits"],
    )
    made = claim_of_lines(line("1", 6, noncovered=2), line("2", 4))
    return adjudicate(version, made, balances=Balances())


def test_a_whole_determination_closes():
    done = closed()
    check_closure(done)
    assert [one.benefit_amount for one in done.layers] == [250, 100]


def of_layer(**changes) -> Callable[[Determination], Determination]:
    def change(done: Determination) -> Determination:
        first, *others = done.layers
        return replace(done, layers=(replace(first, **changes), *others))

    return change


def of_slot(**changes) -> Callable[[Determination], Determination]:
    def change(done: Determination) -> Determination:
        (one,) = done.layers[0].slots
        return of_layer(slots=(replace(one, **changes),))(done)

    return change


def of_part(place: str, **changes) -> Callable[[Determination], Determination]:
    def change(done: Determination) -> Determination:
        first, *others = getattr(done.layers[0], place)
        return of_layer(**{place: (replace(first, **changes), *others)})(done)

    return change


def of_line(**changes) -> Callable[[Determination], Determination]:
    def change(done: Determination) -> Determination:
        first, *others = done.lines
        return replace(done, lines=(replace(first, **changes), *others))

    return change


ELIGIBLE, NONCOVERED = Slot("eligible"), Slot("noncovered")
MET = CounterKey("met", ("M1", "2024"))


BROKEN = [
    (lambda done: replace(done, submitted_amount=1201), "opened"),
    (lambda done: replace(done, opening=((ELIGIBLE, 1300), (NONCOVERED, -100))), "negative"),
    (lambda done: replace(done, left=done.left[1:]), r"benefits \+ left"),
    (lambda done: replace(done, left=(*done.left, (ELIGIBLE, 1))), r"benefits \+ left"),
    (
        lambda done: replace(done, left=(*done.left, (ELIGIBLE, 1), (NONCOVERED, -1))),
        "left: negative",
    ),
    (of_layer(base_amount=999), "drawn"),
    (of_layer(admitted_amount=1001), "not in order"),
    (of_layer(admitted_amount=901), "before"),
    (of_layer(covered_amount=499), "slices"),
    (of_layer(benefit_amount=251), "benefit"),
    (of_layer(benefit_amount=-1), "not in order"),
    (of_layer(coinsurance_amount=249), "own share"),
    (of_layer(over_ceiling=(("paid", 400),)), "tails"),
    (of_layer(paid_by=(("one", 125), ("two", 124))), "funds"),
    (of_layer(bands=()), "slices"),
    (of_part("bands", rate=400_000), "bands pay"),
    (of_part("payment_ceilings", room=249), "payment 250 > paid 249"),
    (of_part("ceilings_before_deductible", room=899), "admitted 900 > before 899"),
    (of_part("ceilings_after_deductible", room=499), "covered 500 > after 499"),
    (of_slot(benefit=251, coinsurance=249), "benefit"),
    (of_slot(deductible=101, coinsurance=249), "deductible"),
    (of_slot(drawn=999), "eligible"),
    (of_slot(kept=-1), "negative"),
    (of_line(submitted_amount=801), "C1/1"),
    (of_line(benefits=()), "C1/1"),
    (of_part("counters", delta=99), "met"),
    (of_part("counters", delta=-100), "moves by -100"),
    (lambda done: replace(done, deltas=(*done.deltas[:-1], (MET, 101))), "met"),
    (
        lambda done: replace(done, deltas=(*done.deltas, (CounterKey("x", ()), 2))),
        "moved by no layer",
    ),
]


@pytest.mark.parametrize(
    ("broken", "what"), BROKEN, ids=[f"{n} {what}" for n, (_, what) in enumerate(BROKEN, start=1)]
)
def test_what_does_not_close_stops_the_run(broken, what):
    with pytest.raises(InvariantBroken, match=what):
        check_closure(broken(closed()))


def test_a_deductible_beyond_what_was_unmet_stops_the_run():
    done = closed()
    used = done.layers[0].deductible
    assert used is not None
    with pytest.raises(InvariantBroken, match="deductible taken"):
        check_closure(of_layer(deductible=replace(used, unmet=99))(done))


def test_lines_that_swap_slots_stop_the_run():
    """Each line still sums to its charge, and the claim does too."""
    done = closed()
    first, second = done.lines
    (slot, amount), *rest = first.left
    moved = replace(first, left=((Slot("over_limit"), amount), *rest))
    assert slot != Slot("over_limit")
    with pytest.raises(InvariantBroken, match="lines by slot"):
        check_closure(replace(done, lines=(moved, second)))


def test_lines_that_swap_layers_stop_the_run():
    done = closed()
    first, second = done.lines
    renamed = replace(first, benefits=tuple(("ghost", amount) for _, amount in first.benefits))
    with pytest.raises(InvariantBroken, match="lines by layer"):
        check_closure(replace(done, lines=(renamed, second)))
