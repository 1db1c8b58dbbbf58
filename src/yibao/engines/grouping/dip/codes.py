"""Codes in one way of writing (编码规范化), and the prefixes by which tables speak of many codes.

A diagnosis is a letter, two digits, and what follows the point as it stands (``I63.900x002``); an
operation is digits with a point (``36.0700x004``). Marks of the dagger system are taken off.

Refuses: to correct a code. What does not look like one is no code.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import cache

_DIAGNOSIS = re.compile(r"[A-Z][0-9][0-9A-Z](\.[0-9x][0-9A-Za-z]*)?\Z")
_PROCEDURE = re.compile(r"[0-9]{2}(\.[0-9x][0-9A-Za-z]*)?\Z")
_MARKS = "*+†"
_SEPARATOR = "|"


def diagnosis_of(text: str) -> str | None:
    """A diagnosis code in one way of writing, None if it is none."""
    code = text.strip().rstrip(_MARKS)
    code = code[:1].upper() + code[1:].replace("X", "x")
    return code if _DIAGNOSIS.match(code) else None


def procedure_of(text: str) -> str | None:
    """A procedure code in one way of writing, None if it is none."""
    code = text.strip().replace("X", "x")
    return code if _PROCEDURE.match(code) else None


def listed(text: str) -> tuple[str, ...]:
    """The codes of a cell, joined by ``|``; empty ones are passed over."""
    return tuple(part.strip() for part in text.split(_SEPARATOR) if part.strip())


def longest_prefix(code: str, prefixes: Iterable[str]) -> str | None:
    """The longest of some prefixes that a code begins with, None if it begins with none."""
    known = prefixes if isinstance(prefixes, Mapping | frozenset | set) else frozenset(prefixes)
    return next((code[:n] for n in range(len(code), -1, -1) if code[:n] in known), None)


@cache
def in_chapter(diagnosis: str, chapter: str) -> bool:
    """Whether a diagnosis lies in a range of three-character codes, ``A00-B99``."""
    first, _, last = chapter.partition("-")
    return first <= diagnosis[:3] <= last
