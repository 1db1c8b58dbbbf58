"""Evaluating a number of law for one person and day: body, steps, one rounding at the end.

A number is a literal, a fact, a published index or a table of rows; its steps run in the listed
order on exact fractions. The answer carries the row, the steps and every source that took part.

Holds: one rounding, half up (or down where the law truncates), at the very end; a rate lies in
0–100 % and an amount or count is not negative, or the run stops. Tests of a condition are judged
together: one that fails settles it, even where another asks for a fact that is missing.

Refuses: a missing fact, a case that no row speaks of, an index year that is not recorded, a number
that only an example could fill. It never clamps and never takes a nearby value.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from typing import TypeVar

from yibao.base.checks import check
from yibao.base.money import FEN_PER_YUAN, format_yuan, round_fraction
from yibao.base.rates import MILLION, format_rate
from yibao.engines.policy.law import (
    Condition,
    ExampleNeeded,
    FactNumber,
    FactValue,
    Index,
    Literal_,
    Number,
    Provenance,
    Rows,
    Simple,
    Step,
    Test,
    Unit,
)
from yibao.engines.policy.unable import example_needed, fact_missing, fact_unknown, index_missing
from yibao.engines.policy.used import NumberUsed, StepTrace

Facts = Mapping[str, FactValue]
Chosen = TypeVar("Chosen")


def evaluate(number: Number, *, name: str, facts: Facts, on: date) -> NumberUsed:
    """The number's value for these facts on this day, with all that led to it.

    ``name`` is its place in the plan. Amounts of facts are fen.
    Rounding: half up, once, at the end; down where the number (or the row's own) truncates.

    Raises:
        UnableToDetermine: ``fact_missing``, ``fact_unknown``, ``index_missing`` or
            ``example_needed``.
        InvariantBroken: two rows for one case, a rate outside 0–100 %, a negative amount.
    """
    exact = _exact(number, _Case(name, facts, on))
    return NumberUsed(
        name=name,
        unit=number.unit,
        value=_rounded(exact, number.unit, name),
        row=exact.row,
        steps=tuple(exact.steps),
        provenance=tuple(dict.fromkeys(exact.provenance)),
        start=None if exact.start is None else (exact.start.numerator, exact.start.denominator),
        is_truncated=exact.truncates,
    )


def holds(condition: Condition, facts: Facts, *, asked_by: str = "a condition") -> bool:
    """Whether all tests hold.

    Raises:
        UnableToDetermine: ``fact_missing`` if no test fails and one asks for a fact nobody stated.
    """
    if failing(condition, facts, asked_by=asked_by):
        return False
    for fact, _ in condition:
        if fact not in facts:
            raise fact_missing(fact, asked_by=asked_by)
    return True


def failing(
    condition: Condition, facts: Facts, *, asked_by: str = "a condition"
) -> tuple[tuple[str, FactValue], ...]:
    """The stated facts whose tests fail, with their values, in the written order."""
    return tuple(
        (fact, facts[fact])
        for fact, test in condition
        if fact in facts and not _passes(test, fact, facts[fact], asked_by)
    )


def choose_row(
    rows: Sequence[tuple[Condition, Chosen]],
    excepts: Sequence[tuple[Condition, Chosen]],
    *,
    facts: Facts,
    asked_by: str,
) -> tuple[Condition, Chosen]:
    """The one row whose condition holds; a row of ``excepts`` wins over ``rows``.

    Raises:
        UnableToDetermine: ``fact_unknown`` if no row speaks of the case, ``fact_missing``.
        InvariantBroken: if two rows of one list hold.
    """
    for table in (excepts, rows):
        found = [row for row in table if holds(row[0], facts, asked_by=asked_by)]
        check(len(found) < 2, f"{asked_by}: {len(found)} rows hold for one case")
        if found:
            return found[0]
    asked = dict.fromkeys(fact for condition, _ in rows for fact, _ in condition)
    values = ", ".join(str(facts[fact]) for fact in asked if fact in facts)
    raise fact_unknown(", ".join(asked), values, asked_by=asked_by)


def whole_number(facts: Facts, fact: str, *, asked_by: str) -> int:
    """The value of a numeric fact; amounts are fen.

    Raises:
        UnableToDetermine: ``fact_missing``, or ``fact_unknown`` if it is not a number.
    """
    if fact not in facts:
        raise fact_missing(fact, asked_by=asked_by)
    value = facts[fact]
    if isinstance(value, bool) or not isinstance(value, int):
        raise fact_unknown(fact, value, asked_by=asked_by)
    return value


def _passes(test: Test, fact: str, value: FactValue, asked_by: str) -> bool:
    if test.values is None and (isinstance(value, bool) or not isinstance(value, int)):
        raise fact_unknown(fact, value, asked_by=asked_by)
    return test.holds(value)


@dataclass(frozen=True, slots=True)
class _Case:
    """What is asked: which number, for which facts, on which day."""

    name: str
    facts: Facts
    on: date

    def fact(self, fact: str) -> int:
        return whole_number(self.facts, fact, asked_by=self.name)


@dataclass(slots=True)
class _Exact:
    """A value on its way, not yet rounded; None is «none»."""

    value: Fraction | None
    provenance: list[Provenance]
    row: tuple[tuple[str, FactValue], ...] = ()
    steps: list[StepTrace] = field(default_factory=list)
    truncates: bool = False
    start: Fraction | None = field(init=False)

    def __post_init__(self) -> None:
        self.start = self.value


def _exact(number: Number, case: _Case) -> _Exact:
    exact = (
        _table(number.body, case) if isinstance(number.body, Rows) else _simple(number.body, case)
    )
    exact.truncates |= number.truncates
    for step in number.steps:
        if holds(step.condition, case.facts, asked_by=case.name):
            _apply(step, number.unit, exact, case)
    return exact


def _table(table: Rows, case: _Case) -> _Exact:
    condition, number = choose_row(
        [(row.condition, row.number) for row in table.rows],
        [(row.condition, row.number) for row in table.excepts],
        facts=case.facts,
        asked_by=case.name,
    )
    exact = _exact(number, case)
    exact.row = (*((fact, case.facts[fact]) for fact, _ in condition), *exact.row)
    return exact


def _simple(body: Simple, case: _Case) -> _Exact:
    if isinstance(body, ExampleNeeded):
        raise example_needed(case.name, body.provenance)
    if isinstance(body, Literal_):
        value = None if body.value is None else Fraction(body.value)
        return _Exact(value, [body.provenance])
    if isinstance(body, FactNumber):
        return _Exact(Fraction(case.fact(body.fact)), [body.provenance])
    return _published(body, case)


def _published(index: Index, case: _Case) -> _Exact:
    year = case.on.year + index.year_offset
    for published, value, provenance in index.by_year:
        if published == year:
            return _Exact(value * index.times, [provenance, index.provenance])
    raise index_missing(index.name, year, asked_by=case.name)


def _apply(step: Step, unit: Unit, exact: _Exact, case: _Case) -> None:
    """Run one step whose condition holds. On «none» only ``set`` and ``at_most`` mean anything."""
    check(step.operation in _OPERATIONS, f"{case.name}: unknown step {step.operation}")
    check(
        exact.value is not None or step.operation in ("set", "at_most"),
        f"{case.name}: step {step.operation} on a number that is none",
    )
    operand = _operand(step, case)
    before = operand if exact.value is None else exact.value
    after = _OPERATIONS[step.operation](before, operand)
    exact.value = after
    exact.steps.append(
        StepTrace(
            step.operation,
            _printed(step, unit, case),
            (after.numerator, after.denominator),
            step.provenance,
        )
    )
    if step.provenance is not None:
        exact.provenance.append(step.provenance)


def _operand(step: Step, case: _Case) -> Fraction:
    """What the operation works with: the operand itself, or what a fact makes of it."""
    if step.operation == "plus_per":
        beyond = Fraction(max(0, case.fact(step.fact) - step.beyond))
        return step.operand * (beyond / FEN_PER_YUAN if step.is_amount_fact else beyond)
    if step.operation == "times_fact" and step.is_amount_fact:
        return Fraction(case.fact(step.fact), FEN_PER_YUAN)
    if step.fact:
        return Fraction(case.fact(step.fact))
    check(step.operation != "divide_by" or step.operand > 0, f"{case.name}: divided by nothing")
    return step.operand


_OPERATIONS: dict[str, Callable[[Fraction, Fraction], Fraction]] = {
    "times": lambda value, factor: value * factor,
    "set": lambda _, given: given,
    "at_least": max,
    "at_most": min,
    "plus": lambda value, more: value + more,
    "minus": lambda value, less: value - less,
    "plus_points": lambda value, more: value + more,
    "minus_points": lambda value, less: value - less,
    "own_share_times": lambda value, factor: MILLION - (MILLION - value) * factor,
    "plus_per": lambda value, more: value + more,
    "times_fact": lambda value, factor: value * factor,
    "plus_fact": lambda value, more: value + more,
    "minus_fact": lambda value, less: value - less,
    "divide_by": lambda value, divisor: value / divisor,
}


def _printed(step: Step, unit: Unit, case: _Case) -> str:
    """The operand as people write it."""
    if step.operation in ("times_fact", "plus_fact", "minus_fact"):
        return f"{step.fact} = {case.facts[step.fact]}"
    if step.operation == "divide_by":
        return str(step.operand)
    if step.operation in ("times", "own_share_times"):
        return _written(step.operand * MILLION, "rate")
    text = _written(step.operand, unit)
    if unit == "rate" and step.operation not in ("set", "at_least", "at_most"):
        text = text.replace("%", "pp")
    if step.operation == "plus_per":
        text += f" × ({step.fact} {case.facts[step.fact]} − {step.beyond})"
    return text


def _written(value: Fraction, unit: Unit) -> str:
    if value.denominator != 1 or unit == "count":
        return str(value)
    return format_yuan(value.numerator) if unit == "amount" else format_rate(value.numerator)


def _rounded(exact: _Exact, unit: Unit, name: str) -> int | None:
    """The one rounding."""
    value = exact.value
    if value is None:
        check(unit == "amount", f"{name}: a {unit} cannot be none")
        return None
    if unit == "rate":
        check(0 <= value <= MILLION, f"{name}: rate {value}/{MILLION} outside 0–100 %")
    check(value >= 0, f"{name}: negative {unit} {value}")
    return value.numerator // value.denominator if exact.truncates else round_fraction(value)
