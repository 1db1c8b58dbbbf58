"""Compiling DIP parameters: from trees of YAML and tables to :class:`~.parameters.Parameters`.

An area takes everything from the area that it uses, and says only what is its own: a parameter by
its name, auxiliary lists and tables as a whole. Values are taken as they hold on a day; a gap or an
overlap is a fault, and so is a value that cites nothing and is not marked as an example. All faults
are collected.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date
from typing import Any

from pydantic import ValidationError

from yibao.base.findings import FaultsFound, Where
from yibao.base.texts import Text
from yibao.base.trees import Branch, Tree
from yibao.engines.grouping.dip import complaints
from yibao.engines.grouping.dip import documents as doc
from yibao.engines.grouping.dip.lists import Tables, auxiliary_of, treatments_of
from yibao.engines.grouping.dip.parameters import GroupRules, KeyRules, Parameters, WeightRules
from yibao.engines.grouping.dip.specifications import SPECIFICATIONS
from yibao.engines.grouping.weights.cells import Trimming
from yibao.engines.grouping.weights.quality import OutlierBounds
from yibao.engines.policy.documents import Written
from yibao.engines.policy.documents_area import SourceEntry, Sources
from yibao.engines.policy.faults import Faults, from_validation, without_echoes
from yibao.engines.policy.lending import kind_of

EXAMPLE = "example"


@dataclass(frozen=True, slots=True)
class Book:
    """What one area has written: trees of its YAML files, and its tables."""

    trees: Sequence[Tree] = ()
    tables: Tables = field(default_factory=Tables)


def base_of(code: str, trees: Sequence[Tree]) -> str | None:
    """The area whose parameters an area takes from, None where it stands by itself."""
    found = [tree for tree in trees if isinstance(tree, Branch) and kind_of(tree) == "dip"]
    used = [tree.get("use") for tree in found]
    return next((use for use in used if isinstance(use, str) and use != code), None)


def compile_parameters(code: str, books: Mapping[str, Book], *, holds_on: date) -> Parameters:
    """The parameters of an area on a day; ``books`` has its own and those of the area it uses.

    Raises:
        FaultsFound: with every fault that was found.
    """
    faults = Faults()
    own = books.get(code, Book())
    base = books.get(base_of(code, own.trees) or "", Book())
    documents = [_documents(book.trees, faults) for book in (base, own)]
    heads = [[one for one in part if isinstance(one, doc.DipWritten)] for part in documents]
    if not heads[1]:
        if not len(faults):
            faults.add(complaints.parameters_missing(Where(f"{code}/grouping"), code))
        raise FaultsFound(faults.found)
    if heads[1][0].dip != code:
        where = heads[1][0].where_of("dip")
        faults.add(complaints.area_mismatch(where, heads[1][0].dip, code=code))
    sources = _sources(documents)
    values, examples = _values([*heads[0], *heads[1]], holds_on, sources=sources, faults=faults)
    auxiliary = [
        one for part in reversed(documents) for one in part if isinstance(one, doc.AuxiliaryWritten)
    ]
    tables = own.tables.over(base.tables)
    lists = auxiliary_of(auxiliary[0] if auxiliary else None, tables, faults=faults)
    for written in auxiliary[:1]:
        examples |= _list_examples(written, sources, faults)
    treatments = treatments_of(tables, faults=faults)
    examples |= {f"{table.name}.csv" for table in tables.all() if table.is_example}
    faults.raise_if_any()
    label = Text(heads[1][0].name.zh, heads[1][0].name.en)
    return _parameters(
        code, label, holds_on=holds_on, values=values, parts=(treatments, lists, examples)
    )


def _documents(trees: Sequence[Tree], faults: Faults) -> list[Written]:
    found = []
    for tree in trees:
        kind = kind_of(tree) if isinstance(tree, Branch) else "–"
        model = doc.KINDS.get(kind)
        if model is None:
            where = getattr(tree, "where", Where("–"))
            faults.add(complaints.document_unknown(where, kind, known=doc.KINDS))
            continue
        try:
            found.append(model.model_validate(tree))
        except ValidationError as error:
            told = from_validation(error, tree, known_keys=doc.KNOWN_KEYS)
            faults.extend(without_echoes(error, told))
    return found


def _sources(documents: Sequence[Sequence[Written]]) -> dict[str, SourceEntry]:
    return {
        name: entry
        for part in documents
        for one in part
        if isinstance(one, Sources)
        for name, entry in one.sources.items()
    }


def _values(
    heads: Sequence[doc.DipWritten],
    day: date,
    *,
    sources: Mapping[str, SourceEntry],
    faults: Faults,
) -> tuple[dict[str, Any], set[str]]:
    """The value of every parameter on the day, and the names of those that are examples."""
    written: dict[str, tuple[doc.Dated, ...]] = {}
    for head in heads:
        for name, entries in head.parameters.items():
            if name not in SPECIFICATIONS:
                where = entries[0].where
                faults.add(complaints.name_unknown(where, name, known=SPECIFICATIONS))
            written[name] = entries
    values: dict[str, Any] = {}
    examples: set[str] = set()
    for name, specification in SPECIFICATIONS.items():
        entries = written.get(name, ())
        holding = [entry for entry in entries if entry.holds_on(day)]
        for entry in entries:
            _check_source(entry, name, sources, faults)
        if not holding:
            where = entries[0].where if entries else heads[-1].where_of("parameters")
            faults.add(complaints.value_missing(where, name, day=day))
            continue
        if len(holding) > 1:
            where, first = holding[1].where, holding[0].where
            faults.add(complaints.value_twice(where, name, day=day, first=first))
        try:
            values[name] = specification.read(holding[0].value)
        except (TypeError, ValueError):
            fault = complaints.value_invalid(
                holding[0].where_of("value"), name,
                written=holding[0].value, expected=specification.expected,
            )  # fmt: skip
            faults.add(fault)
        if holding[0].confidence == EXAMPLE:
            examples.add(name)
    return values, examples


def _check_source(
    entry: doc.Dated | doc.EntryWritten,
    name: str,
    sources: Mapping[str, SourceEntry],
    faults: Faults,
) -> None:
    if entry.source and entry.source not in sources:
        where = entry.where_of("source")
        faults.add(complaints.name_unknown(where, entry.source, known=sources))
    elif not entry.source and entry.confidence != EXAMPLE:
        faults.add(complaints.unsourced(entry.where, name))


def _list_examples(
    written: doc.AuxiliaryWritten, sources: Mapping[str, SourceEntry], faults: Faults
) -> set[str]:
    found = set()
    for name, one in written.auxiliary.items():
        for entry in one.entries:
            _check_source(entry, entry.name, sources, faults)
            if entry.confidence == EXAMPLE:
                found.add(f"auxiliary {name}")
    return found


def _parameters(
    code: str,
    label: Text,
    *,
    holds_on: date,
    values: Mapping[str, Any],
    parts: tuple[Any, Any, Any],
) -> Parameters:
    treatments, auxiliary, examples = parts
    keys = KeyRules(
        values["diagnosis_characters"],
        values["procedure_characters"],
        values["related_share"],
        values["where_cost_unknown"],
        treatments,
        {code: group for group in values["alternatives"] for code in group.split("/")},
    )
    groups = GroupRules(
        values["core_threshold"],
        values["mixed_threshold"],
        values["mixed_levels"],
        values["chapters"],
        frozenset(values["primary_keys"]),
        values["conservative_core"],
        values["type_order"],
    )
    weights = WeightRules(
        Trimming(values["trimming_at_least"], values["trimming_low"], values["trimming_high"]),
        values["year_parts"],
        values["year_method"],
        values["weight_places"],
        values["points_per_weight"],
        values["point_places"],
    )
    outliers = OutlierBounds(
        values["outlier_low"],
        values["outlier_high"],
        values["outlier_extreme"],
        values["outlier_low_inclusive"],
        values["outlier_high_inclusive"],
    )
    content = json.dumps([values, treatments, asdict(auxiliary)], sort_keys=True, default=_plain)
    digest = hashlib.sha256(content.encode()).hexdigest()
    return Parameters(
        code, label, holds_on, keys, groups, weights, outliers, auxiliary,
        tuple(sorted(examples)), digest,
    )  # fmt: skip


def _plain(value: object) -> object:
    return sorted(value) if isinstance(value, frozenset) else str(value)
