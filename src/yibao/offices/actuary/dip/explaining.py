"""One stay of a file, explained (病例入组解释): found by its index, decided as the batch does."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import polars as pl

from yibao.base.errors import YibaoError
from yibao.base.texts import Text
from yibao.engines.grouping.dip.explaining import Explained, Stay, explain
from yibao.engines.grouping.dip.profiles import Procedure
from yibao.offices.actuary.dip.placing import Office
from yibao.storage.files.stays import REASONS, read_stays


class UnableToExplain(YibaoError):
    """There is no such stay, or it was rejected."""


def explain_stay(paths: Sequence[Path], index: str, *, office: Office) -> Explained:
    """The group of one stay of some files, with its reasons.

    Raises:
        FaultsFound: a file cannot be read.
        UnableToExplain: no row has the index, or the row was rejected.
    """
    read = read_stays(paths)
    rows = read.stays.filter(pl.col("index") == index)
    if rows.is_empty():
        raise _not_there(index, read.rejects)
    row = rows.row(0, named=True)
    amounts = row["procedure_amounts"] or [None] * len(row["procedures"])
    stay = Stay(
        index,
        row["diagnosis"],
        row["total_amount"],
        tuple(text for text in row["secondary"] if text),
        tuple(
            Procedure(code, amount) for code, amount in zip(row["procedures"], amounts, strict=True)
        ),
        *(row[name] for name in ("age", "age_days", "stay_days", "leaving_type")),
    )
    return explain(stay, office.catalogue, parameters=office.parameters)


def _not_there(index: str, rejects: pl.DataFrame) -> UnableToExplain:
    rejected = rejects.filter(pl.col("index") == index)
    if rejected.is_empty():
        return UnableToExplain(
            Text(f"没有病例号为 {index} 的病例", f"no stay has the Index {index}"),
            Text("请核对 Index 列", "look at the column Index"),
        )
    code = str(rejected["code"][0])
    why = REASONS[code]
    return UnableToExplain(
        Text(f"病例 {index} 被拒绝: {why.zh} [{code}]", f"{index} was rejected: {why.en} [{code}]"),
        Text("请核对该病例后更正", "look the stay up and correct it"),
    )
