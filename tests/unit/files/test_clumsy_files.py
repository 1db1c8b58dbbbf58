"""Files as people hand them in: missing, a folder, locked, of another encoding or shape."""

from __future__ import annotations

from pathlib import Path

import pytest

from yibao.base.findings import Fault, FaultsFound
from yibao.base.texts import Text
from yibao.storage.files.bills import read_bill
from yibao.storage.files.claim_files import find_claims
from yibao.storage.files.claim_tables import open_table
from yibao.storage.files.results import ResultFiles, UnableToWrite
from yibao.storage.files.tables import read_table

BILL = """\
bill: one
member: {id: M1}
events:
  - settle: V1
    dates: {settlement: 2024-06-03}
    slots: {eligible: 240}
"""


def only_fault(read) -> Fault:
    with pytest.raises(FaultsFound) as raised:
        read()
    (fault,) = raised.value.faults
    return fault


@pytest.mark.parametrize(
    "content",
    [
        BILL.encode(),
        b"\xef\xbb\xbf" + BILL.encode(),
        BILL.replace("\n", "\r\n").encode(),
        BILL.replace("M1", "M1\U0001f600").encode(),
    ],
    ids=["plain", "byte order mark", "Windows line ends", "emoji in an id"],
)
def test_a_bill_is_read_however_its_editor_saved_it(tmp_path: Path, content: bytes):
    place = tmp_path / "bill.yaml"
    place.write_bytes(content)
    link = tmp_path / "link.yaml"
    link.symlink_to(place)
    assert read_bill(link).document.bill == "one"


@pytest.mark.parametrize(
    ("content", "code", "line", "zh"),
    [
        (BILL.replace("one", "单").encode("gbk"), "file_encoding", 1, "不是 UTF-8"),
        (BILL.replace("V1", "单").encode("gbk"), "file_encoding", 4, "不是 UTF-8"),
        (BILL.encode("utf-16"), "file_encoding", 1, "不是 UTF-8"),
        (b"", "yaml_syntax", 0, "实有 0 个"),
        (b"# nothing but a comment\n", "yaml_syntax", 0, "实有 0 个"),
        (BILL.encode() + b"---\n" + BILL.encode(), "yaml_syntax", 0, "实有 2 个"),
        (b"just words\n", "yaml_mapping", 1, "键: 值"),
        (b"- a\n- b\n", "yaml_mapping", 1, "键: 值"),
        (BILL.encode()[:-2], "yaml_syntax", 7, "花括号 {} 没有闭合"),
        (BILL.encode() + b"\x00", "yaml_syntax", 7, "不允许的字符"),
    ],
)
def test_a_file_of_another_shape_is_told_with_its_line(
    tmp_path: Path, content: bytes, code: str, line: int, zh: str
):
    place = tmp_path / "bill.yaml"
    place.write_bytes(content)
    fault = only_fault(lambda: read_bill(place))
    assert (fault.code, fault.where.file, fault.where.line) == (code, str(place), line)
    assert zh in fault.message.zh


def test_what_the_system_refuses_is_said_in_both_languages(tmp_path: Path):
    dangling = tmp_path / "dangling.yaml"
    dangling.symlink_to(tmp_path / "nowhere.yaml")
    for place, zh, en in (
        (tmp_path / "missing.yaml", "文件或目录不存在", "there is no such file or folder"),
        (dangling, "文件或目录不存在", "there is no such file or folder"),
        (tmp_path, "这是目录，不是文件", "it is a folder and not a file"),
    ):
        fault = only_fault(lambda place=place: read_bill(place))
        assert (fault.code, fault.where.file) == ("file_unreadable", str(place))
        assert fault.message == Text(f"无法读取文件: {zh}", f"cannot read the file: {en}")


def refuse(*_arguments, **_more):
    raise PermissionError(13, "Permission denied")


def test_a_file_without_permission_is_a_fault_of_that_file(monkeypatch, tmp_path: Path):
    place = tmp_path / "claims.csv"
    place.write_text("claim_id\n", encoding="utf-8")
    monkeypatch.setattr(Path, "read_bytes", refuse)
    monkeypatch.setattr(Path, "open", refuse)
    readers = (
        lambda: read_bill(place),
        lambda: read_table(place, required=()),
        lambda: open_table(place, ()),
    )
    for read in readers:
        fault = only_fault(read)
        assert (fault.code, fault.where.file) == ("file_unreadable", str(place))
        assert "没有权限" in fault.message.zh
        assert "permission denied" in fault.message.en


def test_a_folder_named_like_a_file_of_claims_is_not_read(tmp_path: Path):
    (tmp_path / "claims.csv").mkdir()
    fault = only_fault(lambda: find_claims(tmp_path))
    assert fault.code == "file_unreadable"


def test_a_full_disk_is_told_and_leaves_nothing(tmp_path: Path):
    def run_out_of_space():
        with ResultFiles(tmp_path / "out.csv") as results:
            results.lines(tmp_path / "out.csv").add(b"half")
            raise OSError(28, "No space left on device")

    with pytest.raises(UnableToWrite) as raised:
        run_out_of_space()
    assert raised.value.exit_code == 4
    assert raised.value.message.zh.endswith("磁盘已满；未写入任何结果")
    assert raised.value.message.en.endswith("the disk is full; nothing was written")
    assert list(tmp_path.iterdir()) == []
