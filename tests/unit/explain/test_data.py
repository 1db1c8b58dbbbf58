"""The explanation as data: every figure of a worked case; what does not close is refused."""

from dataclasses import fields, is_dataclass, replace
from pathlib import Path

import pytest

from tests.unit.explain.law import area, settled, used
from tests.unit.explain.worked import BASIC, STAY, YUAN, number, provenance
from yibao.base.errors import InvariantBroken
from yibao.base.texts import Text
from yibao.engines.benefits.claim import Slot
from yibao.engines.benefits.determination import BandUse
from yibao.engines.benefits.explain import shapes
from yibao.engines.benefits.explain.data import explanation, values_used
from yibao.engines.benefits.explain.encoded import from_json, to_json
from yibao.engines.benefits.explain.vocabulary import Vocabulary

FORMAT = Path(__file__).parents[3] / "docs" / "explanation-format.md"


@pytest.fixture
def told():
    return explanation(STAY)


@pytest.fixture
def words():
    return Vocabulary.of(area(), items={"L1": Text("床位费", "bed charge")})


def test_what_is_left_has_a_code_a_group_a_layer_and_an_amount(told):
    assert [(one.code, one.group, one.layer, one.amount) for one in told.adjustments] == [
        ("noncovered", "catalogue", "", 2000 * YUAN),
        ("prior_self_pay", "member_share", "", 1750 * YUAN),
        ("deductible", "member_share", "basic", 1000 * YUAN),
        ("coinsurance", "member_share", "basic", 21_445 * YUAN),
    ]


def test_what_was_submitted_is_what_is_paid_and_what_is_left(told):
    left = sum(one.amount for one in told.adjustments)
    assert told.benefit_amount + left == told.submitted_amount == 107_000 * YUAN
    assert told.out_of_pocket_amount == left == 26_195 * YUAN


def test_an_adjustment_rests_on_the_numbers_that_left_it(told):
    cited = {
        one.code: [source.source_id for citation in one.citations for source in citation.sources]
        for one in told.adjustments
    }
    assert cited["deductible"] == ["S2"]
    assert cited["coinsurance"] == ["S3"]
    assert cited["noncovered"] == []


def test_an_adjustment_tells_which_layer_looked_at_it_and_paid_a_part(told):
    coinsurance = told.adjustments[3]
    (looked,) = coinsurance.considered_by
    assert (looked.layer, looked.drawn_amount, looked.benefit_amount) == (
        "large",
        29_700 * YUAN,
        8255 * YUAN,
    )


def test_a_layer_shows_the_deductible_as_due_met_taken_and_remaining(told):
    deductible = told.layers[0].deductible
    assert (deductible.due_amount, deductible.met_amount) == (1000 * YUAN, 0)
    assert (deductible.taken_amount, deductible.remaining_amount) == (1000 * YUAN, 0)


def test_a_deductible_that_is_not_used_up_shows_what_remains():
    deductible = explanation(settled(eligible="300.50")).layers[0].deductible
    assert (deductible.due_amount, deductible.taken_amount) == (800 * YUAN, 30_050)
    assert deductible.remaining_amount == 49_950


def test_a_band_is_its_slice_times_its_rate_exactly(told):
    (band,) = told.layers[2].bands
    assert (band.slice_amount, band.rate_printed) == (17_700 * YUAN, "65%")
    assert band.exact_product == "11505.00"
    assert told.layers[2].rounding.difference == "0.00"


def test_the_bands_are_rounded_once_and_the_difference_is_told():
    # 10 000 × 60 % = 6000; 3.33 × 75.55 % = 2.515815; together 6002.515815, paid 6002.52
    layer = explanation(settled(eligible="10803.33")).layers[0]
    assert [band.exact_product for band in layer.bands] == ["6000.00", "2.515815"]
    assert layer.rounding == shapes.RoundingShown("6002.515815", 600_252, "0.004185")


def test_a_band_is_cited_by_the_source_of_its_own_rate(words):
    layer = explanation(settled(eligible="10803.33"), words).layers[0]
    assert [
        (band.citations[0].sources[0].title, band.citations[0].confidence) for band in layer.bands
    ] == [("示例办法第九条", "H"), ("示例办法第七条", "example")]


def test_two_bands_of_one_rate_are_told_apart_by_their_edges():
    layer = replace(
        BASIC,
        bands=(
            BandUse(0, 40_000 * YUAN, 700_000, 40_000 * YUAN),
            BandUse(40_000 * YUAN, None, 700_000, 59_000 * YUAN),
        ),
        numbers=(
            number("basic/bands/list/1/to", "amount", 40_000 * YUAN, provenance("S3")),
            number("basic/bands/list/1/rate", "rate", 700_000, provenance("S3")),
            number("basic/bands/list/2/to", "amount", None, provenance("S9")),
            number("basic/bands/list/2/rate", "rate", 700_000, provenance("S9")),
        ),
    )
    told = explanation(replace(STAY, layers=(layer, *STAY.layers[1:])))
    assert [band.citations[0].sources[0].source_id for band in told.layers[0].bands] == ["S3", "S9"]


def test_every_ceiling_says_what_it_cut_off(words):
    # 150 000: admitted 120 000 cuts 30 000; deductible 800; covered 110 000 cuts 9200; the bands
    # end at 100 000: 10 000 beyond; 6000 + 90 000 × 75.55 % = 73 995, held to 30 000. The rest of
    # the room, 24 000.00499999 / 75.55 %, is 31 767.0483 of cost: 41 767.04 covered, 58 232.96 cut.
    told = explanation(settled(eligible="150000"), words)
    layer = told.layers[0]
    assert [(one.name, one.binds, one.cut_amount) for one in layer.ceilings] == [
        ("yearly_admitted", True, 3_000_000),
        ("yearly_covered", True, 920_000),
        ("yearly_paid", True, 5_823_296),
    ]
    assert layer.uncapped_benefit_amount == 7_399_500
    assert layer.benefit_amount == 3_000_000
    assert [
        (one.ceiling, one.ceiling_label.en, one.amount)
        for one in told.adjustments
        if one.code == "over_ceiling"
    ] == [
        ("yearly_admitted", "yearly ceiling on cost, deductible included", 3_000_000),
        ("yearly_covered", "yearly ceiling on cost above the deductible", 920_000),
        ("bands", "beyond the last band", 1_000_000),
        ("yearly_paid", "yearly ceiling on payments", 5_823_296),
    ]


def test_a_ceiling_that_does_not_bind_cuts_nothing():
    told = explanation(settled(eligible="900"))
    assert [(one.binds, one.cut_amount) for one in told.layers[0].ceilings] == [(False, 0)] * 3


def test_the_yearly_maximum_of_deductibles_is_told_where_it_binds():
    deductible = explanation(settled(eligible="5000", balances=used(deductibles="500"))).layers[0]
    maximum = deductible.deductible.yearly_maximum
    assert deductible.deductible.taken_amount == 50_000
    assert (maximum.binds, maximum.ceiling_amount, maximum.room_amount) == (True, 100_000, 50_000)
    assert explanation(settled(eligible="5000")).layers[0].deductible.yearly_maximum.binds is False


def test_a_layer_that_does_not_apply_names_the_fact_in_words(words):
    layer = explanation(settled(eligible="5000"), words).layers[1]
    assert layer.applied is False
    assert layer.not_applied_because == (
        shapes.FactShown("is_poor", False, Text("贫困人口", "poor person"), Text("否", "no")),
    )


def test_what_was_not_drawn_is_shown_beside_what_was():
    # half of 333.33 is 166.665, drawn half up as 166.67
    layer = explanation(settled(eligible="5000", noncovered="333.33", is_poor=True)).layers[1]
    assert [(slot.slot, slot.drawn_amount, slot.kept_amount) for slot in layer.slots][-1] == (
        "noncovered",
        16_667,
        16_666,
    )


def test_a_layer_is_paid_by_its_funds_and_the_bill_by_all_of_them(words):
    # 4200 × 40 % = 1680 of own share × 70 % = 1176, 80 % of it from the first fund
    told = explanation(settled(eligible="5000", is_poor=True), words)
    assert [(one.label.en, one.amount) for one in told.paid_by] == [
        ("resident fund", 252_000),
        ("assistance fund", 94_080),
        ("treasury", 23_520),
    ]


def test_counters_stand_as_they_are_after_the_claim(words):
    told = explanation(settled(eligible="5000", balances=used(paid="100")), words)
    after = {
        counter.counter: (counter.unit, counter.delta, counter.after) for counter in told.counters
    }
    assert after["paid"] == ("amount", 252_000, 262_000)
    assert after["deductibles"] == ("amount", 80_000, 80_000)
    assert after["stays"] == ("count", 1, None)
    assert [(stay.label.zh, stay.number) for stay in told.stays] == [("住院次数", 1)]


def test_a_line_is_told_with_its_name_and_closes(words):
    (line,) = explanation(settled(eligible="5000", noncovered="10"), words).lines
    assert (line.item, line.submitted_amount) == ("床位费", 501_000)
    assert line.item_label == Text("床位费", "bed charge")
    assert [(part.layer, part.amount) for part in line.benefits] == [("basic", 252_000)]
    assert [(part.code, part.amount) for part in line.left] == [
        ("noncovered", 1000),
        ("deductible", 80_000),
        ("coinsurance", 168_000),
    ]


def test_values_are_counted_and_examples_among_them():
    assert values_used(STAY) == (5, 1)
    # a value that asks for facts is another value for each row that it was read for
    one = number("limit", "amount", 1, provenance("S1", confidence="example"))
    rows = tuple(replace(one, row=(("disease", name),)) for name in ("a", "b", "a"))
    assert values_used(replace(STAY, derived=rows)) == (7, 3)


def test_open_questions_are_listed_with_the_reading_taken(words):
    told = explanation(settled(eligible="5000", is_poor=True), words)
    assert [(one.question_id, one.reading.en) for one in told.questions] == [
        ("aid-order", "In the order listed.")
    ]
    assert explanation(settled(eligible="5000"), words).questions == ()


def test_it_can_be_recomputed_from_plan_hash_and_engine(told):
    assert (told.plan_id, told.policy_hash, told.engine_version) == (
        "370200/resident_inpatient",
        "9f2c4be07d11",
        "reference/1",
    )


@pytest.mark.parametrize(
    ("broken", "words"),
    [
        (replace(STAY, left=STAY.left[1:]), "submitted 10700000 is not benefits"),
        (replace(STAY, opening=STAY.opening[1:]), "the bill's parts sum to"),
        (replace(STAY, deltas=((STAY.deltas[2][0], 1),)), "deltas say 1"),
        (
            replace(STAY, layers=(replace(BASIC, coinsurance_amount=1), *STAY.layers[1:])),
            "is not the sum of its parts",
        ),
        (
            replace(STAY, layers=(replace(BASIC, paid_by=(("resident", 1),)), *STAY.layers[1:])),
            "funds pay 1",
        ),
        (
            replace(
                STAY,
                layers=(
                    replace(BASIC, bands=(BandUse(0, None, 700_000, 98_999 * YUAN),)),
                    *STAY.layers[1:],
                ),
            ),
            "the bands make 69299.30 yuan",
        ),
        (replace(STAY, lines=(replace(STAY.lines[1], submitted_amount=1),)), "line L2: charged 1"),
    ],
    ids=["claim", "opening", "counters", "layer", "funds", "bands", "line"],
)
def test_what_does_not_close_is_not_explained(broken, words: str):
    with pytest.raises(InvariantBroken, match=words):
        explanation(broken)


def test_a_slot_without_a_known_layer_keeps_its_name():
    left = (*STAY.left[:3], (Slot("coinsurance", "other", stream="rare"), 2000 * YUAN))
    other = explanation(replace(STAY, left=left)).adjustments[2]
    assert (other.layer_label.zh, other.stream, other.citations) == ("other", "rare", ())


def test_json_is_read_back_as_it_was_written_and_is_the_same_each_time(words):
    told = explanation(settled(eligible="150000", noncovered="333.33", is_poor=True), words)
    assert from_json(to_json(told)) == told
    assert to_json(told) == to_json(from_json(to_json(told)))


def test_every_key_of_the_json_is_published():
    document = FORMAT.read_text(encoding="utf-8")
    for shape in vars(shapes).values():
        if is_dataclass(shape) and shape.__module__ == shapes.__name__:
            heading = f"\n### `{shape.__name__}`\n"
            assert heading in document
            section = document.split(heading, 1)[1].split("\n### ", 1)[0]
            missing = {field.name for field in fields(shape) if f"`{field.name}`" not in section}
            assert not missing, (shape.__name__, missing)
