"""A number of law: body, rows, steps, one rounding. Expected values are worked by hand."""

from __future__ import annotations

from datetime import date
from fractions import Fraction

import pytest

from tests.builders import SOURCE, number, step, when
from yibao.base.errors import InvariantBroken
from yibao.engines.policy.law import Index, Literal_, Number, Provenance
from yibao.engines.policy.numbers import choose_row, evaluate, failing, holds
from yibao.engines.policy.unable import UNABLE_CODES, UnableToDetermine

DAY = date(2024, 6, 1)


def value(made: Number, facts=None, on=DAY) -> int | None:
    return evaluate(made, name="basic/due", facts=facts or {}, on=on).value


def unable(made: Number, facts=None, on=DAY) -> UnableToDetermine:
    with pytest.raises(UnableToDetermine) as caught:
        value(made, facts, on)
    assert caught.value.code in UNABLE_CODES
    return caught.value


@pytest.mark.parametrize(
    ("written", "unit", "expected"),
    [
        ("12.50", "amount", 1250),
        ("80%", "rate", 800_000),
        (98, "count", 98),
        ("none", "amount", None),
    ],
)
def test_a_literal_is_its_value(written, unit, expected):
    assert value(number(written, unit)) == expected


def test_a_fact_is_a_number_in_fen():
    assert value(number({"fact": "limit"}), {"limit": 123_456}) == 123_456


def test_a_missing_fact_is_named():
    wrong = unable(number({"fact": "limit"}))
    assert (wrong.code, wrong.subject) == ("fact_missing", "limit")
    assert "limit" in wrong.message.zh
    assert "basic/due" in wrong.message.en


@pytest.mark.parametrize("given", ["many", True])
def test_a_fact_that_is_no_number_is_refused(given):
    assert unable(number({"fact": "limit"}), {"limit": given}).code == "fact_unknown"


def test_a_number_that_only_an_example_could_fill_is_named():
    source = Provenance((), "", "open", ("large-order",))
    wrong = unable(number("example_needed", source=source))
    assert (wrong.code, wrong.subject) == ("example_needed", "basic/due")
    assert "--with-examples" in wrong.remedy.zh
    assert "--with-examples" in wrong.remedy.en


LEVELS = {
    "rows": [
        {"level": ["community", "level_1"], "is": 200},
        {"level": "level_3", "is": 800},
    ],
    "except": [{"level": "level_3", "named": "six_hospitals", "is": 1000}],
}


@pytest.mark.parametrize(
    ("facts", "expected", "row"),
    [
        ({"level": "level_1"}, 20_000, (("level", "level_1"),)),
        ({"level": "level_3", "named": "other"}, 80_000, (("level", "level_3"),)),
        (
            {"level": "level_3", "named": "six_hospitals"},
            100_000,
            (("level", "level_3"), ("named", "six_hospitals")),
        ),
    ],
)
def test_one_row_answers_and_an_exception_wins(facts, expected, row):
    used = evaluate(number(LEVELS), name="basic/due", facts=facts, on=DAY)
    assert (used.value, used.row) == (expected, row)


def test_no_row_is_a_case_the_law_does_not_name():
    wrong = unable(number(LEVELS), {"level": "level_2"})
    assert (wrong.code, wrong.subject) == ("fact_unknown", "level")
    assert "level_2" in wrong.message.en


def test_two_rows_stop_the_run():
    twice = number({"rows": [{"level": "level_1", "is": 1}, {"scheme": "resident", "is": 2}]})
    with pytest.raises(InvariantBroken, match="2 rows"):
        value(twice, {"level": "level_1", "scheme": "resident"})


def test_an_exception_that_may_hold_needs_its_fact():
    assert unable(number(LEVELS), {"level": "level_3"}).subject == "named"


def test_an_exception_that_cannot_hold_does_not_ask():
    assert value(number(LEVELS), {"level": "community"}) == 20_000


@pytest.mark.parametrize(
    ("age", "expected"), [(17, 100), (18, 200), (59, 200), (60, 300), (129, 300)]
)
def test_ranges_are_half_open(age, expected):
    rows = [
        {"age": (0, 18), "is": 1},
        {"age": (18, 60), "is": 2},
        {"age": (60, None), "is": 3},
    ]
    assert value(number({"rows": rows}), {"age": age}) == expected


def test_a_range_asks_for_a_number():
    rows = [{"age": (0, 18), "is": 1}]
    assert unable(number({"rows": rows}), {"age": "old"}).code == "fact_unknown"


@pytest.mark.parametrize(
    ("written", "unit", "steps", "facts", "expected"),
    [
        ("1000", "amount", [step("times", "50%")], {}, 50_000),
        ("1000", "amount", [step("set", "100")], {}, 10_000),
        ("112.50", "amount", [step("at_least", "150")], {}, 15_000),
        ("200", "amount", [step("at_least", "150")], {}, 20_000),
        (
            "92%",
            "rate",
            [step("plus_points", "5pp"), step("at_most", "95%", unit="rate")],
            {},
            950_000,
        ),
        (
            "85%",
            "rate",
            [step("plus_points", "5pp"), step("at_most", "95%", unit="rate")],
            {},
            900_000,
        ),
        ("98", "count", [step("plus", "15", unit="count")], {}, 113),
        ("800", "amount", [step("minus", "100")], {}, 70_000),
        ("70%", "rate", [step("minus_points", "10pp")], {}, 600_000),
        # retired own share = 80 % of 20 % = 16 %
        ("80%", "rate", [step("own_share_times", "80%")], {}, 840_000),
        # 1000 + 500 a head beyond 2: five heads 2500, two heads 1000, one head 1000
        (
            "1000",
            "amount",
            [step("plus_per", "500", fact="heads", beyond=2)],
            {"heads": 5},
            250_000,
        ),
        (
            "1000",
            "amount",
            [step("plus_per", "500", fact="heads", beyond=2)],
            {"heads": 3},
            150_000,
        ),
        (
            "1000",
            "amount",
            [step("plus_per", "500", fact="heads", beyond=2)],
            {"heads": 2},
            100_000,
        ),
        (
            "1000",
            "amount",
            [step("plus_per", "500", fact="heads", beyond=2)],
            {"heads": 1},
            100_000,
        ),
        ("70%", "rate", [step("plus_per", "0.2pp", unit="rate", fact="age")], {"age": 45}, 790_000),
        ("120", "amount", [step("times_fact", fact="days")], {"days": 7}, 84_000),
        ("1000", "amount", [step("plus_fact", fact="more")], {"more": 1}, 100_001),
        ("1000", "amount", [step("minus_fact", fact="less")], {"less": 1}, 99_999),
        # a fact in fen as a factor counts in yuan: 12 × 100.50; 1 fen of each yuan beyond 100
        (
            "12",
            "amount",
            [step("times_fact", fact="w", is_amount_fact=True)],
            {"w": 10_050},
            120_600,
        ),
        (
            "0",
            "amount",
            [step("plus_per", "0.01", fact="w", beyond=10_000, is_amount_fact=True)],
            {"w": 15_000},
            50,
        ),
    ],
)
def test_each_step(written, unit, steps, facts, expected):
    assert value(number(written, unit, steps=steps), facts) == expected


def test_a_daily_wage_is_rounded_once_at_the_end():
    # 8000.00 ÷ 30 × 98 = 26133.333… ; rounding the day first would give 26133.66
    steps = [step("divide_by", "30"), step("times_fact", fact="days")]
    assert value(number({"fact": "wage"}, steps=steps), {"wage": 800_000, "days": 98}) == 2_613_333


@pytest.mark.parametrize(
    ("truncates", "expected"), [(False, 1), (True, 0)], ids=["half up", "truncated"]
)
def test_half_a_fen_goes_up_unless_the_law_truncates(truncates, expected):
    assert value(number("0.01", steps=[step("times", "50%")], truncates=truncates)) == expected


def test_a_row_that_truncates_truncates_the_whole():
    inner = number("0.01", steps=[step("times", "90%")], truncates=True)
    outer = number({"rows": [{"level": "level_1", "is": inner}]})
    assert value(outer, {"level": "level_1"}) == 0


def test_the_order_of_steps_is_law():
    # own share 20 % × 80 % = 16 % then +5 points: 89 %; the other way 15 % × 80 % = 12 %: 88 %
    own, points = step("own_share_times", "80%"), step("plus_points", "5pp")
    assert value(number("80%", "rate", steps=[own, points])) == 890_000
    assert value(number("80%", "rate", steps=[points, own])) == 880_000


def test_only_steps_whose_condition_holds_are_run_and_traced():
    steps = [
        step("times", "50%", when={"nth_stay": 2}),
        step("set", "100", when={"nth_stay": 3}),
    ]
    made = number("1000", steps=steps)
    assert [value(made, {"nth_stay": n}) for n in (1, 2, 3)] == [100_000, 50_000, 10_000]
    used = evaluate(made, name="x", facts={"nth_stay": 2}, on=DAY)
    (trace,) = used.steps
    assert (trace.operation, trace.operand, trace.value_after) == ("times", "50%", (50_000, 1))


def test_none_stays_none_while_no_step_applies():
    step_for_poor = step("times", "50%", when={"is_poor": True})
    made = number("none", steps=[step_for_poor])
    assert value(made, {"is_poor": False}) is None
    with pytest.raises(InvariantBroken, match="none"):
        value(made, {"is_poor": True})


@pytest.mark.parametrize("operation", ["set", "at_most"])
def test_none_can_be_replaced_or_bounded(operation):
    assert value(number("none", steps=[step(operation, "100")])) == 10_000


@pytest.mark.parametrize(
    ("base", "points", "expected"), [("95%", "5pp", 1_000_000), ("95%", "5.0001pp", None)]
)
def test_a_rate_above_the_whole_stops_the_run(base, points, expected):
    made = number(base, "rate", steps=[step("plus_points", points)])
    if expected is not None:
        assert value(made) == expected
        return
    with pytest.raises(InvariantBroken, match="outside 0–100"):
        value(made)


@pytest.mark.parametrize(("points", "is_allowed"), [("5pp", True), ("5.0001pp", False)])
def test_a_rate_below_nothing_stops_the_run(points, is_allowed):
    made = number("5%", "rate", steps=[step("minus_points", points)])
    if is_allowed:
        assert value(made) == 0
        return
    with pytest.raises(InvariantBroken, match="outside 0–100"):
        value(made)


def test_an_amount_below_nothing_stops_the_run():
    assert value(number("100", steps=[step("minus", "100")])) == 0
    with pytest.raises(InvariantBroken, match="negative amount"):
        value(number("100", steps=[step("minus", "100.01")]))


def test_a_rate_cannot_be_none():
    with pytest.raises(InvariantBroken, match="cannot be none"):
        value(number("none", "rate"))


def published(**more) -> Number:
    first = Provenance(("S-2022",), "", "H")
    second = Provenance(("S-2023",), "", "M")
    series = ((2022, 4_905_000, first), (2023, 5_176_199, second))
    return Number("amount", Index("income", -1, Fraction(1, 10), series, SOURCE), **more)


def test_an_index_is_read_by_the_year_and_rounded_once():
    # a tenth of 49050.00, and of 51761.99 = 5176.199
    assert value(published(), on=date(2023, 12, 31)) == 490_500
    assert value(published(), on=date(2024, 1, 1)) == 517_620


def test_steps_on_an_index_see_the_exact_value():
    # 5176.199 × 10; rounded before, it would be 51762.00
    assert value(published(steps=(step("times", "1000%"),))) == 5_176_199


def test_a_year_that_is_not_recorded_is_named():
    wrong = unable(published(), on=date(2025, 1, 1))
    assert (wrong.code, wrong.subject) == ("index_missing", "income")
    assert "2024" in wrong.message.en


def test_all_sources_that_took_part_are_kept_once():
    row_source = Provenance(("S-7",), "", "example")
    own = number("100", source=row_source)
    made = number(
        {"rows": [{"level": "level_1", "is": own}]}, steps=[step("plus", "1"), step("plus", "2")]
    )
    used = evaluate(made, name="x", facts={"level": "level_1"}, on=DAY)
    assert used.provenance == (row_source, SOURCE)
    assert used.is_example


def test_a_number_from_law_alone_is_no_example():
    assert not evaluate(number("100"), name="x", facts={}, on=DAY).is_example


def test_the_index_names_the_source_of_its_year():
    used = evaluate(published(), name="x", facts={}, on=DAY)
    assert [one.source_ids for one in used.provenance] == [("S-2023",), ("S-1",)]


BOTH = when({"scheme": "resident", "is_poor": True})


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ({"scheme": "resident", "is_poor": True}, True),
        ({"scheme": "resident", "is_poor": False}, False),
        ({"scheme": "employee"}, False),
        ({"is_poor": False}, False),
    ],
)
def test_one_failing_test_settles_a_condition(facts, expected):
    assert holds(BOTH, facts) is expected


def test_a_condition_that_hangs_on_a_missing_fact_asks_for_it():
    with pytest.raises(UnableToDetermine) as caught:
        holds(BOTH, {"scheme": "resident"})
    assert (caught.value.code, caught.value.subject) == ("fact_missing", "is_poor")


def test_failing_tests_are_listed_with_their_values():
    facts = {"scheme": "employee", "is_poor": False}
    assert failing(BOTH, facts) == (("scheme", "employee"), ("is_poor", False))


def test_an_empty_condition_always_holds():
    assert holds((), {})


def test_any_table_is_chosen_by_the_same_rule():
    rows = [(when({"disease": "cancer"}), "joint"), (when({"disease": ["flu", "cold"]}), "own")]
    assert choose_row(rows, (), facts={"disease": "flu"}, asked_by="x")[1] == "own"


def test_an_unknown_step_stops_the_run():
    broken = Number("amount", Literal_(1, SOURCE), (step("times_by_magic"),))
    with pytest.raises(InvariantBroken, match="unknown step"):
        value(broken)


def test_nothing_is_divided_by_nothing():
    with pytest.raises(InvariantBroken, match="divided"):
        value(number("1", steps=[step("divide_by", "0")]))
