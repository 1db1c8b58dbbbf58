"""Counters between claims: keys, stays, restarts, reversal; a test a sentence of the rules."""

from __future__ import annotations

from datetime import date

import pytest

from tests.builders import ceiling, claim, counter, due, layer, money, number, pays, plan
from yibao.base.errors import InvariantBroken
from yibao.engines.benefits.balances import after, key_of, without
from yibao.engines.benefits.claim import Balances, ClaimDates, CounterKey
from yibao.engines.benefits.reference import adjudicate
from yibao.engines.policy.law import Load, NthStay, PlanVersion, RankedSum
from yibao.engines.policy.unable import UnableToDetermine

MAY = date(2024, 5, 9)


@pytest.mark.parametrize(
    ("period", "keys"),
    [
        ("benefit_year", ("M1", "2024")),
        ("month", ("M1", "2024-05")),
        ("day", ("M1", "2024-05-09")),
        ("encounter", ("M1", "E1")),
        ("episode", ("M1", "P1")),
        ("lifetime", ("M1",)),
        ("encounter_benefit_year", ("M1", "E1", "2024")),
    ],
)
def test_a_key_is_holder_and_period(period, keys):
    made = claim(1, on=MAY, encounter_id="E1", episode_id="P1")
    assert key_of(counter("c", "paid", period), made, version=plan()) == CounterKey("c", keys)


def test_a_key_ends_with_facts_in_their_order():
    one = counter("c", "paid", facts=("disease", "is_poor", "tier"))
    made = claim(1, facts={"tier": 2, "disease": "flu", "is_poor": True})
    assert key_of(one, made, version=plan()).keys == ("M1", "2024", "flu", "true", "2")


def test_a_family_counts_together():
    one = counter("c", "paid", holder="family")
    assert key_of(one, claim(1, family_id="F1"), version=plan()).keys == ("F1", "2024")


@pytest.mark.parametrize(
    ("one", "asked"),
    [
        (counter("c", "paid", holder="family"), "family_id"),
        (counter("c", "paid", "episode"), "episode_id"),
        (counter("c", "paid", facts=("disease",)), "disease"),
    ],
)
def test_a_key_that_nobody_stated_is_asked_for(one, asked):
    with pytest.raises(UnableToDetermine) as caught:
        key_of(one, claim(1), version=plan())
    assert (caught.value.code, caught.value.subject) == ("fact_missing", asked)


def test_the_benefit_year_is_that_of_the_named_date():
    dates = ClaimDates(date(2025, 1, 3), discharge_date=date(2024, 12, 30))
    one = counter("c", "paid")
    for name, year in (("discharge_date", "2024"), ("settlement_date", "2025")):
        version = plan(benefit_year_of=name)
        assert key_of(one, claim(1, dates=dates), version=version).keys == ("M1", year)
        assert adjudicate(version, claim(1, dates=dates), balances=Balances()).benefit_year == int(
            year
        )


def limited(**more) -> PlanVersion:
    """A hundred a counter's period."""
    return plan(
        layer("a", ["eligible"], "100%", ceilings=[ceiling("limit", 100, "paid")], feeds=["paid"]),
        counters=[counter("paid", "paid", **more)],
    )


def run(version: PlanVersion, *claims) -> list[str]:
    balances, paid = Balances(), []
    for made in claims:
        done = adjudicate(version, made, balances=balances)
        balances = after(balances, done)
        paid.append(money(done.benefit_amount))
    return paid


@pytest.mark.parametrize(
    ("day", "paid"),
    [(date(2024, 6, 30), "20"), (date(2024, 7, 1), "80"), (date(2024, 7, 2), "80")],
)
def test_a_counter_starts_again_on_its_restart(day, paid):
    version = limited(restart_on=(date(2024, 7, 1),))
    assert run(version, claim(80, on=MAY), claim(80, on=day)) == ["80", paid]


def test_a_restart_does_not_move_what_was_counted_before_it():
    plain, restarted = counter("c", "paid"), counter("c", "paid", restart_on=(date(2024, 7, 1),))
    before, later = claim(1, on=date(2024, 6, 30)), claim(1, on=date(2024, 7, 1))
    version = plan()
    assert key_of(plain, before, version=version) == key_of(restarted, before, version=version)
    assert key_of(plain, later, version=version) != key_of(restarted, later, version=version)


def test_a_counter_opens_from_another():
    version = plan(
        layer("a", ["eligible"], "100%", ceilings=[ceiling("limit", 100, "new")], feeds=["new"]),
        counters=[counter("new", "paid", opens_from="old"), counter("old", "paid")],
    )
    old = CounterKey("old", ("M1", "2024"))
    done = adjudicate(version, claim(80), balances=Balances({old: 3_000}))
    assert money(done.benefit_amount) == "70"
    assert done.deltas == ((CounterKey("new", ("M1", "2024")), 7_000),)
    assert done.reads == (CounterKey("new", ("M1", "2024")), old)
    assert done.layers[0].counters[0].before == 3_000


def test_a_counter_that_opens_from_itself_stops_the_run():
    with pytest.raises(InvariantBroken, match="itself"):
        run(limited(opens_from="paid"), claim(1))


def test_settling_leaves_the_balances_it_was_given():
    key = CounterKey("paid", ("M1", "2024"))
    opening = Balances({key: 10})
    settled = after(opening, adjudicate(limited(), claim(5), balances=opening))
    assert (opening.of(key), settled.of(key)) == (10, 510)


def test_reversing_what_was_not_settled_stops_the_run():
    done = adjudicate(limited(), claim(5), balances=Balances())
    with pytest.raises(InvariantBroken, match="reversing C1"):
        without(Balances(), done)


# The nth stay


def stays(**more) -> PlanVersion:
    """Pays 100, 200 or 300: the stay's number × 100, at most the third."""
    amount = {"rows": [{"nth_stay": n, "is": 100 * n} for n in (1, 2, 3)]}
    stay_counter = counter(
        "stays", "claim_count", once_per_encounter=True, counts=frozenset({"inpatient"})
    )
    layers = [
        layer("a", ["eligible"], "100%", ceilings=[ceiling("limit", amount)], **more),
    ]
    return plan(
        *layers,
        counters=[stay_counter],
        feeds=["stays"],
        derived=(NthStay("nth_stay", "stays", 3),),
        benefit_year_of="charge_date",
    )


def stay(encounter: str, *, row="1", care="inpatient", on=MAY):
    return claim(
        1000,
        claim_id=f"{encounter}/{row}",
        encounter_id=encounter,
        facts={"care_type": care},
        on=on,
    )


def test_stays_are_numbered_in_order_of_entry_up_to_the_last_that_law_names():
    made = [stay(name) for name in ("S1", "S2", "S3", "S4")]
    assert run(stays(), *made) == ["100", "200", "300", "300"]


def test_interim_rows_of_a_stay_have_one_number():
    made = [stay("S1", row="1"), stay("S1", row="2"), stay("S2"), stay("S1", row="3"), stay("S3")]
    assert run(stays(), *made) == ["100", "100", "200", "100", "300"]


def test_the_number_of_an_interim_row_stands_though_another_stay_came_between():
    made = [stay("S1"), stay("S2", row="1"), stay("S3"), stay("S2", row="2")]
    assert run(stays(), *made) == ["100", "200", "300", "200"]


def test_other_care_is_not_counted():
    made = [stay("V1", care="outpatient"), stay("S1"), stay("V2", care="outpatient"), stay("S2")]
    assert run(stays(), *made) == ["100", "100", "200", "200"]


def test_care_that_nobody_stated_is_asked_for():
    with pytest.raises(UnableToDetermine) as caught:
        adjudicate(stays(), claim(1), balances=Balances())
    assert caught.value.subject == "care_type"


def test_a_stay_counts_though_no_layer_applies():
    version = stays(when={"care_type": "outpatient"})
    assert [delta for _, delta in adjudicate(version, stay("S1"), balances=Balances()).deltas] == [
        1
    ]


def test_a_stay_counts_once_though_plan_and_layer_feed_it():
    version = stays(feeds=["stays"])
    assert [delta for _, delta in adjudicate(version, stay("S1"), balances=Balances()).deltas] == [
        1
    ]


def test_a_stay_split_over_two_years_counts_in_the_first():
    def part(encounter, day, row):
        return claim(
            1000,
            claim_id=f"{encounter}/{row}",
            encounter_id=encounter,
            facts={"care_type": "inpatient"},
            dates=ClaimDates(date(2025, 1, 5), charge_date=day),
        )

    december, january = date(2024, 12, 31), date(2025, 1, 5)
    made = [
        part("S1", december, "1"),
        part("S2", december, "1"),
        part("S2", january, "2"),  # still the second of 2024
        part("S3", january, "1"),  # the first of 2025
    ]
    assert run(stays(), *made) == ["100", "200", "200", "100"]


def test_reversal_of_a_stay_does_not_change_the_others():
    version, balances, done = stays(), Balances(), {}
    for name in ("S1", "S2"):
        done[name] = adjudicate(version, stay(name), balances=balances)
        balances = after(balances, done[name])
    balances = without(balances, done["S1"])
    assert pays(version, stay("S2", row="2"), balances) == ["200"]
    # one other live stay: the next is the second again
    assert pays(version, stay("S3"), balances) == ["200"]


def test_rows_of_a_stay_are_reversed_last_first():
    version, balances = stays(), Balances()
    first = adjudicate(version, stay("S1", row="1"), balances=balances)
    one = after(balances, first)
    second = adjudicate(version, stay("S1", row="2"), balances=one)
    both = after(one, second)
    assert both == one
    assert without(both, second) == one
    assert without(without(both, second), first) == Balances()


def test_the_number_used_is_told():
    done = adjudicate(stays(), stay("S1"), balances=Balances())
    key = CounterKey("stays", ("M1", "2024"))
    assert done.nth == ((key, "S1", 1),)
    assert done.reads == (key,)


def test_a_number_that_the_claim_brings_is_not_looked_at():
    made = claim(1000, facts={"care_type": "inpatient", "nth_stay": 3})
    assert pays(stays(), made) == ["100"]


def test_claims_are_counted_without_memory_where_encounters_do_not_matter():
    version = plan(
        counters=[counter("visits", "claim_count")],
        feeds=["visits"],
        derived=(NthStay("visit", "visits", 9),),
    )
    done = adjudicate(version, claim(1), balances=Balances())
    assert (done.nth, [delta for _, delta in done.deltas]) == ((), [1])


# Derived sums


@pytest.mark.parametrize(
    ("diseases", "limit"),
    [
        (("flu",), "300"),
        (("flu", "cancer"), "1150"),  # 1000 + 300 × 50 %
        (("cold", "flu", "cancer"), "1230"),  # 1000 + 300 × 50 % + 200 × 40 %
        (("cold", "flu", "cancer", "cough"), "1230"),  # the fourth does not count
        ((), "0"),
    ],
)
def test_limits_of_several_diseases_are_summed_by_rank(diseases, limit):
    amounts = {"cancer": 1000, "flu": 300, "cold": 200, "cough": 100}
    rows = {"rows": [{"disease": name, "is": amount} for name, amount in amounts.items()]}
    shares = (1_000_000, 500_000, 400_000)
    version = plan(
        layer("a", ["eligible"], "100%", ceilings=[ceiling("limit", {"fact": "disease_limit"})]),
        derived=(RankedSum("disease_limit", number(rows), "diseases", "disease", shares),),
    )
    done = adjudicate(version, claim(5000, list_facts={"diseases": diseases}), balances=Balances())
    assert money(done.benefit_amount) == limit
    assert [one.name for one in done.derived] == [f"derived/disease_limit/{d}" for d in diseases]
    assert done.numbers[: len(diseases)] == done.derived


def test_a_list_that_nobody_stated_is_asked_for():
    rule = RankedSum("disease_limit", number(1), "diseases", "disease", (1_000_000,))
    with pytest.raises(UnableToDetermine) as caught:
        adjudicate(plan(derived=(rule,)), claim(1), balances=Balances())
    assert caught.value.subject == "diseases"


# The annual layer


def annual() -> PlanVersion:
    return plan(
        layer("year_end", ["eligible"], "60%", deductible=due(500)),
        counters=[counter("burden", "drawn"), counter("paid_back", "paid")],
        loads=(Load("eligible", "burden", ("paid_back",)),),
        is_annual=True,
    )


def of_year(**sums: int) -> Balances:
    return Balances({CounterKey(name, ("M1", "2024")): amount for name, amount in sums.items()})


def test_an_annual_claim_loads_its_slots_from_counters():
    # (2000 − 300 − 500) × 60 % = 720
    done = adjudicate(annual(), claim({}), balances=of_year(burden=200_000, paid_back=30_000))
    assert money(done.benefit_amount) == "720"
    assert (money(done.submitted_amount), done.is_annual) == ("1700", True)
    assert {key.counter for key in done.reads} == {"burden", "paid_back"}


def test_an_annual_claim_that_would_load_less_than_nothing_stops_the_run():
    assert (
        adjudicate(annual(), claim({}), balances=of_year(burden=5, paid_back=5)).submitted_amount
        == 0
    )
    with pytest.raises(InvariantBroken, match="loads eligible"):
        adjudicate(annual(), claim({}), balances=of_year(burden=5, paid_back=6))
