"""What settling a claim gives to files: one row a claim, one a line, and totals that add up.

The columns follow from the area alone (docs/settle-output.md): a benefit for every layer and fund
of any of its plans, and what is left by reason and layer. Streams and names of ceilings are summed.
Nothing but a layer begins with ``benefit_``, so that a reader may sum by the prefix.

Holds: in every row submitted = Σ benefit_<layer> + Σ left_…, and Σ fund_<fund> = Σ benefit_<layer>.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import polars as pl

from yibao.base.checks import check
from yibao.engines.benefits.claim import CLASSES, OUTCOMES, Slot
from yibao.engines.benefits.determination import Determination
from yibao.engines.benefits.explain.data import values_used
from yibao.engines.benefits.rows import Row
from yibao.engines.policy.area import AreaPolicy
from yibao.storage.files.filed_claims import FiledClaim, Reject

REFUND_QUESTION = "refund-line"
_HEAD = (
    ("claim_id", pl.String),
    ("member_id", pl.String),
    ("encounter_id", pl.String),
    ("entry_sequence", pl.Int64),
    ("plan_id", pl.String),
    ("policy_hash", pl.String),
    ("catalogue_hash", pl.String),
    ("engine_version", pl.String),
    ("chosen_on", pl.Date),
    ("counter_year", pl.Int64),
    ("is_annual", pl.Boolean),
    ("submitted_amount", pl.Int64),
)
_TAIL = (
    ("out_of_pocket_amount", pl.Int64),
    ("values_count", pl.Int64),
    ("examples_count", pl.Int64),
    ("open_questions", pl.String),
    ("findings", pl.String),
)
REJECT_SCHEMA = dict.fromkeys(
    ("file", "row", "claim_id", "member_id", "column", "code", "message_zh", "message_en",
     "remedy_zh", "remedy_en", "also"), pl.String,
) | {"row": pl.Int64}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Settled:
    """One row of a claim, with its determination and the findings of the run."""

    claim: FiledClaim
    row: Row
    determination: Determination


Outcome = Settled | Reject


class ResultColumns:
    """The columns of an area's results, and the rows that fill them."""

    def __init__(self, area: AreaPolicy, catalogue_hash: str) -> None:
        layers = [layer for version in area.plans for layer in version.layers]
        self.layers = tuple(dict.fromkeys(layer.name for layer in layers))
        self.funds = tuple(dict.fromkeys(p.fund for layer in layers for p in layer.paid_by))
        self._left = (
            *CLASSES,
            *(f"{reason}_{layer}" for layer in self.layers for reason in OUTCOMES),
        )
        self._catalogue_hash = catalogue_hash
        self._amounts = (
            *(f"benefit_{layer}" for layer in self.layers),
            *(f"fund_{fund}" for fund in self.funds),
            *(f"left_{name}" for name in self._left),
        )

    @property
    def claims(self) -> dict[str, type[pl.DataType]]:
        """Columns of the table of claims."""
        return dict((*_HEAD, *((name, pl.Int64) for name in self._amounts), *_TAIL))

    @property
    def lines(self) -> dict[str, type[pl.DataType]]:
        """Columns of the table of lines."""
        amounts = [
            "submitted_amount",
            *(f"benefit_{layer}" for layer in self.layers),
            *(f"left_{name}" for name in self._left),
        ]
        texts = dict.fromkeys(("claim_id", "line_id", "stream"), pl.String)
        return {**texts, **dict.fromkeys(amounts, pl.Int64)}

    def claim_row(self, settled: Settled) -> list[object]:
        """A claim's row."""
        answer = settled.determination
        benefits = {layer.layer: layer.benefit_amount for layer in answer.layers}
        funds, left = answer.by_fund, self._left_by_reason(answer.left)
        amounts = [
            *(benefits.get(layer, 0) for layer in self.layers),
            *(funds.get(fund, 0) for fund in self.funds),
            *left,
        ]
        check(
            sum(amounts) - sum(funds.values()) == answer.submitted_amount
            and sum(funds.values()) == answer.benefit_amount,
            f"claim {answer.claim_id}: the row's amounts do not sum to {answer.submitted_amount}",
        )
        uses_lines = bool(settled.claim.bill.lines)
        values_count, examples_count = values_used(answer)
        return [
            answer.claim_id, answer.member_id, answer.encounter_id, settled.claim.entry_sequence,
            answer.plan_id, answer.policy_hash, self._catalogue_hash if uses_lines else None,
            answer.engine_version, answer.chosen_on, answer.benefit_year, answer.is_annual,
            answer.submitted_amount, *amounts, answer.out_of_pocket_amount,
            values_count, examples_count, ";".join(open_questions(settled)) or None,
            ";".join(answer.findings) or None,
        ]  # fmt: skip

    def line_rows(self, settled: Settled) -> list[list[object]]:
        """The rows of a claim's lines."""
        streams = {line.line_id: line.stream for line in settled.row.claim.lines}
        rows: list[list[object]] = []
        for line in settled.determination.lines:
            benefits: dict[str, int] = {}
            for layer, amount in line.benefits:
                benefits[layer] = benefits.get(layer, 0) + amount
            rows.append([
                settled.determination.claim_id, line.line_id, streams.get(line.line_id, ""),
                line.submitted_amount, *(benefits.get(layer, 0) for layer in self.layers),
                *self._left_by_reason(line.left),
            ])  # fmt: skip
        return rows

    def _left_by_reason(self, left: Sequence[tuple[Slot, int]]) -> list[int]:
        amounts = dict.fromkeys(self._left, 0)
        for slot, amount in left:
            name = f"{slot.reason}_{slot.layer}" if slot.layer else slot.reason
            amounts[name] += amount
        return list(amounts.values())


def open_questions(settled: Settled) -> list[str]:
    """Open questions of law that a claim's answer rests on, netted refunds among them."""
    found = list(settled.determination.open_ids)
    if any(getattr(line, "refunds_line_id", "") for line in settled.claim.bill.lines):
        found.append(REFUND_QUESTION)
    return list(dict.fromkeys(found))


def reject_row(reject: Reject) -> list[object]:
    """A rejected claim's row."""
    texts = (
        *(reject.column, reject.code),
        *(reject.message.zh, reject.message.en, reject.remedy.zh, reject.remedy.en, reject.also),
    )
    head = (reject.file, reject.row, reject.claim_id or None, reject.member_id or None)
    return [*head, *(text or None for text in texts)]


@dataclass(slots=True)
class Totals:
    """Sums over claims, fen. Annual claims count, but carry no cost of their own."""

    claims_count: int = 0
    submitted_amount: int = 0
    benefit_amount: int = 0
    out_of_pocket_amount: int = 0

    def add(self, answer: Determination) -> None:
        """One more determination."""
        self.claims_count += 1
        self.benefit_amount += answer.benefit_amount
        if answer.is_annual:
            self.out_of_pocket_amount -= answer.benefit_amount
        else:
            self.submitted_amount += answer.submitted_amount
            self.out_of_pocket_amount += answer.out_of_pocket_amount

    def take(self, other: Totals) -> None:
        """The claims of others as well."""
        self.claims_count += other.claims_count
        self.submitted_amount += other.submitted_amount
        self.benefit_amount += other.benefit_amount
        self.out_of_pocket_amount += other.out_of_pocket_amount


@dataclass(slots=True)
class Summary:
    """What a run did. Holds: claims = settled + rejected; submitted = benefit + out of pocket.

    A claim that its plan takes apart by years has several rows.
    """

    claims_count: int = 0
    settled_count: int = 0
    rejected_count: int = 0
    rows: Totals = field(default_factory=Totals)
    by_scheme: dict[str, Totals] = field(default_factory=dict)
    by_care_type: dict[str, Totals] = field(default_factory=dict)
    by_layer: dict[str, int] = field(default_factory=dict)
    by_fund: dict[str, int] = field(default_factory=dict)
    by_code: dict[str, int] = field(default_factory=dict)
    by_finding: dict[str, int] = field(default_factory=dict)
    with_examples_count: int = 0
    first_rejects: list[Reject] = field(default_factory=list)
    seconds: float = 0.0

    def add(self, settled: Settled) -> None:
        """One more row."""
        answer, facts = settled.determination, settled.row.claim.facts
        self.rows.add(answer)
        for table, fact in ((self.by_scheme, "scheme"), (self.by_care_type, "care_type")):
            table.setdefault(str(facts.get(fact, "")), Totals()).add(answer)
        for layer in answer.layers:
            _count(self.by_layer, layer.layer, layer.benefit_amount)
        for fund, amount in answer.by_fund.items():
            _count(self.by_fund, fund, amount)
        for finding in answer.findings:
            _count(self.by_finding, finding, 1)
        self.with_examples_count += bool(values_used(answer)[1])

    def add_reject(self, reject: Reject, *, shown: int = 10) -> None:
        """One more rejected claim; the first few are kept to be shown."""
        self.rejected_count += 1
        _count(self.by_code, reject.code, 1)
        if len(self.first_rejects) < shown:
            self.first_rejects.append(reject)

    def take(self, other: Summary, *, shown: int = 10) -> None:
        """What another run did, as if this one had done it after its own."""
        self.claims_count += other.claims_count
        self.settled_count += other.settled_count
        self.rejected_count += other.rejected_count
        self.rows.take(other.rows)
        for mine, theirs in (
            (self.by_scheme, other.by_scheme),
            (self.by_care_type, other.by_care_type),
        ):
            for name, totals in theirs.items():
                mine.setdefault(name, Totals()).take(totals)
        for counts, more in (
            (self.by_layer, other.by_layer),
            (self.by_fund, other.by_fund),
            (self.by_code, other.by_code),
            (self.by_finding, other.by_finding),
        ):
            for name, amount in more.items():
                _count(counts, name, amount)
        self.with_examples_count += other.with_examples_count
        self.first_rejects += other.first_rejects[: shown - len(self.first_rejects)]


def _count(table: dict[str, int], name: str, amount: int) -> None:
    table[name] = table.get(name, 0) + amount
