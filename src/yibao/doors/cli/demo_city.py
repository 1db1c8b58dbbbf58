"""The second half of ``yibao demo``: a small city's year settled, one bill explained, two what-ifs.

Every step is a command of ours: it is printed as a person would type it, then run.
"""

from __future__ import annotations

import shlex
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from yibao.base.texts import Language, Text

if TYPE_CHECKING:
    from yibao.storage.files.expectations import WhatIfExample

SEED = 1
AREA = "370200"
NOT_EVERY_CLAIM = 1
"""Exit code of a step that had no rule for some claims: told by the step, no reason to stop."""


def run_city(out: Path, *, members: int, engine: str, language: Language) -> None:
    """Make cities below ``out``, settle the first one's year, explain a bill, ask the questions."""
    from yibao.storage.files.expectations import read_what_if
    from yibao.storage.files.shipped import examples_root

    questions = [
        read_what_if(path) for path in sorted((examples_root() / "what_if").glob("*.yaml"))
    ]
    year = questions[0].year
    _make(out, year, members=members, language=language)
    _settle(out, year, engine=engine, language=language)
    _explain(out, year, language=language)
    for question in questions:
        if question.year != year:
            _make(out, question.year, members=members, language=language)
        _ask(question, out, engine=engine, language=language)


def city_folder(out: Path, year: int) -> Path:
    """Where a year's city is made."""
    return out / f"city-{year}"


def settled_file(out: Path, year: int) -> Path:
    """Where a year's settled claims are written."""
    return out / f"settled-{year}.parquet"


def run_typed(command: str, words: Mapping[str, object], *, language: Language) -> None:
    """Print a command as it is typed, and run it."""
    from yibao.doors.cli.entry import main

    typed = command.split()
    for name, value in words.items():
        if name.startswith("--"):
            typed += [name] if value is True else [] if value is False else [name, str(value)]
        else:
            typed.append(str(value))
    click.echo()
    click.secho(f"$ yibao {shlex.join(typed)}", bold=True)
    try:
        main.main([*typed, "--language", language])
    except SystemExit as ended:
        if ended.code not in (0, None, NOT_EVERY_CLAIM):
            raise


def _make(out: Path, year: int, *, members: int, language: Language) -> None:
    folder = city_folder(out, year)
    _clear(folder)
    words = {
        "--members": members, "--seed": SEED, "--year": year, "--out": folder, "--brief": True,
    }  # fmt: skip
    run_typed("city make", words, language=language)


def _clear(folder: Path) -> None:
    """Make room where an earlier demo left claims in partitions."""
    if (folder / "manifest.json").exists():
        shutil.rmtree(folder)


def _settle(out: Path, year: int, *, engine: str, language: Language) -> None:
    city, settled = city_folder(out, year), settled_file(out, year)
    words = {
        "in": city, "out": settled, "--policy": AREA, "--engine": engine, "--with-examples": True,
    }  # fmt: skip
    run_typed("settle", words, language=language)
    run_typed("city report", {"dir": city, "--settled": settled}, language=language)


def _explain(out: Path, year: int, *, language: Language) -> None:
    """The bill on which most layers pay, explained in full: its member's year is settled again."""
    import polars as pl

    from yibao.doors.cli.statements import console_for_people, print_statement
    from yibao.engines.benefits.explain.encoded import from_json

    settled = pl.scan_parquet(settled_file(out, year))
    layers = [name for name in settled.collect_schema().names() if name.startswith("benefit_")]
    paying = pl.sum_horizontal([(pl.col(name) > 0).cast(pl.Int64) for name in layers])
    richest = (
        settled.select("claim_id", "member_id", paying.alias("paying"), "submitted_amount")
        .sort(["paying", "submitted_amount", "claim_id"], descending=[True, True, False])
        .head(1)
        .collect()
    )
    claim, member = str(richest["claim_id"][0]), richest["member_id"][0]
    parts = str(city_folder(out, year) / "part-*" / "claims.parquet")
    claims = pl.scan_parquet(parts).filter(pl.col("member_id").cast(pl.String) == str(member))
    place = out / f"member-{year}.parquet"
    claims.collect().write_parquet(place)
    told = out / f"member-{year}.jsonl"
    words = {
        "in": place, "out": out / f"member-{year}.csv", "--policy": AREA, "--with-examples": True,
        "--determinations": told, "--json": True,
    }  # fmt: skip
    run_typed("settle", words, language=language)
    explained = [from_json(line) for line in told.read_bytes().splitlines()]
    chosen = next(one for one in explained if one.claim_id == claim)
    console = console_for_people()
    console.print()
    print_statement(console, chosen, language=language)


def _ask(question: WhatIfExample, out: Path, *, engine: str, language: Language) -> None:
    title = question.title.zh if language == "zh" else question.title.en
    click.echo()
    click.secho(title, bold=True)
    claims = city_folder(out, question.year)
    if question.care_types:
        (city, claims), kinds = (claims, out / f"asked-{question.what_if}"), question.care_types
        _clear(claims)
        chosen = {"dir": city, "--care-type": " ".join(kinds), "--out": claims}
        run_typed("city choose", chosen, language=language)
    words = {
        "reform": question.reform, "claims": claims, "--policy": question.policy,
        "--base-reform": question.base, "--engine": engine,
        "--with-examples": question.with_examples, "--brief": True,
        "--picture": out / f"what-if-{question.what_if}.png",
    }  # fmt: skip
    run_typed("what-if", words, language=language)
    published = question.published
    click.echo()
    click.echo(f"{published.zh if language == 'zh' else published.en} ({published.source})")
    unseen = question.unseen.zh if language == "zh" else question.unseen.en
    lead = Text("静态测算的局限: ", "what is not in it: ").in_language(language)
    click.echo(f"{lead}{unseen}")
