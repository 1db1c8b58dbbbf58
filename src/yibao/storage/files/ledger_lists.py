"""Lists of others to reconcile with (对账文件): a provider's lines and totals, a bank's statement.

A provider's row with a reference is a line; one without is a total: of the fund it names, else of
everything. A bank's row has a day and a signed amount, money in above zero. Columns that are not
named here are the sender's own business and are not read; ``names`` says how the sender calls ours.

Holds: every record keeps the line it stands in as its id.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from yibao.base.findings import Fault, FaultsFound, Where
from yibao.base.texts import Text
from yibao.engines.accounting.reconciling import Record
from yibao.storage.files.ledger_cells import Cells
from yibao.storage.files.sheets import read_sheet
from yibao.storage.files.tables import TableRow

PROVIDER_COLUMNS = ("reference", "fund", "amount")
BANK_COLUMNS = ("date", "amount", "reference", "counterparty")


@dataclass(frozen=True, slots=True)
class ProviderRow:
    """A line or total of a provider: fen, the fund where one is named."""

    record_id: str
    amount: int
    reference: str = ""
    fund: str = ""


@dataclass(frozen=True, slots=True)
class ProviderList:
    """What a provider sent; ``by_fund``: its lines name the fund."""

    lines: tuple[ProviderRow, ...]
    totals: tuple[ProviderRow, ...]
    by_fund: bool


@dataclass(frozen=True, slots=True)
class BankStatement:
    """What a bank sent; ``counterparties`` by record id."""

    records: tuple[Record, ...]
    first_date: date
    last_date: date
    counterparties: Mapping[str, str] = field(default_factory=dict)


def read_provider_list(path: Path, *, names: Mapping[str, str] | None = None) -> ProviderList:
    """A provider's list; ``names`` gives the sender's name of a column of ours.

    Raises:
        FaultsFound: with every fault, each at its line; some lines with a fund and some without.
    """
    rows = _rows(path, names or {}, needed=("amount",))
    cells = Cells()
    found: list[ProviderRow] = []
    for where, row in rows:
        amount = cells.amount(where, "amount", text=row.get("amount", ""), signed=True)
        if amount is not None:
            reference, fund = row.get("reference", ""), row.get("fund", "")
            found.append(ProviderRow(str(where.line), amount, reference, fund))
    lines = tuple(row for row in found if row.reference)
    totals = tuple(row for row in found if not row.reference)
    faults = [*cells.faults, *_totals_twice(path, totals)]
    by_fund = any(row.fund for row in lines)
    faults += [_fund_missing(path, row) for row in lines if by_fund and not row.fund]
    if faults or not found:
        raise FaultsFound(faults or [_nothing(path)])
    return ProviderList(lines, totals, by_fund)


def read_bank_statement(path: Path, *, names: Mapping[str, str] | None = None) -> BankStatement:
    """A bank's statement; ``names`` gives the sender's name of a column of ours.

    Raises:
        FaultsFound: with every fault, each at its line.
    """
    rows = _rows(path, names or {}, needed=("date", "amount"))
    cells = Cells()
    found: list[Record] = []
    parties: dict[str, str] = {}
    for where, row in rows:
        day = cells.day(where, "date", text=row.get("date", ""))
        amount = cells.amount(where, "amount", text=row.get("amount", ""), signed=True)
        if day is not None and amount is not None:
            found.append(Record(str(where.line), amount, row.get("reference", ""), day))
            parties[str(where.line)] = row.get("counterparty", "")
    if cells.faults or not found:
        raise FaultsFound(cells.faults or [_nothing(path)])
    days = [one.on for one in found if one.on is not None]
    return BankStatement(tuple(found), min(days), max(days), parties)


def _rows(
    path: Path, names: Mapping[str, str], *, needed: Sequence[str]
) -> list[tuple[Where, dict[str, str]]]:
    """Rows under our names for the columns."""
    required = [names.get(name, name) for name in (*needed, *names)]
    _, rows = read_sheet(path, required=list(dict.fromkeys(required)))
    ours = {theirs: name for name, theirs in names.items()}
    return [(row.where, _renamed(row, ours)) for row in rows]


def _renamed(row: TableRow, ours: Mapping[str, str]) -> dict[str, str]:
    return {ours.get(name, name): text for name, text in row.fields.items()}


def _totals_twice(path: Path, totals: Sequence[ProviderRow]) -> list[Fault]:
    first: dict[str, ProviderRow] = {}
    faults = []
    for row in totals:
        before = first.setdefault(row.fund, row)
        if before is not row:
            faults.append(
                Fault(
                    "total_twice",
                    Where(str(path), int(row.record_id)),
                    Text(
                        f"合计出现两次: {row.fund or '全部'}",
                        f"a total stands twice: {row.fund or 'of everything'}",
                    ),
                    Text("每个基金只留一行合计", "keep one total of each fund"),
                    also=(Where(str(path), int(before.record_id)),),
                )
            )
    return faults


def _fund_missing(path: Path, row: ProviderRow) -> Fault:
    return Fault(
        "value_missing",
        Where(str(path), int(row.record_id)),
        Text("fund 为空，而其他明细行写明了基金", "fund is empty, and other lines name theirs"),
        Text("各明细行都写明基金，或都不写", "name the fund in every line, or in none"),
    )


def _nothing(path: Path) -> Fault:
    return Fault(
        "file_empty",
        Where(str(path)),
        Text("文件中没有记录", "the file holds no record"),
        Text("请检查文件是否完整", "see that the file is whole"),
    )
