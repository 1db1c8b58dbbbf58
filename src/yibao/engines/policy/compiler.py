"""From the documents of an area to its compiled law, or to the whole list of faults.

The way is straight: put what other areas lend by ``use`` in its place, apply the overlays that are
on, read the documents, compile words, then plans and entitlements, then prove what only the whole
can show. Each of three stages (syntax, meaning, the whole) tells all its faults before the next
begins, so that one slip does not bring a hundred echoes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from yibao.base.dates import Span
from yibao.base.findings import Where
from yibao.base.texts import Text
from yibao.base.trees import Tree
from yibao.engines.policy import documents as doc
from yibao.engines.policy import documents_area as area_doc
from yibao.engines.policy import documents_plan as plan_doc
from yibao.engines.policy.area import AreaPolicy, OverlayNote, Product, Verified
from yibao.engines.policy.complaints import area as complaints
from yibao.engines.policy.complaints.words import name_twice
from yibao.engines.policy.faults import Faults
from yibao.engines.policy.formulas import compile_entitlement
from yibao.engines.policy.lending import Books, Lender
from yibao.engines.policy.library import Library
from yibao.engines.policy.overlays import apply_overlays, clashes, is_shared
from yibao.engines.policy.plans import compile_plan
from yibao.engines.policy.reading import documents_in, of_kind
from yibao.engines.policy.vocabulary import Vocabulary
from yibao.engines.policy.wholes import prove_whole


@dataclass(frozen=True, slots=True)
class Options:
    """Which overlays are on besides the law's."""

    with_examples: bool = False
    reforms: tuple[str, ...] = ()


def compile_area(books: Books, code: str, *, options: Options = Options()) -> AreaPolicy:
    """Compile the law of an area from the trees of its folder and of those it takes from.

    Raises:
        FaultsFound: with every fault of every file, when there is one.
    """
    faults = Faults()
    overlays = _overlays(books.get(code, ()), code, faults)
    active = _active(overlays, options, faults)
    own = documents_in(_in_place(books, code, active, faults), code=code, faults=faults)
    library = Library(books, code, own=own, faults=faults)
    faults.raise_if_any()
    _check_names(own, faults)
    area = _area(own, faults)
    desk = library.desk(horizon=area.verified_until if area else None)
    plans = [v for plan in of_kind(own, plan_doc.Plan) for v in compile_plan(plan, desk)]
    entitlements = [
        version
        for entitlement in of_kind(own, plan_doc.Entitlement)
        for version in compile_entitlement(entitlement, desk)
    ]
    on = {overlay.overlay for overlay in active}
    policy = AreaPolicy(
        code=code,
        label=_text(area.name) if area else Text(code, code),
        facts=desk.words.facts,
        sets={name: entry.values for name, entry in desk.words.sets.items()},
        counters=desk.counters,
        plans=tuple(sorted(plans, key=lambda v: (v.plan_id, v.span.start))),
        entitlements=tuple(sorted(entitlements, key=lambda v: (v.entitlement_id, v.span.start))),
        products=_products(area, desk.words),
        sources=library.sources,
        questions=library.questions,
        funds={name: _text(label) for name, label in area.funds.items()} if area else {},
        overlays=tuple(_note(overlay, is_on=overlay.overlay in on) for overlay in overlays),
        verified=_verified(own, area, faults),
        verified_until=area.verified_until if area else None,
    )
    faults.raise_if_any()
    prove_whole(policy, faults=faults)
    faults.raise_if_any()
    return policy


def _text(label: doc.Label) -> Text:
    return Text(label.zh, label.en)


# ---------------------------------------------------------------------------- overlays and lending


def _overlays(trees: Sequence[Tree], code: str, faults: Faults) -> list[area_doc.Overlay]:
    """The area's overlays; the faults of other documents are found when overlays are on."""
    written = [
        tree for tree in trees if isinstance(tree, dict) and next(iter(tree), "") == "overlay"
    ]
    return of_kind(documents_in(written, code=code, faults=faults), area_doc.Overlay)


def _active(
    overlays: Sequence[area_doc.Overlay], options: Options, faults: Faults
) -> list[area_doc.Overlay]:
    """Law overlays always, examples and reforms as asked; an unknown reform is a fault."""
    reforms = {overlay.overlay for overlay in overlays if overlay.kind == "reform"}
    for name in options.reforms:
        if name not in reforms:
            faults.add(complaints.reform_unknown(Where("--reform"), name, known=reforms))
    order = {"law": 0, "examples": 1, "reform": 2}
    is_on = {"law": True, "examples": options.with_examples}
    wanted = [
        overlay
        for overlay in overlays
        if is_on.get(overlay.kind, overlay.overlay in options.reforms)
    ]
    return sorted(wanted, key=lambda overlay: (order[overlay.kind], overlay.overlay))


def _in_place(
    books: Books, code: str, active: Sequence[area_doc.Overlay], faults: Faults
) -> list[Tree]:
    """The area's trees with everything taken put in place and every active overlay applied.

    Layer documents change before they are taken, all else after; what overlays bring may take too.
    """
    faults.extend(clashes(active))
    shared, others = (_only(active, shared=True), _only(active, shared=False))
    own = apply_overlays(books.get(code, ()), shared, faults=faults)
    lender = Lender({**books, code: own}, code, faults=faults)
    changed = apply_overlays(lender.lent_to(own), others, faults=faults)
    return lender.lent_to(changed)


def _only(overlays: Sequence[area_doc.Overlay], *, shared: bool) -> list[area_doc.Overlay]:
    """Overlays with those of their changes that are, or are not, to layer documents."""
    return [
        overlay.model_copy(
            update={"changes": tuple(c for c in overlay.changes if is_shared(c) == shared)}
        )
        for overlay in overlays
    ]


def _note(overlay: area_doc.Overlay, *, is_on: bool) -> OverlayNote:
    return OverlayNote(
        name=overlay.overlay,
        kind=overlay.kind,
        label=_text(overlay.name),
        is_on=is_on,
        where=overlay.where,
        paths=tuple(change.at for change in overlay.changes),
    )


# ------------------------------------------------------------------------------------ the area


def _check_names(documents: Sequence[doc.Written], faults: Faults) -> None:
    """No two documents of a kind have one name."""
    seen: dict[tuple[str, str], Where] = {}
    for document in documents:
        for key in ("plan", "entitlement", "overlay", "layer"):
            name = getattr(document, key, None)
            if name is not None:
                where = document.where_of(key)
                if (key, name) in seen:
                    faults.add(name_twice(where, str(name), first=seen[key, name]))
                seen.setdefault((key, name), where)


def _area(documents: Sequence[doc.Written], faults: Faults) -> area_doc.Area | None:
    found = of_kind(documents, area_doc.Area)
    for other in found[1:]:
        faults.add(complaints.area_twice(other.where, first=found[0].where))
    return found[0] if found else None


def _products(area: area_doc.Area | None, words: Vocabulary) -> tuple[Product, ...]:
    """What must have exactly one rule a day."""
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


def _verified(
    documents: Sequence[doc.Written], area: area_doc.Area | None, faults: Faults
) -> tuple[Verified, ...]:
    products = {product.name for product in area.products} if area else set[str]()
    entries = [e for register in of_kind(documents, area_doc.Register) for e in register.entries]
    for entry in entries:
        if entry.product not in products:
            where = entry.where_of("product")
            faults.add(complaints.product_unknown(where, entry.product, known=products))
    return tuple(
        Verified(
            product=entry.product,
            span=Span(entry.start, entry.until),
            sourced=_text(entry.sourced),
            examples=_text(entry.examples) if entry.examples else None,
            checked_on=entry.checked_on,
        )
        for entry in entries
    )
