"""The words of an explanation: what an area calls its facts, counters, funds, sources, questions.

A determination carries names and figures only. The words come from the area's documents and are
passed in; a name without words is shown as itself, so that an explanation never fails for want of a
label.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from yibao.base.texts import Text
from yibao.engines.benefits.claim import GENERAL, Slot
from yibao.engines.benefits.explain.reasons import adjustment_reason
from yibao.engines.benefits.explain.shapes import Citation, FactShown, Question, Source
from yibao.engines.policy.area import AreaPolicy, QuestionText, SourceText
from yibao.engines.policy.law import Counter, FactDefinition, FactValue, Provenance

CLASSES: Mapping[str, Text] = MappingProxyType(
    {
        "eligible": Text("符合政策范围", "in scope"),
        "prior_self_pay": Text("先行自付", "first share of the item"),
        "over_limit": Text("超限价自费", "above the price limit"),
        "noncovered": Text("全自费", "not covered"),
    }
)
"""What the four classes of a bill are called before any layer looks at them."""

_YES_NO = {True: Text("是", "yes"), False: Text("否", "no")}
_PERIODS = {
    "benefit_year": Text("年度", "yearly"),
    "month": Text("每月", "monthly"),
    "day": Text("每日", "daily"),
    "encounter": Text("每次就诊", "per encounter"),
    "episode": Text("每个疗程", "per episode"),
    "lifetime": Text("终身", "lifetime"),
    "encounter_benefit_year": Text("每次就诊每年度", "per encounter and year"),
}
_PER_CLAIM = Text("单次", "per claim")
_CEILING_KINDS = {
    "payment": Text("支付封顶线", "ceiling on payments"),
    "before_deductible": Text("费用封顶线·含起付线", "ceiling on cost, deductible included"),
    "after_deductible": Text("费用封顶线·起付线以上", "ceiling on cost above the deductible"),
    "yearly_maximum": Text("起付线合计上限", "maximum of deductibles"),
}


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """An area's words, each by its name; ``items`` names the lines of one bill."""

    sources: Mapping[str, SourceText] = field(default_factory=dict)
    questions: Mapping[str, QuestionText] = field(default_factory=dict)
    facts: Mapping[str, FactDefinition] = field(default_factory=dict)
    counters: Mapping[str, Counter] = field(default_factory=dict)
    plans: Mapping[str, Text] = field(default_factory=dict)
    funds: Mapping[str, Text] = field(default_factory=dict)
    items: Mapping[str, Text] = field(default_factory=dict)
    streams: Mapping[tuple[str, str], Text] = field(default_factory=dict)  # (plan id, stream)
    plan_id: str = ""  # whose streams are meant

    @classmethod
    def of(
        cls, area: AreaPolicy, *, items: Mapping[str, Text] = MappingProxyType({})
    ) -> Vocabulary:
        """The words of a compiled area; ``items`` names the lines of one bill by their ids."""
        return cls(
            sources=area.sources,
            questions=area.questions,
            facts=area.facts,
            counters=area.counters,
            plans={version.plan_id: version.label for version in area.plans},
            funds=area.funds,
            items=items,
            streams={
                (version.plan_id, stream): version.stream_label(stream)
                for version in area.plans
                for stream in version.streams
            },
        )

    def within(self, plan_id: str) -> Vocabulary:
        """The words as one plan uses them: its streams may have other names than another's."""
        return replace(self, plan_id=plan_id)

    def plan(self, plan_id: str) -> Text:
        """A plan's name."""
        return self.plans.get(plan_id) or Text(plan_id, plan_id)

    def item(self, line_id: str) -> Text:
        """What the item of a line is called; empty where nobody said."""
        return self.items.get(line_id) or Text("", "")

    def fund(self, name: str) -> Text:
        """A fund's name."""
        return self.funds.get(name) or Text(name, name)

    def counter(self, name: str) -> Text:
        """A counter's name."""
        known = self.counters.get(name)
        return known.label if known else Text(name, name)

    def is_count(self, name: str) -> bool:
        """Whether a counter counts claims instead of fen."""
        known = self.counters.get(name)
        return known is not None and known.adds == "claim_count"

    def ceiling(self, kind: str, counter: str) -> Text:
        """What a ceiling does, in words: how long it counts, and whether cost or payment."""
        known = self.counters.get(counter)
        period = Text("", "") if counter else _PER_CLAIM
        if known:
            period = _PERIODS[known.period]
        what = _CEILING_KINDS[kind]
        if kind == "yearly_maximum":
            return what
        return Text(f"{period.zh}{what.zh}", f"{period.en} {what.en}".strip())

    def fact(self, name: str, value: FactValue) -> FactShown:
        """A fact and its value, both in words."""
        known = self.facts.get(name)
        if isinstance(value, bool):
            words = _YES_NO[value]
        else:
            values = dict(known.values) if known else {}
            words = values.get(str(value)) or Text(str(value), str(value))
        return FactShown(name, value, known.label if known else Text(name, name), words)

    def slot(self, slot: Slot, layers: Mapping[str, Text]) -> Text:
        """A slot in words: its class, or the layer that left it and why."""
        words = CLASSES.get(slot.reason) or adjustment_reason(slot.reason).label
        if slot.layer:
            layer = layers.get(slot.layer) or Text(slot.layer, slot.layer)
            words = Text(f"{layer.zh}·{words.zh}", f"{layer.en}: {words.en}")
        if slot.stream == GENERAL:
            return words
        stream = self.stream(slot.stream)
        return Text(f"{words.zh}（{stream.zh}）", f"{words.en} ({stream.en})")

    def stream(self, name: str) -> Text:
        """A stream's name in its plan."""
        return self.streams.get((self.plan_id, name)) or Text(name, name)

    def citation(self, provenance: Provenance) -> Citation:
        """A provenance with its documents' titles."""
        return Citation(
            tuple(self._source(source_id) for source_id in provenance.source_ids),
            provenance.note,
            provenance.confidence,
            provenance.open_ids,
            str(provenance.where),
        )

    def question(self, question_id: str) -> Question:
        """An open question with its text and reading."""
        known = self.questions.get(question_id)
        if known is None:
            return Question(question_id, Text("", ""), Text("", ""))
        return Question(question_id, known.question, known.reading)

    def _source(self, source_id: str) -> Source:
        known = self.sources.get(source_id)
        if known is None:
            return Source(source_id)
        return Source(
            source_id, known.title, known.publisher, known.number, known.period, known.url
        )


NO_WORDS = Vocabulary()
"""An area without words: every name stands for itself."""
