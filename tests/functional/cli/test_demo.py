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
        "db", "db", *["ledger"] * 7,
    ]  # fmt: skip
    assert "23.405 million visits, +102.6%" in done.stdout
    assert "849 million yuan settled for the poor" in done.stdout
    for name in ("what-if-outpatient_limit.png", "what-if-poor_tilt.png"):
        assert (out / name).read_bytes().startswith(b"\x89PNG")
    again = run("--members", "120", "--language", "en", "--out", str(out), "--no-books")
    assert again.returncode == 0, again.stderr
    assert "ledger" not in again.stdout
    books = done.stdout.partition("the books: post, close, state, verify")[2]
    assert "example amounts without a source" in books
    for told in ("refused 0", "closed (year): 2023-01-01 to 2024-12-31", "S4-02", "92.1%"):
        assert told in books
    before, _, after = books.partition("bends two lines of entry")
    assert "everything holds" in before
    assert "row_changed" in after
    assert "row_changed" not in before
    assert (out / "funds-2024.png").read_bytes().startswith(b"\x89PNG")
    home = Path(next(line.split()[1] for line in books.splitlines() if line.startswith("folder")))
    assert home.name == "db"
    assert not home.parent.exists()
