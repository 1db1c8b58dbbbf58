"""Slots in order: what a layer's draw finds among the amounts still on the member.

A class slot (``eligible``, ``eligible:rare_drug``) is found exactly, stream included. A left slot
written short (``coinsurance@basic``) means all its streams and ceilings, in the order of streams,
then of ceilings as their layer lists them: cost ceilings before and after the deductible, the end
of the bands, payment ceilings.

Holds: the order depends on the plan alone, never on how a claim was typed in.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from yibao.engines.benefits.claim import CLASSES, OUTCOMES, Slot
from yibao.engines.policy.law import Layer, PlanVersion

BANDS_END = "bands"
"""The name of the tail beyond the last band."""


def matching(pattern: str, state: Mapping[Slot, int], *, version: PlanVersion) -> tuple[Slot, ...]:
    """The slots that a draw means and that hold something, in canonical order."""
    wanted = Slot.parse(pattern)
    names_stream = ":" in pattern
    found = [slot for slot, amount in state.items() if amount and _is_meant(wanted, slot)]
    if names_stream or not wanted.layer:
        found = [slot for slot in found if slot.stream == wanted.stream]
    return in_order(found, version=version)


def in_order(slots: Iterable[Slot], *, version: PlanVersion) -> tuple[Slot, ...]:
    """Slots in canonical order: classes first, then by layer; by reason, stream, ceiling."""
    streams = version.streams
    layers = [layer.name for layer in version.layers]
    ceilings = {layer.name: ceiling_names(layer) for layer in version.layers}
    reasons = (*CLASSES, *OUTCOMES)

    def rank(slot: Slot) -> tuple[int, int, int, int, int, str]:
        return (
            layers.index(slot.layer) if slot.layer in layers else -1,
            1 if slot.layer else 0,
            reasons.index(slot.reason),
            streams.index(slot.stream),
            _place(slot.ceiling, ceilings.get(slot.layer, ())),
            str(slot),
        )

    return tuple(sorted(slots, key=rank))


def ceiling_names(layer: Layer) -> tuple[str, ...]:
    """The names that a layer's tails may bear, in the order in which it lists them."""
    before = [ceiling.name for ceiling in layer.ceilings_before_deductible]
    after = [ceiling.name for ceiling in layer.ceilings_after_deductible]
    paid = [ceiling.name for ceiling in layer.payment_ceilings]
    return tuple(dict.fromkeys([*before, *after, BANDS_END, *paid]))


def _is_meant(wanted: Slot, slot: Slot) -> bool:
    return (
        wanted.reason == slot.reason
        and wanted.layer == slot.layer
        and wanted.ceiling in ("", slot.ceiling)
    )


def _place(ceiling: str, listed: tuple[str, ...]) -> int:
    return listed.index(ceiling) if ceiling in listed else -1
