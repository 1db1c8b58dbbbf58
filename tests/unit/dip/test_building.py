"""A catalogue from a population small enough to work on paper."""

from __future__ import annotations

from fractions import Fraction

import pytest

from tests.unit.dip.builders import parameters, pool, profile
from yibao.engines.grouping.dip.building import build

STROKE = profile("I63.900")
APPENDIX = profile("K35.800", "47.0100")
APPENDIX_MORE = profile("K35.800", "47.0100", "54.2100")


def codes(built):
    return [group.code for group in built.catalogue.groups]


def landed(built, stays):
    """The group of each stay's profile."""
    numbers = dict(zip(stays.profiles, built.group_of_profile.tolist(), strict=True))
    return {one: built.catalogue.groups[number].code for one, number in numbers.items()}


def test_one_year_by_hand():
    stays = pool(
        (STROKE, 2024, 10_000), (STROKE, 2024, 30_000), (APPENDIX, 2024, 40_000),
        (APPENDIX, 2024, 80_000),
    )  # fmt: skip
    built = build(stays, parameters())
    # means 200 and 600 yuan of a mean of 400: weights 0.5 and 1.5, points 500 and 1500
    assert built.overall_mean == 40_000
    stroke, appendix = built.catalogue.groups
    assert (stroke.code, stroke.mean_amount, stroke.weight_units) == ("I63.9", 20_000, 5_000)
    assert (appendix.code, appendix.weight_units) == ("K35.8:47.0100", 15_000)
    assert (stroke.point_units, appendix.point_units) == (50_000, 150_000)
    assert (stroke.variation, appendix.variation) == (500_000, 333_333)  # 1/2 and 1/3
    assert (stroke.type_word, appendix.type_word) == ("core conservative", "core surgery")


def test_three_years_by_hand():
    years = ((2022, 10_000), (2023, 20_000), (2024, 30_000))
    stays = pool(
        *((STROKE, year, amount) for year, amount in years),
        *((APPENDIX, year, amount * 3) for year, amount in years),
    )
    built = build(stays, parameters())
    # stroke (1·100 + 2·200 + 7·300)/10 = 260, appendix 780, all (200, 400, 600) = 520
    assert built.means == (26_000, 78_000)
    assert built.weights == (Fraction(1, 2), Fraction(3, 2))


@pytest.mark.parametrize(
    ("threshold", "expected"),
    [(2, ["K35.8:47.0100"]), (3, ["K35.8:47.0100"]), (4, ["blank"])],
)
def test_a_group_needs_as_many_stays_as_the_threshold(threshold, expected):
    stays = pool(*((APPENDIX, 2024, 100) for _ in range(3)))
    built = build(stays, parameters(core_threshold=threshold, mixed_threshold=99))
    assert codes(built) == expected


def test_rare_related_procedures_leave_the_main_one():
    stays = pool(*[(APPENDIX, 2024, 100)] * 2, (APPENDIX_MORE, 2024, 300))
    built = build(stays, parameters())
    assert landed(built, stays) == dict.fromkeys((APPENDIX, APPENDIX_MORE), "K35.8:47.0100")
    assert built.catalogue.groups[0].mean_amount == 167  # 500 / 3


def test_frequent_related_procedures_make_a_group_of_their_own():
    stays = pool(*[(APPENDIX, 2024, 100)] * 2, *[(APPENDIX_MORE, 2024, 300)] * 2)
    assert codes(build(stays, parameters())) == ["K35.8:47.0100", "K35.8:47.0100+54.2100"]


def test_what_main_and_related_have_together_may_reach_the_threshold():
    stays = pool((APPENDIX, 2024, 100), (APPENDIX_MORE, 2024, 300))
    assert codes(build(stays, parameters())) == ["K35.8:47.0100"]


def test_a_group_is_of_its_own_procedures_class():
    # the main procedure is diagnostic; the related surgery is too rare to be in the key
    looked = profile("K92.200", "45.1300")
    operated = profile("K92.200", "45.1300", "54.2100")
    stays = pool((looked, 2024, 100), (operated, 2024, 300))
    (group,) = build(stays, parameters()).catalogue.groups
    assert (group.code, group.key.treatment) == ("K92.2:45.1300", "diagnostic")


def test_mixed_groups_from_narrow_to_broad():
    one, other = profile("K35.200"), profile("K35.300")  # share K35
    third, fourth = profile("K80.100"), profile("K40.900")  # share K
    fifth, sixth = profile("A09.000"), profile("B15.900")  # share the chapter A00-B99
    alone, operated = profile("I63.900"), profile("I63.900", "01.0100")
    everyone = (one, other, third, fourth, fifth, sixth, alone, operated)
    stays = pool(*((who, 2024, 100) for who in everyone))
    built = build(stays, parameters())
    assert landed(built, stays) == {
        one: "K35 conservative", other: "K35 conservative",
        third: "K conservative", fourth: "K conservative",
        fifth: "A00-B99 conservative", sixth: "A00-B99 conservative",
        alone: "blank", operated: "blank",  # one class of treatment does not help another
    }  # fmt: skip


def test_a_key_for_primary_care_is_marked():
    stays = pool(*[(STROKE, 2024, 100)] * 2)
    built = build(stays, parameters(primary_keys=frozenset({"I63.9"})))
    assert built.catalogue.groups[0].type_word == "primary conservative"


def test_trimming_takes_the_ends_of_each_groups_year():
    # of 40 stays 2.5 % is one at each end: the one of 100 and the one of 1,000,000 go
    amounts = [*range(100, 139), 1_000_000]
    stays = pool(*((STROKE, 2024, amount) for amount in amounts))
    built = build(stays, parameters())
    assert built.kept[0][0].cases_count == 38
    assert built.means[0] == Fraction(sum(range(101, 139)), 38)
    assert built.catalogue.groups[0].cases_count == 40


def test_no_stay_is_no_catalogue():
    with pytest.raises(ValueError, match="no stays"):
        build(pool(), parameters())
