"""Choosing claims of a city (挑选结算单): those of some care types, as a folder of partitions.

A question about a year whose law covers some care types alone is asked of their claims; the others
would be rejected on both sides. Members, partitions and order stay; the manifest says what was
chosen. Refuses: care types that the city has no claims of, and a place that exists already.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import polars as pl
from pyarrow import parquet

from yibao.base.texts import Text
from yibao.offices.actuary.city.making import UnableToMakeCity
from yibao.storage.files.folders import whole_folder
from yibao.storage.files.partitions import (
    Manifest,
    Part,
    claims_in,
    part_name,
    read_manifest,
    table_file,
    write_manifest,
)


def choose_claims(folder: Path, out: Path, *, care_types: Sequence[str]) -> Manifest:
    """Write the claims of some care types into the folder ``out``; lines are left out.

    Raises:
        FaultsFound: if the folder is not whole.
        UnableToMakeCity: if the city has no such claims.
        UnableToWrite: if ``out`` is there already, or cannot be written.
    """
    places = claims_in(folder)
    with whole_folder(out) as hidden:
        parts = []
        for number, place in enumerate(places):
            part = hidden / part_name(number)
            part.mkdir()
            chosen = pl.col("care_type").cast(pl.String).is_in(list(care_types))
            rows = pl.scan_parquet(place.claims).filter(chosen).collect()
            parquet.write_table(rows.to_arrow(), part / "claims.parquet")
            parts.append(Part(table_file(hidden, part / "claims.parquet")))
        whole = read_manifest(folder)
        made = {**whole.made, "care_types": ",".join(care_types)}
        manifest = Manifest(whole.format, whole.partitioned_by, tuple(parts), made=made)
        if not manifest.claims_count:
            raise _nothing_chosen(folder, care_types)
        write_manifest(hidden, manifest)
    return manifest


def _nothing_chosen(folder: Path, care_types: Sequence[str]) -> UnableToMakeCity:
    names = ", ".join(care_types)
    scans = [pl.scan_parquet(place.claims) for place in claims_in(folder)]
    known = pl.concat(scan.select(pl.col("care_type").cast(pl.String).unique()) for scan in scans)
    there = ", ".join(sorted(known.collect()["care_type"].drop_nulls().unique()))
    return UnableToMakeCity(
        Text(f"{folder} 没有这类结算单: {names}", f"{folder} has no claims of {names}"),
        Text(f"现有的医疗类别: {there}", f"its care types are: {there}"),
    )
