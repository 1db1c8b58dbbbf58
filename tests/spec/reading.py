"""Case files: sentences with aligned tables of events and of what the law makes of them.

The idea: a case is read by people first. A file is one rule, a heading one sentence, a table row
one event; what is given stands left of the bar, what must come out stands right of it. Columns
are parted by two or more spaces, so that a heading may be «basic deductible». The format is
described in docs/spec-cases.md.

Holds: every table has a bar, something to the right of it, and as many cells as headings; every
case has a title that no other case of the file has.

Refuses: to know what a column means. That is the business of the host that runs the case.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import NoReturn

HERE = Path(__file__).parent
SUFFIX = ".cases"
UNSAID = "-"

_PARTED = re.compile(r"\s{2,}")
_SETTING = re.compile(r"(runs|law|given|known|note|example|official|unit|opening): ?(.*)\Z")


class CaseFileInvalid(Exception):
    """A case file that cannot be read: file, line, and what to do about it."""


@dataclass(frozen=True, slots=True)
class Row:
    """One event: what is given and what is expected, by heading.

    An unsaid given cell takes a default away and is kept; an unsaid expected cell is left out.
    """

    line: int
    given: Mapping[str, str]
    expected: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Case:
    """One sentence with its table. ``settings`` are the lines before the table, by their word."""

    file: Path
    line: int
    title: str
    settings: Mapping[str, tuple[str, ...]]
    rows: tuple[Row, ...]
    prose: str = ""

    @property
    def policy_file(self) -> Path:
        """The policy fragment that stands beside the case file."""
        return self.file.with_suffix(".yaml")

    @property
    def identity(self) -> str:
        """What the test report calls the case: benefit, rule, sentence."""
        return f"{self.file.parent.name}/{self.file.stem}: {self.title}"

    def setting(self, word: str) -> str:
        """All lines of one setting as one text, empty when there is none."""
        return " ".join(self.settings.get(word, ()))

    def listed(self, word: str) -> list[tuple[str, str]]:
        """A setting of «name = value» parts, parted by commas, in order."""
        parts = [part.strip() for text in self.settings.get(word, ()) for part in text.split(",")]
        pairs = [part.partition("=") for part in parts if part]
        for name, equals, value in pairs:
            if not (name.strip() and equals and value.strip()):
                raise CaseFileInvalid(
                    f"{self.file}:{self.line}: '{word}' has a part that is not 'name = value'"
                )
        return [(name.strip(), value.strip()) for name, _, value in pairs]


@dataclass(slots=True)
class CaseFile:
    """A file: the rule's title, its prose, and its cases in order."""

    path: Path
    title: str = ""
    prose: list[str] = field(default_factory=list)
    cases: list[Case] = field(default_factory=list)


def read_case_file(path: Path) -> CaseFile:
    """Read one case file.

    Raises:
        CaseFileInvalid: with file and line, at the first thing that is not in the format.
    """
    found = CaseFile(path)
    common: dict[str, tuple[str, ...]] = {}
    titles: set[str] = set()
    for line, title, block in _blocks(path):
        settings, prose, table = _settings(path, line, block)
        if title.startswith("# "):
            found.title, found.prose, common = title[2:].strip(), prose, settings
            if table:
                _refuse(path, table[0][0], "a table before the first '## ' sentence")
            continue
        sentence = title[3:].strip()
        if sentence in titles:
            _refuse(path, line, f"the sentence '{sentence}' stands twice")
        titles.add(sentence)
        merged = {
            word: common.get(word, ()) + settings.get(word, ()) for word in {**common, **settings}
        }
        rows = tuple(_rows(path, line, table))
        found.cases.append(Case(path, line, sentence, merged, rows, "\n".join(prose)))
    if not found.title or not found.cases:
        _refuse(path, 1, "a file needs a '# ' title and at least one '## ' sentence")
    return found


def all_case_files(root: Path = HERE) -> list[CaseFile]:
    """Every case file below a folder, by path."""
    return [read_case_file(path) for path in sorted(root.rglob(f"*{SUFFIX}"))]


def _blocks(path: Path) -> Iterator[tuple[int, str, list[tuple[int, str]]]]:
    head: tuple[int, str] | None = None
    block: list[tuple[int, str]] = []
    for number, text in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        if text.startswith(("# ", "## ")):
            if head:
                yield *head, block
            head, block = (number, text), []
        elif head is None and text.strip():
            _refuse(path, number, "the file must begin with its '# ' title")
        else:
            block.append((number, text.rstrip()))
    if head:
        yield *head, block


def _settings(
    path: Path, line: int, block: list[tuple[int, str]]
) -> tuple[dict[str, tuple[str, ...]], list[str], list[tuple[int, str]]]:
    settings: dict[str, tuple[str, ...]] = {}
    prose: list[str] = []
    table: list[tuple[int, str]] = []
    word = ""
    for number, text in block:
        match = _SETTING.match(text)
        if table and text.strip() and "|" not in text:
            _refuse(path, number, "only table rows may follow a table; every row has its bar '|'")
        if match:
            word = match[1]
            settings[word] = (*settings.get(word, ()), match[2].strip())
        elif word and text.startswith("  ") and "|" not in text:
            *before, last = settings[word]
            settings[word] = (*before, f"{last} {text.strip()}")
        elif "|" in text:
            word = ""
            table.append((number, text))
        else:
            word = ""
            if text.strip():
                prose.append(text.strip())
    return settings, prose, table


def _rows(path: Path, line: int, table: list[tuple[int, str]]) -> list[Row]:
    if len(table) < 2:
        _refuse(path, line, "a sentence needs a table: headings and at least one row")
    given_names, expected_names = (_cells(half) for half in _halves(path, *table[0]))
    for names in (given_names, expected_names):
        if len(set(names)) != len(names):
            _refuse(path, table[0][0], "a heading stands twice")
    rows = []
    for number, text in table[1:]:
        given, expected = _halves(path, number, text)
        said = _named(path, number, expected_names, _cells(expected))
        rows.append(
            Row(
                number,
                _named(path, number, given_names, _cells(given)),
                {name: cell for name, cell in said.items() if cell != UNSAID},
            )
        )
    if not any(row.expected for row in rows):
        _refuse(path, line, "nothing is expected: no cell to the right of the bar says anything")
    return rows


def _halves(path: Path, line: int, text: str) -> tuple[str, str]:
    left, bar, right = text.partition("|")
    if not bar or "|" in right:
        _refuse(path, line, "a row has exactly one bar '|'")
    return left, right


def _cells(half: str) -> list[str]:
    return [cell for cell in _PARTED.split(half.strip()) if cell]


def _named(path: Path, line: int, names: list[str], cells: list[str]) -> dict[str, str]:
    if len(names) != len(cells):
        _refuse(
            path,
            line,
            f"{len(cells)} cells under {len(names)} headings; "
            f"part cells by two spaces and write '{UNSAID}' for an unsaid one",
        )
    return dict(zip(names, cells, strict=True))


def _refuse(path: Path, line: int, what: str) -> NoReturn:
    raise CaseFileInvalid(f"{path}:{line}: {what}")
