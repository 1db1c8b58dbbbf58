"""Faults in what people wrote: collected, placed, and with a remedy.

A :class:`Fault` is about a file (a policy, a bill, claims). A reader collects all it can find and
raises them together as :class:`FaultsFound`; nothing is half done. Codes are stable and published
in docs/errors.md.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from yibao.base.errors import YibaoError
from yibao.base.texts import Language, Text


@dataclass(frozen=True, slots=True, order=True)
class Where:
    """A place in a file: path as the user knows it, line from 1 (0: the whole file)."""

    file: str
    line: int = 0

    def __str__(self) -> str:
        return f"{self.file}:{self.line}" if self.line else self.file


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault: a stable code, its place, what is wrong, what to do, other places concerned."""

    code: str
    where: Where
    message: Text
    remedy: Text
    also: tuple[Where, ...] = ()

    def told(self, language: Language) -> str:
        """The fault as two lines of prose in one language."""
        also = "".join(f"; {place}" for place in self.also)
        arrow = "处理" if language == "zh" else "What to do"
        return (
            f"{self.where}{also} [{self.code}] {self.message.in_language(language)}\n"
            f"    {arrow}: {self.remedy.in_language(language)}"
        )


class FaultsFound(YibaoError):
    """A file cannot be used; carries every fault found, in order of place. Exit code 3."""

    exit_code = 3

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults: Sequence[Fault] = tuple(
            dict.fromkeys(sorted(faults, key=lambda fault: (fault.where, fault.code)))
        )
        count = len(self.faults)
        super().__init__(
            Text(f"发现 {count} 处错误", f"{count} fault{'s' if count != 1 else ''} found"),
            Text("请按下列提示逐处修改后重试", "mend the places below and try again"),
        )

    def told(self, language: Language) -> str:
        """All faults as prose, then their count."""
        lines = [fault.told(language) for fault in self.faults]
        return "\n".join([*lines, self.message.in_language(language)])
