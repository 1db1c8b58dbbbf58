"""Running a program over columns of claims: what goes in, what comes out, checked before the run.

Claims stand in the order in which they are settled, those of a member (of a family, where a counter
is a family's) together. The compiled code is given addresses, so every column is checked here:
type, length, and that each number points into what it numbers.

Holds: sums of counters that are given come back grown by what the claims fed; a rejected claim
feeds nothing and writes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from yibao.base.checks import check
from yibao.base.errors import InvariantBroken, YibaoError
from yibao.engines.benefits.kernel import layout
from yibao.engines.benefits.kernel.driver_code import PROFILE, YEARS_AT_ONCE
from yibao.engines.benefits.kernel.program import Program

Ints = NDArray[np.int64]
Numbers = NDArray[np.int32]
Part = tuple[int, int]
Mapper = Callable[[Callable[[Part], int], Sequence[Part]], Iterable[int]]

_CELLS_LIMIT = np.iinfo(np.int32).max

BROKEN = 1
"""The status of a claim on which an invariant broke."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Claims as columns.

    ``profiles`` are numbers of profiles, with the bits ``BEGINS`` where a member-year begins, and
    ``NARROW`` where all amounts are in the general stream (or not: it only saves time).
    ``amounts`` has a row for each input of the program. ``years`` numbers the member-years, for
    ``sums[None]``; without it a member-year's claims stand together and its sums are forgotten.
    ``keys`` number the rows of ``sums`` of a group; −1, or no column, is a row of this claim alone.
    ``cells`` number the rows of totals; without it they are the profiles.
    """

    profiles: Numbers
    amounts: Ints
    years: Numbers | None = None
    keys: Mapping[int, Numbers] = field(default_factory=dict)
    sums: Mapping[int | None, Ints] = field(default_factory=dict)
    cells: Numbers | None = None

    def __len__(self) -> int:
        return len(self.profiles)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a run is to write; the less, the faster."""

    pays: bool = True
    left: bool = True
    funds: bool = False
    figures: bool = False
    totals: bool = False
    marks: bool = False

    @property
    def bits(self) -> int:
        """As the compiled code reads it."""
        return (
            layout.PAYS * self.pays
            | layout.LEFT * self.left
            | layout.FUNDS * self.funds
            | layout.FIGURES * self.figures
            | layout.SUMS_ONLY * self.totals
            | layout.MARKS * self.marks
        )


EVERYTHING = Wanted(funds=True)


@dataclass(frozen=True, slots=True)
class Results:
    """What a run wrote: ``columns`` by the program's outputs, a row each; marks of rejected claims.

    ``figures`` are :data:`layout.FIGURES_OF_LAYER` by layer, a claim's together. ``totals`` has a
    row for each profile or cell. ``marks`` say which layers drew (:mod:`.marks`).
    """

    columns: Ints
    status: Numbers
    figures: Ints
    totals: Ints
    marks: Ints
    rejected_count: int

    def column(self, program: Program, name: str) -> Ints:
        """One column of results by its name."""
        column: Ints = self.columns[program.outputs.index(name)]
        return column


def settle(
    program: Program,
    batch: Batch,
    *,
    wanted: Wanted = EVERYTHING,
    parts: Sequence[Part] = (),
    mapper: Mapper = map,
) -> Results:
    """Settle claims. ``parts`` are ranges that share no member; ``mapper`` may run them at once.

    Raises:
        InvariantBroken: if a column does not fit, or an invariant broke in the run.
    """
    ranges = list(parts) or [(0, len(batch))]
    _check(program, batch, ranges)
    results = empty_results(program, batch, wanted=wanted)
    runs = {part: Run(program, batch, results=results, wanted=wanted, part=part) for part in ranges}
    rejected = sum(mapper(lambda part: runs[part].settle(), ranges))
    for run in runs.values():
        results.totals[...] += run.totals
    if rejected and np.any(results.status == BROKEN):
        raise InvariantBroken(f"claim {int(np.argmax(results.status == BROKEN))} of the batch")
    return replace(results, rejected_count=rejected)


def rejection(program: Program, results: Results, *, index: int) -> YibaoError | None:
    """Why a claim was rejected; None if it was settled."""
    mark = int(results.status[index])
    return program.blocks.error(mark) if mark else None


def empty_results(program: Program, batch: Batch, *, wanted: Wanted) -> Results:
    """Results before the run: zeros, of the size that the run needs."""
    count = len(batch)
    writes_columns = wanted.pays or wanted.left or wanted.funds
    layers = max((len(shape.layers) for shape in program.shapes), default=0)
    cells = _cells_count(program, batch) if wanted.totals else 0
    return Results(
        columns=np.zeros((len(program.outputs), count if writes_columns else 0), np.int64),
        status=np.zeros(count, np.int32),
        figures=np.zeros(
            (count if wanted.figures else 0, layers, len(layout.FIGURES_OF_LAYER)), np.int64
        ),
        totals=np.zeros((cells, program.totals_width), np.int64),
        marks=np.zeros(count if wanted.marks else 0, np.int64),
        rejected_count=0,
    )


def _cells_count(program: Program, batch: Batch) -> int:
    if batch.cells is None:
        return program.profiles.count
    return int(batch.cells.max(initial=-1)) + 1


class Run:
    """One part of a batch, ready to run: the control array, and what it may write to."""

    def __init__(
        self, program: Program, batch: Batch, *, results: Results, wanted: Wanted, part: Part
    ) -> None:
        self._program = program
        self._totals = np.zeros_like(results.totals)
        groups = range(len(program.sums.groups))
        undo = np.zeros(1 + 2 * len(program.sums.places), np.int64)
        year = np.zeros(max(1, program.sums.width_of(None)) * YEARS_AT_ONCE, np.int64)
        scratch = [np.zeros(program.sums.width_of(group), np.int64) for group in groups]
        self._kept = [batch, results, undo, year, *scratch]
        control = self._control = np.zeros(layout.GROUPS + 3 * len(groups), np.int64)
        control[layout.FIRST], control[layout.LAST] = part
        control[layout.STRIDE] = len(batch)
        control[layout.ROW_WIDTH] = program.profiles.width
        control[layout.DETAIL] = wanted.bits
        control[layout.TRACE_WIDTH] = results.figures[:1].size
        places: dict[int, NDArray[np.integer] | None] = {
            layout.PROFILES: batch.profiles,
            layout.AMOUNTS: batch.amounts,
            layout.YEAR_SUMS: year if batch.years is None else batch.sums[None],
            layout.YEARS: batch.years,
            layout.UNDO: undo,
            layout.STATUS: results.status,
            layout.OUT: results.columns,
            layout.TRACE: results.figures,
            layout.TOTALS: self._totals,
            layout.MARKED: results.marks,
            layout.CELLS: batch.cells,
        }
        for group in groups:
            first = layout.GROUPS + 3 * group
            places[first + layout.KEYS] = batch.keys.get(group)
            places[first + layout.SUMS] = batch.sums.get(group)
            places[first + layout.SCRATCH] = scratch[group]
        for place, column in places.items():
            control[place] = 0 if column is None else column.ctypes.data
        self._address = int(control.ctypes.data)
        self._made = 0

    @property
    def totals(self) -> Ints:
        """The part's own totals."""
        return self._totals

    def settle(self) -> int:
        """Run; how many claims were rejected."""
        program = self._program
        if self._made != program.made_count:
            self._control[layout.ROWS] = program.profiles.rows.ctypes.data
            self._control[layout.BLOCKS] = program.blocks.values.ctypes.data
            self._made = program.made_count
        return int(program.settle_claims(self._address))


def _check(program: Program, batch: Batch, parts: Sequence[Part]) -> None:
    count = len(batch)
    _check_numbers("profiles", batch.profiles & PROFILE, program.profiles.count, count=count)
    _check_array("amounts", batch.amounts, (len(program.inputs), count), np.int64)
    if batch.years is not None:
        _check_sums(program, batch, None)
        _check_numbers("years", batch.years, len(batch.sums[None]), count=count)
    for group, keys in batch.keys.items():
        _check_sums(program, batch, group)
        _check_numbers(f"keys {group}", keys + 1, len(batch.sums[group]) + 1, count=count)
    if batch.cells is not None:
        _check_numbers("cells", batch.cells, _CELLS_LIMIT, count=count)
    edges = [edge for part in parts for edge in part]
    firsts = [start for start, end in parts if start < end]
    begin = batch.years is not None or all(batch.profiles[start] < 0 for start in firsts)
    check(begin, "a part does not begin with a member-year")
    is_whole = edges == sorted(edges) and edges[0] == 0 and edges[-1] == count
    check(is_whole and edges[1:-1:2] == edges[2::2], f"parts {parts} of {count} claims")


def _check_sums(program: Program, batch: Batch, group: int | None) -> None:
    check(group in batch.sums, f"no sums for group {group}")
    sums = batch.sums[group]
    width = max(1, program.sums.width_of(group))
    _check_array(f"sums {group}", sums, (len(sums), width), np.int64)


def _check_numbers(name: str, column: Numbers, limit: int, *, count: int) -> None:
    _check_array(name, column, (count,), np.int32)
    is_inside = not count or (int(column.min()) >= 0 and int(column.max()) < limit)
    check(is_inside, f"{name} point outside the {limit} that there are")


def _check_array(
    name: str, column: NDArray[np.integer], shape: tuple[int, ...], kind: type
) -> None:
    check(
        column.dtype == kind and column.shape == shape and column.flags.c_contiguous,
        f"{name}: {column.dtype} of {column.shape}, not {np.dtype(kind)} of {shape}",
    )
