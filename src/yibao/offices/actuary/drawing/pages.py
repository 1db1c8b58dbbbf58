"""What every picture shares: a sheet measured in points, its colours, writing on it, its bytes.

Nothing is looked up on the machine: the font comes with the installation, text in an SVG is drawn
as paths, no date is written. Holds: the same drawing gives the same bytes.
"""

from __future__ import annotations

from dataclasses import dataclass
from io import BytesIO
from typing import Literal

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch, Rectangle

from yibao.offices.actuary.drawing.typography import font

Form = Literal["svg", "png"]

INK, GREY, FAINT, TRACK, PAPER = "#1B2733", "#5F6B77", "#D8DEE4", "#EEF1F4", "#FFFFFF"

# Okabe and Ito's colours, told apart with every kind of colour blindness: cool ones pay, warm stay.
FUND_COLOURS = ("#0072B2", "#009E73", "#56B4E9", "#CC79A7", "#4B3F9E", "#7FC8B2")
MEMBER_COLOUR = "#B8500C"

_POINTS_PER_INCH = 72
_PNG_DOTS_PER_INCH = 180


def sheet(width: float, height: float) -> tuple[Figure, Axes]:
    """An empty page, measured in points from its upper left corner."""
    figure = Figure(figsize=(width / _POINTS_PER_INCH, height / _POINTS_PER_INCH), facecolor=PAPER)
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set_xlim(0, width)
    axes.set_ylim(height, 0)
    axes.set_axis_off()
    return figure, axes


def content_of(figure: Figure, form: Form, *, title: str, description: str) -> bytes:
    """The page as the content of an SVG or PNG file."""
    content = BytesIO()
    svg = {"Title": title, "Description": description, "Creator": "yibao", "Date": None}
    metadata: dict[str, str | None] = svg if form == "svg" else {"Software": None}
    with mpl.rc_context(
        {
            "svg.fonttype": "path",
            "svg.hashsalt": "yibao",
            "savefig.bbox": None,
            "savefig.transparent": False,
        }
    ):
        figure.savefig(content, format=form, dpi=_PNG_DOTS_PER_INCH, metadata=metadata)
    return content.getvalue()


@dataclass(frozen=True, slots=True)
class Pen:
    """Writes on a page."""

    axes: Axes

    def write(
        self,
        place: tuple[float, float],
        text: str,
        *,
        size: float,
        colour: str = INK,
        align: Literal["left", "right", "center"] = "left",
    ) -> None:
        """One line of text, its middle on the height of ``place``."""
        self.axes.text(
            *place,
            text,
            fontproperties=font(size),
            color=colour,
            ha=align,
            va="center_baseline",
            parse_math=False,
            usetex=False,
        )


def bar(axes: Axes, place: tuple[float, float], *, size: tuple[float, float], colour: str) -> None:
    """A filled rectangle from its upper left corner."""
    axes.add_patch(Rectangle(place, *size, color=colour, linewidth=0))


def rule(axes: Axes, start: tuple[float, float], *, width: float, colour: str = FAINT) -> None:
    """A thin level line."""
    x, y = start
    axes.plot([x, x + width], [y, y], color=colour, linewidth=0.8)


def key(axes: Axes, place: tuple[float, float], *, colour: str) -> None:
    """The small square of a legend."""
    x, y = place
    shape = "round,pad=0,rounding_size=2"
    axes.add_patch(FancyBboxPatch((x, y - 5), 10, 10, boxstyle=shape, linewidth=0, color=colour))
