"""Cases through a scheme, one after another (批量分组): marks, complications, findings, walk.

Compiled; :mod:`~.machine` has the words. Bits of findings are those of ``case.FINDINGS``.
"""

from __future__ import annotations

import numpy as np

from yibao.engines.grouping.case import (
    AGE_LIMIT,
    AMBIGUOUS,
    GROUPED,
    INVALID,
    MISSING,
    UNGROUPED,
)
from yibao.engines.grouping.conditions import THOUSAND
from yibao.engines.grouping.machine import (
    AGE,
    AGE_DAYS,
    FIRST,
    ICU_HOURS,
    IS_QY,
    LEAVING,
    NO_CODE,
    OPERATING_ROOM_LIST,
    OTHERS,
    SEX,
    SITES,
    STAY_DAYS,
    UNKNOWN,
    WEIGHT,
    Bytes,
    Longs,
    Numbers,
    SchemeTables,
    Steps,
    Walks,
    asked,
    compiled,
    inlined,
)

(
    NO_INDEX, NO_PRINCIPAL, SEX_INVALID, AGE_INVALID, AGE_DAYS_INVALID, WEIGHT_INVALID,
    STAY_INVALID, ICU_INVALID, LEAVING_INVALID,
) = tuple(1 << bit for bit in range(9))  # fmt: skip
DAYS_OF_YEAR, LONGEST_YEAR = 365, 366
(
    PRINCIPAL_UNKNOWN, DIAGNOSIS_UNKNOWN, PROCEDURE_UNKNOWN, PRINCIPAL_TWICE, DIAGNOSIS_TWICE,
    PROCEDURE_TWICE, SEX_DIAGNOSIS, SEX_PROCEDURE, AGE_DIAGNOSIS, WEIGHT_MISSING, WEIGHT_ODD,
    AGES_DISAGREE, QY_AMBIGUOUS,
) = tuple(1 << bit for bit in range(13))  # fmt: skip


@compiled
def walk_cases(  # noqa: PLR0913, PLR0917
    tables: SchemeTables, first: int, last: int, invalid: Numbers, numbers: Longs, dx: Numbers,
    dx_ends: Longs, proc: Numbers, proc_ends: Longs, walks: Walks, steps: Steps,
) -> int:  # fmt: skip
    """Group cases ``first`` to ``last``; ``numbers`` has a row for each case.

    Steps are written down where ``steps.ends`` has room for the cases. Returns the number of cases
    done, which is less than all when the room for steps was used up.
    """
    marks = np.zeros(tables.lists_count[0], np.uint8)
    writes = len(steps.ends) > 0
    room = len(steps.rules) - len(tables.kinds)
    step = np.int64(0)
    for case in range(first, last):
        if writes and step > room:
            return case - first
        walks.mdc[case] = walks.adrg[case] = walks.drg[case] = -1
        walks.level[case] = walks.reason[case] = walks.findings[case] = 0
        diagnoses = dx[dx_ends[case] : dx_ends[case + 1]]
        invalid[case] |= faults_of(diagnoses, numbers[case])
        if invalid[case] != 0:
            walks.status[case] = INVALID
        else:
            procedures = proc[proc_ends[case] : proc_ends[case + 1]]
            mark(diagnoses, tables.dx_lists, tables.dx_list_begins, marks)
            mark(procedures, tables.proc_lists, tables.proc_list_begins, marks)
            numbers[case, SITES] = sites_of(tables, diagnoses) * THOUSAND
            level = level_of(tables, diagnoses)
            walks.level[case] = level
            walks.findings[case] = findings_of(tables, numbers[case], diagnoses, procedures)
            step = walk(
                tables, case, marks, numbers[case], level, len(procedures), walks, steps, step,
            )  # fmt: skip
            unmark(diagnoses, tables.dx_lists, tables.dx_list_begins, marks)
            unmark(procedures, tables.proc_lists, tables.proc_list_begins, marks)
        if writes:
            steps.ends[case + 1] = step
    return last - first


@inlined
def faults_of(diagnoses: Numbers, numbers: Longs) -> int:
    """Why a case cannot be grouped, as bits of ``case.INVALID_REASONS``."""
    found = np.int64(0)
    if len(diagnoses) == 0 or diagnoses[0] == NO_CODE:
        found |= NO_PRINCIPAL
    if numbers[SEX] != THOUSAND and numbers[SEX] != 2 * THOUSAND:
        found |= SEX_INVALID
    age = numbers[AGE]
    if age > AGE_LIMIT * THOUSAND or is_odd(age) or is_broken(age) or age == MISSING:
        found |= AGE_INVALID
    if is_odd(numbers[AGE_DAYS]) or is_broken(numbers[AGE_DAYS]):
        found |= AGE_DAYS_INVALID
    if is_odd(numbers[WEIGHT]):
        found |= WEIGHT_INVALID
    if is_odd(numbers[STAY_DAYS]):
        found |= STAY_INVALID
    if is_odd(numbers[ICU_HOURS]):
        found |= ICU_INVALID
    if is_odd(numbers[LEAVING]) or is_broken(numbers[LEAVING]):
        found |= LEAVING_INVALID
    return int(found)


@inlined
def is_odd(number: int) -> bool:
    """Whether a number is there and unreadable or below zero."""
    return number != MISSING and number < 0


@inlined
def is_broken(number: int) -> bool:
    """Whether a number is there and not whole."""
    return number != MISSING and number % THOUSAND != 0


@inlined
def mark(codes: Numbers, lists: Numbers, begins: Numbers, marks: Bytes) -> None:
    """Mark the lists that codes stand in."""
    for place in range(len(codes)):
        code = codes[place]
        if code >= 0:
            bit = FIRST if place == 0 else OTHERS
            for at in range(begins[code], begins[code + 1]):
                marks[lists[at]] |= bit


@inlined
def unmark(codes: Numbers, lists: Numbers, begins: Numbers, marks: Bytes) -> None:
    """Take the marks back."""
    for code in codes:
        if code >= 0:
            for at in range(begins[code], begins[code + 1]):
                marks[lists[at]] = 0


@inlined
def sites_of(tables: SchemeTables, diagnoses: Numbers) -> int:
    """How many body sites the diagnoses are of."""
    seen = np.int64(0)
    count = np.int64(0)
    for code in diagnoses:
        if code >= 0 and tables.dx_site[code] > 0:
            bit = np.int64(1) << np.int64(tables.dx_site[code])
            if seen & bit == 0:
                seen |= bit
                count += 1
    return int(count)


@inlined
def level_of(tables: SchemeTables, diagnoses: Numbers) -> int:
    """What the secondary diagnoses that count come to: 0, 1 CC, 2 MCC."""
    level = np.int64(0)
    principal = diagnoses[0]
    own = tables.dx_principal[principal] if principal >= 0 else np.int32(0)
    for place in range(1, len(diagnoses)):
        code = diagnoses[place]
        if code >= 0 and tables.dx_level[code] > level:
            number = tables.dx_exclusion[code]
            if number == 0 or number != own:
                level = np.int64(tables.dx_level[code])
    return int(level)


@inlined
def findings_of(
    tables: SchemeTables, numbers: Longs, diagnoses: Numbers, procedures: Numbers
) -> int:
    """What is odd in a case, its codes and its numbers."""
    sex, age = numbers[SEX] // THOUSAND, numbers[AGE] // THOUSAND
    found = odd_numbers(tables.limits, numbers, age) | odd_diagnoses(tables, sex, age, diagnoses)
    for place in range(len(procedures)):
        code = procedures[place]
        if code == UNKNOWN:
            found |= PROCEDURE_UNKNOWN
        if code >= 0:
            if tables.proc_sex[code] & sex == 0:
                found |= SEX_PROCEDURE
            for other in range(place):
                if procedures[other] == code:
                    found |= PROCEDURE_TWICE
    return int(found)


@inlined
def odd_diagnoses(tables: SchemeTables, sex: int, age: int, diagnoses: Numbers) -> int:
    """What is odd in a case's diagnoses: unknown, repeated, of another sex or age."""
    found = np.int64(0)
    for place in range(len(diagnoses)):
        code = diagnoses[place]
        if code == UNKNOWN:
            found |= PRINCIPAL_UNKNOWN if place == 0 else DIAGNOSIS_UNKNOWN
        if code < 0:
            continue
        if tables.dx_sex[code] & sex == 0:
            found |= SEX_DIAGNOSIS
        if age < tables.dx_age_from[code] or age >= tables.dx_age_until[code]:
            found |= AGE_DIAGNOSIS
        for other in range(place):
            if diagnoses[other] == code:
                found |= PRINCIPAL_TWICE if other == 0 else DIAGNOSIS_TWICE
    return int(found)


@inlined
def odd_numbers(limits: Longs, numbers: Longs, age: int) -> int:
    """What is odd in a case's ages and weight."""
    found = np.int64(0)
    days = numbers[AGE_DAYS]
    if days != MISSING:
        days //= THOUSAND
        if days < age * DAYS_OF_YEAR or days >= (age + 1) * LONGEST_YEAR:
            found |= AGES_DISAGREE
        if age == 0 and days < limits[0]:
            weight = numbers[WEIGHT]
            if weight == MISSING:
                found |= WEIGHT_MISSING
            elif weight < limits[1] or weight >= limits[2]:
                found |= WEIGHT_ODD
    elif age == 0:
        found |= AGES_DISAGREE
    return int(found)


@inlined
def walk(  # noqa: C901, PLR0913, PLR0917
    tables: SchemeTables, case: int, marks: Bytes, numbers: Longs, level: int, has: int,
    walks: Walks, steps: Steps, step: int,
) -> int:  # fmt: skip
    """One case through the rules; the number of steps after it."""
    writes = len(steps.rules) > 0
    walks.status[case], walks.reason[case] = UNGROUPED, 1
    for mdc in tables.mdcs:
        held, bits = asked(tables, mdc, marks, numbers, level, has)
        if writes:
            step = note(steps, step, mdc, held, bits)
        if held == 0:
            continue
        walks.reason[case] = 2
        passed = False
        for at in range(tables.child_begins[mdc], tables.child_begins[mdc + 1]):
            adrg = tables.children[at]
            held, bits = asked(tables, adrg, marks, numbers, level, has)
            if writes:
                step = note(steps, step, adrg, held, bits)
            if held == 0:
                passed |= tables.kinds[adrg] == IS_QY
                continue
            walks.mdc[case], walks.adrg[case] = mdc, adrg
            if passed and marks[OPERATING_ROOM_LIST] != 0:
                walks.findings[case] |= QY_AMBIGUOUS
            if tables.kinds[adrg] == IS_QY:
                walks.status[case], walks.reason[case], walks.drg[case] = AMBIGUOUS, 0, adrg
                return step
            walks.reason[case] = 3
            for below in range(tables.child_begins[adrg], tables.child_begins[adrg + 1]):
                drg = tables.children[below]
                held, bits = asked(tables, drg, marks, numbers, level, has)
                if writes:
                    step = note(steps, step, drg, held, bits)
                if held != 0:
                    walks.status[case], walks.reason[case] = GROUPED, 0
                    walks.drg[case] = drg
                    return step
            return step
    return step


@inlined
def note(steps: Steps, step: int, rule: int, held: int, bits: int) -> int:
    """Write a step down; the number of steps after it."""
    steps.rules[step], steps.held[step], steps.bits[step] = rule, held, bits
    return step + 1
