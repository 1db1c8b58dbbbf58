"""Two policies side by side: which plans answer to one another, and in which rules they differ.

Versions of one plan (two days, a reform) differ rule by rule. Plans of two cities are paired by
name, else by the scheme and the kind of care that they are for; their layers by name. Since two
cities do not cut a benefit at the same edges, what belongs together (the bands, the ceilings of one
place) is told as one *aspect* for each side, and a layer that only one of them has in one piece.

Refuses to judge which side is better for anybody: that is for what-if on claims.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from yibao.base.texts import Text
from yibao.engines.policy.area import AreaPolicy
from yibao.engines.policy.law import (
    Bands,
    EntitlementVersion,
    FactDefinition,
    Layer,
    PlanVersion,
)
from yibao.engines.policy.outline import Entry, Teller, entry_changes, outline
from yibao.offices.actuary.review import Reference, Version, all_versions_of, id_of, rules_of

Lines = tuple[Text, ...]
Changes = tuple[tuple[str, Entry | None, Entry | None], ...]
_WHOLE_PLAN = Text("整个计划", "whole plan")
_WHOLE_ENTITLEMENT = Text("整项定额待遇", "whole entitlement")


@dataclass(frozen=True, slots=True)
class Aspect:
    """One rule in which two plans of different areas differ; empty lines: a side has none."""

    section: Text
    name: tuple[str, ...]
    left: Lines
    right: Lines


@dataclass(frozen=True, slots=True)
class Difference:
    """Two versions side by side: the rules in which they differ."""

    left: Version | None
    right: Version | None
    entries: Changes
    aspects: tuple[Aspect, ...]
    same_count: int

    @property
    def is_between_areas(self) -> bool:
        """Whether the two are plans of different areas."""
        return bool(self.left and self.right and self.left.area != self.right.area)


def compare(
    left: AreaPolicy, right: AreaPolicy, *, of: tuple[Reference, Reference]
) -> list[Difference]:
    """Plans of two references, paired by name, else by scheme and kind of care; entitlements.

    Entitlements stand behind the plans and are paired by name.

    Raises:
        UnableToFindPlan: if a reference means neither a plan nor an entitlement.
    """
    facts = {**left.facts, **right.facts}
    olds, news = all_versions_of(left, of[0]), all_versions_of(right, of[1])
    found: list[tuple[Version | None, Version | None]] = []
    for kind in (PlanVersion, EntitlementVersion):
        sides = [[one for one in side if isinstance(one, kind)] for side in (olds, news)]
        found += _pairs(*sides)
    return [_difference(old, new, facts) for old, new in found]


def _name(version: Version) -> str:
    return id_of(version).partition("/")[2]


def _pairs(
    olds: Sequence[Version], news: Sequence[Version]
) -> list[tuple[Version | None, Version | None]]:
    """Names are matched before kinds of care, so that no kind takes another's namesake."""
    matched: dict[str, Version] = {}
    free = list(news)
    for is_alike in (lambda o, n: _name(o) == _name(n), _is_for_the_same):
        for old in olds:
            found = next((new for new in free if is_alike(old, new)), None)
            if found is not None and id_of(old) not in matched:
                matched[id_of(old)] = found
                free.remove(found)
    if len(olds) == len(news) == 1 and free:
        matched[id_of(olds[0])] = free.pop()
    pairs: list[tuple[Version | None, Version | None]]
    pairs = [(old, matched.get(id_of(old))) for old in olds]
    return pairs + [(None, new) for new in free]


def _is_for_the_same(one: Version, two: Version) -> bool:
    """Whether both are plans and name a scheme and a kind of care, and share one of each."""
    if not (isinstance(one, PlanVersion) and isinstance(two, PlanVersion)):
        return False
    for fact in ("scheme", "care_type"):
        tests = [dict(version.applies_to).get(fact) for version in (one, two)]
        values = [set(test.values or ()) if test else set() for test in tests]
        if not values[0] & values[1]:
            return False
    return True


def _difference(
    one: Version | None, two: Version | None, facts: Mapping[str, FactDefinition]
) -> Difference:
    if one is None or two is None:
        return Difference(one, two, (), (), 0)
    rules = rules_of(one, facts)
    entries = tuple(entry_changes(rules, rules_of(two, facts)))
    changed = sum(old is not None for _, old, _ in entries)
    if one.area == two.area:
        return Difference(one, two, entries, (), len(rules) - changed)
    if isinstance(one, PlanVersion) and isinstance(two, PlanVersion):
        aspects, same_count = _aspects(one, two, facts)
        return Difference(one, two, entries, aspects, same_count)
    told = tuple(
        Aspect(_WHOLE_ENTITLEMENT, tuple(name.split("/")), _lines(old), _lines(new))
        for name, old, new in entries
    )
    return Difference(one, two, entries, told, len(rules) - changed)


def _lines(entry: Entry | None) -> Lines:
    return entry.lines if entry else ()


# ------------------------------------------------------------------------------ between two areas


def _aspects(
    one: PlanVersion, two: PlanVersion, facts: Mapping[str, FactDefinition]
) -> tuple[tuple[Aspect, ...], int]:
    """What differs, layer by layer, and how many aspects are the same."""
    found = [*_scopes(one, two, facts), *_streams(one, two, facts)]
    same_count = 0
    digests = [_digests(version, facts) for version in (one, two)]
    labels = [{layer.name: layer.label for layer in version.layers} for version in (one, two)]
    for name in dict.fromkeys([*labels[0], *labels[1]]):
        label = labels[0].get(name) or labels[1][name]
        if name not in labels[0] or name not in labels[1]:
            whole = tuple(_whole(digest.get(name, {})) for digest in digests)
            found.append(Aspect(label, ("layer",), whole[0], whole[1]))
            continue
        left, right = (digest[name] for digest in digests)
        for aspect in dict.fromkeys([*left, *right]):
            sides = left.get(aspect, ()), right.get(aspect, ())
            if sides[0] == sides[1]:
                same_count += 1
            else:
                found.append(Aspect(label, aspect, *sides))
    return tuple(found), same_count


def _scopes(
    one: PlanVersion, two: PlanVersion, facts: Mapping[str, FactDefinition]
) -> list[Aspect]:
    """Of what the plans apply to, the tests that are not the same on both sides."""
    teller = Teller(facts)
    sides = [
        tuple(teller.test(name, test) for name, test in mine.applies_to) for mine in (one, two)
    ]
    left, right = (
        tuple(line for line in mine if line not in other) for mine, other in (sides, sides[::-1])
    )
    any_case = (Text("不限", "any"),)
    aspect = Aspect(_WHOLE_PLAN, ("applies_to",), left or any_case, right or any_case)
    return [aspect] if left or right else []


def _streams(
    one: PlanVersion, two: PlanVersion, facts: Mapping[str, FactDefinition]
) -> list[Aspect]:
    sides = [
        tuple(e.lines[0] for e in outline(version, facts) if e.path[0] == "routes")
        for version in (one, two)
    ]
    return [Aspect(_WHOLE_PLAN, ("routes",), *sides)] if sides[0] != sides[1] else []


def _digests(
    version: PlanVersion, facts: Mapping[str, FactDefinition]
) -> dict[str, dict[tuple[str, ...], Lines]]:
    """By layer: what it says by aspect, without the names that a city gives its counters."""
    entries: dict[str, list[Entry]] = {}
    for entry in outline(version, facts):
        entries.setdefault(entry.path[0], []).append(entry)
    return {layer.name: _digest(layer, entries[layer.name]) for layer in version.layers}


_CEILINGS = ("before_deductible", "after_deductible", "payment_ceilings")
_ORDER = (
    *("when", "draws", "before_deductible", "deductible", "after_deductible"),
    *("bands", "top_up", "payment_ceilings", "paid_by"),
)
"""As a layer works: from whom it is for to who pays."""


def _digest(layer: Layer, entries: Sequence[Entry]) -> dict[tuple[str, ...], Lines]:
    found: dict[tuple[str, ...], Lines] = {}
    bands: dict[str, dict[str, Lines]] = {}
    for entry in entries:
        path = entry.path[1:]
        if path[0] == "bands" and len(path) == 3:
            bands.setdefault(path[1], {})[path[2]] = entry.lines
        elif path[0] in _CEILINGS:
            if path[-1] != "counter":
                found[path[:1]] = found.get(path[:1], ()) + entry.lines
        elif path[0] == "paid_by":
            if len(layer.paid_by) > 1:
                found[path] = entry.lines
        elif path != ("bands", "measured") or len(_edges(layer)) > 1:
            found[path] = entry.lines
    if bands:
        found["bands",] = _bands_told(list(bands.values()))
    return dict(sorted(found.items(), key=lambda item: _ORDER.index(item[0][0])))


def _edges(layer: Layer) -> Sequence[object]:
    return layer.pays.bands if isinstance(layer.pays, Bands) else ()


def _bands_told(bands: Sequence[Mapping[str, Lines]]) -> Lines:
    """Each band with its edge as a head; a single one without end is its rate alone."""
    no_end = Text("不封顶", "no ceiling")
    if len(bands) == 1 and bands[0].get("edge") == (no_end,):
        return bands[0]["rate"]
    lines: list[Text] = []
    for band in bands:
        edge = band.get("edge", (no_end,))[0]
        is_last = edge == no_end
        head = Text("以上", "above") if is_last else Text(f"至 {edge.zh}", f"to {edge.en}")
        if len(band["rate"]) == 1:
            rate = band["rate"][0]
            lines.append(Text(f"{head.zh}: {rate.zh}", f"{head.en}: {rate.en}"))
            continue
        lines.append(Text(f"{head.zh}:", f"{head.en}:"))
        lines += [Text(f"  {line.zh}", f"  {line.en}") for line in band["rate"]]
    return tuple(lines)


_OF_A_WHOLE = {
    "when": Text("适用", "for"),
    "deductible": Text("起付线", "deductible"),
    "bands": Text("支付比例", "rate"),
    "top_up": Text("保底", "top-up"),
    "payment_ceilings": Text("封顶线", "ceiling"),
}


def _whole(digest: Mapping[tuple[str, ...], Lines]) -> Lines:
    """A layer that the other side lacks: whom it is for, deductible, rates, ceiling."""
    lines: list[Text] = []
    for path, told in digest.items():
        head = _OF_A_WHOLE.get(path[0])
        is_idle = path == ("when",) and told == (Text("全部", "always"),)
        if head is None or is_idle or path[-1] in ("counter", "measured"):
            continue
        if len(told) == 1:
            lines.append(Text(f"{head.zh}: {told[0].zh}", f"{head.en}: {told[0].en}"))
        else:
            lines.append(Text(f"{head.zh}:", f"{head.en}:"))
            lines += [Text(f"  {line.zh}", f"  {line.en}") for line in told]
    return tuple(lines)
