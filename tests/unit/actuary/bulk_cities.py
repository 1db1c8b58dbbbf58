"""Small cities for tests of settling in bulk, and runs of both engines held against each other."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from yibao.engines.benefits.rows import Law
from yibao.offices.actuary.city.making import Order, make_city
from yibao.offices.actuary.city.tables import Contract
from yibao.offices.actuary.settled import Summary
from yibao.offices.actuary.settling import ResultPlaces, Way, settle_file
from yibao.storage.files.claim_files import ClaimsPlace
from yibao.storage.files.partitions import find_places


def city(folder: Path, law: Law, *, members: int, year: int, partitions: int = 1) -> Path:
    """A city whose claims keep the contract of a law's area."""
    order = Order(members, 11, year, partitions)
    make_city(order, folder, contract=Contract.of(law.area))
    return folder


def claims_of(folder: Path) -> pl.DataFrame:
    """A city's claims."""
    return pl.concat(pl.read_parquet(place.claims) for place in find_places(folder))


def places_of(path: Path) -> list[ClaimsPlace]:
    """What is to be settled: a city, or a file."""
    return list(find_places(path))


def settled(
    law: Law, path: Path, out: Path, engine: str | Way
) -> tuple[Summary, pl.DataFrame, pl.DataFrame]:
    """A run: summary, rows and rejects in an order of their own."""
    results = ResultPlaces(out)
    summary = settle_file(law, places_of(path), results=results, engine=engine)
    summary.seconds = 0.0
    summary.first_rejects = []
    rows = pl.read_parquet(out) if out.suffix == ".parquet" else pl.read_csv(out)
    rejects = pl.read_csv(results.rejects, infer_schema=False)
    order = ("member_id", "entry_sequence", "claim_id")
    return summary, rows.sort(order), rejects.sort("row", "claim_id", "code")


def differences(law: Law, path: Path, folder: Path) -> list[str]:
    """Where the kernel's run over a file differs from the reference's: nowhere, if all is well."""
    runs = [
        settled(law, path, folder / f"{engine}.parquet", engine)
        for engine in ("reference", "kernel")
    ]
    (summary, rows, rejects), (other_summary, other_rows, other_rejects) = runs
    found = [] if summary == other_summary else [f"{summary}\n{other_summary}"]
    if rows.schema != other_rows.schema or rows.height != other_rows.height:
        return [*found, f"{rows.shape} {other_rows.shape}"]
    for name in rows.columns:
        differs = rows[name].ne_missing(other_rows[name])
        if differs.any():
            one, other = (frame.filter(differs).row(0, named=True) for frame in (rows, other_rows))
            found.append(f"{name}: {one['claim_id']} {one[name]} {other[name]}")
    if not rejects.equals(other_rejects):
        found.append(f"rejects: {rejects.height} {other_rejects.height}")
    return found
