"""DIP parameters as files: ``<root>/<area code>/grouping/``, and those of the area it uses.

Reads the YAML documents of the folder and its three tables of prefixes; what they mean is compiled
by :mod:`yibao.engines.grouping.dip.compiler`. A file of another kind of grouping is passed over.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path

from yibao.base.findings import Fault, FaultsFound
from yibao.engines.grouping.dip.compiler import Book, base_of, compile_parameters
from yibao.engines.grouping.dip.lists import COLUMNS, PrefixRow, PrefixTable, Tables
from yibao.engines.grouping.dip.parameters import Parameters
from yibao.storage.files.policies import GROUPING, read_trees
from yibao.storage.files.tables import read_table

FILES = ("dip.yaml", "auxiliary.yaml", "sources.yaml")
_MARK = ("confidence", "example")


def read_parameters(root: Path, code: str, *, holds_on: date) -> Parameters:
    """The DIP parameters of an area below a folder of policies, as they hold on a day.

    Raises:
        FaultsFound: with every fault of the area's files and those of the area it uses.
    """
    books = {code: _book(root, code)}
    base = base_of(code, books[code].trees)
    if base is not None:
        books[base] = _book(root, base)
    return compile_parameters(code, books, holds_on=holds_on)


def _book(root: Path, code: str) -> Book:
    folder = root / code / GROUPING
    paths = [folder / name for name in FILES if (folder / name).is_file()]
    faults: list[Fault] = []
    tables = {}
    for name in COLUMNS:
        try:
            tables[name] = _table(folder / f"{name}.csv")
        except FaultsFound as found:
            faults += found.faults
    if faults:
        raise FaultsFound(faults)
    return Book(read_trees(paths, root=root), Tables(**tables))


def _table(path: Path) -> PrefixTable | None:
    if not path.is_file():
        return None
    prefix, meaning = COLUMNS[path.stem]
    _, rows = read_table(path, required=(prefix, meaning, "source", "confidence"))
    column, word = _MARK
    return PrefixTable(
        path.stem,
        tuple(PrefixRow(row.where, row.fields[prefix], row.fields[meaning]) for row in rows),
        any(row.fields[column] == word for row in rows),
    )
