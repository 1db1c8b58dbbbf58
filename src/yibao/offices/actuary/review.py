"""Reviewing a policy: the report behind `policy check`, the calendar, the comparison, the sources.

Pure readings of a compiled :class:`AreaPolicy`; nothing here decides law or prints.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from yibao.base.dates import Span
from yibao.base.errors import YibaoError
from yibao.base.texts import Text
from yibao.engines.policy.area import AreaPolicy, SourceText
from yibao.engines.policy.glue import Monotone, monotone
from yibao.engines.policy.law import EntitlementVersion, PlanVersion, Provenance
from yibao.engines.policy.outline import (
    Entry,
    Facts,
    changes,
    entitlement_outline,
    entry_changes,
    outline,
    provenances,
)
from yibao.offices.actuary.policies import area_from_folder, open_area

Version = PlanVersion | EntitlementVersion


def id_of(version: Version) -> str:
    """The id of a plan or of an entitlement."""
    if isinstance(version, PlanVersion):
        return version.plan_id
    return version.entitlement_id


def rules_of(version: Version, facts: Facts) -> list[Entry]:
    """Every rule of a version, plan or entitlement."""
    if isinstance(version, PlanVersion):
        return outline(version, facts)
    return entitlement_outline(version, facts)


@dataclass(frozen=True, slots=True)
class PlanReport:
    """One plan version in the report: how much of it rests on examples and open questions."""

    plan_id: str
    label: Text
    span: Span
    policy_hash: str
    layers_count: int
    values_count: int
    examples_count: int
    open_ids: tuple[str, ...]
    monotone: Monotone | None


@dataclass(frozen=True, slots=True)
class UnsourcedStretch:
    """Days of a product on which at least one value is an example, or is still missing."""

    product: str
    span: Span
    examples_count: int


@dataclass(frozen=True, slots=True)
class SourceUse:
    """A source and the rules that rest on it."""

    source: SourceText
    places: tuple[tuple[str, str], ...]  # (plan id, path)


def version_provenances(version: Version, policy: AreaPolicy) -> list[Provenance]:
    """The provenance of every literal of a version."""
    if isinstance(version, EntitlementVersion):
        numbers = [line.number for line in version.lines] + [p.share for p in version.paid_by]
        return [p for number in numbers for p in provenances(number)]
    return [
        p for e in outline(version, policy.facts) if e.number is not None for p in e.provenances
    ]


def report(policy: AreaPolicy) -> list[PlanReport]:
    """Every plan and entitlement version with its counts, in order."""
    found = []
    for version in policy.plans:
        structures = [layer.structure for layer in version.layers]
        known = version_provenances(version, policy)
        found.append(
            PlanReport(
                version.plan_id,
                version.label,
                version.span,
                version.policy_hash,
                len(version.layers),
                len(known),
                sum(p.confidence == "example" for p in known),
                _open_ids([*known, *structures]),
                monotone(version),
            )
        )
    for entitlement in policy.entitlements:
        known = version_provenances(entitlement, policy)
        found.append(
            PlanReport(
                entitlement.entitlement_id,
                entitlement.label,
                entitlement.span,
                entitlement.policy_hash,
                len(entitlement.lines),
                len(known),
                sum(p.confidence == "example" for p in known),
                _open_ids([*known, entitlement.structure]),
                None,
            )
        )
    return found


def _open_ids(known: Sequence[Provenance]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(question for p in known for question in p.open_ids))


class UnableToFindPlan(YibaoError):
    """A plan, date or area named on the command line does not exist."""


@dataclass(frozen=True, slots=True)
class Reference:
    """``AREA[/PLAN][@DATE][+REFORM…]`` taken apart; AREA may be a folder."""

    area: str
    plan: str | None
    day: date | None
    reforms: tuple[str, ...]

    @classmethod
    def parse(cls, text: str) -> Reference:
        """Read a reference.

        Raises:
            UnableToFindPlan: if the date is not one that exists.
        """
        head, *reforms = text.split("+")
        place, _, day_text = head.partition("@")
        area, _, plan = place.partition("/") if not Path(place).exists() else (place, "", "")
        try:
            day = date.fromisoformat(day_text) if day_text else None
        except ValueError:
            raise UnableToFindPlan(
                Text(f"“{day_text}”不是存在的日期", f"'{day_text}' is not a day that exists"),
                Text("请写成 @2024-01-31 的形式", "write it like @2024-01-31"),
            ) from None
        return cls(area, plan or None, day, tuple(reforms))


def open_reference(reference: Reference, *, with_examples: bool) -> AreaPolicy:
    """The compiled area that a reference names, by code or by folder."""
    folder = Path(reference.area)
    if folder.is_dir():
        return area_from_folder(folder, with_examples=with_examples, reforms=reference.reforms)
    return open_area(reference.area, with_examples=with_examples, reforms=reference.reforms)


def versions_of(policy: AreaPolicy, reference: Reference) -> list[PlanVersion]:
    """The plan versions that a reference means: on its day, else the last of each plan.

    Raises:
        UnableToFindPlan: if the area has no such plan, or none in force on the day.
    """
    found = [one for one in _meant(policy.plans, reference) if isinstance(one, PlanVersion)]
    if not found:
        raise _nothing_meant(policy, reference, _names(policy.plans))
    return found


def all_versions_of(policy: AreaPolicy, reference: Reference) -> list[Version]:
    """As :func:`versions_of`, with the entitlements behind the plans.

    Raises:
        UnableToFindPlan: if the area has neither, or none in force on the day.
    """
    found = [*_meant(policy.plans, reference), *_meant(policy.entitlements, reference)]
    if not found:
        names = _names(policy.plans) + _names(policy.entitlements)
        raise _nothing_meant(policy, reference, names)
    return found


def _name(version: Version) -> str:
    return id_of(version).partition("/")[2]


def _names(versions: Sequence[Version]) -> list[str]:
    return sorted({_name(version) for version in versions})


def _meant(versions: Sequence[Version], reference: Reference) -> list[Version]:
    latest: dict[str, Version] = {}
    for version in versions:
        name = _name(version)
        is_meant = reference.plan in (None, name)
        if is_meant and (reference.day is None or reference.day in version.span):
            latest[name] = version
    return list(latest.values())


def _nothing_meant(
    policy: AreaPolicy, reference: Reference, names: Sequence[str]
) -> UnableToFindPlan:
    if reference.plan is not None and reference.plan not in names:
        shown = ", ".join(names)
        return UnableToFindPlan(
            Text(
                f"{policy.code} 没有计划“{reference.plan}”",
                f"{policy.code} has no plan '{reference.plan}'",
            ),
            Text(f"可用的计划: {shown}", f"its plans: {shown}"),
        )
    return UnableToFindPlan(
        Text(f"{reference.day} 没有生效的计划", f"no plan is in force on {reference.day}"),
        Text("请用 policy calendar 查看各计划的时段", "see the spans with `policy calendar`"),
    )


@dataclass(frozen=True, slots=True)
class Turn:
    """A day on which a plan's law begins, changes or ends."""

    day: date
    plan_id: str
    label: Text
    kind: str  # begins, changes, ends
    entries: tuple[tuple[str, Entry | None, Entry | None], ...] = ()
    layers: tuple[tuple[Text, str], ...] = ()  # whole layers that begin or end


def calendar(policy: AreaPolicy) -> list[Turn]:
    """Every day on which the law of some plan or entitlement turns, in order of date."""
    turns: list[Turn] = []
    versions: list[Version] = [*policy.plans, *policy.entitlements]
    for index, version in enumerate(versions):
        name = id_of(version)
        before = versions[index - 1] if index else None
        follows = before and id_of(before) == name and before.span.until == version.span.start
        if follows and before is not None:
            turns.append(_change(before, version, policy))
        else:
            turns.append(Turn(version.span.start, name, version.label, "begins"))
        after = versions[index + 1] if index + 1 < len(versions) else None
        goes_on = after and id_of(after) == name and after.span.start == version.span.until
        if version.span.until is not None and not goes_on:
            turns.append(Turn(version.span.until, name, version.label, "ends"))
    return sorted(turns, key=lambda turn: (turn.day, turn.plan_id))


def _change(before: Version, after: Version, policy: AreaPolicy) -> Turn:
    """What changes from one version to the next; layers that come or go are told whole."""
    if not (isinstance(before, PlanVersion) and isinstance(after, PlanVersion)):
        sides = [rules_of(version, policy.facts) for version in (before, after)]
        return Turn(
            after.span.start, id_of(after), after.label, "changes",
            tuple(entry_changes(*sides)),
        )  # fmt: skip
    old = {layer.name: layer.label for layer in before.layers}
    new = {layer.name: layer.label for layer in after.layers}
    whole = [(label, "begins") for name, label in new.items() if name not in old]
    whole += [(label, "ends") for name, label in old.items() if name not in new]
    kept = tuple(
        entry
        for entry in changes(before, after, facts=policy.facts)
        if entry[0].partition("/")[0] not in set(old) ^ set(new)
    )
    return Turn(after.span.start, after.plan_id, after.label, "changes", kept, tuple(whole))


def source_uses(policy: AreaPolicy) -> list[SourceUse]:
    """Every source with the rules that rest on it; unused sources have none."""
    places: dict[str, dict[tuple[str, str], None]] = {name: {} for name in policy.sources}
    for version in policy.plans:
        for entry in outline(version, policy.facts):
            for provenance in entry.provenances:
                for source_id in provenance.source_ids:
                    places.setdefault(source_id, {})[version.plan_id, entry.name] = None
    for entitlement in policy.entitlements:
        for line in entitlement.lines:
            for provenance in provenances(line.number):
                for source_id in provenance.source_ids:
                    places.setdefault(source_id, {})[entitlement.entitlement_id, line.name] = None
    return [
        SourceUse(policy.sources[name], tuple(found))
        for name, found in sorted(places.items())
        if name in policy.sources
    ]


def question_uses(policy: AreaPolicy) -> dict[str, tuple[str, ...]]:
    """Every declared open question with the plans that rest on it."""
    found: dict[str, dict[str, None]] = {name: {} for name in policy.questions}
    for entry in report(policy):
        for question in entry.open_ids:
            found.setdefault(question, {})[entry.plan_id] = None
    return {name: tuple(plans) for name, plans in found.items()}


def example_stretches(policy: AreaPolicy) -> Sequence[UnsourcedStretch]:
    """For every plan, the days on which it rests on examples, joined where they follow on."""
    stretches: list[UnsourcedStretch] = []
    for entry in report(policy):
        if not entry.examples_count or entry.monotone is None:
            continue
        last = stretches[-1] if stretches else None
        if last and last.product == entry.plan_id and last.span.until == entry.span.start:
            joined = Span(last.span.start, entry.span.until)
            most = max(last.examples_count, entry.examples_count)
            stretches[-1] = UnsourcedStretch(entry.plan_id, joined, most)
        else:
            stretches.append(UnsourcedStretch(entry.plan_id, entry.span, entry.examples_count))
    return stretches
