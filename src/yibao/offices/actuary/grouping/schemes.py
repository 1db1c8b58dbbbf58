"""Opening grouping schemes (打开分组方案), comparing two, and taking one into our format."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from yibao.base.errors import YibaoError
from yibao.base.findings import Where
from yibao.base.texts import Text
from yibao.engines.grouping.checking import check_scheme, remarks
from yibao.engines.grouping.compiler import CompiledScheme, compile_scheme
from yibao.engines.grouping.rows import KEYS, SchemeSource, TableRow
from yibao.engines.grouping.scheme import GroupingScheme
from yibao.storage.files.compiled_schemes import keep_compiled, load_compiled
from yibao.storage.files.grouping_schemes import (
    NEEDED,
    read_scheme,
    scheme_checksum,
    write_scheme,
)


class UnableToImport(YibaoError):
    """A scheme cannot be written to the folder that was named."""


def open_scheme(folder: Path) -> CompiledScheme:
    """A scheme ready to group, from what was kept where its files have not changed.

    Raises:
        FaultsFound: with every fault of its files.
    """
    checksum = scheme_checksum(folder)
    kept = load_compiled(checksum)
    if kept is not None:
        return kept
    compiled = compile_scheme(check_scheme(read_scheme(folder)))
    keep_compiled(checksum, compiled)
    return compiled


@dataclass(frozen=True, slots=True)
class SchemeReport:
    """A checked scheme, and what is odd in it but may be meant."""

    scheme: GroupingScheme
    remarks: tuple[tuple[Where, Text], ...]


def review_scheme(folder: Path) -> SchemeReport:
    """Check a scheme.

    Raises:
        FaultsFound: with every fault of its files.
    """
    scheme = check_scheme(read_scheme(folder))
    return SchemeReport(scheme, tuple(remarks(scheme)))


@dataclass(frozen=True, slots=True)
class Difference:
    """A row of one table that differs: its cells on each side, empty where it is not there."""

    table: str
    key: str
    before: Mapping[str, str]
    after: Mapping[str, str]

    @property
    def change(self) -> str:
        """``add``, ``remove`` or ``change``, as an overlay would say it."""
        if not self.before:
            return "add"
        return "change" if self.after else "remove"

    @property
    def columns(self) -> list[str]:
        """The columns that differ."""
        names = dict.fromkeys((*self.before, *self.after))
        return [name for name in names if self.before.get(name, "") != self.after.get(name, "")]


def compare_schemes(before: Path, after: Path) -> list[Difference]:
    """Every row that differs between two schemes, by table and key; both must be sound.

    Raises:
        FaultsFound: with every fault of either.
    """
    left, right = _checked(before), _checked(after)
    return [
        difference
        for table in KEYS
        for difference in _differences(
            table, _by_key(table, left.tables[table]), _by_key(table, right.tables[table])
        )
    ]


def _checked(folder: Path) -> SchemeSource:
    source = read_scheme(folder)
    check_scheme(source)
    return source


def _by_key(table: str, rows: list[TableRow]) -> dict[str, Mapping[str, str]]:
    """Rows by key, without what only says where they stand."""
    ordered = rows
    if table == "mdc":
        ordered = sorted(rows, key=lambda row: int(row.cells["position"]))
    before = ["", *(row.cells[KEYS[table]] for row in ordered)]
    return {
        row.cells[KEYS[table]]: {
            **{name: cell for name, cell in row.cells.items() if cell and name not in _PLACES},
            **({"after": previous} if table == "mdc" and previous else {}),
        }
        for row, previous in zip(ordered, before, strict=False)
    }


_PLACES = ("position", "change", "falls_back_to")


def _differences(
    table: str, left: Mapping[str, Mapping[str, str]], right: Mapping[str, Mapping[str, str]]
) -> Iterator[Difference]:
    for key in dict.fromkeys((*left, *right)):
        before, after = left.get(key, {}), right.get(key, {})
        if before != after:
            yield Difference(table, key, before, after)


def import_scheme(source: Path, target: Path, *, texts: Mapping[str, str]) -> GroupingScheme:
    """Write a scheme in our format, checked before and after; ``texts`` of the manifest win.

    Raises:
        FaultsFound: with every fault of the source.
        UnableToImport: if the target is there and not empty, or a text of the manifest is missing.
    """
    read = read_scheme(source)
    check_scheme(read)
    manifest = {**read.manifest, **{name: text for name, text in texts.items() if text}}
    lacking = [name for name in NEEDED if name not in ("tables", *manifest)]
    if lacking:
        raise UnableToImport(
            Text(f"清单缺少 {', '.join(lacking)}", f"the manifest lacks {', '.join(lacking)}"),
            Text("请用选项给出", "state them by the options"),
        )
    manifest.pop("base", None)
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise UnableToImport(
            Text(f"{target} 已存在且不为空", f"{target} is there and not empty"),
            Text("请指定新的目录", "name a new folder"),
        )
    target.mkdir(parents=True, exist_ok=True)
    write_scheme(target, manifest, tables=read.tables)
    return check_scheme(read_scheme(target))
