"""Entries: the digest of their content, reversal, lines made one."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import date

import pytest

from tests.unit.accounting.books import DAY, entry
from yibao.engines.accounting.chart import UnableToBook
from yibao.engines.accounting.entry import Entry, Line, content_digest, merged, reversal_of

STAY = entry("""
resident/benefit_inpatient –  100 –
resident/provider_payable  H1 –   100
""")


def test_the_digest_is_of_the_documented_text():
    text = (
        '["yibao-entry-1","e1","settlement","2024-03-15","","结算",null,null,'
        '[["resident/benefit_inpatient","",10000],["resident/provider_payable","H1",-10000]]]'
    )
    expected = hashlib.sha256(text.encode()).digest()
    assert content_digest(replace(STAY, memo="结算")) == expected


@pytest.mark.parametrize(
    "change",
    [
        {"client_id": "e2"},
        {"event_kind": "opening"},
        {"business_date": date(2024, 3, 16)},
        {"source": "claim 1"},
        {"memo": "x"},
        {"reverses": 1},
        {"reservation": 1},
        {"lines": STAY.lines[::-1]},
        {"lines": (replace(STAY.lines[0], amount=10_001), STAY.lines[1])},
        {"lines": (STAY.lines[0], replace(STAY.lines[1], party_id="H2"))},
        {"lines": (replace(STAY.lines[0], account_code="resident/x"), STAY.lines[1])},
    ],
)
def test_other_content_has_another_digest(change: dict[str, object]):
    assert content_digest(replace(STAY, **change)) != content_digest(STAY)


def test_a_reversal_mirrors_every_line_and_names_what_it_undoes():
    undone = reversal_of(STAY, booking_number=7, client_id="e1-r", business_date=DAY, memo="误录")
    assert undone == Entry(
        "e1-r",
        "settlement",
        DAY,
        (
            Line("resident/benefit_inpatient", -10_000),
            Line("resident/provider_payable", 10_000, "H1"),
        ),
        source="",
        memo="误录",
        reverses=7,
    )


def test_a_reversal_is_not_reversed_nor_dated_before_its_original():
    undone = reversal_of(STAY, booking_number=7, client_id="e1-r", business_date=DAY)
    with pytest.raises(UnableToBook) as twice:
        reversal_of(undone, booking_number=8, client_id="e1-rr", business_date=DAY)
    with pytest.raises(UnableToBook) as early:
        reversal_of(STAY, booking_number=7, client_id="e", business_date=date(2024, 3, 14))
    assert {twice.value.code, early.value.code} == {"reversal_differs"}


def test_lines_of_one_account_party_and_side_become_one():
    lines = [
        Line("a/x", 5, "P"),
        Line("a/y", 3),
        Line("a/x", 2, "P"),
        Line("a/x", -1, "P"),
        Line("a/x", 4, "Q"),
        Line("a/z", 0),
    ]
    assert merged(lines) == (
        Line("a/x", 7, "P"),
        Line("a/y", 3),
        Line("a/x", -1, "P"),
        Line("a/x", 4, "Q"),
    )


def test_a_line_knows_its_fund():
    assert Line("resident/bank_special", 1).fund == "resident"
