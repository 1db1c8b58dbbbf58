"""The policy hash: equal law, equal hash, wherever it stands; any changed value, another hash."""

from __future__ import annotations

import pytest

from tests.unit.policy.small_area import FILES, changed, compiled


def hashes(files=FILES, **more) -> dict[str, str]:
    policy = compiled(files, **more)
    plans = {f"{v.plan_id} {v.span}": v.policy_hash for v in policy.plans}
    return plans | {f"{v.entitlement_id} {v.span}": v.policy_hash for v in policy.entitlements}


BASE = hashes()


def test_a_hash_is_sha_256_and_no_two_versions_share_one():
    assert all(len(value) == 64 and int(value, 16) >= 0 for value in BASE.values())
    assert len(set(BASE.values())) == len(BASE) == 4


def test_the_hash_does_not_depend_on_files_places_or_their_order():
    moved = {f"elsewhere/{name}": text for name, text in reversed(FILES.items())}
    spaced = {name: f"# why\n\n{text}" for name, text in FILES.items()}
    assert hashes(moved) == BASE
    assert hashes(spaced) == BASE


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("clinic.yaml", "name: {zh: 门诊, en: clinic}", "name: {zh: 普通门诊, en: clinics}"),
        ("sources.yaml", "title: 我们自己的规定", "title: 我们的规定"),
        ("facts.yaml", "working: 在职", "working: 在岗"),
    ],
)
def test_labels_are_no_law(file: str, old: str, new: str):
    assert hashes(changed(file, old, new).files) == BASE


VALUES = [
    (
        "clinic.yaml",
        '{fund: pooling, share: "90%"}, {fund: treasury, share: "10%"}',
        '{fund: pooling, share: "91%"}, {fund: treasury, share: "9%"}',
    ),
    ("clinic.yaml", '[eligible, "eligible:rare"]', '["eligible:rare", eligible]'),
    ("clinic.yaml", "amount: 500, per", "amount: 501, per"),
    ("clinic.yaml", "amount: 500, per: stay_days", "amount: 500, per: age"),
    ("clinic.yaml", "{level: high, is: 800}", '{level: high, is: "800.01"}'),
    ("clinic.yaml", "is_poor: true, is: 400", "is_poor: true, is: 401"),
    ("clinic.yaml", "is_poor: true, is: 400", "age: {from: 60}, is: 400"),
    ("clinic.yaml", "{to: 10000,", "{to: 10001,"),
    ("clinic.yaml", "{is_poor: true, is: none}", "{is_poor: true, is: 9000}"),
    ("clinic.yaml", 'share: "50%"}]', 'share: "51%"}]'),
    ("clinic.yaml", 'times: "50%"}}', 'times: "51%"}}'),
    ("clinic.yaml", "{above: {number: limit}", "{from: {number: limit}"),
    ("clinic.yaml", "benefit_year_of: settlement_date", "benefit_year_of: charge_date"),
    ("clinic.yaml", "{drug_group: home}", "{drug_group: ordinary}"),
    ("clinic.yaml", "source: S1", "source: {ids: [S1], note: page 3}"),
    ("clinic.yaml", "confidence: seed", "confidence: H"),
    ("clinic.yaml", "confidence: seed", "confidence: seed\nopen: [whose]"),
    (
        "clinic.yaml",
        "    feeds: [met, paid, admitted]",
        "    feeds: [met, paid, admitted, earlier_paid]",
    ),
    ("numbers.yaml", "is: 5000,", "is: 5001,"),
    ("numbers.yaml", "{is: 28753}", "{is: 28754}"),
    (
        "counters.yaml",
        "  met: {adds: deductible, per: [member,",
        "  met: {adds: deductible, per: [family,",
    ),
]


@pytest.mark.parametrize(("file", "old", "new"), VALUES)
def test_any_changed_value_changes_the_hash_of_the_clinic(file: str, old: str, new: str):
    made = hashes(changed(file, old, new).files)
    clinic = [key for key in BASE if "clinic" in key]
    assert all(made[key] != BASE[key] for key in clinic)
    if file == "clinic.yaml":
        assert all(made[key] == BASE[key] for key in BASE if key not in clinic)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("is: 98,", "is: 99,"),
        ("plus: 15", "plus: 16"),
        ("divide_by: 30", "divide_by: 31"),
        ("pays: money", "pays: part"),
        ("{divide_by: 30}, {times_fact: days}", "{times_fact: days}, {divide_by: 30}"),
    ],
)
def test_any_changed_value_changes_the_hash_of_a_formula(old: str, new: str):
    made = hashes(changed("formula.yaml", old, new).files)
    assert [key for key in BASE if made[key] != BASE[key]] == ["999999/allowance 2024-01-01 – …"]


def test_a_change_in_one_year_changes_that_years_hash_only():
    made = hashes(changed("clinic.yaml", 'is: "75%"', 'is: "76%"').files)
    assert [key for key in BASE if made[key] != BASE[key]] == ["999999/clinic 2025-01-01 – …"]
