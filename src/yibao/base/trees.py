"""Trees of what people wrote: mappings and lists that know the file and line of each entry.

Readers (storage/files) make them, engines read them. They are ordinary dicts and lists, so that any
validator takes them; positions ride along.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from yibao.base.findings import Where

Tree = Any
"""A Branch, a Sequence, or a scalar: str, int or bool."""


class Branch(dict[str, Any]):
    """A mapping with its own place and the line of every key.

    ``elsewhere`` has the places of entries that came from another file.
    """

    def __init__(self, where: Where, entries: Iterable[tuple[str, Any]] = ()) -> None:
        super().__init__(entries)
        self.where = where
        self.lines: dict[str, int] = {}
        self.elsewhere: dict[str, Where] = {}

    def where_of(self, key: str) -> Where:
        """The place of a key, else of the mapping."""
        if key in self.elsewhere:
            return self.elsewhere[key]
        value = self.get(key)
        if key not in self.lines and isinstance(value, Branch | Sequence):
            return value.where
        return Where(self.where.file, self.lines.get(key, self.where.line))

    def put(self, key: str, value: Tree, *, where: Where) -> None:
        """Put an entry in that was written at another place."""
        self[key] = value
        self.elsewhere[key] = where


class Sequence(list[Any]):
    """A list with its own place and the line of every item."""

    def __init__(self, where: Where, items: Iterable[Any] = ()) -> None:
        super().__init__(items)
        self.where = where
        self.lines: list[int] = []

    def where_of(self, index: int) -> Where:
        """The place of an item, else of the list."""
        item = self[index] if index < len(self) else None
        if isinstance(item, Branch | Sequence):
            return item.where
        line = self.lines[index] if index < len(self.lines) else self.where.line
        return Where(self.where.file, line)


def copy_tree(tree: Tree) -> Tree:
    """A copy that may be changed, positions kept."""
    if isinstance(tree, Branch):
        branch = Branch(tree.where, ((key, copy_tree(value)) for key, value in tree.items()))
        branch.lines = dict(tree.lines)
        branch.elsewhere = dict(tree.elsewhere)
        return branch
    if isinstance(tree, Sequence):
        items = Sequence(tree.where, (copy_tree(item) for item in tree))
        items.lines = list(tree.lines)
        return items
    return tree


def where_at(tree: Tree, path: Iterable[str | int]) -> Where:
    """The nearest known place on the way down a path; steps that are not there are passed over."""
    place = tree.where if isinstance(tree, Branch | Sequence) else Where("")
    for step in path:
        if isinstance(tree, Branch) and step in tree:
            place = tree.where_of(str(step))
            tree = tree[str(step)]
        elif isinstance(tree, Sequence) and isinstance(step, int) and step < len(tree):
            place = tree.where_of(step)
            tree = tree[step]
    return place
