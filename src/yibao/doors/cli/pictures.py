"""Writing a picture: into a file beside it first, so that half a picture is never left behind."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from yibao.base.errors import YibaoError
from yibao.base.system import system_reason
from yibao.base.texts import Language, Text

if TYPE_CHECKING:
    from yibao.engines.benefits.explain.shapes import Explanation
    from yibao.offices.actuary.drawing.pages import Form


class UnableToWrite(YibaoError):
    """A file cannot be written where it was asked for."""


class UnableToDraw(YibaoError):
    """A picture was asked for in a form that there is not."""


def picture_form(place: Path) -> Form:
    """The form of a picture by the suffix of its file.

    Raises:
        UnableToDraw: if it is neither SVG nor PNG.
    """
    match place.suffix.lower():
        case ".svg":
            return "svg"
        case ".png":
            return "png"
        case _:
            raise UnableToDraw(
                Text(f"不支持的图片格式: {place.name}", f"no such form of picture: {place.name}"),
                Text("文件名请以 .svg 或 .png 结尾", "let the file end in .svg or .png"),
            )


def write_picture(place: Path, explained: Explanation, *, form: str, language: Language) -> None:
    """Draw an explanation into a file.

    Raises:
        UnableToWrite: if the folder does not exist or may not be written.
    """
    from yibao.offices.actuary.drawing.pictures import picture

    write_content(place, picture(explained, "png" if form == "png" else "svg", language=language))


def write_content(place: Path, content: bytes) -> None:
    """Write a file whole or not at all.

    Raises:
        UnableToWrite: if the folder does not exist or may not be written.
    """
    unfinished = place.with_name(f"{place.name}.part")
    try:
        unfinished.write_bytes(content)
        unfinished.replace(place)
    except OSError as error:
        unfinished.unlink(missing_ok=True)
        why = system_reason(error)
        raise UnableToWrite(
            Text(f"无法写入 {place}: {why.zh}", f"cannot write {place}: {why.en}"),
            Text("请检查目录是否存在、是否可写", "see that the folder exists and may be written"),
        ) from None


def make_folder(folder: Path) -> None:
    """A folder for results, made if need be.

    Raises:
        UnableToWrite: if it cannot be made.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        why = system_reason(error)
        raise UnableToWrite(
            Text(f"无法创建 {folder}: {why.zh}", f"cannot make {folder}: {why.en}"),
            Text("请换一个目录", "name another folder"),
        ) from None
