"""Writing a picture: into a file beside it first, so that half a picture is never left behind."""

from __future__ import annotations

from pathlib import Path

from yibao.base.errors import YibaoError
from yibao.base.texts import Language, Text
from yibao.engines.benefits.explain.shapes import Explanation
from yibao.offices.actuary.pictures import picture


class UnableToWrite(YibaoError):
    """A file cannot be written where it was asked for."""


def write_picture(place: Path, explained: Explanation, *, form: str, language: Language) -> None:
    """Draw an explanation into a file.

    Raises:
        UnableToWrite: if the folder does not exist or may not be written.
    """
    content = picture(explained, "png" if form == "png" else "svg", language=language)
    unfinished = place.with_name(f"{place.name}.part")
    try:
        unfinished.write_bytes(content)
        unfinished.replace(place)
    except OSError as error:
        unfinished.unlink(missing_ok=True)
        raise UnableToWrite(
            Text(f"无法写入 {place}: {error.strerror}", f"cannot write {place}: {error.strerror}"),
            Text("请检查目录是否存在、是否可写", "see that the folder exists and may be written"),
        ) from None


def make_folder(folder: Path) -> None:
    """A folder for pictures, made if need be.

    Raises:
        UnableToWrite: if it cannot be made.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UnableToWrite(
            Text(f"无法创建 {folder}: {error.strerror}", f"cannot make {folder}: {error.strerror}"),
            Text("请换一个目录", "name another folder"),
        ) from None
