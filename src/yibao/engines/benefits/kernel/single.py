"""One claim through compiled code, with its whole explanation: the same answer as the reference's.

The claim runs through the very function that runs a city's year. Its figures come back, and the
determination is rebuilt from them (:mod:`yibao.engines.benefits.kernel.rebuilding`); what the rules
said, number by number, is remembered from claim to claim.

Refuses: what the reference refuses, in the reference's words.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from yibao.base.checks import check
from yibao.base.errors import InvariantBroken
from yibao.engines.benefits.balances import benefit_date
from yibao.engines.benefits.claim import Balances, Claim, Slot
from yibao.engines.benefits.closure import check_closure
from yibao.engines.benefits.determination import Determination
from yibao.engines.benefits.inquiry import Run
from yibao.engines.benefits.kernel.asked import EPISODE, FAMILY, asked_by_plan
from yibao.engines.benefits.kernel.blocks import Case
from yibao.engines.benefits.kernel.cells import Cell
from yibao.engines.benefits.kernel.claims import profile_of
from yibao.engines.benefits.kernel.layers import Explainer, Said
from yibao.engines.benefits.kernel.program import Loader, Program, program_of
from yibao.engines.benefits.kernel.single_book import Known, QuickBook, counters_of
from yibao.engines.benefits.kernel.tracks import left_column
from yibao.engines.benefits.opening import open_slots
from yibao.engines.benefits.reference import adjudicate as adjudicate_by_reference
from yibao.engines.benefits.reference import derived_facts, require_scope
from yibao.engines.benefits.shares import LineMatrix
from yibao.engines.benefits.version import ENGINE_VERSION
from yibao.engines.policy.law import PlanVersion
from yibao.engines.policy.used import NumberUsed

_REMEMBERED = 1 << 14
"""How many sets of facts are remembered, of one plan version, before all are forgotten."""


@dataclass(slots=True)
class _Known:
    """What is known of one set of facts: its profile, and what the layers' rules say to it."""

    profile: int
    said: list[Said]


@dataclass(slots=True)
class _Plan:
    """A version, compiled: its program, its explainer, its idle cells, the facts met so far."""

    program: Program
    explainer: Explainer
    cells: list[Cell]
    known: dict[tuple[object, ...], _Known]


@dataclass(slots=True)
class _Law:
    """A version, with what is read of it for every claim; plans by the slots that claims bring."""

    version: PlanVersion
    facts: tuple[str, ...]
    counters: Mapping[str, Known]
    plans: dict[frozenset[Slot], _Plan]


class Kernel:
    """The compiled engine, one claim at a time. ``load`` makes modules of generated code."""

    def __init__(self, load: Loader) -> None:
        self._load = load
        self._laws: dict[int, _Law] = {}

    def adjudicate(
        self, version: PlanVersion, claim: Claim, *, balances: Balances
    ) -> Determination:
        """Adjudicate one claim row under one plan version. Pure: deltas are returned.

        Raises:
            UnableToDetermine: if the law gives no answer for the claim.
            ClaimInvalid: if its amounts cannot be adjudicated.
            InvariantBroken: if something does not close.
        """
        law = self._laws.get(id(version)) or self._learn(version)
        on = claim.dates.named(version.chosen_by)
        require_scope(version, claim, on=on)
        case = Case(claim, on)
        book = QuickBook(version, claim, balances=balances, counters=law.counters)
        derived: tuple[NumberUsed, ...] = ()
        if version.derived:
            facts, derived = derived_facts(version, book, on=on)
            claim = replace(claim, facts=facts)
            book.replace_claim(claim)
        opening = open_slots(version, claim, book=book)
        plan = self._plan(law, opening)
        known = _known(law, plan, case, claim)
        cell = plan.cells.pop() if plan.cells else Cell(plan.program)
        given = {} if version.is_annual else opening
        if not cell.settle(known.profile, given, book=book):
            return _as_the_reference(version, claim, balances)
        run = Run(version, claim, on, book, opening, dict(opening), LineMatrix(claim.lines))
        layers = plan.explainer.layers(run, cell.figures, said=known.said)
        nth = book.count_claim()
        _check_left(run.state, cell.left)
        plan.cells.append(cell)
        order = plan.program.tracks[0].order
        determination = Determination(
            claim_id=claim.claim_id,
            member_id=claim.member_id,
            encounter_id=claim.encounter_id,
            plan_id=version.plan_id,
            policy_hash=version.policy_hash,
            engine_version=ENGINE_VERSION,
            chosen_on=on,
            benefit_year=benefit_date(version, claim).year,
            submitted_amount=sum(opening.values()),
            opening=tuple(opening.items()),
            layers=layers,
            left=tuple(sorted(run.state.items(), key=lambda item: order[item[0]])),
            lines=run.lines.results(),
            deltas=book.deltas,
            nth=nth,
            reads=book.reads,
            is_annual=version.is_annual,
            derived=derived,
        )
        check_closure(determination)
        return determination

    def idle_run(self, version: PlanVersion) -> Callable[[], int]:
        """The compiled call on the claim of a version that was adjudicated last, to be timed."""
        plans = self._laws[id(version)].plans
        return next(iter(plans.values())).cells[-1].run

    def _learn(self, version: PlanVersion) -> _Law:
        asked = asked_by_plan(version)
        facts = tuple(name for name in asked.facts if name not in (FAMILY, EPISODE))
        law = self._laws[id(version)] = _Law(version, facts, counters_of(version), {})
        return law

    def _plan(self, law: _Law, opening: Mapping[Slot, int]) -> _Plan:
        """A version's compiled plan; slots left by other layers make a program of their own."""
        given = frozenset([slot for slot in opening if slot.layer])
        plan = law.plans.get(given)
        if plan is None:
            program = program_of((law.version,), self._load, given=sorted(given, key=str))
            explainer = Explainer(law.version, program.tracks[0])
            plan = law.plans[given] = _Plan(program, explainer, [], {})
        return plan


def _known(law: _Law, plan: _Plan, case: Case, claim: Claim) -> _Known:
    """What is known of a claim's facts; ``case`` is the claim as stated, ``claim`` with all."""
    stated, lists = case.claim.facts, case.claim.list_facts
    key = (
        case.on.year,
        not claim.family_id,
        not claim.episode_id,
        *[claim.facts.get(rule.fact) for rule in law.version.derived],
        *[stated.get(name, lists.get(name)) for name in law.facts],
    )
    known = plan.known.get(key)
    if known is None:
        if len(plan.known) >= _REMEMBERED:
            plan.known.clear()
        profile = profile_of(plan.program, plan.program.plans[0], case=case)
        known = plan.known[key] = _Known(profile, plan.explainer.nothing_said())
    return known


def _as_the_reference(version: PlanVersion, claim: Claim, balances: Balances) -> Determination:
    """Refuse a claim that compiled code rejected, as the reference does."""
    answer = adjudicate_by_reference(version, claim, balances=balances)
    raise InvariantBroken(f"{answer.claim_id}: rejected by compiled code alone")


def _check_left(state: Mapping[Slot, int], columns: Mapping[str, int]) -> None:
    """What the explanation leaves on the member is what compiled code left."""
    left: dict[str, int] = {}
    for slot, amount in state.items():
        column = left_column(slot)
        left[column] = left.get(column, 0) + amount
    check(left == columns, f"left by slot {left}, by column {columns}")
