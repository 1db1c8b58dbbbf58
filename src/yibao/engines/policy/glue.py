"""Is a plan monotone: does a dearer bill never pay less, and never leave the member with less?

One layer always is. A chain is when it is **glued**. A layer lays several slots end to end, so a
fen more in an earlier slot pushes the later ones along the line: the sums by outcome grow with the
bill, the single slots need not. What was drawn together must therefore be drawn together later, or
left alone. This module walks the layers with names instead of amounts and keeps *groups* of slots
whose sum cannot fall when the bill grows:

- at the start every class of every stream is a group by itself;
- a layer may draw whole groups only; each outcome (deductible, own share, each ceiling's tail) of
  what it drew is a new group, over all the slots that bear it; outcomes that end in one slot join;
- between layers of one claim a counter may only pass a payment on to a payment ceiling, one such
  counter a plan, fed by everyone whom it binds: that ceiling moves cost between own share and tail,
  so such a layer's outcomes are one group; so are those of a top-up.

Holds: an answer *yes* is a proof for fixed facts and opening balances (docs/waterfall.md §6 and
docs/monotone.md). *No* names the two layers concerned, and does not claim that a bill exists which
shows it: the analysis is careful, not complete. It is not a fault of a law to be told *no*.

Refuses: to look at amounts, and to judge what lies between claims (order, stays, years).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal, NamedTuple

from yibao.base.rates import MILLION
from yibao.base.texts import Text
from yibao.engines.policy.law import (
    Bands,
    Ceiling,
    Condition,
    CounterChoice,
    FactValue,
    Layer,
    Literal_,
    Number,
    Outcome,
    PlanVersion,
    Test,
    TopUp,
)

CLASSES = ("eligible", "prior_self_pay", "over_limit", "noncovered")
GENERAL = "general"
OUTCOMES: tuple[Outcome, ...] = ("deductible", "coinsurance", "over_ceiling")
BEYOND_BANDS = "bands"
"""The name of the tail beyond the last band's edge."""


@dataclass(frozen=True, slots=True)
class Monotone:
    """The answer: yes, or no with the two layers that part what was joined, and why."""

    is_monotone: bool
    pair_of_layers: tuple[str, str] | None = None
    reason: Text | None = None


class _Piece(NamedTuple):
    """A slot by name only."""

    reason: str
    layer: str
    ceiling: str
    stream: str


class _Group(NamedTuple):
    """Slots whose sum cannot fall, the layer that joined them, and the bill's slots behind them."""

    pieces: frozenset[_Piece]
    joined_by: str
    origin: frozenset[_Piece]


def monotone(version: PlanVersion) -> Monotone:
    """Whether payment and burden of a claim never fall when one of its amounts grows."""
    for layer in version.layers:
        refusal = _refused_alone(layer)
        if refusal is not None:
            return refusal
    for layers in _applied_together(version):
        refusal = _refused_by_counters(version, layers) or _refused_by_slots(version, layers)
        if refusal is not None:
            return refusal
    return Monotone(is_monotone=True)


def _no(first: str, second: str, zh: str, en: str) -> Monotone:
    return Monotone(is_monotone=False, pair_of_layers=(first, second), reason=Text(zh, en))


# ---------------------------------------------------------------------------------- one layer


def _refused_alone(layer: Layer) -> Monotone | None:
    """What is not monotone whatever stands around it: whole-amount bands, a part of a slot."""
    if isinstance(layer.pays, Bands) and layer.pays.mode == "whole":
        return _no(
            layer.name,
            layer.name,
            f"保障层 {layer.name} 按全额套用一个比例，过档时支付额可能下降",
            f"layer {layer.name} pays the whole amount at one rate, which may fall at an edge",
        )
    partly = next((draw.slot for draw in layer.draws if not _is_whole(draw.share)), None)
    if partly is not None:
        return _no(
            layer.name,
            layer.name,
            f"保障层 {layer.name} 只取 {partly} 的一部分",
            f"layer {layer.name} draws only a part of {partly}",
        )
    return None


def _is_whole(share: Number | None) -> bool:
    if share is None:
        return True
    body = share.body
    return isinstance(body, Literal_) and body.value == MILLION and not share.steps


# ------------------------------------------------------------------- which layers meet in a claim


def _applied_together(version: PlanVersion) -> Iterator[tuple[Layer, ...]]:
    """Every set of layers that some claim's facts can make apply, most layers first."""
    masks: set[tuple[bool, ...]] = {tuple(True for _ in version.layers)}
    for fact in dict.fromkeys(name for layer in version.layers for name, _ in layer.condition):
        tests = [_test_of(layer.condition, fact) for layer in version.layers]
        outcomes = _outcomes_of(tests, _test_of(version.applies_to, fact))
        masks = {
            tuple(a and b for a, b in zip(mask, outcome, strict=True))
            for mask in masks
            for outcome in outcomes
        }
    for mask in sorted(masks, key=lambda mask: (-sum(mask), mask)):
        yield tuple(layer for layer, holds in zip(version.layers, mask, strict=True) if holds)


def _test_of(condition: Condition, fact: str) -> Test | None:
    return next((test for name, test in condition if name == fact), None)


def _outcomes_of(tests: list[Test | None], domain: Test | None) -> set[tuple[bool, ...]]:
    """How the layers' tests on one fact can come out together, over its telling values."""
    return {
        tuple(test is None or _holds(test, value) for test in tests)
        for value in _telling_values([test for test in tests if test], domain)
        if domain is None or _holds(domain, value)
    }


def _holds(test: Test, value: FactValue) -> bool:
    if test.values is None and isinstance(value, str):
        return False
    return test.holds(value)


def _telling_values(tests: list[Test], domain: Test | None) -> set[FactValue]:
    """Values enough to tell the tests apart: those named, one that is not, and range ends."""
    bounded = [test for test in (*tests, domain) if test is not None]
    named = {value for test in bounded for value in (test.values or ())}
    if named and all(isinstance(value, bool) for value in named):
        return {True, False}
    found: set[FactValue] = set(named)
    if any(isinstance(value, str) for value in named):
        found.add("")
    ends = {end for test in bounded for end in (test.start, test.below) if end is not None}
    ends |= {value for value in named if isinstance(value, int)}
    found |= {number for end in ends for number in (end - 1, end, end + 1)}
    return found


# ----------------------------------------------------------------------- counters between layers


def _refused_by_counters(version: PlanVersion, layers: tuple[Layer, ...]) -> Monotone | None:
    """Refuse a counter that one layer feeds and a later one reads, but for one of payments."""
    passed: dict[str, str] = {}
    for reader, feeder, name, role in _passings(version, layers):
        if role == "other":
            return _no(
                feeder.name,
                reader.name,
                f"保障层 {feeder.name} 增加的累计 {name} 在同一结算中被 {reader.name} 读取",
                f"layer {feeder.name} feeds {name}, which {reader.name} reads in the same claim",
            )
        passed.setdefault(name, feeder.name)
        fed = any(feed.counter == name and not feed.condition for feed in reader.feeds)
        if len(passed) > 1 or not fed or any(isinstance(layer.pays, TopUp) for layer in layers):
            return _no(
                feeder.name,
                reader.name,
                f"保障层 {feeder.name} 与 {reader.name} 通过累计 {name} 相互影响",
                f"layers {feeder.name} and {reader.name} act on each other through {name}",
            )
    return None


def _passings(
    version: PlanVersion, layers: tuple[Layer, ...]
) -> Iterator[tuple[Layer, Layer, str, Literal["payment", "other"]]]:
    """Every (reader, earlier feeder, counter, role) within one claim."""
    for position, reader in enumerate(layers):
        for name, role in _reads(version, reader):
            for feeder in layers[:position]:
                if any(feed.counter == name for feed in feeder.feeds):
                    yield reader, feeder, name, role


def _reads(version: PlanVersion, layer: Layer) -> Iterator[tuple[str, Literal["payment", "other"]]]:
    for choice, role in _choices(layer):
        for _, written in (*choice.rows, *choice.excepts):
            name: str | None = written
            while name:
                yield name, role
                name = next((c.opens_from for c in version.counters if c.name == name), None)


def _choices(layer: Layer) -> Iterator[tuple[CounterChoice, Literal["payment", "other"]]]:
    if layer.deductible is not None:
        yield layer.deductible.counter, "other"
        if layer.deductible.yearly_maximum is not None:
            yield layer.deductible.yearly_maximum.counter, "other"
    for ceiling in (*layer.ceilings_before_deductible, *layer.ceilings_after_deductible):
        yield ceiling.counter, "other"
    if isinstance(layer.pays, Bands):
        yield layer.pays.position, "other"
    for ceiling in layer.payment_ceilings:
        yield ceiling.counter, "payment"


# --------------------------------------------------------------------------------- slots in groups


def _refused_by_slots(version: PlanVersion, layers: tuple[Layer, ...]) -> Monotone | None:
    """Walk the layers with names; refuse a group that is drawn in part."""
    groups = [_Group(frozenset({piece}), "", frozenset({piece})) for piece in _opening(version)]
    passing = {reader.name for reader, *_ in _passings(version, layers)}
    came_through: dict[str, frozenset[_Piece]] = {}
    for layer in layers:
        taken = [group for group in groups if any(_draws(layer, p) for p in group.pieces)]
        parted = next((g for g in taken if not all(_draws(layer, p) for p in g.pieces)), None)
        if parted is not None:
            return _no(
                parted.joined_by,
                layer.name,
                f"保障层 {parted.joined_by} 一并处理的费用，保障层 {layer.name} 只取其中一部分",
                f"layer {layer.name} draws only a part of what layer {parted.joined_by} joined",
            )
        if isinstance(layer.pays, TopUp):
            refusal = _refused_target(layer, layer.pays, groups, came_through)
            if refusal is not None:
                return refusal
        came_through[layer.name] = frozenset().union(*(group.origin for group in taken))
        is_one_group = isinstance(layer.pays, TopUp) or layer.name in passing
        left = _left(layer, taken, is_one_group=is_one_group)
        groups = [*(group for group in groups if group not in taken), *left]
    return None


def _opening(version: PlanVersion) -> dict[_Piece, None]:
    """What a claim may open with: every class, and left slots of layers that are not the plan's."""
    own = {layer.name for layer in version.layers}
    written = [_parse(draw.slot) for layer in version.layers for draw in layer.draws]
    given = [piece for piece in written if piece.layer and piece.layer not in own]
    return dict.fromkeys(
        piece._replace(stream=stream)
        for stream in version.streams
        for piece in (*(_Piece(reason, "", "", stream) for reason in CLASSES), *given)
    )


def _parse(pattern: str) -> _Piece:
    head, _, stream = pattern.partition(":")
    reason, _, place = head.partition("@")
    layer, _, ceiling = place.partition(".")
    return _Piece(reason, layer, ceiling, stream or GENERAL)


def _draws(layer: Layer, piece: _Piece) -> bool:
    return any(_means(draw.slot, piece) for draw in layer.draws)


def _means(pattern: str, piece: _Piece) -> bool:
    """Whether a slot as written means this one; a left slot may leave out ceiling and stream."""
    wanted = _parse(pattern)
    is_any_stream = bool(wanted.layer) and ":" not in pattern
    return (
        (wanted.reason, wanted.layer) == (piece.reason, piece.layer)
        and (is_any_stream or wanted.stream == piece.stream)
        and wanted.ceiling in ("", piece.ceiling)
    )


def _refused_target(
    layer: Layer, pays: TopUp, groups: list[_Group], came_through: dict[str, frozenset[_Piece]]
) -> Monotone | None:
    """A target over amounts that the top-up does not draw, or whose payments it does not count."""
    aimed = {
        piece
        for group in groups
        for piece in group.origin
        if any(_means(pattern, piece) for pattern in pays.of)
    }
    before = [name for name, origin in came_through.items() if origin & aimed]
    missed = next((name for name in before if name not in pays.counting), None)
    if missed is not None:
        return _no(
            missed,
            layer.name,
            f"保障层 {layer.name} 的保底目标未计入 {missed} 的支付",
            f"the target of layer {layer.name} does not count what {missed} pays",
        )
    if all(_draws(layer, p) for group in groups if group.origin & aimed for p in group.pieces):
        return None
    return _no(
        before[-1] if before else layer.name,
        layer.name,
        f"保障层 {layer.name} 的保底目标包含它不支付的费用",
        f"the target of layer {layer.name} is over amounts that it does not draw",
    )


def _left(layer: Layer, taken: list[_Group], *, is_one_group: bool) -> list[_Group]:
    """What the layer leaves: a group for each outcome; outcomes that share a slot are joined."""
    drawn = [piece for group in taken for piece in group.pieces]
    origin = frozenset[_Piece]().union(*(group.origin for group in taken))
    joined: list[set[_Piece]] = []
    for outcome in OUTCOMES:
        for ceiling in _tails(layer) if outcome == "over_ceiling" else ("",):
            ends = {_ending(layer, piece, outcome, ceiling) for piece in drawn}
            meeting = [other for other in joined if is_one_group or other & ends]
            joined = [other for other in joined if other not in meeting]
            joined.append(ends.union(*meeting))
    return [_Group(frozenset(ends), layer.name, origin) for ends in joined if ends]


def _tails(layer: Layer) -> tuple[str, ...]:
    ceilings: Iterable[Ceiling] = (
        *layer.ceilings_before_deductible,
        *layer.ceilings_after_deductible,
        *layer.payment_ceilings,
    )
    return (*(ceiling.name for ceiling in ceilings), BEYOND_BANDS)


def _ending(layer: Layer, piece: _Piece, outcome: Outcome, ceiling: str) -> _Piece:
    """The slot that an outcome of a drawn slot ends in: renamed, or under the slot's own name."""
    default = "rename" if piece.reason == "eligible" else "keep"
    if dict(layer.leaves).get(outcome, default) == "keep":
        return piece
    return _Piece(outcome, layer.name, ceiling, piece.stream)
