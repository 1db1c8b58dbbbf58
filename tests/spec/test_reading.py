"""The case files' own reader and runner: what they refuse, and that a wrong cell is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.spec.hosts import HOSTS
from tests.spec.reading import HERE, CaseFileInvalid, all_case_files, read_case_file
from tests.spec.running import ENGINES, CaseInvalid

HEAD = "# A rule\n\ngiven: scheme=employee\n\n"
GOOD = """## A sentence
note: by hand

date        eligible  |  basic
2024-01-01  100       |  -
2024-01-02  -         |  80
"""


def read(folder: Path, text: str):
    path = folder / "rule.cases"
    path.write_text(text, encoding="utf-8")
    return read_case_file(path)


def test_a_file_is_read_as_it_is_written(tmp_path: Path) -> None:
    file = read(tmp_path, HEAD + "Some prose.\n\n" + GOOD)
    (case,) = file.cases
    assert (file.title, case.title, case.setting("note")) == ("A rule", "A sentence", "by hand")
    assert case.listed("given") == [("scheme", "employee")]
    assert [(row.line, row.given, row.expected) for row in case.rows] == [
        (11, {"date": "2024-01-01", "eligible": "100"}, {}),
        (12, {"date": "2024-01-02", "eligible": "-"}, {"basic": "80"}),
    ]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("No title\n", "1: the file must begin with its '# ' title"),
        (HEAD, "at least one '## ' sentence"),
        (HEAD + "## A sentence\n", "5: a sentence needs a table"),
        (HEAD + GOOD + GOOD, "'A sentence' stands twice"),
        (HEAD + "## A\n\ndate  |\n2024-01-01  |\n", "5: nothing is expected"),
        (HEAD + "## A\n\ndate  |  basic\n2024-01-01  |  -\n", "5: nothing is expected"),
        (HEAD + "## A\n\ndate  |  basic\n2024-01-01  1  |  1\n", "8: 2 cells under 1 headings"),
        (HEAD + "## A\n\ndate  date  |  basic\n1  2  |  1\n", "7: a heading stands twice"),
        (HEAD + "## A\n\ndate  |  basic\n1  |  1  |  2\n", "8: a row has exactly one bar"),
        (HEAD + GOOD + "a stray line\n", "11: only table rows may follow a table"),
    ],
)
def test_what_is_not_in_the_format_is_refused(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(CaseFileInvalid, match=r"rule\.cases") as refused:
        read(tmp_path, text)
    assert told in str(refused.value)


PLAIN = HERE / "inpatient" / "share_above_the_deductible"


def run_changed(folder: Path, old: str, new: str) -> list[str]:
    """What the runner tells of a shipped case file once a piece of it is another."""
    for suffix in (".cases", ".yaml"):
        text = PLAIN.with_suffix(suffix).read_text(encoding="utf-8")
        if suffix == ".cases":
            assert old in text
            text = text.replace(old, new, 1)
        (folder / f"rule{suffix}").write_text(text, encoding="utf-8")
    engine = ENGINES["reference"]
    cases = read_case_file(folder / "rule.cases").cases
    return [told for case in cases for told in HOSTS["claims"](case, engine)]


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("|  455    595", "|  455.01  595", "basic: expected 455.01, found 455.00"),
        ("|  455    595", "|  455    594.99", "own: expected 594.99, found 595.00"),
        ("7.20    2.80", "7.21    2.80", "line 2: expected 7.21, found 7.20"),
        (
            "1000      50          |  455",
            "1000.01   50          |  455",
            "basic: expected 455, found 455.01",
        ),
        ("inpatient  level_1         1000", "inpatient  level_2         1000", "answered no_plan"),
    ],
)
def test_a_cell_that_is_not_met_is_told(tmp_path: Path, old: str, new: str, told: str) -> None:
    wrong = run_changed(tmp_path, old, new)
    assert wrong
    assert told in "\n".join(wrong)


def test_an_unchanged_file_tells_nothing(tmp_path: Path) -> None:
    assert run_changed(tmp_path, "In Dalian", "In Dalian") == []


def test_a_heading_without_meaning_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CaseInvalid, match="'basics' is no layer"):
        run_changed(tmp_path, "|  basic  own\ninpatient", "|  basics  own\ninpatient")


def test_every_case_says_how_its_figures_were_worked_out() -> None:
    silent = [c.identity for file in all_case_files() for c in file.cases if not c.setting("note")]
    assert not silent
