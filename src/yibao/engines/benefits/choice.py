"""Choosing the one law (适用政策) for a bill: the plan version that its facts and dates meet.

Every plan names the date on which law and facts are read. A plan is met when its ``applies_to``
holds for the facts of that date; it answers when that date lies in a version's span. One answer is
the answer; none or several are coded, never resolved by order.

Refuses: to fall back on a neighbouring plan or date, and to guess a fact that nobody stated.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from yibao.base.dates import Span
from yibao.base.texts import Text
from yibao.engines.benefits.claim import ClaimDates
from yibao.engines.benefits.facts import Stated
from yibao.engines.policy.area import AreaPolicy
from yibao.engines.policy.law import Condition, PlanVersion
from yibao.engines.policy.unable import UnableToDetermine

UNVERIFIED_YEAR = "unverified_year"
"""Finding: the chosen date lies behind the last day that the area, or its register, vouches for."""

FactsOn = Callable[[date], Mapping[str, Stated]]


@dataclass(frozen=True, slots=True)
class Choice:
    """The version that answers, the day it was chosen on, the facts of that day, findings."""

    version: PlanVersion
    chosen_on: date
    facts: Mapping[str, Stated]
    findings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Met:
    """A plan whose ``applies_to`` holds, on the day that it reads."""

    version: PlanVersion
    day: date
    facts: Mapping[str, Stated]


def choose(area: AreaPolicy, dates: ClaimDates, *, facts_on: FactsOn) -> Choice:
    """The one plan version of an area for a bill.

    ``facts_on`` gives the facts of a day, the bill's own included.

    Raises:
        UnableToDetermine: ``no_plan``, ``fact_missing``, ``no_rule_on_date`` or ``several_plans``.
    """
    met: list[_Met] = []
    nearly: dict[str, list[str]] = {}
    for version in area.plans:
        day = dates.named(version.chosen_by)
        facts = facts_on(day)
        missing = _unanswered(version.applies_to, facts)
        if missing is None:
            continue
        if missing:
            nearly[version.plan_id] = missing
        else:
            met.append(_Met(version, day, facts))
    if not met:
        raise _no_plan(area, nearly)
    answering = [one for one in met if one.day in one.version.span]
    if not answering:
        raise _no_rule(met)
    if len(answering) > 1:
        raise _several(answering)
    return _chosen(area, answering[0])


def _chosen(area: AreaPolicy, one: _Met) -> Choice:
    is_late = area.verified_until is not None and one.day > area.verified_until
    is_late = is_late or _is_behind_register(area, one)
    return Choice(one.version, one.day, one.facts, (UNVERIFIED_YEAR,) if is_late else ())


def _is_behind_register(area: AreaPolicy, one: _Met) -> bool:
    """Whether the register has a last day for a product of the bill, and the date lies behind."""
    for product in area.products:
        ends = [entry.span.until for entry in area.verified if entry.product == product.name]
        known = [end for end in ends if end is not None]
        is_closed = bool(known) and len(known) == len(ends)
        if is_closed and one.day >= max(known) and _unanswered(product.condition, one.facts) == []:
            return True
    return False


def _unanswered(condition: Condition, facts: Mapping[str, Stated]) -> list[str] | None:
    """Facts that the condition asks and nobody stated; None when a stated fact fails it."""
    missing = []
    for name, test in condition:
        value = facts.get(name)
        if value is None:
            missing.append(name)
        elif isinstance(value, tuple) or not test.holds(value):
            return None
    return missing


def _no_plan(area: AreaPolicy, nearly: Mapping[str, Sequence[str]]) -> UnableToDetermine:
    if nearly:
        plan, missing = min(nearly.items(), key=lambda item: len(item[1]))
        words = ", ".join(missing)
        return UnableToDetermine(
            "fact_missing",
            Text(
                f"无法选定政策: 方案 {plan} 需要事实 {words}，但结算单和参保信息均未给出",
                f"no plan can be chosen: plan {plan} asks for {words}, which nobody stated",
            ),
            Text(f"请补充 {words}", f"state {words}"),
            subject=missing[0],
        )
    plans = ", ".join(dict.fromkeys(version.plan_id for version in area.plans)) or "—"
    return UnableToDetermine(
        "no_plan",
        Text(
            f"统筹区 {area.code} 没有适用于该结算单的方案",
            f"no plan of area {area.code} applies to this bill",
        ),
        Text(
            f"请核对险种、就诊类别、医疗机构级别等事实；现有方案: {plans}",
            f"check scheme, care type, facility level and the other facts; its plans are: {plans}",
        ),
    )


def _no_rule(met: Sequence[_Met]) -> UnableToDetermine:
    plans = ", ".join(dict.fromkeys(one.version.plan_id for one in met))
    day = met[0].day
    spans = "; ".join(str(span) for span in _joined(one.version.span for one in met))
    return UnableToDetermine(
        "no_rule_on_date",
        Text(
            f"方案 {plans} 在 {day} 没有生效的规则；生效期间: {spans}",
            f"plan {plans} has no rule on {day}; it is in force: {spans}",
        ),
        Text("请核对结算单日期，或补充该日期的政策", "check the date, or add the law of that day"),
    )


def _joined(spans: Iterable[Span]) -> list[Span]:
    joined: list[Span] = []
    for span in sorted(spans):
        if joined and joined[-1].until == span.start:
            joined[-1] = Span(joined[-1].start, span.until)
        else:
            joined.append(span)
    return joined


def _several(answering: Sequence[_Met]) -> UnableToDetermine:
    plans = ", ".join(one.version.plan_id for one in answering)
    return UnableToDetermine(
        "several_plans",
        Text(
            f"在 {answering[0].day} 有多个方案同时适用: {plans}",
            f"several plans apply on {answering[0].day}: {plans}",
        ),
        Text(
            "请让各方案的 applies_to 互不重叠（yibao policy check 会指出位置）",
            "make their `applies_to` exclude one another (`yibao policy check` shows where)",
        ),
    )
