"""From the documents of an area to its compiled law, or to the whole list of faults.

The way is straight: take what other areas lend by ``use``, apply the overlays that are on, read the
documents, compile words, then plans and entitlements, then prove what only the whole can show.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, TypeVar

from pydantic import ValidationError

from yibao.base.dates import Span
from yibao.base.findings import Fault, Where
from yibao.base.texts import Text
from yibao.base.trees import Branch, Tree
from yibao.engines.policy import documents as doc
from yibao.engines.policy import documents_area as area_doc
from yibao.engines.policy import law
from yibao.engines.policy.area import (
    AreaPolicy,
    OverlayNote,
    Product,
    QuestionText,
    SourceText,
    Verified,
)
from yibao.engines.policy.faults import Faults, from_validation, known_name
from yibao.engines.policy.figures import Shelf
from yibao.engines.policy.lending import Books, lend, lend_words
from yibao.engines.policy.overlays import apply_overlays
from yibao.engines.policy.plans import Desk, compile_entitlement, compile_plan
from yibao.engines.policy.vocabulary import Vocabulary, define_fact
from yibao.engines.policy.wholes import prove_whole

_Document = TypeVar("_Document", bound=doc.Written)
_KNOWN_KEYS = sorted({
    str(field.alias or name)
    for module in (doc, area_doc)
    for model in vars(module).values()
    if isinstance(model, type) and issubclass(model, doc.Written)
    for name, field in model.model_fields.items()
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Options:
    """Which overlays are on besides the law's, and whether only parts are wanted."""

    with_examples: bool = False
    reforms: tuple[str, ...] = ()


class _Documents:
    """The parsed documents of one area, by kind."""

    def __init__(self, trees: Sequence[Tree], faults: Faults) -> None:
        self.faults = faults
        self.trees = trees

    def all(self, model: type[_Document], *keys: str) -> list[_Document]:
        """Every document that has one of the keys, read as a model."""
        found = []
        for tree in self.trees:
            if isinstance(tree, Branch) and kind_of(tree) in keys:
                read = read_document(tree, model, faults=self.faults)
                if read is not None:
                    found.append(read)
        return found


def kind_of(tree: Branch) -> str:
    """A document's kind: its first key; a lone ``use`` is what the file's name says."""
    stem = tree.where.file.rpartition("/")[2].partition(".")[0]
    return str(next((key for key in tree if key != "use"), stem))


def read_document(tree: Tree, model: type[_Document], *, faults: Faults) -> _Document | None:
    """One document, or its faults and None."""
    try:
        return model.model_validate(tree)
    except ValidationError as error:
        faults.extend(from_validation(error, tree, known_keys=_KNOWN_KEYS))
        return None


def _check_kinds(trees: Sequence[Tree], faults: Faults) -> None:
    for tree in trees:
        key = kind_of(tree) if isinstance(tree, Branch) else ""
        if key in area_doc.DOCUMENT_KEYS:
            continue
        where = tree.where if isinstance(tree, Branch) else getattr(tree, "where", Where("?"))
        faults.add(
            Fault(
                "document_unknown", where,
                Text(f"文件首个键“{key}”不表示任何文档类型", f"the first key '{key}' is no kind of document"),
                known_name(str(key), area_doc.DOCUMENT_KEYS),
            )
        )  # fmt: skip


def compile_area(books: Books, code: str, *, options: Options = Options()) -> AreaPolicy:  # noqa: B008
    """Compile the law of an area from the trees of its folder and of those it takes from.

    Raises:
        FaultsFound: with every fault of every file, when there is one.
    """
    faults = Faults()
    own = lend(books, code, faults=faults)
    _check_kinds(own, faults)
    faults.raise_if_any()
    overlays = _Documents(own, faults).all(area_doc.Overlay, "overlay")
    active = _active(overlays, options, faults)
    documents = _Documents(apply_overlays(own, active, faults=faults), faults)
    words, label = _words(books, code, documents, faults)
    desk = _desk(books, code, documents, words=words)
    faults.raise_if_any()
    plans = [v for plan in documents.all(doc.Plan, "plan") for v in compile_plan(plan, desk)]
    entitlements = [
        v for e in documents.all(doc.Entitlement, "entitlement") for v in compile_entitlement(e, desk)
    ]
    area = _area(documents, faults)
    on = {overlay.overlay for overlay in active}
    policy = AreaPolicy(
        code=code,
        label=label,
        facts=words.facts,
        sets={name: entry.values for name, entry in words.sets.items()},
        counters=desk.counters,
        plans=tuple(sorted(plans, key=lambda v: (v.plan_id, v.span.start))),
        entitlements=tuple(sorted(entitlements, key=lambda v: (v.entitlement_id, v.span.start))),
        products=_products(area, words),
        funds={name: Text(entry.zh, entry.en) for name, entry in area.funds.items()} if area else {},
        overlays=tuple(_note(overlay, overlay.overlay in on) for overlay in overlays),
        verified=_verified(documents),
        verified_until=area.verified_until if area else None,
        **_titles(books, code, faults),
    )
    faults.raise_if_any()
    prove_whole(policy, faults=faults)
    faults.raise_if_any()
    return policy


def _active(
    overlays: Sequence[area_doc.Overlay], options: Options, faults: Faults
) -> list[area_doc.Overlay]:
    """Law overlays always, examples and reforms as asked; an unknown reform is a fault."""
    reforms = {overlay.overlay: overlay for overlay in overlays if overlay.kind == "reform"}
    for name in options.reforms:
        if name not in reforms:
            faults.add(
                Fault(
                    "reform_unknown", Where("--reform"),
                    Text(f"没有名为“{name}”的改革方案", f"there is no reform named '{name}'"),
                    known_name(name, reforms),
                )
            )  # fmt: skip
    order = {"law": 0, "examples": 1, "reform": 2}
    wanted = [
        overlay
        for overlay in overlays
        if overlay.kind == "law"
        or (overlay.kind == "examples" and options.with_examples)
        or overlay.overlay in options.reforms
    ]
    return sorted(wanted, key=lambda overlay: (order[overlay.kind], overlay.overlay))


def _note(overlay: area_doc.Overlay, is_on: bool) -> OverlayNote:  # noqa: FBT001
    return OverlayNote(
        overlay.overlay, overlay.kind, Text(overlay.name.zh, overlay.name.en), is_on, overlay.where,
        tuple(change.at for change in overlay.changes),
    )  # fmt: skip


def _area(documents: _Documents, faults: Faults) -> area_doc.Area | None:
    found = documents.all(area_doc.Area, "area")
    if len(found) > 1:
        faults.add(
            Fault(
                "area_twice", found[1].where,
                Text("area 文档只能有一份", "there may be only one area document"),
                Text("请合并", "merge them"), (found[0].where,),
            )
        )  # fmt: skip
    return found[0] if found else None


def _words(
    books: Books, code: str, documents: _Documents, faults: Faults
) -> tuple[Vocabulary, Text]:
    """Facts and sets, own and taken; and the area's name."""
    facts: dict[str, law.FactDefinition] = {}
    sets: dict[str, area_doc.FactSet] = {}
    own = documents.all(area_doc.Facts, "facts", "sets")
    taken = [
        read
        for tree in lend_words(books, code, "facts")
        if (read := read_document(tree, area_doc.Facts, faults=faults)) is not None
    ]
    for document in (*taken, *own):
        for name, fact in document.facts.items():
            _once(name, facts, fact.where, faults)
            facts[name] = define_fact(name, fact, faults=faults)
        for name, entry in document.sets.items():
            _once(name, sets, entry.where, faults)
            sets[name] = entry
    words = Vocabulary(facts, sets, faults=faults)
    for name, entry in sets.items():
        if name in {value for fact in facts.values() for value, _ in fact.values}:
            _once(name, {name: entry}, entry.where, faults)
        words.condition({entry.fact: entry.values}, entry.where)
    area = _area(documents, faults)
    return words, Text(area.name.zh, area.name.en) if area else Text(code, code)


def _once(name: str, known: Mapping[str, Any], where: Where, faults: Faults) -> None:
    if name in known:
        faults.add(
            Fault(
                "name_twice", where,
                Text(f"名称“{name}”重复声明", f"the name '{name}' is declared twice"),
                Text("请改名，或只保留一处", "rename one, or keep only one"),
            )
        )  # fmt: skip


def _desk(books: Books, code: str, documents: _Documents, *, words: Vocabulary) -> Desk:
    faults = documents.faults
    counters: dict[str, law.Counter] = {}
    taken = [
        read
        for tree in lend_words(books, code, "counters")
        if (read := read_document(tree, area_doc.Counters, faults=faults)) is not None
    ]
    for document in (*taken, *documents.all(area_doc.Counters, "counters")):
        for name, written in document.counters.items():
            _once(name, counters, written.where, faults)
            counters[name] = _counter(name, written, words)
    numbers: dict[str, area_doc.NamedNumber] = {}
    indices: dict[str, area_doc.IndexSeries] = {}
    for shelf in documents.all(area_doc.Numbers, "numbers", "indices"):
        numbers |= shelf.numbers
        indices |= shelf.indices
    titles = _titles(books, code, faults)
    area = _area(documents, faults)
    shelf_ = Shelf(
        numbers, indices, frozenset(titles["sources"]), frozenset(titles["questions"]),
        lambda use: _lent_number(books, use, faults),
    )  # fmt: skip
    horizon = (area.verified_until if area else None) or date(2000, 1, 1)
    return Desk(code, words, counters, shelf_, horizon, faults)


def _lent_number(books: Books, use: str, faults: Faults) -> area_doc.NamedNumber | None:
    code, _, name = use.partition("/")
    for tree in books.get(code, ()):
        if isinstance(tree, Branch) and name in tree.get("numbers", {}):
            read = read_document(tree, area_doc.Numbers, faults=faults)
            return read.numbers.get(name) if read else None
    return None


def _counter(name: str, written: doc.Counter, words: Vocabulary) -> law.Counter:
    """A counter's keys: holder, period, facts."""
    where = written.where
    holder, *rest = written.per
    periods = [key for key in rest if key in doc.PERIODS]
    facts = [key for key in rest if key not in doc.PERIODS]
    period: Any = "_".join(periods)
    if holder not in ("member", "family") or period not in (*doc.PERIODS, "encounter_benefit_year"):
        words.faults.add(
            Fault(
                "counter_keys", where,
                Text(f"累计“{name}”的 per 写法不对", f"the keys of the counter '{name}' are not right"),
                Text("先写 member 或 family，再写一个期间，然后是事实",
                     f"write member or family, then one period ({', '.join(doc.PERIODS)}), then facts"),
            )
        )  # fmt: skip
        holder, period = "member", "benefit_year"
    for fact in facts:
        words.condition({fact: ()}, where)
    if (written.adds == "claim_count") != (written.once_per is not None):
        words.faults.add(
            Fault(
                "counter_once", where,
                Text("claim_count 须写 once_per: encounter，其他累计不写", "claim_count says `once_per: encounter`, others do not"),
                Text("请补充或删除 once_per", "add or remove `once_per`"),
            )
        )  # fmt: skip
    return law.Counter(
        name, Text(written.zh or name, written.en or name), written.adds, holder, period,  # type: ignore[arg-type]
        tuple(facts), written.once_per is not None, frozenset(written.counts), written.restart_on,
        written.opens_from,
    )  # fmt: skip


def _products(area: area_doc.Area | None, words: Vocabulary) -> tuple[Product, ...]:
    if area is None:
        return ()
    return tuple(
        Product(
            entry.name,
            words.condition(entry.when, entry.where),
            Span(entry.start or date.min, entry.until),
            entry.where,
        )
        for entry in area.products
    )


def _titles(books: Books, code: str, faults: Faults) -> dict[str, Any]:
    """Sources and questions of the area and of every area it takes from."""
    sources: dict[str, SourceText] = {}
    questions: dict[str, QuestionText] = {}
    for area, trees in sorted(books.items(), key=lambda item: item[0] == code):
        del area
        for document in _Documents(trees, faults).all(area_doc.Sources, "sources", "questions"):
            for name, entry in document.sources.items():
                parts = entry.model_dump()
                sources[name] = SourceText(name, **parts)
            for name, question in document.questions.items():
                reading = Text(question.reading.zh, question.reading.en)
                questions[name] = QuestionText(name, Text(question.zh, question.en), reading)
    return {"sources": sources, "questions": questions}


def _verified(documents: _Documents) -> tuple[Verified, ...]:
    return tuple(
        Verified(
            entry.product,
            Span(entry.start, entry.until),
            Text(entry.sourced.zh, entry.sourced.en),
            Text(entry.examples.zh, entry.examples.en) if entry.examples else None,
            entry.checked_on,
        )
        for register in documents.all(area_doc.Register, "register")
        for entry in register.register_
    )
