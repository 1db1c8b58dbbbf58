"""Catalogue files: what is read, every fault at its line, and the shipped example catalogue."""

from __future__ import annotations

from collections import Counter
from datetime import date
from fractions import Fraction
from pathlib import Path

import pytest

from yibao.base.findings import FaultsFound
from yibao.base.texts import Text
from yibao.engines.policy.law import FactDefinition
from yibao.storage.files.catalogues import read_catalogue

SHIPPED = Path(__file__).parents[3] / "policies" / "370200" / "catalogue"
HEADER = (
    "item_code,name_zh,name_en,kind,class,scheme,prior_self_pay_rate,price_limit,unit,"
    "from,until,source,confidence,drug_group"
)
DRUG = "XA10BA02EX0000000000005"
GOOD = f"{DRUG},二甲双胍,metformin,western_drug,B,any,10%,0.3500,片,2020-01-01,,S1,M,rare"


def values(*names):
    return tuple((name, Text(name, name)) for name in names)


LABEL = Text("事实", "fact")
FACTS = {
    "scheme": FactDefinition("scheme", LABEL, "member", "values", values("employee", "resident")),
    "drug_group": FactDefinition(
        "drug_group",
        LABEL,
        "line",
        "values",
        values("rare", "two_disease", "special_drug", "supplementary", "supplementary_oncology"),
    ),
    "item_class": FactDefinition(
        "item_class",
        LABEL,
        "line",
        "values",
        values("implant", "essential_drug"),
    ),
    "is_basic": FactDefinition("is_basic", LABEL, "line", "yes_no"),
}


def read(tmp_path, *rows, header=HEADER, **more):
    path = tmp_path / "catalogue.csv"
    path.write_text("\n".join([header, *rows, ""]), encoding="utf-8")
    return read_catalogue(path, facts=FACTS, **more)


def changed(**fields):
    cells = dict(zip(HEADER.split(","), GOOD.split(","), strict=True))
    cells.update({name.rstrip("_"): value for name, value in fields.items()})
    return ",".join(cells.values())


def faults(tmp_path, *rows, header=HEADER):
    with pytest.raises(FaultsFound) as found:
        read(tmp_path, *rows, header=header)
    return [(fault.code, fault.where.line) for fault in found.value.faults]


def test_a_row_is_read_for_every_scheme(tmp_path):
    book = read(tmp_path, GOOD)
    for scheme in ("employee", "resident"):
        row = book.row(DRUG, scheme=scheme, on=date(2020, 1, 1))
        assert row.prior_self_pay_rate == 100_000
        assert row.price_limit == Fraction(35)  # 0.35 yuan
        assert row.facts == (("drug_group", "rare"),)
        assert row.provenance.where.line == 2


def test_four_decimals_stay_exact(tmp_path):
    book = read(tmp_path, changed(price_limit="0.5433"))
    assert book.row(DRUG, scheme="employee", on=date(2024, 1, 1)).price_limit == Fraction(5433, 100)


def test_yes_no_facts(tmp_path):
    book = read(
        tmp_path, GOOD[: -len("rare")] + "true", header=HEADER.replace("drug_group", "is_basic")
    )
    assert book.row(DRUG, scheme="employee", on=date(2024, 1, 1)).facts == (("is_basic", True),)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"item_code": DRUG[:-1]}, "item_code_shape"),
        ({"item_code": "Z" + DRUG[1:]}, "item_code_shape"),
        ({"kind": "drug"}, "value_unknown"),
        ({"class_": "D"}, "value_unknown"),
        ({"scheme": "military"}, "value_unknown"),
        ({"confidence": "L"}, "value_unknown"),
        ({"confidence": "X"}, "value_unknown"),
        ({"drug_group": "rarest"}, "value_unknown"),
        ({"prior_self_pay_rate": "0.1"}, "rate_invalid"),
        ({"prior_self_pay_rate": ""}, "rate_invalid"),
        ({"prior_self_pay_rate": "100.01%"}, "rate_of_class"),
        ({"class_": "A"}, "rate_of_class"),
        ({"class_": "C"}, "rate_of_class"),
        ({"price_limit": "0.12345"}, "price_invalid"),
        ({"price_limit": "-1"}, "price_invalid"),
        ({"price_limit": "1e3"}, "price_invalid"),
        ({"from_": "2023-02-29"}, "date_invalid"),
        ({"from_": ""}, "date_invalid"),
        ({"until": "2020-01-01"}, "span_empty"),
        ({"name_en": ""}, "value_missing"),
        ({"source": ""}, "value_missing"),
    ],
)
def test_faults_of_a_row_stand_at_its_line(tmp_path, change, code):
    assert faults(tmp_path, changed(**change)) == [(code, 2)]


def test_all_faults_are_collected(tmp_path):
    assert faults(tmp_path, changed(kind="drug"), changed(price_limit="x", unit="")) == [
        ("value_unknown", 2),
        ("price_invalid", 3),
        ("value_missing", 3),
    ]


@pytest.mark.parametrize(
    ("first_until", "second_from", "expected"),
    [
        ("2024-01-01", "2024-01-01", None),
        ("2024-01-02", "2024-01-01", "overlap"),
        ("2023-12-31", "2024-01-01", "gap"),
        ("", "2024-01-01", "overlap"),  # a later `from` closes nothing
    ],
)
def test_dated_rows_touch_exactly(tmp_path, first_until, second_from, expected):
    rows = [changed(until=first_until), changed(from_=second_from, prior_self_pay_rate="5%")]
    if expected is None:
        book = read(tmp_path, *rows)
        assert book.row(DRUG, scheme="resident", on=date(2024, 1, 1)).prior_self_pay_rate == 50_000
    else:
        assert faults(tmp_path, *rows) == [(expected, 3)]


def test_a_row_for_any_scheme_overlaps_with_one_for_a_scheme(tmp_path):
    with pytest.raises(FaultsFound) as found:
        read(tmp_path, GOOD, changed(scheme="resident"))
    (fault,) = found.value.faults
    assert (fault.code, fault.where.line, fault.also[0].line) == ("overlap", 3, 2)
    assert "resident" in fault.message.en
    assert "resident" in fault.message.zh


@pytest.mark.parametrize(
    ("header", "rows", "expected"),
    [
        (HEADER.replace(",unit", ""), [], [("column_missing", 1)]),
        (HEADER.replace("drug_group", "unit"), [], [("column_twice", 1)]),
        (HEADER.replace("drug_group", "drug_grup"), [GOOD], [("column_unknown", 1)]),
        (HEADER.replace("drug_group", "scheme_of"), [GOOD], [("column_unknown", 1)]),
        (HEADER, [GOOD, GOOD[:40]], [("row_width", 3)]),
        (HEADER, ['"never closed'], [("table_unreadable", 2)]),
    ],
)
def test_faults_of_the_table(tmp_path, header, rows, expected):
    assert faults(tmp_path, *rows, header=header) == expected


def test_wrong_encoding_names_the_line(tmp_path):
    path = tmp_path / "catalogue.csv"
    path.write_bytes(HEADER.encode() + b"\n" + GOOD.encode("gbk") + b"\n")
    with pytest.raises(FaultsFound) as found:
        read_catalogue(path, facts=FACTS)
    assert [(f.code, f.where.line) for f in found.value.faults] == [("encoding_invalid", 2)]


def test_hash_is_that_of_the_content(tmp_path):
    other = changed(item_code=DRUG[:-1] + "6")
    straight = read(tmp_path, GOOD, other).content_hash
    assert read(tmp_path, other, GOOD).content_hash == straight
    assert read(tmp_path, changed(prior_self_pay_rate="9%"), other).content_hash != straight


def test_an_empty_folder_is_an_empty_catalogue(tmp_path):
    assert read_catalogue(tmp_path, facts=FACTS).rows == {}


def test_the_shipped_catalogue_is_whole_and_says_that_it_is_an_example():
    book = read_catalogue(SHIPPED, facts=FACTS, with_examples=True)
    rows = {row for dated in book.rows.values() for row in dated}
    assert len({row.item_code for row in rows}) >= 60
    assert {row.provenance.confidence for row in rows} == {"example"}
    classes = Counter(row.catalogue_class for row in rows)
    assert min(classes[name] for name in "ABC") >= 8
    assert {row.kind for row in rows} >= {
        "western_drug",
        "chinese_patent_drug",
        "service",
        "consumable",
    }
    assert any(row.span.until for row in rows)  # dated changes
    assert any(
        row.price_limit is not None and row.price_limit.denominator > 1 for row in rows
    )  # limits finer than a fen
    by_scheme = {
        code
        for code, scheme in book.rows
        if scheme == "employee" and book.rows[code, "employee"] != book.rows.get((code, "resident"))
    }
    assert len(by_scheme) >= 3
