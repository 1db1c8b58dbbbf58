"""Claims to columns, one by one: the host for a single claim and for a handful.

Every counter's row is numbered by the very key under which the reference keeps its balance, so that
balances can be handed in and read out. (A city's columns are numbered many at once, by whoever
holds them.)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from yibao.base.errors import YibaoError
from yibao.engines.benefits.balances import benefit_date, key_of
from yibao.engines.benefits.claim import Balances, Claim, CounterKey
from yibao.engines.benefits.kernel.batch import Batch, Ints
from yibao.engines.benefits.kernel.blocks import Case
from yibao.engines.benefits.kernel.driver_code import BEGINS
from yibao.engines.benefits.kernel.profiles import PlanBlocks
from yibao.engines.benefits.kernel.program import Program
from yibao.engines.policy.law import PlanVersion

Keys = tuple[str, ...]
Row = tuple[PlanVersion, Claim]


@dataclass(slots=True)
class Numbered:
    """A batch made of claims, and which key each row of sums stands for."""

    batch: Batch
    rows: dict[int | None, dict[Keys, int]]


def batch_of(
    program: Program,
    rows: Sequence[Row],
    *,
    balances: Balances = Balances(),  # noqa: B008
) -> Numbered:
    """The columns of claims, in order of entry, with their opening sums."""
    maker = _Maker(program)
    for version, claim in rows:
        maker.add(version, claim)
    return maker.made(balances)


@dataclass(slots=True)
class _Maker:
    program: Program
    profiles: list[int] = field(default_factory=list)
    amounts: list[dict[str, int]] = field(default_factory=list)
    years: list[int] = field(default_factory=list)
    keys: list[dict[int, int]] = field(default_factory=list)
    rows: dict[int | None, dict[Keys, int]] = field(default_factory=dict)
    last: tuple[PlanVersion, Claim] | None = None

    def add(self, version: PlanVersion, claim: Claim) -> None:
        plan = next(one for one in self.program.plans if one.version is version)
        on = claim.dates.named(version.chosen_by)
        self.profiles.append(profile_of(self.program, plan, case=Case(claim, on)))
        self.amounts.append({str(slot): amount for slot, amount in claim.slots.items()})
        year = (claim.member_id, str(benefit_date(version, claim).year))
        self.years.append(self._row(None, year))
        self.keys.append(self._keys(version, claim))

    def _keys(self, version: PlanVersion, claim: Claim) -> dict[int, int]:
        found = {}
        sums = self.program.sums
        for counter in version.counters:
            for name in (counter.name, f"number of {counter.name}"):
                group = sums.group_of(name) if name in sums.places else None
                if group is None or group in found:
                    continue
                try:
                    keys = key_of(counter, claim, version=version).keys
                except YibaoError:
                    continue
                if name != counter.name:
                    keys = (keys[0], claim.encounter_id)
                found[group] = self._row(group, keys)
        return found

    def _row(self, group: int | None, keys: Keys) -> int:
        rows = self.rows.setdefault(group, {})
        return rows.setdefault(keys, len(rows))

    def made(self, balances: Balances) -> Numbered:
        program, count = self.program, len(self.profiles)
        amounts = np.zeros((len(program.inputs), count), np.int64)
        for index, slots in enumerate(self.amounts):
            for name, amount in slots.items():
                amounts[program.inputs.index(name), index] += amount
        years = np.array(self.years, np.int32)
        begins = np.ones(count, bool)
        begins[1:] = years[1:] != years[:-1]
        profiles = np.array(self.profiles, np.int64) - BEGINS * begins
        groups = range(len(program.sums.groups))
        batch = Batch(
            profiles=profiles.astype(np.int32),
            amounts=amounts,
            years=years,
            keys={
                group: np.array([keys.get(group, -1) for keys in self.keys], np.int32)
                for group in groups
            },
            sums={group: self._sums(group, balances) for group in (None, *groups)},
        )
        return Numbered(batch, self.rows)

    def _sums(self, group: int | None, balances: Balances) -> Ints:
        rows = self.rows.get(group, {})
        sums = np.zeros((len(rows), max(1, self.program.sums.width_of(group))), np.int64)
        for name, (_, place) in self.program.sums.places.items():
            if self.program.sums.group_of(name) == group:
                for keys, row in rows.items():
                    sums[row, place] = _opening(name, keys, balances)
        return sums


def _opening(name: str, keys: Keys, balances: Balances) -> int:
    if not name.startswith("number of "):
        return balances.of(CounterKey(name, keys))
    counter = name.removeprefix("number of ")
    for (known, encounter), number in balances.nth.items():
        if known.counter == counter and known.keys[0] == keys[0] and encounter == keys[1]:
            return number
    return 0


def profile_of(program: Program, plan: PlanBlocks, *, case: Case) -> int:
    """The profile of a claim that a plan answers."""
    key = (id(plan), *case.seen(plan.asked))
    number = program.known.get(key)
    if number is None:
        number = program.profiles.add(plan.row(case, program.blocks), plan)
        program.known[key] = number
    return number
