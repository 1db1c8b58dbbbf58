"""`yibao ledger reconcile`: the worked differences, and only those, are found."""

from __future__ import annotations

import json
from decimal import Decimal

import polars as pl
import pytest

from tests.integration.ledger.conftest import Ran, Terminal

YEAR = ("--provider", "H1", "--from", "2024-01-01", "--until", "2024-12-31", "--json")


def provider(ledger: Terminal, *rows: str, code: int = 0, more: tuple[str, ...] = YEAR) -> dict:
    file = ledger.file("list.csv", *rows)
    return json.loads(ledger("reconcile", "provider", file, *more, code=code).out)


def figures(told: dict, name: str = "lines") -> dict[str, tuple[int, int, int]]:
    return {
        row["code"]: (row["count"], row["ours_amount"], row["theirs_amount"]) for row in told[name]
    }


def test_a_list_that_agrees(posted: Terminal):
    told = provider(posted, "reference,amount", "claim-77,1000.10", "S-2,120.50", ",1120.60")
    assert told["agrees"]
    assert told["differences"] == []
    assert figures(told)["matched"] == (2, 112_060, 112_060)
    assert figures(told, "totals")["matched"] == (1, 112_060, 112_060)


def test_every_kind_of_difference_is_placed_once(posted: Terminal):
    told = provider(posted, "reference,amount", "claim-77,1000.11", "S-9,5", ",1005.11", code=1)
    assert not told["agrees"]
    assert figures(told) == {
        "matched": (0, 0, 0),
        "differing": (1, 100_010, 100_011),
        "only_ours": (1, 12_050, 0),
        "only_theirs": (1, 0, 500),
        "sum": (3, 112_060, 100_511),
    }
    assert [(row["code"], row["reference"], row["line"]) for row in told["differences"]] == [
        ("differing", "*", "4"),
        ("differing", "claim-77", "2"),
        ("only_ours", "S-2", ""),
        ("only_theirs", "S-9", "3"),
    ]


def test_funds_are_held_apart_where_the_list_names_them(posted: Terminal):
    head = "reference,amount,fund"
    told = provider(posted, head, "claim-77,1000.10,resident", "claim-78,120.50,resident",
                    ",1120.60,resident")  # fmt: skip
    assert told["agrees"]
    told = provider(posted, head, "claim-77,1000.10,assistance", "claim-78,120.50,resident", code=1)
    assert figures(told)["only_theirs"] == (1, 0, 100_010)
    h2 = ("--provider", "H2", *YEAR[2:])
    told = provider(posted, "amount,fund", "99,critical_illness", "7,resident", code=1, more=h2)
    assert figures(told, "totals")["differing"] == (1, 0, 700)
    assert figures(told, "totals")["matched"] == (1, 9_900, 9_900)


def test_what_was_reversed_in_the_period_is_nobody_s(posted: Terminal):
    lines = json.loads(posted("journal", "--client-id", "S-2", "--json").out)["lines"]
    posted("reverse", lines[0]["number"], "R-2", "2024-04-05")
    told = provider(posted, "reference,amount", "claim-77,1000.10", ",1000.10")
    assert told["agrees"]
    april = ("--provider", "H1", "--from", "2024-04-05", "--until", "2024-04-05", "--json")
    told = provider(posted, "reference,amount", "R-2,-120.50", more=april)
    assert told["agrees"]


def test_periods_and_events_narrow_what_is_ours(posted: Terminal):
    march = ("--provider", "H1", "--from", "2024-03-15", "--until", "2024-03-15", "--json")
    assert provider(posted, "reference,amount", "claim-77,1000.10", more=march)["agrees"]
    paid = (*YEAR, "--event", "provider_payment")
    assert provider(posted, "reference,amount", "P-1,-1100", more=paid)["agrees"]


@pytest.mark.parametrize("suffix", ["xlsx", "parquet"])
def test_lists_of_other_forms_and_names(posted: Terminal, suffix: str):
    frame = pl.DataFrame(
        {
            "结算号": ["claim-77", "claim-78"],
            "统筹支付": pl.Series([Decimal("1000.10"), Decimal("120.50")], dtype=pl.Decimal(18, 2)),
            "科室": ["7", None],
        }
    )
    place = posted.folder / f"list.{suffix}"
    (frame.write_excel if suffix == "xlsx" else frame.write_parquet)(place)
    names = ("--column", "reference=结算号", "--column", "amount=统筹支付")
    assert "everything agrees" in posted("reconcile", "provider", place, *YEAR[:-1], *names).out
    assert "[column_missing]" in posted("reconcile", "provider", place, *YEAR, code=3).err
    odd = posted("reconcile", "provider", place, *YEAR, "--column", "colour=红", code=2).err
    assert "reference=…" in odd


def bank(ledger: Terminal, *rows: str, code: int = 0, more: tuple[str, ...] = ()) -> Ran:
    file = ledger.file("bank.csv", "date,amount,reference,counterparty", *rows)
    return ledger("reconcile", "bank", file, "--account", "B2", *more, code=code)


def test_a_bank_s_lines_meet_by_reference_or_amount_and_day(posted: Terminal):
    assert (
        "everything agrees"
        in bank(posted, "2024-04-03,2000,,内部", "2024-04-30,-1100,P-1,某院").out
    )
    near = ("2024-04-03,2000,,内部", "2024-05-03,-1100,,某院")
    assert bank(posted, *near).code == 0
    far = ("2024-04-03,2000,,内部", "2024-05-04,-1100,,某院")
    told = json.loads(bank(posted, *far, code=1, more=("--json",)).out)
    assert [(row["code"], row["who"]) for row in told["differences"]] == [
        ("only_ours", ""),
        ("only_theirs", "某院"),
    ]
    wide = ("--within-days", "4")
    assert bank(posted, *far, more=wide).code == 0


def test_what_a_bank_has_more_is_told(posted: Terminal):
    rows = ("2024-04-03,2000,,内部", "2024-04-30,-1100,P-1,某院", "2024-04-30,-1,,手续费")
    told = bank(posted, *rows, code=1, more=("--language", "zh")).out
    for word in ("仅对方有", "手续费", "-1.00", "账目不符"):
        assert word in told


def test_bad_files_are_told_by_line(posted: Terminal):
    assert "bank.csv:2 [date_invalid]" in bank(posted, "3.4.2024,5,,", code=3).err
    assert "bank.csv:2 [amount_invalid]" in bank(posted, "2024-04-03,5.001,,", code=3).err
    assert "[file_unreadable]" in posted("reconcile", "provider", "gone.xlsx", *YEAR, code=3).err
    assert "[suffix_unknown]" in posted("reconcile", "provider", "gone.doc", *YEAR, code=3).err
    file = posted.file("b.csv", "date,amount", "2024-04-03,5")
    told = posted("reconcile", "bank", file, "--account", "B2", as_="zhao", code=4).err
    assert "ledger.reconcile" in told
