"""Households: who lives with whom, how old they are, and of which sex.

Roles come from the kinds of household; partners and pairs of the elderly are of about one age and
of opposite sex. Holds: a household never leaves its chunk, whose last household is cut short.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from yibao.offices.actuary.city.draws import MILLION, Draws, Stream, Whole
from yibao.offices.actuary.city.figures import Figures

SEXES = ("female", "male")
FEMALE, MALE = 0, 1
_ROLES = ("adult", "partner", "child", "elder")
_ADULT, _PARTNER, _CHILD, _ELDER = range(len(_ROLES))


@dataclass(frozen=True, slots=True)
class Households:
    """By member: age on the first of January, sex, place of the household's first member."""

    age: Whole
    sex: Whole
    head: Whole


def draw_households(draws: Draws, figures: Figures, *, count: int) -> Households:
    """The members of a run of households, cut at ``count``."""
    role, place, head = _roles(draws, figures, count)
    stream = draws.stream("ages")
    age = _even(stream, figures.table("adult_ages"), count)
    age = np.where(role == _ELDER, _young_mostly(stream, figures.table("elder_ages"), count), age)
    age = np.where(role == _CHILD, _even(stream, figures.table("child_ages"), count), age)
    sex = draws.stream("sex").below(2, count)
    is_second_elder = (role == _ELDER) & (place > 0) & (np.roll(role, 1) == _ELDER)
    is_paired = (role == _PARTNER) | is_second_elder
    before = np.roll(np.arange(count), 1)
    beside = age[before] + _even(stream, figures.table("partner_years"), count)
    age = np.where(is_paired, np.maximum(beside, figures.table("adult_ages")["from"]), age)
    sex = np.where(is_paired, 1 - sex[before], sex)
    return Households(age, sex, head)


def _roles(draws: Draws, figures: Figures, count: int) -> tuple[Whole, Whole, Whole]:
    """Role, place in the household, and place of the household's head, by member."""
    kinds = [[_ROLES.index(role) for role in kind.split()] for kind in figures.parts("households")]
    weights = list(figures.table("households").values())
    drawn = draws.stream("households").chosen(weights, count)
    sizes = np.array([len(kind) for kind in kinds])[drawn]
    ends = np.cumsum(sizes)
    member = np.arange(count)
    household = np.searchsorted(ends, member, side="right")
    head = (ends - sizes)[household]
    grid = np.zeros((len(kinds), max(map(len, kinds))), dtype=np.int64)
    for number, kind in enumerate(kinds):
        grid[number, : len(kind)] = kind
    place = member - head
    return grid[drawn[household], place], place, head


def _even(stream: Stream, span: Mapping[str, int], count: int) -> Whole:
    return span["from"] + stream.below(span["below"] - span["from"], count)


def _young_mostly(stream: Stream, span: Mapping[str, int], count: int) -> Whole:
    """Ages of a span, the lower the more: the product of two even draws."""
    share = stream.below(MILLION, count) * stream.below(MILLION, count) // MILLION
    return span["from"] + share * (span["below"] - span["from"]) // MILLION
