"""Auxiliary lists: the shipped bands below, at and above their bounds, and which entry counts."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from yibao.base.texts import Text
from yibao.engines.grouping.dip.auxiliary import (
    MISSING,
    Auxiliary,
    AuxiliaryList,
    Entry,
    Stays,
    coefficients,
    entries_met,
    is_split,
)
from yibao.storage.files.dip_parameters import read_parameters
from yibao.storage.files.shipped import policies_root

SHIPPED = read_parameters(policies_root(), "000000", holds_on=date(2025, 1, 1)).auxiliary


def one_stay(auxiliary=SHIPPED, *, principal="J18.9", secondary=(), procedures=(), **numbers):
    """A stay as columns of length one."""
    marks = 0
    for code in secondary:
        marks |= auxiliary.marks_of(code)
    done = 0
    for code in procedures:
        done |= auxiliary.marks_of(code)
    given = {"age": 40, "age_days": 15_000, "stay_days": 8, "leaving_type": 1, **numbers}
    given["comorbidity_points"] = auxiliary.points_of(marks)
    return Stays(
        {name: np.array([value]) for name, value in given.items()},
        np.array([auxiliary.marks_of(principal)]), np.array([marks]), np.array([done]),
        np.array([True]),
    )  # fmt: skip


def met(auxiliary=SHIPPED, **stay):
    names = [entry.name for _, entry in auxiliary.entries()]
    found = entries_met(one_stay(auxiliary, **stay), auxiliary)
    return [name for name, holds in zip(names, found, strict=True) if holds[0]]


@pytest.mark.parametrize(
    ("age", "days", "band"),
    [
        (0, 0, ["newborn"]), (0, 28, ["newborn"]), (0, 29, ["infant"]), (0, 364, ["infant"]),
        (1, 365, ["small_child"]), (6, 2_500, ["small_child"]), (7, 2_600, ["child"]),
        (17, 6_500, ["child"]), (18, 6_600, []), (64, 23_700, []), (65, 23_800, ["from_65"]),
        (69, 25_500, ["from_65"]), (70, 25_600, ["from_70"]), (79, 29_200, ["from_70"]),
        (80, 29_300, ["from_80"]), (104, 38_000, ["from_80"]), (MISSING, MISSING, []),
    ],
)  # fmt: skip
def test_age_bands(age, days, band):
    assert met(age=age, age_days=days) == band


@pytest.mark.parametrize(
    ("secondary", "points"),
    [
        ((), 0), (("E11.9",), 1), (("E11.9", "E11.600"), 1), (("E11.9", "E11.200"), 2),
        (("I50.900", "I21.001"), 2), (("K76.000", "K76.600"), 3), (("K76.600",), 3),
        (("C34.900",), 2), (("C34.900", "C77.900"), 6), (("B20.x00", "N18.900"), 8),
        (("I10.x00x002",), 0), (("I25.103",), 0), (("I25.200",), 1),
    ],
)  # fmt: skip
def test_comorbidity_points(secondary, points):
    """A graver condition takes the place of the lighter one; a condition counts once."""
    stay = one_stay(secondary=secondary)
    assert stay.numbers["comorbidity_points"][0] == points


@pytest.mark.parametrize(
    ("secondary", "entry"),
    [
        ((), []),
        (("E11.9",), ["points_1_to_2"]),
        (("C34.900",), ["points_1_to_2"]),
        (("C34.900", "E11.9"), ["points_3_to_5"]),
        (("C77.900",), ["points_from_6"]),
    ],
)
def test_bands_of_points(secondary, entry):
    assert met(secondary=secondary) == entry


def test_severity_and_tumours():
    assert met(stay_days=3) == ["light_short"]
    assert met(stay_days=4) == []
    assert met(stay_days=MISSING) == []  # what is not known is below nothing
    assert met(secondary=("J96.000",)) == ["severe"]
    assert met(secondary=("J96.000",), principal="C34.900") == []
    assert met(stay_days=3, leaving_type=5) == ["light_short", "death_early"]
    assert met(stay_days=4, leaving_type=5) == ["death_later"]
    assert met(principal="Z51.103", procedures=("99.2504",)) == ["chemotherapy"]
    assert met(principal="J18.900", procedures=("99.2504",)) == []


def lists(*coefficients_given):
    entries = tuple(
        Entry(f"e{n}", Text("一", "one"), value) for n, value in enumerate(coefficients_given)
    )
    return Auxiliary((AuxiliaryList("a", Text("表", "list"), entries),))


@pytest.mark.parametrize(
    ("given", "best", "giver"),
    [
        ((1_100_000, 1_300_000, 1_200_000), 1_300_000, 1),
        ((1_300_000, 1_300_000), 1_300_000, 0),  # the first of equals
        ((900_000,), 900_000, 0),
        ((900_000, 1_100_000), 1_100_000, 1),
        ((1_100_000, 900_000), 1_100_000, 0),
        ((), 1_000_000, -1),
    ],
)
def test_the_highest_coefficient_counts(given, best, giver):
    auxiliary = lists(*given)
    found, place = coefficients(one_stay(auxiliary), auxiliary)
    assert (found[0], place[0]) == (best, giver)


def test_what_is_not_split_keeps_its_points():
    auxiliary = lists(1_300_000)
    stay = one_stay(auxiliary)
    whole = Stays(stay.numbers, stay.principal, stay.secondary, stay.procedures, np.array([False]))
    found, giver = coefficients(whole, auxiliary)
    assert (found[0], giver[0]) == (1_000_000, -1)
    of_medicine = Auxiliary(not_split=frozenset({"M51"}))
    assert not is_split("M51.2", of_medicine)
    assert is_split("M50.2", of_medicine)
