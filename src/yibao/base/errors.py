"""Errors that a person meets: in both languages, with what to do, without a traceback.

Exit codes (docs/errors.md): 0 done · 1 done, but what was checked does not hold · 2 wrong words on
the command line · 3 faults in a file · 4 a caller's mistake · 5 a broken invariant of ours.
"""

from __future__ import annotations

from yibao.base.texts import Language, Text


class YibaoError(Exception):
    """Base of every error shown to people: a message, a remedy, an exit code."""

    exit_code = 4

    def __init__(self, message: Text, remedy: Text) -> None:
        super().__init__(message.en)
        self.message = message
        self.remedy = remedy

    def told(self, language: Language) -> str:
        """The error as prose in one language."""
        arrow = "处理" if language == "zh" else "What to do"
        remedy = self.remedy.in_language(language)
        return f"{self.message.in_language(language)}\n    {arrow}: {remedy}"


class InvariantBroken(YibaoError):
    """Something that must always hold does not: the run stops and writes nothing. Exit code 5."""

    exit_code = 5

    def __init__(self, what: str) -> None:
        super().__init__(
            Text(
                f"内部校验未通过，已停止且未写入任何结果: {what}",
                f"an invariant is broken, nothing was written: {what}",
            ),
            Text("请保留输入文件并报告此问题", "keep the input and report this"),
        )
