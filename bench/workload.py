"""Claims for the kernel's benchmark: stays under Qingdao's plans, by members of two schemes.

Facts follow a city's mix: most members are of no needy identity, most stays are local and in
general hospitals of level two or three. Amounts are log-normal around a few thousand yuan. One
seed, one set of claims.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import numpy as np

from yibao.engines.benefits.claim import Claim, ClaimDates
from yibao.engines.benefits.kernel.batch import Batch
from yibao.engines.benefits.kernel.blocks import Case
from yibao.engines.benefits.kernel.claims import profile_of
from yibao.engines.benefits.kernel.driver_code import BEGINS, NARROW
from yibao.engines.benefits.kernel.program import Program
from yibao.engines.policy.area import AreaPolicy
from yibao.engines.policy.law import PlanVersion

Mix = Mapping[object, float]

MEMBER_MIX: dict[str, Mix] = {
    "member_category": {"working": 0.66, "retired": 0.34},
    "payer_tier": {"tier_1": 0.35, "tier_2": 0.4, "child": 0.15, "student": 0.1},
    "is_poor": {True: 0.02, False: 0.98},
    "assistance_identity": {
        "no_identity": 0.965,
        "subsistence": 0.02,
        "destitute": 0.003,
        "low_income": 0.007,
        "registered_poor": 0.005,
    },
}
STAY_MIX: dict[str, Mix] = {
    "facility_level": {"level_3": 0.45, "level_2": 0.35, "level_1": 0.15, "community": 0.05},
    "facility_kind": {"general": 0.87, "traditional": 0.12, "psychiatric": 0.01},
    "place_of_care": {"local": 0.93, "in_province": 0.04, "out_of_province": 0.03},
    "filing_kind": {"not_filed": 0.94, "long_term": 0.02, "referral": 0.03, "temporary": 0.01},
    "rigid_cost_project": {"no_project": 0.999, "project_drug": 0.001},
    "is_expert_reviewed": {False: 0.95, True: 0.05},
}
KINDS = 400
"""How many kinds of members are drawn from the mix; and half as many kinds of stays."""


@dataclass(frozen=True)
class Plans:
    """A program and, for each of its plans, the profiles of kinds of members × kinds of stays."""

    program: Program
    versions: tuple[PlanVersion, ...]
    profiles: tuple[np.ndarray, ...]


def version_on(area: AreaPolicy, plan: str, day: date) -> PlanVersion:
    """The version of a plan on a day."""
    name = f"{area.code}/{plan}"
    return next(v for v in area.plans if v.plan_id == name and day in v.span)


def plans_of(area: AreaPolicy, program: Program, *, seed: int, is_random: bool = False) -> Plans:
    """Profiles for all kinds. ``is_random``: every value is as likely as any other."""
    random = np.random.default_rng(seed)
    tables = []
    for plan in program.plans:
        members = [_facts(area, MEMBER_MIX, random, is_random) for _ in range(KINDS)]
        stays = [_facts(area, STAY_MIX, random, is_random) for _ in range(KINDS // 2)]
        version = plan.version
        fixed = {name: min(test.values or (), key=str) for name, test in version.applies_to}
        on = version.span.start
        dates = ClaimDates(on, on, on, on)
        table = np.empty((len(members), len(stays)), np.int32)
        for row, member in enumerate(members):
            for column, stay in enumerate(stays):
                claim = Claim("", "m", "e", dates, {**member, **stay, **fixed}, {})
                table[row, column] = profile_of(program, plan, case=Case(claim, on))
        tables.append(table)
    versions = tuple(plan.version for plan in program.plans)
    return Plans(program, versions, tuple(tables))


def _facts(
    area: AreaPolicy, mixes: Mapping[str, Mix], random: np.random.Generator, is_random: bool
) -> dict[str, object]:
    facts = {}
    for name, mix in mixes.items():
        values, shares = list(mix), list(mix.values())
        if is_random:
            if name == "assistance_identity":
                values = [value for value, _ in area.facts[name].values]
            shares = [1] * len(values)
        facts[name] = values[random.choice(len(values), p=np.array(shares) / sum(shares))]
    if "facility_named" in area.facts:
        facts["facility_named"] = area.facts["facility_named"].values[0][0]
    return facts


def batch_of(plans: Plans, count: int, *, seed: int, is_steady: bool = True) -> Batch:
    """Claims of members with one to twelve stays a year, members together.

    ``is_steady``: a member's own facts stay; else every claim has those of anybody.
    """
    random = np.random.default_rng(seed)
    stays = np.minimum(random.geometric(1 / 3, count), 12)
    begins = np.zeros(count, bool)
    starts = np.concatenate([[0], np.cumsum(stays)])
    begins[starts[starts < count]] = True
    member = np.cumsum(begins) - 1
    members = int(member[-1]) + 1
    scheme = random.integers(0, len(plans.profiles), members)[member]
    kinds, stay_kinds = plans.profiles[0].shape
    kind = random.integers(0, kinds, members if is_steady else count)
    if is_steady:
        kind = kind[member]
    stay = random.integers(0, stay_kinds, count)
    profiles = np.stack(plans.profiles)[scheme, kind, stay].astype(np.int64)
    profiles = (profiles | NARROW) - BEGINS * begins
    amounts = np.zeros((len(plans.program.inputs), count), np.int64)
    amounts[0] = np.minimum(np.exp(random.normal(13.3, 0.9, count)), 1e9).astype(np.int64)
    amounts[1] = amounts[0] * random.integers(0, 15, count) // 100
    amounts[2] = np.where(random.random(count) < 0.1, amounts[0] // 50, 0)
    amounts[3] = np.where(random.random(count) < 0.7, amounts[0] // 20, 0)
    return Batch(profiles.astype(np.int32), amounts)
