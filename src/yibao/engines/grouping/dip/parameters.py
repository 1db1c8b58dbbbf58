"""The parameters of DIP (DIP 参数) as they hold on a day, typed and whole.

They are compiled from dated, cited files (:mod:`.compiler`); here they are values. Rates are
millionths, amounts fen. ``examples`` names those that no source gives for the area.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Literal, get_args

from yibao.base.texts import Text
from yibao.engines.grouping.dip.auxiliary import Auxiliary
from yibao.engines.grouping.weights.cells import Trimming
from yibao.engines.grouping.weights.quality import OutlierBounds
from yibao.engines.grouping.weights.relative import YearMethod

Treatment = Literal["surgery", "therapeutic", "diagnostic", "conservative"]
TREATMENTS: tuple[Treatment, ...] = get_args(Treatment)
"""Classes of treatment, the weightiest first; a stay has that of its weightiest procedure."""
NOT_COUNTED = "not_counted"

WhereCostUnknown = Literal["omit", "count"]
ConservativeCore = Literal["before_mixed", "after_mixed", "without_procedures"]
"""When a stay whose procedures fit no core group may fall back on the diagnosis's conservative core
group: before the mixed groups, after them, or never."""


@dataclass(frozen=True, slots=True)
class KeyRules:
    """How a stay becomes a key; 0 characters is the whole code.

    ``alternatives`` leads from a code to the text of all that count as one (``47.0100/47.0900``).
    """

    diagnosis_characters: int
    procedure_characters: int
    related_share_rate: int
    where_cost_unknown: WhereCostUnknown
    treatments: Mapping[str, str]
    alternatives: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class GroupRules:
    """How keys become groups, and in which order candidates of one rank are preferred.

    ``mixed_levels`` are lengths of prefixes, or chapters, from narrow to broad; ``primary_keys``
    are the keys of groups for primary care; ``type_order`` has words like ``core surgery``.
    """

    core_threshold: int
    mixed_threshold: int
    mixed_levels: tuple[str, ...]
    chapters: tuple[str, ...]
    primary_keys: frozenset[str]
    conservative_core: ConservativeCore
    type_order: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class WeightRules:
    """How costs become weights and points; points have ``point_places`` decimals."""

    trimming: Trimming
    year_parts: tuple[int, ...]
    year_method: YearMethod
    weight_places: int
    points_per_weight: int
    point_places: int


@dataclass(frozen=True, slots=True)
class Parameters:
    """Everything that building and grouping ask for, as it holds on a day."""

    area_code: str
    label: Text
    holds_on: date
    keys: KeyRules
    groups: GroupRules
    weights: WeightRules
    outliers: OutlierBounds
    auxiliary: Auxiliary
    examples: tuple[str, ...] = ()
    digest: str = ""
