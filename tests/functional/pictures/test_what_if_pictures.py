"""The page of a what-if: same bytes each time, nothing missing, nothing overlapping."""

from dataclasses import replace
from itertools import combinations

import pytest

from tests.unit.actuary.what_if_law import asked_of, visit
from yibao.base.texts import Text
from yibao.offices.actuary.drawing.typography import missing_characters
from yibao.offices.actuary.whatif.page import WhatIfPage, what_if_picture
from yibao.offices.actuary.whatif.panels import LESS, MORE
from yibao.offices.actuary.whatif.shapes import Change, Effect
from yibao.offices.actuary.whatif.units import rate_told, unit_for, yuan_of

LONG = Text(
    "居民基本医疗保险统筹基金（含门诊慢特病与住院合并计算部分）",
    "resident basic medical insurance with chronic outpatient care counted together",
)


def small(folder):
    rows = [
        visit(number, f"M{number % 13}", 4_000 * number, birth_date=f"19{40 + number}-05-01")
        | {"claim_id": f"C{number}", "scheme": ("employee", "resident")[number % 2]}
        for number in range(1, 30)
    ]
    return asked_of(folder, rows)


def nothing(folder):
    return asked_of(folder, [visit(1, "M1", -5)])


def untouched(folder):
    return asked_of(folder, [visit(1, "M1", 100)], "idle")


def turned(folder):
    rows = [visit(n, f"M{n}", 10_000 * n) | {"claim_id": f"C{n}"} for n in range(1, 9)]
    return asked_of(folder, rows, "law", base="higher")


def city(folder):
    """Sums of a city, long names, seven funds, gains and losses side by side."""
    answer = small(folder)
    changes = [10**12, 5 * 10**11, -3 * 10**9, 0, 1, 10**10 + 1, -(10**11)]
    funds = tuple(
        (f"fund_{n}", LONG if n % 2 else Text(f"基金{n}", f"fund {n}"), Change(10**12, 10**12 + c))
        for n, c in enumerate(changes)
    )
    parted = tuple(
        replace(
            grouping,
            label=LONG if place == 1 else grouping.label,
            groups=tuple(
                (name, LONG if row == 1 else label, _effect(effect, (-1) ** row * 10**11 // 7**row))
                for row, (name, label, effect) in enumerate(grouping.groups)
            ),
        )
        for place, grouping in enumerate(answer.groupings)
    )
    deciles = tuple(
        replace(
            decile,
            members_count=1_000_000,
            out_of_pocket=Change(10**10, 10**10 + (decile.number - 4) * 10**12),
        )
        for decile in answer.deciles
    )
    bands = tuple(
        replace(band, winners_count=1_234_567 // (n + 1), losers_count=987_654 // (6 - n))
        for n, band in enumerate(answer.bands)
    )
    grounds = replace(answer.base_grounds, examples_count=3, answers_with_examples_count=2)
    return replace(
        answer, funds=funds, groupings=parted, deciles=deciles, bands=bands, base_grounds=grounds
    )


def _effect(effect: Effect, change: int) -> Effect:
    return replace(
        effect,
        changed_members_count=1_234_567,
        benefit=Change(10**12, 10**12 + change),
    )


CASES = {
    "small": small,
    "nothing": nothing,
    "untouched": untouched,
    "turned": turned,
    "city": city,
}


@pytest.fixture(scope="module", params=CASES)
def answer(request, tmp_path_factory):
    return CASES[request.param](tmp_path_factory.mktemp("what_if"))


def words_of(figure):
    return [text.get_text() for text in figure.axes[0].texts if text.get_text().strip()]


@pytest.mark.parametrize("form", ["svg", "png"])
def test_the_same_answer_gives_the_same_bytes(answer, form):
    first = what_if_picture(answer, form)
    assert what_if_picture(answer, form) == first
    assert what_if_picture(answer, form, language="en") != first
    assert first.startswith(b"\x89PNG" if form == "png" else b"<?xml")


def test_an_svg_has_paths_and_no_date(answer):
    content = what_if_picture(answer, "svg").decode()
    assert "<text" not in content
    assert "<dc:date>" not in content


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_font_has_every_character(answer, language):
    assert missing_characters("".join(words_of(WhatIfPage(answer, language).figure()))) == set()


@pytest.mark.parametrize("language", ["zh", "en"])
def test_no_text_runs_over_another_or_off_the_page(answer, language):
    figure = WhatIfPage(answer, language).figure()
    figure.canvas.draw()
    boxes = [
        (text.get_text(), text.get_window_extent())
        for text in figure.axes[0].texts
        if text.get_text().strip()
    ]
    for text, box in boxes:
        assert box.x0 >= 0, text
        assert box.y0 >= 0, text
        assert box.x1 <= figure.bbox.x1, text
        assert box.y1 <= figure.bbox.y1, text
    clashes = [(one, other) for (one, a), (other, b) in combinations(boxes, 2) if _clash(a, b)]
    assert clashes == []


def _clash(one, other):
    slack = 1
    return (
        one.x0 + slack < other.x1
        and other.x0 + slack < one.x1
        and one.y0 + slack < other.y1
        and other.y0 + slack < one.y1
    )


def test_the_head_tells_the_change_of_funds_and_members(tmp_path):
    words = words_of(WhatIfPage(asked_of(tmp_path, [visit(1, "M1", 40_000)]), "zh").figure())
    # half of 400.00 is 200.00, of which the base pays 100.00
    assert {"如果：限额提高", "+100.00", "+100%", "−100.00", "−33.3%"} <= set(words)


def test_the_way_back_to_the_law_is_titled_so(tmp_path):
    assert "从“限额提高”到现行规定" in words_of(WhatIfPage(turned(tmp_path), "zh").figure())


def test_more_is_blue_and_less_is_brown(tmp_path):
    gain = WhatIfPage(asked_of(tmp_path, [visit(1, "M1", 40_000)]), "zh").figure()
    loss = WhatIfPage(
        asked_of(tmp_path, [visit(1, "M1", 40_000)], "law", base="higher"), "zh"
    ).figure()
    for figure, colour in ((gain, MORE), (loss, LESS)):
        drawn = [
            "#{:02X}{:02X}{:02X}".format(*(round(255 * part) for part in patch.get_facecolor()[:3]))
            for patch in figure.axes[0].patches
            if hasattr(patch, "get_width") and patch.get_y() > 150 and patch.get_width() > 12
        ]
        assert colour in drawn
        assert ({MORE, LESS} - {colour}).isdisjoint(drawn)


def test_examples_are_told_at_the_head(tmp_path):
    assert "含示例值，只供演示" in words_of(WhatIfPage(city(tmp_path), "zh").figure())
    assert "含示例值，只供演示" not in words_of(WhatIfPage(small(tmp_path), "zh").figure())


@pytest.mark.parametrize(
    ("largest", "amount", "zh", "en"),
    [
        (100, 100, "1.00 元", "1.00 yuan"),
        (9_999_999, 1_234_567, "12,345.67 元", "12,345.67 yuan"),
        (10_000_000, 1_234_567, "1.23 万元", "12.35 thousand yuan"),
        (10**11 - 1, 123_456_789, "123.46 万元", "1.23 million yuan"),
        (10**12, -123_456_789_012, "−12.35 亿元", "−1,234.57 million yuan"),
    ],
)
def test_sums_are_told_in_a_unit_that_can_be_read(largest, amount, zh, en):
    for language, told in (("zh", zh), ("en", en)):
        unit = unit_for(largest, language)
        assert f"{unit.told(amount)} {unit.name}" == told


@pytest.mark.parametrize(
    ("rate", "told"),
    [
        (None, "—"),
        (0, "0.0%"),
        (499, "<0.1%"),
        (500, "+0.1%"),
        (-333_333, "−33.3%"),
        (999_999, "+100.0%"),
        (1_000_000, "+100%"),
        (-12_345_678, "−1,235%"),
    ],
)
def test_rates_are_told_with_as_much_as_the_eye_needs(rate, told):
    assert rate_told(rate) == told


def test_a_sign_is_told_where_a_change_is():
    assert yuan_of("zh").told(5, signed=True) == "+0.05"
    assert yuan_of("zh").told(-5, signed=True) == "−0.05"
    assert yuan_of("zh").told(0, signed=True) == "0.00"
