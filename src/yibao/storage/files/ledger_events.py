"""Files of business events (业务事件文件): CSV or JSON lines into events, for the books to post.

docs/ledger-files.md is the prose. In CSV a row is an event, or a part of one: rows that follow each
other under one client id are one event, whose own fields stand alike in each. In JSON lines an
event is an object, its parts a list of objects.

Holds: every event knows its file and line; an amount is read from the digits that were written.

Refuses: a field that the kind does not have, rather than passing it over; two events of one client
id; to read half a file: all faults are collected and raised together.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import astuple, dataclass, field, fields
from itertools import groupby
from pathlib import Path
from typing import Any

import msgspec

from yibao.base.findings import Fault, FaultsFound, Where
from yibao.base.money import format_yuan
from yibao.base.system import system_reason
from yibao.base.texts import Text
from yibao.engines.accounting.events import Event
from yibao.storage.files.ledger_cells import Cells, value_missing
from yibao.storage.files.ledger_shapes import (
    COMMON,
    HOLDERS,
    SHAPES,
    SIGNED,
    Shape,
    all_fields,
    is_amount,
)
from yibao.storage.files.tables import encoding_fault, read_table
from yibao.storage.files.yaml_faults import unreadable

Plain = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class FiledEvent:
    """An event and the line it stands in."""

    where: Where
    event: Event


@dataclass(frozen=True, slots=True)
class _Written:
    """An event as it is written: own fields, then parts with their places."""

    where: Where
    fields: Plain
    parts: list[tuple[Where, Plain]] = field(default_factory=list)


def read_events(path: Path) -> list[FiledEvent]:
    """Every event of a ``.csv`` file, or of a file of JSON lines by any other name.

    Raises:
        FaultsFound: with every fault, each at its file and line.
    """
    faults: list[Fault] = []
    is_table = path.suffix.lower() == ".csv"
    written = list(_of_table(path, faults) if is_table else _of_lines(path, faults))
    faults += _repeated(written)
    reading = _Reading()
    found = [reading.event(one) for one in written]
    faults += reading.cells.faults
    if not written and not faults:
        faults.append(_nothing(str(path)))
    if faults:
        raise FaultsFound(faults)
    return [
        FiledEvent(one.where, event) for one, event in zip(written, found, strict=True) if event
    ]


def write_events(events: Iterable[Event], path: Path) -> int:
    """Write events as JSON lines, which :func:`read_events` reads back; how many."""
    count = 0
    beside = path.with_name(f".{path.name}.part")
    with beside.open("wb") as file:
        for count, event in enumerate(events, start=1):  # noqa: B007 - the last is the count
            file.write(msgspec.json.encode(_as_written(event)) + b"\n")
    beside.replace(path)
    return count


def _as_written(event: Event) -> dict[str, object]:
    shape = SHAPES[event.kind]
    given: dict[str, object] = {"kind": event.kind}
    for each in fields(event):
        value = getattr(event, each.name)
        if each.name == shape.parts:
            given[each.name] = [_part_as_written(shape, part) for part in value]
        elif each.name in _BANKS:
            given |= dict(zip(_BANKS[each.name], value, strict=True))
        elif value not in (None, ""):
            given[each.name] = format_yuan(value) if is_amount(each.name) else value
    return given


def _part_as_written(shape: Shape, part: object) -> dict[str, object]:
    values = part if isinstance(part, tuple) else astuple(part)  # type: ignore[call-overload]
    named = zip(shape.part_fields, values, strict=False)
    return {
        name: format_yuan(value) if is_amount(name) else value
        for name, value in named
        if value != ""
    }


_BANKS = {
    "source_account": ("from_type", "from_bank_id"),
    "target_account": ("to_type", "to_bank_id"),
}


# ---- the two forms of a file


def _of_table(path: Path, faults: list[Fault]) -> Iterator[_Written]:
    columns, rows = read_table(path, required=COMMON)
    known = all_fields()
    header = Where(str(path), 1)
    faults += [_column_unknown(header, name, known) for name in columns if name not in known]
    for _, group in groupby(rows, key=lambda row: row.fields["client_id"]):
        together = list(group)
        first = together[0]
        shape = SHAPES.get(first.fields["kind"])
        filled = {name: text for name, text in first.fields.items() if text and name in known}
        if shape is None or not shape.parts:
            for row in together:
                own = {name: text for name, text in row.fields.items() if text and name in known}
                yield _Written(row.where, own)
            continue
        parts: list[tuple[Where, Plain]] = []
        for row in together:
            faults += _differences(row.where, row.fields, first.fields, shape)
            part = {name: row.fields.get(name, "") for name in _of_part(shape)}
            if any(part.values()):
                parts.append((row.where, {name: text for name, text in part.items() if text}))
        own = {name: text for name, text in filled.items() if name not in _of_part(shape)}
        yield _Written(first.where, own, parts)


def _of_part(shape: Shape) -> tuple[str, ...]:
    """Columns of a row that belong to a part; a field of the event itself is never one."""
    return tuple(name for name in shape.part_fields if name not in shape.fields)


def _differences(where: Where, row: Plain, first: Plain, shape: Shape) -> Iterator[Fault]:
    for name in shape.fields:
        if row.get(name, "") != first.get(name, ""):
            yield Fault(
                "event_rows_differ",
                where,
                Text(
                    f"同一编号 {row['client_id']} 的各行 {name} 不一致",
                    f"the rows of {row['client_id']} say different things of {name}",
                ),
                Text("同一事件的各行除明细外应相同", "rows of one event differ in its parts only"),
            )


def _of_lines(path: Path, faults: list[Fault]) -> Iterator[_Written]:
    name = str(path)
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise FaultsFound([encoding_fault(name, error)]) from None
    except OSError as error:
        raise FaultsFound([unreadable(Where(name), system_reason(error))]) from None
    decoder = msgspec.json.Decoder(float_hook=str)
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip():
            continue
        where = Where(name, number)
        try:
            value = decoder.decode(line)
        except msgspec.DecodeError as error:
            faults.append(_not_json(where, str(error)))
            continue
        if not isinstance(value, dict):
            faults.append(_not_json(where, type(value).__name__))
            continue
        yield _of_object(where, value, faults)


def _of_object(where: Where, value: dict[str, Any], faults: list[Fault]) -> _Written:
    shape = SHAPES.get(str(value.get("kind", "")))
    parts = value.pop(shape.parts, []) if shape and shape.parts else []
    if not isinstance(parts, list) or not all(isinstance(one, dict) for one in parts):
        faults.append(_not_json(where, shape.parts if shape else ""))
        parts = []
    plain = [(where, _plain(where, one, faults)) for one in parts]
    return _Written(where, _plain(where, value, faults), plain)


def _plain(where: Where, value: dict[str, Any], faults: list[Fault]) -> Plain:
    """Fields as text, those that are empty left out."""
    found = {}
    for name, said in value.items():
        if isinstance(said, bool | list | dict):
            faults.append(_not_json(where, name))
        elif said is not None and str(said).strip():
            found[name] = str(said).strip()
    return found


# ---- from what is written to an event


class _Reading:
    """Types what is written, by the table of shapes."""

    def __init__(self) -> None:
        self.cells = Cells()

    def event(self, written: _Written) -> Event | None:
        before = len(self.cells.faults)
        kind = written.fields.get("kind", "")
        shape = SHAPES.get(kind)
        if shape is None:
            self.cells.faults.append(_kind_unknown(written.where, kind))
            return None
        fields = self._fields(written.where, written.fields, (shape.fields, COMMON + shape.needed))
        parts = [
            self._fields(where, part, (shape.part_fields, shape.of_part), kind=kind)
            for where, part in written.parts
        ]
        if shape.parts and shape.needs_parts and not parts:
            self.cells.faults.append(value_missing(written.where, shape.parts))
        if len(self.cells.faults) > before:
            return None
        return _made(shape, fields, parts)

    def _fields(
        self,
        where: Where,
        written: Plain,
        names: tuple[Sequence[str], Sequence[str]],
        *,
        kind: str = "",
    ) -> dict[str, Any]:
        known, needed = names
        for name in needed:
            if name not in written:
                self.cells.faults.append(value_missing(where, name))
        found: dict[str, Any] = {}
        for name, text in written.items():
            if name not in known:
                shown = written.get("kind", kind)
                self.cells.faults.append(_field_unexpected(where, name, shown, known))
            else:
                found[name] = self._value(where, name, text, signed=kind == SIGNED)
        return found

    def _value(self, where: Where, name: str, text: str, *, signed: bool) -> object:
        if is_amount(name):
            return self.cells.amount(where, name, text=text, signed=signed)
        if name == "business_date":
            return self.cells.day(where, name, text=text)
        if name == "reservation":
            return self.cells.number(where, name, text=text)
        if name == "holder" and text not in HOLDERS:
            self.cells.faults.append(_holder_unknown(where, text))
        return text


def _made(shape: Shape, fields: dict[str, Any], parts: list[dict[str, Any]]) -> Event:
    given = {name: value for name, value in fields.items() if name != "kind"}
    for name, (account_type, bank_id) in _BANKS.items():
        if account_type in given:
            given[name] = (given.pop(account_type), given.pop(bank_id))
    if shape.parts:
        made = shape.part
        given[shape.parts] = tuple(
            made(**part) if made else tuple(part[name] for name in shape.of_part) for part in parts
        )
    return shape.event(**given)


# ---- faults


def _repeated(written: Sequence[_Written]) -> Iterator[Fault]:
    first: dict[str, Where] = {}
    for one in written:
        client_id = one.fields.get("client_id", "")
        if client_id in first:
            yield Fault(
                "client_id_twice",
                one.where,
                Text(
                    f"编号 {client_id} 的事件出现两次",
                    f"two events of the file have the client id {client_id}",
                ),
                Text("每个事件用自己的编号", "give each event an id of its own"),
                also=(first[client_id],),
            )
        elif client_id:
            first[client_id] = one.where


def _near(name: str, known: Sequence[str]) -> Text:
    near = ", ".join(difflib.get_close_matches(name, list(known), n=2))
    if near:
        return Text(f"是否应为 {near}？", f"did you mean {near}?")
    return Text(
        "各类事件的栏目见 docs/ledger-files.md", "docs/ledger-files.md has what each may say"
    )


def _kind_unknown(where: Where, kind: str) -> Fault:
    return Fault(
        "event_unknown",
        where,
        Text(f"没有业务事件“{kind}”", f"there is no event of the kind '{kind}'"),
        _near(kind, list(SHAPES)),
    )


def _field_unexpected(where: Where, name: str, kind: str, known: Sequence[str]) -> Fault:
    return Fault(
        "field_unexpected",
        where,
        Text(f"事件 {kind} 没有栏目 {name}", f"an event of kind {kind} has no field {name}"),
        _near(name, known),
    )


def _column_unknown(where: Where, name: str, known: Sequence[str]) -> Fault:
    return Fault(
        "column_unknown",
        where,
        Text(f"没有任何事件有列 {name}", f"no event has a column {name}"),
        _near(name, known),
    )


def _holder_unknown(where: Where, text: str) -> Fault:
    shown = ", ".join(HOLDERS)
    return Fault(
        "value_unknown",
        where,
        Text(f"holder 不能为“{text}”", f"holder cannot be '{text}'"),
        Text(f"应为 {shown} 之一", f"one of {shown}"),
    )


def _not_json(where: Where, why: str) -> Fault:
    return Fault(
        "json_invalid",
        where,
        Text(f"此行不是一个事件对象: {why}", f"the line is no object of an event: {why}"),
        Text(
            '每行一个对象，如 {"kind": "contribution", …}',
            'one object a line, like {"kind": "contribution", …}',
        ),
    )


def _nothing(name: str) -> Fault:
    return Fault(
        "file_empty",
        Where(name),
        Text("文件中没有事件", "the file holds no event"),
        Text("请检查文件是否完整", "see that the file is whole"),
    )
