"""Published worked examples: which ones have cases, and what their `official` figures come to.

The examples lie in a folder outside the repository that ``YIBAO_ORACLES`` names; a case says
`example: A03` and `official: total = benefit`, that is the example's own name for a figure and
ours.
"""

from __future__ import annotations

import json
import os
from fractions import Fraction
from pathlib import Path

from tests.spec import figures
from tests.spec.hosts import entitled, entitlement_figure
from tests.spec.reading import Case, all_case_files
from tests.spec.running import Adjudicate, run

ORACLES_VARIABLE = "YIBAO_ORACLES"

CLAIMS = (
    *("A01", "A03", "A05", "A08", "A09", "A10", "A11", "B02", "B04", "B05", "B06", "B09", "B10"),
    *("C02", "C04", "C05", "C08", "E02", "E03", "E04", "E05", "F01", "G01", "G02", "G04"),
)
ENTITLEMENTS = ("D01", "D04", "D05", "D07")
IMPOSSIBLE = ("X08", "X09")
EXAMPLES = (*CLAIMS, *ENTITLEMENTS, *IMPOSSIBLE)


def published_examples() -> dict[str, dict]:
    """The examples by id, empty when no folder is named."""
    folder = os.environ.get(ORACLES_VARIABLE)
    if not folder:
        return {}
    text = (Path(folder) / "worked_examples.json").read_text(encoding="utf-8")
    return {example["id"]: example for example in json.loads(text)}


def cases_of(example: str) -> list[Case]:
    """Every case that says it is of an example."""
    return [
        case
        for file in all_case_files()
        for case in file.cases
        if example in case.settings.get("example", ())
    ]


def official_figures(case: Case, adjudicate: Adjudicate) -> dict[str, Fraction]:
    """The figures of a case under the example's own names, in the example's own unit."""
    unit = Fraction(case.setting("unit") or 1)
    wanted = case.listed("official")
    if case.setting("runs") == "entitlements":
        return {name: _entitlement(case, text) / unit for name, text in wanted}
    if not wanted:
        return {}
    outcomes = run(case, adjudicate)
    shares = {name for name, text in wanted if text == "benefit share"}
    return {
        name: figures.official_figure(outcomes, text) / (1 if name in shares else unit)
        for name, text in wanted
    }


def _entitlement(case: Case, text: str) -> Fraction:
    heading, _, number = text.partition(" of ")
    answer, code = entitled(case, case.rows[int(number or 1) - 1])
    assert answer is not None, code
    value, is_amount = entitlement_figure(answer, heading)
    return Fraction(value, 100) if is_amount else Fraction(value)
