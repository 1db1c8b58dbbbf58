"""What everything of one area is compiled with: its words, counters, numbers, sources."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from yibao.base.dates import Span
from yibao.engines.policy import law
from yibao.engines.policy.faults import Faults
from yibao.engines.policy.figures import Figures, Shelf
from yibao.engines.policy.provenance import Citations
from yibao.engines.policy.vocabulary import Vocabulary


@dataclass(frozen=True, slots=True)
class Desk:
    """One area's words, and the list that its faults go to.

    ``horizon`` is the last verified day: published series must reach it.
    """

    words: Vocabulary
    counters: Mapping[str, law.Counter]
    shelf: Shelf
    citations: Citations
    horizon: date | None
    faults: Faults

    def figures(self, span: Span, *, words: Vocabulary | None = None) -> Figures:
        """A compiler of numbers for one span."""
        return Figures(
            words or self.words,
            self.shelf,
            span=span,
            citations=self.citations,
            faults=self.faults,
        )
