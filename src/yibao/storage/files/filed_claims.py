"""One row of `claims` with its lines: a bill that can be settled, or a reject with a reason."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

from yibao.base.texts import Text
from yibao.engines.benefits.bills import Bill
from yibao.engines.benefits.claim import CLASSES, ClaimDates, Slot
from yibao.engines.benefits.facts import Member, Stated
from yibao.engines.benefits.split import BillLine
from yibao.engines.policy.law import FactDefinition, FactValue
from yibao.storage.files.claim_checks import FAULTS, CellFault, cell_faults, told
from yibao.storage.files.claim_columns import AMOUNTS, Column
from yibao.storage.files.claim_files import ClaimsPlace
from yibao.storage.files.claim_tables import LIST_SEPARATOR, ROW

PlacedFault = tuple[str, int, CellFault]
"""A fault with its table and row."""


@dataclass(frozen=True, slots=True)
class Reject:
    """Why a claim is not settled: the cell, a stable code, message and remedy, further faults."""

    file: str
    row: int
    claim_id: str
    member_id: str
    column: str
    code: str
    message: Text
    remedy: Text
    also: str = ""

    def found_in(self, place: ClaimsPlace) -> Reject:
        """This reject with its part's file, ``part-0003/claims.parquet``, in the table's stead."""
        path = place.lines if self.file == "lines" else place.claims
        return self if path is None else replace(self, file=f"{path.parent.name}/{path.name}")


@dataclass(frozen=True, slots=True)
class FiledClaim:
    """A row of `claims` that can be settled. ``has_amounts``: split before, instead of lines."""

    row: int
    entry_sequence: int
    member: Member
    bill: Bill
    submitted_amount: int | None
    has_amounts: bool

    @property
    def claim_id(self) -> str:
        """The id of the claim."""
        return self.bill.claim_id

    def refused(self, code: str, *, message: Text, remedy: Text, column: str = "") -> Reject:
        """This claim as a reject."""
        return Reject(
            "claims", self.row, self.claim_id, self.member.member_id, column, code, message, remedy
        )


@dataclass(frozen=True, slots=True)
class Assembly:
    """How rows become claims: the columns of both tables."""

    claims: Sequence[Column]
    lines: Sequence[Column]

    def outcome(
        self, row: Mapping[str, Any], lines: Sequence[Mapping[str, Any]], *, also: Iterable[str]
    ) -> FiledClaim | Reject:
        """A row and its lines as a bill, or as a reject; ``also``: codes known of the whole row."""
        found: list[PlacedFault] = [
            *(("claims", row[ROW], fault) for fault in cell_faults(row[FAULTS])),
            *(("claims", row[ROW], CellFault(_COLUMN_OF[code], code)) for code in also),
            *(("lines", line[ROW], fault) for line in lines for fault in cell_faults(line[FAULTS])),
        ]
        amounts = [name for name in self._amount_columns() if row[name] is not None]
        if not found and amounts:
            found += self._amount_faults(row, amounts, has_lines=bool(lines))
        if found:
            return self._reject(row, found)
        return self._filed(row, lines, has_amounts=bool(amounts))

    def _amount_columns(self) -> list[str]:
        return [c.name for c in self.claims if c.name.partition(":")[0] in AMOUNTS]

    def _amount_faults(
        self, row: Mapping[str, Any], amounts: Sequence[str], *, has_lines: bool
    ) -> Iterable[PlacedFault]:
        for name in AMOUNTS:
            if row[name] is None:
                yield "claims", row[ROW], CellFault(name, "value_missing")
        if has_lines:
            yield "claims", row[ROW], CellFault(amounts[0], "amounts_twice")

    def _reject(self, row: Mapping[str, Any], found: Sequence[PlacedFault]) -> Reject:
        file, place, fault = found[0]
        columns = self.claims if file == "claims" else self.lines
        column = next((column for column in columns if column.name == fault.column), None)
        message, remedy = _ROW_TEXTS.get(fault.code) or told(fault, column)
        also = "; ".join(
            f"{name}:{number} {further.column} {further.code}"
            for name, number, further in found[1:]
        )
        return Reject(
            file, place, row["claim_id"] or "", row["member_id"] or "",
            fault.column, fault.code, message, remedy, also,
        )  # fmt: skip

    def _filed(
        self, row: Mapping[str, Any], lines: Sequence[Mapping[str, Any]], *, has_amounts: bool
    ) -> FiledClaim:
        dates = ClaimDates(
            row["settlement_date"],
            discharge_date=row["discharge_date"],
            charge_date=row["charge_date"],
            admission_date=row["admission_date"],
        )
        bill = Bill(
            claim_id=row["claim_id"],
            encounter_id=row["encounter_id"] or row["claim_id"],
            dates=dates,
            facts=_stated(row, self.claims),
            lines=tuple(self._line(line) for line in lines),
            slots=self._slots(row),
            episode_id=row["episode_id"] or "",
        )
        member = Member(
            row["member_id"], birth_date=row["birth_date"], family_id=row["family_id"] or ""
        )
        return FiledClaim(
            row[ROW], row["entry_sequence"], member, bill, row["submitted_amount"], has_amounts
        )

    def _slots(self, row: Mapping[str, Any]) -> dict[Slot, int]:
        return {_slot(name): row[name] for name in self._amount_columns() if row[name]}

    def _line(self, line: Mapping[str, Any]) -> BillLine:
        facts = _stated(line, self.lines)
        return BillLine(
            line_id=line["line_id"],
            item_code=line["item_code"],
            quantity=Fraction(line["quantity"]),
            submitted_amount=line["submitted_amount"],
            charge_date=line["charge_date"],
            refunds_line_id=line["refunds_line_id"] or "",
            facts={name: value for name, value in facts.items() if not isinstance(value, tuple)},
        )


def _slot(column: str) -> Slot:
    amount, _, stream = column.partition(":")
    reason = CLASSES[AMOUNTS.index(amount)]
    return Slot(reason, stream=stream) if stream else Slot(reason)


def _stated(row: Mapping[str, Any], columns: Iterable[Column]) -> dict[str, Stated]:
    return {
        column.name: value_of(column.fact, row[column.name])
        for column in columns
        if column.fact is not None and row[column.name] is not None
    }


def value_of(fact: FactDefinition, text: str) -> Stated:
    """A fact's value as the law holds it, from its text in a file."""
    if fact.kind == "list":
        return tuple(text.split(LIST_SEPARATOR))
    value: FactValue = text
    if fact.kind == "yes_no":
        value = text == "true"
    elif fact.kind in ("number", "amount"):
        value = int(text)
    return value


_ROW_TEXTS = {
    "claim_id_twice": (
        Text(
            "claim_id 在文件中出现多次，各行均未结算",
            "the claim id is there twice; none is settled",
        ),
        Text("每张结算单只保留一行", "keep one row for each claim"),
    ),
    "entry_sequence_twice": (
        Text(
            "同一参保人有两张结算单的 entry_sequence 相同，先后次序不明",
            "two claims of the member have one entry sequence, so their order is not known",
        ),
        Text("请按录入先后给出不同的序号", "number them in the order of their entry"),
    ),
    "amounts_twice": (
        Text(
            "结算单既有已切分的金额又有费用明细",
            "the claim has amounts split before and lines as well",
        ),
        Text("两者只保留其一", "keep one of the two"),
    ),
}
_COLUMN_OF = {"claim_id_twice": "claim_id", "entry_sequence_twice": "entry_sequence"}
