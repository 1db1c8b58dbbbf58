"""Why the system refuses a file, whether a library hands its number on or tells it in words."""

from __future__ import annotations

import errno

import pytest

from yibao.base.system import system_reason


@pytest.mark.parametrize(
    "error",
    [OSError(errno.ENOSPC, "No space left on device"), OSError("No space left (os error 28)")],
)
def test_a_full_disk_is_told_in_both_languages(error: OSError) -> None:
    told = system_reason(error)
    assert (told.zh, told.en) == ("磁盘已满", "the disk is full")


@pytest.mark.parametrize("words", ["something else", "odd (os error 99999)"])
def test_what_is_not_known_is_passed_on(words: str) -> None:
    assert system_reason(OSError(words)).en == words
