"""`yibao ledger` where something is missing: a login, a server, the schema, the book."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.integration.conftest import Books
from tests.integration.ledger.conftest import Terminal

YIBAO = str(Path(sys.executable).with_name("yibao"))
COMMANDS = (
    ("trial",), ("balance", "--fund", "resident"), ("journal",), ("statement", "--year", "2024"),
    ("seal",), ("verify",), ("close", "day", "2024-01-01"), ("budget", "show", "2024"),
    ("post", "x.csv"), ("open", "370200", "--on", "2023-12-31"),
)  # fmt: skip


def program(*words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("YIBAO")}
    return subprocess.run(
        [YIBAO, "ledger", *words], capture_output=True, text=True, check=False,
        env={**kept, "LANG": "C.UTF-8", "LC_ALL": "", **environment},
    )  # fmt: skip


def test_a_real_process_answers_and_refuses(posted: Terminal):
    done = program("balance", "resident/bank_special", YIBAO_SESSIONS=os.environ["YIBAO_SESSIONS"],
                   YIBAO_DATABASE_URL=os.environ["YIBAO_DATABASE_URL"])  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    assert "40,000.00" in done.stdout


@pytest.mark.parametrize("words", COMMANDS, ids=lambda words: words[0])
def test_nobody_logged_in(at, qingdao: Books, tmp_path: Path, monkeypatch, words):
    ledger = at(qingdao, with_owner=True)
    monkeypatch.setenv("YIBAO_SESSIONS", str(tmp_path / "nobody.json"))
    assert "[login_needed]" in ledger(*words, as_="", code=4).err


def test_no_server_is_running(ledger: Terminal, monkeypatch):
    monkeypatch.setenv("YIBAO_DATABASE_URL", "postgresql://yibao_service:x@127.0.0.1:9/yibao")
    told = ledger("trial", code=4).err
    assert "the database cannot be reached" in told
    assert "yibao db start" in told


def test_no_database_was_made(tmp_path: Path, ledger: Terminal):
    done = program("trial", "--language", "zh", YIBAO_DATABASE_HOME=str(tmp_path / "db"),
                   YIBAO_SESSIONS=os.environ["YIBAO_SESSIONS"])  # fmt: skip
    assert done.returncode == 4
    assert "还没有数据库" in done.stderr
    assert "yibao db start" in done.stderr
    assert not (tmp_path / "db").exists()


def test_a_database_that_was_not_migrated(at, empty_database: Books):
    told = at(empty_database)("trial", code=4).err
    assert "yibao db migrate" in told


def test_no_book_was_opened(at, qingdao: Books):
    ledger = at(qingdao)
    told = ledger("trial", "--area", "360400", code=4).err
    assert "[book_unknown]" in told
    assert "360400" in told


def test_every_command_has_help_with_an_example():
    names = ("open", "post", "reverse", "reserve", "release", "overdraft", "balance", "trial",
             "journal", "statement", "budget", "close", "reopen", "seal", "verify")  # fmt: skip
    top = program("--help").stdout
    for name in names:
        told = program(name, "--help").stdout if name == "open" else _help(name)
        assert f"yibao ledger {name}" in told, name
        assert name in top
    for part in ("provider", "bank"):
        assert f"yibao ledger reconcile {part}" in _help("reconcile", part)


def _help(*words: str) -> str:
    from click.testing import CliRunner

    from yibao.doors.cli.entry import main

    return CliRunner().invoke(main, ["ledger", *words, "--help"], prog_name="yibao").stdout
