"""The slots that a layer names: do they exist, and is none drawn twice?

A slot is a class in a stream, ``eligible:rare_drug``, or what an earlier layer left,
``over_ceiling@basic.yearly_limit``; a left slot written short means all its streams and ceilings.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from yibao.base.findings import Fault, Where
from yibao.engines.policy.complaints import layers as complaints

CLASSES = ("eligible", "prior_self_pay", "over_limit", "noncovered")
OUTCOMES = ("deductible", "coinsurance", "over_ceiling")
BEYOND_BANDS = "bands"
"""The name of what lies beyond the last band; no ceiling may have it."""

Earlier = Mapping[str, frozenset[str]]
"""The layers before, each with the names of its ceilings."""


@dataclass(frozen=True, slots=True)
class Pattern:
    """A slot as written; empty parts mean all of them."""

    reason: str
    layer: str = ""
    ceiling: str = ""
    stream: str = ""

    @classmethod
    def parse(cls, text: str) -> Pattern:
        """Read ``reason[@layer[.ceiling]][:stream]``. A class without stream is in ``general``."""
        head, _, stream = text.partition(":")
        reason, _, place = head.partition("@")
        layer, _, ceiling = place.partition(".")
        return cls(reason, layer, ceiling, stream or ("" if layer else "general"))

    def meets(self, other: Pattern) -> bool:
        """Whether both may mean one slot."""
        return (self.reason, self.layer) == (other.reason, other.layer) and all(
            not one or not two or one == two
            for one, two in ((self.ceiling, other.ceiling), (self.stream, other.stream))
        )


def class_faults(text: str, where: Where, *, streams: Sequence[str]) -> Iterator[Fault]:
    """Faults of a slot that must be a class, as the target of a top-up names it."""
    slot = Pattern.parse(text)
    if slot.layer or slot.reason not in CLASSES:
        yield complaints.name_unknown(where, text, kind=complaints.SLOT, known=CLASSES)
    elif slot.stream not in streams:
        yield complaints.name_unknown(where, slot.stream, kind=complaints.STREAM, known=streams)


def slot_faults(
    text: str, where: Where, *, streams: Sequence[str], earlier: Earlier
) -> Iterator[Fault]:
    """Faults of a slot that is drawn: class, stream, layer, reason and ceiling must exist."""
    slot = Pattern.parse(text)
    if not slot.layer:
        known = [*CLASSES, *(f"{outcome}@…" for outcome in OUTCOMES)]
        checks = [(slot.reason in CLASSES, text, complaints.SLOT, known)]
    elif slot.layer not in earlier:
        checks = [(False, slot.layer, complaints.EARLIER_LAYER, list(earlier))]
    else:
        names = sorted(earlier[slot.layer])
        is_named = not slot.ceiling or slot.ceiling in names
        checks = [
            (slot.reason in OUTCOMES, slot.reason, complaints.REASON, list(OUTCOMES)),
            (is_named, slot.ceiling, complaints.CEILING, names),
        ]
    if slot.stream:
        checks.append((slot.stream in streams, slot.stream, complaints.STREAM, list(streams)))
    for is_known, name, kind, known_names in checks:
        if not is_known:
            yield complaints.name_unknown(where, name, kind=kind, known=known_names)


def twice_faults(texts: Iterable[str], where: Where) -> Iterator[Fault]:
    """Faults of two draws that mean one slot."""
    seen: list[str] = []
    for text in texts:
        for other in seen:
            if Pattern.parse(text).meets(Pattern.parse(other)):
                yield complaints.draw_twice(where, text, other=other)
        seen.append(text)
