"""An entitlement explained: its formula line by line, the exact value, and the one rounding.

The figures are the determination's own; the words are the area's. A line reads as it was worked
out: what it began with, each step that applied with the value after it, the exact value where the
unit cannot hold it, and how it was rounded. As data (JSON) and as text, in Chinese and English.

Holds: the same determination and words give the same bytes.

Refuses: to work anything out again, and to fail for want of a label: a name then shows itself.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import msgspec

from yibao.base.texts import Language, Text
from yibao.engines.benefits.entitlements import EntitlementDetermination, EntitlementLineResult
from yibao.engines.benefits.explain.figures import printed, printed_exact
from yibao.engines.benefits.explain.layers import number_shown, paid_shown
from yibao.engines.benefits.explain.reasons import reason_of
from yibao.engines.benefits.explain.shapes import (
    Citation,
    FactShown,
    FindingShown,
    PaidShown,
    Question,
    StepShown,
)
from yibao.engines.benefits.explain.vocabulary import NO_WORDS, Vocabulary
from yibao.engines.policy.law import Unit

FORMAT = "yibao.entitlement/1"
_ENCODER = msgspec.json.Encoder()


@dataclass(frozen=True, slots=True)
class FormulaLine:
    """One line of the formula, as it was worked out. ``value`` is fen, millionths or a count."""

    line: str
    label: Text
    unit: Unit
    is_paid: bool
    row: tuple[FactShown, ...]
    start_label: Text
    start: str
    steps: tuple[StepShown, ...]
    exact: str
    is_truncated: bool
    is_rounded: bool
    value: int
    printed: str
    citations: tuple[Citation, ...]


@dataclass(frozen=True, slots=True)
class EntitlementExplanation:
    """The whole explanation of one entitlement for one person on one day."""

    format: str
    entitlement_id: str
    label: Text
    area: str
    policy_hash: str
    engine_version: str
    on: date
    lines: tuple[FormulaLine, ...]
    pays: str
    paid_unit: Unit
    paid_value: int
    paid_printed: str
    paid_by: tuple[PaidShown, ...]
    values_count: int
    examples_count: int
    structure: Citation
    questions: tuple[Question, ...]
    findings: tuple[FindingShown, ...]


def explain_entitlement(
    determination: EntitlementDetermination,
    words: Vocabulary = NO_WORDS,
    *,
    findings: Sequence[str] = (),
) -> EntitlementExplanation:
    """Tell a determination with its words and sources, and findings by code; amounts are fen."""
    labels = {line.name: line for line in determination.lines}
    return EntitlementExplanation(
        format=FORMAT,
        entitlement_id=determination.entitlement_id,
        label=determination.label,
        area=determination.area,
        policy_hash=determination.policy_hash,
        engine_version=determination.engine_version,
        on=determination.on,
        lines=tuple(
            _line(line, labels, words, is_paid=line.name == determination.pays)
            for line in determination.lines
        ),
        pays=determination.pays,
        paid_unit=determination.paid_unit,
        paid_value=determination.paid_value,
        paid_printed=printed(determination.paid_unit, determination.paid_value),
        paid_by=paid_shown(determination.paid_by, words),
        values_count=len(determination.numbers),
        examples_count=determination.examples_count,
        structure=words.citation(determination.structure),
        questions=tuple(words.question(open_id) for open_id in determination.open_ids),
        findings=tuple(
            FindingShown(code, reason_of(code).label, reason_of(code).sentence) for code in findings
        ),
    )


def entitlement_json(explanation: EntitlementExplanation) -> bytes:
    """The explanation as JSON; docs/entitlements.md publishes the keys."""
    return _ENCODER.encode(explanation)


def _line(
    line: EntitlementLineResult,
    earlier: Mapping[str, EntitlementLineResult],
    words: Vocabulary,
    *,
    is_paid: bool,
) -> FormulaLine:
    number = number_shown(line.number, words)
    pairs = zip(number.steps, line.number.steps, strict=True)
    exact = (line.exact.numerator, line.exact.denominator)
    return FormulaLine(
        line=line.name,
        label=line.label,
        unit=line.unit,
        is_paid=is_paid,
        row=number.row,
        start_label=_named(line.fact, earlier, words) if line.fact else Text("", ""),
        start=printed_exact(line.unit, line.number.start or exact),
        steps=tuple(_with_words(shown, used.operation, earlier, words) for shown, used in pairs),
        exact=printed_exact(line.unit, exact),
        is_truncated=line.number.is_truncated,
        is_rounded=line.exact.denominator != 1,
        value=line.value,
        printed=printed(line.unit, line.value),
        citations=number.citations,
    )


def _named(fact: str, earlier: Mapping[str, EntitlementLineResult], words: Vocabulary) -> Text:
    if fact in earlier:
        return earlier[fact].label
    known = words.facts.get(fact)
    return known.label if known else Text(fact, fact)


def _with_words(
    step: StepShown,
    operation: str,
    earlier: Mapping[str, EntitlementLineResult],
    words: Vocabulary,
) -> StepShown:
    """A step by a fact or by an earlier line, told in its words instead of its name."""
    if not operation.endswith("_fact"):
        return step
    name, _, value = step.operand.partition(" = ")
    is_amount = (name in earlier and earlier[name].unit == "amount") or (
        name in words.facts and words.facts[name].kind == "amount"
    )
    shown = printed("amount", int(value)) if is_amount else value
    label = _named(name, earlier, words)
    verb = _VERBS[operation]
    return StepShown(
        step.operation,
        step.operand,
        Text(f"{verb.zh}{label.zh} {shown}", f"{verb.en} {label.en} {shown}"),
        step.value_after,
    )


_VERBS = {
    "times_fact": Text("乘以", "times"),
    "plus_fact": Text("加", "plus"),
    "minus_fact": Text("减", "minus"),
}


def told(explanation: EntitlementExplanation, language: Language) -> str:
    """The explanation as prose for a clerk, in one language."""
    is_chinese = language == "zh"
    head = f"{explanation.label.in_language(language)} · {explanation.on}"
    law = "政策" if is_chinese else "law"
    lines = [head, f"{law} {explanation.entitlement_id} {explanation.policy_hash}", ""]
    for place, line in enumerate(explanation.lines, start=1):
        lines += _told_line(place, line, language)
    lines += ["", *_told_payment(explanation, language), *_told_sources(explanation, language)]
    return "\n".join(lines)


def _told_line(place: int, line: FormulaLine, language: Language) -> list[str]:
    is_chinese = language == "zh"
    start = f"{line.start_label.in_language(language)} {line.start}".strip()
    parts = [start]
    for step in line.steps:
        comma = "，" if is_chinese else ", "
        parts.append(f"{comma}{step.label.in_language(language)} = {step.value_after}")
    lines = [f"{place}. {line.label.in_language(language)}: {''.join(parts)}"]
    if line.row:
        because = (
            f"{fact.label.in_language(language)} = {fact.value_label.in_language(language)}"
            for fact in line.row
        )
        lines.append(f"   {'适用' if is_chinese else 'since'}: {', '.join(because)}")
    lines.append(f"   = {line.printed}{_told_rounding(line, language)}")
    return lines


def _told_rounding(line: FormulaLine, language: Language) -> str:
    if not line.is_rounded:
        return ""
    if language == "zh":
        return f"（精确值 {line.exact}，{'舍去尾数' if line.is_truncated else '四舍五入'}一次）"
    how = "cut off" if line.is_truncated else "rounded half up"
    return f" (exactly {line.exact}, {how} once)"


def _told_payment(explanation: EntitlementExplanation, language: Language) -> list[str]:
    if not explanation.paid_by:
        word = "结果" if language == "zh" else "Decided"
        return [f"{word}: {explanation.paid_printed}"]
    word = "支付" if language == "zh" else "Paid"
    borne = [
        f"   {paid.label.in_language(language)}: {printed('amount', paid.amount)}"
        for paid in explanation.paid_by
    ]
    return [f"{word}: {explanation.paid_printed}", *borne]


def _told_sources(explanation: EntitlementExplanation, language: Language) -> list[str]:
    """Sources, once each in order of use; examples and open questions said aloud."""
    is_chinese = language == "zh"
    citations = [explanation.structure, *(c for line in explanation.lines for c in line.citations)]
    shown = dict.fromkeys(_told_citation(citation) for citation in citations)
    lines = [f"{'依据' if is_chinese else 'Sources'}: " + "; ".join(shown)]
    if explanation.examples_count:
        count, of = explanation.examples_count, explanation.values_count
        lines.append(
            f"注意: {of} 个参数中有 {count} 个是示例值或待定"
            if is_chinese
            else f"Note: {count} of {of} values are examples or open choices"
        )
    for question in explanation.questions:
        text = question.text.in_language(language) or question.question_id
        lines.append(f"{'待定问题' if is_chinese else 'Open question'}: {text}")
    told_findings = (finding.sentence.in_language(language) for finding in explanation.findings)
    return [*lines, *(f"{'提示' if is_chinese else 'Finding'}: {one}" for one in told_findings)]


def _told_citation(citation: Citation) -> str:
    titles = ", ".join(source.title or source.source_id for source in citation.sources)
    return f"{titles or citation.note} [{citation.confidence}]"
