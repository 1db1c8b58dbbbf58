"""Entitlement files (定额待遇申请): which entitlement, on which day, for whom, as YAML.

docs/entitlements.md is the prose; the model here is the syntax. Whether an entitlement or a fact
exists is the area's business and is asked later (:mod:`yibao.offices.actuary.entitling`).

Refuses: unknown keys, dates that do not exist, and to read half a file.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from pydantic import ConfigDict, Field, ValidationError

from yibao.base.findings import Fault, FaultsFound
from yibao.base.texts import Text
from yibao.base.trees import Tree
from yibao.engines.policy.documents import Written
from yibao.engines.policy.faults import from_validation
from yibao.engines.policy.scalars import Day, FactScalar, Name
from yibao.storage.files.yaml_tree import read_yaml

_AS_DOCUMENTED = Text(
    "请按 docs/entitlements.md 的写法改写", "write it as docs/entitlements.md says"
)


class FactsDocument(Written):
    """Facts of the person on the day, by name; the area says which there are."""

    model_config = ConfigDict(extra="allow", frozen=True, strict=True)
    __pydantic_extra__: dict[str, FactScalar] = Field(init=False)

    @property
    def stated(self) -> dict[str, FactScalar]:
        """The facts as written."""
        return dict(self.__pydantic_extra__)


class EntitlementRequest(Written):
    """One request: the entitlement's name, the day, and what is known of the person."""

    entitlement: Name
    date: Day
    policy: str | None = None
    birth_date: Day | None = None
    facts: FactsDocument


def read_request(path: Path, *, name: str | None = None) -> EntitlementRequest:
    """Read an entitlement file.

    Raises:
        FaultsFound: with every fault of syntax, each at its file and line.
    """
    return request_from_tree(read_yaml(path, name=name))


def request_from_tree(tree: Tree) -> EntitlementRequest:
    """A request from a tree with positions.

    Raises:
        FaultsFound: as :func:`read_request`.
    """
    try:
        return EntitlementRequest.model_validate(tree)
    except ValidationError as error:
        known = list(EntitlementRequest.model_fields)
        faults = from_validation(error, tree, known_keys=known)
        raise FaultsFound(_as_documented(fault) for fault in faults) from None


def _as_documented(fault: Fault) -> Fault:
    is_of_policy = "policy-language" in fault.remedy.en
    return replace(fault, remedy=_AS_DOCUMENTED) if is_of_policy else fault
