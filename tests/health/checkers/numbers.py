"""No policy number in Python: amounts, rates and years of law are data under `policies/`.

A number of law cannot be told from another by its looks. Two shapes come close: an integer above a
thousand (amounts in fen, ceilings, years) and a text that reads as a rate or as points. Whatever
else has such a shape is listed below with its reason, and a reason that no file needs any more is
a complaint too.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Mapping

from tests.health.checkers import PACKAGE, Complaint, Source, docstrings, nodes

DECIDING = (f"{PACKAGE}/engines", f"{PACKAGE}/offices")
LARGEST_FREE = 1_000

ALLOWED_ANYWHERE: Mapping[int, str] = {
    1_000_000: "rates are millionths",
}
ALLOWED_IN: Mapping[str, Mapping[int, str]] = {
    "src/yibao/engines/accounting/checking.py": {
        32_767: "lines of an entry, numbered in two bytes"
    },
    "src/yibao/engines/grouping/machine.py": {
        14_695_981_039_346_656_037: "of the hash that finds codes",
        1_099_511_628_211: "of the same",
    },
    "src/yibao/engines/grouping/scheme.py": {
        10_000: "grams that a newborn is believed to weigh less than; a scheme may say otherwise"
    },
    "src/yibao/engines/policy/coverage.py": {200_000: "cases that a proof may try"},
    "src/yibao/offices/treasury/sealing.py": {20_000: "booking numbers of a seal"},
    "src/yibao/offices/actuary/city/draws.py": {
        0x9E3779B97F4A7C15: "of the hash that partitions are made by",
        0xBF58476D1CE4E5B9: "of the same",
        0x94D049BB133111EB: "of the same",
    },
}
"""By file: the integers that are no law, each with the reason why."""

_RATE_TEXT = re.compile(r"\s*\d+(\.\d+)?\s*(%|％|pp)\s*")
_FREE_RATES = {"0%", "100%"}


def policy_numbers(
    source: Source, allowed: Mapping[str, Mapping[int, str]] = ALLOWED_IN
) -> Iterator[Complaint]:
    """Integers and texts in a file that look like numbers of law."""
    here = allowed.get(source.path, {})
    prose = docstrings(source.tree)
    for node in nodes(source, ast.Constant):
        assert isinstance(node, ast.Constant)
        value = node.value
        if node in prose or isinstance(value, bool):
            continue
        if isinstance(value, int) and _is_large(value) and value not in here:
            yield source.complain(
                node,
                f"the integer {value}",
                "a number of law belongs in policies/; "
                "another goes on the list in tests/health/checkers/numbers.py with its reason",
            )
        elif isinstance(value, str) and _RATE_TEXT.fullmatch(value) and value not in _FREE_RATES:
            yield source.complain(
                node, f"the rate {value!r}", "a rate of law belongs in policies/, cited and dated"
            )


def idle_reasons(
    sources: Iterable[Source], allowed: Mapping[str, Mapping[int, str]] = ALLOWED_IN
) -> Iterator[Complaint]:
    """Entries of the list that no file needs."""
    used = {
        source.path: {
            node.value for node in nodes(source, ast.Constant) if isinstance(node, ast.Constant)
        }
        for source in sources
        if source.path in allowed
    }
    for path, reasons in allowed.items():
        for value in reasons:
            if value not in used.get(path, set()):
                yield Complaint(path, 1, f"{value} is allowed but not there", "strike it out")


def _is_large(value: int) -> bool:
    return value > LARGEST_FREE and value not in ALLOWED_ANYWHERE
