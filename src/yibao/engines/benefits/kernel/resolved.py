"""A layer's numbers for one claim's facts, read off the reference engine's own steps.

The reference is asked on a claim without cost: its steps then ask every number, in their order, and
decide nothing. What they asked is kept twice: as plain integers for blocks, and with rows, steps
and sources for the explanation.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from yibao.engines.benefits.determination import CeilingUse, DeductibleUse, NumberUsed
from yibao.engines.benefits.inquiry import Inquiry, Run
from yibao.engines.benefits.layer import (
    admit,
    bound_cover,
    fund,
    hold_payment,
    price,
    take_deductible,
)
from yibao.engines.benefits.pricing import BandPricing
from yibao.engines.policy.law import Bands, Draw, FactValue, Layer
from yibao.engines.policy.numbers import choose_row, holds


@dataclass(frozen=True, slots=True)
class BandRead:
    """A band as read: where it begins and ends (None: no end), and its rate."""

    start: int
    to: int | None
    rate: int


@dataclass(frozen=True, slots=True)
class Resolved:
    """The numbers of a layer behind its draw, and the counters that were chosen.

    Uses are those of a claim without cost and of counters at zero: amounts and names count.
    ``target`` is a top-up's share or amount.
    """

    numbers: tuple[NumberUsed, ...]
    before: tuple[CeilingUse, ...]
    deductible: DeductibleUse | None
    after: tuple[CeilingUse, ...]
    position: str
    bands: tuple[BandRead, ...]
    target: int | None
    payment: tuple[CeilingUse, ...]
    shares: tuple[int, ...]
    feeds: tuple[str, ...]


def resolve_share(draw: Draw, layer: Layer, *, run: Run) -> NumberUsed:
    """The share of a slot that is drawn in part."""
    inquiry = Inquiry(layer, run)
    if draw.share is not None:
        inquiry.definite(draw.share, f"draws/{draw.slot}/share")
    return inquiry.numbers[0]


def resolve(layer: Layer, run: Run) -> Resolved:
    """Everything that a layer asks behind its draw, in the reference's order.

    Raises:
        YibaoError: the first of what cannot be had.
    """
    inquiry = Inquiry(layer, run)
    before = admit(layer, 0, inquiry=inquiry).uses
    deductible = take_deductible(layer, 0, inquiry=inquiry)
    after = bound_cover(layer, 0, inquiry=inquiry).uses
    asked = len(inquiry.numbers)
    price(layer, 0, taken=0, inquiry=inquiry)
    priced = inquiry.numbers[asked:]
    _, paid = hold_payment(layer, BandPricing(()), inquiry=inquiry)
    asked = len(inquiry.numbers)
    fund(layer, 0, inquiry=inquiry)
    shares = tuple(number.value or 0 for number in inquiry.numbers[asked:])
    facts, pays = run.claim.facts, layer.pays
    return Resolved(
        numbers=inquiry.numbers,
        before=before,
        deductible=deductible,
        after=after,
        position=_position(pays, facts) if isinstance(pays, Bands) else "",
        bands=_bands(pays, priced) if isinstance(pays, Bands) else (),
        target=None if isinstance(pays, Bands) else next((n.value for n in priced), None),
        payment=paid.uses,
        shares=shares,
        feeds=_fed(layer, run),
    )


def _position(pays: Bands, facts: Mapping[str, FactValue]) -> str:
    position = pays.position
    _, name = choose_row(position.rows, position.excepts, facts=facts, asked_by="bands/position")
    return name


def _bands(pays: Bands, priced: Sequence[NumberUsed]) -> tuple[BandRead, ...]:
    """The bands as asked; those behind one without end are not."""
    asked = iter(priced)
    if pays.mode == "whole":
        starts, rates = [], []
        for band in pays.bands:
            starts.append(0 if band.start is None else (next(asked).value or 0) + band.is_open)
            rates.append(next(asked).value or 0)
        ends = [*starts[1:], None]
        return tuple(map(BandRead, starts, ends, rates))
    bands, edge = [], 0
    for band in pays.bands:
        to = None if band.to is None else next(asked).value
        bands.append(BandRead(edge, to, next(asked).value or 0))
        if to is None:
            break
        edge = to
    return tuple(bands)


def _fed(layer: Layer, run: Run) -> tuple[str, ...]:
    """The counters that the layer feeds; their keys can be had, claim counts left out."""
    facts, book = run.claim.facts, run.book
    fed = dict.fromkeys(
        feed.counter
        for feed in layer.feeds
        if holds(feed.condition, facts, asked_by=f"{layer.name}/feeds/{feed.counter}")
    )
    names = tuple(name for name in fed if book.counter(name).adds != "claim_count")
    for name in names:
        book.balance(name)
    return names
