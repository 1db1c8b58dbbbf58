"""Removing a working folder for good, though an interruption comes twice.

A library that watches for Ctrl-C by itself may raise once for its own work and leave the signal
pending, so that it strikes again in the middle of the cleaning up. What is left then goes when the
program ends.
"""

from __future__ import annotations

import shutil
import weakref
from pathlib import Path


def remove_folder(folder: Path) -> None:
    """Remove a folder and all in it; what interrupts meanwhile is raised when it is gone."""
    try:
        shutil.rmtree(folder, ignore_errors=True)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise


def at_the_latest(owner: object, folder: Path) -> None:
    """Have a folder removed when its owner is gone or the program ends, whatever happens before."""
    weakref.finalize(owner, shutil.rmtree, folder, ignore_errors=True)
