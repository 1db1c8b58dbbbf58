"""Entitling (定额待遇测算): an entitlement file worked out under an area's law, and explained.

The file names an entitlement, a day and facts; the area has the formula. What the area does not
know is a fault at its file and line, collected before anything is worked out. Age is worked out
from the birth date where the area knows the fact, and then may not be stated beside it.

Refuses: to choose a policy that nobody named, and a day on which the entitlement has no rule.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from yibao.base.dates import age_on
from yibao.base.errors import YibaoError
from yibao.base.findings import Fault, FaultsFound
from yibao.base.texts import Text
from yibao.engines.benefits.choice import UNVERIFIED_YEAR
from yibao.engines.benefits.entitlements import EntitlementDetermination, determine
from yibao.engines.benefits.explain.vocabulary import Vocabulary
from yibao.engines.benefits.explain_entitlement import EntitlementExplanation, explain_entitlement
from yibao.engines.benefits.facts import AGE, FactInvalid, typed
from yibao.engines.policy.area import AreaPolicy
from yibao.engines.policy.law import EntitlementVersion, FactValue
from yibao.engines.policy.unable import no_rule_on_date
from yibao.offices.actuary.laws import open_law
from yibao.storage.files.entitlement_requests import EntitlementRequest, read_request


class UnableToEntitle(YibaoError):
    """What was asked for cannot be worked out: no policy named, or no such entitlement."""


@dataclass(frozen=True, slots=True)
class Entitled:
    """An entitlement worked out, and told with the area's words."""

    determination: EntitlementDetermination
    explanation: EntitlementExplanation


def entitle(path: Path, *, policy: str = "", with_examples: bool = False) -> Entitled:
    """Work an entitlement file out; ``policy`` (area code or folder) wins over the file's own.

    Raises:
        FaultsFound: faults of the file or the policy, each at its place.
        UnableToEntitle: if nobody names a policy, or the area has no such entitlement.
        UnableToDetermine: when the law gives no answer.
    """
    request = read_request(path)
    area = open_law(_policy(request, path, policy), with_examples=with_examples).area
    version = _version(area, request)
    determination = determine(version, _facts(area, request), on=request.date)
    is_late = area.verified_until is not None and request.date > area.verified_until
    findings = (UNVERIFIED_YEAR,) if is_late else ()
    return Entitled(
        determination, explain_entitlement(determination, Vocabulary.of(area), findings=findings)
    )


def _policy(request: EntitlementRequest, path: Path, named: str) -> str:
    if named:
        return named
    if request.policy is None:
        raise UnableToEntitle(
            Text(f"{path} 没有指明政策", f"{path} names no policy"),
            Text(
                "请用 --policy 指定统筹区代码或政策目录，或在文件中写 policy",
                "name an area code or a folder with --policy, or write `policy` in the file",
            ),
        )
    beside = path.parent / request.policy
    return str(beside) if beside.is_dir() else request.policy


def _version(area: AreaPolicy, request: EntitlementRequest) -> EntitlementVersion:
    named = [v for v in area.entitlements if v.entitlement_id.endswith(f"/{request.entitlement}")]
    if not named:
        names = dict.fromkeys(v.entitlement_id.partition("/")[2] for v in area.entitlements)
        known = ", ".join(names) or "—"
        raise UnableToEntitle(
            Text(
                f"统筹区 {area.code} 没有定额待遇“{request.entitlement}”",
                f"area {area.code} has no entitlement '{request.entitlement}'",
            ),
            Text(f"现有: {known}", f"it has: {known}"),
        )
    for version in named:
        if request.date in version.span:
            return version
    in_force = "; ".join(str(span) for span in sorted(version.span for version in named))
    raise no_rule_on_date(named[0].entitlement_id, request.date, in_force=in_force)


def _facts(area: AreaPolicy, request: EntitlementRequest) -> Mapping[str, FactValue]:
    facts: dict[str, FactValue] = {}
    faults: list[Fault] = []
    for name, raw in request.facts.stated.items():
        try:
            value = typed(area.facts, name, raw=raw)
        except FactInvalid as invalid:
            where = request.facts.where_of(name)
            faults.append(Fault(invalid.code, where, invalid.message, invalid.remedy))
            continue
        if not isinstance(value, tuple):
            facts[name] = value
    if request.birth_date is not None and AGE in area.facts:
        if AGE in request.facts.stated:
            faults.append(_worked_out(request))
        facts[AGE] = age_on(request.birth_date, request.date)
    if faults:
        raise FaultsFound(faults)
    return facts


def _worked_out(request: EntitlementRequest) -> Fault:
    return Fault(
        "fact_worked_out",
        request.facts.where_of(AGE),
        Text(
            f"{AGE} 由 birth_date 计算得出，不能另行填写",
            f"{AGE} is worked out from birth_date and may not be stated beside it",
        ),
        Text("只保留其中之一", "keep one of the two"),
    )
