"""An explanation as data and as prose, in both languages (入组说明的文字)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from yibao.base.texts import Language, Text
from yibao.engines.grouping.case import UNGROUPED_ADRG, finding_told, invalid_told
from yibao.engines.grouping.changes import Move
from yibao.engines.grouping.conditions import Complication, InList, Leaf, leaves
from yibao.engines.grouping.explaining import Counted, Explanation, Step
from yibao.engines.grouping.scheme import DRG, MDC, QY
from yibao.engines.grouping.wording import condition_told, leaf_told, not_listed_told

_MOVES_A_LINE = 4
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
        yield from _moves(moves, explained.group.mdc)


def _moves(moves: Sequence[Move], mdc: str) -> Iterator[Text]:
    """Changes of the case's own codes line by line; additions together, the own MDC's first."""
    for move in moves:
        if not move.is_addition:
            yield _indented(move.told, f" {_move_told(move)}")
    for kind in dict.fromkeys(move.kind for move in moves if move.is_addition):
        added = sorted(
            (move for move in moves if move.kind == kind), key=lambda move: move.group.mdc != mdc
        )
        yield _indented(added[0].told, ":")
        for first in range(0, len(added), _MOVES_A_LINE):
            row = " · ".join(map(_move_told, added[first : first + _MOVES_A_LINE]))
            yield Text(f"        {row}", f"        {row}")


def _move_told(move: Move) -> str:
    return f"{move.code} → {_group_told(move)}"


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
    any_level = {g.rule.shown for g in explained.grounds if g.leaf == Complication("cc")}
    for ground in explained.grounds:
        if ground.leaf == Complication("mcc") and ground.rule.shown in any_level:
            continue  # who asks for MCC or CC is answered once
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
    plain: dict[str, list[str]] = {}
    for step in others:
        subject = _plain_subject(step)
        if subject:
            plain.setdefault(subject, []).append(step.rule.shown)
        else:
            yield _step_told(step)
    for subject, names in plain.items():
        yield _indented(not_listed_told(subject), ": " + " ".join(names))


def _plain_subject(step: Step) -> str:
    """What a rule asks for that asks for nothing but its own list, else nothing."""
    condition = step.rule.condition
    own = isinstance(condition, InList) and condition.list_name == step.rule.shown
    return condition.subject if own and isinstance(condition, InList) else ""


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
        drgs = [step.rule.condition for step in explained.steps if step.rule.kind == DRG]
        asked = any(isinstance(leaf, Complication) for drg in drgs for leaf in leaves(drg))
        aside = Text("（本 ADRG 不区分）", " (this ADRG does not ask for them)")
        zh, en = (aside.zh, aside.en) if drgs and not asked else ("", "")
        yield Text(f"并发症与合并症{zh}:", f"complications{en}:")
    for one in explained.complications:
        yield _complication(one, explained.diagnoses[0])


def _complication(one: Counted, principal: str) -> Text:
    level = one.level.upper()
    if one.counts:
        return Text(f"    {one.code}: 计为 {level}", f"    {one.code}: counts as {level}")
    number = one.exclusion
    return Text(
        f"    {one.code}: {level}，不计: 被主要诊断 {principal} 排除 (同属排除表 {number})",
        f"    {one.code}: {level}, not counted: excluded by the principal diagnosis {principal}"
        f" (both in exclusion table {number})",
    )


def _indented(text: Text, after: str) -> Text:
    return Text(f"    {text.zh}{after}", f"    {text.en}{after}")
