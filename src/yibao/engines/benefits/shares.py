"""Lines and slots: the matrix that lets every line of a bill close too (明细分摊).

For every line the matrix holds what is still on the member, by slot. When a layer has decided what
becomes of a slot, its lines share the outcomes: in their order, each line's amount is divided over
the outcomes *still unassigned* in that slot, by largest remainder, ties to the first outcome.

Holds: the lines of a slot sum to the slot, before and after every layer; a line's slots and
benefits sum to its charge.
Rounding: largest remainder, a line at a time (docs/waterfall.md §4).
"""

from __future__ import annotations

from collections.abc import Sequence

from yibao.base.checks import check
from yibao.base.money import allocate
from yibao.engines.benefits.claim import Slot, SplitLine
from yibao.engines.benefits.determination import LineResult

Share = tuple[Slot | None, int]
"""Where an outcome of a slot goes, None for the fund, and how much of the slot it is."""


def share_out(amounts: Sequence[int], outcomes: Sequence[int]) -> list[list[int]]:
    """Divide each of ``amounts`` over ``outcomes``, which sum to the same; one row an amount."""
    check(sum(amounts) == sum(outcomes), f"lines {sum(amounts)} ≠ outcomes {sum(outcomes)}")
    unassigned = list(outcomes)
    rows = []
    for amount in amounts:
        parts = allocate(amount, unassigned)
        unassigned = [left - part for left, part in zip(unassigned, parts, strict=True)]
        rows.append(parts)
    return rows


class LineMatrix:
    """What is still on the member by line and slot, and what each layer has paid of each line."""

    def __init__(self, lines: Sequence[SplitLine]) -> None:
        self._lines = tuple(lines)
        self._left: list[dict[Slot, int]] = [line.slots() for line in lines]
        self._benefits: list[dict[str, int]] = [{} for _ in lines]

    def settle(self, layer: str, shares: Sequence[tuple[Slot, Sequence[Share]]]) -> None:
        """Carry a layer's outcomes to the lines: for every drawn slot, where all of it goes."""
        if not self._lines:
            return
        moved = [
            share_out([line.pop(slot, 0) for line in self._left], [part for _, part in outcomes])
            for slot, outcomes in shares
        ]
        for (_, outcomes), rows in zip(shares, moved, strict=True):
            for index, parts in enumerate(rows):
                for (target, _), amount in zip(outcomes, parts, strict=True):
                    self._add(index, layer if target is None else target, amount)

    def results(self) -> tuple[LineResult, ...]:
        """The lines as they stand, zeros left out."""
        return tuple(
            LineResult(
                line_id=line.line_id,
                submitted_amount=line.submitted_amount,
                benefits=tuple(benefits.items()),
                left=tuple(left.items()),
            )
            for line, benefits, left in zip(self._lines, self._benefits, self._left, strict=True)
        )

    def _add(self, index: int, target: Slot | str, amount: int) -> None:
        if not amount:
            return
        if isinstance(target, Slot):
            self._left[index][target] = self._left[index].get(target, 0) + amount
        else:
            self._benefits[index][target] = self._benefits[index].get(target, 0) + amount
