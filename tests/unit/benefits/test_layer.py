"""Each step of a layer, by hand: draw, ceilings, deductible, bands, tails, counters, funds."""

from __future__ import annotations

import pytest

from tests.builders import (
    PER_CLAIM,
    bands,
    ceiling,
    claim,
    counter,
    due,
    layer,
    left,
    money,
    number,
    pays,
    plan,
    top_up,
    uses,
    when,
    whole,
)
from yibao.base.errors import InvariantBroken
from yibao.engines.benefits.balances import after
from yibao.engines.benefits.claim import Balances, CounterKey
from yibao.engines.benefits.determination import Determination, LayerResult
from yibao.engines.benefits.reference import adjudicate
from yibao.engines.policy.law import CounterChoice, Deductible, Route
from yibao.engines.policy.unable import UnableToDetermine


def settle(version, made, sums=None) -> Determination:
    opening = {CounterKey(name, ("M1", "2024")): amount for name, amount in (sums or {}).items()}
    return adjudicate(version, made, balances=Balances(opening))


def only(done: Determination) -> LayerResult:
    (result,) = done.layers
    return result


def tails(result: LayerResult) -> list[tuple[str, str]]:
    return [(name, money(amount)) for name, amount in result.over_ceiling]


# 0 applies?


def test_a_layer_that_does_not_apply_touches_nothing_and_says_why():
    version = plan(
        layer(
            "extra", ["eligible"], "100%", when={"is_poor": True, "scheme": "resident"}, feeds=["c"]
        ),
        counters=[counter("c", "paid")],
    )
    done = settle(version, claim(100, facts={"is_poor": False, "scheme": "employee"}))
    result = only(done)
    assert not result.applied
    assert result.unmet_condition == (("is_poor", False), ("scheme", "employee"))
    assert (result.base_amount, result.numbers, result.paid_by, result.counters) == (0, (), (), ())
    assert left(done) == {"eligible": "100"}
    assert done.deltas == ()


def test_a_layer_that_hangs_on_a_missing_fact_asks_for_it():
    version = plan(layer("extra", ["eligible"], "100%", when={"is_poor": True}))
    with pytest.raises(UnableToDetermine) as caught:
        settle(version, claim(100))
    assert (caught.value.code, caught.value.subject) == ("fact_missing", "is_poor")
    assert "extra/when" in caught.value.message.en


def test_a_layer_that_draws_nothing_asks_for_no_number():
    version = plan(
        layer("rare", ["noncovered"], bands("example_needed"), deductible=due("example_needed"))
    )
    assert pays(version, claim(100)) == ["0"]
    with pytest.raises(UnableToDetermine) as caught:
        settle(version, claim({"noncovered": "0.01"}))
    assert caught.value.subject == "rare/deductible/due"


# 1 draw


@pytest.mark.parametrize(
    ("draws", "expected"),
    [
        # deductible 100 falls on what is drawn first; 50 % of the other
        (["eligible", "prior_self_pay"], {"deductible@a": "100", "prior_self_pay": "50"}),
        (["prior_self_pay", "eligible"], {"prior_self_pay": "100", "coinsurance@a": "50"}),
    ],
)
def test_slots_are_laid_end_to_end_in_the_listed_order(draws, expected):
    version = plan(layer("a", draws, "50%", deductible=due(100)))
    assert left(settle(version, claim({"prior_self_pay": 100, "eligible": 100}))) == expected


def test_a_share_is_drawn_half_up_and_the_rest_stays_put():
    version = plan(layer("a", [("noncovered", "50%")], "100%"))
    done = settle(version, claim({"noncovered": "0.05"}))
    assert money(done.benefit_amount) == "0.03"
    assert left(done) == {"noncovered": "0.02"}
    (outcome,) = only(done).slots
    assert (outcome.drawn, outcome.kept) == (3, 2)


def test_streams_are_drawn_by_name():
    version = plan(
        layer("a", ["eligible:rare"], "100%"),
        routes=(Route("rare", when({"drug_group": "rare"})),),
    )
    done = settle(version, claim({"eligible": 10, "eligible:rare": 20}))
    assert money(done.benefit_amount) == "20"
    assert left(done) == {"eligible": "10"}


def test_a_left_slot_means_all_its_streams_and_ceilings_in_order():
    """Streams in the plan's order, ceilings in the layer's: before, after, bands, payment."""
    version = plan(
        layer(
            "a",
            ["eligible:late", "eligible", "eligible:early"],
            bands((700, "100%")),
            before=[ceiling("z_before", 900)],
            after=[ceiling("y_after", 800)],
            ceilings=[ceiling("x_paid", 600)],
        ),
        layer("b", ["over_ceiling@a"], "100%"),
        routes=(Route("early", ()), Route("late", ())),
    )
    done = settle(version, claim({"eligible": 400, "eligible:early": 300, "eligible:late": 300}))
    # line a: late 300, general 400 → 700, early 300 → 1000; tails 600–700 paid, 700–800 bands, …
    assert [(str(one.slot), money(one.drawn)) for one in done.layers[1].slots] == [
        ("over_ceiling@a.x_paid", "100"),
        ("over_ceiling@a.z_before:early", "100"),
        ("over_ceiling@a.y_after:early", "100"),
        ("over_ceiling@a.bands:early", "100"),
    ]


def test_one_ceiling_of_one_stream_can_be_drawn_alone():
    version = plan(
        layer("a", ["eligible", "eligible:rare"], "100%", before=[ceiling("one", 100)]),
        layer("b", ["over_ceiling@a.one:rare"], "100%"),
        layer("c", ["over_ceiling@a:general"], "100%"),
        routes=(Route("rare", ()),),
    )
    done = settle(version, claim({"eligible": 150, "eligible:rare": 70}))
    assert [money(one.benefit_amount) for one in done.layers] == ["100", "70", "50"]


def test_a_slot_is_drawn_once_a_layer():
    version = plan(layer("a", ["eligible", "eligible"], "100%"))
    with pytest.raises(InvariantBroken, match="twice"):
        settle(version, claim(1))


# 2 and 4 cost ceilings


@pytest.mark.parametrize(
    ("place", "cost", "paid"),
    [
        # before: min(cost, 1000) − 200; after: min(cost − 200, 1000); × 50 %
        ("before", "999.99", "400"),  # 799.99 × 50 % = 399.995
        ("before", "1000", "400"),
        ("before", "1000.01", "400"),
        ("after", "1000", "400"),
        ("after", "1199.99", "500"),  # 999.99 × 50 % = 499.995
        ("after", "1200", "500"),
        ("after", "1200.01", "500"),
    ],
)
def test_a_cost_ceiling_stands_before_or_after_the_deductible(place, cost, paid):
    version = plan(
        layer("a", ["eligible"], "50%", deductible=due(200), **{place: [ceiling("one", 1000)]})
    )
    done = settle(version, claim(cost))
    assert money(done.benefit_amount) == paid
    room = "1000" if place == "before" else "1200"
    over = max(0, only(done).base_amount - int(room) * 100)
    assert sum(amount for _, amount in only(done).over_ceiling) == over


def test_a_ceiling_before_the_deductible_bounds_it_too():
    version = plan(
        layer("a", ["eligible"], "50%", deductible=due(200), before=[ceiling("one", 150)])
    )
    done = settle(version, claim(300))
    assert left(done) == {"deductible@a": "150", "over_ceiling@a.one": "150"}


@pytest.mark.parametrize(
    ("first", "second", "binding"),
    [(100, 50, "second"), (50, 100, "first"), (50, 50, "first"), ("none", 50, "second")],
)
@pytest.mark.parametrize("place", ["before", "after", "ceilings"])
def test_the_tightest_ceiling_binds_and_on_a_tie_the_first(place, first, second, binding):
    listed = [ceiling("first", first), ceiling("second", second)]
    result = only(settle(plan(layer("a", ["eligible"], "100%", **{place: listed})), claim(200)))
    assert tails(result) == [(binding, "150")]
    shown = (
        *result.ceilings_before_deductible,
        *result.ceilings_after_deductible,
        *result.payment_ceilings,
    )
    assert [use.name for use in shown if use.binds] == [binding]


@pytest.mark.parametrize("place", ["before", "after", "ceilings"])
def test_a_ceiling_that_is_reached_exactly_does_not_bind(place):
    version = plan(layer("a", ["eligible"], "100%", **{place: [ceiling("one", 200)]}))
    result = only(settle(version, claim(200)))
    assert tails(result) == []
    (use,) = (
        *result.ceilings_before_deductible,
        *result.ceilings_after_deductible,
        *result.payment_ceilings,
    )
    assert (use.room, use.binds) == (20_000, False)


def test_a_ceiling_by_days_is_multiplied():
    # 120 a day for 3 days
    version = plan(layer("a", ["eligible"], "100%", before=[ceiling("bed", 120, per_fact="days")]))
    assert pays(version, claim(500, facts={"days": 3})) == ["360"]
    assert pays(version, claim(500, facts={"days": 5})) == ["500"]


def test_a_lowered_ceiling_never_claws_back():
    version = plan(
        layer("a", ["eligible"], "100%", ceilings=[ceiling("one", 100, "paid")], feeds=["paid"]),
        counters=[counter("paid", "paid")],
    )
    done = settle(version, claim(50), {"paid": 15_000})
    assert money(done.benefit_amount) == "0"
    assert only(done).payment_ceilings[0].room == 0
    assert done.deltas == ()


def test_a_ceiling_that_is_lifted_still_counts():
    limit = {"rows": [{"is_poor": True, "is": "none"}, {"is_poor": False, "is": 100}]}
    version = plan(
        layer("a", ["eligible"], "100%", ceilings=[ceiling("one", limit, "paid")], feeds=["paid"]),
        counters=[counter("paid", "paid")],
    )
    done = settle(version, claim(500, facts={"is_poor": True}))
    assert [delta for _, delta in done.deltas] == [50_000]


def test_every_tail_is_named_by_what_cut_it_from_the_end():
    version = plan(
        layer(
            "a",
            ["eligible"],
            bands((600, "50%")),
            deductible=due(100),
            before=[ceiling("admits", 900)],
            after=[ceiling("covers", 700)],
            ceilings=[ceiling("paid", 200)],
        )
    )
    done = settle(version, claim(1000))
    # head 100; 600 in the band, 400 of it for 200; then bands 100, covers 100, admits 100
    assert tails(only(done)) == [
        ("paid", "200"),
        ("bands", "100"),
        ("covers", "100"),
        ("admits", "100"),
    ]
    assert left(done)["coinsurance@a"] == "200"
    assert left(done)["deductible@a"] == "100"


# 3 the deductible


def yearly_maximum() -> Deductible:
    return due(1200, "", ceiling("yearly", 2300, "deductibles"))


@pytest.mark.parametrize(
    ("met", "taken", "binds"),
    [
        (109_900, "1200", False),
        (110_000, "1200", False),
        (110_100, "1199", True),
        (240_000, "0", True),
    ],
)
def test_the_yearly_maximum_of_deductibles(met, taken, binds):
    version = plan(
        layer("a", ["eligible"], "100%", deductible=yearly_maximum(), feeds=["deductibles"]),
        counters=[counter("deductibles", "deductible")],
    )
    used = only(settle(version, claim(5000), {"deductibles": met})).deductible
    assert used is not None
    assert money(used.taken) == taken
    assert used.yearly_maximum is not None
    assert used.yearly_maximum.binds is binds


@pytest.mark.parametrize(
    ("cost", "taken"), [("499.99", "499.99"), ("500", "500"), ("500.01", "500")]
)
def test_a_deductible_takes_at_most_what_there_is(cost, taken):
    result = only(settle(plan(layer("a", ["eligible"], "100%", deductible=due(500))), claim(cost)))
    assert money(result.deductible_amount) == taken


@pytest.mark.parametrize(("adds", "second"), [("deductible", "100"), ("admitted", "0")])
def test_a_raised_due_is_topped_up_or_met_by_cost(adds, second):
    """800 of cost under a due of 200; then the due is 300."""
    dues = {"rows": [{"level": "level_1", "is": 200}, {"level": "level_2", "is": 300}]}
    version = plan(
        layer("a", ["eligible"], "100%", deductible=due(dues, "met"), feeds=["met"]),
        counters=[counter("met", adds)],
    )
    first = settle(version, claim(800, facts={"level": "level_1"}))
    done = adjudicate(
        version, claim(800, facts={"level": "level_2"}), balances=after(Balances(), first)
    )
    assert money(only(done).deductible_amount) == second


def test_a_due_that_falls_is_not_refunded():
    version = plan(
        layer("a", ["eligible"], "100%", deductible=due(200, "met"), feeds=["met"]),
        counters=[counter("met", "deductible")],
    )
    used = only(settle(version, claim(50), {"met": 50_000})).deductible
    assert used is not None
    assert (used.unmet, used.taken) == (0, 0)


def test_the_deductible_is_taken_though_the_payment_has_no_room():
    version = plan(
        layer(
            "a",
            ["eligible"],
            "100%",
            deductible=due(200, "met"),
            ceilings=[ceiling("limit", 0)],
            feeds=["met"],
        ),
        counters=[counter("met", "deductible")],
    )
    done = settle(version, claim(300))
    assert [delta for _, delta in done.deltas] == [20_000]
    assert left(done) == {"deductible@a": "200", "over_ceiling@a.limit": "100"}


def test_which_counter_may_be_a_table():
    choice = CounterChoice(
        rows=((when({"disease": ["flu", "cancer"]}), ""),),
        excepts=((when({"disease": "cancer"}), "joint"),),
    )
    version = plan(
        layer(
            "a",
            ["eligible"],
            "100%",
            deductible=Deductible(choice, number(500)),
            feeds=["joint"],
        ),
        counters=[counter("joint", "deductible")],
    )
    for disease, paid in (("cancer", "400"), ("flu", "100")):
        done = settle(version, claim(600, facts={"disease": disease}), {"joint": 30_000})
        assert money(done.benefit_amount) == paid


# 5 bands


TWO = ((40_000, "80%"), "90%")


@pytest.mark.parametrize(
    ("cost", "paid"),
    [
        ("39999.99", "31999.99"),  # × 80 % = 31999.992
        ("40000", "32000"),
        ("40000.01", "32000.01"),  # + 0.01 × 90 % = 0.009
        ("50000", "41000"),
    ],
)
def test_the_edge_of_a_band_below_at_and_above(cost, paid):
    assert pays(plan(layer("a", ["eligible"], bands(*TWO))), claim(cost)) == [paid]


def test_the_payment_is_rounded_once_not_by_band():
    # 0.01 × 50 % three times: 0.015, rounded 0.02; by band it would be 0.03
    version = plan(layer("a", ["eligible"], bands(("0.01", "50%"), ("0.02", "50%"), "50%")))
    assert pays(version, claim("0.03")) == ["0.02"]


@pytest.mark.parametrize(
    ("measured", "paid"),
    [
        # position 30000, deductible 1000, covered 19000:
        ("above_deductible", "16100"),  # [30000, 49000): 10000 × 80 % + 9000 × 90 %
        ("from_zero", "16200"),  # [31000, 50000): 9000 × 80 % + 10000 × 90 %
    ],
)
def test_bands_run_on_from_the_position(measured, paid):
    made = bands(*TWO, position="position", measured=measured)
    version = plan(
        layer("a", ["eligible"], made, deductible=due(1000), feeds=["position"]),
        counters=[counter("position", "covered")],
    )
    done = settle(version, claim(20_000), {"position": 3_000_000})
    assert money(done.benefit_amount) == paid


def test_beyond_the_last_band_is_over_the_ceiling():
    version = plan(layer("a", ["eligible"], bands((1000, "50%"), (3000, "60%"))))
    done = settle(version, claim(5000))
    assert money(done.benefit_amount) == "1700"
    assert left(done) == {"coinsurance@a": "1300", "over_ceiling@a.bands": "2000"}


def test_slices_are_shown_with_their_exact_products():
    shown = only(settle(plan(layer("a", ["eligible"], bands(*TWO))), claim(50_000))).bands
    assert [(b.start, b.to, b.rate, b.slice_amount) for b in shown] == [
        (0, 4_000_000, 800_000, 4_000_000),
        (4_000_000, None, 900_000, 1_000_000),
    ]


def test_bands_that_end_before_they_begin_stop_the_run():
    version = plan(layer("a", ["eligible"], bands((200, "50%"), (100, "60%"), "70%")))
    with pytest.raises(InvariantBroken, match="before it begins"):
        settle(version, claim(1))


@pytest.mark.parametrize(
    ("word", "cost", "paid"),
    [
        ("from", "9999.99", "5000"),  # × 50 % = 4999.995
        ("from", "10000", "8000"),
        ("above", "10000", "5000"),
        ("above", "10000.01", "8000.01"),  # × 80 % = 8000.008
    ],
)
def test_the_whole_amount_at_the_rate_of_its_end(word, cost, paid):
    version = plan(layer("a", ["eligible"], whole(("from", 0, "50%"), (word, 10_000, "80%"))))
    assert pays(version, claim(cost)) == [paid]


def test_the_rate_of_the_whole_is_fixed_before_the_payment_ceiling():
    # 20000 × 80 %, at most 4000: cost of 5000, still at 80 %
    made = whole(("from", 0, "50%"), ("from", 10_000, "80%"))
    version = plan(layer("a", ["eligible"], made, ceilings=[ceiling("limit", 4000)]))
    result = only(settle(version, claim(20_000)))
    assert money(result.benefit_amount) == "4000"
    assert money(result.covered_amount) == "5000"
    assert [(b.start, b.to, b.rate) for b in result.bands] == [(1_000_000, None, 800_000)]


@pytest.mark.parametrize(
    ("measured", "paid"),
    # 10500 less 1000: the end stands at 10500 from zero, at 9500 above the deductible
    [("from_zero", "7600"), ("above_deductible", "4750")],
)
def test_the_end_of_the_whole_is_measured(measured, paid):
    made = whole(("from", 0, "50%"), ("from", 10_000, "80%"), measured=measured)
    version = plan(layer("a", ["eligible"], made, deductible=due(1000)))
    assert pays(version, claim(10_500)) == [paid]


def test_the_whole_of_nothing_is_nothing():
    made = whole(("above", 0, "50%"))
    version = plan(layer("a", ["eligible"], made, deductible=due(1000)))
    assert pays(version, claim(1000)) == ["0"]
    assert pays(version, claim("1000.02")) == ["0.01"]


# 6 payment ceilings


@pytest.mark.parametrize(
    ("room", "covered"),
    [
        ("799.99", "1599.98"),  # 1599.98 × 50 % = 799.99; 1599.99 rounds up to 800.00
        ("800", "1600"),  # 1600.00 → 800.00; 1600.01 × … = 800.005 → 800.01
    ],
)
def test_cost_is_cut_to_the_largest_that_fits(room, covered):
    version = plan(layer("a", ["eligible"], "50%", ceilings=[ceiling("limit", room)]))
    result = only(settle(version, claim(2000)))
    assert (money(result.benefit_amount), money(result.covered_amount)) == (room, covered)


def test_the_largest_cost_is_named_not_the_smallest():
    # at 30 %, 3.32 to 3.34 all pay 1.00 (0.996, 0.999, 1.002); 3.35 would pay 1.01 (1.005)
    version = plan(layer("a", ["eligible"], "30%", ceilings=[ceiling("limit", 1)]))
    assert money(only(settle(version, claim(10))).covered_amount) == "3.34"


def test_a_band_without_payment_is_covered_before_the_cut():
    # 100 at 0 %, then 50 %: a ceiling of 10 covers 120
    made = bands((100, "0%"), "50%")
    version = plan(layer("a", ["eligible"], made, ceilings=[ceiling("limit", 10)]))
    assert money(only(settle(version, claim(500))).covered_amount) == "120"


# 7 attribute


def test_what_a_slot_is_relieved_of_is_a_difference():
    # 0.01 + 0.01 + 0.01 at 50 %: F = 0.01, 0.01, 0.02
    version = plan(layer("a", ["eligible", "prior_self_pay", "over_limit"], "50%"))
    slots = {"eligible": "0.01", "prior_self_pay": "0.01", "over_limit": "0.01"}
    outcomes = only(settle(version, claim(slots))).slots
    assert [one.benefit for one in outcomes] == [1, 0, 1]


def test_head_and_tail_fall_on_the_slots_where_they_lie():
    version = plan(
        layer(
            "a",
            ["eligible", "prior_self_pay"],
            "80%",
            deductible=due(150),
            ceilings=[ceiling("limit", 40)],
        )
    )
    done = settle(version, claim({"eligible": 100, "prior_self_pay": 200}))
    # line: 100 eligible + 50 prior to the deductible; 50 covered for 40; 100 over
    first, second = only(done).slots
    assert (first.deductible, first.benefit) == (10_000, 0)
    assert (second.deductible, second.benefit, second.coinsurance) == (5_000, 4_000, 1_000)
    assert second.over_ceiling == (("limit", 10_000),)


# 8 leave


@pytest.mark.parametrize(
    ("leaves", "expected"),
    [
        (
            {},
            {
                "deductible@a": "100",
                "coinsurance@a": "50",
                "over_ceiling@a.one": "100",
                "noncovered": "100",
            },
        ),
        (
            {"deductible": "keep", "over_ceiling": "keep"},
            {"eligible": "200", "coinsurance@a": "50", "noncovered": "100"},
        ),
        (
            {"over_ceiling": "rename"},
            {"deductible@a": "100", "coinsurance@a": "50", "over_ceiling@a.one": "200"},
        ),
    ],
)
def test_outcomes_are_renamed_or_keep_their_slot(leaves, expected):
    """Line: 300 eligible, 100 noncovered; deductible 100, 100 covered at 50 %, 200 over."""
    version = plan(
        layer(
            "a",
            ["eligible", "noncovered"],
            "50%",
            deductible=due(100),
            before=[ceiling("one", 200)],
            leaves=leaves,
        )
    )
    assert left(settle(version, claim({"eligible": 300, "noncovered": 100}))) == expected


def test_a_left_slot_keeps_its_stream():
    version = plan(layer("a", ["eligible:rare"], "60%"), routes=(Route("rare", ()),))
    assert left(settle(version, claim({"eligible:rare": 10}))) == {"coinsurance@a:rare": "4"}


# 9 counters


def test_each_counter_adds_its_own_measure():
    names = ["drawn", "admitted", "deductible", "covered", "paid"]
    version = plan(
        layer(
            "a",
            ["eligible"],
            bands((400, "50%")),
            deductible=due(100),
            before=[ceiling("b", 900)],
            after=[ceiling("c", 600)],
            ceilings=[ceiling("d", 150)],
            feeds=names,
        ),
        counters=[counter(name, name) for name in names],
    )
    done = settle(version, claim(1000))
    assert [(key.counter, money(delta)) for key, delta in done.deltas] == [
        ("drawn", "1000"),
        ("admitted", "900"),
        ("deductible", "100"),
        ("covered", "300"),
        ("paid", "150"),
    ]


def test_a_layer_sees_what_the_one_before_it_fed():
    shared = {"deductible": due(500, "met"), "feeds": ["met"]}
    version = plan(
        layer("a", ["eligible"], "100%", **shared),
        layer("b", ["noncovered"], "100%", **shared),
        counters=[counter("met", "deductible")],
    )
    done = settle(version, claim({"eligible": 300, "noncovered": 300}))
    assert [money(one.benefit_amount) for one in done.layers] == ["0", "100"]
    (move,) = done.layers[1].counters
    assert (move.before, move.delta, move.after) == (30_000, 20_000, 50_000)


def test_what_is_read_is_remembered():
    version = plan(
        layer("a", ["eligible"], "100%", ceilings=[ceiling("one", 100, "read")], feeds=["fed"]),
        counters=[counter("read", "paid"), counter("fed", "paid")],
    )
    done = settle(version, claim(10))
    assert done.reads == (CounterKey("read", ("M1", "2024")),)
    assert [(m.key.counter, m.delta) for m in only(done).counters] == [("read", 0), ("fed", 1000)]


def test_a_counter_listed_twice_is_fed_once():
    version = plan(
        layer("a", ["eligible"], "100%", feeds=["fed", "fed"]), counters=[counter("fed", "paid")]
    )
    assert [delta for _, delta in settle(version, claim(10)).deltas] == [1000]


def test_a_counter_that_the_version_lacks_stops_the_run():
    with pytest.raises(InvariantBroken, match="ghost"):
        settle(plan(layer("a", ["eligible"], "100%", feeds=["ghost"])), claim(10))


# Ways of paying


def test_funds_share_by_largest_remainder_and_ties_go_to_the_first():
    thirds = {"first": "33.3333%", "second": "33.3333%", "third": "33.3334%"}
    version = plan(layer("a", ["eligible"], "100%", paid_by=thirds))
    assert only(settle(version, claim("0.01"))).paid_by == (
        ("first", 0),
        ("second", 0),
        ("third", 1),
    )
    halves = plan(layer("a", ["eligible"], "100%", paid_by={"first": "50%", "second": "50%"}))
    assert only(settle(halves, claim("0.03"))).paid_by == (("first", 2), ("second", 1))


def test_shares_of_funds_that_do_not_sum_stop_the_run():
    version = plan(layer("a", ["eligible"], "100%", paid_by={"first": "50%", "second": "40%"}))
    with pytest.raises(InvariantBroken, match="shares sum"):
        settle(version, claim(1))


@pytest.mark.parametrize(
    ("basic", "topped", "expected"),
    [
        # (1000 − 200) × rate; the target is 50 % of 1000
        ("30%", "260", {"coinsurance@basic": "500"}),
        ("60%", "20", {"deductible@basic": "180", "coinsurance@basic": "320"}),
        ("62.5%", "0", {"deductible@basic": "200", "coinsurance@basic": "300"}),
        ("80%", "0", {"deductible@basic": "200", "coinsurance@basic": "160"}),
    ],
)
def test_a_guaranteed_share_pays_what_is_missing(basic, topped, expected):
    version = plan(
        layer("basic", ["eligible"], basic, deductible=due(200)),
        layer(
            "guarantee",
            ["deductible@basic", "coinsurance@basic"],
            top_up(["eligible"], share="50%", counting=["basic"]),
        ),
    )
    done = settle(version, claim(1000))
    assert money(done.layers[1].benefit_amount) == topped
    assert left(done) == expected
    used = done.layers[1].top_up
    assert used is not None
    assert used.target == 50_000


@pytest.mark.parametrize(
    ("eligible", "total"),
    [
        ("2000", "2000"),  # regular 1000; 3000 or all of it: all of it
        ("3000", "3000"),
        ("3000.01", "3000"),  # regular 1500.01 (1500.005); topped to 3000
        ("5999.99", "3000"),  # regular 3000.00 (2999.995)
        ("6000.02", "3000.01"),
    ],
)
def test_the_better_of_a_share_and_an_amount(eligible, total):
    version = plan(
        layer("regular", ["eligible"], "50%"),
        layer(
            "birth",
            ["coinsurance@regular"],
            top_up(["eligible"], amount=3000, counting=["regular"]),
        ),
    )
    assert money(settle(version, claim(eligible)).benefit_amount) == total


def test_the_target_is_rounded_half_up_once():
    # 33.33 × 50 % = 16.665
    version = plan(layer("a", ["eligible"], top_up(["eligible"], share="50%")))
    assert pays(version, claim("33.33")) == ["16.67"]


def test_a_ceiling_on_a_top_up_cuts_its_cost():
    version = plan(
        layer(
            "a",
            ["eligible"],
            top_up(["eligible"], share="50%"),
            ceilings=[ceiling("limit", 100)],
        )
    )
    done = settle(version, claim(1000))
    assert left(done) == {"over_ceiling@a.limit": "900"}
    assert (money(only(done).covered_amount), only(done).coinsurance_amount) == ("100", 0)


def test_an_amount_alone_is_a_target_too():
    version = plan(layer("a", ["eligible", "noncovered"], top_up([], amount=50)))
    assert pays(version, claim({"eligible": 30, "noncovered": 30})) == ["50"]


def test_per_claim_remembers_nothing():
    assert uses("") == PER_CLAIM
    version = plan(
        layer("a", ["eligible"], "100%", deductible=due(500), ceilings=[ceiling("x", 100)])
    )
    done = settle(version, claim(1000))
    assert (done.deltas, done.reads) == ((), ())
    assert only(done).payment_ceilings[0].counter is None


def test_numbers_are_named_by_their_place():
    version = plan(
        layer(
            "a",
            [("eligible", "100%")],
            bands((500, "50%"), "60%"),
            deductible=due(100, "", ceiling("yearly", 1000, "met")),
            before=[ceiling("b", 900)],
            after=[ceiling("c", 800)],
            ceilings=[ceiling("d", 700)],
            feeds=["met"],
        ),
        counters=[counter("met", "deductible")],
    )
    assert [used.name for used in settle(version, claim(100)).numbers] == [
        "a/draws/eligible/share",
        "a/cost_ceilings/before_deductible/b/amount",
        "a/deductible/due",
        "a/deductible/yearly_maximum/amount",
        "a/cost_ceilings/after_deductible/c/amount",
        "a/bands/list/1/to",
        "a/bands/list/1/rate",
        "a/bands/list/2/to",
        "a/bands/list/2/rate",
        "a/payment_ceilings/d/amount",
        "a/paid_by/a_fund/share",
    ]
