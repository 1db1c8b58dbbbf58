"""The published reasons: every fen and every refusal has one, in both languages and in the docs."""

from pathlib import Path

import pytest

from yibao.engines.benefits.choice import UNVERIFIED_YEAR
from yibao.engines.benefits.claim import CLASSES, OUTCOMES
from yibao.engines.benefits.explain.reasons import (
    ADJUSTMENTS,
    FINDINGS,
    GROUPS,
    PRECEDENCE,
    UNABLE,
    adjustment_reason,
    reason_of,
)
from yibao.engines.benefits.rows import EXAMPLE_ITEM
from yibao.engines.policy.unable import UNABLE_CODES

DOCUMENT = Path(__file__).parents[3] / "docs" / "reason-codes.md"
TABLES = {"adjustments": ADJUSTMENTS, "unable": UNABLE, "findings": FINDINGS}


def test_the_order_of_precedence_of_adjustments_is_the_way_of_a_bill():
    assert [reason.code for reason in ADJUSTMENTS] == [
        "noncovered",
        "over_limit",
        "prior_self_pay",
        "eligible_not_relieved",
        "deductible",
        "coinsurance",
        "over_ceiling",
    ]
    assert PRECEDENCE["noncovered"] < PRECEDENCE["over_ceiling"]


@pytest.mark.parametrize("slot_reason", [*CLASSES, *OUTCOMES])
def test_whatever_can_be_left_on_the_member_has_a_reason_and_a_group(slot_reason: str):
    reason = adjustment_reason(slot_reason)
    assert reason.code in PRECEDENCE
    assert reason.group in GROUPS


def test_an_amount_in_scope_that_nobody_paid_is_not_called_eligible():
    assert adjustment_reason("eligible").code == "eligible_not_relieved"


def test_a_slot_of_an_unknown_reason_is_refused():
    with pytest.raises(KeyError):
        adjustment_reason("sponsored")


def test_every_refusal_of_the_engine_has_a_reason_in_its_own_order_of_precedence():
    assert tuple(reason.code for reason in UNABLE) == UNABLE_CODES


@pytest.mark.parametrize("code", [UNVERIFIED_YEAR, EXAMPLE_ITEM])
def test_every_finding_of_the_engine_has_a_reason(code: str):
    assert code in {finding.code for finding in FINDINGS}
    assert reason_of(code).sentence.en != code


def test_a_code_that_no_table_lists_is_shown_as_itself():
    assert reason_of("brand_new").label.zh == "brand_new"


def test_no_code_is_used_twice():
    codes = [reason.code for table in TABLES.values() for reason in table]
    assert len(codes) == len(set(codes))


@pytest.mark.parametrize("reason", [reason for table in TABLES.values() for reason in table])
def test_every_reason_is_one_sentence_in_both_languages(reason):
    assert reason.label.zh
    assert reason.label.en
    assert reason.sentence.zh.endswith("。")
    assert reason.sentence.zh.count("。") == 1
    assert reason.sentence.en.endswith(".")
    assert reason.sentence.en[0].isupper()


@pytest.mark.parametrize("name", TABLES)
def test_the_document_publishes_the_table_word_for_word_and_in_its_order(name: str):
    expected = [
        f"| `{reason.code}` | {reason.label.zh} | {reason.label.en} | "
        f"{reason.sentence.zh} | {reason.sentence.en} |"
        for reason in TABLES[name]
    ]
    codes = {f"| `{reason.code}` |" for reason in TABLES[name]}
    lines = DOCUMENT.read_text(encoding="utf-8").splitlines()
    assert [line for line in lines if line.startswith(tuple(codes))] == expected


def test_the_document_publishes_the_groups_and_their_reasons():
    text = DOCUMENT.read_text(encoding="utf-8")
    for name, label in GROUPS.items():
        codes = ", ".join(f"`{one.code}`" for one in ADJUSTMENTS if one.group == name)
        assert f"| `{name}` | {label.zh} | {label.en} | {codes} |" in text
