"""A program: the law of some plans as compiled code, with its blocks and profiles.

Code is generated from the plans' shapes and loaded by whoever calls, because loading keeps files;
blocks are made as claims need them. One program serves one claim and a year of a city.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from types import ModuleType

from yibao.engines.benefits.claim import CLASSES, Slot
from yibao.engines.benefits.kernel import layout
from yibao.engines.benefits.kernel.blocks import Blocks
from yibao.engines.benefits.kernel.driver_code import driver_source
from yibao.engines.benefits.kernel.plan_code import plan_source, totals_of
from yibao.engines.benefits.kernel.profiles import PlanBlocks, Profiles
from yibao.engines.benefits.kernel.shapes import PlanShape, shape_of
from yibao.engines.benefits.kernel.text import Context
from yibao.engines.benefits.kernel.tracks import Ending, Tracks, left_column, tracks_of
from yibao.engines.policy.law import PlanVersion

Loader = Callable[[str, str], ModuleType]
"""Makes a module of a name and its source, compiled, at best from what was kept; tells if slow."""

GENERATION = "1"
"""Part of every module's name: it changes with the words that generated code is written in."""


@dataclass(frozen=True, slots=True)
class Program:
    """Compiled law: where its columns lie, its code, its blocks and profiles.

    ``inputs`` are the slots that claims may start from; ``outputs`` the columns of results.
    """

    shapes: tuple[PlanShape, ...]
    tracks: tuple[Tracks, ...]
    sums: layout.Sums
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    totals_width: int
    settle_claims: Callable[[int], int]
    blocks: Blocks
    profiles: Profiles
    plans: tuple[PlanBlocks, ...]
    known: dict[tuple[object, ...], int] = field(default_factory=dict)

    @property
    def made_count(self) -> int:
        """Grows whenever a block or profile is made: their arrays may have moved then."""
        return self.blocks.size + self.profiles.count


def program_of(
    versions: Sequence[PlanVersion],
    load: Loader,
    *,
    given: Iterable[Slot] = (),
    ending: Ending = left_column,
    with_lean: bool = False,
) -> Program:
    """The program of some plan versions.

    ``given`` are slots, beside classes, that claims bring. ``with_lean`` compiles each plan's lean
    form too, which is worth it for many claims: those marked as narrow then run through it.
    """
    shapes = list(dict.fromkeys(shape_of(version) for version in versions))
    extra = dict.fromkeys([*given, *(Slot.parse(x.slot) for s in shapes for x in s.loads)])
    streams = dict.fromkeys(stream for shape in shapes for stream in shape.streams)
    classes = [Slot(reason, stream=stream) for stream in streams for reason in CLASSES]
    inputs = tuple(dict.fromkeys(str(slot) for slot in (*classes, *extra)))
    sums = layout.sums_of(shapes)
    tracks = {shape: tracks_of(shape, ending, given=_fitting(shape, extra)) for shape in shapes}
    outputs = _outputs(shapes, tracks.values())
    code = _Code(load, ending, sums, inputs, outputs)
    functions = {
        shape: code.functions(shape, tracks[shape], with_lean=with_lean) for shape in shapes
    }
    totals_width = 1 + max((len(totals_of(shape)) for shape in shapes), default=0)
    width = layout.FIRST_BLOCK + max(
        (len(shape.layers) + len(shape.counted) for shape in shapes), default=0
    )
    plans = [(version, shape_of(version)) for version in versions]
    return Program(
        shapes=tuple(shapes),
        tracks=tuple(tracks.values()),
        sums=sums,
        inputs=inputs,
        outputs=outputs,
        totals_width=totals_width,
        settle_claims=code.driver(totals_width),
        blocks=Blocks(),
        profiles=Profiles(width),
        plans=tuple(PlanBlocks.of(v, shape, functions=functions[shape]) for v, shape in plans),
    )


@dataclass(slots=True)
class _Code:
    """The functions of a program, as they are loaded."""

    load: Loader
    ending: Ending
    sums: layout.Sums
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    modules: list[str] = field(default_factory=list)

    def functions(self, shape: PlanShape, tracks: Tracks, *, with_lean: bool) -> tuple[int, int]:
        """The numbers of a plan's function and of its lean form's."""
        whole = self._function(shape, tracks, whole=shape)
        lean = shape.lean
        if not with_lean or shape.is_annual or lean == shape:
            return whole, whole
        return whole, self._function(lean, tracks_of(lean, self.ending), whole=shape)

    def _function(self, shape: PlanShape, tracks: Tracks, *, whole: PlanShape) -> int:
        context = Context(shape, whole, tracks, self.sums, self.inputs, self.outputs)
        source = plan_source(context, "A plan (generated).")
        name = _name(source)
        self.load(name, source)
        if name not in self.modules:
            self.modules.append(name)
        return self.modules.index(name) + 1

    def driver(self, totals_width: int) -> Callable[[int], int]:
        """The loop over the functions of all plans."""
        year_width = self.sums.width_of(None)
        source = driver_source(self.modules, year_width=year_width, totals_width=totals_width)
        settle_claims: Callable[[int], int] = self.load(_name(source), source).settle_claims
        return settle_claims


def _fitting(shape: PlanShape, extra: Iterable[Slot]) -> list[Slot]:
    return [slot for slot in extra if slot.stream in shape.streams]


def _outputs(shapes: Iterable[PlanShape], tracks: Iterable[Tracks]) -> tuple[str, ...]:
    benefits = {f"benefit_{layer.name}": None for shape in shapes for layer in shape.layers}
    left = {
        column: None
        for one in tracks
        for track, column in one.ends.items()
        if track in one.reachable
    }
    layers = [layer for shape in shapes for layer in shape.layers]
    funds = {f"fund_{fund}": None for layer in layers for fund in layer.funds}
    return (*benefits, *left, *funds)


def _name(source: str) -> str:
    digest = hashlib.sha256(f"{GENERATION}\n{source}".encode()).hexdigest()
    return f"yibao_kernel_{digest[:20]}"
