"""The order of choice, one tie-break at a time: each decides where those before are equal."""

from __future__ import annotations

import numpy as np
import pytest

from tests.unit.dip.builders import catalogue, parameters, profile
from yibao.engines.grouping.dip.choosing import NO_GROUP, choose, settle, settle_all

X, Y, Z = "47.0100", "54.2100", "51.2300"
CONSERVATIVE = ("K35.8", "core", "conservative", 100)
BLANK = ("blank", "blank", "conservative", 700)


def chosen(groups, stay, *, amount=100, **changes):
    """The code of a stay's group and the step that decided; the batch must say the same."""
    listed = catalogue(*groups)
    choice = choose(stay, listed, rules=parameters(**changes).groups)
    place = settle(choice, amount, catalogue=listed)
    (batch,) = settle_all([choice], np.array([0]), amount=np.array([amount]), catalogue=listed)
    assert batch == place
    return (None if place == NO_GROUP else listed.groups[place].code), choice.step


def surgery(key, mean=100, kind="core"):
    return (f"K35.8:{key}", kind, "surgery", mean)


def test_most_parts_first():
    # three matched in one part against two parts of one each
    groups = [surgery(f"{X}/{Y}/{Z}"), surgery(f"{X}+{Y}", 900_000)]
    assert chosen(groups, profile("K35.800", X, Y, Z)) == (f"K35.8:{X}+{Y}", "procedures")


def test_then_most_matched_procedures():
    groups = [surgery(Z, 100), surgery(f"{X}/{Y}", 900_000)]
    assert chosen(groups, profile("K35.800", X, Y, Z)) == (f"K35.8:{X}/{Y}", "procedures")


@pytest.mark.parametrize(
    ("amount", "winner"),
    [(0, X), (149, X), (150, X), (151, Y), (10**12, Y)],
)
def test_then_the_nearest_mean_and_the_code_where_both_are_as_near(amount, winner):
    groups = [surgery(Y, 200), surgery(X, 100)]
    assert chosen(groups, profile("K35.800", X, Y), amount=amount)[0] == f"K35.8:{winner}"


@pytest.mark.parametrize(
    ("order", "winner"),
    [(("primary surgery", "core surgery"), Y), (("core surgery", "primary surgery"), X)],
)
def test_then_the_type_where_both_means_are_as_near(order, winner):
    groups = [surgery(X, 100), surgery(Y, 200, "primary")]
    found = chosen(groups, profile("K35.800", X, Y), amount=150, type_order=order)
    assert found == (f"K35.8:{winner}", "procedures")


def test_a_type_without_a_place_in_the_order_comes_last():
    groups = [surgery(X, 100), surgery(Y, 200, "primary")]
    found = chosen(groups, profile("K35.800", X, Y), amount=150, type_order=("primary surgery",))
    assert found[0] == f"K35.8:{Y}"


def test_every_part_must_be_there():
    groups = [surgery(f"{X}+{Y}"), CONSERVATIVE]
    assert chosen(groups, profile("K35.800", X), conservative_core="after_mixed") == (
        "K35.8", "conservative",
    )  # fmt: skip


def test_or_needs_one_and_and_needs_all():
    groups = [surgery(f"{X}/{Y}+{Z}")]
    assert chosen(groups, profile("K35.800", Y, Z))[0] == f"K35.8:{X}/{Y}+{Z}"
    assert chosen(groups, profile("K35.800", X, Y))[0] is None


def test_another_diagnosis_is_no_candidate():
    assert chosen([surgery(X)], profile("K36.x00", X)) == (None, "blank")


def test_a_stay_without_procedures_takes_the_conservative_group_before_mixed_ones():
    groups = [surgery(X), ("K35 conservative", "mixed", "conservative", 100), CONSERVATIVE]
    assert chosen(groups, profile("K35.800")) == ("K35.8", "conservative")


@pytest.mark.parametrize(
    ("when", "with_mixed", "without"),
    [
        ("before_mixed", "K35.8", "K35.8"),
        ("after_mixed", "K35 surgery", "K35.8"),
        ("without_procedures", "K35 surgery", "blank"),
    ],
)
def test_when_unfitting_procedures_may_fall_back_on_the_conservative_group(
    when, with_mixed, without
):
    mixed = ("K35 surgery", "mixed", "surgery", 100)
    stay = profile("K35.800", X)
    assert chosen([CONSERVATIVE, mixed, BLANK], stay, conservative_core=when)[0] == with_mixed
    assert chosen([CONSERVATIVE, BLANK], stay, conservative_core=when)[0] == without


@pytest.mark.parametrize(
    ("missing", "winner"),
    [
        ((), "K35 surgery"),
        (("K35 surgery",), "K surgery"),
        (("K35 surgery", "K surgery"), "K00-K93 surgery"),
        (("K35 surgery", "K surgery", "K00-K93 surgery"), "blank"),
        (("K35 surgery", "K surgery", "K00-K93 surgery", "blank"), None),
    ],
)
def test_mixed_levels_from_narrow_to_broad_then_the_blank_group(missing, winner):
    groups = [
        ("K00-K93 surgery", "mixed", "surgery", 100), ("K surgery", "mixed", "surgery", 100),
        ("K35 surgery", "mixed", "surgery", 100), ("K35 diagnostic", "mixed", "diagnostic", 100),
        BLANK,
    ]  # fmt: skip
    groups = [one for one in groups if one[0] not in missing]
    assert chosen(groups, profile("K35.800", X))[0] == winner


def test_the_candidates_are_told():
    listed = catalogue(surgery(X), surgery(f"{X}+{Y}"), CONSERVATIVE)
    choice = choose(profile("K35.800", X), listed, rules=parameters().groups)
    told = [(one.parts_count, one.matched_count, one.fits) for one in choice.candidates]
    assert told == [(1, 1, True), (2, 0, False), (0, 0, True)]
