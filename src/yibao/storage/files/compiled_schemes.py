"""Compiled grouping schemes that are kept (分组方案缓存), so that the next run starts at once.

A kept scheme is one file of arrays, named by the checksum of the scheme's own files and the layout
of the arrays; whatever changes in a scheme makes another name. Files that cannot be read or written
are passed over: the scheme is compiled again.
"""

from __future__ import annotations

import hashlib
import tempfile
import zipfile
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from yibao.base.texts import Text
from yibao.engines.grouping.compiler import CompiledRule, CompiledScheme
from yibao.engines.grouping.machine import CodeTable, SchemeTables
from yibao.engines.grouping.scheme import Identity
from yibao.storage.files.compiled import default_folder

LAYOUT = hashlib.sha256(repr((3, SchemeTables._fields, CodeTable._fields)).encode()).hexdigest()[:8]
"""Part of every name: raise the number when arrays of the same names change their meaning."""


def kept_path(checksum: str) -> Path:
    """Where a scheme of this content is kept."""
    return default_folder() / "schemes" / f"{checksum[:40]}-{LAYOUT}.npz"


def load_compiled(checksum: str) -> CompiledScheme | None:
    """The kept scheme of this content, or ``None``."""
    try:
        with kept_path(checksum).open("rb") as file, np.load(file, allow_pickle=False) as kept:
            arrays = {name: kept[name] for name in kept.files}
        return _unpacked(arrays)
    except (OSError, KeyError, ValueError, zipfile.BadZipFile, msgspec.DecodeError, TypeError):
        return None


def keep_compiled(checksum: str, compiled: CompiledScheme) -> bool:
    """Keep a scheme; whether that was possible. It appears whole or not at all."""
    path = kept_path(checksum)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=path.parent) as folder:
            written = Path(folder) / path.name
            np.savez(written, **_packed(compiled))
            written.replace(path)
    except OSError:
        return False
    return True


def _packed(compiled: CompiledScheme) -> dict[str, Any]:
    arrays: dict[str, Any] = dict(compiled.tables._asdict())
    for name, codes in (("diagnoses", compiled.diagnoses), ("procedures", compiled.procedures)):
        arrays |= {f"{name}.{part}": value for part, value in codes._asdict().items()}
    told = {
        "identity": asdict(compiled.identity),
        "rules": [
            (rule.kind, rule.key, rule.text, rule.name.zh, rule.name.en) for rule in compiled.rules
        ],
        "list_names": list(compiled.list_names),
        "sites": list(compiled.sites),
        "departments": list(compiled.departments),
        "exclusions": list(compiled.exclusions),
    }
    arrays["told"] = np.frombuffer(msgspec.json.encode(told), np.uint8)
    return arrays


def _unpacked(arrays: dict[str, Any]) -> CompiledScheme:
    told = msgspec.json.decode(arrays["told"].tobytes())
    identity = told["identity"]
    for name in ("valid_from", "valid_until"):
        identity[name] = date.fromisoformat(identity[name]) if identity[name] else None
    identity["name"] = Text(**identity["name"])
    codes = [
        CodeTable(*(arrays[f"{name}.{part}"] for part in CodeTable._fields))
        for name in ("diagnoses", "procedures")
    ]
    return CompiledScheme(
        Identity(**identity),
        SchemeTables(*(arrays[name] for name in SchemeTables._fields)),
        codes[0],
        codes[1],
        [CompiledRule(kind, key, text, Text(zh, en)) for kind, key, text, zh, en in told["rules"]],
        told["list_names"],
        told["sites"],
        told["departments"],
        told["exclusions"],
    )
