"""Generated code run as plain Python: the machine words over memory whose bounds are watched.

The text that is compiled for a plan is Python; here its words (load, store, shares) are functions
that look at the very arrays the compiled code would be given. A look outside of them is an error.
"""

from __future__ import annotations

import ast
from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping
from ctypes import c_int32, c_int64
from dataclasses import replace
from types import CodeType, MappingProxyType, SimpleNamespace

import numpy as np

from yibao.base.rates import MILLION
from yibao.engines.benefits.kernel.batch import Batch, Results, Run, Wanted, empty_results
from yibao.engines.benefits.kernel.program import Program

UNSIGNED = (1 << 64) - 1


class OutsideMemory(Exception):
    """Generated code looked at a place that it was not given."""


class Memory:
    """Arrays by their addresses; whatever lies between them is out of bounds."""

    def __init__(self) -> None:
        self.starts: list[int] = []
        self.ends: list[int] = []

    def hold(self, arrays: Iterable[np.ndarray]) -> None:
        """Let these arrays be all that there is."""
        spans = sorted({(one.ctypes.data, one.ctypes.data + one.nbytes) for one in arrays})
        self.starts = [start for start, _ in spans]
        self.ends = [end for _, end in spans]

    def at(self, kind, address: int, index: int):
        """The cell at a place, counted in cells of a kind from an address."""
        size = 8 if kind is c_int64 else 4
        place = address + size * index
        span = bisect_right(self.starts, place) - 1
        if span < 0 or place + size > self.ends[span] or (place - self.starts[span]) % size:
            raise OutsideMemory(hex(place))
        return kind.from_address(place)


def words(memory: Memory) -> dict[str, Callable]:
    """The machine words that generated code imports."""

    def store(address, index, value):
        memory.at(c_int64, address, index).value = value

    def store32(address, index, value):
        memory.at(c_int32, address, index).value = value

    return {
        "load": lambda address, index: memory.at(c_int64, address, index).value,
        "load32": lambda address, index: memory.at(c_int32, address, index).value,
        "store": store,
        "store32": store32,
        "least": min,
        "most": max,
        "share": lambda product: ((product + MILLION // 2) & UNSIGNED) // MILLION,
        "quotient": lambda product, divisor: (product & UNSIGNED) // divisor,
        "exceeds": lambda first, second: int((first & UNSIGNED) > (second & UNSIGNED)),
        "ahead": lambda first, second: int(first > second),
        "njit": lambda *_, **__: lambda function: function,
    }


class PlainCode:
    """A loader of generated code as plain Python; keeps every module's tree by its name."""

    def __init__(self) -> None:
        self.memory = Memory()
        self.trees: dict[str, ast.Module] = {}
        self.modules: dict[str, SimpleNamespace] = {}

    def __call__(self, name: str, source: str) -> SimpleNamespace:
        if name not in self.modules:
            self.trees[name] = ast.parse(source)
            self.modules[name] = self.run(name)
        return self.modules[name]

    def compiled(self, tree: ast.Module) -> CodeType:
        """A module's code without its imports, which :meth:`run` brings."""
        body = [node for node in tree.body if not isinstance(node, ast.ImportFrom)]
        return compile(ast.Module(body, []), "<generated>", "exec")

    def run(
        self,
        name: str,
        code: CodeType | None = None,
        *,
        instead: Mapping[str, SimpleNamespace] = MappingProxyType({}),
    ) -> SimpleNamespace:
        """A module made anew, of other code if given; ``instead`` replace modules it imports."""
        space = words(self.memory)
        found = {**self.modules, **instead}
        for node in self.trees[name].body:
            if isinstance(node, ast.ImportFrom) and node.module in found:
                (alias,) = node.names
                space[alias.asname] = found[node.module].settle_claim
        exec(code or self.compiled(self.trees[name]), space)  # noqa: S102
        return SimpleNamespace(**space)


def run_plainly(program: Program, batch: Batch, *, wanted: Wanted, memory: Memory) -> Results:
    """A batch through a program of plain code; sums of counters grow in the batch."""
    results = empty_results(program, batch, wanted=wanted)
    run = Run(program, batch, results=results, wanted=wanted, part=(0, len(batch)))
    columns = [batch.profiles, batch.amounts, batch.years, batch.cells]
    columns += [*batch.keys.values(), *batch.sums.values()]
    columns += [results.columns, results.status, results.figures, results.marks]
    columns += [program.profiles.rows, program.blocks.values, run.totals, run._control, *run._kept]
    memory.hold(one for one in columns if isinstance(one, np.ndarray) and one.nbytes)
    rejected = run.settle()
    results.totals[...] = run.totals
    return replace(results, rejected_count=rejected)
