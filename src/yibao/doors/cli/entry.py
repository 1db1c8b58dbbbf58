"""The group of all commands, loaded when they are called, and how their errors are told.

Holds: the table :data:`COMMANDS` is the only place that names commands. A :class:`YibaoError` is
told in the chosen language on stderr and ends with its own exit code; anything else is a defect of
ours and keeps its traceback.
"""

from __future__ import annotations

import os
import sys
from importlib import import_module
from typing import Any, NamedTuple

import click

from yibao import __version__
from yibao.base.errors import YibaoError
from yibao.base.system import system_reason
from yibao.base.texts import Language, Text
from yibao.doors.cli.words import UnknownCommand, usage_told

INTERRUPTED = 130
"""Exit code after Ctrl-C, as shells have it."""


class LazyCommand(NamedTuple):
    """Where a command lives, and its line in ``--help``."""

    place: str
    help: str


COMMANDS: dict[str, LazyCommand] = {
    "demo": LazyCommand(
        "yibao.doors.cli.demo:demo", "Published bills, a city's year, its books: everything once."
    ),
    "quote": LazyCommand(
        "yibao.doors.cli.quote:quote", "Settle one bill, or a member's year, and explain it."
    ),
    "recompute": LazyCommand(
        "yibao.doors.cli.recompute:recompute", "Recompute a stored determination and compare."
    ),
    "settle": LazyCommand("yibao.doors.cli.settle:settle", "Settle a file of claims."),
    "city": LazyCommand(
        "yibao.doors.cli.city:city", "Make a synthetic city; compare it with published figures."
    ),
    "what-if": LazyCommand(
        "yibao.doors.cli.what_if:what_if", "Ask what a reform would do to a file of claims."
    ),
    "group": LazyCommand("yibao.doors.cli.group:group", "Group cases by a scheme (DRG); explain."),
    "scheme": LazyCommand(
        "yibao.doors.cli.scheme:scheme", "Check, show, compare and import grouping schemes."
    ),
    "dip": LazyCommand(
        "yibao.doors.cli.dip:dip", "Build a DIP catalogue from stays; group by it; explain."
    ),
    "entitle": LazyCommand(
        "yibao.doors.cli.entitle:entitle", "Work out an entitlement for a person."
    ),
    "db": LazyCommand(
        "yibao.doors.cli.db:db", "Start, stop, migrate, back up and restore the database."
    ),
    "policy": LazyCommand(
        "yibao.doors.cli.policy:policy", "Check, show and compare an area's policy."
    ),
    "access": LazyCommand(
        "yibao.doors.cli.access:access", "People, roles, keys of institutions, and the log."
    ),
    "ledger": LazyCommand(
        "yibao.doors.cli.ledger:ledger", "The funds' books: post, read, close, verify."
    ),
}


def default_language() -> Language:
    """Chinese where the environment speaks Chinese, else English."""
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        value = os.environ.get(name, "")
        if value:
            return "zh" if value.lower().startswith("zh") else "en"
    return "en"


def chosen_language(arguments: list[str]) -> Language:
    """The language that the words of a command line ask for, for errors met before they parse."""
    for word, following in zip(arguments, [*arguments, ""][1:], strict=True):
        value = word.partition("=")[2] if word.startswith("--language=") else ""
        if word == "--language":
            value = following
        if value == "zh":
            return "zh"
        if value == "en":
            return "en"
    return default_language()


language_option = click.option(
    "--language",
    type=click.Choice(["zh", "en"]),
    default=default_language,
    show_default="zh where LANG is Chinese, else en",
    help="Language of the answer.",
)


class LazyGroup(click.Group):
    """A group that knows its commands by name and imports one when it is called."""

    def list_commands(self, context: click.Context) -> list[str]:  # noqa: ARG002
        """All names, in the order of the table."""
        return list(COMMANDS)

    def get_command(self, context: click.Context, cmd_name: str) -> click.Command | None:
        """Import a command by its name."""
        del context
        entry = COMMANDS.get(cmd_name)
        if entry is None:
            return None
        module, _, attribute = entry.place.partition(":")
        command: click.Command = getattr(import_module(module), attribute)
        return command

    def format_commands(self, context: click.Context, formatter: click.HelpFormatter) -> None:
        """The list of commands, from the table alone."""
        del context
        with formatter.section("Commands"):
            formatter.write_dl([(name, entry.help) for name, entry in COMMANDS.items()])

    def resolve_command(
        self, context: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command; an unknown one names those there are."""
        name = args[0]
        if name not in COMMANDS and not name.startswith("-"):
            raise UnknownCommand(name, known=", ".join(COMMANDS), context=context)
        return super().resolve_command(context, args)

    def main(self, *args: Any, **extra: Any) -> Any:  # noqa: ANN401
        """Run; an error that a person can put right is told without a traceback."""
        words = list(args[0]) if args and args[0] else list(extra.get("args") or sys.argv[1:])
        try:
            code = super().main(*args, **{**extra, "standalone_mode": False})
            sys.stdout.flush()
        except (YibaoError, click.ClickException, click.Abort, OSError) as error:
            code = _ended(error, chosen_language(words))
        raise SystemExit(code if isinstance(code, int) else 0)


def _ended(error: Exception, language: Language) -> int:
    """Tell why a run ended, and its exit code."""
    if isinstance(error, YibaoError):
        click.echo(error.told(language), err=True)
        return error.exit_code
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        error.show()
        return error.exit_code
    if isinstance(error, click.UsageError):
        click.echo(usage_told(error, language), err=True)
        return error.exit_code
    if isinstance(error, click.ClickException):
        error.show()
        return error.exit_code
    if isinstance(error, OSError):
        return _refused(error, language)
    told = Text("已中断；没有留下写了一半的文件", "interrupted; nothing half written is left")
    click.echo(told.in_language(language), err=True)
    return INTERRUPTED


def _refused(error: OSError, language: Language) -> int:
    """The system refused a file that nobody looked after, or to take the answer itself."""
    if error.filename is None and sys.stdout is sys.__stdout__:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # or the rest is tried again at the end
    if isinstance(error, BrokenPipeError):
        return 1  # the reader has seen enough
    why = system_reason(error)
    what = Text("无法输出结果", "the answer cannot be printed")
    if error.filename is not None:
        what = Text(f"无法使用 {error.filename}", f"cannot use {error.filename}")
    message = Text(f"{what.zh}: {why.zh}", f"{what.en}: {why.en}")
    remedy = Text("请检查磁盘空间、路径与权限", "look at the disk's space, the path, permissions")
    told = YibaoError(message, remedy)
    click.echo(told.told(language), err=True)
    return told.exit_code


@click.group(cls=LazyGroup)
@click.version_option(__version__, prog_name="yibao")
def main() -> None:
    """A city's public medical insurance (医保): decide, explain, recompute."""
