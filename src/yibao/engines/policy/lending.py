"""What an area takes from another, by name and never by silence.

A ``use:`` in place of a plan or a layer is replaced by a copy of the lender's tree, so that
overlays and the compiler meet one kind of document. Names of numbers and indices inside the copy
keep meaning the lender's: they are written out as ``370000/name``. Words (facts, counters) are
taken as whole files. The lender's overlays stay with the lender.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from yibao.base.trees import Branch, Tree, copy_tree
from yibao.base.trees import Sequence as TreeSequence
from yibao.engines.policy.complaints import area as complaints
from yibao.engines.policy.faults import Faults
from yibao.engines.policy.scalars import USE_PATTERN

Books = Mapping[str, Sequence[Tree]]
"""Every area's documents as trees, by area code: the area itself and those it takes from."""

_USE = re.compile(USE_PATTERN)
_AREA = re.compile(r"[0-9]{6}\Z")
_NAMING = ("number", "index")
_FILE_OF = {"sets": "facts", "questions": "sources", "indices": "numbers"}
_BESIDE_A_PLAN = {"plan", "area", "use"}


def areas_used(trees: Sequence[Tree]) -> set[str]:
    """The codes of all areas that documents name."""
    return {use.partition("/")[0] for tree in trees for use in _uses(tree)}


def _uses(tree: Tree) -> Iterator[str]:
    if isinstance(tree, Branch):
        for key, value in tree.items():
            if isinstance(value, str):
                is_area = key == "use" and _AREA.match(value)
                is_name = key in ("use", *_NAMING) and _USE.match(value)
                if is_area or is_name:
                    yield value
            else:
                yield from _uses(value)
    elif isinstance(tree, TreeSequence):
        for item in tree:
            yield from _uses(item)


def named_by_area(tree: Tree, code: str) -> Tree:
    """A copy in which every number and index is named with its area."""
    copied = copy_tree(tree)
    _prefix(copied, code)
    return copied


def _prefix(tree: Tree, code: str) -> None:
    if isinstance(tree, Branch):
        for key, value in tree.items():
            if key in _NAMING and isinstance(value, str) and "/" not in value:
                tree[key] = f"{code}/{value}"
            else:
                _prefix(value, code)
    elif isinstance(tree, TreeSequence):
        for item in tree:
            _prefix(item, code)


class Lender:
    """Puts what documents use in its place."""

    def __init__(self, books: Books, code: str, *, faults: Faults) -> None:
        self.books = books
        self.code = code
        self.faults = faults

    def lent_to(self, trees: Sequence[Tree]) -> list[Tree]:
        """The documents with every used plan and layer put in place; they are not changed."""
        placed = (self._placed(copy_tree(tree), ()) for tree in trees)
        return [tree for tree in placed if tree is not None]

    def _placed(self, tree: Tree, way: tuple[str, ...]) -> Tree:
        """A document with what it uses in place; None when there is nothing to put there."""
        if not isinstance(tree, Branch):
            return tree
        if "plan" in tree and "use" in tree:
            return self._plan(tree, way)
        layers = tree.get("layers")
        if isinstance(layers, TreeSequence):
            for index, layer in enumerate(layers):
                if isinstance(layer, Branch) and "use" in layer:
                    layers[index] = self._layer(layer)
            if any(layer is None for layer in layers):
                return None
        return tree

    def _plan(self, tree: Branch, way: tuple[str, ...]) -> Tree:
        use = str(tree["use"])
        more = [key for key in tree if key not in _BESIDE_A_PLAN]
        if more:
            fault = complaints.use_with_more(tree.where_of(more[0]), ", ".join(more))
            self.faults.add(fault)
        if use in way:
            self.faults.add(complaints.use_circular(tree.where_of("use"), use))
            return None
        lent = self._copy(tree, "plan")
        if lent is None:
            return None
        for key in ("plan", "area"):
            lent.put(key, tree.get(key, ""), where=tree.where_of(key))
        return self._placed(lent, (*way, use))

    def _layer(self, layer: Branch) -> Branch | None:
        lent = self._copy(layer, "layer")
        if lent is None:
            return None
        lent.pop("area", None)
        for key, value in layer.items():
            if key != "use":
                lent.put(key, value, where=layer.where_of(key))
        return lent

    def _copy(self, tree: Branch, kind: str) -> Branch | None:
        """The lender's document; what is missing is a fault."""
        use = str(tree["use"])
        code, _, name = use.partition("/")
        for found in self.books.get(code, ()):
            if isinstance(found, Branch) and found.get(kind) == name:
                copied = copy_tree(found) if code == self.code else named_by_area(found, code)
                return copied if isinstance(copied, Branch) else None
        self.faults.add(complaints.use_unknown(tree.where_of("use"), use, kind=kind))
        return None


def lenders_of(books: Books, code: str, *, kind: str) -> list[str]:
    """The areas whose documents of a kind (``facts``, …) an area takes whole, farthest first."""
    found: list[str] = []
    seen = {code}

    def visit(area: str) -> None:
        for tree in books.get(area, ()):
            used = str(tree.get("use", "")) if isinstance(tree, Branch) else ""
            is_of_kind = used and _FILE_OF.get(kind_of(tree), kind_of(tree)) == kind
            if is_of_kind and _AREA.match(used) and used not in seen:
                seen.add(used)
                visit(used)
                found.append(used)

    visit(code)
    return found


def kind_of(tree: Tree) -> str:
    """A document's kind: its first key; a lone ``use`` is what the file's name says."""
    stem = str(tree.where.file).rpartition("/")[2].partition(".")[0]
    return str(next((key for key in tree if key != "use"), stem))
