"""A catalogue of DIP groups (DIP 病种目录): keys, kinds, means, weights and points.

A key is the first characters of the principal diagnosis, then procedures: ``/`` is or, ``+`` is and
(``K80.1:51.2300/51.2400+54.2100``). A mixed group's key is a prefix or a chapter with a class of
treatment (``K80 surgery``, ``K00-K93 surgery``). Keys are codes too: people can read them, and a
catalogue built again from the same stays names its groups the same.

Holds: a key stands once; a group's parts are the sets of alternatives of its key.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal, get_args

from yibao.engines.grouping.dip.parameters import TREATMENTS, Treatment

Kind = Literal["core", "primary", "mixed", "blank"]
KINDS: tuple[Kind, ...] = get_args(Kind)
BLANK = "blank"
AND, OR, COLON = "+", "/", ":"


class KeyInvalid(ValueError):
    """A text that is no key of a group."""


@dataclass(frozen=True, slots=True)
class Key:
    """What a group asks for: a diagnosis (or a prefix, a chapter), and procedures or a class."""

    kind: Kind
    diagnosis: str = ""
    parts: tuple[frozenset[str], ...] = ()
    treatment: Treatment = "conservative"

    @property
    def text(self) -> str:
        """The key as it is written."""
        if self.kind == "blank":
            return BLANK
        if self.kind == "mixed":
            return f"{self.diagnosis} {self.treatment}"
        written = AND.join(OR.join(sorted(part)) for part in self.parts)
        return f"{self.diagnosis}{COLON}{written}" if written else self.diagnosis

    def matched(self, procedures: Iterable[str]) -> int:
        """How many of a stay's procedures the key names; 0 where one of its parts is not there."""
        named = [{one for one in procedures if part & alternatives(one)} for part in self.parts]
        return len(set().union(*named)) if self.parts and all(named) else 0


def alternatives(procedure: str) -> frozenset[str]:
    """The codes that a procedure of a profile stands for: its own, or all that count as one."""
    return frozenset(procedure.split(OR))


def parse_key(text: str, *, kind: Kind, treatment: Treatment) -> Key:
    """A key from its text.

    Raises:
        KeyInvalid: if the text is no key of this kind.
    """
    if kind == "blank":
        return Key("blank") if text == BLANK else _refused(text)
    if kind == "mixed":
        diagnosis, _, written = text.partition(" ")
        if not diagnosis or written != treatment or written not in TREATMENTS:
            return _refused(text)
        return Key("mixed", diagnosis, (), treatment)
    diagnosis, colon, written = text.partition(COLON)
    parts = tuple(frozenset(part.split(OR)) for part in written.split(AND)) if written else ()
    if not diagnosis or bool(colon) != bool(written) or any("" in part for part in parts):
        return _refused(text)
    return Key(kind, diagnosis, parts, treatment)


def _refused(text: str) -> Key:
    raise KeyInvalid(text)


@dataclass(frozen=True, slots=True)
class Group:
    """One group: ``mean_amount`` in fen, ``variation`` (CV) in millionths.

    Weight and points are in units of their last place, ``cases_count`` is before trimming.
    """

    key: Key
    cases_count: int
    mean_amount: int
    weight_units: int
    point_units: int
    variation: int = 0
    name: str = ""

    @property
    def code(self) -> str:
        """The group's code: its key as text."""
        return self.key.text

    @property
    def type_word(self) -> str:
        """Its type as orders of preference name it: ``core surgery``."""
        return f"{self.key.kind} {self.key.treatment}"


@dataclass(frozen=True)
class Catalogue:
    """The groups in a fixed order; places in ``groups`` are the numbers of batches."""

    groups: tuple[Group, ...]
    weight_places: int
    point_places: int
    years: tuple[int, ...] = ()
    parameters_digest: str = ""
    digest: str = field(default="", compare=False)

    @cached_property
    def by_diagnosis(self) -> Mapping[str, tuple[int, ...]]:
        """The places of core and primary-care groups by their diagnosis."""
        found: dict[str, list[int]] = {}
        for place, group in enumerate(self.groups):
            if group.key.kind in ("core", "primary"):
                found.setdefault(group.key.diagnosis, []).append(place)
        return {diagnosis: tuple(places) for diagnosis, places in found.items()}

    @cached_property
    def place_of(self) -> Mapping[str, int]:
        """The place of each group by its code."""
        return {group.code: place for place, group in enumerate(self.groups)}
