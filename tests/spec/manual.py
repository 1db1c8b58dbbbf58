"""The manual of rules: every case file as one readable document, in Markdown.

``python -m tests.spec.manual`` prints it; the words and tables are the cases' own, so the manual is
as true as the tests are green.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator

from tests.spec.reading import Case, CaseFile, all_case_files


def manual() -> Iterator[str]:
    """The lines of the manual: a chapter for each folder, a section for each rule."""
    chapter = ""
    yield "# The rules, as the engine holds them"
    for file in all_case_files():
        if file.path.parent.name != chapter:
            chapter = file.path.parent.name
            yield f"\n## {chapter.replace('_', ' ').capitalize()}"
        yield from _rule(file)


def _rule(file: CaseFile) -> Iterator[str]:
    yield f"\n### {file.title}\n"
    if file.prose:
        yield " ".join(file.prose)
    for case in file.cases:
        yield from _case(case)


def _case(case: Case) -> Iterator[str]:
    yield f"\n**{case.title}.**"
    if case.setting("given"):
        yield f"Given {case.setting('given')}."
    if case.setting("known"):
        yield f"Known of the member: {case.setting('known')}."
    given = list(case.rows[0].given)
    expected = list(dict.fromkeys(name for row in case.rows for name in row.expected))
    yield "\n| " + " | ".join([*given, *(f"→ {name}" for name in expected)]) + " |"
    yield "|" + " --- |" * (len(given) + len(expected))
    for row in case.rows:
        cells = [*row.given.values(), *(row.expected.get(name, "") for name in expected)]
        yield "| " + " | ".join(cells) + " |"
    yield f"\nBy hand: {case.setting('note')}"


if __name__ == "__main__":
    sys.stdout.write("\n".join(manual()) + "\n")
