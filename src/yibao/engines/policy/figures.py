"""Numbers of the policy language: from what is written to what engines evaluate.

A written number is dated, names other numbers and leaves its source to what stands around it. Here it
gets one day, one unit, every name followed, and a provenance on every literal. No literal passes without
source and confidence; what no source gives stays ``ExampleNeeded``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from fractions import Fraction
from typing import TypeVar

from yibao.base.dates import Span
from yibao.base.findings import Fault, Where
from yibao.base.money import parse_yuan
from yibao.base.rates import MILLION, parse_points, parse_rate
from yibao.base.texts import Text
from yibao.engines.policy import documents as doc
from yibao.engines.policy import law
from yibao.engines.policy.documents_area import IndexSeries, NamedNumber
from yibao.engines.policy.faults import Faults, known_name
from yibao.engines.policy.vocabulary import Vocabulary

EXAMPLE_NEEDED = "example_needed"
_Dated = TypeVar("_Dated", doc.DatedNumber, doc.DatedBands)
_POINTS = ("plus_points", "minus_points")
_FACTORS = ("times", "own_share_times")


@dataclass(frozen=True, slots=True)
class Origin:
    """Source and confidence that hold at a place: the nearest written one wins, key by key."""

    source_ids: tuple[str, ...] = ()
    note: str = ""
    confidence: str = ""
    open_ids: tuple[str, ...] = ()

    def under(self, written: doc.Sourced) -> Origin:
        """What holds inside a mapping that may say more."""
        result = self
        if written.source is not None:
            ids, note = _source_parts(written.source)
            result = replace(result, source_ids=ids, note=note)
        if written.confidence is not None:
            result = replace(result, confidence=written.confidence)
        if written.open_ids is not None:
            result = replace(result, open_ids=written.open_ids)
        return result

    def provenance(self, where: Where) -> law.Provenance:
        """The provenance of a literal at a place."""
        return law.Provenance(self.source_ids, self.note, self.confidence, self.open_ids, where)


def _source_parts(source: doc.Source) -> tuple[tuple[str, ...], str]:
    if isinstance(source, str):
        return (source,), ""
    if isinstance(source, doc.SourceNote):
        return source.ids, source.note
    return source, ""


@dataclass(frozen=True, slots=True)
class Shelf:
    """What numbers may be taken from by name: this area's, and other areas' by ``use``."""

    numbers: Mapping[str, NamedNumber]
    indices: Mapping[str, IndexSeries]
    sources: frozenset[str]
    questions: frozenset[str]
    elsewhere: Callable[[str], NamedNumber | None]


class Figures:
    """Compiles written numbers for one span of days."""

    def __init__(self, words: Vocabulary, shelf: Shelf, *, span: Span, faults: Faults) -> None:
        self.words = words
        self.shelf = shelf
        self.span = span
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
                return law.Number(unit, self._nothing(where), where=where)
            return self.number(_undated(entry), unit, origin=origin, where=entry.where)
        if isinstance(written, doc.NumberBody):
            return self._body(written, unit, origin.under(written), written.where)
        return law.Number(unit, self._literal(written, unit, origin, where), where=where)

    def on_day(self, entries: Sequence[_Dated], where: Where) -> _Dated | None:
        """The one dated entry of the day; a gap or an overlap is a fault."""
        found = [e for e in entries if self.day in Span(e.start, e.until)]
        if len(found) == 1:
            return found[0]
        if not found:
            self.faults.add(Fault(
                "dated_gap", where,
                Text(f"{self.day} 起没有生效的规定", f"nothing is in force from {self.day}"),
                Text("请补充该日期的条目，或缩短计划的 in_force", "add an entry for that day, or shorten the plan's in_force"))
            )  # fmt: skip
            return None
        self.faults.add(Fault(
            "dated_overlap", found[1].where,
            Text(f"{self.day} 有 {len(found)} 条规定同时生效", f"{len(found)} entries are in force on {self.day}"),
            Text("请为较早的一条写明 until（不含当日）", "give the earlier one its `until` (exclusive)"),
            also=(found[0].where,))
            )  # fmt: skip
        return found[0]

    def literal(self, written: doc.Scalar, unit: law.Unit, *, where: Where) -> int | None:
        """A literal in its unit: fen, millionths or a count; None for ``none``."""
        if unit == "amount" and written == "none":
            return None
        try:
            if unit == "amount":
                value = parse_yuan(str(written))
            elif unit == "rate":
                value = parse_rate(str(written))
            else:
                value = _count(written)
            if value >= 0:
                return value
        except ValueError:
            pass
        forms = {
            "amount": Text("金额写整数元、加引号的两位小数或 none", 'an amount is yuan: 600, "12.50" or none'),
            "rate": Text('比例写成 "80%"', 'a rate is written "80%"'),
            "count": Text("计数写非负整数", "a count is a plain integer ≥ 0"),
        }
        self.faults.add(Fault(
            f"{unit}_invalid", where,
            Text(f"“{written}”不是此处要求的数", f"'{written}' is not a number of the kind wanted here"),
            forms[unit])
            )  # fmt: skip
        return 0

    def _nothing(self, where: Where) -> law.Literal_:
        return law.Literal_(0, law.Provenance((), "", "", (), where))

    def _literal(
        self, written: doc.Scalar, unit: law.Unit, origin: Origin, where: Where
    ) -> law.Literal_ | law.ExampleNeeded:
        if written == EXAMPLE_NEEDED:
            return law.ExampleNeeded(replace(origin, confidence="example").provenance(where))
        return law.Literal_(self.literal(written, unit, where=where), self.proven(origin, where))

    def proven(self, origin: Origin, where: Where) -> law.Provenance:
        """The provenance of something that must have one; what is missing or unknown is a fault."""
        if not origin.source_ids and not origin.note:
            self.faults.add(Fault(
                "source_missing", where,
                Text("没有写明来源", "no source is given"),
                Text("请写 source（文件编号或公开标题的代号）", "write `source`, an id of sources.yaml"))
            )  # fmt: skip
        if not origin.confidence:
            self.faults.add(Fault(
                "confidence_missing", where,
                Text("没有写明可信度", "no confidence is given"),
                Text("请写 confidence: H、M、seed、example 或 open", "write `confidence`: H, M, seed, example or open"))
            )  # fmt: skip
        if origin.confidence == "open" and not origin.open_ids:
            self.faults.add(Fault(
                "open_missing", where,
                Text("可信度为 open 但未写明待定问题", "confidence is open but no open question is named"),
                Text("请在 open 中列出问题代号", "list the question ids under `open`"))
            )  # fmt: skip
        self._named(origin.source_ids, self.shelf.sources, where, "source_unknown", "来源", "source")
        self._named(origin.open_ids, self.shelf.questions, where, "question_unknown", "问题", "question")
        return origin.provenance(where)

    def _named(
        self, ids: Sequence[str], known: frozenset[str], where: Where, *words: str
    ) -> None:
        code, zh, en = words
        for name in ids:
            if name not in known:
                self.faults.add(Fault(
                    code, where,
                    Text(f"{zh}“{name}”未在 sources.yaml 中声明", f"the {en} '{name}' is not in sources.yaml"),
                    known_name(name, known))
            )  # fmt: skip

    def _body(
        self, body: doc.NumberBody, unit: law.Unit, origin: Origin, where: Where
    ) -> law.Number:
        steps: tuple[law.Step, ...] = ()
        truncates = body.rounding == "truncate"
        if body.rows is not None:
            rows = law.Rows(
                tuple(self._row(row, unit, origin) for row in body.rows),
                tuple(self._row(row, unit, origin) for row in body.excepts),
            )
            result = law.Number(unit, rows, (), truncates, where)
        elif body.value is not None:
            result = law.Number(unit, self._literal(body.value, unit, origin, body.where_of("is")), (), truncates, where)
        else:
            result = replace(self._reference(body, unit, origin, where), where=where)
            truncates = truncates or result.truncates
            steps = result.steps
        own = tuple(
            self._step(step, unit, origin.under(step))
            for step in body.then
            if self.day in Span(step.start or date.min, step.until)
        )
        return replace(result, steps=steps + own, truncates=truncates)

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
        self, body: doc.SimpleBody | doc.NumberBody, unit: law.Unit, origin: Origin, where: Where
    ) -> law.Number:
        if body.fact is not None:
            fact = self.words.numeric(body.fact, where)
            wanted = {"amount": "amount", "count": "number"}.get(unit)
            if fact is not None and fact.kind != wanted:
                self._wrong_unit(body.fact, unit, where)
            return law.Number(unit, law.FactNumber(body.fact, self.proven(origin, where)), where=where)
        if body.index is not None:
            return law.Number(unit, self._index(body, unit, origin, where), where=where)
        return self._named_number(body.number or body.use or "", unit, where)

    def _wrong_unit(self, name: str, unit: law.Unit, where: Where) -> None:
        units = {"amount": "金额", "rate": "比例", "count": "计数"}
        self.faults.add(Fault(
            "unit_mismatch", where,
            Text(f"“{name}”的单位不是{units[unit]}", f"'{name}' is not of the unit {unit}"),
            Text("请使用单位相符的数", "take a number of the right unit"))
            )  # fmt: skip

    def _named_number(self, name: str, unit: law.Unit, where: Where) -> law.Number:
        is_elsewhere = "/" in name
        named = self.shelf.elsewhere(name) if is_elsewhere else self.shelf.numbers.get(name)
        if named is None or name in self._following:
            circular = name in self._following
            self.faults.add(Fault(
                "number_circular" if circular else "number_unknown", where,
                Text(f"数“{name}”" + ("引用了自身" if circular else "未声明"),
                     f"the number '{name}' " + ("names itself" if circular else "is not declared")),
                known_name(name, self.shelf.numbers))
            )  # fmt: skip
            return law.Number(unit, self._nothing(where), where=where)
        if named.unit != unit:
            self._wrong_unit(name, unit, where)
        self._following.append(name)
        result = self.number(
            named.number, unit, origin=Origin().under(named), where=named.where
        )
        self._following.pop()
        return result

    def _index(
        self, body: doc.SimpleBody | doc.NumberBody, unit: law.Unit, origin: Origin, where: Where
    ) -> law.Index:
        name = body.index or ""
        series = self.shelf.indices.get(name)
        provenance = origin.provenance(where)
        offset = -1 if body.year == "previous" else 0
        times = Fraction(1) if body.times is None else self._factor(body.times, where)
        if series is None:
            self.faults.add(Fault(
                "index_unknown", where,
                Text(f"序列“{name}”未声明", f"the index '{name}' is not declared"),
                known_name(name, self.shelf.indices))
            )  # fmt: skip
            return law.Index(name, offset, times, (), provenance)
        if series.unit != unit:
            self._wrong_unit(name, unit, where)
        by_year = []
        for year, value in sorted(series.years.items()):
            inner = Origin().under(series).under(value)
            amount = self.literal(value.value, unit, where=value.where)
            by_year.append((int(year), amount or 0, self.proven(inner, value.where)))
        wanted = self.day.year + offset
        if wanted not in [year for year, _, _ in by_year]:
            self.faults.add(Fault(
                "index_year_missing", where,
                Text(f"序列“{name}”没有 {wanted} 年的值", f"the index '{name}' has no value for {wanted}"),
                Text("请补充该年的公布值", "add the published value of that year"), also=(series.where,))
            )  # fmt: skip
        return law.Index(name, offset, times, tuple(by_year), provenance)

    def _factor(self, written: doc.Scalar, where: Where) -> Fraction:
        if isinstance(written, int):
            return Fraction(written)
        return Fraction(self.literal(written, "rate", where=where) or 0, MILLION)

    def _operand(self, name: str, written: doc.Scalar, unit: law.Unit, where: Where) -> Fraction:
        if name in _FACTORS:
            return self._factor(written, where)
        if name == "divide_by":
            value = self.literal(written, "count", where=where) or 0
            if value == 0:
                self.faults.add(Fault(
                    "divide_by_zero", where, Text("除数不能为零", "a divisor may not be zero"),
                    Text("请写正整数", "write an integer above zero"))
            )  # fmt: skip
            return Fraction(value or 1)
        if name in _POINTS or (name == "plus_per" and unit == "rate"):
            return Fraction(self.points(written, where))
        value_or_none = self.literal(written, unit, where=where)
        return Fraction(value_or_none or 0)

    def points(self, written: doc.Scalar, where: Where) -> int:
        """Percentage points as millionths."""
        try:
            return parse_points(str(written))
        except ValueError:
            self.faults.add(Fault(
                "points_invalid", where,
                Text(f"“{written}”不是百分点", f"'{written}' is not percentage points"),
                Text('百分点写成 "5pp"', 'points are written "5pp"'))
            )  # fmt: skip
            return 0

    def _step(self, step: doc.Step, unit: law.Unit, origin: Origin) -> law.Step:
        name = step.operations[0]
        where = step.where
        self._suits(name, unit, where)
        condition = self.words.condition(step.when, where)
        provenance = self.proven(origin, where)
        if name == "plus_per" and step.plus_per is not None:
            written = step.plus_per
            fact = self.words.numeric(written.fact, where)
            if fact is not None and fact.kind == "amount":
                self._wrong_unit(written.fact, "count", where)
            beyond = self.literal(written.beyond, "count", where=where) or 0
            operand = self._operand(name, written.amount, unit, where)
            return law.Step(name, condition, operand, written.fact, beyond, provenance)
        if name.endswith("_fact"):
            fact_name = str(getattr(step, name))
            fact = self.words.numeric(fact_name, where)
            wanted = "number" if name == "times_fact" or unit == "count" else "amount"
            if fact is not None and fact.kind != wanted:
                self._wrong_unit(fact_name, unit, where)
            return law.Step(name, condition, Fraction(0), fact_name, 0, provenance)
        operand = self._operand(name, getattr(step, name), unit, where)
        return law.Step(name, condition, operand, "", 0, provenance)

    def _suits(self, name: str, unit: law.Unit, where: Where) -> None:
        is_wrong = (name in (*_POINTS, "own_share_times")) != (unit == "rate") and name in (
            *_POINTS, "own_share_times", "plus", "minus", "plus_fact", "minus_fact",
        )  # fmt: skip
        if is_wrong:
            self.faults.add(Fault(
                "step_unsuited", where,
                Text(f"步骤“{name}”不适用于此处的数", f"the step '{name}' does not suit this number"),
                Text("比例用 plus_points/minus_points，金额和计数用 plus/minus", "rates take points; amounts and counts take plus/minus"))
            )  # fmt: skip


def _count(written: doc.Scalar) -> int:
    if isinstance(written, bool) or not isinstance(written, int):
        raise ValueError(written)
    return written


def _undated(entry: doc.DatedNumber) -> doc.NumberBody:
    body = doc.NumberBody.model_construct(
        **{name: getattr(entry, name) for name in doc.NumberBody.model_fields}
    )
    body._where = entry.where
    return body
