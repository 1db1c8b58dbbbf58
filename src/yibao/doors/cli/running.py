"""Commands that take a while: they show how far they are, and end cleanly when told to stop."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import TYPE_CHECKING, Any, TypeVar

import click

from yibao.base.texts import Language, Text

if TYPE_CHECKING:
    from rich.progress import Progress

ENGINE_HELP = "Which engine settles: reference, or kernel (compiled, for many claims)."
RUNNER_HELP = "Where the kernel's work is done: local, ray or dask."
T = TypeVar("T")

_READING = Text("读取并校验", "reading and judging")


@contextmanager
def interruptible() -> Iterator[None]:
    """Let a polite `kill` end the run like Ctrl-C does, so that nothing half written stays."""

    def stop(number: int, _frame: FrameType | None) -> None:
        raise SystemExit(128 + number)

    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def teller(language: Language) -> Callable[[Text], None]:
    """What tells a run's remarks on stderr."""

    def tell(text: Text) -> None:
        click.echo(text.in_language(language), err=True)

    return tell


class Bars:
    """One bar for each task of a run; a task is reading until its first claim is done."""

    def __init__(self, progress: Progress, language: Language) -> None:
        self._progress, self._language = progress, language

    def of(self, task: Text) -> Callable[[int, int], None]:
        """A bar; what is returned is told how many are done and how many there are."""
        said = task.in_language(self._language)
        reading = _READING.in_language(self._language)
        number = self._progress.add_task(f"{said}: {reading}", total=None)

        def tell(done: int, total: int) -> None:
            self._progress.update(number, description=said, completed=done, total=total)

        return tell


@contextmanager
def progress_bars(language: Language) -> Iterator[Bars]:
    """Bars on stderr, where that is a terminal."""
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
    )

    columns = (
        *(TextColumn("{task.description}"), BarColumn()),
        *(MofNCompleteColumn(), TimeElapsedColumn()),
    )
    shown = sys.stderr.isatty()
    with Progress(*columns, console=Console(stderr=True), disable=not shown) as progress:
        yield Bars(progress, language)


def awaited(work: Coroutine[Any, Any, T]) -> T:
    """Run what is asynchronous to its end: the one place where the command line enters a loop."""
    import asyncio

    return asyncio.run(work)
