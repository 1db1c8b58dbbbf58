"""The waterfall as a file: same bytes each time, nothing missing, nothing overlapping."""

import re
from dataclasses import replace
from io import BytesIO
from itertools import combinations
from xml.etree import ElementTree as ET

import pytest
from PIL import Image

from tests.unit.explain.law import area, settled, used
from tests.unit.explain.worked import STAY, layer
from yibao.base.texts import Text
from yibao.engines.benefits.claim import Slot
from yibao.engines.benefits.determination import Determination
from yibao.engines.benefits.explain.data import explanation
from yibao.engines.benefits.explain.reasons import ADJUSTMENTS, FINDINGS, GROUPS, UNABLE
from yibao.engines.benefits.explain.vocabulary import Vocabulary
from yibao.offices.actuary.drawing.pictures import picture
from yibao.offices.actuary.drawing.typography import missing_characters, text_width, wrapped
from yibao.offices.actuary.drawing.waterfall import waterfall_steps
from yibao.offices.actuary.drawing.waterfall_page import WaterfallPage

LONG_ZH = "居民基本医疗保险统筹基金支付（含门诊慢特病与住院合并计算部分）"
LONG_EN = "resident basic medical insurance, with chronic outpatient care counted together"


def eight_layers() -> Determination:
    """A bill of over twelve million yuan: eight layers, one fen here and there, seven reasons."""
    paid = [600_000_000, 0, 250_000_000, 120_000_000, 80_000_000, 90_000_000, 1, 50_000_000]
    layers = tuple(
        layer(
            f"layer_{place}",
            f"{LONG_ZH}{place}" if place % 3 == 0 else f"第{place}层",
            f"{LONG_EN} {place}" if place % 3 == 0 else f"layer {place}",
            base_amount=amount,
            admitted_amount=amount,
            covered_amount=amount,
            benefit_amount=amount,
            paid_by=((f"fund_{place}", amount - amount // 5), ("treasury", amount // 5)),
        )
        for place, amount in enumerate(paid)
    )
    submitted = 1_234_567_890
    left = [
        (Slot("noncovered"), 1),
        (Slot("over_limit"), 1_200_000),
        (Slot("prior_self_pay"), 3_000_000),
        (Slot("eligible", stream="rare_drug"), 500_000),
        (Slot("deductible", "layer_0"), 80_000),
        (Slot("over_ceiling", "layer_2", "yearly_limit"), 20_000_000),
    ]
    rest = submitted - sum(paid) - sum(amount for _, amount in left)
    left.append((Slot("coinsurance", "layer_0"), rest))
    return replace(
        STAY,
        submitted_amount=submitted,
        opening=((Slot("eligible"), submitted),),
        layers=layers,
        left=tuple(left),
        lines=(),
        deltas=(),
    )


NOTHING_CHARGED = replace(
    STAY, submitted_amount=0, opening=(), layers=(), left=(), lines=(), deltas=()
)
ALL_PAID = settled(eligible="0.01", is_poor=True)
CUT_EVERYWHERE = settled(
    eligible="150000", noncovered="333.33", is_poor=True, balances=used(paid="10000")
)
CASES = {
    "worked": STAY,
    "eight layers": eight_layers(),
    "cut everywhere": CUT_EVERYWHERE,
    "a fen": ALL_PAID,
    "nothing": NOTHING_CHARGED,
}


def told(determination: Determination):
    return explanation(determination, Vocabulary.of(area()))


@pytest.fixture(params=CASES)
def told_case(request):
    return told(CASES[request.param])


# What is drawn


def test_the_steps_lead_from_the_bill_to_nothing(told_case):
    steps = waterfall_steps(told_case)
    inner = [step for step in steps if step.kind in ("layer", "silent")]
    reasons = [step for step in steps if step.kind == "reason"]
    position = told_case.submitted_amount
    for step in inner:
        assert step.end_amount == position
        assert step.amount == sum(part.amount for part in step.parts)
        position = step.start_amount
    assert position == told_case.out_of_pocket_amount
    for step in reasons:
        assert step.end_amount == position
        position = step.start_amount
    assert position == 0


def test_a_layer_that_pays_nothing_says_why():
    details = {
        step.label.zh: step.detail.zh
        for step in waterfall_steps(told(STAY))
        if step.kind == "silent"
    }
    assert details == {
        "居民大病·超限补助": "没有费用进入这一层",
        "医疗救助": "不适用：贫困人口为否",
    }
    within = told(settled(eligible="800"))
    assert waterfall_steps(within)[1].detail.en == "all of the cost is within the deductible"
    full = told(settled(eligible="5000", balances=used(paid="30000")))
    assert waterfall_steps(full)[1].detail.en == "a ceiling is reached"


def test_a_layer_of_two_funds_is_drawn_in_two_parts():
    step = waterfall_steps(told(settled(eligible="5000", is_poor=True)))[2]
    assert [(part.label.zh, part.amount) for part in step.parts] == [
        ("医疗救助资金", 94_080),
        ("财政资金", 23_520),
    ]
    assert step.detail.zh == "医疗救助资金 940.80，财政资金 235.20"


# The files


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("form", ["svg", "png"])
def test_the_same_explanation_gives_the_same_bytes(told_case, form, language):
    assert picture(told_case, form, language=language) == picture(
        told_case, form, language=language
    )


def test_the_two_languages_differ():
    assert picture(told(STAY), "svg", language="zh") != picture(told(STAY), "svg", language="en")


@pytest.mark.parametrize("language", ["zh", "en"])
def test_an_svg_stands_alone(told_case, language):
    content = picture(told_case, "svg", language=language).decode()
    root = ET.fromstring(content)  # noqa: S314 (our own file)
    tags = {element.tag.rsplit("}", 1)[-1] for element in root.iter()}
    assert "path" in tags
    assert not tags & {"text", "image", "script", "foreignObject"}
    assert "@import" not in content
    references = re.findall(r'(?:xlink:)?href="([^"]*)"', content)
    assert all(reference.startswith("#") for reference in references)
    drawn = {element.get("id") for element in root.iter()}
    assert all(reference[1:] in drawn for reference in references)


def test_an_svg_has_no_date_and_says_in_words_what_it_shows():
    content = picture(told(STAY), "svg").decode()
    assert "<dc:date>" not in content
    assert "医疗费总额 107,000.00 元，基金支付 80,805.00 元" in content


def test_a_png_is_large_enough_to_print_and_says_nothing_of_the_machine(told_case):
    with Image.open(BytesIO(picture(told_case, "png"))) as image:
        assert image.width == 1950
        assert "Software" not in image.info
        assert "Creation Time" not in image.info
        colours = image.convert("RGB").getcolors(maxcolors=1 << 24)
    assert colours is not None
    assert len(colours) > 10


# The font


def texts_of_the_tables() -> set[str]:
    reasons = [*ADJUSTMENTS, *UNABLE, *FINDINGS]
    texts = [
        *GROUPS.values(),
        *(reason.label for reason in reasons),
        *(reason.sentence for reason in reasons),
    ]
    return {said for text in texts for said in (text.zh, text.en)}


def test_the_font_has_every_character_of_the_published_tables():
    assert missing_characters("".join(texts_of_the_tables())) == set()


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_font_has_every_character_of_a_picture(told_case, language):
    figure = WaterfallPage(told_case, language).figure()
    words = "".join(text.get_text() for text in figure.axes[0].texts)
    assert words
    assert missing_characters(words) == set()


def test_a_character_that_the_font_lacks_does_not_pass_unnoticed():
    lacking = "\U0001f996"
    assert missing_characters(f"医保{lacking}") == {lacking}
    told_so = replace(told(STAY), plan_label=Text(lacking, lacking))
    with pytest.warns(UserWarning, match="Glyph .* missing"):
        picture(told_so, "png")


def test_the_font_is_the_one_that_comes_with_the_installation():
    figure = WaterfallPage(told(STAY), "zh").figure()
    names = {text.get_fontproperties().get_file() for text in figure.axes[0].texts}
    assert len(names) == 1
    assert names.pop().endswith("NotoSansSC-Regular.otf")


# The layout


@pytest.mark.parametrize("language", ["zh", "en"])
def test_no_text_runs_over_another_or_off_the_page(told_case, language):
    figure = WaterfallPage(told_case, language).figure()
    canvas = figure.canvas
    canvas.draw()
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


def _clash(one, other) -> bool:
    slack = 1
    return (
        one.x0 + slack < other.x1
        and other.x0 + slack < one.x1
        and one.y0 + slack < other.y1
        and other.y0 + slack < one.y1
    )


def test_the_smallest_amount_is_drawn_and_labelled():
    figure = WaterfallPage(told(eight_layers()), "zh").figure()
    words = [text.get_text() for text in figure.axes[0].texts]
    assert "−0.01" in words
    assert "0.01" in words
    assert "<0.1%" in words
    widths = [patch.get_width() for patch in figure.axes[0].patches if hasattr(patch, "get_width")]
    assert min(width for width in widths if width) >= 1.5


@pytest.mark.parametrize(
    ("own", "is_enlarged"), [("19.99", True), ("20", False)], ids=["below a fifth", "a fifth"]
)
def test_reasons_get_a_scale_of_their_own_when_less_than_a_fifth_is_left(own, is_enlarged):
    yuan, _, decimals = own.partition(".")
    own_amount = int(yuan) * 100 + int(decimals or 0)
    paid = 10_000 - own_amount
    one = layer(
        "basic",
        "基本",
        "basic",
        base_amount=paid,
        admitted_amount=paid,
        covered_amount=paid,
        benefit_amount=paid,
        paid_by=(("resident", paid),),
    )
    determination = replace(
        NOTHING_CHARGED,
        submitted_amount=10_000,
        opening=((Slot("eligible"), 10_000),),
        layers=(one,),
        left=((Slot("noncovered"), own_amount),),
    )
    figure = WaterfallPage(told(determination), "zh").figure()
    words = "".join(text.get_text() for text in figure.axes[0].texts)
    assert ("放大显示" in words) is is_enlarged


@pytest.mark.parametrize(
    "text",
    [LONG_ZH, LONG_EN, f"{LONG_EN} {LONG_ZH}", "a" * 80, "，" * 5, "短", "（「医保」）"],
)
@pytest.mark.parametrize("width", [60, 202])
def test_a_long_label_is_broken_to_its_width_and_loses_nothing(text: str, width: int):
    lines = wrapped(text, 11, width=width)
    assert all(text_width(line, 11) <= width for line in lines)
    assert "".join(lines).replace(" ", "") == text.replace(" ", "")
    assert all(lines)


def test_a_line_does_not_begin_with_a_closing_mark_nor_break_a_word():
    lines = wrapped("医疗费用（含住院、门诊），由个人负担", 11, width=66)
    assert not [line for line in lines if line[0] in "，、）。"]
    assert not [line for line in lines if line.endswith("（")]
    assert wrapped("critical illness insurance", 11, width=60) == [
        "critical",
        "illness",
        "insurance",
    ]
