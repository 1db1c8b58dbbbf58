"""Rooms: every package says what it is for, on a page at most."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from pathlib import PurePosixPath

from tests.health.checkers import Complaint, Source

PAGE = 60
SHORTEST = 3


def room_docstring(source: Source) -> Iterator[Complaint]:
    """Packages without a docstring, with an empty one, or with more than a page."""
    if PurePosixPath(source.path).name != "__init__.py":
        return
    words = ast.get_docstring(source.tree)
    lines = len(words.splitlines()) if words else 0
    if lines < SHORTEST:
        yield source.complain(
            1, "the room does not say what it is", "write the idea, what holds, what it refuses"
        )
    elif lines > PAGE:
        yield source.complain(
            1, f"the room's docstring has {lines} lines", f"keep it to a page of {PAGE}"
        )


def unopened_rooms(paths: Iterable[str]) -> Iterator[Complaint]:
    """Folders that hold modules but no `__init__.py`, and so no docstring."""
    listed = {PurePosixPath(path) for path in paths}
    for folder in sorted({path.parent for path in listed if path.suffix == ".py"}):
        if folder / "__init__.py" not in listed:
            yield Complaint(f"{folder}/__init__.py", 1, "the room has no door", "write it")
