"""Size budgets hold on all of the package, and the checkers can say no."""

from __future__ import annotations

import pytest

from tests.health.checkers import Checker, Source, budgets, complaints, package_sources, told

LONG_FUNCTION = "def settle():\n" + "    step()\n" * budgets.FUNCTION_WALL
COMMENTED_FUNCTION = (
    'def settle():\n    """One.\n\n    Two.\n    """\n'
    + "    # why\n\n" * budgets.FUNCTION_WALL
    + "    step()\n" * (budgets.FUNCTION_WALL - 1)
)
LONG_MODULE = "step()\n" * (budgets.MODULE_WALL + 1)
FULL_MODULE = '"""Idea."""\n\n# why\n' + "step()\n" * budgets.MODULE_WALL


@pytest.mark.parametrize(
    "checker",
    [budgets.function_size, budgets.module_size, budgets.columns, budgets.parameters],
    ids=lambda checker: checker.__name__,
)
def test_the_package_keeps_its_budget(checker: Checker):
    found = complaints(checker, package_sources())
    assert not found, told(found)


@pytest.mark.parametrize(
    ("checker", "text", "place"),
    [
        (budgets.function_size, LONG_FUNCTION, "x.py:1: settle has 61 code lines"),
        (
            budgets.function_size,
            f"class A:\n  {LONG_FUNCTION}".replace("\n    ", "\n      "),
            "x.py:2:",
        ),
        (budgets.module_size, LONG_MODULE, "x.py:1: the module has 401 code lines"),
        (budgets.columns, "a = 1\n" + "x" * 101, "x.py:2: the line is 101 columns"),
        (budgets.columns, "#" + "医" * 50, "x.py:1: the line is 101 columns"),
        (budgets.parameters, "def f(a, b, c): ...", "x.py:1: f takes 3 parameters by position"),
        (budgets.parameters, "def f(a, *, b, c, d, e, f): ...", "x.py:1: f takes 6 parameters"),
        (budgets.parameters, "def f(a, *b, c, d, e, **f): ...", "x.py:1: f takes 6 parameters"),
        (budgets.parameters, "class A:\n  def f(self, a, b, c): ...", "x.py:2: f takes 3"),
        (budgets.parameters, "class A:\n  def __init__(self, a, b, c): ...", "x.py:2: __init__"),
        (
            budgets.parameters,
            "class A:\n  @staticmethod\n  def f(a, b, c): ...",
            "x.py:3: f takes 3",
        ),
    ],
)
def test_what_is_over_budget_is_refused_at_its_place(checker: Checker, text: str, place: str):
    found = complaints(checker, [Source("x.py", text)])
    assert [str(complaint)[: len(place)] for complaint in found] == [place]


@pytest.mark.parametrize(
    ("checker", "text"),
    [
        (budgets.function_size, COMMENTED_FUNCTION),
        (budgets.module_size, FULL_MODULE),
        (budgets.columns, "x" * 100 + "\n" + "医" * 50),
        (budgets.parameters, "def f(a, b, *, c, d, e): ..."),
        (budgets.parameters, "def _private(a, b, c, d, e, f): ..."),
        (budgets.parameters, "class A:\n  def __exit__(self, kind, error, trace): ..."),
        (budgets.parameters, "@main.command()\ndef settle(a, b, c, d, e, f): ..."),
        (budgets.parameters, "def outer():\n  def inner(a, b, c, d, e, f): ..."),
    ],
)
def test_what_is_within_budget_passes(checker: Checker, text: str):
    assert complaints(checker, [Source("x.py", text)]) == []
