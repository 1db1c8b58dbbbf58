"""The columns of the claims contract, once: what `claims` and `lines` may hold for an area.

docs/claims-format.md is the prose of this table. Fixed columns have fixed kinds; any further column
is a fact of the area by its name, an amount of a stream (``eligible_amount:rare_drug``), or begins
with ``extra_`` and is not read. The order here is the order in which faults of a row are told.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from yibao.base.findings import Fault, Where
from yibao.base.texts import Text
from yibao.engines.benefits.claim import CLASSES
from yibao.engines.policy.law import FactDefinition

Kind = Literal[
    "identifier", "text", "integer", "date", "amount", "signed_amount", "decimal", "fact"
]
EXTRA = "extra_"


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its kind, whether the file must have it, whether every cell must be filled.

    ``fact`` is what a column of kind ``fact`` states; ``items`` what a list may hold.
    """

    name: str
    kind: Kind
    required: bool = False
    filled: bool = False
    fact: FactDefinition | None = None
    items: tuple[str, ...] = ()


AMOUNTS = tuple(f"{name}_amount" for name in CLASSES)
"""The four classes of a claim that somebody has split before; a file has all of them or none."""

CLAIM_COLUMNS = (
    Column("claim_id", "identifier", required=True, filled=True),
    Column("member_id", "identifier", required=True, filled=True),
    Column("entry_sequence", "integer", filled=True),
    Column("settlement_date", "date", required=True, filled=True),
    Column("encounter_id", "identifier"),
    Column("family_id", "identifier"),
    Column("episode_id", "identifier"),
    Column("admission_date", "date"),
    Column("discharge_date", "date"),
    Column("charge_date", "date"),
    Column("birth_date", "date"),
    Column("submitted_amount", "amount"),
)
LINE_COLUMNS = (
    Column("claim_id", "identifier", required=True, filled=True),
    Column("line_id", "identifier", required=True, filled=True),
    Column("item_code", "identifier", required=True, filled=True),
    Column("quantity", "decimal", required=True, filled=True),
    Column("submitted_amount", "signed_amount", required=True, filled=True),
    Column("charge_date", "date"),
    Column("refunds_line_id", "identifier"),
)


@dataclass(frozen=True, slots=True)
class Contract:
    """What files may have in an area: columns of both tables, and how claims are held together."""

    claims: tuple[Column, ...]
    lines: tuple[Column, ...]
    by_family: bool

    @property
    def holder_columns(self) -> list[str]:
        """The columns that say to whom a claim belongs."""
        return ["family_id", "member_id"] if self.by_family else ["member_id"]


def claim_columns(
    facts: Mapping[str, FactDefinition], streams: Iterable[str]
) -> tuple[Column, ...]:
    """Every column that `claims` may have in an area with these facts and streams."""
    named = (f"{amount}:{stream}" for amount in AMOUNTS for stream in streams)
    return (
        *CLAIM_COLUMNS,
        *(Column(name, "amount") for name in (*AMOUNTS, *named)),
        *_facts(facts, {"member", "encounter"}),
    )


def line_columns(facts: Mapping[str, FactDefinition]) -> tuple[Column, ...]:
    """Every column that `lines` may have: the fixed ones and line facts."""
    return (*LINE_COLUMNS, *_facts(facts, {"line"}))


def _facts(facts: Mapping[str, FactDefinition], of: set[str]) -> Iterable[Column]:
    fixed = {column.name for column in (*CLAIM_COLUMNS, *LINE_COLUMNS)}
    return (
        Column(name, "fact", fact=fact, items=_items(fact, facts))
        for name, fact in facts.items()
        if fact.of in of and name not in fixed
    )


def _items(fact: FactDefinition, facts: Mapping[str, FactDefinition]) -> tuple[str, ...]:
    listed = facts.get(fact.list_of)
    return tuple(value for value, _ in listed.values) if listed else ()


_OF_RESULTS = {"claim_id", "plan_id", "policy_hash", "out_of_pocket_amount"}
"""Columns that together only a result of settling has."""


def header_faults(
    file: str, found: Sequence[str], *, known: Sequence[Column], has_lines: bool
) -> list[Fault]:
    """Faults of a file's columns: missing, unknown, named twice, or some classes without others."""
    where = Where(file)
    if set(found) >= _OF_RESULTS:
        return [_results(where)]
    required = [column.name for column in known if column.required]
    amounts = [name for name in AMOUNTS if any(column.name == name for column in known)]
    carried = [name for name in found if name.partition(":")[0] in amounts]
    if amounts and (carried or not has_lines):
        required += amounts
    names = {column.name for column in known}
    faults = [_missing(where, name) for name in required if name not in found]
    faults += [
        _unknown(where, name)
        for name in dict.fromkeys(found)
        if name not in names and not name.startswith(EXTRA)
    ]
    faults += [_twice(where, name) for name in dict.fromkeys(found) if found.count(name) > 1]
    return faults


def _results(where: Where) -> Fault:
    return Fault(
        "claims_are_results",
        where,
        Text("这是结算结果，不是待结算的结算单", "these are results of settling, and not claims"),
        Text(
            "请指定结算前的文件；比较两次结果请用 yibao what-if",
            "name the file that was settled; to compare two laws use yibao what-if",
        ),
    )


def _missing(where: Where, name: str) -> Fault:
    remedy = Text(f"请补充列 {name}", f"add the column {name}")
    if name in AMOUNTS:
        remedy = Text(
            f"请补充列 {name} (没有该类金额时填 0)，或提供费用明细文件 (--lines)",
            f"add the column {name} (0 where there is none), or bring a file of lines (--lines)",
        )
    return Fault(
        "column_missing",
        where,
        Text(f"缺少必需的列 {name}", f"the column {name} is missing"),
        remedy,
    )


def _unknown(where: Where, name: str) -> Fault:
    return Fault(
        "column_unknown",
        where,
        Text(
            f"列 {name} 既不是约定的列，也不是本地区的事实或费用通道",
            f"the column {name} is neither of the contract nor a fact or stream of this area",
        ),
        Text(
            f"请对照 docs/claims-format.md 更正列名；不需读取的列请以 {EXTRA} 开头",
            f"mend the name by docs/claims-format.md; one not to be read begins with {EXTRA}",
        ),
    )


def _twice(where: Where, name: str) -> Fault:
    return Fault(
        "column_twice",
        where,
        Text(f"列 {name} 出现多次", f"the column {name} is there twice"),
        Text("每列请使用唯一的列名", "give every column one name of its own"),
    )
