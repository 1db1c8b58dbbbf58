"""Recomputing (复算) a stored quote: the same bill settled again, and compared figure by figure.

Holds: a stored quote is equal only if every figure, reason, source and word is, and the policy that
answered is the same to the last value (its hash); another engine version alone is only told, and
names for people (`…label`) that the stored quote does not have yet are no difference.

Refuses: to repair or overwrite what was stored.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from yibao.base.system import system_reason
from yibao.base.texts import Text
from yibao.engines.benefits.version import ENGINE_VERSION
from yibao.offices.actuary.quoting import FORMAT, Terms, UnableToQuote, as_data, quote
from yibao.storage.files.bills import read_bill


@dataclass(frozen=True, slots=True)
class FigureDifference:
    """The first figure that is another now: where in the data, what was stored, what comes out."""

    claim_id: str
    path: str
    stored: object
    computed: object


@dataclass(frozen=True, slots=True)
class Recomputed:
    """What became of a stored quote: rows compared, the first difference, what has changed."""

    entries_count: int
    policies_changed: tuple[str, ...]
    engine_versions: tuple[str, str]
    difference: FigureDifference | None

    @property
    def is_equal(self) -> bool:
        """Whether every figure is the same under the same policy."""
        return self.difference is None and not self.policies_changed


def read_stored(path: Path) -> dict[str, Any]:
    """A stored quote.

    Raises:
        UnableToQuote: if the file cannot be read or is no stored quote.
    """
    try:
        stored = msgspec.json.decode(path.read_bytes())
    except OSError as error:
        raise _not_stored(path, system_reason(error)) from None
    except msgspec.DecodeError as error:
        raise _not_stored(path, Text("不是完整的 JSON", str(error))) from None
    if not isinstance(stored, dict) or stored.get("format") != FORMAT:
        raise _not_stored(path, Text(f"format 不是 {FORMAT}", f"format is not {FORMAT}"))
    return stored


def _not_stored(path: Path, why: Text) -> UnableToQuote:
    return UnableToQuote(
        Text(f"{path} 不是可复算的结算结果（{why.zh}）", f"{path} is no stored quote ({why.en})"),
        Text(
            "请用 yibao quote BILL --json 保存结算结果",
            "store one with `yibao quote BILL --json`",
        ),
    )


def recompute(stored: Mapping[str, Any], path: Path, *, policy: str = "") -> Recomputed:
    """Settle the bill again under the terms of a stored quote, and compare row by row.

    ``policy`` names another law; without it the law is the one that was named before.

    Raises:
        FaultsFound, UnableToDetermine, UnableToQuote, …: as :func:`quote`.
    """
    reforms = tuple(map(str, stored.get("reforms", ())))
    named = str(stored.get("policy", ""))
    if read_bill(path).document.policy == named:
        named = ""  # the bill's own word, which may be a folder beside it
    terms = Terms(policy or named, bool(stored.get("with_examples")), reforms)
    computed = as_data(quote(path, terms))
    mine = {_name(entry): entry for entry in computed["entries"]}
    changed: dict[str, None] = {}
    difference = None
    entries = stored.get("entries", [])
    for entry in entries:
        other = mine.get(_name(entry), {})
        old, new = entry.get("explanation", {}), other.get("explanation", {})
        if new and old.get("policy_hash") != new.get("policy_hash"):
            changed[str(old.get("plan_id"))] = None
        if difference is None:
            difference = _first_difference(entry, other)
    versions = (str(stored.get("engine_version")), ENGINE_VERSION)
    return Recomputed(len(entries), tuple(changed), versions, difference)


def _name(entry: Mapping[str, Any]) -> tuple[object, ...]:
    return tuple(entry.get(key) for key in ("event", "claim_id", "revision"))


_IDENTITIES = ("policy_hash", "engine_version")


def _first_difference(stored: Any, computed: Any) -> FigureDifference | None:  # noqa: ANN401
    found = _differs(stored, computed, "")
    if found is None:
        return None
    path, old, new = found
    return FigureDifference(str(stored.get("claim_id")), path, old, new)


def _differs(old: Any, new: Any, path: str) -> tuple[str, object, object] | None:  # noqa: ANN401
    """The first place at which two trees of data differ, hashes and versions aside."""
    if isinstance(old, dict) and isinstance(new, dict):
        for key in (*old, *(key for key in new if key not in old)):
            is_new_word = key not in old and key.endswith("label")
            if key not in _IDENTITIES and not is_new_word:
                found = _differs(old.get(key), new.get(key), f"{path}.{key}" if path else key)
                if found is not None:
                    return found
        return None
    if isinstance(old, list) and isinstance(new, list):
        for index in range(max(len(old), len(new))):
            one = old[index] if index < len(old) else None
            other = new[index] if index < len(new) else None
            found = _differs(one, other, f"{path}[{index + 1}]")
            if found is not None:
                return found
        return None
    return None if old == new else (path, old, new)
