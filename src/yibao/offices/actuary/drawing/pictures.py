"""The waterfall of one bill as a picture, SVG or PNG: who paid, what is left, and why.

Holds: the same explanation, form and language give the same bytes (:mod:`.pages`).
"""

from __future__ import annotations

from yibao.base.texts import Language
from yibao.engines.benefits.explain.shapes import Explanation
from yibao.engines.benefits.explain.text import summary
from yibao.offices.actuary.drawing.pages import Form, content_of
from yibao.offices.actuary.drawing.waterfall_page import WaterfallPage


def picture(explanation: Explanation, form: Form, *, language: Language = "zh") -> bytes:
    """Draw the waterfall of an explanation as the content of an SVG or PNG file."""
    figure = WaterfallPage(explanation, language).figure()
    title = f"{explanation.claim_id} · {explanation.plan_id}"
    return content_of(figure, form, title=title, description=str(summary(explanation)))
