"""Entitlements: published formulas worked by hand, each edge, and the words of the explanation."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from fractions import Fraction

import pytest

from yibao.base.dates import Span
from yibao.base.errors import InvariantBroken
from yibao.base.findings import Where
from yibao.base.texts import Text
from yibao.engines.benefits.entitlements import check_entitlement, determine
from yibao.engines.benefits.explain.vocabulary import Vocabulary
from yibao.engines.benefits.explain_entitlement import entitlement_json, explain_entitlement, told
from yibao.engines.policy.law import (
    EntitlementLine,
    EntitlementVersion,
    ExampleNeeded,
    FactDefinition,
    FactNumber,
    Literal_,
    Number,
    Payer,
    Provenance,
    Row,
    Rows,
    Step,
)
from yibao.engines.policy.law import Test as FactTest
from yibao.engines.policy.unable import UnableToDetermine

LAW = Provenance(("decree",), "", "H")
DAY = date(2024, 6, 1)


def is_(fact, *values):
    return ((fact, FactTest(frozenset(values))),)


def at_least(fact, start):
    return ((fact, FactTest(start=start)),)


def step(operation, operand=0, *, when=(), fact="", beyond=0):
    return Step(operation, when, Fraction(operand), fact, beyond, LAW)


def line(name, unit, body, *steps, truncates=False):
    if isinstance(body, int):
        body = Literal_(body, LAW)
    if isinstance(body, str):
        body = FactNumber(body, LAW)
    return EntitlementLine(name, Text(f"{name}行", name), Number(unit, body, steps, truncates))


def entitlement(*lines, pays, paid_by=(("maternity", 1_000_000),), applies_to=()):
    return EntitlementVersion(
        entitlement_id="370200/birth_allowance",
        area="370200",
        label=Text("生育津贴", "birth allowance"),
        span=Span(date(2024, 1, 1), date(2025, 1, 1)),
        applies_to=applies_to,
        chosen_by="event_date",
        lines=lines,
        pays=pays,
        paid_by=tuple(Payer(fund, Number("rate", Literal_(share, LAW))) for fund, share in paid_by),
        structure=LAW,
        policy_hash="abc",
    )


def allowance(*, truncates=False):
    """Wage ÷ 30 × days; 98 days, 15 more when difficult, 15 more for every child but the first."""
    return entitlement(
        line(
            "paid_days",
            "count",
            98,
            step("plus", 15, when=is_("is_difficult", True)),
            step("plus_per", 15, fact="children", beyond=1),
        ),
        line(
            "allowance",
            "amount",
            "mean_wage",
            step("divide_by", 30),
            step("times_fact", fact="paid_days"),
            truncates=truncates,
        ),
        pays="allowance",
    )


def by_days(*, truncates=False, paid_by=(("maternity", 1_000_000),)):
    return entitlement(
        line(
            "allowance",
            "amount",
            "mean_wage",
            step("divide_by", 30),
            step("times_fact", fact="days"),
            truncates=truncates,
        ),
        pays="allowance",
        paid_by=paid_by,
    )


class TestBirthAllowance:
    @pytest.mark.parametrize(
        ("is_difficult", "children", "days", "paid"),
        [
            (False, 1, 98, 29_400_00),  # 9000 ÷ 30 = 300 a day
            (True, 1, 113, 33_900_00),
            (False, 2, 113, 33_900_00),
            (True, 3, 143, 42_900_00),  # 98 + 15 + 2 × 15
        ],
    )
    def test_additive_days(self, is_difficult, children, days, paid):
        facts = {"mean_wage": 9000_00, "is_difficult": is_difficult, "children": children}
        found = determine(allowance(), facts, on=DAY)
        assert [one.value for one in found.lines] == [days, paid]
        assert found.paid_amount == paid
        assert found.paid_by == (("maternity", paid),)

    def test_published_158_days_of_9000(self):
        assert (
            determine(by_days(), {"mean_wage": 9000_00, "days": 158}, on=DAY).paid_amount
            == 47400_00
        )

    def test_one_rounding_is_after_the_last_step(self):
        # 1000 ÷ 30 = 33.333…; rounded before the days it would be 33.33 × 90 = 2999.70
        assert (
            determine(by_days(), {"mean_wage": 1000_00, "days": 90}, on=DAY).paid_amount == 3000_00
        )

    @pytest.mark.parametrize(("truncates", "paid"), [(True, 8534_16), (False, 8534_17)])
    def test_published_95_days_of_2695_was_truncated(self, truncates, paid):
        facts = {"mean_wage": 2695_00, "days": 95}  # 2695 × 95 ÷ 30 = 8534.1666…
        found = determine(by_days(truncates=truncates), facts, on=DAY)
        assert found.paid_amount == paid
        assert found.paid_line.exact == Fraction(2695_00 * 95, 30)

    def test_payers_bear_it_by_largest_remainder(self):
        version = by_days(paid_by=(("maternity", 500_000), ("treasury", 500_000)))
        found = determine(version, {"mean_wage": 2695_00, "days": 95}, on=DAY)
        assert found.paid_by == (("maternity", 4267_09), ("treasury", 4267_08))


def waiting_period():
    """Three months and one for each unpaid year; a repaid year cuts one; 4 unpaid keep 6."""
    return entitlement(
        line("wait", "count", 3, step("plus_fact", fact="unpaid_years")),
        line(
            "after",
            "count",
            "wait",
            step("minus_fact", fact="repaid_years"),
            step("at_least", 6, when=at_least("unpaid_years", 4)),
        ),
        pays="after",
        paid_by=(),
    )


class TestWaitingPeriod:
    @pytest.mark.parametrize(
        ("unpaid", "repaid", "wait", "after"),
        [
            (5, 2, 8, 6),  # as published
            (5, 1, 8, 7),
            (5, 3, 8, 6),  # 5 would be below the floor
            (4, 4, 7, 6),
            (3, 2, 6, 4),  # below four unpaid years nothing keeps it up
            (1, 1, 4, 3),
        ],
    )
    def test_months(self, unpaid, repaid, wait, after):
        found = determine(
            waiting_period(), {"unpaid_years": unpaid, "repaid_years": repaid}, on=DAY
        )
        assert [one.value for one in found.lines] == [wait, after]
        assert (found.paid_unit, found.paid_value) == ("count", after)
        assert (found.paid_amount, found.paid_by) == (0, ())


class TestOtherFormulas:
    def test_contribution_aid(self):
        version = entitlement(
            line("aid", "amount", "standard", step("times", Fraction(9, 10))),
            line("own", "amount", "standard", step("minus_fact", fact="aid")),
            pays="aid",
            paid_by=(("treasury", 1_000_000),),
        )
        found = determine(version, {"standard": 380_00}, on=DAY)
        assert [one.value for one in found.lines] == [342_00, 38_00]
        assert found.paid_by == (("treasury", 342_00),)

    @pytest.mark.parametrize(
        ("years", "raised"),
        [(0, 0), (4, 0), (5, 3000_00), (13, 27000_00), (14, 30000_00), (15, 30000_00)],
    )
    def test_incentive_is_held_to_a_fifth_of_the_ceiling(self, years, raised):
        version = entitlement(
            line("earned", "amount", 0, step("plus_per", 3000_00, fact="years", beyond=4)),
            line("most", "amount", "ceiling", step("times", Fraction(1, 5))),
            line("beyond", "amount", "earned", step("minus_fact", fact="most"), step("at_least")),
            line("raised", "amount", "earned", step("minus_fact", fact="beyond")),
            pays="raised",
            paid_by=(),
        )
        facts = {"years": years, "ceiling": 150_000_00}  # a fifth: 30,000
        found = determine(version, facts, on=DAY)
        assert (found.paid_unit, found.paid_value) == ("amount", raised)
        assert (found.paid_amount, found.paid_by) == (0, ())  # decided, and paid by nobody

    @pytest.mark.parametrize(("births", "paid"), [(1, 3000_00), (2, 6000_00)])
    def test_delivery_subsidy_for_each_birth(self, births, paid):
        version = entitlement(
            line("subsidy", "amount", 3000_00, step("times_fact", fact="births")), pays="subsidy"
        )
        assert determine(version, {"births": births}, on=DAY).paid_amount == paid

    @pytest.mark.parametrize(
        ("age", "monthly"), [(69, 90_00), (70, 110_00), (74, 110_00), (75, 131_00)]
    )
    def test_retired_account_by_age(self, age, monthly):
        def row(start, below, amount):
            condition = (("age", FactTest(start=start, below=below)),)
            return Row(condition, Number("amount", Literal_(amount, LAW)), Where("x", 1))

        table = Rows((row(None, 70, 90_00), row(70, 75, 110_00), row(75, None, 131_00)))
        version = entitlement(line("monthly", "amount", table), pays="monthly")
        found = determine(version, {"age": age}, on=DAY)
        assert found.paid_amount == monthly
        assert found.numbers[0].row == (("age", age),)


class TestRefusals:
    @pytest.mark.parametrize(
        ("day", "answers"),
        [
            (date(2023, 12, 31), False),
            (date(2024, 1, 1), True),
            (date(2024, 12, 31), True),
            (date(2025, 1, 1), False),
        ],
    )
    def test_days_outside_the_version(self, day, answers):
        facts = {"mean_wage": 9000_00, "days": 158}
        if answers:
            assert determine(by_days(), facts, on=day).on == day
            return
        with pytest.raises(UnableToDetermine) as refused:
            determine(by_days(), facts, on=day)
        assert refused.value.code == "no_rule_on_date"

    def test_another_person(self):
        version = replace(by_days(), applies_to=is_("scheme", "employee"))
        facts = {"mean_wage": 9000_00, "days": 158}
        assert determine(version, facts | {"scheme": "employee"}, on=DAY).paid_amount == 47400_00
        with pytest.raises(UnableToDetermine) as refused:
            determine(version, facts | {"scheme": "resident"}, on=DAY)
        assert refused.value.code == "no_plan"
        assert "scheme = resident" in refused.value.told("en")

    def test_a_fact_nobody_stated(self):
        with pytest.raises(UnableToDetermine) as refused:
            determine(by_days(), {"mean_wage": 9000_00}, on=DAY)
        assert (refused.value.code, refused.value.subject) == ("fact_missing", "days")

    def test_a_number_that_no_source_gives(self):
        gap = Provenance((), "not found", "example")
        version = entitlement(line("sum", "amount", ExampleNeeded(gap)), pays="sum")
        with pytest.raises(UnableToDetermine) as refused:
            determine(version, {}, on=DAY)
        assert refused.value.code == "example_needed"

    def test_payers_that_do_not_make_the_whole(self):
        version = by_days(paid_by=(("maternity", 400_000), ("treasury", 500_000)))
        with pytest.raises(InvariantBroken):
            determine(version, {"mean_wage": 9000_00, "days": 158}, on=DAY)

    def test_a_count_that_a_fund_would_pay(self):
        version = replace(waiting_period(), paid_by=by_days().paid_by)
        with pytest.raises(InvariantBroken):
            determine(version, {"unpaid_years": 5, "repaid_years": 2}, on=DAY)

    @pytest.mark.parametrize(
        "spoil",
        [
            lambda found: replace(found, paid_by=(("maternity", 47400_01),)),
            lambda found: replace(
                found,
                lines=(replace(found.lines[0], number=replace(found.lines[0].number, value=1)),),
            ),
        ],
        ids=["payers", "line"],
    )
    def test_an_answer_that_does_not_close(self, spoil):
        found = determine(by_days(), {"mean_wage": 9000_00, "days": 158}, on=DAY)
        with pytest.raises(InvariantBroken):
            check_entitlement(spoil(found))


class TestProvenance:
    def test_examples_and_open_questions_are_counted(self):
        example = Provenance(("S2",), "", "example", ("which-wage",))
        version = entitlement(
            line("base", "amount", Literal_(100_00, example)),
            line("sum", "amount", "base", step("times", 2)),
            pays="sum",
        )
        found = determine(version, {}, on=DAY)
        assert (found.examples_count, len(found.numbers)) == (1, 3)  # two lines and one share
        assert found.open_ids == ("which-wage",)
        assert found.provenance == (LAW, example)

    def test_the_policy_hash_and_the_engine_are_carried(self):
        found = determine(by_days(), {"mean_wage": 9000_00, "days": 158}, on=DAY)
        assert found.policy_hash == "abc"
        assert found.engine_version


FACTS = {"mean_wage": 2695_00, "is_difficult": True, "children": 1}
WORDS = Vocabulary(
    funds={"maternity": Text("生育保险基金", "maternity fund")},
    facts={
        "mean_wage": FactDefinition(
            "mean_wage", Text("月均工资", "mean monthly wage"), "member", "amount"
        )
    },
)


class TestExplanation:
    def text(self, language, *, truncates=True):
        found = determine(allowance(truncates=truncates), FACTS, on=DAY)
        return told(explain_entitlement(found, WORDS), language)

    def test_line_by_line_in_chinese(self):
        # 2695 ÷ 30 × 113 = 10151.1666… = 60907/6
        lines = self.text("zh").splitlines()
        assert lines[0] == "生育津贴 · 2024-06-01"
        assert lines[3:7] == [
            "1. paid_days行: 98，加 15 = 113，每单位加 15 × (children 1 − 1) = 113",
            "   = 113",
            "2. allowance行: 月均工资 2695.00，除以 30 = 539/6，乘以paid_days行 113 = 60907/6",
            "   = 10151.16（精确值 60907/6，舍去尾数一次）",
        ]
        assert "支付: 10151.16" in lines
        assert "   生育保险基金: 10151.16" in lines

    def test_line_by_line_in_english(self):
        lines = self.text("en", truncates=False).splitlines()
        assert (
            lines[5] == "2. allowance: mean monthly wage 2695.00, "
            "divided by 30 = 539/6, times paid_days 113 = 60907/6"
        )
        assert lines[6] == "   = 10151.17 (exactly 60907/6, rounded half up once)"
        assert "Paid: 10151.17" in lines

    def test_an_exact_amount_says_nothing_of_rounding(self):
        facts = {"mean_wage": 9000_00, "days": 158}
        text = told(explain_entitlement(determine(by_days(), facts, on=DAY)), "en")
        assert "rounded" not in text
        assert "mean_wage 9000.00, divided by 30 = 300.00, times days 158 = 47400.00" in text

    def test_a_count_is_decided(self):
        found = determine(waiting_period(), {"unpaid_years": 5, "repaid_years": 2}, on=DAY)
        assert "结果: 6" in told(explain_entitlement(found), "zh").splitlines()
        assert "Decided: 6" in told(explain_entitlement(found), "en").splitlines()

    def test_examples_are_said_aloud(self):
        example = Provenance(("S2",), "", "example")
        version = entitlement(line("sum", "amount", Literal_(100_00, example)), pays="sum")
        text = told(explain_entitlement(determine(version, {}, on=DAY)), "en")
        assert "Note: 1 of 2 values are examples or open choices" in text

    def test_as_data(self):
        found = determine(allowance(truncates=True), FACTS, on=DAY)
        data = json.loads(entitlement_json(explain_entitlement(found, WORDS)))
        assert data["format"] == "yibao.entitlement/1"
        assert data["paid_value"] == 10151_16
        assert [one["exact"] for one in data["lines"]] == ["113", "60907/6"]
        assert data["paid_by"][0]["amount"] == 10151_16
