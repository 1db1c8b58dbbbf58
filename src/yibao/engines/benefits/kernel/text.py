"""Lines of generated code, and the context that every part of the writer shares."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from yibao.engines.benefits.kernel import layout
from yibao.engines.benefits.kernel.shapes import PlanShape
from yibao.engines.benefits.kernel.tracks import Tracks


@dataclass(slots=True)
class Lines:
    """Lines of code, indented as they come."""

    lines: list[str] = field(default_factory=list)
    depth: int = 0

    def add(self, *lines: str) -> None:
        """Write lines at the present depth."""
        self.lines += ["    " * self.depth + line for line in lines]

    @contextmanager
    def under(self, head: str) -> Iterator[None]:
        """Write a head, and what follows under it; an empty body passes."""
        self.add(head)
        self.depth += 1
        before = len(self.lines)
        yield
        if len(self.lines) == before:
            self.add("pass")
        self.depth -= 1

    def __str__(self) -> str:
        return "\n".join(self.lines) + "\n"


@dataclass(frozen=True, slots=True)
class Context:
    """What the writer knows of one plan: shape, tracks, sums, columns of input and output.

    ``whole`` is the plan that rows, figures, marks and totals speak of: the shape, or the one that
    the shape is the lean form of.
    """

    shape: PlanShape
    whole: PlanShape
    tracks: Tracks
    sums: layout.Sums
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]

    def place(self, number: int) -> int:
        """The place of a layer in the whole plan."""
        return self.whole.place(self.shape.layers[number].name)

    def original(self, slot: str) -> str:
        """The expression of an opening amount; 0 for a slot that the plan is not given."""
        is_given = any(str(one) == slot for one in self.tracks.starts)
        return f"o_{self.inputs.index(slot)}" if is_given else "0"

    def balance(self, name: str) -> str:
        """The expression of a counter's balance, with what it opens from; per claim: 0."""
        if not layout.is_remembered(name):
            return "0"
        return " + ".join(self.kept(one) for one in layout.chain(self.shape, name))

    def kept(self, name: str) -> str:
        """The expression of a counter's own sum."""
        return f"load({self.group(name)}, {self.sums.place_of(name)})"

    def group(self, name: str) -> str:
        """The variable that holds the address of a counter's row."""
        group = self.sums.group_of(name)
        return "year" if group is None else f"g{group}"
