"""Where everything lies: the fields of a block, the places of the control array, the rows of sums.

Host and generated code agree through this module alone.

A *block* is the resolved numbers of one layer for one combination of its facts, in the order of
:func:`fields`. A *row* belongs to a profile: which plan, its flags, one block for each layer. A
*group* is a row of sums that counters of the same keys share.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from yibao.engines.benefits.kernel.shapes import (
    PER_CLAIM,
    BandsShape,
    CeilingShape,
    CounterShape,
    KeysShape,
    LayerShape,
    PlanShape,
)

NONE = 1 << 60
"""An amount that is «none»: more than any sum of amounts."""

# The control array: addresses and sizes. Columns of a group follow from GROUPS on, three each.
FIRST, LAST, PROFILES, ROWS, ROW_WIDTH, BLOCKS, AMOUNTS, STRIDE = range(8)
YEAR_SUMS, YEARS, UNDO, STATUS, OUT, TRACE, TRACE_WIDTH = range(8, 15)
TOTALS, DETAIL, CELLS, MARKED = range(15, 19)
GROUPS = 19
KEYS, SUMS, SCRATCH = range(3)

# What is to be written, as bits of DETAIL.
PAYS, LEFT, FUNDS, FIGURES, SUMS_ONLY, MARKS = 1, 2, 4, 8, 16, 32

# A profile's row.
PLAN, FLAGS, NARROW_PLAN, FIRST_BLOCK = range(4)
CAREFUL = 1
"""Flag: some number of the profile cannot be had, so counters must be restorable."""
COUNTS_SHIFT = 1

FIGURES_OF_LAYER = (
    "base", "admitted", "taken", "cover", "reached", "uncapped", "covered", "pay",
)  # fmt: skip


def fields(layer: LayerShape) -> dict[str, int]:
    """The fields of a layer's block by name, and their places."""
    names = ["state"] if layer.has_state else []
    names += [f"share.{index}" for index, (_, has_share) in enumerate(layer.draws) if has_share]
    names += ["rest"] if layer.has_shares else []
    names += _ceilings("before", layer.before)
    if layer.deductible is not None:
        names.append("due")
        names += _choice("due", layer.deductible.counters)
        if layer.deductible.yearly_maximum is not None:
            names += _ceilings("maximum", [layer.deductible.yearly_maximum])
    names += _ceilings("after", layer.after)
    names += _pays(layer)
    names += _ceilings("payment", layer.payment)
    names += [f"feed.{counter}" for counter, has_condition in layer.feeds if has_condition]
    if len(layer.funds) > 1:
        names += [f"payer.{index}" for index in range(len(layer.funds))]
    return {name: place for place, name in enumerate(names)}


def _pays(layer: LayerShape) -> list[str]:
    pays = layer.pays
    if not isinstance(pays, BandsShape):
        return ["target"]
    names = _choice("position", pays.positions)
    for index in range(pays.count):
        if pays.mode == "whole":
            names.append(f"start.{index}")
        elif index < pays.count - 1 or pays.has_end:
            names.append(f"edge.{index}")
        names.append(f"rate.{index}")
    return names


def _ceilings(section: str, ceilings: Iterable[CeilingShape]) -> list[str]:
    names = []
    for index, ceiling in enumerate(ceilings):
        names.append(f"{section}.{index}")
        names += _choice(f"{section}.{index}", ceiling.counters)
    return names


def _choice(place: str, counters: tuple[str, ...]) -> list[str]:
    return [f"{place}.counter"] if len(counters) > 1 else []


@dataclass(frozen=True, slots=True)
class Sums:
    """Where the counters of several plans keep their sums: groups, and places in their rows.

    ``groups`` leaves the member-year out: its row has a place of its own.
    """

    groups: tuple[KeysShape, ...]
    places: dict[str, tuple[KeysShape, int]]
    widths: dict[KeysShape, int]

    def group_of(self, name: str) -> int | None:
        """The group of a counter's row; None is the member-year."""
        keys, _ = self.places[name]
        return None if keys.is_member_year else self.groups.index(keys)

    def place_of(self, name: str) -> int:
        """A counter's place in its row."""
        return self.places[name][1]

    def width_of(self, group: int | None) -> int:
        """How many sums a row of a group has."""
        if group is not None:
            return self.widths[self.groups[group]]
        return next((n for keys, n in self.widths.items() if keys.is_member_year), 0)


def stay_key(counter: CounterShape) -> tuple[str, KeysShape]:
    """Under which name, in which group, an encounter's number is kept."""
    return f"number of {counter.name}", KeysShape(counter.keys.holder, "encounter")


def sums_of(shapes: Iterable[PlanShape]) -> Sums:
    """Rows of sums for all counters of some plans."""
    keys_of: dict[str, KeysShape] = {}
    for counter in sorted((c for s in shapes for c in s.counters), key=lambda c: c.name):
        keys_of[counter.name] = counter.keys
        if counter.adds == "claim_count" and counter.once_per_encounter:
            name, keys = stay_key(counter)
            keys_of[name] = keys
    places: dict[str, tuple[KeysShape, int]] = {}
    widths: dict[KeysShape, int] = {}
    for name, keys in keys_of.items():
        places[name] = keys, widths.get(keys, 0)
        widths[keys] = widths.get(keys, 0) + 1
    groups = tuple(sorted(keys for keys in widths if not keys.is_member_year))
    return Sums(groups, places, widths)


def chain(shape: PlanShape, name: str) -> list[str]:
    """A counter and those that it opens from: its balance is the sum of all."""
    names: list[str] = []
    following: str | None = name
    while following is not None:
        names.append(following)
        following = shape.counter(following).opens_from
    return names


def is_remembered(name: str) -> bool:
    """Whether the name is a counter's, not «per claim»."""
    return name != PER_CLAIM
