"""Why an entry cannot stand in the books: every code, its place, its order, both languages."""

from __future__ import annotations

import re
from datetime import date, timedelta

import pytest

from tests.unit.accounting.books import DAY, chart, entry
from yibao.engines.accounting.checking import LINES_LIMIT, TEXT_LIMIT, refusals
from yibao.engines.accounting.entry import Entry, Line
from yibao.engines.accounting.refusals import REFUSAL_CODES, Refusal, ordered

STAY = """
resident/benefit_inpatient –  100 –
resident/provider_payable  H1 –   100
"""


def codes(one: Entry) -> list[tuple[str, int, str]]:
    return [(found.code, found.line_number, found.subject) for found in refusals(one, chart())]


def test_a_sound_entry_has_none():
    assert codes(entry(STAY)) == []


@pytest.mark.parametrize(
    ("table", "expected"),
    [
        ("", [("entry_empty", 0, "")]),
        (
            # one fund too little
            "resident/benefit_inpatient – 100 –\nresident/provider_payable H1 – 99.99",
            [("unbalanced", 0, "")],
        ),
        (
            # the whole closes, two funds do not
            "resident/benefit_inpatient – 100 –\nassistance/provider_payable H1 – 100",
            [("wall_crossed", 0, "resident"), ("wall_crossed", 0, "assistance")],
        ),
        (
            "resident/benefit_hotel – 100 –\nresident/provider_payable H1 – 100",
            [("account_unknown", 1, "resident/benefit_hotel")],
        ),
        (
            "resident/benefit_inpatient – 100 –\nresident/provider_payable – – 100",
            [("party_missing", 2, "resident/provider_payable")],
        ),
        (
            "resident/benefit_inpatient M1 100 –\nresident/provider_payable H1 – 100",
            [("party_unexpected", 1, "resident/benefit_inpatient")],
        ),
        (
            # the right accounts on the wrong sides
            "resident/benefit_inpatient – – 100\nresident/provider_payable H1 100 –",
            [
                ("facing_refused", 1, "resident/benefit_inpatient"),
                ("facing_refused", 2, "resident/provider_payable"),
            ],
        ),
        (
            # a settlement pays nobody out of the bank
            "resident/benefit_inpatient – 100 –\nresident/bank_spending B1 – 100",
            [("facing_refused", 2, "resident/bank_spending")],
        ),
    ],
)
def test_a_broken_rule_is_named_at_its_place(table: str, expected: list[tuple[str, int, str]]):
    assert codes(entry(table)) == expected


def test_a_pair_that_is_not_matched_is_refused_though_each_fund_closes():
    table = """
    resident/fund_transfer_spending       – 90 –
    resident/clearing_critical_illness    – –  90
    critical_illness/clearing_employee_pooling – 90 –
    critical_illness/fund_transfer_income – –  90
    """
    found = codes(entry(table, kind="fund_transfer"))
    assert [code for code, _, _ in found] == ["clearing_unpaired", "clearing_unpaired"]
    assert {pair for _, _, pair in found} == {
        "critical_illness/clearing_resident=resident/clearing_critical_illness",
        "critical_illness/clearing_employee_pooling=employee_pooling/clearing_critical_illness",
    }


def test_only_events_between_funds_face_clearing_accounts():
    table = """
    resident/benefit_inpatient         – 90 –
    resident/clearing_critical_illness – –  90
    critical_illness/clearing_resident – 90 –
    critical_illness/provider_payable  H1 – 90
    """
    assert {code for code, _, _ in codes(entry(table))} == {"facing_refused"}


def test_an_unknown_event_is_told_and_its_lines_are_not():
    assert codes(entry(STAY, kind="party")) == [("event_unknown", 0, "party")]


def test_a_reversal_stands_on_the_other_sides():
    mirrored = "resident/benefit_inpatient – – 100\nresident/provider_payable H1 100 –"
    assert codes(entry(mirrored, reverses=7)) == []
    assert [code for code, _, _ in codes(entry(STAY, reverses=7))] == ["facing_refused"] * 2


@pytest.mark.parametrize(("day", "is_open"), [(-1, False), (0, True), (1, True)])
def test_an_account_is_open_from_its_first_day(day: int, is_open: bool):
    first = chart().account("resident/benefit_inpatient").span.start
    assert first == date(2018, 1, 1)
    one = Entry("e1", "settlement", first + timedelta(days=day), entry(STAY).lines)
    assert [found.code for found in refusals(one, chart())] == (
        [] if is_open else ["account_not_open", "account_not_open"]
    )


@pytest.mark.parametrize(("amount", "is_fit"), [(10**13, True), (10**13 + 1, False)])
def test_an_amount_beyond_the_limit_is_refused(amount: int, is_fit: bool):
    lines = (
        Line("resident/benefit_inpatient", amount),
        Line("resident/provider_payable", -amount, "H1"),
    )
    found = refusals(Entry("e1", "settlement", DAY, lines), chart())
    assert [one.code for one in found] == ([] if is_fit else ["amount_too_large"] * 2)


def test_a_line_of_nothing_is_refused():
    lines = (*entry(STAY).lines, Line("resident/benefit_inpatient", 0))
    found = codes(Entry("e1", "settlement", DAY, lines))
    assert found == [("amount_zero", 3, "resident/benefit_inpatient")]


@pytest.mark.parametrize(("count", "is_fit"), [(LINES_LIMIT, True), (LINES_LIMIT + 1, False)])
def test_an_entry_has_no_more_lines_than_can_be_numbered(count: int, is_fit: bool):
    payable = Line("resident/provider_payable", -(count - 1), "H1")
    lines = (payable, *[Line("resident/benefit_inpatient", 1)] * (count - 1))
    found = refusals(Entry("e1", "settlement", DAY, lines), chart())
    assert [one.code for one in found] == ([] if is_fit else ["entry_too_long"])


@pytest.mark.parametrize(
    ("text", "is_fit"),
    [
        ("结算 7", True),
        ("a\tb", False),
        ("a\nb", False),
        ("a\\b", False),
        ("a\x00b", False),
        ("x" * TEXT_LIMIT, True),
        ("x" * (TEXT_LIMIT + 1), False),
    ],
)
def test_a_text_that_cannot_be_sealed_is_refused(text: str, is_fit: bool):
    one = Entry("e1", "settlement", DAY, entry(STAY).lines, memo=text)
    assert [found.code for found in refusals(one, chart())] == ([] if is_fit else ["text_invalid"])


def test_an_entry_without_an_id_is_refused():
    one = Entry("", "settlement", DAY, entry(STAY).lines)
    assert {found.code for found in refusals(one, chart())} == {"text_invalid"}


def test_all_broken_rules_are_told_in_the_published_order():
    one = Entry(
        "e1",
        "settlement",
        DAY,
        (
            Line("resident/bank_spending", 5),  # no party, and faces no settlement
            Line("nobody/benefit", 0),
            Line("resident/benefit_inpatient", 10, "M1"),
        ),
    )
    assert [found.code for found in refusals(one, chart())] == [
        "amount_zero",
        "account_unknown",
        "party_missing",
        "party_unexpected",
        "facing_refused",
        "unbalanced",
    ]


def test_a_refusal_names_entry_line_account_rule_and_remedy():
    table = "resident/benefit_inpatient – 100 –\nresident/provider_payable – – 100"
    (found,) = refusals(entry(table), chart())
    assert found.told("en") == (
        "[party_missing] entry e1 line 2 resident/provider_payable: "
        "the account is kept by party, and none is named (found: provider)\n"
        "    What to do: name the member, provider, supplier or bank account"
    )
    assert found.told("zh") == (
        "[party_missing] 分录 e1 第 2 行 resident/provider_payable: "
        "该科目须写明往来对象，实为 provider\n"
        "    处理: 请写明人员、机构、企业或银行账户编号"
    )


@pytest.mark.parametrize("code", REFUSAL_CODES)
def test_every_code_is_told_in_both_languages(code: str):
    refusal = Refusal(code, "e1", 3, "resident/bank_special", "5.00")
    for text in (refusal.message, refusal.remedy):
        assert re.search("[一-鿿]", text.zh)
        assert not re.search("[一-鿿]", text.en)
    assert all("e1" in said and "resident/bank_special" in said and "5.00" in said
               for said in (refusal.message.zh, refusal.message.en))  # fmt: skip


def test_the_order_of_codes_is_the_published_one():
    shuffled = [Refusal(code, "e1") for code in reversed(REFUSAL_CODES)]
    assert [one.code for one in ordered([*shuffled, *shuffled])] == list(REFUSAL_CODES)
