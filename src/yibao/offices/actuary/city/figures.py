"""The figures of a city: published targets with sources, and assumptions of our own, kept apart.

Everything a city is made from stands in ``data/`` and is read here once, typed and whole; the code
of the city names figures and holds none. A share written ``12.5%`` is read as millionths, any other
number is whole. Refuses: a file of another shape, by msgspec's own words (the files are ours).
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from importlib import resources
from typing import Literal

import msgspec
import numpy as np

from yibao.base.checks import check
from yibao.base.rates import parse_rate
from yibao.base.texts import Text
from yibao.offices.actuary.city.draws import MILLION, Whole

MONTHS = 12
_FILES = ("targets.yaml", "assumptions.yaml", "conditions.csv", "items.csv", "stay_codes.csv")
_BANDS = ("child", "young", "middle", "old")
_DATA = resources.files(__package__).joinpath("data")

Steps = tuple[tuple[int, int], ...]
"""First ages and the values from them on."""


class Words(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A remark in both languages."""

    zh: str
    en: str


class Measure(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a target counts or sums, over which claims, and what it is divided by."""

    per: Literal["insured", "claims", "members", "fund_amount", "eligible_amount"]
    count: Literal["claims", "members", "persons", ""] = ""
    sum: Literal["submitted_amount", "fund_amount", ""] = ""
    of: tuple[str, ...] = ()
    where: Literal["elsewhere", "primary", ""] = ""
    scheme: str = ""
    paid_by: tuple[str, ...] = ()
    having: str = ""


class Target(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename={"name": "target"}):
    """A published quotient, the months it covers, and the bounds of generated / published.

    What is of kind ``beside`` has no bounds: it is printed beside the city's figure and no more.
    """

    name: str
    source: tuple[str, ...]
    zh: str
    en: str
    value: int
    per: int
    year: int
    months: int
    measure: Measure
    bounds: dict[Literal["from", "to"], str] = {}
    kind: Literal["near", "at_most", "at_least", "beside"] = "near"
    settled: bool = False
    note: Words | None = None

    def ratios(self, slack: float) -> tuple[float | None, float | None]:
        """The lowest and highest ratio inside the bounds, widened by ``slack``."""
        lowest, highest = self.bounds.get("from"), self.bounds.get("to")
        return (
            None if lowest is None else _share(lowest) / MILLION - slack,
            None if highest is None else _share(highest) / MILLION + slack,
        )

    def within(self, made: float, *, slack: float = 0.0) -> bool:
        """Whether the quotient that was made is inside the bounds, widened by ``slack``."""
        ratio = made * self.per / self.value
        lowest, highest = self.ratios(slack)
        return (lowest is None or ratio >= lowest) and (highest is None or ratio <= highest)


class _Targets(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    area: str
    sources: dict[str, Words]
    targets: tuple[Target, ...]
    beside: tuple[Target, ...]
    not_generated: tuple[Words, ...]


Plain = int | str
Nested = Plain | dict[str, Plain | dict[str, Plain]]


class Assumption(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename={"value": "is"}):
    """One assumption: what it says, and its value or values."""

    zh: str
    en: str
    value: Nested
    scaled_to: str = ""


class _Assumptions(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    values: dict[str, Assumption]


@dataclass(frozen=True, slots=True)
class Condition:
    """Why somebody is in hospital: how often by age band, what it costs, how it is coded."""

    name: str
    label: Text
    weights: tuple[int, ...]
    sex: str
    yuan: int
    days: int
    tier: str
    kind: str
    follows: str
    is_common: bool
    profile: str
    principal: str
    others: str
    procedures: str


@dataclass(frozen=True, slots=True)
class Item:
    """A line that bills of a profile may have: its price in fen, its odds and its weight."""

    code: str
    unit_amount: int
    odds: int
    weight: int


@dataclass(frozen=True, slots=True)
class StayCode:
    """A code that records of stays may have besides: a further diagnosis, a related procedure.

    ``odds`` are thousandths by age band; who is ``known`` to have the disease has it otherwise.
    ``share`` is a procedure's part of the stay's cost, in thousandths; ``part`` is ``further``,
    ``related``, ``main`` for the share of a main procedure alone, or ``older``: the principal
    diagnosis of those who are too old for their condition's.
    """

    part: str
    condition: str
    code: str
    odds: tuple[int, ...]
    sex: str
    known: str
    share: int


@dataclass(frozen=True, slots=True)
class Figures:
    """All figures, by name."""

    area: str
    targets: Mapping[str, Target]
    beside: tuple[Target, ...]
    assumptions: Mapping[str, Assumption]
    conditions: tuple[Condition, ...]
    items: Mapping[str, tuple[Item, ...]]
    stay_codes: tuple[StayCode, ...]
    not_generated: tuple[Words, ...]
    content_hash: str

    def whole(self, name: str) -> int:
        """A single value."""
        value = self.assumptions[name].value
        check(not isinstance(value, dict), f"{name} is not one value")
        return _number(value)

    def table(self, name: str, part: str = "") -> dict[str, int]:
        """Values by key, of one part where the assumption has parts."""
        return {key: _number(value) for key, value in self.words(name, part).items()}

    def words(self, name: str, part: str = "") -> dict[str, Plain]:
        """Values by key as they are written."""
        value = self.assumptions[name].value
        found = value[part] if part and isinstance(value, dict) else value
        check(isinstance(found, dict), f"{name} {part} has no keys")
        return dict(found)  # type: ignore[arg-type]

    def parts(self, name: str) -> tuple[str, ...]:
        """The keys of an assumption, in order."""
        return tuple(self.words(name))

    def steps(self, name: str) -> Steps:
        """Values by first age."""
        return tuple((int(age), value) for age, value in self.table(name).items())

    def published(self, target: str, unit: int = MILLION) -> int:
        """A target in parts of ``unit``, as it is published."""
        found = self.targets[target]
        return found.value * unit // found.per

    def yearly(self, target: str, unit: int = MILLION) -> int:
        """A target in parts of ``unit``, its months stretched to twelve."""
        found = self.targets[target]
        return found.value * unit * MONTHS // (found.per * found.months)


@cache
def read_figures() -> Figures:
    """The figures that the program carries."""
    texts = {name: _DATA.joinpath(name).read_bytes() for name in _FILES}
    targets = msgspec.yaml.decode(texts["targets.yaml"], type=_Targets)
    assumed = msgspec.yaml.decode(texts["assumptions.yaml"], type=_Assumptions)
    digest = sha256(b"\0".join(texts.values())).hexdigest()
    return Figures(
        targets.area,
        {target.name: target for target in targets.targets},
        targets.beside,
        assumed.values,
        tuple(_condition(row) for row in _rows(texts["conditions.csv"])),
        _items(texts["items.csv"]),
        tuple(_stay_code(row) for row in _rows(texts["stay_codes.csv"])),
        targets.not_generated,
        digest,
    )


def _rows(text: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(text.decode().splitlines()))


def _condition(row: Mapping[str, str]) -> Condition:
    return Condition(
        row["condition"],
        Text(row["name_zh"], row["name_en"]),
        tuple(int(row[band]) for band in _BANDS),
        row["sex"],
        int(row["yuan"]),
        int(row["days"]),
        row["tier"],
        row["kind"],
        row["follows"],
        row["common"] == "yes",
        *(row[name] for name in ("profile", "principal", "others", "procedures")),
    )


def _stay_code(row: Mapping[str, str]) -> StayCode:
    return StayCode(
        row["part"],
        row["condition"],
        row["code"],
        tuple(int(row[band]) for band in _BANDS),
        row["sex"],
        row["known"],
        int(row["share"]),
    )


def _items(text: bytes) -> dict[str, tuple[Item, ...]]:
    items: dict[str, tuple[Item, ...]] = {}
    for row in _rows(text):
        unit_amount = max(1, round(float(row["yuan_unit"]) * 100))
        item = Item(row["item_code"], unit_amount, int(row["odds"]), int(row["weight"]))
        items[row["profile"]] = (*items.get(row["profile"], ()), item)
    return items


def _number(value: object) -> int:
    return value if isinstance(value, int) else _share(str(value))


def _share(text: str) -> int:
    return parse_rate(text)


def column(values: Mapping[str, int], order: tuple[str, ...]) -> Whole:
    """Values in the order of keys, 0 for a key that is not there."""
    return np.array([values.get(key, 0) for key in order], dtype=np.int64)
