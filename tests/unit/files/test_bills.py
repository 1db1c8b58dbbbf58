"""A bill file is read whole or not at all; a fault is told with its line, in both languages."""

from __future__ import annotations

import json
from datetime import date
from fractions import Fraction
from pathlib import Path

import jsonschema
import pytest

from tests.unit.benefits.small_law import law
from yibao.base.findings import FaultsFound
from yibao.engines.benefits import bills as engine
from yibao.engines.benefits.claim import CounterKey, Slot, SplitLine
from yibao.offices.actuary.bills import MemberHistory, history_of
from yibao.storage.files.bills import bill_from_tree, bill_schema
from yibao.storage.files.yaml_tree import parse_yaml

HEAD = """\
bill: test
member:
  id: M1
  facts: {scheme: employee, is_poor: false}
events:
"""
VISIT = """\
  - settle: V1
    dates: {settlement: 2024-06-03}
    facts: {care_type: visit}
    slots: {eligible: 240}
"""
ROOT = Path(__file__).parents[3]


def read(text: str) -> MemberHistory:
    return history_of(bill_from_tree(parse_yaml(text, "bill.yaml")[0]), law().area)


def faults(text: str) -> list[tuple[str, int]]:
    with pytest.raises(FaultsFound) as told:
        read(text)
    assert told.value.exit_code == 3
    for language in ("zh", "en"):
        assert "bill.yaml:" in told.value.told(language)
    return [(fault.code, fault.where.line) for fault in told.value.faults]


def settled(text: str) -> engine.Bill:
    event = read(text).events[-1]
    assert isinstance(event, engine.Settle)
    return event.bill


def test_a_bill_of_slots():
    bill = settled(HEAD + VISIT)
    assert bill.claim_id == bill.encounter_id == "V1"
    assert bill.dates.settlement_date == date(2024, 6, 3)
    assert bill.slots == {Slot("eligible"): 240_00}


@pytest.mark.parametrize(
    ("written", "fen"),
    [
        ("0", 0),
        ("240", 24000),
        ("100000000000", 10**13),
        ('"240"', 24000),
        ('"240.5"', 24050),
        ('"0.01"', 1),
    ],
)
def test_amounts_are_yuan_and_become_fen(written: str, fen: int):
    assert settled(HEAD + VISIT.replace("240", written)).slots[Slot("eligible")] == fen


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("240.50", "yaml_scalar"),
        ('"240.505"', "bill_amount"),
        ('"1e3"', "bill_amount"),
        ("-1", "bill_negative_amount"),
        ('"-0.01"', "bill_negative_amount"),
        ("true", "bill_amount"),
        ("010", "yaml_scalar"),
        ('""', "bill_amount"),
        ("[1]", "bill_amount"),
        ('"100000000000.01"', "bill_amount_too_large"),
        ("99999999999999", "bill_amount_too_large"),
        ("２４０", "bill_amount"),
        ('"２４０.５０"', "bill_amount"),
    ],
)
def test_an_amount_that_is_none_is_refused_at_its_line(written: str, code: str):
    assert faults(HEAD + VISIT.replace("240", written)) == [(code, 9)]


def test_a_line_as_charged():
    text = HEAD + VISIT.replace(
        "    slots: {eligible: 240}",
        '    lines:\n      - {line: 1, item: X1, quantity: "1.5", unit_price: "0.3333",'
        " charge_date: 2024-06-02}",
    )
    (line,) = settled(text).lines
    # 1.5 × 0.3333 yuan = 49.995 fen, half up: 50
    assert (line.item_code, line.quantity, line.submitted_amount) == ("X1", Fraction(3, 2), 50)
    assert line.charge_date == date(2024, 6, 2)


def test_a_line_already_split():
    text = HEAD + VISIT.replace(
        "    slots: {eligible: 240}",
        "    lines:\n"
        "      - {line: 1, eligible: 90, prior_self_pay: 10, facts: {drug_group: rare}}",
    )
    (line,) = settled(text).lines
    assert line == engine.GivenLine(
        SplitLine("1", "general", 9000, 1000), None, {"drug_group": "rare"}
    )


LINE = HEAD + VISIT.replace("    slots: {eligible: 240}", "    lines:\n      - {%s}")


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("line: 1", "bill_charged_or_split"),
        ("line: 1, item: X, eligible: 5", "bill_charged_or_split"),
        ("line: 1, item: X, quantity: 1", "bill_charged_lacks"),
        ("line: 1, item: X, amount: 1", "bill_charged_lacks"),
        ('line: 1, item: X, quantity: "1.00001", unit_price: 1', "bill_decimal"),
        ("line: 1, item: X, quantity: 2, unit_price: 3, amount: 7", "bill_amount_against_price"),
        ("line: 1, item: X, quantity: 2, unit_price: 3, amount: 5", "bill_amount_against_price"),
        ('line: 1, item: X, quantity: 1, unit_price: 1, amount: 2', "bill_amount_against_price"),
        ("line: 1, item: X, quantity: -1, amount: -5", "bill_refund_without_line"),
        ("line: 1, eligible: -5", "bill_negative_amount"),
        ("item: X, quantity: 1, amount: 5", "bill_missing"),
    ],
)  # fmt: skip
def test_a_line_that_says_too_much_or_too_little(line: str, code: str):
    assert [found for found, _ in faults(LINE % line)] == [code]


def test_two_lines_of_one_id():
    text = LINE % "line: 1, eligible: 5" + "      - {line: 1, eligible: 6}\n"
    assert faults(text) == [("bill_line_duplicate", 11)]


def test_spells_events_and_opening_balances():
    history = read("""\
bill: year
title: {zh: 一年, en: a year}
member:
  id: M1
  birth_date: 1961-05-10
  facts:
    scheme: employee
    special_diseases: [cancer]
    is_poor:
      - {until: 2024-03-01, is: false}
      - {from: 2024-03-01, is: true}
opening:
  - {counter: visit_deductible, year: 2024, amount: "399.99"}
  - {counter: stays, year: 2024, count: 1}
events:
  - settle: S1
    encounter: E1
    dates: {admission: 2024-02-01, discharge: 2024-02-11}
    facts: {care_type: inpatient}
    slots: {eligible: 1000}
  - reverse: S1
  - refund: S1
    as: S1b
    dates: {care: 2024-02-11, settlement: 2024-05-05}
    slots: {eligible: 900}
  - learn: {is_poor: [{from: 2024-01-01, is: true}]}
  - resettle: 2024
  - presettle: S2
    dates: {settlement: 2024-06-01}
    slots: {"noncovered:rare_drug": 5}
""")
    member = history.member
    assert member.birth_date == date(1961, 5, 10)
    assert member.on(date(2024, 2, 29))["is_poor"] is False
    assert member.on(date(2024, 3, 1)) == {
        "scheme": "employee", "special_diseases": ("cancer",), "is_poor": True
    }  # fmt: skip
    assert history.opening.sums == {
        CounterKey("visit_deductible", ("M1", "2024")): 399_99,
        CounterKey("stays", ("M1", "2024")): 1,
    }
    kinds = [type(event).__name__ for event in history.events]
    assert kinds == ["Settle", "Reverse", "Refund", "Learn", "Resettle", "Presettle"]
    refund = history.events[2]
    assert isinstance(refund, engine.Refund)
    assert (refund.claim_id, refund.bill.claim_id) == ("S1", "S1b")
    assert refund.bill.dates.settlement_date == date(2024, 2, 11)  # a late claim: its care date
    assert [event.where.line for event in history.events] == [16, 21, 22, 26, 27, 28]


@pytest.mark.parametrize(
    ("was", "becomes", "found"),
    [
        ("settlement: 2024-06-03", "settlement: 2024-06-31", [("bill_day", 7)]),
        ("settlement: 2024-06-03", "settlement: 2023-02-29", [("bill_day", 7)]),
        ("settlement: 2024-06-03", "admission: 2024-06-03", [("bill_date_missing", 7)]),
        (
            "settlement: 2024-06-03",
            "admission: 2024-06-03, discharge: 2024-06-02",
            [("bill_dates_order", 7)],
        ),
        ("eligible: 240", "elligible: 240", [("bill_slot", 9)]),
        ("slots:", "lines: [{line: 1, eligible: 1}]\n    slots:", [("bill_lines_and_slots", 6)]),
        ("    slots: {eligible: 240}\n", "", [("bill_no_amounts", 6)]),
        ("settle: V1", "setle: V1", [("bill_event_kind", 6)]),
        ("settle: V1", "settle: a/b", [("bill_identifier", 6)]),
        ("settle: V1", 'settle: " a"', [("bill_identifier", 6)]),
        ("settle: V1", 'settle: "a "', [("bill_identifier", 6)]),
        ("settle: V1", 'settle: ""', [("bill_identifier", 6)]),
        ("settle: V1", f"settle: {'9' * 65}", [("bill_identifier", 6)]),
        (
            "    facts: {care_type: visit}",
            "    fact: {care_type: visit}",
            [("bill_extra_forbidden", 8)],
        ),
        ("care_type: visit", "care_typ: visit", [("bill_fact_unknown", 8)]),
        ("care_type: visit", "care_type: visits", [("bill_value_unknown", 8)]),
        ("care_type: visit", "is_poor: true", [("bill_fact_misplaced", 8)]),
        ("care_type: visit", "drug_group: rare", [("bill_fact_misplaced", 8)]),
        ("is_poor: false", "is_poor: nope", [("bill_value_unknown", 4)]),
        ("is_poor: false", "care_type: visit", [("bill_fact_misplaced", 4)]),
        ("is_poor: false", "age: 130", [("bill_value_unknown", 4)]),
        ("is_poor: false", 'income: "1000.00"', [("bill_value_unknown", 4)]),
        ("is_poor: false", "special_diseases: [cancer, cancer]", [("bill_value_unknown", 4)]),
        ("is_poor: false", "special_diseases: [flu]", [("bill_value_unknown", 4)]),
        ("bill: test\n", "", [("bill_missing", 1)]),
    ],
)
def test_a_fault_is_told_at_its_line(was: str, becomes: str, found: list):
    text = HEAD + VISIT
    assert was in text
    assert faults(text.replace(was, becomes)) == found


def test_the_values_that_there_are_come_with_the_fault():
    with pytest.raises(FaultsFound) as told:
        read((HEAD + VISIT).replace("care_type: visit", "facility_level: level_9"))
    assert "level_2, level_3" in told.value.told("en")
    assert "level_2（二级）" in told.value.told("zh")


def test_two_values_on_one_day_name_both_places():
    text = (HEAD + VISIT).replace(
        "  facts: {scheme: employee, is_poor: false}",
        "  facts:\n    is_poor:\n"
        "      - {from: 2024-01-01, is: true}\n      - {from: 2024-02-01, is: false}",
    )
    with pytest.raises(FaultsFound) as told:
        read(text)
    (fault,) = told.value.faults
    assert (fault.code, fault.where.line, fault.also[0].line) == ("bill_fact_twice", 7, 6)


def test_what_is_worked_out_is_not_stated_beside_it():
    text = (HEAD + VISIT).replace("is_poor: false}", "age: 60}\n  birth_date: 1960-01-01")
    assert faults(text) == [("bill_fact_worked_out", 4)]
    text = (HEAD + VISIT).replace(
        "settlement: 2024-06-03}", "settlement: 2024-06-03, admission: 2024-06-01}"
    )
    assert faults(text.replace("care_type: visit", "stay_days: 2")) == [("bill_fact_worked_out", 8)]


@pytest.mark.parametrize(
    ("opening", "code"),
    [
        ("{counter: nobody, year: 2024, amount: 1}", "bill_counter_unknown"),
        ("{counter: stays, year: 2024, amount: 1}", "bill_counter_unit"),
        ("{counter: visit_paid, year: 2024, count: 1}", "bill_counter_unit"),
        ("{counter: visit_paid, amount: 1}", "bill_opening_keys"),
        ("{counter: visit_paid, year: 2024, month: 2024-01, amount: 1}", "bill_opening_keys"),
        ("{counter: visit_paid, year: 2024, facts: {disease: cancer}, amount: 1}",
         "bill_opening_keys"),
        ("{counter: visit_paid, year: 2024}", "bill_one_of"),
        ("{counter: visit_paid, year: 2024, amount: -1}", "bill_negative_amount"),
    ],
)  # fmt: skip
def test_an_opening_balance_fits_its_counter(opening: str, code: str):
    text = HEAD.replace("events:", f"opening:\n  - {opening}\nevents:") + VISIT
    assert faults(text) == [(code, 6)]


def test_all_faults_are_collected():
    text = (HEAD + VISIT).replace("240", "-1").replace("2024-06-03", "2024-06-33")
    assert faults(text) == [("bill_day", 7), ("bill_negative_amount", 9)]


@pytest.mark.parametrize("length", range(1, len(HEAD + VISIT) - 1))
def test_a_truncated_bill_is_refused_wherever_it_was_cut(length: int):
    with pytest.raises(FaultsFound):
        read((HEAD + VISIT)[:length])


def test_the_published_schema_is_that_of_the_models():
    published = json.loads((ROOT / "docs/schema/bill.schema.json").read_text(encoding="utf-8"))
    assert published == json.loads(json.dumps(bill_schema())), "write it anew from bill_schema()"


def test_the_schema_accepts_what_we_read():
    jsonschema.validate(parse_yaml(HEAD + VISIT, "bill.yaml")[0], bill_schema())
