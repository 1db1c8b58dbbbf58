"""The rows of a statement before a language is chosen: label, amount, references, depth.

Every label is written in both languages at once, so neither can be forgotten.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from yibao.base.money import format_yuan
from yibao.base.texts import Language, Text
from yibao.engines.benefits.explain.shapes import Citation

Kind = Literal["section", "item", "total", "prose"]


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a statement in one language; ``amount`` is printed yuan or empty."""

    kind: Kind
    depth: int
    label: str
    amount: str = ""
    references: str = ""


@dataclass(frozen=True, slots=True)
class Draft:
    """One row in both languages, still with its citations."""

    kind: Kind
    depth: int
    label: Text
    amount: str = ""
    citations: tuple[Citation, ...] = ()
    is_verbatim: bool = False  # begins with a name, which keeps its small letters

    def row(self, language: Language) -> Row:
        """The row in one language."""
        label = self.label.in_language(language)
        if language == "en" and not self.is_verbatim:
            label = capital(label)
        return Row(self.kind, self.depth, label, self.amount, references(self.citations))


def references(citations: Iterable[Citation]) -> str:
    """The ids of the documents cited, each once, and a star where a value is not law."""
    found: dict[str, None] = {}
    for citation in citations:
        ids = [source.source_id for source in citation.sources]
        if citation.confidence in ("example", "open"):
            ids.append("*")
        found.update(dict.fromkeys(ids))
    return " ".join(found)


def money(amount: int) -> str:
    """Fen as yuan with separators."""
    return format_yuan(amount, grouped=True)


def exact(printed: str) -> str:
    """Exact yuan with separators, every decimal kept."""
    sign = "−" if printed.startswith("-") else ""
    whole, _, decimals = printed.lstrip("-").partition(".")
    return f"{sign}{int(whole):,}.{decimals}"


def capital(words: str) -> str:
    """English words with a capital at the front, as they begin a row."""
    return f"{words[:1].upper()}{words[1:]}"


def less(amount: int) -> str:
    """An amount that is taken off, with a minus sign of its own width."""
    return f"−{money(amount)}" if amount else money(0)
