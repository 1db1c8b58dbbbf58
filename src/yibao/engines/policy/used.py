"""A number as it was evaluated: value, the row that was chosen, the steps that ran, the sources.

Written by :mod:`yibao.engines.policy.numbers`, kept in every determination, printed by the
explanation. Amounts are fen, rates millionths; exact values are numerator and denominator.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from yibao.engines.policy.law import FactValue, Provenance, Unit


@dataclass(frozen=True, slots=True)
class StepTrace:
    """A step that was applied, and the value after it, exact, as numerator and denominator."""

    operation: str
    operand: str
    value_after: tuple[int, int]
    provenance: Provenance | None


@dataclass(frozen=True, slots=True)
class NumberUsed:
    """A number as it was evaluated: its place in the plan, value, row, steps and source.

    ``value`` None is «none». ``row`` lists the facts that chose the row, as (fact, value).
    ``start`` is the exact value before the steps, as numerator and denominator (None: «none»);
    ``is_truncated`` says that the one rounding went down.
    """

    name: str  # "basic/deductible/due"
    unit: Unit
    value: int | None
    row: tuple[tuple[str, FactValue], ...]
    steps: tuple[StepTrace, ...]
    provenance: tuple[Provenance, ...]
    start: tuple[int, int] | None = None
    is_truncated: bool = False

    @property
    def exact(self) -> Fraction | None:
        """The value before its one rounding; None is «none»."""
        if self.steps:
            return Fraction(*self.steps[-1].value_after)
        if self.start is not None:
            return Fraction(*self.start)
        return None if self.value is None else Fraction(self.value)

    @property
    def is_example(self) -> bool:
        """Whether any part of it is an example value or an open choice."""
        return any(p.confidence in ("example", "open") for p in self.provenance)
