"""Purity of `base` and `engines`: exact numbers, and nothing that differs between two runs.

The import contract keeps clocks and stores out by module; these checkers see what an import does
not show: `date.today()`, `open()`, a float that slipped in.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from tests.health.checkers import Complaint, Source, nodes

_CLOCKS = {"fromtimestamp", "now", "today", "utcfromtimestamp", "utcnow"}
_FILE_METHODS = {"open", "read_bytes", "read_text", "write_bytes", "write_text"}
_IMPURE_CALLS = {"breakpoint", "input", "open", "print"}
_IMPURE_MODULES = {"numpy.random", "os", "pathlib", "random", "secrets", "time", "uuid"}


def floats(source: Source) -> Iterator[Complaint]:
    """Float and complex literals, the name `float` outside a refusal of it, and `round`."""
    refusals = _type_tests(source)
    for node in nodes(source, ast.Constant, ast.Name):
        if isinstance(node, ast.Constant) and isinstance(node.value, float | complex):
            yield source.complain(
                node,
                f"the float {node.value!r}",
                "amounts are integer fen, rates integer millionths, the rest Fraction",
            )
        elif isinstance(node, ast.Name) and node.id == "float" and node not in refusals:
            yield source.complain(node, "float is used", "stay with integers and Fraction")
        elif isinstance(node, ast.Name) and node.id == "round":
            yield source.complain(
                node, "round() rounds half to even", "use the one named rounding of base.money"
            )


def clocks(source: Source) -> Iterator[Complaint]:
    """Anything that asks what time it is."""
    for node in nodes(source, ast.Attribute):
        assert isinstance(node, ast.Attribute)
        if node.attr in _CLOCKS:
            yield source.complain(
                node, f".{node.attr} reads a clock", "take the day as an argument"
            )


def effects(source: Source) -> Iterator[Complaint]:
    """Anything that reads or writes, or is random."""
    advice = "offices and storage act; an engine is given values"
    for node in nodes(source, ast.Call, ast.Import, ast.ImportFrom):
        if isinstance(node, ast.Import):
            for alias in node.names:
                if _is_impure(alias.name):
                    yield source.complain(node, f"{alias.name} is imported", advice)
        elif isinstance(node, ast.ImportFrom):
            if _is_impure(node.module or ""):
                yield source.complain(node, f"{node.module} is imported", advice)
        elif isinstance(node, ast.Call):
            if isinstance(node.func, ast.Name) and node.func.id in _IMPURE_CALLS:
                yield source.complain(node, f"{node.func.id}() is called", advice)
            if isinstance(node.func, ast.Attribute) and node.func.attr in _FILE_METHODS:
                yield source.complain(node, f".{node.func.attr}() is called", advice)


def _is_impure(module: str) -> bool:
    return any(module == name or module.startswith(f"{name}.") for name in _IMPURE_MODULES)


def _type_tests(source: Source) -> set[ast.AST]:
    """The nodes inside `isinstance(value, float)`: asking is how floats are refused."""
    return {
        inner
        for node in nodes(source, ast.Call)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id == "isinstance"
        for inner in ast.walk(node)
    }
