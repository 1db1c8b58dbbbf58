"""The reference engine: one claim through the layers of its plan, plain and obviously right (结算).

Law, claim and balances go in; a determination comes out that tells every step and closes to the
fen. Slow is fine here: the compiled engine is held equal to this one.

Holds: Σ slots + Σ benefits = submitted after every layer; the determination passes
:func:`yibao.engines.benefits.closure.check_closure`; nothing that was given is changed.

Refuses: a claim outside the plan or its days, amounts that are no amounts, facts that are missing.
Facts that the plan derives (the nth stay, a ranked sum) are worked out here; a value of theirs that
the claim brings is not looked at.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date

from yibao.base.checks import check
from yibao.base.money import round_half_up
from yibao.base.rates import MILLION
from yibao.engines.benefits.balances import benefit_date
from yibao.engines.benefits.book import CounterBook
from yibao.engines.benefits.claim import Balances, Claim
from yibao.engines.benefits.closure import check_closure
from yibao.engines.benefits.determination import Determination, LayerResult, NumberUsed
from yibao.engines.benefits.inquiry import Run
from yibao.engines.benefits.layer import run_layer
from yibao.engines.benefits.opening import open_slots
from yibao.engines.benefits.shares import LineMatrix
from yibao.engines.benefits.slots import in_order
from yibao.engines.benefits.version import ENGINE_VERSION
from yibao.engines.policy.law import FactValue, NthStay, PlanVersion, RankedSum
from yibao.engines.policy.numbers import evaluate, failing, holds
from yibao.engines.policy.unable import fact_missing, no_plan, no_rule_on_date


def adjudicate(version: PlanVersion, claim: Claim, *, balances: Balances) -> Determination:
    """Adjudicate one claim row under one plan version. Pure: deltas are returned, nothing is kept.

    Raises:
        UnableToDetermine: if the law gives no answer for the claim.
        ClaimInvalid: if its amounts cannot be adjudicated.
        InvariantBroken: if something does not close.
    """
    on = claim.dates.named(version.chosen_by)
    require_scope(version, claim, on=on)
    book = CounterBook(version, claim, balances=balances)
    facts, derived = derived_facts(version, book, on=on)
    book.claim = claim = replace(claim, facts=facts)
    opening = open_slots(version, claim, book=book)
    run = Run(version, claim, on, book, opening, dict(opening), LineMatrix(claim.lines))
    layers = _layers(run)
    nth = book.count_claim()
    determination = Determination(
        claim_id=claim.claim_id,
        member_id=claim.member_id,
        encounter_id=claim.encounter_id,
        plan_id=version.plan_id,
        policy_hash=version.policy_hash,
        engine_version=ENGINE_VERSION,
        chosen_on=on,
        benefit_year=benefit_date(version, claim).year,
        submitted_amount=sum(opening.values()),
        opening=tuple(opening.items()),
        layers=layers,
        left=tuple((slot, run.state[slot]) for slot in in_order(run.state, version=version)),
        lines=run.lines.results(),
        deltas=book.deltas,
        nth=nth,
        reads=book.reads,
        is_annual=version.is_annual,
        derived=derived,
    )
    check_closure(determination)
    return determination


def require_scope(version: PlanVersion, claim: Claim, *, on: date) -> None:
    """Stop unless the version speaks of the day and the claim.

    Raises:
        UnableToDetermine: ``no_rule_on_date``, ``no_plan`` or ``fact_missing``.
    """
    if on not in version.span:
        raise no_rule_on_date(version.plan_id, on, in_force=str(version.span))
    if not holds(version.applies_to, claim.facts, asked_by=f"{version.plan_id}/applies_to"):
        raise no_plan(version.plan_id, failing(version.applies_to, claim.facts))


def _layers(run: Run) -> tuple[LayerResult, ...]:
    submitted = sum(run.opening.values())
    results = []
    for layer in run.version.layers:
        results.append(run_layer(layer, run))
        closes = sum(run.state.values()) + sum(run.paid.values())
        check(
            closes == submitted, f"{run.claim.claim_id}: {closes} ≠ {submitted} after {layer.name}"
        )
    return tuple(results)


def derived_facts(
    version: PlanVersion, book: CounterBook, *, on: date
) -> tuple[Mapping[str, FactValue], tuple[NumberUsed, ...]]:
    """The claim's facts with those that the plan derives, and the numbers behind them."""
    facts = dict(book.claim.facts)
    numbers: list[NumberUsed] = []
    for rule in version.derived:
        if isinstance(rule, NthStay):
            facts[rule.fact] = min(book.stay_number(rule.counter), rule.at_most)
            continue
        facts[rule.fact], used = ranked_sum(rule, book.claim, facts=facts, on=on)
        numbers.extend(used)
    return facts, tuple(numbers)


def ranked_sum(
    rule: RankedSum, claim: Claim, *, facts: dict[str, FactValue], on: date
) -> tuple[int, list[NumberUsed]]:
    """Σ of the highest values, each by its share; values beyond the shares do not count.

    Rounding: half up, once.
    """
    if rule.over not in claim.list_facts:
        raise fact_missing(rule.over, asked_by=f"derived/{rule.fact}")
    used, values = [], []
    for value in claim.list_facts[rule.over]:
        name = f"derived/{rule.fact}/{value}"
        number = evaluate(rule.number, name=name, facts=facts | {rule.as_fact: value}, on=on)
        check(number.value is not None, f"{name} cannot be none")
        used.append(number)
        values.append(number.value or 0)
    highest = sorted(values, reverse=True)
    products = [value * share for value, share in zip(highest, rule.shares, strict=False)]
    return round_half_up(sum(products), MILLION), used
