"""What only the whole area can show: every product has one rule a day, every counter grows."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from itertools import combinations

from yibao.base.dates import Span
from yibao.base.findings import Where
from yibao.engines.policy import law
from yibao.engines.policy.area import AreaPolicy, Product
from yibao.engines.policy.asking import prove_asked
from yibao.engines.policy.complaints import plans as complaints
from yibao.engines.policy.complaints.numbers import table_too_wide
from yibao.engines.policy.coverage import cells, told
from yibao.engines.policy.faults import Faults
from yibao.engines.policy.numbers import holds
from yibao.engines.policy.plans import counters_fed, counters_read, names_read
from yibao.engines.policy.vocabulary import Vocabulary


def prove_whole(policy: AreaPolicy, *, faults: Faults) -> None:
    """Add a fault for everything that no single document could show."""
    words = Vocabulary(policy.facts, {}, faults=faults)
    prove_asked(policy, faults=faults)
    _prove_feeding(policy, faults)
    _prove_funds(policy, faults)
    _prove_apart(policy, words, faults)
    for product in policy.products:
        _prove_product(policy, product, words, faults)


def _where(version: law.PlanVersion) -> Where:
    return version.layers[0].where if version.layers else Where(version.plan_id)


def _prove_feeding(policy: AreaPolicy, faults: Faults) -> None:
    """Every counter that is read, or opened from, is fed by some plan."""
    fed = {name for version in policy.plans for name in counters_fed(version)}
    for version in policy.plans:
        read = set(counters_read(version))
        read |= {c.opens_from for c in version.counters if c.opens_from is not None}
        for name in sorted(read - fed):
            faults.add(complaints.counter_unfed(_reader(version, name), name))


def _reader(version: law.PlanVersion, name: str) -> Where:
    """The layer that reads a counter first, else the plan."""
    for layer in version.layers:
        if name in names_read(layer):
            return layer.where
    return _where(version)


def _prove_funds(policy: AreaPolicy, faults: Faults) -> None:
    """Every payer is declared, in an area that declares its funds."""
    if not policy.funds:
        return
    payers = [
        (payer.fund, layer.where)
        for version in policy.plans
        for layer in version.layers
        for payer in layer.paid_by
    ]
    payers += [(payer.fund, payer.share.where) for e in policy.entitlements for payer in e.paid_by]
    for fund, where in payers:
        if fund not in policy.funds:
            faults.add(complaints.fund_unknown(where, fund, known=policy.funds))


def _prove_apart(policy: AreaPolicy, words: Vocabulary, faults: Faults) -> None:
    """No case belongs to two plans on one day."""
    for one, two in combinations(policy.plans, 2):
        if not one.span.meets(two.span):
            continue
        scope = words.scope(one.applies_to, two.applies_to)
        if not any(scope[name].is_empty for name, _ in (*one.applies_to, *two.applies_to)):
            day = max(one.span.start, two.span.start)
            faults.add(
                complaints.plans_clash(
                    _where(two), one.plan_id, two=two.plan_id, day=day, first=_where(one)
                )
            )


def _edges(spans: Sequence[Span], within: Span) -> list[Span]:
    """``within`` cut at every edge of the spans."""
    mentioned = {day for span in spans for day in (span.start, span.until) if day is not None}
    starts = sorted({within.start} | {day for day in mentioned if day in within})
    ends = [*starts[1:], within.until]
    return [Span(start, end) for start, end in zip(starts, ends, strict=True)]


def _prove_product(policy: AreaPolicy, product: Product, words: Vocabulary, faults: Faults) -> None:
    """Exactly one plan for every case of the product on every day up to the verified one."""
    last = policy.verified_until
    after = last + timedelta(days=1) if last is not None else None
    days = Span(product.span.start, product.span.until or after)
    scope = words.scope(product.condition)
    for span in _edges([version.span for version in policy.plans], days):
        near = [
            version
            for version in policy.plans_on(span.start)
            if not any(
                words.scope(product.condition, version.applies_to)[name].is_empty
                for name, _ in version.applies_to
            )
        ]
        conditions = [product.condition, *(version.applies_to for version in near)]
        every = cells(conditions, scope)
        if every is None:
            faults.add(table_too_wide(product.where))
            return
        for cell in every:
            if not any(holds(version.applies_to, cell) for version in near):
                faults.add(
                    complaints.product_gap(
                        product.where, product.name, day=span.start, case=told(cell)
                    )
                )
                break
