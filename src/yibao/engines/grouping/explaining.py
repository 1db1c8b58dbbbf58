"""Why a case is in its group (入组说明): the walk that was taken, read back as values.

The walk wrote down every rule that it tried and which questions of it held; here that is put beside
the codes that answered them. Nothing is decided again.

Holds: the last step that held at each level is the group that was answered; a diagnosis counts as
MCC or CC exactly where the level that was answered says so.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from yibao.base.checks import check
from yibao.engines.grouping.batch import (
    CaseCodes,
    CaseColumns,
    columns_of,
    empty_walks,
    group_at,
    group_part,
    number_batch,
)
from yibao.engines.grouping.case import (
    FINDINGS,
    INVALID_REASONS,
    LEVEL_WORDS,
    Case,
    Group,
    names_of,
)
from yibao.engines.grouping.compiler import CompiledRule, CompiledScheme
from yibao.engines.grouping.conditions import (
    DIAGNOSIS,
    SUBJECTS,
    Complication,
    InList,
    Leaf,
    leaves,
)
from yibao.engines.grouping.machine import CodeTable, Numbers, Steps, Walks

PIECE = 1000
"""Cases whose steps are held at a time."""


class Step(NamedTuple):
    """A rule that was tried: whether it held, the questions that held, and those that did not."""

    rule: CompiledRule
    held: bool
    met: tuple[Leaf, ...]
    unmet: tuple[Leaf, ...]


class Ground(NamedTuple):
    """A question that held at the group's own rules, with the codes that answered it."""

    rule: CompiledRule
    leaf: Leaf
    codes: tuple[str, ...]


class Counted(NamedTuple):
    """A secondary diagnosis that is an MCC or CC, and whether it counts.

    ``exclusion`` is the table that it shares with the principal diagnosis, where that excludes it.
    """

    code: str
    level: str
    counts: bool
    exclusion: str


class Explanation(NamedTuple):
    """A case's group and the whole way to it; ``case`` is its index."""

    case: str
    group: Group
    steps: tuple[Step, ...]
    grounds: tuple[Ground, ...]
    complications: tuple[Counted, ...]
    findings: tuple[str, ...]
    invalid: tuple[str, ...]
    diagnoses: tuple[str, ...]
    procedures: tuple[str, ...]


def explain_cases(compiled: CompiledScheme, cases: Sequence[Case]) -> list[Explanation]:
    """Why valid cases are where they are."""
    columns = columns_of(compiled, cases)
    explained = Explainer(compiled).explain(columns, [case.index for case in cases])
    return list(explained)


@dataclass(frozen=True)
class Explainer:
    """Explains cases of one scheme; keeps what is the same for many of them."""

    compiled: CompiledScheme

    def explain(self, cases: CaseColumns, indexes: Sequence[str]) -> Iterator[Explanation]:
        """The explanations of a batch, in its order."""
        codes = number_batch(self.compiled, cases)
        texts = _Texts(cases, codes)
        for first in range(0, len(cases), PIECE):
            part = _part(cases, first, min(first + PIECE, len(cases)))
            yield from self._explained(part, _part_codes(codes, first, len(part)), indexes, texts)
            texts.first += len(part)

    def _explained(
        self, part: CaseColumns, codes: CaseCodes, indexes: Sequence[str], texts: _Texts
    ) -> Iterator[Explanation]:
        walks, steps = empty_walks(len(part)), self._room(len(part))
        done = group_part(self.compiled, part, codes=codes, walks=walks, steps=steps)
        check(done == len(part), "the room for steps was too small")
        ends = steps.ends.tolist()
        tried = list(
            zip(
                steps.rules[: ends[-1]].tolist(),
                steps.held[: ends[-1]].tolist(),
                steps.bits[: ends[-1]].tolist(),
                strict=True,
            )
        )
        for row in range(len(part)):
            invalid = names_of(int(part.invalid[row]), INVALID_REASONS)
            yield self._one(
                indexes[texts.first + row],
                group_at(self.compiled, walks, row=row),
                self._steps(tried[ends[row] : ends[row + 1]]),
                _Codes(self, texts, row),
                (walks, row, tuple(invalid)),
            )

    def _one(
        self,
        index: str,
        group: Group,
        steps: tuple[Step, ...],
        codes: _Codes,
        rest: tuple[Walks, int, tuple[str, ...]],
    ) -> Explanation:
        walks, row, invalid = rest
        own = [int(walks.mdc[row]), int(walks.adrg[row]), int(walks.drg[row])]
        rules = {id(self.compiled.rules[number]) for number in own if number >= 0}
        complications = () if invalid else codes.complications()
        grounds = tuple(
            Ground(step.rule, leaf, _at_level(leaf, complications) or codes.answering(leaf))
            for step in steps
            if step.held and id(step.rule) in rules
            for leaf in step.met
        )
        found = tuple(names_of(int(walks.findings[row]), FINDINGS))
        return Explanation(
            index, group, steps, grounds, complications, found, invalid,
            codes.diagnoses, codes.procedures,
        )  # fmt: skip

    def _room(self, count: int) -> Steps:
        room = (count + 1) * len(self.compiled.tables.kinds)
        return Steps(
            np.empty(room, np.int32), np.empty(room, np.int8), np.empty(room, np.int64),
            np.zeros(count + 1, np.int64),
        )  # fmt: skip

    def _steps(self, tried: list[tuple[int, int, int]]) -> tuple[Step, ...]:
        known = self._known
        steps = []
        for one in tried:
            step = known.get(one)
            if step is None:
                step = known[one] = self._step(*one)
            steps.append(step)
        return tuple(steps)

    def _step(self, number: int, held: int, bits: int) -> Step:
        rule = self.compiled.rules[number]
        asked = list(enumerate(leaves(rule.condition)))
        met = tuple(leaf for place, leaf in asked if bits >> place & 1)
        unmet = tuple(leaf for place, leaf in asked if not bits >> place & 1)
        return Step(rule, bool(held), met, unmet)

    @cached_property
    def _known(self) -> dict[tuple[int, int, int], Step]:
        return {}

    @cached_property
    def lists_of_diagnoses(self) -> list[frozenset[str]]:
        """The lists that each diagnosis stands in."""
        tables = self.compiled.tables
        return self._lists(tables.dx_lists, tables.dx_list_begins)

    @cached_property
    def lists_of_procedures(self) -> list[frozenset[str]]:
        """The lists that each procedure stands in; ``@OR`` is one."""
        tables = self.compiled.tables
        return self._lists(tables.proc_lists, tables.proc_list_begins)

    def _lists(self, lists: Numbers, begins: Numbers) -> list[frozenset[str]]:
        names = [self.compiled.list_names[number] for number in lists.tolist()]
        ends = begins.tolist()
        return [frozenset(names[a:b]) for a, b in pairwise(ends)]

    @cached_property
    def complication_columns(self) -> tuple[list[int], list[int], list[int]]:
        """Level, exclusion number and principal's exclusion number of each diagnosis."""
        tables = self.compiled.tables
        return (
            tables.dx_level.tolist(), tables.dx_exclusion.tolist(), tables.dx_principal.tolist(),
        )  # fmt: skip


class _Texts:
    """The codes of a batch as lists, by case; ``first`` is the first case of the piece in work."""

    def __init__(self, cases: CaseColumns, codes: CaseCodes) -> None:
        self.first = 0
        self.diagnoses = _texts_of(cases.diagnoses.text.tobytes(), cases.diagnoses.begins.tolist())
        self.procedures = _texts_of(
            cases.procedures.text.tobytes(), cases.procedures.begins.tolist()
        )
        self.diagnosis_numbers = codes.diagnoses.tolist()
        self.diagnosis_ends = codes.diagnosis_ends.tolist()
        self.procedure_numbers = codes.procedures.tolist()
        self.procedure_ends = codes.procedure_ends.tolist()


def _texts_of(text: bytes, begins: list[int]) -> list[str]:
    return [text[a:b].decode() for a, b in pairwise(begins)]


class _Codes:
    """One case's codes, which can be asked what they answer."""

    __slots__ = ("_dx", "_explainer", "_proc", "diagnoses", "procedures")

    def __init__(self, explainer: Explainer, texts: _Texts, row: int) -> None:
        case = texts.first + row
        self._explainer = explainer
        self.diagnoses = _split(texts.diagnoses[case])
        self.procedures = _split(texts.procedures[case])
        self._dx = texts.diagnosis_numbers[
            texts.diagnosis_ends[case] : texts.diagnosis_ends[case + 1]
        ]
        self._proc = texts.procedure_numbers[
            texts.procedure_ends[case] : texts.procedure_ends[case + 1]
        ]

    def answering(self, leaf: Leaf) -> tuple[str, ...]:
        """The codes that make a question hold; none where it asks for no list."""
        if not isinstance(leaf, InList):
            return ()
        kind, mask = SUBJECTS[leaf.subject]
        if kind == DIAGNOSIS:
            numbers, codes = self._dx, self.diagnoses
            lists = self._explainer.lists_of_diagnoses
        else:
            numbers, codes = self._proc, self.procedures
            lists = self._explainer.lists_of_procedures
        begin, end = (0, 1) if mask == 1 else (mask == 2, len(codes))
        return tuple(
            code
            for number, code in zip(numbers[begin:end], codes[begin:end], strict=True)
            if number >= 0 and leaf.list_name in lists[number]
        )

    def complications(self) -> tuple[Counted, ...]:
        levels, exclusions, principals = self._explainer.complication_columns
        own = principals[self._dx[0]] if self._dx[0] >= 0 else 0
        counted = []
        for number, code in zip(self._dx[1:], self.diagnoses[1:], strict=True):
            if number >= 0 and levels[number]:
                shared = exclusions[number] if exclusions[number] == own else 0
                table = self._explainer.compiled.exclusions[shared - 1] if shared else ""
                counted.append(Counted(code, LEVEL_WORDS[levels[number]], not shared, table))
        return tuple(counted)


def _at_level(leaf: Leaf, complications: Sequence[Counted]) -> tuple[str, ...]:
    """The diagnoses that count and make a question for a level hold."""
    if not isinstance(leaf, Complication):
        return ()
    least = LEVEL_WORDS.index(leaf.level)
    return tuple(
        one.code for one in complications if one.counts and LEVEL_WORDS.index(one.level) >= least
    )


def _split(text: str) -> tuple[str, ...]:
    return tuple(map(str.strip, text.split("|"))) if text else ()


def _part(cases: CaseColumns, first: int, last: int) -> CaseColumns:
    return CaseColumns(
        cases.numbers[first:last], cases.diagnoses, cases.procedures, cases.invalid[first:last]
    )


def _part_codes(codes: CaseCodes, first: int, count: int) -> CaseCodes:
    """The codes from a case on; ends count from the beginning of all codes."""
    return CaseCodes(
        codes.diagnoses, codes.diagnosis_ends[first : first + count + 1],
        codes.procedures, codes.procedure_ends[first : first + count + 1],
    )  # fmt: skip


def code_of(codes: CodeTable, number: int) -> str:
    """A code by its number."""
    begin, end = int(codes.begins[number]), int(codes.begins[number + 1])
    return codes.text[begin:end].tobytes().decode()
