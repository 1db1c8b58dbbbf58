"""The published examples and the cases that retell them, held together."""

from __future__ import annotations

from fractions import Fraction

import pytest

from tests.spec.published import (
    EXAMPLES,
    IMPOSSIBLE,
    ORACLES_VARIABLE,
    cases_of,
    official_figures,
    published_examples,
)
from tests.spec.running import ENGINES

PUBLISHED = published_examples()
needs_oracles = pytest.mark.skipif(
    not PUBLISHED, reason=f"{ORACLES_VARIABLE} names no folder with worked_examples.json"
)


@pytest.mark.parametrize("example", EXAMPLES)
def test_every_example_has_a_case(example: str) -> None:
    assert cases_of(example), f"no case says 'example: {example}'"


@needs_oracles
@pytest.mark.parametrize("example", EXAMPLES)
def test_the_example_is_published(example: str) -> None:
    assert example in PUBLISHED


@needs_oracles
@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("example", [name for name in EXAMPLES if name not in IMPOSSIBLE])
def test_the_official_figures_are_met(example: str, engine: str) -> None:
    published = PUBLISHED[example]
    found: dict[str, Fraction] = {}
    for case in cases_of(example):
        found |= official_figures(case, ENGINES[engine])
    assert found.keys() == published["official"].keys()
    tolerance = Fraction(published["tolerance"])
    wrong = {
        name: (official, str(found[name]))
        for name, official in published["official"].items()
        if abs(found[name] - Fraction(official)) > tolerance
    }
    assert not wrong
