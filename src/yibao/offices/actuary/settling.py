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
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from yibao.base.checks import check
from yibao.base.errors import YibaoError
from yibao.base.texts import Text
from yibao.engines.benefits import balances as books
from yibao.engines.benefits.catalogue import UnableToSplit
from yibao.engines.benefits.claim import GENERAL, Balances
from yibao.engines.benefits.explain.data import explanation
from yibao.engines.benefits.explain.encoded import to_json
from yibao.engines.benefits.explain.vocabulary import Vocabulary
from yibao.engines.benefits.facts import AGE, STAY_DAYS
from yibao.engines.benefits.opening import ClaimInvalid
from yibao.engines.benefits.reference import adjudicate
from yibao.engines.benefits.rows import Law, rows_of
from yibao.engines.policy.area import AreaPolicy
from yibao.engines.policy.law import FactDefinition
from yibao.engines.policy.unable import UnableToDetermine
from yibao.offices.actuary.settled import (
    REJECT_SCHEMA,
    Outcome,
    ResultColumns,
    Settled,
    Summary,
    reject_row,
)
from yibao.storage.files.claim_files import ClaimsPlace
from yibao.storage.files.claims import StagedClaims
from yibao.storage.files.filed_claims import FiledClaim, Reject
from yibao.storage.files.results import LinesWriter, ResultFiles, TableWriter

EARLIER_REJECTED = "earlier_claim_rejected"
"""Finding: an earlier claim of the member was rejected, so the counters lack it."""

Engine = Callable[[Law, Sequence[FiledClaim | Reject]], Iterator[Outcome]]
"""Settles the claims of one member (or family) in order of entry."""


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
    engine: str = "reference",
    progress: Callable[[int, int], None] | None = None,
) -> Summary:
    """Settle a file of claims, or partitions one after another as if they were one file.

    ``progress`` is told claims done and claims met so far. No member may be in two partitions.

    Raises:
        FaultsFound: if the file cannot be read as a whole; nothing is written then.
        UnableToSettle: if the engine is not known, or a result would overwrite the input.
        UnableToWrite: if a result cannot be written.
    """
    begun = time.perf_counter()
    settle = _engine(engine)
    places = [place] if isinstance(place, ClaimsPlace) else place
    summary = Summary()
    read = 0
    for one in places:
        _refuse_overwriting(one, results)
    with ResultFiles(results.claims) as files:
        sink = _Sink(law, files, results, summary)
        for one in places:
            staged = _staged(law, one, files.folder)
            read += staged.claims_count
            for group in staged.groups(by_family=_by_family(law.area)):
                for outcome in settle(law, group):
                    sink.take(outcome)
                summary.claims_count += len(group)
                if progress is not None:
                    progress(summary.claims_count, read)
        summary.settled_count = summary.claims_count - summary.rejected_count
        _check_sums(summary, read)
        files.commit()
    summary.seconds = time.perf_counter() - begun
    return summary


def _staged(law: Law, place: ClaimsPlace, folder: Path) -> StagedClaims:
    """The claims of a place, read and judged; the staged copy is written over the one before."""
    return StagedClaims(
        place, facts=facts_stated(law.area), streams=_streams(law.area), folder=folder
    )


def settle_by_reference(law: Law, claims: Sequence[FiledClaim | Reject]) -> Iterator[Outcome]:
    """The reference engine over the claims of one member (or family), in order of entry."""
    balances = Balances()
    ends: dict[tuple[str, str], date] = {}
    findings: tuple[str, ...] = ()
    for claim in claims:
        outcomes: list[Outcome] = [claim] if isinstance(claim, Reject) else []
        if isinstance(claim, FiledClaim):
            encounter = (claim.member.member_id, claim.bill.encounter_id)
            try:
                settled, balances = _settled(law, claim, balances, stay_from=ends.get(encounter))
            except (UnableToDetermine, UnableToSplit, ClaimInvalid) as unable:
                if isinstance(unable, UnableToDetermine):
                    unable.name_fact(law.area.facts)
                outcomes = [
                    claim.refused(unable.code, message=unable.message, remedy=unable.remedy)
                ]
            except _Refused as refused:
                outcomes = [refused.reject]
            else:
                ends[encounter] = max(claim.bill.end_date, ends.get(encounter, date.min))
                outcomes = [_with_findings(one, findings) for one in settled]
        if any(isinstance(outcome, Reject) for outcome in outcomes):
            findings = (EARLIER_REJECTED,)
        yield from outcomes


ENGINES: Mapping[str, Engine] = {"reference": settle_by_reference}


class _Refused(Exception):
    """A claim does not fit the plan that was chosen for it."""

    def __init__(self, reject: Reject) -> None:
        super().__init__(reject.code)
        self.reject = reject


def _settled(
    law: Law, claim: FiledClaim, balances: Balances, *, stay_from: date | None
) -> tuple[list[Settled], Balances]:
    """The rows of a claim and the balances after them, whole or not at all."""
    rows = rows_of(law, claim.member, bill=claim.bill, stay_from=stay_from)
    is_annual = rows[0].version.is_annual
    submitted = sum(row.claim.submitted_amount for row in rows)
    if not (is_annual or claim.has_amounts or claim.bill.lines):
        raise _Refused(_amounts_missing(claim))
    if claim.submitted_amount is not None and claim.submitted_amount != submitted and not is_annual:
        raise _Refused(_submitted_differs(claim, submitted))
    settled = []
    for row in rows:
        placed = replace(row, claim=replace(row.claim, entry_sequence=claim.entry_sequence))
        answer = adjudicate(placed.version, placed.claim, balances=balances)
        answer = replace(answer, findings=(*answer.findings, *row.findings))
        balances = books.after(balances, answer)
        settled.append(Settled(claim, placed, answer))
    return settled, balances


def _with_findings(settled: Settled, findings: tuple[str, ...]) -> Settled:
    answer = settled.determination
    return replace(settled, determination=replace(answer, findings=(*answer.findings, *findings)))


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


def _amounts_missing(claim: FiledClaim) -> Reject:
    return claim.refused(
        "amounts_missing",
        message=Text("结算单既没有金额也没有费用明细", "the claim has neither amounts nor lines"),
        remedy=Text(
            "请填写四类金额，或提供其费用明细", "fill in the four classes, or bring its lines"
        ),
    )


def _submitted_differs(claim: FiledClaim, submitted: int) -> Reject:
    return claim.refused(
        "submitted_differs",
        message=Text(
            f"submitted_amount 为 {claim.submitted_amount} 分，各部分合计为 {submitted} 分",
            f"submitted_amount is {claim.submitted_amount} fen, its parts sum to {submitted}",
        ),
        remedy=Text(
            "请核对金额或明细是否完整", "check the amounts, and that the lines are all there"
        ),
        column="submitted_amount",
    )
