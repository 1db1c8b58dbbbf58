"""A what-if on one page, SVG or PNG: what funds pay, for whom it changes, who bears it.

Sums are in one unit for the page, rounded for the eye; the fen stand in the tables. Holds: the same
comparison, form and language give the same bytes.
"""

from __future__ import annotations

from collections.abc import Iterator

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from yibao.base.texts import Language, Text
from yibao.offices.actuary.drawing.pages import GREY, INK, Form, Pen, bar, content_of, rule, sheet
from yibao.offices.actuary.drawing.typography import text_width, wrapped
from yibao.offices.actuary.whatif.grounds import CANNOT_SEE, grounds_told
from yibao.offices.actuary.whatif.panels import (
    LESS,
    MORE,
    SMALL_SIZE,
    DecilesPanel,
    FundsPanel,
    GroupsPanel,
    MovedPanel,
    Words,
)
from yibao.offices.actuary.whatif.shapes import Change, Comparison
from yibao.offices.actuary.whatif.units import rate_told, unit_for

_WIDTH, _MARGIN, _GAP = 860, 40, 34
_HEAD_HEIGHT, _LEFT_WIDTH = 152, 440
_FOOT_LINE = 13.5


def what_if_picture(comparison: Comparison, form: Form, *, language: Language = "zh") -> bytes:
    """Draw a what-if as the content of an SVG or PNG file."""
    sides = comparison.sides
    title = f"{sides.area.in_language(language)} · {sides.reform.in_language(language)}"
    description = " ".join(text.in_language(language) for text in grounds_told(comparison))
    figure = WhatIfPage(comparison, language).figure()
    return content_of(figure, form, title=title, description=description)


class WhatIfPage:
    """One comparison on one page, in one language."""

    def __init__(self, comparison: Comparison, language: Language) -> None:
        self._comparison = comparison
        changes = [change for _, _, change in comparison.funds]
        most = max([0, *(max(c.base_amount, c.reform_amount) for c in changes)])
        self._words = Words(language, unit_for(most, language))
        wide, right = _WIDTH - 2 * _MARGIN, _WIDTH - 2 * _MARGIN - _LEFT_WIDTH - _GAP
        self._funds = FundsPanel(comparison, self._words, width=wide)
        self._groups = GroupsPanel(comparison, self._words, width=_LEFT_WIDTH)
        self._deciles = DecilesPanel(comparison, self._words, width=right)
        self._moved = MovedPanel(comparison, self._words, width=right)

    def figure(self) -> Figure:
        """The page as a figure that fits it exactly."""
        notes = list(self._notes())
        right = self._deciles.height + 26 + self._moved.height
        body = max(self._groups.height, right)
        foot = 30 + _FOOT_LINE * len(notes)
        height = _HEAD_HEIGHT + self._funds.height + 22 + body + foot
        figure, axes = sheet(_WIDTH, height)
        self._draw_head(axes)
        wide = _WIDTH - 2 * _MARGIN
        rule(axes, (_MARGIN, _HEAD_HEIGHT - 14), width=wide)
        self._funds.draw(axes, (_MARGIN, _HEAD_HEIGHT))
        y = _HEAD_HEIGHT + self._funds.height + 22
        rule(axes, (_MARGIN, y - 16), width=wide)
        self._groups.draw(axes, (_MARGIN, y))
        x = _MARGIN + _LEFT_WIDTH + _GAP
        self._deciles.draw(axes, (x, y))
        self._moved.draw(axes, (x, y + self._deciles.height + 26))
        y += body + 6
        rule(axes, (_MARGIN, y), width=wide)
        for place, (line, colour) in enumerate(notes):
            middle = y + 14 + _FOOT_LINE * place
            Pen(axes).write((_MARGIN, middle), line, size=SMALL_SIZE, colour=colour)
        return figure

    def _draw_head(self, axes: Axes) -> None:
        comparison, say = self._comparison, self._words.say
        sides, total = comparison.sides, comparison.total
        base, reform = say(sides.base), say(sides.reform)
        title = say(Text(f"如果：{reform}", f"What if: {reform}"))
        if not sides.reform_reforms:
            title = say(Text(f"从“{base}”到{reform}", f"From {base} to {reform}"))
        size, wide = 18.0, _WIDTH - 2 * _MARGIN
        while text_width(title, size) > wide and size > SMALL_SIZE:
            size -= 0.5
        Pen(axes).write((_MARGIN, 42), title, size=size)
        claims, members = f"{comparison.counts.compared:,}", f"{total.members_count:,}"
        subtitle = Text(
            f"{sides.area.zh} · 对照：{base} · {claims} 张结算单，{members} 人"
            f" · 静态测算 · 单位：{self._words.unit.name}",
            f"{sides.area.en} · against {base} · {claims} claims of {members} members"
            f" · static · amounts in {self._words.unit.name}",
        )
        shown = wrapped(say(subtitle), 10, width=wide - 120)[0]
        Pen(axes).write((_MARGIN, 67), shown, size=10, colour=GREY)
        if comparison.base_grounds.examples_count or comparison.reform_grounds.examples_count:
            told = say(Text("含示例值，只供演示", "with example values"))
            Pen(axes).write((_WIDTH - _MARGIN, 67), told, size=10, colour=LESS, align="right")
        for place, (label, value, detail, colour) in enumerate(self._figures()):
            x = _MARGIN + place * wide / 4
            bar(axes, (x, 86), size=(3, 40), colour=colour)
            Pen(axes).write((x + 12, 94), label, size=9.5, colour=GREY)
            Pen(axes).write((x + 12, 116), value, size=17, colour=colour)
            after = x + 12 + text_width(value, 17) + 8
            Pen(axes).write((after, 117), detail, size=10, colour=GREY)

    def _figures(self) -> Iterator[tuple[str, str, str, str]]:
        """Label, value, detail and colour of the figures at the head."""
        comparison, say = self._comparison, self._words.say
        members = comparison.total.members_count
        benefit = comparison.total.benefit
        amounts = (
            (Text("基金支出", "Funds pay"), benefit),
            (Text("个人负担", "Members bear"), comparison.total.out_of_pocket),
        )
        for label, change in amounts:
            yield say(label), self._changed(change), rate_told(change.change_rate), INK
        counts = (
            (Text("负担减轻", "Bear less"), comparison.winners_count, MORE),
            (Text("负担加重", "Bear more"), comparison.losers_count, LESS),
        )
        for label, count, colour in counts:
            detail = say(Text(f"人，共 {members:,}", f"of {members:,} members"))
            yield say(label), f"{count:,}", detail, colour

    def _changed(self, change: Change) -> str:
        return self._words.unit.told(change.change_amount, signed=True)

    def _notes(self) -> Iterator[tuple[str, str]]:
        comparison, say = self._comparison, self._words.say
        wide = _WIDTH - 2 * _MARGIN - 12
        notes = [(say(text), INK) for text in grounds_told(comparison)]
        heading = say(Text("静态测算看不到：", "What a static what-if cannot see: "))
        joined = "；".join if self._words.language == "zh" else "; ".join
        notes.append((heading + joined(say(text) for text in CANNOT_SEE), GREY))
        made = ", ".join(
            dict.fromkeys(
                (
                    *comparison.base_grounds.engine_versions,
                    *comparison.reform_grounds.engine_versions,
                )
            )
        )
        notes.append((f"yibao · {comparison.sides.area_code} · {comparison.engine} {made}", GREY))
        for note, colour in notes:
            for line in wrapped(note, SMALL_SIZE, width=wide):
                yield line, colour
