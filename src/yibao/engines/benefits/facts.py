"""Facts (事实): what is known of a member on a day, and of one bill.

A member's facts are dated: a :class:`Spell` says that a fact has a value from a day up to another.
The law asks on one day, the plan's chosen date, so :meth:`Member.on` answers for one day only.
``age`` and ``stay_days`` are worked out here, never written into a policy.

Holds: on one day a fact has at most one value. A spell that is learned later cuts the older ones to
the days that it leaves them; nothing is decided by standing last in a list.

Refuses: words and values that the area has not declared, and to guess a fact that nobody stated.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta

from yibao.base.dates import Span, age_on
from yibao.base.findings import Where
from yibao.base.money import format_yuan, parse_yuan
from yibao.base.texts import Text
from yibao.engines.policy.law import FactDefinition, FactValue
from yibao.engines.policy.unable import UnableToDetermine

AGE = "age"
STAY_DAYS = "stay_days"
Stated = FactValue | tuple[str, ...]
"""A fact as stated: one value, or (list facts) several."""

_TRUTH = {"true": True, "false": False}


@dataclass(frozen=True, slots=True)
class Spell:
    """A fact of a member over a span of days; ``where`` is the place that said so."""

    fact: str
    value: Stated
    span: Span = Span(date.min)  # noqa: RUF009
    where: Where = Where("")  # noqa: RUF009


class FactInvalid(ValueError):
    """A value that the fact's definition does not admit; says which values there are."""

    def __init__(self, code: str, message: Text, *, remedy: Text) -> None:
        super().__init__(message.en)
        self.code = code
        self.message = message
        self.remedy = remedy


@dataclass(frozen=True, slots=True)
class Member:
    """What is known of a member (参保人): dated facts, birth date, family.

    Holds: two spells of one fact share no day (:func:`overlapping` finds those that do).
    """

    member_id: str
    spells: tuple[Spell, ...] = ()
    birth_date: date | None = None
    family_id: str = ""

    def on(self, day: date) -> dict[str, Stated]:
        """The facts that hold on a day, in the order of the spells."""
        return {spell.fact: spell.value for spell in self.spells if day in spell.span}

    def knowing(self, learned: Iterable[Spell]) -> Member:
        """The member as known after more was learned: it wins on its own days, and only there."""
        spells = self.spells
        for newer in learned:
            kept = [piece for older in spells for piece in _outside(older, newer)]
            spells = (*kept, newer)
        return replace(self, spells=spells)


def _outside(older: Spell, newer: Spell) -> list[Spell]:
    if older.fact != newer.fact or not older.span.meets(newer.span):
        return [older]
    pieces = []
    if older.span.start < newer.span.start:
        pieces.append(replace(older, span=Span(older.span.start, newer.span.start)))
    until = newer.span.until
    if until is not None and (older.span.until is None or until < older.span.until):
        pieces.append(replace(older, span=Span(until, older.span.until)))
    return pieces


def overlapping(spells: Iterable[Spell]) -> list[tuple[Spell, Spell]]:
    """Pairs of spells that give one fact two values on one day, in order of writing."""
    listed = list(spells)
    return [
        (first, second)
        for index, first in enumerate(listed)
        for second in listed[index + 1 :]
        if first.fact == second.fact and first.span.meets(second.span)
    ]


def stay_days(start: date, end: date) -> int:
    """Days of a stay (住院天数): nights between the two days, and 1 when it ended the same day."""
    return max(1, (end - start).days)


def next_year_begins(year: int) -> date:
    """The first day after a calendar year."""
    return date(year, 12, 31) + timedelta(days=1)


def worked_out(
    definitions: Mapping[str, FactDefinition], member: Member, *, day: date, stay: Span | None
) -> dict[str, FactValue]:
    """The facts that the host works out, where the area declares them: ``age``, ``stay_days``."""
    facts: dict[str, FactValue] = {}
    if AGE in definitions and member.birth_date is not None:
        facts[AGE] = age_on(member.birth_date, day)
    if STAY_DAYS in definitions and stay is not None and stay.until is not None:
        facts[STAY_DAYS] = stay_days(stay.start, stay.until)
    return facts


def typed(definitions: Mapping[str, FactDefinition], name: str, *, raw: object) -> Stated:
    """A fact's value as the law holds it, from what was written.

    Amounts become fen; counts stay integers; truth values and numbers may come as text.

    Raises:
        FactInvalid: ``fact_unknown`` or ``value_unknown``, saying which words or values there are.
    """
    definition = definitions.get(name)
    if definition is None:
        raise _unknown_fact(definitions, name)
    if definition.kind == "list":
        return _list(definitions, definition, raw)
    value = _scalar(definition, raw)
    if value is None:
        raise _unknown_value(definition, raw)
    return value


def _scalar(definition: FactDefinition, raw: object) -> FactValue | None:
    if isinstance(raw, list | tuple | dict) or raw is None:
        return None
    if definition.kind == "yes_no":
        return raw if isinstance(raw, bool) else _TRUTH.get(str(raw))
    if isinstance(raw, bool):
        return None
    text = str(raw)
    if definition.kind == "values":
        return text if text in dict(definition.values) else None
    try:
        number = parse_yuan(text) if definition.kind == "amount" else int(text)
    except ValueError:
        return None
    return number if definition.start <= number < definition.below else None


def _list(
    definitions: Mapping[str, FactDefinition], definition: FactDefinition, raw: object
) -> tuple[str, ...]:
    items = list(raw) if isinstance(raw, list | tuple) else None
    if items is None or len(set(map(str, items))) != len(items):
        raise _unknown_value(definition, raw)
    of = definitions.get(definition.list_of)
    if of is not None:
        for item in items:
            if _scalar(of, item) is None:
                raise _unknown_value(of, item)
    return tuple(str(item) for item in items)


def require_admitted(
    definitions: Mapping[str, FactDefinition], facts: Mapping[str, Stated]
) -> None:
    """Stop unless every fact is declared and its value lies in the domain.

    Raises:
        UnableToDetermine: ``fact_unknown`` or ``value_unknown``, saying what there is.
    """
    for name, value in facts.items():
        definition = definitions.get(name)
        if definition is None:
            invalid = _unknown_fact(definitions, name)
        elif not _admits(definition, value):
            invalid = _unknown_value(definition, value)
        else:
            continue
        raise UnableToDetermine(invalid.code, invalid.message, invalid.remedy)


def _admits(definition: FactDefinition, value: Stated) -> bool:
    if isinstance(value, tuple):
        return definition.kind == "list"
    if definition.kind in ("number", "amount"):
        is_number = isinstance(value, int) and not isinstance(value, bool)
        return is_number and definition.start <= int(value) < definition.below
    return definition.kind != "list" and _scalar(definition, value) == value


def admitted_values(definition: FactDefinition) -> Text:
    """The values that a fact may have, as a clerk would want them told."""
    if definition.kind == "values":
        zh = "、".join(f"{value}（{label.zh}）" for value, label in definition.values)
        return Text(zh, ", ".join(value for value, _ in definition.values))
    if definition.kind == "yes_no":
        return Text("true 或 false", "true or false")
    if definition.kind == "list":
        return Text(
            f"由 {definition.list_of} 的取值组成的列表，不得重复",
            f"a list of different values of {definition.list_of}",
        )
    if definition.kind == "amount":
        start, below = format_yuan(definition.start), format_yuan(definition.below)
        return Text(
            f"不小于 {start} 且小于 {below} 的元金额（整数或加引号的两位小数）",
            f"yuan from {start} to below {below}, an integer or a quoted decimal",
        )
    return Text(
        f"{definition.start} 至 {definition.below - 1} 的整数",
        f"an integer from {definition.start} to {definition.below - 1}",
    )


def _unknown_fact(definitions: Mapping[str, FactDefinition], name: str) -> FactInvalid:
    words = ", ".join(definitions)
    return FactInvalid(
        "fact_unknown",
        Text(f"本统筹区没有定义事实“{name}”", f"this area declares no fact '{name}'"),
        remedy=Text(f"已定义的事实: {words}", f"its facts are: {words}"),
    )


def _unknown_value(definition: FactDefinition, raw: object) -> FactInvalid:
    values = admitted_values(definition)
    shown = ", ".join(map(str, raw)) if isinstance(raw, list | tuple) else str(raw)
    return FactInvalid(
        "value_unknown",
        Text(
            f"“{shown}”不是 {definition.name}（{definition.label.zh}）的有效取值",
            f"'{shown}' is not a value of {definition.name} ({definition.label.en})",
        ),
        remedy=Text(f"应为: {values.zh}", f"it may be: {values.en}"),
    )
