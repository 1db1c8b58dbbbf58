"""Stays as records for grouping (病案首页要素): one row for each stay that ended in the year.

The columns are those of `yibao group` and `yibao dip build`. Codes follow from what the stay is:
its condition's principal diagnosis and procedures, further diagnoses by age, sex and the member's
known diseases, related procedures by condition, with each one's part of the cost. They are drawn
from streams of their own, so that claims are the same with and without them. Holds: a stay's cost
is the sum of its claims; procedures cost no more than the stay.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from yibao.offices.actuary.city import events as kinds
from yibao.offices.actuary.city.chunks import DrawnChunk
from yibao.offices.actuary.city.draws import MILLION, THOUSAND, Draws, Stream, Truth, Whole, by_age
from yibao.offices.actuary.city.events import NO_DAY, NONE, Events, kept
from yibao.offices.actuary.city.figures import Figures, StayCode
from yibao.offices.actuary.city.households import FEMALE, SEXES
from yibao.offices.actuary.city.population import SCHEMES
from yibao.offices.actuary.city.providers import LEVELS, Providers
from yibao.offices.actuary.city.tables import NEWBORN_DAYS, codes_of_stays, principal_codes, words

_BANDS = (0, 15, 45, 65)
_DIED = 5
_MALE_CODE, _FEMALE_CODE = 1, 2
_ELSEWHERE = "elsewhere"
_SEPARATOR = "|"


def cases_table(
    chunk: DrawnChunk, figures: Figures, *, providers: Providers, draws: Draws, year: int
) -> pa.Table:
    """The rows of `cases`, in the order of the claims that ended the stays."""
    at, total = _ended(chunk)
    rows, people = kept(chunk.rows, at), chunk.population
    member = rows["member"]
    age, age_days = _ages(people.birth_day[member], rows["admission"])
    codes = _Codes(chunk, figures, rows=rows, age=age)
    stream = draws.stream("case codes")
    diagnoses = codes.diagnoses(stream)
    procedures, amounts = codes.procedures(stream, total)
    leaving = draws.stream("case leaving")
    provider = np.where(rows["provider"] == NONE, len(providers.provider_id), rows["provider"])
    index = [f"{year}-{number}" for number in chunk.claim_id[at].tolist()]
    weight = _grams(figures, draws.stream("case weight"), age_days)
    return pa.table(
        {
            "Index": pa.array(index, pa.string()),
            "gender": _small(np.where(people.sex[member] == FEMALE, _FEMALE_CODE, _MALE_CODE)),
            "age": _small(age),
            "ageDay": _small(age_days),
            "weight": _small(weight),
            "inHospitalTime": _small(np.maximum(rows["discharge"] - rows["admission"], 1)),
            "leavingType": _small(_leaving(figures, leaving, age)),
            "zdList": diagnoses,
            "ssList": procedures,
            "year": _small(np.full(len(at), year)),
            "scheme": words(SCHEMES, people.at("scheme", member=member, day=rows["day"])),
            "institution": words((*providers.provider_id, _ELSEWHERE), provider),
            "institution_level": words(LEVELS, rows["level"]),
            "total_amount": pa.array(total),
            "procedure_amounts": amounts,
        }
    )


def _ended(chunk: DrawnChunk) -> tuple[Whole, Whole]:
    """The rows that ended a stay or a delivery, and what all claims of each charged."""
    rows = chunk.rows
    is_stay = (rows["kind"] == kinds.STAY) & (rows["stay"] != NONE)
    charged = np.zeros(int(rows["stay"].max(initial=NONE)) + 1, dtype=np.int64)
    np.add.at(charged, rows["stay"][is_stay], rows["submitted"][is_stay])
    is_end = (is_stay & (rows["discharge"] != NO_DAY)) | (rows["kind"] == kinds.DELIVERY)
    at = np.flatnonzero(is_end)
    whole = np.append(charged, 0)[rows["stay"][at]]
    total = np.where(is_stay[at], whole, rows["submitted"][at])
    is_charged = total > 0
    return at[is_charged], total[is_charged]


class _Codes:
    """The codes of some stays, drawn."""

    def __init__(self, chunk: DrawnChunk, figures: Figures, *, rows: Events, age: Whole) -> None:
        self._figures, self._rows, self._people = figures, rows, chunk.population
        self._band = np.searchsorted(_BANDS, age, side="right") - 1
        self._sex = chunk.population.sex[rows["member"]]
        _, self._others, self._procedures = codes_of_stays(figures)
        self._principal, self._own = principal_codes(figures, rows, people=chunk.population)
        self._code = self._own % len(self._procedures)

    def diagnoses(self, stream: Stream) -> pa.Array:
        """The principal diagnosis, the one that the claim names, and further ones."""
        listed = [one for one in self._figures.stay_codes if one.part == "further"]
        marks = self._drawn(stream, listed)
        width = 1 + max(map(len, self._others))
        key = ((self._own * width + self._rows["other"] + 1) << len(listed)) | marks
        distinct, back = np.unique(key, return_inverse=True)
        texts = []
        for value in distinct.tolist():
            code, other = divmod(value >> len(listed), width)
            own = [self._principal[code]]
            own += [self._others[code % len(self._procedures)][other - 1]] if other else []
            stems = {text[:3] for text in own}
            further = [one.code for bit, one in enumerate(listed) if value >> bit & 1]
            own += [text for text in further if text[:3] not in stems]
            texts.append(_SEPARATOR.join(own))
        return words(texts, back)

    def procedures(self, stream: Stream, total: Whole) -> tuple[pa.Array, pa.Array]:
        """Main and related procedures, and the fen of each in the same order."""
        listed = [one for one in self._figures.stay_codes if one.part == "related"]
        marks = self._drawn(stream, listed)
        key = (self._code << len(listed)) | marks
        distinct, back = np.unique(key, return_inverse=True)
        codes = [self._listed(value, listed) for value in distinct.tolist()]
        shares = [[self._share(value, code, listed) for code in codes[at]]
                  for at, value in enumerate(distinct.tolist())]  # fmt: skip
        texts = words([_SEPARATOR.join(one) for one in codes], back)
        return texts, self._amounts(stream, total, shares=shares, back=back)

    def _listed(self, value: int, listed: Sequence[StayCode]) -> list[str]:
        main = self._procedures[value >> len(listed)]
        related = [one.code for bit, one in enumerate(listed) if value >> bit & 1]
        return [*(main.split(";") if main else []), *related]

    def _share(self, value: int, code: str, listed: Sequence[StayCode]) -> int:
        """Thousandths of the cost that a procedure has."""
        condition = self._condition(value >> len(listed))
        for one in self._figures.stay_codes:
            if one.condition == condition and one.code == code and one.share:
                return one.share
        return self._figures.whole("main_procedure_share")

    def _condition(self, code: int) -> str:
        conditions = self._figures.conditions
        return conditions[code].name if code < len(conditions) else ""

    def _amounts(
        self, stream: Stream, total: Whole, *, shares: list[list[int]], back: Whole
    ) -> pa.Array:
        """Costs as text in fen; together at most the stay's."""
        width = max(map(len, shares), default=0)
        table = np.array([[*one, *[0] * (width - len(one))] for one in shares], dtype=np.int64)
        parts: list[list[str]] = [[] for _ in range(len(total))]
        left = total.copy()
        for nth in range(width):
            share = table[back, nth]
            factor = stream.factor(self._figures.whole("procedure_share_spread"), len(total))
            amount = np.minimum(total * share // THOUSAND * factor // THOUSAND, left)
            left -= amount
            for row in np.flatnonzero(share > 0).tolist():
                parts[row].append(str(amount[row]))
        return pa.array([_SEPARATOR.join(one) for one in parts], pa.string())

    def _drawn(self, stream: Stream, listed: Sequence[StayCode]) -> Whole:
        """Which of the codes each stay has, as bits."""
        size = len(self._code)
        marks = np.zeros(size, dtype=np.int64)
        names = np.array([self._condition(code) for code in range(len(self._procedures))])
        for bit, one in enumerate(listed):
            odds = np.array(one.odds)[self._band] * (MILLION // THOUSAND)
            if one.known:
                known = getattr(self._people, f"has_{one.known}")[self._rows["member"]]
                share = self._figures.whole("known_disease_share")
                odds = np.where(known, share, odds)
            if one.sex != "any":
                odds = np.where(self._sex == SEXES.index(one.sex), odds, 0)
            if one.condition:
                odds = np.where(names[self._code] == one.condition, odds, 0)
            marks |= stream.happens(odds, size).astype(np.int64) << bit
        return marks


def _ages(birth_day: Whole, day: Whole) -> tuple[Whole, Whole]:
    """Full years and days of life on a day; who was born during the stay is of the day."""
    days = np.maximum(day - birth_day, 0)
    born, then = birth_day.astype("datetime64[D]"), day.astype("datetime64[D]")
    years = then.astype("datetime64[Y]").astype(np.int64) - born.astype("datetime64[Y]").astype(
        np.int64
    )
    is_before = _in_year(then) < _in_year(born)
    return np.maximum(years - is_before, 0), days


def _in_year(days: np.ndarray) -> Whole:
    """Month and day as one number that orders the days of a year."""
    month = days.astype("datetime64[M]")
    number = month.astype(np.int64) % 12
    found: Whole = number * 32 + (days - month).astype(np.int64)
    return found


def _leaving(figures: Figures, stream: Stream, age: Whole) -> Whole:
    names = figures.parts("leaving_types")
    weights = list(figures.table("leaving_types").values())
    alive = np.array([int(name) for name in names])[stream.chosen(weights, len(age))]
    died = stream.happens(by_age(figures.steps("death_rates"), age), len(age))
    return np.where(died, _DIED, alive)


def _grams(figures: Figures, stream: Stream, age_days: Whole) -> Whole:
    """The weight of newborns; 0, not given, for all others."""
    grams = np.array([int(name) for name in figures.parts("newborn_grams")])
    weights = list(figures.table("newborn_grams").values())
    drawn = grams[stream.chosen(weights, len(age_days))]
    is_newborn: Truth = age_days <= NEWBORN_DAYS
    return np.where(is_newborn, drawn, 0)


def _small(numbers: Whole) -> pa.Array:
    return pa.array(numbers.astype(np.int32))
