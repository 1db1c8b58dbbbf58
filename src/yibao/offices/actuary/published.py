"""Published examples (公开算例) settled by our own engine, and held against what their source says.

An example is a folder with a bill, what is expected, and mostly a small policy of its own.

Holds: equal means equal to the fen.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from yibao.base.checks import check
from yibao.base.texts import Text
from yibao.engines.benefits.determination import Determination
from yibao.offices.actuary.quoting import Quote, Terms, quote
from yibao.storage.files.expectations import Expectation, ExpectedFigure, read_expectation
from yibao.storage.files.shipped import examples_root


@dataclass(frozen=True, slots=True)
class Compared:
    """One figure of the source beside ours, fen; ``layer`` is its name, None: the whole claim."""

    claim_id: str
    layer: Text | None
    figure: str
    expected: int
    computed: int

    @property
    def is_equal(self) -> bool:
        """Whether the two are the same to the fen."""
        return self.expected == self.computed


@dataclass(frozen=True, slots=True)
class Example:
    """One published example, settled."""

    name: str
    expectation: Expectation
    quoted: Quote
    figures: tuple[Compared, ...]


def settle_published(root: Path | None = None) -> Iterator[Example]:
    """Every example below a folder (default: those that come with the program), in order of name.

    Raises:
        FaultsFound, UnableToDetermine, …: as :func:`yibao.offices.actuary.quoting.quote`.
    """
    for folder in sorted((root or examples_root() / "published").iterdir()):
        if (folder / "bill.yaml").is_file():
            yield settle_example(folder)


def settle_example(folder: Path) -> Example:
    """Settle the example of one folder and compare."""
    expectation = read_expectation(folder / "expected.yaml")
    terms = Terms(with_examples=expectation.with_examples)
    quoted = quote(folder / "bill.yaml", terms)
    answers = {entry.claim_id: entry.determination for entry in quoted.replayed.live()}
    figures = tuple(_compared(figure, answers) for figure in expectation.figures)
    return Example(folder.name, expectation, quoted, figures)


def _compared(figure: ExpectedFigure, answers: dict[str, Determination]) -> Compared:
    check(figure.claim in answers, f"{figure.where}: claim {figure.claim} was settled")
    answer = answers[figure.claim]
    if figure.layer is None:
        is_left = figure.figure == "left"
        computed = answer.out_of_pocket_amount if is_left else answer.benefit_amount
        return Compared(figure.claim, None, figure.figure, figure.expected, computed)
    layers = {layer.layer: layer for layer in answer.layers}
    check(figure.layer in layers, f"{figure.where}: the plan has a layer {figure.layer}")
    layer = layers[figure.layer]
    amounts = {
        "benefit": layer.benefit_amount,
        "deductible": layer.deductible_amount,
        "left": layer.base_amount - layer.benefit_amount,
    }
    return Compared(
        figure.claim, layer.label, figure.figure, figure.expected, amounts[figure.figure]
    )
