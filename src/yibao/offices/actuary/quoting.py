"""Quoting (试算): a bill file settled under an area's law, explained, and told as data.

A quote is a whole history replayed: one bill or a member's year. Its data carry the law's hash, the
engine's version and which overlays were on, so that anybody can ask for the same again
(:mod:`yibao.offices.actuary.recomputing`).

Holds: the same bill under the same law and engine gives the same data, byte for byte.

Refuses: to store anything, and to choose a policy that nobody named.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from yibao.base.errors import YibaoError
from yibao.base.texts import Text
from yibao.engines.benefits.catalogue import Catalogue
from yibao.engines.benefits.explain.data import explanation
from yibao.engines.benefits.explain.encoded import to_json
from yibao.engines.benefits.explain.shapes import Explanation
from yibao.engines.benefits.explain.vocabulary import Vocabulary
from yibao.engines.benefits.history import Entry, Replayed, Resettlement, replay
from yibao.engines.benefits.rows import Law
from yibao.engines.benefits.split import BillLine
from yibao.engines.benefits.version import ENGINE_VERSION
from yibao.engines.policy.area import AreaPolicy
from yibao.engines.policy.unable import UnableToDetermine
from yibao.offices.actuary.bills import MemberHistory, history_of
from yibao.offices.actuary.policies import area_from_folder, open_area
from yibao.storage.files.bills import WrittenBill, read_bill
from yibao.storage.files.catalogues import read_catalogue
from yibao.storage.files.shipped import policies_root

FORMAT = "yibao-quote/1"


class UnableToQuote(YibaoError):
    """What was asked for cannot be quoted: no policy named, no such event, not a stored quote."""


@dataclass(frozen=True, slots=True)
class Terms:
    """Under which law to quote: ``policy`` is an area code or a folder; empty: as the bill says."""

    policy: str = ""
    with_examples: bool = False
    reforms: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Quote:
    """A bill file settled: the law it was settled under, the history, and the answers."""

    terms: Terms
    law: Law
    history: MemberHistory
    replayed: Replayed
    words: Vocabulary = field(default_factory=Vocabulary)

    @property
    def entries(self) -> tuple[Entry, ...]:
        """Every row of the history, in order of entry."""
        return self.replayed.entries

    def explained(self, entry: Entry) -> Explanation:
        """The explanation of one row."""
        return explanation(entry.determination, self.words)

    def asked(self, event: int | None) -> list[Entry]:
        """The rows of an event; without one, those of the last event that settled something.

        Raises:
            UnableToQuote: if the event settled nothing, or there is nothing at all.
        """
        events = list(dict.fromkeys(entry.event for entry in self.entries))
        if not events or (event is not None and event not in events):
            shown = ", ".join(map(str, events)) or "—"
            raise UnableToQuote(
                Text(f"第 {event} 个事件没有结算结果", f"event {event} settled nothing"),
                Text(f"有结算结果的事件: {shown}", f"events that settled something: {shown}"),
            )
        chosen = events[-1] if event is None else event
        return self.replayed.of_event(chosen)


def quote(path: Path, terms: Terms) -> Quote:
    """Settle a bill file.

    Raises:
        FaultsFound: faults of the bill, the policy or the catalogue, each at its place.
        UnableToDetermine: when the law gives no answer.
        UnableToSplit: when a line cannot be split.
        HistoryInvalid: when an event cannot happen.
        UnableToQuote: when neither the bill nor the caller names a policy.
    """
    bill = read_bill(path)
    law, used = open_law(bill, path, terms=terms)
    history = history_of(bill, law.area)
    try:
        replayed = replay(law, history.member, events=history.events, opening=history.opening)
    except UnableToDetermine as unable:
        unable.name_fact(law.area.facts)
        raise
    items = _items(law.catalogue, replayed)
    return Quote(used, law, history, replayed, Vocabulary.of(law.area, items=items))


def open_law(bill: WrittenBill, path: Path, *, terms: Terms) -> tuple[Law, Terms]:
    """The law that a bill is settled under, and the terms with the policy as it was found."""
    named = terms.policy or bill.document.policy or ""
    if not named:
        raise UnableToQuote(
            Text(f"{path} 没有指明政策", f"{path} names no policy"),
            Text(
                "请用 --policy 指定统筹区代码或政策目录，或在结算单中写 policy",
                "name an area code or a folder with --policy, or write `policy` in the bill",
            ),
        )
    folder = Path(named) if terms.policy else path.parent / named
    if folder.is_dir():
        area = area_from_folder(folder, with_examples=terms.with_examples, reforms=terms.reforms)
    else:
        folder = policies_root() / named
        if not folder.is_dir():
            raise _no_policy(named)
        area = open_area(named, with_examples=terms.with_examples, reforms=terms.reforms)
    catalogue = _catalogue(folder, area, with_examples=terms.with_examples)
    return Law(area, catalogue), Terms(named, terms.with_examples, terms.reforms)


def _no_policy(named: str) -> UnableToQuote:
    root = policies_root()
    shipped = ", ".join(sorted(place.name for place in root.iterdir() if place.is_dir()))
    return UnableToQuote(
        Text(f"没有政策“{named}”", f"there is no policy '{named}'"),
        Text(
            f"请写政策目录，或随程序安装的统筹区之一: {shipped}",
            f"name a folder of policies, or one of the shipped areas: {shipped}",
        ),
    )


def _catalogue(folder: Path, area: AreaPolicy, *, with_examples: bool) -> Catalogue:
    place = folder / "catalogue"
    if not place.is_dir():
        return Catalogue()
    return read_catalogue(place, facts=area.facts, with_examples=with_examples)


def _items(catalogue: Catalogue, replayed: Replayed) -> dict[str, Text]:
    """What a bill's lines are called: the catalogue's name of their item."""
    labels = {code: rows[0].label for (code, _), rows in catalogue.rows.items() if rows}
    return {
        line.line_id: labels[line.item_code]
        for entry in replayed.entries
        for line in entry.bill.lines
        if isinstance(line, BillLine) and line.item_code in labels
    }


def as_data(quoted: Quote, entries: Sequence[Entry] | None = None) -> dict[str, Any]:
    """A quote as data (docs/bill-format.md), whole, or for some of its rows."""
    chosen = quoted.entries if entries is None else entries
    title, terms = quoted.history.title, quoted.terms
    return {
        "format": FORMAT,
        "engine_version": ENGINE_VERSION,
        "bill": quoted.history.name,
        "title": {"zh": title.zh, "en": title.en},
        "source": quoted.history.source,
        "policy": terms.policy,
        "with_examples": terms.with_examples,
        "reforms": list(terms.reforms),
        "member_id": quoted.history.member.member_id,
        "entries": [
            {
                "event": entry.event,
                "claim_id": entry.claim_id,
                "revision": entry.revision,
                "status": entry.status,
                "stale_by": list(entry.stale_by),
                "explanation": json.loads(to_json(quoted.explained(entry))),
            }
            for entry in chosen
        ],
        "resettlements": [_resettled(one) for one in quoted.replayed.resettlements],
        "balances": [
            {"counter": key.counter, "keys": list(key.keys), "value": value}
            for key, value in sorted(quoted.replayed.balances.sums.items())
            if value
        ],
    }


def _resettled(one: Resettlement) -> dict[str, Any]:
    return {
        "event": one.event,
        "benefit_year": one.benefit_year,
        "differences": [
            {
                "claim_id": difference.claim_id,
                "before": difference.before.benefit_amount if difference.before else None,
                "after": difference.after.benefit_amount if difference.after else None,
                "benefit_amount": difference.benefit_amount,
            }
            for difference in one.differences
        ],
    }
