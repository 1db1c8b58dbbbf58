"""`yibao city` as an officer runs it: make, report, settle, and what goes wrong."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

YIBAO = str(Path(sys.executable).with_name("yibao"))


def run(*words: object) -> subprocess.CompletedProcess[str]:
    command = [YIBAO, *map(str, words)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("made") / "city"
    made = run(
        "city", "make", "--members", 200, "--seed", 5, "--partitions", 3, "--out", out, "--json"
    )
    assert made.returncode == 0, made.stderr
    told = json.loads(made.stdout.splitlines()[-1])
    assert (told["members"], told["partitions"]) == (200, 3)
    assert told["claims"] > 1_000
    return out


def test_a_city_is_made_settled_and_reported(folder: Path, tmp_path: Path):
    settled = tmp_path / "settled.parquet"
    done = run("settle", folder, settled, "--policy", "370200", "--with-examples", "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout.splitlines()[-1])["rejected"] == 0
    told = run("city", "report", folder, "--settled", settled, "--json")
    made = {one["target"]: one["generated"] for one in json.loads(told.stdout)["targets"]}
    assert made["fund_of_employee_visit"] > 0
    assert made["fund_spending_per_insured"] > 0
    shown = run("city", "report", folder, "--settled", settled, "--language", "zh")
    assert "公布与生成" in shown.stdout
    assert "S1-09" in shown.stdout
    assert "假设" in shown.stdout


def test_what_is_there_already_is_refused_with_code_4(folder: Path):
    told = run("city", "make", "--members", 10, "--seed", 1, "--out", folder, "--language", "en")
    assert told.returncode == 4
    assert "there already" in told.stderr
    assert "Traceback" not in told.stderr


def test_a_missing_partition_stops_settle_and_report_with_code_3(tmp_path: Path):
    out = tmp_path / "city"
    run("city", "make", "--members", 60, "--seed", 5, "--partitions", 2, "--out", out, "--json")
    (out / "part-0001" / "claims.parquet").unlink()
    settled = tmp_path / "settled.parquet"
    for words in (("settle", out, settled, "--policy", "370200"), ("city", "report", out)):
        told = run(*words, "--language", "en")
        assert told.returncode == 3
        assert "partition_missing" in told.stderr
        assert "part-0001" in told.stderr
    assert not settled.exists()


def test_a_folder_that_is_no_city_is_told_so(tmp_path: Path):
    told = run("city", "report", tmp_path, "--language", "en")
    assert told.returncode == 3
    assert "manifest_unreadable" in told.stderr


def test_assumptions_are_listed_apart():
    told = run("city", "assumptions", "--language", "en")
    assert told.returncode == 0
    assert "tier_1_share" in told.stdout


@pytest.mark.parametrize("stop", [signal.SIGTERM, signal.SIGINT])
def test_a_run_that_is_stopped_leaves_nothing(stop: signal.Signals, tmp_path: Path):
    words = [
        "city",
        "make",
        "--members",
        "30000000",
        "--seed",
        "1",
        "--out",
        str(tmp_path / "city"),
    ]
    process = subprocess.Popen([YIBAO, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    deadline = time.monotonic() + 60
    while not list(tmp_path.glob(".city.*/part-*/claims.parquet")):
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.1)
    os.kill(process.pid, stop)
    process.communicate(timeout=60)
    assert process.returncode != 0
    assert list(tmp_path.iterdir()) == []
