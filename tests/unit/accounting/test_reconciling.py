"""Our records against a provider's and a bank's: matched, differing, alone, and nothing lost."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from yibao.engines.accounting.reconciling import (
    Reconciliation,
    Record,
    reconcile,
    reconcile_bank,
)

FIRST = date(2024, 3, 1)


def records(table: str) -> list[Record]:
    """Rows of: id, amount in fen, reference or –, day of March or –."""
    found = []
    for row in filter(None, (row.strip() for row in table.splitlines())):
        record_id, amount, reference, day = row.split()
        found.append(
            Record(
                record_id,
                int(amount),
                "" if reference == "–" else reference,
                None if day == "–" else FIRST + timedelta(days=int(day) - 1),
            )
        )
    return found


def shown(found: Reconciliation) -> dict[str, list[str]]:
    return {
        "matched": [f"{m.ours.record_id}={m.theirs.record_id} {m.how}" for m in found.matched],
        "differing": [f"{m.ours.record_id}≠{m.theirs.record_id}" for m in found.differing],
        "ours": [one.record_id for one in found.only_ours],
        "theirs": [one.record_id for one in found.only_theirs],
    }


def test_a_providers_lines_meet_by_reference():
    ours = records("a 100 c1 –\nb 250 c2 –\nc 70 c3 –\nd 5 c9 –")
    theirs = records("w 250 c2 –\nx 100 c1 –\ny 75 c3 –\nz 8 c4 –")
    found = reconcile(ours, theirs)
    assert shown(found) == {
        "matched": ["a=x reference", "b=w reference"],
        "differing": ["c≠y"],
        "ours": ["d"],
        "theirs": ["z"],
    }
    # 425 against 433: −5 on c3, +5 only ours, −8 only theirs
    assert [match.difference_amount for match in found.differing] == [-5]
    assert found.difference_amount == -8
    assert not found.agrees


def test_one_reference_several_times_pairs_equal_amounts_first():
    found = reconcile(records("a 30 c1 –\nb 20 c1 –\nc 20 c1 –"), records("x 20 c1 –\ny 31 c1 –"))
    assert shown(found) == {
        "matched": ["b=x reference"],
        "differing": ["a≠y"],
        "ours": ["c"],
        "theirs": [],
    }


def test_a_record_without_a_reference_meets_nobody_at_a_provider():
    found = reconcile(records("a 30 – –"), records("x 30 – –"))
    assert shown(found) == {"matched": [], "differing": [], "ours": ["a"], "theirs": ["x"]}


def test_one_record_given_twice_is_two():
    one = Record("a", 30, "c1")
    found = reconcile([one, one], [one])
    assert (len(found.matched), len(found.only_ours), found.difference_amount) == (1, 1, 30)


def test_equal_sides_agree():
    assert reconcile(records("a 1 c –"), records("x 1 c –")).agrees
    assert reconcile([], []).agrees


@pytest.mark.parametrize(
    ("ours", "theirs", "expected"),
    [
        ("a -500 p1 3", "x -500 p1 9", ["a=x reference"]),  # a reference wins over the day
        ("a -500 p1 3", "x -500 – 3", ["a=x amount_and_day"]),
        ("a -500 p1 3", "x -500 – 5", ["a=x amount_near"]),  # the second day after
        ("a -500 p1 5", "x -500 – 3", ["a=x amount_near"]),
        ("a -500 p1 3", "x -500 – 6", []),  # the third
        ("a -500 p1 3", "x 500 – 3", []),  # the other way
        ("a -500 p1 3", "x -501 – 3", []),
        ("a -500 p1 3", "x -500 p2 3", []),  # two references that say they are not one
        ("a -500 p1 –", "x -500 – 3", []),
        ("a -500 – 3\nb -500 – 3", "x -500 – 3", []),  # either of two: nobody guesses
        ("a -500 – 3", "x -500 – 3\ny -500 – 3", []),
        ("a -500 – 3\nb -500 – 4", "x -500 – 3\ny -500 – 4", ["a=x amount_and_day",
                                                              "b=y amount_and_day"]),
        ("a -500 – 3", "x -500 – 2\ny -500 – 4", []),
    ],
)  # fmt: skip
def test_a_banks_lines_meet_by_reference_then_by_amount_and_day(
    ours: str, theirs: str, expected: list[str]
):
    found = reconcile_bank(records(ours), records(theirs), within_days=2)
    assert shown(found)["matched"] == expected
    placed = len(found.matched) * 2 + len(found.only_ours) + len(found.only_theirs)
    assert placed == len(records(ours)) + len(records(theirs))


def test_a_banks_other_amount_under_our_reference_differs():
    found = reconcile_bank(records("a -500 p1 3"), records("x -50 p1 3"), within_days=0)
    assert shown(found)["differing"] == ["a≠x"]
    assert found.difference_amount == -450
