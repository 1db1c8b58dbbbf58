"""One stay at a counter (入组解释): what counted, which groups were looked at, why one won.

The same functions that group a population decide here; what they answer is kept and put into
words. Holds: the group is the one that the batch gives; every figure in the words is the engine's.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from yibao.base.money import format_yuan, round_half_up
from yibao.base.rates import MILLION
from yibao.base.texts import Text
from yibao.engines.grouping.dip.auxiliary import (
    MISSING,
    Auxiliary,
    Entry,
    Stays,
    coefficients,
    entries_met,
    is_split,
)
from yibao.engines.grouping.dip.catalogue import Catalogue, Group
from yibao.engines.grouping.dip.choosing import NO_GROUP, Choice, choose, settle
from yibao.engines.grouping.dip.codes import diagnosis_of, procedure_of
from yibao.engines.grouping.dip.parameters import Parameters
from yibao.engines.grouping.dip.profiles import (
    Judged,
    Procedure,
    Profile,
    judged_procedures,
    profile_of,
)
from yibao.engines.grouping.weights.decimals import decimal_text


@dataclass(frozen=True, slots=True)
class Stay:
    """One stay: its cost in fen, codes as written; a number that is not known is None."""

    index: str
    diagnosis: str
    total_amount: int
    secondary: tuple[str, ...] = ()
    procedures: tuple[Procedure, ...] = ()
    age: int | None = None
    age_days: int | None = None
    stay_days: int | None = None
    leaving_type: int | None = None


@dataclass(frozen=True, slots=True)
class Explained:
    """A stay's group (None: no group at all) and everything that led to it.

    ``coefficient`` is in millionths, ``adjusted_units`` are points in units of their last place.
    """

    stay: Stay
    profile: Profile
    judged: tuple[Judged, ...]
    choice: Choice
    group: Group | None
    met: tuple[Entry, ...]
    giver: Entry | None
    coefficient: int
    adjusted_units: int
    catalogue: Catalogue


def explain(stay: Stay, catalogue: Catalogue, *, parameters: Parameters) -> Explained:
    """The group of one stay, with its reasons; the diagnosis is a code (:mod:`.codes`)."""
    judged = judged_procedures(stay.procedures, stay.total_amount, rules=parameters.keys)
    profile = profile_of(stay.diagnosis, judged, rules=parameters.keys)
    choice = choose(profile, catalogue, rules=parameters.groups)
    place = settle(choice, stay.total_amount, catalogue=catalogue)
    group = None if place == NO_GROUP else catalogue.groups[place]
    auxiliary = parameters.auxiliary
    columns = _columns(
        stay, auxiliary, splits=group is not None and is_split(group.code, auxiliary)
    )
    coefficient, giver = (int(one[0]) for one in coefficients(columns, auxiliary))
    entries = [entry for _, entry in auxiliary.entries()]
    met = tuple(e for e, m in zip(entries, entries_met(columns, auxiliary), strict=True) if m[0])
    points = 0 if group is None else group.point_units
    return Explained(
        stay, profile, judged, choice, group, met, None if giver < 0 else entries[giver],
        coefficient, round_half_up(points * coefficient, MILLION), catalogue,
    )  # fmt: skip


def told(explained: Explained) -> Iterator[Text]:
    """The explanation, a sentence at a time."""
    stay, profile = explained.stay, explained.profile
    cost = format_yuan(stay.total_amount, grouped=True)
    yield Text(
        f"病例 {stay.index}: 主要诊断 {stay.diagnosis} → {profile.diagnosis}，总费用 {cost} 元",
        f"Stay {stay.index}: principal diagnosis {stay.diagnosis} → {profile.diagnosis},"
        f" cost {cost} yuan",
    )
    for one in explained.judged:
        yield _procedure_told(one)
    treatment = TREATMENT_TOLD[profile.treatment]
    yield Text(f"治疗方式: {treatment.zh}", f"Treatment: {treatment.en}")
    yield from _candidates_told(explained)
    yield _step_told(explained)
    yield from _result_told(explained)


TREATMENT_TOLD = {
    "surgery": Text("手术", "surgery"),
    "therapeutic": Text("治疗性操作", "a therapeutic procedure"),
    "diagnostic": Text("诊断性操作", "a diagnostic procedure"),
    "conservative": Text("保守治疗", "conservative"),
    "not_counted": Text("不计入", "not counted"),
}
_REASON_TOLD = {
    "main": Text("主要操作，计入", "the main procedure, counts"),
    "related": Text("费用占比达到标准，计入", "its cost is a large enough share, counts"),
    "cost_unknown_counts": Text("费用未知，按参数计入", "cost unknown, counts by the parameters"),
    "cost_unknown": Text("费用未知，按参数不计入", "cost unknown, does not count"),
    "cost_below_share": Text(
        "费用占比不足，不计入", "its cost is too small a share, does not count"
    ),
    "not_a_code": Text("不是编码，不计入", "no code, does not count"),
    "class_not_counted": Text("此类操作不计入", "procedures of its class do not count"),
}
STEP_TOLD = {
    "procedures": Text(
        "取要求的操作最多、匹配的操作最多的病种",
        "the groups that ask for most procedures, and of these name most of the stay's",
    ),
    "conservative": Text("没有操作相符的病种，取该诊断的保守治疗病种",
                         "no group fits the procedures: the diagnosis's conservative group"),
    "mixed": Text("没有核心病种相符，取综合病种", "no core group fits: a mixed group"),
    "blank": Text("没有病种相符，归入空白病种", "no group fits: the blank group"),
}  # fmt: skip


def _procedure_told(one: Judged) -> Text:
    reason, treatment = _REASON_TOLD[one.reason], TREATMENT_TOLD[one.treatment]
    return Text(
        f"  操作 {one.code} ({treatment.zh}): {reason.zh}",
        f"  Procedure {one.code} ({treatment.en}): {reason.en}",
    )


def _candidates_told(explained: Explained) -> Iterator[Text]:
    for candidate in explained.choice.candidates:
        group = explained.catalogue.groups[candidate.place]
        fits = Text("相符", "fits") if candidate.fits else Text("不相符", "does not fit")
        yield Text(
            f"  候选 {group.code}: {fits.zh}，要求 {candidate.parts_count} 项操作，"
            f"匹配 {candidate.matched_count} 项",
            f"  Candidate {group.code}: {fits.en}, asks for {candidate.parts_count} procedures,"
            f" {candidate.matched_count} matched",
        )


def _step_told(explained: Explained) -> Text:
    step = STEP_TOLD[explained.choice.step]
    tied = [explained.catalogue.groups[place] for place in explained.choice.tied]
    if len(tied) < 2:
        return step
    amount = explained.stay.total_amount
    shown = "; ".join(
        f"{group.code} |{format_yuan(group.mean_amount)} − {format_yuan(amount)}|"
        f" = {format_yuan(abs(group.mean_amount - amount))}"
        for group in tied
    )
    return Text(
        f"{step.zh}；{len(tied)} 个并列，取均费最接近者: {shown}",
        f"{step.en}; {len(tied)} are equal, the mean nearest to the cost wins: {shown}",
    )


def _result_told(explained: Explained) -> Iterator[Text]:
    group, catalogue = explained.group, explained.catalogue
    if group is None:
        yield Text("病种目录没有空白病种，未入组", "the catalogue has no blank group: no group")
        return
    weight = decimal_text(group.weight_units, catalogue.weight_places)
    points = decimal_text(group.point_units, catalogue.point_places)
    mean = format_yuan(group.mean_amount, grouped=True)
    yield Text(
        f"入组: {group.code}，例均费用 {mean} 元，权重 {weight}，分值 {points}",
        f"Group: {group.code}, mean {mean} yuan, weight {weight}, points {points}",
    )
    for entry in explained.met:
        factor = decimal_text(entry.coefficient, 6)
        yield Text(
            f"  辅助目录: {entry.label.zh} × {factor}", f"  Auxiliary: {entry.label.en} × {factor}"
        )
    factor = decimal_text(explained.coefficient, 6)
    adjusted = decimal_text(explained.adjusted_units, catalogue.point_places)
    yield Text(
        f"系数取最高者 {factor}，调整后分值 {adjusted}",
        f"The highest coefficient counts: {factor}; points {adjusted}",
    )


def _columns(stay: Stay, auxiliary: Auxiliary, *, splits: bool) -> Stays:
    secondary = 0
    for text in stay.secondary:
        code = diagnosis_of(text)
        secondary |= 0 if code is None else auxiliary.marks_of(code)
    procedures = 0
    for one in stay.procedures:
        code = procedure_of(one.code)
        procedures |= 0 if code is None else auxiliary.marks_of(code)
    numbers = {
        "age": stay.age,
        "age_days": stay.age_days,
        "stay_days": stay.stay_days,
        "leaving_type": stay.leaving_type,
        "comorbidity_points": auxiliary.points_of(secondary),
    }
    return Stays(
        {name: np.array([MISSING if n is None else n]) for name, n in numbers.items()},
        np.array([auxiliary.marks_of(stay.diagnosis)]),
        np.array([secondary]),
        np.array([procedures]),
        np.array([splits]),
    )
