"""Small DIP parameters and catalogues, written out in tests."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import numpy as np

from yibao.base.texts import Text
from yibao.engines.grouping.dip.auxiliary import Auxiliary
from yibao.engines.grouping.dip.building import Pool
from yibao.engines.grouping.dip.catalogue import Catalogue, Group, Key, parse_key
from yibao.engines.grouping.dip.parameters import GroupRules, KeyRules, Parameters, WeightRules
from yibao.engines.grouping.dip.profiles import Procedure, Profile, judged_procedures, profile_of
from yibao.engines.grouping.weights.cells import Trimming
from yibao.engines.grouping.weights.quality import OutlierBounds

TREATMENTS = {
    **{f"{n:02d}": "surgery" for n in range(1, 87)},
    "45.1": "diagnostic",
    "96": "therapeutic",
    "89": "not_counted",
}
TYPE_ORDER = (
    "core surgery", "primary surgery", "core therapeutic", "core diagnostic", "mixed surgery",
    "core conservative", "primary conservative",
)  # fmt: skip
KEYS = KeyRules(5, 0, 100_000, "omit", TREATMENTS, {})
GROUPS = GroupRules(
    2, 2, ("3", "1", "chapter"), ("A00-B99", "I00-I99", "K00-K93"), frozenset(), "after_mixed",
    TYPE_ORDER,
)  # fmt: skip
WEIGHTS = WeightRules(Trimming(25, 25_000, 975_000), (1, 2, 7), "means", 4, 1000, 2)
BOUNDS = OutlierBounds(500_000, 2_000_000, 5_000_000)


def parameters(
    *, keys: KeyRules = KEYS, auxiliary: Auxiliary | None = None, **changes: Any
) -> Parameters:
    """Parameters with some changed: those of groups, or of weights, by name."""
    of_groups = {name: changes[name] for name in changes if hasattr(GROUPS, name)}
    of_weights = {name: changes[name] for name in changes if hasattr(WEIGHTS, name)}
    assert not changes.keys() - of_groups.keys() - of_weights.keys()
    return Parameters(
        "000000", Text("测试", "test"), date(2025, 1, 1), keys, replace(GROUPS, **of_groups),
        replace(WEIGHTS, **of_weights), BOUNDS, auxiliary or Auxiliary(),
    )  # fmt: skip


def profile(diagnosis: str, *procedures: str, keys: KeyRules = KEYS) -> Profile:
    """The profile of a stay whose procedures all cost half of it."""
    judged = judged_procedures([Procedure(code, 50) for code in procedures], 100, rules=keys)
    return profile_of(diagnosis, judged, rules=keys)


def pool(*stays: tuple[Profile, int, int]) -> Pool:
    """Stays as (profile, year, fen)."""
    profiles = list(dict.fromkeys(one for one, _, _ in stays))
    return Pool(
        profiles,
        np.array([profiles.index(one) for one, _, _ in stays], dtype=np.int64),
        np.array([year for _, year, _ in stays], dtype=np.int64),
        np.array([amount for _, _, amount in stays], dtype=np.int64),
    )


def catalogue(*rows: tuple[str, str, str, int]) -> Catalogue:
    """Groups as (code, kind, treatment, mean in fen)."""
    groups = []
    for text, kind, treatment, mean in rows:
        key: Key = parse_key(text, kind=kind, treatment=treatment)  # type: ignore[arg-type]
        groups.append(Group(key, 20, mean, 10_000, 100_000))
    return Catalogue(tuple(groups), 4, 2)
