"""From trees to documents: which kind each one is, and its model or its faults."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TypeVar

from pydantic import ValidationError

from yibao.base.findings import Where
from yibao.base.trees import Branch, Tree
from yibao.engines.policy import documents as doc
from yibao.engines.policy import documents_area as area_doc
from yibao.engines.policy import documents_plan as plan_doc
from yibao.engines.policy.complaints import area as complaints
from yibao.engines.policy.faults import Faults, from_validation, without_echoes
from yibao.engines.policy.lending import kind_of

Document = TypeVar("Document", bound=doc.Written)

KINDS: Mapping[str, type[doc.Written]] = {
    "area": area_doc.Area,
    "facts": area_doc.Facts,
    "sets": area_doc.Facts,
    "counters": area_doc.Counters,
    "sources": area_doc.Sources,
    "questions": area_doc.Sources,
    "numbers": area_doc.Numbers,
    "indices": area_doc.Numbers,
    "plan": plan_doc.Plan,
    "layer": plan_doc.SharedLayer,
    "entitlement": plan_doc.Entitlement,
    "overlay": area_doc.Overlay,
    "register": area_doc.Register,
}
"""What a document is, by its first key."""

_KNOWN_KEYS = sorted(
    {
        str(field.alias or name)
        for module in (doc, plan_doc, area_doc)
        for model in vars(module).values()
        if isinstance(model, type) and issubclass(model, doc.Written)
        for name, field in model.model_fields.items()
    }
)


def documents_in(trees: Sequence[Tree], *, code: str, faults: Faults) -> list[doc.Written]:
    """Every document of an area's trees; what cannot be read goes to the faults."""
    found = []
    for tree in trees:
        kind = _kind(tree, faults)
        if kind is not None:
            read = _read(tree, kind, faults)
            if read is not None:
                found.append(read)
    _check_areas(found, code, faults)
    return found


def of_kind(documents: Iterable[doc.Written], model: type[Document]) -> list[Document]:
    """The documents of one kind, in order."""
    return [document for document in documents if isinstance(document, model)]


def _kind(tree: Tree, faults: Faults) -> type[doc.Written] | None:
    if not isinstance(tree, Branch):
        faults.add(complaints.document_not_a_mapping(getattr(tree, "where", Where("–"))))
        return None
    kind = kind_of(tree)
    if kind not in KINDS:
        faults.add(complaints.document_unknown(tree.where, kind, known=KINDS))
    return KINDS.get(kind)


def _read(tree: Branch, model: type[Document], faults: Faults) -> Document | None:
    try:
        return model.model_validate(tree)
    except ValidationError as error:
        refused = from_validation(error, tree, known_keys=_KNOWN_KEYS)
        faults.extend(without_echoes(error, refused))
        return None


def _check_areas(documents: Sequence[doc.Written], code: str, faults: Faults) -> None:
    """A document in the folder of an area says no other area."""
    for document in documents:
        written = getattr(document, "area", code)
        if written != code:
            where = document.where_of("area")
            faults.add(complaints.area_mismatch(where, str(written), code=code))
