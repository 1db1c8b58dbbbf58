"""Means, trimming, years and roots, worked by hand."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from yibao.engines.grouping.weights.cells import Cell, Trimming, cells, together, untrimmed
from yibao.engines.grouping.weights.decimals import (
    decimal_text,
    parse_decimal,
    root_millionths,
    units_of,
)
from yibao.engines.grouping.weights.quality import (
    Grouped,
    OutlierBounds,
    Yardstick,
    judge,
    variance_explained,
)
from yibao.engines.grouping.weights.relative import mean_over_years, parts_of


@pytest.mark.parametrize(
    ("value", "units"),
    [
        (Fraction(123449, 100_000), 12345),  # 1.23449
        (Fraction(123445, 100_000), 12345),  # at the half: up
        (Fraction(1234449, 1_000_000), 12344),  # below the half
        (Fraction(2, 3), 6667),
    ],
)
def test_a_weight_is_rounded_half_up_once(value, units):
    assert units_of(value, 4) == units


@pytest.mark.parametrize(
    ("text", "units"), [("1.2345", 12345), ("0.0007", 7), ("12.5", 125_000), ("3", 30_000)]
)
def test_a_decimal_is_read_as_it_is_written(text, units):
    assert parse_decimal(text, 4) == units
    assert parse_decimal(decimal_text(units, 4), 4) == units


@pytest.mark.parametrize("text", ["", "1.23456", "-1", "1e3", "1,0", ".5", "٣"])
def test_another_text_is_no_decimal(text):
    with pytest.raises(ValueError, match=r".*"):
        parse_decimal(text, 4)


@pytest.mark.parametrize(
    ("square", "root"),
    [
        (Fraction(0), 0),
        (Fraction(1, 4), 500_000),
        (Fraction(2), 1_414_214),  # 1.41421356…
        (Fraction(3), 1_732_051),  # 1.73205080…: up
        (Fraction(5), 2_236_068),  # 2.23606797…
        (Fraction(25, 10**14), 1),  # half of a millionth: up
        (Fraction(24, 10**14), 0),
    ],
)
def test_roots_are_rounded_half_up(square, root):
    assert root_millionths(square) == root


def test_cells_count_and_sum():
    found = cells(np.array([2, 0, 2]), np.array([5, 7, 9]), count=4)
    assert found == [Cell(1, 7, 49), Cell(), Cell(2, 14, 25 + 81), Cell()]
    assert together(found) == Cell(3, 21, 155)
    # mean 7, variance ((5-7)² + (9-7)²) / 2 = 4: CV² = 4/49
    assert found[2].relative_variance == Fraction(4, 49)


@pytest.mark.parametrize(
    ("count", "kept"),
    [(9, 9), (10, 8), (11, 9), (19, 17), (20, 16), (29, 25), (30, 24)],
)
def test_a_tenth_goes_at_both_ends_from_ten_cases_on(count, kept):
    amount = np.arange(count, dtype=np.int64)[::-1].copy()
    stays = untrimmed(np.zeros(count, np.int64), amount, trimming=Trimming(10, 100_000, 900_000))
    assert stays.sum() == kept
    cut = (count - kept) // 2
    assert sorted(amount[stays].tolist()) == list(range(cut, count - cut))


def test_years_count_one_two_seven():
    years = [Cell(4, 400, 0), Cell(1, 200, 0), Cell(2, 600, 0)]  # means 100, 200, 300
    assert mean_over_years(years, (1, 2, 7), method="means") == 260
    # (1·400 + 2·200 + 7·600) / (1·4 + 2·1 + 7·2)
    assert mean_over_years(years, (1, 2, 7), method="pooled") == Fraction(5000, 20)


def test_a_year_without_cases_gives_its_part_to_the_others():
    years = [Cell(4, 400, 0), Cell(), Cell(2, 600, 0)]
    assert mean_over_years(years, (1, 2, 7), method="means") == Fraction(2200, 8)
    assert mean_over_years([Cell(), Cell()], (2, 7), method="means") is None


def test_fewer_years_take_the_latest_parts():
    assert parts_of([2024], (1, 2, 7)) == (7,)
    assert parts_of([2023, 2024], (1, 2, 7)) == (2, 7)
    assert parts_of([2021, 2022, 2023, 2024], (1, 2, 7)) == (0, 1, 2, 7)


def test_variance_explained_by_hand():
    # 1, 3 | 5, 7: mean 4, spread 9+1+1+9 = 20; inside 1+1 and 1+1 = 4; explained 16/20
    groups = [Cell(2, 4, 10), Cell(2, 12, 74)]
    assert variance_explained(groups) == 800_000
    assert variance_explained([together(groups)]) == 0
    assert variance_explained([Cell(2, 4, 8), Cell(1, 5, 25)]) == 1_000_000
    assert variance_explained([Cell(3, 6, 12)]) == 0  # all alike: nothing to explain


BOUNDS = OutlierBounds(500_000, 2_000_000, 5_000_000)
UNTRIMMED = Trimming(1_000, 0, 1_000_000)


def judged(amounts, *, bounds=BOUNDS):
    size = len(amounts)
    zeros = np.zeros(size, np.int64)
    cases = Grouped(zeros, zeros, np.array(amounts, np.int64), zeros - 1)
    return judge(cases, groups_count=1, yardstick=Yardstick(bounds, UNTRIMMED, 4)).groups[0]


@pytest.mark.parametrize(
    ("bounds", "low", "high", "extreme"),
    [
        (BOUNDS, 1, 1, 1),
        (OutlierBounds(500_000, 2_000_000, 5_000_000, low_inclusive=True), 2, 1, 1),
        (OutlierBounds(500_000, 2_000_000, 5_000_000, high_inclusive=True), 1, 2, 1),
    ],
)
def test_outliers_below_at_and_above_their_bounds(bounds, low, high, extreme):
    # the others bring the mean to 100: low below 50, high above 200, extreme above 500
    amounts = [49, 50, 51, 199, 200, 201, 500, 501]
    rest = 100 * 40 - sum(amounts)
    amounts += [rest // 32] * 31
    amounts.append(rest - 31 * (rest // 32))
    assert sum(amounts) == 100 * len(amounts)
    found = judged(amounts, bounds=bounds)
    assert (found.low_count, found.extreme_count) == (low, extreme)
    assert found.high_count == high + 1  # 500 is high and not extreme


def test_institutions_by_hand():
    # group 0 costs 100 and 300 (mean 200), group 1 costs 600; mean of all 1000/3
    cases = Grouped(
        np.array([0, 0, 1]), np.array([0, 1, 1]), np.array([100, 300, 600]), np.array([4, 6, -1])
    )
    quality = judge(cases, groups_count=2, yardstick=Yardstick(BOUNDS, UNTRIMMED, 4))
    assert [one.weight_units for one in quality.groups] == [6_000, 18_000]  # 0.6 and 1.8
    first, second = quality.institutions
    assert (first.case_mix_units, second.case_mix_units) == (6_000, 12_000)
    assert (first.cost_index, second.cost_index) == (500_000, 1_250_000)  # 1/2; (3/2 + 1) / 2
    assert (first.time_index, second.time_index) == (800_000, 1_200_000)  # of five days
    assert quality.case_mix_units == 10_000
    assert [one.median_amount for one in quality.groups] == [200, 600]
    assert [one.mean_stay for one in quality.groups] == [500, 0]
