"""Claim ids that stand in two partitions (重复结算单), found before anything is settled.

A part alone knows the ids that it has twice. Over all parts, ids become 64-bit keys: whole numbers
are their own, texts give a hash. Keys that grow from row to row, as ours do, are ticked off window
by window in a small table of bits; any others are sorted. What meets is looked up again as text, so
that a hash never decides. Memory is eight bytes a claim.

Holds: no id is accepted that stands in two parts. Refuses: the whole folder, naming both places.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl
import pyarrow as pa
from numpy.typing import NDArray
from pyarrow import parquet, types

from yibao.base.findings import Fault, FaultsFound, Where
from yibao.base.texts import Text
from yibao.offices.actuary.bulk.machine import Ints, compiled
from yibao.storage.files.claim_files import ClaimsPlace
from yibao.storage.files.claim_tables import unreadable_fault

_WINDOW = 1 << 23
"""Keys of so wide a stretch are ticked off together: a table of bits of one mebibyte."""
_SPARSE = 1 << 12
"""Where there is a key in so many numbers or more, sorting is no slower."""
_ROOM = 1 << 62
"""Numbers beyond are sorted, so that a window's end is a number too."""
_SHOWN = 5
_MOST = 1 << 10


def check_claim_ids(places: Sequence[ClaimsPlace]) -> None:
    """Refuse an id of a claim that stands in two partitions; partitions are files of Parquet.

    Raises:
        FaultsFound: with some of the ids, each with both files and rows.
    """
    places = [place for place in places if place.claims.suffix.lower() == ".parquet"]
    if len(places) < 2:
        return
    are_whole = all(_is_whole(place) for place in places)
    keys = [_keys(_ids(place), as_text=not are_whole) for place in places]
    met = _met(keys)
    if not len(met):
        return
    holders = [place for place, own in zip(places, keys, strict=True) if np.isin(met, own).any()]
    faults = _faults(holders, met, as_text=not are_whole)
    if faults:
        raise FaultsFound(faults)


def _is_whole(place: ClaimsPlace) -> bool:
    try:
        schema = parquet.read_schema(place.claims)
    except (pa.ArrowException, OSError) as error:
        raise FaultsFound([unreadable_fault(place.claims, str(error))]) from None
    if "claim_id" not in schema.names:
        return False
    kind = schema.field("claim_id").type
    return bool(types.is_integer(kind)) and kind != pa.uint64()


def _ids(place: ClaimsPlace) -> pa.ChunkedArray:
    try:
        with parquet.ParquetFile(place.claims) as file:
            if "claim_id" not in file.schema_arrow.names:
                return pa.chunked_array([[]], pa.int64())
            return file.read(columns=["claim_id"]).column(0)
    except (pa.ArrowException, OSError) as error:
        raise FaultsFound([unreadable_fault(place.claims, str(error))]) from None


def _keys(ids: pa.ChunkedArray, *, as_text: bool) -> Ints:
    """A key for each id that is stated."""
    stated = ids.drop_null() if ids.null_count else ids
    if not as_text:
        return np.asarray(stated.cast(pa.int64()).to_numpy())
    text = pl.Series(stated.cast(pa.string()))
    return np.asarray(text.hash().to_numpy()).view(np.int64)


def _met(keys: Sequence[Ints]) -> Ints:
    """Some of the keys that stand in two parts; of hashes and unordered keys also in one twice."""
    filled = [own for own in keys if len(own)]
    count = sum(len(own) for own in filled)
    if len(filled) < 2:
        return np.zeros(0, np.int64)
    low, high = min(int(own.min()) for own in filled), max(int(own.max()) for own in filled)
    grow = (bool(np.all(own[1:] >= own[:-1])) for own in filled)
    if max(-low, high) < _ROOM and high - low < _SPARSE * count and all(grow):
        return _ticked(filled, low, high)
    return _sorted(filled)


def _sorted(keys: Sequence[Ints]) -> Ints:
    whole = np.concatenate(keys)
    whole.sort()
    twice = whole[1:][whole[1:] == whole[:-1]]
    return np.unique(twice)


def _ticked(keys: Sequence[Ints], low: int, high: int) -> Ints:
    bits = np.zeros(_WINDOW >> 6, np.uint64)
    met = np.zeros(_MOST, np.int64)
    next_row, count = [0] * len(keys), 0
    for start in range(low, high + 1, _WINDOW):
        bits[:] = 0
        for part, own in enumerate(keys):
            next_row[part], count = _tick(own, next_row[part], start, bits, met, count)
    return met[:count]


@compiled
def _tick(
    keys: Ints, row: int, start: int, bits: NDArray[np.uint64], met: Ints, count: int
) -> tuple[int, int]:
    """Tick a part's keys of one window; the next row, and how many have met."""
    end = start + 64 * len(bits)
    while row < len(keys) and keys[row] < end:
        place = keys[row] - start
        bit = np.uint64(1) << np.uint64(place & 63)
        if not (row and keys[row] == keys[row - 1]):
            if bits[place >> 6] & bit and count < len(met):
                met[count] = keys[row]
                count += 1
            bits[place >> 6] |= bit
        row += 1
    return row, count


def _faults(places: Sequence[ClaimsPlace], met: Ints, *, as_text: bool) -> list[Fault]:
    """The ids of these keys that stand in two files, exactly."""
    found: dict[str, list[Where]] = {}
    for place in places:
        first: dict[str, Where] = {}
        ids = _ids(place)
        frame = pl.DataFrame({
            "id": pl.Series(ids.cast(pa.string())),
            "row": np.arange(1, len(ids) + 1),
        }).drop_nulls()  # fmt: skip
        is_met = np.isin(_keys(ids, as_text=as_text), met)
        for claim, row in frame.filter(pl.Series(is_met)).iter_rows():
            first.setdefault(claim, Where(str(place.claims), row))
        for claim, where in first.items():
            found.setdefault(claim, []).append(where)
    shared = sorted((claim, wheres) for claim, wheres in found.items() if len(wheres) > 1)
    return [_fault(claim, wheres) for claim, wheres in shared[:_SHOWN]]


def _fault(claim: str, wheres: Sequence[Where]) -> Fault:
    return Fault(
        "claim_id_in_two_partitions",
        wheres[-1],
        Text(f"结算单号 {claim} 在两个分区中都有", f"claim {claim} stands in two partitions"),
        Text(
            "每张结算单只保留一份；若为两张不同的结算单，请更改编号",
            "keep the claim once; if they are two claims, give one another id",
        ),
        tuple(wheres[:-1]),
    )
