"""Names use the glossary's words in whole, and nothing in the repository names a machine."""

from __future__ import annotations

import pytest

from tests.health.checkers import (
    ROOT,
    Source,
    complaints,
    package_sources,
    told,
    tracked_files,
    words,
)


def test_names_are_whole_words_of_the_field():
    found = complaints(words.identifiers, package_sources())
    assert not found, told(found)


def test_no_tracked_file_names_a_machine():
    found = []
    for path in tracked_files():
        content = (ROOT / path).read_bytes()
        if b"\0" not in content:
            found += words.machine_paths(path, content.decode("utf-8"))
    assert not found, told(found)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("yearly_cap = none", "'yearly_cap' says 'cap'"),
        ("def ded_of(claim): ...", "'ded_of' says 'ded'"),
        ("class CalcMode: ...", "'CalcMode' says 'Calc'"),
        ("def pay(amt): ...", "'amt' says 'amt'"),
        ("self.tmp = 1", "'tmp' says 'tmp'"),
        ("import polars as utils", "'utils' says 'utils'"),
        ("for idx in range(3): ...", "'idx' says 'idx'"),
        ("medfee_total = 1", "'medfee_total' is a national field name"),
        ("PSN_NO = 1", "'PSN_NO' is a national field name"),
    ],
)
def test_a_banned_word_is_refused_at_its_place(line: str, message: str):
    found = complaints(words.identifiers, [Source("x.py", f"\n{line}\n")])
    assert [(complaint.line, complaint.message) for complaint in found] == [(2, message)]


@pytest.mark.parametrize("path", ["src/yibao/base/utils.py", "src/yibao/base/utils/__init__.py"])
def test_a_file_or_room_is_named_by_the_same_rule(path: str):
    found = complaints(words.identifiers, [Source(path, "")])
    assert [complaint.message for complaint in found] == ["'utils' says 'utils'"]


@pytest.mark.parametrize(
    "line",
    [
        "capital_amount = 1",  # a word that only begins like a banned one
        "landscape = capsys.readouterr()",
        "deduced = 1",
        "self.amount = row.amt",  # another's name may be read, not given
        "CEILING = 1",
    ],
)
def test_other_words_pass(line: str):
    assert complaints(words.identifiers, [Source("x.py", line)]) == []


def test_the_gateway_may_name_national_fields():
    source = Source(f"{words.GATEWAY}codecs.py", "medfee_sumamt = 1")
    assert complaints(words.identifiers, [source]) == []


@pytest.mark.parametrize(
    "place", ["/" + "work/main/x", "see /" + "root", "(." + "library/env)", '"/' + 'work"']
)
def test_a_path_of_one_machine_is_refused_at_its_place(place: str):
    found = list(words.machine_paths("docs/x.md", f"first line\n{place}\n"))
    assert [(complaint.path, complaint.line) for complaint in found] == [("docs/x.md", 2)]


@pytest.mark.parametrize(
    "text",
    [
        "docs/work/plan.md",
        "a/root/b",
        "the.library of rules",
        "https://example.org/work",
        "/workflow",
    ],
)
def test_other_paths_pass(text: str):
    assert list(words.machine_paths("docs/x.md", text)) == []
