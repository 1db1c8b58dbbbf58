"""YAML without surprises: what a plain scalar may be, and what is refused with its line."""

from __future__ import annotations

from pathlib import Path

import pytest

from yibao.base.findings import Fault, FaultsFound, Where
from yibao.base.trees import Branch
from yibao.storage.files.policies import read_folder
from yibao.storage.files.yaml_tree import parse_yaml, read_text, read_yaml


def refused(text: str) -> list[Fault]:
    with pytest.raises(FaultsFound) as found:
        parse_yaml(text, "law.yaml")
    assert all(fault.message.zh and fault.remedy.zh for fault in found.value.faults)
    return list(found.value.faults)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0", 0),
        ("-12", -12),
        ("6000", 6000),
        ("true", True),
        ("false", False),
        ('"1.5"', "1.5"),
        ('"010"', "010"),
        ("'12:30'", "12:30"),
        ('"yes"', "yes"),
        ('""', ""),
        ("none", "none"),
        ("80%", "80%"),
        ("2024-01-01", "2024-01-01"),
        ("S1-06", "S1-06"),
        ("1e", "1e"),
        ("v1.5", "v1.5"),
        ("职工", "职工"),
    ],
)
def test_a_scalar_is_an_integer_a_truth_value_or_text(text: str, value: object):
    (tree,) = parse_yaml(f"key: {text}\n", "law.yaml")
    assert tree["key"] == value
    assert type(tree["key"]) is type(value)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        *(
            (text, "decimal")
            for text in ("1.5", ".5", "-0.8", "1.", "1e3", "1.5e-3", ".inf", ".NaN")
        ),
        *((text, "integer") for text in ("010", "0x10", "0o17", "0b1", "+5", "1_000")),
        *((text, "time") for text in ("12:30", "1:30:00")),
        *((text, "truth value") for text in ("yes", "No", "on", "OFF", "y", "n", "True", "FALSE")),
        *((text, "empty value") for text in ("null", "~", "NULL", "")),
    ],
)
def test_what_readers_disagree_about_is_refused_as_value_and_as_key(text: str, kind: str):
    (fault,) = refused(f"first: 1\nkey: {text}\n")
    assert (fault.code, fault.where, kind in fault.message.en) == (
        "yaml_scalar",
        Where("law.yaml", 2),
        True,
    )
    assert f'"{text}"' in fault.remedy.en
    if text:
        (fault,) = refused(f"first: 1\nnext:\n  {text}: 1\n")
        assert (fault.code, fault.where.line) == ("yaml_scalar", 3)


@pytest.mark.parametrize(
    ("text", "code", "line"),
    [
        ("a: 1\nb: 2\na: 3\n", "yaml_duplicate_key", 3),
        ("a: 1\nb: &here 2\n", "yaml_hidden", 2),
        ("a: 1\nb: *there\n", "yaml_hidden", 2),
        ("a: 1\nb: !!str 2\n", "yaml_hidden", 2),
        ("%YAML 1.1\n---\na: 1\n", "yaml_hidden", 1),
        ("a: 1\nb:\t2\n", "yaml_tab", 2),
        ("a:\n\tb: 2\n", "yaml_tab", 2),
        ('a: "one\ttwo"\n', "yaml_tab", 1),
        ("a: 1\n? [b]\n: 2\n", "yaml_key", 2),
        ("a:\n  b: 1\n c: 2\n", "yaml_syntax", 3),
        ("a: 1\nb: \x01\n", "yaml_syntax", 2),
        ("a: 1\nb: " + "[" * 50 + "]" * 50 + "\n", "yaml_depth", 2),
        ("[" * 100_000, "yaml_depth", 1),
    ],
)
def test_what_hides_or_breaks_is_refused_at_its_line(text: str, code: str, line: int):
    found = refused(text)
    assert [(fault.code, fault.where.line) for fault in found] == [(code, line)]


def test_a_key_that_stands_twice_shows_both_places():
    (fault,) = refused("a: 1\nb: 2\na: 3\n")
    assert fault.also == (Where("law.yaml", 1),)


def test_every_ambiguous_scalar_of_a_file_is_told_at_once():
    assert [fault.where.line for fault in refused("a: 1.5\nb: yes\nc: ok\nd: 010\n")] == [1, 2, 4]


def test_every_entry_knows_its_line():
    (tree,) = parse_yaml("a: 1\n\nb:\n  - x\n  - z: 2\n", "law.yaml")
    assert isinstance(tree, Branch)
    assert tree.where_of("b").line == 3
    assert tree["b"].where_of(0).line == 4
    assert tree["b"][1].where_of("z").line == 5


def test_bytes_that_are_no_utf_8_are_refused(tmp_path: Path):
    file = tmp_path / "law.yaml"
    file.write_bytes("name: 青岛\n".encode("gb18030"))
    with pytest.raises(FaultsFound) as found:
        read_text(file, "law.yaml")
    assert [fault.code for fault in found.value.faults] == ["file_encoding"]
    assert "UTF-8" in found.value.told("zh")


def test_a_byte_order_mark_is_no_part_of_the_first_key(tmp_path: Path):
    file = tmp_path / "law.yaml"
    file.write_bytes(b"\xef\xbb\xbfname: x\n")
    assert read_yaml(file) == {"name": "x"}


def test_a_missing_file_and_an_empty_folder_are_faults(tmp_path: Path):
    with pytest.raises(FaultsFound) as found:
        read_text(tmp_path / "none.yaml", "none.yaml")
    assert [fault.code for fault in found.value.faults] == ["file_unreadable"]
    with pytest.raises(FaultsFound) as found:
        read_folder(tmp_path)
    assert [fault.code for fault in found.value.faults] == ["folder_empty"]


@pytest.mark.parametrize("text", ["", "a: 1\n---\nb: 2\n"])
def test_a_file_of_one_document_holds_one(tmp_path: Path, text: str):
    (tmp_path / "law.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(FaultsFound) as found:
        read_yaml(tmp_path / "law.yaml")
    assert "one document expected" in found.value.told("en")


def test_the_faults_of_all_files_of_a_folder_are_told_together(tmp_path: Path):
    (tmp_path / "plans").mkdir()
    (tmp_path / "b.yaml").write_text("a: 1.5\n", encoding="utf-8")
    (tmp_path / "plans" / "a.yaml").write_text("a: yes\n", encoding="utf-8")
    with pytest.raises(FaultsFound) as found:
        read_folder(tmp_path, root=tmp_path)
    assert [str(fault.where) for fault in found.value.faults] == ["b.yaml:1", "plans/a.yaml:1"]
    assert "2 faults found" in found.value.told("en")
    assert "发现 2 处错误" in found.value.told("zh")
