"""Files of stays and catalogues: every row is read or rejected, and what was changed is refused."""

from __future__ import annotations

import json

import polars as pl
import pytest

from tests.unit.dip.builders import catalogue
from yibao.base.findings import FaultsFound
from yibao.storage.files.dip_catalogues import (
    MANIFEST,
    TABLE,
    manifest_content,
    read_catalogue,
    table_content,
)
from yibao.storage.files.stays import REASONS, read_stays

GOOD = {
    "Index": "S1", "zdList": "I63.900|E11.900", "ssList": "47.0100|54.2100", "year": "2024",
    "total_yuan": "100.05", "procedure_yuan": "10|0.50", "age": "60",
}  # fmt: skip


def read(tmp_path, *rows, **options):
    path = tmp_path / "cases.csv"
    pl.DataFrame([{**GOOD, **row} for row in rows]).write_csv(path)
    return read_stays([path], **options)


def test_a_stay_is_read_to_the_fen(tmp_path):
    (row,) = read(tmp_path, {}).stays.iter_rows(named=True)
    assert (row["index"], row["diagnosis"], row["secondary"]) == ("S1", "I63.900", ["E11.900"])
    assert (row["total_amount"], row["procedure_amounts"]) == (10_005, [1_000, 50])
    assert (row["age"], row["stay_days"], row["fund_amount"]) == (60, None, None)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"Index": ""}, "index_missing"),
        ({"year": ""}, "year_invalid"),
        ({"year": "24"}, "year_invalid"),
        ({"zdList": ""}, "diagnosis_missing"),
        ({"zdList": "|E11.900"}, "diagnosis_missing"),
        ({"zdList": "脑梗死"}, "diagnosis_invalid"),
        ({"total_yuan": ""}, "amount_invalid"),
        ({"total_yuan": "0"}, "amount_invalid"),
        ({"total_yuan": "-1"}, "amount_invalid"),
        ({"total_yuan": "1.005"}, "amount_invalid"),
        ({"total_yuan": "1e5"}, "amount_invalid"),
        ({"total_yuan": "1,000"}, "amount_invalid"),
        ({"fund_amount": "3.5"}, "fund_amount_invalid"),
        ({"procedure_yuan": "10"}, "procedure_amounts_differ"),
        ({"procedure_yuan": "10|x"}, "procedure_amount_invalid"),
        ({"age": "-1"}, "number_invalid"),
        ({"age": "sixty"}, "number_invalid"),
        ({"inHospitalTime": "3.5"}, "number_invalid"),
    ],
)
def test_a_row_is_rejected_with_its_reason(tmp_path, change, code):
    found = read(tmp_path, {"Index": "S0"}, change, {"Index": "S2"}, needs_year=True)
    assert found.rejects.select("line", "code").rows() == [(3, code)]
    assert found.stays["index"].to_list() == ["S0", "S2"]
    assert code in REASONS


def test_an_index_that_stands_twice_is_rejected_twice(tmp_path):
    found = read(tmp_path, {}, {"Index": "S2"}, {})
    assert found.rejects["code"].to_list() == ["index_twice"] * 2
    assert found.stays["index"].to_list() == ["S2"]


def test_empty_costs_of_procedures_are_unknown(tmp_path):
    (row,) = read(tmp_path, {"procedure_yuan": "10|"}).stays.iter_rows(named=True)
    assert row["procedure_amounts"] == [1_000, None]


def test_the_year_is_asked_for_where_it_is_needed(tmp_path):
    assert read(tmp_path, {"year": ""}).rejects.is_empty()


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("cases.csv", b"zdList,total_yuan\nI63.900,5\n", "column_missing"),
        ("cases.csv", b"Index,zdList\nS1,I63.900\n", "column_missing"),
        ("cases.csv", b"", "table_unreadable"),
        ("cases.csv", "Index,zdList,total_yuan\nS1,脑,5\n".encode("gbk"), "table_unreadable"),
        ("cases.parquet", b"PAR1", "table_unreadable"),
        ("cases.txt", b"", "suffix_unknown"),
    ],
)
def test_a_file_that_cannot_be_used(tmp_path, name, content, code):
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(FaultsFound) as caught:
        read_stays([path])
    assert [fault.code for fault in caught.value.faults] == [code]


def test_binary_fractions_are_refused(tmp_path):
    path = tmp_path / "cases.parquet"
    pl.DataFrame({"Index": ["S1"], "zdList": ["I63.900"], "total_yuan": [1.1]}).write_parquet(path)
    with pytest.raises(FaultsFound) as caught:
        read_stays([path])
    assert [fault.code for fault in caught.value.faults] == ["column_type"]


LISTED = catalogue(
    ("I63.9", "core", "conservative", 12_345),
    ("K35.8:47.0100/47.0900+54.2100", "core", "surgery", 9),
    ("K00-K93 surgery", "mixed", "surgery", 1), ("blank", "blank", "conservative", 0),
)  # fmt: skip


def written(folder, *, about=None, table=None):
    content = table_content(LISTED)
    (folder / TABLE).write_bytes(table or content)
    (folder / MANIFEST).write_bytes(manifest_content(LISTED, content, about=about or {}))
    return folder


def test_a_catalogue_is_read_as_it_was_written(tmp_path):
    found, manifest = read_catalogue(written(tmp_path, about={"area": "000000"}))
    assert found.groups == LISTED.groups
    assert manifest["area"] == "000000"


def refused(folder):
    with pytest.raises(FaultsFound) as caught:
        read_catalogue(folder)
    return [fault.code for fault in caught.value.faults]


def test_a_table_changed_by_hand_is_refused(tmp_path):
    changed = table_content(LISTED).replace(b"123.45", b"923.45")
    assert refused(written(tmp_path, table=changed)) == ["dip_catalogue_invalid"]


@pytest.mark.parametrize("manifest", [b"{", b"[]", b"{}", b'{"format": "yibao-dip-catalogue/2"}'])
def test_another_manifest_is_refused(tmp_path, manifest):
    written(tmp_path)
    (tmp_path / MANIFEST).write_bytes(manifest)
    assert refused(tmp_path) == ["dip_catalogue_invalid"]


def test_a_folder_without_a_catalogue_is_refused(tmp_path):
    assert refused(tmp_path) == ["file_unreadable"]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("I63.9,core,conservative", "I63.9,centre,conservative"),
        ("I63.9,core,conservative", "blank,core,conservative"),
        ("123.45", "123.456"),
        ("K00-K93 surgery,mixed,surgery", "K00-K93 surgery,mixed,diagnostic"),
        ("K35.8:47.0100/47.0900+54.2100", "K35.8:47.0100/+54.2100"),
        ("K00-K93 surgery,mixed,surgery", "I63.9,core,surgery"),
    ],
)
def test_rows_that_make_no_group_are_refused(tmp_path, old, new):
    table = table_content(LISTED).decode().replace(old, new).encode()
    (tmp_path / TABLE).write_bytes(table)
    manifest = json.loads(manifest_content(LISTED, table, about={}))
    (tmp_path / MANIFEST).write_text(json.dumps(manifest))
    assert "dip_catalogue_invalid" in refused(tmp_path)
