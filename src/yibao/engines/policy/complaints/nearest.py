"""What to do about a name that nobody declared: the nearest ones that somebody did."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

from yibao.base.texts import Text

SHOWN = 12


def known_name(name: str, known: Iterable[str]) -> Text:
    """The names that come close, or the first few of all."""
    names = sorted(known)
    near = difflib.get_close_matches(name, names, n=3)
    shown = ", ".join(near or names[:SHOWN]) or "–"
    return Text(f"可用的名称: {shown}", f"known names: {shown}")
