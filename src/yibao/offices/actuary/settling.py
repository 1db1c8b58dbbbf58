"""Settling a file of claims (批量结算): every member's claims in order of entry, by one engine.

The file is read and judged whole before the first claim is settled; a claim that cannot be settled
is rejected with its reason and does not stop the others. Later claims of the same member are then
marked, because their counters lack it. Results appear under their names when all is done.

Holds: claims = settled + rejected; totals are sums of determinations. Refuses: to overwrite its own
input, and to leave anything half written.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from yibao.base.checks import check
from yibao.base.errors import YibaoError
from yibao.base.texts import Text
from yibao.engines.benefits.claim import GENERAL
from yibao.engines.benefits.explain.data import explanation
from yibao.engines.benefits.explain.encoded import to_json
from yibao.engines.benefits.explain.vocabulary import Vocabulary
from yibao.engines.benefits.facts import AGE, STAY_DAYS
from yibao.engines.benefits.rows import Law
from yibao.engines.policy.area import AreaPolicy
from yibao.engines.policy.law import FactDefinition
from yibao.offices.actuary.claim_ids import check_claim_ids
from yibao.offices.actuary.reference_runs import settle_by_reference
from yibao.offices.actuary.settled import (
    REJECT_SCHEMA,
    Outcome,
    ResultColumns,
    Summary,
    reject_row,
)
from yibao.storage.files.claim_columns import Contract, claim_columns, line_columns
from yibao.storage.files.claim_files import ClaimsPlace
from yibao.storage.files.claims import StagedClaims
from yibao.storage.files.filed_claims import FiledClaim, Reject
from yibao.storage.files.results import LinesWriter, ResultFiles, TableWriter

KERNEL = "kernel"
"""The compiled engine: files to files, in bulk."""

Engine = Callable[[Law, Sequence[FiledClaim | Reject]], Iterator[Outcome]]
"""Settles the claims of one member (or family) in order of entry."""


@dataclass(frozen=True, slots=True)
class Way:
    """How claims are settled: by which engine, its work done by which runner."""

    engine: str = "reference"
    runner: str = "local"
    tell: Callable[[Text], None] | None = None


class UnableToSettle(YibaoError):
    """A file of claims cannot be settled as asked."""


@dataclass(frozen=True, slots=True)
class ResultPlaces:
    """Where the results go: the claims' table, and what else is wanted."""

    claims: Path
    lines: Path | None = None
    determinations: Path | None = None

    @property
    def rejects(self) -> Path:
        """The table of rejected claims, always beside the claims' table."""
        return self.claims.with_name(f"{self.claims.name}.rejects.csv")


def settle_file(
    law: Law,
    place: ClaimsPlace | Sequence[ClaimsPlace],
    *,
    results: ResultPlaces,
    engine: str | Way = "reference",
    progress: Callable[[int, int], None] | None = None,
) -> Summary:
    """Settle a file of claims, or partitions one after another as if they were one file.

    ``engine`` is ``reference`` or ``kernel``, which give the same rows, or a way of settling.

    ``progress`` is told claims done and claims met so far. No member may be in two partitions, and
    no claim's id.

    Raises:
        FaultsFound: if the file cannot be read as a whole; nothing is written then.
        UnableToSettle: if the engine is not known, or a result would overwrite the input.
        UnableToWrite: if a result cannot be written.
    """
    begun = time.perf_counter()
    way = engine if isinstance(engine, Way) else Way(engine)
    settle = _engine(way.engine)
    places = [place] if isinstance(place, ClaimsPlace) else place
    for one in places:
        _refuse_overwriting(one, results)
    check_claim_ids(places)
    if way.engine == KERNEL:
        summary = _settled_in_bulk(law, places, results=results, way=way, progress=progress)
    else:
        summary = _settled_one_by_one(law, places, results=results, settle=settle, tell=progress)
    summary.seconds = time.perf_counter() - begun
    return summary


def _settled_in_bulk(
    law: Law,
    places: Sequence[ClaimsPlace],
    *,
    results: ResultPlaces,
    way: Way,
    progress: Callable[[int, int], None] | None,
) -> Summary:
    if results.lines is not None or results.determinations is not None:
        raise _kernel_explains_nothing()
    from yibao.offices.actuary.bulk.pipeline import Bulk, settle_in_bulk  # noqa: PLC0415

    bulk = Bulk(places, contract_of(law.area), way.runner, way.tell)
    summary = settle_in_bulk(
        law, bulk, out=results.claims, rejects=results.rejects, progress=progress
    )
    _check_sums(summary, summary.settled_count + summary.rejected_count)
    return summary


def _settled_one_by_one(
    law: Law,
    places: Sequence[ClaimsPlace],
    *,
    results: ResultPlaces,
    settle: Engine,
    tell: Callable[[int, int], None] | None,
) -> Summary:
    summary = Summary()
    read = 0
    with ResultFiles(results.claims) as files:
        sink = _Sink(law, files, results, summary)
        for one in places:
            staged = _staged(law, one, files.folder)
            read += staged.claims_count
            for group in staged.groups(by_family=_by_family(law.area)):
                for outcome in settle(law, group):
                    sink.take(_named(outcome, one, places))
                summary.claims_count += len(group)
                if tell is not None:
                    tell(summary.claims_count, read)
        summary.settled_count = summary.claims_count - summary.rejected_count
        _check_sums(summary, read)
        files.commit()
    return summary


def _named(outcome: Outcome, place: ClaimsPlace, places: Sequence[ClaimsPlace]) -> Outcome:
    """What became of a claim; of several places, a reject names its own."""
    if isinstance(outcome, Reject) and len(places) > 1:
        return outcome.found_in(place)
    return outcome


def _staged(law: Law, place: ClaimsPlace, folder: Path) -> StagedClaims:
    """The claims of a place, read and judged; the staged copy is written over the one before."""
    return StagedClaims(
        place, facts=facts_stated(law.area), streams=_streams(law.area), folder=folder
    )


ENGINES: Mapping[str, Engine] = {"reference": settle_by_reference, KERNEL: settle_by_reference}
"""By name. (The kernel comes to the reference's answer by another road, and falls back on it.)"""


class _Sink:
    """Takes outcomes to the result files and the summary."""

    def __init__(
        self, law: Law, files: ResultFiles, results: ResultPlaces, summary: Summary
    ) -> None:
        self._columns = ResultColumns(law.area, law.catalogue.content_hash)
        self._words = Vocabulary.of(law.area)
        self._summary = summary
        self._claims = files.table(results.claims, self._columns.claims)
        self._rejects = files.table(results.rejects, REJECT_SCHEMA)
        self._lines: TableWriter | None = None
        self._determinations: LinesWriter | None = None
        if results.lines is not None:
            self._lines = files.table(results.lines, self._columns.lines)
        if results.determinations is not None:
            self._determinations = files.lines(results.determinations)

    def take(self, outcome: Outcome) -> None:
        if isinstance(outcome, Reject):
            self._rejects.add(reject_row(outcome))
            self._summary.add_reject(outcome)
            return
        self._claims.add(self._columns.claim_row(outcome))
        self._summary.add(outcome)
        if self._lines is not None:
            for row in self._columns.line_rows(outcome):
                self._lines.add(row)
        if self._determinations is not None:
            told = explanation(outcome.determination, self._words)
            self._determinations.add(to_json(told))


def facts_stated(area: AreaPolicy) -> dict[str, FactDefinition]:
    """The facts that a file may state: all but those worked out from dates and counters."""
    derived = {fact.fact for version in area.plans for fact in version.derived}
    worked_out = derived | {AGE, STAY_DAYS}
    return {name: fact for name, fact in area.facts.items() if name not in worked_out}


def _streams(area: AreaPolicy) -> list[str]:
    streams = dict.fromkeys(stream for version in area.plans for stream in version.streams)
    return [stream for stream in streams if stream != GENERAL]


def _by_family(area: AreaPolicy) -> bool:
    used = (counter for version in area.plans for counter in version.counters)
    return any(counter.holder == "family" for counter in used)


def contract_of(area: AreaPolicy) -> Contract:
    """What files of claims may have in an area."""
    facts, streams = facts_stated(area), _streams(area)
    return Contract(claim_columns(facts, streams), line_columns(facts), _by_family(area))


def _kernel_explains_nothing() -> UnableToSettle:
    return UnableToSettle(
        Text(
            "kernel 引擎不写费用明细结果和逐条说明",
            "the kernel engine writes neither a table of lines nor explanations",
        ),
        Text(
            "请使用 --engine reference，或去掉 --lines-out 和 --determinations",
            "use --engine reference, or leave out --lines-out and --determinations",
        ),
    )


def _engine(name: str) -> Engine:
    if name not in ENGINES:
        known = ", ".join(ENGINES)
        raise UnableToSettle(
            Text(f"没有名为 {name} 的引擎", f"there is no engine {name}"),
            Text(f"可用的引擎: {known}", f"there are: {known}"),
        )
    return ENGINES[name]


def _refuse_overwriting(place: ClaimsPlace, results: ResultPlaces) -> None:
    inputs = {path.resolve() for path in (place.claims, place.lines) if path is not None}
    outputs = (results.claims, results.lines, results.determinations, results.rejects)
    for path in outputs:
        if path is not None and path.resolve() in inputs:
            raise UnableToSettle(
                Text(f"结果会覆盖输入文件 {path}", f"the result would overwrite the input {path}"),
                Text("请另取文件名", "name another file"),
            )


def _check_sums(summary: Summary, read: int) -> None:
    rows = summary.rows
    check(
        summary.claims_count == read
        and rows.submitted_amount == rows.benefit_amount + rows.out_of_pocket_amount
        and sum(summary.by_fund.values()) == sum(summary.by_layer.values()) == rows.benefit_amount,
        f"totals do not add up: {read} claims read, {summary}",
    )
