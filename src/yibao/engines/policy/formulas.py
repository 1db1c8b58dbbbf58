"""An entitlement as written, cut at every date, as the versions that engines read.

Its lines are proved together: a later line is made of earlier ones, so their bounds cannot be told
one by one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from yibao.base.dates import Span
from yibao.base.errors import InvariantBroken
from yibao.base.money import AMOUNT_LIMIT
from yibao.base.texts import Text
from yibao.engines.policy import documents_plan as plan_doc
from yibao.engines.policy import law
from yibao.engines.policy.complaints import layers as layer_complaints
from yibao.engines.policy.complaints import numbers as number_complaints
from yibao.engines.policy.complaints import plans as complaints
from yibao.engines.policy.coverage import (
    Cell,
    Proof,
    broken,
    cells,
    mentioned,
    prove_bounds,
    prove_rows,
    prove_shares,
)
from yibao.engines.policy.desk import Desk
from yibao.engines.policy.fingerprint import fingerprint
from yibao.engines.policy.numbers import evaluate
from yibao.engines.policy.provenance import Origin
from yibao.engines.policy.unable import UnableToDetermine
from yibao.engines.policy.versions import check_spans, joined, spans_of
from yibao.engines.policy.vocabulary import Vocabulary


def compile_entitlement(written: plan_doc.Entitlement, desk: Desk) -> list[law.EntitlementVersion]:
    """All versions of an entitlement, in order of date; faults go to the desk."""
    check_spans(written, desk.faults)
    spans = spans_of(written, desk.shelf, horizon=desk.horizon)
    return joined(spans, lambda span: _FormulaCompiler(written, desk, span=span).compile())


class _FormulaCompiler:
    """One entitlement on one span."""

    def __init__(self, written: plan_doc.Entitlement, desk: Desk, *, span: Span) -> None:
        self.written = written
        self.desk = desk
        self.faults = desk.faults
        self.span = span
        self.origin = Origin().under(written)
        where = written.where_of("applies_to")
        self.applies_to = desk.words.condition(written.applies_to, where)

    def compile(self) -> law.EntitlementVersion:
        written = self.written
        additions = self.faults.additions
        lines, words = self._lines()
        if self.faults.additions == additions:
            self._prove_lines(lines)
        units = {line.name: line.number.unit for line in lines}
        if written.pays not in units:
            where, kind = written.where_of("pays"), layer_complaints.LINE
            fault = layer_complaints.name_unknown(where, written.pays, kind=kind, known=units)
            self.faults.add(fault)
        elif written.paid_by and units[written.pays] != "amount":
            where = written.where_of("pays")
            self.faults.add(number_complaints.unit_mismatch(where, written.pays, unit="amount"))
        version = law.EntitlementVersion(
            entitlement_id=f"{written.area}/{written.entitlement}",
            area=written.area,
            label=Text(written.name.zh, written.name.en),
            span=self.span,
            applies_to=self.applies_to,
            chosen_by=written.chosen_by,
            lines=tuple(lines),
            pays=written.pays,
            paid_by=self._payers(words),
            structure=self.desk.citations.proven(self.origin, written.where),
        )
        return replace(version, policy_hash=fingerprint(version))

    def _proof(self, words: Vocabulary) -> Proof:
        home = self.written.where_of("applies_to").file
        return Proof(words.scope(self.applies_to), self.span.start, self.faults, home)

    def _lines(self) -> tuple[list[law.EntitlementLine], Vocabulary]:
        """The lines, and the words with every line that a later one may ask about."""
        words = self.desk.words
        lines: list[law.EntitlementLine] = []
        for line in self.written.lines:
            if line.line in words.facts or line.line in [other.name for other in lines]:
                self.faults.add(complaints.line_named_as_fact(line.where, line.line))
            figures = self.desk.figures(self.span, words=words)
            additions = self.faults.additions
            number = figures.number(
                line.number, line.unit, origin=self.origin.under(line), where=line.where_of("is")
            )
            if self.faults.additions == additions:
                prove_rows(number, self._proof(words))
            label = Text(line.name.zh, line.name.en)
            lines.append(law.EntitlementLine(line.line, label, number))
            if line.unit == "amount":
                fact = law.FactDefinition(line.line, label, "member", "amount", (), 0, AMOUNT_LIMIT)
                words = words.with_facts([fact])
            elif line.unit == "count":
                fact = law.FactDefinition(line.line, label, "member", "number", (), 0, AMOUNT_LIMIT)
                words = words.with_facts([fact])
        return lines, words

    def _prove_lines(self, lines: Sequence[law.EntitlementLine]) -> None:
        """No line leaves its bounds for any reachable facts, line after line."""
        scope = self._proof(self.desk.words).scope
        conditions: list[law.Condition] = []
        facts: list[str] = []
        for line in lines:
            more, read = mentioned(line.number)
            conditions += more
            facts += read
        every = cells(conditions, scope, extra=facts, both_ends=True)
        if every is None:
            where = self.written.where_of("lines")
            self.faults.add(number_complaints.table_too_wide(where))
        for cell in every or ():
            if self._fails(lines, cell):
                return

    def _fails(self, lines: Sequence[law.EntitlementLine], cell: Cell) -> bool:
        """Whether a line has no lawful value in a case; that is a fault."""
        known = dict(cell)
        for line in lines:
            try:
                value = evaluate(line.number, name=line.name, facts=known, on=self.span.start).value
            except UnableToDetermine:
                return False
            except InvariantBroken:
                self.faults.add(broken(line.number, known, on=self.span.start, shown=cell))
                return True
            if value is None:
                self.faults.add(number_complaints.none_refused(line.number.where))
                return True
            known[line.name] = value
        return False

    def _payers(self, words: Vocabulary) -> tuple[law.Payer, ...]:
        figures = self.desk.figures(self.span, words=words)
        proof = self._proof(words)
        additions = self.faults.additions
        payers = []
        for payer in self.written.paid_by:
            if payer.holds_on(self.span.start):
                origin, where = self.origin.under(payer), payer.where_of("share")
                share = figures.number(payer.share, "rate", origin=origin, where=where)
                payers.append(law.Payer(payer.fund, share))
                if self.faults.additions == additions:
                    prove_rows(share, proof)
                    prove_bounds(share, proof, name=f"paid_by/{payer.fund}")
        if self.written.paid_by and self.faults.additions == additions:
            where = self.written.where_of("paid_by")
            prove_shares([payer.share for payer in payers], proof, where=where)
        return tuple(payers)
