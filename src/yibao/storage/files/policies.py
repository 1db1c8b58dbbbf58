"""Policy folders as trees: reads the area asked for and, by name, those it takes from.

Finds every ``.yaml`` below ``<root>/<area code>/`` but its chart of accounts and its parameters of
grouping, which :mod:`yibao.storage.files.charts` and :mod:`yibao.storage.files.dip_parameters`
read; reads nothing else, decides nothing about law.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from yibao.base.findings import Fault, FaultsFound, Where
from yibao.base.trees import Tree
from yibao.storage.files import yaml_faults
from yibao.storage.files.yaml_tree import parse_yaml, read_text

_AREA = re.compile(r"[0-9]{6}\Z")
ACCOUNTS = "accounts"
"""The folder of an area that has its chart of accounts."""
GROUPING = "grouping"
"""The folder of an area that has its parameters of case grouping."""


def areas_in(root: Path) -> list[str]:
    """The area codes that have a folder below the root, in order."""
    if not root.is_dir():
        return []
    return sorted(p.name for p in root.iterdir() if p.is_dir() and _AREA.match(p.name))


def read_folder(folder: Path, *, root: Path | None = None) -> list[Tree]:
    """Every document of every YAML file below a folder; files in order of their path.

    Raises:
        FaultsFound: with the faults of all files, or when there is no such folder or no file.
    """
    paths = sorted(folder.rglob("*.yaml")) if folder.is_dir() else []
    law = [path for path in paths if path.relative_to(folder).parts[0] not in (ACCOUNTS, GROUPING)]
    if not law:
        raise FaultsFound([yaml_faults.no_policy_files(Where(str(folder)))])
    return read_trees(law, root=root or folder.parent)


def read_trees(paths: Sequence[Path], *, root: Path) -> list[Tree]:
    """Every document of some YAML files, in their order; faults call them as seen from the root.

    Raises:
        FaultsFound: with the faults of all files.
    """
    trees: list[Tree] = []
    faults: list[Fault] = []
    for path in paths:
        name = path.relative_to(root).as_posix()
        try:
            trees += parse_yaml(read_text(path, name), name)
        except FaultsFound as found:
            faults += found.faults
    if faults:
        raise FaultsFound(faults)
    return trees
