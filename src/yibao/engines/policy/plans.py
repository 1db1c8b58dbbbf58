"""A plan as written, cut at every date, as the versions that engines read."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from yibao.base.dates import Span
from yibao.base.findings import Where
from yibao.base.texts import Text
from yibao.engines.policy import documents as doc
from yibao.engines.policy import documents_plan as plan_doc
from yibao.engines.policy import law
from yibao.engines.policy.complaints import layers as layer_complaints
from yibao.engines.policy.complaints import numbers as number_complaints
from yibao.engines.policy.complaints import plans as complaints
from yibao.engines.policy.coverage import Proof, cells, prove_bounds, prove_rows, told
from yibao.engines.policy.desk import Desk
from yibao.engines.policy.drawing import BEYOND_BANDS, class_faults
from yibao.engines.policy.fingerprint import fingerprint
from yibao.engines.policy.layers import Frame, LayerCompiler
from yibao.engines.policy.numbers import holds
from yibao.engines.policy.provenance import Origin
from yibao.engines.policy.versions import check_spans, joined, spans_of
from yibao.engines.policy.vocabulary import Domain

STREAMS_LIMIT = 8
GENERAL = "general"
_AMOUNTS = ("drawn", "admitted", "deductible", "covered", "paid")


def compile_plan(written: plan_doc.Plan, desk: Desk) -> list[law.PlanVersion]:
    """All versions of a plan, in order of date; faults go to the desk."""
    check_spans(written, desk.faults)
    spans = spans_of(written, desk.shelf, horizon=desk.horizon)
    return joined(spans, lambda span: _PlanCompiler(written, desk, span=span).compile())


class _PlanCompiler:
    """One plan on one span."""

    def __init__(self, written: plan_doc.Plan, desk: Desk, *, span: Span) -> None:
        self.written = written
        self.desk = desk
        self.faults = desk.faults
        self.span = span
        self.figures = desk.figures(span)
        self.origin = Origin().under(written)
        where = written.where_of("applies_to")
        self.applies_to = desk.words.condition(written.applies_to, where)
        scope = desk.words.scope(self.applies_to)
        self.proof = Proof(scope, span.start, desk.faults, where.file)

    def compile(self) -> law.PlanVersion:
        written = self.written
        additions = self.faults.additions
        routes = self._routes()
        derived = [self._derived(name, entry) for name, entry in written.derived.items()]
        streams = [GENERAL, *dict.fromkeys(route.stream for route in routes)]
        version = law.PlanVersion(
            plan_id=f"{written.area}/{written.plan}",
            area=written.area,
            label=Text(written.name.zh, written.name.en),
            span=self.span,
            applies_to=self.applies_to,
            chosen_by=written.chosen_by,
            benefit_year_of=written.benefit_year_of,
            layers=tuple(self._layers(streams)),
            counters=(),
            feeds=self._feeds(),
            routes=routes,
            derived=tuple(entry for entry in derived if entry is not None),
            loads=self._loads(streams),
            is_annual=written.annual is not None,
        )
        if self.faults.additions == additions:
            self._check_nth_stays(version)
        version = replace(version, counters=self._counters(version))
        return replace(version, policy_hash=fingerprint(version))

    def _routes(self) -> tuple[law.Route, ...]:
        routes = []
        for route in self.written.routes:
            if route.stream == GENERAL:
                self.faults.add(complaints.stream_reserved(route.where))
            if route.holds_on(self.span.start):
                condition = self.desk.words.condition(route.when, route.where)
                label = Text(route.name.zh, route.name.en) if route.name else None
                routes.append(law.Route(route.stream, condition, label))
        where = self.written.where_of("routes")
        if len({route.stream for route in routes} | {GENERAL}) > STREAMS_LIMIT:
            self.faults.add(complaints.streams_too_many(where, STREAMS_LIMIT))
        self._stream_names()
        every = cells([route.condition for route in routes], self.proof.scope)
        if every is None:
            self.faults.add(number_complaints.table_too_wide(where))
        for cell in every or ():
            taken = [route.stream for route in routes if holds(route.condition, cell)]
            if len(taken) > 1:
                one, two = taken[:2]
                self.faults.add(complaints.routes_clash(where, one, two=two, case=told(cell)))
                break
        return tuple(routes)

    def _stream_names(self) -> None:
        """A stream has one name in its plan, on whatever days its routes are law."""
        names: dict[str, object] = {}
        for route in self.written.routes:
            if route.name is None:
                continue
            if names.setdefault(route.stream, route.name) != route.name:
                self.faults.add(complaints.stream_names_differ(route.where, route.stream))

    # ------------------------------------------------------------------------------ derived facts

    def _derived(
        self, name: str, entry: plan_doc.NthStay | plan_doc.RankedSum
    ) -> law.NthStay | law.RankedSum | None:
        fact = self.desk.words.facts.get(name)
        if fact is None or fact.kind not in ("number", "amount"):
            self.faults.add(complaints.derived_undeclared(entry.where, name))
            return None
        if isinstance(entry, plan_doc.NthStay):
            counter = self.desk.counters.get(entry.counter)
            if counter is None or counter.adds != "claim_count":
                adds = counter.adds if counter else "–"
                self.faults.add(
                    layer_complaints.counter_unit(
                        entry.where, entry.counter, adds=adds, wanted=["claim_count"]
                    )
                )
                return None
            return law.NthStay(name, entry.counter, entry.at_most)
        return self._ranked(fact, entry.ranked_sum)

    def _check_nth_stays(self, version: law.PlanVersion) -> None:
        """A plan that asks which stay of a counter this is feeds that counter."""
        fed = set(counters_fed(version))
        for entry in version.derived:
            if isinstance(entry, law.NthStay) and entry.counter not in fed:
                where = self.written.derived[entry.fact].where
                self.faults.add(complaints.nth_unfed(where, entry.fact, counter=entry.counter))

    def _ranked(self, fact: law.FactDefinition, ranked: plan_doc.Ranked) -> law.RankedSum:
        facts, where = self.desk.words.facts, ranked.where
        over = facts.get(ranked.over)
        if over is None or over.kind != "list" or over.list_of != ranked.as_fact:
            known = [name for name, one in facts.items() if one.list_of == ranked.as_fact]
            fault = complaints.list_fact_unknown(where, ranked.over, of=ranked.as_fact, known=known)
            self.faults.add(fault)
        self.desk.words.is_known(ranked.as_fact, where)
        unit: law.Unit = "amount" if fact.kind == "amount" else "count"
        additions = self.faults.additions
        reference = doc.NumberBody(number=ranked.number)
        number = self.figures.number(reference, unit, origin=self.origin, where=where)
        number = replace(number, where=where)
        if self.faults.additions == additions:
            prove_rows(number, self.proof)
            prove_bounds(number, self.proof, name=fact.name)
        shares = tuple(self.figures.literal(share, "rate", where=where) for share in ranked.shares)
        return law.RankedSum(fact.name, number, ranked.over, ranked.as_fact, shares)

    def _scope(self) -> dict[str, Domain]:
        """The scope in which derived facts take their own bounds (the nth stay: 1 to at_most)."""
        scope = dict(self.proof.scope)
        for name, entry in self.written.derived.items():
            if isinstance(entry, plan_doc.NthStay) and name in scope:
                scope[name] = Domain(None, 1, entry.at_most + 1)
        return scope

    # ------------------------------------------------------------------------------------- layers

    def _layers(self, streams: list[str]) -> list[law.Layer]:
        layers: list[law.Layer] = []
        earlier: dict[str, frozenset[str]] = {}
        for written in self.written.layers:
            frame = Frame(
                words=self.desk.words,
                counters=self.desk.counters,
                figures=self.figures,
                scope=self._scope(),
                streams=streams,
                earlier=dict(earlier),
                faults=self.faults,
                home=self.proof.home,
            )
            known = earlier.get(written.layer, frozenset({BEYOND_BANDS}))
            earlier[written.layer] = known | _ceiling_names(written)
            if not written.holds_on(self.span.start):
                continue
            first = next((layer for layer in layers if layer.name == written.layer), None)
            if first is None:
                layers.append(LayerCompiler(written, self.origin, frame=frame).compile())
            else:
                self.faults.add(
                    complaints.layer_twice(
                        written.where, written.layer, day=self.span.start, first=first.where
                    )
                )
        if not layers:
            where = self.written.where_of("layers")
            self.faults.add(complaints.no_layer(where, self.span.start))
        return layers

    # ----------------------------------------------------------------------------------- counters

    def _feeds(self) -> tuple[law.Feed, ...]:
        where = self.written.where_of("feeds")
        counters = self.desk.counters
        known = [name for name, counter in counters.items() if counter.adds == "claim_count"]
        feeds = []
        for entry in self.written.feeds:
            written = entry if isinstance(entry, plan_doc.Feed) else plan_doc.Feed(counter=entry)
            if written.counter not in known:
                self.faults.add(complaints.plan_feeds(where, written.counter, known=known))
                continue
            condition = self.desk.words.condition(written.when, where)
            feeds.append(law.Feed(written.counter, condition))
        return tuple(feeds)

    def _loads(self, streams: list[str]) -> tuple[law.Load, ...]:
        if self.written.annual is None:
            return ()
        for load in self.written.annual.loads:
            self.faults.extend(class_faults(load.slot, load.where, streams=streams))
            for name in (load.counter, *load.minus):
                self._check_counter(name, load.where)
        return tuple(
            law.Load(load.slot, load.counter, load.minus) for load in self.written.annual.loads
        )

    def _check_counter(self, name: str, where: Where) -> None:
        known = self.desk.counters
        if name not in known:
            kind = layer_complaints.COUNTER
            self.faults.add(layer_complaints.name_unknown(where, name, kind=kind, known=known))
        elif known[name].adds == "claim_count":
            fault = layer_complaints.counter_unit(
                where, name, adds=known[name].adds, wanted=_AMOUNTS
            )
            self.faults.add(fault)

    def _counters(self, version: law.PlanVersion) -> tuple[law.Counter, ...]:
        """Every counter that a version reads or feeds, by name, then those that they open from."""
        known = self.desk.counters
        names = {*counters_read(version), *counters_fed(version)} & set(known)
        opened: list[str] = []
        for name in sorted(names):
            other = known[name].opens_from
            while other is not None and other in known and other not in {*names, *opened}:
                opened.append(other)
                other = known[other].opens_from
        return tuple(known[name] for name in (*sorted(names), *opened))


def _ceiling_names(written: plan_doc.LayerBody) -> frozenset[str]:
    costs = written.cost_ceilings
    every = (*costs.before_deductible, *costs.after_deductible, *written.payment_ceilings)
    return frozenset(ceiling.name for ceiling in every)


def counters_fed(version: law.PlanVersion) -> Iterable[str]:
    """The counters that a version may feed."""
    feeds = [*version.feeds, *(feed for layer in version.layers for feed in layer.feeds)]
    return dict.fromkeys(feed.counter for feed in feeds)


def counters_read(version: law.PlanVersion) -> Iterable[str]:
    """The counters that a version may read, without the per-claim ones."""
    names = [entry.counter for entry in version.derived if isinstance(entry, law.NthStay)]
    names += [name for load in version.loads for name in (load.counter, *load.minus)]
    for layer in version.layers:
        names += names_read(layer)
    return dict.fromkeys(names)


def names_read(layer: law.Layer) -> list[str]:
    """The counters that a layer may read, without the per-claim ones."""
    ceilings = [
        *layer.ceilings_before_deductible,
        *layer.ceilings_after_deductible,
        *layer.payment_ceilings,
    ]
    choices = [ceiling.counter for ceiling in ceilings]
    if layer.deductible is not None:
        choices.append(layer.deductible.counter)
        if layer.deductible.yearly_maximum is not None:
            choices.append(layer.deductible.yearly_maximum.counter)
    if isinstance(layer.pays, law.Bands):
        choices.append(layer.pays.position)
    return [name for choice in choices for _, name in (*choice.rows, *choice.excepts) if name]
