"""The program run inside the test's own process: the same words, the same answer, a tenth of a
second in place of one. A few tests run it as a process, to see what only a process shows.
"""

from __future__ import annotations

from typing import NamedTuple

from click.testing import CliRunner

from yibao.doors.cli.entry import main


class Ran(NamedTuple):
    """How a run ended."""

    returncode: int
    stdout: str
    stderr: str


def yibao(*words: object, **environment: str) -> Ran:
    """Run the program with these words, in an English environment unless another is given."""
    done = CliRunner().invoke(
        main,
        [str(word) for word in words],
        prog_name="yibao",
        env={"LC_ALL": "", "LC_MESSAGES": "", "LANG": "C.UTF-8", **environment},
        catch_exceptions=False,
    )
    return Ran(done.exit_code, done.stdout, done.stderr)
