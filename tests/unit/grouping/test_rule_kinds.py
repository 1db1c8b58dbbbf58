"""Breaking any one rule kind changes a group: in the worked example, and in the reference data."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from tests.unit.grouping.test_example import WORKED
from tests.unit.grouping.world import (
    EXAMPLE,
    REFERENCE,
    case_of,
    compiled_of,
    grouped,
    reference_answers,
    reference_cases,
    short,
    source_of,
    with_reference,
)
from yibao.engines.grouping.checking import check_scheme
from yibao.engines.grouping.compiler import CompiledScheme, compile_scheme
from yibao.engines.grouping.rows import Tables

Cells = dict[str, str]
SCHEMES = ("chs_drg_11", "qingdao_2023")


def cell(table: str, column: str, change: Callable[[str], str]) -> Callable[[Tables], Tables]:
    """A change of one column in every row of a table."""

    def broken(tables: Tables) -> Tables:
        rows = [
            row._replace(cells={**row.cells, column: change(row.cells[column])})
            for row in tables[table]
        ]
        return {**tables, table: rows}

    return broken


def of_condition(table: str, old: str, new: str) -> Callable[[Tables], Tables]:
    return cell(table, "condition", lambda text: text.replace(old, new))


BREAKS = {
    "no exclusions": cell("dx", "exclusion", lambda _: ""),
    "everything of one exclusion table": cell("dx", "exclusion", lambda text: text and "1"),
    "MCC as CC": cell("dx", "level", lambda text: text.replace("M", "C")),
    "CC as nothing": cell("dx", "level", lambda text: text.replace("C", "")),
    "MDCs the other way round": cell("mdc", "position", lambda text: str(10_000 - int(text))),
    "ADRGs the other way round": cell(
        "mdc", "adrgs", lambda text: " ".join(reversed(text.split()))
    ),
    "DRGs the other way round": cell("adrg", "drgs", lambda text: " ".join(text.split()[::-1])),
    "either sex": of_condition("mdc", '["cmp","gender"', '["cmp","age"'),
    "the other sex": of_condition("mdc", '"gender","==",1', '"gender","==",2'),
    "newborns of any age": of_condition("mdc", '["cmp","age","==",0]', '["true"]'),
    "a day younger": of_condition("adrg", '"ageDay","<=",28', '"ageDay","<",28'),
    "weight bands moved": of_condition("adrg", '"weight","<",1500', '"weight","<=",1500'),
    "weight not asked": of_condition("adrg", '["cmp","weight","<",1500]', '["true"]'),
    "trauma of one site": of_condition("mdc", '"bodySites"', '"gender"'),
    "any site is one site": cell("dx", "site", lambda text: text and "1"),
    "any procedure for the main one": of_condition("adrg", '"pproc"', '"proc"'),
    "the main procedure for any": of_condition("adrg", '["proc"', '["pproc"'),
    "no operating room": cell("proc", "operating_room", lambda _: "0"),
    "all in the operating room": cell("proc", "operating_room", lambda _: "1"),
    "any diagnosis for the principal one": of_condition("adrg", '["pdx"', '["dx"'),
    "a set of procedures not whole": of_condition("adrg", '["procset","3"]', '["true"]'),
}
ON_A_BOUND = {"a day younger", "weight bands moved", "a set of procedures not whole"}
"""What only a case on the bound tells: held by the example alone."""
OF_THE_EXAMPLE = {
    "slots are off": cell("mdc", "qy", lambda _: ""),
    "a slot asks for the main procedure": cell("mdc", "qy", lambda t: t.replace("proc", "pproc")),
    "any secondary for another": of_condition("adrg", '["sdx"', '["dx"'),
    "a secondary procedure for any": of_condition("adrg", '["sproc"', '["proc"'),
    "procedures are always there": of_condition("adrg", '["has_proc"]', '["true"]'),
    "no departments": of_condition("adrg", '["cmp","dept","==","E07"]', '["true"]'),
    "any way of leaving": of_condition("adrg", '["cmp","leavingType","==",5]', '["true"]'),
    "a day more": of_condition("adrg", '"inHospitalTime","<=",5', '"inHospitalTime","<=",6'),
    "a long stay a day less": of_condition("adrg", '"inHospitalTime",">",60', '"weight",">",60'),
    "intensive care not asked": of_condition("adrg", '"icuHours",">=",96', '"icuHours",">",96'),
    "never is always": of_condition("adrg", '["false"]', '["true"]'),
    "operating room or not": of_condition("adrg", '["not",["proc","@OR"]]', '["true"]'),
}


def broken(folder: Path, change: Callable[[Tables], Tables]) -> CompiledScheme:
    source = source_of(folder)
    return compile_scheme(check_scheme(replace(source, tables=change(source.tables))))


@pytest.mark.parametrize("kind", [*BREAKS, *OF_THE_EXAMPLE])
def test_in_the_example(kind: str):
    compiled = broken(EXAMPLE, {**BREAKS, **OF_THE_EXAMPLE}[kind])
    found = grouped(compiled, [case_of(text) for text, _ in WORKED])
    assert [short(group) for group in found] != [group for _, group in WORKED]


@with_reference
@pytest.mark.parametrize("scheme", SCHEMES)
def test_all_of_the_reference_is_equal(scheme: str):
    compiled = compiled_of(Path(REFERENCE) / "schemes" / scheme)
    found = grouped(compiled, list(reference_cases()))
    answers = [(group.mdc, group.adrg, group.drg) for group in found]
    assert len(answers) == 8_000
    assert answers == list(reference_answers(scheme))
    without = {group.adrg for group in found if group.reason == "no_drg"}
    assert without == ({"AD1", "NG1", "PJ1"} if scheme == "qingdao_2023" else set())


@with_reference
@pytest.mark.parametrize("kind", sorted(set(BREAKS) - ON_A_BOUND))
def test_in_the_reference(kind: str):
    compiled = broken(Path(REFERENCE) / "schemes" / "qingdao_2023", BREAKS[kind])
    found = grouped(compiled, list(reference_cases()))
    answers = [(group.mdc, group.adrg, group.drg) for group in found]
    assert answers != list(reference_answers("qingdao_2023"))
