"""The shape of a plan: everything about its layers but their numbers.

Two plan versions of one shape run through the same compiled code, each with blocks of its own; a
reform of numbers has the shape of the law it reforms. A shape is hashable, and its text is the key
under which compiled code is kept.

Holds: no number of law is in a shape. What is: which slots are drawn, which counters may be read
where, how many bands and ceilings there are, and what is left under which name.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Literal

from yibao.base.checks import check
from yibao.engines.benefits.claim import GENERAL, Slot
from yibao.engines.benefits.kernel.asked import asked_by_layer, with_derived
from yibao.engines.policy.law import (
    Bands,
    Ceiling,
    Counter,
    CounterChoice,
    Feed,
    Layer,
    Literal_,
    Load,
    Measure,
    NthStay,
    Outcome,
    PlanVersion,
)

PER_CLAIM = ""
"""The counter of what is measured per claim: nothing is remembered."""


@dataclass(frozen=True, slots=True)
class CounterShape:
    """A counter as the code knows it: what it adds, and the keys by which its sums are told apart.

    Counters of one ``keys`` share a row of sums.
    """

    name: str
    adds: Measure
    keys: KeysShape
    once_per_encounter: bool
    opens_from: str | None


@dataclass(frozen=True, slots=True, order=True)
class KeysShape:
    """What a row of sums is kept by: holder, period, facts, and whether it restarts on dates."""

    holder: str
    period: str
    facts: tuple[str, ...] = ()
    restarts: tuple[str, ...] = ()

    @property
    def is_member_year(self) -> bool:
        """Whether it is the row that every member has in every benefit year."""
        return self == MEMBER_YEAR


MEMBER_YEAR = KeysShape("member", "benefit_year")


@dataclass(frozen=True, slots=True)
class CeilingShape:
    """A ceiling: its name, and the counters that it may be read against."""

    name: str
    counters: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class DeductibleShape:
    """A deductible: the counters it may be met by, and those of its yearly maximum, if any."""

    counters: tuple[str, ...]
    yearly_maximum: CeilingShape | None


@dataclass(frozen=True, slots=True)
class BandsShape:
    """Bands: how many, whether the last one ends, from where and by which counter they count."""

    mode: Literal["slice", "whole"]
    count: int
    has_end: bool
    is_measured_from_zero: bool
    positions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TopUpShape:
    """A top-up: the slots whose opening amounts it looks at, and the layers that count."""

    of: tuple[str, ...]
    counting: tuple[str, ...]
    by_share: bool


@dataclass(frozen=True, slots=True)
class LayerShape:
    """One layer without its numbers. ``nth`` lists the plan's stay numbers that its numbers ask."""

    name: str
    draws: tuple[tuple[str, bool], ...]
    before: tuple[CeilingShape, ...]
    deductible: DeductibleShape | None
    after: tuple[CeilingShape, ...]
    pays: BandsShape | TopUpShape
    payment: tuple[CeilingShape, ...]
    leaves: tuple[tuple[Outcome, str], ...]
    feeds: tuple[tuple[str, bool], ...]
    funds: tuple[str, ...]
    nth: tuple[int, ...]
    has_condition: bool

    @property
    def has_state(self) -> bool:
        """Whether a block says by itself if the layer applies: it depends on the stay's number."""
        return bool(self.nth)

    @property
    def has_shares(self) -> bool:
        """Whether some slot is drawn in part."""
        return any(has_share for _, has_share in self.draws)


@dataclass(frozen=True, slots=True)
class StayShape:
    """A derived stay number: the counter that counts stays, and the highest number told apart."""

    fact: str
    counter: str
    at_most: int


@dataclass(frozen=True, slots=True)
class PlanShape:
    """A plan without its numbers. ``counted`` are the claim counts that it may feed."""

    streams: tuple[str, ...]
    layers: tuple[LayerShape, ...]
    stays: tuple[StayShape, ...]
    counted: tuple[str, ...]
    loads: tuple[Load, ...]
    is_annual: bool
    counters: tuple[CounterShape, ...]

    def counter(self, name: str) -> CounterShape:
        """The counter of a name."""
        return next(counter for counter in self.counters if counter.name == name)

    def place(self, layer: str) -> int:
        """The place of a layer of a name."""
        return next(place for place, one in enumerate(self.layers) if one.name == layer)

    @property
    def lean(self) -> PlanShape:
        """The plan as most claims meet it: layers without a condition, in the general stream.

        It serves claims with amounts in that stream alone, for whom no other layer applies.
        """
        layers = [
            layer
            for layer in self.layers
            if not layer.has_condition and any(_is_general(slot) for slot, _ in layer.draws)
        ]
        return replace(self, streams=(GENERAL,), layers=tuple(layers))


def _is_general(pattern: str) -> bool:
    return Slot.parse(pattern).stream == GENERAL


def shape_of(version: PlanVersion) -> PlanShape:
    """The shape of a plan version."""
    stays = tuple(
        StayShape(rule.fact, rule.counter, rule.at_most)
        for rule in version.derived
        if isinstance(rule, NthStay)
    )
    layers = tuple(_layer(layer, version, stays) for layer in version.layers)
    counted = _counted(version)
    used = _used(layers, stays=stays, counted=counted, loads=version.loads)
    return PlanShape(
        streams=version.streams,
        layers=layers,
        stays=stays,
        counted=counted,
        loads=version.loads,
        is_annual=version.is_annual,
        counters=_counters(version, used),
    )


def claim_counts(version: PlanVersion) -> dict[str, list[Feed]]:
    """The claim counts that a plan feeds, beside its layers or by them, with their feeds."""
    kinds = {counter.name: counter.adds for counter in version.counters}
    found: dict[str, list[Feed]] = {}
    for feed in (*version.feeds, *(feed for layer in version.layers for feed in layer.feeds)):
        if kinds[feed.counter] == "claim_count":
            found.setdefault(feed.counter, []).append(feed)
    return found


def _counted(version: PlanVersion) -> tuple[str, ...]:
    return tuple(claim_counts(version))


def _layer(layer: Layer, version: PlanVersion, stays: tuple[StayShape, ...]) -> LayerShape:
    asked = with_derived(asked_by_layer(layer, version), version).facts
    kinds = {counter.name: counter.adds for counter in version.counters}
    return LayerShape(
        name=layer.name,
        draws=tuple((draw.slot, draw.share is not None) for draw in layer.draws),
        before=_ceilings(layer.ceilings_before_deductible),
        deductible=_deductible(layer),
        after=_ceilings(layer.ceilings_after_deductible),
        pays=_pays(layer),
        payment=_ceilings(layer.payment_ceilings),
        leaves=layer.leaves,
        feeds=_feeds(feed for feed in layer.feeds if kinds[feed.counter] != "claim_count"),
        funds=tuple(payer.fund for payer in layer.paid_by),
        nth=tuple(index for index, stay in enumerate(stays) if stay.fact in asked),
        has_condition=bool(layer.condition),
    )


def _feeds(feeds: Iterable[Feed]) -> tuple[tuple[str, bool], ...]:
    """Each counter once, and whether it is fed under a condition."""
    found: dict[str, bool] = {}
    for feed in feeds:
        found[feed.counter] = found.get(feed.counter, True) and bool(feed.condition)
    return tuple(found.items())


def _deductible(layer: Layer) -> DeductibleShape | None:
    rule = layer.deductible
    if rule is None:
        return None
    maximum = rule.yearly_maximum
    return DeductibleShape(names_of(rule.counter), None if maximum is None else _ceiling(maximum))


def _pays(layer: Layer) -> BandsShape | TopUpShape:
    pays = layer.pays
    if not isinstance(pays, Bands):
        of = tuple(str(Slot.parse(slot)) for slot in pays.of)
        return TopUpShape(of, pays.counting, pays.share is not None)
    last = pays.bands[-1].to
    is_none = last is None or (
        isinstance(last.body, Literal_) and last.body.value is None and not last.steps
    )
    return BandsShape(
        mode=pays.mode,
        count=len(pays.bands),
        has_end=pays.mode == "slice" and not is_none,
        is_measured_from_zero=pays.is_measured_from_zero,
        positions=names_of(pays.position),
    )


def _ceilings(ceilings: Iterable[Ceiling]) -> tuple[CeilingShape, ...]:
    return tuple(_ceiling(ceiling) for ceiling in ceilings)


def _ceiling(ceiling: Ceiling) -> CeilingShape:
    return CeilingShape(ceiling.name, names_of(ceiling.counter))


def names_of(choice: CounterChoice) -> tuple[str, ...]:
    """The counters that a choice may come to, each once, in the written order."""
    return tuple(dict.fromkeys(name for _, name in (*choice.rows, *choice.excepts)))


def read_by(layer: LayerShape) -> dict[str, None]:
    """The counters that a layer may read."""
    found = [ceiling.counters for ceiling in (*layer.before, *layer.after, *layer.payment)]
    if layer.deductible is not None:
        found.append(layer.deductible.counters)
        if layer.deductible.yearly_maximum is not None:
            found.append(layer.deductible.yearly_maximum.counters)
    if isinstance(layer.pays, BandsShape):
        found.append(layer.pays.positions)
    return dict.fromkeys(name for names in found for name in names if name != PER_CLAIM)


def _used(
    layers: Iterable[LayerShape],
    *,
    stays: Iterable[StayShape],
    counted: Iterable[str],
    loads: Iterable[Load],
) -> dict[str, None]:
    used: dict[str, None] = {}
    for layer in layers:
        used |= read_by(layer) | dict.fromkeys(name for name, _ in layer.feeds)
    used |= dict.fromkeys(stay.counter for stay in stays) | dict.fromkeys(counted)
    return used | dict.fromkeys(name for load in loads for name in (load.counter, *load.minus))


def _counters(version: PlanVersion, used: Iterable[str]) -> tuple[CounterShape, ...]:
    """The counters used and those that they open from, in the plan's order."""
    wanted: set[str] = set()
    for name in used:
        chain: list[str] = []
        following: str | None = name
        while following is not None:
            check(following not in chain, f"counter {name} opens from itself")
            chain.append(following)
            following = version.counter(following).opens_from
        wanted.update(chain)
    return tuple(_counter(counter) for counter in version.counters if counter.name in wanted)


def _counter(counter: Counter) -> CounterShape:
    restarts = tuple(day.isoformat() for day in counter.restart_on)
    keys = KeysShape(counter.holder, counter.period, counter.facts, restarts)
    return CounterShape(
        counter.name, counter.adds, keys, counter.once_per_encounter, counter.opens_from
    )
