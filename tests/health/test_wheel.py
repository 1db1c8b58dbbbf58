"""A built wheel is the whole program: code, type marker and every file of the policies."""

from __future__ import annotations

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.health.checkers import ROOT

LAW = Path("policies/990000/plans/outpatient.yaml")


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A wheel of this project, with one area of its own, unpacked as an installer would."""
    checkout = tmp_path_factory.mktemp("checkout")
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, checkout)
    shutil.copytree(
        ROOT / "src", checkout / "src", ignore=shutil.ignore_patterns("__pycache__", "*.pyc")
    )
    (checkout / LAW).parent.mkdir(parents=True)
    (checkout / LAW).write_text("plan: outpatient\n", encoding="utf-8")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "--target", "wheel"],
        cwd=checkout,
        check=True,
        capture_output=True,
    )
    (wheel,) = (checkout / "dist").glob("*.whl")
    site = tmp_path_factory.mktemp("site")
    zipfile.ZipFile(wheel).extractall(site)
    return site


def test_the_wheel_carries_code_type_marker_licence_and_command(installed: Path):
    assert (installed / "yibao/py.typed").is_file()
    assert (installed / "yibao/doors/cli/__init__.py").is_file()
    (information,) = installed.glob("yibao-*.dist-info")
    assert (information / "licenses/LICENSE").is_file()
    assert "yibao = yibao.doors.cli:main" in (information / "entry_points.txt").read_text("utf-8")


def test_the_wheel_carries_the_policies_and_finds_them(installed: Path):
    program = "from yibao.storage.files.shipped import policies_root; print(policies_root())"
    root = subprocess.run(
        [sys.executable, "-c", program],
        cwd=installed,
        check=True,
        capture_output=True,
        text=True,
        env={"PYTHONPATH": str(installed)},
    ).stdout.strip()
    assert root == str(installed / "yibao/policies")
    assert (installed / "yibao" / LAW).read_text("utf-8") == "plan: outpatient\n"
