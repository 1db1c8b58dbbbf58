"""Bringing a city's volumes to the published ones: scales, found once on a reference population.

The reference is drawn from a key of its own, the same for every seed and size, so that a city's
sampling shows in its figures as it would in a real sample's. Each scale needs those before it.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import numpy as np

from yibao.offices.actuary.city import events as kinds
from yibao.offices.actuary.city.chunks import draw_events
from yibao.offices.actuary.city.draws import MILLION, THOUSAND, Draws, Truth, Whole, by_age
from yibao.offices.actuary.city.figures import Figures, read_figures
from yibao.offices.actuary.city.outpatient import Chunk, employee_visit_raw, purchase_raw
from yibao.offices.actuary.city.population import (
    CHUNK_MEMBERS,
    NONE,
    RESIDENT,
    Population,
    draw_population,
    scale_for,
)
from yibao.offices.actuary.city.providers import draw_providers
from yibao.offices.actuary.city.stays import inpatient_raw

_CHUNKS = 4
_FIRST = 1 << 30
"""The reference's chunks, far from any city's."""


@cache
def scales_of(year: int) -> dict[str, int]:
    """The scale of every assumption that is scaled to a target."""
    figures = read_figures()
    scales: dict[str, int] = {}
    steps: dict[str, Callable[[Population], Whole]] = {
        "identity_factors": lambda p: _raw(figures, "identity_factors", p) * _resident(p),
        "special_disease_factors": lambda p: _raw(figures, "special_disease_factors", p),
        "hypertension_factors": lambda p: _raw(figures, "hypertension_factors", p) * _free(p),
        "diabetes_factors": lambda p: _raw(figures, "diabetes_factors", p) * _free(p),
        "inpatient_factors": lambda p: inpatient_raw(figures, p),
    }
    flows = {"inpatient_factors"}
    for name, raw in steps.items():
        target = figures.assumptions[name].scaled_to
        level = figures.yearly(target) if name in flows else figures.published(target)
        scales[name] = scale_for(level, _over(_reference(figures, year, scales), raw))
        if name == "special_disease_factors":
            new = figures.published(figures.assumptions["recognised_in_year"].scaled_to)
            scales["recognised_in_year"] = new * MILLION // level
    people = _reference(figures, year, scales)
    visits = _over(people, lambda p: employee_visit_raw(figures, p))
    scales["employee_visit_factors"] = scale_for(
        _visits_of(figures, "employee_visit_factors"), visits
    )
    _scale_rest(figures, year, scales=scales, people=people)
    return scales


def _scale_rest(
    figures: Figures, year: int, *, scales: dict[str, int], people: list[tuple[Draws, Population]]
) -> None:
    """Stays elsewhere, and purchases: what the other events leave of all settlements."""
    providers = draw_providers(Draws(0, _FIRST), figures, members_count=CHUNK_MEMBERS)
    drawn = [
        draw_events(Chunk(draws, figures, scales, year, population, providers))
        for draws, population in people
    ]
    size = len(people) * CHUNK_MEMBERS
    kind = np.concatenate([rows["kind"] for rows in drawn])
    stays = int((kind == kinds.STAY).sum()) * MILLION // size
    elsewhere = figures.published(figures.assumptions["elsewhere_shares"].scaled_to)
    scales["elsewhere_shares"] = elsewhere * MILLION // stays
    others = len(kind) * THOUSAND // size
    left = max(0, _visits_of(figures, "account_purchase_factors") - others)
    raw = _over(people, lambda p: purchase_raw(figures, p))
    scales["account_purchase_factors"] = scale_for(left, raw)


def _visits_of(figures: Figures, name: str) -> int:
    """Thousandths of an event for each of the insured, in a whole year."""
    return figures.yearly(figures.assumptions[name].scaled_to, THOUSAND)


def _reference(
    figures: Figures, year: int, scales: dict[str, int]
) -> list[tuple[Draws, Population]]:
    keys = [Draws(0, _FIRST + number) for number in range(_CHUNKS)]
    return [
        (draws, draw_population(draws, figures, start=0, year=year, scales=scales))
        for draws in keys
    ]


def _over(people: list[tuple[Draws, Population]], raw: Callable[[Population], Whole]) -> Whole:
    return np.concatenate([raw(population) for _, population in people])


def _raw(figures: Figures, name: str, people: Population) -> Whole:
    return by_age(figures.steps(name), people.age)


def _resident(people: Population) -> Whole:
    is_resident: Truth = people.first.scheme == RESIDENT
    return is_resident.astype(np.int64)


def _free(people: Population) -> Whole:
    """Residents without a special disease: the two diseases are theirs."""
    free: Whole = np.where(people.special == NONE, _resident(people), 0)
    return free
