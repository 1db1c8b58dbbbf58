"""Building a catalogue (病种目录生成): keys by counting, means by year, weights and points.

In order, each step on what the steps before left over: stays that share diagnosis and all counting
procedures; stays that share diagnosis and main procedure; then mixed groups, from the narrowest
prefix to the broadest range, by class of treatment. A step makes a group where it has as many stays
as the threshold; stays whose group a step before has made join it. What is left at the end is the
blank group.

A profile has one place in this order, so stays of one profile are never parted. Holds: counts and
costs of groups add up to those of the pool; the order of stays changes nothing.

OPEN(dip-trimming): whether the cheapest and dearest go by group or by group and year; here by group
and year, so that dearer years are not trimmed more. The mean of all is that of the stays left.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import partial

import numpy as np

from yibao.base.money import round_fraction
from yibao.engines.grouping.dip.catalogue import Catalogue, Group, Key, alternatives
from yibao.engines.grouping.dip.codes import in_chapter
from yibao.engines.grouping.dip.parameters import GroupRules, Parameters, WeightRules
from yibao.engines.grouping.dip.profiles import Profile, weightiest
from yibao.engines.grouping.weights.cells import Cell, Whole, cells, together, untrimmed
from yibao.engines.grouping.weights.decimals import root_millionths, units_of
from yibao.engines.grouping.weights.relative import mean_over_years, parts_of

CHAPTER = "chapter"


@dataclass(frozen=True, slots=True)
class Pool:
    """Stays as arrays: the place of each one's profile, its year and its cost in fen."""

    profiles: Sequence[Profile]
    profile: Whole
    year: Whole
    amount: Whole


@dataclass(frozen=True, slots=True)
class Built:
    """A catalogue, where each profile went, and the exact figures before anything was rounded.

    ``means`` and ``weights`` are by group, None where no year with parts has a stay; ``kept`` are
    the counted stays by group and year of ``years``.
    """

    catalogue: Catalogue
    group_of_profile: Whole
    years: tuple[int, ...]
    kept: tuple[tuple[Cell, ...], ...]
    means: tuple[Fraction | None, ...]
    weights: tuple[Fraction | None, ...]
    overall_mean: Fraction


def build(pool: Pool, parameters: Parameters) -> Built:
    """A catalogue from stays; there is at least one.

    Raises:
        ValueError: if there is no stay.
    """
    if not len(pool.amount):
        raise ValueError("no stays")
    counts = np.bincount(pool.profile, minlength=len(pool.profiles)).tolist()
    keys = keys_of(pool.profiles, counts, parameters=parameters)
    ordered = sorted(set(keys), key=lambda key: (key.kind in ("mixed", "blank"), key.text))
    place = {key: number for number, key in enumerate(ordered)}
    of_profile = np.array([place[key] for key in keys], dtype=np.int64)
    return _weighed(pool, of_profile, ordered, parameters=parameters)


def keys_of(
    profiles: Sequence[Profile], counts: Sequence[int], *, parameters: Parameters
) -> list[Key]:
    """The key of each profile's group, by how many stays each profile has."""
    rules = parameters.groups
    found: list[Key | None] = [None] * len(profiles)
    steps: list[tuple[Callable[[Profile], Key | None], int]] = [
        (lambda profile: _core(profile, profile.procedures, parameters), rules.core_threshold),
        (lambda profile: _core_of_main(profile, parameters), rules.core_threshold),
    ]
    steps += [
        (partial(mixed_key, level=level, rules=rules), rules.mixed_threshold)
        for level in rules.mixed_levels
    ]
    for key_for, threshold in steps:
        left = [place for place, key in enumerate(found) if key is None]
        keys = {place: key for place in left if (key := key_for(profiles[place])) is not None}
        sizes: Counter[Key] = Counter()
        for place, key in keys.items():
            sizes[key] += counts[place]
        made = {key for key in found if key is not None}
        for place, key in keys.items():
            if sizes[key] >= threshold or key in made:
                found[place] = key
    return [key or Key("blank") for key in found]


def mixed_key(profile: Profile, *, level: str, rules: GroupRules) -> Key | None:
    """The key of a profile's mixed group at a level, None where no chapter has the diagnosis."""
    if level == CHAPTER:
        chapter = next((one for one in rules.chapters if in_chapter(profile.diagnosis, one)), None)
        return None if chapter is None else Key("mixed", chapter, (), profile.treatment)
    return Key("mixed", profile.diagnosis[: int(level)], (), profile.treatment)


def _core(profile: Profile, procedures: Sequence[str], parameters: Parameters) -> Key:
    parts = tuple(sorted((alternatives(one) for one in procedures), key=sorted))
    key = Key("core", profile.diagnosis, parts, weightiest(procedures, parameters.keys))
    is_primary = key.text in parameters.groups.primary_keys
    return replace(key, kind="primary") if is_primary else key


def _core_of_main(profile: Profile, parameters: Parameters) -> Key | None:
    """Diagnosis and main procedure alone: for stays whose related procedures are too rare."""
    if not profile.main:
        return None
    return _core(profile, (profile.main,), parameters)


def _weighed(
    pool: Pool, of_profile: Whole, keys: Sequence[Key], *, parameters: Parameters
) -> Built:
    rules = parameters.weights
    years = sorted(set(pool.year.tolist()))
    number = of_profile[pool.profile] * len(years) + np.searchsorted(years, pool.year)
    size = len(keys) * len(years)
    stays = untrimmed(number, pool.amount, trimming=rules.trimming)
    kept = _by_group(cells(number[stays], pool.amount[stays], count=size), len(years))
    everything = _by_group(cells(number, pool.amount, count=size), len(years))
    parts = parts_of(years, rules.year_parts)
    method = rules.year_method
    means = tuple(mean_over_years(row, parts, method=method) for row in kept)
    of_years = [together(row[at] for row in kept) for at in range(len(years))]
    overall = mean_over_years(of_years, parts, method=method)
    if not overall:
        overall = together(of_years).mean_amount or Fraction(1)
    weights = tuple(None if mean is None else mean / overall for mean in means)
    groups = tuple(
        _group(key, together(row), together(whole), weighed=(means[n], weights[n]), rules=rules)
        for n, (key, row, whole) in enumerate(zip(keys, kept, everything, strict=True))
    )
    catalogue = Catalogue(
        groups, rules.weight_places, rules.point_places, tuple(years), parameters.digest
    )
    return Built(catalogue, of_profile, tuple(years), kept, means, weights, overall)


def _by_group(flat: Sequence[Cell], years: int) -> tuple[tuple[Cell, ...], ...]:
    return tuple(tuple(flat[at : at + years]) for at in range(0, len(flat), years))


def _group(
    key: Key,
    kept: Cell,
    whole: Cell,
    *,
    weighed: tuple[Fraction | None, Fraction | None],
    rules: WeightRules,
) -> Group:
    mean, weight = weighed
    weight = weight or Fraction(0)
    return Group(
        key,
        whole.cases_count,
        round_fraction(mean or Fraction(0)),
        units_of(weight, rules.weight_places),
        units_of(weight * rules.points_per_weight, rules.point_places),
        root_millionths(kept.relative_variance),
    )
