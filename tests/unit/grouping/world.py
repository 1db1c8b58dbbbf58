"""The shipped example and the reference data, for tests of grouping; and cases as lines of text."""

from __future__ import annotations

import csv
import os
from functools import cache
from pathlib import Path

import pytest

from tests.health.checkers import ROOT
from yibao.engines.grouping.batch import columns_of, group_cases, groups_of
from yibao.engines.grouping.case import Case, Group
from yibao.engines.grouping.checking import check_scheme
from yibao.engines.grouping.compiler import CompiledScheme, compile_scheme
from yibao.engines.grouping.rows import SchemeSource
from yibao.engines.grouping.scheme import GroupingScheme
from yibao.storage.files.grouping_schemes import read_scheme

EXAMPLE = ROOT / "examples" / "grouping" / "base"
CITY = ROOT / "examples" / "grouping" / "city"
REFERENCE = os.environ.get("YIBAO_GROUPING_REFERENCE", "")
with_reference = pytest.mark.skipif(
    not REFERENCE, reason="YIBAO_GROUPING_REFERENCE names no folder of reference cases"
)


@cache
def source_of(folder: Path) -> SchemeSource:
    return read_scheme(folder)


@cache
def scheme_of(folder: Path) -> GroupingScheme:
    return check_scheme(source_of(folder))


@cache
def compiled_of(folder: Path) -> CompiledScheme:
    return compile_scheme(scheme_of(folder))


def grouped(compiled: CompiledScheme, cases: list[Case]) -> list[Group]:
    return groups_of(compiled, group_cases(compiled, columns_of(compiled, cases)))


def case_of(text: str) -> Case:
    """``2 40 XW01+XK03 YW01+YW02 icu=96``: sex, age, diagnoses, procedures, and what else."""
    sex, age, diagnoses, procedures, *rest = text.split()
    more = dict(part.split("=") for part in rest)
    whole = {
        name: int(more[key])
        for key, name in (("days", "age_days"), ("stay", "stay_days"), ("left", "leaving_type"))
        if key in more
    }
    return Case(
        text,
        int(sex),
        int(age),
        tuple(diagnoses.split("+")),
        () if procedures == "-" else tuple(procedures.split("+")),
        **whole,
        weight=int(more.get("weight", 0)),
        icu_hours=int(more["icu"]) if "icu" in more else None,
        department=more.get("dept", ""),
    )


def table(text: str) -> list[tuple[str, str]]:
    """Rows of ``case | group``."""
    rows = [line.split("|") for line in text.strip().splitlines() if line.strip()]
    return [(case.strip(), group.strip()) for case, group in rows]


def short(group: Group) -> str:
    """A group as the tables of tests have it: the DRG; ``LQY``; or why there is none."""
    if group.status == "ungrouped":
        return group.reason + (f" {group.adrg}" if group.reason == "no_drg" else "")
    return group.drg


@cache
def reference_cases() -> tuple[Case, ...]:
    with (Path(REFERENCE) / "cases.csv").open(encoding="utf-8") as file:
        return tuple(
            Case(
                row["Index"], int(row["gender"]), int(row["age"]),
                tuple(row["zdList"].split("|")),
                tuple(row["ssList"].split("|")) if row["ssList"] else (),
                age_days=int(row["ageDay"]), weight=int(row["weight"]),
                stay_days=int(row["inHospitalTime"]), leaving_type=int(row["leavingType"]),
                department=row["dept"],
            )
            for row in csv.DictReader(file)
        )  # fmt: skip


@cache
def reference_answers(scheme: str) -> tuple[tuple[str, str, str], ...]:
    """MDC, ADRG and DRG of each case; a DRG that is the ADRG itself is no group."""
    with (Path(REFERENCE) / f"expected_{scheme}.csv").open(encoding="utf-8") as file:
        return tuple(
            (row["mdc"], row["adrg"], row["drg"] if len(row["drg"]) == 4 else "0000")
            for row in csv.DictReader(file)
        )
