"""Overlays: named changes to documents, applied to the trees before anything is parsed.

A path walks by names, dates and positions (docs/policy-language.md §7). A path that hits nothing,
or might mean several places, is a fault; two overlays on one path, or on a path and a part of it,
clash and neither wins. What an overlay writes keeps the overlay's own file and line.
"""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Sequence as Listed
from dataclasses import dataclass

from yibao.base.findings import Fault
from yibao.base.trees import Branch, Sequence, Tree, copy_tree
from yibao.engines.policy.complaints import area as complaints
from yibao.engines.policy.documents_area import Change, Overlay
from yibao.engines.policy.faults import Faults

_NAMES = ("layer", "name", "fund", "stream", "line", "counter", "slot", "product", "from")
_WHOLE_FILES = ("numbers", "indices", "counters", "facts", "sets", "register")
SHARED = "layers"
"""Where a path to a layer document begins; such changes come before layers are taken."""


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a change acts: the container and the key or index in it."""

    container: Branch | Sequence
    key: str | int


class _Astray(Exception):
    """A path that does not lead to one place; carries the fault."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.message.en)
        self.fault = fault


def apply_overlays(trees: Listed[Tree], overlays: Listed[Overlay], *, faults: Faults) -> list[Tree]:
    """The documents with every active overlay applied, in the listed order.

    ``trees`` are not changed. Faults: ``overlay_misses`` and ``overlay_ambiguous``.
    """
    changed = [copy_tree(tree) for tree in trees]
    for overlay in overlays:
        for change in overlay.changes:
            try:
                _apply(_Walk(change).place_in(changed), change)
            except _Astray as astray:
                faults.add(astray.fault)
    return changed


def is_shared(change: Change) -> bool:
    """Whether a change is to a layer document."""
    return _steps(change)[:1] == [SHARED]


def clashes(overlays: Listed[Overlay]) -> Iterator[Fault]:
    """Faults of two active overlays on one path, or on a path and a part of it."""
    taken: list[tuple[list[str], Overlay, Change]] = []
    for overlay in overlays:
        for change in overlay.changes:
            path = _way(change)
            for other_path, other, other_change in taken:
                shorter = min(len(path), len(other_path))
                if other is not overlay and path[:shorter] == other_path[:shorter]:
                    yield complaints.overlay_clash(
                        change.where,
                        change.at,
                        overlays=[overlay.overlay, other.overlay],
                        first=other_change.where,
                    )
            taken.append((path, overlay, change))


def _steps(change: Change) -> list[str]:
    return [step for step in change.at.split("/") if step]


def _way(change: Change) -> list[str]:
    """The steps of a path, the ``layers`` or ``lines`` that may be left out left out."""
    steps = _steps(change)
    if len(steps) > 2 and steps[0] != SHARED and steps[1] in ("layers", "lines"):
        del steps[1]
    return steps


class _Walk:
    """One path on its way through the documents."""

    def __init__(self, change: Change) -> None:
        self.change = change
        self.steps = _steps(change)

    def place_in(self, trees: Listed[Tree]) -> _Place:
        """The one place that the path means."""
        root, steps = self._root(trees)
        return self._place(root, list(steps))

    def _misses(self, step: str, known: Listed[str] = ()) -> _Astray:
        where, path = self.change.where, self.change.at
        return _Astray(complaints.overlay_misses(where, path, step=step, known=known))

    def _ambiguous(self, step: str) -> _Astray:
        where, path = self.change.where, self.change.at
        return _Astray(complaints.overlay_ambiguous(where, path, step=step))

    def _root(self, trees: Listed[Tree]) -> tuple[Branch, list[str]]:
        """The document that a path starts in, and the rest of the path."""
        branches = [tree for tree in trees if isinstance(tree, Branch)]
        head, rest = (self.steps[0], self.steps[1:]) if self.steps else ("", [])
        if head in _WHOLE_FILES:
            name = rest[0] if rest else head
            having = [t for t in branches if head in t]
            found = [t for t in having if _has(t[head], name)] or having[:1]
            steps = self.steps
        elif head == "area":
            found, steps = [t for t in branches if next(iter(t)) == "area"], rest
        else:
            kinds = ("layer",) if head == SHARED else ("plan", "entitlement")
            name, steps = (rest[0], rest[1:]) if head == SHARED and rest else (head, rest)
            found = [t for t in branches if any(t.get(kind) == name for kind in kinds)]
        if not found or not steps:
            raise self._misses(head if not steps else self.steps[0], _starts(branches))
        if len(found) > 1:
            raise self._ambiguous(head)
        return found[0], steps

    def _place(self, root: Branch, steps: list[str]) -> _Place:
        """Walk down from a document to the place of the last step."""
        tree: Tree = _layers_first(root, steps[0])
        while True:
            step = steps.pop(0)
            key = self._key(tree, step, steps)
            if key is None:
                if self.change.add is not None and not steps and isinstance(tree, Branch):
                    return _Place(tree, step)
                raise self._misses(step, _names_in(tree))
            if not steps:
                return self._last(tree, key)
            tree = tree[key]

    def _last(self, container: Branch | Sequence, key: str | int) -> _Place:
        if self.change.add is None:
            return _Place(container, key)
        inner = container[key]  # type: ignore[index]
        if not isinstance(inner, Sequence):
            raise self._misses(str(key))
        return _Place(inner, len(inner))

    def _key(self, tree: Tree, step: str, following: list[str]) -> str | int | None:
        """The key or index that a step names; entries of one name are told apart by the next."""
        if isinstance(tree, Branch):
            return step if step in tree else None
        if not isinstance(tree, Sequence):
            return None
        named = [index for index, item in enumerate(tree) if _is_named(item, step)]
        if len(named) > 1:
            start = following[0] if following else ""
            dated = [index for index in named if tree[index].get("from") == start]
            if len(dated) != 1:
                raise self._ambiguous(step)
            following.pop(0)
            return dated[0]
        if named:
            return named[0]
        if step.isdigit() and 1 <= int(step) <= len(tree):
            return int(step) - 1
        return next((index for index, item in enumerate(tree) if item == step), None)


def _is_named(item: Tree, step: str) -> bool:
    return isinstance(item, Branch) and any(item.get(name) == step for name in _NAMES)


def _has(tree: Tree, name: str) -> bool:
    if isinstance(tree, Sequence):
        return any(_is_named(item, name) for item in tree)
    return isinstance(tree, Branch) and name in tree


def _layers_first(tree: Branch, step: str) -> Tree:
    """A plan's layers and an entitlement's lines are named without saying ``layers``."""
    return tree if step in tree else tree.get("layers", tree.get("lines", tree))


def _starts(trees: Listed[Branch]) -> list[str]:
    plans = [str(tree[key]) for tree in trees for key in ("plan", "entitlement") if key in tree]
    return [*plans, *_WHOLE_FILES, SHARED, "area"]


def _names_in(tree: Tree) -> list[str]:
    if isinstance(tree, Branch):
        return list(tree)
    if not isinstance(tree, Sequence):
        return []
    return [
        str(item[name])
        for item in tree
        if isinstance(item, Branch)
        for name in _NAMES
        if isinstance(item.get(name), str)
    ]


def _apply(place: _Place, change: Change) -> None:
    container, key = place.container, place.key
    if change.remove:
        del container[key]  # type: ignore[arg-type]
        if isinstance(container, Sequence) and isinstance(key, int) and key < len(container.lines):
            del container.lines[key]
        return
    value = copy_tree(change.replace if change.add is None else change.add)
    if isinstance(container, Branch):
        container.put(str(key), value, where=change.where)
    elif key == len(container):
        container.append(value)
        container.lines.append(change.where.line)
    else:
        container[key] = value  # type: ignore[index]
