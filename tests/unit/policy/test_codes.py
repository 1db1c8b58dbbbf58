"""Every code of a policy fault is documented, and every one is shown by a test."""

from __future__ import annotations

import ast
import re
from pathlib import Path

from tests.health.checkers import ROOT
from yibao.engines.policy.complaints import syntax

COMPLAINTS = sorted((ROOT / "src/yibao/engines/policy/complaints").glob("*.py"))
YAML_FAULTS = ROOT / "src/yibao/storage/files/yaml_faults.py"
UNITS = ("amount", "rate", "count")
HERE = Path(__file__).parent
SEVERAL_WAYS = {"policy_model_attributes_type": "policy_model_type"}
"""Codes that another library may choose in place of one that is shown."""


def codes_in(path: Path) -> set[str]:
    """The first argument of every ``Fault(…)``; a placeholder stands for each unit."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Fault":
            code = node.args[0]
            if isinstance(code, ast.Constant):
                found.add(code.value)
            elif path.stem != "syntax":
                assert isinstance(code, ast.JoinedStr)
                tail = str(code.values[-1].value)
                found |= {f"{unit}{tail}" for unit in UNITS}
    return found


CODES = set[str]().union(*(codes_in(path) for path in [*COMPLAINTS, YAML_FAULTS])) | {
    f"policy_{kind}" for kind in syntax.KINDS
}


def test_there_are_codes_to_judge():
    assert {"rows_gap", "amount_invalid", "yaml_scalar", "policy_day"} <= CODES
    assert len(CODES) > 80


def test_the_documents_list_every_code_and_the_policy_languages_no_other():
    policy = _listed((ROOT / "docs/policy-language.md").read_text(encoding="utf-8"))
    errors = _listed((ROOT / "docs/errors.md").read_text(encoding="utf-8"))
    assert CODES - policy - errors == set()
    assert policy - CODES == set()


def _listed(text: str) -> set[str]:
    """The codes in the first column of a document's tables of codes."""
    table = text.partition("## 10. Codes of faults")[2] or text
    return set(re.findall(r"`([a-z0-9_]+)`", re.sub(r"\|[^|]*\|$", "", table, flags=re.MULTILINE)))


def test_every_code_is_shown_by_a_test():
    files = [*HERE.glob("test_*.py"), *(HERE.parent / "files").glob("test_*.py")]
    shown = "".join(path.read_text(encoding="utf-8") for path in files)
    words = set(re.findall(r"\b([a-z][a-z0-9_]+)\"", shown))
    assert {code for code in CODES if SEVERAL_WAYS.get(code, code) not in words} == set()
