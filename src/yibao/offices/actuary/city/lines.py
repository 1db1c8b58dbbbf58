"""Lines of bills: items of the example catalogue whose charges sum to what the claim charges.

A bill's profile (of its care, disease or condition) says which items it may have, how likely, and
with what weight in the charge; the quantity follows from the item's usual price. Holds: the lines
of a claim sum to its submitted amount, and every such claim has a line. The split into classes is
the catalogue's, so a claim with lines carries no amounts of its own.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa

from yibao.offices.actuary.city import events as kinds
from yibao.offices.actuary.city.bills import STREAMS
from yibao.offices.actuary.city.chunks import DrawnChunk
from yibao.offices.actuary.city.draws import THOUSAND, Stream, Truth, Whole
from yibao.offices.actuary.city.figures import Figures, Item
from yibao.offices.actuary.city.tables import words

_BY_KIND = {
    kinds.EMPLOYEE_VISIT: "visit",
    kinds.RESIDENT_VISIT: "visit",
    kinds.ACCOUNT_PURCHASE: "purchase",
    kinds.TWO_DISEASE_VISIT: "two_disease",
}
_BY_DISEASE = {
    "cancer": "special_cancer",
    "dialysis": "special_dialysis",
    "organ_transplant": "special_transplant",
    "severe_mental_disorder": "special_mental",
}
_BIRTHS = ("delivery", "caesarean")


def lines_table(
    chunk: DrawnChunk, figures: Figures, *, stream: Stream, lined: Truth
) -> tuple[pa.Table, Whole]:
    """The rows of `lines` in order of their claims, and the place of each one's claim."""
    profiles = tuple(figures.items)
    of_row = _profiles(chunk, figures, profiles)
    codes: list[str] = []
    parts: list[dict[str, Whole]] = []
    for number, profile in enumerate(profiles):
        at = np.flatnonzero(lined & (of_row == number))
        items = figures.items[profile]
        part = _shared(stream, items, chunk.rows["submitted"][at])
        parts.append(part | {"row": at[part["row"]], "item": part["item"] + len(codes)})
        codes += [item.code for item in items]
    columns = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    order = np.lexsort((columns["item"], columns["row"]))
    columns = {name: column[order] for name, column in columns.items()}
    row = columns["row"]
    starts = np.searchsorted(row, row, side="left")
    table: dict[str, Any] = {
        "claim_id": chunk.claim_id[row],
        "line_id": (np.arange(len(row)) - starts + 1).astype(np.int32),
        "item_code": words(codes, columns["item"]),
        "quantity": columns["quantity"].astype(np.int32),
        "submitted_amount": columns["amount"],
    }
    return pa.table(table), row


def _profiles(chunk: DrawnChunk, figures: Figures, profiles: tuple[str, ...]) -> Whole:
    """Which profile each row's bill has."""
    rows = chunk.rows
    kind, condition, disease = rows["kind"], rows["condition"], rows["disease"]
    found = np.zeros(len(kind), dtype=np.int64)
    for number, name in _BY_KIND.items():
        found[kind == number] = profiles.index(name)
    special = [_BY_DISEASE.get(name, "special") for name in figures.parts("special_diseases")]
    stays = [condition.profile for condition in figures.conditions]
    for number, names, place in (
        (kinds.SPECIAL_VISIT, special, disease),
        (kinds.SPECIAL_DRUG, list(STREAMS), rows["stream"]),
        (kinds.STAY, stays, condition),
        (kinds.DELIVERY, list(_BIRTHS), rows["caesarean"]),
    ):
        here = kind == number
        codes = np.array([profiles.index(name) for name in names])
        found[here] = codes[place[here]]
    return found


def _shared(stream: Stream, items: tuple[Item, ...], charged: Whole) -> dict[str, Whole]:
    """Charges shared out over the items that a bill has, in proportion, the rest on the first."""
    size, width = len(charged), len(items)
    odds = np.array([item.odds for item in items])
    weight = np.array([item.weight for item in items])
    price = np.array([item.unit_amount for item in items])
    drawn = stream.below(THOUSAND, size * width).reshape(size, width)
    has = drawn < odds
    has[:, 0] |= ~has.any(axis=1)
    weights = np.where(has, weight * (THOUSAND + drawn), 0)
    total = np.maximum(weights.sum(axis=1), 1)
    amount = charged[:, None] * (weights * THOUSAND // total[:, None]) // THOUSAND
    first = has.argmax(axis=1)
    amount[np.arange(size), first] += charged - amount.sum(axis=1)
    row, item = np.nonzero(has & (amount > 0))
    own = amount[row, item]
    quantity = np.maximum((own + price[item] - 1) // price[item], 1)
    return {"row": row, "item": item, "amount": own, "quantity": quantity}


def lined_rows(stream: Stream, count: int, *, share: int) -> Truth:
    """Which rows have lines, for a share in millionths."""
    return stream.happens(share, count)
