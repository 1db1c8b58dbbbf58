"""No number of law stands in Python, and the checker can say no."""

from __future__ import annotations

import pytest

from tests.health.checkers import Source, complaints, numbers, package_sources, told


def test_engines_and_offices_hold_no_number_of_law():
    found = complaints(numbers.policy_numbers, package_sources(*numbers.DECIDING))
    assert not found, told(found)


def test_every_listed_reason_is_still_needed():
    found = list(numbers.idle_reasons(package_sources()))
    assert not found, told(found)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("ceiling = 180000", "the integer 180000"),
        ("ceiling = -1_001", "the integer 1001"),
        ("start = date(2024, 1, 1)", "the integer 2024"),
        ("rate = '80%'", "the rate '80%'"),
        ("rate = '2.5 ％'", "the rate '2.5 ％'"),
        ("points = '5pp'", "the rate '5pp'"),
    ],
)
def test_a_number_of_law_is_refused_at_its_place(line: str, message: str):
    found = complaints(numbers.policy_numbers, [Source("x.py", f"\n{line}\n")])
    assert [(complaint.line, complaint.message) for complaint in found] == [(2, message)]


@pytest.mark.parametrize(
    "line",
    [
        "million = 1_000_000",
        "share = '100%'",
        "days = 365 + 1000",
        "flag = True",
        "text = f'{rate:.2%}'",
        "advice = 'write a rate as \"80%\"'",
        '"""Pays 80% up to 180000."""',
    ],
)
def test_other_numbers_pass(line: str):
    assert complaints(numbers.policy_numbers, [Source("x.py", line)]) == []


def test_a_number_with_a_reason_passes_in_its_file_only():
    allowed = {"x.py": {10_000: "members of a city"}}
    here, elsewhere = Source("x.py", "members = 10_000"), Source("y.py", "members = 10_000")
    assert list(numbers.policy_numbers(here, allowed)) == []
    assert len(list(numbers.policy_numbers(elsewhere, allowed))) == 1


def test_a_reason_that_nothing_needs_is_refused():
    allowed = {"x.py": {10_000: "members of a city"}, "gone.py": {2_000: "moved"}}
    found = list(numbers.idle_reasons([Source("x.py", "members = 500")], allowed))
    assert [complaint.path for complaint in found] == ["x.py", "gone.py"]
