"""Which procedures count, and how codes are written: each threshold below, at and above."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.unit.dip.builders import KEYS, profile
from yibao.engines.grouping.dip.codes import diagnosis_of, in_chapter, longest_prefix, procedure_of
from yibao.engines.grouping.dip.profiles import Procedure, judged_procedures, profile_of, shortened


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("I63.900", "I63.900"), (" i63.900 ", "I63.900"), ("I10.X00X002", "I10.x00x002"),
        ("A17.000†", "A17.000"), ("G01*", "G01"), ("I63", "I63"),
        ("", None), ("63.9", None), ("I6", None), ("I63．9", None), ("I63.", None),
        ("脑梗死", None),
    ],
)  # fmt: skip
def test_diagnoses_are_written_one_way(text, code):
    assert diagnosis_of(text) == code


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("47.0100", "47.0100"), ("28.3X01", "28.3x01"), ("36.0700x004", "36.0700x004"),
        ("47", "47"), ("4.7", None), ("470100", None), ("", None), ("阑尾切除", None),
    ],
)  # fmt: skip
def test_procedures_are_written_one_way(text, code):
    assert procedure_of(text) == code


def test_five_characters_of_the_principal_diagnosis():
    assert shortened("I63.900x002", 5) == "I63.9"
    assert shortened("I10.x00", 5) == "I10.x"
    assert shortened("I63", 5) == "I63"
    assert shortened("I63.9", 4) == "I63"  # no point at the end
    assert shortened("36.0700x004", 0) == "36.0700x004"


def test_the_longest_prefix_speaks():
    prefixes = {"45": "surgery", "45.1": "diagnostic"}
    assert longest_prefix("45.1300", prefixes) == "45.1"
    assert longest_prefix("45.2300", prefixes) == "45"
    assert longest_prefix("46.0100", prefixes) is None


@pytest.mark.parametrize(
    ("code", "inside"), [("H99.9", 0), ("I00", 1), ("I63.9", 1), ("I99.x", 1), ("J00", 0)]
)
def test_a_chapter_has_its_ends(code, inside):
    assert in_chapter(code, "I00-I99") == bool(inside)


@pytest.mark.parametrize(
    ("amount", "reason"),
    [(99, "cost_below_share"), (100, "related"), (101, "related"), (None, "cost_unknown")],
)
def test_a_related_procedure_counts_from_a_tenth_of_the_cost_on(amount, reason):
    procedures = [Procedure("47.0100", 0), Procedure("54.2100", amount)]
    main, related = judged_procedures(procedures, 1_000, rules=KEYS)
    assert (main.reason, related.reason) == ("main", reason)
    assert related.counts == (reason == "related")


def test_an_unknown_cost_counts_where_the_parameters_say_so():
    rules = replace(KEYS, where_cost_unknown="count")
    judged = judged_procedures([Procedure("47.0100"), Procedure("54.2100")], 1_000, rules=rules)
    assert [one.reason for one in judged] == ["main", "cost_unknown_counts"]


def test_a_main_procedure_of_a_class_that_does_not_count_is_passed_over():
    judged = judged_procedures([Procedure("89.0100"), Procedure("47.0100", 10)], 100, rules=KEYS)
    found = profile_of("K35.800", judged, rules=KEYS)
    assert [one.reason for one in judged] == ["class_not_counted", "related"]
    assert (found.procedures, found.main, found.treatment) == (("47.0100",), "", "surgery")


def test_no_procedure_takes_the_place_of_a_main_one_that_is_no_code():
    judged = judged_procedures(
        [Procedure("阑尾切除", 90), Procedure("47.0100", 10)], 100, rules=KEYS
    )
    found = profile_of("K35.800", judged, rules=KEYS)
    assert [one.reason for one in judged] == ["not_a_code", "related"]
    assert (found.procedures, found.main) == (("47.0100",), "")


def test_treatment_is_that_of_the_weightiest_procedure():
    assert profile("K35.800").treatment == "conservative"
    assert profile("K35.800", "45.1300").treatment == "diagnostic"
    assert profile("K35.800", "45.1300", "96.0100").treatment == "therapeutic"
    assert profile("K35.800", "45.1300", "96.0100", "47.0100").treatment == "surgery"


def test_the_order_and_repetition_of_related_procedures_change_nothing():
    first = profile("K35.800", "47.0100", "54.2100", "45.1300")
    assert profile("K35.800", "47.0100", "45.1300", "54.2100", "45.1300") == first


def test_codes_that_count_as_one_have_one_key():
    same = "47.0100/47.0900"
    rules = replace(KEYS, alternatives=dict.fromkeys(("47.0100", "47.0900"), same))
    assert profile("K35.800", "47.0100", keys=rules) == profile("K35.800", "47.0900", keys=rules)
    assert profile("K35.800", "47.0900", keys=rules).procedures == (same,)
