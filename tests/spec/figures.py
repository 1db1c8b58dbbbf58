"""What an expected heading asks of an outcome, and how a cell is compared.

The headings are listed in docs/spec-cases.md. Amounts are fen, counts integers, everything else
text. A figure of an event that made several rows is their sum; «… in 2023» asks the row of one
benefit year.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from fractions import Fraction

from tests.spec.running import CaseInvalid, Outcome
from yibao.base.money import format_yuan, parse_yuan
from yibao.base.rates import format_rate
from yibao.engines.benefits.claim import CLASSES, CounterKey, Slot
from yibao.engines.benefits.determination import Determination, LayerResult

Figure = int | str | Fraction

_IN_YEAR = re.compile(r"(.+) in (\d{4})\Z")
_LAYER_FIGURES = {
    "base": lambda layer: layer.base_amount,
    "admitted": lambda layer: layer.admitted_amount,
    "deductible": lambda layer: layer.deductible_amount,
    "covered": lambda layer: layer.covered_amount,
    "uncapped": lambda layer: layer.uncapped_benefit_amount,
    "coinsurance": lambda layer: layer.coinsurance_amount,
    "over": lambda layer: layer.over_ceiling_amount,
}


def compare(outcome: Outcome, heading: str, cell: str) -> str:
    """Nothing when the figure is what the cell says, else a line that tells both."""
    found = figure(outcome, heading)
    expected: Figure = cell
    if heading.startswith("counter ") and _counts_claims(outcome, heading):
        expected = int(cell)
    elif isinstance(found, int):
        expected = parse_yuan(cell)
    if found == expected:
        return ""
    shown = format_yuan(found) if isinstance(found, int) else found
    told = f" (answered {outcome.code})" if outcome.code else ""
    return f"line {outcome.row.line}: {heading}: expected {cell}, found {shown}{told}"


def figure(outcome: Outcome, heading: str) -> Figure:
    """The figure that a heading names. Raises CaseInvalid for a heading without meaning here."""
    if heading == "answer":
        return outcome.code or "settled"
    if outcome.replayed is None:
        return f"none, the answer is {outcome.code}"
    if heading in ("stale", "difference") or heading.startswith(("counter ", "claim ")):
        return _of_history(outcome, heading)
    asked, year = heading, None
    if match := _IN_YEAR.match(heading):
        asked, year = match[1], int(match[2])
    answers = [
        entry.determination
        for entry in outcome.entries
        if year is None or entry.determination.benefit_year == year
    ]
    if not answers:
        raise CaseInvalid(f"'{heading}' is asked of an event that settled nothing")
    if asked in _TEXTS:
        return ", ".join(dict.fromkeys(_TEXTS[asked](answer) for answer in answers))
    if asked.endswith((" rate", " funds")):
        return "; ".join(_layer_text(answer, asked) for answer in answers)
    return sum(_amount(answer, asked) for answer in answers)


_TEXTS = {
    "year": lambda answer: str(answer.benefit_year),
    "chosen on": lambda answer: answer.chosen_on.isoformat(),
    "plan": lambda answer: answer.plan_id.partition("/")[2],
    "nth stay": lambda answer: ", ".join(str(n) for _, _, n in answer.nth),
    "open": lambda answer: ", ".join(answer.open_ids) or "none",
    "findings": lambda answer: ", ".join(answer.findings) or "none",
    "examples": lambda answer: str(sum(number.is_example for number in answer.numbers)),
}


def _amount(answer: Determination, asked: str) -> int:
    """One amount of one determination."""
    if asked in ("benefit", "own", "submitted"):
        return {
            "benefit": answer.benefit_amount,
            "own": answer.out_of_pocket_amount,
            "submitted": answer.submitted_amount,
        }[asked]
    if asked.startswith("fund "):
        return answer.by_fund.get(asked.removeprefix("fund "), 0)
    if asked.startswith("line "):
        return _of_line(answer, asked)
    if "@" in asked or asked.partition(":")[0] in CLASSES:
        return _left(answer, asked)
    name, _, what = asked.partition(" ")
    if what == "due":
        used = _layer(answer, name).deductible
        return used.due if used else 0
    if what and what not in _LAYER_FIGURES:
        raise CaseInvalid(f"'{asked}' is no figure of a layer")
    layer = _layer(answer, name)
    return _LAYER_FIGURES[what](layer) if what else layer.benefit_amount


def _layer(answer: Determination, name: str) -> LayerResult:
    for layer in answer.layers:
        if layer.layer == name:
            return layer
    known = ", ".join(layer.layer for layer in answer.layers)
    raise CaseInvalid(f"'{name}' is no layer of {answer.plan_id}, which has: {known}")


def _layer_text(answer: Determination, asked: str) -> str:
    name, what = asked.split()
    layer = _layer(answer, name)
    if what == "funds":
        return ", ".join(f"{fund} {format_yuan(amount)}" for fund, amount in layer.paid_by)
    return " ".join(format_rate(band.rate) for band in layer.bands if band.slice_amount)


def _left(answer: Determination, asked: str) -> int:
    """A slot that is left; without stream or ceiling all of a layer's, as when it is drawn."""
    wanted = Slot.parse(asked)
    left = dict(answer.left)
    if not wanted.layer:
        return left.get(wanted, 0)
    return sum(
        amount
        for slot, amount in left.items()
        if (slot.reason, slot.layer) == (wanted.reason, wanted.layer)
        and (not wanted.ceiling or slot.ceiling == wanted.ceiling)
        and (":" not in asked or slot.stream == wanted.stream)
    )


def _of_line(answer: Determination, asked: str) -> int:
    _, line_id, *rest = asked.split()
    line = next((line for line in answer.lines if line.line_id == line_id), None)
    if line is None or rest not in ([], ["own"]):
        raise CaseInvalid(f"'{asked}': no such line, or not «line N own»")
    return sum(amount for _, amount in (line.left if rest else line.benefits))


def _of_history(outcome: Outcome, heading: str) -> Figure:
    replayed = outcome.replayed
    assert replayed is not None
    if heading == "stale":
        stale = [e.claim_id for e in replayed.entries if e.status == "stale"]
        return ", ".join(stale) or "none"
    if heading == "difference":
        return sum(d.benefit_amount for d in replayed.resettlements[-1].differences)
    if heading.startswith("claim "):
        claim_id = heading.removeprefix("claim ")
        return sum(
            e.determination.benefit_amount for e in replayed.live() if e.claim_id == claim_id
        )
    return replayed.balances.of(key) if (key := _counter_key(outcome, heading)) else 0


def _counter_key(outcome: Outcome, heading: str) -> CounterKey | None:
    """The one key of «counter NAME [KEY …]»: told by its keys, else by what the event used."""
    assert outcome.replayed is not None
    _, name, *keys = heading.split()
    known = [
        key
        for key in outcome.replayed.balances.sums
        if key.counter == name and set(keys) <= set(key.keys)
    ]
    if len(known) <= 1:
        return known[0] if known else None
    used = {
        key
        for entry in outcome.entries
        for key in (*(key for key, _ in entry.determination.deltas), *entry.determination.reads)
    }
    mine = [key for key in known if key in used]
    if len(mine) != 1:
        shown = "; ".join(" ".join(key.keys) for key in known)
        raise CaseInvalid(f"'{heading}': which one? name its keys: {shown}")
    return mine[0]


def _counts_claims(outcome: Outcome, heading: str) -> bool:
    name = heading.split()[1]
    versions = [
        entry.row.version for entry in (outcome.replayed.entries if outcome.replayed else ())
    ]
    counters = [counter for version in versions for counter in version.counters]
    return any(counter.name == name and counter.adds == "claim_count" for counter in counters)


_TERM = re.compile(r"\s+([+-])\s+")


def official_figure(outcomes: Sequence[Outcome], text: str) -> Fraction:
    """The worth of an `official` expression in yuan: headings, «heading of ROW», numbers, + - *."""
    parts = _TERM.split(text)
    total = _term(outcomes, parts[0])
    for sign, part in zip(parts[1::2], parts[2::2], strict=True):
        total += _term(outcomes, part) if sign == "+" else -_term(outcomes, part)
    return total


def _term(outcomes: Sequence[Outcome], text: str) -> Fraction:
    if " * " in text:
        product = Fraction(1)
        for factor in text.split(" * "):
            product *= _term(outcomes, factor)
        return product
    if re.fullmatch(r"[\d.]+%?", text):
        return Fraction(text.rstrip("%")) / (100 if text.endswith("%") else 1)
    heading, _, row = text.partition(" of ")
    outcome = outcomes[int(row) - 1 if row else -1]
    if heading == "benefit share":
        answer = outcome.entries[-1].determination
        return Fraction(100 * answer.benefit_amount, answer.submitted_amount)
    found = figure(outcome, heading)
    if not isinstance(found, int):
        raise CaseInvalid(f"'{heading}' is no amount: {found}")
    return Fraction(found, 100)
