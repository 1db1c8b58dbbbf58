"""The command line (命令行): ``yibao``, for the person at a terminal and for scripts.

Each command parses its words, calls one use case and prints the answer, for people by default and
as data where asked. Heavy libraries are imported inside the commands that use them, so that
``--help`` and ``--version`` answer at once.

Holds: the exit code tells what happened and is part of the interface.

Refuses: to compute, and to show a traceback for anything that a person can put right.
"""

import click

from yibao import __version__


@click.group()
@click.version_option(__version__, prog_name="yibao")
def main() -> None:
    """A city's public medical insurance (医保): decide, explain, recompute."""
