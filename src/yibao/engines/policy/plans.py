"""A plan as written, cut at every date, as the versions that engines read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from pydantic import BaseModel

from yibao.base.dates import Span
from yibao.base.findings import Fault, Where
from yibao.base.rates import MILLION
from yibao.base.texts import Text
from yibao.engines.policy import documents as doc
from yibao.engines.policy import law
from yibao.engines.policy.coverage import cells, prove_rows
from yibao.engines.policy.faults import Faults, known_name
from yibao.engines.policy.figures import Figures, Origin, Shelf
from yibao.engines.policy.fingerprint import fingerprint
from yibao.engines.policy.layers import Frame, LayerCompiler, in_force
from yibao.engines.policy.numbers import holds
from yibao.engines.policy.vocabulary import Vocabulary

STREAMS_LIMIT = 8


@dataclass(frozen=True, slots=True)
class Desk:
    """What plans of one area are compiled with."""

    area: str
    words: Vocabulary
    counters: Mapping[str, law.Counter]
    shelf: Shelf
    horizon: date
    faults: Faults


def dates_in(document: Any) -> Iterator[date]:
    """Every day that a document mentions, at any depth."""
    if isinstance(document, date):
        yield document
    elif isinstance(document, BaseModel):
        for name in type(document).model_fields:
            yield from dates_in(getattr(document, name))
        for value in (document.model_extra or {}).values():
            yield from dates_in(value)
    elif isinstance(document, Mapping):
        for value in document.values():
            yield from dates_in(value)
    elif isinstance(document, tuple | list):
        for value in document:
            yield from dates_in(value)


def _indices_named(document: Any) -> bool:
    if isinstance(document, doc.NumberBody | doc.SimpleBody) and document.index is not None:
        return True
    if isinstance(document, BaseModel):
        return any(_indices_named(getattr(document, n)) for n in type(document).model_fields)
    if isinstance(document, Mapping):
        return any(_indices_named(value) for value in document.values())
    return isinstance(document, tuple | list) and any(_indices_named(v) for v in document)


def spans_of(in_force_spans: Sequence[doc.InForce], days: Iterable[date]) -> list[Span]:
    """The spans of law, cut at every mentioned day inside them."""
    cuts = sorted(set(days))
    spans = []
    for entry in in_force_spans:
        whole = Span(entry.start, entry.until)
        edges = [entry.start, *(day for day in cuts if day in whole and day > entry.start)]
        for index, edge in enumerate(edges):
            until = edges[index + 1] if index + 1 < len(edges) else entry.until
            spans.append(Span(edge, until))
    return sorted(spans)


def check_in_force(written: Sequence[doc.InForce], faults: Faults) -> None:
    """Spans of one document must not meet, and must not be empty."""
    for index, entry in enumerate(written):
        span = Span(entry.start, entry.until)
        for other in written[index + 1 :]:
            if span.meets(Span(other.start, other.until)):
                faults.add(
                    Fault(
                        "in_force_overlap", other.where,
                        Text("in_force 的时段重叠", "two spans of `in_force` overlap"),
                        Text("请为较早的一段写明 until", "give the earlier one its `until`"),
                        (entry.where,),
                    )
                )  # fmt: skip
        if entry.until is not None and entry.until <= entry.start:
            faults.add(
                Fault(
                    "span_empty", entry.where,
                    Text("until 不晚于 from", "`until` is not after `from`"),
                    Text("until 为不含当日的截止日", "`until` is the first day that is out"),
                )
            )  # fmt: skip


def year_starts(desk: Desk, document: Any, spans: Sequence[doc.InForce]) -> list[date]:
    """New Year's days at which a plan that reads an index must be cut."""
    if not _indices_named(document):
        return []
    first = min(entry.start for entry in spans).year
    last = max((entry.until or desk.horizon).year for entry in spans)
    return [date(year, 1, 1) for year in range(first, last + 1)]


def compile_plan(written: doc.Plan, desk: Desk) -> list[law.PlanVersion]:
    """All versions of a plan, in order of date; faults go to the desk."""
    check_in_force(written.in_force, desk.faults)
    numbers = [*desk.shelf.numbers.values()]
    days = [*dates_in(written), *dates_in(numbers), *year_starts(desk, [written, numbers], written.in_force)]
    versions: list[law.PlanVersion] = []
    for span in spans_of(written.in_force, days):
        version = _PlanCompiler(written, desk, span=span).compile()
        previous = versions[-1] if versions else None
        if previous and previous.policy_hash == version.policy_hash and previous.span.until == span.start:
            versions[-1] = replace(previous, span=Span(previous.span.start, span.until))
        else:
            versions.append(version)
    return versions


class _PlanCompiler:
    """One plan on one span."""

    def __init__(self, written: doc.Plan, desk: Desk, *, span: Span) -> None:
        self.written = written
        self.desk = desk
        self.span = span
        self.figures = Figures(desk.words, desk.shelf, span=span, faults=desk.faults)
        self.origin = Origin().under(written)
        self.applies_to = desk.words.condition(written.applies_to, written.where_of("applies_to"))
        self.scope = desk.words.scope(self.applies_to)

    def compile(self) -> law.PlanVersion:
        written = self.written
        routes = self._routes()
        derived = tuple(self._derived(name, entry) for name, entry in written.derived.items())
        layers = self._layers(["general", *dict.fromkeys(route.stream for route in routes)])
        feeds = self._plan_feeds()
        loads = tuple(self._load(load) for load in (written.annual.loads if written.annual else ()))
        version = law.PlanVersion(
            plan_id=f"{written.area}/{written.plan}",
            area=written.area,
            label=Text(written.name.zh, written.name.en),
            span=self.span,
            applies_to=self.applies_to,
            chosen_by=written.chosen_by,
            benefit_year_of=written.benefit_year_of,
            layers=tuple(layers),
            counters=self._counters(layers, feeds, [d for d in derived if d], loads),
            feeds=feeds,
            routes=routes,
            derived=tuple(entry for entry in derived if entry is not None),
            loads=loads,
            is_annual=written.annual is not None,
        )
        return replace(version, policy_hash=fingerprint(version))

    def _fault(self, code: str, where: Where, message: Text, remedy: Text) -> None:
        self.desk.faults.add(Fault(code, where, message, remedy))

    def _routes(self) -> tuple[law.Route, ...]:
        routes = []
        for route in self.written.routes:
            if in_force(route, self.span.start):
                routes.append(law.Route(route.stream, self.desk.words.condition(route.when, route.where)))
        where = self.written.where_of("routes")
        if len({route.stream for route in routes} | {"general"}) > STREAMS_LIMIT:
            self._fault(
                "streams_too_many", where,
                Text("费用通道超过八个", "more than eight streams"), Text("请合并通道", "merge some"),
            )  # fmt: skip
        for cell in cells([route.condition for route in routes], self.scope) or ():
            taken = [route.stream for route in routes if holds(route.condition, cell)]
            if len(taken) > 1:
                self._fault(
                    "routes_clash", where,
                    Text(f"通道“{taken[0]}”与“{taken[1]}”会同时接收一行费用", f"the streams '{taken[0]}' and '{taken[1]}' take the same line"),
                    Text("请让各通道的条件互不重叠", "make their conditions exclude each other"),
                )  # fmt: skip
                break
        return tuple(routes)

    def _derived(self, name: str, entry: doc.NthStay | doc.RankedSum) -> law.NthStay | law.RankedSum | None:
        fact = self.desk.words.facts.get(name)
        if fact is None or fact.kind not in ("number", "amount"):
            self._fault(
                "derived_undeclared", entry.where,
                Text(f"派生事实“{name}”未在 facts.yaml 中声明为数值", f"the derived fact '{name}' is not a numeric fact of facts.yaml"),
                Text("请先声明", "declare it first"),
            )  # fmt: skip
            return None
        if isinstance(entry, doc.NthStay):
            counter = self.desk.counters.get(entry.counter)
            if counter is None or counter.adds != "claim_count":
                self._fault(
                    "counter_unit", entry.where,
                    Text(f"“{entry.counter}”不是累加 claim_count 的累计", f"'{entry.counter}' is not a counter that adds claim_count"),
                    known_name(entry.counter, [c for c, v in self.desk.counters.items() if v.adds == "claim_count"]),
                )  # fmt: skip
                return None
            return law.NthStay(name, entry.counter, entry.at_most)
        ranked = entry.ranked_sum
        number = self.figures.number(
            doc.NumberBody(number=ranked.number), "amount", origin=self.origin, where=entry.where
        )
        prove_rows(number, self.scope, faults=self.desk.faults)
        shares = tuple(
            self.figures.literal(share, "rate", where=entry.where) or 0 for share in ranked.shares
        )
        return law.RankedSum(name, number, ranked.over, ranked.as_fact, shares)

    def _layers(self, streams: list[str]) -> list[law.Layer]:
        layers: list[law.Layer] = []
        earlier: dict[str, frozenset[str]] = {}
        for written in self.written.layers:
            frame = Frame(
                self.desk.words, self.desk.counters, self.figures, self._scope_now(), streams,
                dict(earlier), self.desk.faults,
            )  # fmt: skip
            costs = written.cost_ceilings
            ceilings = (*costs.before_deductible, *costs.after_deductible, *written.payment_ceilings)
            earlier[written.layer] = earlier.get(written.layer, frozenset({"bands"})) | {
                ceiling.name for ceiling in ceilings
            }
            if not in_force(written, self.span.start):
                continue
            if any(layer.name == written.layer for layer in layers):
                self._fault(
                    "dated_overlap", written.where,
                    Text(f"保障层“{written.layer}”在 {self.span.start} 重复", f"the layer '{written.layer}' stands twice on {self.span.start}"),
                    Text("请用 from/until 分开，或改名", "part them by from/until, or rename one"),
                )  # fmt: skip
                continue
            layers.append(LayerCompiler(written, self.origin, frame=frame).compile())
        if not layers:
            self._fault(
                "dated_gap", self.written.where_of("layers"),
                Text(f"{self.span.start} 起没有任何保障层生效", f"no layer is in force from {self.span.start}"),
                Text("请补充保障层，或缩短 in_force", "add a layer, or shorten `in_force`"),
            )  # fmt: skip
        return layers

    def _scope_now(self) -> dict[str, Any]:
        """The scope in which derived facts take their own bounds (the nth stay: 1 to at_most)."""
        scope = dict(self.scope)
        for name, entry in self.written.derived.items():
            if isinstance(entry, doc.NthStay) and name in scope:
                scope[name] = replace(scope[name], start=1, below=entry.at_most + 1)
        return scope

    def _plan_feeds(self) -> tuple[law.Feed, ...]:
        feeds = []
        for feed in self.written.feeds:
            entry = feed if isinstance(feed, doc.Feed) else doc.Feed(counter=feed)
            counter = self.desk.counters.get(entry.counter)
            if counter is None or counter.adds != "claim_count":
                self._fault(
                    "counter_unit", self.written.where_of("feeds"),
                    Text(f"计划只能直接累加 claim_count，“{entry.counter}”不是", f"a plan feeds only counters that add claim_count, '{entry.counter}' does not"),
                    Text("请移到保障层的 feeds", "move it to a layer's `feeds`"),
                )  # fmt: skip
                continue
            condition = self.desk.words.condition(entry.when, self.written.where_of("feeds"))
            feeds.append(law.Feed(entry.counter, condition))
        return tuple(feeds)

    def _load(self, written: doc.Load) -> law.Load:
        for name in (written.counter, *written.minus):
            if name not in self.desk.counters:
                self._fault(
                    "name_unknown", written.where,
                    Text(f"没有名为“{name}”的累计", f"there is no counter named '{name}'"),
                    known_name(name, self.desk.counters),
                )  # fmt: skip
        return law.Load(written.slot, written.counter, written.minus)

    def _counters(
        self, layers: Sequence[law.Layer], feeds: Sequence[law.Feed],
        derived: Sequence[law.NthStay | law.RankedSum], loads: Sequence[law.Load],
    ) -> tuple[law.Counter, ...]:  # fmt: skip
        """Every counter that this version reads or feeds, in the order of their names."""
        names = {feed.counter for feed in feeds} | {name for load in loads for name in (load.counter, *load.minus)}
        names |= {entry.counter for entry in derived if isinstance(entry, law.NthStay)}
        for layer in layers:
            names |= {feed.counter for feed in layer.feeds} | set(counters_read(layer))
        found = [self.desk.counters[name] for name in sorted(names) if name in self.desk.counters]
        opened = [
            self.desk.counters[c.opens_from]
            for c in found
            if c.opens_from in self.desk.counters and c.opens_from not in names
        ]
        return (*found, *opened)


def counters_read(layer: law.Layer) -> list[str]:
    """The counters that a layer may read, without the per-claim ones."""
    choices = [ceiling.counter for ceiling in (
        *layer.ceilings_before_deductible, *layer.ceilings_after_deductible, *layer.payment_ceilings,
    )]  # fmt: skip
    if layer.deductible is not None:
        choices.append(layer.deductible.counter)
        if layer.deductible.yearly_maximum is not None:
            choices.append(layer.deductible.yearly_maximum.counter)
    if isinstance(layer.pays, law.Bands):
        choices.append(layer.pays.position)
    names = [name for choice in choices for _, name in (*choice.rows, *choice.excepts) if name]
    return list(dict.fromkeys(names))


def compile_entitlement(written: doc.Entitlement, desk: Desk) -> list[law.EntitlementVersion]:
    """All versions of an entitlement, in order of date."""
    check_in_force(written.in_force, desk.faults)
    numbers = [*desk.shelf.numbers.values()]
    days = [*dates_in(written), *dates_in(numbers), *year_starts(desk, [written, numbers], written.in_force)]
    versions: list[law.EntitlementVersion] = []
    for span in spans_of(written.in_force, days):
        version = _entitlement_on(written, desk, span)
        previous = versions[-1] if versions else None
        if previous and previous.policy_hash == version.policy_hash and previous.span.until == span.start:
            versions[-1] = replace(previous, span=Span(previous.span.start, span.until))
        else:
            versions.append(version)
    return versions


def _entitlement_on(written: doc.Entitlement, desk: Desk, span: Span) -> law.EntitlementVersion:
    words = desk.words
    origin = Origin().under(written)
    applies_to = words.condition(written.applies_to, written.where_of("applies_to"))
    lines = []
    for line in written.lines:
        figures = Figures(words, desk.shelf, span=span, faults=desk.faults)
        number = figures.number(
            line.number, line.unit, origin=origin.under(line), where=line.where_of("is")
        )
        prove_rows(number, words.scope(applies_to), faults=desk.faults)
        label = Text(line.name.zh, line.name.en)
        lines.append(law.EntitlementLine(line.line, label, number))
        kind = "amount" if line.unit == "amount" else "number"
        words = words.with_facts([
            law.FactDefinition(line.line, label, "member", kind, (), 0, MILLION * MILLION)
        ])  # fmt: skip
    figures = Figures(words, desk.shelf, span=span, faults=desk.faults)
    payers = tuple(
        law.Payer(p.fund, figures.number(p.share, "rate", origin=origin.under(p), where=p.where))
        for p in written.paid_by
        if in_force(p, span.start)
    )
    if written.pays not in [line.name for line in lines]:
        desk.faults.add(
            Fault(
                "name_unknown", written.where_of("pays"),
                Text(f"没有名为“{written.pays}”的行", f"there is no line named '{written.pays}'"),
                known_name(written.pays, [line.name for line in lines]),
            )
        )  # fmt: skip
    version = law.EntitlementVersion(
        entitlement_id=f"{written.area}/{written.entitlement}",
        area=written.area,
        label=Text(written.name.zh, written.name.en),
        span=span,
        applies_to=applies_to,
        chosen_by=written.chosen_by,
        lines=tuple(lines),
        pays=written.pays,
        paid_by=payers,
        structure=origin.provenance(written.where),
    )
    return replace(version, policy_hash=fingerprint(version))
