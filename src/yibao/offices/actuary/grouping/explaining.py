"""Single cases explained (单病例说明): out of a file by their Index, or written on the spot."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import polars as pl

from yibao.base.errors import YibaoError
from yibao.base.texts import Text
from yibao.engines.grouping.case import MISSING, Case
from yibao.engines.grouping.changes import Move, moves_of
from yibao.engines.grouping.compiler import CompiledScheme
from yibao.engines.grouping.conditions import DEPARTMENT, FIELDS, THOUSAND
from yibao.engines.grouping.explaining import Explainer, Explanation
from yibao.storage.files.grouping_cases import (
    COLUMNS,
    INDEX,
    CaseBatch,
    CaseFrame,
    case_batch,
    open_cases,
)

_OTHER = "–"


class UnableToExplain(YibaoError):
    """A case that was asked for is not there, or cannot be read."""


@dataclass(frozen=True, slots=True)
class Explained:
    """A case's explanation, and which single changes would move it."""

    explanation: Explanation
    moves: tuple[Move, ...]


def explain_written(compiled: CompiledScheme, texts: Sequence[str]) -> list[Explained]:
    """Explain cases written as ``gender=2;age=30;zdList=A00.000|B01.100;ssList=``.

    Raises:
        UnableToExplain: if a text is no such case.
    """
    rows = [_read(text, f"#{number}") for number, text in enumerate(texts, start=1)]
    frame = pl.DataFrame(rows, schema=dict.fromkeys(COLUMNS, pl.String))
    return list(_explained(compiled, case_batch(CaseFrame(1, frame), compiled.departments)))


def explain_filed(
    compiled: CompiledScheme, cases: Path, *, indexes: Sequence[str]
) -> list[Explained]:
    """Explain the cases of a file that have these indexes, in the order of the file.

    Raises:
        FaultsFound: if the file is at fault.
        UnableToExplain: if an index is not in the file.
    """
    found: list[Explained] = []
    for rows in open_cases(cases).frames():
        index = pl.col(INDEX).cast(pl.String).str.strip_chars()
        wanted = rows.frame.filter(index.is_in(list(indexes)))
        if wanted.height:
            batch = case_batch(CaseFrame(rows.first_row, wanted), compiled.departments)
            found += _explained(compiled, batch)
    there = {one.explanation.case for one in found}
    absent = ", ".join(name for name in indexes if name not in there)
    if absent:
        raise UnableToExplain(
            Text(f"{cases} 中没有病例 {absent}", f"{cases} has no case {absent}"),
            Text("请核对 Index 列", "look at the column Index"),
        )
    return found


def _read(text: str, index: str) -> dict[str, str]:
    cells = {INDEX: index}
    for part in text.split(";"):
        name, sign, value = part.partition("=")
        if not sign or name.strip() not in COLUMNS:
            raise UnableToExplain(
                Text(f"病例写法不对: {part or '空'}", f"a case cannot say {part or 'nothing'}"),
                Text(
                    f"请写成 gender=2;age=30;zdList=…|…;ssList=…，可用的名称: {', '.join(COLUMNS)}",
                    "write it like gender=2;age=30;zdList=…|…;ssList=…, with the names"
                    f" {', '.join(COLUMNS)}",
                ),
            )
        cells[name.strip()] = value.strip()
    return cells


def _explained(compiled: CompiledScheme, batch: CaseBatch) -> Iterator[Explained]:
    explained = Explainer(compiled).explain(batch.columns, batch.index.to_list())
    for row, one in enumerate(explained):
        moves: list[Move] = []
        if not one.invalid:
            moves = moves_of(compiled, _case(compiled, batch, row, one), explained=one)
        yield Explained(one, tuple(moves))


def _case(compiled: CompiledScheme, batch: CaseBatch, row: int, explained: Explanation) -> Case:
    """A case of a batch as a value."""
    cells = batch.columns.numbers[row].tolist()
    numbers = {
        name: None if cell == MISSING else Decimal(cell) / THOUSAND
        for name, cell in zip(FIELDS, cells, strict=True)
    }
    department = numbers[DEPARTMENT]
    name = "" if department is None else _OTHER
    if department is not None and department > 0:
        name = compiled.departments[int(department) - 1]
    return Case(
        index=explained.case,
        sex=int(numbers["gender"] or 0),
        age=int(numbers["age"] or 0),
        diagnoses=explained.diagnoses,
        procedures=explained.procedures,
        age_days=_whole(numbers["ageDay"]),
        weight=numbers["weight"],
        stay_days=numbers["inHospitalTime"],
        icu_hours=numbers["icuHours"],
        leaving_type=_whole(numbers["leavingType"]),
        department=name,
    )


def _whole(number: Decimal | None) -> int | None:
    return None if number is None else int(number)
