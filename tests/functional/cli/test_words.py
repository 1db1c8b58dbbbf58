"""The words of a command line: what is wrong with them is said in both languages, with exit code 2.

Most of it runs inside this process; what only a real process shows (a pipe, a full disk, Ctrl-C)
runs as one.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from yibao.doors.cli.entry import COMMANDS, chosen_language, main

ROOT = Path(__file__).parents[3]
A01 = ROOT / "examples" / "published" / "A01" / "bill.yaml"
YIBAO = [sys.executable, "-W", "error", "-m", "yibao.doors.cli"]


def run(*words: object) -> Result:
    return CliRunner().invoke(main, [str(word) for word in words], prog_name="yibao")


@pytest.mark.parametrize(
    ("words", "zh", "en"),
    [
        (["quot"], "没有命令“quot”，现有: demo", "No such command 'quot'. There are: demo"),
        (["policy", "nope"], "没有命令“nope”", "No such command 'nope'"),
        (["quote"], "缺少参数 BILL", "Missing argument 'BILL'"),
        (["settle", "in", "out.csv"], "缺少选项 --policy", "Missing option '--policy'"),
        (["quote", A01, "--evnt", "1"], "没有选项 --evnt，是否应为 --event", "'--evnt'. Did you"),
        (["quote", A01, "--event", "x"], "选项 --event 的值无效: 应为 整数", "'--event': 'x' is"),
        (["quote", A01, "--event"], "选项 --event 的写法不对", "'--event' requires an argument"),
        (
            ["policy", "calendar", "370200", "--from", "2024"],
            "选项 --from 的值无效: 应为 2024-01-31 形式的日期",
            "Invalid value for '--from': '2024'",
        ),
    ],
)
def test_wrong_words_are_told_in_both_languages(words, zh, en):
    for language, told, remedy in (("zh", zh, "处理: 运行 yibao"), ("en", en, "What to do: see `")):
        done = run(words[0], "--language", language, *words[1:])
        if words[0] in ("quot", "policy"):  # no option of theirs, but the word is read
            done = run(*words, "--language", language)
        assert (done.exit_code, done.stdout) == (2, ""), done.output
        assert told in done.stderr
        assert remedy in done.stderr
        assert "Traceback" not in done.stderr


def test_an_unknown_language_names_those_there_are():
    assert "应为 zh、en 之一" in run("quote", A01, "--language", "zh", "--language", "fr").stderr


def test_the_language_of_an_error_is_that_of_the_words():
    assert chosen_language(["quote", "x", "--language", "zh"]) == "zh"
    assert chosen_language(["--language=en"]) == "en"
    assert chosen_language([]) in ("zh", "en")


def test_without_words_the_commands_are_listed():
    done = run()
    assert done.exit_code == 2
    assert all(name in done.output for name in COMMANDS)


def test_a_folder_in_place_of_a_bill_is_a_fault_of_that_file(tmp_path: Path):
    done = run("quote", tmp_path, "--language", "zh")
    assert (done.exit_code, done.stdout) == (3, "")
    assert f"{tmp_path} [file_unreadable] 无法读取文件: 这是目录，不是文件" in done.stderr


# -- what only a process shows -----------------------------------------------------------


def test_a_full_disk_under_the_answer_is_told():
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [*YIBAO, "quote", A01, "--language", "zh"],
            stdout=full, stderr=subprocess.PIPE, text=True, check=False, timeout=60,
        )  # fmt: skip
    assert done.returncode == 4
    assert done.stderr.startswith("无法输出结果: 磁盘已满")
    assert "Traceback" not in done.stderr


def test_a_reader_who_has_seen_enough_is_no_fault():
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(
        [*YIBAO, "quote", A01, "--json"],
        stdout=writing, stderr=subprocess.PIPE, text=True, check=False, timeout=60,
    )  # fmt: skip
    os.close(writing)
    assert (done.returncode, done.stderr) == (1, "")


HEADER = (
    "claim_id,member_id,settlement_date,scheme,care_type,"
    "eligible_amount,prior_self_pay_amount,over_limit_amount,noncovered_amount\n"
)


def test_ctrl_c_in_the_middle_ends_with_a_word_and_leaves_nothing(tmp_path: Path):
    claims = tmp_path / "claims.csv"
    rows = (f"C{n},M{n},2024-03-01,employee,special_drug,1000,0,0,0\n" for n in range(80_000))
    claims.write_text(HEADER + "".join(rows), encoding="utf-8")
    words = [claims, tmp_path / "out.csv", "--policy", "370200", "--language", "zh"]
    running = subprocess.Popen(  # warnings as users have them: a file may just be opening
        [sys.executable, "-m", "yibao.doors.cli", "settle", *map(str, words)],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    while len(list(tmp_path.glob(".out.csv.*/*"))) < 2:  # both results are being written
        assert running.poll() is None
        time.sleep(0.02)
    time.sleep(0.3)
    running.send_signal(signal.SIGINT)
    out, err = running.communicate(timeout=60)
    assert (running.returncode, out) == (130, "")
    assert "已中断；没有留下写了一半的文件" in err
    assert "Traceback" not in err
    assert [place.name for place in tmp_path.iterdir()] == ["claims.csv"]
