"""The proof that a table answers every case exactly once, and that a number stays in its bounds.

Facts that a number asks about are cut into atoms: each value of a set, each stretch of a numeric
range between the bounds that rules mention. Every combination is then tried. What can be proved is
proved here for all reachable facts, not met later by a member.

Holds: a rule that passes answers every case of its scope, but where an example value is wanting;
and what a document says itself can hold somewhere. What it takes from others may say more than it
needs.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import product
from math import prod

from yibao.base.errors import InvariantBroken
from yibao.base.findings import Fault, Where
from yibao.base.rates import MILLION
from yibao.engines.policy import law
from yibao.engines.policy.complaints import numbers as complaints
from yibao.engines.policy.complaints.layers import shares_sum
from yibao.engines.policy.complaints.words import condition_dead
from yibao.engines.policy.faults import Faults, written
from yibao.engines.policy.numbers import evaluate, holds
from yibao.engines.policy.unable import UnableToDetermine
from yibao.engines.policy.vocabulary import Domain, Scope, narrowed

CELLS_LIMIT = 200_000
"""How many combinations of facts are tried for one number."""

_SHOWN = 3

Cell = dict[str, law.FactValue]


@dataclass(frozen=True, slots=True)
class Proof:
    """What proofs work with: the reachable facts, the day, the list of faults.

    ``home`` is the file of the document that is proved.
    """

    scope: Scope
    on: date
    faults: Faults
    home: str = ""


def told(cell: Cell) -> str:
    """A case as people read it."""
    return ", ".join(f"{name}={written(value)}" for name, value in cell.items())


def _atoms(tests: Sequence[law.Test], domain: Domain, *, both_ends: bool) -> list[law.FactValue]:
    """Values of a fact that tell tests apart: one for each atom, or its first and last."""
    if domain.values is not None:
        return list(domain.values)
    edges = {domain.start, domain.below}
    for test in tests:
        edges |= {bound for bound in (test.start, test.below) if bound is not None}
        for value in test.values or ():
            edges |= {int(value), int(value) + 1}
    kept = sorted(edge for edge in edges if domain.start <= edge <= domain.below)
    starts = kept[:-1]
    if not both_ends:
        return list(starts)
    return sorted({*starts, *(edge - 1 for edge in kept[1:])})


def cells(
    conditions: Iterable[law.Condition],
    scope: Scope,
    *,
    extra: Iterable[str] = (),
    both_ends: bool = False,
) -> Iterator[Cell] | None:
    """Every combination of atoms of the facts that conditions and ``extra`` mention.

    None when there are more than :data:`CELLS_LIMIT`.
    """
    tests: dict[str, list[law.Test]] = {}
    for condition in conditions:
        for name, test in condition:
            tests.setdefault(name, []).append(test)
    for name in extra:
        tests.setdefault(name, [])
    names = [name for name in tests if name in scope]
    choices = [_atoms(tests[name], scope[name], both_ends=both_ends) for name in names]
    if prod(len(choice) for choice in choices) > CELLS_LIMIT:
        return None
    return (dict(zip(names, values, strict=True)) for values in product(*choices))


def cases_of(numbers: Sequence[law.Number], proof: Proof, *, where: Where) -> Iterable[Cell]:
    """Every case that numbers tell apart, with both ends of every stretch; too many: a fault."""
    conditions: list[law.Condition] = []
    facts: list[str] = []
    for number in numbers:
        more, read = mentioned(number)
        conditions += more
        facts += read
    every = cells(conditions, proof.scope, extra=facts, both_ends=True)
    if every is None:
        proof.faults.add(complaints.table_too_wide(where))
        return ()
    return every


def mentioned(number: law.Number) -> tuple[list[law.Condition], list[str]]:
    """Every condition a number looks at, and every numeric fact it reads."""
    conditions = [step.condition for step in number.steps]
    facts = [step.fact for step in number.steps if step.fact]
    bends = [step for step in number.steps if step.operation == "plus_per"]
    conditions += [((step.fact, law.Test(None, step.beyond)),) for step in bends]
    if isinstance(number.body, law.Rows):
        for row in (*number.body.rows, *number.body.excepts):
            inner, inner_facts = mentioned(row.number)
            conditions += [row.condition, *inner]
            facts += inner_facts
    elif isinstance(number.body, law.FactNumber):
        facts.append(number.body.fact)
    return conditions, facts


def prove_rows(number: law.Number, proof: Proof) -> None:
    """Rows cover the scope once each; exceptions are narrower than one row and apart."""
    for step in number.steps:
        if step.provenance is not None:
            prove_reached(step.condition, proof, where=step.provenance.where)
    if not isinstance(number.body, law.Rows):
        return
    rows, excepts = number.body.rows, number.body.excepts
    every = cells([row.condition for row in (*rows, *excepts)], proof.scope)
    if every is None:
        proof.faults.add(complaints.table_too_wide(number.where))
        return
    listed = list(every)
    taken = [_taken(row, listed) for row in rows]
    taken_by_except = [_taken(row, listed) for row in excepts]
    _prove_apart(rows, taken, listed, proof.faults, is_except=False)
    _prove_apart(excepts, taken_by_except, listed, proof.faults, is_except=True)
    missing = set(range(len(listed))) - set[int]().union(*taken)
    if missing:
        cases = "; ".join(told(listed[position]) for position in sorted(missing)[:_SHOWN])
        proof.faults.add(complaints.rows_gap(number.where, len(missing), cases=cases))
    for row, positions in zip(excepts, taken_by_except, strict=True):
        if positions and not any(positions < own for own in taken):
            proof.faults.add(complaints.except_too_wide(row.where))
    for row in (*rows, *excepts):
        if prove_reached(row.condition, proof, where=row.where):
            scope = narrowed(proof.scope, row.condition)
            prove_rows(row.number, replace(proof, scope=scope))


def prove_reached(condition: law.Condition, proof: Proof, *, where: Where) -> bool:
    """Whether a condition can hold in the scope; if not, and it is written at home, a fault."""
    scope = narrowed(proof.scope, condition)
    dead = [name for name, _ in condition if name in scope and scope[name].is_empty]
    if dead and where.file == proof.home:
        before = proof.scope[dead[0]]
        if not before.is_empty:  # else the layer around it has been told
            proof.faults.add(condition_dead(where, dead[0], reached=_domain_told(before)))
    return not dead


def _domain_told(domain: Domain) -> str:
    if domain.values is not None:
        return ", ".join(written(value) for value in domain.values)
    return f"{domain.start} … {domain.below - 1}"


def _taken(row: law.Row, listed: Sequence[Cell]) -> set[int]:
    return {position for position, cell in enumerate(listed) if holds(row.condition, cell)}


def _prove_apart(
    rows: Sequence[law.Row],
    taken: Sequence[set[int]],
    listed: Sequence[Cell],
    faults: Faults,
    *,
    is_except: bool,
) -> None:
    complain = complaints.excepts_clash if is_except else complaints.rows_clash
    for index, row in enumerate(rows):
        for other in range(index + 1, len(rows)):
            both = taken[index] & taken[other]
            if both:
                case = told(listed[min(both)])
                faults.add(complain(rows[other].where, case, first=row.where))


def prove_bounds(number: law.Number, proof: Proof, *, name: str, may_be_none: bool = False) -> None:
    """A rate stays within 0–100 %, the others at 0 or above; only a ceiling may be «none»."""
    for cell in cases_of([number], proof, where=number.where):
        try:
            value = evaluate(number, name=name, facts=cell, on=proof.on).value
        except UnableToDetermine:
            continue
        except InvariantBroken:
            proof.faults.add(broken(number, cell, on=proof.on, shown=cell))
            return
        if value is None and not may_be_none:
            proof.faults.add(complaints.none_refused(number.where))
            return


def broken(number: law.Number, cell: Cell, *, on: date, shown: Cell) -> Fault:
    """Which complaint a broken number earns: steps on «none», or bounds; ``shown`` is told."""
    if number.unit == "amount":
        bare = values_in([replace(number, steps=())], cell, on=on)
        if bare == [None]:
            return complaints.step_on_none(number.where, told(shown))
    return complaints.out_of_bounds(number.where, told(shown), unit=number.unit)


def prove_shares(shares: Sequence[law.Number], proof: Proof, *, where: Where) -> None:
    """Payers' shares sum to 100 % in every reachable case."""
    for cell in cases_of(shares, proof, where=where):
        values = values_in(shares, cell, on=proof.on)
        if values is not None and sum(value or 0 for value in values) != MILLION:
            proof.faults.add(shares_sum(where, proof.on, case=told(cell)))
            return


def values_in(numbers: Sequence[law.Number], cell: Cell, *, on: date) -> list[int | None] | None:
    """The values of several numbers in one case; None when one of them cannot be told."""
    try:
        return [evaluate(number, name="", facts=cell, on=on).value for number in numbers]
    except (UnableToDetermine, InvariantBroken):
        return None
