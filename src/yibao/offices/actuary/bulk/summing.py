"""The summary of claims that were settled in bulk, from what kindred claims came to together."""

from __future__ import annotations

from yibao.engines.benefits.choice import UNVERIFIED_YEAR
from yibao.offices.actuary.bulk.desks import Kindred, Sums
from yibao.offices.actuary.reference_runs import EARLIER_REJECTED
from yibao.offices.actuary.settled import Summary, Totals


def summary_of(sums: Sums) -> Summary:
    """What a run of :func:`~.settled.Summary.add` over each claim would give."""
    summary = Summary()
    for one, count, submitted, benefit in sums.groups:
        if one.profile.plan is not None:
            _add(summary, one, Totals(count, submitted, benefit, submitted - benefit))
    for name, amount in sums.columns.items():
        kind, _, named = name.partition("_")
        if kind in ("benefit", "fund"):
            _count(summary.by_layer if kind == "benefit" else summary.by_fund, named, amount)
    if sums.later_count:
        _count(summary.by_finding, EARLIER_REJECTED, sums.later_count)
    return summary


def _add(summary: Summary, one: Kindred, totals: Totals) -> None:
    if one.is_annual:
        benefit = totals.benefit_amount
        totals = Totals(totals.claims_count, 0, benefit, -benefit)
    summary.rows.take(totals)
    for table, fact in ((summary.by_scheme, "scheme"), (summary.by_care_type, "care_type")):
        table.setdefault(one.profile.fact(fact), Totals()).take(totals)
    _note_names(summary, one)
    if one.profile.is_unverified:
        _count(summary.by_finding, UNVERIFIED_YEAR, totals.claims_count)
    if one.ground.examples_count:
        summary.with_examples_count += totals.claims_count


def _note_names(summary: Summary, one: Kindred) -> None:
    """The layers of the plan, and the funds of those that drew, though they may pay nothing."""
    plan = one.profile.plan
    if plan is None:
        return
    for layer in plan.version.layers:
        _count(summary.by_layer, layer.name, 0)
    for fund in one.funds:
        _count(summary.by_fund, fund, 0)


def _count(table: dict[str, int], name: str, amount: int) -> None:
    table[name] = table.get(name, 0) + amount
