"""A case (病例) as the grouper sees it, what a group is, and why there may be none.

Statuses, reasons and findings are codes in a published order (docs/grouping.md). A finding never
changes a group; it says what a person should look at.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from yibao.base.texts import Text
from yibao.engines.grouping.conditions import THOUSAND

MISSING: Final = -(1 << 62)
"""A number that a case does not have; no comparison with it holds."""
UNREADABLE: Final = MISSING + 1
"""A number that is written and is none."""
OTHER_DEPARTMENT: Final = -1
AGE_LIMIT: Final = 150

STATUSES = ("grouped", "qy", "ungrouped", "invalid")
GROUPED, AMBIGUOUS, UNGROUPED, INVALID = range(4)

REASONS = ("", "no_mdc", "no_adrg", "no_drg")
"""Why a case stays ungrouped: nothing was entered; an MDC was, and no ADRG fits; the ADRG has no
DRG that fits."""

INVALID_REASONS = (
    "index_missing",
    "principal_diagnosis_missing",
    "sex_invalid",
    "age_invalid",
    "age_days_invalid",
    "weight_invalid",
    "stay_days_invalid",
    "icu_hours_invalid",
    "leaving_type_invalid",
    "row_width",
)
"""Why a case cannot be grouped at all, in order of precedence; bits of a mask."""

ROW_WIDTH = 1 << INVALID_REASONS.index("row_width")
"""The mask of a case whose cells cannot be told apart: nothing else is said of it."""

FINDINGS = (
    "principal_diagnosis_unknown",
    "diagnosis_unknown",
    "procedure_unknown",
    "principal_repeated",
    "diagnosis_repeated",
    "procedure_repeated",
    "sex_against_diagnosis",
    "sex_against_procedure",
    "age_against_diagnosis",
    "newborn_weight_missing",
    "newborn_weight_implausible",
    "ages_disagree",
    "qy_ambiguous",
)
"""What is odd in a case that is grouped all the same, in order; bits of a mask."""

UNGROUPED_MDC, UNGROUPED_ADRG, UNGROUPED_DRG = "0000", "00", "0000"
LEVEL_WORDS = ("", "cc", "mcc")
Number = int | Decimal


@dataclass(frozen=True, slots=True)
class Case:
    """One stay. The first diagnosis is the principal one, the first procedure the main one.

    ``sex`` 1 male, 2 female; ages in whole years and days; weight in grams, 0 or ``None`` where it
    is not given.
    """

    index: str
    sex: int
    age: int
    diagnoses: tuple[str, ...]
    procedures: tuple[str, ...] = ()
    age_days: int | None = None
    weight: Number | None = None
    stay_days: Number | None = None
    icu_hours: Number | None = None
    leaving_type: int | None = None
    department: str = ""

    def numbers(self) -> dict[str, int]:
        """The case's numbers in thousandths by their field."""
        given: dict[str, Number | None] = {
            "age": self.age,
            "ageDay": self.age_days,
            "weight": self.weight or None,
            "inHospitalTime": self.stay_days,
            "gender": self.sex,
            "icuHours": self.icu_hours,
            "leavingType": self.leaving_type,
        }
        return {
            name: MISSING if number is None else int(number * THOUSAND)
            for name, number in given.items()
        }


@dataclass(frozen=True, slots=True)
class Group:
    """Where a case ended: keys, or the published ones of no group."""

    status: str
    mdc: str = UNGROUPED_MDC
    adrg: str = UNGROUPED_ADRG
    drg: str = UNGROUPED_DRG
    reason: str = ""
    level: str = ""


_INVALID_TOLD = {
    "index_missing": Text("缺少病例号 (Index)", "the case has no Index"),
    "principal_diagnosis_missing": Text(
        "缺少主要诊断 (zdList 的第一个)", "there is no principal diagnosis (the first of zdList)"
    ),
    "sex_invalid": Text("性别不是 1 (男) 或 2 (女)", "the sex is neither 1 (male) nor 2 (female)"),
    "age_invalid": Text("年龄不是 0 至 150 的整数", "the age is no whole number from 0 to 150"),
    "age_days_invalid": Text("日龄不是非负整数", "the age in days is no whole number"),
    "weight_invalid": Text("新生儿体重不是非负数", "the newborn's weight is no number"),
    "stay_days_invalid": Text("住院天数不是非负数", "the days of stay are no number"),
    "icu_hours_invalid": Text(
        "重症监护小时不是非负数", "the hours in intensive care are no number"
    ),
    "leaving_type_invalid": Text("离院方式不是非负整数", "the way of leaving is no whole number"),
    "row_width": Text("本行的字段数与表头不同", "the row is not as wide as the header"),
}
_FINDING_TOLD = {
    "principal_diagnosis_unknown": Text(
        "主要诊断不在方案的诊断表中", "the scheme does not know the principal diagnosis"
    ),
    "diagnosis_unknown": Text(
        "其他诊断不在方案的诊断表中", "the scheme does not know a secondary diagnosis"
    ),
    "procedure_unknown": Text("手术操作不在方案的表中", "the scheme does not know a procedure"),
    "principal_repeated": Text(
        "主要诊断又列为其他诊断", "the principal diagnosis is repeated as a secondary one"
    ),
    "diagnosis_repeated": Text("其他诊断重复", "a secondary diagnosis stands twice"),
    "procedure_repeated": Text("手术操作重复", "a procedure stands twice"),
    "sex_against_diagnosis": Text("性别与诊断不符", "a diagnosis is not of this sex"),
    "sex_against_procedure": Text("性别与手术操作不符", "a procedure is not of this sex"),
    "age_against_diagnosis": Text("年龄与诊断不符", "a diagnosis is not of this age"),
    "newborn_weight_missing": Text("新生儿缺少体重", "a newborn without weight"),
    "newborn_weight_implausible": Text("新生儿体重不合常理", "a newborn's weight is implausible"),
    "ages_disagree": Text("年龄与日龄不一致", "age in years and in days disagree"),
    "qy_ambiguous": Text(
        "有手术室手术却进入内科组 (歧义病例槽已关闭)",
        "an operating-room procedure, and a medical group (the slot for ambiguous cases is off)",
    ),
}
REMEDY = Text("请核对病案首页后更正", "compare with the front page of the record, and correct it")


def invalid_told(reason: str) -> Text:
    """Why a case cannot be grouped, in words."""
    return _INVALID_TOLD[reason]


def finding_told(finding: str) -> Text:
    """A finding in words."""
    return _FINDING_TOLD[finding]


def names_of(mask: int, names: tuple[str, ...]) -> list[str]:
    """The names whose bits are set, in their order."""
    return [name for bit, name in enumerate(names) if mask >> bit & 1]
