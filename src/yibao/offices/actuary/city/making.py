"""Making a city: chunk after chunk into partitions, in bounded memory, whole or not at all.

Everything is written into a hidden folder beside the place that was named, which gets its name at
the end. Families are put into partitions by a hash of their id, so a family is never taken apart.
Memory is a chunk and what partitions wait with for a row group; it does not grow with the members.

Holds: the same plan gives the same bytes; other partitions give the same rows. Refuses: a place
that exists already, and sizes that make no city.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

from pyarrow import parquet

from yibao.base.errors import YibaoError
from yibao.base.texts import Text
from yibao.offices.actuary.city.chunks import DrawnChunk, Plan, draw_chunk
from yibao.offices.actuary.city.draws import MILLION, Draws
from yibao.offices.actuary.city.figures import read_figures
from yibao.offices.actuary.city.population import CHUNK_MEMBERS
from yibao.offices.actuary.city.providers import draw_providers
from yibao.offices.actuary.city.scaling import scales_of
from yibao.offices.actuary.city.tables import Contract, providers_table
from yibao.offices.actuary.city.writing import CityWriter, Order
from yibao.storage.files.folders import whole_folder
from yibao.storage.files.partitions import Manifest, write_manifest

MOST_PARTITIONS = 1_000
_PROVIDERS_CHUNK = 1 << 29
"""The key of the draws that belong to no chunk."""
_WAITING = 2

Progress = Callable[[int, int], None]
"""Told the members done and the members in all."""


class UnableToMakeCity(YibaoError):
    """A city cannot be made as asked."""


def plan_of(order: Order) -> Plan:
    """What the city is made of, with the scales of the reference population.

    Raises:
        UnableToMakeCity: if a number makes no sense.
    """
    _refuse_senseless(order)
    figures = read_figures()
    draws = Draws(order.seed, _PROVIDERS_CHUNK)
    providers = draw_providers(draws, figures, members_count=order.members_count)
    return Plan(
        order.members_count, order.seed, order.year, figures, scales_of(order.year), providers
    )


def make_city(
    order: Order, out: Path, *, contract: Contract, progress: Progress | None = None
) -> Manifest:
    """Make a city in the folder ``out``, valid claims for the area of the contract.

    Raises:
        UnableToMakeCity: if a number makes no sense.
        UnableToWrite: if ``out`` is there already, or cannot be written.
    """
    plan = plan_of(order)
    with whole_folder(out) as folder:
        writer = CityWriter(folder, order, contract=contract)
        try:
            for chunk, number in _drawn(plan):
                writer.add(chunk, plan, number=number)
                if progress is not None:
                    done = min((number + 1) * CHUNK_MEMBERS, order.members_count)
                    progress(done, order.members_count)
            writer.close()
        finally:
            writer.abandon()
        parquet.write_table(providers_table(plan.providers, plan.figures), writer.providers)
        manifest = writer.manifest(plan)
        write_manifest(folder, manifest)
    return manifest


def _drawn(plan: Plan) -> Iterator[tuple[DrawnChunk, int]]:
    """Chunks in order, the next ones drawn while one is written."""
    with ThreadPoolExecutor(_WAITING - 1) as pool:
        waiting: list[tuple[Future[DrawnChunk], int]] = []
        for number in range(plan.chunks_count):
            waiting.append((pool.submit(draw_chunk, plan, number), number))
            if len(waiting) == _WAITING:
                future, ready = waiting.pop(0)
                yield future.result(), ready
        for future, ready in waiting:
            yield future.result(), ready


def _refuse_senseless(order: Order) -> None:
    highest = MILLION * MILLION
    limits = (
        (order.members_count, 1, highest, "--members"),
        (order.seed, 0, highest * MILLION, "--seed"),
        (order.partitions, 0, MOST_PARTITIONS, "--partitions"),
        (order.lines_share, 0, MILLION, "--lines"),
    )
    for value, low, high, name in limits:
        if not low <= value <= high:
            raise UnableToMakeCity(
                Text(f"{name} 为 {value}", f"{name} is {value}"),
                Text(f"应为 {low} 至 {high}", f"it may be {low} to {high}"),
            )
