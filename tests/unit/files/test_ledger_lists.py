"""Lists of providers and banks: three forms of one list are read alike, every fault is placed."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest

from yibao.base.findings import FaultsFound
from yibao.storage.files.ledger_lists import (
    ProviderRow,
    read_bank_statement,
    read_provider_list,
)

SENT = pl.DataFrame(
    {
        "reference": ["claim-1", "claim-2", None],
        "amount": pl.Series([Decimal("1000.10"), Decimal("-0.05"), Decimal("1000.05")],
                            dtype=pl.Decimal(18, 2)),
        "ward": ["7", "8", ""],
    }
)  # fmt: skip
LINES = (ProviderRow("2", 100_010, "claim-1"), ProviderRow("3", -5, "claim-2"))
TOTALS = (ProviderRow("4", 100_005),)


def csv(tmp_path: Path, *rows: str, name: str = "list.csv") -> Path:
    path = tmp_path / name
    path.write_text("\n".join(rows) + "\n", "utf-8")
    return path


def codes(path: Path, read=read_provider_list, **more) -> list[tuple[int, str]]:
    with pytest.raises(FaultsFound) as caught:
        read(path, **more)
    return [(fault.where.line, fault.code) for fault in caught.value.faults]


@pytest.mark.parametrize("form", ["csv", "xlsx", "parquet"])
def test_three_forms_of_a_list_are_read_alike(tmp_path: Path, form: str):
    path = tmp_path / f"list.{form}"
    {"csv": SENT.write_csv, "xlsx": SENT.write_excel, "parquet": SENT.write_parquet}[form](path)
    found = read_provider_list(path)
    assert (found.lines, found.totals, found.by_fund) == (LINES, TOTALS, False)


def test_the_sender_s_own_names_are_understood(tmp_path: Path):
    path = csv(tmp_path, "结算号,统筹支付,fund", "claim-1,5,resident", ",5,resident")
    found = read_provider_list(path, names={"reference": "结算号", "amount": "统筹支付"})
    assert found.lines == (ProviderRow("2", 500, "claim-1", "resident"),)
    assert found.totals == (ProviderRow("3", 500, "", "resident"),)
    assert found.by_fund
    assert codes(path) == [(1, "column_missing")]
    assert codes(path, names={"amount": "合计"}) == [(1, "column_missing")]


def test_what_is_wrong_with_a_list_is_told(tmp_path: Path):
    head = "reference,amount,fund"
    assert codes(csv(tmp_path, head, "a,1.234,", "b,x,", "c,1,")) == [
        (2, "amount_invalid"),
        (3, "amount_invalid"),
    ]
    assert codes(csv(tmp_path, head, "a,1,resident", "b,2,")) == [(3, "value_missing")]
    assert codes(csv(tmp_path, head, ",1,resident", ",2,", ",3,resident")) == [(4, "total_twice")]
    assert codes(csv(tmp_path, head)) == [(0, "file_empty")]
    assert codes(csv(tmp_path, head, name="list.txt")) == [(0, "suffix_unknown")]
    assert codes(tmp_path / "gone.xlsx") == [(0, "file_unreadable")]
    for name in ("odd.xlsx", "odd.parquet"):
        assert codes(csv(tmp_path, "no table", name=name)) == [(0, "table_unreadable")]


def test_binary_fractions_are_refused(tmp_path: Path):
    path = tmp_path / "list.parquet"
    pl.DataFrame({"reference": ["a"], "amount": [0.1]}).write_parquet(path)
    assert codes(path) == [(0, "column_type")]


def test_a_bank_s_statement_has_days_and_signs(tmp_path: Path):
    path = csv(tmp_path, "date,amount,counterparty", "2024-05-02,-3.50,某院", "2024-05-01,7,")
    found = read_bank_statement(path)
    assert [(one.record_id, one.amount, one.reference, one.on) for one in found.records] == [
        ("2", -350, "", date(2024, 5, 2)),
        ("3", 700, "", date(2024, 5, 1)),
    ]
    assert (found.first_date, found.last_date) == (date(2024, 5, 1), date(2024, 5, 2))
    assert found.counterparties["2"] == "某院"
    bad = csv(tmp_path, "date,amount", "05/01/2024,7", "2024-05-01,")
    assert codes(bad, read_bank_statement) == [(2, "date_invalid"), (3, "amount_invalid")]
