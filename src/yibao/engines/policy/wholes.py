"""What only the whole area can show: every product has one rule a day, every read counter is fed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from yibao.base.dates import Span
from yibao.base.findings import Fault
from yibao.base.texts import Text
from yibao.engines.policy import law
from yibao.engines.policy.area import AreaPolicy, Product
from yibao.engines.policy.coverage import cells
from yibao.engines.policy.faults import Faults, known_name
from yibao.engines.policy.numbers import holds
from yibao.engines.policy.plans import counters_read
from yibao.engines.policy.vocabulary import Vocabulary


def prove_whole(policy: AreaPolicy, *, faults: Faults) -> None:
    """Add a fault for everything that no single document could show."""
    _prove_feeding(policy, faults)
    _prove_funds(policy, faults)
    words = Vocabulary(policy.facts, {}, faults=faults)
    _prove_apart(policy, words, faults)
    for product in policy.products:
        _prove_product(policy, product, words, faults)


def _prove_feeding(policy: AreaPolicy, faults: Faults) -> None:
    fed = {feed.counter for v in policy.plans for feed in v.feeds}
    fed |= {feed.counter for v in policy.plans for layer in v.layers for feed in layer.feeds}
    for version in policy.plans:
        for layer in version.layers:
            names = [*counters_read(layer), *(e.counter for e in version.derived if isinstance(e, law.NthStay))]
            for name in names:
                if name not in fed:
                    faults.add(
                        Fault(
                            "counter_unfed", layer.where,
                            Text(f"累计“{name}”被读取，但没有任何计划累加它", f"the counter '{name}' is read, but nothing feeds it"),
                            Text("请在相应保障层的 feeds 中列出", "list it under `feeds` of a layer"),
                        )
                    )  # fmt: skip


def _prove_funds(policy: AreaPolicy, faults: Faults) -> None:
    if not policy.funds:
        return
    for version in policy.plans:
        for layer in version.layers:
            for payer in layer.paid_by:
                if payer.fund not in policy.funds:
                    faults.add(
                        Fault(
                            "fund_unknown", layer.where,
                            Text(f"基金“{payer.fund}”未在 area.yaml 中声明", f"the fund '{payer.fund}' is not in area.yaml"),
                            known_name(payer.fund, policy.funds),
                        )
                    )  # fmt: skip


def _edges(spans: Sequence[Span], within: Span) -> list[Span]:
    """``within`` cut at every edge of the spans."""
    days = {within.start}
    for span in spans:
        for day in (span.start, span.until):
            if day is not None and day in within:
                days.add(day)
    ordered = sorted(days)
    return [
        Span(day, ordered[index + 1] if index + 1 < len(ordered) else within.until)
        for index, day in enumerate(ordered)
    ]


def _prove_apart(policy: AreaPolicy, words: Vocabulary, faults: Faults) -> None:
    """No case belongs to two plans on one day."""
    for index, one in enumerate(policy.plans):
        for two in policy.plans[index + 1 :]:
            if not one.span.meets(two.span):
                continue
            scope = words.scope(one.applies_to, two.applies_to)
            mentioned = {name for name, _ in (*one.applies_to, *two.applies_to)}
            if all(not scope[name].is_empty for name in mentioned):
                day = max(one.span.start, two.span.start)
                faults.add(
                    Fault(
                        "plans_clash", two.layers[0].where if two.layers else one.layers[0].where,
                        Text(f"自 {day} 起，计划 {one.plan_id} 与 {two.plan_id} 会同时适用",
                             f"from {day} the plans {one.plan_id} and {two.plan_id} take the same claims"),
                        Text("请缩小其中一个的 applies_to，或分开 in_force", "narrow one `applies_to`, or part their `in_force`"),
                        (one.layers[0].where,) if one.layers else (),
                    )
                )  # fmt: skip


def _prove_product(
    policy: AreaPolicy, product: Product, words: Vocabulary, faults: Faults
) -> None:
    """Exactly one plan for every case of the product on every day up to the verified one."""
    until = product.span.until
    horizon = policy.verified_until
    if until is None and horizon is not None:
        until = date.fromordinal(horizon.toordinal() + 1)
    within = Span(product.span.start, until)
    scope = words.scope(product.condition)
    for span in _edges([version.span for version in policy.plans], within):
        near = [
            v for v in policy.plans_on(span.start)
            if all(not words.scope(product.condition, v.applies_to)[n].is_empty for n, _ in v.applies_to)
        ]  # fmt: skip
        conditions = [product.condition, *(version.applies_to for version in near)]
        for cell in cells(conditions, scope) or ():
            if not any(holds(version.applies_to, cell) for version in near):
                shown = ", ".join(f"{name}={value}" for name, value in cell.items())
                faults.add(
                    Fault(
                        "product_gap", product.where,
                        Text(f"产品“{product.name}”自 {span.start} 起没有适用的计划", f"the product '{product.name}' has no plan from {span.start}"),
                        Text(f"例如 {shown or '任何情形'}；请补充计划或调整产品的起止日期", f"for example {shown or 'any case'}; add a plan, or change the product's dates"),
                    )
                )  # fmt: skip
                break
