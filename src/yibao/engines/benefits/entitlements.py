"""Entitlements (定额待遇): an amount or a count by formula on facts of a person, whatever the bill.

A birth allowance, a waiting period, a contribution aid, a retired account's monthly sum: the law
gives a formula, not a share of a bill. An entitlement is therefore a short list of named lines,
each one number of the policy language, run in order; a later line may ask an earlier one like a
fact; one line is what is paid (an amount) or decided (a count). There is no other formula language.

Holds: every line is rounded once, at its end, from an exact fraction; the paid amount is the paid
line's value; what the payers bear sums to it, by largest remainder. Every answer is checked.

Refuses: to draw on a bill or feed a waterfall, to answer for a day or a person that the version
does not speak of, and to pay less than nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from yibao.base.checks import check
from yibao.base.money import allocate, round_fraction
from yibao.base.rates import MILLION
from yibao.base.texts import Text
from yibao.engines.benefits.version import ENGINE_VERSION
from yibao.engines.policy.law import (
    EntitlementLine,
    EntitlementVersion,
    FactNumber,
    FactValue,
    Provenance,
    Unit,
)
from yibao.engines.policy.numbers import evaluate, failing, holds
from yibao.engines.policy.unable import no_plan, no_rule_on_date
from yibao.engines.policy.used import NumberUsed


@dataclass(frozen=True, slots=True)
class EntitlementLineResult:
    """One line of the formula: the number as used, and the fact that it began with, if any."""

    name: str
    label: Text
    number: NumberUsed
    fact: str = ""

    @property
    def unit(self) -> Unit:
        """What the line counts: fen, millionths, or pieces."""
        return self.number.unit

    @property
    def value(self) -> int:
        """The line's value after its one rounding."""
        check(self.number.value is not None, f"entitlement line {self.name} has a value")
        return self.number.value or 0

    @property
    def exact(self) -> Fraction:
        """The value before the rounding, in the line's unit."""
        return self.number.exact or Fraction(0)


@dataclass(frozen=True, slots=True)
class EntitlementDetermination:
    """The whole answer: the lines with their traces, what is paid or decided, and who bears it.

    ``paid_value`` is in the unit of the line ``pays``: fen for an amount, pieces for a count. An
    amount that somebody bears has ``paid_by``; a count, or an amount that is only decided (by how
    much a ceiling grows), has none. ``numbers`` are the lines' and then the payers' shares.
    """

    entitlement_id: str
    area: str
    label: Text
    policy_hash: str
    engine_version: str
    on: date
    lines: tuple[EntitlementLineResult, ...]
    pays: str
    paid_by: tuple[tuple[str, int], ...]
    shares: tuple[NumberUsed, ...]
    structure: Provenance

    @property
    def paid_line(self) -> EntitlementLineResult:
        """The line that is paid or decided."""
        return next(line for line in self.lines if line.name == self.pays)

    @property
    def paid_unit(self) -> Unit:
        """``amount`` when money is paid, ``count`` when months, days or heads are decided."""
        return self.paid_line.unit

    @property
    def paid_value(self) -> int:
        """Fen paid, or the count decided."""
        return self.paid_line.value

    @property
    def paid_amount(self) -> int:
        """Fen paid; 0 where a count, or an amount that nobody bears, is decided."""
        return self.paid_value if self.paid_by else 0

    @property
    def numbers(self) -> tuple[NumberUsed, ...]:
        """Every number used, in order: the lines', then the payers' shares."""
        return (*(line.number for line in self.lines), *self.shares)

    @property
    def examples_count(self) -> int:
        """How many of ``numbers`` rest on an example value or an open choice."""
        return sum(number.is_example for number in self.numbers)

    @property
    def provenance(self) -> tuple[Provenance, ...]:
        """Everything the answer rests on, each once: the structure, then the numbers' sources."""
        used = (found for number in self.numbers for found in number.provenance)
        return tuple(dict.fromkeys((self.structure, *used)))

    @property
    def open_ids(self) -> tuple[str, ...]:
        """Open questions of law that the answer rests on, in order of use."""
        return tuple(dict.fromkeys(name for found in self.provenance for name in found.open_ids))


def determine(
    version: EntitlementVersion, facts: Mapping[str, FactValue], *, on: date
) -> EntitlementDetermination:
    """What one person is entitled to on a day, by the version's formula.

    Rounding: each line once, at its end, half up or as its number says. Amount facts are fen.

    Raises:
        UnableToDetermine: `no_rule_on_date` outside the version's days, `no_plan` for a person whom
            it is not for, and what :func:`yibao.engines.policy.numbers.evaluate` raises.

    Holds: :func:`check_entitlement`.
    """
    _refuse_others(version, facts, on)
    known = dict(facts)
    lines: list[EntitlementLineResult] = []
    for line in version.lines:
        result = _run(line, known, on)
        known[line.name] = result.value
        lines.append(result)
    paid = next(line for line in lines if line.name == version.pays)
    shares = tuple(
        evaluate(payer.share, name=f"paid_by/{payer.fund}", facts=known, on=on)
        for payer in version.paid_by
    )
    determination = EntitlementDetermination(
        entitlement_id=version.entitlement_id,
        area=version.area,
        label=version.label,
        policy_hash=version.policy_hash,
        engine_version=ENGINE_VERSION,
        on=on,
        lines=tuple(lines),
        pays=version.pays,
        paid_by=_borne(version, paid, shares),
        shares=shares,
        structure=version.structure,
    )
    check_entitlement(determination)
    return determination


def _refuse_others(version: EntitlementVersion, facts: Mapping[str, FactValue], on: date) -> None:
    if on not in version.span:
        raise no_rule_on_date(version.entitlement_id, on, in_force=str(version.span))
    if not holds(version.applies_to, facts, asked_by=version.entitlement_id):
        outside = failing(version.applies_to, facts, asked_by=version.entitlement_id)
        raise no_plan(version.entitlement_id, outside)


def _run(line: EntitlementLine, known: Mapping[str, FactValue], on: date) -> EntitlementLineResult:
    used = evaluate(line.number, name=line.name, facts=known, on=on)
    fact = line.number.body.fact if isinstance(line.number.body, FactNumber) else ""
    return EntitlementLineResult(line.name, line.label, used, fact)


def _borne(
    version: EntitlementVersion, paid: EntitlementLineResult, shares: tuple[NumberUsed, ...]
) -> tuple[tuple[str, int], ...]:
    if not shares:
        return ()
    check(paid.unit == "amount", f"{version.entitlement_id}: a {paid.unit} is not paid by a fund")
    weights = [share.value or 0 for share in shares]
    check(
        sum(weights) == MILLION,
        f"{version.entitlement_id}: payers' shares make {sum(weights)} of {MILLION} millionths",
    )
    funds = [payer.fund for payer in version.paid_by]
    return tuple(zip(funds, allocate(paid.value, weights), strict=True))


def check_entitlement(determination: EntitlementDetermination) -> None:
    """Stop unless the answer closes: by line to its exact value, by payer to the amount paid.

    Raises:
        InvariantBroken: with the entitlement, the line and the figures.
    """
    who = determination.entitlement_id
    for line in determination.lines:
        whole = line.exact.__floor__() if line.number.is_truncated else round_fraction(line.exact)
        check(line.value == whole, f"{who}: {line.name} is {line.value}, exactly {line.exact}")
    if determination.paid_by:
        borne = sum(amount for _, amount in determination.paid_by)
        check(
            borne == determination.paid_value,
            f"{who}: payers bear {borne} fen of {determination.paid_value}",
        )
    check(determination.paid_value >= 0, f"{who}: pays {determination.paid_value}")
