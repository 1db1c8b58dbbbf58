"""Reading and writing grouping schemes (分组方案): our folder of tables, or five bare tables.

Our format (docs/grouping-scheme.md) is a ``manifest.yaml`` and five tab-separated tables with a
header; the manifest names the version, the days, the code set and each table's SHA-256, and may
name a base that the tables change by key. A folder without manifest and with the five bare tables
of the older layout is read as it is.

Refuses: a table whose checksum differs from the manifest's, a base that leads back to itself, rows
narrower or wider than their header.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from yibao.base.findings import Fault, FaultsFound, Where
from yibao.base.texts import Text
from yibao.base.trees import Branch
from yibao.engines.grouping.rows import (
    CHANGE,
    KEYS,
    OPTIONAL,
    REQUIRED,
    SchemeSource,
    TableRow,
    Tables,
    overlaid,
)
from yibao.storage.files.yaml_tree import read_text, read_yaml

MANIFEST = "manifest.yaml"
TEXTS = (
    "scheme", "version", "code_set", "name_zh", "name_en", "valid_from", "valid_until", "base",
    "newborn_days_until", "weight_from", "weight_until",
)  # fmt: skip
NEEDED = ("scheme", "version", "code_set", "name_zh", "name_en", "valid_from", "tables")
BARE = {
    "mdc": ("mdc", "condition", "adrgs"),
    "adrg": ("adrg", "condition", "drgs", "falls_back_to"),
    "drg": ("drg", "condition", "name_zh"),
    "dx": ("code", "mdcs", "lists", "level", "exclusion", "principal_exclusion", "site"),
    "proc": ("code", "operating_room", "lists"),
}
"""The columns of the five bare tables."""

TRAUMA_MDC = "Z"
TWO_SITES = ["cmp", "bodySites", ">=", 2]
_HEX_DIGITS = 64


def read_scheme(folder: Path) -> SchemeSource:
    """The rows of a scheme, its base and overlays joined.

    Raises:
        FaultsFound: if a file is missing, cannot be read, or is not what its manifest says.
    """
    return _read(folder, ())


def scheme_checksum(folder: Path) -> str:
    """What a scheme's files hold, its base's included, as one SHA-256; it changes with any byte.

    Raises:
        FaultsFound: as :func:`read_scheme`.
    """
    digest = hashlib.sha256()
    for path in _files(folder, ()):
        digest.update(path.name.encode())
        digest.update(hashlib.sha256(_bytes(path)).digest())
    return digest.hexdigest()


def write_scheme(folder: Path, manifest: Mapping[str, str], *, tables: Tables) -> None:
    """Write a scheme in our format; ``folder`` must be there and empty."""
    sums = {}
    for table in KEYS:
        columns = _columns_used(table, tables[table])
        lines = ["\t".join(columns)]
        lines += ["\t".join(row.cells.get(name, "") for name in columns) for row in tables[table]]
        content = ("\n".join(lines) + "\n").encode()
        (folder / f"{table}.tsv").write_bytes(content)
        sums[table] = hashlib.sha256(content).hexdigest()
    text = [f"{name}: {json.dumps(manifest[name], ensure_ascii=False)}" for name in TEXTS
            if manifest.get(name)]  # fmt: skip
    text += ["tables:", *(f'  {table}: "{digest}"' for table, digest in sums.items())]
    (folder / MANIFEST).write_text("\n".join(text) + "\n", encoding="utf-8")


def _columns_used(table: str, rows: Sequence[TableRow]) -> list[str]:
    optional = [name for name in OPTIONAL[table] if any(row.cells.get(name) for row in rows)]
    return [*REQUIRED[table], *optional]


# -- our format ------------------------------------------------------------------------------------


def _read(folder: Path, above: tuple[Path, ...]) -> SchemeSource:
    if not (folder / MANIFEST).is_file():
        return _read_bare(folder)
    manifest, where = _manifest(folder)
    faults: list[Fault] = []
    has_base = bool(manifest.get("base"))
    tables = {
        table: _table(folder / f"{table}.tsv", table, faults, is_overlay=has_base)
        for table in KEYS
        if not has_base or (folder / f"{table}.tsv").is_file()
    }
    if faults:
        raise FaultsFound(faults)
    if has_base:
        base = _read(_base_folder(folder, manifest["base"], where, above), (*above, folder))
        tables = overlaid(base.tables, tables, faults=faults)
    if faults:
        raise FaultsFound(faults)
    return SchemeSource(manifest, where, tables, scheme_checksum(folder))


def _manifest(folder: Path) -> tuple[dict[str, str], Where]:
    """A manifest's texts, its checksums held against the tables."""
    path = folder / MANIFEST
    tree = read_yaml(path)
    if not isinstance(tree, Branch):
        raise FaultsFound([_manifest_fault(Where(str(path), 1), "…")])
    faults = [
        _manifest_fault(tree.where_of(name), name)
        for name in tree
        if name not in (*TEXTS, "tables")
    ]
    faults += [_manifest_lacks(tree.where, name) for name in NEEDED if name not in tree]
    sums = tree.get("tables")
    if sums is not None and not isinstance(sums, Branch):
        faults.append(_manifest_fault(tree.where_of("tables"), "tables"))
    elif isinstance(sums, Branch):
        faults += _checksum_faults(folder, sums, has_base="base" in tree)
    if faults:
        raise FaultsFound(faults)
    return {name: str(tree[name]) for name in TEXTS if name in tree}, tree.where


def _checksum_faults(folder: Path, sums: Branch, *, has_base: bool) -> Iterable[Fault]:
    for name in sums:
        if name not in KEYS:
            yield _manifest_fault(sums.where_of(name), name)
    for table in KEYS:
        path = folder / f"{table}.tsv"
        if not path.is_file():
            if table in sums or not has_base:
                yield _no_table(path)
            continue
        found = hashlib.sha256(_bytes(path)).hexdigest()
        if sums.get(table) != found:
            yield Fault(
                "scheme_checksum_differs",
                sums.where_of(table),
                Text(
                    f"{path.name} 的 SHA-256 与清单不符",
                    f"{path.name} is not what the manifest has the SHA-256 of",
                ),
                Text(f"若修改无误，请改为 {found}", f"if the change is meant, write {found}"),
                (Where(str(path)),),
            )


def _base_folder(folder: Path, base: str, where: Where, above: tuple[Path, ...]) -> Path:
    found = (folder / base).resolve()
    if found in {one.resolve() for one in (*above, folder)}:
        raise FaultsFound(
            [
                Fault(
                    "scheme_base_in_circle",
                    where,
                    Text(f"基础方案循环引用: {base}", f"the base {base} leads back to this scheme"),
                    Text("请改正 base", "mend base"),
                )
            ]
        )
    if not found.is_dir():
        raise FaultsFound([_no_scheme(found, where)])
    return found


def _table(path: Path, table: str, faults: list[Fault], *, is_overlay: bool) -> list[TableRow]:
    if not path.is_file():
        faults.append(_no_table(path))
        return []
    lines = _lines(path)
    columns = lines[0].split("\t") if lines else []
    needed = (*REQUIRED[table], *([CHANGE] if is_overlay else []))
    known = (*needed, *OPTIONAL[table])
    lacking = [name for name in needed if name not in columns]
    odd = [name for name in columns if name not in known or columns.count(name) > 1]
    place = Where(str(path), 1)
    faults += [
        _column_fault(place, name, is_lacking=name in lacking)
        for name in dict.fromkeys((*lacking, *odd))
    ]
    if lacking or odd:
        return []
    return list(_rows(path, lines[1:], columns, 2, faults))


def _rows(
    path: Path, lines: Iterable[str], columns: Sequence[str], first: int, faults: list[Fault]
) -> Iterable[TableRow]:
    file, width = str(path), len(columns)
    for number, line in enumerate(lines, start=first):
        cells = line.split("\t")
        if len(cells) != width:
            faults.append(
                Fault(
                    "scheme_row_width",
                    Where(file, number),
                    Text(
                        f"本行有 {len(cells)} 个字段，应为 {width} 个",
                        f"{len(cells)} fields where {width} belong",
                    ),
                    Text("请以制表符分隔并补齐", "separate them by tabs, and complete the row"),
                )
            )
        else:
            yield TableRow(file, number, dict(zip(columns, cells, strict=True)))


# -- five bare tables ------------------------------------------------------------------------------


def _read_bare(folder: Path) -> SchemeSource:
    """Five tables without header: positions follow the rows, MDC Z asks for two body sites."""
    if not (folder / "mdc.tsv").is_file():
        raise FaultsFound([_no_scheme(folder, Where(str(folder)))])
    faults: list[Fault] = []
    tables: Tables = {}
    for table, columns in BARE.items():
        path = folder / f"{table}.tsv"
        if not path.is_file():
            faults.append(_no_table(path))
            continue
        tables[table] = list(_rows(path, _lines(path), columns, 1, faults))
    if faults:
        raise FaultsFound(faults)
    has_sites = any(row.cells["site"] for row in tables["dx"])
    tables["mdc"] = [
        row._replace(cells=_placed(row.cells, place, asks_sites=has_sites))
        for place, row in enumerate(tables["mdc"], start=1)
    ]
    manifest = {"scheme": folder.resolve().name, "name_zh": folder.name, "name_en": folder.name}
    return SchemeSource(manifest, Where(str(folder)), tables, scheme_checksum(folder))


def _placed(cells: Mapping[str, str], place: int, *, asks_sites: bool) -> dict[str, str]:
    condition = cells["condition"]
    if asks_sites and cells["mdc"] == TRAUMA_MDC:
        condition = f'["and",{condition},{json.dumps(TWO_SITES)}]'
    return {**cells, "position": str(place), "condition": condition}


# -- files and faults ------------------------------------------------------------------------------


def _files(folder: Path, above: tuple[Path, ...]) -> list[Path]:
    """All files that a scheme is made of."""
    if not (folder / MANIFEST).is_file():
        if not (folder / "mdc.tsv").is_file():
            raise FaultsFound([_no_scheme(folder, Where(str(folder)))])
        return [folder / f"{table}.tsv" for table in KEYS]
    tables = [folder / f"{table}.tsv" for table in KEYS]
    files = [folder / MANIFEST, *(path for path in tables if path.is_file())]
    tree = read_yaml(folder / MANIFEST)
    if isinstance(tree, Branch) and tree.get("base"):
        base = _base_folder(folder, str(tree["base"]), tree.where_of("base"), above)
        files += _files(base, (*above, folder))
    return files


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise FaultsFound([_no_table(path)]) from None


def _lines(path: Path) -> list[str]:
    text = read_text(path, str(path))
    return text.removesuffix("\n").split("\n") if text else []


def _no_table(path: Path) -> Fault:
    return Fault(
        "scheme_table_missing",
        Where(str(path)),
        Text(f"缺少表 {path.name}", f"there is no table {path.name}"),
        Text("分组方案需要五张表", "a scheme has five tables: mdc, adrg, drg, dx, proc"),
    )


def _no_scheme(folder: Path, where: Where) -> Fault:
    return Fault(
        "scheme_missing",
        where,
        Text(f"{folder} 不是分组方案目录", f"{folder} is no folder of a grouping scheme"),
        Text(
            f"目录中应有 {MANIFEST} 或五张无表头的 .tsv",
            f"it should have {MANIFEST}, or the five bare .tsv tables",
        ),
    )


def _column_fault(where: Where, name: str, *, is_lacking: bool) -> Fault:
    shown = name or "''"
    message = (
        Text(f"缺少列 {shown}", f"the column {shown} is missing")
        if is_lacking
        else Text(f"列 {shown} 未知或重复", f"the column {shown} is unknown or stands twice")
    )
    remedy = Text("列名见 docs/grouping-scheme.md", "docs/grouping-scheme.md names the columns")
    return Fault("scheme_column_wrong", where, message, remedy)


def _manifest_fault(where: Where, name: str) -> Fault:
    return Fault(
        "scheme_manifest_invalid",
        where,
        Text(f"清单中的 {name} 无法识别", f"the manifest's {name} is not understood"),
        Text("写法见 docs/grouping-scheme.md", "docs/grouping-scheme.md says what it may be"),
    )


def _manifest_lacks(where: Where, name: str) -> Fault:
    return Fault(
        "scheme_manifest_invalid",
        where,
        Text(f"清单缺少 {name}", f"the manifest lacks {name}"),
        Text(f"请补充 {name}", f"add {name}"),
    )
