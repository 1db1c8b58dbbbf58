"""Events of a chunk as columns: one place for each claim to be, whatever kind of care it is.

Holds: every event has all fields; a field that does not apply has the default of :data:`FIELDS`.
Days count from 1970-01-01 and are 0 where there is none; amounts are fen.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from yibao.offices.actuary.city.draws import Truth, Whole

KINDS = (
    *("employee_visit", "resident_visit", "account_purchase", "two_disease_visit"),
    *("special_visit", "special_drug", "stay", "delivery"),
)
(
    EMPLOYEE_VISIT,
    RESIDENT_VISIT,
    ACCOUNT_PURCHASE,
    TWO_DISEASE_VISIT,
    SPECIAL_VISIT,
    SPECIAL_DRUG,
    STAY,
    DELIVERY,
) = range(len(KINDS))
CARE_TYPES = (
    *("general_outpatient", "general_outpatient", "general_outpatient", "two_disease_outpatient"),
    *("special_outpatient", "special_drug", "inpatient", "delivery"),
)
"""The care type of each kind, by the names of the national facts."""

NO_DAY = 0
NONE = -1
FIELDS = {
    "member": 0, "kind": 0, "day": NO_DAY, "admission": NO_DAY, "discharge": NO_DAY, "level": 0,
    "provider": 0, "place": 0, "filing": NONE, "disease": NONE, "condition": NONE, "other": NONE,
    "stay": NONE, "stream": NONE, "caesarean": 0, "project": 0, "submitted": 0,
}  # fmt: skip
"""``disease`` is 0 (hypertension) or 1 (diabetes) in two-disease visits, in special visits a place
among the assumption's diseases. ``other``: which further diagnosis; ``stay``: its number."""

Events = dict[str, Whole]


def events(kind: int, member: Whole, **columns: Whole) -> Events:
    """Events of one kind with the columns that apply."""
    filled = {
        name: np.full(len(member), default, dtype=np.int64) for name, default in FIELDS.items()
    }
    filled["kind"] += kind
    return filled | {"member": member} | columns


def kept(rows: Events, where: Truth | Whole) -> Events:
    """Some of the events: those of a mask, or those at places, in that order."""
    return {name: column[where] for name, column in rows.items()}


def joined(parts: Sequence[Events]) -> Events:
    """Several events after each other."""
    return {name: np.concatenate([part[name] for part in parts]) for name in FIELDS}
