"""A folder of partitions is whole, or every part that is not is named."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from yibao.base.findings import FaultsFound
from yibao.storage.files.partitions import (
    FORMAT,
    Manifest,
    Part,
    check_members,
    claims_in,
    find_places,
    part_name,
    table_file,
    write_manifest,
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    parts = []
    for number, members in enumerate(([1, 1, 2], [3, 4])):
        path = tmp_path / part_name(number) / "claims.parquet"
        path.parent.mkdir()
        pl.DataFrame({"claim_id": range(len(members)), "member_id": members}).write_parquet(path)
        parts.append(Part(table_file(tmp_path, path)))
    write_manifest(tmp_path, Manifest(FORMAT, "member_id", tuple(parts)))
    return tmp_path


def codes(told: pytest.ExceptionInfo[FaultsFound]) -> list[tuple[str, str]]:
    return [(fault.code, Path(fault.where.file).parent.name) for fault in told.value.faults]


def test_a_whole_folder_gives_its_parts_in_order(folder: Path):
    places = find_places(folder)
    assert [place.claims.parent.name for place in places] == ["part-0000", "part-0001"]
    assert claims_in(folder, with_hashes=True) == places


def test_a_missing_part_is_named(folder: Path):
    (folder / "part-0001" / "claims.parquet").unlink()
    with pytest.raises(FaultsFound) as told:
        find_places(folder)
    assert codes(told) == [("partition_missing", "part-0001")]


def test_a_part_that_is_not_named_is_refused(folder: Path):
    (folder / "part-0002").mkdir()
    with pytest.raises(FaultsFound) as told:
        find_places(folder)
    assert [fault.code for fault in told.value.faults] == ["partition_unlisted"]


def test_a_part_with_other_rows_is_refused(folder: Path):
    path = folder / "part-0000" / "claims.parquet"
    pl.read_parquet(path).head(2).write_parquet(path)
    with pytest.raises(FaultsFound) as told:
        find_places(folder)
    assert codes(told) == [("partition_differs", "part-0000")]


def test_other_content_in_as_many_rows_is_found_by_its_hash(folder: Path):
    path = folder / "part-0000" / "claims.parquet"
    pl.read_parquet(path).with_columns(claim_id=7).write_parquet(path)
    claims_in(folder)
    with pytest.raises(FaultsFound) as told:
        claims_in(folder, with_hashes=True)
    assert codes(told) == [("partition_differs", "part-0000")]


def test_a_truncated_part_is_refused(folder: Path):
    path = folder / "part-0001" / "claims.parquet"
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(FaultsFound) as told:
        find_places(folder)
    assert codes(told) == [("file_unreadable", "part-0001")]


@pytest.mark.parametrize("ids", [(2, "integers"), ("2", "text")], ids=lambda ids: ids[1])
def test_a_member_in_two_parts_is_named_with_both(folder: Path, ids: tuple[int | str, str]):
    for number, members in enumerate((["1", "2"], ["3", "2"])):
        path = folder / part_name(number) / "claims.parquet"
        kind = pl.Int64 if isinstance(ids[0], int) else pl.Categorical
        column = pl.Series("member_id", members, pl.String).cast(kind)
        pl.DataFrame({"claim_id": [1, 2], "member_id": column}).write_parquet(path)
    parts = tuple(
        Part(table_file(folder, folder / part_name(number) / "claims.parquet"))
        for number in range(2)
    )
    write_manifest(folder, Manifest(FORMAT, "member_id", parts))
    with pytest.raises(FaultsFound) as told:
        check_members(claims_in(folder))
    assert codes(told) == [("member_in_two_partitions", "part-0001")]
    assert "2" in told.value.told("zh")
    assert "part-0000" in told.value.told("en")


def test_members_are_not_looked_for_twice_where_the_engine_looks(folder: Path, monkeypatch):
    monkeypatch.setattr("yibao.storage.files.partitions.check_members", lambda places: 1 / 0)
    assert len(find_places(folder, with_members=False)) == len(list(folder.glob("part-*")))
    with pytest.raises(ZeroDivisionError):
        find_places(folder)


@pytest.mark.parametrize("text", [b"{", b'{"format": "other", "partitioned_by": "x", "parts": []}'])
def test_a_manifest_that_cannot_be_read_is_refused(folder: Path, text: bytes):
    (folder / "manifest.json").write_bytes(text)
    with pytest.raises(FaultsFound) as told:
        find_places(folder)
    assert [fault.code for fault in told.value.faults] == ["manifest_unreadable"]


def test_a_folder_without_a_manifest_is_read_as_before(folder: Path):
    place = find_places(folder / "part-0000")
    assert [one.claims for one in place] == [folder / "part-0000" / "claims.parquet"]
