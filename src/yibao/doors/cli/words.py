"""What is wrong with the words of a command line (命令行提示), in our two languages.

click judges the words; in English it speaks for itself. Here the same is said in Chinese, and both
say where help is.
"""

from __future__ import annotations

from collections.abc import Mapping

import click

from yibao.base.texts import Language, Text

_KINDS: Mapping[type, Text] = {
    click.IntRange: Text("整数", "a whole number"),
    click.DateTime: Text("2024-01-31 形式的日期", "a date like 2024-01-31"),
}


class UnknownCommand(click.NoSuchCommand):
    """A command that there is not; ``known`` are those there are."""

    def __init__(self, name: str, *, known: str, context: click.Context) -> None:
        super().__init__(name, f"No such command {name!r}. There are: {known}", ctx=context)
        self.known = known


def usage_told(error: click.UsageError, language: Language) -> str:
    """A fault of the command line as prose, with the command that helps."""
    path = error.ctx.command_path if error.ctx else "yibao"
    told = _in_chinese(error) if language == "zh" else error.format_message()
    arrow = "处理" if language == "zh" else "What to do"
    see = Text(f"运行 {path} --help 查看用法与示例", f"see `{path} --help` for usage and examples")
    return f"{told}\n    {arrow}: {see.in_language(language)}"


def _in_chinese(error: click.UsageError) -> str:
    if isinstance(error, click.NoSuchCommand):
        known = getattr(error, "known", "")
        return f"没有命令“{error.command_name}”" + (f"，现有: {known}" if known else "")
    if isinstance(error, click.MissingParameter):
        return f"缺少{_parameter(error)}"
    if isinstance(error, click.NoSuchOption):
        near = "、".join(error.possibilities or ())
        return f"没有选项 {error.option_name}" + (f"，是否应为 {near}？" if near else "")
    if isinstance(error, click.BadOptionUsage):
        return f"选项 {error.option_name} 的写法不对: {error.format_message()}"
    if isinstance(error, click.BadParameter):
        return f"{_parameter(error)} 的值无效: {_expected(error)}"
    return f"命令行有误: {error.format_message()}"


def _parameter(error: click.BadParameter) -> str:
    parameter = error.param
    if parameter is None:
        return "参数"
    if isinstance(parameter, click.Option):
        return f"选项 {parameter.opts[0]}"
    return f"参数 {parameter.make_metavar(error.ctx) if error.ctx else parameter.name}"


def _expected(error: click.BadParameter) -> str:
    kind: object = error.param.type if error.param else None
    if isinstance(kind, click.Choice):
        return "应为 " + "、".join(map(str, kind.choices)) + " 之一"
    words = next((text.zh for of, text in _KINDS.items() if isinstance(kind, of)), "")
    return f"应为 {words}" if words else error.message
