"""How `yibao policy` tells a rule: its name, its lines, its days, on a console of fixed width."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console

from yibao.base.dates import Span
from yibao.base.texts import Language, Text
from yibao.doors.cli.policy_words import RULES
from yibao.engines.policy.outline import Entry

WIDTH_WHEN_PIPED = 140


def plain_console() -> Console:
    """Plain tables; wide enough to read when the output goes to a file."""
    console = Console(highlight=False)
    return console if console.is_terminal else Console(highlight=False, width=WIDTH_WHEN_PIPED)


def span_told(span: Span) -> str:
    """First day and the day after the last."""
    return f"{span.start} … {span.until or ''}".rstrip()


def rule_name(path: Sequence[str], language: Language) -> str:
    """A rule's path in words."""
    return " ".join(RULES.get(step, Text(step, step)).in_language(language) for step in path)


def lines_told(entry: Entry | None, language: Language) -> str:
    """What a rule says, line by line; a dash where there is none."""
    return texts_told(entry.lines if entry else (), language)


def texts_told(lines: Sequence[Text], language: Language) -> str:
    """Lines of text; a dash where there are none."""
    return "\n".join(line.in_language(language) for line in lines) or "–"
