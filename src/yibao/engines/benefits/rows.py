"""From a bill to the rows that are adjudicated: plan, facts, split lines, one row a benefit year.

A bill is one row, except that a plan whose benefit year follows the charge date takes a stay over
the turn of the year apart: one row a year, made here, before the waterfall, from the lines of that
year. What is read on the charge date is read on the last one of the row's lines.

Holds: the rows of a bill carry all of its lines, each once, in order.

Refuses: to take a stay apart without charge dates, and facts that the area has not declared.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date

from yibao.base.dates import Span
from yibao.base.texts import Text
from yibao.engines.benefits.bills import Bill, GivenLine
from yibao.engines.benefits.catalogue import Catalogue
from yibao.engines.benefits.choice import Choice, choose
from yibao.engines.benefits.claim import GENERAL, Claim, Slot, SplitLine
from yibao.engines.benefits.facts import (
    Member,
    Stated,
    next_year_begins,
    require_admitted,
    worked_out,
)
from yibao.engines.benefits.split import BillLine, Routing, refuse_repeated, split_lines, stream_of
from yibao.engines.policy.area import AreaPolicy
from yibao.engines.policy.law import FactValue, PlanVersion
from yibao.engines.policy.unable import UnableToDetermine

EXAMPLE_ITEM = "example_item"
"""Finding: a line was split by an example row of the catalogue."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row to adjudicate, with the law that was chosen for it."""

    claim: Claim
    choice: Choice

    @property
    def version(self) -> PlanVersion:
        """The plan version that answers."""
        return self.choice.version

    @property
    def findings(self) -> tuple[str, ...]:
        """Findings of the choice and the split."""
        return self.choice.findings


@dataclass(frozen=True, slots=True)
class Law:
    """The law of an area as the host uses it: its compiled policy and its catalogue."""

    area: AreaPolicy
    catalogue: Catalogue = Catalogue()  # noqa: RUF009


def rows_of(law: Law, member: Member, *, bill: Bill, stay_from: date | None = None) -> list[Row]:
    """The rows of a bill, in the order in which they are settled.

    ``stay_from`` is the end of the row before it, for the later rows of one stay.

    Raises:
        UnableToDetermine: with the code of what is missing or ambiguous.
        UnableToSplit: when a line cannot be split.
    """
    whole = _row(law, member, bill=charge_dated(bill), stay=_stay(bill, stay_from))
    parts = _by_year(whole.version, bill)
    if len(parts) == 1:
        return [whole]
    stay = _stay(bill, stay_from)
    return [_row(law, member, bill=part, stay=_within(stay, part)) for part in parts]


def charge_dated(bill: Bill) -> Bill:
    """The bill with the last charge date of its lines as its own, where lines have one.

    A refund goes with the line it names.
    """
    lines = [line for line in bill.lines if not _is_refund(line)]
    days = [line.charge_date for line in lines if line.charge_date is not None]
    if not days:
        return bill
    if bill.dates.charge_date is not None and len(days) < len(lines):
        days.append(bill.dates.charge_date)
    return replace(bill, dates=replace(bill.dates, charge_date=max(days)))


def _is_refund(line: BillLine | GivenLine) -> bool:
    return isinstance(line, BillLine) and bool(line.refunds_line_id)


def _stay(bill: Bill, stay_from: date | None) -> Span | None:
    start = stay_from or bill.dates.admission_date
    return None if start is None else Span(start, max(start, bill.end_date))


def _within(stay: Span | None, part: Bill) -> Span | None:
    """The days of a stay in the calendar year of a part; New Year's night is the old year's."""
    if stay is None or stay.until is None:
        return None
    year = part.dates.named("charge_date").year
    start = max(stay.start, date(year, 1, 1))
    return Span(start, max(start, min(stay.until, next_year_begins(year))))


def _by_year(version: PlanVersion, bill: Bill) -> list[Bill]:
    """The bill whole, or one part a year of its charge dates where the plan counts by them."""
    if version.benefit_year_of != "charge_date":
        return [bill]
    days = _charge_days(bill)
    if len({day.year for day in days.values()}) <= 1:
        return [bill]
    parts = []
    for year in sorted({day.year for day in days.values()}):
        lines = tuple(line for line in bill.lines if days[line.line_id].year == year)
        last = max(days[line.line_id] for line in lines)
        dates = replace(bill.dates, charge_date=last)
        parts.append(replace(bill, claim_id=f"{bill.claim_id}/{year}", lines=lines, dates=dates))
    return parts


def _charge_days(bill: Bill) -> dict[str, date]:
    """The charge date of every line; a refund goes with the line it names.

    A date may be left out where the stay lies within one year.
    """
    admission = bill.dates.admission_date
    is_across = admission is not None and admission.year != bill.end_date.year
    if is_across and not bill.lines and bill.dates.charge_date is None:
        raise _charge_date_missing(bill, "")
    days: dict[str, date] = {}
    for line in bill.lines:
        day = line.charge_date or bill.dates.charge_date
        if day is None and is_across:
            raise _charge_date_missing(bill, line.line_id)
        days[line.line_id] = day or bill.end_date
    for line in bill.lines:
        if isinstance(line, BillLine) and line.refunds_line_id in days:
            days[line.line_id] = days[line.refunds_line_id]
    return days


def _row(law: Law, member: Member, *, bill: Bill, stay: Span | None) -> Row:
    definitions = law.area.facts

    def facts_on(day: date) -> Mapping[str, Stated]:
        return {
            **worked_out(definitions, member, day=day, stay=stay),
            **member.on(day),
            **bill.facts,
        }

    choice = choose(law.area, bill.dates, facts_on=facts_on)
    require_admitted(definitions, choice.facts)
    facts = {name: value for name, value in choice.facts.items() if not isinstance(value, tuple)}
    lines, uses_examples = _split(law, choice, bill=bill, facts=facts)
    claim = Claim(
        claim_id=bill.claim_id,
        member_id=member.member_id,
        encounter_id=bill.encounter_id,
        dates=bill.dates,
        facts=facts,
        slots=_slots(lines) if lines else dict(bill.slots),
        lines=lines,
        list_facts={n: value for n, value in choice.facts.items() if isinstance(value, tuple)},
        family_id=member.family_id,
        episode_id=bill.episode_id,
    )
    if uses_examples:
        choice = replace(choice, findings=(*choice.findings, EXAMPLE_ITEM))
    return Row(claim, choice)


def _split(
    law: Law, choice: Choice, *, bill: Bill, facts: Mapping[str, FactValue]
) -> tuple[tuple[SplitLine, ...], bool]:
    """The bill's lines after the split, in their order, and whether an example row took part."""
    refuse_repeated(line.line_id for line in bill.lines)
    routing = Routing(choice.version.routes, law.area.facts)
    charged = [line for line in bill.lines if isinstance(line, BillLine)]
    split = split_lines(charged, law.catalogue, routing=routing, facts=facts, on=choice.chosen_on)
    lines = {line.line_id: line for line in split.lines}
    for line in bill.lines:
        if isinstance(line, GivenLine):
            stream = line.split.stream
            if stream == GENERAL:
                stream = stream_of({**facts, **line.facts}, routing)
            lines[line.line_id] = replace(line.split, stream=stream)
    ordered = dict.fromkeys(line.line_id for line in bill.lines)
    return tuple(lines[name] for name in ordered if name in lines), split.examples_count > 0


def _slots(lines: tuple[SplitLine, ...]) -> dict[Slot, int]:
    slots: dict[Slot, int] = {}
    for line in lines:
        for slot, amount in line.slots().items():
            slots[slot] = slots.get(slot, 0) + amount
    return slots


def _charge_date_missing(bill: Bill, line_id: str) -> UnableToDetermine:
    place_zh, place_en = (f"明细 {line_id}", f"line {line_id}") if line_id else ("费用", "its cost")
    return UnableToDetermine(
        "charge_date_missing",
        Text(
            f"结算单 {bill.claim_id} 跨年住院，方案按费用日期分年结算，但{place_zh}没有费用日期",
            f"bill {bill.claim_id} is a stay over the turn of the year, its plan counts by charge"
            f" date, and {place_en} has none",
        ),
        Text("请逐行填写 charge_date", "write the charge_date of every line"),
    )
