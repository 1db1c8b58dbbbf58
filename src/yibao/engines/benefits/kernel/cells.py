"""A cell: the columns of one claim, kept, and filled anew for every claim that it runs.

A cell is used by one thread at a time; whoever wants another makes one.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from yibao.base.errors import YibaoError
from yibao.engines.benefits.kernel.batch import Batch, Ints, Run, Wanted, empty_results
from yibao.engines.benefits.kernel.driver_code import BEGINS
from yibao.engines.benefits.kernel.layout import stay_key
from yibao.engines.benefits.kernel.program import Program
from yibao.engines.benefits.kernel.single_book import QuickBook

_WANTED = Wanted(pays=False, figures=True)


class Cell:
    """One claim's columns under a program of one plan."""

    def __init__(self, program: Program) -> None:
        groups = range(len(program.sums.groups))
        sums: dict[int | None, Ints] = {
            group: np.zeros((1, max(1, program.sums.width_of(group))), np.int64)
            for group in (None, *groups)
        }
        batch = Batch(
            profiles=np.full(1, -BEGINS, np.int32),
            amounts=np.zeros((len(program.inputs), 1), np.int64),
            years=np.zeros(1, np.int32),
            keys={group: np.zeros(1, np.int32) for group in groups},
            sums=sums,
        )
        results = empty_results(program, batch, wanted=_WANTED)
        self._run = Run(program, batch, results=results, wanted=_WANTED, part=(0, 1))
        self._results = results
        self._whole_amounts = batch.amounts
        self._profile = batch.profiles.data
        self._amounts = batch.amounts.reshape(-1).data
        self._sums = {group: column.reshape(-1).data for group, column in sums.items()}
        shape = program.shapes[0]
        self._places = []
        for counter in shape.counters:
            names = [counter.name]
            if counter.adds == "claim_count" and counter.once_per_encounter:
                names.append(stay_key(counter)[0])
            spots = [(program.sums.group_of(name), program.sums.place_of(name)) for name in names]
            self._places.append((counter.name, spots))

    def settle(self, profile: int, opening: Iterable[tuple[int, int]], *, book: QuickBook) -> bool:
        """Settle one claim; whether it was not rejected. ``opening``: inputs and their amounts."""
        self._profile[0] = profile - BEGINS
        self._whole_amounts.fill(0)
        for place, amount in opening:
            self._amounts[place] = amount
        for name, spots in self._places:
            self._open(name, spots, book)
        self._results.columns.fill(0)
        self._results.figures.fill(0)
        return self.run() == 0

    def run(self) -> int:
        """The compiled call on the columns as they stand; how many claims were rejected."""
        return self._run.settle()

    def _open(self, name: str, spots: list[tuple[int | None, int]], book: QuickBook) -> None:
        try:
            amounts = book.opening(name)
        except YibaoError:  # a key that cannot be had is not read either
            amounts = 0
        group, place = spots[0]
        self._sums[group][place] = amounts
        for group, place in spots[1:]:
            self._sums[group][place] = book.known_number(name)

    @property
    def figures(self) -> list[list[int]]:
        """The figures of every layer."""
        found: list[list[int]] = self._results.figures[0].tolist()
        return found

    @property
    def columns(self) -> list[int]:
        """What is left on the member, in the order of the program's columns."""
        amounts: list[int] = self._results.columns[:, 0].tolist()
        return amounts
