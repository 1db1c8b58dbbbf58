"""The shipped policies are found in a wheel and in a checkout, and never somewhere else."""

from __future__ import annotations

from pathlib import Path

import pytest

from yibao.storage.files.shipped import (
    POLICIES_VARIABLE,
    UnableToFindPolicies,
    find_policies,
    policies_root,
)


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    (tmp_path / "pyproject.toml").touch()
    (tmp_path / "policies").mkdir()
    (tmp_path / "src/yibao").mkdir(parents=True)
    return tmp_path


def test_a_checkout_reads_the_policies_where_they_are_edited(checkout: Path):
    assert find_policies(checkout / "src/yibao", {}) == checkout / "policies"


def test_an_installed_package_reads_its_own(checkout: Path):
    (checkout / "src/yibao/policies").mkdir()
    assert find_policies(checkout / "src/yibao", {}) == checkout / "src/yibao/policies"


def test_a_folder_that_only_happens_to_lie_there_is_not_law(checkout: Path):
    (checkout / "pyproject.toml").unlink()
    with pytest.raises(UnableToFindPolicies) as refusal:
        find_policies(checkout / "src/yibao", {})
    assert str(checkout / "src/yibao/policies") in refusal.value.message.en
    assert str(checkout / "policies") not in refusal.value.message.en


def test_the_environment_names_another_folder(checkout: Path, tmp_path: Path):
    other = tmp_path / "other"
    other.mkdir()
    assert find_policies(checkout / "src/yibao", {POLICIES_VARIABLE: str(other)}) == other


def test_an_empty_name_is_no_name(checkout: Path):
    assert find_policies(checkout / "src/yibao", {POLICIES_VARIABLE: ""}) == checkout / "policies"


def test_a_named_folder_that_does_not_exist_is_refused_and_not_replaced(checkout: Path):
    gone = str(checkout / "gone")
    with pytest.raises(UnableToFindPolicies) as refusal:
        find_policies(checkout / "src/yibao", {POLICIES_VARIABLE: gone})
    for language in ("zh", "en"):
        assert gone in refusal.value.told(language)
        assert POLICIES_VARIABLE in refusal.value.remedy.in_language(language)


def test_the_real_environment_is_asked(checkout: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv(POLICIES_VARIABLE, str(checkout))
    assert policies_root() == checkout
