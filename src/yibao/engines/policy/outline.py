"""A plan version read aloud: every rule as an entry with its path, its words, its sources.

The same entries serve `policy show`, `policy diff`, the calendar of changes and the list of
sources; what is printed there is what engines evaluate, for both are made from one version.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction

from yibao.base.money import format_yuan
from yibao.base.rates import MILLION, format_rate
from yibao.base.texts import Text
from yibao.engines.policy import law

Facts = Mapping[str, law.FactDefinition]


@dataclass(frozen=True, slots=True)
class Entry:
    """One rule of a version: where it stands, what it says line by line, where it comes from."""

    path: tuple[str, ...]
    lines: tuple[Text, ...]
    provenances: tuple[law.Provenance, ...] = ()
    number: law.Number | None = field(default=None, compare=False)

    @property
    def name(self) -> str:
        """The path in one word."""
        return "/".join(self.path)

    @property
    def example_count(self) -> int:
        """How many of its literals are example values, missing ones included."""
        return sum(p.confidence == "example" for p in self.provenances)


def _is_shorter_by_the_others(passing: int, others: int) -> bool:
    """One left out of three or more, or two out of many: the rest need not be listed."""
    return (others == 1 and passing > 1) or (others == 2 and passing > 5)


def _joined(parts: list[Text], zh: str, en: str) -> Text:
    return Text(zh.join(p.zh for p in parts), en.join(p.en for p in parts))


class Teller:
    """Puts conditions and numbers into words, with the area's own names for facts and values."""

    def __init__(self, facts: Facts) -> None:
        self.facts = facts

    def value(self, fact: str, value: law.FactValue) -> Text:
        """A fact's value as people call it."""
        if isinstance(value, bool):
            return Text("是", "yes") if value else Text("否", "no")
        definition = self.facts.get(fact)
        if definition is not None and definition.kind == "amount":
            return Text(f"{format_yuan(int(value))} 元", f"{format_yuan(int(value))} yuan")
        labels = dict(definition.values) if definition else {}
        return labels.get(str(value), Text(str(value), str(value)))

    def fact(self, name: str) -> Text:
        """A fact's name for people."""
        return self.facts[name].label if name in self.facts else Text(name, name)

    def test(self, name: str, test: law.Test) -> Text:
        """One test in words."""
        label = self.fact(name)
        if test.values is not None:
            return self._values(name, label, test.values)
        low = self.value(name, test.start) if test.start is not None else None
        high = self.value(name, test.below) if test.below is not None else None
        zh = "".join((f"≥{low.zh}" if low else "", f"<{high.zh}" if high else ""))
        en = "".join((f"≥{low.en}" if low else "", f"<{high.en}" if high else ""))
        return Text(f"{label.zh}{zh}", f"{label.en} {en}")

    def _values(self, name: str, label: Text, values: Iterable[law.FactValue]) -> Text:
        """The values that pass; where nearly all do, the few that do not."""
        known = [value for value, _ in self.facts[name].values] if name in self.facts else []
        passing = sorted(
            values, key=lambda v: (known.index(str(v)) if str(v) in known else 0, str(v))
        )
        others = [value for value in known if value not in passing]
        if _is_shorter_by_the_others(len(passing), len(others)):
            shown = [self.value(name, value) for value in others]
            zh, en = "、".join(t.zh for t in shown), " or ".join(t.en for t in shown)
            return Text(f"{label.zh}≠{zh}", f"{label.en} other than {en}")
        shown = [self.value(name, value) for value in passing]
        zh, en = "、".join(t.zh for t in shown), " or ".join(t.en for t in shown)
        return Text(f"{label.zh}={zh}", f"{label.en}={en}")

    def condition(self, condition: law.Condition) -> Text:
        """A condition in words; empty: always."""
        if not condition:
            return Text("全部", "always")
        return _joined([self.test(name, test) for name, test in condition], "，", ", ")

    def quantity(self, unit: law.Unit, value: int | None) -> Text:
        """A literal in its unit."""
        if value is None:
            return Text("不封顶", "no ceiling")
        if unit == "amount":
            return Text(
                f"{format_yuan(value, grouped=True)} 元", f"{format_yuan(value, grouped=True)} yuan"
            )
        if unit == "rate":
            return Text(format_rate(value), format_rate(value))
        return Text(str(value), str(value))

    def simple(self, unit: law.Unit, body: law.Simple) -> Text:
        """A body that is not a table."""
        if isinstance(body, law.Literal_):
            return self.quantity(unit, body.value)
        if isinstance(body, law.ExampleNeeded):
            return Text("（无来源，待示例值）", "(no source gives it: an example value is needed)")
        if isinstance(body, law.FactNumber):
            return self.fact(body.fact)
        share = format_rate(int(body.times * MILLION))
        year = Text("上年", "previous year's") if body.year_offset else Text("当年", "this year's")
        return Text(f"{year.zh}{body.name} × {share}", f"{year.en} {body.name} × {share}")

    def number(self, number: law.Number) -> tuple[Text, ...]:
        """A number in words, a line for each row and each step."""
        lines: list[Text] = []
        if isinstance(number.body, law.Rows):
            lines += self._rows(number.body.rows, Text("", ""))
            lines += self._rows(number.body.excepts, Text("例外 ", "except "))
        else:
            lines.append(self.simple(number.unit, number.body))
        lines += [self.step(number.unit, step) for step in number.steps]
        if number.truncates:
            lines.append(Text("截断到分", "truncated, not rounded"))
        return tuple(lines)

    def _rows(self, rows: Sequence[law.Row], lead: Text) -> list[Text]:
        """A line for each row; a table inside rows is indented below, once for all who share it."""
        heads: dict[tuple[Text, ...], list[Text]] = {}
        lines: list[Text] = []
        told = [(self.condition(row.condition), self.number(row.number)) for row in rows]
        for condition, inner in told:
            heads.setdefault(inner, []).append(condition)
        for condition, inner in told:
            if len(inner) == 1:
                zh = f"{lead.zh}{condition.zh}: {inner[0].zh}"
                lines.append(Text(zh, f"{lead.en}{condition.en}: {inner[0].en}"))
            elif heads[inner][0] == condition:
                head = _joined(heads[inner], "；或 ", "; or ")
                lines.append(Text(f"{lead.zh}{head.zh}:", f"{lead.en}{head.en}:"))
                lines += [Text(f"  {line.zh}", f"  {line.en}") for line in inner]
        return lines

    def step(self, unit: law.Unit, step: law.Step) -> Text:
        """One step in words."""
        when = self.condition(step.condition)
        lead = Text(f"{when.zh}时", f"when {when.en}: ") if step.condition else Text("", "")
        words = self._operation(unit, step)
        return Text(f"{lead.zh}{words.zh}", f"{lead.en}{words.en}")

    def _operation(self, unit: law.Unit, step: law.Step) -> Text:
        fact = self.fact(step.fact) if step.fact else Text("", "")
        points = format_rate(int(step.operand))[:-1] if unit == "rate" else ""
        amount = self.quantity(unit, int(step.operand))
        factor = _factor(step.operand)
        words = {
            "times": Text(f"× {factor}", f"× {factor}"),
            "set": Text(f"改为 {amount.zh}", f"becomes {amount.en}"),
            "at_least": Text(f"不低于 {amount.zh}", f"at least {amount.en}"),
            "at_most": Text(f"不高于 {amount.zh}", f"at most {amount.en}"),
            "plus": Text(f"+ {amount.zh}", f"+ {amount.en}"),
            "minus": Text(f"− {amount.zh}", f"− {amount.en}"),
            "plus_points": Text(f"+{points} 个百分点", f"+{points} points"),
            "minus_points": Text(f"−{points} 个百分点", f"−{points} points"),
            "own_share_times": Text(f"个人负担比例 × {factor}", f"own share × {factor}"),
            "plus_per": Text(
                f"{fact.zh}每超过 {step.beyond} 一个单位 + {amount.zh}",
                f"+ {amount.en} for every unit of {fact.en} beyond {step.beyond}",
            ),
            "times_fact": Text(f"× {fact.zh}", f"× {fact.en}"),
            "plus_fact": Text(f"+ {fact.zh}", f"+ {fact.en}"),
            "minus_fact": Text(f"− {fact.zh}", f"− {fact.en}"),
            "divide_by": Text(f"÷ {step.operand}", f"÷ {step.operand}"),
        }
        return words[step.operation]


def _factor(value: Fraction) -> str:
    millionths = value * MILLION
    if value.denominator == 1:
        return str(value)
    return format_rate(int(millionths)) if millionths.denominator == 1 else str(value)


def provenances(number: law.Number) -> tuple[law.Provenance, ...]:
    """The provenance of every literal in a number, steps included."""
    found: list[law.Provenance] = []
    if isinstance(number.body, law.Rows):
        for row in (*number.body.rows, *number.body.excepts):
            found += provenances(row.number)
    elif isinstance(number.body, law.Index):
        found += [provenance for _, _, provenance in number.body.by_year]
    else:
        found.append(number.body.provenance)
    found += [step.provenance for step in number.steps if step.provenance is not None]
    return tuple(found)


def _choice(teller: Teller, choice: law.CounterChoice, counters: Mapping[str, law.Counter]) -> Text:
    def label(name: str) -> Text:
        return counters[name].label if name in counters else Text("按次", "this claim alone")

    parts = []
    for condition, name in (*choice.rows, *choice.excepts):
        words = teller.condition(condition)
        lead = Text(f"{words.zh}: ", f"{words.en}: ") if condition else Text("", "")
        parts.append(Text(lead.zh + label(name).zh, lead.en + label(name).en))
    return _joined(parts, "；", "; ")


def _ceilings(layer: law.Layer) -> Iterator[tuple[str, law.Ceiling]]:
    for place, ceilings in (
        ("before_deductible", layer.ceilings_before_deductible),
        ("after_deductible", layer.ceilings_after_deductible),
        ("payment_ceilings", layer.payment_ceilings),
    ):
        for ceiling in ceilings:
            yield place, ceiling


def _numbers(layer: law.Layer) -> Iterator[tuple[tuple[str, ...], law.Number]]:
    """Every number of a layer with its path below the layer."""
    for payer in layer.paid_by:
        yield ("paid_by", payer.fund), payer.share
    for draw in layer.draws:
        if draw.share is not None:
            yield ("draws", draw.slot), draw.share
    if layer.deductible is not None:
        yield ("deductible", "due"), layer.deductible.due
        if layer.deductible.yearly_maximum is not None:
            yield ("deductible", "yearly_maximum"), layer.deductible.yearly_maximum.amount
    yield from _payment_numbers(layer.pays)
    for place, ceiling in _ceilings(layer):
        yield (place, ceiling.name), ceiling.amount


def _payment_numbers(
    pays: law.Bands | law.TopUp,
) -> Iterator[tuple[tuple[str, ...], law.Number]]:
    if isinstance(pays, law.TopUp):
        for name, number in (("share", pays.share), ("amount", pays.amount)):
            if number is not None:
                yield ("top_up", name), number
        return
    for index, band in enumerate(pays.bands, 1):
        edge = band.to or band.start
        if edge is not None:
            yield ("bands", str(index), "edge"), edge
        yield ("bands", str(index), "rate"), band.rate


def _structure(
    teller: Teller, layer: law.Layer, counters: Mapping[str, law.Counter]
) -> Iterator[Entry]:
    """What of a layer is not a number."""
    known = (layer.structure,)
    yield Entry((layer.name, "when"), (teller.condition(layer.condition),), known)
    draws = " + ".join(draw.slot for draw in layer.draws)
    yield Entry((layer.name, "draws"), (Text(draws, draws),), known)
    if layer.deductible is not None:
        words = _choice(teller, layer.deductible.counter, counters)
        yield Entry((layer.name, "deductible", "counter"), (words,), known)
    if isinstance(layer.pays, law.Bands):
        position = _choice(teller, layer.pays.position, counters)
        start = (
            Text("自零起算", "from zero")
            if layer.pays.is_measured_from_zero
            else Text("起付线以上起算", "above the deductible")
        )
        yield Entry(
            (layer.name, "bands", "measured"),
            (
                Text(
                    f"{layer.pays.mode}，{start.zh}，{position.zh}",
                    f"{layer.pays.mode}, {start.en}, {position.en}",
                ),
            ),
            known,
        )
    for place, ceiling in _ceilings(layer):
        yield Entry(
            (layer.name, place, ceiling.name, "counter"),
            (_choice(teller, ceiling.counter, counters),),
            known,
        )


def _stream(teller: Teller, version: law.PlanVersion, stream: str) -> Entry:
    """Which lines a stream takes, and what people call it."""
    taken = [teller.condition(r.condition) for r in version.routes if r.stream == stream]
    label, when = version.stream_label(stream), _joined(taken, "；", "; ")
    words = Text(f"{label.zh}: {when.zh}", f"{label.en}: {when.en}")
    return Entry(("routes", stream), (words,))


def outline(version: law.PlanVersion, facts: Facts) -> list[Entry]:
    """Every rule of a version, layer by layer: structure first, then its numbers."""
    teller = Teller(facts)
    counters = {counter.name: counter for counter in version.counters}
    entries = [Entry(("applies_to",), (teller.condition(version.applies_to),))]
    entries += [_stream(teller, version, stream) for stream in version.streams[1:]]
    for layer in version.layers:
        entries += _structure(teller, layer, counters)
        for path, number in _numbers(layer):
            entries.append(_number_entry(teller, (layer.name, *path), number))
    return entries


def entitlement_outline(version: law.EntitlementVersion, facts: Facts) -> list[Entry]:
    """Every rule of an entitlement: for whom, its lines in order, the one paid, who pays."""
    teller, known = Teller(facts), (version.structure,)
    labels = {line.name: line.label for line in version.lines}
    return [
        Entry(("applies_to",), (teller.condition(version.applies_to),), known),
        Entry(("chosen_by",), (Text(version.chosen_by, version.chosen_by),), known),
        *(_number_entry(teller, ("lines", line.name), line.number) for line in version.lines),
        Entry(("pays",), (labels.get(version.pays, Text(version.pays, version.pays)),), known),
        *(_number_entry(teller, ("paid_by", one.fund), one.share) for one in version.paid_by),
    ]


def _number_entry(teller: Teller, path: tuple[str, ...], number: law.Number) -> Entry:
    return Entry(path, teller.number(number), provenances(number), number)


def changes(
    before: law.PlanVersion, after: law.PlanVersion, *, facts: Facts
) -> list[tuple[str, Entry | None, Entry | None]]:
    """What differs between two versions: (path, before, after), None where there is nothing."""
    return entry_changes(outline(before, facts), outline(after, facts))


def entry_changes(
    before: Sequence[Entry], after: Sequence[Entry]
) -> list[tuple[str, Entry | None, Entry | None]]:
    """What differs between two outlines, told as :func:`changes` tells it."""
    old = {entry.name: entry for entry in before}
    new = {entry.name: entry for entry in after}
    names = [*old, *(name for name in new if name not in old)]
    return [
        (name, old.get(name), new.get(name))
        for name in names
        if (old[name].lines if name in old else None) != (new[name].lines if name in new else None)
    ]
