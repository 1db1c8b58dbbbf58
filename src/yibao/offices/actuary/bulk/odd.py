"""Claims that the kernel does not get: judged cell by cell, settled by the reference engine.

Whoever has one such claim is settled here with all of them, for counters run on from one claim to
the next.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any

import polars as pl
import pyarrow as pa

from yibao.engines.benefits.rows import Law
from yibao.offices.actuary.bulk.machine import Ints
from yibao.offices.actuary.bulk.reading import Part, Share
from yibao.offices.actuary.reference_runs import settle_by_reference
from yibao.offices.actuary.settled import Outcome
from yibao.storage.files.claim_checks import FAULTS, judged
from yibao.storage.files.claim_columns import Contract
from yibao.storage.files.claim_tables import ROW, as_text
from yibao.storage.files.filed_claims import Assembly, FiledClaim, Reject

_HOLDER = "#holder"


def outcomes_of(
    law: Law, share: Share, *, contract: Contract, table: pa.Table, rows: Ints
) -> Iterator[Outcome]:
    """What becomes of whole members' claims, member by member in order of entry."""
    for claims in _groups(contract, share, table=table, rows=rows):
        yield from settle_by_reference(law, claims)


def _groups(
    contract: Contract, share: Share, *, table: pa.Table, rows: Ints
) -> Iterator[list[FiledClaim | Reject]]:
    frame = _judged(table, contract, rows)
    part, twice = share.part, share.twice
    has_sequence = "entry_sequence" in part.columns
    if not has_sequence:
        frame = frame.with_columns(pl.col(ROW).alias("entry_sequence"))
    holder = pl.coalesce(contract.holder_columns).fill_null("").alias(_HOLDER)
    frame = frame.with_columns(holder).sort(_HOLDER, "entry_sequence", ROW)
    lines = _lines_of(part, frame)
    assembly = Assembly(contract.claims, contract.lines)
    for _, group in groupby(frame.iter_rows(named=True), key=lambda row: row[_HOLDER]):
        listed = list(group)
        sequences = Counter(row["entry_sequence"] for row in listed)
        filed = []
        for row in listed:
            also = list(_known_of_row(row, sequences if has_sequence else Counter(), twice))
            filed.append(assembly.outcome(row, lines.get(row["claim_id"], ()), also=also))
        yield filed


def _judged(table: pa.Table, contract: Contract, rows: Ints) -> pl.DataFrame:
    if FAULTS in table.column_names:
        frame = pl.DataFrame(pl.from_arrow(table))
        known = [column.name for column in contract.claims]
        missing = [name for name in known if name not in frame.columns]
        return frame.with_columns(pl.lit(None).alias(name) for name in missing)
    text = as_text(table, 1).with_columns(pl.Series(ROW, rows))
    return judged(text, contract.claims)


def _lines_of(part: Part, frame: pl.DataFrame) -> dict[str, Sequence[dict[str, Any]]]:
    """The lines of these claims, in the order of the file."""
    if part.lines is None:
        return {}
    claims = frame.lazy().select("claim_id")
    scan = pl.scan_parquet(part.lines).join(claims, on="claim_id", how="semi").sort(ROW)
    found: dict[str, list[dict[str, Any]]] = {}
    for line in scan.collect().iter_rows(named=True):
        found.setdefault(line["claim_id"], []).append(line)
    return dict(found)


def _known_of_row(
    row: dict[str, Any], sequences: Counter[int], twice: frozenset[str]
) -> Iterator[str]:
    if row["claim_id"] in twice:
        yield "claim_id_twice"
    sequence = row["entry_sequence"]
    if sequence is not None and sequences[sequence] > 1:
        yield "entry_sequence_twice"
