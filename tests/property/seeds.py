"""Blocks of seeds, so that a failure names its seed and a run needs few test cases."""

import pytest


def blocks(total: int, size: int, *, long: int) -> pytest.MarkDecorator:
    """Parametrize ``first`` by blocks of ``size`` seeds: ``total`` always, ``long`` when wanted."""
    quick = [
        pytest.param(range(start, start + size), id=f"{start}") for start in range(0, total, size)
    ]
    deep = [
        pytest.param(range(start, start + size), id=f"{start}", marks=pytest.mark.long)
        for start in range(total, long, size)
    ]
    return pytest.mark.parametrize("seeds", quick + deep)
