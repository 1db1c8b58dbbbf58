"""The two runs of a what-if: what is asked, of which claims, and what each run leaves behind.

A run is `settle` as it always is, into a folder of its own; the engine is whichever was named. A
folder in partitions is settled part by part, for a member's claims are all in one part.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import polars as pl

from yibao.engines.benefits.rows import Law
from yibao.engines.policy.area import AreaPolicy
from yibao.offices.actuary.claim_ids import check_claim_ids
from yibao.offices.actuary.laws import open_law
from yibao.offices.actuary.settling import ResultPlaces, Way, settle_file
from yibao.storage.files.claim_files import ClaimsPlace, find_claims
from yibao.storage.files.partitions import (
    check_members,
    claims_in,
    is_partitioned,
    read_manifest,
)

AS_IT_STANDS = "law"
"""The word for no reform at all, where a reform is named."""

Side = Literal["base", "reform"]


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked: an area, the reforms of the reform's side, and those of the base's side."""

    policy: str
    reform: tuple[str, ...]
    base: tuple[str, ...] = ()
    with_examples: bool = False
    catalogue: Path | None = None

    def law(self, side: Side) -> Law:
        """The law of one side.

        Raises:
            UnableToOpenLaw: if there is no such area or catalogue.
            FaultsFound: with every fault of its files; ``reform_unknown`` names the reforms.
        """
        return open_law(
            self.policy,
            with_examples=self.with_examples,
            reforms=self.base if side == "base" else self.reform,
            catalogue=self.catalogue,
        )


def reforms_named(words: str) -> tuple[str, ...]:
    """``a+b`` as reforms that hold together; ``law`` as none."""
    names = dict.fromkeys(name.strip() for name in words.split("+"))
    return tuple(name for name in names if name not in ("", AS_IT_STANDS))


@dataclass(frozen=True, slots=True)
class Sample:
    """The claims that are asked about: one place, or the parts of a folder in partitions.

    ``made`` says how synthetic claims were made.
    """

    places: tuple[ClaimsPlace, ...]
    made: Mapping[str, int | str | bool] = field(default_factory=dict)


def sample_of(claims: Path, lines: Path | None = None) -> Sample:
    """The claims in a file, a folder, or a folder in partitions.

    Raises:
        FaultsFound: if there are none, or the partitions are not what their manifest says.
    """
    if not (claims.is_dir() and is_partitioned(claims)):
        return Sample((find_claims(claims, lines),))
    places = tuple(claims_in(claims))
    check_members(places)
    check_claim_ids(places)
    return Sample(places, read_manifest(claims).made)


@dataclass(frozen=True, slots=True)
class Run:
    """One run that is done: its law, its tables by part, how many claims were read."""

    area: AreaPolicy
    tables: tuple[Path, ...]
    rejects: pl.DataFrame
    claims_count: int


def run(
    law: Law, sample: Sample, *, engine: str | Way, folder: Path, tell: Callable[[int, int], None]
) -> Run:
    """Settle a sample under a law, its tables in a new ``folder``; ``tell``: done and all.

    Raises:
        FaultsFound: if the claims cannot be used.
        UnableToSettle: if there is no such engine.
        UnableToRun: if there is no such runner, or it is not installed.
    """
    folder.mkdir()
    tables, rejects, read = [], [], 0
    for number, place in enumerate(sample.places):
        results = ResultPlaces(folder / f"{number}.parquet")
        before = read

        def told(done: int, total: int, before: int = before) -> None:
            tell(before + done, before + total)

        summary = settle_file(law, place, results=results, engine=engine, progress=told)
        read += summary.claims_count
        tables.append(results.claims)
        rejects.append(pl.read_csv(results.rejects, infer_schema=False))
    return Run(law.area, tuple(tables), pl.concat(rejects), read)
