"""Where a layer's covered cost meets its bands, and what a top-up aims at (费用段).

In mode ``slice`` every fen has the rate of the band that it lies in; band ends are half-open in
fen. In mode ``whole`` all of the cost has the rate of the band that holds its end, fixed before any
payment ceiling. Every number of the bands is asked for, so that an answer does not hang on the size
of the bill.

Refuses: bands that end before they begin, or begin out of order.
"""

from __future__ import annotations

from yibao.base.checks import check
from yibao.base.money import round_half_up
from yibao.base.rates import MILLION
from yibao.engines.benefits.claim import Slot
from yibao.engines.benefits.determination import BandUse, TopUpUse
from yibao.engines.benefits.inquiry import Inquiry
from yibao.engines.policy.law import Bands, TopUp


def slices_of(bands: Bands, start: int, *, cost: int, inquiry: Inquiry) -> tuple[BandUse, ...]:
    """Mode slice: what of ``[start, start + cost)`` lies in each band."""
    uses, edge = [], 0
    for place, band in enumerate(bands.bands, start=1):
        to = None
        if band.to is not None:
            to = inquiry.number(band.to, f"bands/list/{place}/to")
        rate = inquiry.definite(band.rate, f"bands/list/{place}/rate")
        end = start + cost if to is None else to
        check(to is None or to >= edge, f"band {place} ends at {to}, before it begins at {edge}")
        overlap = max(0, min(end, start + cost) - max(edge, start))
        uses.append(BandUse(edge, to, rate, overlap))
        if to is None:
            break
        edge = to
    return tuple(use for use in uses if use.slice_amount)


def whole_slice(bands: Bands, start: int, *, cost: int, inquiry: Inquiry) -> tuple[BandUse, ...]:
    """Mode whole: all of the cost at the rate of the band that holds its end."""
    starts, rates = [], []
    for place, band in enumerate(bands.bands, start=1):
        if band.start is None:
            starts.append(0)
        else:
            written = inquiry.definite(band.start, f"bands/list/{place}/from")
            starts.append(written + 1 if band.is_open else written)
        rates.append(inquiry.definite(band.rate, f"bands/list/{place}/rate"))
    check(starts == sorted(starts), f"bands begin out of order: {starts}")
    if not cost:
        return ()
    reached = [index for index, first in enumerate(starts) if first <= start + cost]
    check(bool(reached), f"no band holds {start + cost}")
    index = reached[-1]
    to = starts[index + 1] if index + 1 < len(starts) else None
    return (BandUse(starts[index], to, rates[index], cost),)


def target_of(rule: TopUp, inquiry: Inquiry) -> TopUpUse:
    """What a top-up aims at, and what the layers that count have paid.

    Rounding: a share of the original amounts, half up, once.
    """
    run = inquiry.run
    original = sum(run.opening.get(Slot.parse(slot), 0) for slot in rule.of)
    if rule.share is not None:
        share = inquiry.definite(rule.share, "top_up/target/share")
        aim = round_half_up(original * share, MILLION)
    else:
        check(rule.amount is not None, "a top-up has neither share nor amount")
        amount = inquiry.number(rule.amount, "top_up/target/amount") if rule.amount else 0
        check(amount is not None or bool(rule.of), "a top-up without end")
        aim = original if amount is None else min(amount, original) if rule.of else amount
    return TopUpUse(aim, sum(run.paid.get(name, 0) for name in rule.counting))
