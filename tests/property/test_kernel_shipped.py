"""Every shipped plan, compiled: random members' claims under all plans of an area at once.

The plans of an area run in one program, so that counters which plans share are shared here too.
"""

from __future__ import annotations

import re
from collections import Counter as Tally
from datetime import timedelta
from functools import cache
from random import Random

import pytest

from tests.property.kernel_worlds import (
    LOAD,
    WANTED,
    closing_differences,
    difference,
    kernel,
)
from tests.property.random_plans import thresholds
from yibao.base.errors import YibaoError
from yibao.engines.benefits.balances import after
from yibao.engines.benefits.claim import CLASSES, Balances, Claim, ClaimDates, Slot
from yibao.engines.benefits.determination import Determination
from yibao.engines.benefits.kernel.batch import settle
from yibao.engines.benefits.kernel.claims import batch_of
from yibao.engines.benefits.kernel.program import program_of
from yibao.engines.benefits.reference import adjudicate
from yibao.engines.policy.area import AreaPolicy
from yibao.engines.policy.law import PlanVersion
from yibao.offices.actuary.policies import open_area
from yibao.storage.files.shipped import policies_root

LINE_FACT = "line"


@cache
def area(code: str, examples: bool) -> AreaPolicy:
    return open_area(code, with_examples=examples)


def areas() -> list[str]:
    """The shipped areas that have plans of their own."""
    folders = sorted(path for path in policies_root().iterdir() if (path / "plans").is_dir())
    return [folder.name for folder in folders]


class _Members:
    """Members of an area and their claims, in order of entry."""

    def __init__(self, law: AreaPolicy, seed: str) -> None:
        self.law = law
        self.random = Random(f"shipped {seed}")
        self.near = {version: thresholds(version) for version in law.plans}
        self.derived = {rule.fact for version in law.plans for rule in version.derived}

    def rows(self, members: int) -> list[tuple[PlanVersion, Claim]]:
        rows: list[tuple[PlanVersion, Claim]] = []
        for member in range(members):
            encounter = 0
            last: tuple[PlanVersion, Claim] | None = None
            for number in range(self.random.randint(2, 9)):
                if last is not None and self.random.random() < 0.3:
                    version, before = last  # one more row of the same encounter, or plan
                    on = before.dates.settlement_date + timedelta(days=self.random.choice((0, 9)))
                    encounter += self.random.random() < 0.5
                else:
                    version = self.random.choice(self.law.plans)
                    on = version.span.start + timedelta(days=self.random.randrange(400))
                    encounter += 1
                if on not in version.span:
                    on = version.span.start
                last = version, self.claim(version, on, f"{member}", f"{encounter}", number)
                rows.append(last)
        return rows

    def claim(self, version: PlanVersion, on, member: str, encounter: str, number: int) -> Claim:
        facts, lists = {}, {}
        for name, definition in self.law.facts.items():
            if definition.of == LINE_FACT or name in self.derived or self.random.random() < 0.03:
                continue
            if definition.kind == "list":
                values = [value for value, _ in self.law.facts[definition.list_of].values]
                lists[name] = tuple(self.random.sample(values, self.random.randint(0, 3)))
            elif definition.kind == "values":
                facts[name] = self.random.choice([value for value, _ in definition.values])
            elif definition.kind == "yes_no":
                facts[name] = self.random.random() < 0.3
            else:
                facts[name] = self.random.randrange(definition.start, definition.below)
        for name, test in version.applies_to:
            values = sorted(test.values or (), key=str)
            facts[name] = self.random.choice(values) if values else test.start or 0
        return Claim(
            claim_id=f"C{member}/{number}",
            member_id=f"M{member}",
            encounter_id=f"V{member}/{encounter}",
            dates=ClaimDates(on, on, on, on),
            facts=facts,
            list_facts=lists,
            slots={} if version.is_annual else self.slots(version),
            family_id=f"F{member}",
            episode_id=f"E{encounter}",
            entry_sequence=number,
        )

    def slots(self, version: PlanVersion) -> dict[Slot, int]:
        found = {}
        for stream in version.streams:
            for reason in CLASSES:
                likely = 0.9 if reason == "eligible" else 0.5
                if self.random.random() < likely:
                    found[Slot(reason, stream=stream)] = self.amount(self.near[version])
        return found

    def amount(self, near: list[int]) -> int:
        if near and self.random.random() < 0.4:
            return max(0, self.random.choice(near) + self.random.choice((-1, 0, 1)))
        return self.random.randrange(self.random.choice((100_000, 3_000_000, 40_000_000)))


def answers(rows):
    balances: dict[str, Balances] = {}
    for version, claim in rows:
        known = balances.get(claim.member_id, Balances())
        try:
            found = adjudicate(version, claim, balances=known)
        except YibaoError as error:
            yield error
        else:
            balances[claim.member_id] = after(known, found)
            yield found


@pytest.mark.parametrize("code", areas())
@pytest.mark.parametrize("examples", [True, False], ids=["with examples", "without"])
@pytest.mark.parametrize("members", [150, pytest.param(3_000, marks=pytest.mark.long)])
def test_an_areas_plans_answer_as_the_reference(code, examples, members):
    law = area(code, examples)
    rows = _Members(law, code).rows(members)
    program = program_of(law.plans, LOAD)
    numbered = batch_of(program, rows)
    results = settle(program, numbered.batch, wanted=WANTED)
    closing: Tally = Tally()
    met = set()
    for index, found in enumerate(answers(rows)):
        version, claim = rows[index]
        where = f"{version.plan_id} of {version.span}, {claim.claim_id}"
        assert difference(program, results, index, found) == "", where
        if isinstance(found, Determination):
            closing.update(dict(found.deltas))
            met.update((found.plan_id, x.layer) for x in found.layers if x.benefit_amount)
    assert closing_differences(program, numbered, dict(closing)) == []
    if examples:
        layers = {(v.plan_id, layer.name) for v in law.plans for layer in v.layers}
        assert len(met) >= 0.9 * len(layers), sorted(layers - met)


@pytest.mark.parametrize("code", areas())
def test_an_areas_plans_are_explained_as_by_the_reference(code):
    law = area(code, True)
    balances: dict[str, Balances] = {}
    explained = 0
    for version, claim in _Members(law, f"{code} one by one").rows(40):
        known = balances.get(claim.member_id, Balances())
        try:
            expected = adjudicate(version, claim, balances=known)
        except YibaoError as error:
            with pytest.raises(type(error), match=re.escape(str(error))):
                kernel().adjudicate(version, claim, balances=known)
            continue
        assert kernel().adjudicate(version, claim, balances=known) == expected, claim.claim_id
        balances[claim.member_id] = after(known, expected)
        explained += 1
    assert explained > 30
