"""Where the tables of the claims contract lie: a folder with both, or files named one by one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from yibao.base.findings import Fault, FaultsFound, Where
from yibao.base.texts import Text


@dataclass(frozen=True, slots=True)
class ClaimsPlace:
    """Where the tables lie: `claims`, and `lines` where there are any."""

    claims: Path
    lines: Path | None = None


def find_claims(place: Path, lines: Path | None = None) -> ClaimsPlace:
    """The tables in a folder (``claims.csv`` or ``.parquet``, ``lines`` likewise), or named files.

    Raises:
        FaultsFound: nothing there, or CSV and Parquet side by side.
    """
    if not place.is_dir():
        return ClaimsPlace(place, lines)
    found: dict[str, list[Path]] = {}
    for name in ("claims", "lines"):
        files = [place / f"{name}.{suffix}" for suffix in ("parquet", "csv")]
        found[name] = [file for file in files if file.is_file()]
        if len(found[name]) > 1:
            raise FaultsFound([_ambiguous(found[name])])
    if not found["claims"]:
        raise FaultsFound([_no_claims(place)])
    return ClaimsPlace(found["claims"][0], lines or next(iter(found["lines"]), None))


def orphan_fault(path: Path, row: int, *, claim_id: str | None) -> Fault:
    """The fault of a line whose claim is not in the table of claims."""
    return Fault(
        "line_without_claim",
        Where(str(path), row),
        Text(
            f"明细的结算单 {claim_id or '(空)'} 不在 claims 中",
            f"the line's claim {claim_id or '(empty)'} is not in claims",
        ),
        Text(
            "请补充该结算单；claims 文件可能被截断",
            "add the claim; the file of claims may be cut short",
        ),
    )


def _ambiguous(files: Sequence[Path]) -> Fault:
    names = ", ".join(file.name for file in files)
    return Fault(
        "file_ambiguous",
        Where(str(files[0].parent)),
        Text(f"目录中同时有 {names}", f"the folder has {names} side by side"),
        Text("请只保留其一", "keep one of them"),
    )


def _no_claims(place: Path) -> Fault:
    return Fault(
        "file_unreadable",
        Where(str(place)),
        Text("目录中没有 claims.csv 或 claims.parquet", "no claims.csv or claims.parquet in there"),
        Text("请提供结算单文件", "put the file of claims there"),
    )
