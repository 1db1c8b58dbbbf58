"""The Chinese font that comes with the installation, and lines broken to a width.

A picture must look the same on every machine, so the font is taken by its path and never by a name
that the machine may or may not know. Widths are in points, measured with that font.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

from matplotlib.font_manager import FontProperties, get_font
from pylopdf_fonts_zh_cn import sans_path

_CLOSING = frozenset("，。、；：！？）」』》】％,.;:!?)]}%")
_OPENING = frozenset("（「『《【([{")
_MEASURED_AT = 100


def font(size: float) -> FontProperties:
    """The font at a size in points."""
    return FontProperties(fname=str(sans_path()), size=size)


def text_width(text: str, size: float) -> float:
    """How wide a text is at a size, in points."""
    return sum(_advance(character) for character in text) * size / _MEASURED_AT


def wrapped(text: str, size: float, *, width: float) -> list[str]:
    """Break a text into lines no wider than ``width`` points.

    Lines break at spaces and between Chinese characters, not before a closing mark and not after an
    opening one; a piece that is wider than a line is broken where the line ends.
    """
    lines: list[str] = []
    line = ""
    for piece in _pieces(text):
        if not line or text_width(line + piece.rstrip(), size) <= width:
            line += piece
        else:
            lines.append(line.rstrip())
            line = piece
        while text_width(line.rstrip(), size) > width and len(line) > 1:
            cut = _cut(line, size, width)
            lines.append(line[:cut])
            line = line[cut:]
    return [*lines, line.rstrip()]


def missing_characters(text: str) -> set[str]:
    """The characters of a text for which the font has no glyph."""
    known = _character_map()
    return {character for character in text if character != "\n" and ord(character) not in known}


def _cut(line: str, size: float, width: float) -> int:
    cut = 1
    while text_width(line[: cut + 1], size) <= width:
        cut += 1
    return cut


def _pieces(text: str) -> Iterator[str]:
    piece = ""
    for character in text:
        if piece and _may_break(piece[-1], character):
            yield piece
            piece = ""
        piece += character
    if piece:
        yield piece


def _may_break(before: str, after: str) -> bool:
    if after in _CLOSING or before in _OPENING or after == " ":
        return False
    return before == " " or _is_wide(before) or _is_wide(after)


def _is_wide(character: str) -> bool:
    return character >= "\u2e80"


@cache
def _advance(character: str) -> float:
    if ord(character) not in _character_map():
        return _MEASURED_AT  # drawn as an empty box, with a warning
    face = get_font(str(sans_path()))
    face.set_size(_MEASURED_AT, 72)
    glyph = face.load_char(ord(character))
    return glyph.horiAdvance / 64


@cache
def _character_map() -> frozenset[int]:
    return frozenset(get_font(str(sans_path())).get_charmap())
