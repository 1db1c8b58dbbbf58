"""Files that appear whole or not at all (写入位置): a working folder beside them, and why not."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from yibao.base.system import system_reason
from yibao.base.texts import Text
from yibao.storage.postgres.errors import UnableToUseDatabase


@contextmanager
def working_folder(file: Path) -> Iterator[Path]:
    """A private folder beside a file, on the same disk; gone at the end, whatever happens."""
    with told_of(file), tempfile.TemporaryDirectory(prefix=".", dir=file.parent) as folder:
        yield Path(folder)


@contextmanager
def told_of(place: Path) -> Iterator[None]:
    """Tell what the system refuses there.

    Raises:
        UnableToUseDatabase: ``place_unusable``, with the system's reason.
    """
    try:
        yield
    except OSError as error:
        why = system_reason(error)
        named = error.filename or place
        raise UnableToUseDatabase(
            "place_unusable",
            Text(f"无法使用 {named}: {why.zh}", f"cannot use {named}: {why.en}"),
            remedy=Text(
                "请检查路径、权限与磁盘空间", "look at the path, permissions and the disk's space"
            ),
        ) from None
