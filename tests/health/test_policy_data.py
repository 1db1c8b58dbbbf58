"""The shipped law as data: every figure cited and marked, every doubt open, every name in both
languages, no example among the law and none missing when they are asked for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import date
from itertools import product
from typing import Any

import pytest

from tests.health.checkers import PACKAGE, ROOT, told
from tests.health.checkers import policy_data as data
from yibao.base.rates import PER_CENT, parse_rate
from yibao.base.trees import Tree
from yibao.engines.policy.area import AreaPolicy
from yibao.engines.policy.law import Bands, ExampleNeeded, FactValue, Layer, Number, PlanVersion
from yibao.engines.policy.numbers import evaluate
from yibao.offices.actuary.policies import open_area
from yibao.storage.files.yaml_tree import parse_yaml

BOOKS = data.shipped()
EVERY_AREA = pytest.mark.parametrize("code", BOOKS)


def texts(code: str) -> list[str]:
    """Where OPEN(id) may stand: in the area's own files, and in the engines that decide."""
    files = [*(data.POLICIES / code).rglob("*.yaml"), *(ROOT / PACKAGE).rglob("*.py")]
    return [file.read_text(encoding="utf-8") for file in files]


@EVERY_AREA
def test_every_source_that_is_cited_is_declared(code: str):
    found = list(data.unknown_sources(BOOKS, code))
    assert not found, told(found)


@EVERY_AREA
def test_every_open_question_is_declared_with_its_reading(code: str):
    found = list(data.unknown_questions(BOOKS, code))
    assert not found, told(found)


@EVERY_AREA
def test_every_declared_question_stands_where_it_matters(code: str):
    found = list(data.idle_questions(BOOKS, code, texts=texts(code)))
    assert not found, told(found)


@EVERY_AREA
def test_no_value_of_low_confidence_and_no_example_among_the_law(code: str):
    found = list(data.wrong_confidence(BOOKS[code]))
    assert not found, told(found)


@EVERY_AREA
def test_every_example_says_that_it_is_one(code: str):
    found = list(data.unmarked_examples(BOOKS[code]))
    assert not found, told(found)


@EVERY_AREA
def test_every_name_is_there_in_both_languages(code: str):
    found = list(data.unnamed(BOOKS[code]))
    assert not found, told(found)


def test_every_area_lists_its_corrections():
    found = list(data.untold_corrections())
    assert not found, told(found)


@EVERY_AREA
def test_every_product_is_registered_with_its_verified_years(code: str):
    found = list(data.unregistered(BOOKS[code]))
    assert not found, told(found)


# What only the compiled law can show


def parts(value: Any, kind: type) -> list[Any]:
    """Every part of a kind in a frozen tree of dataclasses and tuples."""
    if isinstance(value, kind):
        return [value]
    if is_dataclass(value):
        return [found for f in fields(value) for found in parts(getattr(value, f.name), kind)]
    return (
        [found for one in value for found in parts(one, kind)] if isinstance(value, tuple) else []
    )


def literals_needed(policy: AreaPolicy) -> list[ExampleNeeded]:
    return parts((*policy.plans, *policy.entitlements), ExampleNeeded)


@EVERY_AREA
def test_with_examples_nothing_is_left_to_be_filled(code: str):
    left = {
        str(one.provenance.where) for one in literals_needed(open_area(code, with_examples=True))
    }
    assert not left


def test_without_examples_qingdao_says_what_it_lacks():
    assert literals_needed(open_area("370200"))


MEMBERS = (
    ("employee_inpatient", "member_category", ("working", "retired")),
    ("resident_inpatient", "payer_tier", ("tier_1", "tier_2", "child", "student")),
)
LEVELS = ("community", "level_1", "level_2", "level_3")


@pytest.mark.parametrize(("plan", "fact", "values"), MEMBERS)
def test_example_cuts_for_care_elsewhere_keep_within_the_national_bounds(
    plan: str, fact: str, values: tuple[str, ...]
):
    """At most 10 points with a referral or in an emergency, at most 20 otherwise."""
    day = date(2025, 6, 1)
    policy = open_area("370200", with_examples=True)
    version = version_on(policy, plan, day)
    bands = version.layers[0].pays
    assert isinstance(bands, Bands)
    bounds = {
        "referral": national("largest_cut_with_referral"),
        "emergency": national("largest_cut_with_referral"),
        "temporary": national("largest_cut_without_referral"),
        "not_filed": national("largest_cut_without_referral"),
    }
    assert sorted(set(bounds.values())) == [10 * PER_CENT, 20 * PER_CENT]
    for band, value, level in product(bands.bands, values, LEVELS):
        facts = {fact: value, "facility_level": level, "place_of_care": "local"}
        home = rate_of(band.rate, facts, day)
        for filing, bound in bounds.items():
            away = facts | {"place_of_care": "out_of_province", "filing_kind": filing}
            cut = home - rate_of(band.rate, away, day)
            assert 0 <= cut <= bound, (value, level, filing)
        away = facts | {"place_of_care": "in_province", "filing_kind": "long_term"}
        assert rate_of(band.rate, away, day) == home


def national(name: str) -> int:
    """A rate of the national numbers, in millionths."""
    (number,) = [t["numbers"][name] for t in BOOKS["000000"] if name in t.get("numbers", {})]
    return parse_rate(number["is"][0]["is"])


def rate_of(number: Number, facts: Mapping[str, FactValue], day: date) -> int:
    value = value_of(number, facts, day)
    assert value is not None
    return value


GRID = {
    "member_category": ("working", "retired"),
    "payer_tier": ("tier_1", "tier_2", "child", "student"),
    "facility_level": LEVELS,
    "nth_stay": (1, 2, 3),
    "is_poor": (False, True),
}
AT_HOME = {"place_of_care": "local", "facility_named": "other_facility", "facility_kind": "general"}


@pytest.mark.parametrize(
    ("plan", "layers", "example_day", "sourced_day"),
    [
        ("employee_inpatient", ("basic",), date(2020, 1, 1), date(2025, 1, 1)),
        ("employee_inpatient", ("basic",), date(2024, 12, 31), date(2025, 1, 1)),
        ("employee_inpatient", ("large",), date(2021, 12, 31), date(2022, 1, 1)),
        ("employee_inpatient", ("large",), date(2023, 1, 1), date(2022, 12, 31)),
        ("resident_inpatient", ("basic",), date(2022, 12, 31), date(2023, 1, 1)),
        ("resident_inpatient", ("above_ceiling", "large"), date(2023, 1, 1), date(2022, 12, 31)),
        ("resident_inpatient", ("large",), date(2021, 1, 1), date(2020, 12, 31)),
    ],
)
def test_an_example_that_repeats_another_year_repeats_all_of_it(
    plan: str, layers: tuple[str, ...], example_day: date, sourced_day: date
):
    policy = open_area("370200", with_examples=True)
    on_days = [
        [figure for layer in version_on(policy, plan, day).layers if layer.name in layers
         for figure in figures_of(layer)]
        for day in (example_day, sourced_day)
    ]  # fmt: skip
    pairs = list(zip(*on_days, strict=True))
    assert len(pairs) >= len(layers)
    for values in product(*GRID.values()):
        facts = AT_HOME | dict(zip(GRID, values, strict=True))
        for filled, sourced in pairs:
            assert value_of(filled, facts, example_day) == value_of(sourced, facts, sourced_day), (
                facts
            )


def version_on(policy: AreaPolicy, plan: str, day: date) -> PlanVersion:
    return next(v for v in policy.plans_on(day) if v.plan_id == f"370200/{plan}")


def figures_of(layer: Layer) -> list[Number]:
    """A layer's deductible, rates and payment ceilings, in this order."""
    assert isinstance(layer.pays, Bands)
    due = [layer.deductible.due] if layer.deductible else []
    rates = [band.rate for band in layer.pays.bands]
    return [*due, *rates, *(ceiling.amount for ceiling in layer.payment_ceilings)]


def value_of(number: Number, facts: Mapping[str, FactValue], day: date) -> int | None:
    return evaluate(number, name="figure", facts=facts, on=day).value


# The checkers can say no


def trees(text: str) -> list[Tree]:
    return parse_yaml(text, "x/file.yaml")


GOOD = """
sources:
  s1: {title: 示例}
questions:
  q1: {zh: 问, en: question, reading: {zh: 读, en: reading}}
---
numbers:
  a: {zh: 数, en: number, unit: rate, is: "80%", source: s1, confidence: H, open: [q1]}
"""


def refusals(text: str) -> list[str]:
    book = {"x": trees(text)}
    found = [
        *data.unknown_sources(book, "x"),
        *data.unknown_questions(book, "x"),
        *data.idle_questions(book, "x", texts=[]),
        *data.wrong_confidence(book["x"]),
        *data.unmarked_examples(book["x"]),
        *data.unnamed(book["x"]),
        *data.unregistered(book["x"]),
    ]
    return [complaint.message for complaint in found]


def test_what_is_cited_marked_and_named_passes():
    assert refusals(GOOD) == []


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("source: s1", "source: s2", "the source 's2' is not declared"),
        ("source: s1", "source: {ids: [s1, s3]}", "the source 's3' is not declared"),
        ("open: [q1]", "open: [q1, q2]", "the question 'q2' is not declared"),
        (", open: [q1]", "", "nothing carries the question 'q1'"),
        ("confidence: H", "confidence: L", "the confidence 'L' may not be loaded"),
        ("confidence: H", "confidence: example", "an example value stands among the law"),
        ("en: number", 'en: ""', "no name in both languages ('数', '')"),
        ("zh: 数", "zh: number", "no name in both languages ('number', 'number')"),
        ("en: reading", "en: 读", "no name in both languages ('读', '读')"),
    ],
)
def test_a_fault_in_the_data_is_told(old: str, new: str, message: str):
    assert old in GOOD
    assert refusals(GOOD.replace(old, new)) == [message]


def test_an_unmarked_example_and_an_unregistered_product_are_told():
    text = """
overlay: examples
kind: examples
name: {zh: 示例, en: examples}
changes: [{at: a/b, replace: {is: 5}}]
---
area: x
products: [{name: p}]
"""
    assert refusals(text) == [
        "the example at a/b does not say that it is one",
        "'p' stands in only one of area.yaml and register.yaml",
    ]
