"""What is no claim is refused before anything is decided: code, place, remedy, both languages."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from tests.builders import (
    ceiling,
    claim,
    claim_of_lines,
    counter,
    layer,
    left,
    line,
    money,
    plan,
)
from yibao.base.dates import Span
from yibao.base.money import AMOUNT_LIMIT
from yibao.engines.benefits.claim import Balances, Slot
from yibao.engines.benefits.opening import CLAIM_CODES, ClaimInvalid
from yibao.engines.benefits.reference import adjudicate
from yibao.engines.benefits.version import ENGINE_VERSION
from yibao.engines.policy.law import PlanVersion, Route
from yibao.engines.policy.unable import UnableToDetermine


def simple(**more) -> PlanVersion:
    return plan(
        layer("basic", ["eligible"], "100%", ceilings=[ceiling("yearly", 100)]),
        layer("next", ["coinsurance@earlier", "over_ceiling@basic"], "50%"),
        routes=(Route("rare", ()),),
        **more,
    )


def refused(made, version=None) -> ClaimInvalid:
    with pytest.raises(ClaimInvalid) as caught:
        adjudicate(version or simple(), made, balances=Balances())
    assert caught.value.code in CLAIM_CODES
    assert "C1" in caught.value.message.zh
    assert "C1" in caught.value.message.en
    assert caught.value.remedy.zh
    assert caught.value.remedy.en
    return caught.value


def with_slots(slots):
    return replace(claim(0), slots=slots)


@pytest.mark.parametrize(
    ("amount", "code"),
    [(-1, "amount_negative"), (AMOUNT_LIMIT + 1, "amount_too_large"), ("12", "amount_not_fen"),
     (True, "amount_not_fen")],
)  # fmt: skip
def test_what_is_no_amount_is_refused(amount, code):
    wrong = refused(with_slots({Slot("eligible"): amount}))
    assert wrong.code == code
    assert "eligible" in wrong.message.en


def test_a_fraction_of_a_fen_is_refused():
    assert refused(with_slots({Slot("eligible"): 12.0})).code == "amount_not_fen"


def test_the_largest_amount_is_counted():
    done = adjudicate(simple(), with_slots({Slot("eligible"): AMOUNT_LIMIT}), balances=Balances())
    assert done.submitted_amount == AMOUNT_LIMIT


def test_the_sum_is_bounded_too():
    slots = {Slot("eligible"): AMOUNT_LIMIT, Slot("noncovered"): 1}
    assert refused(with_slots(slots)).code == "amount_too_large"


@pytest.mark.parametrize(
    "slot",
    [
        "eligible:unknown",
        "allowed",
        "eligible@basic",
        "coinsurance",
        "coinsurance@ghost",
        "coinsurance@basic.yearly",
        "over_ceiling@basic.ghost",
    ],
)
def test_a_slot_that_the_plan_does_not_know_is_refused(slot):
    wrong = refused(claim({slot: 1}))
    assert wrong.code == "slot_unknown"
    assert slot in wrong.message.en
    assert "general, rare" in wrong.message.en
    assert "basic, next" in wrong.message.zh


@pytest.mark.parametrize(
    "slot",
    [
        "eligible:rare",
        "coinsurance@basic",
        "over_ceiling@basic",
        "over_ceiling@basic.yearly:rare",
        "over_ceiling@basic.bands",
        "coinsurance@earlier",  # a layer of another plan that this one draws from
    ],
)
def test_a_claim_may_start_from_given_slots(slot):
    done = adjudicate(simple(), claim({slot: 10}), balances=Balances())
    assert done.submitted_amount == 1000


def test_given_slots_are_drawn_like_any_other():
    done = adjudicate(
        simple(), claim({"over_ceiling@basic": 10, "coinsurance@earlier": 6}), balances=Balances()
    )
    assert [money(one.benefit_amount) for one in done.layers] == ["0", "8"]
    assert left(done) == {"over_ceiling@basic": "5", "coinsurance@earlier": "3"}


def test_lines_that_do_not_sum_to_the_claim_are_refused():
    made = replace(claim_of_lines(line("1", 10)), slots={Slot("eligible"): 999})
    wrong = refused(made)
    assert wrong.code == "lines_do_not_sum"
    assert "1000" in wrong.message.en
    assert "999" in wrong.message.zh


def test_a_slot_that_no_line_has_is_refused():
    made = claim_of_lines(line("1", 10))
    wrong = refused(replace(made, slots={**made.slots, Slot("noncovered"): 1}))
    assert wrong.code == "lines_do_not_sum"


def test_a_line_stands_once():
    assert refused(claim_of_lines(line("1", 1), line("1", 2))).code == "line_repeated"


def test_a_negative_line_is_refused_though_the_claim_is_positive():
    made = replace(claim_of_lines(line("1", 10), line("2", -1)), slots={Slot("eligible"): 900})
    wrong = refused(made)
    assert (wrong.code, "2.eligible_amount" in wrong.message.en) == ("amount_negative", True)


def test_an_annual_claim_brings_no_amounts():
    version = replace(simple(), is_annual=True)
    assert refused(claim(1), version).code == "annual_with_amounts"


@pytest.mark.parametrize(
    ("day", "is_answered"),
    [
        (date(2023, 12, 31), False),
        (date(2024, 1, 1), True),
        (date(2024, 12, 31), True),
        (date(2025, 1, 1), False),
    ],
)
def test_a_day_outside_the_law_has_no_rule(day, is_answered):
    version = simple(span=Span(date(2024, 1, 1), date(2025, 1, 1)))
    if is_answered:
        assert adjudicate(version, claim(1, on=day), balances=Balances()).chosen_on == day
        return
    with pytest.raises(UnableToDetermine) as caught:
        adjudicate(version, claim(1, on=day), balances=Balances())
    assert caught.value.code == "no_rule_on_date"
    assert "2024-01-01" in caught.value.message.zh


def test_a_claim_outside_the_plan_is_told_which_fact():
    version = simple(applies_to={"scheme": "employee"})
    with pytest.raises(UnableToDetermine) as caught:
        adjudicate(version, claim(1, facts={"scheme": "resident"}), balances=Balances())
    assert caught.value.code == "no_plan"
    assert "scheme = resident" in caught.value.message.en


def test_a_determination_says_what_made_it():
    version = replace(simple(), policy_hash="abc")
    done = adjudicate(version, claim(1), balances=Balances())
    assert (done.plan_id, done.policy_hash, done.engine_version) == (
        "000000/test",
        "abc",
        ENGINE_VERSION,
    )


def test_the_order_of_slots_does_not_hang_on_how_they_were_typed():
    slots = {"noncovered": 1, "eligible:rare": 2, "over_limit": 3, "eligible": 4}
    there = adjudicate(simple(), claim(slots), balances=Balances())
    back = adjudicate(simple(), claim(dict(reversed(slots.items()))), balances=Balances())
    assert there == back
    assert [str(slot) for slot, _ in there.opening] == [
        "eligible",
        "eligible:rare",
        "over_limit",
        "noncovered",
    ]


def test_nothing_submitted_is_nothing_paid():
    done = adjudicate(
        simple(counters=[counter("c", "claim_count")], feeds=["c"]), claim(0), balances=Balances()
    )
    assert (done.submitted_amount, done.left, [d for _, d in done.deltas]) == (0, (), [1])
