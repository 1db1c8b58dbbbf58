"""Every code that a person may meet has a row in docs/errors.md, and no row is about nothing.

Codes are found where they are written: the first words of what makes a fault, a refusal or a
reject. The policy language's own codes are listed, and held, elsewhere.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from tests.health.checkers import ROOT, Source, nodes, package_sources
from yibao.engines.accounting.refusals import REFUSAL_CODES
from yibao.engines.benefits.catalogue import SPLIT_CODES
from yibao.engines.benefits.opening import CLAIM_CODES
from yibao.engines.policy.unable import UNABLE_CODES
from yibao.offices.access.refusals import ACCESS_CODES
from yibao.offices.treasury.errors import KEEPING_CODES, PERIOD_CODES
from yibao.offices.treasury.verifying.report import DISCREPANCY_CODES
from yibao.storage.files.stays import REASONS as STAY_REASONS

PAGE = (ROOT / "docs" / "errors.md").read_text(encoding="utf-8")
LISTED = re.findall(
    r"`([a-z]+(?:_[a-z]+)*)`", "\n".join(re.findall(r"^\| `.*?\|", PAGE, re.MULTILINE))
)
FOLDERS = (
    "src/yibao/storage/files",
    "src/yibao/engines/accounting",
    "src/yibao/engines/benefits",
    "src/yibao/engines/grouping",
    "src/yibao/offices/actuary",
    "src/yibao/offices/access",
    "src/yibao/offices/treasury",
    "src/yibao/storage/postgres",
    "src/yibao/doors/cli",
)
MAKERS = {
    "AccessRefused", "CellFault", "ClaimInvalid", "FactInvalid", "Fault", "HistoryInvalid",
    "UnableToBook", "UnableToDetermine", "UnableToSplit", "_fault", "_invalid", "_unknown", "fault",
    "refused", "unknown",
    # of the database
    "UnableToConnectInTime", "UnableToFinishInTime", "UnableToMigrate", "UnableToReachDatabase",
    "UnableToRestore", "UnableToRunServer", "UnableToUseDatabase", "_unreachable",
}  # fmt: skip
CODE = re.compile(r"[a-z]+(_[a-z]+)*\Z")
OF_BILLS = ("storage/files/bill", "offices/actuary/bills")
NOT_OF_FILES_OF_PEOPLE = ("storage/files/expectations", "actuary/city/", "actuary/whatif")


def codes_made(source: Source) -> Iterator[str]:
    """The codes that a file's faults and refusals are made with."""
    prefix = "bill_" if any(place in source.path for place in OF_BILLS) else ""
    for call in nodes(source, ast.Call):
        assert isinstance(call, ast.Call)
        name = getattr(call.func, "id", getattr(call.func, "attr", ""))
        if name == "PydanticCustomError" or name in MAKERS:
            said = [part for given in call.args[:2] for part in ast.walk(given)]
            words = [part.value for part in said if isinstance(part, ast.Constant)]
            found = [word for word in words if isinstance(word, str) and CODE.match(word)]
            for code in found[:1]:
                yield code if code.startswith(prefix) else prefix + code
    for table in nodes(source, ast.AnnAssign, ast.Assign):
        target = getattr(table, "target", None) or table.targets[0]  # type: ignore[attr-defined]
        is_table = getattr(target, "id", "") in ("_MESSAGES", "_TEXTS", "_COLUMN_OF")
        if is_table and isinstance(table.value, ast.Dict):  # type: ignore[attr-defined]
            for key in table.value.keys:  # type: ignore[attr-defined]
                if isinstance(key, ast.Constant):
                    yield prefix + str(key.value)


def made() -> dict[str, str]:
    """Every code with the file that makes it."""
    return {
        code: source.path
        for source in package_sources(*FOLDERS)
        if not any(place in source.path for place in NOT_OF_FILES_OF_PEOPLE)
        for code in codes_made(source)
    }


def test_every_code_has_a_row():
    missing = {code: path for code, path in made().items() if code not in LISTED}
    assert not missing


def test_every_row_is_about_a_code():
    of_facts = {"bill_fact_unknown", "bill_value_unknown"}  # FactInvalid's, told of a bill
    known = {
        *made(),
        *of_facts,
        *REFUSAL_CODES,
        *UNABLE_CODES,
        *SPLIT_CODES,
        *CLAIM_CODES,
        *ACCESS_CODES,
        *STAY_REASONS,
        *KEEPING_CODES,
        *DISCREPANCY_CODES,
    }
    assert set(LISTED) <= known


def test_published_orders_are_told_in_their_order():
    for heading, codes in (
        ("Why there is no determination", UNABLE_CODES),
        ("Why a line cannot be split", SPLIT_CODES),
        ("Why a claim cannot be settled", CLAIM_CODES),
        ("Why an entry is not booked", REFUSAL_CODES),
        ("Why access refuses", ACCESS_CODES),
        ("Why a period is not closed or reopened", PERIOD_CODES),
    ):
        section = PAGE.partition(f"## {heading}")[2].partition("\n## ")[0]
        rows = re.findall(r"^\| `([a-z_]+)` \|", section, re.MULTILINE)
        assert rows == list(codes), heading
