"""Counters as written, as engines keep them: holder, period, facts, and where they open from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import get_args

from yibao.base.findings import Where
from yibao.base.texts import Text
from yibao.engines.policy import law
from yibao.engines.policy.complaints import area as complaints
from yibao.engines.policy.complaints import layers as layer_complaints
from yibao.engines.policy.documents_plan import Counter
from yibao.engines.policy.vocabulary import Vocabulary

PERIODS: tuple[str, ...] = ("benefit_year", "month", "day", "encounter", "episode", "lifetime")
CARE_TYPE = "care_type"
"""The fact that a counter of claims may ask about."""


def compile_counter(name: str, written: Counter, *, words: Vocabulary) -> law.Counter:
    """One counter; faults go to the words' list."""
    where = written.where
    holder, period = _holder(written), _period(written)
    if holder is None or period is None:
        words.faults.add(complaints.counter_keys(where, name, periods=PERIODS))
    facts = tuple(key for key in written.per[1:] if key not in PERIODS)
    for fact in facts:
        words.is_known(fact, where)
    counts_claims = written.adds == "claim_count"
    if counts_claims != (written.once_per is not None) or (written.counts and not counts_claims):
        words.faults.add(complaints.counter_once(where))
    counts: frozenset[str] = frozenset()
    if written.counts:
        condition = words.condition({CARE_TYPE: written.counts}, where)
        counts = frozenset(
            str(value) for _, test in condition for value in test.values or frozenset()
        )
    return law.Counter(
        name=name,
        label=Text(written.zh or name, written.en or name),
        adds=written.adds,
        holder=holder or "member",
        period=period or "benefit_year",
        facts=facts,
        once_per_encounter=written.once_per is not None,
        counts=counts,
        restart_on=written.restart_on,
        opens_from=written.opens_from,
    )


def _holder(written: Counter) -> law.Holder | None:
    return next((holder for holder in get_args(law.Holder) if holder == written.per[0]), None)


def _period(written: Counter) -> law.Period | None:
    named = "_".join(key for key in written.per[1:] if key in PERIODS)
    return next((period for period in get_args(law.Period) if period == named), None)


def check_openings(
    counters: Mapping[str, law.Counter], words: Vocabulary, *, places: Mapping[str, Where]
) -> None:
    """A counter opens from one that is kept in the same way, and never from itself."""
    for name, counter in counters.items():
        if counter.opens_from is None:
            continue
        where, other = places[name], counters.get(counter.opens_from)
        if other is None:
            kind, missing = layer_complaints.COUNTER, counter.opens_from
            fault = layer_complaints.name_unknown(where, missing, kind=kind, known=counters)
            words.faults.add(fault)
        elif _kept(other) != _kept(counter):
            words.faults.add(complaints.opens_from(where, name, other=counter.opens_from))
        elif _leads_back(name, counters):
            words.faults.add(complaints.opens_from_circular(where, name))


def _kept(counter: law.Counter) -> tuple[object, ...]:
    return counter.adds, counter.holder, counter.period, counter.facts, counter.once_per_encounter


def _leads_back(name: str, counters: Mapping[str, law.Counter]) -> bool:
    seen: list[str] = []
    step: str | None = name
    while step is not None and step in counters and step not in seen:
        seen.append(step)
        step = counters[step].opens_from
    return step in seen
