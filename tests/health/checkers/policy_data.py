"""The shipped policies as data: cited, marked, asked openly, named twice.

The checkers read the YAML trees as written, before the compiler sees them, so that what an overlay
hides or a plan never reaches is looked at too.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from tests.health.checkers import ROOT, Complaint
from yibao.base.findings import Where
from yibao.base.trees import Branch, Tree
from yibao.storage.files.policies import areas_in, read_folder

POLICIES = ROOT / "policies"
CONFIDENCES = {"H", "M", "seed", "example", "open"}
NAMED_BY_LABEL = ("plan", "layer", "entitlement", "line", "overlay")
"""Documents and entries that say `name: {zh, en}`."""

_CHINESE = re.compile(r"[\u4e00-\u9fff]")
_OPEN = re.compile(r"OPEN\(([a-z0-9-]+)\)")

Trees = Sequence[Tree]


def shipped() -> dict[str, list[Tree]]:
    """Every shipped area's documents; a folder without any is the policy check's to refuse."""
    return {
        code: read_folder(POLICIES / code, root=POLICIES)
        for code in areas_in(POLICIES)
        if any((POLICIES / code).rglob("*.yaml"))
    }


def branches(tree: Tree) -> Iterator[Branch]:
    """Every mapping of a tree, outer first."""
    if isinstance(tree, Branch):
        yield tree
        for value in tree.values():
            yield from branches(value)
    elif isinstance(tree, list):
        for value in tree:
            yield from branches(value)


def everywhere(trees: Trees) -> Iterator[Branch]:
    """Every mapping of all documents."""
    return (branch for tree in trees for branch in branches(tree))


def complain(where: Where, message: str, advice: str) -> Complaint:
    """A complaint at a place below the policies."""
    return Complaint(f"policies/{where.file}", where.line, message, advice)


def areas_reached(books: Mapping[str, Trees], code: str) -> list[str]:
    """The area and all that its documents take from, on and on."""
    reached, waiting = [], [code]
    while waiting:
        area = waiting.pop()
        if area not in reached and area in books:
            reached.append(area)
            uses = [branch.get("use") for branch in everywhere(books[area])]
            waiting += [use.partition("/")[0] for use in uses if isinstance(use, str)]
    return reached


def _listed(value: Tree) -> list[str]:
    return [str(one) for one in value] if isinstance(value, list) else [str(value)]


def cited(branch: Branch) -> list[str]:
    """The source ids that a mapping cites."""
    source = branch.get("source", [])
    return _listed(source.get("ids", [])) if isinstance(source, Branch) else _listed(source)


def _declared(books: Mapping[str, Trees], code: str, kind: str) -> dict[str, Branch]:
    return {
        name: entry
        for area in areas_reached(books, code)
        for tree in books[area]
        if isinstance(tree, Branch)
        for name, entry in tree.get(kind, {}).items()
    }


def unknown_sources(books: Mapping[str, Trees], code: str) -> Iterator[Complaint]:
    """A cited id that no sources.yaml in reach declares."""
    known = _declared(books, code, "sources")
    for branch in everywhere(books[code]):
        for name in cited(branch):
            if name not in known:
                yield complain(
                    branch.where_of("source"),
                    f"the source '{name}' is not declared",
                    "add it to sources.yaml with title and address or number",
                )


def unknown_questions(books: Mapping[str, Trees], code: str) -> Iterator[Complaint]:
    """An `open` id that no sources.yaml in reach declares."""
    known = _declared(books, code, "questions")
    for branch in everywhere(books[code]):
        for name in _listed(branch.get("open", [])):
            if name not in known:
                yield complain(
                    branch.where_of("open"),
                    f"the question '{name}' is not declared",
                    "add it to questions with the reading that is taken",
                )


def idle_questions(
    books: Mapping[str, Trees], code: str, *, texts: Iterable[str]
) -> Iterator[Complaint]:
    """A question that no number or layer carries and no comment names as OPEN(id)."""
    used = {one for branch in everywhere(books[code]) for one in _listed(branch.get("open", []))}
    used |= {name for text in texts for name in _OPEN.findall(text)}
    for tree in books[code]:
        for name, entry in tree.get("questions", {}).items() if isinstance(tree, Branch) else ():
            if name not in used:
                yield complain(
                    entry.where,
                    f"nothing carries the question '{name}'",
                    "put it where it matters, or write OPEN(id) where it is decided",
                )


def wrong_confidence(trees: Trees) -> Iterator[Complaint]:
    """A confidence that may not be loaded, or an example outside an overlay of examples."""
    for tree in trees:
        is_examples = isinstance(tree, Branch) and tree.get("kind") == "examples"
        for branch in branches(tree):
            mark = branch.get("confidence")
            if mark is not None and mark not in CONFIDENCES:
                yield complain(
                    branch.where_of("confidence"),
                    f"the confidence '{mark}' may not be loaded",
                    "leave the value out, or write example_needed",
                )
            if not is_examples and (mark == "example" or "example" in cited(branch)):
                yield complain(
                    branch.where,
                    "an example value stands among the law",
                    "write example_needed here and the value in overlays/examples.yaml",
                )


def unmarked_examples(trees: Trees) -> Iterator[Complaint]:
    """A change of an overlay of examples that writes a value without the mark of one."""
    for tree in trees:
        if not isinstance(tree, Branch) or tree.get("kind") != "examples":
            continue
        for change in tree.get("changes", []):
            value = change.get("replace", change.get("add"))
            if value is None:
                continue
            if not isinstance(value, Branch) or value.get("confidence") != "example":
                yield complain(
                    change.where,
                    f"the example at {change.get('at')} does not say that it is one",
                    "write source and confidence: example on what is put there",
                )


def unnamed(trees: Trees) -> Iterator[Complaint]:
    """A thing that people read about and that lacks its name in one of the languages."""
    for tree in trees:
        for branch in branches(tree):
            if any(key in branch for key in NAMED_BY_LABEL) and "use" not in branch:
                yield from _label(branch.get("name"), branch.where)
        for kind in ("facts", "counters", "numbers", "indices", "questions"):
            entries = tree.get(kind, {}) if isinstance(tree, Branch) else {}
            for entry in entries.values():
                yield from _label(entry, entry.where)
                for value in entry.get("values", {}).values() if kind == "facts" else ():
                    yield from _label(value, entry.where)
                if kind == "questions":
                    yield from _label(entry.get("reading"), entry.where)


def _label(label: Tree, where: Where) -> Iterator[Complaint]:
    zh = str(label.get("zh", "")) if isinstance(label, Branch) else str(label or "")
    en = str(label.get("en", "")) if isinstance(label, Branch) else ""
    if not _CHINESE.search(zh) or not en or _CHINESE.search(en):
        yield complain(where, f"no name in both languages ({zh!r}, {en!r})", "write zh and en")


def untold_corrections(root: Path = POLICIES) -> Iterator[Complaint]:
    """An area without a CHANGELOG of its corrections."""
    for code in areas_in(root):
        file = root / code / "CHANGELOG.md"
        if not file.is_file() or code not in file.read_text(encoding="utf-8"):
            yield Complaint(
                f"policies/{code}/CHANGELOG.md", 1, "no list of corrections", "write one"
            )


def unregistered(trees: Trees) -> Iterator[Complaint]:
    """A product without its verified years, or verified years of no product."""
    products = {p["name"]: p for t in trees for p in _items(t, "products")}
    register = {e["product"]: e for t in trees for e in _items(t, "register")}
    for name in products.keys() ^ register.keys():
        entry = products.get(name) or register[name]
        yield complain(
            entry.where,
            f"'{name}' stands in only one of area.yaml and register.yaml",
            "register what is sourced and what is an example",
        )


def _items(tree: Tree, key: str) -> list[Branch]:
    return list(tree.get(key, [])) if isinstance(tree, Branch) else []
