"""The documents of DIP parameters as written: parameters by date, auxiliary lists, sources.

The same machinery as the policy language's: models are frozen, refuse unknown keys, and remember
file and line (docs/dip.md is the prose). Meaning is the compiler's (:mod:`.compiler`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field

from yibao.engines.grouping.dip.auxiliary import NUMBERS
from yibao.engines.policy.documents import Label, Range, Spanned, Written
from yibao.engines.policy.documents_area import Sources
from yibao.engines.policy.scalars import AreaCode, Confidence, Name

Plain = int | str | bool
Words = Annotated[tuple[str, ...], Field(strict=False)]


class Dated(Spanned):
    """A value of a parameter, the days on which it holds, where it is from and how sure it is."""

    value: Plain | Annotated[tuple[Plain, ...], Field(strict=False)]
    source: str = ""
    confidence: Confidence
    note: str = ""


class DipWritten(Written):
    """dip.yaml: the parameters of an area, by name; ``use`` is the area that it takes from."""

    dip: AreaCode
    use: AreaCode | None = None
    name: Label
    parameters: dict[Name, Annotated[tuple[Dated, ...], Field(strict=False, min_length=1)]] = Field(
        default_factory=dict
    )


class ConditionWritten(Written):
    """A comorbid condition: its points, and the lighter one whose place it takes."""

    points: int
    replaces: str = ""


class EntryWritten(Written):
    """An entry of an auxiliary list: ranges of numbers, lists of codes, and the coefficient."""

    name: Name
    zh: str
    en: str
    ranges: dict[Literal[NUMBERS], Range] = Field(default_factory=dict)  # type: ignore[valid-type]
    principal: str = ""
    principal_outside: str = ""
    secondary: str = ""
    procedure: str = ""
    coefficient: str
    source: str = ""
    confidence: Confidence
    note: str = ""


class ListWritten(Written):
    """An auxiliary list: its entries, of which a stay may meet several."""

    zh: str
    en: str
    entries: Annotated[tuple[EntryWritten, ...], Field(strict=False, min_length=1)]


class AuxiliaryWritten(Written):
    """auxiliary.yaml: the lists, the points of comorbid conditions, and what is not split."""

    auxiliary: dict[Name, ListWritten]
    conditions: dict[Name, ConditionWritten] = Field(default_factory=dict)
    not_split: Words = ()


KINDS: Mapping[str, type[Written]] = {
    "dip": DipWritten,
    "auxiliary": AuxiliaryWritten,
    "sources": Sources,
}
"""What a document is, by its first key."""

_MODELS: tuple[type[Written], ...] = (
    *KINDS.values(),
    *(Dated, ConditionWritten, EntryWritten, ListWritten, Range),
)
KNOWN_KEYS = sorted(
    {str(entry.alias or name) for model in _MODELS for name, entry in model.model_fields.items()}
)
