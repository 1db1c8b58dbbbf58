"""The claims contract: what is read, what is refused whole, what rejects one claim and why."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from fractions import Fraction

import polars as pl
import pytest

from yibao.base.findings import FaultsFound
from yibao.base.texts import Text
from yibao.engines.benefits.claim import Slot
from yibao.engines.policy.law import FactDefinition
from yibao.storage.files import claims as claims_module
from yibao.storage.files.claim_files import ClaimsPlace, find_claims
from yibao.storage.files.claims import StagedClaims
from yibao.storage.files.filed_claims import FiledClaim, Reject

LABEL = Text("事实", "fact")


def values(*names):
    return tuple((name, Text(name, name)) for name in names)


FACTS = {
    "scheme": FactDefinition("scheme", LABEL, "member", "values", values("employee", "resident")),
    "is_poor": FactDefinition("is_poor", LABEL, "member", "yes_no"),
    "wage": FactDefinition("wage", LABEL, "member", "amount", start=0, below=100_000),
    "disease": FactDefinition("disease", LABEL, "encounter", "values", values("cancer", "aids")),
    "diseases": FactDefinition("diseases", LABEL, "member", "list", list_of="disease"),
    "drug_group": FactDefinition("drug_group", LABEL, "line", "values", values("rare")),
}
AMOUNTS = "eligible_amount,prior_self_pay_amount,over_limit_amount,noncovered_amount"
HEADER = f"claim_id,member_id,settlement_date,{AMOUNTS}"
GOOD = "C1,M1,2024-01-31,100,20,3,0"
LINES = "claim_id,line_id,item_code,quantity,submitted_amount"


@pytest.fixture
def staged(tmp_path):
    def stage(claims, lines=None):
        folder = tmp_path / "staged"
        folder.mkdir(exist_ok=True)
        return StagedClaims(
            ClaimsPlace(claims, lines), facts=FACTS, streams=["rare_drug"], folder=folder
        )

    return stage


@pytest.fixture
def csv(tmp_path):
    def write(*rows, name="claims.csv"):
        path = tmp_path / name
        path.write_text("".join(f"{row}\n" for row in rows), encoding="utf-8")
        return path

    return write


def everything(staged_claims, **how):
    return [one for group in staged_claims.groups(**how) for one in group]


def file_codes(call):
    with pytest.raises(FaultsFound) as found:
        call()
    return [(fault.code, fault.where.line) for fault in found.value.faults]


def test_amounts_split_before_become_slots(staged, csv):
    path = csv(f"{HEADER},eligible_amount:rare_drug,submitted_amount", f"{GOOD},7,130")
    (claim,) = everything(staged(path))
    assert isinstance(claim, FiledClaim)
    assert claim.bill.slots == {
        Slot("eligible"): 100,
        Slot("prior_self_pay"): 20,
        Slot("over_limit"): 3,
        Slot("eligible", stream="rare_drug"): 7,
    }
    assert (claim.submitted_amount, claim.has_amounts) == (130, True)
    assert claim.bill.dates.settlement_date == date(2024, 1, 31)
    assert claim.bill.encounter_id == "C1"


def test_facts_dates_and_ids(staged, csv):
    path = csv(
        f"{HEADER},scheme,is_poor,wage,diseases,encounter_id,family_id,episode_id,"
        "admission_date,discharge_date,charge_date,birth_date,extra_remark",
        f"{GOOD},resident,true,99999,cancer;aids,E1,F1,P1,"
        '2024-01-01,2024-01-30,2024-01-29,2020-02-29,"a, b"',
    )
    (claim,) = everything(staged(path))
    assert claim.bill.facts == {
        "scheme": "resident",
        "is_poor": True,
        "wage": 99_999,
        "diseases": ("cancer", "aids"),
    }
    assert (claim.bill.encounter_id, claim.bill.episode_id) == ("E1", "P1")
    assert (claim.member.family_id, claim.member.birth_date) == ("F1", date(2020, 2, 29))
    assert claim.bill.dates.admission_date == date(2024, 1, 1)
    assert claim.bill.dates.discharge_date == date(2024, 1, 30)
    assert claim.bill.dates.charge_date == date(2024, 1, 29)


def test_an_empty_fact_is_not_stated(staged, csv):
    (claim,) = everything(staged(csv(f"{HEADER},scheme,is_poor", f"{GOOD},,")))
    assert claim.bill.facts == {}


def test_lines_come_with_their_claim_in_the_order_of_the_file(staged, csv):
    claims = csv("claim_id,member_id,settlement_date", "C1,M1,2024-01-31", "C2,M1,2024-02-01")
    lines = csv(
        f"{LINES},charge_date,refunds_line_id,drug_group",
        "C2,1,ITEM,12.5,1000,2024-01-30,,rare",
        "C1,9,ITEM,1,500,,,",
        "C2,2,ITEM,-0.5,-40,,1,",
        name="lines.csv",
    )
    first, second = everything(staged(claims, lines))
    assert [line.line_id for line in first.bill.lines] == ["9"]
    one, refund = second.bill.lines
    assert (one.quantity, one.submitted_amount) == (Fraction(25, 2), 1000)
    assert (one.charge_date, one.facts) == (date(2024, 1, 30), {"drug_group": "rare"})
    assert (refund.quantity, refund.submitted_amount) == (Fraction(-1, 2), -40)
    assert refund.refunds_line_id == "1"
    assert not second.has_amounts


def test_parquet_and_csv_say_the_same(staged, csv, tmp_path):
    path = csv(f"{HEADER},scheme,is_poor,diseases", f"{GOOD},employee,false,cancer;aids")
    frame = pl.DataFrame(
        {
            "claim_id": ["C1"],
            "member_id": ["M1"],
            "settlement_date": [date(2024, 1, 31)],
            "eligible_amount": [100],
            "prior_self_pay_amount": [20],
            "over_limit_amount": [3],
            "noncovered_amount": [0],
            "scheme": pl.Series(["employee"], dtype=pl.Categorical),
            "is_poor": [False],
            "diseases": [["cancer", "aids"]],
            "extra_float": [0.5],
        }
    )
    frame.write_parquet(tmp_path / "claims.parquet")
    (from_csv,) = everything(staged(path))
    (from_parquet,) = everything(staged(tmp_path / "claims.parquet"))
    assert from_csv.bill == from_parquet.bill
    assert (from_csv.row, from_parquet.row) == (2, 1)


def test_quantities_in_parquet_may_be_decimals(staged, csv, tmp_path):
    lines = pl.DataFrame(
        {
            "claim_id": ["C1"],
            "line_id": [1],
            "item_code": ["ITEM"],
            "quantity": pl.Series([Decimal("2.50")], dtype=pl.Decimal(10, 2)),
            "submitted_amount": [100],
        }
    )
    lines.write_parquet(tmp_path / "lines.parquet")
    claims = csv("claim_id,member_id,settlement_date", "C1,M1,2024-01-31")
    (claim,) = everything(staged(claims, tmp_path / "lines.parquet"))
    assert claim.bill.lines[0].quantity == Fraction(5, 2)
    assert claim.bill.lines[0].line_id == "1"


@pytest.mark.parametrize(
    ("change", "column", "code"),
    [
        ({"claim_id": ""}, "claim_id", "value_missing"),
        ({"claim_id": "C 1"}, "claim_id", "identifier_invalid"),
        ({"claim_id": "C/1"}, "claim_id", "identifier_invalid"),
        ({"claim_id": "C" * 65}, "claim_id", "identifier_invalid"),
        ({"member_id": ""}, "member_id", "value_missing"),
        ({"settlement_date": ""}, "settlement_date", "value_missing"),
        ({"settlement_date": "2023-02-29"}, "settlement_date", "date_invalid"),
        ({"settlement_date": "2024/01/31"}, "settlement_date", "date_invalid"),
        ({"settlement_date": "2024-1-31"}, "settlement_date", "date_invalid"),
        ({"eligible_amount": "-1"}, "eligible_amount", "amount_negative"),
        ({"eligible_amount": "12.5"}, "eligible_amount", "amount_not_fen"),
        ({"eligible_amount": "12.00"}, "eligible_amount", "amount_not_fen"),
        ({"eligible_amount": "1e3"}, "eligible_amount", "amount_invalid"),
        ({"eligible_amount": "1,000"}, "eligible_amount", "amount_invalid"),
        ({"eligible_amount": " 1"}, "eligible_amount", "amount_invalid"),
        ({"eligible_amount": "10000000000001"}, "eligible_amount", "amount_too_large"),
        ({"eligible_amount": "9" * 30}, "eligible_amount", "amount_invalid"),
        ({"noncovered_amount": ""}, "noncovered_amount", "value_missing"),
        ({"scheme": "employees"}, "scheme", "value_unknown"),
        ({"is_poor": "yes"}, "is_poor", "value_unknown"),
        ({"wage": "100000"}, "wage", "value_unknown"),
        ({"wage": "-1"}, "wage", "value_unknown"),
        ({"wage": "5.5"}, "wage", "value_unknown"),
        ({"diseases": "cancer;cancer"}, "diseases", "value_unknown"),
        ({"diseases": "cancer;flu"}, "diseases", "value_unknown"),
        ({"entry_sequence": ""}, "entry_sequence", "value_missing"),
        ({"entry_sequence": "1.0"}, "entry_sequence", "integer_invalid"),
    ],
)
def test_a_wrong_cell_rejects_its_claim_and_no_other(staged, csv, change, column, code):
    names = [*HEADER.split(","), "scheme", "is_poor", "wage", "diseases", "entry_sequence"]
    good = dict(zip(names, [*GOOD.split(","), "employee", "true", "0", "cancer", "1"], strict=True))
    other = {**good, "claim_id": "C2", "member_id": "M2", "eligible_amount": "10000000000000"}
    quoted = [",".join(f'"{cell}"' for cell in {**good, **change}.values())]
    outcome = everything(staged(csv(",".join(names), *quoted, ",".join(other.values()))))
    (reject,) = [one for one in outcome if isinstance(one, Reject)]
    (filed,) = [one for one in outcome if isinstance(one, FiledClaim)]
    assert (reject.file, reject.row, reject.column, reject.code) == ("claims", 2, column, code)
    assert filed.claim_id == "C2"
    for language in ("zh", "en"):
        assert column in reject.message.in_language(language)
        assert reject.remedy.in_language(language)


def test_the_first_wrong_cell_is_told_and_the_others_listed(staged, csv):
    (reject,) = everything(staged(csv(f"{HEADER},scheme", "C1,M1,2024-02-30,-1,x,0,0,other")))
    assert (reject.column, reject.code) == ("settlement_date", "date_invalid")
    assert reject.also == (
        "claims:2 eligible_amount amount_negative; claims:2 prior_self_pay_amount amount_invalid; "
        "claims:2 scheme value_unknown"
    )


def test_every_row_of_a_repeated_claim_id_is_rejected(staged, csv):
    rows = [GOOD, GOOD.replace("M1", "M2"), GOOD.replace("C1", "C2")]
    outcome = everything(staged(csv(HEADER, *rows)))
    rejects = [(one.row, one.code) for one in outcome if isinstance(one, Reject)]
    assert rejects == [(2, "claim_id_twice"), (3, "claim_id_twice")]


def test_claims_without_an_order_are_rejected(staged, csv):
    rows = [
        "C1,M1,2024-01-31,1,0,0,0,5",
        "C2,M1,2024-01-31,1,0,0,0,5",
        "C3,M2,2024-01-31,1,0,0,0,5",
    ]
    outcome = everything(staged(csv(f"{HEADER},entry_sequence", *rows)))
    assert [getattr(one, "code", "") for one in outcome] == ["entry_sequence_twice"] * 2 + [""]


def test_amounts_beside_lines_are_rejected(staged, csv):
    lines = csv(LINES, "C1,1,ITEM,1,100", name="lines.csv")
    (reject,) = everything(staged(csv(HEADER, GOOD), lines))
    assert reject.code == "amounts_twice"


@pytest.mark.parametrize(
    ("line", "column", "code"),
    [
        ("C1,1,ITEM,1,1.5", "submitted_amount", "amount_not_fen"),
        ("C1,1,ITEM,x,15", "quantity", "decimal_invalid"),
        ("C1,1,ITEM,0.1234567,15", "quantity", "decimal_invalid"),
        ("C1,1,,1,15", "item_code", "value_missing"),
    ],
)
def test_a_wrong_line_rejects_its_claim(staged, csv, line, column, code):
    claims = csv("claim_id,member_id,settlement_date", "C1,M1,2024-01-31")
    lines = csv(LINES, "C1,0,ITEM,1,10", line, name="lines.csv")
    (reject,) = everything(staged(claims, lines))
    assert (reject.file, reject.row, reject.column, reject.code) == ("lines", 3, column, code)


def test_order_of_entry_within_a_member_and_the_rows_own_order_without(staged, csv):
    rows = ["C1,M2,2024-01-31,1,0,0,0", "C2,M1,2024-01-31,1,0,0,0", "C3,M2,2024-01-30,1,0,0,0"]
    plain = [one.claim_id for one in everything(staged(csv(HEADER, *rows)))]
    assert plain == ["C2", "C1", "C3"]
    numbered = [f"{row},{number}" for row, number in zip(rows, (9, 1, 10), strict=True)]
    numbered.append("C4,M2,2024-01-01,1,0,0,0,8")
    ordered = everything(staged(csv(f"{HEADER},entry_sequence", *numbered)))
    assert [(one.claim_id, one.entry_sequence) for one in ordered] == [
        ("C2", 1),
        ("C4", 8),
        ("C1", 9),
        ("C3", 10),
    ]


def test_a_family_is_one_group_where_counters_are_shared(staged, csv):
    rows = [f"C{n},M{n % 2},2024-01-31,1,0,0,0,F1" for n in range(4)]
    claims = staged(csv(f"{HEADER},family_id", *rows, "C9,M9,2024-01-31,1,0,0,0,"))
    assert [[one.claim_id for one in group] for group in claims.groups(by_family=True)] == [
        ["C0", "C1", "C2", "C3"],
        ["C9"],
    ]
    assert [len(group) for group in claims.groups()] == [2, 2, 1]


def test_parts_bound_memory_and_change_nothing(staged, csv, monkeypatch):
    rows = [f"C{n},M{n % 7},2024-01-31,{n},0,0,0" for n in range(40)]
    plain = "claim_id,member_id,settlement_date"
    claims = csv(plain, *(row.rsplit(",", 4)[0] for row in rows))
    lines = csv(LINES, *(f"C{n},1,ITEM,1,{n}" for n in range(40)), name="lines.csv")

    def as_told():
        found = {}
        for group in staged(claims, lines).groups():
            found[group[0].member.member_id] = [
                (one.claim_id, one.bill.lines[0].submitted_amount) for one in group
            ]
        return found

    whole = as_told()
    monkeypatch.setattr(claims_module, "PART_ROWS", 9)
    in_parts = as_told()
    assert in_parts == whole
    assert sum(map(len, whole.values())) == 40
    assert whole["M3"][1] == ("C10", 10)


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (HEADER.replace("member_id,", ""), [("column_missing", 0)]),
        (HEADER.replace(",over_limit_amount", ""), [("column_missing", 0)]),
        ("claim_id,member_id,settlement_date", [("column_missing", 0)]),  # no amounts, no lines
        (f"{HEADER},schema", [("column_unknown", 0)]),
        (f"{HEADER},eligible_amount:other", [("column_unknown", 0)]),
        (f"{HEADER},drug_group", [("column_unknown", 0)]),  # a line's fact
        (f"{HEADER},claim_id", [("column_twice", 0)]),
    ],
)
def test_faults_of_the_header(staged, csv, header, expected):
    assert file_codes(lambda: staged(csv(header)))[:1] == expected


def test_faults_of_a_csv_file(staged, csv, tmp_path):
    assert file_codes(lambda: staged(csv(HEADER, GOOD, "C2,M1"))) == [("row_width", 3)]
    assert file_codes(lambda: staged(csv(HEADER, GOOD + ",9"))) == [("row_width", 2)]
    path = tmp_path / "claims.csv"
    whole = f"{HEADER}\n{GOOD}\n{GOOD}\n".encode()
    path.write_bytes(whole[:-2])  # the last amount is cut short
    assert file_codes(lambda: staged(path)) == [("file_truncated", 3)]
    path.write_bytes(whole.replace(b"C1", b'"C1', 1))
    assert file_codes(lambda: staged(path))[0][0] == "file_truncated"
    path.write_bytes(f"{HEADER}\n{GOOD}\n".encode() + "C2,张三".encode("gbk") + b",,,,,\n")
    assert file_codes(lambda: staged(path)) == [("encoding_invalid", 3)]
    path.write_bytes(b"")
    assert file_codes(lambda: staged(path))[0][0] == "file_unreadable"
    assert file_codes(lambda: staged(tmp_path / "none.csv")) == [("file_unreadable", 0)]
    path.write_bytes(b"\xef\xbb\xbf" + whole.replace(b"C1", b"C2", 1))
    assert [one.claim_id for one in everything(staged(path))] == ["C2", "C1"]


def test_an_empty_line_is_a_row_with_nothing_in_it(staged, csv):
    nothing, filed = everything(staged(csv(HEADER, "", GOOD)))
    assert (nothing.row, nothing.code) == (2, "value_missing")
    assert filed.row == 3


def test_faults_of_a_parquet_file(staged, tmp_path):
    frame = pl.DataFrame(
        {
            "claim_id": [f"C{n}" for n in range(1000)],
            "member_id": ["M1"] * 1000,
            "settlement_date": ["2024-01-31"] * 1000,
            **{name: [5] * 1000 for name in AMOUNTS.split(",")},
        }
    )
    path = tmp_path / "claims.parquet"
    frame.write_parquet(path)
    assert len(everything(staged(path))) == 1000
    path.write_bytes(path.read_bytes()[:-200])
    assert file_codes(lambda: staged(path)) == [("file_unreadable", 0)]
    frame.with_columns(pl.col("eligible_amount").cast(pl.Float64)).write_parquet(path)
    assert file_codes(lambda: staged(path)) == [("column_type", 0)]


def test_a_line_without_its_claim_stops_the_file(staged, csv):
    claims = csv("claim_id,member_id,settlement_date", "C1,M1,2024-01-31")
    lines = csv(LINES, "C1,1,ITEM,1,5", "C2,1,ITEM,1,5", ",1,ITEM,1,5", name="lines.csv")
    assert file_codes(lambda: staged(claims, lines)) == [
        ("line_without_claim", 3),
        ("line_without_claim", 4),
    ]


def test_a_header_alone_is_no_claims(staged, csv):
    claims = staged(csv(HEADER))
    assert claims.claims_count == 0
    assert everything(claims) == []


def test_tables_are_found_in_a_folder(csv, tmp_path):
    claims = csv(HEADER)
    assert find_claims(tmp_path) == ClaimsPlace(claims)
    lines = csv(LINES, name="lines.csv")
    assert find_claims(tmp_path) == ClaimsPlace(claims, lines)
    (tmp_path / "claims.parquet").touch()
    assert file_codes(lambda: find_claims(tmp_path)) == [("file_ambiguous", 0)]
    assert find_claims(claims, lines) == ClaimsPlace(claims, lines)
    assert file_codes(lambda: find_claims(tmp_path.parent)) == [("file_unreadable", 0)]
