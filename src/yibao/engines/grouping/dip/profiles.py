"""What grouping reads of a stay besides its cost: diagnosis, procedures that count, treatment.

The main procedure counts when its class does. A related procedure counts when its class does and
its cost is at least a share of the stay's; where its cost is not known, the parameters say whether
it counts. Holds: a profile's procedures stand once each, in the order of their codes, so that the
order in which a record lists related procedures changes nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from yibao.base.rates import MILLION
from yibao.engines.grouping.dip.codes import longest_prefix, procedure_of
from yibao.engines.grouping.dip.parameters import NOT_COUNTED, TREATMENTS, KeyRules, Treatment
from yibao.engines.grouping.weights.cells import Truth, Whole

UNKNOWN = -1
"""The amount of a procedure whose cost is not known."""


@dataclass(frozen=True, slots=True, order=True)
class Profile:
    """What stays share that have the same candidates.

    ``main`` is one of ``procedures``, or empty where the main procedure does not count.
    """

    diagnosis: str
    procedures: tuple[str, ...] = ()
    main: str = ""
    treatment: Treatment = "conservative"


@dataclass(frozen=True, slots=True)
class Judged:
    """What became of one procedure of a stay: why it counts or not, and its class."""

    code: str
    key: str
    treatment: str
    counts: bool
    reason: str


@dataclass(frozen=True, slots=True)
class Procedure:
    """A procedure of a stay, the main one first; its amount in fen where it is known."""

    code: str
    amount: int | None = None


def profile_of(diagnosis: str, judged: Sequence[Judged], *, rules: KeyRules) -> Profile:
    """The profile of a stay by its principal diagnosis and its judged procedures."""
    procedures = tuple(sorted({one.key for one in judged if one.counts}))
    main = judged[0].key if judged and judged[0].counts else ""
    short = shortened(diagnosis, rules.diagnosis_characters)
    return Profile(short, procedures, main, weightiest(procedures, rules))


def judged_procedures(
    procedures: Sequence[Procedure], total_amount: int, *, rules: KeyRules
) -> tuple[Judged, ...]:
    """Which procedures of a stay count; ``total_amount`` is the stay's cost in fen.

    Where the first is no code there is no main procedure: no other takes its place.
    """
    found = []
    for place, procedure in enumerate(procedures):
        code = procedure_of(procedure.code)
        if code is None:
            code = procedure.code
            found.append(Judged(code, "", NOT_COUNTED, counts=False, reason="not_a_code"))
            continue
        key = key_of(code, rules)
        treatment = treatment_of(key, rules)
        reason = _reason(procedure, place, treatment=treatment, total=total_amount, rules=rules)
        counts = reason in ("main", "related", "cost_unknown_counts")
        found.append(Judged(procedure.code, key, treatment, counts, reason))
    return tuple(found)


def counts_by_cost(is_main: Truth, amount: Whole, *, total: Whole, rules: KeyRules) -> Truth:
    """Which procedures of a class that counts do count: one row a procedure, amounts in fen.

    ``amount`` is :data:`UNKNOWN` where it is not known, ``total`` is the stay's cost.
    """
    is_enough = amount * MILLION >= rules.related_share_rate * total
    is_related = np.where(amount == UNKNOWN, rules.where_cost_unknown == "count", is_enough)
    found: Truth = is_main | is_related.astype(np.bool_)
    return found


def is_counted_class(treatment: str) -> bool:
    """Whether procedures of a class may count."""
    return treatment not in (NOT_COUNTED, "conservative")


def _reason(
    procedure: Procedure, place: int, *, treatment: str, total: int, rules: KeyRules
) -> str:
    if not is_counted_class(treatment):
        return "class_not_counted"
    if place == 0:
        return "main"
    is_unknown = procedure.amount is None
    amount = UNKNOWN if procedure.amount is None else procedure.amount
    is_main, totals = np.array([False]), np.array([total])
    if counts_by_cost(is_main, np.array([amount]), total=totals, rules=rules)[0]:
        return "cost_unknown_counts" if is_unknown else "related"
    return "cost_unknown" if is_unknown else "cost_below_share"


def weightiest(procedures: Sequence[str], rules: KeyRules) -> Treatment:
    """The class of treatment of a stay or a group: that of its weightiest procedure."""
    classes = {treatment_of(one, rules) for one in procedures}
    return next((one for one in TREATMENTS if one in classes), TREATMENTS[-1])


def treatment_of(key: str, rules: KeyRules) -> str:
    """The class of a procedure, by the longest prefix in the table; without one it is not counted.

    Of codes that count as one it is the first one's, so that a key has one class.
    """
    code = key.partition("/")[0]
    prefix = longest_prefix(code, rules.treatments)
    return NOT_COUNTED if prefix is None else rules.treatments[prefix]


def key_of(code: str, rules: KeyRules) -> str:
    """A procedure as keys name it: cut to its characters, with all that count as the same one."""
    short = shortened(code, rules.procedure_characters)
    return rules.alternatives.get(short, short)


@lru_cache(maxsize=1 << 16)
def shortened(code: str, characters: int) -> str:
    """A code cut to some characters, 0 for all; a point at the end goes."""
    return (code[:characters] if characters else code).rstrip(".")
