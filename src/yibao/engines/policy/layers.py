"""A layer as written, on one span of days, as engines read it: structure checked, numbers proved."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from yibao.base.dates import Span
from yibao.base.findings import Fault, Where
from yibao.base.texts import Text
from yibao.engines.policy import documents as doc
from yibao.engines.policy import law
from yibao.engines.policy.coverage import prove_bounds, prove_rows, prove_shares
from yibao.engines.policy.faults import Faults, known_name
from yibao.engines.policy.figures import Figures, Origin
from yibao.engines.policy.vocabulary import Domain, Scope, Vocabulary, narrowed

PER_CLAIM = "per_claim"
CLASSES = ("eligible", "prior_self_pay", "over_limit", "noncovered")
OUTCOMES = ("deductible", "coinsurance", "over_ceiling")
_LONG_PERIODS = ("benefit_year", "month", "day", "episode", "lifetime")

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
    earlier: Mapping[str, frozenset[str]]  # layers before, with their ceilings' names
    faults: Faults

    @property
    def day(self) -> date:
        """The first day of the version."""
        return self.figures.day


def in_force(written: doc.Dates, day: date) -> bool:
    """Whether an entry with optional dates holds on a day."""
    return day in Span(written.start or date.min, written.until)


class LayerCompiler:
    """Compiles one layer in a frame."""

    def __init__(self, written: doc.LayerBody, origin: Origin, *, frame: Frame) -> None:
        self.written = written
        self.origin = origin.under(written)
        self.frame = frame
        self.condition = frame.words.condition(written.when, written.where)
        self.scope: dict[str, Domain] = narrowed(frame.scope, self.condition)

    def compile(self) -> law.Layer:
        """The layer on the frame's day."""
        written = self.written
        costs = written.cost_ceilings
        leaves = written.leaves.model_dump(exclude_none=True)
        layer = law.Layer(
            name=written.layer,
            label=Text(written.name.zh, written.name.en),
            condition=self.condition,
            paid_by=self._payers(),
            draws=tuple(self._draw(draw) for draw in written.draws),
            pays=self._bands(written.bands) if written.bands else self._top_up(),
            deductible=self._deductible(),
            ceilings_before_deductible=self._ceilings(costs.before_deductible, "before_deductible"),
            ceilings_after_deductible=self._ceilings(costs.after_deductible, "after_deductible"),
            payment_ceilings=self._ceilings(written.payment_ceilings, "payment_ceilings"),
            leaves=tuple(leaves.items()),
            feeds=self.feeds(written.feeds, written.where),
            structure=self.frame.figures.proven(self.origin, written.where),
            where=written.where,
        )
        self._check_positions(layer)
        return layer

    def _fault(self, code: str, where: Where, message: Text, remedy: Text) -> None:
        self.frame.faults.add(Fault(code, where, message, remedy))

    def number(
        self, written: doc.Number, unit: law.Unit, *, origin: Origin, where: Where, name: str
    ) -> law.Number:
        """A number of this layer, its rows and bounds proved over the layer's scope."""
        faults_before = len(self.frame.faults)
        number = self.frame.figures.number(written, unit, origin=origin, where=where)
        if len(self.frame.faults) > faults_before:
            return number
        prove_rows(number, self.scope, faults=self.frame.faults)
        prove_bounds(
            number, self.scope, name=f"{self.written.layer}/{name}", on=self.frame.day,
            faults=self.frame.faults,
        )  # fmt: skip
        return number

    def _payers(self) -> tuple[law.Payer, ...]:
        payers = tuple(
            law.Payer(
                payer.fund,
                self.number(
                    payer.share, "rate", origin=self.origin.under(payer), where=payer.where,
                    name=f"paid_by/{payer.fund}",
                ),
            )
            for payer in self.written.paid_by
            if in_force(payer, self.frame.day)
        )  # fmt: skip
        prove_shares(
            [payer.share for payer in payers], self.scope, on=self.frame.day,
            where=self.written.where, faults=self.frame.faults,
        )  # fmt: skip
        return payers

    def _draw(self, written: str | doc.Draw) -> law.Draw:
        if isinstance(written, str):
            self._check_slot(written, self.written.where_of("draws"))
            return law.Draw(written)
        self._check_slot(written.slot, written.where)
        if written.share is None:
            return law.Draw(written.slot)
        share = self.number(
            written.share, "rate", origin=self.origin, where=written.where, name=f"draws/{written.slot}"
        )
        return law.Draw(written.slot, share)

    def _check_slot(self, text: str, where: Where) -> None:
        """A drawn slot must exist: a class in a known stream, or what an earlier layer left."""
        head, _, stream = text.partition(":")
        reason, _, place = head.partition("@")
        layer, _, ceiling = place.partition(".")
        if stream and stream not in self.frame.streams:
            self._unknown(stream, self.frame.streams, where, Text("费用通道", "stream"))
        if not place:
            if reason not in CLASSES:
                self._unknown(text, [*CLASSES, *(f"{o}@…" for o in OUTCOMES)], where, Text("费用分块", "slot"))
        elif layer not in self.frame.earlier:
            self._unknown(layer, self.frame.earlier, where, Text("前序保障层", "earlier layer"))
        elif reason not in OUTCOMES:
            self._unknown(reason, OUTCOMES, where, Text("剩余原因", "reason"))
        elif ceiling and ceiling not in self.frame.earlier[layer]:
            self._unknown(ceiling, self.frame.earlier[layer], where, Text("封顶名称", "ceiling"))

    def _unknown(self, name: str, known: Sequence[str] | Mapping[str, object] | frozenset[str], where: Where, kind: Text) -> None:
        self._fault(
            "name_unknown", where,
            Text(f"没有名为“{name}”的{kind.zh}", f"there is no {kind.en} named '{name}'"),
            known_name(name, known),
        )  # fmt: skip

    def _choice(self, written: doc.CounterRef | None, use: str, where: Where) -> law.CounterChoice:
        if written is None or isinstance(written, str):
            return law.CounterChoice((((), self._counter_name(written or PER_CLAIM, use, where)),))
        rows = tuple(self._choice_row(row, use) for row in written.rows)
        excepts = tuple(self._choice_row(row, use) for row in written.excepts)
        blank = law.Provenance((), "", "H")
        table = law.Rows(
            *(
                tuple(
                    law.Row(condition, law.Number("count", law.Literal_(0, blank)), written.where)
                    for condition, _ in part
                )
                for part in (rows, excepts)
            )
        )
        prove_rows(law.Number("count", table, where=written.where), self.scope, faults=self.frame.faults)
        return law.CounterChoice(rows, excepts)

    def _choice_row(self, row: doc.ChoiceRow, use: str) -> tuple[law.Condition, str]:
        condition = self.frame.words.condition(row.condition, row.where)
        return condition, self._counter_name(row.value, use, row.where)

    def _counter_name(self, name: str, use: str, where: Where) -> str:
        if name == PER_CLAIM:
            return ""
        counter = self.frame.counters.get(name)
        if counter is None:
            self._unknown(name, self.frame.counters, where, Text("累计", "counter"))
            return ""
        if counter.adds not in _USES[use]:
            wanted = " / ".join(_USES[use])
            self._fault(
                "counter_unit", where,
                Text(f"累计“{name}”累加的是 {counter.adds}，此处须累加 {wanted}",
                     f"the counter '{name}' adds {counter.adds}; here it must add {wanted}"),
                Text("请换用单位相符的累计", "use a counter of the right unit (docs/policy-language.md §6)"),
            )  # fmt: skip
        return name

    def _ceilings(self, written: Sequence[doc.Ceiling], use: str) -> tuple[law.Ceiling, ...]:
        return tuple(
            self._ceiling(ceiling, use) for ceiling in written if in_force(ceiling, self.frame.day)
        )

    def _ceiling(self, written: doc.Ceiling, use: str) -> law.Ceiling:
        if written.per is not None:
            self.frame.words.numeric(written.per, written.where)
        amount = self.number(
            written.amount, "amount", origin=self.origin.under(written), where=written.where_of("amount"),
            name=f"{use}/{written.name}",
        )  # fmt: skip
        return law.Ceiling(
            written.name, self._choice(written.counter, use, written.where), amount, written.per
        )

    def _deductible(self) -> law.Deductible | None:
        written = self.written.deductible
        if written is None:
            return None
        origin = self.origin.under(written)
        maximum = None
        if written.yearly_maximum is not None:
            most = written.yearly_maximum
            amount = self.number(
                most.amount, "amount", origin=origin.under(most), where=most.where,
                name="deductible/yearly_maximum",
            )  # fmt: skip
            choice = self._choice(most.counter, "yearly_maximum", most.where)
            maximum = law.Ceiling("yearly_maximum", choice, amount)
        due = self.number(
            written.due, "amount", origin=origin, where=written.where_of("due"), name="deductible/due"
        )
        return law.Deductible(self._choice(written.counter, "deductible", written.where), due, maximum)

    def _bands(self, written: doc.Bands) -> law.Bands:
        origin = self.origin.under(written)
        bands: Sequence[doc.Band] = ()
        if written.bands and isinstance(written.bands[0], doc.DatedBands):
            dated = [entry for entry in written.bands if isinstance(entry, doc.DatedBands)]
            entry = self.frame.figures.on_day(dated, written.where)
            bands = entry.bands if entry else ()
        else:
            bands = [band for band in written.bands if isinstance(band, doc.Band)]
        return law.Bands(
            written.mode,
            written.measured == "from_zero",
            self._choice(written.position, written.measured, written.where),
            tuple(
                self._band(band, origin.under(band), written.mode, str(index + 1))
                for index, band in enumerate(bands)
            ),
        )

    def _band(self, written: doc.Band, origin: Origin, mode: str, name: str) -> law.Band:
        starts = [start for start in (written.start, written.above) if start is not None]
        is_right = bool(written.to is not None and not starts) if mode == "slice" else len(starts) == 1
        if not is_right:
            self._fault(
                "band_edges", written.where,
                Text("slice 的档写 to；whole 的档写 from 或 above", "bands of mode slice say `to`; of mode whole `from` or `above`"),
                Text("请按模式书写档的边界", "write the edges as the mode wants them"),
            )  # fmt: skip
        edge: law.Number | None = None
        for value in (written.to, *starts):
            if value is not None:
                edge = self.number(
                    value, "amount", origin=origin, where=written.where_of("to"), name=f"bands/{name}/edge"
                )
        rate = self.number(
            written.rate, "rate", origin=origin, where=written.where_of("rate"), name=f"bands/{name}/rate"
        )
        if mode == "slice":
            return law.Band(rate, to=edge)
        return law.Band(rate, start=edge, is_open=written.above is not None)

    def _top_up(self) -> law.TopUp:
        written = self.written.top_up
        if written is None:  # the document model has refused it already
            return law.TopUp((), ())
        target = written.target
        origin = self.origin.under(written).under(target)
        for layer in written.counting:
            if layer not in self.frame.earlier:
                self._unknown(layer, self.frame.earlier, written.where, Text("前序保障层", "earlier layer"))
        share = amount = None
        if target.share is not None:
            share = self.number(
                target.share, "rate", origin=origin, where=target.where, name="top_up/share"
            )
        if target.amount is not None:
            amount = self.number(
                target.amount, "amount", origin=origin, where=target.where, name="top_up/amount"
            )
        return law.TopUp(target.of or target.at_most_of, written.counting, share, amount)

    def feeds(self, written: Sequence[str | doc.Feed], where: Where) -> tuple[law.Feed, ...]:
        """Counters that are fed, each declared."""
        result = []
        for feed in written:
            entry = feed if isinstance(feed, doc.Feed) else doc.Feed(counter=feed)
            place = entry.where if entry.where.file else where
            if entry.counter not in self.frame.counters:
                self._unknown(entry.counter, self.frame.counters, place, Text("累计", "counter"))
                continue
            result.append(law.Feed(entry.counter, self.frame.words.condition(entry.when, place)))
        return tuple(result)

    def _check_positions(self, layer: law.Layer) -> None:
        """From zero, with a deductible that runs on through the year, the position must too."""
        if not isinstance(layer.pays, law.Bands) or not layer.pays.is_measured_from_zero:
            return
        names = {name for _, name in (layer.deductible.counter.rows if layer.deductible else ())}
        runs_on = any(n and self.frame.counters[n].period in _LONG_PERIODS for n in names)
        positions = {name for _, name in layer.pays.position.rows}
        if runs_on and "" in positions:
            self._fault(
                "position_missing", self.written.where,
                Text("起付线按年累计且分档从零起算时，档位也须用年度累计",
                     "bands from zero with a deductible over the year need a position counter over the year"),
                Text("请为 position 指定累加 admitted 的年度累计", "give `position` a yearly counter that adds admitted"),
            )  # fmt: skip
