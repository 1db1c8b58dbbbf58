"""One layer of a determination, laid out step by step with the source of every figure.

Numbers of the policy are found by the place their name states (``basic/deductible/due``), so a
figure is always shown with the values that made it. Nothing is computed but plain differences.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from yibao.base.checks import check
from yibao.base.money import round_half_up
from yibao.base.rates import MILLION, format_rate
from yibao.base.texts import Text
from yibao.engines.benefits.claim import CounterKey
from yibao.engines.benefits.determination import (
    BandUse,
    CeilingUse,
    CounterMove,
    DeductibleUse,
    LayerResult,
    NumberUsed,
    SlotOutcome,
    StepTrace,
)
from yibao.engines.benefits.explain.figures import exact_yuan, printed, printed_exact
from yibao.engines.benefits.explain.shapes import (
    BandShown,
    CeilingShown,
    Citation,
    CounterShown,
    DeductibleShown,
    LayerShown,
    NumberShown,
    PaidShown,
    RoundingShown,
    SlotShown,
    StepShown,
    TopUpShown,
)
from yibao.engines.benefits.explain.vocabulary import Vocabulary
from yibao.engines.benefits.slots import BANDS_END
from yibao.engines.policy.law import Provenance, Unit

_OPERATIONS = {
    "times": Text("乘以", "times"),
    "set": Text("改为", "set to"),
    "at_least": Text("不低于", "at least"),
    "at_most": Text("不高于", "at most"),
    "plus": Text("加", "plus"),
    "minus": Text("减", "minus"),
    "plus_points": Text("提高百分点", "plus points"),
    "minus_points": Text("降低百分点", "minus points"),
    "own_share_times": Text("个人负担比例乘以", "own share times"),
    "plus_per": Text("每单位加", "plus per unit"),
    "times_fact": Text("乘以事实", "times the fact"),
    "plus_fact": Text("加事实", "plus the fact"),
    "minus_fact": Text("减事实", "minus the fact"),
    "divide_by": Text("除以", "divided by"),
}


def layer_shown(
    result: LayerResult, words: Vocabulary, *, layer_labels: Mapping[str, Text]
) -> LayerShown:
    """One layer with its steps, sources and counters.

    Holds: base = deductible + benefit + coinsurance + over ceiling, and the benefit is the one
    rounding of the exact products.
    """
    _check_layer(result)
    return LayerShown(
        layer=result.layer,
        label=result.label,
        applied=result.applied,
        not_applied_because=tuple(words.fact(*fact) for fact in result.unmet_condition),
        base_amount=result.base_amount,
        admitted_amount=result.admitted_amount,
        covered_amount=result.covered_amount,
        slots=tuple(_slot(outcome, words, layer_labels) for outcome in result.slots),
        ceilings=_ceilings(result, words),
        deductible=_deductible(result, words),
        bands=_bands(result, words),
        rounding=_rounding(result),
        top_up=_top_up(result, words),
        uncapped_benefit_amount=result.uncapped_benefit_amount,
        benefit_amount=result.benefit_amount,
        coinsurance_amount=result.coinsurance_amount,
        over_ceiling_amount=result.over_ceiling_amount,
        paid_by=paid_shown(result.paid_by, words),
        counters=tuple(_move(move, words) for move in result.counters),
        numbers=tuple(number_shown(number, words) for number in result.numbers),
        structure=words.citation(result.structure) if result.structure else None,
    )


def paid_shown(paid_by: Iterable[tuple[str, int]], words: Vocabulary) -> tuple[PaidShown, ...]:
    """What each fund pays, in the given order."""
    return tuple(PaidShown(fund, words.fund(fund), amount) for fund, amount in paid_by)


def number_shown(number: NumberUsed, words: Vocabulary) -> NumberShown:
    """A number of the policy with the row, the steps and the sources that made it."""
    return NumberShown(
        name=number.name,
        unit=number.unit,
        value=number.value,
        printed=printed(number.unit, number.value),
        row=tuple(words.fact(*fact) for fact in number.row),
        steps=tuple(_step(step, number.unit) for step in number.steps),
        citations=tuple(words.citation(provenance) for provenance in number.provenance),
        is_example=number.is_example,
    )


def counter_shown(
    key: CounterKey, words: Vocabulary, *, before: int | None, delta: int
) -> CounterShown:
    """A running total before and after; without ``before`` only what this claim adds."""
    return CounterShown(
        counter=key.counter,
        label=words.counter(key.counter),
        keys=key.keys,
        unit="count" if words.is_count(key.counter) else "amount",
        before=before,
        delta=delta,
        after=None if before is None else before + delta,
    )


def citations_at(result: LayerResult, words: Vocabulary, *places: str) -> tuple[Citation, ...]:
    """The sources of the layer's numbers whose names hold all ``places``, each source once."""
    numbers = (one for one in result.numbers if set(places) <= set(one.name.split("/")))
    return cited((number.provenance for number in numbers), words)


def rate_citations(result: LayerResult, words: Vocabulary) -> tuple[Citation, ...]:
    """The sources of the rates of the bands that the layer paid by, each source once."""
    return cited((_rate_of(use, result) for use in result.bands), words)


def cited(groups: Iterable[Iterable[Provenance]], words: Vocabulary) -> tuple[Citation, ...]:
    """Provenances as citations, each once."""
    found = dict.fromkeys(source for group in groups for source in group)
    return tuple(words.citation(source) for source in found)


def _check_layer(result: LayerResult) -> None:
    parts = (
        result.deductible_amount
        + result.benefit_amount
        + result.coinsurance_amount
        + result.over_ceiling_amount
    )
    check(
        result.base_amount == parts,
        f"layer {result.layer}: base {result.base_amount} is not the sum of its parts {parts}",
    )
    paid = sum(amount for _, amount in result.paid_by)
    check(
        paid == result.benefit_amount,
        f"layer {result.layer}: funds pay {paid} of a benefit of {result.benefit_amount}",
    )


def _step(step: StepTrace, unit: Unit) -> StepShown:
    words = _OPERATIONS.get(step.operation) or Text(step.operation, step.operation)
    return StepShown(
        step.operation,
        step.operand,
        Text(f"{words.zh} {step.operand}".strip(), f"{words.en} {step.operand}".strip()),
        printed_exact(unit, step.value_after),
    )


def _slot(outcome: SlotOutcome, words: Vocabulary, layer_labels: Mapping[str, Text]) -> SlotShown:
    return SlotShown(
        slot=str(outcome.slot),
        label=words.slot(outcome.slot, layer_labels),
        drawn_amount=outcome.drawn,
        kept_amount=outcome.kept,
        deductible_amount=outcome.deductible,
        benefit_amount=outcome.benefit,
        coinsurance_amount=outcome.coinsurance,
        over_ceiling_amount=sum(amount for _, amount in outcome.over_ceiling),
    )


def _ceilings(result: LayerResult, words: Vocabulary) -> tuple[CeilingShown, ...]:
    by_kind = {
        "before_deductible": result.ceilings_before_deductible,
        "after_deductible": result.ceilings_after_deductible,
        "payment": result.payment_ceilings,
    }
    return tuple(
        _ceiling(use, kind, result, words) for kind, uses in by_kind.items() for use in uses
    )


def _cut_amount(kind: str, result: LayerResult) -> int:
    """What the binding ceiling of a kind cut off; what lies beyond the bands is no ceiling's."""
    before = result.base_amount - result.admitted_amount
    payment = result.covered_before_payment_ceiling - result.covered_amount
    beyond_bands = dict(result.over_ceiling).get(BANDS_END, 0)
    after = result.over_ceiling_amount - before - payment - beyond_bands
    return {"before_deductible": before, "after_deductible": after, "payment": payment}.get(kind, 0)


def _ceiling(use: CeilingUse, kind: str, result: LayerResult, words: Vocabulary) -> CeilingShown:
    counter = use.counter.counter if use.counter else ""
    place = "yearly_maximum" if kind == "yearly_maximum" else use.name
    return CeilingShown(
        name=use.name,
        kind=kind,
        label=words.ceiling(kind, counter),
        counter=counter,
        ceiling_amount=use.amount,
        balance_amount=use.balance,
        room_amount=use.room,
        binds=use.binds,
        cut_amount=_cut_amount(kind, result) if use.binds else 0,
        citations=citations_at(result, words, place),
    )


def _deductible(result: LayerResult, words: Vocabulary) -> DeductibleShown | None:
    use: DeductibleUse | None = result.deductible
    if use is None:
        return None
    maximum = use.yearly_maximum
    return DeductibleShown(
        counter=use.counter.counter if use.counter else "",
        due_amount=use.due,
        met_amount=use.balance,
        unmet_amount=use.unmet,
        taken_amount=use.taken,
        remaining_amount=use.unmet - use.taken,
        yearly_maximum=_ceiling(maximum, "yearly_maximum", result, words) if maximum else None,
        citations=citations_at(result, words, "deductible", "due"),
    )


def _bands(result: LayerResult, words: Vocabulary) -> tuple[BandShown, ...]:
    return tuple(_band(use, result, words) for use in result.bands)


def _band(use: BandUse, result: LayerResult, words: Vocabulary) -> BandShown:
    return BandShown(
        start_amount=use.start,
        to_amount=use.to,
        rate=use.rate,
        rate_printed=format_rate(use.rate),
        slice_amount=use.slice_amount,
        exact_product=exact_yuan(use.exact_product),
        citations=cited((_rate_of(use, result),), words),
    )


def _rate_of(use: BandUse, result: LayerResult) -> tuple[Provenance, ...]:
    """The sources of a band's rate: the band with that rate whose edge is the slice's edge."""
    bands: dict[str, dict[str, NumberUsed]] = {}
    for number in result.numbers:
        place = number.name.split("/")[1:]
        if place[0] == "bands":
            bands.setdefault(place[-2], {})[place[-1]] = number
    alike = [band for band in bands.values() if band["rate"].value == use.rate]
    edged = [band for band in alike if "to" in band and band["to"].value == use.to]
    return tuple(source for band in (edged or alike) for source in band["rate"].provenance)


def _rounding(result: LayerResult) -> RoundingShown | None:
    if not result.bands or result.top_up is not None:
        return None
    exact = sum(band.exact_product for band in result.bands)
    check(
        round_half_up(exact, MILLION) == result.benefit_amount,
        f"layer {result.layer}: the bands make {exact_yuan(exact)} yuan, "
        f"the layer pays {result.benefit_amount} fen",
    )
    return RoundingShown(
        exact_yuan(exact),
        result.benefit_amount,
        exact_yuan(result.benefit_amount * MILLION - exact),
    )


def _top_up(result: LayerResult, words: Vocabulary) -> TopUpShown | None:
    use = result.top_up
    if use is None:
        return None
    return TopUpShown(use.target, use.already_paid, citations_at(result, words, "top_up"))


def _move(move: CounterMove, words: Vocabulary) -> CounterShown:
    return counter_shown(move.key, words, before=move.before, delta=move.delta)
