"""From a file of events to entries (业务事件入账): each with its line, all faults at once.

The chart says in which accounts an event stands, the engine what an entry must be; what either
refuses is told here at the line of the file, so that a clerk mends the file and not an entry.

Refuses: to go on with some of a file's events where others are at fault.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from yibao.base.findings import Fault, FaultsFound, Where
from yibao.engines.accounting.chart import Chart, UnableToBook
from yibao.engines.accounting.checking import refusals
from yibao.engines.accounting.entry import Entry
from yibao.engines.accounting.postings import entry_of
from yibao.engines.accounting.refusals import Refusal
from yibao.storage.files.ledger_events import FiledEvent, read_events


@dataclass(frozen=True, slots=True)
class FiledEntries:
    """The entries of a file in its order, and the line of each by its client id."""

    entries: tuple[Entry, ...]
    places: Mapping[str, Where]


def filed_entries(path: Path, chart: Chart) -> FiledEntries:
    """The entries that a file of events becomes.

    Raises:
        FaultsFound: with every fault of the file, of its events and of their entries.
    """
    return entries_of(read_events(path), chart)


def entries_of(filed: Sequence[FiledEvent], chart: Chart) -> FiledEntries:
    """The entries that events become.

    Raises:
        FaultsFound: with what the chart or the engine refuses, each at its line.
    """
    faults: list[Fault] = []
    entries: list[Entry] = []
    for one in filed:
        try:
            entry = entry_of(one.event, chart)
        except UnableToBook as unable:
            faults.append(Fault(unable.code, one.where, unable.message, unable.remedy))
            continue
        entries.append(entry)
        faults += [refusal_fault(one.where, refusal) for refusal in refusals(entry, chart)]
    if faults:
        raise FaultsFound(faults)
    places = {one.event.client_id: one.where for one in filed}
    return FiledEntries(tuple(entries), places)


def refusal_fault(where: Where, refusal: Refusal) -> Fault:
    """A refusal as a fault of the line that the entry comes from."""
    return Fault(refusal.code, where, refusal.message, refusal.remedy)
