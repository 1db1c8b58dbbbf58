"""A layer as written, on one span of days, as engines read it: checked and proved."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from yibao.base.findings import Where
from yibao.base.texts import Text
from yibao.engines.policy import documents as doc
from yibao.engines.policy import documents_plan as plan_doc
from yibao.engines.policy import law
from yibao.engines.policy.complaints import layers as complaints
from yibao.engines.policy.complaints import numbers as number_complaints
from yibao.engines.policy.complaints.words import name_twice
from yibao.engines.policy.coverage import (
    Proof,
    cases_of,
    prove_bounds,
    prove_reached,
    prove_rows,
    prove_shares,
    told,
    values_in,
)
from yibao.engines.policy.drawing import (
    BEYOND_BANDS,
    Earlier,
    class_faults,
    slot_faults,
    twice_faults,
)
from yibao.engines.policy.faults import Faults
from yibao.engines.policy.figures import Figures
from yibao.engines.policy.provenance import Origin
from yibao.engines.policy.vocabulary import Scope, Vocabulary, narrowed

PER_CLAIM = "per_claim"
_OUTLASTING: Mapping[law.Period, tuple[law.Period, ...]] = {
    "day": ("day", "month", "benefit_year", "lifetime"),
    "month": ("month", "benefit_year", "lifetime"),
    "benefit_year": ("benefit_year", "lifetime"),
    "episode": ("episode", "benefit_year", "lifetime"),
    "lifetime": ("lifetime",),
}
"""Periods that a deductible may run on through, with those that last as long."""
_USES: Mapping[str, tuple[law.Measure, ...]] = {
    "payment_ceilings": ("paid",),
    "before_deductible": ("admitted", "drawn"),
    "after_deductible": ("covered",),
    "deductible": ("deductible", "admitted"),
    "yearly_maximum": ("deductible",),
    "from_zero": ("admitted",),
    "above_deductible": ("covered",),
}


@dataclass(frozen=True, slots=True)
class Frame:
    """What a layer is compiled in: words, counters, numbers of the day, the plan's scope."""

    words: Vocabulary
    counters: Mapping[str, law.Counter]
    figures: Figures
    scope: Scope
    streams: Sequence[str]
    earlier: Earlier
    faults: Faults
    home: str

    @property
    def day(self) -> date:
        """The first day of the version."""
        return self.figures.day


class LayerCompiler:
    """Compiles one layer in a frame."""

    def __init__(self, written: plan_doc.LayerBody, origin: Origin, *, frame: Frame) -> None:
        self.written = written
        self.origin = origin.under(written)
        self.frame = frame
        self.faults = frame.faults
        where = written.where_of("when")
        self.condition = frame.words.condition(written.when, where)
        around = Proof(frame.scope, frame.day, frame.faults, frame.home)
        prove_reached(self.condition, around, where=where)
        self.proof = replace(around, scope=narrowed(frame.scope, self.condition))

    def compile(self) -> law.Layer:
        """The layer on the frame's day."""
        written = self.written
        costs = written.cost_ceilings
        layer = law.Layer(
            name=written.layer,
            label=Text(written.name.zh, written.name.en),
            condition=self.condition,
            paid_by=self._payers(),
            draws=self._draws(),
            pays=self._bands(written.bands) if written.bands else self._top_up(),
            deductible=self._deductible(),
            ceilings_before_deductible=self._ceilings(costs.before_deductible, "before_deductible"),
            ceilings_after_deductible=self._ceilings(costs.after_deductible, "after_deductible"),
            payment_ceilings=self._ceilings(written.payment_ceilings, "payment_ceilings"),
            leaves=_leaves(written.leaves),
            feeds=self._feeds(),
            structure=self.frame.figures.proven(self.origin, written.where),
            where=written.where,
        )
        self._check_ceiling_names()
        self._check_position(layer)
        return layer

    def _number(
        self,
        written: doc.Number,
        unit: law.Unit,
        *,
        origin: Origin,
        where: Where,
        may_be_none: bool = False,
    ) -> law.Number:
        """A number of this layer, its rows and bounds proved over the layer's scope."""
        additions = self.faults.additions
        number = self.frame.figures.number(written, unit, origin=origin, where=where)
        if self.faults.additions == additions:
            prove_rows(number, self.proof)
        if self.faults.additions == additions:
            name = self.written.layer
            prove_bounds(number, self.proof, name=name, may_be_none=may_be_none)
        return number

    def _payers(self) -> tuple[law.Payer, ...]:
        written = [payer for payer in self.written.paid_by if payer.holds_on(self.frame.day)]
        additions = self.faults.additions
        payers = []
        for payer in written:
            origin = self.origin.under(payer)
            where = payer.where_of("share")
            share = self._number(payer.share, "rate", origin=origin, where=where)
            payers.append(law.Payer(payer.fund, share))
        for index, payer in enumerate(written):
            for other in written[:index]:
                if other.fund == payer.fund:
                    self.faults.add(name_twice(payer.where, payer.fund, first=other.where))
        if self.faults.additions == additions:
            where = self.written.where_of("paid_by")
            prove_shares([payer.share for payer in payers], self.proof, where=where)
        return tuple(payers)

    def _draws(self) -> tuple[law.Draw, ...]:
        frame, place = self.frame, self.written.where_of("draws")
        draws = []
        for entry in self.written.draws:
            written = entry if isinstance(entry, plan_doc.Draw) else plan_doc.Draw(slot=entry)
            where = written.where if written.where.file else place
            self.faults.extend(
                slot_faults(written.slot, where, streams=frame.streams, earlier=frame.earlier)
            )
            share = None
            if written.share is not None:
                origin = self.origin.under(written)
                share = self._number(written.share, "rate", origin=origin, where=where)
            draws.append(law.Draw(written.slot, share))
        self.faults.extend(twice_faults([draw.slot for draw in draws], place))
        return tuple(draws)

    # --------------------------------------------------------------------------------- counters

    def _choice(
        self, written: plan_doc.CounterReference | None, use: str, where: Where
    ) -> law.CounterChoice:
        if written is None or isinstance(written, str):
            return law.CounterChoice((((), self._counter(written or PER_CLAIM, use, where)),))
        choice = law.CounterChoice(
            tuple(self._choice_row(row, use) for row in written.rows),
            tuple(self._choice_row(row, use) for row in written.excepts),
        )
        prove_rows(_as_number(written, choice), self.proof)
        return choice

    def _choice_row(self, row: plan_doc.ChoiceRow, use: str) -> tuple[law.Condition, str]:
        condition = self.frame.words.condition(row.condition, row.where)
        return condition, self._counter(row.value, use, row.where)

    def _counter(self, name: str, use: str, where: Where) -> str:
        """A counter that is read; ``""`` stands for per claim."""
        if name == PER_CLAIM:
            return ""
        counter = self._known_counter(name, where)
        if counter is not None and counter.adds not in _USES[use]:
            self.faults.add(
                complaints.counter_unit(where, name, adds=counter.adds, wanted=_USES[use])
            )
        return name if counter is not None else ""

    def _known_counter(self, name: str, where: Where) -> law.Counter | None:
        counter = self.frame.counters.get(name)
        if counter is None:
            known = self.frame.counters
            kind = complaints.COUNTER
            self.faults.add(complaints.name_unknown(where, name, kind=kind, known=known))
        return counter

    def _feeds(self) -> tuple[law.Feed, ...]:
        place = self.written.where_of("feeds")
        feeds = []
        for entry in self.written.feeds:
            written = entry if isinstance(entry, plan_doc.Feed) else plan_doc.Feed(counter=entry)
            where = written.where if written.where.file else place
            if self._known_counter(written.counter, where) is not None:
                condition = self.frame.words.condition(written.when, where)
                prove_reached(condition, self.proof, where=where)
                feeds.append(law.Feed(written.counter, condition))
        return tuple(feeds)

    # --------------------------------------------------------------------- ceilings, deductible

    def _ceilings(self, written: Sequence[plan_doc.Ceiling], use: str) -> tuple[law.Ceiling, ...]:
        day = self.frame.day
        return tuple(self._ceiling(one, use) for one in written if one.holds_on(day))

    def _ceiling(self, written: plan_doc.Ceiling, use: str) -> law.Ceiling:
        where = written.where
        if written.per is not None:
            fact = self.frame.words.numeric(written.per, where)
            if fact is not None and fact.kind == "amount":
                self.faults.add(number_complaints.unit_mismatch(where, written.per, unit="count"))
        amount = self._number(
            written.amount,
            "amount",
            origin=self.origin.under(written),
            where=written.where_of("amount"),
            may_be_none=True,
        )
        choice = self._choice(written.counter, use, where)
        return law.Ceiling(written.name, choice, amount, written.per)

    def _check_ceiling_names(self) -> None:
        """On one day every tail of the layer has a name of its own."""
        costs = self.written.cost_ceilings
        seen: dict[str, Where] = {BEYOND_BANDS: self.written.where}
        for part in (
            costs.before_deductible,
            costs.after_deductible,
            self.written.payment_ceilings,
        ):
            for ceiling in part:
                if ceiling.holds_on(self.frame.day):
                    if ceiling.name in seen:
                        first = seen[ceiling.name]
                        self.faults.add(name_twice(ceiling.where, ceiling.name, first=first))
                    seen[ceiling.name] = ceiling.where

    def _deductible(self) -> law.Deductible | None:
        written = self.written.deductible
        if written is None:
            return None
        origin = self.origin.under(written)
        due = self._number(written.due, "amount", origin=origin, where=written.where_of("due"))
        choice = self._choice(written.counter, "deductible", written.where)
        maximum = None
        if written.yearly_maximum is not None:
            maximum = self._yearly_maximum(written.yearly_maximum, origin)
        return law.Deductible(choice, due, maximum)

    def _yearly_maximum(self, written: plan_doc.YearlyMaximum, origin: Origin) -> law.Ceiling:
        amount = self._number(
            written.amount,
            "amount",
            origin=origin.under(written),
            where=written.where_of("amount"),
            may_be_none=True,
        )
        choice = self._choice(written.counter, "yearly_maximum", written.where)
        return law.Ceiling("yearly_maximum", choice, amount)

    # ----------------------------------------------------------------------------- what is paid

    def _bands(self, written: plan_doc.Bands) -> law.Bands:
        origin = self.origin.under(written)
        listed = [band for band in written.bands if isinstance(band, plan_doc.Band)]
        dated = [entry for entry in written.bands if isinstance(entry, plan_doc.DatedBands)]
        if dated:
            entry = self.frame.figures.on_day(dated, written.where_of("list"))
            listed = list(entry.bands) if entry else []
            origin = origin.under(entry) if entry else origin
        additions = self.faults.additions
        bands = tuple(self._band(band, origin.under(band), written.mode) for band in listed)
        if self.faults.additions == additions:
            self._check_edges(bands, listed, written.mode)
        return law.Bands(
            written.mode,
            written.measured == "from_zero",
            self._choice(written.position, written.measured, written.where),
            bands,
        )

    def _band(self, written: plan_doc.Band, origin: Origin, mode: str) -> law.Band:
        edges = {"to": written.to, "from": written.start, "above": written.above}
        given = {key: value for key, value in edges.items() if value is not None}
        allowed = {"to"} if mode == "slice" else {"from", "above"}
        if len(given) != 1 or not set(given) <= allowed:
            self.faults.add(complaints.band_edges(written.where))
        where = written.where_of("rate")
        rate = self._number(written.rate, "rate", origin=origin, where=where)
        edge = None
        for key, value in given.items():
            edge = self._number(
                value,
                "amount",
                origin=origin,
                where=written.where_of(key),
                may_be_none=mode == "slice",
            )
        if mode == "slice":
            return law.Band(rate, to=edge)
        return law.Band(rate, start=edge, is_open=written.above is not None)

    def _check_edges(
        self, bands: Sequence[law.Band], written: Sequence[plan_doc.Band], mode: str
    ) -> None:
        """Edges rise; a whole-amount table begins at zero."""
        edges = [edge for band in bands if (edge := band.to or band.start) is not None]
        is_fixed = all(isinstance(edge.body, law.Literal_) and not edge.steps for edge in edges)
        for cell in cases_of(edges, self.proof, where=self.written.where_of("bands")):
            values = values_in(edges, cell, on=self.frame.day)
            if values is None:
                continue
            wrong = _falling(values, bands, strictly=is_fixed)
            if wrong is not None:
                self.faults.add(complaints.edges_order(written[wrong].where, told(cell)))
                return
            if mode == "whole" and values[0] != 0:
                self.faults.add(complaints.whole_start(written[0].where))
                return

    def _top_up(self) -> law.TopUp:
        written = self.written.top_up
        if written is None:  # the document model has refused it already
            return law.TopUp((), ())
        target = written.target
        origin = self.origin.under(written).under(target)
        for index, layer in enumerate(written.counting):
            if layer in written.counting[:index]:
                self.faults.add(name_twice(written.where, layer, first=written.where))
            if layer not in self.frame.earlier:
                kind, known = complaints.EARLIER_LAYER, self.frame.earlier
                fault = complaints.name_unknown(written.where, layer, kind=kind, known=known)
                self.faults.add(fault)
        slots = target.of or target.at_most_of
        for slot in slots:
            self.faults.extend(class_faults(slot, target.where, streams=self.frame.streams))
        self.faults.extend(twice_faults(slots, target.where))
        share = amount = None
        if target.share is not None:
            share = self._number(target.share, "rate", origin=origin, where=target.where)
        if target.amount is not None:
            amount = self._number(target.amount, "amount", origin=origin, where=target.where)
        return law.TopUp(slots, written.counting, share, amount)

    def _check_position(self, layer: law.Layer) -> None:
        """From zero, with a deductible that runs on through the year, the position must too."""
        if not isinstance(layer.pays, law.Bands) or not layer.pays.is_measured_from_zero:
            return
        read = _names(layer.deductible.counter) if layer.deductible else set()
        periods = {self.frame.counters[name].period for name in read if name}
        positions = [
            self.frame.counters[name].period if name else None
            for name in _names(layer.pays.position)
        ]
        for period in periods & _OUTLASTING.keys():
            if any(position not in _OUTLASTING[period] for position in positions):
                self.faults.add(complaints.position_missing(self.written.where_of("bands")))


def _names(choice: law.CounterChoice) -> set[str]:
    return {name for _, name in (*choice.rows, *choice.excepts)}


def _leaves(written: plan_doc.Leaves) -> tuple[tuple[law.Outcome, Any], ...]:
    found: tuple[tuple[law.Outcome, Any], ...] = (
        ("deductible", written.deductible),
        ("coinsurance", written.coinsurance),
        ("over_ceiling", written.over_ceiling),
    )
    return tuple((outcome, rule) for outcome, rule in found if rule is not None)


def _as_number(written: plan_doc.ChoiceTable, choice: law.CounterChoice) -> law.Number:
    """A table of counters in the shape of a table of numbers, so that one proof serves both."""
    blank = law.Literal_(0, law.Provenance((), "", ""))
    parts = ((choice.rows, written.rows), (choice.excepts, written.excepts))
    rows, excepts = (
        tuple(
            law.Row(condition, law.Number("count", blank), row.where)
            for (condition, _), row in zip(compiled, listed, strict=True)
        )
        for compiled, listed in parts
    )
    return law.Number("count", law.Rows(rows, excepts), where=rows[0].where)


def _falling(
    values: Sequence[int | None], bands: Sequence[law.Band], *, strictly: bool
) -> int | None:
    """The first band whose edge does not lie beyond the one before.

    Where edges depend on facts, bands may be empty in some cases: behind «none» nothing is left.
    """
    before = 0 if bands[0].to is not None and strictly else -1
    for index, (value, band) in enumerate(zip(values, bands, strict=True)):
        if value is None:
            is_last = index == len(values) - 1
            return index + 1 if strictly and not is_last else None
        first = value + band.is_open
        if first < before or (strictly and first == before):
            return index
        before = first
    return None
