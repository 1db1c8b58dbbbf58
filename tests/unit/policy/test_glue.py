"""Which plans are monotone, and which two layers part what was joined, by hand."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from yibao.base.dates import Span
from yibao.base.texts import Text
from yibao.engines.benefits.claim import Balances, Claim, ClaimDates, Slot
from yibao.engines.benefits.reference import adjudicate
from yibao.engines.policy.glue import monotone
from yibao.engines.policy.law import (
    Band,
    Bands,
    Ceiling,
    Counter,
    CounterChoice,
    Deductible,
    Draw,
    Feed,
    Layer,
    Literal_,
    Number,
    Payer,
    PlanVersion,
    Provenance,
    Route,
    TopUp,
)
from yibao.engines.policy.law import Test as FactTest

LAW = Provenance(("decree",), "", "H")
KEEP = (("deductible", "keep"), ("coinsurance", "keep"), ("over_ceiling", "keep"))
MILLION = 1_000_000


def amount(value):
    return Number("amount", Literal_(value, LAW))


def rate(per_cent):
    return Number("rate", Literal_(per_cent * 10_000, LAW))


def counter(name, adds):
    return Counter(name, Text(name, name), adds, "member", "benefit_year")


def one(name):
    return CounterChoice((((), name),))


def layer(name, *draws, pays=50, due=0, counted="", limits=(), leaves=(), feeds=(), when=()):
    bands = Bands("slice", False, one(""), (Band(rate(pays), to=amount(None)),))
    return Layer(
        name=name,
        label=Text(name, name),
        condition=when,
        paid_by=(Payer("pool", rate(100)),),
        draws=tuple(Draw(slot) for slot in draws),
        pays=bands,
        deductible=Deductible(one(counted), amount(due)) if due else None,
        ceilings_before_deductible=(),
        ceilings_after_deductible=(),
        payment_ceilings=tuple(Ceiling(n, one(c), amount(a)) for n, c, a in limits),
        leaves=leaves,
        feeds=tuple(Feed(name) for name in feeds),
        structure=LAW,
    )


def plan(*layers, routes=(), applies_to=()):
    return PlanVersion(
        plan_id="1/p",
        area="1",
        label=Text("p", "p"),
        span=Span(date(2024, 1, 1)),
        applies_to=applies_to,
        chosen_by="settlement_date",
        benefit_year_of="settlement_date",
        layers=layers,
        counters=(
            counter("met", "deductible"),
            counter("burden", "admitted"),
            counter("paid", "paid"),
            counter("paid_too", "paid"),
        ),
        feeds=(),
        routes=routes,
    )


def totals(version, **amounts):
    """(payment, burden) in fen of a claim with amounts by class."""
    claim = Claim(
        "C", "M", "E", ClaimDates(date(2024, 5, 1)), {"is_poor": False},
        {Slot(name): value for name, value in amounts.items()},
    )  # fmt: skip
    found = adjudicate(version, claim, balances=Balances())
    return found.benefit_amount, found.out_of_pocket_amount


class TestSlots:
    def test_one_layer(self):
        assert monotone(plan(layer("basic", "eligible", "prior_self_pay"))).is_monotone

    def test_what_is_left_is_drawn_all_together(self):
        large = layer("large", "coinsurance@basic", "prior_self_pay")
        assistance = layer("assistance", "prior_self_pay", "coinsurance@basic")
        assert monotone(plan(layer("basic", "eligible"), large, assistance)).is_monotone

    def test_assistance_without_what_the_layer_before_it_had_with_it(self):
        large = layer("large", "coinsurance@basic", "prior_self_pay")
        assistance = layer("assistance", "coinsurance@basic")
        found = monotone(plan(layer("basic", "eligible"), large, assistance))
        assert not found.is_monotone
        assert found.pair_of_layers == ("large", "assistance")
        assert "large" in found.reason.zh
        assert "assistance" in found.reason.en

    def test_such_a_plan_by_hand(self):
        # large: the first 10.00 of eligible and prior self-pay is the member's, all above is paid.
        # assistance pays whatever is left of eligible. Prior self-pay 5.00 both times.
        # eligible 5.00: all 10.00 is deductible; assistance 5.00 → paid 5.00, left 5.00
        # eligible 10.00: eligible is the deductible, prior self-pay 5.00 is paid; assistance pays
        #   10.00 → paid 15.00, left nothing. Cost + 5.00, benefits + 10.00.
        large = layer("large", "eligible", "prior_self_pay", pays=100, due=1000, leaves=KEEP)
        version = plan(large, layer("assistance", "eligible", pays=100))
        assert monotone(version).pair_of_layers == ("large", "assistance")
        assert totals(version, eligible=500, prior_self_pay=500) == (500, 500)
        assert totals(version, eligible=1000, prior_self_pay=500) == (1500, 0)

    def test_one_outcome_of_one_layer_may_be_drawn_alone(self):
        basic = layer("basic", "eligible", due=100, limits=[("limit", "", 1000)])
        above = layer("above", "over_ceiling@basic")
        assert monotone(plan(basic, above)).is_monotone

    def test_one_outcome_of_two_streams_may_not_be_parted_by_stream(self):
        routes = (Route("rare", (("drug_group", FactTest(frozenset({"rare"}))),)),)
        basic = layer("basic", "eligible", "eligible:rare")
        both = layer("more", "coinsurance@basic")
        only = layer("more", "coinsurance@basic:rare")
        assert monotone(plan(basic, both, routes=routes)).is_monotone
        assert monotone(plan(basic, only, routes=routes)).pair_of_layers == ("basic", "more")

    def test_a_tail_by_one_of_its_ceilings(self):
        basic = layer("basic", "eligible", limits=[("a", "", 1000), ("b", "", 2000)])
        assert monotone(plan(basic, layer("more", "over_ceiling@basic.a"))).is_monotone

    def test_a_slot_that_kept_its_name_beside_another(self):
        basic = layer("basic", "eligible", "noncovered", leaves=KEEP)
        found = monotone(plan(basic, layer("more", "noncovered")))
        assert found.pair_of_layers == ("basic", "more")

    def test_slots_of_an_earlier_settlement(self):
        large = layer("large", "coinsurance@elsewhere", "deductible@elsewhere")
        assistance = layer("assistance", "coinsurance@elsewhere")
        assert monotone(plan(large)).is_monotone
        assert monotone(plan(large, assistance)).pair_of_layers == ("large", "assistance")


class TestConditions:
    LARGE = ("eligible", "prior_self_pay")

    def given(self, first, second):
        large = layer("large", *self.LARGE, leaves=KEEP, when=first)
        return plan(large, layer("assistance", "eligible", when=second))

    def test_layers_that_never_meet(self):
        poor = (("is_poor", FactTest(frozenset({True}))),)
        others = (("is_poor", FactTest(frozenset({False}))),)
        assert monotone(self.given(poor, others)).is_monotone
        assert not monotone(self.given(poor, poor)).is_monotone
        assert not monotone(self.given(poor, ())).is_monotone

    def test_ranges_that_never_meet(self):
        young = (("age", FactTest(below=60)),)
        old = (("age", FactTest(start=60)),)
        middle = (("age", FactTest(start=59)),)
        assert monotone(self.given(young, old)).is_monotone
        assert not monotone(self.given(young, middle)).is_monotone

    def test_values_outside_the_plan_do_not_count(self):
        either = (("level", FactTest(frozenset({"one", "two"}))),)
        two = (("level", FactTest(frozenset({"two"}))),)
        one_ = (("level", FactTest(frozenset({"one"}))),)
        assert not monotone(self.given(either, two)).is_monotone
        assert monotone(replace(self.given(either, two), applies_to=one_)).is_monotone


class TestOneLayerAlone:
    def test_the_whole_amount_at_one_rate(self):
        whole = Bands("whole", False, one(""), (Band(rate(50), start=amount(0)),))
        found = monotone(plan(replace(layer("basic", "eligible"), pays=whole)))
        assert found.pair_of_layers == ("basic", "basic")

    def test_the_whole_amount_by_hand(self):
        # 80 % below 10.00, 50 % from there: 9.99 is paid 7.99, 10.00 is paid 5.00
        bands = (Band(rate(80), start=amount(0)), Band(rate(50), start=amount(1000)))
        version = plan(
            replace(layer("basic", "eligible"), pays=Bands("whole", False, one(""), bands))
        )
        assert totals(version, eligible=999)[0] == 799
        assert totals(version, eligible=1000)[0] == 500

    @pytest.mark.parametrize(("share", "answer"), [(99, False), (100, True)])
    def test_a_slot_drawn_in_part(self, share, answer):
        drawn = replace(layer("basic", "eligible"), draws=(Draw("eligible", rate(share)),))
        assert monotone(plan(drawn)).is_monotone is answer


class TestCounters:
    def test_a_deductible_that_an_earlier_layer_meets(self):
        first = layer("first", "eligible", due=1000, counted="burden", feeds=["burden"])
        second = layer("second", "noncovered", due=1000, counted="burden", feeds=["burden"])
        assert monotone(plan(first)).is_monotone
        assert monotone(plan(first, second)).pair_of_layers == ("first", "second")

    def test_such_a_plan_by_hand(self):
        # second owes 10.00 of cumulative cost, which first feeds: 10.00 of eligible are paid by
        # first and meet the 10.00 of second as well. Cost + 10.00, benefits + 20.00.
        first = layer("first", "eligible", pays=100, feeds=["burden"])
        second = layer("second", "noncovered", pays=100, due=1000, counted="burden")
        version = plan(first, second)
        assert totals(version, eligible=0, noncovered=1000) == (0, 1000)
        assert totals(version, eligible=1000, noncovered=1000) == (2000, 0)

    def test_payments_may_share_one_ceiling(self):
        first = layer("first", "eligible", limits=[("limit", "paid", 1000)], feeds=["paid"])
        second = layer("second", "noncovered", limits=[("limit", "paid", 2000)], feeds=["paid"])
        assert monotone(plan(first, second)).is_monotone

    def test_unless_one_is_bound_that_does_not_feed_it(self):
        first = layer("first", "eligible", limits=[("limit", "paid", 1000)], feeds=["paid"])
        second = layer("second", "noncovered", limits=[("limit", "paid", 2000)])
        assert monotone(plan(first, second)).pair_of_layers == ("first", "second")

    def test_or_two_counters_are_shared(self):
        first = layer("first", "eligible", feeds=["paid", "paid_too"])
        second = layer("second", "noncovered", limits=[("a", "paid", 1000)], feeds=["paid"])
        third = layer("third", "over_limit", limits=[("b", "paid_too", 1000)], feeds=["paid_too"])
        assert monotone(plan(first, second)).is_monotone
        assert monotone(plan(first, second, third)).pair_of_layers == ("first", "third")

    def test_such_a_plan_pays_less_for_more(self):
        # first pays 5.00 and takes 5.00 of room from second and from third: 10.00 + 10.00 before,
        # 5.00 + 5.00 + 5.00 after
        first = layer("first", "eligible", pays=100, feeds=["paid", "paid_too"])
        second = layer(
            "second", "noncovered", pays=100, limits=[("a", "paid", 1000)], feeds=["paid"]
        )
        third = layer(
            "third", "over_limit", pays=100, limits=[("b", "paid_too", 1000)], feeds=["paid_too"]
        )
        version = plan(first, second, third)
        assert totals(version, eligible=0, noncovered=1000, over_limit=1000)[0] == 2000
        assert totals(version, eligible=500, noncovered=1000, over_limit=1000)[0] == 1500

    def test_a_shared_ceiling_moves_cost_between_outcomes(self):
        first = layer("first", "eligible", feeds=["paid"])
        second = layer("second", "noncovered", limits=[("limit", "paid", 1000)], feeds=["paid"],
                       leaves=(("coinsurance", "rename"), ("over_ceiling", "rename")))  # fmt: skip
        third = layer("third", "over_ceiling@second")
        assert monotone(plan(first, second)).is_monotone
        assert monotone(plan(first, second, third)).pair_of_layers == ("second", "third")

    def test_a_counter_that_opens_from_another_reads_it_too(self):
        first = layer("first", "eligible", feeds=["burden"])
        second = layer("second", "noncovered", due=1000, counted="later", feeds=["later"])
        version = plan(first, second)
        alone, opened = counter("later", "admitted"), counter("later", "admitted")
        opened = replace(opened, opens_from="burden")
        assert monotone(replace(version, counters=(*version.counters, alone))).is_monotone
        assert not monotone(replace(version, counters=(*version.counters, opened))).is_monotone


class TestTopUp:
    def chain(self, *, counting, draws, of=("eligible",)):
        basic = layer("basic", "eligible", pays=50)
        top = replace(layer("top", *draws), pays=TopUp(of, counting, share=rate(80)))
        return plan(basic, top)

    LEFT = ("coinsurance@basic", "deductible@basic", "over_ceiling@basic")

    def test_draws_all_that_it_aims_at_and_counts_who_paid(self):
        assert monotone(self.chain(counting=("basic",), draws=self.LEFT)).is_monotone

    def test_does_not_count_a_layer_that_paid(self):
        assert monotone(self.chain(counting=(), draws=self.LEFT)).pair_of_layers == ("basic", "top")

    def test_aims_at_what_it_does_not_draw(self):
        found = monotone(self.chain(counting=("basic",), draws=("coinsurance@basic",)))
        assert found.pair_of_layers == ("basic", "top")

    def test_such_a_plan_by_hand(self):
        # basic pays half of eligible; the target is all of eligible, not counting basic
        # eligible 10.00: 5.00 + the noncovered 10.00 up to the target 10.00 = 15.00
        # eligible 0.00: nothing. Cost + 10.00, benefits + 15.00.
        basic = layer("basic", "eligible", pays=50)
        top = replace(layer("top", "noncovered"), pays=TopUp(("eligible",), (), share=rate(100)))
        version = plan(basic, top)
        assert not monotone(version).is_monotone
        assert totals(version, eligible=0, noncovered=1000) == (0, 1000)
        assert totals(version, eligible=1000, noncovered=1000) == (1500, 500)
