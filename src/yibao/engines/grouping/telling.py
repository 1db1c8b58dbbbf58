"""An explanation as data and as prose, in both languages (入组说明的文字)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from yibao.base.texts import Language, Text
from yibao.engines.grouping.case import UNGROUPED_ADRG, finding_told, invalid_told
from yibao.engines.grouping.changes import Move
from yibao.engines.grouping.conditions import Leaf, leaves
from yibao.engines.grouping.explaining import Counted, Explanation, Step
from yibao.engines.grouping.scheme import MDC, QY
from yibao.engines.grouping.wording import condition_told, leaf_told

_STATUSES = {
    "grouped": Text("入组", "grouped"),
    "qy": Text("歧义病例", "ambiguous (QY)"),
    "ungrouped": Text("未入组", "ungrouped"),
    "invalid": Text("病例无效", "invalid"),
}
_REASONS = {
    "no_mdc": Text("没有一个 MDC 的条件成立", "no MDC's condition holds"),
    "no_adrg": Text("进入了 MDC，但没有 ADRG 的条件成立", "an MDC was entered, and no ADRG fits"),
    "no_drg": Text("该 ADRG 没有成立的 DRG", "the ADRG has no DRG that fits"),
}


def explanation_data(explained: Explanation, moves: Sequence[Move] = ()) -> dict[str, Any]:
    """An explanation as plain data, for JSON."""
    group = explained.group
    return {
        "index": explained.case,
        "status": group.status,
        "mdc": group.mdc,
        "adrg": group.adrg,
        "drg": group.drg,
        "reason": group.reason,
        "complication": group.level,
        "diagnoses": list(explained.diagnoses),
        "procedures": list(explained.procedures),
        "because": [
            {
                "rule": ground.rule.shown,
                "question": _both(leaf_told(ground.leaf)),
                "codes": list(ground.codes),
            }
            for ground in explained.grounds
        ],
        "steps": [_step_data(step) for step in explained.steps],
        "complications": [
            {
                "code": one.code,
                "level": one.level,
                "counts": one.counts,
                "excluded_by": None if one.counts else explained.diagnoses[0],
            }
            for one in explained.complications
        ],
        "findings": [{"code": name, **_both(finding_told(name))} for name in explained.findings],
        "invalid": [{"code": name, **_both(invalid_told(name))} for name in explained.invalid],
        "moves": [
            {
                "change": move.kind,
                "code": move.code,
                "status": move.group.status,
                "adrg": move.group.adrg,
                "drg": move.group.drg,
            }
            for move in moves
        ],
    }


def _step_data(step: Step) -> dict[str, Any]:
    return {
        "rule": step.rule.shown,
        "kind": step.rule.kind,
        "held": step.held,
        "condition": _both(condition_told(step.rule.condition)),
        "met": [_both(leaf_told(leaf)) for leaf in step.met],
        "unmet": [_both(leaf_told(leaf)) for leaf in step.unmet],
    }


def _both(text: Text) -> dict[str, str]:
    return {"zh": text.zh, "en": text.en}


def explanation_lines(
    explained: Explanation, moves: Sequence[Move], *, language: Language
) -> list[str]:
    """An explanation as lines of prose."""
    return [text.in_language(language) for text in _lines(explained, moves)]


def _lines(explained: Explanation, moves: Sequence[Move]) -> Iterator[Text]:
    yield _head(explained)
    for name in explained.invalid:
        yield _indented(invalid_told(name), f" [{name}]")
    if explained.invalid:
        return
    yield from _why(explained)
    yield from _left(explained)
    yield from _tried(explained.steps)
    yield from _complications(explained)
    if explained.findings:
        yield Text("疑点:", "findings:")
        for name in explained.findings:
            yield _indented(finding_told(name), f" [{name}]")
    if moves:
        yield Text("哪一项变化会改变分组:", "which single change would move the case:")
        for move in moves:
            yield _indented(move.told, f" → {_group_told(move)}")


def _group_told(move: Move) -> str:
    group = move.group
    if group.status != "ungrouped" or group.adrg == UNGROUPED_ADRG:
        return group.drg
    return f"{group.drg} ({group.adrg})"


def _head(explained: Explanation) -> Text:
    group = explained.group
    status = _STATUSES[group.status]
    names = {step.rule.shown: step.rule.name for step in explained.steps if step.held}
    path = "" if explained.invalid else f" {group.mdc} → {group.adrg} → {group.drg}"
    name = names.get(group.drg, Text("", ""))
    reason = _REASONS.get(group.reason, Text("", ""))
    told = [
        " ".join(part for part in parts if part)
        for parts in (
            (f"{explained.case}: {status.zh}{path}", name.zh, reason.zh),
            (f"{explained.case}: {status.en}{path}", name.en or name.zh, reason.en),
        )
    ]
    return Text(*told)


def _why(explained: Explanation) -> Iterator[Text]:
    if explained.grounds:
        yield Text("入组依据:", "because:")
    for ground in explained.grounds:
        leaf = leaf_told(ground.leaf)
        codes = f" ({', '.join(ground.codes)})" if ground.codes else ""
        yield Text(
            f"    {ground.rule.shown}: {leaf.zh}{codes}",
            f"    {ground.rule.shown}: {leaf.en}{codes}",
        )


def _left(explained: Explanation) -> Iterator[Text]:
    """MDCs that were entered and left again."""
    held = [step.rule.shown for step in explained.steps if step.held and step.rule.kind == MDC]
    left = " ".join(name for name in held if name != explained.group.mdc)
    if left:
        yield Text(
            f"进入后离开的 MDC（没有 ADRG 成立）: {left}",
            f"MDCs that were entered and left, since none of their ADRGs fits: {left}",
        )


def _tried(steps: Sequence[Step]) -> Iterator[Text]:
    """What was tried before and did not fit: MDCs in one line, ADRGs and DRGs each with its why."""
    passed = [step for step in steps if not step.held and step.rule.kind == MDC and not step.met]
    if passed:
        keys = " ".join(step.rule.shown for step in passed)
        yield Text(f"未进入的 MDC: {keys}", f"MDCs that were not entered: {keys}")
    others = [step for step in steps if not step.held and step not in passed]
    others = [step for step in others if not (step.rule.kind == QY and not step.met)]
    if others:
        yield Text("尝试过而不成立:", "tried, and did not hold:")
    for step in others:
        yield _step_told(step)


def _step_told(step: Step) -> Text:
    condition = condition_told(step.rule.condition)
    told = Text(f"    {step.rule.shown}: {condition.zh}", f"    {step.rule.shown}: {condition.en}")
    if sum(1 for _ in leaves(step.rule.condition)) == 1:
        return told
    parts = []
    if step.met:
        parts.append(_labelled(Text("成立", "holds"), step.met))
    if step.unmet:
        parts.append(_labelled(Text("不成立", "fails"), step.unmet))
    zh, en = "；".join(part.zh for part in parts), "; ".join(part.en for part in parts)
    return Text(f"{told.zh}（{zh}）", f"{told.en} ({en})")


def _labelled(label: Text, asked: Iterable[Leaf]) -> Text:
    told = _joined(asked)
    return Text(f"{label.zh}: {told.zh}", f"{label.en}: {told.en}")


def _joined(asked: Iterable[Leaf]) -> Text:
    told = [leaf_told(leaf) for leaf in asked]
    return Text("，".join(text.zh for text in told), ", ".join(text.en for text in told))


def _complications(explained: Explanation) -> Iterator[Text]:
    if explained.complications:
        yield Text("并发症与合并症:", "complications:")
    for one in explained.complications:
        yield _complication(one, explained.diagnoses[0])


def _complication(one: Counted, principal: str) -> Text:
    level = one.level.upper()
    if one.counts:
        return Text(f"    {one.code}: {level}", f"    {one.code}: {level}")
    number = one.exclusion
    return Text(
        f"    {one.code}: {level}，被主要诊断 {principal} 排除 (同属排除表 {number})",
        f"    {one.code}: {level}, excluded by the principal diagnosis {principal}"
        f" (both in exclusion table {number})",
    )


def _indented(text: Text, after: str) -> Text:
    return Text(f"    {text.zh}{after}", f"    {text.en}{after}")
