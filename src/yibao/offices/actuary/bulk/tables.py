"""The rows of results as Arrow tables, of one schema wherever they come from.

Amounts and ids are there in every row, and say so: a column without gaps is written faster. Columns
of few texts are codes of these texts.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from yibao.base.checks import check
from yibao.offices.actuary.bulk.machine import Ints, Numbers

FEW_TEXTS = (
    "plan_id", "policy_hash", "catalogue_hash", "engine_version", "open_questions", "findings",
    "member_id",
)  # fmt: skip
_WITH_GAPS = ("catalogue_hash", "open_questions", "findings")
_NO_TEXT = -1
_FEW_ENCOUNTERS = 64
_CODED = pa.dictionary(pa.int32(), pa.string())
_KINDS: dict[type[pl.DataType], pa.DataType] = {
    pl.String: pa.string(), pl.Int64: pa.int64(), pl.Date: pa.date32(), pl.Boolean: pa.bool_(),
}  # fmt: skip


def schema_of(columns: dict[str, type[pl.DataType]]) -> pa.Schema:
    """The schema of a table of results."""
    return pa.schema([
        pa.field(name, _CODED if name in FEW_TEXTS else _KINDS[kind], nullable=name in _WITH_GAPS)
        for name, kind in columns.items()
    ])  # fmt: skip


def coded(texts: Sequence[str | None], codes: Numbers, *, used: Sequence[int]) -> pa.Array:
    """A column of few texts, by their codes; ``used`` are the codes that occur.

    Texts that do not occur are left out, so that a table does not depend on those before it.
    """
    words = sorted({text for place in used if (text := texts[place]) is not None})
    places = {word: place for place, word in enumerate(words)}
    renamed = np.full(len(texts), _NO_TEXT, np.int32)
    for place in used:
        text = texts[place]
        renamed[place] = _NO_TEXT if text is None else places[text]
    found = renamed[codes]
    has_gaps = any(texts[place] is None for place in used)
    indices = pa.array(found, mask=found == _NO_TEXT if has_gaps else None)
    return pa.DictionaryArray.from_arrays(indices, pa.array(words, pa.string()))


def table_of_frame(frame: pl.DataFrame, schema: pa.Schema) -> pa.Table:
    """Rows that are there as a frame."""
    arrays = []
    for field in schema:
        array = frame[field.name].to_arrow()
        if pa.types.is_dictionary(field.type):
            array = array.cast(pa.string()).dictionary_encode()
        arrays.append(array.cast(field.type))
    return pa.Table.from_arrays(arrays, schema=schema)


def members_of(ids: pa.Array, begins: np.ndarray) -> pa.Array:
    """Members' ids as codes: each stands together, so a code is its place among them."""
    firsts = ids.filter(pa.array(begins)).cast(pa.string())
    places = np.cumsum(begins, dtype=np.int32) - np.int32(1)
    return pa.DictionaryArray.from_arrays(pa.array(places), firsts)


def encounters_of(encounters: pa.Array | None, claims: pa.Array, *, texts: pa.Array) -> pa.Array:
    """Encounters' ids; one without an id of its own has its claim's, ``texts`` of ``claims``."""
    if encounters is None or encounters.null_count == len(encounters):
        return texts
    if encounters.type == claims.type and pa.types.is_integer(claims.type):
        own = pc.fill_null(pc.not_equal(encounters, claims), fill_value=False)
        named = encounters.filter(own).cast(pa.string())
        if len(named) <= _FEW_ENCOUNTERS:
            return _replaced(texts, np.flatnonzero(own), named)
        return pc.replace_with_mask(texts, own, named)
    named = encounters.cast(pa.string())
    return pc.if_else(pc.fill_null(pc.not_equal(named, ""), fill_value=False), named, texts)


def _replaced(texts: pa.Array, rows: NDArray[np.intp], named: pa.Array) -> pa.Array:
    """Texts with other ones in some rows: what stands between them is copied as it is."""
    pieces = []
    following = 0
    for number, row in enumerate(rows.tolist()):
        pieces += [texts.slice(following, row - following), named.slice(number, 1)]
        following = row + 1
    return pa.concat_arrays([*pieces, texts.slice(following)]) if pieces else texts


class Constants:
    """Columns of one value: all zeros are one piece of memory, all texts of one another."""

    def __init__(self) -> None:
        self._zeros = pa.array(np.zeros(0, np.int64))
        self._codes = pa.array(np.zeros(0, np.int32))

    def zeros(self, rows: int) -> pa.Array:
        """So many zeros."""
        if rows > len(self._zeros):
            self._zeros = pa.array(np.zeros(rows, np.int64))
        return self._zeros.slice(0, rows)

    def text(self, text: str | None, rows: int) -> pa.Array:
        """A text so many times, or none."""
        if text is None:
            return pa.nulls(rows, _CODED)
        if rows > len(self._codes):
            self._codes = pa.array(np.zeros(rows, np.int32))
        words = pa.array([text], pa.string())
        return pa.DictionaryArray.from_arrays(self._codes.slice(0, rows), words)


def amounts_column(values: Ints) -> pa.Array:
    """A column of amounts, its memory shared."""
    check(values.dtype == np.int64, "an amount is no 64-bit integer")
    return pa.array(values)
