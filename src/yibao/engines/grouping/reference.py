"""The plain interpreter (对照实现): one case through one scheme, slow and obvious.

It reads the scheme's own values, asks every condition by walking it, and shares neither tables nor
code with :mod:`~.machine`, which property tests hold equal to it.
"""

from __future__ import annotations

import operator
from collections.abc import Iterable

from yibao.engines.grouping.case import (
    AMBIGUOUS,
    GROUPED,
    LEVEL_WORDS,
    MISSING,
    REASONS,
    STATUSES,
    UNGROUPED,
    Case,
    Group,
)
from yibao.engines.grouping.conditions import (
    BODY_SITES,
    DEPARTMENT,
    OPERATING_ROOM,
    THOUSAND,
    Compare,
    Complication,
    Condition,
    Constant,
    Either,
    Every,
    HasProcedure,
    InList,
    Negated,
)
from yibao.engines.grouping.scheme import QY, Diagnosis, GroupingScheme, Procedure, mdc_name

_COMPARED = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def group_case(scheme: GroupingScheme, case: Case) -> Group:
    """The group of a valid case."""
    asked = _Asked(scheme, case)
    level = LEVEL_WORDS[asked.level()]
    has_entered = False
    for mdc in scheme.mdcs:
        if not asked.holds(mdc.condition):
            continue
        has_entered = True
        for name in mdc.children:
            adrg = scheme.adrgs.get(name)
            if adrg is None or not asked.holds(adrg.condition):
                continue
            if adrg.kind == QY:
                return Group(STATUSES[AMBIGUOUS], mdc_name(mdc.key), name, name, level=level)
            for drg in adrg.children:
                if asked.holds(scheme.drgs[drg].condition):
                    return Group(STATUSES[GROUPED], mdc_name(mdc.key), name, drg, level=level)
            return Group(
                STATUSES[UNGROUPED], mdc_name(mdc.key), name, reason=REASONS[3], level=level
            )
    return Group(STATUSES[UNGROUPED], reason=REASONS[2 if has_entered else 1], level=level)


class _Asked:
    """A case that can be asked conditions."""

    def __init__(self, scheme: GroupingScheme, case: Case) -> None:
        unknown, nothing = Diagnosis(""), Procedure("")
        self.case = case
        self.diagnoses = [scheme.diagnoses.get(code, unknown) for code in case.diagnoses]
        self.procedures = [scheme.procedures.get(code, nothing) for code in case.procedures]
        self.numbers = case.numbers()
        sites = {diagnosis.site for diagnosis in self.diagnoses} - {""}
        self.numbers[BODY_SITES] = len(sites) * THOUSAND

    def holds(self, condition: Condition) -> bool:  # noqa: PLR0911
        if isinstance(condition, Every):
            return all(self.holds(part) for part in condition.parts)
        if isinstance(condition, Either):
            return any(self.holds(part) for part in condition.parts)
        if isinstance(condition, Negated):
            return not self.holds(condition.part)
        if isinstance(condition, Constant):
            return condition.holds
        if isinstance(condition, HasProcedure):
            return any(self.case.procedures)
        if isinstance(condition, Complication):
            return self.level() >= LEVEL_WORDS.index(condition.level)
        if isinstance(condition, Compare):
            return self.compares(condition)
        return self.is_in_list(condition)

    def is_in_list(self, asked: InList) -> bool:
        if asked.subject in ("pdx", "dx", "sdx"):
            places = {"pdx": slice(0, 1), "sdx": slice(1, None), "dx": slice(None)}
            found = self.diagnoses[places[asked.subject]]
            return any(asked.list_name in one.lists for one in found)
        places = {"pproc": slice(0, 1), "sproc": slice(1, None)}
        procedures = self.procedures[places.get(asked.subject, slice(None))]
        if asked.list_name == OPERATING_ROOM:
            return any(one.is_operating_room for one in procedures)
        return any(asked.list_name in one.lists for one in procedures)

    def compares(self, asked: Compare) -> bool:
        if asked.field == DEPARTMENT:
            if not self.case.department:
                return False
            return bool(_COMPARED[asked.comparison](self.case.department, asked.value))
        number = self.numbers[asked.field]
        if number == MISSING:
            return False
        return bool(_COMPARED[asked.comparison](number, asked.value))

    def level(self) -> int:
        """What the secondary diagnoses that count come to: 0, 1 CC, 2 MCC."""
        return max(self._counting(), default=0)

    def _counting(self) -> Iterable[int]:
        principal, *others = self.diagnoses
        for one in others:
            if not one.exclusion or one.exclusion != principal.principal_exclusion:
                yield one.level
