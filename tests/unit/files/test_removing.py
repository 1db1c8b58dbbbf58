"""A working folder goes, also when the interruption strikes in the middle of the removal."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from yibao.storage.files.removing import at_the_latest, remove_folder


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


class Owner:
    """Whoever works in the folder."""


def test_a_folder_goes_with_its_owner_though_nobody_cleans_up(tmp_path: Path) -> None:
    folder = tmp_path / "work"
    folder.mkdir()
    owner = Owner()
    at_the_latest(owner, folder)
    assert folder.exists()
    del owner
    assert not folder.exists()
