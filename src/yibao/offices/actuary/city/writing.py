"""Writing a city: chunks into partitions, in row groups of about one size, and the manifest.

A family's partition is the hash of its id, so partitions are of about one size and no member is in
two. Memory is what the partitions wait with for a row group, all together a fixed number of rows.
Columns are packed so that they read fast: whoever settles a city spends more time reading it than
computing. Columns without gaps say so; a column that counts upwards is kept as steps.
Holds: rows of a partition stand by member and entry sequence, for chunks come in order.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
from pyarrow import parquet

from yibao.offices.actuary.city.cases import cases_table
from yibao.offices.actuary.city.chunks import DrawnChunk, Plan
from yibao.offices.actuary.city.draws import Draws, Whole, scattered
from yibao.offices.actuary.city.lines import lined_rows, lines_table
from yibao.offices.actuary.city.population import CHUNK_MEMBERS
from yibao.offices.actuary.city.tables import Contract, claims_table, members_table
from yibao.storage.files.partitions import FORMAT, Manifest, Part, part_name, table_file

_PARTITION_CHUNKS = 8
_GROUP_ROWS = 1 << 17
_WAITING_ROWS = 1 << 22
_LEAST_ROWS = 1 << 13
_FILLED = (
    "claim_id", "member_id", "family_id", "entry_sequence", "settlement_date", "birth_date",
    "submitted_amount", "scheme", "is_poor", "assistance_identity", "care_type", "facility_kind",
    "facility_named", "is_essential_drug_facility", "disease", "place_of_care",
)  # fmt: skip
"""Columns of claims in which every row states something."""
_FILLED_WITHOUT_LINES = (
    "eligible_amount", "prior_self_pay_amount", "over_limit_amount", "noncovered_amount",
)  # fmt: skip
_STEPS = ("claim_id", "eligible_amount", "prior_self_pay_amount")
_PLAIN = ("member_id", "family_id", "entry_sequence", "birth_date", "over_limit_amount")


@dataclass(frozen=True, slots=True)
class Order:
    """The city that is wanted: size, seed, year; partitions (0: by size); the share with lines."""

    members_count: int
    seed: int
    year: int
    partitions: int = 0
    lines_share: int = 0

    @property
    def parts_count(self) -> int:
        """How many partitions: as asked, or one for a quarter of a million members."""
        return self.partitions or -(-self.members_count // (CHUNK_MEMBERS * _PARTITION_CHUNKS))


class CityWriter:
    """The files of a city being written."""

    def __init__(self, folder: Path, order: Order, *, contract: Contract) -> None:
        self._folder = folder
        self._order = order
        self._contract = contract
        self._parts = [folder / part_name(number) for number in range(order.parts_count)]
        for part in self._parts:
            part.mkdir()
        rows = min(_GROUP_ROWS, max(_LEAST_ROWS, _WAITING_ROWS // len(self._parts)))
        filled = _FILLED if order.lines_share else (*_FILLED, *_FILLED_WITHOUT_LINES)
        self._claims = [
            RowGroups(part / "claims.parquet", rows, filled=filled) for part in self._parts
        ]
        self._lines = [RowGroups(part / "lines.parquet", rows) for part in self._parts]
        self._members = RowGroups(folder / "members.parquet", _GROUP_ROWS)
        self._cases = RowGroups(folder / "cases.parquet", _GROUP_ROWS)
        self.providers = folder / "providers.parquet"

    def add(self, chunk: DrawnChunk, plan: Plan, *, number: int) -> None:
        """Write one chunk into its partitions."""
        start = number * CHUNK_MEMBERS
        count = min(CHUNK_MEMBERS, self._order.members_count - start)
        self._members.add(members_table(chunk, plan.figures, count=count))
        draws = Draws(plan.seed, number)
        lined = lined_rows(
            draws.stream("lined"), len(chunk.claim_id), share=self._order.lines_share
        )
        claims = claims_table(
            chunk, plan.figures, providers=plan.providers, contract=self._contract, lined=lined
        )
        cases = cases_table(
            chunk, plan.figures, providers=plan.providers, draws=draws, year=plan.year
        )
        self._cases.add(cases)
        family = chunk.population.family_id[chunk.rows["member"]]
        part = partition_of(family, self._order.parts_count)
        _spread(claims, part, self._claims)
        if self._order.lines_share:
            stream = draws.stream("lines")
            lines, row = lines_table(chunk, plan.figures, stream=stream, lined=lined)
            _spread(lines, part[row], self._lines)

    def close(self) -> None:
        """Write what waits and close all files."""
        for groups in (*self._claims, *self._lines, self._members, self._cases):
            groups.close()

    def abandon(self) -> None:
        """Close all files without writing what waits; after :meth:`close` it does nothing."""
        for groups in (*self._claims, *self._lines, self._members, self._cases):
            groups.abandon()

    def manifest(self, plan: Plan) -> Manifest:
        """What was written."""
        order, folder = self._order, self._folder
        return Manifest(
            FORMAT,
            "family_id",
            tuple(_part(folder, part) for part in self._parts),
            tuple(
                table_file(folder, folder / f"{name}.parquet")
                for name in ("members", "providers", "cases")
            ),
            {
                "area": self._contract.area,
                "members": order.members_count,
                "seed": order.seed,
                "year": order.year,
                "partitions": order.parts_count,
                "lines_share": order.lines_share,
                "figures_hash": plan.figures.content_hash,
            },
        )


class RowGroups:
    """A Parquet file that is written in row groups of about one size.

    Columns of ``filled`` are declared to have no gaps; a gap in one is refused.
    """

    def __init__(self, path: Path, rows: int, *, filled: Sequence[str] = ()) -> None:
        self._path = path
        self._filled = frozenset(filled)
        self._enough = rows
        self._waiting: list[pa.Table] = []
        self._rows = 0
        self._writer: parquet.ParquetWriter | None = None

    def add(self, table: pa.Table) -> None:
        """More rows; they may wait for others."""
        self._waiting.append(table)
        self._rows += table.num_rows
        if self._rows >= self._enough:
            self._write()

    def _write(self) -> None:
        table = pa.concat_tables(self._waiting)
        fields = [
            field.with_nullable(field.nullable and field.name not in self._filled)
            for field in table.schema
        ]
        table = table.cast(pa.schema(fields))
        if self._writer is None:
            self._writer = _opened(self._path, table.schema)
        self._writer.write_table(table, row_group_size=max(1, table.num_rows))
        self._waiting, self._rows = [], 0

    def close(self) -> None:
        """Write what waits; closing twice does nothing."""
        if self._waiting:
            self._write()
        self.abandon()

    def abandon(self) -> None:
        """Close without writing what waits."""
        self._waiting, self._rows = [], 0
        if self._writer is not None:
            self._writer.close()
            self._writer = None


def _opened(path: Path, schema: pa.Schema) -> parquet.ParquetWriter:
    steps = [name for name in schema.names if name in _STEPS]
    return parquet.ParquetWriter(
        path, schema, compression="lz4",
        use_dictionary=[name for name in schema.names if name not in (*_STEPS, *_PLAIN)],
        column_encoding=dict.fromkeys(steps, "DELTA_BINARY_PACKED"),
    )  # fmt: skip


def partition_of(family_id: Whole, parts: int) -> Whole:
    """The partition of each family, by the hash of its id."""
    return (scattered(family_id) % np.uint64(parts)).astype(np.int64)


def _spread(table: pa.Table, part: Whole, groups: list[RowGroups]) -> None:
    """Put rows into their partitions, in the order in which they stand."""
    if len(groups) == 1:
        groups[0].add(table)
        return
    order = np.argsort(part, kind="stable")
    edges = np.searchsorted(part[order], np.arange(len(groups) + 1))
    sorted_rows = table.take(pa.array(order))
    for number, group in enumerate(groups):
        first, following = int(edges[number]), int(edges[number + 1])
        group.add(sorted_rows.slice(first, following - first))


def _part(folder: Path, part: Path) -> Part:
    lines = part / "lines.parquet"
    return Part(
        table_file(folder, part / "claims.parquet"),
        table_file(folder, lines) if lines.is_file() else None,
    )
