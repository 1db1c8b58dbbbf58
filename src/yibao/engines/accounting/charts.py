"""Compiling a chart of accounts: from trees of YAML to a :class:`~.chart.Chart`, or its faults.

An area's chart says which funds it has and takes everything else from its base (`use`): account
types, events, sources, and the funds' names. A fund that an area does not have takes its accounts
and its clearing pairs with it. All faults are collected; a chart with one is no chart.

Holds: a compiled chart has both ends of every pair; every event has accounts on both sides and the
roles that postings ask for; every account is sourced or marked as our own addition.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import TypeVar

from pydantic import ValidationError

from yibao.base.dates import Span
from yibao.base.findings import Fault, FaultsFound, Where
from yibao.base.rates import parse_rate
from yibao.base.texts import Text
from yibao.base.trees import Branch, Tree
from yibao.engines.accounting import complaints
from yibao.engines.accounting import documents as doc
from yibao.engines.accounting.accounts import accounts_of, facing_of, unused_types
from yibao.engines.accounting.chart import BudgetWarning, Chart, Fund, Payer
from yibao.engines.policy.documents import Written
from yibao.engines.policy.documents_area import SourceEntry, Sources
from yibao.engines.policy.faults import Faults, from_validation, without_echoes
from yibao.engines.policy.lending import kind_of

Document = TypeVar("Document", bound=Written)
Entry = TypeVar("Entry", bound=Written)


@dataclass(frozen=True, slots=True)
class CompiledChart:
    """A chart, and what is odd about it without being a fault."""

    chart: Chart
    warnings: tuple[Fault, ...] = ()


@dataclass(frozen=True, slots=True)
class Drafts:
    """Everything written for an area, its base's first."""

    chart: doc.ChartWritten
    base: doc.ChartWritten
    funds: Mapping[str, doc.FundWritten]
    account_types: Mapping[str, doc.AccountTypeWritten]
    events: Mapping[str, doc.EventWritten]
    sources: Mapping[str, SourceEntry]


def base_of(code: str, trees: Sequence[Tree]) -> str | None:
    """The area whose chart an area's chart takes from, None where it stands by itself."""
    charts = [tree for tree in trees if isinstance(tree, Branch) and kind_of(tree) == "chart"]
    used = [chart.get("use") for chart in charts]
    return next((use for use in used if isinstance(use, str) and use != code), None)


def compile_chart(
    code: str, books: Mapping[str, Sequence[Tree]], *, time_zones: Collection[str]
) -> CompiledChart:
    """The chart of an area; ``books`` has the trees of its accounts folder and of its base's.

    Raises:
        FaultsFound: with every fault that was found.
    """
    faults = Faults()
    base_code = base_of(code, books.get(code, ())) or code
    documents = {name: _documents(trees, faults) for name, trees in books.items()}
    chart = _chart_of(code, documents.get(code, []), faults)
    base = _chart_of(base_code, documents.get(base_code, []), faults)
    if chart is None or base is None:
        raise FaultsFound(faults.found)
    both = [*documents[base_code], *(documents[code] if code != base_code else [])]
    drafts = Drafts(
        chart=chart,
        base=base,
        funds=_funds_of(chart, base, faults),
        account_types=_merged(both, doc.AccountTypes, "account_types", faults),
        events=_merged(both, doc.Events, "events", faults),
        sources=_merged(both, Sources, "sources", faults),
    )
    compiled = _compiled(drafts, time_zones, faults)
    faults.raise_if_any()
    return compiled


def _documents(trees: Iterable[Tree], faults: Faults) -> list[Written]:
    found = []
    for tree in trees:
        kind = kind_of(tree) if isinstance(tree, Branch) else "–"
        model = doc.KINDS.get(kind)
        if model is None:
            where = getattr(tree, "where", Where("–"))
            faults.add(complaints.document_unknown(where, kind, known=doc.KINDS))
            continue
        try:
            found.append(model.model_validate(tree))
        except ValidationError as error:
            told = from_validation(error, tree, known_keys=doc.KNOWN_KEYS)
            faults.extend(without_echoes(error, told))
    return found


def _chart_of(code: str, documents: Sequence[Written], faults: Faults) -> doc.ChartWritten | None:
    charts = [document for document in documents if isinstance(document, doc.ChartWritten)]
    for chart in charts[1:]:
        where = chart.where_of("chart")
        faults.add(complaints.name_twice(where, "chart", first=charts[0].where))
    if not charts:
        if not len(faults):
            faults.add(complaints.chart_missing(Where(f"{code}/accounts"), code))
        return None
    if charts[0].chart != code:
        where = charts[0].where_of("chart")
        faults.add(complaints.area_mismatch(where, charts[0].chart, code=code))
    return charts[0]


def _merged(
    documents: Sequence[Written], model: type[Document], name: str, faults: Faults
) -> dict[str, Entry]:
    """The entries of all documents of a kind; one name twice is a fault."""
    found: dict[str, Entry] = {}
    for document in documents:
        if isinstance(document, model):
            for key, entry in getattr(document, name).items():
                if key in found:
                    faults.add(complaints.name_twice(entry.where, key, first=found[key].where))
                found.setdefault(key, entry)
    return found


def _funds_of(
    chart: doc.ChartWritten, base: doc.ChartWritten, faults: Faults
) -> dict[str, doc.FundWritten]:
    """The area's funds: what the area says of each, over what the base says."""
    found = {}
    for name, written in chart.funds.items():
        first = base.funds.get(name)
        if first is None:
            where = chart.where_of("funds")
            place = written.where if written.where.file else where
            faults.add(complaints.fund_unknown(place, name, known=base.funds))
            continue
        said = {key: getattr(written, key) for key in written.model_fields_set}
        fund = first.model_copy(update=said)
        if not (fund.zh and fund.en and fund.start):
            faults.add(complaints.fund_unnamed(written.where, name))
            continue
        if fund.until is not None and fund.until <= fund.start:
            faults.add(complaints.span_empty(written.where, name))
        found[name] = fund
    return found


def _compiled(drafts: Drafts, time_zones: Collection[str], faults: Faults) -> CompiledChart:
    funds = _funds(drafts, faults)
    groups = {
        name: Text(label.zh, label.en)
        for name, label in {**drafts.base.groups, **drafts.chart.groups}.items()
    }
    accounts = accounts_of(funds, drafts.account_types, groups=groups, faults=faults)
    facing = facing_of(drafts.events, drafts.account_types, funds=funds, faults=faults)
    _check_sources(drafts, faults)
    _check_funds(drafts, faults)
    zone = drafts.chart.time_zone or drafts.base.time_zone
    if zone not in time_zones:
        expected = Text("已知的时区", "a time zone that is known")
        place = drafts.chart.where_of("time_zone")
        faults.add(complaints.value_invalid(place, zone, expected=expected))
    personal = (one.fund for one in accounts.values() if one.guard == "personal")
    chart = Chart(
        area_code=drafts.chart.chart,
        label=Text(drafts.chart.name.zh, drafts.chart.name.en),
        time_zone=zone,
        funds=funds,
        accounts=accounts,
        facing=facing,
        payers=_payers(drafts, funds, faults),
        care_types=_care_types(drafts, faults),
        warnings=_warnings(drafts, faults),
        groups=groups,
        keeps_personal_accounts=next(personal, ""),
    )
    odd = unused_types(drafts.account_types, facing)
    return CompiledChart(_sealed(chart), tuple(odd))


def _funds(drafts: Drafts, faults: Faults) -> dict[str, Fund]:
    found = {}
    known = drafts.base.funds
    for name, written in drafts.funds.items():
        named = written.clears_with or ()
        for other in named:
            if other not in known:
                faults.add(complaints.fund_unknown(written.where, other, known=known))
            elif name not in ((drafts.funds.get(other) or known[other]).clears_with or ()):
                faults.add(complaints.clearing_not_mutual(written.where, name, other=other))
        assert written.start is not None  # noqa: S101 - held by _funds_of
        found[name] = Fund(
            name=name,
            label=Text(written.zh, written.en),
            span=Span(written.start, written.until),
            clears_with=tuple(other for other in named if other in drafts.funds),
            source=written.source,
        )
    return found


def _payers(drafts: Drafts, funds: Mapping[str, Fund], faults: Faults) -> dict[str, Payer]:
    """How each fund that a policy may name is booked; a fund is by default its own payer."""
    found = {name: Payer(name) for name in funds}
    for name, written in {**drafts.base.pays, **drafts.chart.pays}.items():
        for account_type in filter(None, (written.benefit, written.cash)):
            if account_type not in drafts.account_types:
                known = drafts.account_types
                fault = complaints.account_type_unknown(written.where, account_type, known=known)
                faults.add(fault)
        if written.fund not in drafts.base.funds:
            known_funds = drafts.base.funds
            faults.add(complaints.fund_unknown(written.where, written.fund, known=known_funds))
        elif written.fund in funds and name not in funds:
            found[name] = Payer(written.fund, benefit=written.benefit, cash=written.cash)
    return found


def _care_types(drafts: Drafts, faults: Faults) -> dict[str, str]:
    found = {}
    for written in (drafts.base, drafts.chart):
        for care_type, account_type in written.care_types.items():
            found[care_type] = account_type
            if account_type not in drafts.account_types:
                where = written.where_of("care_types")
                known = drafts.account_types
                faults.add(complaints.account_type_unknown(where, account_type, known=known))
    return found


def _warnings(drafts: Drafts, faults: Faults) -> tuple[BudgetWarning, ...]:
    found = []
    for written in drafts.chart.warnings or drafts.base.warnings:
        try:
            rate = parse_rate(written.at)
        except ValueError:
            expected = Text('百分比，如 "80%"', 'a share like "80%"')
            place = written.where_of("at")
            faults.add(complaints.value_invalid(place, written.at, expected=expected))
            continue
        found.append(BudgetWarning(rate, Text(written.label.zh, written.label.en)))
    return tuple(sorted(found, key=lambda warning: warning.at_rate))


def _check_sources(drafts: Drafts, faults: Faults) -> None:
    cited: list[Written] = [*drafts.funds.values(), *drafts.account_types.values()]
    cited += [*drafts.events.values(), *drafts.base.pays.values(), *drafts.chart.pays.values()]
    for written in cited:
        source = getattr(written, "source", "")
        if source and source not in drafts.sources:
            where = written.where_of("source")
            faults.add(complaints.source_unknown(where, source, known=drafts.sources))


def _check_funds(drafts: Drafts, faults: Faults) -> None:
    for written in drafts.account_types.values():
        for name in written.funds if written.funds != "all" else ():
            if name not in drafts.base.funds:
                where = written.where_of("funds")
                faults.add(complaints.fund_unknown(where, name, known=drafts.base.funds))


def _sealed(chart: Chart) -> Chart:
    """The chart with the digest of its content."""
    content = json.dumps(asdict(chart), sort_keys=True, default=_plain, ensure_ascii=False)
    return replace(chart, digest=hashlib.sha256(content.encode()).hexdigest())


def _plain(value: object) -> object:
    return sorted(value) if isinstance(value, frozenset) else str(value)
