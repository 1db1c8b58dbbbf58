"""Bills against an area: a written bill becomes a member, opening balances and events.

Here the words of a bill meet the words that the area declares: facts, their values, counters and
their keys. Whatever the area does not know is a fault at its file and line, collected with all
others before anything is settled.

Refuses: a fact in the wrong place (a member's fact on a bill), two values of one fact on one day,
and a stated fact that the program works out itself from dates.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from yibao.base.checks import check
from yibao.base.dates import Span
from yibao.base.findings import Fault, FaultsFound, Where
from yibao.base.money import FEN_PER_YUAN, round_fraction
from yibao.base.texts import Text
from yibao.engines.benefits import bills as engine
from yibao.engines.benefits.claim import (
    GENERAL,
    Balances,
    ClaimDates,
    CounterKey,
    Slot,
    SplitLine,
)
from yibao.engines.benefits.facts import (
    AGE,
    STAY_DAYS,
    FactInvalid,
    Member,
    Spell,
    Stated,
    overlapping,
    typed,
)
from yibao.engines.benefits.split import BillLine
from yibao.engines.policy.area import AreaPolicy
from yibao.engines.policy.law import Counter, FactValue
from yibao.storage.files import bills as written
from yibao.storage.files.bills import WrittenBill

_PLACES = {
    "member": Text("member.facts 下", "under member.facts"),
    "encounter": Text("该结算单的 facts 下", "under the bill's facts"),
    "line": Text("该明细的 facts 下", "under the line's facts"),
}


@dataclass(frozen=True, slots=True)
class MemberHistory:
    """A bill file ready to be replayed."""

    name: str
    title: Text
    source: str
    member: Member
    opening: Balances
    events: tuple[engine.Event, ...]


def history_of(bill: WrittenBill, area: AreaPolicy) -> MemberHistory:
    """A written bill as a member's history.

    Raises:
        FaultsFound: every word that the area does not know, each at its place.
    """
    reading = _Reading(bill, area)
    document = bill.document
    member = reading.member()
    events = tuple(reading.event(i, event) for i, event in enumerate(document.events))
    opening = reading.opening(member)
    if reading.faults:
        raise FaultsFound(reading.faults)
    title = document.title
    name = document.bill
    told = Text(title.zh, title.en) if title else Text(name, name)
    return MemberHistory(name, told, document.source or "", member, opening, events)


class _Reading:
    """One bill being read against an area; collects faults."""

    def __init__(self, bill: WrittenBill, area: AreaPolicy) -> None:
        self.bill = bill
        self.area = area
        self.faults: list[Fault] = []

    def fault(self, code: str, where: Where, message: Text, remedy: Text) -> None:
        self.faults.append(Fault(f"bill_{code}", where, message, remedy))

    def member(self) -> Member:
        document = self.bill.document.member
        spells = tuple(
            spell
            for name, value in document.facts.items()
            for spell in self.spells(name, value, ("member", "facts", name))
        )
        self.refuse_overlaps(spells)
        if AGE in document.facts and document.birth_date is not None:
            self.worked_out(AGE, self.bill.place("member", "facts", AGE), "birth_date")
        return Member(document.id, spells, document.birth_date, document.family or "")

    def spells(self, name: str, value: object, path: tuple[str | int, ...]) -> Iterator[Spell]:
        items = value if isinstance(value, tuple) else ()
        if not any(isinstance(item, written.SpellDocument) for item in items):
            stated = self.stated(name, value, self.bill.place(*path), of="member")
            if stated is not None:
                yield Spell(name, stated, where=self.bill.place(*path))
            return
        for item in items:
            stated = self.stated(name, item.value, item.where, of="member")
            if stated is not None:
                span = Span(item.start or date.min, item.until)
                yield Spell(name, stated, span, item.where)

    def refuse_overlaps(self, spells: tuple[Spell, ...]) -> None:
        for first, second in overlapping(spells):
            self.faults.append(
                Fault(
                    "bill_fact_twice",
                    second.where,
                    Text(
                        f"事实 {first.fact} 在同一天有两个值",
                        f"the fact {first.fact} has two values on one day",
                    ),
                    Text(
                        "请用 from 和 until 使各段互不重叠（until 当日不含）",
                        "part the spells by from and until (`until` is exclusive)",
                    ),
                    (first.where,),
                )
            )

    def stated(self, name: str, raw: object, where: Where, *, of: str) -> Stated | None:
        try:
            value = typed(self.area.facts, name, raw=raw)
        except FactInvalid as invalid:
            self.fault(invalid.code, where, invalid.message, invalid.remedy)
            return None
        belongs = self.area.facts[name].of
        if belongs != of:
            place = _PLACES[belongs]
            self.fault(
                "fact_misplaced",
                where,
                Text(f"事实 {name} 不应写在此处", f"the fact {name} does not belong here"),
                Text(f"请移到{place.zh}", f"write it {place.en}"),
            )
        return value

    def worked_out(self, name: str, where: Where, source: str) -> None:
        self.fault(
            "fact_worked_out",
            where,
            Text(
                f"{name} 由 {source} 计算得出，不能另行填写",
                f"{name} is worked out from {source} and may not be stated beside it",
            ),
            Text("只保留其中之一", "keep one of the two"),
        )

    def event(self, index: int, event: written.EventDocument) -> engine.Event:
        where = event.where
        match event:
            case written.SettleDocument():
                return engine.Settle(self.one_bill(index, event, event.settle), where)
            case written.PresettleDocument():
                return engine.Presettle(self.one_bill(index, event, event.presettle), where)
            case written.RefundDocument():
                name = event.renamed or event.refund
                return engine.Refund(event.refund, self.one_bill(index, event, name), where)
            case written.ReverseDocument():
                return engine.Reverse(event.reverse, where)
            case written.ResettleDocument():
                return engine.Resettle(event.resettle, where)
            case written.LearnDocument():
                spells = tuple(
                    spell
                    for name, value in event.learn.items()
                    for spell in self.spells(name, value, ("events", index, "learn", name))
                )
                self.refuse_overlaps(spells)
                return engine.Learn(spells, where)

    def one_bill(self, index: int, event: written.BillDocument, claim_id: str) -> engine.Bill:
        path = ("events", index, "facts")
        facts = self.facts(event.facts, path, of="encounter")
        if STAY_DAYS in facts and event.dates.admission is not None:
            self.worked_out(STAY_DAYS, self.bill.place(*path, STAY_DAYS), "dates.admission")
        slots = {Slot.parse(text): amount for text, amount in (event.slots or {}).items()}
        return engine.Bill(
            claim_id=claim_id,
            encounter_id=event.encounter or claim_id,
            dates=_dates(event.dates),
            facts=facts,
            lines=tuple(self.lines(index, event.lines or ())),
            slots=slots,
            episode_id=event.episode or "",
        )

    def facts(
        self, facts: Mapping[str, object], path: tuple[str | int, ...], *, of: str
    ) -> dict[str, Stated]:
        found = {}
        for name, raw in facts.items():
            value = self.stated(name, raw, self.bill.place(*path, name), of=of)
            if value is not None:
                found[name] = value
        return found

    def lines(
        self, index: int, lines: tuple[written.LineDocument, ...]
    ) -> Iterator[BillLine | engine.GivenLine]:
        seen: dict[str, Where] = {}
        for number, line in enumerate(lines):
            if line.line in seen:
                self.fault(
                    "line_duplicate",
                    line.where,
                    Text(f"明细编号 {line.line} 重复", f"the line id {line.line} is there twice"),
                    Text("每行使用各自的编号", "give every line an id of its own"),
                )
            seen[line.line] = line.where
            stated = self.facts(line.facts, ("events", index, "lines", number, "facts"), of="line")
            facts = {name: one for name, one in stated.items() if not isinstance(one, tuple)}
            yield _charged(line, facts) if line.item is not None else _given(line, facts)

    def opening(self, member: Member) -> Balances:
        sums: dict[CounterKey, int] = {}
        for document in self.bill.document.opening:
            counter = self.counter(document)
            key = self.opening_key(document, counter, member) if counter else None
            if key is None:
                continue
            if key in sums:
                self.fault(
                    "opening_twice",
                    document.where,
                    Text(
                        f"累计 {document.counter} 的同一项写了两次",
                        f"the counter {document.counter} opens twice with the same keys",
                    ),
                    Text("只保留一处", "keep one of them"),
                )
            sums[key] = document.amount if document.amount is not None else document.count or 0
        return Balances(sums)

    def counter(self, document: written.OpeningDocument) -> Counter | None:
        """The counter of an opening balance, in its own unit."""
        counter = self.area.counters.get(document.counter)
        if counter is None:
            names = ", ".join(self.area.counters) or "—"
            self.fault(
                "counter_unknown",
                document.where,
                Text(
                    f"本统筹区没有累计“{document.counter}”",
                    f"this area has no counter '{document.counter}'",
                ),
                Text(f"已有的累计: {names}", f"its counters are: {names}"),
            )
        elif (counter.adds == "claim_count") != (document.count is not None):
            unit = "count" if counter.adds == "claim_count" else "amount"
            self.fault(
                "counter_unit",
                document.where,
                Text(
                    f"累计 {counter.name} 应写 {unit}",
                    f"the counter {counter.name} is written with `{unit}`",
                ),
                Text(f"请改用 {unit}", f"write `{unit}`"),
            )
        return counter

    def opening_key(
        self, document: written.OpeningDocument, counter: Counter, member: Member
    ) -> CounterKey | None:
        """The key of an opening balance; its keys are exactly those of the counter."""
        given = _given_keys(document)
        wanted = _PERIOD_KEYS[counter.period]
        names = (*wanted, *(f"facts.{fact}" for fact in counter.facts))
        has_family = counter.holder == "member" or bool(member.family_id)
        if set(given) != set(names) or not has_family:
            shown = ", ".join(names if has_family else (*names, "member.family")) or "—"
            self.fault(
                "opening_keys",
                document.where,
                Text(
                    f"累计 {counter.name} 按以下各项分别累计: {shown}",
                    f"the counter {counter.name} is kept by: {shown}",
                ),
                Text("请恰好写出这些项", "write these and no others"),
            )
            return None
        holder = member.member_id if counter.holder == "member" else member.family_id
        restart = (f"restart {document.restarts}",) if document.restarts else ()
        return CounterKey(counter.name, (holder, *(given[name] for name in names), *restart))


_PERIOD_KEYS: Mapping[str, tuple[str, ...]] = {
    "benefit_year": ("year",),
    "month": ("month",),
    "day": ("day",),
    "encounter": ("encounter",),
    "episode": ("episode",),
    "encounter_benefit_year": ("encounter", "year"),
    "lifetime": (),
}


def _given_keys(document: written.OpeningDocument) -> dict[str, str]:
    stated = {
        "year": document.year,
        "month": document.month,
        "day": document.day,
        "encounter": document.encounter,
        "episode": document.episode,
        **{f"facts.{name}": _key_text(value) for name, value in document.facts.items()},
    }
    return {name: str(value) for name, value in stated.items() if value is not None}


def _key_text(value: FactValue) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _dates(document: written.DatesDocument) -> ClaimDates:
    """The dates of a bill. A late or manual claim settles on its care date."""
    settlement = document.care or document.settlement or document.discharge
    check(settlement is not None, "a bill's dates were read with one to settle on")
    return ClaimDates(
        settlement_date=settlement or date.min,
        discharge_date=document.discharge,
        charge_date=document.charge,
        admission_date=document.admission,
    )


def _charged(line: written.LineDocument, facts: Mapping[str, FactValue]) -> BillLine:
    """A charged line. Rounding: quantity × unit price, half up, where no amount is written."""
    quantity = line.quantity or Fraction()
    price = (line.unit_price or Fraction()) * FEN_PER_YUAN
    amount = line.amount if line.amount is not None else round_fraction(quantity * price)
    return BillLine(
        line_id=line.line,
        item_code=line.item or "",
        quantity=quantity,
        submitted_amount=amount,
        charge_date=line.charge_date,
        refunds_line_id=line.refunds or "",
        facts=facts,
    )


def _given(line: written.LineDocument, facts: Mapping[str, FactValue]) -> engine.GivenLine:
    split = SplitLine(
        line.line,
        line.stream or GENERAL,
        line.eligible or 0,
        line.prior_self_pay or 0,
        line.over_limit or 0,
        line.noncovered or 0,
    )
    return engine.GivenLine(split, line.charge_date, facts)
