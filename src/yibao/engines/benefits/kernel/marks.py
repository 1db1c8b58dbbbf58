"""Marks: which layers of a claim drew, by which shares, and as which stay, as one number.

Which numbers of the law a claim rests on follows from its profile and its marks, so that a run over
many claims can tell their sources without keeping figures.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from yibao.base.checks import check
from yibao.engines.benefits.kernel.shapes import PlanShape


@dataclass(frozen=True, slots=True)
class Marks:
    """The bits of a plan's marks; a stay's number counts in steps of its bit.

    ``layers`` has a bit for each layer that drew; ``shares`` one for each draw in part that found
    something; ``stays`` the lowest bit of each derived stay number.
    """

    layers: tuple[int, ...]
    shares: tuple[Mapping[int, int], ...]
    stays: tuple[int, ...]
    widths: tuple[int, ...]

    def drew(self, marks: int, layer: int) -> bool:
        """Whether a layer drew."""
        return bool(marks & self.layers[layer])

    def draws_of(self, marks: int, layer: int) -> list[int]:
        """The draws in part of a layer that found something."""
        return [draw for draw, bit in self.shares[layer].items() if marks & bit]

    def stay(self, marks: int, index: int) -> int:
        """The number of a derived stay fact."""
        return marks // self.stays[index] & (self.widths[index] - 1)


@cache
def marks_of(shape: PlanShape) -> Marks:
    """The marks of a plan."""
    bits = iter(range(63))
    layers = tuple(1 << next(bits) for _ in shape.layers)
    shares = tuple(
        {draw: 1 << next(bits) for draw, (_, has_share) in enumerate(layer.draws) if has_share}
        for layer in shape.layers
    )
    stays, widths = [], []
    for stay in shape.stays:
        width = stay.at_most.bit_length()
        first, *_ = [next(bits) for _ in range(width)]
        stays.append(1 << first)
        widths.append(1 << width)
    check(next(bits, None) is not None, "a plan has more layers than marks")
    return Marks(layers, shares, tuple(stays), tuple(widths))
