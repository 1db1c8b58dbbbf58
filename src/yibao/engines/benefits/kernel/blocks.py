"""Blocks: the numbers of one layer for one combination of facts, resolved by the reference engine.

What a number comes to is decided in one place only: the reference's own steps are asked, on a claim
that has the facts and no cost, and what they read is written down. Compiled code can then differ
from the reference in arithmetic alone. Blocks are made when they are first needed.

Holds: a block depends on the facts that its layer asks and on nothing else. A number that cannot be
had makes a *mark*, an error kept under a number; the claim that comes upon it is rejected by it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from itertools import product

import numpy as np
from numpy.typing import NDArray

from yibao.base.errors import YibaoError
from yibao.engines.benefits.book import CounterBook
from yibao.engines.benefits.claim import Balances, Claim
from yibao.engines.benefits.determination import CeilingUse, DeductibleUse
from yibao.engines.benefits.inquiry import Run
from yibao.engines.benefits.kernel import layout
from yibao.engines.benefits.kernel.asked import EPISODE, FAMILY, Asked, asked_by_layer, base_facts
from yibao.engines.benefits.kernel.resolved import BandRead, Resolved, resolve, resolve_share
from yibao.engines.benefits.kernel.shapes import (
    PER_CLAIM,
    BandsShape,
    CeilingShape,
    LayerShape,
    PlanShape,
)
from yibao.engines.benefits.layer import unmet_condition
from yibao.engines.benefits.reference import ranked_sum
from yibao.engines.benefits.shares import LineMatrix
from yibao.engines.policy.law import FactValue, Layer, NthStay, PlanVersion

Ints = NDArray[np.int64]
Values = dict[str, int]

_FIRST_MARK = 2  # 1 is kept for an invariant broken in the run


@dataclass(slots=True)
class Blocks:
    """All blocks in one array, and the errors behind marks. Place 0 stands for «does not apply»."""

    values: Ints = field(default_factory=lambda: np.zeros(64, np.int64))
    size: int = 8
    errors: list[YibaoError] = field(default_factory=list)

    def add(self, numbers: Sequence[int]) -> int:
        """Keep blocks; returns where they begin."""
        begin, end = self.size, self.size + len(numbers)
        if end > len(self.values):
            grown = np.zeros(max(end, 2 * len(self.values)), np.int64)
            grown[:begin] = self.values[:begin]
            self.values = grown
        self.values[begin:end] = numbers
        self.size = end
        return begin

    def mark(self, error: YibaoError, *, always: bool = False) -> int:
        """Keep an error; ``always``: whether or not the layer draws anything."""
        self.errors.append(error)
        return _FIRST_MARK * len(self.errors) + always

    def error(self, mark: int) -> YibaoError:
        """The error behind a mark."""
        return self.errors[mark // _FIRST_MARK - 1]


@dataclass(frozen=True, slots=True)
class Case:
    """A claim as the rules see it: its facts, its chosen day, what it is part of."""

    claim: Claim
    on: date

    def seen(self, asked: Asked) -> tuple[object, ...]:
        """What these questions can tell of the claim: same answers, same numbers."""
        year = self.on.year if asked.by_year else 0
        return (year, *(asked.signature(name, self.value(name)) for name in asked.facts))

    def value(self, name: str) -> FactValue | tuple[str, ...] | None:
        """A fact as stated; None if it is not."""
        if name == FAMILY:
            return True if self.claim.family_id else None
        if name == EPISODE:
            return True if self.claim.episode_id else None
        if name in self.claim.list_facts:
            return self.claim.list_facts[name]
        return self.claim.facts.get(name)

    def only(self, asked: Asked) -> Case:
        """The same claim with the facts that are asked, and without cost."""
        known = asked.facts
        claim = replace(
            self.claim,
            facts={name: value for name, value in self.claim.facts.items() if name in known},
            list_facts={n: value for n, value in self.claim.list_facts.items() if n in known},
            slots={},
            lines=(),
        )
        return Case(claim, self.on)


@dataclass(frozen=True, slots=True)
class LayerBlocks:
    """One layer of a plan version, ready to have its blocks made."""

    version: PlanVersion
    layer: Layer
    plan: PlanShape
    shape: LayerShape
    asked: Asked

    @classmethod
    def of(cls, version: PlanVersion, plan: PlanShape, *, number: int) -> LayerBlocks:
        """The blocks of a version's layer."""
        layer = version.layers[number]
        asked = base_facts(asked_by_layer(layer, version), version)
        return cls(version, layer, plan, plan.layers[number], asked)

    def make(self, case: Case, blocks: Blocks) -> tuple[int, bool]:
        """The entry of a profile's row, and whether it holds a mark.

        An entry is 0 (the layer does not apply), a place, or minus a mark.
        """
        case = case.only(self.asked)
        limits = [range(1, self.plan.stays[index].at_most + 1) for index in self.shape.nth]
        made: list[Values | int] = []
        for numbers in product(*reversed(limits)):
            stays = dict(zip(self.shape.nth, reversed(numbers), strict=True))
            made.append(self._resolved(case, stays, blocks))
        if not self.shape.has_state:
            (only,) = made
            if isinstance(only, int):
                return only, only < 0
            values = self._ordered(only)
            return blocks.add(values), _has_mark(only)
        flat = [number for one in made for number in self._ordered(_with_state(one))]
        has_mark = any(one < 0 if isinstance(one, int) else _has_mark(one) for one in made)
        return blocks.add(flat), has_mark

    def _ordered(self, values: Values) -> list[int]:
        return [values.get(name, 0) for name in layout.fields(self.shape)]

    def _resolved(self, case: Case, stays: Mapping[int, int], blocks: Blocks) -> Values | int:
        try:
            run = self.run(case, stays)
            unmet = unmet_condition(self.layer, run)
        except YibaoError as error:
            return -blocks.mark(error, always=True)
        if unmet:
            return 0
        values = self._shares(run, blocks)
        try:
            values |= self._values(resolve(self.layer, run))
        except YibaoError as error:
            mark = blocks.mark(error)
            if not self.shape.has_shares:
                return -mark
            values["rest"] = mark
        return values

    def run(self, case: Case, stays: Mapping[int, int]) -> Run:
        """A run of the version on a claim, for its numbers to be asked; ``stays`` by index."""
        facts = dict(case.claim.facts)
        nth = 0
        for rule in self.version.derived:
            if isinstance(rule, NthStay):
                if nth in stays:
                    facts[rule.fact] = stays[nth]
                nth += 1
            elif rule.fact in asked_by_layer(self.layer, self.version).facts:
                facts[rule.fact], _ = ranked_sum(rule, case.claim, facts=facts, on=case.on)
        claim = replace(case.claim, facts=facts)
        book = CounterBook(self.version, claim, balances=Balances())
        return Run(self.version, claim, case.on, book, {}, {}, LineMatrix(()))

    def _shares(self, run: Run, blocks: Blocks) -> Values:
        values: Values = {}
        for index, draw in enumerate(self.layer.draws):
            if draw.share is None:
                continue
            try:
                share = resolve_share(draw, self.layer, run=run).value or 0
            except YibaoError as error:
                share = -blocks.mark(error)
            values[f"share.{index}"] = share
        return values

    def _values(self, found: Resolved) -> Values:
        """The fields of a block."""
        shape, pays = self.shape, self.shape.pays
        values = _rooms("before", found.before, shape.before)
        if found.deductible is not None and shape.deductible is not None:
            use, rule = found.deductible, shape.deductible
            values |= {"due": use.due, "due.counter": rule.counters.index(_name(use))}
            if use.yearly_maximum is not None and rule.yearly_maximum is not None:
                values |= _rooms("maximum", [use.yearly_maximum], [rule.yearly_maximum])
        values |= _rooms("after", found.after, shape.after)
        if isinstance(pays, BandsShape):
            values["position.counter"] = pays.positions.index(found.position)
            values |= _bands(found.bands, pays)
        else:
            values["target"] = _or_none(found.target)
        values |= _rooms("payment", found.payment, shape.payment)
        values |= {f"payer.{index}": share for index, share in enumerate(found.shares)}
        return values | {f"feed.{name}": 1 for name in found.feeds}


def _bands(bands: Sequence[BandRead], pays: BandsShape) -> Values:
    """The bands' fields; bands that were not asked, behind one without end, are empty."""
    values: Values = {}
    for index in range(pays.count):
        band = bands[index] if index < len(bands) else BandRead(layout.NONE, None, 0)
        values[f"start.{index}"] = band.start
        values[f"edge.{index}"] = _or_none(band.to)
        values[f"rate.{index}"] = band.rate
    return values


def _rooms(section: str, uses: Sequence[CeilingUse], shapes: Sequence[CeilingShape]) -> Values:
    values: Values = {}
    for index, (use, shape) in enumerate(zip(uses, shapes, strict=True)):
        values[f"{section}.{index}"] = _or_none(use.amount)
        values[f"{section}.{index}.counter"] = shape.counters.index(_name(use))
    return values


def _name(use: CeilingUse | DeductibleUse) -> str:
    return PER_CLAIM if use.counter is None else use.counter.counter


def _or_none(amount: int | None) -> int:
    return layout.NONE if amount is None else amount


def _with_state(one: Values | int) -> Values:
    return {"state": one} if isinstance(one, int) else {**one, "state": 1}


def _has_mark(values: Values) -> bool:
    return values.get("rest", 0) != 0 or any(
        name.startswith("share.") and value < 0 for name, value in values.items()
    )
