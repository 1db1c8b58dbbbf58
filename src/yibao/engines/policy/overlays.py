"""Overlays: named changes to documents, applied to the trees before anything is parsed.

A path walks by names, dates and positions (docs/policy-language.md §7). A path that hits nothing is a
fault; two overlays on one path, or on a path and a part of it, clash and neither is applied silently.
What an overlay writes keeps the overlay's own file and line.
"""

from __future__ import annotations

from collections.abc import Sequence as Listed
from dataclasses import dataclass

from yibao.base.findings import Fault
from yibao.base.texts import Text
from yibao.base.trees import Branch, Sequence, Tree, copy_tree
from yibao.engines.policy.documents_area import Change, Overlay
from yibao.engines.policy.faults import Faults

_NAMES = ("layer", "name", "fund", "stream", "line", "counter", "slot", "product", "from")


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a change acts: the container and the key or index in it."""

    container: Branch | Sequence
    key: str | int


def _step_into(tree: Tree, step: str) -> str | int | None:
    """The key or index that a path step names in a container, or None."""
    if isinstance(tree, Branch):
        return step if step in tree else None
    if not isinstance(tree, Sequence):
        return None
    for index, item in enumerate(tree):
        if isinstance(item, Branch) and any(item.get(name) == step for name in _NAMES):
            return index
    if step.isdigit() and 1 <= int(step) <= len(tree):
        return int(step) - 1
    return next((index for index, item in enumerate(tree) if item == step), None)


def _layers_first(tree: Tree, step: str) -> Tree:
    """A plan's layers and an entitlement's lines are named without saying ``layers``."""
    if isinstance(tree, Branch) and step not in tree:
        return tree.get("layers", tree.get("lines", tree))
    return tree


def _roots(trees: Listed[Tree], steps: list[str]) -> tuple[list[Tree], list[str]]:
    """The documents a path starts in, and the rest of the path."""
    if steps[0] in ("numbers", "indices", "counters", "facts", "sets") and len(steps) > 1:
        return [t for t in trees if isinstance(t, Branch) and steps[0] in t], steps
    kinds = ("layer",) if steps[0] == "layers" else ("plan", "entitlement")
    name, rest = (steps[1], steps[2:]) if steps[0] == "layers" else (steps[0], steps[1:])
    found = [t for t in trees if isinstance(t, Branch) and any(t.get(k) == name for k in kinds)]
    return found, rest


def _find(trees: Listed[Tree], change: Change) -> list[_Place]:
    steps = [step for step in change.at.split("/") if step]
    if not steps:
        return []
    roots, rest = _roots(trees, steps)
    places = []
    for root in roots:
        place = _walk(root, rest, is_adding=change.add is not None)
        if place is not None:
            places.append(place)
    return places


def _walk(tree: Tree, steps: list[str], *, is_adding: bool) -> _Place | None:
    container: Tree = None
    key: str | int | None = None
    for position, step in enumerate(steps):
        current = _layers_first(tree, step) if position == 0 else tree
        key = _step_into(current, step)
        container = current
        is_last = position == len(steps) - 1
        if key is None:
            may_add = is_adding and is_last and isinstance(current, Branch)
            return _Place(current, step) if may_add else None
        tree = current[key]
    if container is None or key is None:
        return None
    if is_adding and isinstance(tree, Sequence):
        return _Place(tree, len(tree))
    return None if is_adding else _Place(container, key)


def _apply(place: _Place, change: Change) -> None:
    container, key = place.container, place.key
    if change.remove:
        del container[key]  # type: ignore[arg-type]
        if isinstance(container, Sequence) and isinstance(key, int) and key < len(container.lines):
            del container.lines[key]
    elif isinstance(container, Sequence) and key == len(container):
        container.append(copy_tree(change.add))
        container.lines.append(change.where.line)
    else:
        value = change.replace if change.add is None else change.add
        container[key] = copy_tree(value)  # type: ignore[index]


def apply_overlays(
    trees: list[Tree], overlays: Listed[Overlay], *, faults: Faults
) -> list[Tree]:
    """The documents with every active overlay applied, in the listed order.

    ``trees`` are not changed. Faults: ``overlay_misses`` (a path hits nothing), ``overlay_clash``.
    """
    changed = [copy_tree(tree) for tree in trees]
    taken: list[tuple[str, Overlay, Change]] = []
    for overlay in overlays:
        for change in overlay.changes:
            path = "/".join(step for step in change.at.split("/") if step)
            for other_path, other, other_change in taken:
                if other.overlay != overlay.overlay and _overlaps(path, other_path):
                    faults.add(Fault(
                        "overlay_clash", change.where,
                        Text(f"叠加“{overlay.overlay}”与“{other.overlay}”改动同一处: {path}",
                             f"the overlays '{overlay.overlay}' and '{other.overlay}' change one place: {path}"),
                        Text("不能同时启用，或请合并两者", "do not use both at once, or merge them"),
                        also=(other_change.where,))
            )  # fmt: skip
            places = _find(changed, change)
            if not places:
                faults.add(Fault(
                    "overlay_misses", change.where,
                    Text(f"叠加路径没有指到任何内容: {change.at}", f"the path hits nothing: {change.at}"),
                    Text("请核对各段名称、日期或序号", "check the names, dates and positions on it"))
            )  # fmt: skip
            for place in places:
                _apply(place, change)
            taken.append((path, overlay, change))
    return changed


def _overlaps(path: str, other: str) -> bool:
    if path == other:
        return True
    longer, shorter = (path, other) if len(path) > len(other) else (other, path)
    return longer.startswith(shorter + "/")
