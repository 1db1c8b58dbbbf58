"""How bills fall into the four classes, and into the streams that plans keep apart.

Holds: submitted = noncovered + over_limit + prior_self_pay + eligible, streams included, in every
row, none below zero. A class stands on some bills only; the mean over all is the assumption's.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from yibao.base.checks import check
from yibao.offices.actuary.city import events as kinds
from yibao.offices.actuary.city.draws import MILLION, Whole
from yibao.offices.actuary.city.events import KINDS, NONE, Events
from yibao.offices.actuary.city.outpatient import Chunk
from yibao.offices.actuary.city.providers import COMMUNITY

CLASSES = ("noncovered", "over_limit", "prior_self_pay")
STREAMS = ("rare_drug", "supplementary_drug", "oncology_drug")
ESSENTIAL = "essential_drug"


@dataclass(frozen=True, slots=True)
class Bills:
    """Amounts of each row by class, and by class and stream (``noncovered:rare_drug``)."""

    submitted: Whole
    classes: dict[str, Whole]
    streams: dict[str, Whole]


def draw_bills(chunk: Chunk, rows: Events) -> Bills:
    """The classes of all rows."""
    submitted, kind = rows["submitted"], rows["kind"]
    left = submitted.copy()
    classes = {}
    stream = chunk.draws.stream("classes")
    for name in CLASSES:
        part = np.minimum(
            _share(chunk, name, kind, stream.bits(len(kind))) * submitted // MILLION, left
        )
        classes[name], left = part, left - part
    classes["eligible"] = left
    streams = _streams(chunk, rows, classes)
    total = sum(classes.values()) + sum(streams.values())
    check(bool((total == submitted).all()), "classes do not sum to what was charged")
    return Bills(submitted, classes, streams)


def _share(chunk: Chunk, name: str, kind: Whole, bits: Whole) -> Whole:
    """Millionths of each bill: none on most, on the others even about the mean of those."""
    table = chunk.figures
    mean = np.array([table.table("classes", word)[name] for word in KINDS], dtype=np.int64)
    odds = np.where(mean == MILLION, MILLION, table.table("class_odds")[name])
    drawn = bits * MILLION >> 32
    has = drawn < odds[kind]
    even = np.where(has, drawn, 0) * 2 * mean[kind] // odds[kind] * MILLION // odds[kind]
    return np.where(mean[kind] == MILLION, MILLION, even)


def _streams(chunk: Chunk, rows: Events, classes: dict[str, Whole]) -> dict[str, Whole]:
    """Move what plans keep in a stream out of the general classes."""
    streams = {}
    for number, name in enumerate(STREAMS):
        is_drug = (rows["kind"] == kinds.SPECIAL_DRUG) & (rows["stream"] == number)
        streams[f"noncovered:{name}"] = np.where(is_drug, classes["noncovered"], 0)
        classes["noncovered"] = np.where(is_drug, 0, classes["noncovered"])
    provider = rows["provider"]
    takes = (rows["kind"] == kinds.SPECIAL_VISIT) & (rows["level"] == COMMUNITY)
    takes &= (provider != NONE) & chunk.providers.is_essential[provider]
    share = chunk.figures.whole("essential_drug_shares")
    part = np.where(takes, classes["eligible"] * share // MILLION, 0)
    streams[f"eligible:{ESSENTIAL}"] = part
    classes["eligible"] = classes["eligible"] - part
    return streams
