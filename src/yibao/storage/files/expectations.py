"""What a published example expects, and what `yibao demo` asks of a synthetic city.

An expectation is `expected.yaml` beside a bill (docs/bill-format.md), a question a file of
`examples/what_if`.

A figure names a claim and what is looked at: what a layer pays, the deductible it takes, or of the
whole claim the benefit and what is left. Amounts are those of the source, in yuan, held as fen.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, ValidationError, model_validator
from pydantic_core import PydanticCustomError

from yibao.base.findings import FaultsFound
from yibao.engines.policy.documents import Label, Written
from yibao.engines.policy.scalars import Name
from yibao.storage.files.bill_faults import bill_faults
from yibao.storage.files.bills import Amount, Identifier
from yibao.storage.files.yaml_tree import read_yaml

Figure = Literal["benefit", "deductible", "left"]


class ExpectedFigure(Written):
    """One figure of the source."""

    claim: Identifier
    layer: Name | None = None
    figure: Figure = "benefit"
    expected: Amount

    @model_validator(mode="after")
    def _of_a_layer(self) -> Self:
        if self.layer is None and self.figure == "deductible":
            raise PydanticCustomError("one_of", "one of", {"keys": "layer"})
        return self


class Expectation(Written):
    """The source's figures for one bill; ``with_examples`` says that example values stand in."""

    example: str
    with_examples: bool = False
    note: Label | None = None
    figures: Annotated[tuple[ExpectedFigure, ...], Field(strict=False, min_length=1)]


class Told(Written):
    """A published figure in words, with its source."""

    source: str
    zh: str
    en: str


class WhatIfExample(Written):
    """A question of `yibao demo`: two laws of one year, and what was published about the change.

    ``care_types``: asked of their claims alone, because the year's law covers no others.
    """

    what_if: Name
    title: Label
    policy: str
    year: int
    with_examples: bool = False
    care_types: Annotated[tuple[Name, ...], Field(strict=False)] = ()
    base: str
    reform: str
    published: Told
    unseen: Label


def read_what_if(path: Path) -> WhatIfExample:
    """Read a what-if example.

    Raises:
        FaultsFound: with every fault, each at its file and line.
    """
    tree = read_yaml(path)
    try:
        return WhatIfExample.model_validate(tree)
    except ValidationError as error:
        keys = [*WhatIfExample.model_fields, *Told.model_fields]
        raise FaultsFound(bill_faults(error, tree, known_keys=keys)) from None


def read_expectation(path: Path) -> Expectation:
    """Read what an example expects.

    Raises:
        FaultsFound: with every fault, each at its file and line.
    """
    tree = read_yaml(path)
    try:
        return Expectation.model_validate(tree)
    except ValidationError as error:
        keys = [*Expectation.model_fields, *ExpectedFigure.model_fields]
        raise FaultsFound(bill_faults(error, tree, known_keys=keys)) from None
