"""Both READMEs show the same commands, every line shown is really printed, every link leads on."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from tests.functional.cli.running import yibao

ROOT = Path(__file__).parents[3]
README = {"en": ROOT / "README.md", "zh": ROOT / "README.zh-CN.md"}
BLOCK = re.compile(r"^```console\n(.*?)^```", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\(([^)#]+?)(?:#[^)]*)?\)")
MADE = ("yibao city", "yibao settle", "yibao what-if", "yibao dip", "yibao group report")
"""Commands whose figures are those of a made city."""
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])


def shown(language: str) -> list[tuple[str, list[str]]]:
    """The commands of `yibao` in a README, each with the lines shown under it."""
    text = README[language].read_text(encoding="utf-8")
    found: list[tuple[str, list[str]]] = []
    for line in "\n".join(BLOCK.findall(text)).splitlines():
        if line.startswith("$ "):
            found.append((line[2:], []))
        elif line.strip() not in ("", "…"):
            found[-1][1].append(line)
    return [(command, lines) for command, lines in found if command.startswith("yibao ")]


def test_both_readmes_show_the_same_commands():
    english, chinese = ([command for command, _ in shown(language)] for language in ("en", "zh"))
    assert len(english) > 6
    assert [command.replace("--language en", "--language zh") for command in english] == chinese


def test_both_readmes_have_the_same_parts_and_links():
    texts = [path.read_text(encoding="utf-8") for path in README.values()]
    headings = [re.findall(r"^#+ ", text, re.MULTILINE) for text in texts]
    assert headings[0] == headings[1]
    links = [[link for link in LINK.findall(text) if "README" not in link] for text in texts]
    assert sorted(set(links[0])) == sorted(set(links[1]))


def test_the_index_lists_every_page():
    folder = ROOT / "docs"
    listed = LINK.findall((folder / "index.md").read_text(encoding="utf-8"))
    pages = {path.relative_to(folder).as_posix() for path in folder.rglob("*.md")} - {"index.md"}
    assert pages - set(listed) == set()
    assert len(listed) == len(set(listed))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_link_leads_somewhere(page: Path):
    prose = re.sub(r"(?ms)^```.*?^```", "", page.read_text(encoding="utf-8"))
    links = [link for link in LINK.findall(prose) if "://" not in link]
    assert [link for link in links if not (page.parent / link).exists()] == []


def plain(text: str, *, without_figures: bool) -> str:
    """A text with single blanks; a made city's figures follow the law of the day."""
    blanks = re.sub(r"\s+", " ", text)
    return re.sub(r"[0-9][0-9,.]*", "0", blanks) if without_figures else blanks


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_readme_shows_what_is_printed(monkeypatch, tmp_path: Path, language: str):
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    written = re.search(r"(?s)`(\{entitlement:.*?\}\})`", README[language].read_text("utf-8"))
    assert written is not None
    (tmp_path / "waiting.yaml").write_text(written.group(1), encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    for command, lines in shown(language):
        words, _, place = command.partition(" > ")
        done = yibao(*shlex.split(words)[1:])
        if place:
            Path(place).write_text(done.stdout, encoding="utf-8")
        is_made = command.startswith(MADE)
        printed = plain(done.stdout + done.stderr, without_figures=is_made)
        for line in lines:
            for part in plain(line, without_figures=is_made).split("…"):
                assert part.strip() in printed, (command, line, done.stderr)
