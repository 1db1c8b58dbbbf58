"""Claim ids that stand in two partitions: found, whatever they look like, and both places named."""

from __future__ import annotations

import polars as pl
import pytest

from yibao.base.findings import FaultsFound
from yibao.offices.actuary import claim_ids
from yibao.offices.actuary.claim_ids import check_claim_ids
from yibao.storage.files.claim_files import ClaimsPlace


def places_of(folder, *parts):
    found = []
    for number, ids in enumerate(parts):
        part = folder / f"part-{number:04d}"
        part.mkdir()
        pl.DataFrame({"claim_id": ids}).write_parquet(part / "claims.parquet")
        found.append(ClaimsPlace(part / "claims.parquet"))
    return found


def told(places):
    with pytest.raises(FaultsFound) as caught:
        check_claim_ids(places)
    return [
        (fault.code, fault.message.en, [(where.file[-24:], where.line) for where in
         (*fault.also, fault.where)])
        for fault in caught.value.faults
    ]  # fmt: skip


IN_BOTH = [("part-0000/claims.parquet", 2), ("part-0002/claims.parquet", 3)]


@pytest.mark.parametrize(
    ("parts", "shared"),
    [
        # numbers that grow; that do not; texts; texts beside numbers, which read as their digits
        (([1, 5, 9], [2, 6], [3, 4, 5]), "5"),
        (([9, 5, 1], [2, 6], [4, 3, 5]), "5"),
        ((["A", "B"], ["C"], ["E", "D", "B"]), "B"),
        ((["1", "5"], ["C"], [3, 4, 5]), "5"),
        # so far apart that bits would cost more than sorting, the last beyond what bits may tell
        (([1, 1 << 40], [2], [3, 4, 1 << 40]), str(1 << 40)),
        (([1, 1 << 63], [2], [3, 4, 1 << 63]), str(1 << 63)),
        (([1, 1 << 60], [2], [3, 4, 1 << 60]), str(1 << 60)),
    ],
)
def test_an_id_in_two_parts_is_refused_with_both_places(tmp_path, parts, shared):
    code, said, wheres = told(places_of(tmp_path, *parts))[0]
    assert (code, wheres) == ("claim_id_in_two_partitions", IN_BOTH)
    assert said == f"claim {shared} stands in two partitions"


@pytest.mark.parametrize("window", [64, 128])
def test_ids_on_both_sides_of_a_window_meet_only_themselves(tmp_path, monkeypatch, window):
    monkeypatch.setattr(claim_ids, "_WINDOW", window)
    low = [0, window - 1, window, window + 1, 2 * window]
    between = [1, window - 2, window + 2, 2 * window - 1, 2 * window + 1]
    keys = [pl.Series(ids).to_numpy() for ids in (low, between, [window - 1, 2 * window])]
    assert not len(claim_ids._met(keys[:2]))
    assert claim_ids._met([keys[0], keys[2]]).tolist() == [window - 1, 2 * window]


@pytest.mark.parametrize(
    "parts",
    [
        ([1, 2], [3, 4]),
        ([2, 1], [4, 3]),
        (["A"], ["B"]),
        # twice in one part, or not stated: that part's rejects tell
        ([1, 1], [2, 3]),
        (["A", "A", None], ["B", None]),
        ([1, None], [2, None]),
        ([], [1]),
    ],
)
def test_ids_of_one_part_alone_are_let_be(tmp_path, parts):
    check_claim_ids(places_of(tmp_path, *parts))


def test_hashes_that_meet_by_chance_decide_nothing(tmp_path, monkeypatch):
    places = places_of(tmp_path, ["A", "B"], ["C", "D"])
    same = pl.Series([1, 1]).to_numpy()
    monkeypatch.setattr(claim_ids, "_keys", lambda ids, as_text: same[: len(ids)])
    check_claim_ids(places)
