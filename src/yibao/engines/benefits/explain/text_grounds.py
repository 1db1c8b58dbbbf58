"""The end of a statement: the counters after, and the grounds that the result rests on.

Grounds are listed whole: each document once, each open question with the reading taken, how many
values are examples, and the plan, hash and engine with which the result can be computed again.
"""

from __future__ import annotations

from collections.abc import Iterator

from yibao.base.texts import Text
from yibao.engines.benefits.explain.rows import Draft, money
from yibao.engines.benefits.explain.shapes import Citation, CounterShown, Explanation, Question

_CONFIDENCE = {
    "H": Text("原文可靠", "well sourced"),
    "M": Text("较可靠", "fairly sourced"),
    "seed": Text("原始资料", "from the source texts"),
    "example": Text("示例值，不是法规", "an example value, not law"),
    "open": Text("规定尚不明确", "the law is not settled"),
}


def examples_told(explanation: Explanation) -> Text:
    """How many values of the policy were used, and how many of them are examples."""
    examples, values = explanation.examples_count, explanation.values_count
    if not examples:
        return Text(
            f"使用了 {values} 个政策数值，其中没有示例值。",
            f"{values} values of the policy were used; none of them is an example.",
        )
    return Text(
        f"* {values} 个政策数值中有 {examples} 个是示例值，结果只供演示。",
        f"* {examples} of {values} values are examples: the result is a demonstration.",
    )


def counter_rows(explanation: Explanation) -> Iterator[Draft]:
    """The counters after the claim, and which stay of the year it was."""
    moved = [counter for counter in explanation.counters if counter.after or counter.delta]
    if not moved and not explanation.stays:
        return
    yield Draft("section", 0, Text("结算后的累计", "Running totals after this claim"))
    for stay in explanation.stays:
        yield Draft(
            "prose",
            1,
            Text(
                f"{stay.label.zh}：本次为第 {stay.number} 次。",
                f"{stay.label.en}: this is number {stay.number}.",
            ),
        )
    for counter in moved:
        yield _counter(counter)


def _counter(counter: CounterShown) -> Draft:
    def shown(value: int) -> str:
        return str(value) if counter.unit == "count" else money(value)

    delta = f"+{shown(counter.delta)}"
    if counter.after is None:
        return Draft("item", 1, counter.label, delta)
    label = Text(f"{counter.label.zh}（本次 {delta}）", f"{counter.label.en} ({delta} now)")
    return Draft("item", 1, label, shown(counter.after))


def ground_rows(explanation: Explanation) -> Iterator[Draft]:
    """Documents, open questions, findings, example values, and what to recompute it with."""
    yield Draft("section", 0, Text("依据", "Grounds"))
    for citation in _citations(explanation):
        yield Draft("prose", 1, _citation(citation), is_verbatim=True)
    for question in explanation.questions:
        yield Draft("prose", 1, _question(question))
    for finding in explanation.findings:
        yield Draft("prose", 1, finding.sentence)
    yield Draft("prose", 1, examples_told(explanation))
    yield Draft(
        "prose",
        1,
        Text(
            f"方案 {explanation.plan_id} · 政策指纹 {explanation.policy_hash} · "
            f"引擎 {explanation.engine_version}",
            f"plan {explanation.plan_id} · policy hash {explanation.policy_hash} · "
            f"engine {explanation.engine_version}",
        ),
    )


def _citations(explanation: Explanation) -> tuple[Citation, ...]:
    found: dict[tuple[object, ...], Citation] = {}
    numbers = [
        *explanation.derived,
        *(one for layer in explanation.layers for one in layer.numbers),
    ]
    structures = [layer.structure for layer in explanation.layers if layer.base_amount]
    for citation in (
        *(citation for number in numbers for citation in number.citations),
        *(structure for structure in structures if structure),
    ):
        key = (citation.sources, citation.note, citation.confidence)
        found.setdefault(key, citation)
    return tuple(found.values())


def _citation(citation: Citation) -> Text:
    documents = "；".join(
        " ".join(
            part
            for part in (source.source_id, source.title, source.publisher, source.number)
            if part
        )
        for source in citation.sources
    )
    told = " — ".join(part for part in (documents, citation.note) if part)
    confidence = _CONFIDENCE.get(
        citation.confidence, Text(citation.confidence, citation.confidence)
    )
    return Text(f"{told}（{confidence.zh}）", f"{told} ({confidence.en})")


def _question(question: Question) -> Text:
    name = question.question_id
    if not question.text.zh:
        return Text(f"规定尚不明确：{name}", f"The law is not settled: {name}")
    return Text(
        f"规定尚不明确（{name}）：{question.text.zh} 采用的理解：{question.reading.zh}",
        f"The law is not settled ({name}): {question.text.en} Read as: {question.reading.en}",
    )
