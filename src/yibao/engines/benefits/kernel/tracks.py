"""Tracks: slots that nothing ahead of them tells apart run as one amount.

What becomes of a slot is known from the plan's shape: which layers draw it, in which place, and
where each outcome of it goes. Two slots with the same future are one *track*. The future is worked
out backwards from the end, where a track is a column of results; before a layer, a slot that the
layer does not draw has the track that it has after it.

Holds: slots on one track stand side by side wherever they are drawn, so laying the track on the
line is laying them; a slot that is drawn in part shares its track with no other, since each is
rounded by itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from yibao.base.checks import check
from yibao.engines.benefits.claim import CLASSES, OUTCOMES, Slot
from yibao.engines.benefits.kernel.shapes import LayerShape, PlanShape
from yibao.engines.benefits.slots import BANDS_END
from yibao.engines.policy.law import Outcome

Track = int
"""An amount still on the member, numbered within a plan."""

Column = str
"""A column of results that a track ends in: ``left_prior_self_pay``, ``left_coinsurance_basic``."""

Ending = Callable[[Slot], Column]


@dataclass(frozen=True, slots=True)
class Piece:
    """A track as a layer draws it, and the tracks that its outcomes go to.

    ``untouched`` is where it goes when the layer does not apply, and what is not drawn of it.
    """

    track: Track
    has_share: bool
    draw: int
    untouched: Track
    deductible: Track
    coinsurance: Track
    over_ceiling: tuple[tuple[str, Track], ...]

    def over(self, ceiling: str) -> Track:
        """Where the tail that a ceiling cuts goes."""
        return dict(self.over_ceiling)[ceiling]


@dataclass(frozen=True, slots=True)
class Tracks:
    """A plan's tracks: where each opening slot starts, what each layer draws, where they end.

    ``order`` numbers all slots in canonical order, ``drawn`` each layer's slots in the order in
    which they are laid on its line, with the place of the draw that means them.
    """

    starts: Mapping[Slot, Track]
    pieces: tuple[tuple[Piece, ...], ...]
    ends: Mapping[Track, Column]
    order: Mapping[Slot, int]
    drawn: tuple[Mapping[Slot, tuple[int, int]], ...]

    @property
    def reachable(self) -> set[Track]:
        """The tracks on which anything can stand."""
        reached = set(self.starts.values())
        for piece in (piece for layer in self.pieces for piece in layer):
            if piece.track in reached:
                reached |= {piece.untouched, piece.deductible, piece.coinsurance}
                reached |= {track for _, track in piece.over_ceiling}
        return reached


def left_column(slot: Slot) -> Column:
    """The column of what is left in a slot: streams and ceilings together."""
    return f"left_{slot.reason}" + (f"_{slot.layer}" if slot.layer else "")


def one_column(slot: Slot) -> Column:
    """All that is left in one column, for runs that want no reasons."""
    del slot
    return "left"


def tracks_of(shape: PlanShape, ending: Ending, *, given: Iterable[Slot] = ()) -> Tracks:
    """The tracks of a plan; ``given`` are slots, beside the classes, that claims may start from."""
    finder = _Finder(shape, ending, given)
    return finder.found()


class _Finder:
    def __init__(self, shape: PlanShape, ending: Ending, given: Iterable[Slot]) -> None:
        self.shape = shape
        self.opening = [
            *(Slot(reason, stream=stream) for stream in shape.streams for reason in CLASSES),
            *given,
        ]
        self.slots = _all_slots(shape, self.opening)
        self.ids: dict[object, Track] = {}
        self.ending = ending

    def found(self) -> Tracks:
        after = {slot: self._id(("end", self.ending(slot))) for slot in self.slots}
        ends = {track: self.ending(slot) for slot, track in after.items()}
        pieces: list[tuple[Piece, ...]] = []
        for number in range(len(self.shape.layers) - 1, -1, -1):
            after, drawn = self._before(number, after)
            pieces.insert(0, drawn)
        starts = {slot: after[slot] for slot in self.opening}
        order = {slot: place for place, slot in enumerate(self.slots)}
        return Tracks(starts, tuple(pieces), ends, order, tuple(map(self._laid, self.shape.layers)))

    def _laid(self, layer: LayerShape) -> dict[Slot, tuple[int, int]]:
        draws = enumerate(layer.draws)
        laid = [(slot, draw) for draw, (pattern, _) in draws for slot in self._drawn(pattern)]
        return {slot: (place, draw) for place, (slot, draw) in enumerate(laid)}

    def _before(
        self, number: int, after: Mapping[Slot, Track]
    ) -> tuple[dict[Slot, Track], tuple[Piece, ...]]:
        layer = self.shape.layers[number]
        before = dict(after)
        pieces: dict[Track, Piece] = {}
        taken: set[Slot] = set()
        for draw, (pattern, has_share) in enumerate(layer.draws):
            run, last = 0, None
            for slot in self._drawn(pattern):
                check(slot not in taken, f"{layer.name} draws {slot} twice")
                taken.add(slot)
                piece = self._piece(layer, slot, after)
                future = (piece, slot if has_share else None)
                run, last = run + (future != last), future
                track = self._id(("drawn", number, draw, run, future))
                before[slot] = track
                pieces[track] = Piece(track, has_share, draw, *piece)
        return before, tuple(pieces.values())

    def _drawn(self, pattern: str) -> list[Slot]:
        wanted = Slot.parse(pattern)
        is_one_stream = ":" in pattern or not wanted.layer
        return [
            slot
            for slot in self.slots
            if wanted.reason == slot.reason
            and wanted.layer == slot.layer
            and wanted.ceiling in ("", slot.ceiling)
            and (not is_one_stream or slot.stream == wanted.stream)
        ]

    def _piece(
        self, layer: LayerShape, slot: Slot, after: Mapping[Slot, Track]
    ) -> tuple[Track, Track, Track, tuple[tuple[str, Track], ...]]:
        def left(outcome: Outcome, ceiling: str = "") -> Track:
            return after[_left_slot(layer, slot, outcome, ceiling)]

        return (
            after[slot],
            left("deductible"),
            left("coinsurance"),
            tuple((name, left("over_ceiling", name)) for name in tail_names(layer)),
        )

    def _id(self, what: object) -> Track:
        return self.ids.setdefault(what, len(self.ids))


def tail_names(layer: LayerShape) -> tuple[str, ...]:
    """The names that a layer's tails may bear, in the order in which it lists them."""
    ceilings = [ceiling.name for ceiling in (*layer.before, *layer.after)]
    paid = [ceiling.name for ceiling in layer.payment]
    return tuple(dict.fromkeys([*ceilings, BANDS_END, *paid]))


def _left_slot(layer: LayerShape, slot: Slot, outcome: Outcome, ceiling: str) -> Slot:
    """The slot an outcome is left in, as the reference engine names it."""
    written = dict(layer.leaves).get(outcome, "rename" if slot.reason == "eligible" else "keep")
    return Slot(outcome, layer.name, ceiling, slot.stream) if written == "rename" else slot


def _all_slots(shape: PlanShape, opening: Iterable[Slot]) -> tuple[Slot, ...]:
    """Every slot that a claim may hold, in canonical order."""
    slots = list(opening)
    for layer in shape.layers:
        for stream in shape.streams:
            slots += [Slot("deductible", layer.name, stream=stream)]
            slots += [Slot("coinsurance", layer.name, stream=stream)]
            names = ("", *tail_names(layer))
            slots += [Slot("over_ceiling", layer.name, name, stream) for name in names]
    return tuple(sorted(dict.fromkeys(slots), key=lambda slot: _rank(slot, shape)))


def _rank(slot: Slot, shape: PlanShape) -> tuple[int, int, int, int, int, str]:
    layers = [layer.name for layer in shape.layers]
    names: Sequence[str] = ()
    if slot.layer in layers:
        names = tail_names(shape.layers[layers.index(slot.layer)])
    return (
        layers.index(slot.layer) if slot.layer in layers else -1,
        1 if slot.layer else 0,
        (*CLASSES, *OUTCOMES).index(slot.reason),
        shape.streams.index(slot.stream),
        names.index(slot.ceiling) if slot.ceiling in names else -1,
        str(slot),
    )
