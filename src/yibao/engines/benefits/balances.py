"""Balances: where a counter's sum is kept, and how a determination moves it (年度累计).

A counter's key is its name with the values of its keys for a claim: the member or family, the
period, then facts. Days, months and years are those of the claim's benefit date (the plan's
``benefit_year_of``), and so is the ``restart_on`` date that was last reached: its number, from the
first restart on, ends the key. A stay is counted once, in the year of its first row.

Holds: a balance is the sum of the deltas of live claims; settling adds them and reversing takes the
same ones away, so balances can be rebuilt in any order. None is ever negative.

Keep balances by member, or by family where a counter is the family's: settling copies them.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import assert_never

from yibao.base.checks import check
from yibao.engines.benefits.claim import Balances, Claim, CounterKey
from yibao.engines.benefits.determination import Determination
from yibao.engines.policy.law import Counter, FactValue, PlanVersion
from yibao.engines.policy.unable import fact_missing


def key_of(counter: Counter, claim: Claim, *, version: PlanVersion) -> CounterKey:
    """The key of a counter for a claim.

    Raises:
        UnableToDetermine: ``fact_missing`` if the claim does not say a family, an episode or a
            fact that the counter is kept by.
    """
    on = benefit_date(version, claim)
    asked_by = f"counters/{counter.name}"
    if counter.holder == "member":
        holder = claim.member_id
    else:
        holder = _stated(claim.family_id, "family_id", asked_by)
    restarts = sum(restart <= on for restart in counter.restart_on)
    return CounterKey(
        counter.name,
        (
            holder,
            *_period(counter, claim, on),
            *(_fact(claim.facts, fact, asked_by) for fact in counter.facts),
            *((f"restart {restarts}",) if restarts else ()),
        ),
    )


def keys_read(counter: Counter, claim: Claim, *, version: PlanVersion) -> tuple[CounterKey, ...]:
    """The keys whose sum is the counter's balance: its own, then those it opens from."""
    found: list[CounterKey] = []
    name: str | None = counter.name
    while name is not None:
        one = version.counter(name)
        key = key_of(one, claim, version=version)
        check(key not in found, f"counter {counter.name} opens from itself")
        found.append(key)
        name = one.opens_from
    return tuple(found)


def benefit_date(version: PlanVersion, claim: Claim) -> date:
    """The day whose year, month and day the plan's counters count by."""
    return claim.dates.named(version.benefit_year_of)


def after(balances: Balances, determination: Determination) -> Balances:
    """The balances once a determination is settled."""
    sums = dict(balances.sums)
    for key, delta in determination.deltas:
        sums[key] = sums.get(key, 0) + delta
    nth = dict(balances.nth)
    for key, encounter_id, number in determination.nth:
        nth[key, encounter_id] = number
    return Balances(sums, nth)


def without(balances: Balances, determination: Determination) -> Balances:
    """The balances once a settled determination is reversed: its own deltas are taken away.

    A stay's number goes with the row that counted it; rows of one encounter are reversed last
    first.

    Raises:
        InvariantBroken: if a sum would be negative: the determination was not settled in it.
    """
    sums = dict(balances.sums)
    nth = dict(balances.nth)
    for key, delta in determination.deltas:
        left = sums.pop(key, 0) - delta
        check(left >= 0, f"reversing {determination.claim_id}: {key} would be {left}")
        if left:
            sums[key] = left
    counted = {key for key, _ in determination.deltas}
    for key, encounter_id, _ in determination.nth:
        if key in counted:
            nth.pop((key, encounter_id), None)
    return Balances(sums, nth)


def counted_stay(
    balances: Balances, counter: Counter, *, key: CounterKey, encounter_id: str
) -> tuple[CounterKey, int] | None:
    """Where and as which one an encounter was counted, None if it was not yet.

    A row of a later year finds the count of the stay's first row: a stay counts once.
    """
    if not counter.once_per_encounter:
        return None
    if (key, encounter_id) in balances.nth:
        return key, balances.nth[key, encounter_id]
    for (known, encounter), number in balances.nth.items():
        is_same = known.counter == key.counter and known.keys[0] == key.keys[0]
        if encounter == encounter_id and is_same:
            return known, number
    return None


def _period(counter: Counter, claim: Claim, on: date) -> tuple[str, ...]:  # noqa: PLR0911
    match counter.period:
        case "benefit_year":
            return (str(on.year),)
        case "month":
            return (f"{on:%Y-%m}",)
        case "day":
            return (on.isoformat(),)
        case "encounter":
            return (claim.encounter_id,)
        case "episode":
            return (_stated(claim.episode_id, "episode_id", f"counters/{counter.name}"),)
        case "encounter_benefit_year":
            return (claim.encounter_id, str(on.year))
        case "lifetime":
            return ()
        case _:
            assert_never(counter.period)


def _stated(value: str, name: str, asked_by: str) -> str:
    if not value:
        raise fact_missing(name, asked_by=asked_by)
    return value


def _fact(facts: Mapping[str, FactValue], fact: str, asked_by: str) -> str:
    if fact not in facts:
        raise fact_missing(fact, asked_by=asked_by)
    value = facts[fact]
    return str(value).lower() if isinstance(value, bool) else str(value)
