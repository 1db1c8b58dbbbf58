"""The picture of a fund year: the same bytes twice, every fund in it, both languages."""

from __future__ import annotations

import pytest

from yibao.base.texts import Text
from yibao.offices.actuary.drawing.fund_flow import FundFlow, fund_flow_picture

TITLE = Text("各基金全年收支", "the funds' year")
FLOWS = [
    FundFlow(Text("居民医保基金", "resident fund"), 100, 500, 450),
    FundFlow(Text("大病保险资金", "critical-illness fund"), 10, 20, 50),
]


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_year_is_drawn(language):
    svg = fund_flow_picture(FLOWS, "svg", title=TITLE, language=language)
    assert svg == fund_flow_picture(FLOWS, "svg", title=TITLE, language=language)
    assert TITLE.in_language(language).encode() in svg
    png = fund_flow_picture(FLOWS, "png", title=TITLE, language=language)
    assert png.startswith(b"\x89PNG")
    assert svg != fund_flow_picture(FLOWS[:1], "svg", title=TITLE, language=language)


def test_what_is_left_may_lie_below_zero():
    assert [flow.carried_forward_amount for flow in FLOWS] == [150, -20]


def test_a_year_of_nothing_is_a_page():
    nothing = [FundFlow(Text("空", "none"), 0, 0, 0)]
    assert fund_flow_picture(nothing, "png", title=TITLE, language="en")
    assert fund_flow_picture([], "png", title=TITLE, language="en")
