"""The published schema is current, and agrees with the parser on files and on slips."""

from __future__ import annotations

import json

import jsonschema
import pytest

from tests.health.checkers import ROOT
from tests.unit.policy.small_area import FILES, changed
from yibao.engines.policy.schema import policy_schema_text
from yibao.storage.files.policies import ACCOUNTS, GROUPING
from yibao.storage.files.shipped import policies_root
from yibao.storage.files.yaml_tree import parse_yaml

PUBLISHED = ROOT / "docs" / "schema" / "policy.schema.json"
JUDGE = jsonschema.Draft202012Validator(json.loads(PUBLISHED.read_text(encoding="utf-8")))
SHIPPED = sorted(
    path for path in policies_root().rglob("*.yaml") if path.parent.name not in {ACCOUNTS, GROUPING}
)


def complaints(text: str) -> list[str]:
    return [error.message for tree in parse_yaml(text, "x") for error in JUDGE.iter_errors(tree)]


def test_the_published_schema_is_current():
    advice = "run: yibao policy schema > docs/schema/policy.schema.json"
    assert PUBLISHED.read_text(encoding="utf-8") == policy_schema_text(), advice


def test_it_is_a_schema():
    jsonschema.Draft202012Validator.check_schema(JUDGE.schema)


def test_there_are_shipped_files_to_judge():
    assert len(SHIPPED) > 20


@pytest.mark.parametrize(
    "path", SHIPPED, ids=lambda path: path.relative_to(policies_root()).as_posix()
)
def test_every_shipped_file_is_valid(path):
    assert complaints(path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize("name", FILES)
def test_every_kind_of_document_is_valid(name: str):
    assert complaints(FILES[name]) == []


@pytest.mark.parametrize(
    "text",
    [
        'plan: x\narea: "999999"\nuse: 990000/x\n',
        'use: "000000"\n',
        'use: "000000"\nfacts: {}\n',
        FILES["stay.yaml"] + "  - use: 990000/shared\n",
        FILES["stay.yaml"] + "  - use: 990000/shared\n    from: 2024-07-01\n",
    ],
)
def test_what_is_taken_is_valid(text: str):
    assert complaints(text) == []


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("clinic.yaml", "    draws: [eligible, ", "    drwas: [eligible, "),
        ("clinic.yaml", "chosen_by: settlement_date\n", ""),
        ("clinic.yaml", "confidence: seed", "confidence: L"),
        ("clinic.yaml", 'area: "999999"', "area: 999999"),
        ("clinic.yaml", "plan: clinic", "plan: Clinic"),
        ("clinic.yaml", "in_force: [{from: 2024-01-01}]", "in_force: []"),
        ("clinic.yaml", "{number: limit}", "true"),
        ("counters.yaml", "adds: deductible", "adds: deductibles"),
        ("area.yaml", "verified_until:", "verified_til:"),
        ("numbers.yaml", '"2023":', '"23":'),
    ],
)
def test_a_slip_in_syntax_is_no_longer_valid(file: str, old: str, new: str):
    assert complaints(changed(file, old, new).files[file]) != []


@pytest.mark.parametrize("text", ["plans: x\n", "- area\n", "{}\n"])
def test_what_is_no_document_is_not_valid(text: str):
    assert complaints(text) != []
