"""The locks pin everything that is declared, by hash, and name no registry."""

from __future__ import annotations

import re
import tomllib

import pytest

from tests.health.checkers import ROOT

LOCKS = ["requirements/run.txt", "requirements/dev.txt", "requirements/bench.txt"]
PINNED = re.compile(r"^(?P<name>[a-z0-9-]+)==(?P<version>\S+)(?P<marker> ; [^\\]+)?(?P<rest>.*)$")


def pins(lock: str) -> set[str]:
    """What a lock pins, each as name, version and marker."""
    lines = (ROOT / lock).read_text(encoding="utf-8").splitlines()
    found = (PINNED.match(line) for line in lines)
    return {f"{it['name']}=={it['version']}{(it['marker'] or '').rstrip()}" for it in found if it}


def names(requirements: list[str | dict[str, str]]) -> set[str]:
    """The packages that a list of pyproject.toml asks for."""
    return {
        re.split(r"[^a-z0-9-]", requirement.lower())[0]
        for requirement in requirements
        if isinstance(requirement, str)
    }


@pytest.mark.parametrize("lock", LOCKS)
def test_every_line_is_a_pin_a_hash_or_a_comment(lock: str):
    for number, line in enumerate((ROOT / lock).read_text(encoding="utf-8").splitlines(), start=1):
        pin = PINNED.match(line)
        is_hash = re.fullmatch(r"    --hash=sha256:[0-9a-f]{64}( \\)?", line)
        is_comment = re.fullmatch(r" *#[^:@]*(:[^/@]*)?", line)
        place = f"{lock}:{number}: {line!r}"
        assert pin or is_hash or is_comment, f"{place} is neither pin, hash nor comment"
        assert not pin or pin["rest"].endswith("\\"), f"{place} has no hash; run `make lock`"


@pytest.mark.parametrize("lock", LOCKS)
def test_what_the_project_needs_to_run_and_to_be_built_is_locked(lock: str):
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    needed = names(project["project"]["dependencies"]) | names(project["build-system"]["requires"])
    missing = needed - {pin.partition("==")[0] for pin in pins(lock)}
    assert not missing, f"{lock} lacks {sorted(missing)}; run `make lock`"


def test_what_the_developer_needs_is_locked():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    needed = names(project["dependency-groups"]["dev"])
    missing = needed - {pin.partition("==")[0] for pin in pins("requirements/dev.txt")}
    assert not missing, f"requirements/dev.txt lacks {sorted(missing)}; run `make lock`"


def test_what_runs_is_what_was_tested():
    foreign = pins("requirements/run.txt") - pins("requirements/dev.txt")
    assert not foreign, f"run.txt pins what dev.txt does not: {sorted(foreign)}; run `make lock`"


def test_the_build_group_repeats_the_build_system():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert project["dependency-groups"]["build"] == project["build-system"]["requires"]
