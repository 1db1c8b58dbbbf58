"""Schemes as files: what is refused, where and how it is told; overlays, bare tables, import."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path

import pytest

from tests.unit.grouping.world import CITY, EXAMPLE, case_of, compiled_of, grouped, short
from yibao.base.findings import FaultsFound
from yibao.engines.grouping.checking import remarks
from yibao.offices.actuary.grouping.schemes import (
    UnableToImport,
    compare_schemes,
    import_scheme,
    open_scheme,
    review_scheme,
)
from yibao.storage.files import compiled_schemes
from yibao.storage.files.grouping_schemes import BARE, read_scheme

TEXTS = {"scheme": "mine", "version": "2", "code_set": "c", "valid_from": "2024-01-01"}


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("YIBAO_CACHE", str(tmp_path / "cache"))


@pytest.fixture
def mine(tmp_path) -> Path:
    return Path(shutil.copytree(EXAMPLE, tmp_path / "mine"))


def edit(folder: Path, table: str, old: str, new: str) -> None:
    """Change a table and its checksum."""
    path = folder / f"{table}.tsv"
    before = path.read_bytes()
    text = before.decode().replace(old, new)
    assert text.encode() != before
    path.write_bytes(text.encode())
    manifest = folder / "manifest.yaml"
    sums = [hashlib.sha256(content).hexdigest() for content in (before, text.encode())]
    manifest.write_text(manifest.read_text("utf-8").replace(*sums), "utf-8")


def faults_of(folder: Path) -> list[str]:
    with pytest.raises(FaultsFound) as caught:
        open_scheme(folder)
    return [f"{Path(f.where.file).name}:{f.where.line} {f.code}" for f in caught.value.faults]


@pytest.mark.parametrize(
    ("table", "old", "new", "expected"),
    [
        ("adrg", '["true"]', '["evil","x"]', ["adrg.tsv:10 scheme_condition_invalid"]),
        ("adrg", '["true"]', "__import__('os')", ["adrg.tsv:10 scheme_condition_invalid"]),
        ("adrg", '["true"]', '["cmp","age","in",3]', ["adrg.tsv:10 scheme_condition_invalid"]),
        ("adrg", '["true"]', '["cmp","age",">",0.0001]', ["adrg.tsv:10 scheme_condition_invalid"]),
        ("adrg", '["true"]', '["cmp","age",">",true]', ["adrg.tsv:10 scheme_condition_invalid"]),
        ("adrg", '["true"]', '["and"]', ["adrg.tsv:10 scheme_condition_invalid"]),
        ("adrg", '["true"]', '["pdx","NOBODY"]', ["adrg.tsv:10 scheme_list_unknown"]),
        ("adrg", '["procset","4"]', '["procset","9"]', ["adrg.tsv:16 scheme_list_unknown"]),
        ("adrg", "SA19", "SA18", ["adrg.tsv:2 scheme_name_unknown"]),
        ("adrg", "SB11 SB13", "SB11 SB11", ["adrg.tsv:3 scheme_name_twice"]),
        ("adrg", "SB1\t", "SA1\t", ["adrg.tsv:3 scheme_key_twice", "dx", "mdc.tsv:2"]),
        ("mdc", "\t20\t", "\t10\t", ["mdc.tsv:3 scheme_key_twice"]),
        ("mdc", "\t20\t", "\tten\t", ["mdc.tsv:3 scheme_number_invalid"]),
        ("mdc", "MA1 ", "SA1 MA1 ", ["mdc.tsv:5 scheme_adrg_shared"]),
        ("dx", "XK04\t\t\tM", "XK04\t\t\tX", ["dx.tsv:20 scheme_word_unknown"]),
        ("dx", "XK04\t\t\tM", "\t\t\tM", ["dx.tsv:20 scheme_key_missing"]),
        ("dx", "XK04\t\t\tM", "XK04\tQ\t\tM", ["dx.tsv:20 scheme_list_without_rule"]),
        ("dx", "XK04\t\t\tM", "XK04\t\tM", ["dx.tsv:20 scheme_row_width"]),
        ("proc", "YG04\t0", "YG04\tyes", ["proc.tsv:21 scheme_word_unknown"]),
        ("dx", "code\tmdcs", "kode\tmdcs", ["dx.tsv:1 scheme_column_wrong"] * 2),
    ],
)
def test_a_fault_in_a_table_is_told_at_its_place(mine, table, old, new, expected):
    edit(mine, table, old, new)
    found = faults_of(mine)
    if len(expected) == 1 or expected[0] == expected[-1]:
        assert found == expected
    else:
        assert expected[0] in found


def test_all_faults_are_told_together(mine):
    edit(mine, "adrg", "SA19", "SA18")
    edit(mine, "dx", "XK04\t\t\tM", "XK04\t\t\tX")
    assert faults_of(mine) == ["adrg.tsv:2 scheme_name_unknown", "dx.tsv:20 scheme_word_unknown"]


def test_a_table_that_differs_from_its_checksum_is_refused(mine):
    with (mine / "dx.tsv").open("a", encoding="utf-8") as file:
        file.write("XX99\t\t\t\t\t\t\t\t\t\t\n")
    (fault,) = faults_of(mine)
    assert fault.endswith("scheme_checksum_differs")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('version: "1"', 'versio: "1"'),
        ('version: "1"\n', ""),
        ('valid_from: "2024-01-01"', 'valid_from: "first"'),
        ('valid_from: "2024-01-01"', 'valid_from: "2024-01-01"\nvalid_until: "2024-01-01"'),
        ('valid_from: "2024-01-01"', 'valid_from: "2024-01-01"\nweight_from: "many"'),
    ],
)
def test_a_wrong_manifest_is_refused(mine, old, new):
    path = mine / "manifest.yaml"
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new), "utf-8")
    assert {fault.split()[1] for fault in faults_of(mine)} == {"scheme_manifest_invalid"}


def test_what_is_no_scheme_is_refused(tmp_path, mine):
    (tmp_path / "empty").mkdir()
    assert faults_of(tmp_path / "empty")
    (mine / "proc.tsv").unlink()
    assert faults_of(mine) == ["proc.tsv:0 scheme_table_missing"]


# -- overlays --------------------------------------------------------------------------------------


@pytest.fixture
def city(mine, tmp_path) -> Path:
    folder = Path(shutil.copytree(CITY, tmp_path / "city"))
    path = folder / "manifest.yaml"
    path.write_text(path.read_text("utf-8").replace("../base", "../mine"), "utf-8")
    return folder


@pytest.mark.parametrize(
    ("table", "old", "new", "code"),
    [
        ("adrg", "change\tLC1", "add\tLC1", "scheme_row_exists"),
        ("adrg", "add\tLU1", "change\tLU1", "scheme_row_absent"),
        ("adrg", "remove\tGU1", "remove\tGX1", "scheme_row_absent"),
        ("adrg", "add\tLU1", "put\tLU1", "scheme_change_unknown"),
        ("adrg", "add\tLU1", "add\tLC1", "scheme_key_twice"),
        ("drg", "remove\tGU19", "remove\tGB11", "scheme_name_unknown"),
    ],
)
def test_a_change_that_cannot_be_made_is_told(city, table, old, new, code):
    edit(city, table, old, new)
    assert code in {fault.split()[1] for fault in faults_of(city)}


def test_a_base_that_leads_back_is_refused(mine, city):
    path = mine / "manifest.yaml"
    path.write_text(path.read_text("utf-8") + 'base: "../city"\n', "utf-8")
    assert {fault.split()[1] for fault in faults_of(city)} & {
        "scheme_base_in_circle", "scheme_column_wrong",
    }  # fmt: skip


def test_a_comparison_tells_what_the_overlay_says():
    found = {(d.table, d.key): (d.change, d.columns) for d in compare_schemes(EXAMPLE, CITY)}
    assert found[("dx", "XK03")] == ("change", ["level", "name"])
    assert found[("adrg", "GU1")][0] == "remove"
    assert found[("drg", "LU19")][0] == "add"
    assert len(found) == 11
    assert compare_schemes(EXAMPLE, EXAMPLE) == []


# -- bare tables, import, what is kept -------------------------------------------------------------


def bare(folder: Path, target: Path) -> Path:
    """A scheme as five bare tables; trauma's sites stand without their condition there."""
    target.mkdir()
    source = read_scheme(folder)
    for table, columns in BARE.items():
        lines = []
        for row in source.tables[table]:
            cells = dict(row.cells)
            if table == "mdc" and cells["mdc"] == "Z":
                cells["condition"] = '["pdx","@zd"]'
            cells["falls_back_to"] = cells.get("adrg", "")
            lines.append("\t".join(cells.get(name, "") for name in columns))
        (target / f"{table}.tsv").write_text("\n".join(lines) + "\n", "utf-8")
    return target


def test_bare_tables_are_read_as_they_are(tmp_path):
    folder = bare(EXAMPLE, tmp_path / "bare")
    texts = ["1 40 XZ01+XZ02 -", "1 40 XZ01+XZ11 -", "1 40 XM01+XK03 -", "1 50 XL10 YG05"]
    found = grouped(open_scheme(folder), [case_of(text) for text in texts])
    # the bare layout has no slots that are on
    assert [short(group) for group in found] == ["ZZ15", "LZ19", "MR13", "LS15"]


def test_an_import_is_the_same_scheme(tmp_path):
    folder = bare(EXAMPLE, tmp_path / "bare")
    import_scheme(folder, tmp_path / "mine", texts=TEXTS)
    assert compare_schemes(folder, tmp_path / "mine") == []
    assert (tmp_path / "mine" / "manifest.yaml").read_text("utf-8").startswith('scheme: "mine"')


def test_an_import_of_an_overlay_is_whole(tmp_path):
    import_scheme(CITY, tmp_path / "whole", texts=TEXTS)
    assert compare_schemes(CITY, tmp_path / "whole") == []


def test_an_import_refuses_a_full_folder_and_a_manifest_that_lacks_words(tmp_path, mine):
    folder = bare(EXAMPLE, tmp_path / "bare")
    with pytest.raises(UnableToImport, match="not empty"):
        import_scheme(folder, mine, texts=TEXTS)
    with pytest.raises(UnableToImport, match="version"):
        import_scheme(folder, tmp_path / "new", texts={"code_set": "c"})
    assert not (tmp_path / "new").exists()


def test_a_scheme_is_kept_until_it_changes(mine, monkeypatch):
    texts = [case_of("1 50 XG01+XK03 -"), case_of("1 50 XL10 YG05")]
    first = open_scheme(mine)
    monkeypatch.setattr("yibao.offices.actuary.grouping.schemes.compile_scheme", None)
    kept = open_scheme(mine)
    assert kept.identity == first.identity
    assert grouped(kept, texts) == grouped(first, texts)
    assert [rule.condition for rule in kept.rules] == [rule.condition for rule in first.rules]
    monkeypatch.undo()
    edit(mine, "dx", "XK03\t\t\tC", "XK03\t\t\t")
    assert [short(group) for group in grouped(open_scheme(mine), texts)] == ["GZ16", "LQY"]


def test_what_was_kept_and_is_broken_is_made_anew(mine):
    opened = open_scheme(mine)
    path = compiled_schemes.kept_path(opened.identity.checksum)
    assert path.is_file()
    path.write_bytes(path.read_bytes()[:500])
    assert open_scheme(mine).identity == opened.identity


def test_a_cache_that_cannot_be_written_is_passed_over(mine, monkeypatch, tmp_path):
    (tmp_path / "file").write_text("", "utf-8")
    monkeypatch.setenv("YIBAO_CACHE", str(tmp_path / "file"))
    assert open_scheme(mine).identity.scheme_id == "example"


def test_what_is_odd_but_may_be_meant_is_remarked():
    scheme = review_scheme(EXAMPLE).scheme
    assert [text.en for _, text in remarks(scheme)] == ["LC1 has no DRG: its cases stay ungrouped"]
    assert compiled_of(EXAMPLE).identity.version == "1"
