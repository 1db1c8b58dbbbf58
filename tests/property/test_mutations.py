"""Every step of the layer is held: change one, and the walk along the line tells.

Each row is a way in which an engine could be wrong and still look right. The engine is changed in
memory; the comparison of `test_fen_walk` (or the engine's own checks) must notice on some seed.
"""

from __future__ import annotations

import ast
import inspect
import textwrap

import pytest

from tests.property.test_fen_walk import first_difference
from yibao.base.errors import InvariantBroken
from yibao.engines.benefits import balances, bands, book, layer, pricing, shares, slots

MUTATIONS = [
    # 0 applies?
    ("applies always", layer.unmet_condition, "if holds(", "if True or holds("),
    # 1 draw
    ("draws from the end", layer.draw, "in layer.draws:", "in reversed(layer.draws):"),
    ("draws a share cut off", layer.draw, "round_half_up(whole * share, MILLION)",
     "whole * share // MILLION"),
    ("streams in another order", slots.in_order, "streams.index(slot.stream)",
     "-streams.index(slot.stream)"),
    ("ceilings in another order", slots.in_order, "_place(slot.ceiling,", "-_place(slot.ceiling,"),
    # 2, 4, 6 ceilings
    ("no ceiling before the deductible", layer.admit, "_bounded(base, ceilings,",
     "_bounded(base, (),"),
    ("no ceiling after the deductible", layer.bound_cover, "_bounded(cost, ceilings,",
     "_bounded(cost, (),"),
    ("ceiling after counts the deductible", layer._course, "admitted.amount - taken, inq",
     "admitted.amount, inq"),
    ("the last of equal ceilings", layer._bounded, "index for index, use in enumerate(uses) if",
     "index for index, use in reversed(list(enumerate(uses))) if"),
    ("the widest ceiling", layer._bounded, "Bounded(min(rooms), ", "Bounded(max(rooms), "),
    # 3 the deductible
    ("deductible forgets", layer.take_deductible, "due - balance", "due"),
    ("no yearly maximum", layer.take_deductible, "yearly.room < unmet", "False"),
    ("all of the unmet is taken", layer.take_deductible, "min(unmet, admitted)", "unmet"),
    # 5 bands
    ("always above the deductible", layer.price, "position + taken if", "position if"),
    ("always from zero", layer.price, "else position\n", "else position + taken\n"),
    ("bands forget their position", bands.slices_of, "max(edge, start)", "max(edge, start + 1)"),
    ("open ends are closed", bands.whole_slice, "written + 1 if", "written if"),
    ("the band below", bands.whole_slice, "first <= start + cost", "first < start + cost"),
    ("rounded down", pricing.BandPricing.payment, "round_half_up(", "(lambda a, b: a // b)("),
    ("rounded in every band", pricing.BandPricing.payment,
     "return round_half_up(\n        sum(band.exact_product for band in self.within(covered).slices), MILLION\n    )",  # noqa: E501
     "return sum(round_half_up(b.exact_product, MILLION) for b in self.within(covered).slices)"),
    # top-up
    ("top-up counts nobody", bands.target_of, "run.paid.get(name, 0)", "0"),
    ("top-up beyond the original", bands.target_of, "min(amount, original)", "amount"),
    # 6 payment ceilings
    ("the smallest cost that pays the room", pricing.BandPricing.largest_covered,
     "room * MILLION + MILLION // 2 - 1", "room * MILLION - MILLION // 2"),
    ("room is not exhausted", layer.hold_payment, "reached.largest_covered(paid.amount)",
     "reached.largest_covered(paid.amount) - 1"),
    # 7 attribute
    ("relief from the end", layer.attribute, "for one in course.drawn",
     "for one in course.drawn[::-1]"),
    ("relief without the deductible", layer._outcome, "last - course.taken, first - course.taken",
     "last, first"),
    # 8 leave
    ("renames everything", layer.left_slot, 'if slot.reason == "eligible" else "keep"',
     'if slot.reason else "keep"'),
    ("keeps everything", layer.left_slot, '"rename" if slot.reason', '"rename" if not slot.reason'),
    ("forgets what is written", layer.left_slot, ".get(outcome,", ".get(None,"),
    ("forgets the stream", layer.left_slot, "ceiling, slot.stream)", "ceiling)"),
    # 9 counters and funds
    ("feeds whatever the condition", layer.feed, "if holds(", "if True or holds("),
    ("drawn counts what is admitted", layer.feed, '"drawn": course.base',
     '"drawn": course.admitted.amount'),
    ("admitted counts what is drawn", layer.feed, '"admitted": course.admitted.amount',
     '"admitted": course.base'),
    ("deductible counts what is due", layer.feed, '"deductible": course.taken',
     '"deductible": course.deductible.unmet if course.deductible else 0'),
    ("covered counts before the payment ceiling", layer.feed, "course.held.covered_amount",
     "course.reached.covered_amount"),
    ("paid counts what is covered", layer.feed, '"paid": course.paid.amount',
     '"paid": course.held.covered_amount'),
    ("counters move after the claim", book.CounterBook.balance_of,
     "+ self._deltas.get(key, 0)", ""),
    ("funds by remainder of the last", layer.fund, "allocate(payment, shares)",
     "[payment - payment * sum(shares[1:]) // MILLION, payment * sum(shares[1:]) // MILLION]"),
    # keys, stays, lines
    ("months are years", balances._period, 'f"{on:%Y-%m}"', 'f"{on:%Y}"'),
    ("diseases are one", balances._fact, "value = facts[fact]", 'value = "any"'),
    ("families are members", balances.key_of, 'counter.holder == "member"', "True"),
    ("stays are numbered from two", book.CounterBook.stay_number, "balance + 1", "balance + 2"),
    ("a stay counts again next year", balances.counted_stay,
     "encounter == encounter_id and is_same", "False"),
    ("lines by outcome, not by what is left", shares.share_out, "allocate(amount, unassigned)",
     "allocate(amount, outcomes)"),
]  # fmt: skip


def mutated(function, old: str, new: str):
    """The code of a function with one place of its text changed."""
    text = textwrap.dedent(inspect.getsource(function))
    assert text.count(old) == 1, f"{function.__qualname__} has {text.count(old)} × {old!r}"
    space = dict(function.__globals__)
    text = "from __future__ import annotations\n" + text.replace(old, new)
    exec(compile(ast.parse(text), "<mutated>", "exec"), space)  # noqa: S102
    return space[function.__name__].__code__


def noticed(seeds) -> bool:
    for seed in seeds:
        try:
            if first_difference(seed):
                return True
        except (InvariantBroken, ValueError):
            return True
    return False


def test_unchanged_nothing_is_noticed():
    assert not noticed(range(40))


@pytest.mark.parametrize(
    ("function", "old", "new"), [row[1:] for row in MUTATIONS], ids=[row[0] for row in MUTATIONS]
)
def test_a_changed_step_is_noticed(function, old, new, monkeypatch):
    monkeypatch.setattr(function, "__code__", mutated(function, old, new))
    assert noticed(range(600))
