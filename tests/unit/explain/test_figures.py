"""Figures as printed: exact to the last digit, whatever the unit."""

import pytest

from yibao.engines.benefits.explain.figures import exact_yuan, printed, printed_exact
from yibao.engines.benefits.explain.rows import exact


@pytest.mark.parametrize(
    ("product", "text"),
    [
        (0, "0.00"),
        (1, "0.00000001"),
        (100_000_000, "1.00"),
        (110_000_000, "1.10"),
        (-1, "-0.00000001"),
        (9_900_000 * 700_000, "69300.00"),
        (10**13 * 10**6, "100000000000.00"),
    ],
)
def test_a_product_of_fen_and_millionths_is_printed_with_every_digit(product: int, text: str):
    assert exact_yuan(product) == text


@pytest.mark.parametrize(
    ("text", "grouped"),
    [("69300.00", "69,300.00"), ("-0.005", "−0.005"), ("1234567.12345678", "1,234,567.12345678")],
)
def test_exact_yuan_are_grouped_without_losing_a_digit(text: str, grouped: str):
    assert exact(text) == grouped


@pytest.mark.parametrize(
    ("unit", "value", "text"),
    [
        ("amount", 12_345, "123.45"),
        ("rate", 755_500, "75.55%"),
        ("count", 98, "98"),
        ("amount", None, "none"),
    ],
)
def test_a_value_is_printed_by_its_unit(unit, value, text):
    assert printed(unit, value) == text


@pytest.mark.parametrize(
    ("unit", "value", "text"),
    [
        ("amount", (40_000, 1), "400.00"),
        ("amount", (1000, 3), "10/3"),
        ("rate", (855_000, 1), "85.5%"),
        ("count", (7, 2), "7/2"),
    ],
)
def test_a_step_that_the_unit_cannot_hold_is_printed_as_a_fraction(unit, value, text):
    assert printed_exact(unit, value) == text
