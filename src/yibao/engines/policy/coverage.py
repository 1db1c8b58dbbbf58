"""The proof that a table answers every case exactly once, and that a number stays in its bounds.

Facts that a number asks about are cut into atoms: each value of a set, each stretch of a numeric range
between the bounds that rules mention. Every combination is then tried. What can be proved is proved here
for all reachable facts, not met later by a member.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from itertools import product
from math import prod

from yibao.base.errors import InvariantBroken
from yibao.base.findings import Fault, Where
from yibao.base.rates import MILLION
from yibao.base.texts import Text
from yibao.engines.policy import law
from yibao.engines.policy.faults import Faults
from yibao.engines.policy.numbers import evaluate, holds
from yibao.engines.policy.unable import UnableToDetermine
from yibao.engines.policy.vocabulary import Scope, narrowed

CELLS_LIMIT = 200_000
_SHOWN = 3

Cell = dict[str, law.FactValue]


def atoms(
    name: str, tests: Iterable[law.Test], *, scope: Scope, both_ends: bool
) -> list[law.FactValue]:
    """Representative values of a fact: one per atom (``both_ends``: the first and last of it)."""
    domain = scope[name]
    if domain.values is not None:
        return list(domain.values)
    edges = {domain.start, domain.below}
    for test in tests:
        for bound in (test.start, test.below):
            if bound is not None and domain.start < bound < domain.below:
                edges.add(bound)
        for value in test.values or ():
            edges |= {int(value), int(value) + 1}
    kept = sorted(edge for edge in edges if domain.start <= edge <= domain.below)
    starts = kept[:-1]
    if not both_ends:
        return list(starts)
    return sorted({*starts, *(edge - 1 for edge in kept[1:])})


def _tests(conditions: Iterable[law.Condition]) -> dict[str, list[law.Test]]:
    found: dict[str, list[law.Test]] = {}
    for condition in conditions:
        for name, test in condition:
            found.setdefault(name, []).append(test)
    return found


def cells(
    conditions: Iterable[law.Condition], scope: Scope, *, extra: Iterable[str] = (), both_ends: bool = False
) -> Iterator[Cell] | None:
    """Every combination of atoms of the facts that conditions (and ``extra``) mention; None: too many."""
    tests = _tests(conditions)
    for name in extra:
        tests.setdefault(name, [])
    names = [name for name in tests if name in scope]
    choices = [atoms(name, tests[name], scope=scope, both_ends=both_ends) for name in names]
    if prod(len(choice) for choice in choices) > CELLS_LIMIT:
        return None
    return (dict(zip(names, values, strict=True)) for values in product(*choices))


def _told(cell: Cell) -> str:
    return ", ".join(f"{name}={_word(value)}" for name, value in cell.items())


def _word(value: law.FactValue) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _too_many(where: Where, faults: Faults) -> None:
    faults.add(Fault(
        "table_too_wide", where,
        Text("此处涉及的事实组合过多，无法逐一验证", "too many combinations of facts to prove"),
        Text("请拆分表格，或在 applies_to 中缩小范围", "split the table, or narrow `applies_to`"))
            )  # fmt: skip


def prove_rows(number: law.Number, scope: Scope, *, faults: Faults) -> None:
    """Rows cover the scope once each; exceptions are narrower than one row and apart.

    A row that names another table is followed: that table covers what the row leaves to it.
    """
    if not isinstance(number.body, law.Rows):
        return
    _prove_table(number, number.body, scope, faults)
    for row in (*number.body.rows, *number.body.excepts):
        prove_rows(row.number, narrowed(scope, row.condition), faults=faults)


def _prove_table(number: law.Number, table: law.Rows, scope: Scope, faults: Faults) -> None:
    rows, excepts = table.rows, table.excepts
    every = cells([row.condition for row in (*rows, *excepts)], scope)
    if every is None:
        _too_many(number.where, faults)
        return
    missing: list[Cell] = []
    row_cells: dict[int, set[int]] = {index: set() for index in range(len(rows))}
    except_cells: dict[int, set[int]] = {index: set() for index in range(len(excepts))}
    for position, cell in enumerate(every):
        hits = [i for i, row in enumerate(rows) if holds(row.condition, cell)]
        exceptional = [i for i, row in enumerate(excepts) if holds(row.condition, cell)]
        for i in hits:
            row_cells[i].add(position)
        for i in exceptional:
            except_cells[i].add(position)
        if len(hits) > 1:
            _clash("rows_clash", rows[hits[0]], rows[hits[1]], cell, faults)
        if len(exceptional) > 1:
            _clash("excepts_clash", excepts[exceptional[0]], excepts[exceptional[1]], cell, faults)
        if not hits:
            missing.append(cell)
    if missing:
        _gap(number.where, missing, faults)
    _prove_narrow(excepts, except_cells, list(row_cells.values()), faults)


def _prove_narrow(
    excepts: Sequence[law.Row], except_cells: dict[int, set[int]], rows: list[set[int]], faults: Faults
) -> None:
    for index, taken in except_cells.items():
        if taken and not any(taken < own for own in rows):
            faults.add(Fault(
                "except_too_wide", excepts[index].where,
                Text("例外没有严格包含在某一行之内", "the exception does not lie strictly inside one row"),
                Text("请缩小例外的条件，或改写为行", "narrow its facts, or make it a row"))
            )  # fmt: skip


def _clash(code: str, one: law.Row, two: law.Row, cell: Cell, faults: Faults) -> None:
    faults.add(Fault(
        code, two.where,
        Text("两行同时适用", "two rows apply to the same case"),
        Text(f"例如 {_told(cell)}；请让两行互不重叠", f"for example {_told(cell)}; make them exclude each other"),
        also=(one.where,))
            )  # fmt: skip


def _gap(where: Where, missing: list[Cell], faults: Faults) -> None:
    shown = "; ".join(_told(cell) for cell in missing[:_SHOWN])
    faults.add(Fault(
        "rows_gap", where,
        Text(f"有 {len(missing)} 种情形没有对应的行", f"{len(missing)} case(s) have no row"),
        Text(f"请补充: {shown}", f"add rows for: {shown}"))
            )  # fmt: skip


def _conditions_of(number: law.Number) -> tuple[list[law.Condition], list[str]]:
    """Every condition a number looks at, and every numeric fact it reads."""
    conditions = [step.condition for step in number.steps]
    facts = [step.fact for step in number.steps if step.fact]
    if isinstance(number.body, law.Rows):
        for row in (*number.body.rows, *number.body.excepts):
            inner, inner_facts = _conditions_of(row.number)
            conditions += [row.condition, *inner]
            facts += inner_facts
    elif isinstance(number.body, law.FactNumber):
        facts.append(number.body.fact)
    return conditions, facts


def prove_bounds(number: law.Number, scope: Scope, *, name: str, on: date, faults: Faults) -> None:
    """A rate stays within 0–100 %, an amount or count at 0 or above, for every reachable case."""
    conditions, facts = _conditions_of(number)
    every = cells(conditions, scope, extra=facts, both_ends=True)
    if every is None:
        _too_many(number.where, faults)
        return
    for cell in every:
        try:
            value = evaluate(number, name=name, facts=cell, on=on).value
        except UnableToDetermine:
            continue
        except InvariantBroken:
            value = -1
        if value is not None and (value < 0 or (number.unit == "rate" and value > MILLION)):
            faults.add(Fault(
                "number_out_of_bounds", number.where,
                Text("数值越界（比例须在 0–100% 之间，金额不得为负）", "out of bounds (rates 0–100 %, amounts at least 0)"),
                Text(f"例如 {_told(cell)}；请检查步骤并加 at_least/at_most", f"for example {_told(cell)}; look at the steps, add at_least/at_most"))
            )  # fmt: skip
            return


def prove_shares(
    shares: list[law.Number], scope: Scope, *, on: date, where: Where, faults: Faults
) -> None:
    """Payers' shares sum to 100 % in every reachable case."""
    found = [_conditions_of(share) for share in shares]
    every = cells(
        [c for conditions, _ in found for c in conditions], scope,
        extra=[f for _, fs in found for f in fs], both_ends=True,
    )  # fmt: skip
    if every is None:
        _too_many(where, faults)
        return
    for cell in every:
        try:
            values = [evaluate(share, name="paid_by", facts=cell, on=on).value for share in shares]
        except (UnableToDetermine, InvariantBroken):
            continue
        total = sum(value or 0 for value in values)
        if total != MILLION:
            faults.add(Fault(
                "shares_not_whole", where,
                Text("各基金的份额合计不是 100%",
                     "the funds' shares do not sum to 100 %"),
                Text(f"请检查 {on} 当日的 paid_by（{_told(cell) or '全部情形'}）", f"look at `paid_by` on {on} ({_told(cell) or 'every case'})"))
            )  # fmt: skip
            return
