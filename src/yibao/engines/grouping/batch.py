"""Many cases at once, or one (成批分组): texts of codes to numbers, numbers to groups.

Holds: one case and a million go the same way, :func:`group_cases`; parts of a batch may be grouped
at the same time, because each writes its own cases alone.

Refuses: nothing by itself; a case whose mask of ``invalid`` is not 0 is passed over.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from yibao.engines.grouping import machine
from yibao.engines.grouping.case import (
    LEVEL_WORDS,
    MISSING,
    OTHER_DEPARTMENT,
    REASONS,
    STATUSES,
    UNGROUPED_ADRG,
    UNGROUPED_DRG,
    UNGROUPED_MDC,
    Case,
    Group,
)
from yibao.engines.grouping.compiler import CompiledScheme
from yibao.engines.grouping.conditions import BODY_SITES, DEPARTMENT, FIELDS, THOUSAND
from yibao.engines.grouping.machine import Bytes, CodeTable, Longs, Numbers, Steps, Walks
from yibao.engines.grouping.walking import walk_cases


@dataclass(frozen=True, slots=True)
class CodeTexts:
    """Lists of codes as text, ``A00.000|B01.100``: UTF-8 of all of them, and where each begins.

    ``begins`` has one more than there are cases.
    """

    text: Bytes
    begins: Longs


@dataclass(frozen=True, slots=True)
class CaseColumns:
    """Cases as columns: ``numbers`` has a row of ``FIELDS`` in thousandths for each case.

    A department is its number in the scheme, in thousandths. ``invalid`` is a mask of
    ``INVALID_REASONS``.
    """

    numbers: Longs
    diagnoses: CodeTexts
    procedures: CodeTexts
    invalid: Numbers

    def __len__(self) -> int:
        return len(self.invalid)


def part_of(cases: CaseColumns, first: int, *, last: int) -> CaseColumns:
    """The cases from ``first`` to before ``last``, as a batch of its own over the same memory."""
    return CaseColumns(
        cases.numbers[first:last],
        CodeTexts(cases.diagnoses.text, cases.diagnoses.begins[first : last + 1]),
        CodeTexts(cases.procedures.text, cases.procedures.begins[first : last + 1]),
        cases.invalid[first:last],
    )


@dataclass(frozen=True, slots=True)
class CaseCodes:
    """The numbers of a batch's codes, and where each case's end."""

    diagnoses: Numbers
    diagnosis_ends: Longs
    procedures: Numbers
    procedure_ends: Longs


_NO_STEPS = Steps(
    np.empty(0, np.int32), np.empty(0, np.int8), np.empty(0, np.int64), np.empty(0, np.int64)
)


def number_batch(compiled: CompiledScheme, cases: CaseColumns) -> CaseCodes:
    """Look every code of a batch up."""
    diagnoses, diagnosis_ends = _numbered(compiled.diagnoses, cases.diagnoses)
    procedures, procedure_ends = _numbered(compiled.procedures, cases.procedures)
    return CaseCodes(diagnoses, diagnosis_ends, procedures, procedure_ends)


def _numbered(codes: CodeTable, texts: CodeTexts) -> tuple[Numbers, Longs]:
    ends = np.zeros(len(texts.begins), np.int64)
    found = np.empty(machine.count_codes(texts.text, texts.begins, ends), np.int32)
    machine.number_codes(codes, texts.text, texts.begins, ends, found)
    return found, ends


def empty_walks(count: int) -> Walks:
    """Columns for the walks of so many cases."""
    small, wide = (np.zeros(count, np.int8) for _ in range(2)), np.int32
    status, reason = small
    mdc, adrg, drg, findings = (np.zeros(count, wide) for _ in range(4))
    return Walks(status, reason, mdc, adrg, drg, np.zeros(count, np.int8), findings)


def group_cases(compiled: CompiledScheme, cases: CaseColumns) -> Walks:
    """Group a batch."""
    walks = empty_walks(len(cases))
    group_part(compiled, cases, codes=number_batch(compiled, cases), walks=walks)
    return walks


def group_part(
    compiled: CompiledScheme,
    cases: CaseColumns,
    *,
    codes: CaseCodes,
    walks: Walks,
    steps: Steps = _NO_STEPS,
) -> int:
    """Group cases into ``walks``, with ``steps`` where there is room; how many were done."""
    done: int = walk_cases(
        compiled.tables, 0, len(cases), cases.invalid, cases.numbers, codes.diagnoses,
        codes.diagnosis_ends, codes.procedures, codes.procedure_ends, walks, steps,
    )  # fmt: skip
    return done


def columns_of(compiled: CompiledScheme, cases: Sequence[Case]) -> CaseColumns:
    """Valid cases as columns."""
    numbers = np.full((len(cases), len(FIELDS)), MISSING, np.int64)
    for row, case in zip(numbers, cases, strict=True):
        given = case.numbers()
        given[DEPARTMENT] = department_number(compiled, case.department)
        row[: len(FIELDS) - 1] = [given[name] for name in FIELDS if name != BODY_SITES]
    return CaseColumns(
        numbers,
        code_texts(["|".join(case.diagnoses) for case in cases]),
        code_texts(["|".join(case.procedures) for case in cases]),
        np.zeros(len(cases), np.int32),
    )


def department_number(compiled: CompiledScheme, department: str) -> int:
    """A department as numbers have it: its place among those that the scheme asks for."""
    if not department:
        return MISSING
    if department in compiled.departments:
        return (compiled.departments.index(department) + 1) * THOUSAND
    return OTHER_DEPARTMENT * THOUSAND


def code_texts(texts: Sequence[str]) -> CodeTexts:
    """Lists of codes from texts."""
    encoded = [text.encode() for text in texts]
    begins = np.cumsum([0, *map(len, encoded)], dtype=np.int64)
    text: NDArray[np.uint8] = np.frombuffer(b"".join(encoded), np.uint8)
    return CodeTexts(text, begins)


def groups_of(compiled: CompiledScheme, walks: Walks) -> list[Group]:
    """The groups of a batch, one by one."""
    return [group_at(compiled, walks, row=row) for row in range(len(walks.status))]


def group_at(compiled: CompiledScheme, walks: Walks, *, row: int) -> Group:
    """The group of one case of a batch."""
    mdc, adrg, drg = (
        compiled.rules[number].shown if number >= 0 else nothing
        for number, nothing in (
            (int(walks.mdc[row]), UNGROUPED_MDC),
            (int(walks.adrg[row]), UNGROUPED_ADRG),
            (int(walks.drg[row]), UNGROUPED_DRG),
        )
    )
    reason, level = REASONS[walks.reason[row]], LEVEL_WORDS[walks.level[row]]
    return Group(STATUSES[walks.status[row]], mdc, adrg, drg, reason, level)
