"""What happens to a member's claims, event by event. Every amount is worked by hand, in yuan.

Visits: 400 a year first, then 60 % to 30 June 2024 and 70 % from 1 July; at most 1000 a year.
Stays: 1000 for the first of a year, 500 for later ones, once a stay; then 80 %, the poor 90 %.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from fractions import Fraction

import pytest

from tests.unit.benefits.small_law import day_care, law, member, stay, visit
from yibao.base.dates import Span
from yibao.base.errors import InvariantBroken
from yibao.base.findings import Where
from yibao.engines.benefits import history
from yibao.engines.benefits.bills import Bill, Learn, Presettle, Refund, Resettle, Reverse
from yibao.engines.benefits.catalogue import UnableToSplit
from yibao.engines.benefits.claim import Balances, ClaimDates, CounterKey
from yibao.engines.benefits.facts import Spell
from yibao.engines.benefits.history import HistoryInvalid, replay
from yibao.engines.benefits.rows import charge_dated
from yibao.engines.benefits.split import BillLine
from yibao.engines.policy.unable import UnableToDetermine

VISITS_2023 = CounterKey("visit_deductible", ("M1", "2023"))
VISITS_2024 = CounterKey("visit_deductible", ("M1", "2024"))
STAYS_2024 = CounterKey("stays", ("M1", "2024"))


def run(*events, of=None, opening=None):
    return replay(law(), of or member(), events=events, opening=opening)


def benefits(replayed) -> dict[str, int]:
    """What the funds pay for each live row, in yuan."""
    found = {e.claim_id: e.determination.benefit_amount for e in replayed.live()}
    assert all(amount % 100 == 0 for amount in found.values())
    return {name: amount // 100 for name, amount in found.items()}


def statuses(replayed) -> list[tuple[str, str]]:
    return [(entry.claim_id, entry.status) for entry in replayed.entries]


# -- settlement, order of entry ------------------------------------------------


def test_a_deductible_is_met_over_the_visits_of_a_year():
    done = run(
        visit("V1", "2024-01-05", 399), visit("V2", "2024-02-01", 1), visit("V3", "2024-03-01", 10)
    )
    assert benefits(done) == {"V1": 0, "V2": 0, "V3": 6}
    assert done.balances.of(VISITS_2024) == 400_00


def test_counters_grow_in_order_of_entry_whatever_the_dates_say():
    done = run(visit("V2", "2024-07-01", 500), visit("V1", "2024-06-30", 500))
    assert benefits(done) == {"V2": 70, "V1": 300}


def test_a_late_claim_of_an_earlier_year_uses_that_years_counters():
    done = run(
        visit("V1", "2024-01-05", 500),  # 100 × 60 %
        visit("late", "2023-12-31", 500),  # its own 400 first: 100 × 60 %
        visit("V2", "2024-01-06", 100),  # 2024's are met: 100 × 60 %
    )
    assert benefits(done) == {"V1": 60, "late": 60, "V2": 60}
    assert done.balances.of(VISITS_2023) == done.balances.of(VISITS_2024) == 400_00


def test_opening_balances_count_as_what_was_before():
    done = run(visit("V1", "2024-01-05", 500), opening=Balances({VISITS_2024: 399_00}))
    assert done.entries[0].determination.benefit_amount == 299_40  # (500 − 1) × 60 %


def test_the_finding_of_an_unverified_year_stands_on_the_determination():
    done = run(visit("V1", "2026-01-01", 500))
    assert done.entries[0].determination.findings == ("unverified_year",)


# -- pre-settlement ------------------------------------------------------------


def test_presettlement_answers_and_stores_nothing():
    bill = visit("V1", "2024-01-05", 500).bill
    done = run(Presettle(bill), Presettle(bill))
    assert statuses(done) == [("V1", "presettled"), ("V1", "presettled")]
    assert done.balances == Balances()
    first, second = (entry.determination for entry in done.entries)
    assert dict(first.deltas)[VISITS_2024] == 400_00
    assert replace(first) == second


def test_a_presettled_bill_is_settled_to_the_same_figures():
    event = visit("V1", "2024-01-05", 500)
    done = run(Presettle(event.bill), event)
    asked, settled = (entry.determination for entry in done.entries)
    assert asked == settled


# -- reversal ------------------------------------------------------------------


def test_reversal_takes_the_stored_deltas_away_and_marks_later_readers_stale():
    done = run(
        visit("V1", "2024-01-05", 300),  # 300 of the 400
        visit("V2", "2024-01-06", 300),  # 100 more, 200 × 60 % = 120
        visit("V3", "2024-01-07", 100),  # 60
        Reverse("V1"),
        visit("V4", "2024-01-08", 500),  # 100 remembered: 300 more, 200 × 60 % = 120
    )
    assert statuses(done) == [
        ("V1", "reversed"), ("V2", "stale"), ("V3", "stale"), ("V4", "live")
    ]  # fmt: skip
    assert benefits(done) == {"V2": 120, "V3": 60, "V4": 120}
    assert done.entries[1].stale_by == (4,)


def test_reversal_leaves_earlier_claims_and_other_counters_alone():
    done = run(
        visit("V1", "2024-01-05", 300),
        stay("S1", "2024-01-05", "2024-01-06", 2000),
        visit("V2", "2024-01-07", 300),
        Reverse("V2"),
        stay("S2", "2024-02-05", "2024-02-06", 2000),
    )
    assert statuses(done) == [
        ("V1", "live"), ("S1", "live"), ("V2", "reversed"), ("S2", "live")
    ]  # fmt: skip


def test_a_reversal_leaves_what_came_between_presettlement_and_settlement_alone():
    first = visit("V1", "2024-01-05", 500)
    done = run(Presettle(first.bill), visit("V2", "2024-02-01", 50), first, Reverse("V1"))
    assert statuses(done) == [("V1", "presettled"), ("V2", "live"), ("V1", "reversed")]


def test_lines_of_one_id_are_refused_whether_charged_or_split():
    twice = day_care("D", "2023-12-28", "2023-12-30", ("2023-12-28", 200), ("2023-12-29", 300))
    lines = tuple(replace(one, split=replace(one.split, line_id="1")) for one in twice.bill.lines)
    with pytest.raises(UnableToSplit) as told:
        run(replace(twice, bill=replace(twice.bill, lines=lines)))
    assert (told.value.code, told.value.line_id) == ("line_amount_invalid", "1")


def test_a_claim_that_fed_nothing_others_read_makes_nobody_stale():
    done = run(visit("V1", "2023-05-05", 300), visit("V2", "2024-01-06", 300), Reverse("V1"))
    assert statuses(done) == [("V1", "reversed"), ("V2", "live")]


def test_a_claim_is_reversed_out_of_its_own_benefit_year():
    done = run(visit("V1", "2023-05-05", 300), visit("V2", "2024-01-06", 100), Reverse("V1"))
    assert done.balances.of(VISITS_2023) == 0
    assert done.balances.of(VISITS_2024) == 100_00


def test_settling_and_reversing_everything_leaves_nothing():
    done = run(
        visit("V1", "2024-01-05", 900),
        stay("S1", "2024-01-05", "2024-01-06", 2000),
        Reverse("V1"),
        Reverse("S1"),
    )
    assert set(done.balances.sums.values()) <= {0}
    assert done.balances.nth == {}


# -- partial refund ------------------------------------------------------------


def test_a_partial_refund_reverses_and_settles_what_remains():
    done = run(
        visit("V1", "2024-01-05", 1000),  # 600 × 60 % = 360
        visit("V2", "2024-01-06", 100),  # 60
        Refund("V1", visit("V1", "2024-01-05", 600).bill),  # 200 × 60 % = 120
    )
    assert [(e.claim_id, e.revision, e.status) for e in done.entries] == [
        ("V1", 1, "reversed"),
        ("V2", 1, "stale"),
        ("V1", 2, "live"),
    ]
    assert benefits(done) == {"V2": 60, "V1": 120}


def test_what_remains_may_have_an_id_of_its_own_that_nobody_has():
    again = visit("V1b", "2024-01-05", 600).bill
    done = run(visit("V1", "2024-01-05", 1000), Refund("V1", again))
    assert benefits(done) == {"V1b": 120}
    with pytest.raises(HistoryInvalid) as told:
        run(visit("V1", "2024-01-05", 1000), visit("V1b", "2024-01-05", 1), Refund("V1", again))
    assert told.value.code == "claim_id_duplicate"


# -- stays: interim rows and the nth stay --------------------------------------

ROW_1 = stay("R1", "2024-01-01", "2024-01-11", 1500, encounter="E1")
ROW_2 = stay("R2", "2024-01-01", "2024-01-21", 500, encounter="E1")
NEXT = stay("S2", "2024-03-01", "2024-03-05", 2000)


def test_rows_of_one_stay_share_deductible_and_number():
    done = run(ROW_1, ROW_2, NEXT)
    # 500 × 80 %; the 1000 are met: 500 × 80 %; the second stay: (2000 − 500) × 80 %
    assert benefits(done) == {"R1": 400, "R2": 400, "S2": 1200}
    assert done.balances.of(STAYS_2024) == 2


def test_a_row_between_two_rows_of_a_stay_does_not_change_its_number():
    done = run(ROW_1, NEXT, ROW_2)
    assert benefits(done) == {"R1": 400, "S2": 1200, "R2": 400}


def test_days_of_a_later_row_run_from_the_row_before():
    done = run(ROW_1, ROW_2)
    assert [entry.row.claim.facts["stay_days"] for entry in done.entries] == [10, 10]


def test_rows_of_a_stay_are_reversed_last_first():
    with pytest.raises(HistoryInvalid) as told:
        run(ROW_1, ROW_2, Reverse("R1"))
    assert told.value.code == "later_row_live"
    assert "R2" in told.value.told("en")
    done = run(ROW_1, ROW_2, Reverse("R2"), Reverse("R1"))
    assert done.balances.of(STAYS_2024) == 0


def test_reversal_does_not_change_the_number_of_others():
    done = run(
        stay("S1", "2024-01-01", "2024-01-05", 2000),  # first: 1000 × 80 %
        NEXT,  # second: 1500 × 80 %
        Reverse("S1"),
        stay("S3", "2024-04-01", "2024-04-05", 2000),  # one other live stay: second again
    )
    assert benefits(done) == {"S2": 1200, "S3": 1200}
    assert [entry.status for entry in done.entries] == ["reversed", "stale", "live"]


# -- the turn of the year ------------------------------------------------------


def test_a_stay_over_the_turn_of_the_year_is_whole_in_the_year_of_its_discharge():
    done = run(
        stay("S1", "2023-12-25", "2024-01-02", 2000), stay("S2", "2024-02-01", "2024-02-02", 600)
    )
    assert [entry.claim_id for entry in done.entries] == ["S1", "S2"]
    assert done.entries[0].determination.benefit_year == 2024
    assert benefits(done) == {
        "S1": 800,
        "S2": 80,
    }  # S2 is the second stay of 2024: (600 − 500) × 80 %


def test_a_stay_is_split_by_charge_date_into_a_row_a_year():
    done = run(day_care("D", "2023-12-30", "2024-01-02", ("2023-12-31", 500), ("2024-01-01", 700)))
    # 2023: (500 − 300) × 50 % = 100, at most 2 × 100; 2024: (700 − 300) × 50 %, at most 1 × 100
    assert benefits(done) == {"D/2023": 100, "D/2024": 100}
    assert [e.determination.benefit_year for e in done.entries] == [2023, 2024]
    assert [e.row.claim.facts["stay_days"] for e in done.entries] == [2, 1]


def test_a_split_stay_is_reversed_whole_by_the_bills_id():
    bill = day_care("D", "2023-12-30", "2024-01-02", ("2023-12-31", 500), ("2024-01-01", 700))
    done = run(bill, Reverse("D"))
    assert statuses(done) == [("D/2023", "reversed"), ("D/2024", "reversed")]


def test_a_stay_within_one_year_is_one_row_and_needs_no_charge_dates():
    done = run(day_care("D", "2023-12-30", "2023-12-31", (None, 500)))
    assert benefits(done) == {"D": 100}


def test_a_split_without_charge_dates_is_refused():
    with pytest.raises(UnableToDetermine) as told:
        run(day_care("D", "2023-12-30", "2024-01-02", ("2023-12-31", 500), (None, 700)))
    assert told.value.code == "charge_date_missing"
    assert "2" in told.value.told("en")


def test_the_charge_dates_of_the_lines_say_the_year_of_a_bill_that_is_settled_later():
    event = day_care("D", "2023-12-28", "2023-12-30", ("2023-12-28", 200), ("2023-12-29", 300))
    later = replace(event.bill.dates, settlement_date=date(2024, 1, 3))
    done = run(replace(event, bill=replace(event.bill, dates=later)))
    (entry,) = done.entries
    assert entry.determination.chosen_on == date(2023, 12, 29)
    assert entry.determination.benefit_year == 2023
    assert benefits(done) == {"D": 100}
    assert done.balances.of(CounterKey("day_deductible", ("M1", "D", "2023"))) == 300_00


def test_a_refund_does_not_move_the_charge_date_of_a_bill():
    back = BillLine("2", "A", Fraction(-1), -1_00, date(2024, 1, 2), refunds_line_id="1")
    bought = BillLine("1", "A", Fraction(1), 5_00, date(2023, 12, 29))
    dates = ClaimDates(date(2024, 1, 3), discharge_date=date(2023, 12, 30))
    bill = Bill("D", "D", dates, {"care_type": "day_care"}, (bought, back))
    assert charge_dated(bill).dates.charge_date == date(2023, 12, 29)


# -- facts that become known later ---------------------------------------------


def poor_from(day: str) -> Learn:
    return Learn((Spell("is_poor", value=True, span=Span(date.fromisoformat(day))),))


def test_an_identity_granted_retroactively_is_resettled():
    done = run(
        stay("S1", "2024-01-05", "2024-01-31", 2000),  # 1000 × 80 %
        stay("S2", "2024-01-05", "2024-02-01", 2000),  # 1500 × 80 %
        poor_from("2024-02-01"),
        Resettle(2024),
    )
    assert benefits(done) == {"S1": 800, "S2": 1350}
    differences = done.resettlements[0].differences
    assert [(d.claim_id, d.benefit_amount) for d in differences] == [("S1", 0), ("S2", 150_00)]


def test_what_is_learned_marks_the_claims_that_it_would_change():
    done = run(
        stay("S1", "2024-01-05", "2024-01-31", 2000),
        stay("S2", "2024-01-05", "2024-02-01", 2000),
        poor_from("2024-02-01"),
        stay("S3", "2024-05-05", "2024-06-01", 2000),
    )
    assert statuses(done) == [("S1", "live"), ("S2", "stale"), ("S3", "live")]
    assert benefits(done) == {"S1": 800, "S2": 1200, "S3": 1350}


# -- resettlement --------------------------------------------------------------


def test_resettlement_takes_a_year_in_order_of_dates():
    done = run(
        visit("V2", "2024-07-01", 500),  # 70
        visit("V1", "2024-06-30", 500),  # 300
        visit("old", "2023-06-30", 500),
        Resettle(2024),
    )
    assert benefits(done) == {"old": 60, "V1": 60, "V2": 350}
    assert {d.claim_id: d.benefit_amount for d in done.resettlements[0].differences} == {
        "V1": -240_00,
        "V2": 280_00,
    }


def test_resettlement_mends_what_a_reversal_made_stale():
    done = run(
        visit("V1", "2024-01-05", 300),
        visit("V2", "2024-01-06", 300),
        visit("V3", "2024-01-07", 100),
        Reverse("V1"),
        visit("V4", "2024-01-08", 500),
        Resettle(2024),
    )
    assert benefits(done) == {"V2": 0, "V3": 0, "V4": 300}
    assert all(entry.status == "live" for entry in done.live())


def test_resettlement_keeps_the_rows_of_a_stay_in_order():
    done = run(ROW_1, NEXT, ROW_2, Resettle(2024))
    assert benefits(done) == {"R1": 400, "R2": 400, "S2": 1200}


def test_resettlement_of_a_split_stay_takes_both_years_and_marks_readers_of_the_other():
    bill = day_care("D", "2023-12-30", "2024-01-02", ("2023-12-31", 500), ("2024-01-01", 700))
    done = run(bill, Resettle(2023))
    assert benefits(done) == {"D/2023": 100, "D/2024": 100}
    assert [d.benefit_amount for d in done.resettlements[0].differences] == [0, 0]


# -- what cannot happen --------------------------------------------------------


V1 = visit("V1", "2024-01-05", 1)


@pytest.mark.parametrize(
    ("events", "code"),
    [
        ([V1, visit("V1", "2024-01-06", 1)], "claim_id_duplicate"),
        ([V1, Reverse("V1"), visit("V1", "2024-01-06", 1)], "claim_id_duplicate"),
        ([Reverse("V9")], "claim_not_live"),
        ([V1, Reverse("V1"), Reverse("V1")], "claim_not_live"),
        ([Presettle(V1.bill), Reverse("V1")], "claim_not_live"),
    ],
)  # fmt: skip
def test_an_event_that_cannot_happen_is_refused(events, code):
    with pytest.raises(HistoryInvalid) as told:
        run(*events)
    assert told.value.code == code


def test_an_error_names_the_place_and_the_bill():
    event = replace(visit("V1", "2022-01-05", 1), where=Where("bill.yaml", 12))
    with pytest.raises(UnableToDetermine) as told:
        run(event)
    assert told.value.told("en").startswith("bill.yaml:12: bill V1: ")
    assert told.value.told("zh").startswith("bill.yaml:12: 结算单 V1: ")


def test_balances_that_are_not_the_sum_of_deltas_stop_the_run(monkeypatch):
    monkeypatch.setattr(history.books, "after", lambda balances, determination: balances)
    with pytest.raises(InvariantBroken):
        run(visit("V1", "2024-01-05", 100))
