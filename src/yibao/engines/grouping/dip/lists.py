"""The tables beside DIP parameters (操作类别、合并症、编码表): prefixes and what they mean.

``treatments``: a procedure's prefix and its class. ``comorbidity``: a diagnosis's prefix and its
comorbid condition. ``code_lists``: the name of a list and a prefix. The longest prefix wins. Rows
come as text with their place; a row that means nothing is a fault.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from yibao.base.findings import Where
from yibao.base.rates import parse_rate
from yibao.base.texts import Text
from yibao.engines.grouping.dip import complaints
from yibao.engines.grouping.dip import documents as doc
from yibao.engines.grouping.dip.auxiliary import Auxiliary, AuxiliaryList, Band, Condition, Entry
from yibao.engines.grouping.dip.parameters import NOT_COUNTED, TREATMENTS
from yibao.engines.policy.faults import Faults

COLUMNS: Mapping[str, tuple[str, str]] = {
    "treatments": ("prefix", "treatment"),
    "comorbidity": ("prefix", "condition"),
    "code_lists": ("prefix", "list"),
}
"""The tables, and their two columns that mean something; ``source`` and ``confidence`` follow."""
MOST_MARKS = 62
_CLASSES = (*TREATMENTS, NOT_COUNTED)


@dataclass(frozen=True, slots=True)
class PrefixRow:
    """A prefix and what it means."""

    where: Where
    prefix: str
    meaning: str


@dataclass(frozen=True, slots=True)
class PrefixTable:
    """A table that was read; ``is_example`` where a row of it says so."""

    name: str
    rows: tuple[PrefixRow, ...]
    is_example: bool = False


@dataclass(frozen=True, slots=True)
class Tables:
    """The tables of an area, None where it has none of its own."""

    treatments: PrefixTable | None = None
    comorbidity: PrefixTable | None = None
    code_lists: PrefixTable | None = None

    def over(self, base: Tables) -> Tables:
        """These tables, and those of another area where there are none."""
        return Tables(
            self.treatments or base.treatments,
            self.comorbidity or base.comorbidity,
            self.code_lists or base.code_lists,
        )

    def all(self) -> list[PrefixTable]:
        """The tables that there are."""
        return [one for one in (self.treatments, self.comorbidity, self.code_lists) if one]


def treatments_of(tables: Tables, *, faults: Faults) -> dict[str, str]:
    """The class of treatment of each prefix of procedures."""
    rows = tables.treatments.rows if tables.treatments else ()
    return _meanings(rows, known=_CLASSES, faults=faults)


def auxiliary_of(
    written: doc.AuxiliaryWritten | None, tables: Tables, *, faults: Faults
) -> Auxiliary:
    """The auxiliary lists with their tables; nothing where no lists are written."""
    if written is None:
        return Auxiliary()
    names = list(written.conditions)
    conditions = []
    for name, one in written.conditions.items():
        if one.replaces and one.replaces not in names:
            faults.add(complaints.name_unknown(one.where, one.replaces, known=names))
        conditions.append(Condition(name, one.points, one.replaces))
    rows = tables.comorbidity.rows if tables.comorbidity else ()
    meanings = _meanings(rows, known=names, faults=faults)
    lists: dict[str, set[str]] = {}
    for row in tables.code_lists.rows if tables.code_lists else ():
        lists.setdefault(row.meaning, set()).add(row.prefix)
    if len(names) + len(lists) > MOST_MARKS:
        expected = Text(f"至多 {MOST_MARKS} 个合并症与编码表", f"at most {MOST_MARKS} in all")
        fault = complaints.value_invalid(
            written.where, "conditions", written=len(names) + len(lists), expected=expected
        )
        faults.add(fault)
    return Auxiliary(
        tuple(
            AuxiliaryList(
                name,
                Text(one.zh, one.en),
                tuple(_entry(entry, lists, faults=faults) for entry in one.entries),
            )
            for name, one in written.auxiliary.items()
        ),
        tuple(conditions),
        {prefix: names.index(name) for prefix, name in meanings.items()},
        {name: frozenset(prefixes) for name, prefixes in lists.items()},
        frozenset(written.not_split),
    )


def _entry(written: doc.EntryWritten, lists: Mapping[str, set[str]], *, faults: Faults) -> Entry:
    for key in ("principal", "principal_outside", "secondary", "procedure"):
        name = getattr(written, key)
        if name and name not in lists:
            faults.add(complaints.name_unknown(written.where_of(key), name, known=lists))
    bands = []
    for number, between in written.ranges.items():
        start, below = between.start, between.below
        if isinstance(start, str) or isinstance(below, str):
            expected = Text("整数", "whole numbers")
            place = written.where_of("ranges")
            fault = complaints.value_invalid(
                place, str(number), written=f"{start} – {below}", expected=expected
            )
            faults.add(fault)
            continue
        bands.append(Band(str(number), start, below))
    coefficient = 0
    try:
        coefficient = parse_rate(written.coefficient)
    except ValueError:
        expected = Text('百分比，如 "110%"', 'a share like "110%"')
        place = written.where_of("coefficient")
        fault = complaints.value_invalid(
            place, written.name, written=written.coefficient, expected=expected
        )
        faults.add(fault)
    return Entry(
        written.name, Text(written.zh, written.en), coefficient, tuple(bands),
        written.principal, written.principal_outside, written.secondary, written.procedure,
    )  # fmt: skip


def _meanings(rows: Iterable[PrefixRow], *, known: Iterable[str], faults: Faults) -> dict[str, str]:
    places: dict[str, PrefixRow] = {}
    allowed = tuple(known)
    for row in rows:
        if row.meaning not in allowed:
            faults.add(complaints.name_unknown(row.where, row.meaning, known=allowed))
        elif row.prefix in places:
            first = places[row.prefix].where
            faults.add(complaints.name_twice(row.where, row.prefix, first=first))
        else:
            places[row.prefix] = row
    return {prefix: row.meaning for prefix, row in places.items()}
