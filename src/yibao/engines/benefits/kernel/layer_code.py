"""The code of one layer: the steps of docs/waterfall.md as straight lines over integers.

The steps are those of the reference engine (:mod:`yibao.engines.benefits.layer`), in its order.
Every number is a field of the layer's block, at ``b``; what a plan's shape does not have is not in
the code. Rounding: ``share``, once a layer, on the sum of slice × rate.
"""

from __future__ import annotations

from collections.abc import Sequence

from yibao.base.rates import MILLION
from yibao.engines.benefits.kernel import layout
from yibao.engines.benefits.kernel.marks import marks_of
from yibao.engines.benefits.kernel.shapes import BandsShape, CeilingShape, LayerShape, TopUpShape
from yibao.engines.benefits.kernel.sharing_code import Pricing, share_out
from yibao.engines.benefits.kernel.text import Context, Lines
from yibao.engines.benefits.kernel.tracks import Piece

GROWN = {
    "drawn": "base",
    "admitted": "admitted",
    "deductible": "taken",
    "covered": "covered",
}
"""What a counter that the layer feeds grows by; what is paid has a name by layer."""


def write_layer(lines: Lines, number: int, *, context: Context) -> None:
    """Write one layer of a plan: ``pay_<number>`` is what it pays."""
    _Writer(lines, number, context).write()


class _Writer:
    def __init__(self, lines: Lines, number: int, context: Context) -> None:
        self.lines = lines
        self.number = number
        self.place = context.place(number)
        self.context = context
        self.layer: LayerShape = context.shape.layers[number]
        self.pieces: Sequence[Piece] = context.tracks.pieces[number]
        self.fields = layout.fields(self.layer)
        self.pay = f"pay_{number}"

    def field(self, name: str) -> str:
        return f"load(b, {self.fields[name]})"

    def write(self) -> None:
        lines = self.lines
        lines.add("", f"# {self.layer.name}", f"b = load32(row, {layout.FIRST_BLOCK + self.place})")
        if self.layer.has_state:
            with lines.under("if b > 0:"):
                lines.add(f"b = blocks + 8 * (b + {self._stay_offset()})", "state = load(b, 0)")
            with lines.under("else:"):
                lines.add("state = b")
        else:
            lines.add("state = b", "b = blocks + 8 * b")
        whole = " + ".join(f"t{piece.track}" for piece in self.pieces) or "0"
        with lines.under("if state > 0:"):
            self._draw(whole)
            with lines.under("if base > 0:"):
                self._mark()
                if self.layer.has_shares:
                    lines.add(f"rest = {self.field('rest')}")
                    with lines.under("if rest != 0:"):
                        lines.add("return rest")
                self._steps()
            self._keep_undrawn()
        with lines.under("else:"):
            with lines.under(f"if state < 0 and ({whole} > 0 or state & 1):"):
                lines.add("return -state")
            for piece in self.pieces:
                lines.add(f"t{piece.untouched} += t{piece.track}")

    def _stay_offset(self) -> str:
        """How far the block of this stay's number lies behind that of the first stay."""
        stride, parts = len(self.fields), []
        for index in self.layer.nth:
            parts.append(f"(n{index} - 1) * {stride}")
            stride *= self.context.shape.stays[index].at_most
        return " + ".join(parts)

    def _draw(self, whole: str) -> None:
        """Step 1: a share is drawn half up, track by track."""
        for piece in self.pieces:
            if piece.has_share:
                track = piece.track
                self.lines.add(f"part = {self.field(f'share.{piece.draw}')}")
                with self.lines.under("if part < 0:"):
                    with self.lines.under(f"if t{track} > 0:"):
                        self.lines.add("return -part")
                    self.lines.add("part = 0")
                self.lines.add(f"d{track} = share(t{track} * part)")
        drawn = " + ".join(_drawn(piece) for piece in self.pieces)
        self.lines.add(f"base = {drawn or whole}")

    def _mark(self) -> None:
        """Note that the layer drew, and by which shares: what it asked follows from that."""
        marks = marks_of(self.context.whole)
        self.lines.add(f"marks += {marks.layers[self.place]}")
        for draw, bit in marks.shares[self.place].items():
            tracks = [f"t{piece.track}" for piece in self.pieces if piece.draw == draw]
            with self.lines.under(f"if {' + '.join(tracks) or '0'} > 0:"):
                self.lines.add(f"marks += {bit}")

    def _keep_undrawn(self) -> None:
        for piece in self.pieces:
            if piece.has_share:
                self.lines.add(f"t{piece.untouched} += t{piece.track} - d{piece.track}")

    def _steps(self) -> None:
        admitted_by = self._bound("before", self.layer.before, "admitted", "base")
        self._deductible()
        cover_by = self._bound("after", self.layer.after, "cover", "admitted - taken")
        pricing, paid_by = self._priced()
        cut_by = {"before": admitted_by, "after": cover_by, "payment": paid_by}
        share_out(self.lines, (self.layer, self.pieces), pricing=pricing, cut_by=cut_by)
        self._feed()
        self._fund()
        with self.lines.under(f"if detail & {layout.FIGURES}:"):
            place = f"{self.place * len(layout.FIGURES_OF_LAYER)}"
            for index, figure in enumerate(layout.FIGURES_OF_LAYER):
                value = self.pay if figure == "pay" else figure
                self.lines.add(f"store(trace, {place} + {index}, {value})")

    # Steps 2 and 4

    def _bound(self, section: str, ceilings: Sequence[CeilingShape], name: str, amount: str) -> str:
        """The least of an amount and every room; says which ceiling binds where that matters."""
        lines = self.lines
        lines.add(f"{name} = {amount}")
        which = ""
        for index, ceiling in enumerate(ceilings):
            lines.add(f"room = {self._room(f'{section}.{index}', ceiling)}")
            if self._is_told_apart(ceilings):
                which = f"{section}_by"
                if index == 0:
                    lines.add(f"{which} = 0")
                with lines.under(f"if room < {name}:"):
                    lines.add(f"{name} = room", f"{which} = {index}")
            else:
                lines.add(f"{name} = least({name}, room)")
        return which

    def _is_told_apart(self, ceilings: Sequence[CeilingShape]) -> bool:
        """Whether some track goes elsewhere by the ceiling that binds."""
        return any(
            len({piece.over(ceiling.name) for ceiling in ceilings}) > 1 for piece in self.pieces
        )

    def _room(self, place: str, ceiling: CeilingShape) -> str:
        balance = self._balance(place, ceiling.counters)
        if balance == "0":
            return self.field(place)
        return f"most({self.field(place)} - ({balance}), 0)"

    def _balance(self, place: str, counters: Sequence[str]) -> str:
        """The balance of the counter that the block chooses."""
        if len(counters) == 1:
            return self.context.balance(counters[0])
        self.lines.add(f"choice = {self.field(f'{place}.counter')}", "balance = 0")
        for index, name in enumerate(counters):
            if layout.is_remembered(name):
                with self.lines.under(f"if choice == {index}:"):
                    self.lines.add(f"balance = {self.context.balance(name)}")
        return "balance"

    # Step 3

    def _deductible(self) -> None:
        rule = self.layer.deductible
        if rule is None:
            self.lines.add("taken = 0")
            return
        balance = self._balance("due", rule.counters)
        self.lines.add(f"taken = most({self.field('due')} - ({balance}), 0)")
        if rule.yearly_maximum is not None:
            room = self._room("maximum.0", rule.yearly_maximum)
            self.lines.add(f"taken = least(taken, {room})")
        self.lines.add("taken = least(taken, admitted)")

    # Step 5

    def _price(self) -> Pricing:
        """``reached``, ``uncapped``, and the bands' parts of the cost: ``a<i>`` at ``r<i>``."""
        pays = self.layer.pays
        if isinstance(pays, TopUpShape):
            return self._top_up(pays)
        return self._whole(pays) if pays.mode == "whole" else self._slices(pays)

    def _top_up(self, pays: TopUpShape) -> Pricing:
        names = [layer.name for layer in self.context.shape.layers[: self.number]]
        paid = [f"pay_{names.index(name)}" for name in pays.counting if name in names]
        target = self.field("target")
        original = " + ".join(self.context.original(slot) for slot in pays.of) or "0"
        if pays.by_share:
            target = f"share(({original}) * {target})"
        elif pays.of:
            target = f"least({target}, {original})"
        missing = f"most({' - '.join([target, *paid])}, 0)"
        self.lines.add("reached = cover", f"uncapped = least(cover, {missing})")
        return Pricing(self.number, 0)

    def _start(self, pays: BandsShape) -> None:
        balance = self._balance("position", pays.positions)
        taken = " + taken" if pays.is_measured_from_zero else ""
        self.lines.add(f"low = {balance}{taken}", "high = low + cover")

    def _whole(self, pays: BandsShape) -> Pricing:
        self._start(pays)
        self.lines.add("r0 = -1")
        for index in range(pays.count):
            with self.lines.under(f"if {self.field(f'start.{index}')} <= high:"):
                self.lines.add(f"r0 = {self.field(f'rate.{index}')}")
        with self.lines.under("if r0 < 0:"):
            with self.lines.under("if cover > 0:"):
                self.lines.add("return 1")
            self.lines.add("r0 = 0")
        self.lines.add("a0 = cover", "reached = cover", "uncapped = share(a0 * r0)")
        return Pricing(self.number, 1)

    def _slices(self, pays: BandsShape) -> Pricing:
        lines, count = self.lines, pays.count
        for index in range(count):
            lines.add(f"r{index} = {self.field(f'rate.{index}')}")
        if count == 1 and not pays.has_end:
            lines.add("a0 = cover", "reached = cover")
        else:
            self._start(pays)
            edge = ""
            for index in range(count):
                is_last = index == count - 1 and not pays.has_end
                if not is_last:
                    lines.add(f"e{index} = {self.field(f'edge.{index}')}")
                top = "high" if is_last else f"least(high, e{index})"
                bottom = f"most(low, {edge})" if edge else "low"
                lines.add(f"a{index} = most({top} - {bottom}, 0)")
                edge = f"e{index}"
            whole = " + ".join(f"a{index}" for index in range(count))
            lines.add(f"reached = {whole if pays.has_end else 'cover'}")
        products = " + ".join(f"a{index} * r{index}" for index in range(count))
        lines.add(f"uncapped = share({products})")
        return Pricing(self.number, count)

    def _priced(self) -> tuple[Pricing, str]:
        """Steps 5 and 6. A later layer mostly ends in its deductible, and then prices nothing."""
        if self.layer.deductible is None or not self.number:
            pricing = self._price()
            return pricing, self._hold(pricing)
        lines, pays = self.lines, self.layer.pays
        count = pays.count if isinstance(pays, BandsShape) else 0
        lines.add(*(f"a{index} = 0" for index in range(count)))
        lines.add(*(f"r{index} = 0" for index in range(count)))
        if self._is_told_apart(self.layer.payment):
            lines.add("payment_by = 0")
        lines.add("reached = 0", "uncapped = 0", "covered = 0")
        with lines.under("if cover > 0:"):
            pricing = self._price()
            return pricing, self._hold(pricing)

    # Step 6

    def _hold(self, pricing: Pricing) -> str:
        which = self._bound("payment", self.layer.payment, self.pay, "uncapped")
        self.lines.add("covered = reached")
        if not self.layer.payment:
            return which
        with self.lines.under(f"if {self.pay} < uncapped:"):
            if pricing.bands_count:
                self._largest_covered(pricing.bands_count)
            else:
                self.lines.add(f"covered = {self.pay}")
        return which

    def _largest_covered(self, count: int) -> None:
        """The largest cost that pays no more than the room, walked band by band."""
        self.lines.add(f"left = {self.pay} * {MILLION} + {MILLION // 2 - 1}")
        self._walk(0, count)
        self.lines.add(f"covered = {' + '.join(f'a{index}' for index in range(count))}")

    def _walk(self, index: int, count: int) -> None:
        lines = self.lines
        if index == count - 1:
            lines.add(f"a{index} = quotient(left, r{index})")
            return
        lines.add(f"product = a{index} * r{index}")
        with lines.under("if exceeds(product, left):"):
            lines.add(f"a{index} = quotient(left, r{index})")
            lines.add(*(f"a{later} = 0" for later in range(index + 1, count)))
        with lines.under("else:"):
            lines.add("left -= product")
            self._walk(index + 1, count)

    # Step 9

    def _feed(self) -> None:
        lines = self.lines
        for name, has_condition in self.layer.feeds:
            counter = self.context.shape.counter(name)
            grown = GROWN.get(counter.adds, self.pay)
            place = f"{self.context.group(name)}, {self.context.sums.place_of(name)}"
            feeding = f"store({place}, load({place}) + {grown})"
            if has_condition:
                with lines.under(f"if {self.field(f'feed.{name}')} != 0:"):
                    lines.add(feeding)
            else:
                lines.add(feeding)

    def _fund(self) -> None:
        """Rounding: largest remainder, once a layer, ties to the first listed."""
        count = len(self.layer.funds)
        if count < 2:
            return
        lines = self.lines
        for index in range(count):
            lines.add(
                f"product = {self.pay} * {self.field(f'payer.{index}')}",
                f"p{index} = quotient(product, {MILLION})",
                f"q{index} = product - p{index} * {MILLION}",
            )
        parts = " - ".join(f"p{index}" for index in range(count))
        lines.add(f"missing = {self.pay} - {parts}")
        for index in range(count):
            before = [f"1 - ahead(q{index}, q{other})" for other in range(index)]
            behind = [f"ahead(q{other}, q{index})" for other in range(index + 1, count)]
            rank = " + ".join([*before, *behind])
            lines.add(f"part_{self.number}_{index} = p{index} + ahead(missing, {rank})")


def _drawn(piece: Piece) -> str:
    return f"{'d' if piece.has_share else 't'}{piece.track}"
