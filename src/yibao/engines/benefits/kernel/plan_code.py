"""The code of one plan: open the tracks, run the layers, write what is wanted.

The function of a plan gets the control array's address ``c``, the claim's index ``i``, its
profile's row, the row of its member-year's sums, its row of totals, and whether the claim has
amounts in the general stream alone. It returns 0, or the number
of the reason why the claim cannot be determined; counters that it fed by then stand in the journal
at UNDO, and whoever called puts them back.
"""

from __future__ import annotations

from collections.abc import Sequence

from yibao.engines.benefits.claim import GENERAL, Slot
from yibao.engines.benefits.kernel import layout
from yibao.engines.benefits.kernel.layer_code import write_layer
from yibao.engines.benefits.kernel.marks import marks_of
from yibao.engines.benefits.kernel.shapes import PlanShape
from yibao.engines.benefits.kernel.text import Context, Lines

HEAD = '''"""{title}"""

from numba import njit

from yibao.engines.benefits.kernel.machine import (
    ahead, exceeds, least, load, load32, most, quotient, share, store, store32,
)

'''
OPTIONS = 'cache=True, nogil=True, error_model="numpy"'


def plan_source(context: Context, title: str) -> str:
    """The source of one plan's function, ``settle_claim``."""
    lines = Lines()
    signature = ", ".join(["int64"] * 6)
    lines.add(f'@njit("int64({signature})", {OPTIONS}, forceinline=True)')
    with lines.under("def settle_claim(c, i, row, year, totals, narrow):"):
        _begin(lines)
        _find_rows(lines, context)
        _remember(lines, context)
        _number_stays(lines, context)
        _open(lines, context)
        for number in range(len(context.shape.layers)):
            write_layer(lines, number, context=context)
        _count(lines, context)
        _write(lines, context)
        lines.add("return 0")
    return HEAD.format(title=title) + str(lines)


def _begin(lines: Lines) -> None:
    lines.add(
        f"blocks = load(c, {layout.BLOCKS})",
        f"stride = load(c, {layout.STRIDE})",
        f"detail = load(c, {layout.DETAIL})",
        f"flags = load32(row, {layout.FLAGS})",
    )
    lines.add(f"trace = load(c, {layout.TRACE}) + 8 * i * load(c, {layout.TRACE_WIDTH})")


def _used_groups(context: Context) -> dict[int, list[int]]:
    """The groups of a plan's counters, with the places that it uses in their rows."""
    names = []
    for counter in context.shape.counters:
        names.append(counter.name)
        if counter.adds == "claim_count" and counter.once_per_encounter:
            names.append(layout.stay_key(counter)[0])
    groups: dict[int, list[int]] = {}
    for name in names:
        group = context.sums.group_of(name)
        if group is not None:
            groups.setdefault(group, []).append(context.sums.place_of(name))
    return groups


def _find_rows(lines: Lines, context: Context) -> None:
    """The rows of sums: the one that the host numbered, or an empty one for this claim alone."""
    for group, places in _used_groups(context).items():
        first = layout.GROUPS + 3 * group
        lines.add("key = -1", f"keys = load(c, {first + layout.KEYS})")
        with lines.under("if keys != 0:"):
            lines.add("key = load32(keys, i)")
        with lines.under("if key >= 0:"):
            width = 8 * context.sums.width_of(group)
            lines.add(f"g{group} = load(c, {first + layout.SUMS}) + key * {width}")
        with lines.under("else:"):
            lines.add(f"g{group} = load(c, {first + layout.SCRATCH})")
            lines.add(*(f"store(g{group}, {place}, 0)" for place in places))


def _remember(lines: Lines, context: Context) -> None:
    """Where some number may not be had: keep the sums that the layers feed, to be restored."""
    fed = dict.fromkeys(name for layer in context.shape.layers for name, _ in layer.feeds)
    with lines.under(f"if flags & {layout.CAREFUL}:"):
        lines.add(f"undo = load(c, {layout.UNDO})", f"store(undo, 0, {len(fed)})")
        for index, name in enumerate(fed):
            place = 8 * context.sums.place_of(name)
            lines.add(
                f"place = {context.group(name)} + {place}",
                f"store(undo, {1 + 2 * index}, place)",
                f"store(undo, {2 + 2 * index}, load(place, 0))",
            )


def _number_stays(lines: Lines, context: Context) -> None:
    """The stay's number: the one it has, or one more than were counted before it."""
    for name in _numbered(context.shape):
        counter = context.shape.counter(name)
        which = _stay(context.shape, name)
        lines.add(f"stay{which} = {context.balance(name)} + 1")
        if counter.once_per_encounter:
            known = context.kept(layout.stay_key(counter)[0])
            lines.add(f"known{which} = {known}")
            with lines.under(f"if known{which} > 0:"):
                lines.add(f"stay{which} = known{which}")
    for index, stay in enumerate(context.shape.stays):
        which = _stay(context.shape, stay.counter)
        lines.add(f"n{index} = least(stay{which}, {stay.at_most})")


def _numbered(shape: PlanShape) -> list[str]:
    return list(dict.fromkeys([*(stay.counter for stay in shape.stays), *shape.counted]))


def _stay(shape: PlanShape, name: str) -> int:
    return _numbered(shape).index(name)


def _open(lines: Lines, context: Context) -> None:
    shape, tracks = context.shape, context.tracks
    starts: dict[int, list[str]] = {}
    for slot, track in tracks.starts.items():
        if str(slot) in context.inputs:
            starts.setdefault(track, []).append(f"o_{context.inputs.index(str(slot))}")
    pieces = [piece for layer in tracks.pieces for piece in layer]
    others = {piece.track for piece in pieces} | set(tracks.ends)
    for piece in pieces:
        others |= {piece.untouched, piece.deductible, piece.coinsurance}
        others |= {track for _, track in piece.over_ceiling}
    if shape.is_annual:
        _open_annual(lines, context)
    else:
        _load_amounts(lines, context, {name for names in starts.values() for name in names})
    for track, names in starts.items():
        lines.add(f"t{track} = {' + '.join(names)}")
    lines.add(*(f"t{track} = 0" for track in sorted(others - starts.keys())))
    lines.add("marks = 0", *(f"pay_{number} = 0" for number in range(len(shape.layers))))
    for number, layer in enumerate(shape.layers):
        if len(layer.funds) > 1:
            lines.add(*(f"part_{number}_{index} = 0" for index in range(len(layer.funds))))


def _load_amounts(lines: Lines, context: Context, used: set[str]) -> None:
    """The opening amounts; streams beside the general one only where there is something."""
    lines.add(f"amounts = load(c, {layout.AMOUNTS}) + 8 * i")
    others = []
    for index, slot in enumerate(context.inputs):
        loaded = f"load(amounts, {index} * stride)"
        if f"o_{index}" not in used:
            continue
        if Slot.parse(slot).stream == GENERAL:
            lines.add(f"o_{index} = {loaded}")
        else:
            lines.add(f"o_{index} = 0")
            others.append(f"o_{index} = {loaded}")
    if others:
        with lines.under("if narrow == 0:"):
            lines.add(*others)


def _open_annual(lines: Lines, context: Context) -> None:
    """The slots of an annual claim, loaded from counters."""
    shape = context.shape
    slots = {str(slot) for slot in context.tracks.starts}
    lines.add(*(f"o_{i} = 0" for i, name in enumerate(context.inputs) if name in slots))
    for load in shape.loads:
        minus = "".join(f" - ({context.balance(name)})" for name in load.minus)
        lines.add(f"amount = {context.balance(load.counter)}{minus}")
        with lines.under("if amount < 0:"):
            lines.add("return 1")
        lines.add(f"o_{context.inputs.index(load.slot)} += amount")


def _count(lines: Lines, context: Context) -> None:
    """Count the claim where its profile says so, once an encounter where the counter says so.

    A mark that is even stands for what is asked only of encounters that were not counted yet.
    """
    shape = context.shape
    if not shape.counted:
        return
    with lines.under(f"if flags & {layout.CAREFUL}:"):
        for index, name in enumerate(shape.counted):
            place = layout.FIRST_BLOCK + len(context.whole.layers) + index
            lines.add(f"late = load32(row, {place})")
            test = "late != 0"
            if shape.counter(name).once_per_encounter:
                test += f" and (late & 1 or known{_stay(shape, name)} == 0)"
            with lines.under(f"if {test}:"):
                lines.add("return late")
    for index, name in enumerate(shape.counted):
        counter, which = shape.counter(name), _stay(shape, name)
        test = f"flags & {1 << (layout.COUNTS_SHIFT + index)}"
        if counter.once_per_encounter:
            test = f"known{which} == 0 and {test}"
        with lines.under(f"if {test}:"):
            spot = f"{context.group(name)}, {context.sums.place_of(name)}"
            lines.add(f"store({spot}, load({spot}) + 1)")
            if counter.once_per_encounter:
                key = layout.stay_key(counter)[0]
                spot = f"{context.group(key)}, {context.sums.place_of(key)}"
                lines.add(f"store({spot}, stay{which})")


def _write(lines: Lines, context: Context) -> None:
    shape = context.shape
    lines.add("", f"out = load(c, {layout.OUT}) + 8 * i")
    with lines.under(f"if detail & {layout.PAYS | layout.LEFT}:"):
        for mask, columns in _by_layers(context).items():
            if not mask:
                _put_all(lines, context, columns)
                continue
            with lines.under(f"if marks & {mask} != 0:"):
                _put_all(lines, context, columns)
    with lines.under(f"if detail & {layout.FUNDS}:"):
        for index, (fund, amount) in enumerate(by_fund(shape).items()):
            _put(lines, context, (f"fund_{fund}", amount, layout.FUNDS, index == 0))
    with lines.under(f"if detail & {layout.SUMS_ONLY}:"):
        names = ["", *totals_of(context.whole)]
        for name, amount in {"": "1", **totals_of(shape)}.items():
            index = names.index(name)
            lines.add(f"store(totals, {index}, load(totals, {index}) + {amount})")
    with lines.under(f"if detail & {layout.MARKS}:"):
        stays = (f" + n{index} * {bit}" for index, bit in enumerate(marks_of(context.whole).stays))
        lines.add(f"store(load(c, {layout.MARKED}), i, marks{''.join(stays)})")


Column = tuple[str, str, int, bool]
"""A column of results: its name, the amount, the bit of what is wanted, whether mostly not zero."""


def _by_layers(context: Context) -> dict[int, list[Column]]:
    """The columns of what is paid and left, by the marks of layers one of which must have drawn.

    Mask 0 stands for columns that need no layer, and for those of the first one.
    """
    tracks, bits = context.tracks, _bits(context)
    likely = _likely(context)
    found: dict[int, list[Column]] = {0: []}
    for number, layer in enumerate(context.shape.layers):
        mask = bits[number] if number else 0
        column = (f"benefit_{layer.name}", f"pay_{number}", layout.PAYS, number == 0)
        found.setdefault(mask, []).append(column)
    masks = _masks(context)
    for track, name in tracks.ends.items():
        if track in tracks.reachable:
            needs_none = track in tracks.starts.values() or masks[track] & _first(bits)
            mask = 0 if needs_none else masks[track]
            column = (name, f"t{track}", layout.LEFT, track in likely)
            found.setdefault(mask, []).append(column)
    return found


def _bits(context: Context) -> list[int]:
    """The marks of the plan's layers."""
    bits = marks_of(context.whole).layers
    return [bits[context.place(number)] for number in range(len(context.shape.layers))]


def _first(bits: Sequence[int]) -> int:
    return bits[0] if bits else 1


def _masks(context: Context) -> dict[int, int]:
    """For each track, the marks of the layers that last made what stands on it.

    What was opened and never drawn counts as made by the first layer.
    """
    tracks, bits = context.tracks, _bits(context)
    masks = dict.fromkeys(tracks.starts.values(), _first(bits))
    for number, pieces in enumerate(tracks.pieces):
        made = [
            target
            for piece in pieces
            if piece.track in masks
            for target in (piece.deductible, piece.coinsurance, *dict(piece.over_ceiling).values())
        ]
        for piece in pieces:
            moved = masks.get(piece.track, 0)
            masks[piece.untouched] = masks.get(piece.untouched, 0) | moved
        for target in made:
            masks[target] = masks.get(target, 0) | bits[number]
    return masks


def _likely(context: Context) -> set[int]:
    """Tracks that mostly hold something: what was opened, what the first layer leaves below."""
    tracks = context.tracks
    drawn = {piece.track for piece in tracks.pieces[0]} if tracks.pieces else set()
    found = set(tracks.starts.values()) - drawn
    for piece in tracks.pieces[0] if tracks.pieces else ():
        found |= {piece.deductible, piece.coinsurance}
    for pieces in tracks.pieces[1:]:
        found |= {piece.untouched for piece in pieces if piece.track in found}
    return found


def _put_all(lines: Lines, context: Context, columns: Sequence[Column]) -> None:
    for bit in (layout.PAYS, layout.LEFT):
        wanted = [column for column in columns if column[2] == bit]
        if wanted:
            with lines.under(f"if detail & {bit}:"):
                for column in wanted:
                    _put(lines, context, column)


def _put(lines: Lines, context: Context, column: Column) -> None:
    """Columns begin as zeros: what mostly is zero is written where it is not."""
    name, amount, _, is_likely = column
    place = f"{8 * context.outputs.index(name)} * stride"
    if is_likely:
        lines.add(f"store(out + {place}, 0, {amount})")
        return
    lines.add(f"amount = {amount}")
    with lines.under("if amount != 0:"):
        lines.add(f"store(out + {place}, 0, amount)")


def by_fund(shape: PlanShape) -> dict[str, str]:
    """What each fund pays, as an expression."""
    parts: dict[str, list[str]] = {}
    for number, layer in enumerate(shape.layers):
        for index, fund in enumerate(layer.funds):
            part = f"pay_{number}" if len(layer.funds) == 1 else f"part_{number}_{index}"
            parts.setdefault(fund, []).append(part)
    return {fund: " + ".join(one) for fund, one in parts.items()}


def totals_of(shape: PlanShape) -> dict[str, str]:
    """The totals of a plan, behind the count of claims: by layer, then by fund."""
    layers = {f"benefit_{layer.name}": f"pay_{n}" for n, layer in enumerate(shape.layers)}
    return layers | {f"fund_{fund}": amount for fund, amount in by_fund(shape).items()}
