"""The picture of a report (分组质量图): costliest groups, institutions by mix, groups by CV.

Three panels below a line of figures. Places on the page are all that is not an integer here; every
figure is the engine's.
"""

from __future__ import annotations

from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from yibao.base.money import format_yuan
from yibao.base.rates import MILLION, PER_CENT
from yibao.base.texts import Language, Text
from yibao.engines.grouping.weights.decimals import decimal_text
from yibao.engines.grouping.weights.quality import Quality
from yibao.offices.actuary.drawing.pages import (
    FUND_COLOURS,
    GREY,
    INK,
    MEMBER_COLOUR,
    TRACK,
    Pen,
    bar,
    rule,
    sheet,
)
from yibao.offices.actuary.drawing.typography import wrapped
from yibao.offices.actuary.quality.reading import GroupedFile

_WIDTH, _MARGIN, _ROW, _HEAD = 780, 36, 19, 48
_MOST_GROUPS, _MOST_INSTITUTIONS = 18, 16
_LABEL, _NOTE = 190, 250
_TITLE_SIZE, _SIZE, _SMALL = 12.5, 9.5, 8.5
_BANDS = (20, 40, 60, 80, 100)
_BLUE, _GREEN, _BROWN = FUND_COLOURS[0], FUND_COLOURS[1], MEMBER_COLOUR


@dataclass(frozen=True, slots=True)
class ReportPage:
    """A page: what was judged, the names, the decimals of weights, the language."""

    quality: Quality
    file: GroupedFile
    places: int
    language: Language

    def figure(self) -> Figure:
        """The page, as tall as it needs to be."""
        groups = min(len(self.quality.groups), _MOST_GROUPS)
        institutions = min(len(self.quality.institutions), _MOST_INSTITUTIONS)
        rows = groups + institutions + len(_BANDS) + 1
        height = 112 + 3 * _HEAD + rows * _ROW + 60
        figure, axes = sheet(_WIDTH, height)
        self._draw_title(axes)
        y = 112.0
        for panel in (self._draw_groups, self._draw_institutions, self._draw_spread):
            y = panel(axes, y) + 20
        return figure

    def _say(self, text: Text) -> str:
        return text.in_language(self.language)

    def _draw_title(self, axes: Axes) -> None:
        pen, quality = Pen(axes), self.quality
        by = self.file.by.upper()
        title = Text(f"{by} 分组质量", f"Quality of the {by} grouping")
        pen.write((_MARGIN, 34), self._say(title), size=17)
        figures = (
            (Text("病例", "cases"), f"{quality.cases_count:,}"),
            (Text("病组", "groups"), f"{len(quality.groups):,}"),
            (Text("例均费用(元)", "mean (yuan)"), format_yuan(quality.mean_amount, grouped=True)),
            (Text("方差减小 RIV", "variance explained"), _per_cent(quality.variance_explained)),
            (Text("低/高/极高倍率", "low / high / extreme"), self._outliers()),
        )
        step = (_WIDTH - 2 * _MARGIN) / len(figures)
        for number, (label, figure) in enumerate(figures):
            x = _MARGIN + number * step
            pen.write((x, 64), figure, size=13)
            pen.write((x, 83), self._say(label), size=_SMALL, colour=GREY)
        rule(axes, (_MARGIN, 100), width=_WIDTH - 2 * _MARGIN)

    def _outliers(self) -> str:
        groups, count = self.quality.groups, self.quality.cases_count
        sums = (
            sum(one.low_count for one in groups),
            sum(one.high_count for one in groups),
            sum(one.extreme_count for one in groups),
        )
        return " / ".join(_per_cent(one * MILLION // count) for one in sums)

    def _head(self, axes: Axes, y: float, *, title: Text, note: Text) -> float:
        Pen(axes).write((_MARGIN, y + 8), self._say(title), size=_TITLE_SIZE)
        Pen(axes).write((_MARGIN, y + 27), self._say(note), size=_SMALL, colour=GREY)
        return y + _HEAD

    def _draw_groups(self, axes: Axes, y: float) -> float:
        chosen = sorted(self.quality.groups, key=lambda one: (-one.total_amount, one.place))
        y = self._head(
            axes, y,
            title=Text("费用最多的病组", "The costliest groups"),
            note=Text("占总费用的比例；病例数、权重、CV", "share of all costs; cases, weight, CV"),
        )  # fmt: skip
        chosen = chosen[:_MOST_GROUPS]
        most = max(one.total_amount for one in chosen)
        for one in chosen:
            share = _per_cent(one.total_amount * MILLION // self.quality.total_amount)
            weight = decimal_text(one.weight_units, self.places)
            note = self._say(
                Text(
                    f"{one.cases_count:,} 例  权重 {weight}  CV {_per_cent(one.variation)}",
                    f"{one.cases_count:,} cases  weight {weight}  CV {_per_cent(one.variation)}",
                )
            )
            label = self.file.groups[one.place]
            self._row(axes, y, label=label, part=one.total_amount / most, words=(share, note))
            y += _ROW
        return y

    def _draw_institutions(self, axes: Axes, y: float) -> float:
        found = sorted(self.quality.institutions, key=lambda one: (-one.total_amount, one.place))
        chosen = sorted(
            found[:_MOST_INSTITUTIONS], key=lambda one: (-one.case_mix_units, one.place)
        )
        y = self._head(
            axes, y,
            title=Text("医疗机构，按 CMI 排序", "Institutions with most costs, by case mix"),
            note=Text("CMI；病例数、费用与时间消耗指数", "CMI; cases, cost index, time index"),
        )  # fmt: skip
        most = max(1, *(one.case_mix_units for one in chosen))
        for one in chosen:
            mix = decimal_text(one.case_mix_units, self.places)
            cost, time = _two_places(one.cost_index), _two_places(one.time_index)
            note = self._say(
                Text(
                    f"{one.cases_count:,} 例  费用指数 {cost}  时间指数 {time}",
                    f"{one.cases_count:,} cases  cost {cost}  time {time}",
                )
            )
            label = self.file.institutions[one.place]
            part = one.case_mix_units / most
            self._row(axes, y, label=label, part=part, words=(mix, note), colour=_GREEN)
            y += _ROW
        return y

    def _draw_spread(self, axes: Axes, y: float) -> float:
        y = self._head(
            axes, y,
            title=Text("病组的变异系数", "Groups by variation (CV)"),
            note=Text("病组数；其病例占比", "groups; their share of cases"),
        )  # fmt: skip
        sizes = [[0, 0] for _ in range(len(_BANDS) + 1)]
        for one in self.quality.groups:
            band = sum(one.variation >= bound * PER_CENT for bound in _BANDS)
            sizes[band][0] += 1
            sizes[band][1] += one.cases_count
        most = max(1, *(count for count, _ in sizes))
        for number, (count, cases) in enumerate(sizes):
            low = _BANDS[number - 1] if number else 0
            label = f"{low}% – {_BANDS[number]}%" if number < len(_BANDS) else f"≥ {low}%"
            share = _per_cent(cases * MILLION // self.quality.cases_count)
            note = self._say(Text(f"病例占比 {share}", f"{share} of cases"))
            colour = _BROWN if number == len(_BANDS) else _BLUE
            words = (f"{count:,}", note)
            self._row(axes, y, label=label, part=count / most, words=words, colour=colour)
            y += _ROW
        return y

    def _row(
        self, axes: Axes, y: float, *, label: str, part: float, words: tuple[str, str],
        colour: str = _BLUE,
    ) -> None:  # fmt: skip
        pen, middle = Pen(axes), y + _ROW / 2
        shown = wrapped(label, _SIZE, width=_LABEL - 10)
        text = shown[0] + ("…" if len(shown) > 1 else "")
        pen.write((_MARGIN, middle), text, size=_SIZE, colour=INK)
        x, full = _MARGIN + _LABEL, _WIDTH - 2 * _MARGIN - _LABEL - _NOTE
        bar(axes, (x, y + 4), size=(full, _ROW - 8), colour=TRACK)
        bar(axes, (x, y + 4), size=(max(full * part, 1) if part else 0, _ROW - 8), colour=colour)
        pen.write((x + full + 8, middle), words[0], size=_SMALL)
        pen.write((_WIDTH - _MARGIN, middle), words[1], size=_SMALL, colour=GREY, align="right")


def _per_cent(millionths: int) -> str:
    """A share with one decimal, rounded half up."""
    tenths = (2 * millionths + PER_CENT // 10) // (2 * (PER_CENT // 10))
    return f"{tenths // 10}.{tenths % 10}%"


def _two_places(millionths: int) -> str:
    return decimal_text((2 * millionths + PER_CENT) // (2 * PER_CENT), 2)
