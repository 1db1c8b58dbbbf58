"""What a what-if answers: amounts before and after, for everybody and for every group.

All amounts are integer fen and sums of determinations; rates are integer millionths, rounded half
up once, when they are shown. «Before» is the run under the base, «after» the run under the reform.

Holds: the funds' change and the members' change cancel; groups of one grouping sum to all claims.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import polars as pl

from yibao.base.money import round_half_up
from yibao.base.rates import MILLION
from yibao.base.texts import Text


@dataclass(frozen=True, slots=True)
class Change:
    """One amount before and after."""

    base_amount: int
    reform_amount: int

    @property
    def change_amount(self) -> int:
        """What the reform adds; below zero, what it takes away."""
        return self.reform_amount - self.base_amount

    @property
    def change_rate(self) -> int | None:
        """The change as a share of what was before; None where nothing was."""
        return share_rate(self.change_amount, self.base_amount)


@dataclass(frozen=True, slots=True)
class Effect:
    """What the reform does to a set of claims.

    ``changed_members_count`` counts the members for whom the funds pay more or less on these claims
    taken together.
    """

    claims_count: int
    members_count: int
    changed_members_count: int
    submitted_amount: int
    benefit: Change
    out_of_pocket: Change


@dataclass(frozen=True, slots=True)
class Grouping:
    """One way to part the claims, with the effect on each part, in the order they are shown."""

    name: str
    label: Text
    groups: tuple[tuple[str, Text, Effect], ...]


@dataclass(frozen=True, slots=True)
class Decile:
    """A tenth of the members, by what stayed with them before; ``number`` 1 bore the least."""

    number: int
    members_count: int
    changed_members_count: int
    lowest_amount: int
    highest_amount: int
    submitted_amount: int
    out_of_pocket: Change

    @property
    def mean_change_amount(self) -> int:
        """The change of what stays with a member, on average over the tenth."""
        return round_half_up(self.out_of_pocket.change_amount, self.members_count)


@dataclass(frozen=True, slots=True)
class Band:
    """Members who win or lose an amount above ``above_amount``, up to ``most_amount``."""

    above_amount: int
    most_amount: int | None
    winners_count: int
    winners_amount: int
    losers_count: int
    losers_amount: int


@dataclass(frozen=True, slots=True)
class Moved:
    """One member whose burden changes, among those for whom it changes most."""

    member_id: str
    claims_count: int
    submitted_amount: int
    out_of_pocket: Change


@dataclass(frozen=True, slots=True)
class Grounds:
    """What one run rests on: engine, example values, open questions, findings.

    ``examples_count`` of ``values_count`` values of the policy, summed over answers, are examples;
    ``answers_with_examples_count`` of ``answers_count`` answers used one or more.
    """

    engine_versions: tuple[str, ...]
    answers_count: int
    answers_with_examples_count: int
    values_count: int
    examples_count: int
    questions: Mapping[str, int] = field(default_factory=dict)
    findings: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Counts:
    """Where the claims of the file went.

    Holds: read = compared + rejected in both + in the base only + in the reform only.
    ``touched_members_count``: members with a claim that one run alone rejected; their counters
    differ for that reason too.
    """

    read: int
    compared: int
    rejected_in_both: int
    rejected_in_base_only: int
    rejected_in_reform_only: int
    touched_members_count: int
    rules_changed: int
    plan_changed: int
    answer_changed: int


@dataclass(frozen=True, slots=True)
class Sides:
    """The two laws in words, and the area."""

    area: Text
    area_code: str
    base: Text
    reform: Text
    base_reforms: tuple[str, ...]
    reform_reforms: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Comparison:
    """The answer to a what-if; the two tables have one row a changed claim, a one-sided claim.

    ``made`` says how synthetic claims were made; it is empty of claims that were filed.
    """

    sides: Sides
    engine: str
    made: Mapping[str, int | str | bool]
    counts: Counts
    total: Effect
    funds: tuple[tuple[str, Text, Change], ...]
    layers: tuple[tuple[str, Text, Change], ...]
    groupings: tuple[Grouping, ...]
    deciles: tuple[Decile, ...]
    bands: tuple[Band, ...]
    gains: tuple[Moved, ...]
    losses: tuple[Moved, ...]
    base_grounds: Grounds
    reform_grounds: Grounds
    questions: Mapping[str, tuple[Text, Text]]
    changed_claims: pl.DataFrame
    one_sided_claims: pl.DataFrame

    @property
    def winners_count(self) -> int:
        """Members with less left to bear."""
        return sum(band.winners_count for band in self.bands)

    @property
    def losers_count(self) -> int:
        """Members with more left to bear."""
        return sum(band.losers_count for band in self.bands)


def share_rate(part: int, whole: int) -> int | None:
    """A share in millionths, half away from zero; None of nothing."""
    if whole == 0:
        return None
    rate = round_half_up(abs(part) * MILLION, abs(whole))
    return rate if (part < 0) == (whole < 0) else -rate
