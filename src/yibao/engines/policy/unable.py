"""When the law gives no answer: a stable code, what is missing, what to do, in both languages.

An answer that cannot be worked out is said, never guessed: no default fact, no neighbouring date,
no last-known value. The codes stand in their order of precedence. ``subject`` names the number,
fact or plan that is concerned.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date

from yibao.base.errors import YibaoError
from yibao.base.texts import Text
from yibao.engines.policy.law import FactDefinition, Provenance

UNABLE_CODES = (
    "no_plan",
    "several_plans",
    "no_rule_on_date",
    "index_missing",
    "charge_date_missing",
    "fact_missing",
    "fact_unknown",
    "value_unknown",
    "example_needed",
)
"""Why no answer can be given, in order of precedence."""


class UnableToDetermine(YibaoError):
    """No answer can be given: ``code`` of :data:`UNABLE_CODES`, message, remedy, subject.

    Made as ``UnableToDetermine(code, message, remedy, subject=…)``.
    """

    def __init__(self, code: str, *told: Text, subject: str = "") -> None:
        message, remedy = told
        super().__init__(message, remedy)
        self.code = code
        self.subject = subject

    def name_fact(self, facts: Mapping[str, FactDefinition]) -> None:
        """Say in the remedy what people call the fact that is concerned, and its values."""
        fact = facts.get(self.subject)
        if fact is None:
            return
        zh, en = f"{fact.name}: {fact.label.zh}", f"{fact.name}: {fact.label.en}"
        if fact.kind == "values":
            zh += "，取值 " + "、".join(f"{value}（{label.zh}）" for value, label in fact.values)
            en += ", one of " + ", ".join(f"{value} ({label.en})" for value, label in fact.values)
        elif fact.kind == "yes_no":
            zh, en = f"{zh}，取值 true、false", f"{en}, true or false"
        self.remedy = Text(f"{self.remedy.zh}。{zh}", f"{self.remedy.en}; {en}")


def fact_missing(fact: str, *, asked_by: str) -> UnableToDetermine:
    """A rule asks for a fact that nobody stated."""
    return UnableToDetermine(
        "fact_missing",
        Text(
            f"{asked_by} 需要事实 {fact}，但没有给出",
            f"{asked_by} asks for the fact {fact}, which nobody stated",
        ),
        Text(f"请补充 {fact} 在适用日期的值", f"state {fact} as it was on the day of the rule"),
        subject=fact,
    )


def fact_unknown(fact: str, value: object, *, asked_by: str) -> UnableToDetermine:
    """A fact has a value that the rule has no answer for."""
    return UnableToDetermine(
        "fact_unknown",
        Text(
            f"{asked_by} 对 {fact} = {value} 没有规定",
            f"{asked_by} says nothing for {fact} = {value}",
        ),
        Text(
            f"请核对 {fact}；若无误，则该情形缺少政策依据，需要补充",
            f"check {fact}; if it is right, the policy lacks a rule for it",
        ),
        subject=fact,
    )


def example_needed(name: str, provenance: Provenance) -> UnableToDetermine:
    """A number that no source gives, and no examples overlay stands in for."""
    place = f" ({provenance.where})" if provenance.where.file else ""
    return UnableToDetermine(
        "example_needed",
        Text(
            f"没有依据给出参数 {name}{place}，且未启用示例值",
            f"no source gives the number {name}{place}, and example values are off",
        ),
        Text(
            "请加 --with-examples 以示例值试算，或在政策文件中补充有依据的数值",
            "try it with --with-examples, or add the number with its source to the policy",
        ),
        subject=name,
    )


def index_missing(index: str, year: int, *, asked_by: str) -> UnableToDetermine:
    """A published yearly series has no value for a year."""
    return UnableToDetermine(
        "index_missing",
        Text(
            f"{asked_by} 需要公布指标 {index} 的 {year} 年数值，但没有收录",
            f"{asked_by} asks for the index {index} of {year}, which is not recorded",
        ),
        Text(
            f"请在 numbers.yaml 的 indices 中补充 {index} 的 {year} 年数值",
            f"add the value of {year} to {index} under indices in numbers.yaml",
        ),
        subject=index,
    )


def no_rule_on_date(plan: str, on: date, *, in_force: str) -> UnableToDetermine:
    """A plan does not say anything for a day; ``in_force`` lists its days."""
    return UnableToDetermine(
        "no_rule_on_date",
        Text(
            f"方案 {plan} 在 {on} 没有生效的规则；生效期间: {in_force}",
            f"plan {plan} has no rule on {on}; it is in force: {in_force}",
        ),
        Text("请核对结算单日期，或补充该日期的政策", "check the date, or add the law of that day"),
        subject=plan,
    )


def no_plan(plan: str, facts: Iterable[tuple[str, object]]) -> UnableToDetermine:
    """A plan is not for this claim; ``facts`` are those that leave it outside."""
    said = ", ".join(f"{fact} = {value}" for fact, value in facts)
    return UnableToDetermine(
        "no_plan",
        Text(f"方案 {plan} 不适用: {said}", f"plan {plan} is not for this claim: {said}"),
        Text(
            "请核对险种、就诊类别、医疗机构级别等事实",
            "check scheme, care type, facility level and the other facts",
        ),
        subject=plan,
    )
