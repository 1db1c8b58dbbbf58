"""Cutting files of claims into shares: stretches of whole members, read one by one.

The column of members is read first. Where every member's claims stand together, a share is a
stretch of the file as it lies. Any other file (CSV, texts for dates, members scattered) is first
brought into that form, beside the results and out of sight.

Refuses: a member in two parts, which would count each half as a whole.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from itertools import pairwise
from pathlib import Path

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from pyarrow import parquet, types

from yibao.base.findings import Fault, FaultsFound, Where
from yibao.base.texts import Text
from yibao.offices.actuary.bulk.frames import DATES, Truths, is_readable, numbers_of, whole_array
from yibao.offices.actuary.bulk.machine import Ints
from yibao.storage.files.claim_checks import FAULTS, judged
from yibao.storage.files.claim_columns import Column, Contract, header_faults
from yibao.storage.files.claim_files import ClaimsPlace
from yibao.storage.files.claim_tables import ROW, BigTable, open_table, unreadable_fault
from yibao.storage.files.partitions import check_members

SHARE_ROWS = 320 * 1000
"""About how many claims a share has; a row group of a file is never read twice."""
_HOLDER = "#holder"
_PARTS_ROWS = 8 * SHARE_ROWS


@dataclass(frozen=True, slots=True)
class Part:
    """A file of claims, members together; ``lines`` is its judged copy of the lines, if any.

    ``place`` says where it was found, among several places: rejects then name its file.
    """

    path: Path
    rows: int
    first_row: int
    columns: tuple[str, ...]
    lines: Path | None = None
    place: ClaimsPlace | None = None


@dataclass(frozen=True, slots=True)
class Share:
    """Rows ``[first, last)`` of a part, whole members; they lie in some of its row groups."""

    number: int
    part_number: int
    part: Part
    first: int
    last: int
    groups: tuple[int, ...]
    skipped: int
    twice: frozenset[str] = frozenset()

    def __len__(self) -> int:
        return self.last - self.first


def parts_of(places: Sequence[ClaimsPlace], contract: Contract, *, folder: Path) -> list[Part]:
    """The parts of some places; ``folder`` takes what has to be brought into form.

    Raises:
        FaultsFound: if a file cannot be read as a whole, or a member is in two places.
    """
    parts: list[Part] = []
    holders: list[pa.Array] = []
    for number, place in enumerate(places):
        claims = _checked(place, contract)
        found, starts = _as_it_lies(place, claims, contract)
        if found is None:
            found, starts = _brought_into_form(claims, contract, folder=folder / f"form-{number}")
        parts += found
        holders.append(starts)
        if place.lines is not None:
            staged = folder / f"lines-{number}.parquet"
            _stage(open_table(place.lines, contract.lines), contract.lines, staged)
            parts[-len(found) :] = [replace(part, lines=staged) for part in found]
        if len(places) > 1:
            parts[-len(found) :] = [replace(part, place=place) for part in parts[-len(found) :]]
    if len(places) > 1:
        _refuse_split_members(places, holders, by_family=contract.by_family)
    return parts


def _checked(place: ClaimsPlace, contract: Contract) -> BigTable:
    """The table of claims, opened, its columns those of the contract."""
    claims = open_table(place.claims, contract.claims)
    lines = open_table(place.lines, contract.lines) if place.lines else None
    faults = header_faults(
        str(place.claims), claims.columns, known=contract.claims, has_lines=lines is not None
    )
    if lines is not None:
        faults += header_faults(
            str(lines.path), lines.columns, known=contract.lines, has_lines=True
        )
    if faults:
        raise FaultsFound(faults)
    return claims


def _as_it_lies(
    place: ClaimsPlace, claims: BigTable, contract: Contract
) -> tuple[list[Part] | None, pa.Array]:
    """The part as it lies, if it has the right form, and each member's first id."""
    nothing = pa.array([], pa.string())
    if place.claims.suffix.lower() != ".parquet":
        return None, nothing
    with parquet.ParquetFile(place.claims) as file:
        if not is_readable(file.schema_arrow, contract.claims):
            return None, nothing
        rows = file.metadata.num_rows
    try:
        starts = _holders(place.claims, contract)
    except (pa.ArrowException, OSError) as error:
        raise FaultsFound([unreadable_fault(place.claims, str(error))]) from None
    if starts is None:
        return None, nothing
    names = tuple(name for name in claims.columns if name in _names(contract))
    return [Part(place.claims, rows, 1, names)], starts


def _names(contract: Contract) -> set[str]:
    return {column.name for column in contract.claims}


def _holders(path: Path, contract: Contract) -> pa.Array | None:
    """Each member's id once, if all of its claims stand together."""
    found: list[pa.Array] = []
    with parquet.ParquetFile(path) as file:
        known = [name for name in contract.holder_columns if name in file.schema_arrow.names]
        for group in range(file.num_row_groups):
            table = file.read_row_group(group, columns=known, use_threads=False)
            holders = holders_of(table, contract)
            found.append(holders.filter(pa.array(begins_of(holders))))
    if not found:
        return pa.array([], pa.string())
    starts = pa.concat_arrays([one.cast(found[0].type) for one in found])
    starts = starts.filter(pa.array(begins_of(starts)))
    return starts if is_unique(starts) else None


def holders_of(table: pa.Table, contract: Contract) -> pa.Array:
    """To whom each claim belongs: the member, or the family where counters are a family's."""
    arrays = [
        whole_array(table.column(name))
        for name in contract.holder_columns
        if name in table.column_names
    ]
    arrays = [
        one.cast(one.type.value_type) if types.is_dictionary(one.type) else one for one in arrays
    ]
    if len(arrays) == 1:
        return arrays[0]
    if arrays[0].type != arrays[1].type:
        arrays = [one.cast(pa.string()) for one in arrays]
    return pc.coalesce(*arrays)


def begins_of(holders: pa.Array) -> Truths:
    """Where another holder begins; claims of nobody each begin."""
    begins: Truths = np.ones(len(holders), np.bool_)
    if len(holders) > 1:
        if types.is_integer(holders.type) and not holders.null_count:
            values = np.asarray(holders)
            begins[1:] = values[1:] != values[:-1]
        else:
            differ = pc.not_equal(holders[1:], holders[:-1])
            begins[1:] = np.asarray(pc.fill_null(differ, fill_value=True))
    return begins


def is_unique(ids: pa.Array) -> bool:
    """Whether no id stands twice; nothing stated does not count."""
    stated = ids.drop_null() if ids.null_count else ids
    if types.is_integer(stated.type):
        values = np.sort(np.asarray(stated))
        return not np.any(values[1:] == values[:-1])
    return int(pc.count_distinct(stated).as_py()) == len(stated)


def _refuse_split_members(
    places: Sequence[ClaimsPlace], holders: Sequence[pa.Array], *, by_family: bool
) -> None:
    kinds = {one.type for one in holders if len(one)}
    texts = [one.cast(pa.string()) if len(kinds) > 1 else one for one in holders if len(one)]
    if texts and not is_unique(pa.concat_arrays(texts)):
        check_members(places)
        if by_family:
            raise FaultsFound([_split_family(places)])


def _split_family(places: Sequence[ClaimsPlace]) -> Fault:
    return Fault(
        "family_in_two_partitions",
        Where(str(places[0].claims.parent.parent)),
        Text("有家庭的结算单分在两个分区", "a family has claims in two partitions"),
        Text(
            "本地区有按家庭累计的项目，同一家庭的结算单须在同一分区",
            "counters of this area are kept by family: keep a family's claims in one partition",
        ),
    )


def _brought_into_form(
    claims: BigTable, contract: Contract, *, folder: Path
) -> tuple[list[Part], pa.Array]:
    """Typed copies, members together and in order of entry, in files of bounded size."""
    folder.mkdir(parents=True, exist_ok=True)
    staged = folder / "all.parquet"
    rows = _stage(claims, contract.claims, staged)
    present = [name for name in claims.columns if name in _names(contract)]
    count = max(1, -(-rows // _PARTS_ROWS))
    parts: list[Part] = []
    starts: list[pa.Array] = []
    for number in range(count):
        holder = pl.coalesce(contract.holder_columns).fill_null("")
        scan = (
            pl.scan_parquet(staged)
            .select(*present, ROW, FAULTS)
            .with_columns(holder.alias(_HOLDER))
        )
        if count > 1:
            scan = scan.filter(pl.col(_HOLDER).hash() % count == number)
        order = [_HOLDER, *(["entry_sequence"] if "entry_sequence" in present else []), ROW]
        frame = scan.sort(order).drop(_HOLDER).collect()
        path = folder / f"{number}.parquet"
        frame.write_parquet(path, compression="lz4", row_group_size=SHARE_ROWS)
        parts.append(Part(path, frame.height, 0, (*present, ROW, FAULTS)))
        found = _holders(path, contract)
        starts.append(found.cast(pa.string()) if found is not None else pa.array([], pa.string()))
    staged.unlink()
    return parts, pa.concat_arrays(starts)


def _stage(table: BigTable, columns: Sequence[Column], target: Path) -> int:
    empty = pl.DataFrame(schema=dict.fromkeys(table.columns, pl.String))
    empty = empty.with_columns(pl.lit(None, pl.Int64).alias(ROW))
    schema = judged(empty, columns).to_arrow().schema
    rows = 0
    with parquet.ParquetWriter(target, schema, compression="lz4") as writer:
        for batch in table.batches():
            writer.write_table(judged(batch, columns).to_arrow().cast(schema))
            rows += batch.height
    return rows


def shares_of(parts: Sequence[Part], contract: Contract) -> list[Share]:
    """Stretches of whole members, each of about :data:`SHARE_ROWS` claims."""
    shares: list[Share] = []
    for number, part in enumerate(parts):
        for first, last, groups, skipped in _stretches(part, contract):
            shares.append(Share(len(shares), number, part, first, last, groups, skipped))
    return shares


def _stretches(part: Part, contract: Contract) -> Iterator[tuple[int, int, tuple[int, ...], int]]:
    with parquet.ParquetFile(part.path) as file:
        sizes = [file.metadata.row_group(g).num_rows for g in range(file.num_row_groups)]
        edges = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
        cuts = [0]
        for group in range(1, len(sizes)):
            if edges[group + 1] - cuts[-1] > SHARE_ROWS and edges[group] > cuts[-1]:
                cuts.append(_next_member(file, contract, edges, group))
        cuts.append(int(edges[-1]))
    for first, last in pairwise(cuts):
        if last > first:
            low = int(np.searchsorted(edges, first, side="right")) - 1
            high = int(np.searchsorted(edges, last, side="left"))
            yield first, last, tuple(range(low, high)), first - int(edges[low])


def _next_member(file: parquet.ParquetFile, contract: Contract, edges: Ints, group: int) -> int:
    """The first row from a row group on at which another member begins."""
    if not contract.by_family and _is_cut_between(file, group):
        return int(edges[group])
    known = [name for name in contract.holder_columns if name in file.schema_arrow.names]
    before = holders_of(file.read_row_group(group - 1, columns=known), contract)[-1:]
    for following in range(group, file.num_row_groups):
        holders = holders_of(file.read_row_group(following, columns=known), contract)
        begins = begins_of(pa.concat_arrays([before, holders]))[1:]
        if begins.any():
            return int(edges[following]) + int(np.argmax(begins))
        before = holders[-1:]
    return int(edges[-1])


def _is_cut_between(file: parquet.ParquetFile, group: int) -> bool:
    """Whether the statistics show that no member stands on both sides of a row group's edge."""
    place = file.schema_arrow.names.index("member_id")
    sides = [file.metadata.row_group(one).column(place).statistics for one in (group - 1, group)]
    if any(side is None or not side.has_min_max or side.null_count for side in sides):
        return False
    return bool(sides[0].max < sides[1].min or sides[1].max < sides[0].min)


def read_share(share: Share) -> pa.Table:
    """The rows of a share, as they lie.

    Raises:
        FaultsFound: if the file is broken there.
    """
    part = share.part
    names = list(part.columns)
    try:
        with parquet.ParquetFile(part.path, read_dictionary=_few(part)) as file:
            table = file.read_row_groups(list(share.groups), columns=names, use_threads=False)
    except (pa.ArrowException, OSError) as error:
        raise FaultsFound([unreadable_fault(part.path, str(error))]) from None
    return table.slice(share.skipped, len(share))


def _few(part: Part) -> list[str]:
    """Columns of text that hold few values: all but ids."""
    return [name for name in part.columns if not name.endswith("_id") and name != FAULTS]


def rows_of_share(share: Share, table: pa.Table) -> Ints:
    """The row numbers as a person sees them."""
    if ROW in table.column_names:
        return numbers_of(whole_array(table.column(ROW)))[0]
    first = share.part.first_row + share.first
    return np.arange(first, first + len(share), dtype=np.int64)


def order_of_entry(table: pa.Table, begins: Truths, *, rows: Ints) -> NDArray[np.intp] | None:
    """The order in which rows are to be settled; None if they stand so."""
    if "entry_sequence" not in table.column_names:
        return None
    sequence, _ = numbers_of(whole_array(table.column("entry_sequence")))
    if not np.any((sequence[1:] < sequence[:-1]) & ~begins[1:]):
        return None
    return np.lexsort((rows, sequence, np.cumsum(begins)))


def claims_twice(part: Part) -> frozenset[str]:
    """Claim ids that stand more than once in a part's file."""
    scan = pl.scan_parquet(part.path).select(pl.col("claim_id").cast(pl.String))
    counted = scan.group_by("claim_id").len().filter(pl.col("len") > 1)
    return frozenset(counted.collect(engine="streaming")["claim_id"].drop_nulls())


def days_covered(parts: Sequence[Part]) -> tuple[date, date] | None:
    """The first and last date of all claims, where the files tell without being read."""
    least: list[date] = []
    most: list[date] = []
    for part in parts:
        with parquet.ParquetFile(part.path) as file:
            names = file.schema_arrow.names
            for group in range(file.num_row_groups):
                for name in DATES:
                    if name not in names:
                        continue
                    told = file.metadata.row_group(group).column(names.index(name)).statistics
                    if told is not None and told.null_count == told.num_values + told.null_count:
                        continue
                    if told is None or not told.has_min_max:
                        return None
                    least.append(_as_day(told.min))
                    most.append(_as_day(told.max))
    return (min(least), max(most)) if least else None


def _as_day(found: object) -> date:
    if isinstance(found, datetime):
        return found.date()
    if isinstance(found, date):
        return found
    return date.max
