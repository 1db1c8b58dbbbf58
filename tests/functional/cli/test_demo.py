"""`yibao demo`, as a newcomer runs it first: published figures, then a small city's year."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

YIBAO = str(Path(sys.executable).with_name("yibao"))


def run(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([YIBAO, "demo", *words], capture_output=True, text=True, check=False)


def test_published_bills_come_out_equal_to_the_fen(tmp_path: Path) -> None:
    done = run("--members", "0", "--language", "zh", "--out", str(tmp_path / "out"))
    assert done.returncode == 0, done.stderr
    # 清远: 216002.86 of the large layer; the six layers of the poor member leave 2186.95
    for figure in ("216,002.86", "2,186.95", "144.00"):
        assert figure in done.stdout
    assert "否 ✗" not in done.stdout
    pictures = {path.suffix for path in (tmp_path / "out").iterdir()}
    assert pictures == {".svg", ".png"}
    assert "city make" not in done.stdout


def test_a_small_city_is_settled_explained_and_asked_two_questions(tmp_path: Path) -> None:
    out = tmp_path / "out"
    done = run("--members", "120", "--language", "en", "--out", str(out))
    assert done.returncode == 0, done.stderr
    typed = [line for line in done.stdout.splitlines() if line.startswith("$ yibao ")]
    assert [line.split()[2] for line in typed] == [
        "city", "settle", "city", "settle", "what-if", "city", "city", "what-if",
    ]  # fmt: skip
    assert "23.405 million visits, +102.6%" in done.stdout
    assert "849 million yuan settled for the poor" in done.stdout
    for name in ("what-if-outpatient_limit.png", "what-if-poor_tilt.png"):
        assert (out / name).read_bytes().startswith(b"\x89PNG")
    again = run("--members", "120", "--language", "en", "--out", str(out))
    assert again.returncode == 0, again.stderr
