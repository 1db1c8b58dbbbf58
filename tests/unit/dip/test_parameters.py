"""Parameters as files: dated values, areas over others, and every fault at its place."""

from __future__ import annotations

import shutil
from datetime import date

import pytest

from yibao.base.findings import FaultsFound
from yibao.storage.files.dip_parameters import read_parameters
from yibao.storage.files.shipped import policies_root

DAY = date(2025, 1, 1)


@pytest.fixture
def root(tmp_path):
    """The shipped base, to be changed."""
    shutil.copytree(policies_root() / "000000" / "grouping", tmp_path / "000000" / "grouping")
    return tmp_path


def change(root, name, old, new):
    path = root / "000000" / "grouping" / name
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def faults(root, code="000000", day=DAY):
    with pytest.raises(FaultsFound) as caught:
        read_parameters(root, code, holds_on=day)
    return [(fault.code, fault.where.file.rpartition("/")[2]) for fault in caught.value.faults]


def test_what_is_shipped_says_what_is_an_example(root):
    found = read_parameters(root, "000000", holds_on=DAY)
    assert "core_threshold" in found.examples
    assert "auxiliary age" in found.examples
    assert "treatments.csv" in found.examples
    assert "year_parts" not in found.examples  # retold of the national specification
    assert found.weights.year_parts == (1, 2, 7)
    assert found.digest == read_parameters(root, "000000", holds_on=DAY).digest


CHANGED = "core_threshold: [{from: 2020-11-09, until: 2026-01-01, value: 15, confidence: example}, "


@pytest.mark.parametrize(
    ("day", "threshold"),
    [(date(2025, 12, 31), 15), (date(2026, 1, 1), 20), (date(2026, 1, 2), 20)],
)
def test_a_value_changes_on_its_day(root, day, threshold):
    old = "core_threshold: [{from: 2020-11-09, value: 15, confidence: example}]"
    change(root, "dip.yaml", old, CHANGED + "{from: 2026-01-01, value: 20, confidence: example}]")
    assert read_parameters(root, "000000", holds_on=day).groups.core_threshold == threshold


def test_an_area_takes_everything_that_it_does_not_say(root):
    folder = root / "360400" / "grouping"
    folder.mkdir(parents=True)
    (folder / "dip.yaml").write_text(
        'dip: "360400"\nuse: "000000"\nname: {zh: 九江, en: Jiujiang}\nparameters:\n'
        "  core_threshold: [{from: 2024-01-01, value: 30, confidence: example}]\n",
        encoding="utf-8",
    )
    (folder / "treatments.csv").write_text(
        "prefix,treatment,source,confidence\n47,therapeutic,,example\n", encoding="utf-8"
    )
    found = read_parameters(root, "360400", holds_on=DAY)
    base = read_parameters(root, "000000", holds_on=DAY)
    assert (found.groups.core_threshold, base.groups.core_threshold) == (30, 15)
    assert found.keys.treatments == {"47": "therapeutic"}
    assert found.auxiliary == base.auxiliary
    assert found.digest != base.digest
    assert faults(root, "360400", date(2023, 12, 31)) == [("dip_value_missing", "dip.yaml")]


@pytest.mark.parametrize(
    ("name", "old", "new", "expected"),
    [
        ("dip.yaml", "value: 15,", "value: 0,", ("dip_value_invalid", "dip.yaml")),
        ("dip.yaml", "value: 10%", "value: 0.1x", ("dip_value_invalid", "dip.yaml")),
        ("dip.yaml", "value: means", "value: median", ("dip_value_invalid", "dip.yaml")),
        ("dip.yaml", "[1, 2, 7]", "[1, two, 7]", ("dip_value_invalid", "dip.yaml")),
        ("dip.yaml", "A00-B99", "B99-A00", ("dip_value_invalid", "dip.yaml")),
        ("dip.yaml", "core surgery", "core surgical", ("dip_value_invalid", "dip.yaml")),
        ("dip.yaml", "value: false", 'value: "no"', ("dip_value_invalid", "dip.yaml")),
        ("dip.yaml", "year_method:", "year_methods:", ("dip_name_unknown", "dip.yaml")),
        ("dip.yaml", "source: dip-specification", "source: nobody",
         ("dip_name_unknown", "dip.yaml")),
        ("dip.yaml", "source: dip-catalogue-2, ", "", ("dip_unsourced", "dip.yaml")),
        ("dip.yaml", 'dip: "000000"', 'dip: "370200"', ("dip_area_mismatch", "dip.yaml")),
        ("dip.yaml", "dip: ", "drg: ", ("dip_document_unknown", "dip.yaml")),
        ("auxiliary.yaml", "replaces: diabetes", "replaces: sugar",
         ("dip_name_unknown", "auxiliary.yaml")),
        ("auxiliary.yaml", "coefficient: 130%", "coefficient: much",
         ("dip_value_invalid", "auxiliary.yaml")),
        ("auxiliary.yaml", "secondary: complication", "secondary: nothing",
         ("dip_name_unknown", "auxiliary.yaml")),
        ("treatments.csv", "00,surgery", "00,operation", ("dip_name_unknown", "treatments.csv")),
        ("treatments.csv", "01,surgery", "00,surgery", ("dip_name_twice", "treatments.csv")),
        ("comorbidity.csv", "prefix,condition", "code,condition",
         ("column_missing", "comorbidity.csv")),
    ],
)  # fmt: skip
def test_a_fault_is_told_at_its_place(root, name, old, new, expected):
    change(root, name, old, new)
    assert expected in faults(root)


def test_two_values_on_one_day_are_a_fault(root):
    old = "value: 15, confidence: example}]"
    change(root, "dip.yaml", old, old[:-1] + ", {from: 2024-01-01, value: 9, confidence: example}]")
    assert faults(root) == [("dip_value_twice", "dip.yaml")]


def test_an_area_without_parameters_is_told(root):
    assert [code for code, _ in faults(root, "999999")] == ["dip_parameters_missing"]
