"""Words: the field's terms in whole, and no trace of anybody's machine."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import PurePosixPath

from tests.health.checkers import PACKAGE, Complaint, Source, nodes

BANNED = {
    "amt": "amount",
    "calc": "a verb for what it does",
    "cap": "ceiling",
    "caps": "ceilings",
    "cfg": "settings",
    "cnt": "count",
    "coins": "coinsurance",
    "copay": "coinsurance",
    "ctx": "context",
    "ded": "deductible",
    "elig": "eligible",
    "helper": "a name for what it is",
    "helpers": "a name for what it holds",
    "hosp": "provider, or hospital",
    "idx": "index",
    "mgr": "a name for what it does",
    "misc": "a name for what it holds",
    "msg": "message",
    "oop": "out_of_pocket",
    "pct": "rate",
    "qty": "quantity",
    "reimb": "reimbursement",
    "tmp": "a name for what it is",
    "util": "a name for what it holds",
    "utils": "a name for what it holds",
    "val": "value",
    "vals": "values",
}
"""Words that GLOSSARY.md says otherwise, or that say nothing."""

NATIONAL_WORDS = {
    *("cvlserv", "dedc", "fixmedins", "fulamt", "hifes", "hifmi", "hifob", "hifp", "inscp"),
    *("insutype", "mdtrt", "medfee", "ownpay", "preselfpay", "psn", "selfpay", "setl", "sumamt"),
}
"""Parts of the national interface's field names, which stand in the gateway's codecs only."""

GATEWAY = f"{PACKAGE}/doors/gateway/"

_PART = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
_MACHINE = re.compile(
    "|".join(
        [
            r"(?<![\w.~$}-])/" + "work" + r"(?![\w-])",
            r"(?<![\w.~$}-])/" + "root" + r"(?![\w-])",
            r"(?<![\w)\]])\." + "library" + r"\b",
        ]
    )
)


def identifiers(source: Source) -> Iterator[Complaint]:
    """Banned words in the names that a file gives."""
    for name, line in _given_names(source):
        for word in _PART.findall(name):
            instead = BANNED.get(word.lower())
            if instead:
                yield source.complain(line, f"{name!r} says {word!r}", f"say {instead}")
            if word.lower() in NATIONAL_WORDS and not source.is_under(GATEWAY):
                yield source.complain(
                    line,
                    f"{name!r} is a national field name",
                    "use the word of GLOSSARY.md; only the gateway's codecs know the field",
                )


def machine_paths(path: str, text: str) -> Iterator[Complaint]:
    """Paths that exist on one machine only."""
    for number, line in enumerate(text.splitlines(), start=1):
        found = _MACHINE.search(line)
        if found:
            yield Complaint(
                path, number, f"{found[0]!r} is a path of one machine", "name it relative or not"
            )


def _given_names(source: Source) -> Iterator[tuple[str, int]]:
    path = PurePosixPath(source.path)
    yield (path.parent.name if path.stem == "__init__" else path.stem), 1
    for node in nodes(
        source, ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.arg, ast.Name
    ):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node.name, node.lineno
        elif isinstance(node, ast.arg):
            yield node.arg, node.lineno
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id, node.lineno
    for node in nodes(source, ast.Attribute, ast.alias):
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            yield node.attr, node.lineno
        elif isinstance(node, ast.alias) and node.asname:
            yield node.asname, node.lineno
