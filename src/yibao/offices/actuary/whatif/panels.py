"""The panels of a what-if's page: funds, groups, tenths of burden, winners and losers.

A panel knows its height before it is drawn. Blue is more for members, brown is less, on every
panel; grey is what was before. Places on the page are all that is not an integer here.
"""

from __future__ import annotations

from dataclasses import dataclass

from matplotlib.axes import Axes

from yibao.base.texts import Language, Text
from yibao.offices.actuary.drawing.pages import (
    FAINT,
    FUND_COLOURS,
    GREY,
    INK,
    MEMBER_COLOUR,
    TRACK,
    Pen,
    bar,
    key,
    rule,
)
from yibao.offices.actuary.drawing.typography import text_width, wrapped
from yibao.offices.actuary.whatif.shapes import Band, Change, Comparison, Decile, Effect
from yibao.offices.actuary.whatif.units import Unit, range_told, rate_told, yuan_of

MORE, LESS, BEFORE, SAME = FUND_COLOURS[0], MEMBER_COLOUR, "#B4BEC8", "#7C8894"
TITLE_SIZE, LABEL_SIZE, SMALL_SIZE = 12.5, 9.5, 8.5
_HEAD = 44
Place = tuple[float, float]
_LEAST_BAR = 1.5  # the smallest amount is still to be seen


@dataclass(frozen=True, slots=True)
class Words:
    """How a page speaks: its language and the unit of its sums."""

    language: Language
    unit: Unit

    def say(self, text: Text) -> str:
        """A text in the page's language."""
        return text.in_language(self.language)

    def begun(self, text: Text) -> str:
        """A text as the beginning of a line."""
        said = self.say(text)
        return f"{said[:1].upper()}{said[1:]}" if self.language == "en" else said

    def head(self, axes: Axes, place: Place, *, texts: tuple[Text, Text]) -> None:
        """A panel's title, and below it what its marks mean."""
        x, y = place
        Pen(axes).write((x, y + 7), self.say(texts[0]), size=TITLE_SIZE)
        Pen(axes).write((x, y + 25), self.say(texts[1]), size=SMALL_SIZE, colour=GREY)


def _colour(amount: int) -> str:
    if amount == 0:
        return SAME
    return MORE if amount > 0 else LESS


class FundsPanel:
    """Before and after, fund by fund on one scale, with the change in a column of its own."""

    _ROW, _BAR, _LABEL, _AMOUNT, _CHANGE = 38, 11, 150, 90, 160

    def __init__(self, comparison: Comparison, words: Words, *, width: float) -> None:
        self._funds, self._words, self._width = comparison.funds, words, width
        self._most = max([1, *(max(c.base_amount, c.reform_amount) for _, _, c in self._funds)])
        self.height: float = _HEAD + self._ROW * max(len(self._funds), 1)

    def draw(self, axes: Axes, place: Place) -> None:
        """Draw it from its upper left corner."""
        x, y = place
        nothing = Text("", "")
        title = Text("各基金支出", "What each fund pays")
        self._words.head(axes, place, texts=(title, nothing))
        self._draw_keys(axes, x, y + 25)
        if not self._funds:
            told = Text("两边基金都没有支付", "no fund pays anything on either side")
            Pen(axes).write(
                (x, y + _HEAD + 12), self._words.say(told), size=LABEL_SIZE, colour=GREY
            )
        for number, (_, label, change) in enumerate(self._funds):
            top = y + _HEAD + number * self._ROW
            said = self._words.begun(label)
            lines = wrapped(said, LABEL_SIZE, width=self._LABEL - 12)[:2]
            for row, line in enumerate(lines):
                middle = top + 12 + 12 * (row - (len(lines) - 1) / 2)
                Pen(axes).write((x, middle), line, size=LABEL_SIZE)
            self._draw_bars(axes, x + self._LABEL, top, change=change)
            self._draw_change(axes, x + self._width, top + 12, change=change)

    def _draw_bars(self, axes: Axes, x: float, top: float, *, change: Change) -> None:
        full = self._width - self._LABEL - self._AMOUNT - self._CHANGE
        after = _colour(change.change_amount)
        rows = ((change.base_amount, BEFORE, GREY), (change.reform_amount, after, INK))
        for number, (amount, fill, ink) in enumerate(rows):
            y = top + number * (self._BAR + 2)
            length = max(full * amount / self._most, _LEAST_BAR if amount else 0)
            bar(axes, (x, y), size=(length, self._BAR), colour=fill)
            told = self._words.unit.told(amount)
            place = (x + length + 6, y + self._BAR / 2)
            Pen(axes).write(place, told, size=SMALL_SIZE, colour=ink)

    def _draw_change(self, axes: Axes, right: float, middle: float, *, change: Change) -> None:
        amount = change.change_amount
        told = self._words.unit.told(amount, signed=True)
        colour = _colour(amount)
        Pen(axes).write((right - 64, middle), told, size=11, colour=colour, align="right")
        if amount:
            rate = rate_told(change.change_rate)
            Pen(axes).write((right, middle), rate, size=LABEL_SIZE, colour=GREY, align="right")

    def _draw_keys(self, axes: Axes, x: float, y: float) -> None:
        for text, colour in (
            (Text("改革前", "before"), BEFORE),
            (Text("改革后，支付增加", "after, pays more"), MORE),
            (Text("改革后，支付减少", "after, pays less"), LESS),
            (Text("改革后，不变", "after, the same"), SAME),
        ):
            label = self._words.say(text)
            key(axes, (x, y), colour=colour)
            Pen(axes).write((x + 15, y), label, size=SMALL_SIZE, colour=GREY)
            x += 15 + text_width(label, SMALL_SIZE) + 18


class GroupsPanel:
    """The change of what the funds pay for every group that it changes for."""

    _ROW, _BAR, _TITLE, _GAP = 19, 11, 20, 8
    _LABEL, _AMOUNT, _MEMBERS = 128, 66, 56

    def __init__(self, comparison: Comparison, words: Words, *, width: float) -> None:
        self._words, self._width = words, width
        parted = [one for one in comparison.groupings if len(one.groups) > 1]
        self._blocks = [
            (grouping.label, rows, len(grouping.groups) - len(rows))
            for grouping in parted or comparison.groupings[:1]
            if (rows := [(t, e) for _, t, e in grouping.groups if e.changed_members_count])
        ]
        changes = [e.benefit.change_amount for _, rows, _ in self._blocks for _, e in rows]
        self._most, self._least = max([0, *changes]), min([0, *changes])
        rows_count = sum(len(rows) for _, rows, _ in self._blocks)
        block = self._TITLE + self._GAP
        self.height: float = _HEAD + rows_count * self._ROW + max(block * len(self._blocks), 20)

    def draw(self, axes: Axes, place: Place) -> None:
        """Draw it from its upper left corner."""
        x, y = place
        unit = self._words.unit.name
        title = Text("各类人群：基金支付的变化", "By group: change of what the funds pay")
        detail = Text(
            f"{unit}；右列为待遇有变化的人数", f"{unit}; on the right, members it changes for"
        )
        self._words.head(axes, place, texts=(title, detail))
        y += _HEAD
        if not self._blocks:
            told = Text("没有任何人群的待遇变化", "nothing changes for any group")
            Pen(axes).write((x, y + 10), self._words.say(told), size=LABEL_SIZE, colour=GREY)
        for label, rows, unchanged in self._blocks:
            said = self._words.begun(label)
            Pen(axes).write((x, y + 9), said, size=LABEL_SIZE, colour=GREY)
            after = x + text_width(said, LABEL_SIZE) + 10
            if unchanged:
                told = Text(f"另 {unchanged} 组无变化", f"{unchanged} more unchanged")
                Pen(axes).write((after, y + 9), self._words.say(told), size=7.5, colour=GREY)
                after += text_width(self._words.say(told), 7.5) + 10
            rule(axes, (after, y + 9), width=x + self._width - after)
            y += self._TITLE
            for text, effect in rows:
                self._draw_row(axes, x, y, text=text, effect=effect)
                y += self._ROW
            y += self._GAP

    def _draw_row(self, axes: Axes, x: float, y: float, *, text: Text, effect: Effect) -> None:
        middle, amount = y + self._ROW / 2, effect.benefit.change_amount
        said = self._words.begun(text)
        lines = wrapped(said, LABEL_SIZE, width=self._LABEL - 8)
        label = lines[0] if len(lines) == 1 else f"{lines[0][:-1].rstrip()}…"
        Pen(axes).write((x + 8, middle), label, size=LABEL_SIZE)
        left = x + self._LABEL + 8
        full = self._width - self._LABEL - self._AMOUNT - self._MEMBERS - 16
        scale = full / max(self._most - self._least, 1)
        zero = left - self._least * scale
        bar(axes, (left, middle - self._BAR / 2), size=(full, self._BAR), colour=TRACK)
        length = max(abs(amount) * scale, _LEAST_BAR if amount else 0)
        start = zero - length if amount < 0 else zero
        place = (start, middle - self._BAR / 2)
        bar(axes, place, size=(length, self._BAR), colour=_colour(amount))
        axes.plot([zero, zero], [y + 1, y + self._ROW - 1], color=GREY, linewidth=0.8)
        right = x + self._width
        told = self._words.unit.told(amount, signed=True)
        Pen(axes).write((right - self._MEMBERS, middle), told, size=LABEL_SIZE, align="right")
        count = f"{effect.changed_members_count:,}"
        Pen(axes).write((right, middle), count, size=LABEL_SIZE, colour=GREY, align="right")


class DecilesPanel:
    """What a member bears more or less, on average, in each tenth of the members."""

    _PLOT, _FOOT = 120, 46

    def __init__(self, comparison: Comparison, words: Words, *, width: float) -> None:
        self._deciles, self._words, self._width = comparison.deciles, words, width
        means = [decile.mean_change_amount for decile in self._deciles]
        self._most, self._least = max([0, *means]), min([0, *means])
        self.height: float = _HEAD + self._PLOT + self._FOOT

    def draw(self, axes: Axes, place: Place) -> None:
        """Draw it from its upper left corner."""
        x, y = place
        title = Text("个人负担的变化，按原负担十等分", "Change of burden, by tenths of members")
        detail = Text(
            "人均，元；下行为占原负担的比例", "yuan a member; below, share of the burden before"
        )
        self._words.head(axes, place, texts=(title, detail))
        top, step = y + _HEAD + 12, self._width / max(len(self._deciles), 1)
        scale = (self._PLOT - 24) / max(self._most - self._least, 1)
        zero = top + self._most * scale
        for number, decile in enumerate(self._deciles):
            middle, mean = x + (number + 0.5) * step, decile.mean_change_amount
            length = max(abs(mean) * scale, _LEAST_BAR if mean else 0)
            start = zero - length if mean > 0 else zero
            corner = (middle - 0.34 * step, start)
            bar(axes, corner, size=(0.68 * step, length), colour=_colour(-mean))
            label = start - 7 if mean > 0 else start + length + 7
            colour = _colour(-mean)
            told = _mean_told(mean)
            Pen(axes).write((middle, label), told, size=7, colour=colour, align="center")
            self._draw_foot(axes, middle, y + _HEAD + self._PLOT + 8, decile=decile)
        rule(axes, (x, zero), width=self._width, colour=GREY)
        foot = y + self.height - 6
        least, most = Text("原负担最轻", "bore least"), Text("原负担最重", "bore most")
        Pen(axes).write((x, foot), self._words.say(least), size=SMALL_SIZE, colour=GREY)
        right = (x + self._width, foot)
        Pen(axes).write(right, self._words.say(most), size=SMALL_SIZE, colour=GREY, align="right")

    def _draw_foot(self, axes: Axes, middle: float, y: float, *, decile: Decile) -> None:
        Pen(axes).write((middle, y), str(decile.number), size=SMALL_SIZE, align="center")
        rate = decile.out_of_pocket.change_rate
        told = rate_told(rate) if decile.out_of_pocket.change_amount else "0%"
        Pen(axes).write((middle, y + 12), told, size=6.5, colour=GREY, align="center")


class MovedPanel:
    """How many members win and how many lose, by how much."""

    _ROW, _BAR, _LABEL = 20, 12, 96

    def __init__(self, comparison: Comparison, words: Words, *, width: float) -> None:
        self._comparison, self._words, self._width = comparison, words, width
        counts = [max(b.winners_count, b.losers_count) for b in comparison.bands]
        self._most = max([1, *counts])
        self.height: float = _HEAD + 14 + self._ROW * len(comparison.bands)

    def draw(self, axes: Axes, place: Place) -> None:
        """Draw it from its upper left corner."""
        x, y = place
        comparison = self._comparison
        unmoved = comparison.total.members_count - comparison.winners_count
        unmoved -= comparison.losers_count
        title = Text("受益与受损人数，按金额", "Winners and losers, by amount")
        detail = Text(
            f"另有 {unmoved:,} 人个人负担不变", f"{unmoved:,} more members bear what they bore"
        )
        self._words.head(axes, place, texts=(title, detail))
        half = (self._width - self._LABEL) / 2
        middle = x + self._LABEL + half
        y += _HEAD
        more, less = (
            self._words.say(text)
            for text in (Text("负担加重", "bear more"), Text("负担减轻", "bear less"))
        )
        Pen(axes).write((middle - 6, y), more, size=SMALL_SIZE, colour=LESS, align="right")
        Pen(axes).write((middle + 6, y), less, size=SMALL_SIZE, colour=MORE)
        for number, band in enumerate(comparison.bands):
            top = y + 14 + number * self._ROW
            self._draw_row(axes, x, top, middle=middle, full=half - 40, band=band)

    def _draw_row(
        self, axes: Axes, x: float, y: float, *, middle: float, full: float, band: Band
    ) -> None:
        centre = y + self._BAR / 2
        said = self._words.say(range_told(band.above_amount, band.most_amount))
        Pen(axes).write((x, centre), said, size=LABEL_SIZE)
        axes.plot([middle, middle], [y - 3, y + self._BAR + 3], color=GREY, linewidth=0.8)
        losers = max(full * band.losers_count / self._most, _LEAST_BAR if band.losers_count else 0)
        bar(axes, (middle - losers, y), size=(losers, self._BAR), colour=LESS)
        told = f"{band.losers_count:,}"
        colour = INK if band.losers_count else FAINT
        Pen(axes).write(
            (middle - losers - 5, centre), told, size=SMALL_SIZE, colour=colour, align="right"
        )
        winners = full * band.winners_count / self._most
        winners = max(winners, _LEAST_BAR if band.winners_count else 0)
        bar(axes, (middle, y), size=(winners, self._BAR), colour=MORE)
        colour = INK if band.winners_count else FAINT
        told = f"{band.winners_count:,}"
        Pen(axes).write((middle + winners + 5, centre), told, size=SMALL_SIZE, colour=colour)


def _mean_told(amount: int) -> str:
    """A mean change: whole yuan where they are many, else with fen."""
    if not amount:
        return "0"
    told = yuan_of("zh").told(amount, signed=True)
    return told if len(told) <= len("+99.99") else told.rpartition(".")[0]
