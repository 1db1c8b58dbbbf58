"""The code of steps 7 and 8: what falls on which track, and where it is left.

The line is cut into head (deductible), covered cost and tails. Where every drawn track leaves an
outcome in the same place, the outcome goes there whole; else each track's part of the line is cut
out, its benefit being the difference of what the layer pays up to its two ends.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from yibao.engines.benefits.kernel.shapes import BandsShape, LayerShape
from yibao.engines.benefits.kernel.text import Lines
from yibao.engines.benefits.kernel.tracks import Piece, Track
from yibao.engines.benefits.slots import BANDS_END


@dataclass(frozen=True, slots=True)
class Pricing:
    """How the layer ``number`` prices: by ``a<i>`` at ``r<i>``, or (no bands) up to a target."""

    number: int
    bands_count: int

    def payment(self, covered: str) -> str:
        """The payment for the first fen that are covered."""
        if not self.bands_count:
            return f"least({covered}, pay_{self.number})"
        if self.bands_count == 1:
            return f"share({covered} * r0)"
        terms, before = [], ""
        for index in range(self.bands_count):
            rest = f"most({covered} - ({before}), 0)" if before else covered
            is_last = index == self.bands_count - 1
            terms.append(f"{rest if is_last else f'least({rest}, a{index})'} * r{index}")
            before += f" + a{index}" if before else f"a{index}"
        return f"share({' + '.join(terms)})"


@dataclass(frozen=True, slots=True)
class Tail:
    """A stretch of the line that a kind of ceiling cut: its ends, its ceilings, which one bound."""

    start: str
    end: str
    names: tuple[str, ...]
    which: str


def share_out(
    lines: Lines,
    drawn: tuple[LayerShape, Sequence[Piece]],
    *,
    pricing: Pricing,
    cut_by: Mapping[str, str],
) -> None:
    """Carry every outcome of a layer to the track where it is left."""
    layer, pieces = drawn
    if not pieces:
        return  # in a lean form, what the layer draws may be left by layers that are not there
    tails = _tails(layer, cut_by)
    if all(_targets(piece, tails) == _targets(pieces[0], tails) for piece in pieces):
        _as_one(lines, pieces[0], tails=tails, pay=f"pay_{pricing.number}")
        return
    if all(len(set(_targets(piece, tails))) == 1 for piece in pieces):
        with lines.under(f"if pay_{pricing.number} == 0:"):
            lines.add(*(f"t{piece.deductible} += {_drawn(piece)}" for piece in pieces))
        with lines.under("else:"):
            _cut_all(lines, pieces, tails=tails, pricing=pricing)
    else:
        _cut_all(lines, pieces, tails=tails, pricing=pricing)


def _drawn(piece: Piece) -> str:
    return f"{'d' if piece.has_share else 't'}{piece.track}"


def _cut_all(
    lines: Lines, pieces: Sequence[Piece], *, tails: Sequence[Tail], pricing: Pricing
) -> None:
    lines.add("end = 0", "end_covered = 0", "end_paid = 0")
    for piece in pieces:
        _cut_out(lines, piece, tails=tails, pricing=pricing, is_last=piece is pieces[-1])


def _tails(layer: LayerShape, cut_by: Mapping[str, str]) -> list[Tail]:
    """The stretches that may not be empty, from the covered cost on."""
    covered, reached, cover = "taken + covered", "taken + reached", "taken + cover"
    before = tuple(ceiling.name for ceiling in layer.before)
    after = tuple(ceiling.name for ceiling in layer.after)
    payment = tuple(ceiling.name for ceiling in layer.payment)
    has_end = isinstance(layer.pays, BandsShape) and layer.pays.has_end
    tails = [
        Tail(covered, reached, payment, cut_by["payment"]),
        Tail(reached, cover, (BANDS_END,) if has_end else (), ""),
        Tail(cover, "admitted", after, cut_by["after"]),
        Tail("admitted", "base", before, cut_by["before"]),
    ]
    return [tail for tail in tails if tail.names]


Targets = tuple[Track, ...]


def _targets(piece: Piece, tails: Sequence[Tail]) -> Targets:
    over = (piece.over(name) for tail in tails for name in tail.names)
    return (piece.deductible, piece.coinsurance, *over)


def _as_one(lines: Lines, piece: Piece, *, tails: Sequence[Tail], pay: str) -> None:
    if len(set(_targets(piece, tails))) == 1:
        lines.add(f"t{piece.deductible} += base - {pay}")
        return
    lines.add(f"t{piece.deductible} += taken", f"t{piece.coinsurance} += covered - {pay}")
    over = {piece.over(name) for tail in tails for name in tail.names}
    if len(over) == 1:
        lines.add(f"t{over.pop()} += base - taken - covered")
        return
    for tail in tails:
        _leave_tail(lines, piece, tail, f"{tail.end} - ({tail.start})")


def _leave_tail(lines: Lines, piece: Piece, tail: Tail, amount: str) -> None:
    targets = [piece.over(name) for name in tail.names]
    if len(set(targets)) == 1:
        lines.add(f"t{targets[0]} += {amount}")
        return
    lines.add(f"tail = {amount}")
    for index, target in enumerate(targets):
        with lines.under(f"if {tail.which} == {index}:"):
            lines.add(f"t{target} += tail")


def _cut_out(
    lines: Lines, piece: Piece, *, tails: Sequence[Tail], pricing: Pricing, is_last: bool
) -> None:
    """One track's part of the line, from ``begin`` to ``end``; the last takes the rest."""
    amount, pay = _drawn(piece), f"pay_{pricing.number}"
    lines.add("begin = end", "begin_covered = end_covered", "begin_paid = end_paid")
    lines.add(f"end = begin + {amount}")
    if is_last:
        lines.add("end_covered = covered", f"end_paid = {pay}")
    else:
        lines.add("end_covered = least(most(end - taken, 0), covered)")
        lines.add(f"end_paid = {pricing.payment('end_covered')}")
    lines.add("paid = end_paid - begin_paid")
    if len(set(_targets(piece, tails))) == 1:
        lines.add(f"t{piece.deductible} += {amount} - paid")
        return
    lines.add(
        f"t{piece.deductible} += least(end, taken) - least(begin, taken)",
        f"t{piece.coinsurance} += end_covered - begin_covered - paid",
    )
    for tail in tails:
        lines.add(f"start = {tail.start}", f"stop = {tail.end}")
        inside = "most(least(end, stop) - most(begin, start), 0)"
        _leave_tail(lines, piece, tail, inside)
