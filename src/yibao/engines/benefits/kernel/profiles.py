"""Profiles: everything of a claim that is not an amount, as one number.

A profile's row names the plan's function, flags, and one block for each layer. Claims of the same
facts share a profile; a city's year has a few thousand. A claim that no law answers has a profile
too, which rejects it.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from yibao.base.errors import YibaoError
from yibao.engines.benefits.balances import key_of, keys_read
from yibao.engines.benefits.kernel import layout
from yibao.engines.benefits.kernel.asked import CARE_TYPE, Asked, asked_outside_layers, base_facts
from yibao.engines.benefits.kernel.blocks import Blocks, Case, LayerBlocks
from yibao.engines.benefits.kernel.shapes import PlanShape, claim_counts
from yibao.engines.benefits.reference import ranked_sum
from yibao.engines.policy.law import FactValue, NthStay, PlanVersion
from yibao.engines.policy.numbers import holds
from yibao.engines.policy.unable import fact_missing

Rows = NDArray[np.int32]


@dataclass(slots=True)
class PlanBlocks:
    """One plan version: its functions, and its layers' blocks as they are made.

    ``functions`` are the numbers of the whole plan's and of its lean form's.
    """

    version: PlanVersion
    shape: PlanShape
    functions: tuple[int, int]
    layers: tuple[LayerBlocks, ...]
    asked: Asked
    entries: dict[tuple[object, ...], tuple[int, bool]] = field(default_factory=dict)

    @classmethod
    def of(
        cls, version: PlanVersion, shape: PlanShape, *, functions: tuple[int, int]
    ) -> PlanBlocks:
        """The blocks of a version."""
        layers = tuple(LayerBlocks.of(version, shape, number=n) for n in range(len(shape.layers)))
        asked = base_facts(asked_outside_layers(version), version)
        for layer in layers:
            asked.add(layer.asked)
        return cls(version, shape, functions, layers, asked)

    def row(self, case: Case, blocks: Blocks) -> list[int]:
        """A profile's row for a claim that this version answers."""
        try:
            self._require_derived(case)
        except YibaoError as error:
            return rejecting(blocks, error)
        flags, marks = self._counts(case, blocks)
        row = []
        for number, layer in enumerate(self.layers):
            entry, has_mark = self._entry(number, layer, case, blocks)
            row.append(entry)
            flags |= layout.CAREFUL if has_mark else 0
        whole, lean = self.functions
        narrow = lean if self._is_lean(row) else whole
        flags |= layout.CAREFUL if any(marks) else 0
        return [whole, flags, narrow, *row, *marks]

    def _is_lean(self, row: list[int]) -> bool:
        """Whether every layer that has a condition does not apply."""
        layers = zip(self.shape.layers, row, strict=True)
        return not any(entry for layer, entry in layers if layer.has_condition)

    def _entry(
        self, number: int, layer: LayerBlocks, case: Case, blocks: Blocks
    ) -> tuple[int, bool]:
        key = (number, *case.seen(layer.asked))
        entry = self.entries.get(key)
        if entry is None:
            entry = self.entries[key] = layer.make(case, blocks)
        return entry

    def _require_derived(self, case: Case) -> None:
        """What is asked before the first layer: keys of stays, ranked sums, loads."""
        version, claim = self.version, case.claim
        facts: dict[str, FactValue] = dict(claim.facts)
        for rule in version.derived:
            if isinstance(rule, NthStay):
                keys_read(version.counter(rule.counter), claim, version=version)
                facts[rule.fact] = 1
            else:
                facts[rule.fact], _ = ranked_sum(rule, claim, facts=facts, on=case.on)
        for load in version.loads:
            for name in (load.counter, *load.minus):
                keys_read(version.counter(name), claim, version=version)

    def _counts(self, case: Case, blocks: Blocks) -> tuple[int, list[int]]:
        """The flags of the claim counts that grow, and a mark for each that cannot be said."""
        flags, marks, claim = 0, [], case.claim
        for index, (name, feeds) in enumerate(claim_counts(self.version).items()):
            counter, mark = self.version.counter(name), 0
            try:
                asked = f"feeds/{name}"
                held = [holds(feed.condition, claim.facts, asked_by=asked) for feed in feeds]
                if any(held):
                    key_of(counter, claim, version=self.version)
            except YibaoError as error:
                marks.append(blocks.mark(error, always=True))
                continue
            if any(held) and counter.counts and CARE_TYPE not in claim.facts:
                missing = fact_missing(CARE_TYPE, asked_by=f"counters/{name}")
                mark = blocks.mark(missing)
            elif any(held) and (not counter.counts or claim.facts[CARE_TYPE] in counter.counts):
                flags |= 1 << (layout.COUNTS_SHIFT + index)
            marks.append(mark)
        return flags, marks


def rejecting(blocks: Blocks, error: YibaoError) -> list[int]:
    """The row of claims that no law answers."""
    return [0, blocks.mark(error, always=True), 0]


@dataclass(slots=True)
class Profiles:
    """All profiles' rows in one array."""

    width: int
    rows: Rows = field(init=False)
    count: int = 0
    plans: list[PlanBlocks | None] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.rows = np.zeros((64, self.width), np.int32)

    def add(self, row: list[int], plan: PlanBlocks | None) -> int:
        """Keep a row; returns the profile's number."""
        if self.count == len(self.rows):
            self.rows = np.concatenate([self.rows, np.zeros_like(self.rows)])
        self.rows[self.count, : len(row)] = row
        self.plans.append(plan)
        self.count += 1
        return self.count - 1
