"""`base` and `engines` are exact and pure, and the checkers can say no."""

from __future__ import annotations

import pytest

from tests.health.checkers import PURE, Checker, Source, complaints, package_sources, purity, told


@pytest.mark.parametrize(
    "checker",
    [purity.floats, purity.clocks, purity.effects],
    ids=lambda checker: checker.__name__,
)
def test_base_and_engines_are_pure(checker: Checker):
    found = complaints(checker, package_sources(*PURE))
    assert not found, told(found)


@pytest.mark.parametrize(
    ("checker", "line", "message"),
    [
        (purity.floats, "rate = 0.8", "the float 0.8"),
        (purity.floats, "rate = -1e6", "the float 1000000.0"),
        (purity.floats, "rate = float(text)", "float is used"),
        (purity.floats, "def f(rate: float): ...", "float is used"),
        (purity.floats, "fen = round(amount / 100)", "round() rounds half to even"),
        (purity.clocks, "day = date.today()", ".today reads a clock"),
        (purity.clocks, "day = datetime.now(UTC)", ".now reads a clock"),
        (purity.clocks, "clock = datetime.utcnow", ".utcnow reads a clock"),
        (purity.effects, "import random", "random is imported"),
        (purity.effects, "import numpy.random", "numpy.random is imported"),
        (purity.effects, "from os.path import join", "os.path is imported"),
        (purity.effects, "from time import monotonic", "time is imported"),
        (purity.effects, "text = open(name)", "open() is called"),
        (purity.effects, "print(amount)", "print() is called"),
        (purity.effects, "text = path.read_text()", ".read_text() is called"),
    ],
)
def test_what_is_impure_is_refused_at_its_place(checker: Checker, line: str, message: str):
    found = complaints(checker, [Source("x.py", f"\n{line}\n")])
    assert [(complaint.line, complaint.message) for complaint in found] == [(2, message)]


@pytest.mark.parametrize(
    ("checker", "line"),
    [
        (purity.floats, "rate = Fraction(4, 5)"),
        (purity.floats, "if isinstance(value, float): raise AmountInvalid(value)"),
        (purity.clocks, "day = date(year, 1, 1)"),
        (purity.clocks, "today = given"),
        (purity.effects, "from datetime import date"),
        (purity.effects, "import timeline"),
    ],
)
def test_what_is_pure_passes(checker: Checker, line: str):
    assert complaints(checker, [Source("x.py", line)]) == []
