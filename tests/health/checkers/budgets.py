"""Size budgets: code that a person can hold in the head.

Code lines are lines that carry a token of code: blank lines, comments and docstrings are free, so
that nobody saves on explanation.
"""

from __future__ import annotations

import ast
import io
import tokenize
import unicodedata
from collections.abc import Iterator

from tests.health.checkers import Complaint, Source, docstrings, nodes

FUNCTION_WALL = 60
MODULE_WALL = 400
COLUMNS = 100
PARAMETERS = 5
POSITIONAL = 2

_SILENT = {
    tokenize.COMMENT,
    tokenize.DEDENT,
    tokenize.ENCODING,
    tokenize.ENDMARKER,
    tokenize.INDENT,
    tokenize.NEWLINE,
    tokenize.NL,
}
_COMMANDS = {"command", "group"}
_COMPILED = {"word", "compiled", "inlined"}  # builders of machine words, and compiled loops

Function = ast.FunctionDef | ast.AsyncFunctionDef


def code_lines(source: Source) -> set[int]:
    """The numbers of the lines that carry code."""
    lines: set[int] = set()
    for token in tokenize.generate_tokens(io.StringIO(source.text).readline):
        if token.type not in _SILENT:
            lines.update(range(token.start[0], token.end[0] + 1))
    for text in docstrings(source.tree):
        lines.difference_update(range(text.lineno, (text.end_lineno or text.lineno) + 1))
    return lines


def function_size(source: Source) -> Iterator[Complaint]:
    """Functions over the wall, decorators and inner functions counted in."""
    lines = code_lines(source)
    for node in nodes(source, ast.FunctionDef, ast.AsyncFunctionDef):
        assert isinstance(node, Function)
        first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
        size = len(lines & set(range(first, (node.end_lineno or first) + 1)))
        if size > FUNCTION_WALL:
            yield source.complain(
                node,
                f"{node.name} has {size} code lines",
                f"split it: the wall is {FUNCTION_WALL}",
            )


def module_size(source: Source) -> Iterator[Complaint]:
    """Modules over the wall."""
    size = len(code_lines(source))
    if size > MODULE_WALL:
        yield source.complain(
            1, f"the module has {size} code lines", f"split it by idea: the wall is {MODULE_WALL}"
        )


def columns(source: Source) -> Iterator[Complaint]:
    """Lines that are too wide on a screen, where a Chinese character takes two columns."""
    for number, line in enumerate(source.text.splitlines(), start=1):
        width = sum(2 if unicodedata.east_asian_width(sign) in "WF" else 1 for sign in line)
        if width > COLUMNS:
            yield source.complain(
                number, f"the line is {width} columns wide", f"break it before {COLUMNS}"
            )


def parameters(source: Source) -> Iterator[Complaint]:
    """Public functions that take too much, or take it by position."""
    for node, is_method in _public_functions(source.tree):
        if any(_last_name(decorator) in _COMMANDS | _COMPILED for decorator in node.decorator_list):
            continue  # the parameters of a command are its options on the command line
        listed = node.args
        positional = [*listed.posonlyargs, *listed.args]
        if is_method and not any(_last_name(it) == "staticmethod" for it in node.decorator_list):
            positional = positional[1:]
        variable = [argument for argument in (listed.vararg, listed.kwarg) if argument]
        count = len(positional) + len(listed.kwonlyargs) + len(variable)
        if count > PARAMETERS:
            yield source.complain(
                node,
                f"{node.name} takes {count} parameters",
                f"gather what belongs together into a value: at most {PARAMETERS}",
            )
        if len(positional) > POSITIONAL:
            yield source.complain(
                node,
                f"{node.name} takes {len(positional)} parameters by position",
                f"put `*` after the first {POSITIONAL}",
            )


def _public_functions(tree: ast.Module | ast.ClassDef) -> Iterator[tuple[Function, bool]]:
    for node in tree.body:
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
            yield from _public_functions(node)
        elif isinstance(node, Function) and (
            not node.name.startswith("_") or node.name == "__init__"
        ):
            yield node, isinstance(tree, ast.ClassDef)


def _last_name(decorator: ast.expr) -> str:
    called = decorator.func if isinstance(decorator, ast.Call) else decorator
    if isinstance(called, ast.Attribute):
        return called.attr
    return called.id if isinstance(called, ast.Name) else ""
