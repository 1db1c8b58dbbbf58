"""Numbers of the policy language: from what is written to what engines evaluate.

A written number is dated, names other numbers and leaves its source to what stands around it. Here
it gets one day, one unit, every name followed, and a provenance on every literal. What no source
gives stays ``ExampleNeeded``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from fractions import Fraction
from typing import TypeVar

from yibao.base.dates import Span
from yibao.base.findings import Where
from yibao.base.money import parse_yuan
from yibao.base.rates import MILLION, parse_points, parse_rate
from yibao.engines.policy import documents as doc
from yibao.engines.policy import law
from yibao.engines.policy.complaints import numbers as complaints
from yibao.engines.policy.documents_plan import DatedBands
from yibao.engines.policy.faults import Faults
from yibao.engines.policy.provenance import Citations, Origin
from yibao.engines.policy.scalars import Scalar
from yibao.engines.policy.vocabulary import Vocabulary

EXAMPLE_NEEDED = "example_needed"
NONE = "none"
_Dated = TypeVar("_Dated", doc.DatedNumber, DatedBands)
_POINTS = ("plus_points", "minus_points")
_FACTORS = ("times", "own_share_times")
_RATES_ONLY = (*_POINTS, "own_share_times")
_NO_RATES = ("plus", "minus", "plus_fact", "minus_fact")


@dataclass(frozen=True, slots=True)
class Shelf:
    """What numbers may be taken from by name; another area's under ``370000/name``."""

    numbers: Mapping[str, doc.NamedNumber]
    indices: Mapping[str, doc.IndexSeries]


class Figures:
    """Compiles written numbers for one span of days."""

    def __init__(
        self, words: Vocabulary, shelf: Shelf, *, span: Span, citations: Citations, faults: Faults
    ) -> None:
        self.words = words
        self.shelf = shelf
        self.span = span
        self.citations = citations
        self.faults = faults
        self._following: list[str] = []

    @property
    def day(self) -> date:
        """The day that dated entries are resolved on."""
        return self.span.start

    def number(
        self, written: doc.Number, unit: law.Unit, *, origin: Origin, where: Where
    ) -> law.Number:
        """A written number as engines read it; faults are collected, a stand-in is returned."""
        if isinstance(written, tuple):
            entry = self.on_day(written, where)
            if entry is None:
                return law.Number(unit, _nothing(where), where=where)
            return self._body(entry, unit, origin.under(entry))
        if isinstance(written, doc.NumberBody):
            return self._body(written, unit, origin.under(written))
        return law.Number(unit, self._literal(written, unit, origin, where), where=where)

    def on_day(self, entries: Sequence[_Dated], where: Where) -> _Dated | None:
        """The one dated entry of the day; a gap or an overlap is a fault."""
        found = [entry for entry in entries if self.day in Span(entry.start, entry.until)]
        if not found:
            self.faults.add(complaints.dated_gap(where, self.day))
            return None
        for other in found[1:]:
            fault = complaints.dated_overlap(other.where, self.day, first=found[0].where)
            self.faults.add(fault)
        return found[0]

    def literal(self, written: Scalar, unit: law.Unit, *, where: Where) -> int:
        """A literal in its unit: fen, millionths or a count."""
        value = literal_value(written, unit)
        if value is None:
            self.faults.add(complaints.literal_invalid(where, written, unit=unit))
        return value or 0

    def proven(self, origin: Origin, where: Where) -> law.Provenance:
        """The provenance of something that must have one."""
        return self.citations.proven(origin, where)

    def _literal(
        self, written: Scalar, unit: law.Unit, origin: Origin, where: Where
    ) -> law.Literal_ | law.ExampleNeeded:
        if written == EXAMPLE_NEEDED:
            return law.ExampleNeeded(replace(origin, confidence="example").provenance(where))
        is_none = unit == "amount" and written == NONE
        value = None if is_none else self.literal(written, unit, where=where)
        return law.Literal_(value, self.proven(origin, where))

    def _body(self, body: doc.NumberBody, unit: law.Unit, origin: Origin) -> law.Number:
        where = body.where
        if body.rows is not None:
            rows = law.Rows(
                tuple(self._row(row, unit, origin) for row in body.rows),
                tuple(self._row(row, unit, origin) for row in body.excepts),
            )
            result = law.Number(unit, rows, where=where)
        elif body.value is not None:
            literal = self._literal(body.value, unit, origin, body.where_of("is"))
            result = law.Number(unit, literal, where=where)
        else:
            result = replace(self._reference(body, unit, origin, where), where=where)
        own = tuple(
            self._step(step, unit, origin.under(step))
            for step in body.then
            if step.holds_on(self.day)
        )
        truncates = result.truncates or body.rounding == "truncate"
        return replace(result, steps=result.steps + own, truncates=truncates)

    def _row(self, row: doc.Row, unit: law.Unit, origin: Origin) -> law.Row:
        inner = origin.under(row)
        condition = self.words.condition(row.condition, row.where)
        if isinstance(row.value, doc.SimpleBody):
            number = self._reference(row.value, unit, inner, row.where)
        else:
            body = self._literal(row.value, unit, inner, row.where)
            number = law.Number(unit, body, where=row.where)
        return law.Row(condition, number, row.where)

    def _reference(
        self, body: doc.Reference, unit: law.Unit, origin: Origin, where: Where
    ) -> law.Number:
        if body.fact is not None:
            fact = self.words.numeric(body.fact, where)
            if fact is not None and fact.kind != {"amount": "amount", "count": "number"}.get(unit):
                self.faults.add(complaints.unit_mismatch(where, body.fact, unit=unit))
            number = law.FactNumber(body.fact, self.proven(origin, where))
            return law.Number(unit, number, where=where)
        if body.index is not None:
            index = self._index(body, body.index, unit, origin, where)
            return law.Number(unit, index, where=where)
        return self._named_number(body.number or body.use or "", unit, where)

    def _named_number(self, name: str, unit: law.Unit, where: Where) -> law.Number:
        named = self.shelf.numbers.get(name)
        if named is None or name in self._following:
            fault = (
                complaints.number_unknown(where, name, known=self.shelf.numbers)
                if named is None
                else complaints.number_circular(where, name)
            )
            self.faults.add(fault)
            return law.Number(unit, _nothing(where), where=where)
        if named.unit != unit:
            self.faults.add(complaints.unit_mismatch(where, name, unit=unit))
        self._following.append(name)
        result = self.number(
            named.number, named.unit, origin=Origin().under(named), where=named.where_of("is")
        )
        self._following.pop()
        return replace(result, unit=unit)

    def _index(
        self, body: doc.Reference, name: str, unit: law.Unit, origin: Origin, where: Where
    ) -> law.Index:
        series = self.shelf.indices.get(name)
        provenance = self.proven(origin, where)
        offset = -1 if body.year == "previous" else 0
        times = Fraction(1) if body.times is None else self._factor(body.times, where)
        if series is None:
            self.faults.add(complaints.index_unknown(where, name, known=self.shelf.indices))
            return law.Index(name, offset, times, (), provenance)
        if series.unit != unit:
            self.faults.add(complaints.unit_mismatch(where, name, unit=unit))
        by_year = []
        for year, value in sorted(series.years.items()):
            inner = Origin().under(series).under(value)
            amount = self.literal(value.value, series.unit, where=value.where)
            by_year.append((int(year), amount, self.proven(inner, value.where)))
        wanted = self.day.year + offset
        if wanted not in [year for year, _, _ in by_year]:
            self.faults.add(
                complaints.index_year_missing(where, name, year=wanted, series=series.where)
            )
        return law.Index(name, offset, times, tuple(by_year), provenance)

    def _step(self, step: doc.Step, unit: law.Unit, origin: Origin) -> law.Step:
        name = step.operation
        if name in (_NO_RATES if unit == "rate" else _RATES_ONLY):
            self.faults.add(complaints.step_unsuited(step.where, name))
        condition = self.words.condition(step.when, step.where)
        made = law.Step(name, condition, provenance=self.proven(origin, step.where))
        if step.plus_per is not None:
            return self._plus_per(made, step.plus_per, unit, step.where)
        if name.endswith("_fact"):
            return self._by_fact(made, str(getattr(step, name)), unit, step.where)
        operand = self._operand(name, getattr(step, name), unit, step.where)
        return replace(made, operand=operand)

    def _plus_per(
        self, made: law.Step, written: doc.PlusPer, unit: law.Unit, where: Where
    ) -> law.Step:
        fact = self.words.numeric(written.fact, where)
        is_amount = fact is not None and fact.kind == "amount"
        return replace(
            made,
            operand=self._operand(made.operation, written.amount, unit, where),
            fact=written.fact,
            beyond=self.literal(written.beyond, "amount" if is_amount else "count", where=where),
            is_amount_fact=is_amount,
        )

    def _by_fact(self, made: law.Step, name: str, unit: law.Unit, where: Where) -> law.Step:
        fact = self.words.numeric(name, where)
        is_amount = fact is not None and fact.kind == "amount"
        if fact is not None and made.operation != "times_fact" and is_amount != (unit == "amount"):
            self.faults.add(complaints.unit_mismatch(where, name, unit=unit))
        return replace(made, fact=name, is_amount_fact=is_amount)

    def _operand(self, name: str, written: Scalar, unit: law.Unit, where: Where) -> Fraction:
        if name in _FACTORS:
            return self._factor(written, where)
        if name == "divide_by":
            divisor = self.literal(written, "count", where=where)
            if divisor == 0:
                self.faults.add(complaints.divide_by_zero(where))
            return Fraction(divisor or 1)
        if name in _POINTS or (name == "plus_per" and unit == "rate"):
            return Fraction(self._points(written, where))
        return Fraction(self.literal(written, unit, where=where))

    def _factor(self, written: Scalar, where: Where) -> Fraction:
        if isinstance(written, int):
            return Fraction(self.literal(written, "count", where=where))
        return Fraction(self.literal(written, "rate", where=where), MILLION)

    def _points(self, written: Scalar, where: Where) -> int:
        try:
            return parse_points(str(written))
        except ValueError:
            self.faults.add(complaints.points_invalid(where, written))
            return 0


def literal_value(written: Scalar, unit: law.Unit) -> int | None:
    """A literal in its unit, or None if it is not one. «none» is none of any unit."""
    if unit == "count":
        is_count = isinstance(written, int) and written >= 0
        return int(written) if is_count else None
    try:
        value = parse_yuan(str(written)) if unit == "amount" else parse_rate(str(written))
    except ValueError:
        return None
    return value if value >= 0 else None


def _nothing(where: Where) -> law.Literal_:
    return law.Literal_(0, law.Provenance((), "", "", (), where))
