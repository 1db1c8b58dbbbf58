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
) -> Program:
    """The program of some plan versions; ``given``: slots beside classes that claims bring."""
    shapes = list(dict.fromkeys(shape_of(version) for version in versions))
    known = {shape: number for number, shape in enumerate(shapes, start=1)}
    extra = dict.fromkeys([*given, *(Slot.parse(x.slot) for s in shapes for x in s.loads)])
    streams = dict.fromkeys(stream for shape in shapes for stream in shape.streams)
    classes = [Slot(reason, stream=stream) for stream in streams for reason in CLASSES]
    inputs = tuple(dict.fromkeys(str(slot) for slot in (*classes, *extra)))
    sums = layout.sums_of(shapes)
    tracks = [tracks_of(shape, ending, given=_fitting(shape, extra)) for shape in shapes]
    outputs = _outputs(shapes, tracks)
    modules = []
    for shape, one in zip(shapes, tracks, strict=True):
        context = Context(shape, one, sums, inputs, outputs)
        modules.append(_load(plan_source(context, "A plan (generated)."), load))
    totals_width = 1 + max((len(totals_of(shape)) for shape in shapes), default=0)
    source = driver_source(modules, year_width=sums.width_of(None), totals_width=totals_width)
    driver = load(_name(source), source)
    width = layout.FIRST_BLOCK + max(
        (len(shape.layers) + len(shape.counted) for shape in shapes), default=0
    )
    return Program(
        shapes=tuple(shapes),
        tracks=tuple(tracks),
        sums=sums,
        inputs=inputs,
        outputs=outputs,
        totals_width=totals_width,
        settle_claims=driver.settle_claims,
        blocks=Blocks(),
        profiles=Profiles(width),
        plans=tuple(
            PlanBlocks.of(version, shape_of(version), function=known[shape_of(version)])
            for version in versions
        ),
    )


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


def _load(source: str, load: Loader) -> str:
    name = _name(source)
    load(name, source)
    return name


def _name(source: str) -> str:
    digest = hashlib.sha256(f"{GENERATION}\n{source}".encode()).hexdigest()
    return f"yibao_kernel_{digest[:20]}"
