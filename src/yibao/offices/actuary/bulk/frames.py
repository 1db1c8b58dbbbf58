"""A stretch of `claims` in memory: columns as arrays, ids as they are, facts as codes of few texts.

Holds: a row whose cells are all right is told so without being looked at as text; every other row
is *odd*, and judged cell by cell.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from pyarrow import types

from yibao.base.money import AMOUNT_LIMIT
from yibao.engines.benefits.claim import CLASSES
from yibao.offices.actuary.bulk.machine import Ints, Numbers
from yibao.storage.files.claim_checks import FAULTS, judged
from yibao.storage.files.claim_columns import AMOUNTS, Column
from yibao.storage.files.claim_tables import ROW

Truths = NDArray[np.bool_]
IDENTIFIERS = ("claim_id", "member_id", "encounter_id", "family_id", "episode_id")
DATES = ("settlement_date", "discharge_date", "charge_date")
_SEQUENCE_BELOW = 10**18


@dataclass(frozen=True, slots=True)
class Words:
    """A column of few texts: an index a row, the last index standing for nothing stated."""

    index: Numbers
    texts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Whole:
    """A column of whole numbers; ``missing`` says where none is stated, None: nowhere."""

    values: Ints
    missing: Truths | None = None

    @property
    def is_stated(self) -> Truths:
        """Where a number is stated."""
        if self.missing is None:
            return np.ones(len(self.values), np.bool_)
        return ~self.missing


@dataclass(slots=True)
class Frame:
    """Rows of claims. ``dates`` has a row for each of :data:`DATES`, days from 1970.

    ``amounts`` are named as slots; ``odd`` marks rows that the kernel does not get.
    """

    table: pa.Table
    rows: Ints
    begins: Truths
    sequence: Ints
    dates: Numbers
    admission: Whole
    birth: Whole
    submitted: Whole | None
    amounts: dict[str, Ints]
    words: dict[str, Words]
    numbers: dict[str, Whole]
    odd: Truths
    lacks_amounts: Truths | None = None
    has_charge_date: Truths | None = None
    taken: dict[str, pa.Array] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.rows)

    def column(self, name: str) -> pa.Array | None:
        """A column as it stands in the file; None if it has none."""
        if name not in self.taken:
            if name not in self.table.column_names:
                return None
            self.taken[name] = whole_array(self.table.column(name))
        return self.taken[name]

    def kept(self, keep: Truths) -> Frame:
        """Some of the rows, whole members of them."""

        def few(array: Whole) -> Whole:
            missing = None if array.missing is None else array.missing[keep]
            return Whole(array.values[keep], missing)

        return replace(
            self,
            table=self.table.filter(pa.array(keep)),
            rows=self.rows[keep],
            begins=self.begins[keep],
            sequence=self.sequence[keep],
            dates=np.ascontiguousarray(self.dates[:, keep]),
            admission=few(self.admission),
            birth=few(self.birth),
            submitted=None if self.submitted is None else few(self.submitted),
            amounts={name: values[keep] for name, values in self.amounts.items()},
            words={n: Words(one.index[keep], one.texts) for n, one in self.words.items()},
            numbers={name: few(one) for name, one in self.numbers.items()},
            odd=self.odd[keep],
            lacks_amounts=None if self.lacks_amounts is None else self.lacks_amounts[keep],
            has_charge_date=None if self.has_charge_date is None else self.has_charge_date[keep],
            taken={},
        )


def is_readable(schema: pa.Schema, known: Sequence[Column]) -> bool:
    """Whether a Parquet file has the types that a frame is made from without text between."""
    columns = {column.name: column for column in known}
    return all(
        _is_readable(columns[field.name], field.type) for field in schema if field.name in columns
    )


def _is_readable(column: Column, found: pa.DataType) -> bool:
    is_text = types.is_string(found) or types.is_large_string(found)
    if column.kind == "date":
        return bool(types.is_date32(found))
    if column.fact is not None and column.fact.kind not in ("number", "amount"):
        is_few = types.is_dictionary(found) and types.is_string(found.value_type)
        return bool(is_text or is_few or types.is_boolean(found))
    if column.kind == "identifier":
        return bool(is_text or types.is_signed_integer(found))
    return bool(types.is_signed_integer(found))


Verdicts = dict[tuple[str, tuple[str, ...]], Truths]
"""Which texts of a column are wrong, remembered from frame to frame."""


def frame_of(
    table: pa.Table, known: Mapping[str, Column], *, rows: Ints, begins: Truths, verdicts: Verdicts
) -> Frame:
    """A table's rows, members together, in order of entry; ``begins`` marks each member's first."""
    reader = _Reader(table, known, verdicts)
    frame = Frame(
        table=table,
        rows=rows,
        begins=begins,
        sequence=reader.sequence(rows),
        dates=reader.dates(),
        admission=reader.day("admission_date"),
        birth=reader.day("birth_date"),
        submitted=reader.submitted(),
        amounts={},
        words=reader.words(),
        numbers=reader.numbers(),
        odd=reader.odd,
    )
    frame.amounts, frame.lacks_amounts = reader.amounts()
    frame.has_charge_date = reader.stated("charge_date")
    reader.identifiers()
    reader.note_staged_faults()
    return frame


class _Reader:
    def __init__(self, table: pa.Table, known: Mapping[str, Column], verdicts: Verdicts) -> None:
        self.table, self.known, self.verdicts = table, known, verdicts
        self.count = table.num_rows
        self.odd = np.zeros(self.count, np.bool_)

    def array(self, name: str) -> pa.Array | None:
        if name not in self.table.column_names:
            return None
        return whole_array(self.table.column(name))

    def whole(self, name: str, *, below: int, start: int = 0) -> Whole | None:
        """A column of whole numbers; those outside of the domain make their rows odd."""
        array = self.array(name)
        if array is None:
            return None
        values, missing = numbers_of(array)
        if len(values) and (int(values.min()) < start or int(values.max()) >= below):
            self.odd |= (
                (values < start) | (values >= below)
                if missing is None
                else (((values < start) | (values >= below)) & ~missing)
            )
        return Whole(values, missing)

    def sequence(self, rows: Ints) -> Ints:
        found = self.whole("entry_sequence", below=_SEQUENCE_BELOW)
        if found is None:
            return rows
        if found.missing is not None:
            self.odd |= found.missing
        return found.values

    def submitted(self) -> Whole | None:
        return self.whole("submitted_amount", below=AMOUNT_LIMIT + 1)

    def numbers(self) -> dict[str, Whole]:
        found = {}
        for name, column in self.known.items():
            fact = column.fact
            if fact is not None and fact.kind in ("number", "amount"):
                whole = self.whole(name, start=fact.start, below=fact.below)
                if whole is not None:
                    found[name] = whole
        return found

    def amounts(self) -> tuple[dict[str, Ints], Truths | None]:
        """Amounts by slot, and the rows that state none of the four classes."""
        found: dict[str, Ints] = {}
        classes: list[Whole] = []
        has_other: Truths = np.zeros(self.count, np.bool_)
        for name, column in self.known.items():
            amount, _, stream = name.partition(":")
            if column.kind != "amount" or amount not in AMOUNTS:
                continue
            whole = self.whole(name, below=AMOUNT_LIMIT + 1)
            if whole is None:
                continue
            slot = CLASSES[AMOUNTS.index(amount)] + (f":{stream}" if stream else "")
            found[slot] = whole.values
            if not stream:
                classes.append(whole)
            elif len(whole.values) and (whole.missing is None or not whole.missing.all()):
                has_other |= whole.is_stated
        if not classes:
            return found, np.ones(self.count, np.bool_)
        if all(one.missing is None for one in classes):
            return found, None
        stated = np.stack([one.is_stated for one in classes])
        lacking = ~np.any(stated, axis=0)
        self.odd |= (~lacking & ~np.all(stated, axis=0)) | (lacking & has_other)
        return found, lacking

    def day(self, name: str) -> Whole:
        array = self.array(name)
        if array is None:
            return Whole(np.zeros(self.count, np.int64), np.ones(self.count, np.bool_))
        return Whole(*numbers_of(array.cast(pa.int32())))

    def stated(self, name: str) -> Truths | None:
        array = self.array(name)
        return None if array is None else np.asarray(array.is_valid())

    def dates(self) -> Numbers:
        """Each date; discharge and charge fall back to settlement."""
        out = np.empty((len(DATES), self.count), np.int32)
        settlement = self.array("settlement_date")
        if settlement is None:
            return np.zeros_like(out)
        if settlement.null_count:
            self.odd |= np.asarray(settlement.is_null())
            settlement = settlement.fill_null(pa.scalar(0, pa.int32()).cast(pa.date32()))
        for place, name in enumerate(DATES):
            array = settlement if place == 0 else self.array(name)
            if array is None or array.null_count == self.count:
                out[place] = out[0]
            else:
                filled = pc.coalesce(array, settlement) if array.null_count else array
                out[place] = np.asarray(filled.cast(pa.int32()))
        return out

    def words(self) -> dict[str, Words]:
        found = {}
        for name, column in self.known.items():
            if column.fact is None or column.fact.kind in ("number", "amount"):
                continue
            array = self.array(name)
            if array is not None:
                found[name] = self._judged(column, words_of(array))
        return found

    def _judged(self, column: Column, words: Words) -> Words:
        """Texts that are not of the fact make their rows odd."""
        if not words.texts:
            return words
        faults = self.verdicts.get((column.name, words.texts))
        if faults is None:
            frame = pl.DataFrame({column.name: words.texts, ROW: range(len(words.texts))})
            faults = judged(frame, [column])[FAULTS].list.len().to_numpy() > 0
            self.verdicts[column.name, words.texts] = faults
        if faults.any():
            self.odd |= np.append(faults, False)[words.index]
        return words

    def identifiers(self) -> None:
        for name in IDENTIFIERS:
            array, column = self.array(name), self.known.get(name)
            if array is None or column is None:
                continue
            if column.filled and array.null_count:
                self.odd |= np.asarray(array.is_null())
            if types.is_signed_integer(array.type):
                if name in ("claim_id", "member_id", "encounter_id") and len(array):
                    values, _ = numbers_of(array)
                    self.odd |= values < 0
                continue
            frame = pl.DataFrame({name: pl.from_arrow(array)}).with_columns(
                pl.when(pl.col(name) != "").then(pl.col(name)).alias(name),
                pl.lit(0, pl.Int64).alias(ROW),
            )
            faults = judged(frame, [column])[FAULTS].list.len().to_numpy() > 0
            self.odd |= faults

    def note_staged_faults(self) -> None:
        array = self.array(FAULTS)
        if array is not None:
            self.odd |= np.asarray(pc.list_value_length(array).fill_null(0)) > 0


def whole_array(column: pa.ChunkedArray) -> pa.Array:
    """A column in one piece."""
    if column.num_chunks == 1:
        return column.chunk(0)
    if types.is_dictionary(column.type):
        column = column.unify_dictionaries()
    return column.combine_chunks() if column.num_chunks else pa.array([], column.type)


def numbers_of(array: pa.Array) -> tuple[Ints, Truths | None]:
    """Whole numbers, 0 where none is stated, and where that is."""
    missing = np.asarray(array.is_null()) if array.null_count else None
    if missing is not None and array.null_count == len(array):
        return np.zeros(len(array), np.int64), missing
    filled = array.fill_null(0) if missing is not None else array
    values = filled.cast(pa.int64()) if filled.type != pa.int64() else filled
    return np.asarray(values), missing


def words_of(array: pa.Array) -> Words:
    """A column of few texts; empty texts count as nothing stated."""
    if types.is_boolean(array.type):
        index = array.cast(pa.int32())
        texts: list[str | None] = ["false", "true"]
    else:
        coded = array if types.is_dictionary(array.type) else array.dictionary_encode()
        index, texts = coded.indices, coded.dictionary.to_pylist()
        if index.type != pa.int32():
            index = index.cast(pa.int32())
    nothing = len(texts)
    if index.null_count:
        index = index.fill_null(nothing)
    found: Numbers = np.asarray(index)
    if "" in texts or None in texts:
        names = {texts.index(text) for text in ("", None) if text in texts}
        found = np.where(np.isin(found, list(names)), np.int32(nothing), found).astype(np.int32)
    return Words(found, tuple(text or "" for text in texts))
