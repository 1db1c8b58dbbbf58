"""A what-if for other programs: one JSON document, and tables as CSV (docs/what-if.md).

Amounts are integer fen, rates integer millionths (empty where there is nothing to be a share of).
All files of a folder appear together or not at all, ``what_if.json`` last.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import polars as pl

from yibao.base.texts import Text
from yibao.offices.actuary.whatif.grounds import CANNOT_SEE, grounds_told
from yibao.offices.actuary.whatif.shapes import (
    Change,
    Comparison,
    Decile,
    Effect,
    Grounds,
    Moved,
    share_rate,
)
from yibao.storage.files.results import ResultFiles

MAIN_FILE = "what_if.json"
Cells = dict[str, Any]
_NO_WORDS, _NO_CHANGE = Text("", ""), Change(0, 0)
_NOBODY = Effect(0, 0, 0, 0, _NO_CHANGE, _NO_CHANGE)
_NO_DECILE = Decile(0, 1, 0, 0, 0, 0, _NO_CHANGE)
_NO_MEMBER = Moved("", 0, 0, _NO_CHANGE)


def as_data(comparison: Comparison) -> Cells:
    """Everything but the single claims, as plain data."""
    sides = comparison.sides
    return {
        "area": {"code": sides.area_code, **_words(sides.area)},
        "base": {"reforms": list(sides.base_reforms), **_words(sides.base)},
        "reform": {"reforms": list(sides.reform_reforms), **_words(sides.reform)},
        "engine": comparison.engine,
        "made": dict(comparison.made),
        "claims": asdict(comparison.counts),
        "total": _effect(comparison.total),
        "funds": [{"fund": n, **_words(label), **_change(c)} for n, label, c in comparison.funds],
        "layers": [
            {"layer": n, **_words(label), **_change(c)} for n, label, c in comparison.layers
        ],
        "groups": list(_groups(comparison)),
        "deciles": [_decile(decile) for decile in comparison.deciles],
        "winners_count": comparison.winners_count,
        "losers_count": comparison.losers_count,
        "bands": [asdict(band) for band in comparison.bands],
        "largest": list(_largest(comparison)),
        "base_grounds": _grounds(comparison.base_grounds),
        "reform_grounds": _grounds(comparison.reform_grounds),
        "open_questions": [
            {
                "question": name,
                "zh": question.zh,
                "en": question.en,
                "reading_zh": reading.zh,
                "reading_en": reading.en,
            }
            for name, (question, reading) in comparison.questions.items()
        ],
        "notes": [_words(text) for text in grounds_told(comparison)],
        "cannot_see": [_words(text) for text in CANNOT_SEE],
    }


def write_tables(comparison: Comparison, folder: Path) -> None:
    """Write the tables into a folder that is there.

    Raises:
        UnableToWrite: if the folder may not be written; nothing is then.
    """
    tables: Mapping[str, pl.DataFrame] = {
        "funds.csv": _frame(_flat(comparison)),
        "groups.csv": _frame(_groups(comparison), like=_group("", "", _NO_WORDS, _NOBODY)),
        "deciles.csv": _frame(
            (_decile(decile) for decile in comparison.deciles), like=_decile(_NO_DECILE)
        ),
        "winners_losers.csv": _frame(asdict(band) for band in comparison.bands),
        "largest.csv": _frame(_largest(comparison), like=_moved("", _NO_MEMBER)),
        "changed_claims.csv": comparison.changed_claims,
        "one_sided_claims.csv": comparison.one_sided_claims,
    }
    with ResultFiles(folder / MAIN_FILE) as files:
        for name, frame in tables.items():
            table = files.table(folder / name, dict(frame.schema))  # type: ignore[arg-type]
            for row in frame.iter_rows():
                table.add(row)
        document = files.lines(folder / MAIN_FILE)
        document.add(json.dumps(as_data(comparison), ensure_ascii=False, indent=2).encode())
        files.commit()


def _frame(rows: Iterable[Cells], *, like: Cells | None = None) -> pl.DataFrame:
    """A table of rows; one without rows has the columns of ``like``."""
    listed = list(rows)
    if not listed:
        return pl.DataFrame(schema=dict.fromkeys(like or {}, pl.String))
    return pl.DataFrame(listed, infer_schema_length=None)


def _words(text: Text) -> Cells:
    return {"zh": text.zh, "en": text.en}


def _change(change: Change, kind: str = "benefit") -> Cells:
    return {
        f"base_{kind}_amount": change.base_amount,
        f"reform_{kind}_amount": change.reform_amount,
        "change_amount": change.change_amount,
        "change_rate": change.change_rate,
    }


def _effect(effect: Effect) -> Cells:
    submitted = effect.submitted_amount
    return {
        "claims_count": effect.claims_count,
        "members_count": effect.members_count,
        "changed_members_count": effect.changed_members_count,
        "submitted_amount": submitted,
        **_change(effect.benefit),
        "base_benefit_rate": share_rate(effect.benefit.base_amount, submitted),
        "reform_benefit_rate": share_rate(effect.benefit.reform_amount, submitted),
        "base_out_of_pocket_amount": effect.out_of_pocket.base_amount,
        "reform_out_of_pocket_amount": effect.out_of_pocket.reform_amount,
    }


def _groups(comparison: Comparison) -> Iterator[Cells]:
    whole = comparison.total.benefit.change_amount
    for grouping in comparison.groupings:
        for name, label, effect in grouping.groups:
            yield _group(grouping.name, name, label, effect, whole)


def _group(grouping: str, name: str, label: Text, effect: Effect, whole: int = 0) -> Cells:
    return {
        "grouping": grouping,
        "group": name,
        **_words(label),
        **_effect(effect),
        "share_of_change_rate": share_rate(effect.benefit.change_amount, whole),
    }


def _flat(comparison: Comparison) -> list[Cells]:
    kinds = (("fund", comparison.funds), ("layer", comparison.layers))
    rows = [
        {"kind": kind, "name": name, **_words(label), **_change(change)}
        for kind, changes in kinds
        for name, label, change in changes
    ]
    total = _change(comparison.total.benefit)
    return [*rows, {"kind": "total", "name": "", "zh": "合计", "en": "total", **total}]


def _decile(decile: Decile) -> Cells:
    return {
        "decile": decile.number,
        "members_count": decile.members_count,
        "changed_members_count": decile.changed_members_count,
        "lowest_amount": decile.lowest_amount,
        "highest_amount": decile.highest_amount,
        "submitted_amount": decile.submitted_amount,
        **_change(decile.out_of_pocket, "out_of_pocket"),
        "mean_change_amount": decile.mean_change_amount,
    }


def _largest(comparison: Comparison) -> Iterator[Cells]:
    for kind, moved in (("gain", comparison.gains), ("loss", comparison.losses)):
        for one in moved:
            yield _moved(kind, one)


def _moved(kind: str, moved: Moved) -> Cells:
    return {
        "kind": kind,
        "member_id": moved.member_id,
        "claims_count": moved.claims_count,
        "submitted_amount": moved.submitted_amount,
        **_change(moved.out_of_pocket, "out_of_pocket"),
    }


def _grounds(grounds: Grounds) -> Cells:
    return {
        "engine_versions": list(grounds.engine_versions),
        "answers_count": grounds.answers_count,
        "answers_with_examples_count": grounds.answers_with_examples_count,
        "values_count": grounds.values_count,
        "examples_count": grounds.examples_count,
        "open_questions": dict(grounds.questions),
        "findings": dict(grounds.findings),
    }
