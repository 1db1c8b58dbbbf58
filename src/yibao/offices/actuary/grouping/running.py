"""A file of cases through a scheme (成批分组): one row a case out, rejects beside, and counts.

Pieces of the file are read in order, worked on by a few threads, and written in order again; at
most a few pieces are in memory at a time.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa
from numpy.typing import NDArray

from yibao.base.checks import check
from yibao.engines.grouping.batch import CaseColumns, group_cases
from yibao.engines.grouping.case import (
    FINDINGS,
    INVALID,
    INVALID_REASONS,
    LEVEL_WORDS,
    REASONS,
    REMEDY,
    ROW_WIDTH,
    STATUSES,
    UNGROUPED_ADRG,
    UNGROUPED_DRG,
    UNGROUPED_MDC,
    invalid_told,
    names_of,
)
from yibao.engines.grouping.compiler import CompiledScheme
from yibao.engines.grouping.machine import Walks
from yibao.storage.files.grouping_cases import CaseBatch, CaseFile, CaseFrame, case_batch
from yibao.storage.files.results import ResultFiles, TableWriter

THREADS = 2
AHEAD = 1
"""Pieces that wait beside those in work."""

COLUMNS = ("Index", "status", "mdc", "adrg", "drg", "reason", "complication", "findings")
_REJECT_TEXTS = ("Index", "code", "message_zh", "message_en", "remedy_zh", "remedy_en")
REJECT_SCHEMA: dict[str, type[pl.DataType]] = {
    "row": pl.Int64,
    **dict.fromkeys(_REJECT_TEXTS, pl.String),
}
_CODES = pa.dictionary(pa.int32(), pa.string())
_SCHEMA = pa.schema([("Index", pa.string()), *((name, _CODES) for name in COLUMNS[1:])])
_SHOWN_REJECTS = 5


@dataclass(frozen=True, slots=True)
class Grouped:
    """A piece of a file, grouped: where each case went, and why not."""

    batch: CaseBatch
    walks: Walks
    table: pa.Table


@dataclass(slots=True)
class GroupingSummary:
    """What a run came to. Every case has one status, so the four sum to the cases."""

    cases_count: int = 0
    by_status: dict[str, int] = field(default_factory=lambda: dict.fromkeys(STATUSES, 0))
    by_reason: dict[str, int] = field(default_factory=dict)
    by_mdc: dict[str, int] = field(default_factory=dict)
    by_drg: dict[str, int] = field(default_factory=dict)
    by_finding: dict[str, int] = field(default_factory=dict)
    by_invalid_reason: dict[str, int] = field(default_factory=dict)
    first_rejects: list[tuple[int, str, str]] = field(default_factory=list)
    repeated_count: int = 0
    seconds: float = 0.0
    rejects: Path = Path()


Progress = Callable[[int, int], None]


def group_file(
    compiled: CompiledScheme,
    cases: CaseFile,
    *,
    out: Path,
    progress: Progress | None = None,
    threads: int = THREADS,
) -> GroupingSummary:
    """Group a file of cases into ``out``, CSV or Parquet by its suffix.

    Raises:
        FaultsFound: if the file itself is at fault; then nothing is written.
        UnableToWrite: if the results cannot be written.
    """
    begun = perf_counter()
    summary = GroupingSummary(rejects=out.with_name(f"{out.name}.rejects.csv"))
    hashes: list[NDArray[np.uint64]] = []
    with ResultFiles(out) as files:
        rows = files.arrow(out, _SCHEMA)
        rejects = files.table(summary.rejects, REJECT_SCHEMA)
        for piece in grouped_pieces(compiled, cases, threads=threads):
            rows.add(piece.table)
            _count(summary, compiled, piece)
            _reject(summary, piece, rejects)
            hashes.append(piece.batch.index.hash().to_numpy())
            if progress is not None:
                progress(summary.cases_count, max(cases.rows_count, summary.cases_count))
        summary.repeated_count = _repeated(hashes)
        check(
            sum(summary.by_status.values()) == summary.cases_count,
            f"statuses {summary.by_status} do not sum to {summary.cases_count} cases",
        )
        files.commit()
    summary.seconds = perf_counter() - begun
    return summary


def grouped_pieces(
    compiled: CompiledScheme, cases: CaseFile, *, threads: int = THREADS
) -> Iterator[Grouped]:
    """A file's pieces, grouped, in their order."""
    waiting: deque[Future[Grouped]] = deque()
    with ThreadPoolExecutor(threads) as pool:
        try:
            for rows in cases.frames():
                waiting.append(pool.submit(_grouped, compiled, rows))
                if len(waiting) >= threads + AHEAD:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()


def _grouped(compiled: CompiledScheme, rows: CaseFrame) -> Grouped:
    batch = case_batch(rows, compiled.departments)
    walks = group_cases(compiled, batch.columns)
    invalid = batch.columns.invalid
    invalid[invalid & ROW_WIDTH != 0] = ROW_WIDTH
    return Grouped(batch, walks, _table(compiled, batch, walks))


def _table(compiled: CompiledScheme, batch: CaseBatch, walks: Walks) -> pa.Table:
    shown = [rule.shown for rule in compiled.rules]
    valid = walks.status != INVALID
    columns = [
        batch.index.to_arrow().cast(pa.string()),
        _coded(walks.status, STATUSES),
        _coded(_placed(walks.mdc, valid), ["", UNGROUPED_MDC, *shown]),
        _coded(_placed(walks.adrg, valid), ["", UNGROUPED_ADRG, *shown]),
        _coded(_placed(walks.drg, valid), ["", UNGROUPED_DRG, *shown]),
        _reasons(batch.columns, walks),
        _coded(walks.level, LEVEL_WORDS),
        _masks(walks.findings, FINDINGS),
    ]
    return pa.Table.from_arrays(columns, schema=_SCHEMA)


def _placed(numbers: NDArray[np.int32], valid: NDArray[np.bool_]) -> NDArray[np.int32]:
    """Numbers of rules after two words more: nothing of an invalid case, and no group."""
    return np.where(valid, numbers + 2, 0).astype(np.int32)


def _coded(places: NDArray[Any], words: Any) -> pa.DictionaryArray:  # noqa: ANN401
    return pa.DictionaryArray.from_arrays(
        pa.array(places.astype(np.int32)), pa.array(list(words), pa.string())
    )


def _masks(masks: NDArray[np.int32], names: tuple[str, ...]) -> pa.DictionaryArray:
    """Masks as the names of their bits, with ``;`` between them."""
    found, places = np.unique(masks, return_inverse=True)
    return _coded(places, [";".join(names_of(int(mask), names)) for mask in found])


def _reasons(columns: CaseColumns, walks: Walks) -> pa.DictionaryArray:
    """Why there is no group; of an invalid case the first reason."""
    first = np.zeros(len(columns), np.int32)
    for bit in reversed(range(len(INVALID_REASONS))):
        first[columns.invalid >> bit & 1 == 1] = len(REASONS) + bit
    return _coded(np.where(first, first, walks.reason), [*REASONS, *INVALID_REASONS])


# -- counting --------------------------------------------------------------------------------------


def _count(summary: GroupingSummary, compiled: CompiledScheme, piece: Grouped) -> None:
    walks, shown = piece.walks, [rule.shown for rule in compiled.rules]
    summary.cases_count += len(walks.status)
    _add(summary.by_status, walks.status, STATUSES)
    _add(summary.by_reason, walks.reason[walks.reason > 0] - 1, REASONS[1:])
    _add(summary.by_mdc, walks.mdc[walks.mdc >= 0], shown)
    _add(summary.by_drg, walks.drg[walks.drg >= 0], shown)
    _add_bits(summary.by_finding, walks.findings, FINDINGS)
    _add_bits(summary.by_invalid_reason, piece.batch.columns.invalid, INVALID_REASONS)


def _add(totals: dict[str, int], places: NDArray[Any], words: Any) -> None:  # noqa: ANN401
    for place, count in enumerate(np.bincount(places).tolist()):
        if count:
            totals[words[place]] = totals.get(words[place], 0) + count


def _add_bits(totals: dict[str, int], masks: NDArray[np.int32], names: tuple[str, ...]) -> None:
    found, counts = np.unique(masks, return_counts=True)
    for mask, count in zip(found.tolist(), counts.tolist(), strict=True):
        for name in names_of(mask, names):
            totals[name] = totals.get(name, 0) + count


def _reject(summary: GroupingSummary, piece: Grouped, rejects: TableWriter) -> None:
    invalid = piece.batch.columns.invalid
    for place in np.flatnonzero(invalid).tolist():
        row, index = piece.batch.first_row + place, piece.batch.index[place]
        for reason in names_of(int(invalid[place]), INVALID_REASONS):
            told = invalid_told(reason)
            rejects.add([row, index, reason, told.zh, told.en, REMEDY.zh, REMEDY.en])
            if len(summary.first_rejects) < _SHOWN_REJECTS:
                summary.first_rejects.append((row, index, reason))


def _repeated(hashes: list[NDArray[np.uint64]]) -> int:
    """How many cases have an index that another had before; empty ones are invalid anyway."""
    if not hashes:
        return 0
    together = np.concatenate(hashes)
    hashes.clear()
    together.sort()
    return int((together[1:] == together[:-1]).sum())
