"""Where the shipped policies lie: inside the installed package, or beside it in a checkout.

A wheel carries the policies as ``yibao/policies``. An editable install does not copy them: they are
read where they are edited, in ``policies/`` of the checkout. Either way there is one folder, and a
program that finds none stops rather than running without law.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from yibao.base.errors import YibaoError
from yibao.base.texts import Text

POLICIES_VARIABLE = "YIBAO_POLICIES"
"""The environment variable that names another folder of policies and wins over the shipped one."""

_PACKAGE = Path(__file__).resolve().parents[2]


class UnableToFindPolicies(YibaoError):
    """No folder of policies where one was named, or none came with the program."""


def policies_root() -> Path:
    """The folder whose subfolders are areas (统筹区), one for each area code.

    Raises:
        UnableToFindPolicies: if the named folder does not exist, or nothing was shipped.
    """
    return find_policies(_PACKAGE, os.environ)


def examples_root() -> Path:
    """The folder of example bills that came with the program.

    Raises:
        UnableToFindPolicies: if none did.
    """
    candidates = [_PACKAGE / "examples", _PACKAGE.parent.parent / "examples"]
    for folder in candidates:
        if folder.is_dir():
            return folder
    raise _nothing_shipped(candidates)


def find_policies(package: Path, environment: Mapping[str, str]) -> Path:
    """The folder of policies for a package that lies at ``package``.

    Raises:
        UnableToFindPolicies: as :func:`policies_root`.
    """
    named = environment.get(POLICIES_VARIABLE)
    if named:
        return _existing(Path(named))
    candidates = [package / "policies"]
    checkout = package.parent.parent
    if (checkout / "pyproject.toml").is_file():
        candidates.append(checkout / "policies")
    for folder in candidates:
        if folder.is_dir():
            return folder
    raise _nothing_shipped(candidates)


def _existing(folder: Path) -> Path:
    if folder.is_dir():
        return folder.resolve()
    raise UnableToFindPolicies(
        Text(
            f"环境变量 {POLICIES_VARIABLE} 指定的政策目录不存在: {folder}",
            f"{POLICIES_VARIABLE} names a folder of policies that does not exist: {folder}",
        ),
        Text(
            f"请改为已有的目录，或取消 {POLICIES_VARIABLE} 以使用随程序安装的政策",
            f"name a folder that exists, or unset {POLICIES_VARIABLE} to use the shipped policies",
        ),
    )


def _nothing_shipped(candidates: list[Path]) -> UnableToFindPolicies:
    looked_in = ", ".join(str(folder) for folder in candidates)
    return UnableToFindPolicies(
        Text(
            f"没有找到随程序安装的政策，已查找: {looked_in}",
            f"no policies came with this installation; looked in: {looked_in}",
        ),
        Text(
            f"请重新安装 yibao，或用 {POLICIES_VARIABLE} 指定政策目录",
            f"install yibao again, or name a folder of policies in {POLICIES_VARIABLE}",
        ),
    )
