"""The policy language as one JSON Schema, for editors and for other programs.

Made from the document models, so that it cannot say anything else than the parser does. Two things
are added that a model does not see: the kind of a document is told by its keys, and a plan or a
layer may be taken by ``use:`` (see :mod:`yibao.engines.policy.lending`). Meaning is not in it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from copy import deepcopy
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from yibao.engines.policy import documents as doc
from yibao.engines.policy import documents_area as area_doc
from yibao.engines.policy import documents_plan as plan_doc
from yibao.engines.policy.scalars import NAME_PATTERN, USE_PATTERN

Schema = dict[str, Any]

_BY_KEYS: tuple[tuple[tuple[str, ...], type[doc.Written]], ...] = (
    (("overlay",), area_doc.Overlay),
    (("entitlement",), plan_doc.Entitlement),
    (("plan",), plan_doc.Plan),
    (("layer",), plan_doc.SharedLayer),
    (("register",), area_doc.Register),
    (("facts", "sets"), area_doc.Facts),
    (("counters",), area_doc.Counters),
    (("sources", "questions"), area_doc.Sources),
    (("numbers", "indices"), area_doc.Numbers),
    (("area",), area_doc.Area),
)
"""The kinds, in an order in which the first that has one of its keys is the document's."""


def policy_schema() -> Schema:
    """The schema of one policy document, whatever its kind."""
    models: list[type[BaseModel]] = [model for _, model in _BY_KEYS]
    models.append(plan_doc.LayerBody)
    _, generated = models_json_schema([(model, "validation") for model in models], by_alias=True)
    definitions: dict[str, Schema] = generated["$defs"]
    _let_layers_be_taken(definitions)
    _close(definitions)
    chain: Schema = {"$ref": "#/$defs/TakenWhole"}
    for keys, model in reversed(_BY_KEYS):
        chain = {"if": _has_one_of(keys), "then": _of(model), "else": chain}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "yibao policy document",
        "description": "One YAML document of a policy folder; prose: docs/policy-language.md",
        "type": "object",
        "properties": _first_keys(definitions),
        **chain,
        "$defs": dict(sorted(definitions.items())),
    }


def policy_schema_text() -> str:
    """The published file: ``docs/schema/policy.schema.json``."""
    return json.dumps(policy_schema(), ensure_ascii=False, indent=2) + "\n"


def _has_one_of(keys: tuple[str, ...]) -> Schema:
    return {"anyOf": [{"required": [key]} for key in keys]}


def _of(model: type[doc.Written]) -> Schema:
    whole: Schema = {"$ref": f"#/$defs/{model.__name__}"}
    if model is not plan_doc.Plan:
        return whole
    return {"if": {"required": ["use"]}, "then": {"$ref": "#/$defs/TakenPlan"}, "else": whole}


def _first_keys(definitions: Mapping[str, Schema]) -> Schema:
    """What an empty document may begin with, for completion."""
    return {
        key: {"description": str(definitions[model.__name__].get("description", key))}
        for keys, model in _BY_KEYS
        for key in keys
    }


def _close(schema: object) -> None:
    """Let a mapping whose keys have a pattern have no other keys."""
    if isinstance(schema, dict):
        if "patternProperties" in schema:
            schema["additionalProperties"] = False
        for part in schema.values():
            _close(part)
    elif isinstance(schema, list):
        for part in schema:
            _close(part)


def _let_layers_be_taken(definitions: dict[str, Schema]) -> None:
    """Plans and layers by ``use:``, and files of words that only take."""
    name: Schema = {"type": "string", "pattern": NAME_PATTERN}
    area = definitions["Area"]["properties"]["area"]
    use: Schema = {"type": "string", "pattern": USE_PATTERN}
    definitions["TakenPlan"] = {
        "type": "object",
        "description": "A plan of another area, taken as it is.",
        "properties": {"plan": name, "area": area, "use": use},
        "required": ["plan", "area", "use"],
        "additionalProperties": False,
    }
    definitions["TakenWhole"] = {
        "type": "object",
        "description": "facts.yaml, counters.yaml or sources.yaml that only takes another area's.",
        "properties": {"use": area},
        "required": ["use"],
        "additionalProperties": False,
    }
    taken = deepcopy(definitions["LayerBody"])
    taken["description"] = "A layer document taken by name; what stands beside `use` replaces."
    taken["properties"]["use"] = use
    taken["required"] = ["use"]
    definitions["TakenLayer"] = taken
    definitions["Plan"]["properties"]["layers"]["items"] = {
        "if": {"required": ["use"]},
        "then": {"$ref": "#/$defs/TakenLayer"},
        "else": {"$ref": "#/$defs/LayerBody"},
    }
