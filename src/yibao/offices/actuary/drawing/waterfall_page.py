"""The page of the waterfall: rows from the top, labels left, steps in the middle, amounts right.

The amounts stand in a column of their own, so that the smallest is as readable as the largest.
Where little is left to the member, its reasons are drawn on a scale of their own, and the page says
so. All measures are points; a place on the page is the only thing here that is not an integer.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Polygon

from yibao.base.money import format_yuan, round_half_up
from yibao.base.texts import Language, Text
from yibao.engines.benefits.explain.reasons import GROUPS
from yibao.engines.benefits.explain.shapes import Explanation
from yibao.engines.benefits.explain.text_grounds import examples_told
from yibao.offices.actuary.drawing.pages import (
    FUND_COLOURS,
    GREY,
    INK,
    MEMBER_COLOUR,
    TRACK,
    Pen,
    bar,
    key,
    rule,
    sheet,
)
from yibao.offices.actuary.drawing.typography import text_width, wrapped
from yibao.offices.actuary.drawing.waterfall import Part, WaterfallStep, waterfall_steps

_COLOURS = {
    "submitted": "#44546A",
    "member": MEMBER_COLOUR,
    "catalogue": "#9A8F84",
    "no_benefit": "#D9C04A",
    "member_share": "#E69F00",
    "ceiling": "#D55E00",
}

_WIDTH, _MARGIN, _GAP = 780, 40, 18
_LABEL_WIDTH, _SHARE_WIDTH, _INDENT = 214, 44, 12
_HEAD_HEIGHT, _BAR_HEIGHT = 144, 20
_LABEL_LINE, _DETAIL_LINE, _FOOT_LINE = 15, 12.5, 14
_TOTAL_SIZE, _LABEL_SIZE, _DETAIL_SIZE, _SMALL_SIZE = 12, 11, 8.5, 9.5
_ZOOM_BELOW = 5  # less than a fifth left: the reasons get a scale of their own


@dataclass(frozen=True, slots=True)
class _Row:
    """A step with its texts broken into lines, and its height."""

    step: WaterfallStep
    label: tuple[str, ...]
    detail: tuple[str, ...]
    height: float

    @property
    def is_total(self) -> bool:
        """Whether it is a sum and not a part."""
        return self.step.kind in ("submitted", "member")


@dataclass(frozen=True, slots=True)
class _Scale:
    """Where the bars begin and end, and the amount that fills them."""

    left: float
    right: float
    full_amount: int

    def x(self, amount: int) -> float:
        """The place of an amount."""
        return self.left + (self.right - self.left) * amount / max(self.full_amount, 1)


class WaterfallPage:
    """One explanation on one page, in one language."""

    def __init__(self, explanation: Explanation, language: Language) -> None:
        self._explanation = explanation
        self._language = language
        self._rows = [self._row(step) for step in waterfall_steps(explanation)]
        amounts = max(text_width(_amount(row.step), _TOTAL_SIZE) for row in self._rows)
        right = _WIDTH - _MARGIN - _SHARE_WIDTH - amounts - _GAP
        own, submitted = explanation.out_of_pocket_amount, explanation.submitted_amount
        self._is_enlarged = 0 < own * _ZOOM_BELOW < submitted
        self._scale = _Scale(_MARGIN + _LABEL_WIDTH + _GAP, right, submitted)
        self._reason_scale = _Scale(
            self._scale.left, right, own if self._is_enlarged else submitted
        )
        funds = [paid.fund for paid in explanation.paid_by]
        self._colours = _COLOURS | {
            fund: FUND_COLOURS[place % len(FUND_COLOURS)] for place, fund in enumerate(funds)
        }

    def figure(self) -> Figure:
        """The page as a figure that fits it exactly."""
        legend, notes = list(self._legend()), list(self._notes())
        legend_rows = 1 + max((row for row, _, _, _ in legend), default=0)
        steps_height = sum(self._above(row) + row.height for row in self._rows)
        foot_height = 30 + 20 * legend_rows + _FOOT_LINE * len(notes) + _MARGIN / 2
        height = _HEAD_HEIGHT + steps_height + foot_height
        figure, axes = sheet(_WIDTH, height)
        self._draw_head(axes)
        self._draw_steps(axes)
        y = _HEAD_HEIGHT + steps_height + 30
        for row, x, label, colour in legend:
            key(axes, (x, y + 20 * row), colour=colour)
            Pen(axes).write((x + 16, y + 20 * row), label, size=_SMALL_SIZE)
        y += 20 * legend_rows + 4
        for place, (note, colour) in enumerate(notes):
            Pen(axes).write(
                (_MARGIN, y + _FOOT_LINE * place), note, size=_DETAIL_SIZE, colour=colour
            )
        return figure

    # -- the head ------------------------------------------------------------------------------

    def _draw_head(self, axes: Axes) -> None:
        explanation = self._explanation
        plan = explanation.plan_label.in_language(self._language)
        title = self._say(Text("这张结算单怎么报销", "How this bill is paid"))
        size = 17.0
        while text_width(f"{title} · {plan}", size) > _WIDTH - 2 * _MARGIN and size > _LABEL_SIZE:
            size -= 1
        Pen(axes).write((_MARGIN, 40), f"{title} · {plan}", size=size)
        day = explanation.chosen_on.isoformat()
        subtitle = Text(
            f"结算单 {explanation.claim_id}　适用 {day} 的规定　单位：元",
            f"Claim {explanation.claim_id}   law of {day}   amounts in yuan",
        )
        Pen(axes).write((_MARGIN, 63), self._say(subtitle), size=10, colour=GREY)
        figures = (
            (Text("医疗费总额", "Charged"), explanation.submitted_amount, INK),
            (Text("基金支付", "Paid by funds"), explanation.benefit_amount, FUND_COLOURS[0]),
            (
                Text("个人负担", "Left to the member"),
                explanation.out_of_pocket_amount,
                _COLOURS["member"],
            ),
        )
        for place, (label, amount, colour) in enumerate(figures):
            x = _MARGIN + place * (_WIDTH - 2 * _MARGIN) / len(figures)
            bar(axes, (x, 84), size=(3, 40), colour=colour)
            Pen(axes).write((x + 12, 93), self._say(label), size=_SMALL_SIZE, colour=GREY)
            told = format_yuan(amount, grouped=True)
            Pen(axes).write((x + 12, 114), told, size=17, colour=colour)
            if place:
                after = x + 12 + text_width(told, 17) + 8
                Pen(axes).write((after, 115), self._share(amount), size=10, colour=GREY)

    # -- the steps -----------------------------------------------------------------------------

    def _draw_steps(self, axes: Axes) -> None:
        y = float(_HEAD_HEIGHT)
        rule(axes, (_MARGIN, y), width=_WIDTH - 2 * _MARGIN)
        before: tuple[float, float] | None = None  # where the last bar's outlet is
        for row in self._rows:
            scale = self._reason_scale if row.step.kind == "reason" else self._scale
            y += self._above(row)
            top = y + (row.height - _BAR_HEIGHT) / 2
            if before is not None:
                x, bottom = before
                axes.plot([x, x], [bottom, top], color=GREY, lw=0.8, linestyle=(0, (2, 2)))
            self._draw_row(axes, row, top, scale=scale)
            outlet = row.step.end_amount if row.is_total else row.step.start_amount
            before = (scale.x(outlet), top + _BAR_HEIGHT)
            y += row.height
            if row.step.kind == "member" and self._is_enlarged:
                self._draw_enlargement(axes, top + _BAR_HEIGHT, y + self._after_total())
                before = None
        rule(axes, (_MARGIN, y + 6), width=_WIDTH - 2 * _MARGIN)

    def _draw_row(self, axes: Axes, row: _Row, top: float, *, scale: _Scale) -> None:
        step, middle = row.step, top + _BAR_HEIGHT / 2
        colour = GREY if step.kind == "silent" else INK
        _draw_label(axes, row, middle, colour=colour)
        track = scale.right - scale.left
        bar(axes, (scale.left, top), size=(track, _BAR_HEIGHT), colour=TRACK)
        end = step.end_amount
        for part in step.parts:
            if part.amount:
                self._draw_bar(axes, part, top, ends=(scale.x(end - part.amount), scale.x(end)))
            end -= part.amount
        if step.kind == "silent":
            x = scale.x(step.end_amount)
            axes.plot([x, x], [top, top + _BAR_HEIGHT], color=GREY, linewidth=1)
        edge = _WIDTH - _MARGIN
        place = edge - _SHARE_WIDTH
        Pen(axes).write(
            (place, middle), _amount(step), size=_TOTAL_SIZE, colour=colour, align="right"
        )
        if step.amount:
            share = self._share(step.amount)
            Pen(axes).write((edge, middle), share, size=9, colour=GREY, align="right")

    def _draw_bar(self, axes: Axes, part: Part, top: float, *, ends: tuple[float, float]) -> None:
        width = max(ends[1] - ends[0], 1.5)  # the smallest amount is still to be seen
        x = min(ends[0], self._scale.right - width)
        colour = self._colours[part.colour_of]
        bar(axes, (x, top), size=(width, _BAR_HEIGHT), colour=colour)

    def _draw_enlargement(self, axes: Axes, top: float, bottom: float) -> None:
        left, right = self._scale.left, self._scale.right
        own = self._scale.x(self._explanation.out_of_pocket_amount)
        corners = [(left, top), (own, top), (right, bottom), (left, bottom)]
        axes.add_patch(Polygon(corners, closed=True, color="#FBEFE3", linewidth=0))
        told = self._say(Text("个人负担的构成（放大显示）", "what is left to the member, enlarged"))
        Pen(axes).write(
            (_MARGIN + _INDENT, bottom - 12),
            told,
            size=_DETAIL_SIZE,
            colour=_COLOURS["member"],
        )

    # -- the foot ------------------------------------------------------------------------------

    def _legend(self) -> Iterator[tuple[int, float, str, str]]:
        """Row, place, label and colour of each key: funds first, then groups of reasons."""
        groups = dict.fromkeys(adjustment.group for adjustment in self._explanation.adjustments)
        keys = [(paid.fund, self._say(paid.label)) for paid in self._explanation.paid_by]
        keys += [(name, self._say(text)) for name, text in GROUPS.items() if name in groups]
        row, x = 0, float(_MARGIN)
        for name, label in keys:
            width = 16 + text_width(label, _SMALL_SIZE)
            if x > _MARGIN and x + width > _WIDTH - _MARGIN:
                row, x = row + 1, float(_MARGIN)
            yield row, x, label, self._colours[name]
            x += width + 20

    def _notes(self) -> Iterator[tuple[str, str]]:
        explanation = self._explanation
        colour = INK if explanation.examples_count else GREY
        notes = [(self._say(examples_told(explanation)), colour)]
        if explanation.questions:
            ids = ", ".join(question.question_id for question in explanation.questions)
            told = Text(f"规定尚不明确：{ids}", f"The law is not settled: {ids}")
            notes.append((self._say(told), INK))
        made = f"{explanation.plan_id} · {explanation.policy_hash} · {explanation.engine_version}"
        notes.append((made, GREY))
        for note, note_colour in notes:
            for line in wrapped(note, _DETAIL_SIZE, width=_WIDTH - 2 * _MARGIN):
                yield line, note_colour

    # -- small things --------------------------------------------------------------------------

    def _row(self, step: WaterfallStep) -> _Row:
        is_total = step.kind in ("submitted", "member")
        width = _LABEL_WIDTH - (0 if is_total else _INDENT)
        size = _TOTAL_SIZE if is_total else _LABEL_SIZE
        label = wrapped(self._say(step.label), size, width=width)
        said = self._say(step.detail)
        detail = wrapped(said, _DETAIL_SIZE, width=width) if said else []
        block = _LABEL_LINE * len(label) + _DETAIL_LINE * len(detail)
        return _Row(step, tuple(label), tuple(detail), max(block, _BAR_HEIGHT) + 14)

    def _above(self, row: _Row) -> float:
        """The space over a row: more where the bill, the member and the reasons begin."""
        place = self._rows.index(row)
        if place == 0 or row.is_total:
            return 8
        return self._after_total() if self._rows[place - 1].step.kind == "member" else 0

    def _after_total(self) -> float:
        return 30 if self._is_enlarged else 4

    def _say(self, text: Text) -> str:
        said = text.in_language(self._language)
        return f"{said[:1].upper()}{said[1:]}" if self._language == "en" else said

    def _share(self, amount: int) -> str:
        """An amount's share of the bill, to a tenth of a per cent, for the eye alone."""
        submitted = self._explanation.submitted_amount
        if not submitted:
            return ""
        whole, tenths = divmod(round_half_up(1000 * amount, submitted), 10)
        return f"{whole}.{tenths}%" if whole or tenths or not amount else "<0.1%"


def _amount(step: WaterfallStep) -> str:
    told = format_yuan(step.amount, grouped=True)
    return f"−{told}" if step.kind == "layer" else told


def _draw_label(axes: Axes, row: _Row, middle: float, *, colour: str) -> None:
    x = _MARGIN + (0 if row.is_total else _INDENT)
    y = middle - (_LABEL_LINE * len(row.label) + _DETAIL_LINE * len(row.detail)) / 2
    for line in row.label:
        size = _TOTAL_SIZE if row.is_total else _LABEL_SIZE
        Pen(axes).write((x, y + _LABEL_LINE / 2), line, size=size, colour=colour)
        y += _LABEL_LINE
    for line in row.detail:
        Pen(axes).write((x, y + _DETAIL_LINE / 2), line, size=_DETAIL_SIZE, colour=GREY)
        y += _DETAIL_LINE
