"""Every room opens with a docstring of a page at most, and the checkers can say no."""

from __future__ import annotations

import pytest

from tests.health.checkers import Source, complaints, package_sources, packages, told

DOOR = "src/yibao/offices/treasury/__init__.py"
LONG = '"""' + "a\n" * (packages.PAGE + 1) + '"""'


def test_every_room_says_what_it_is_for():
    found = complaints(packages.room_docstring, package_sources())
    assert not found, told(found)


def test_every_folder_of_modules_is_a_room():
    found = list(packages.unopened_rooms(source.path for source in package_sources()))
    assert not found, told(found)


@pytest.mark.parametrize("text", ["", "import click", '"""Treasury."""', LONG])
def test_a_room_without_its_page_is_refused(text: str):
    found = complaints(packages.room_docstring, [Source(DOOR, text)])
    assert [(complaint.path, complaint.line) for complaint in found] == [(DOOR, 1)]


@pytest.mark.parametrize(
    "source",
    [
        Source(DOOR, '"""The idea.\n\nWhat holds.\n"""'),
        Source("src/yibao/base/money.py", ""),  # a module is ruff's business
    ],
    ids=["room", "module"],
)
def test_a_room_with_its_page_passes(source: Source):
    assert complaints(packages.room_docstring, [source]) == []


def test_a_folder_without_a_door_is_refused():
    paths = ["src/yibao/__init__.py", "src/yibao/offices/treasury/books.py", "src/yibao/py.typed"]
    found = list(packages.unopened_rooms(paths))
    assert [complaint.path for complaint in found] == [DOOR]
