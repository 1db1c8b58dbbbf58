"""Rows of sums: which claims share a counter's sum, as numbers that the kernel reads.

Counters of a member's benefit year need none: such claims stand together. For all others, claims of
the same keys get the same number; a claim that nobody shares a sum with gets none.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

import numpy as np
import polars as pl
import pyarrow as pa
from numpy.typing import NDArray

from yibao.base.checks import check
from yibao.engines.benefits.kernel.layout import stay_key
from yibao.engines.benefits.kernel.program import Program
from yibao.engines.benefits.kernel.shapes import KeysShape, PlanShape
from yibao.offices.actuary.bulk.frames import Frame, Truths
from yibao.offices.actuary.bulk.machine import Ints, Numbers
from yibao.offices.actuary.bulk.resolving import ProfileTable
from yibao.offices.actuary.bulk.words import days

_ROOM = 1 << 62
_STEPS = {"month": "datetime64[M]", "day": "datetime64[D]"}


@dataclass(frozen=True, slots=True)
class Counted:
    """What a frame's claims share: keys by group, sums by group, the member-years if numbered."""

    keys: dict[int, Numbers] = field(default_factory=dict)
    sums: dict[int | None, Ints] = field(default_factory=dict)
    years: Numbers | None = None


@dataclass(frozen=True, slots=True)
class Placed:
    """A frame with the profile of each row and the year of its date of counting."""

    frame: Frame
    told: ProfileTable
    which: Numbers
    year: Ints
    members: Ints
    families: Ints | None = None


def counted(program: Program, placed: Placed, *, years_stand_together: bool) -> Counted:
    """The rows of sums of a frame's claims."""
    found = Counted()
    for group, keys in enumerate(program.sums.groups):
        using = _rows_using(placed, program, group)
        if using.any():
            _number(found, program, placed, group=group, keys=keys, rows=using)
    if years_stand_together:
        return found
    _, numbers = np.unique(_joined(placed.members, placed.year), return_inverse=True)
    sums = {None: _empty(program, None, int(numbers.max(initial=-1)) + 1), **found.sums}
    return Counted(found.keys, sums, numbers.astype(np.int32))


def _rows_using(placed: Placed, program: Program, group: int) -> Truths:
    plans = [
        number
        for number, plan in enumerate(program.plans, start=1)
        if group in _groups(plan.shape, program)
    ]
    of_profiles = np.isin(placed.told.plans, plans)
    if not of_profiles.any():
        return np.zeros(len(placed.which), np.bool_)
    found: Truths = of_profiles[placed.which]
    return found


def _groups(shape: PlanShape, program: Program) -> set[int | None]:
    found = set()
    for counter in shape.counters:
        found.add(program.sums.group_of(counter.name))
        if counter.adds == "claim_count" and counter.once_per_encounter:
            found.add(program.sums.group_of(stay_key(counter)[0]))
    return found


def _number(
    found: Counted, program: Program, placed: Placed, *, group: int, keys: KeysShape, rows: Truths
) -> None:
    if keys.period in ("encounter", "encounter_benefit_year"):
        rows = rows & _in_repeated_encounters(placed)
    chosen = np.flatnonzero(rows)
    codes, has_keys = _codes(placed, keys, chosen)
    chosen, codes = chosen[has_keys], codes[has_keys]
    if not len(chosen):
        return
    _, numbers = np.unique(codes, return_inverse=True)
    column = np.full(len(placed.which), -1, np.int32)
    column[chosen] = numbers
    found.keys[group] = column
    found.sums[group] = _empty(program, group, int(numbers.max()) + 1)


def _empty(program: Program, group: int | None, count: int) -> Ints:
    return np.zeros((count, max(1, program.sums.width_of(group))), np.int64)


def _codes(placed: Placed, keys: KeysShape, rows: NDArray[np.intp]) -> tuple[Ints, Truths]:
    """One number for each set of keys, and which rows have all of them."""
    frame = placed.frame
    has_keys = np.ones(len(rows), np.bool_)
    holder = placed.members[rows]
    if keys.holder == "family" and placed.families is not None:
        holder = placed.families[rows]
        has_keys &= holder >= 0
    codes = holder
    benefit = _benefit_days(placed, rows)
    match keys.period:
        case "benefit_year":
            codes = _joined(codes, placed.year[rows])
        case "month" | "day":
            codes = _joined(codes, benefit.astype("datetime64[D]").astype(_STEPS[keys.period]))
        case "encounter" | "encounter_benefit_year" | "episode":
            name = "episode_id" if keys.period == "episode" else "encounter_id"
            ids = _ids(frame, name, rows)
            codes = _joined(codes, ids)
            has_keys &= ids >= 0
            if keys.period == "encounter_benefit_year":
                codes = _joined(codes, placed.year[rows])
        case _:
            pass
    for name in keys.facts:
        values = _fact(frame, name, rows)
        codes = _joined(codes, values)
        has_keys &= values >= 0
    if keys.restarts:
        restarts = [days(date.fromisoformat(day)) for day in keys.restarts]
        codes = _joined(codes, np.searchsorted(np.array(sorted(restarts)), benefit, side="right"))
    return codes, has_keys


def _benefit_days(placed: Placed, rows: NDArray[np.intp]) -> Ints:
    kinds = placed.told.kinds[:, 1]
    found: Ints = placed.frame.dates[kinds[placed.which[rows]], rows].astype(np.int64)
    return found


def _fact(frame: Frame, name: str, rows: NDArray[np.intp]) -> Ints:
    """A fact's values as numbers; −1 where none is stated."""
    if name in frame.words:
        words = frame.words[name]
        texts = list(dict.fromkeys(words.texts))
        places = np.array([texts.index(t) if t else -1 for t in words.texts] + [-1], np.int64)
        return places[words.index[rows]]
    if name in frame.numbers:
        whole = frame.numbers[name]
        values = whole.values[rows] - int(whole.values.min(initial=0))
        return values if whole.missing is None else np.where(whole.missing[rows], -1, values)
    return np.full(len(rows), -1, np.int64)


def _ids(frame: Frame, name: str, rows: NDArray[np.intp]) -> Ints:
    """Ids as numbers; −1 where there is none; an encounter without id is its claim's."""
    array = frame.column(name)
    if array is None and name != "encounter_id":
        return np.full(len(rows), -1, np.int64)
    frame_of_ids = pl.DataFrame({"id": text_of(frame, name, rows=rows)})
    return numbered(frame_of_ids["id"])


def text_of(frame: Frame, name: str, *, rows: NDArray[np.intp]) -> pl.Series:
    """Ids of some rows as text; an encounter without id is its claim's."""
    places = pa.array(rows)
    array = frame.column(name)
    found = None if array is None else pl.Series(array.take(places).cast(pa.string()))
    if name != "encounter_id":
        return pl.Series([None] * len(rows), dtype=pl.String) if found is None else found
    claims = frame.column("claim_id")
    check(claims is not None, "claims without ids")
    own = pl.Series(claims.take(places).cast(pa.string())) if claims is not None else found
    if found is None or own is None:
        return own if own is not None else pl.Series([], dtype=pl.String)
    return pl.select(pl.when(found != "").then(found).otherwise(own)).to_series()


def numbered(ids: pl.Series) -> Ints:
    """Equal texts as equal numbers, −1 for none."""
    ranks = ids.rank("dense").cast(pl.Int64).fill_null(0) - 1
    return np.asarray(ranks.to_numpy())


def _in_repeated_encounters(placed: Placed) -> Truths:
    """Rows of members with an encounter that is named by another claim than its first."""
    frame = placed.frame
    found = np.zeros(len(frame), np.bool_)
    encounter, claim = frame.column("encounter_id"), frame.column("claim_id")
    if encounter is None or claim is None or encounter.null_count == len(encounter):
        return found
    named = np.flatnonzero(np.asarray(encounter.is_valid()))
    of_members = np.isin(placed.members, np.unique(placed.members[named]))
    return found | of_members


def _joined(codes: NDArray[np.generic], more: NDArray[np.generic]) -> Ints:
    """Two numbers as one."""
    first, second = codes.astype(np.int64), more.astype(np.int64)
    if not len(first):
        return first
    first, second = first - int(first.min()), second - int(second.min())
    width = int(second.max()) + 1
    if (int(first.max()) + 1) * width >= _ROOM:
        _, first = np.unique(first, return_inverse=True)
    return first * width + second
