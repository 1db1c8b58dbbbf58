"""Whole claims worked by hand: waterfalls of three cities, and faults of other engines."""

from __future__ import annotations

from datetime import date

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
    number,
    pays,
    plan,
    step,
    when,
)
from yibao.engines.benefits.balances import after, without
from yibao.engines.benefits.claim import Balances
from yibao.engines.benefits.reference import adjudicate
from yibao.engines.policy.law import Feed, NthStay, PlanVersion, Route


def year(version: PlanVersion, *claims) -> list[list[str]]:
    """Pays of every layer, claim after claim."""
    balances, found = Balances(), []
    for made in claims:
        done = adjudicate(version, made, balances=balances)
        balances = after(balances, done)
        found.append([money(one.benefit_amount) for one in done.layers])
    return found


# Employees' outpatient visits: a yearly deductible topped up to the level's own, a yearly limit


def employee_outpatient() -> PlanVersion:
    rates = {
        "rows": [
            {"facility_level": ["community", "level_1"], "is": "80%"},
            {"facility_level": "level_2", "is": "70%"},
            {"facility_level": "level_3", "is": "60%"},
        ]
    }
    retired = step("plus_points", "5pp", when={"member_category": "retired"})
    dues = {
        "rows": [
            {"facility_level": ["community", "level_1"], "is": 0},
            {"facility_level": "level_2", "is": 500},
            {"facility_level": "level_3", "is": 800},
        ]
    }
    limit = {
        "rows": [
            {"member_category": "working", "is": 6000},
            {"member_category": "retired", "is": 7000},
        ]
    }
    return plan(
        layer(
            "outpatient_pooling",
            ["eligible"],
            bands(number(rates, "rate", steps=[retired])),
            deductible=due(dues, "outpatient_deductible"),
            ceilings=[ceiling("yearly_limit", limit, "outpatient_paid")],
            feeds=["outpatient_deductible", "outpatient_paid"],
        ),
        counters=[
            counter("outpatient_deductible", "deductible"),
            counter("outpatient_paid", "paid"),
        ],
    )


def visit(amount, *, level="level_3", category="working", **more):
    return claim(amount, facts={"facility_level": level, "member_category": category}, **more)


def test_three_visits_meet_the_yearly_deductible():
    # 500 and 300 fill the 800; then 240 × 60 % = 144
    paid = year(employee_outpatient(), visit(500), visit(300), visit(240))
    assert paid == [["0"], ["0"], ["144"]]


@pytest.mark.parametrize(
    ("first", "paid"), [("799.99", "143.99"), ("800", "144"), ("800.01", "144")]
)
def test_the_deductible_below_at_and_above(first, paid):
    # with 799.99 met, 0.01 is still due: (240 − 0.01) × 60 % = 143.994
    assert year(employee_outpatient(), visit(first), visit(240))[1] == [paid]


def test_a_higher_level_tops_the_deductible_up():
    # 500 at level 2 leave 300 of level 3's 800: (400 − 300) × 60 % = 60
    visits = [visit(500, level="level_2"), visit(400)]
    assert year(employee_outpatient(), *visits) == [["0"], ["60"]]


@pytest.mark.parametrize(
    ("category", "amount", "paid"),
    [
        ("working", "10799.99", "5999.99"),  # 9999.99 × 60 % = 5999.994
        ("working", "10800", "6000"),
        ("working", "10800.01", "6000"),
        ("retired", "11569.23", "7000"),  # 10769.23 × 65 % = 6999.9995
        ("retired", "11569.22", "6999.99"),  # 10769.22 × 65 % = 6999.993
        ("retired", "20000", "7000"),
    ],
)
def test_the_yearly_limit_below_at_and_above(category, amount, paid):
    assert pays(employee_outpatient(), visit(amount, category=category)) == [paid]


def test_a_new_year_begins_anew():
    version = employee_outpatient()
    december, january = date(2024, 12, 31), date(2025, 1, 1)
    visits = [visit(800, on=december), visit(240, on=december), visit(240, on=january)]
    assert year(version, *visits) == [["0"], ["144"], ["0"]]


# Residents' stays: basic, above its ceiling, large cost with own pay of class B


def resident_inpatient() -> PlanVersion:
    dues = {
        "rows": [
            {"facility_level": "level_1", "is": 200},
            {"facility_level": "level_2", "is": 500},
            {"facility_level": "level_3", "is": 800},
        ],
        "except": [
            {"facility_level": "level_3", "facility_named": "six_hospitals", "is": 1000},
        ],
    }
    nth = [step("times", "50%", when={"nth_stay": 2}), step("set", "100", when={"nth_stay": 3})]
    poor = step("plus_points", "5pp", when={"is_poor": True})
    rates = {
        "rows": [
            {"facility_level": "level_2", "is": "80%"},
            {"facility_level": "level_3", "is": "70%"},
        ]
    }
    return plan(
        layer(
            "basic",
            ["eligible"],
            bands(number(rates, "rate")),
            deductible=due(number(dues, steps=nth), "stay_deductible"),
            ceilings=[ceiling("basic_ceiling", 180_000, "basic_paid")],
            feeds=["stays", "stay_deductible", "basic_paid"],
        ),
        layer(
            "above_ceiling",
            ["over_ceiling@basic"],
            "80%",
            ceilings=[ceiling("above_ceiling_limit", 400_000, "above_ceiling_paid")],
            leaves={"coinsurance": "rename", "over_ceiling": "rename"},
            feeds=["above_ceiling_paid"],
        ),
        layer(
            "large",
            ["deductible@basic", "coinsurance@basic", "prior_self_pay"],
            bands(
                number("65%", "rate", steps=[poor]), position="large_burden", measured="from_zero"
            ),
            deductible=due(
                {"rows": [{"is_poor": False, "is": 18_000}, {"is_poor": True, "is": 5_000}]},
                "large_burden",
            ),
            ceilings=[
                ceiling(
                    "large_ceiling",
                    {"rows": [{"is_poor": False, "is": 200_000}, {"is_poor": True, "is": "none"}]},
                    "large_paid",
                )
            ],
            feeds=["large_burden", "large_paid"],
        ),
        counters=[
            counter(
                "stays", "claim_count", once_per_encounter=True, counts=frozenset({"inpatient"})
            ),
            counter("stay_deductible", "deductible", "encounter"),
            counter("basic_paid", "paid"),
            counter("above_ceiling_paid", "paid"),
            counter("large_burden", "admitted"),
            counter("large_paid", "paid"),
        ],
        derived=(NthStay("nth_stay", "stays", 3),),
    )


def stay(name: str, *, poor=False):
    facts = {
        "care_type": "inpatient",
        "facility_level": "level_3",
        "facility_named": "six_hospitals",
        "is_poor": poor,
    }
    slots = {"eligible": 100_000, "prior_self_pay": 5_000, "noncovered": 2_000}
    return claim(slots, claim_id=name, facts=facts)


def test_a_first_stay():
    # (100000 − 1000) × 70 %; own burden 1000 + 29700 + 5000, (35700 − 18000) × 65 %
    version = resident_inpatient()
    assert pays(version, stay("S1")) == ["69300", "0", "11505"]


def test_a_first_stay_of_a_poor_member():
    # (35700 − 5000) × 70 % = 21490; own 35700 − 21490 + 2000 = 16210
    done = adjudicate(resident_inpatient(), stay("S1", poor=True), balances=Balances())
    assert [money(one.benefit_amount) for one in done.layers] == ["69300", "0", "21490"]
    assert money(done.out_of_pocket_amount) == "16210"


def test_poor_only_from_the_second_stay():
    # deductible 500: 99500 × 70 %; burden 500 + 29850 + 5000 = 35350, all above 5000, × 70 %
    paid = year(resident_inpatient(), stay("S1"), stay("S2", poor=True))
    assert paid == [["69300", "0", "11505"], ["69650", "0", "24745"]]


def test_the_third_stay_reaches_the_basic_ceiling():
    """The room left is 180000 − 69300 − 69650 = 41050, and turns into cost.

    41050 ÷ 70 % = 58642.857…; 58642.86 pays 41050.002, rounded 41050.00; 58642.87 would pay a fen
    more. The rest of 99900, 41257.14, is over the ceiling: × 80 % = 33005.712. Own burden
    100 + 17592.86 + 5000 = 22692.86, the deductible met long ago: × 65 % = 14750.359.
    """
    version = resident_inpatient()
    paid = year(version, stay("S1"), stay("S2"), stay("S3"))
    assert paid[2] == ["41050", "33005.71", "14750.36"]


def test_what_the_third_stay_leaves():
    version, balances = resident_inpatient(), Balances()
    for name in ("S1", "S2"):
        balances = after(balances, adjudicate(version, stay(name), balances=balances))
    done = adjudicate(version, stay("S3"), balances=balances)
    # 22692.86 × 65 %: after 100.00 come 65.00; after 17692.86 come 11500.36; after all 14750.36
    assert left(done) == {
        "prior_self_pay": "1750",  # 5000 − (14750.36 − 11500.36)
        "noncovered": "2000",
        "deductible@basic": "35",
        "coinsurance@basic": "6157.50",  # 17592.86 − (11500.36 − 65.00)
        "coinsurance@above_ceiling": "8251.43",  # 41257.14 − 33005.71
    }
    tail = done.layers[0].over_ceiling
    assert [(name, money(amount)) for name, amount in tail] == [("basic_ceiling", "41257.14")]


# A payment ceiling is a ceiling on cost: three layers, 300000 (published example A03)


def test_what_a_payment_ceiling_leaves_goes_on_as_cost():
    """65000 ÷ 91 % = 71428.571…, so 71428.57 are covered and 227371.43 are over the ceiling.

    Those × 95 % = 216002.8585. Own shares 6428.57 + 11368.57, above 14370: 3427.14 × 60 %.
    """
    version = plan(
        layer(
            "basic",
            ["eligible"],
            "91%",
            deductible=due(1200),
            ceilings=[ceiling("yearly_limit", 65_000)],
        ),
        layer("large", ["over_ceiling@basic"], "95%", leaves={"coinsurance": "rename"}),
        layer(
            "critical", ["coinsurance@basic", "coinsurance@large"], "60%", deductible=due(14_370)
        ),
    )
    done = adjudicate(version, claim(300_000), balances=Balances())
    assert [money(one.benefit_amount) for one in done.layers] == ["65000", "216002.86", "2056.28"]
    assert money(done.out_of_pocket_amount) == "16940.86"
    assert money(done.layers[0].covered_amount) == "71428.57"
    assert money(done.layers[0].uncapped_benefit_amount) == "271908"


# Bills that another platform settles wrongly


def test_p1_a_deductible_is_taken_from_the_bill_not_from_each_line():
    version = plan(layer("basic", ["eligible"], "100%", deductible=due(500)))
    done = adjudicate(version, claim_of_lines(line("1", 100), line("2", 600)), balances=Balances())
    assert money(done.benefit_amount) == "200"
    # line 1: 100 × 200/700 = 28.571…, line 2 takes the rest
    assert [money(one.benefits[0][1]) for one in done.lines] == ["28.57", "171.43"]


def test_p2_the_fen_are_paid():
    assert pays(plan(layer("basic", ["eligible"], "100%")), claim("10.99")) == ["10.99"]


def test_p2b_a_rate_stays_a_rate_however_often_the_bill_is_looked_at():
    version = plan(layer("basic", ["eligible"], "80%"))
    assert [pays(version, claim(100)) for _ in range(3)] == [["80"], ["80"], ["80"]]


def test_p3_two_covers_pay_a_line_each():
    version = plan(
        layer("first", ["eligible:first"], "100%"),
        layer("second", ["eligible:second"], "100%"),
        routes=(Route("first", ()), Route("second", ())),
    )
    made = claim_of_lines(line("1", 100, stream="first"), line("2", 200, stream="second"))
    done = adjudicate(version, made, balances=Balances())
    assert [money(one.benefit_amount) for one in done.layers] == ["100", "200"]
    assert [[(name, money(fen)) for name, fen in one.benefits] for one in done.lines] == [
        [("first", "100")],
        [("second", "200")],
    ]


@pytest.mark.parametrize(("is_child", "paid"), [(True, "300"), (False, "100")])
def test_p4_a_limit_that_is_not_for_children_does_not_bind_them(is_child, paid):
    limit = {"rows": [{"is_child": True, "is": "none"}, {"is_child": False, "is": 100}]}
    version = plan(layer("basic", ["eligible"], "100%", ceilings=[ceiling("limit", limit)]))
    assert pays(version, claim(300, facts={"is_child": is_child})) == [paid]


def test_p5_four_lines_are_paid_once_each():
    version = plan(layer("basic", ["eligible"], "100%"))
    made = claim_of_lines(*(line(name, 100) for name in "1234"))
    assert pays(version, made) == ["400"]


def test_p6_the_ceiling_of_a_family_of_five():
    # 1000 + 500 for each of three heads beyond two, used by two members
    limit = number(1000, steps=[step("plus_per", "500", fact="family_size", beyond=2)])
    version = plan(
        layer(
            "basic",
            ["eligible"],
            "100%",
            ceilings=[ceiling("family", limit, "paid")],
            feeds=["paid"],
        ),
        counters=[counter("paid", "paid", holder="family")],
    )
    facts = {"family_size": 5}
    first = claim(2000, facts=facts, family_id="F1", member_id="M1")
    second = claim(2000, facts=facts, family_id="F1", member_id="M2")
    other = claim(2000, facts=facts, family_id="F2", member_id="M3")
    assert year(version, first, second, other) == [["2000"], ["500"], ["2000"]]


def test_p7_a_ceiling_of_a_category_over_three_visits():
    version = plan(
        layer(
            "basic",
            ["eligible"],
            "100%",
            ceilings=[ceiling("category", 300, "paid")],
            feeds=["paid"],
        ),
        counters=[counter("paid", "paid", facts=("drug_group",))],
    )
    facts = {"drug_group": "insulin"}
    visits = [claim(200, facts=facts) for _ in range(3)]
    other = claim(200, facts={"drug_group": "other"})
    assert year(version, *visits, other) == [["200"], ["100"], ["0"], ["200"]]


def one_ceiling() -> PlanVersion:
    return plan(
        layer(
            "basic",
            ["eligible"],
            "100%",
            ceilings=[ceiling("yearly", 1000, "paid")],
            feeds=["paid"],
        ),
        counters=[counter("paid", "paid")],
    )


def test_p9_looking_at_a_bill_uses_nothing_up():
    version, balances = one_ceiling(), Balances()
    reviews = [adjudicate(version, claim(400, claim_id="A"), balances=balances) for _ in range(3)]
    assert len(set(reviews)) == 1
    balances = after(balances, reviews[0])
    assert pays(version, claim(400, claim_id="B"), balances) == ["400"]


def test_p10_claims_use_the_ceiling_in_the_order_of_entry():
    may = claim(600, on=date(2024, 5, 10))
    february = claim(600, on=date(2024, 2, 10))
    assert year(one_ceiling(), may, february) == [["600"], ["400"]]


def test_q1_a_batch_of_lines_is_their_sum():
    made = claim_of_lines(line("1", 100), line("2", 50), line("3", 30), line("4", 20))
    assert pays(plan(layer("basic", ["eligible"], "100%")), made) == ["200"]


def test_r1_deductible_rate_and_ceiling_hold_together():
    # (3000 − 500) × 70 % = 1750, at most 1000
    version = plan(
        layer("basic", ["eligible"], "70%", deductible=due(500), ceilings=[ceiling("limit", 1000)])
    )
    assert pays(version, claim(3000)) == ["1000"]


def test_two_claims_never_overspend_a_ceiling():
    assert year(one_ceiling(), claim(900), claim(900)) == [["900"], ["100"]]


def test_reversal_gives_back_what_the_claim_took():
    version, balances = one_ceiling(), Balances()
    first = adjudicate(version, claim(600, claim_id="A"), balances=balances)
    second = adjudicate(version, claim(600, claim_id="B"), balances=after(balances, first))
    settled = after(after(balances, first), second)
    assert pays(version, claim(700, claim_id="C"), without(settled, first)) == ["600"]
    assert without(without(settled, first), second) == Balances()


def test_a_counter_can_be_fed_on_a_condition():
    fed = Feed("paid", when({"is_poor": True}))
    version = plan(
        layer("basic", ["eligible"], "100%", feeds=[fed]), counters=[counter("paid", "paid")]
    )
    poor = adjudicate(version, claim(5, facts={"is_poor": True}), balances=Balances())
    other = adjudicate(version, claim(5, facts={"is_poor": False}), balances=Balances())
    assert [delta for _, delta in poor.deltas] == [500]
    assert other.deltas == ()
