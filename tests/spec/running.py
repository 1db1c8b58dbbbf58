"""Running a case: the policy fragment compiled, the events let happen, each expected cell compared.

The idea: one runner for every engine. An engine is one function from law, claim and balances to a
determination; histories, plan choice and facts are the host's (engines/benefits/history.py), so
that a second engine is a second line in :data:`ENGINES`.

Holds: every cell is compared exactly, in fen; every determination closes; what an event does is
looked at after that event, not only at the end.

Refuses: a heading that it does not know, and a row that nothing answers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cache
from pathlib import Path

from tests.spec.reading import HERE, UNSAID, Case, Row
from yibao.base.dates import Span, parse_date
from yibao.base.findings import FaultsFound
from yibao.base.money import parse_yuan
from yibao.base.trees import Branch
from yibao.engines.benefits import history
from yibao.engines.benefits.bills import (
    Bill,
    Event,
    GivenLine,
    Learn,
    Presettle,
    Refund,
    Resettle,
    Reverse,
    Settle,
)
from yibao.engines.benefits.claim import (
    CLASSES,
    OUTCOMES,
    Balances,
    ClaimDates,
    CounterKey,
    Slot,
    SplitLine,
)
from yibao.engines.benefits.closure import check_closure
from yibao.engines.benefits.facts import FactInvalid, Member, Spell, typed
from yibao.engines.benefits.history import Adjudicate
from yibao.engines.benefits.kernel.single import Kernel
from yibao.engines.benefits.reference import adjudicate as adjudicate_by_reference
from yibao.engines.benefits.rows import Law
from yibao.engines.policy.area import AreaPolicy
from yibao.engines.policy.compiler import compile_area
from yibao.engines.policy.unable import UnableToDetermine
from yibao.offices.actuary.policies import open_area
from yibao.storage.files.compiled import CompiledCode
from yibao.storage.files.yaml_tree import parse_yaml

ENGINES: Mapping[str, Adjudicate] = {
    "reference": adjudicate_by_reference,
    "kernel": Kernel(CompiledCode()).adjudicate,
}
"""Every engine that the spec cases hold for, by its name in the test report."""

AREA_CODE = "990000"
_DATES = {
    "date": "settlement_date",
    "discharged": "discharge_date",
    "charged": "charge_date",
    "admitted": "admission_date",
}
_WORDS = {"do", "claim", "member", "family", "encounter", "episode", "year", "learn"}
_EVER = date(1900, 1, 1)


class CaseInvalid(Exception):
    """A case that cannot be run as written: place and reason."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one row came to: the entries that its event made, and the history as it stood after it.

    ``code`` is the coded answer of an event that could not happen.
    """

    row: Row
    entries: tuple[history.Entry, ...]
    replayed: history.Replayed | None
    code: str = ""


@cache
def area_of(path: Path) -> AreaPolicy:
    """The tiny area of a policy fragment: its documents and the common words of all spec cases."""
    documents = [tree for file in (HERE / "common" / "area.yaml", path) for tree in _parsed(file)]
    merged: dict[str, Branch] = {}
    others = []
    for tree in documents:
        kind = next(iter(tree))
        if kind in ("facts", "sources", "counters") and kind in merged:
            merged[kind][kind].update(tree[kind])
            merged[kind][kind].lines.update(tree[kind].lines)
        elif kind in ("facts", "sources", "counters"):
            merged[kind] = tree
        else:
            others.append(tree)
    try:
        return compile_area({AREA_CODE: [*merged.values(), *others]}, AREA_CODE)
    except FaultsFound as found:
        raise CaseInvalid(found.told("en")) from None


def law_of(case: Case) -> AreaPolicy:
    """The area a case runs on: its own fragment's, or the shipped one that `law` names.

    «law: 370200», «law: 370200 with examples», «law: 370200 with examples, reform NAME».
    """
    text = case.setting("law")
    return _shipped(text) if text else area_of(case.policy_file)


@cache
def _shipped(text: str) -> AreaPolicy:
    code, _, rest = text.partition(" ")
    words = [word.strip() for word in rest.split(",") if word.strip()]
    reforms = [word.removeprefix("reform ") for word in words if word.startswith("reform ")]
    with_examples = "with examples" in words
    if len(words) != len(reforms) + with_examples:
        raise CaseInvalid(f"'law: {text}' is not 'law: AREA [with examples][, reform NAME]'")
    return open_area(code, with_examples=with_examples, reforms=reforms)


def _parsed(path: Path) -> list[Branch]:
    name = f"{path.parent.name}/{path.name}"
    return parse_yaml(path.read_text(encoding="utf-8"), name)


def run(case: Case, adjudicate: Adjudicate) -> list[Outcome]:
    """Let the events of a case happen, member by member, and keep what stood after each.

    Members follow one another on one set of balances, so that a family's counters are shared.
    """
    area = law_of(case)
    law = Law(area)
    balances = _opening(case)
    outcomes: list[Outcome] = []
    for member_id, rows in _by_member(case):
        member = _member(case, area, member_id=member_id, family_id=_family(case, rows[0]))
        events: list[Event] = []
        for row in rows:
            number = case.rows.index(row) + 1
            event = _event(case, area, row=row, number=number)
            outcome = _happen(law, member, [*events, event], balances, adjudicate, row)
            outcomes.append(outcome)
            if not outcome.code:
                events.append(event)
        balances = history.replay(
            law, member, events=events, opening=balances, adjudicate=adjudicate
        ).balances
    return outcomes


def _happen(
    law: Law,
    member: Member,
    events: Sequence[Event],
    opening: Balances,
    adjudicate: Adjudicate,
    row: Row,
) -> Outcome:
    try:
        replayed = history.replay(
            law, member, events=events, opening=opening, adjudicate=adjudicate
        )
    except (UnableToDetermine, history.HistoryInvalid) as error:
        return Outcome(row, (), None, error.code)
    entries = tuple(replayed.of_event(len(events)))
    for entry in entries:
        check_closure(entry.determination)
    return Outcome(row, entries, replayed)


def _by_member(case: Case) -> list[tuple[str, list[Row]]]:
    groups: dict[str, list[Row]] = {}
    last = ""
    for row in case.rows:
        member_id = _cell(case, row, "member") or "M1"
        if member_id in groups and member_id != last:
            raise CaseInvalid(f"{case.file}:{row.line}: the rows of a member stand together")
        groups.setdefault(member_id, []).append(row)
        last = member_id
    return list(groups.items())


def cells(case: Case, row: Row) -> dict[str, str]:
    """What a row is given: the case's `given` under the row's own cells."""
    merged = {**dict(case.listed("given")), **row.given}
    return {name: cell for name, cell in merged.items() if cell != UNSAID}


def _cell(case: Case, row: Row, name: str) -> str:
    return cells(case, row).get(name, "")


def _family(case: Case, row: Row) -> str:
    return _cell(case, row, "family")


def _member(case: Case, area: AreaPolicy, *, member_id: str, family_id: str) -> Member:
    birth_date = None
    spells = []
    for name, value in case.listed("known"):
        if name == "birth_date":
            birth_date = parse_date(value)
        else:
            spells.append(_spell(area, f"{name} = {value}"))
    return Member(member_id, (), birth_date, family_id).knowing(spells)


def _spell(area: AreaPolicy, text: str) -> Spell:
    """Read «is_poor = true from 2020-06-01 until 2021-01-01»."""
    name, _, rest = (part.strip() for part in text.partition("="))
    value, *dated = rest.split()
    days = dict(zip(dated[::2], map(parse_date, dated[1::2]), strict=True))
    if not days.keys() <= {"from", "until"}:
        raise CaseInvalid(f"'{text}' is not 'fact = value from date until date'")
    return Spell(name, _typed(area, name, value), Span(days.get("from", _EVER), days.get("until")))


def _typed(area: AreaPolicy, name: str, text: str):
    definition = area.facts.get(name)
    if definition is not None and definition.kind == "list":
        return typed(area.facts, name, raw=text.split("+"))
    return typed(area.facts, name, raw=text)


def _opening(case: Case) -> Balances:
    """Read «opening: basic_paid M1 2024 = 1000»: a counter, its keys, yuan or a count."""
    sums = {}
    for name, value in case.listed("opening"):
        counter, *keys = name.split()
        declared = {c.name: c for p in law_of(case).plans for c in p.counters}
        is_count = declared[counter].adds == "claim_count"
        sums[CounterKey(counter, tuple(keys))] = int(value) if is_count else parse_yuan(value)
    return Balances(sums)


def _event(case: Case, area: AreaPolicy, *, row: Row, number: int) -> Event:
    given = cells(case, row)
    claim_id = given.get("claim", str(number))
    match given.get("do", "settle"):
        case "settle":
            return Settle(_bill(case, area, row=row, claim_id=claim_id))
        case "presettle":
            return Presettle(_bill(case, area, row=row, claim_id=claim_id))
        case "refund":
            return Refund(claim_id, _bill(case, area, row=row, claim_id=claim_id))
        case "reverse":
            return Reverse(claim_id)
        case "learn":
            return Learn((_spell(area, given["learn"]),))
        case "resettle":
            return Resettle(int(given["year"]))
        case other:
            raise CaseInvalid(
                f"{case.file}:{row.line}: nothing can be done that is called '{other}'"
            )


def _bill(case: Case, area: AreaPolicy, *, row: Row, claim_id: str) -> Bill:
    given = cells(case, row)
    amounts, facts = {}, {}
    for name, text in given.items():
        if name in _DATES or name in _WORDS:
            continue
        if _is_slot(name):
            amounts[Slot.parse(name)] = [parse_yuan(part) for part in text.split("+")]
        else:
            facts[name] = _stated(area, name, text)
    charged = given.get("charged", "").split("+")
    dates = {
        _DATES[name]: parse_date(given[name])
        for name in _DATES
        if name in given and "+" not in given[name]
    }
    lines = _lines(case, row, amounts, charged)
    return Bill(
        claim_id=claim_id,
        encounter_id=given.get("encounter", f"E{claim_id}"),
        dates=ClaimDates(**dates),
        facts=facts,
        lines=lines,
        slots={} if lines else {slot: parts[0] for slot, parts in amounts.items() if parts[0]},
        episode_id=given.get("episode", ""),
    )


def _stated(area: AreaPolicy, name: str, text: str):
    """A fact's value; one that is not admitted goes on as text, for the host to refuse."""
    try:
        return _typed(area, name, text)
    except FactInvalid:
        return text


def _is_slot(name: str) -> bool:
    reason = name.partition("@")[0].partition(":")[0]
    return reason in CLASSES or ("@" in name and reason in OUTCOMES)


def _lines(
    case: Case, row: Row, amounts: Mapping[Slot, list[int]], charged: Sequence[str]
) -> tuple[GivenLine, ...]:
    """The lines of a row whose cells say «100+600»: the n-th parts of all cells are line n."""
    count = max((len(parts) for parts in [*amounts.values(), charged]), default=1)
    if count == 1:
        return ()
    lines = []
    for index in range(count):
        split = SplitLine(str(index + 1))
        for slot, parts in amounts.items():
            if len(parts) != count or slot.layer:
                raise CaseInvalid(
                    f"{case.file}:{row.line}: '{slot}' needs {count} parts joined by '+'"
                )
            if parts[index]:
                field = f"{slot.reason}_amount"
                split = replace(split, stream=slot.stream, **{field: parts[index]})
        day = parse_date(charged[index]) if len(charged) == count else None
        lines.append(GivenLine(split, day))
    return tuple(lines)
