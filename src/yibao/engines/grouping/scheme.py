"""A grouping scheme (分组方案) as values: rules in their order, and what is known of every code.

Holds: after :mod:`~.checking` every name that a rule says is there, every list has a code, and the
order of the rules is the order in which they are tried.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from yibao.base.findings import Where
from yibao.base.texts import Text
from yibao.engines.grouping.conditions import Condition

MDC, ADRG, QY, DRG = "mdc", "adrg", "qy", "drg"
MDC_PREFIX = "MDC"
QY_SLOT = "|QY|"
MALE, FEMALE, BOTH_SEXES = 1, 2, 3
LEVELS = {"": 0, "C": 1, "M": 2}
"""What a secondary diagnosis may count as: nothing, CC, MCC."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One step: an MDC, an ADRG, a QY slot or a DRG, with what is tried under it in order."""

    kind: str
    key: str
    condition: Condition
    children: tuple[str, ...]
    name: Text
    where: Where


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """What a scheme knows of a diagnosis code; ages in whole years, ``age_until`` not included."""

    code: str
    lists: tuple[str, ...] = ()
    level: int = 0
    exclusion: str = ""
    principal_exclusion: str = ""
    site: str = ""
    sex: int = BOTH_SEXES
    age_from: int = 0
    age_until: int = 0
    name: str = ""


@dataclass(frozen=True, slots=True)
class Procedure:
    """What a scheme knows of a procedure code."""

    code: str
    lists: tuple[str, ...] = ()
    is_operating_room: bool = False
    sex: int = BOTH_SEXES
    name: str = ""


@dataclass(frozen=True, slots=True)
class Limits:
    """When a newborn's weight is asked for, and which grams are believed; ends not included."""

    newborn_days_until: int = 29
    weight_from: int = 100
    weight_until: int = 10_000


@dataclass(frozen=True, slots=True)
class Identity:
    """Which scheme, of which version and days, over which codes, with which content."""

    scheme_id: str
    version: str
    code_set: str
    checksum: str
    name: Text
    valid_from: date | None = None
    valid_until: date | None = None
    base: str = ""


@dataclass(frozen=True, slots=True)
class GroupingScheme:
    """A checked scheme. Rules are named by kind and key, for an ADRG may be in several MDCs."""

    identity: Identity
    mdcs: tuple[Rule, ...]
    adrgs: Mapping[str, Rule]
    drgs: Mapping[str, Rule]
    diagnoses: Mapping[str, Diagnosis]
    procedures: Mapping[str, Procedure]
    limits: Limits = field(default_factory=Limits)

    def slot(self, mdc: Rule) -> Rule | None:
        """The rule of an MDC's slot for ambiguous cases; ``None`` where it is off."""
        return self.adrgs.get(qy_key(mdc.key))


def qy_key(mdc: str) -> str:
    """The group of an MDC's ambiguous cases (歧义病例)."""
    return f"{mdc}QY"


def mdc_name(mdc: str) -> str:
    """An MDC as results and lists name it: ``MDCB``."""
    return MDC_PREFIX + mdc
