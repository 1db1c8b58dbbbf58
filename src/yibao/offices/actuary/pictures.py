"""The waterfall of one bill as a picture, SVG or PNG: who paid, what is left, and why.

Nothing is looked up on the machine: the font comes with the installation, text in an SVG is drawn
as paths, no date is written. Holds: the same explanation, form and language give the same bytes.
"""

from __future__ import annotations

from io import BytesIO
from typing import Literal

import matplotlib as mpl

from yibao.base.texts import Language
from yibao.engines.benefits.explain.shapes import Explanation
from yibao.engines.benefits.explain.text import summary
from yibao.offices.actuary.waterfall_page import WaterfallPage

Form = Literal["svg", "png"]

_PNG_DOTS_PER_INCH = 180


def picture(explanation: Explanation, form: Form, *, language: Language = "zh") -> bytes:
    """Draw the waterfall of an explanation as the content of an SVG or PNG file."""
    content = BytesIO()
    with mpl.rc_context(
        {
            "svg.fonttype": "path",
            "svg.hashsalt": "yibao",
            "text.parse_math": False,
            "text.usetex": False,
            "savefig.bbox": None,
            "savefig.transparent": False,
        }
    ):
        figure = WaterfallPage(explanation, language).figure()
        figure.savefig(
            content, format=form, dpi=_PNG_DOTS_PER_INCH, metadata=_METADATA[form](explanation)
        )
    return content.getvalue()


def _svg_metadata(explanation: Explanation) -> dict[str, str | None]:
    return {
        "Title": f"{explanation.claim_id} · {explanation.plan_id}",
        "Description": str(summary(explanation)),
        "Creator": "yibao",
        "Date": None,
    }


def _png_metadata(_: Explanation) -> dict[str, str | None]:
    return {"Software": None}


_METADATA = {"svg": _svg_metadata, "png": _png_metadata}
