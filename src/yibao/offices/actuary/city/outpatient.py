"""Outpatient care of a chunk: visits, purchases from accounts, special diseases, special drugs.

How often a person comes follows from age, frailty and chronic disease; the level of all follows
from the published totals (:mod:`.scaling`). Holds: an event stands on a day on which the member is
in the scheme that pays for it, and after the disease was recognised.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from yibao.base.money import FEN_PER_YUAN
from yibao.offices.actuary.city import events as kinds
from yibao.offices.actuary.city.draws import MILLION, THOUSAND, Draws, Truth, Whole, by_age
from yibao.offices.actuary.city.events import KINDS, NONE, Events, events, joined, kept
from yibao.offices.actuary.city.figures import Figures, column
from yibao.offices.actuary.city.population import (
    EMPLOYEE,
    RESIDENT,
    Population,
    Scales,
    scaled,
    year_days,
)
from yibao.offices.actuary.city.providers import LEVELS, Providers


@dataclass(frozen=True, slots=True)
class Chunk:
    """What the events of a chunk are drawn from."""

    draws: Draws
    figures: Figures
    scales: Scales
    year: int
    population: Population
    providers: Providers

    @property
    def span(self) -> tuple[int, int]:
        """The first day of the year and that of the next."""
        return year_days(self.year)


def draw_outpatient(chunk: Chunk) -> Events:
    """All outpatient events."""
    return joined(
        [
            _visits(
                chunk, kinds.EMPLOYEE_VISIT, rates=employee_visit_rates(chunk), scheme=EMPLOYEE
            ),
            _visits(chunk, kinds.RESIDENT_VISIT, rates=_resident_rates(chunk), scheme=RESIDENT),
            _visits(chunk, kinds.ACCOUNT_PURCHASE, rates=purchase_rates(chunk), scheme=EMPLOYEE),
            _two_disease_visits(chunk),
            _special_visits(chunk),
            _special_drugs(chunk),
        ]
    )


def employee_visit_raw(figures: Figures, population: Population) -> Whole:
    """How much each member visits against others, 0 for who is never an employee."""
    raw = by_age(figures.steps("employee_visit_factors"), population.age) * population.frailty
    raw = np.where(population.is_chronic, raw * figures.whole("chronic_factor") // THOUSAND, raw)
    return np.where(population.ever(EMPLOYEE), raw // THOUSAND, 0)


def purchase_raw(figures: Figures, population: Population) -> Whole:
    """How much each member buys from the account against others."""
    raw = by_age(figures.steps("account_purchase_factors"), population.age) * population.frailty
    return np.where(population.ever(EMPLOYEE), raw // THOUSAND, 0)


def employee_visit_rates(chunk: Chunk) -> Whole:
    """Visits a year in thousandths."""
    raw = employee_visit_raw(chunk.figures, chunk.population)
    return scaled(raw, chunk.scales.get("employee_visit_factors", 0))


def purchase_rates(chunk: Chunk) -> Whole:
    """Purchases a year in thousandths."""
    raw = purchase_raw(chunk.figures, chunk.population)
    return scaled(raw, chunk.scales.get("account_purchase_factors", 0))


def _resident_rates(chunk: Chunk) -> Whole:
    people = chunk.population
    raw = by_age(chunk.figures.steps("resident_visit_factors"), people.age) * people.frailty
    rate = raw // THOUSAND * chunk.figures.whole("resident_visits") // THOUSAND
    return np.where(people.ever(RESIDENT), rate, 0)


def _visits(chunk: Chunk, kind: int, *, rates: Whole, scheme: int = NONE) -> Events:
    """Events of one kind at these rates, on days in the scheme."""
    name = KINDS[kind]
    count = chunk.draws.stream(f"{name} count").rounded(rates)
    member = np.repeat(np.arange(len(rates)), count)
    first, following = chunk.span
    day = first + chunk.draws.stream(f"{name} day").below(following - first, len(member))
    if scheme != NONE:
        is_in = chunk.population.at("scheme", member=member, day=day) == scheme
        member, day = member[is_in], day[is_in]
    stream = chunk.draws.stream(f"{name} place")
    weights = column(chunk.figures.table("levels", name), LEVELS)
    level = stream.chosen(weights.tolist(), len(member))
    home = chunk.population.family_id[member]
    share = chunk.figures.whole("home_share")
    provider = chunk.providers.near(stream, home, level=level, home_share=share)
    return events(kind, member, day=day, level=level, provider=provider) | _charged(
        chunk, kind, level
    )


def _charged(chunk: Chunk, kind: int, level: Whole) -> Events:
    name = KINDS[kind]
    if name not in chunk.figures.parts("yuan"):
        return {}
    mean = column(chunk.figures.table("yuan", name), LEVELS)[level]
    return {"submitted": spread_amounts(chunk, name, yuan=mean)}


def spread_amounts(chunk: Chunk, purpose: str, *, yuan: Whole) -> Whole:
    """Amounts in fen about a mean in yuan, never below one yuan."""
    spread = chunk.figures.whole("visit_spread")
    factor = chunk.draws.stream(f"{purpose} amount").factor(spread, len(yuan))
    amounts: Whole = np.maximum(yuan * FEN_PER_YUAN * factor // THOUSAND, FEN_PER_YUAN)
    return amounts


def _two_disease_visits(chunk: Chunk) -> Events:
    people = chunk.population
    has_any = people.has_hypertension | people.has_diabetes
    rates = np.where(has_any, chunk.figures.whole("two_disease_visits"), 0)
    rows = _visits(chunk, kinds.TWO_DISEASE_VISIT, rates=rates, scheme=RESIDENT)
    member = rows["member"]
    second = chunk.draws.stream("two_disease which").below(2, len(member))
    has_both = people.has_hypertension & people.has_diabetes
    only = np.where(people.has_hypertension, 0, 1)[member]
    return rows | {"disease": np.where(has_both[member], second, only)}


def _special_visits(chunk: Chunk) -> Events:
    people, figures = chunk.population, chunk.figures
    diseases = figures.parts("special_diseases")
    table = [figures.table("special_visits", disease) for disease in diseases]
    visits = np.array([row["visits"] for row in table] + [0], dtype=np.int64)
    yuan = np.array([row["yuan"] for row in table] + [0], dtype=np.int64)
    rates = np.where(people.ever(RESIDENT), visits[people.special], 0)
    rows = _visits(chunk, kinds.SPECIAL_VISIT, rates=rates, scheme=RESIDENT)
    rows = kept(rows, rows["day"] >= people.recognised_day[rows["member"]])
    disease = people.special[rows["member"]]
    amount = spread_amounts(chunk, "special_visit", yuan=yuan[disease])
    return rows | {"disease": disease, "submitted": amount}


def _special_drugs(chunk: Chunk) -> Events:
    figures = chunk.figures
    persons, yuan = figures.table("special_drug_persons"), figures.table("special_drug_yuan")
    stream = chunk.draws.stream("special_drug persons")
    draw = stream.below(MILLION, len(chunk.population))
    group = np.searchsorted(np.cumsum(list(persons.values())), draw, side="right")
    has_drug: Truth = group < len(persons)
    rates = np.where(has_drug, figures.whole("special_drug_visits"), 0)
    rows = _visits(chunk, kinds.SPECIAL_DRUG, rates=rates)
    stream_of = group[rows["member"]]
    means = np.array([yuan[name] for name in persons], dtype=np.int64)[stream_of]
    return rows | {
        "stream": stream_of,
        "submitted": spread_amounts(chunk, "special_drug", yuan=means),
    }
