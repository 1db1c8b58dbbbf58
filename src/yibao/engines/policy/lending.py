"""What an area takes from another, by name and never by silence.

A ``use:`` in place of a plan or a layer is replaced by a copy of the lender's tree, so that overlays and
the compiler meet one kind of document. Numbers are followed later, by name; words (facts, counters) are
taken as whole files.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from yibao.base.findings import Fault, Where
from yibao.base.texts import Text
from yibao.base.trees import Branch, Tree, copy_tree
from yibao.base.trees import Sequence as TreeSequence
from yibao.engines.policy.faults import Faults
from yibao.engines.policy.scalars import USE_PATTERN

Books = Mapping[str, Sequence[Tree]]
"""Every area's documents as trees, by area code: the area itself and those it takes from."""

_USE = re.compile(USE_PATTERN)
_AREA = re.compile(r"[0-9]{6}\Z")


def areas_used(trees: Sequence[Tree]) -> set[str]:
    """The codes of all areas that documents name under ``use``."""
    return {use.partition("/")[0] for tree in trees for use in _uses(tree)}


def _uses(tree: Tree) -> Iterator[str]:
    if isinstance(tree, Branch):
        for key, value in tree.items():
            if key == "use" and isinstance(value, str) and (_USE.match(value) or _AREA.match(value)):
                yield value
            yield from _uses(value)
    elif isinstance(tree, TreeSequence):
        for item in tree:
            yield from _uses(item)


def lend(books: Books, code: str, *, faults: Faults) -> list[Tree]:
    """The area's documents with every used plan and layer put in place."""
    return [_with_plan(copy_tree(tree), books, faults) for tree in books.get(code, ())]


def _with_plan(tree: Tree, books: Books, faults: Faults) -> Tree:
    if not isinstance(tree, Branch):
        return tree
    if "plan" in tree and "use" in tree:
        lent = _lent(str(tree["use"]), "plan", books)
        if lent is None:
            _missing(tree, "plan", faults)
            return tree
        lent["plan"], lent["area"] = tree["plan"], tree.get("area", "")
        return _with_layers(lent, books, faults)
    return _with_layers(tree, books, faults)


def _with_layers(tree: Branch, books: Books, faults: Faults) -> Branch:
    layers = tree.get("layers")
    if not isinstance(layers, TreeSequence):
        return tree
    for index, layer in enumerate(layers):
        if isinstance(layer, Branch) and "use" in layer:
            lent = _lent(str(layer["use"]), "layer", books)
            if lent is None:
                _missing(layer, "layer", faults)
                continue
            lent.pop("area", None)
            for key, value in layer.items():
                if key != "use":
                    lent[key] = value
                    lent.lines[key] = layer.lines.get(key, 0)
            layers[index] = lent
    return tree


def _lent(use: str, kind: str, books: Books) -> Branch | None:
    code, _, name = use.partition("/")
    for tree in books.get(code, ()):
        if isinstance(tree, Branch) and tree.get(kind) == name:
            copied = copy_tree(tree)
            return copied if isinstance(copied, Branch) else None
    return None


def _missing(tree: Branch, kind: str, faults: Faults) -> None:
    where: Where = tree.where_of("use")
    faults.add(
        Fault(
            "use_unknown", where,
            Text(f"没有可引用的 {tree['use']}（{kind}）", f"there is no {kind} {tree['use']} to take"),
            Text("请核对地区代码和名称", "check the area code and the name"),
        )
    )  # fmt: skip


def lend_words(books: Books, code: str, kind: str) -> list[Tree]:
    """The documents of a kind (``facts``, ``counters``) that the area takes whole, nearest last."""
    taken: list[Tree] = []
    for tree in books.get(code, ()):
        if isinstance(tree, Branch) and kind in tree and _AREA.match(str(tree.get("use", ""))):
            lender = str(tree["use"])
            taken += lend_words(books, lender, kind)
            taken += [t for t in books.get(lender, ()) if isinstance(t, Branch) and kind in t]
    return taken
