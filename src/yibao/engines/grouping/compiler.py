"""A scheme laid out as arrays (编译): rules, lists and codes by number.

Holds: MDCs are numbered first, then ADRGs, then DRGs; list 0 is the operating room's. A diagnosis
that only MDCs of one sex or age list is taken to be of that sex or age where the scheme's own table
does not say more, so that input can be judged under a scheme that has no such columns.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from yibao.base.texts import Text
from yibao.engines.grouping import machine
from yibao.engines.grouping.case import LEVEL_WORDS
from yibao.engines.grouping.conditions import (
    FIELDS,
    NEVER,
    OPERATING_ROOM,
    SUBJECTS,
    THOUSAND,
    Compare,
    Complication,
    Condition,
    Either,
    Every,
    HasProcedure,
    InList,
    Negated,
    condition_text,
    read_condition,
)
from yibao.engines.grouping.machine import CodeTable, Longs, Numbers, SchemeTables
from yibao.engines.grouping.scheme import (
    ADRG,
    BOTH_SEXES,
    DRG,
    MDC,
    QY,
    GroupingScheme,
    Identity,
    Rule,
    mdc_name,
)

NO_AGE_LIMIT = 1000
FIELDS_AT = {name: place for place, name in enumerate(FIELDS)}
_QUESTIONS = {
    "==": machine.EQUAL,
    "!=": machine.UNEQUAL,
    "<": machine.LESS,
    "<=": machine.AT_MOST,
    ">": machine.MORE,
    ">=": machine.AT_LEAST,
}


@dataclass(frozen=True)
class CompiledRule:
    """What is told of a rule; its number is its place. ``text`` is its condition as JSON."""

    kind: str
    key: str
    text: str
    name: Text

    @cached_property
    def condition(self) -> Condition:
        """The rule's condition, read when somebody asks."""
        return read_condition(self.text, owner="")

    @cached_property
    def shown(self) -> str:
        """The key as results name it."""
        return mdc_name(self.key) if self.kind == MDC else self.key


@dataclass(frozen=True)
class CompiledScheme:
    """A scheme ready to group: arrays for the walk, names for what is told."""

    identity: Identity
    tables: SchemeTables
    diagnoses: CodeTable
    procedures: CodeTable
    rules: Sequence[CompiledRule]
    list_names: Sequence[str]
    sites: Sequence[str]
    departments: Sequence[str]
    exclusions: Sequence[str]


def children_of(tables: SchemeTables, rule: int) -> list[int]:
    """The rules that are tried under a rule."""
    children: list[int] = tables.children[
        tables.child_begins[rule] : tables.child_begins[rule + 1]
    ].tolist()
    return children


def compile_scheme(scheme: GroupingScheme) -> CompiledScheme:
    """Lay a checked scheme out."""
    rules, below = _numbered(scheme)
    lists, departments = {("proc", OPERATING_ROOM): 0}, {"": 0}
    code = [list(_operations(rule.condition, lists, departments)) for rule in rules]
    flat = [operation for one in code for operation in one]
    diagnoses, sites, exclusions = _diagnosis_columns(scheme, lists)
    procedures = _procedure_columns(scheme, lists)
    tables = SchemeTables(
        operations=np.array([kind for kind, _, _ in flat], np.int8),
        arguments=np.array([argument for _, argument, _ in flat], np.int32),
        constants=np.array([constant for _, _, constant in flat], np.int64),
        operation_begins=_begins(code),
        mdcs=np.arange(len(scheme.mdcs), dtype=np.int32),
        children=_joined(below),
        child_begins=_begins(below),
        kinds=np.array([int(rule.kind == QY) for rule in rules], np.int8),
        lists_count=np.array([len(lists)], np.int64),
        limits=_limits(scheme),
        **diagnoses,
        **procedures,
    )
    return CompiledScheme(
        scheme.identity,
        tables,
        code_table(scheme.diagnoses),
        code_table(scheme.procedures),
        [
            CompiledRule(rule.kind, rule.key, condition_text(rule.condition), rule.name)
            for rule in rules
        ],
        [name for _, name in lists],
        sites,
        list(departments)[1:],
        exclusions,
    )


def _numbered(scheme: GroupingScheme) -> tuple[list[Rule], list[list[int]]]:
    """All rules in the order of their numbers, and by rule what is tried under it.

    A slot for ambiguous cases that is off stands as a rule that never holds.
    """
    adrgs = dict(scheme.adrgs)
    for mdc in scheme.mdcs:
        for name in mdc.children:
            if name not in adrgs:
                adrgs[name] = Rule(QY, name, NEVER, (), Text("", ""), mdc.where)
    rules = [*scheme.mdcs, *adrgs.values(), *scheme.drgs.values()]
    adrg_numbers = {key: len(scheme.mdcs) + place for place, key in enumerate(adrgs)}
    first = len(scheme.mdcs) + len(adrgs)
    drg_numbers = {key: first + place for place, key in enumerate(scheme.drgs)}
    numbers = {MDC: adrg_numbers, ADRG: drg_numbers, QY: {}, DRG: {}}
    return rules, [[numbers[rule.kind][name] for name in rule.children] for rule in rules]


def _begins(parts: Iterable[Sequence[object]]) -> Numbers:
    return np.cumsum([0, *map(len, parts)], dtype=np.int32)


def _joined(parts: Iterable[Sequence[int]]) -> Numbers:
    return np.array([number for part in parts for number in part], np.int32)


def _limits(scheme: GroupingScheme) -> Longs:
    limits = scheme.limits
    grams = (limits.weight_from * THOUSAND, limits.weight_until * THOUSAND)
    return np.array([limits.newborn_days_until, *grams], np.int64)


Operation = tuple[int, int, int]
ListNumbers = dict[tuple[str, str], int]


def _operations(
    condition: Condition, lists: ListNumbers, departments: dict[str, int]
) -> Iterator[Operation]:
    """A condition in the order in which a stack takes it."""
    if isinstance(condition, Every | Either):
        joins = machine.AND if isinstance(condition, Every) else machine.OR
        for place, part in enumerate(condition.parts):
            yield from _operations(part, lists, departments)
            if place:
                yield joins, 0, 0
    elif isinstance(condition, Negated):
        yield from _operations(condition.part, lists, departments)
        yield machine.NOT, 0, 0
    elif isinstance(condition, InList):
        kind, mask = SUBJECTS[condition.subject]
        number = lists.setdefault((kind, condition.list_name), len(lists))
        yield machine.MARK, number, mask
    elif isinstance(condition, Compare):
        value = condition.value
        if isinstance(value, str):
            value = departments.setdefault(value, len(departments)) * THOUSAND
        yield _QUESTIONS[condition.comparison], FIELDS_AT[condition.field], value
    elif isinstance(condition, Complication):
        yield machine.LEVEL, LEVEL_WORDS.index(condition.level), 0
    elif isinstance(condition, HasProcedure):
        yield machine.HAS_PROCEDURE, 0, 0
    else:
        yield (machine.TRUE if condition.holds else machine.FALSE), 0, 0


def _diagnosis_columns(
    scheme: GroupingScheme, lists: ListNumbers
) -> tuple[dict[str, NDArray[Any]], list[str], list[str]]:
    """The columns of diagnoses, and the names of sites and exclusion tables from number 1."""
    codes = list(scheme.diagnoses.values())
    stands = [[lists.setdefault(("dx", name), len(lists)) for name in one.lists] for one in codes]
    exclusions, sites = {"": 0}, {"": 0}
    bounds = _bounds_of_lists(scheme)
    known = [_bounds(bounds, one.lists) for one in codes]
    columns: dict[str, NDArray[Any]] = {
        "dx_lists": _joined(stands),
        "dx_list_begins": _begins(stands),
        "dx_level": np.array([one.level for one in codes], np.int8),
        "dx_exclusion": _coded((one.exclusion for one in codes), exclusions),
        "dx_principal": _coded((one.principal_exclusion for one in codes), exclusions),
        "dx_site": _coded((one.site for one in codes), sites).astype(np.int8),
        "dx_sex": np.array(
            [one.sex & bound[0] or one.sex for one, bound in zip(codes, known, strict=True)],
            np.int8,
        ),
        "dx_age_from": np.array(
            [one.age_from or bound[1] for one, bound in zip(codes, known, strict=True)], np.int64
        ),
        "dx_age_until": np.array(
            [one.age_until or bound[2] for one, bound in zip(codes, known, strict=True)], np.int64
        ),
    }
    return columns, list(sites)[1:], list(exclusions)[1:]


def _procedure_columns(scheme: GroupingScheme, lists: ListNumbers) -> dict[str, NDArray[Any]]:
    codes = list(scheme.procedures.values())
    stands = [
        [lists.setdefault(("proc", name), len(lists)) for name in one.lists]
        + [0] * one.is_operating_room
        for one in codes
    ]
    return {
        "proc_lists": _joined(stands),
        "proc_list_begins": _begins(stands),
        "proc_sex": np.array([one.sex for one in codes], np.int8),
    }


def _coded(texts: Iterable[str], numbers: dict[str, int]) -> Numbers:
    return np.array([numbers.setdefault(text, len(numbers)) for text in texts], np.int32)


Bounds = tuple[int, int, int]
_FREE: Bounds = (BOTH_SEXES, 0, NO_AGE_LIMIT)


def _bounds_of_lists(scheme: GroupingScheme) -> dict[str, Bounds]:
    """For each MDC's list the sexes and ages that its condition takes, as far as is plain."""
    return {mdc_name(mdc.key): _plain_bounds(mdc.condition) for mdc in scheme.mdcs}


def _plain_bounds(condition: Condition) -> Bounds:
    sexes, age_from, age_until = _FREE
    parts = condition.parts if isinstance(condition, Every) else (condition,)
    for part in parts:
        if not isinstance(part, Compare) or isinstance(part.value, str):
            continue
        whole = part.value // THOUSAND
        if part.field == "gender" and part.comparison == "==":
            sexes = whole
        if part.field == "age" and part.comparison == "==":
            age_from, age_until = whole, whole + 1
    return sexes, age_from, age_until


def _bounds(bounds: Mapping[str, Bounds], lists: Iterable[str]) -> Bounds:
    """What the MDCs that list a code take between them."""
    found = [bounds[name] for name in lists if name in bounds]
    if not found:
        return _FREE
    sexes = 0
    for sex, _, _ in found:
        sexes |= sex
    return sexes, min(low for _, low, _ in found), max(high for _, _, high in found)


def code_table(codes: Iterable[str]) -> CodeTable:
    """Codes by their number, which is their place, with the hash that finds them."""
    encoded = [code.encode() for code in codes]
    begins = np.cumsum([0, *map(len, encoded)], dtype=np.int64)
    size = 1 << max(4, (2 * len(encoded)).bit_length())
    slots = np.full(size, -1, np.int32)
    text = np.frombuffer(b"".join(encoded), np.uint8)
    machine.fill_slots(text, begins, slots)
    return CodeTable(text, begins, slots)
