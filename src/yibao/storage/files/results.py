"""Result files: several files that appear whole under their names, or not at all.

Everything is written into a hidden folder beside the main file and moved to its name at the end,
the main file last: whoever sees it may rely on the others. On a fault or an interruption the hidden
folder goes and what stood under the names before still stands.
"""

from __future__ import annotations

import errno
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

import numpy as np
import polars as pl
import pyarrow as pa
from pyarrow import parquet

from yibao.base.errors import YibaoError
from yibao.base.system import system_reason
from yibao.base.texts import Text
from yibao.storage.files.removing import at_the_latest, remove_folder

FLUSH_ROWS = 20_000
_PAGE_BYTES, _BATCH_ROWS = 1 << 18, 1 << 16
SUFFIXES = (".csv", ".parquet")


class UnableToWrite(YibaoError):
    """A result cannot be written to the place that was named."""


class ResultFiles:
    """The files of one run: ``with ResultFiles(main) as files``, then :meth:`commit`."""

    def __init__(self, main: Path) -> None:
        if not main.parent.is_dir():
            raise UnableToWrite(
                Text(f"目录不存在: {main.parent}", f"there is no folder {main.parent}"),
                Text("请先建立目录", "make the folder first"),
            )
        self._main = main
        self._places: dict[Path, Path] = {}
        self._open: list[TableWriter | LinesWriter | ArrowWriter] = []
        self.folder = Path()

    def __enter__(self) -> Self:
        try:
            self.folder = Path(
                tempfile.mkdtemp(
                    prefix=f".{self._main.name}.", suffix=".part", dir=self._main.parent
                )
            )
        except OSError as error:
            raise unwritable(self._main, error) from None
        at_the_latest(self, self.folder)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            for writer in self._open:
                writer.abandon()
        finally:
            remove_folder(self.folder)
        if isinstance(error, OSError):
            raise unwritable(self._main, error) from error

    def table(self, place: Path, schema: Mapping[str, type[pl.DataType]]) -> TableWriter:
        """A table that will stand at ``place``, CSV or Parquet by its suffix.

        Raises:
            UnableToWrite: if the suffix is neither.
        """
        _refuse_suffix(place)
        writer = TableWriter(self._hidden(place), schema)
        self._open.append(writer)
        return writer

    def lines(self, place: Path) -> LinesWriter:
        """A file of lines of bytes that will stand at ``place``."""
        writer = LinesWriter(self._hidden(place))
        self._open.append(writer)
        return writer

    def arrow(self, place: Path, schema: pa.Schema) -> ArrowWriter:
        """A table that will stand at ``place``, written in big pieces.

        Raises:
            UnableToWrite: if the suffix is neither.
        """
        _refuse_suffix(place)
        writer = ArrowWriter(self._hidden(place), schema)
        self._open.append(writer)
        return writer

    def commit(self) -> None:
        """Finish every file and move it to its name, the main file last."""
        for writer in self._open:
            writer.close()
        for place in sorted(self._places, key=lambda place: place == self._main):
            self._places[place].replace(place)

    def _hidden(self, place: Path) -> Path:
        if place in self._places:
            raise UnableToWrite(
                Text(f"两个结果写到同一文件: {place}", f"two results would go to {place}"),
                Text("请使用不同的文件名", "give them names of their own"),
            )
        if place.is_dir():
            raise unwritable(place, IsADirectoryError(errno.EISDIR, "", str(place)))
        hidden = self.folder / f"{len(self._places)}-{place.name}"
        self._places[place] = hidden
        return hidden


class TableWriter:
    """A table written row by row, a chunk at a time, in a fixed order of columns."""

    def __init__(self, path: Path, schema: Mapping[str, type[pl.DataType]]) -> None:
        self._schema = pl.Schema(schema)
        self._rows: list[Sequence[object]] = []
        self._csv: BinaryIO | None = None
        self._parquet: parquet.ParquetWriter | None = None
        empty = pl.DataFrame(schema=self._schema)
        if path.suffix.lower() == ".parquet":
            self._parquet = parquet.ParquetWriter(path, empty.to_arrow().schema, compression="zstd")
        else:
            self._csv = path.open("wb")
            empty.write_csv(self._csv)

    def add(self, row: Sequence[object]) -> None:
        """One more row, in the order of the columns."""
        self._rows.append(row)
        if len(self._rows) >= FLUSH_ROWS:
            self._flush()

    def _flush(self) -> None:
        if not self._rows:
            return
        frame = pl.DataFrame(self._rows, schema=self._schema, orient="row")
        if self._parquet is not None:
            self._parquet.write_table(frame.to_arrow())
        elif self._csv is not None:
            frame.write_csv(self._csv, include_header=False)
        self._rows = []

    def close(self) -> None:
        """Write what is left; closing twice does nothing."""
        self._flush()
        self.abandon()

    def abandon(self) -> None:
        """Close without writing what is left."""
        self._rows = []
        if self._parquet is not None:
            self._parquet.close()
        if self._csv is not None:
            self._csv.close()
        self._parquet, self._csv = None, None


class ArrowWriter:
    """A big table written a piece at a time, each a row group where the file is Parquet.

    Columns are packed by what the first piece has in them: of numbers, those that are mostly filled
    as deltas, those that are mostly zero or all the same plain and compressed; texts that repeat as
    codes, others as they are. Sizes of pages and batches are the fastest that were measured.
    """

    def __init__(self, path: Path, schema: pa.Schema) -> None:
        self._path = path
        self._schema = schema
        self._parquet: parquet.ParquetWriter | None = None
        self._csv: BinaryIO | None = None
        if path.suffix.lower() != ".parquet":
            self._csv = path.open("wb")
            _csv_frame(schema.empty_table()).write_csv(self._csv)

    def add(self, table: pa.Table) -> None:
        """One more piece."""
        if self._csv is not None:
            _csv_frame(table).write_csv(self._csv, include_header=False)
            return
        if self._parquet is None:
            self._parquet = self._opened(table)
        self._parquet.write_table(table, row_group_size=max(1, table.num_rows))

    def _opened(self, first: pa.Table) -> parquet.ParquetWriter:
        encodings, codecs, coded = {}, {}, []
        for name in self._schema.names:
            kind = self._schema.field(name).type
            codecs[name] = "lz4"
            if pa.types.is_dictionary(kind):
                coded.append(name)
            elif pa.types.is_string(kind):
                codecs[name] = "snappy"
            elif (pa.types.is_int64(kind) or pa.types.is_date32(kind)) and _is_dense(first[name]):
                encodings[name], codecs[name] = "DELTA_BINARY_PACKED", "none"
        return parquet.ParquetWriter(
            self._path, self._schema, use_dictionary=coded, column_encoding=encodings,
            compression=codecs, write_statistics=False, store_schema=False,
            data_page_size=_PAGE_BYTES, write_batch_size=_BATCH_ROWS,
        )  # fmt: skip

    def close(self) -> None:
        """Finish; closing twice does nothing."""
        if self._parquet is None and self._csv is None:
            self._parquet = self._opened(self._schema.empty_table())
        self.abandon()

    def abandon(self) -> None:
        """Close; what was written goes with the folder."""
        if self._parquet is not None:
            self._parquet.close()
        if self._csv is not None:
            self._csv.close()


class LinesWriter:
    """A file of lines, such as one JSON document each."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("wb")

    def add(self, line: bytes) -> None:
        """One more line."""
        self._file.write(line + b"\n")

    def close(self) -> None:
        """Close; closing twice does nothing."""
        self._file.close()

    def abandon(self) -> None:
        """Close; what was written goes with the folder."""
        self._file.close()


def _refuse_suffix(place: Path) -> None:
    if place.suffix.lower() not in SUFFIXES:
        raise UnableToWrite(
            Text(f"结果文件应为 .csv 或 .parquet: {place}", f"not .csv or .parquet: {place}"),
            Text("请更改文件名后缀", "name it with one of these suffixes"),
        )


def _is_dense(column: pa.ChunkedArray) -> bool:
    """Whether values differ, and more than one in eight is not zero."""
    is_day = pa.types.is_date32(column.type)
    values = column.cast(pa.int32() if is_day else pa.int64()).to_numpy()
    return bool(np.count_nonzero(values) * 8 > len(column) and np.any(values != values[0]))


def _csv_frame(table: pa.Table) -> pl.DataFrame:
    """A piece as CSV has it: texts as texts."""
    frame = pl.DataFrame(pl.from_arrow(table))
    return frame.with_columns(pl.col(pl.Categorical).cast(pl.String))


def unwritable(place: Path, error: OSError) -> UnableToWrite:
    """That the system refused to write to a place, in its own words."""
    why = system_reason(error)
    return UnableToWrite(
        Text(
            f"无法写入 {place}: {why.zh}；未写入任何结果",
            f"cannot write {place}: {why.en}; nothing was written",
        ),
        Text("请检查磁盘空间与权限", "look at the disk's space and the permissions"),
    )
