"""The split: each part of a line by hand, dates, refunds, streams, refusals."""

from __future__ import annotations

from datetime import date
from fractions import Fraction

import pytest

from yibao.base.dates import Span
from yibao.base.errors import InvariantBroken
from yibao.base.texts import Text
from yibao.engines.benefits.catalogue import SPLIT_CODES, Catalogue, CatalogueRow, UnableToSplit
from yibao.engines.benefits.split import (
    BillLine,
    Routing,
    net_refunds,
    split_line,
    split_lines,
    stream_of,
)
from yibao.engines.policy.law import FactDefinition, Provenance, Route
from yibao.engines.policy.law import Test as FactTest
from yibao.engines.policy.unable import UnableToDetermine

DAY = date(2024, 5, 1)


def row(
    catalogue_class="B",
    rate=100_000,
    limit=None,
    *,
    item="ITEM",
    start=date(2020, 1, 1),
    until=None,
    confidence="M",
    facts=(),
):
    return CatalogueRow(
        item_code=item,
        label=Text("项目", "item"),
        kind="service",
        catalogue_class=catalogue_class,
        prior_self_pay_rate=rate,
        price_limit=limit,
        unit="次",
        span=Span(start, until),
        provenance=Provenance(("S1",), "", confidence),
        facts=facts,
    )


def line(amount, quantity="1", *, line_id="1", item="ITEM", **more):
    return BillLine(line_id, item, Fraction(quantity), amount, **more)


def catalogue(*rows, with_examples=False):
    grouped = {}
    for one in rows:
        grouped.setdefault((one.item_code, "employee"), []).append(one)
    return Catalogue({key: tuple(found) for key, found in grouped.items()}, "hash", with_examples)


def parts(split):
    return (
        split.noncovered_amount,
        split.over_limit_amount,
        split.prior_self_pay_amount,
        split.eligible_amount,
    )


def split_all(lines, book, *, routes=(), facts=None):
    facts = {"scheme": "employee", **(facts or {})}
    return split_lines(lines, book, routing=routing(routes), facts=facts, on=DAY)


@pytest.mark.parametrize(
    ("catalogue_class", "rate", "limit", "amount", "quantity", "expected"),
    [
        # class A: everything is eligible
        ("A", 0, None, 12_345, "1", (0, 0, 0, 12_345)),
        # class C: nothing is
        ("C", 1_000_000, None, 12_345, "1", (12_345, 0, 0, 0)),
        # class B, 10 % of 123.45 = 12.345, half up 12.35
        ("B", 100_000, None, 12_345, "1", (0, 0, 1_235, 11_110)),
        # 10 % of 123.44 = 12.344, down to 12.34
        ("B", 100_000, None, 12_344, "1", (0, 0, 1_234, 11_110)),
        # 30 yuan a unit, two units charged 70: 10 above the limit, 10 % of 60 = 6
        ("B", 100_000, Fraction(3_000), 7_000, "2", (0, 1_000, 600, 5_400)),
        # at the limit, one fen below and one above it
        ("A", 0, Fraction(3_000), 3_000, "1", (0, 0, 0, 3_000)),
        ("A", 0, Fraction(3_000), 2_999, "1", (0, 0, 0, 2_999)),
        ("A", 0, Fraction(3_000), 3_001, "1", (0, 1, 0, 3_000)),
        # 0.5433 yuan × 14 = 7.6062, hu 7.61: of 8.00 charged 0.39 is above
        ("A", 0, Fraction(5433, 100), 800, "14", (0, 39, 0, 761)),
        # 3.2575 yuan × 2 = 6.515, half up 6.52
        ("A", 0, Fraction(32575, 100), 652, "2", (0, 0, 0, 652)),
        ("A", 0, Fraction(32575, 100), 653, "2", (0, 1, 0, 652)),
        # 12.5 g at 0.1250 = 1.5625, hu 1.56
        ("A", 0, Fraction(125, 10), 160, "12.5", (0, 4, 0, 156)),
        # no quantity, some charge: all of it is above the limit
        ("A", 0, Fraction(3_000), 5, "0", (0, 5, 0, 0)),
        # 100 % prior self-pay in class B leaves nothing eligible
        ("B", 1_000_000, None, 999, "1", (0, 0, 999, 0)),
        ("B", 100_000, None, 0, "1", (0, 0, 0, 0)),
    ],
)
def test_parts_of_a_line(catalogue_class, rate, limit, amount, quantity, expected):
    split = split_line(line(amount, quantity), row(catalogue_class, rate, limit))
    assert parts(split) == expected
    assert split.submitted_amount == amount


def test_each_line_is_rounded_by_itself_before_the_sum():
    # 10 % of 0.05 is 0.005, half up 0.01, three times 0.03; of 0.15 at once it would be 0.02
    lines = [line(5, line_id=name) for name in "abc"]
    split = split_all(lines, catalogue(row()))
    assert sum(one.prior_self_pay_amount for one in split.lines) == 3


@pytest.mark.parametrize(
    ("charged_on", "expected"),
    [
        (date(2023, 12, 31), 1_000),  # the day before the rate falls from 10 % to 5 %
        (date(2024, 1, 1), 500),
        (date(2024, 1, 2), 500),
        (None, 500),  # no charge date: the claim's chosen day, 2024-05-01
    ],
)
def test_rate_of_the_charge_date(charged_on, expected):
    book = catalogue(
        row(rate=100_000, until=date(2024, 1, 1)), row(rate=50_000, start=date(2024, 1, 1))
    )
    split = split_all([line(10_000, charge_date=charged_on)], book)
    assert split.lines[0].prior_self_pay_amount == expected


def test_refund_is_netted_against_the_line_it_names():
    lines = [
        line(10_000, "10", line_id="1"),
        line(500, "1", line_id="2"),
        line(-4_000, "-4", line_id="3", refunds_line_id="1"),
    ]
    # 60.00 for six units at most 9.00 each: 54.00, 6.00 above; 10 % of 54.00 = 5.40
    split = split_all(lines, catalogue(row(limit=Fraction(900))))
    assert [one.line_id for one in split.lines] == ["1", "2"]
    assert split.refunds_count == 1
    assert parts(split.lines[0]) == (0, 600, 540, 4_860)


def test_refund_may_take_all_back_but_not_a_fen_more():
    whole = [line(10_000), line(-10_000, "-1", line_id="2", refunds_line_id="1")]
    assert parts(split_all(whole, catalogue(row())).lines[0]) == (0, 0, 0, 0)
    beyond = [line(10_000), line(-10_001, "-1", line_id="2", refunds_line_id="1")]
    with pytest.raises(UnableToSplit) as refused:
        net_refunds(beyond)
    assert (refused.value.code, refused.value.line_id) == ("refund_beyond_line", "2")


@pytest.mark.parametrize(
    ("lines", "code"),
    [
        ([line(-1)], "refund_without_line"),
        ([line(1, "-1")], "refund_without_line"),
        ([line(9), line(-1, "0", line_id="2", refunds_line_id="7")], "refund_without_line"),
        (
            [line(9), line(-1, "0", line_id="2", item="OTHER", refunds_line_id="1")],
            "refund_without_line",
        ),
        ([line(9), line(1, "0", line_id="2", refunds_line_id="1")], "line_amount_invalid"),
        ([line(9), line(-1, "-2", line_id="2", refunds_line_id="1")], "refund_beyond_line"),
        ([line(9), line(9)], "line_amount_invalid"),
        ([line(9), *[line(-1, "0", line_id="2", refunds_line_id="1")] * 2], "line_amount_invalid"),
    ],
)
def test_refused_lines(lines, code):
    with pytest.raises(UnableToSplit) as refused:
        net_refunds(lines)
    assert refused.value.code == code
    assert code in SPLIT_CODES


@pytest.mark.parametrize(
    ("book", "code"),
    [
        (catalogue(), "item_unknown"),
        (catalogue(row(until=DAY)), "item_not_on_date"),
        (catalogue(row(start=date(2024, 5, 2))), "item_not_on_date"),
        (catalogue(row(confidence="example")), "example_needed"),
    ],
)
def test_items_without_a_row_are_refused_with_a_code(book, code):
    with pytest.raises(UnableToSplit) as refused:
        split_all([line(100)], book)
    assert refused.value.code == code
    assert "ITEM" in refused.value.told("zh")
    assert "ITEM" in refused.value.told("en")


def test_item_of_another_scheme_is_unknown():
    with pytest.raises(UnableToSplit) as refused:
        split_all([line(100)], catalogue(row()), facts={"scheme": "resident"})
    assert refused.value.code == "item_unknown"


def test_examples_are_used_and_counted_when_asked_for():
    book = catalogue(
        row(confidence="example"), row(item="OTHER", confidence="H"), with_examples=True
    )
    split = split_all([line(100), line(100, line_id="2", item="OTHER")], book)
    assert split.examples_count == 1


FACTS = {
    name: FactDefinition(name, Text(name, name), of, "values")
    for name, of in {
        "drug_group": "line",
        "item_class": "line",
        "care_type": "encounter",
        "member_category": "member",
    }.items()
}


def routing(routes):
    return Routing(tuple(routes), FACTS)


RARE = Route("rare_drug", (("drug_group", FactTest(frozenset({"rare"}))),))
IMPLANT = Route(
    "implant",
    (
        ("item_class", FactTest(frozenset({"implant"}))),
        ("care_type", FactTest(frozenset({"inpatient"}))),
    ),
)


@pytest.mark.parametrize(
    ("facts", "stream"),
    [
        ({"drug_group": "rare"}, "rare_drug"),
        ({"drug_group": "common"}, "general"),
        ({}, "general"),  # a fact that the line does not have sends it nowhere
        ({"item_class": "implant", "care_type": "inpatient"}, "implant"),
        ({"item_class": "implant", "care_type": "day_surgery"}, "general"),
        # one test that fails decides, whatever else nobody stated
        ({"item_class": "drug"}, "general"),
        # a line that one route takes is decided, whatever another would ask
        ({"drug_group": "rare", "item_class": "implant"}, "rare_drug"),
    ],
)
def test_stream_by_facts(facts, stream):
    assert stream_of(facts, routing([RARE, IMPLANT])) == stream


CADRES = Route("cadres", (("member_category", FactTest(frozenset({"cadre"}))),))


@pytest.mark.parametrize(
    ("facts", "missing"),
    [
        ({"item_class": "implant", "member_category": "other"}, "care_type"),
        ({"item_class": "drug"}, "member_category"),
        ({}, "member_category"),
    ],
)
def test_a_route_that_hangs_on_an_unstated_fact_of_the_claim_is_no_guess(facts, missing):
    with pytest.raises(UnableToDetermine) as refused:
        stream_of(facts, routing([RARE, IMPLANT, CADRES]))
    assert (refused.value.code, refused.value.subject) == ("fact_missing", missing)
    assert "routes/" in str(refused.value.message.en)


def test_a_bill_line_that_hangs_on_an_unstated_fact_is_no_guess():
    book = catalogue(row(facts=(("item_class", "implant"),)))
    with pytest.raises(UnableToDetermine, match="care_type"):
        split_all([line(100)], book, routes=[RARE, IMPLANT])


def test_stream_comes_from_catalogue_line_and_claim_facts_together():
    book = catalogue(row(facts=(("item_class", "implant"),)))
    one = line(100, facts={"drug_group": "common"})
    split = split_all([one], book, routes=[RARE, IMPLANT], facts={"care_type": "inpatient"})
    assert split.lines[0].stream == "implant"
    assert parts(split.lines[0]) == (0, 0, 10, 90)


def test_two_routes_on_one_line_stop_the_run():
    with pytest.raises(InvariantBroken):
        stream_of(
            {"drug_group": "rare", "item_class": "implant", "care_type": "inpatient"},
            routing([RARE, IMPLANT]),
        )
