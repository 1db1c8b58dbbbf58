"""Files to files in bulk: shares go out to workers, what they give is filed in order.

Reading, computing and packing of different shares overlap in the workers' threads; the main thread
writes. All results appear under their names when everything is done, or none.

Holds: claims read = settled + rejected; the same input gives the same bytes, whatever the runner.
Refuses: tables of lines and determinations, which only the reference engine explains.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from yibao.base.dates import Span
from yibao.engines.benefits.facts import next_year_begins
from yibao.engines.benefits.kernel.program import Program, program_of
from yibao.engines.benefits.rows import Law
from yibao.offices.actuary.bulk.reading import (
    Part,
    Share,
    claims_twice,
    days_covered,
    parts_of,
    shares_of,
)
from yibao.offices.actuary.bulk.shares import ShareResult, ShareWorker
from yibao.offices.actuary.bulk.tables import schema_of
from yibao.offices.actuary.runners import results as results_of
from yibao.offices.actuary.settled import REJECT_SCHEMA, ResultColumns, Summary, reject_row
from yibao.storage.files.claim_columns import Contract
from yibao.storage.files.claim_files import ClaimsPlace
from yibao.storage.files.compiled import CompiledCode, Tell
from yibao.storage.files.results import ResultFiles

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class MakeWorker:
    """Makes a worker where it is needed: here, or in another process."""

    law: Law
    span: Span | None
    contract: Contract

    def __call__(self, tell: Tell | None = None) -> ShareWorker:
        """A worker with its compiled law."""
        program = self._program(tell)
        return ShareWorker(self.law, program, contract=self.contract)

    def _program(self, tell: Tell | None) -> Program:
        versions = [
            version
            for version in self.law.area.plans
            if self.span is None or version.span.meets(self.span)
        ]
        return program_of(versions or self.law.area.plans, CompiledCode(tell=tell))


@dataclass(frozen=True, slots=True)
class Bulk:
    """What is settled, and how: places, contract, runner."""

    places: Sequence[ClaimsPlace]
    contract: Contract
    runner: str = "local"
    tell: Tell | None = None


def settle_in_bulk(
    law: Law,
    bulk: Bulk,
    *,
    out: Path,
    rejects: Path,
    progress: Progress | None = None,
) -> Summary:
    """Settle claims of all places into ``out`` and ``rejects``; counts and sums come back.

    Raises:
        FaultsFound: if a file cannot be read as a whole; nothing is written then.
        UnableToWrite: if a result cannot be written.
        UnableToRun: if the runner is not there.
    """
    twice: dict[int, frozenset[str]] = {}
    while True:
        with ResultFiles(out) as files:
            filing = _Filing(law, files, out, rejects)
            parts = _run(law, bulk, filing, twice=twice, progress=progress)
            found = {number: claims_twice(parts[number]) for number in filing.unsure(parts, twice)}
            if not any(found.values()):
                files.commit()
                return filing.summary
        twice |= found


def _run(
    law: Law,
    bulk: Bulk,
    filing: _Filing,
    *,
    twice: Mapping[int, frozenset[str]],
    progress: Progress | None,
) -> list[Part]:
    """Settle all shares; ``twice`` has the claim ids that are known to stand twice, by part."""
    parts = parts_of(bulk.places, bulk.contract, folder=filing.folder)
    shares = [
        replace(share, twice=twice.get(share.part_number, frozenset()))
        for share in shares_of(parts, bulk.contract)
    ]
    maker = MakeWorker(law, _span(parts), bulk.contract)
    make = maker if bulk.runner != "local" else _Made(maker(bulk.tell))
    total = sum(part.rows for part in parts)
    with closing(results_of(make, shares, runner=bulk.runner)) as done:
        for share, one in zip(shares, done, strict=True):
            filing.take(share, one)
            if progress is not None:
                progress(filing.summary.claims_count, total)
    return parts


def _span(parts: Sequence[Part]) -> Span | None:
    """The calendar years of the claims: only their law is compiled."""
    covered = days_covered(parts)
    if covered is None:
        return None
    return Span(date(covered[0].year, 1, 1), next_year_begins(covered[1].year))


@dataclass(frozen=True, slots=True)
class _Made:
    worker: ShareWorker

    def __call__(self) -> ShareWorker:
        return self.worker


class _Filing:
    """Takes what shares give to the result files."""

    def __init__(self, law: Law, files: ResultFiles, out: Path, rejects: Path) -> None:
        schema = ResultColumns(law.area, law.catalogue.content_hash).claims
        self.summary = Summary()
        self.folder = files.folder
        self._rejects = files.table(rejects, REJECT_SCHEMA)
        self._claims = files.arrow(out, schema_of(schema))
        self._grown: dict[int, int | None] = {}

    def take(self, share: Share, one: ShareResult) -> None:
        """File what a share gave, behind the shares before it."""
        for table in one.tables:
            self._claims.add(table)
        for reject in one.rejects:
            self._rejects.add(reject_row(reject))
        self.summary.take(one.summary)
        before = self._grown.get(share.part_number, -1)
        grows = one.ids is not None and before is not None and one.ids[0] > before
        self._grown[share.part_number] = one.ids[1] if grows and one.ids is not None else None

    def unsure(self, parts: Sequence[Part], known: Mapping[int, frozenset[str]]) -> list[int]:
        """The parts whose claim ids do not grow from row to row, and were not looked at yet."""
        return [n for n in range(len(parts)) if self._grown.get(n, 0) is None and n not in known]
