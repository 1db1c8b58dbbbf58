"""The content hash of a plan version: equal law, equal hash, wherever it was written.

Places, labels and spans are left out; every value, condition, source and mark is in. An auditor
compares this hash with the one on a stored determination.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import fields, is_dataclass
from datetime import date
from fractions import Fraction

from yibao.engines.policy.law import EntitlementVersion, PlanVersion

_LEFT_OUT = frozenset({"where", "label", "span", "policy_hash"})


def _plain(value: object) -> object:
    if is_dataclass(value) and not isinstance(value, type):
        kept = {
            field.name: _plain(getattr(value, field.name))
            for field in fields(value)
            if field.name not in _LEFT_OUT
        }
        return {"": type(value).__name__, **kept}
    if isinstance(value, tuple | list):
        return [_plain(item) for item in value]
    if isinstance(value, frozenset):
        return sorted((_plain(item) for item in value), key=repr)
    if isinstance(value, Fraction):
        return f"{value.numerator}/{value.denominator}"
    return value.isoformat() if isinstance(value, date) else value


def fingerprint(version: PlanVersion | EntitlementVersion) -> str:
    """The SHA-256 of a version's content, as 64 hexadecimal digits."""
    text = json.dumps(_plain(version), sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()
