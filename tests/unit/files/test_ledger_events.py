"""Files of events: every kind is read back from JSON lines and from CSV, every fault is placed."""

from __future__ import annotations

import csv
import dataclasses
import json
from datetime import date
from pathlib import Path

import pytest

from tests.unit.accounting.books import BY_HAND
from yibao.base.findings import FaultsFound
from yibao.engines.accounting import events as ev
from yibao.engines.accounting import events_parties as parties
from yibao.storage.files.ledger_events import read_events
from yibao.storage.files.ledger_shapes import SHAPES, all_fields

EVENTS = [dataclasses.replace(event, client_id=f"e{n}") for n, (event, _) in enumerate(BY_HAND)]
PARTS = {
    "benefits": ("fund", "care_type", "amount", "layer"),
    "parts": ("account_type", "amount"),
    "credits": ("member_id", "amount"),
    "balances": ("fund", "account_type", "amount", "party_id"),
}


def yuan(fen: int) -> str:
    return f"{'-' if fen < 0 else ''}{abs(fen) // 100}.{abs(fen) % 100:02d}"


def written(event: ev.Event) -> dict[str, object]:
    """An event as a person would write it, by the page about files."""
    found: dict[str, object] = {"kind": event.kind}
    for field in dataclasses.fields(event):
        value = getattr(event, field.name)
        if field.name in PARTS:
            names = PARTS[field.name]
            if event.kind == "recoupment":
                names = ("care_type", "amount")
            rows = [
                dataclasses.astuple(part) if dataclasses.is_dataclass(part) else part
                for part in value
            ]
            found[field.name] = [
                {n: yuan(v) if n == "amount" else v for n, v in zip(names, row, strict=False)}
                for row in rows
            ]
        elif field.name == "source_account":
            found["from_type"], found["from_bank_id"] = value
        elif field.name == "target_account":
            found["to_type"], found["to_bank_id"] = value
        elif field.name.endswith("amount"):
            found[field.name] = yuan(value)
        elif isinstance(value, date):
            found[field.name] = value.isoformat()
        elif value not in (None, ""):
            found[field.name] = value
    return found


def as_lines(path: Path, rows: list[dict[str, object]]) -> Path:
    path.write_text("".join(f"{json.dumps(row, ensure_ascii=False)}\n" for row in rows), "utf-8")
    return path


def as_table(path: Path, rows: list[dict[str, object]]) -> Path:
    flat: list[dict[str, object]] = []
    for row in rows:
        parts = next((row.pop(name) for name in PARTS if name in row), None)
        flat += [{**row, **part} for part in parts] if parts else [row]
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, all_fields())
        writer.writeheader()
        writer.writerows(flat)
    return path


def read_back(path: Path) -> list[ev.Event]:
    return [one.event for one in read_events(path)]


@pytest.mark.parametrize(("form", "name"), [(as_lines, "events.jsonl"), (as_table, "events.csv")])
def test_every_kind_is_read_back_as_it_was_written(tmp_path: Path, form, name: str):
    assert {event.kind for event in EVENTS} == set(SHAPES)
    assert read_back(form(tmp_path / name, [written(event) for event in EVENTS])) == EVENTS


def codes(path: Path) -> list[tuple[int, str]]:
    with pytest.raises(FaultsFound) as caught:
        read_events(path)
    return [(fault.where.line, fault.code) for fault in caught.value.faults]


def lines(tmp_path: Path, *rows: str) -> Path:
    path = tmp_path / "events.jsonl"
    path.write_text("\n".join(rows), "utf-8")
    return path


def table(tmp_path: Path, *rows: str) -> Path:
    path = tmp_path / "events.csv"
    path.write_text("\n".join(rows) + "\n", "utf-8")
    return path


HEAD = "kind,client_id,business_date,fund,bank_id,amount"
GOOD = "government_subsidy,G1,2024-01-31,resident,B1"


@pytest.mark.parametrize(
    ("amount", "fen"),
    [("0.01", 1), ("12.3", 1230), ("7", 700), ("100000000000", 10**13)],
)
def test_digits_become_fen_as_they_are_written(tmp_path: Path, amount: str, fen: int):
    in_table = read_back(table(tmp_path, HEAD, f"{GOOD},{amount}"))
    event = {"kind": "government_subsidy", "client_id": "G1", "business_date": "2024-01-31"}
    text = json.dumps({**event, "fund": "resident", "bank_id": "B1"})[:-1]
    in_lines = read_back(lines(tmp_path, f'{text}, "amount": {amount}}}'))
    assert in_table == in_lines
    assert isinstance(in_table[0], ev.GovernmentSubsidy)
    assert in_table[0].amount == fen


@pytest.mark.parametrize(
    "amount", ["12.345", "a lot", "1,000", "¥5", "1e3", "", "0x1", "100000000000.01", "5 元"]
)
def test_what_is_no_amount_is_told_at_its_line(tmp_path: Path, amount: str):
    code = "amount_invalid" if amount else "value_missing"
    path = table(tmp_path, HEAD, f"{GOOD},1", f'{GOOD.replace("G1", "G2")},"{amount}"')
    assert codes(path) == [(3, code)]


def test_all_faults_are_told_at_once(tmp_path: Path):
    path = table(
        tmp_path,
        f"{HEAD},provider_id",
        f"{GOOD},-5,",
        "government_subsidy,G2,2024-02-30,resident,B1,5,",
        "gift,G3,2024-01-31,resident,B1,5,",
        "government_subsidy,G4,2024-01-31,resident,,5,H1",
        "government_subsidy,,2024-01-31,resident,B1,5,",
    )
    assert codes(path) == [
        (2, "amount_negative"),
        (3, "date_invalid"),
        (4, "event_unknown"),
        (5, "field_unexpected"),
        (5, "value_missing"),
        (6, "value_missing"),
    ]


def test_a_column_that_no_event_has_is_a_fault(tmp_path: Path):
    assert codes(table(tmp_path, f"{HEAD},colour", f"{GOOD},5,red")) == [(1, "column_unknown")]


def test_columns_that_every_event_needs_are_named(tmp_path: Path):
    assert codes(table(tmp_path, "kind,amount", "government_subsidy,5")) == [
        (1, "column_missing"),
        (1, "column_missing"),
    ]


def test_rows_of_one_id_are_parts_only_where_the_kind_has_parts(tmp_path: Path):
    assert codes(table(tmp_path, HEAD, f"{GOOD},5", f"{GOOD},6")) == [(3, "client_id_twice")]
    head = f"{HEAD},account_type"
    first = "contribution,C1,2024-01-31,resident,B1,5,contribution_personal"
    other = "contribution,C1,2024-01-31,resident,B2,6,contribution_aided"
    assert codes(table(tmp_path, head, first, other)) == [(3, "event_rows_differ")]
    (event,) = read_back(table(tmp_path, head, first, other.replace("B2", "B1")))
    assert isinstance(event, ev.Contribution)
    assert event.parts == (("contribution_personal", 500), ("contribution_aided", 600))


def test_ids_that_come_apart_are_two_events_of_one_id(tmp_path: Path):
    rows = [f"{GOOD},5", f"{GOOD.replace('G1', 'G2')},5", f"{GOOD},5"]
    assert codes(table(tmp_path, HEAD, *rows)) == [(4, "client_id_twice")]


def test_lines_that_are_no_objects_are_told(tmp_path: Path):
    path = lines(tmp_path, '{"kind": ', "[1]", '{"kind": "opening", "client_id": "O", '
                 '"business_date": "2023-12-31", "balances": 7}', "", "nothing")  # fmt: skip
    assert codes(path) == [
        (1, "json_invalid"),
        (2, "json_invalid"),
        (3, "json_invalid"),
        (3, "value_missing"),
        (5, "json_invalid"),
    ]


def test_an_event_without_its_parts_is_a_fault(tmp_path: Path):
    head = '{"kind": "contribution", "client_id": "C", "business_date": "2024-01-31", '
    assert codes(lines(tmp_path, head + '"fund": "resident", "bank_id": "B1"}')) == [
        (1, "value_missing")
    ]


def test_a_holder_is_a_provider_or_a_supplier(tmp_path: Path):
    head = "kind,client_id,business_date,fund,bank_id,amount,holder,party_id"
    row = "advance,A1,2024-01-31,resident,B2,5,{},H1"
    assert codes(table(tmp_path, head, row.format("friend"))) == [(2, "value_unknown")]
    (event,) = read_back(table(tmp_path, head, row.format("supplier")))
    assert isinstance(event, parties.Advance)
    assert event.holder == "supplier"


def test_a_file_of_nothing_or_none_is_told(tmp_path: Path):
    assert codes(lines(tmp_path, "", "  ")) == [(0, "file_empty")]
    assert codes(table(tmp_path, HEAD)) == [(0, "file_empty")]
    assert codes(tmp_path / "gone.csv") == [(0, "file_unreadable")]
    assert codes(tmp_path / "gone.jsonl") == [(0, "file_unreadable")]
    odd = tmp_path / "odd.jsonl"
    odd.write_bytes('{"kind": "中"}\n'.encode("gbk"))
    assert codes(odd) == [(1, "encoding_invalid")]
