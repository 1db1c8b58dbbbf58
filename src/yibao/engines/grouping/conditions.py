"""Conditions (条件): the closed vocabulary in which a grouping scheme says who belongs where.

A condition is a JSON list whose first word names it (docs/grouping-scheme.md). It is read into one
of a few frozen values once, when the scheme is checked; nothing is ever evaluated as code.

Holds: every condition has at most ``LEAVES_LIMIT`` questions, so that which of them held fits into
one number. Numbers are thousandths, so that no float is needed.

Refuses: unknown words, wrong numbers of parts, comparisons that a field does not have.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from yibao.base.texts import Text

LEAVES_LIMIT = 60
THOUSAND = 1000
NUMBER_LIMIT = 10**12
"""Every number is below it, of a scheme and of a case."""

DIAGNOSIS, PROCEDURE = "dx", "proc"
SUBJECTS = {
    "pdx": (DIAGNOSIS, 1),
    "sdx": (DIAGNOSIS, 2),
    "dx": (DIAGNOSIS, 3),
    "pproc": (PROCEDURE, 1),
    "sproc": (PROCEDURE, 2),
    "proc": (PROCEDURE, 3),
    "procset": (PROCEDURE, 3),
}
"""What a list is asked about: its kind of codes, and 1 the first of a case, 2 the others, 3 any."""

OPERATING_ROOM = "@OR"
OWN = {"@zd": "", "@ss": ""}
"""The lists that a rule owns under its bare key; ``@ss1`` and the like are its labelled ones."""

BODY_SITES, DEPARTMENT = "bodySites", "dept"
FIELDS = (
    "age", "ageDay", "weight", "inHospitalTime", "gender", "icuHours", "leavingType",
    DEPARTMENT, BODY_SITES,
)  # fmt: skip
"""What may be compared. The last is reckoned from the diagnoses, the others come with the case."""

COMPARISONS = ("==", "!=", "<", "<=", ">", ">=")


@dataclass(frozen=True, slots=True)
class InList:
    """A code of the case stands in a list: ``BB1``, ``BB1:ss1``, ``MDCB`` or ``@OR``."""

    subject: str
    list_name: str


@dataclass(frozen=True, slots=True)
class HasProcedure:
    """The case has any procedure at all."""


@dataclass(frozen=True, slots=True)
class Complication:
    """A secondary diagnosis counts as ``mcc``; or, for ``cc``, as MCC or CC."""

    level: str


@dataclass(frozen=True, slots=True)
class Compare:
    """A number of the case against a constant in thousandths; a department against a text."""

    field: str
    comparison: str
    value: int | str


@dataclass(frozen=True, slots=True)
class Constant:
    """Always, or never."""

    holds: bool


@dataclass(frozen=True, slots=True)
class Every:
    """All parts hold."""

    parts: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Either:
    """At least one part holds."""

    parts: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Negated:
    """The part does not hold."""

    part: Condition


Leaf = InList | HasProcedure | Complication | Compare | Constant
Condition = Leaf | Every | Either | Negated

ALWAYS, NEVER = Constant(holds=True), Constant(holds=False)


class ConditionInvalid(Exception):
    """A condition that cannot be read: what is wrong, and what to do."""

    def __init__(self, message: Text, remedy: Text) -> None:
        super().__init__(message.en)
        self.message = message
        self.remedy = remedy


def leaves(condition: Condition) -> Iterator[Leaf]:
    """The questions of a condition, in the order in which they are written."""
    if isinstance(condition, Every | Either):
        for part in condition.parts:
            yield from leaves(part)
    elif isinstance(condition, Negated):
        yield from leaves(condition.part)
    else:
        yield condition


def read_condition(text: str, *, owner: str) -> Condition:
    """The condition that a cell holds; ``owner`` names the rule, for the lists that are its own.

    Raises:
        ConditionInvalid: if it is no JSON, or says what the vocabulary does not have.
    """
    try:
        tree = json.loads(text, parse_float=Decimal)
    except (ValueError, RecursionError):
        raise ConditionInvalid(
            Text(f"条件不是 JSON 列表: {text}", f"the condition is no JSON list: {text}"),
            Text('请写成 ["pdx","@zd"] 的形式', 'write it like ["pdx","@zd"]'),
        ) from None
    condition = _read(tree, owner)
    if sum(1 for _ in leaves(condition)) > LEAVES_LIMIT:
        raise ConditionInvalid(
            Text(
                f"条件超过 {LEAVES_LIMIT} 项",
                f"the condition asks more than {LEAVES_LIMIT} questions",
            ),
            Text("请拆成几条规则，或合并代码列表", "split the rule, or join lists of codes"),
        )
    return condition


def condition_text(condition: Condition) -> str:
    """A condition as JSON that :func:`read_condition` reads back, its lists by their full names."""
    return json.dumps(_tree(condition), ensure_ascii=False, separators=(",", ":"))


def _tree(condition: Condition) -> list[Any]:  # noqa: PLR0911
    if isinstance(condition, Every | Either):
        word = "and" if isinstance(condition, Every) else "or"
        return [word, *map(_tree, condition.parts)]
    if isinstance(condition, Negated):
        return ["not", _tree(condition.part)]
    if isinstance(condition, InList):
        return [condition.subject.replace("procset", "proc"), condition.list_name]
    if isinstance(condition, Compare):
        return ["cmp", condition.field, condition.comparison, _constant(condition.value)]
    if isinstance(condition, Complication):
        return [condition.level]
    if isinstance(condition, HasProcedure):
        return ["has_proc"]
    return ["true" if condition.holds else "false"]


def _constant(value: int | str) -> int | str:
    """A constant as JSON has it; a number that is not whole as text, so that it stays exact."""
    if isinstance(value, str):
        return value
    return str(Decimal(value) / THOUSAND) if value % THOUSAND else value // THOUSAND


def _read(tree: Any, owner: str) -> Condition:  # noqa: ANN401
    if not isinstance(tree, list) or not tree or not isinstance(tree[0], str):
        raise _odd(tree)
    word, parts = tree[0], tree[1:]
    reader = _READERS.get(word)
    if reader is None:
        known = ", ".join(_READERS)
        raise ConditionInvalid(
            Text(f"条件词 {word} 不在词汇表中", f"{word} is no word of conditions"),
            Text(f"可用的词: {known}", f"the words are: {known}"),
        )
    return reader(word, parts, owner)


def _odd(tree: Any) -> ConditionInvalid:  # noqa: ANN401
    shown = json.dumps(tree, ensure_ascii=False, default=str)
    return ConditionInvalid(
        Text(f"条件写法不对: {shown}", f"this is no condition: {shown}"),
        Text("写法见 docs/grouping-scheme.md", "docs/grouping-scheme.md shows how it is written"),
    )


def _in_list(word: str, parts: list[Any], owner: str) -> Condition:
    if len(parts) != 1 or not isinstance(parts[0], str) or not parts[0]:
        raise _odd([word, *parts])
    name = parts[0]
    kind, _ = SUBJECTS[word]
    if name == OPERATING_ROOM and kind == PROCEDURE:
        return InList(word, OPERATING_ROOM)
    if name in OWN:
        return InList(word, owner)
    if name.startswith("@") or word == "procset":
        return InList(word, f"{owner}:{name.removeprefix('@')}")
    return InList(word, name)


def _bare(word: str, parts: list[Any], _owner: str) -> Condition:
    if parts:
        raise _odd([word, *parts])
    if word in ("mcc", "cc"):
        return Complication(word)
    if word == "has_proc":
        return HasProcedure()
    return ALWAYS if word == "true" else NEVER


def _compare(word: str, parts: list[Any], _owner: str) -> Condition:
    if len(parts) != 3 or parts[0] not in FIELDS or parts[1] not in COMPARISONS:
        raise _odd([word, *parts])
    name, comparison, value = parts
    if isinstance(value, bool):
        raise _odd([word, *parts])
    if name == DEPARTMENT:
        if comparison not in ("==", "!=") or not isinstance(value, int | str):
            raise _odd([word, *parts])
        return Compare(name, comparison, str(value))
    thousandths = _number(value)
    if thousandths is None:
        raise _odd([word, *parts])
    thousandths *= THOUSAND
    if thousandths != int(thousandths):
        raise _odd([word, *parts])
    return Compare(name, comparison, int(thousandths))


def _number(value: Any) -> Decimal | None:  # noqa: ANN401
    """A number, also where it is written as text."""
    if not isinstance(value, int | str | Decimal):
        return None
    try:
        number = Decimal(value)
    except InvalidOperation:
        return None
    return number if number.is_finite() and abs(number) < NUMBER_LIMIT else None


def _joined(word: str, parts: list[Any], owner: str) -> Condition:
    if not parts:
        raise _odd([word])
    read = tuple(_read(part, owner) for part in parts)
    return Every(read) if word == "and" else Either(read)


def _negated(word: str, parts: list[Any], owner: str) -> Condition:
    if len(parts) != 1:
        raise _odd([word, *parts])
    return Negated(_read(parts[0], owner))


_READERS: dict[str, Callable[[str, list[Any], str], Condition]] = {
    **dict.fromkeys(SUBJECTS, _in_list),
    **dict.fromkeys(("has_proc", "mcc", "cc", "true", "false"), _bare),
    "cmp": _compare,
    "and": _joined,
    "or": _joined,
    "not": _negated,
}
