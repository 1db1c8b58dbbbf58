"""Which single change would move a case (单项变化): tried out, not guessed.

Every change of one thing (a secondary diagnosis left out, the principal exchanged with a secondary
one, a procedure left out or made the main one, a procedure or a complication added) makes another
case; all of them are grouped at once by the same walk, and those that end elsewhere are told.

Refuses: to advise. What is told is where the tables would lead, so that a coder sees what a group
hangs on; the record decides what is true.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import NamedTuple

from yibao.base.texts import Text
from yibao.engines.grouping.batch import columns_of, group_at, group_cases, number_batch
from yibao.engines.grouping.case import LEVEL_WORDS, Case, Group
from yibao.engines.grouping.compiler import CompiledScheme, children_of
from yibao.engines.grouping.conditions import PROCEDURE, SUBJECTS, InList, leaves
from yibao.engines.grouping.explaining import Explanation, code_of

KINDS = (
    "without_diagnosis", "other_principal", "without_procedure", "other_main_procedure",
    "with_procedure", "with_complication",
)  # fmt: skip
_TOLD = {
    "without_diagnosis": Text("去掉其他诊断", "without the secondary diagnosis"),
    "other_principal": Text("主要诊断改为", "with the principal diagnosis"),
    "without_procedure": Text("去掉手术操作", "without the procedure"),
    "other_main_procedure": Text("主要手术操作改为", "with the main procedure"),
    "with_procedure": Text("增加主要手术操作，例如", "with another main procedure, such as"),
    "with_complication": Text("增加其他诊断，例如", "with a further secondary diagnosis, such as"),
}


class Move(NamedTuple):
    """A change of one thing, and the other group that it leads to."""

    kind: str
    code: str
    group: Group

    @property
    def told(self) -> Text:
        """The change in words, without its code."""
        return _TOLD[self.kind]

    @property
    def is_addition(self) -> bool:
        """Whether the code is one of many that would do, and none of the case's own."""
        return self.kind.startswith("with_")


def moves_of(compiled: CompiledScheme, case: Case, *, explained: Explanation) -> list[Move]:
    """The changes that lead to another group; of additions the first that leads to each group."""
    tried = [*_changed(case), *_added(compiled, case, explained)]
    walks = group_cases(compiled, columns_of(compiled, [other for _, _, other in tried]))
    moves: list[Move] = []
    seen: set[tuple[str, str]] = set()
    for row, (kind, code, _) in enumerate(tried):
        group = group_at(compiled, walks, row=row)
        if _place(group) == _place(explained.group):
            continue
        move = Move(kind, code, group)
        if move.is_addition and (kind, group.drg) in seen:
            continue
        seen.add((kind, group.drg))
        moves.append(move)
    return moves


def _place(group: Group) -> tuple[str, str, str]:
    return group.status, group.adrg, group.drg


Tried = tuple[str, str, Case]


def _changed(case: Case) -> Iterator[Tried]:
    """The case with one code left out or moved to the front."""
    for kind, front, codes in (
        ("diagnosis", "other_principal", case.diagnoses),
        ("procedure", "other_main_procedure", case.procedures),
    ):
        for place, code in enumerate(codes):
            rest = (*codes[:place], *codes[place + 1 :])
            if not code:
                continue
            if place or kind == "procedure":
                yield f"without_{kind}", code, _with(case, kind, rest)
            if place:
                swapped = (code, *codes[1:place], codes[0], *codes[place + 1 :])
                yield front, code, _with(case, kind, swapped)


def _with(case: Case, kind: str, codes: tuple[str, ...]) -> Case:
    if kind == "diagnosis":
        return replace(case, diagnoses=codes)
    return replace(case, procedures=codes)


def _added(compiled: CompiledScheme, case: Case, explained: Explanation) -> Iterator[Tried]:
    """The case with a code more: a procedure of each list asked for, a complication of each level.

    The lists are those of MDCs that were entered; levels those above the case's own.
    """
    firsts = _first_codes(compiled)
    for name in _lists_asked(compiled, explained):
        code = firsts.get(name)
        if code is not None and code not in case.procedures:
            yield "with_procedure", code, replace(case, procedures=(code, *case.procedures))
    for level in range(LEVEL_WORDS.index(explained.group.level) + 1, len(LEVEL_WORDS)):
        code = _complication(compiled, case, level)
        if code:
            yield "with_complication", code, replace(case, diagnoses=(*case.diagnoses, code))


def _lists_asked(compiled: CompiledScheme, explained: Explanation) -> Iterator[str]:
    entered = {step.rule.key for step in explained.steps if step.held and step.rule.kind == "mdc"}
    seen: set[str] = set()
    for mdc in compiled.tables.mdcs.tolist():
        if compiled.rules[mdc].key not in entered:
            continue
        for adrg in children_of(compiled.tables, mdc):
            for leaf in leaves(compiled.rules[adrg].condition):
                is_asked = isinstance(leaf, InList) and SUBJECTS[leaf.subject][0] == PROCEDURE
                if is_asked and isinstance(leaf, InList) and leaf.list_name not in seen:
                    seen.add(leaf.list_name)
                    yield leaf.list_name


def _first_codes(compiled: CompiledScheme) -> dict[str, str]:
    """By list of procedures the first code that stands in it."""
    tables, firsts = compiled.tables, {}
    begins = tables.proc_list_begins.tolist()
    lists = tables.proc_lists.tolist()
    for number in reversed(range(len(begins) - 1)):
        for place in range(begins[number], begins[number + 1]):
            firsts[lists[place]] = number
    return {
        compiled.list_names[name]: code_of(compiled.procedures, number)
        for name, number in firsts.items()
    }


def _complication(compiled: CompiledScheme, case: Case, level: int) -> str:
    """A code of this level that the principal diagnosis does not exclude, and the case lacks."""
    tables = compiled.tables
    principal = int(number_batch(compiled, columns_of(compiled, [case])).diagnoses[0])
    own = int(tables.dx_principal[principal]) if principal >= 0 else 0
    counts = (tables.dx_level == level) & ((tables.dx_exclusion != own) | (own == 0))
    codes = (code_of(compiled.diagnoses, number) for number in counts.nonzero()[0].tolist())
    return next((code for code in codes if code not in case.diagnoses), "")
