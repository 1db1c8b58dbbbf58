"""One claim through compiled code, with its whole explanation: the same answer as the reference's.

The claim runs through the very function that runs a city's year. Its figures come back, and the
determination is rebuilt from them (:mod:`yibao.engines.benefits.kernel.rebuilding`); what the rules
said, number by number, is remembered from claim to claim.

Refuses: what the reference refuses, in the reference's words.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

from yibao.base.errors import InvariantBroken
from yibao.base.money import AMOUNT_LIMIT
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
from yibao.engines.benefits.kernel.single_book import (
    Counts,
    QuickBook,
    counters_of,
    has_keys_of_derived_facts,
)
from yibao.engines.benefits.kernel.single_book import Known as CounterOf
from yibao.engines.benefits.kernel.tracks import left_column
from yibao.engines.benefits.opening import open_slots
from yibao.engines.benefits.reference import adjudicate as adjudicate_by_reference
from yibao.engines.benefits.reference import derived_facts, require_scope
from yibao.engines.benefits.shares import LineMatrix
from yibao.engines.benefits.version import ENGINE_VERSION
from yibao.engines.policy.law import FactValue, PlanVersion
from yibao.engines.policy.used import NumberUsed

_REMEMBERED = 1 << 14
"""How many sets of facts are remembered, of one plan version, before all are forgotten."""


@dataclass(slots=True)
class _Known:
    """What is known of one set of facts: its profile, and what the rules say to it."""

    profile: int
    said: list[Said]
    counts: Counts = field(default_factory=Counts)


@dataclass(slots=True)
class _Plan:
    """A version, compiled: its program, its explainer, its idle cells."""

    number: int
    program: Program
    explainer: Explainer
    cells: list[Cell]
    columns: list[int]


@dataclass(slots=True)
class _Opening:
    """What is known of claims that hold the same slots.

    ``order`` puts their amounts, as claims state them, in canonical order, which is that of
    ``slots``, of their ``numbers``, and of the program's ``inputs``.
    """

    plan: _Plan
    order: list[int]
    slots: tuple[Slot, ...]
    numbers: list[int]
    inputs: list[int]


@dataclass(slots=True)
class _Law:
    """A version, with what is read of it for every claim, and what was met so far.

    ``known`` has stated facts that are within the version's scope; below them, plans and derived
    facts. ``plans`` are told apart by the slots that claims bring.
    """

    version: PlanVersion
    facts: tuple[str, ...]
    counters: Mapping[str, CounterOf]
    keys_move: bool
    plans: dict[frozenset[Slot], _Plan] = field(default_factory=dict)
    openings: dict[tuple[Slot, ...], _Opening] = field(default_factory=dict)
    known: dict[tuple[object, ...], dict[tuple[object, ...], _Known]] = field(default_factory=dict)


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
        case = Case(claim, claim.dates.named(version.chosen_by))
        met = _met(law, case)
        book = QuickBook(version, claim, balances=balances, counters=law.counters)
        derived: tuple[NumberUsed, ...] = ()
        if version.derived:
            facts, derived = derived_facts(version, book, on=case.on)
            claim = replace(claim, facts=facts)
            book.replace_claim(claim, keys_move=law.keys_move)
        opening, amounts = self._open(law, claim, book=book)
        known = _known(law, opening.plan, met, case=case, facts=claim.facts)
        return _explained(
            law, opening, amounts, known=known, book=book, derived=derived, on=case.on
        )

    def idle_run(self, version: PlanVersion) -> Callable[[], int]:
        """The compiled call on the claim of a version that was adjudicated last, to be timed."""
        plans = self._laws[id(version)].plans
        return next(iter(plans.values())).cells[-1].run

    def _learn(self, version: PlanVersion) -> _Law:
        asked = asked_by_plan(version)
        facts = tuple(name for name in asked.facts if name not in (FAMILY, EPISODE))
        keys_move = has_keys_of_derived_facts(version)
        law = _Law(version, facts, counters_of(version), keys_move)
        self._laws[id(version)] = law
        return law

    def _open(self, law: _Law, claim: Claim, *, book: QuickBook) -> tuple[_Opening, Sequence[int]]:
        """The claim's amounts in canonical order, zeros left out, and what their slots mean.

        Slots that came before need no second look, amounts always do; whatever is not plainly
        right goes the way on which the reference refuses.
        """
        stated, held = tuple(claim.slots), list(claim.slots.values())
        known = law.openings.get(stated)
        if known is not None and not claim.lines and _are_plain(held):
            return known, [held[place] for place in known.order]
        opening = open_slots(law.version, claim, book=book)
        order = [stated.index(slot) for slot in opening if slot in claim.slots]
        found = self._opening(law, tuple(opening), order)
        if len(order) == len(stated) and not law.version.is_annual:
            if len(law.openings) >= _REMEMBERED:
                law.openings.clear()
            law.openings[stated] = found
        return found, list(opening.values())

    def _opening(self, law: _Law, slots: tuple[Slot, ...], order: list[int]) -> _Opening:
        plan = self._plan(law, slots)
        numbers = [plan.program.tracks[0].order[slot] for slot in slots]
        inputs = [] if law.version.is_annual else list(map(str, slots))
        places = [plan.program.inputs.index(name) for name in inputs]
        return _Opening(plan, order, slots, numbers, places)

    def _plan(self, law: _Law, slots: Iterable[Slot]) -> _Plan:
        """A version's compiled plan; slots left by other layers make a program of their own."""
        given = frozenset([slot for slot in slots if slot.layer])
        plan = law.plans.get(given)
        if plan is None:
            program = program_of((law.version,), self._load, given=sorted(given, key=str))
            explainer = Explainer(law.version, program.tracks[0])
            columns = [
                program.outputs.index(column)
                if (column := left_column(slot)) in program.outputs
                else -1
                for slot in explainer.slots
            ]
            plan = _Plan(len(law.plans), program, explainer, [], columns)
            law.plans[given] = plan
        return plan


def _are_plain(amounts: Sequence[int]) -> bool:
    """Whether all are whole fen above zero, and together within the limit."""
    for amount in amounts:
        if type(amount) is not int or amount <= 0:
            return False
    return sum(amounts) <= AMOUNT_LIMIT


def _met(law: _Law, case: Case) -> dict[tuple[object, ...], _Known]:
    """What is known of a claim's facts, as stated; a claim out of scope is refused."""
    claim, on = case.claim, case.on
    key = (
        on.year,
        not claim.family_id,
        not claim.episode_id,
        *map(claim.facts.get, law.facts),
        *(map(claim.list_facts.get, law.facts) if claim.list_facts else ()),
    )
    met = law.known.get(key)
    if met is None or on not in law.version.span:
        require_scope(law.version, claim, on=on)
        if len(law.known) >= _REMEMBERED:
            law.known.clear()
        met = law.known[key] = {}
    return met


def _known(
    law: _Law,
    plan: _Plan,
    met: dict[tuple[object, ...], _Known],
    *,
    case: Case,
    facts: Mapping[str, FactValue],
) -> _Known:
    """What is known of a claim's facts; ``case`` is the claim as stated, ``facts`` are all."""
    key = (plan.number, *[facts.get(rule.fact) for rule in law.version.derived])
    known = met.get(key)
    if known is None:
        profile = profile_of(plan.program, plan.program.plans[0], case=case)
        known = met[key] = _Known(profile, plan.explainer.nothing_said())
    return known


def _explained(
    law: _Law,
    opening: _Opening,
    amounts: Sequence[int],
    *,
    known: _Known,
    book: QuickBook,
    derived: tuple[NumberUsed, ...],
    on: date,
) -> Determination:
    """The claim of a book through compiled code, and what its figures mean."""
    version, claim, plan = law.version, book.claim, opening.plan
    cell = plan.cells.pop() if plan.cells else Cell(plan.program)
    given = () if version.is_annual else zip(opening.inputs, amounts, strict=True)
    if not cell.settle(known.profile, given, book=book):
        return _as_the_reference(version, claim, book)
    run = Run(version, claim, on, book, {}, {}, LineMatrix(claim.lines))
    left = dict(zip(opening.numbers, amounts, strict=True))
    layers = plan.explainer.layers(run, left, figures=cell.figures, said=known.said)
    nth = book.count_claim_as(known.counts)
    _check_left(plan, left, cell.columns)
    plan.cells.append(cell)
    slots = plan.explainer.slots
    determination = Determination(
        claim_id=claim.claim_id,
        member_id=claim.member_id,
        encounter_id=claim.encounter_id,
        plan_id=version.plan_id,
        policy_hash=version.policy_hash,
        engine_version=ENGINE_VERSION,
        chosen_on=on,
        benefit_year=benefit_date(version, claim).year,
        submitted_amount=sum(amounts),
        opening=tuple(zip(opening.slots, amounts, strict=True)),
        layers=layers,
        left=tuple([(slots[number], left[number]) for number in sorted(left)]),
        lines=run.lines.results(),
        deltas=book.deltas,
        nth=nth,
        reads=book.reads,
        is_annual=version.is_annual,
        derived=derived,
    )
    check_closure(determination)
    return determination


def _as_the_reference(version: PlanVersion, claim: Claim, book: QuickBook) -> Determination:
    """Refuse a claim that compiled code rejected, as the reference does."""
    answer = adjudicate_by_reference(version, claim, balances=book.opening_balances)
    raise InvariantBroken(f"{answer.claim_id}: rejected by compiled code alone")


def _check_left(plan: _Plan, left: Mapping[int, int], columns: Sequence[int]) -> None:
    """What the explanation leaves on the member is what compiled code left."""
    found = [0] * len(columns)
    for number, amount in left.items():
        found[plan.columns[number]] += amount
    if found != columns:
        raise InvariantBroken(f"left by slot {found}, by column {columns}")
