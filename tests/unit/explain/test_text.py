"""The statement a member reads: its figures, its sums, its words in both languages."""

from fractions import Fraction

import pytest

from tests.unit.explain.law import area, settled, used
from tests.unit.explain.worked import STAY
from yibao.engines.benefits.explain.data import explanation
from yibao.engines.benefits.explain.rows import Row
from yibao.engines.benefits.explain.text import (
    Statement,
    line_table,
    statement,
    summary,
)
from yibao.engines.benefits.explain.text_grounds import examples_told
from yibao.engines.benefits.explain.vocabulary import Vocabulary

CUT_EVERYWHERE = settled(
    eligible="150000",
    noncovered="333.33",
    is_poor=True,
    balances=used(deductibles="500", paid="10000"),
)


def told(determination):
    return explanation(determination, Vocabulary.of(area()))


def section(page: Statement, title: str) -> list[Row]:
    titles = [row.label for row in page.rows if row.kind == "section"]
    start = page.rows.index(next(row for row in page.rows if row.label == title))
    following = titles[titles.index(title) + 1 :]
    end = len(page.rows)
    if following:
        end = page.rows.index(next(row for row in page.rows if row.label == following[0]))
    return list(page.rows[start + 1 : end])


def yuan(printed: str) -> Fraction:
    return Fraction(printed.replace(",", "").replace("−", "-"))


def test_a_layer_reads_from_what_enters_to_what_is_paid():
    rows = section(statement(explanation(STAY), "zh"), "居民基本医保")
    assert [(row.label, row.amount) for row in rows] == [
        ("进入这一层的费用（计算基数）", "100,000.00"),
        ("减：起付线，基金支付前由个人先负担（标准 1,000.00）", "−1,000.00"),
        ("按规定计算支付的费用", "99,000.00"),
        ("99,000.00 × 70%（基金支付比例）", "69,300.00"),
        ("resident支付", "69,300.00"),
        ("此时仍由个人负担", "37,700.00"),
    ]


def test_the_same_in_english():
    rows = section(statement(told(settled(eligible="5000")), "en"), "Resident basic insurance")
    assert [(row.label, row.amount) for row in rows] == [
        ("Cost that enters this layer (the base)", "5,000.00"),
        ("Less the deductible, which the member bears first (800.00 due)", "−800.00"),
        ("Cost that is paid for", "4,200.00"),
        ("4,200.00 × 60% (the fund's rate)", "2,520.00"),
        ("Paid by the resident fund", "2,520.00"),
        ("Still on the member after this layer", "2,480.00"),
    ]


def test_what_is_taken_off_leads_from_the_base_to_what_is_paid_for():
    rows = section(statement(told(CUT_EVERYWHERE), "zh"), "居民基本医保")
    place = next(i for i, row in enumerate(rows) if row.label == "按规定计算支付的费用")
    taken_off = [row for row in rows[1:place] if row.amount]
    assert len(taken_off) == 5  # three ceilings, the deductible, the end of the bands
    assert all(row.amount.startswith("−") for row in taken_off)
    assert yuan(rows[0].amount) + sum(yuan(row.amount) for row in taken_off) == yuan(
        rows[place].amount
    )


def test_the_exact_products_and_the_rounding_lead_to_the_payment():
    # 18 530.78 × 75.55 % = 14 000.00429, which with 6000 is rounded to 20 000.00
    rows = section(statement(told(CUT_EVERYWHERE), "zh"), "居民基本医保")
    shown = [(row.label, row.amount) for row in rows if row.depth == 2 and row.amount]
    assert shown == [
        ("10,000.00 × 60%（基金支付比例）", "6,000.00"),
        ("18,530.78 × 75.55%（基金支付比例）", "14,000.00429"),
        ("四舍五入到分（仅此一次）", "−0.00429"),
    ]
    assert sum(yuan(amount) for _, amount in shown) == 20_000


def test_without_a_difference_there_is_no_rounding_row():
    page = statement(told(settled(eligible="5000")), "zh")
    assert not [row for row in page.rows if "四舍五入" in row.label]


def test_a_ceiling_tells_its_amount_what_was_used_and_what_would_have_been_paid():
    rows = section(statement(told(CUT_EVERYWHERE), "en"), "Resident basic insurance")
    (ceiling,) = [row for row in rows if "ceiling on payments" in row.label]
    assert ceiling.label == (
        "Less cost beyond the yearly ceiling on payments "
        "(30,000.00, 10,000.00 used before; without it 73,995.00 would be paid)"
    )
    assert ceiling.references == "law-7"


def test_a_deductible_met_in_part_tells_what_counted_and_what_remains():
    rows = section(statement(told(settled(eligible="300.50")), "zh"), "居民基本医保")
    assert "起付线还差 499.50 未满。" in [row.label for row in rows]


def test_a_layer_that_does_not_apply_says_which_fact_stands_against_it():
    page = statement(told(settled(eligible="5000")), "zh")
    assert [row.label for row in section(page, "医疗救助")] == ["本次不适用：贫困人口为「否」。"]
    page = statement(told(settled(eligible="5000")), "en")
    assert [row.label for row in section(page, "Medical assistance")] == [
        "Does not apply: poor person is “no”."
    ]


def test_a_layer_that_nothing_enters_says_so():
    rows = section(statement(explanation(STAY), "zh"), "居民大病·超限补助")
    assert [row.label for row in rows] == ["没有费用进入这一层。"]


@pytest.mark.parametrize("determination", [STAY, CUT_EVERYWHERE], ids=["worked", "cut everywhere"])
@pytest.mark.parametrize(
    ("language", "title"), [("zh", "结果"), ("en", "The result")], ids=["zh", "en"]
)
def test_the_result_sums_to_the_bill(determination, language, title):
    rows = [row for row in section(statement(told(determination), language), title) if row.amount]
    totals = [row for row in rows if row.kind == "total"]
    funds = rows[: rows.index(totals[0])]
    reasons = rows[rows.index(totals[0]) + 1 : rows.index(totals[1])]
    assert sum(yuan(row.amount) for row in funds) == yuan(totals[0].amount)
    assert sum(yuan(row.amount) for row in reasons) == yuan(totals[1].amount)
    assert sum(yuan(row.amount) for row in totals) * 100 == determination.submitted_amount


def test_values_that_are_not_law_carry_a_star():
    rows = section(statement(told(CUT_EVERYWHERE), "zh"), "居民基本医保")
    starred = [row.label for row in rows if "*" in row.references.split()]
    assert starred == ["18,530.78 × 75.55%（基金支付比例）"]


def test_it_says_how_many_values_are_examples():
    assert examples_told(explanation(STAY)).en == (
        "* 1 of 5 values are examples: the result is a demonstration."
    )
    assert examples_told(explanation(STAY)).zh == (
        "* 5 个政策数值中有 1 个是示例值，结果只供演示。"
    )


def test_the_grounds_name_documents_questions_and_what_it_takes_to_recompute():
    determination = CUT_EVERYWHERE
    rows = [row.label for row in section(statement(told(determination), "zh"), "依据")]
    assert "law-9 示例办法第九条 示例市医保局（原文可靠）" in rows
    assert "规定尚不明确（aid-order）：救助先减哪一部分。 采用的理解：按所列顺序。" in rows
    last = rows[-1]
    assert determination.policy_hash in last
    assert "990000/resident_inpatient" in last
    assert f"引擎 {determination.engine_version}" in last


def test_counters_show_what_this_claim_added():
    rows = section(statement(told(CUT_EVERYWHERE), "zh"), "结算后的累计")
    assert ("基本医保年度支付（本次 +20,000.00）", "30,000.00") in [
        (row.label, row.amount) for row in rows
    ]
    assert ("住院次数", "+1") in [(row.label, row.amount) for row in rows]


def test_the_summary_is_one_line():
    assert summary(explanation(STAY)).zh == (
        "医疗费总额 107,000.00 元，基金支付 80,805.00 元（居民基本医保 69,300.00、"
        "居民大病·大额补助 11,505.00），个人负担 26,195.00 元。"
    )
    assert summary(explanation(STAY)).en == (
        "Of 107,000.00 yuan charged, the funds pay 80,805.00 (resident basic insurance 69,300.00, "
        "large amount aid 11,505.00) and 26,195.00 is left to the member."
    )


def test_the_line_table_has_a_row_a_line_that_sums_to_its_charge():
    table = line_table(explanation(STAY), "zh")
    assert table.header == (
        "明细",
        "金额",
        "居民基本医保支付",
        "居民大病·大额补助支付",
        "全自费",
        "先行自付",
        "起付线以内",
        "按比例个人负担",
    )
    assert [row[0] for row in table.rows] == ["L1", "L2"]
    for row in table.rows:
        assert sum(yuan(cell) for cell in row[2:]) == yuan(row[1])


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("determination", [STAY, CUT_EVERYWHERE], ids=["worked", "cut everywhere"])
def test_no_row_is_empty_and_english_has_no_chinese(determination, language):
    page = statement(told(determination), language)
    assert all(row.label.strip() for row in page.rows)
    if language == "en":
        grounds = page.rows.index(next(row for row in page.rows if row.label == "Grounds"))
        words = "".join(row.label for row in page.rows[:grounds])
        assert not [character for character in words if "\u4e00" <= character <= "\u9fff"]
