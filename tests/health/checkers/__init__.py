"""Checkers of the code's health: each reads one file and answers a list of complaints.

A checker is a function from :class:`Source` to :class:`Complaint`\\ s. It never raises for what it
finds, so that one run shows everything; a test joins the complaints into one message of
``file:line: what is wrong; what to do``. Every checker is itself tested on a snippet that it must
refuse and on one that it must let pass.
"""

from __future__ import annotations

import ast
import subprocess
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
PACKAGE = "src/yibao"
PURE = (f"{PACKAGE}/base/", f"{PACKAGE}/engines/")


@dataclass(frozen=True, order=True)
class Complaint:
    """One thing wrong at one place, with what to do about it."""

    path: str
    line: int
    message: str
    advice: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.message}; {self.advice}"


@dataclass(frozen=True)
class Source:
    """A Python file: its path from the root of the repository, and its text."""

    path: str
    text: str = field(repr=False)

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.text, self.path)

    def is_under(self, *folders: str) -> bool:
        return self.path.startswith(folders)

    def complain(self, node: ast.AST | int, message: str, advice: str) -> Complaint:
        line = node if isinstance(node, int) else getattr(node, "lineno", 1)
        return Complaint(self.path, line, message, advice)


Checker = Callable[[Source], Iterable[Complaint]]


def package_sources(*folders: str) -> Iterator[Source]:
    """The package's files, or those under the named folders of the repository."""
    for folder in folders or (PACKAGE,):
        for file in sorted((ROOT / folder).rglob("*.py")):
            yield Source(file.relative_to(ROOT).as_posix(), file.read_text(encoding="utf-8"))


def tracked_files() -> list[str]:
    """The paths that git keeps and that still exist, from the root of the repository."""
    listing = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True, text=True
    ).stdout
    return [path for path in listing.split("\0") if path and (ROOT / path).is_file()]


def complaints(checker: Checker, sources: Iterable[Source]) -> list[Complaint]:
    """Everything that a checker finds in the files, in order of place."""
    return sorted(complaint for source in sources for complaint in checker(source))


def told(found: Iterable[Complaint]) -> str:
    """The complaints as the message of a failed test, one a line."""
    return "\n" + "\n".join(str(complaint) for complaint in found)


def nodes(source: Source, *kinds: type[ast.AST]) -> Iterator[ast.AST]:
    """The nodes of the given kinds in a file."""
    return (node for node in ast.walk(source.tree) if isinstance(node, kinds))


def docstrings(tree: ast.Module) -> set[ast.Constant]:
    """The string constants that document something, or stand alone as a comment on a name."""
    return {
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    }
