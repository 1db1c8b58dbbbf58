"""Opening an area's law: the shipped one by code, or any folder a policy officer works in."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from yibao.base.trees import Tree
from yibao.engines.policy.area import AreaPolicy
from yibao.engines.policy.compiler import Options, compile_area
from yibao.engines.policy.lending import areas_used
from yibao.storage.files.policies import areas_in, read_folder
from yibao.storage.files.shipped import policies_root
from yibao.storage.files.yaml_tree import parse_yaml


def open_area(
    code: str,
    *,
    with_examples: bool = False,
    reforms: Sequence[str] = (),
    root: Path | None = None,
) -> AreaPolicy:
    """The compiled law of an area below ``root`` (default: the shipped policies).

    Raises:
        FaultsFound: with every fault of its files.
    """
    place = root or policies_root()
    books = _books(place, code, read_folder(place / code, root=place))
    return compile_area(books, code, options=Options(with_examples, tuple(reforms)))


def area_from_folder(
    folder: Path, *, with_examples: bool = False, reforms: Sequence[str] = ()
) -> AreaPolicy:
    """The compiled law of one folder; what it takes comes from beside it, or is shipped."""
    trees = read_folder(folder)
    code = _code_of(trees, folder.name)
    known = areas_in(folder.parent)
    root = folder.parent if areas_used(trees) <= set(known) else policies_root()
    books = _books(root, code, trees)
    return compile_area(books, code, options=Options(with_examples, tuple(reforms)))


def area_from_text(
    text: str,
    *,
    name: str = "policy.yaml",
    with_examples: bool = False,
    reforms: Sequence[str] = (),
) -> AreaPolicy:
    """The compiled law of YAML text (several documents parted by ``---``)."""
    trees = parse_yaml(text, name)
    code = _code_of(trees, "999999")
    books = _books(policies_root(), code, trees) if areas_used(trees) else {code: trees}
    return compile_area(books, code, options=Options(with_examples, tuple(reforms)))


def _code_of(trees: Sequence[Tree], otherwise: str) -> str:
    """The code that the area document says, else any other document."""
    written = [tree for tree in trees if isinstance(tree, dict) and "area" in tree]
    first = sorted(written, key=lambda tree: next(iter(tree)) != "area")[:1]
    return str(first[0]["area"]) if first else otherwise


def _books(root: Path, code: str, trees: list[Tree]) -> dict[str, list[Tree]]:
    """The area's trees and those of every area it takes from, on and on."""
    books = {code: trees}
    waiting = areas_used(trees) - {code}
    while waiting:
        other = waiting.pop()
        if other not in books:
            books[other] = read_folder(root / other, root=root)
            waiting |= areas_used(books[other]) - set(books)
    return books
