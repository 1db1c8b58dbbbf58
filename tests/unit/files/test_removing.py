"""A working folder goes, also when the interruption strikes in the middle of the removal."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from yibao.storage.files.removing import remove_folder


def test_a_second_interruption_leaves_nothing_either(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "work"
    folder.mkdir()
    (folder / "half.csv").write_text("half", encoding="utf-8")
    real, struck = shutil.rmtree, []

    def struck_once(place: Path, **words: bool) -> None:
        if not struck:
            struck.append(place)
            raise KeyboardInterrupt
        real(place, **words)

    monkeypatch.setattr(shutil, "rmtree", struck_once)
    with pytest.raises(KeyboardInterrupt):
        remove_folder(folder)
    assert not folder.exists()
