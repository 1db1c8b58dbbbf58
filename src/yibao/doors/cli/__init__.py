"""The command line (命令行): ``yibao``, for the person at a terminal and for scripts.

Each command parses its words, calls one use case and prints the answer, for people by default and
as data where asked. A command's module is imported when the command is called, so that ``--help``
and ``--version`` answer at once.

Holds: the exit code tells what happened and is part of the interface (docs/errors.md).

Refuses: to compute, and to show a traceback for anything that a person can put right.
"""

from yibao.doors.cli.entry import main

__all__ = ["main"]
