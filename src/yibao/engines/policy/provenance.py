"""Source and confidence: which hold at a place, and that they hold at all.

Both are looked for from the place outwards: row, dated entry, the number's owner, layer, plan. The
nearest written one wins, each key by itself. Nothing is law without them.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from yibao.base.findings import Where
from yibao.engines.policy import documents as doc
from yibao.engines.policy import law
from yibao.engines.policy.complaints import numbers as complaints
from yibao.engines.policy.faults import Faults


@dataclass(frozen=True, slots=True)
class Origin:
    """Source and confidence that hold at a place."""

    source_ids: tuple[str, ...] = ()
    note: str = ""
    confidence: str = ""
    open_ids: tuple[str, ...] = ()

    def under(self, written: doc.Sourced) -> Origin:
        """What holds inside a mapping that may say more."""
        result = self
        if written.source is not None:
            ids, note = _source_parts(written.source)
            result = replace(result, source_ids=ids, note=note)
        if written.confidence is not None:
            result = replace(result, confidence=written.confidence)
        if written.open_ids is not None:
            result = replace(result, open_ids=written.open_ids)
        return result

    def provenance(self, where: Where) -> law.Provenance:
        """The provenance of what stands at a place, unchecked."""
        return law.Provenance(self.source_ids, self.note, self.confidence, self.open_ids, where)


def _source_parts(source: doc.Source) -> tuple[tuple[str, ...], str]:
    if isinstance(source, str):
        return (source,), ""
    if isinstance(source, doc.SourceNote):
        return source.ids, source.note
    return source, ""


@dataclass(frozen=True, slots=True)
class Citations:
    """The sources and questions that may be cited."""

    sources: frozenset[str]
    questions: frozenset[str]
    faults: Faults

    def proven(self, origin: Origin, where: Where) -> law.Provenance:
        """The provenance of what must have one; what is missing or unknown is a fault."""
        add = self.faults.add
        if not origin.source_ids and not origin.note:
            add(complaints.source_missing(where))
        if not origin.confidence:
            add(complaints.confidence_missing(where))
        if origin.confidence == "open" and not origin.open_ids:
            add(complaints.open_missing(where))
        for name in origin.source_ids:
            if name not in self.sources:
                add(complaints.source_unknown(where, name, known=self.sources))
        for name in origin.open_ids:
            if name not in self.questions:
                add(complaints.question_unknown(where, name, known=self.questions))
        return origin.provenance(where)
