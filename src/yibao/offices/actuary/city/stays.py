"""Stays in hospital and deliveries of a chunk: when, why, where, for how long, at what charge.

The stays of one member lie in segments of the year that do not touch, so no two overlap. A first
stay may have begun in the year before. A stay that outlasts the year, or is very long, is settled
in between: its rows share the stay's number. Holds: a row charges its part of the stay's days.
"""

from __future__ import annotations

import numpy as np

from yibao.base.money import FEN_PER_YUAN
from yibao.offices.actuary.city import events as kinds
from yibao.offices.actuary.city.draws import MILLION, THOUSAND, Whole, by_age
from yibao.offices.actuary.city.events import NO_DAY, NONE, Events, events, joined, kept
from yibao.offices.actuary.city.figures import Condition, Figures, column
from yibao.offices.actuary.city.households import FEMALE, SEXES
from yibao.offices.actuary.city.outpatient import Chunk
from yibao.offices.actuary.city.population import EMPLOYEE, Population, scaled
from yibao.offices.actuary.city.providers import KINDS, LEVEL_3, LEVELS

_BANDS = (0, 15, 45, 65)
_TIERS = ("light", "ordinary", "heavy")
_OVER_THE_TURN = 12


def inpatient_raw(figures: Figures, population: Population) -> Whole:
    """How likely each member is in hospital against others."""
    raw = by_age(figures.steps("inpatient_factors"), population.age) * population.frailty
    factor = figures.whole("special_stay_factor")
    raw = np.where(population.special != NONE, raw * factor // THOUSAND, raw)
    return raw // THOUSAND


def draw_stays(chunk: Chunk) -> Events:
    """All rows of stays, and deliveries; sets the delivery days of the population."""
    deliveries = _deliveries(chunk)
    raw = inpatient_raw(chunk.figures, chunk.population)
    most = chunk.figures.whole("inpatient_at_most")
    rate = np.minimum(scaled(raw, chunk.scales.get("inpatient_factors", 0)), most)
    is_in = chunk.draws.stream("inpatient").happens(rate, len(rate))
    is_in &= chunk.population.delivery_day == NO_DAY
    member, nth, count = _numbered(chunk, is_in)
    rows = _conditioned(chunk, member)
    rows = _placed(chunk, rows)
    rows = _dated(chunk, rows, nth=nth, count=count)
    rows["stay"] = np.arange(len(member))
    return joined([_interim(chunk, rows), deliveries])


def _numbered(chunk: Chunk, is_in: np.ndarray) -> tuple[Whole, Whole, Whole]:
    """The members of each stay, which of theirs it is, and how many they have."""
    figures, special = chunk.figures, chunk.population.special
    shares = figures.table("again_shares")
    cancer = figures.parts("special_diseases").index("cancer")
    again = np.where(special == NONE, shares["ordinary"], shares["special"])
    again = np.where(special == cancer, shares["cancer"], again)
    count = is_in.astype(np.int64)
    stream = chunk.draws.stream("again")
    goes_on = is_in
    for _ in range(figures.whole("stays_at_most") - 1):
        goes_on = goes_on & stream.happens(again, len(again))
        count += goes_on
    member = np.repeat(np.arange(len(count)), count)
    starts = np.cumsum(count) - count
    return member, np.arange(len(member)) - starts[member], count[member]


def _conditioned(chunk: Chunk, member: Whole) -> Events:
    """Why each stay is: for a special disease often that, otherwise by age and sex."""
    figures, people = chunk.figures, chunk.population
    conditions = figures.conditions
    band = np.searchsorted(_BANDS, people.age[member], side="right") - 1
    sex, special = people.sex[member], people.special[member]
    stream = chunk.draws.stream("condition")
    draw = stream.below(MILLION, len(member))
    follows = stream.happens(figures.whole("follows_share"), len(member))
    chosen = np.zeros(len(member), dtype=np.int64)
    for at_band in range(len(_BANDS)):
        for at_sex, word in enumerate(SEXES):
            here = (band == at_band) & (sex == at_sex)
            weights = _weights(conditions, at_band, word)
            chosen[here] = _by_weight(weights, draw[here])
    for number, disease in enumerate(figures.parts("special_diseases")):
        own = np.array([sum(c.weights) * (c.follows == disease) for c in conditions])
        here = follows & (special == number)
        if own.any():
            chosen[here] = _by_weight(own, draw[here])
    return events(kinds.STAY, member, condition=chosen)


def _weights(conditions: tuple[Condition, ...], band: int, sex: str) -> Whole:
    return np.array([c.weights[band] * (c.is_common and c.sex in ("any", sex)) for c in conditions])


def _by_weight(weights: Whole, draw: Whole) -> Whole:
    edges = np.cumsum(weights)
    found: Whole = np.searchsorted(edges, draw * edges[-1] // MILLION, side="right")
    return found


def _placed(chunk: Chunk, rows: Events) -> Events:
    """Level, provider, place and filing."""
    figures, size = chunk.figures, len(rows["member"])
    conditions = figures.conditions
    tier = np.array([_TIERS.index(c.tier) for c in conditions])[rows["condition"]]
    kind = np.array([KINDS.index(c.kind) for c in conditions])[rows["condition"]]
    stream = chunk.draws.stream("stay place")
    draw = stream.below(MILLION, size)
    level = np.zeros(size, dtype=np.int64)
    for number, name in enumerate(_TIERS):
        weights = column(figures.table("stay_levels", name), LEVELS)
        level = np.where(tier == number, _by_weight(weights, draw), level)
    elsewhere = stream.happens(chunk.scales.get("elsewhere_shares", 0), size)
    level = np.where(elsewhere, LEVEL_3, level)
    place = 1 + stream.chosen(list(figures.table("elsewhere_places").values()), size)
    filing = stream.chosen(list(figures.table("elsewhere_filings").values()), size)
    provider = chunk.providers.of_kind(stream, level, kind=kind)
    return rows | {
        "level": level,
        "provider": np.where(elsewhere, NONE, provider),
        "place": np.where(elsewhere, place, 0),
        "filing": np.where(elsewhere, filing, NONE),
    }


def _dated(chunk: Chunk, rows: Events, *, nth: Whole, count: Whole) -> Events:
    """Days, charges and complications of whole stays."""
    figures, size = chunk.figures, len(nth)
    age = chunk.population.age[rows["member"]]
    stream = chunk.draws.stream("stay course")
    complicated = stream.happens(by_age(figures.steps("complications"), age), size)
    factor = np.where(complicated, figures.whole("complication_factor"), THOUSAND)
    mean = np.array([c.days for c in figures.conditions])[rows["condition"]]
    spread = stream.factor(figures.whole("days_spread"), size)
    days = np.maximum(mean * factor * spread // MILLION, 1)
    first, following = chunk.span
    length = following - first + _OVER_THE_TURN
    start, end = first + nth * length // count, first + (nth + 1) * length // count
    discharge = start + 1 + stream.below(end - start - 1, size)
    days = np.where(nth > 0, np.minimum(days, discharge - start), days)
    others = np.array([len(c.others.split(";")) if c.others else 0 for c in figures.conditions])
    further = stream.below(np.maximum(others[rows["condition"]], 1), size)
    has_other = complicated & (others[rows["condition"]] > 0)
    return rows | {
        "admission": discharge - days,
        "discharge": discharge,
        "day": discharge,
        "other": np.where(has_other, further, NONE),
        "project": _projects(chunk, size),
        "submitted": _stay_amounts(chunk, rows, factor),
    }


def _projects(chunk: Chunk, size: int) -> Whole:
    share = chunk.figures.whole("project_share")
    return chunk.draws.stream("project").happens(share, size).astype(np.int64)


def _stay_amounts(chunk: Chunk, rows: Events, complication: Whole) -> Whole:
    figures, size = chunk.figures, len(complication)
    stream = chunk.draws.stream("stay amount")
    yuan = np.array([c.yuan for c in figures.conditions])[rows["condition"]]
    level = column(figures.table("stay_level_factors"), LEVELS)[rows["level"]]
    level = np.where(
        rows["place"] > 0, level * figures.whole("elsewhere_factor") // THOUSAND, level
    )
    dear = stream.happens(figures.whole("critical_share"), size)
    factor = np.where(dear, figures.whole("critical_factor"), THOUSAND) * complication // THOUSAND
    factor = factor * level // THOUSAND * figures.whole("stay_yuan_factor") // THOUSAND
    spread = stream.factor(figures.whole("stay_spread"), size)
    return yuan * FEN_PER_YUAN * factor // THOUSAND * spread // THOUSAND


def _interim(chunk: Chunk, rows: Events) -> Events:
    """Rows of stays: one for most, one more in between for the long, none after the year."""
    first, following = chunk.span
    days = rows["discharge"] - rows["admission"]
    is_over = (rows["discharge"] >= following) & (rows["admission"] < following)
    is_long = (days > chunk.figures.whole("interim_after_days")) & ~is_over
    middle = np.where(is_over, following - 1, rows["admission"] + days // 2)
    has_middle = (is_over | is_long) & (middle >= first) & (middle > rows["admission"])
    part = np.where(is_over | is_long, middle - rows["admission"], 0)
    early = rows["submitted"] * part // np.maximum(days, 1)
    between = rows | {"day": middle, "discharge": np.full_like(middle, NO_DAY), "submitted": early}
    last = rows | {"submitted": rows["submitted"] - early}
    return joined([kept(between, has_middle), kept(last, rows["discharge"] < following)])


def _deliveries(chunk: Chunk) -> Events:
    """Deliveries of the year; claims of employees only, the day is kept for every mother."""
    people, figures = chunk.population, chunk.figures
    stream = chunk.draws.stream("deliveries")
    rate = np.where(people.sex == FEMALE, by_age(figures.steps("birth_rates"), people.age), 0)
    delivers = stream.happens(rate, len(rate))
    first, following = chunk.span
    day = first + stream.below(following - first, len(rate))
    people.delivery_day = np.where(delivers, day, NO_DAY)
    member = np.flatnonzero(
        delivers & (people.at("scheme", member=np.arange(len(day)), day=day) == EMPLOYEE)
    )
    size = len(member)
    caesarean = stream.happens(figures.whole("caesarean_share"), size).astype(np.int64)
    table = [figures.words("deliveries", way) for way in ("vaginal", "caesarean")]
    days = np.array([row["days"] for row in table], dtype=np.int64)[caesarean]
    yuan = np.array([row["yuan"] for row in table], dtype=np.int64)[caesarean]
    weights = column(figures.table("delivery_levels"), LEVELS)
    level = stream.chosen(weights.tolist(), size)
    provider = chunk.providers.of_kind(stream, level, kind=np.zeros(size, dtype=np.int64))
    factor = stream.factor(figures.whole("days_spread"), size)
    return events(
        kinds.DELIVERY, member, day=day[member], admission=day[member] - days,
        discharge=day[member], level=level, provider=provider, caesarean=caesarean,
        submitted=yuan * FEN_PER_YUAN * factor // THOUSAND,
    )  # fmt: skip
