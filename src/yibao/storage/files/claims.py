"""The claims contract (结算单文件): tables `claims` and `lines` become bills, member by member.

A file is read once, in batches, into a staged copy whose cells are typed and judged; faults of a
file as a whole stop here, before anything is settled. From the staged copy, members come one after
another with their claims in order of entry, a part of the members at a time, so that memory is
bounded by the part and not by the file.

Holds: every row of `claims` comes out exactly once, as a bill or as a reject; every line comes with
its claim. Refuses: lines whose claim is not there, two rows of one claim id (both are rejected:
none is preferred), and amounts beside lines.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

import polars as pl
from pyarrow import parquet

from yibao.base.findings import FaultsFound
from yibao.engines.policy.law import FactDefinition
from yibao.storage.files.claim_checks import judged
from yibao.storage.files.claim_columns import Column, claim_columns, header_faults, line_columns
from yibao.storage.files.claim_files import ClaimsPlace, orphan_fault
from yibao.storage.files.claim_tables import ROW, BigTable, open_table
from yibao.storage.files.filed_claims import Assembly, FiledClaim, Reject

PART_ROWS = 200_000
"""About how many claims are in memory at a time."""
_SHOWN = 20
_PLACE = "#place"
_HOLDER = "#holder"


class StagedClaims:
    """Claims that were read and judged whole; :meth:`groups` gives them member by member.

    ``facts`` are the area's that a file may state; ``folder`` takes the staged copy.
    """

    def __init__(
        self,
        place: ClaimsPlace,
        *,
        facts: Mapping[str, FactDefinition],
        streams: Iterable[str],
        folder: Path,
    ) -> None:
        self._claim_columns = claim_columns(facts, streams)
        self._line_columns = line_columns(facts)
        self._claims = folder / "claims.parquet"
        self._lines = folder / "lines.parquet"
        claims = open_table(place.claims, self._claim_columns)
        lines = open_table(place.lines, self._line_columns) if place.lines else None
        faults = header_faults(
            str(place.claims),
            claims.columns,
            known=self._claim_columns,
            has_lines=lines is not None,
        )
        if lines is not None:
            faults += header_faults(
                str(lines.path), lines.columns, known=self._line_columns, has_lines=True
            )
        if faults:
            raise FaultsFound(faults)
        self._has_sequence = "entry_sequence" in claims.columns
        self.claims_count = _stage(claims, self._claim_columns, self._claims)
        self._has_lines = lines is not None
        if lines is not None:
            _stage(lines, self._line_columns, self._lines)
            self._refuse_orphans(lines.path)
        self._twice = self._repeated_ids()

    def groups(self, *, by_family: bool = False) -> Iterator[list[FiledClaim | Reject]]:
        """Each member's rows (each family's, where counters are shared) in order of entry."""
        assembly = Assembly(self._claim_columns, self._line_columns)
        parts = max(1, -(-self.claims_count // PART_ROWS))
        for part in range(parts):
            rows = self._part(part, parts, by_family=by_family)
            lines = self._lines_of(rows)
            pending: tuple[int, list[dict[str, Any]]] | None = next(lines, None)
            for _, group in groupby(rows.iter_rows(named=True), key=lambda row: row[_HOLDER]):
                holder = list(group)
                sequences = Counter(row["entry_sequence"] for row in holder)
                outcome = []
                for row in holder:
                    own: list[dict[str, Any]] = []
                    if pending is not None and pending[0] == row[_PLACE]:
                        own, pending = pending[1], next(lines, None)
                    also = self._known_of_row(row, sequences)
                    outcome.append(assembly.outcome(row, own, also=also))
                yield outcome

    def _part(self, part: int, parts: int, *, by_family: bool) -> pl.DataFrame:
        holder = pl.coalesce("family_id", "member_id") if by_family else pl.col("member_id")
        scan = pl.scan_parquet(self._claims).with_columns(holder.fill_null("").alias(_HOLDER))
        if not self._has_sequence:
            scan = scan.with_columns(pl.col(ROW).alias("entry_sequence"))
        if parts > 1:
            scan = scan.filter(pl.col(_HOLDER).hash() % parts == part)
        return scan.sort(_HOLDER, "entry_sequence", ROW).with_row_index(_PLACE).collect()

    def _lines_of(self, rows: pl.DataFrame) -> Iterator[tuple[int, list[dict[str, Any]]]]:
        """The lines of a part's claims, by the claim's place, each in the order of the file."""
        if not self._has_lines:
            return
        places = rows.lazy().select("claim_id", _PLACE)
        lines = pl.scan_parquet(self._lines).join(places, on="claim_id").sort(_PLACE, ROW)
        for place, group in groupby(
            lines.collect(engine="streaming").iter_rows(named=True), key=lambda line: line[_PLACE]
        ):
            yield place, list(group)

    def _repeated_ids(self) -> frozenset[str]:
        counted = pl.scan_parquet(self._claims).group_by("claim_id").len()
        twice = counted.filter(pl.col("len") > 1, pl.col("claim_id").is_not_null())
        return frozenset(twice.collect(engine="streaming")["claim_id"])

    def _refuse_orphans(self, path: Path) -> None:
        claims = pl.scan_parquet(self._claims).select("claim_id")
        orphans = (
            pl.scan_parquet(self._lines)
            .join(claims, on="claim_id", how="anti")
            .sort(ROW)
            .head(_SHOWN)
            .collect()
        )
        if orphans.height:
            raise FaultsFound(
                orphan_fault(path, row[ROW], claim_id=row["claim_id"])
                for row in orphans.iter_rows(named=True)
            )

    def _known_of_row(self, row: dict[str, Any], sequences: Counter[int]) -> Iterator[str]:
        if row["claim_id"] in self._twice:
            yield "claim_id_twice"
        sequence = row["entry_sequence"]
        if self._has_sequence and sequence is not None and sequences[sequence] > 1:
            yield "entry_sequence_twice"


def _stage(table: BigTable, columns: Sequence[Column], target: Path) -> int:
    """Write the judged copy of a table; the number of its rows."""
    empty = pl.DataFrame(schema=dict.fromkeys(table.columns, pl.String))
    empty = empty.with_columns(pl.lit(None, pl.Int64).alias(ROW))
    schema = judged(empty, columns).to_arrow().schema
    rows = 0
    with parquet.ParquetWriter(target, schema, compression="lz4") as writer:
        for batch in table.batches():
            writer.write_table(judged(batch, columns).to_arrow().cast(schema))
            rows += batch.height
    return rows
