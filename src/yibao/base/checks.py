"""The raising check: ``python -O`` strips ``assert``, so invariants do not use it."""

from __future__ import annotations

from yibao.base.errors import InvariantBroken


def check(holds: bool, what: str) -> None:  # noqa: FBT001
    """Stop the run when an invariant does not hold.

    Raises:
        InvariantBroken: if ``holds`` is false; ``what`` says which invariant and the figures.
    """
    if not holds:
        raise InvariantBroken(what)
