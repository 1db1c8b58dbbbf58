"""A folder that appears whole under its name, or not at all.

Holds: until all of it is written it is hidden beside its place, and what went wrong leaves nothing.
Refuses: a place where something stands already.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from yibao.base.texts import Text
from yibao.storage.files.removing import remove_folder
from yibao.storage.files.results import UnableToWrite, unwritable


@contextmanager
def whole_folder(out: Path) -> Iterator[Path]:
    """A hidden folder that becomes ``out`` when all went well, and goes away otherwise.

    Raises:
        UnableToWrite: if ``out`` is there already, or cannot be written.
    """
    if out.exists():
        raise UnableToWrite(
            Text(f"{out} 已存在", f"{out} is there already"),
            Text("请另取目录名，或先移走它", "name another folder, or move it away first"),
        )
    hidden = Path()
    try:
        hidden = Path(tempfile.mkdtemp(prefix=f".{out.name}.", suffix=".part", dir=out.parent))
        yield hidden
        hidden.chmod(0o755)
        hidden.replace(out)
    except OSError as error:
        raise unwritable(out, error) from error
    finally:
        if hidden != Path():
            remove_folder(hidden)
