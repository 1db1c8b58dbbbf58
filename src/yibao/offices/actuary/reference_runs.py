"""The reference engine over whole members (批量结算): their claims in order of entry.

Holds: every claim comes out as its rows or as one reject; a claim that is rejected feeds no
counter, and later claims of the member say so.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date

from yibao.base.texts import Text
from yibao.engines.benefits import balances as books
from yibao.engines.benefits.catalogue import UnableToSplit
from yibao.engines.benefits.claim import Balances
from yibao.engines.benefits.opening import ClaimInvalid
from yibao.engines.benefits.reference import adjudicate
from yibao.engines.benefits.rows import Law, rows_of
from yibao.engines.policy.unable import UnableToDetermine
from yibao.offices.actuary.settled import Outcome, Settled
from yibao.storage.files.filed_claims import FiledClaim, Reject

EARLIER_REJECTED = "earlier_claim_rejected"
"""Finding: an earlier claim of the member was rejected, so the counters lack it."""


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
