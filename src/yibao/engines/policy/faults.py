"""Faults of policy files: collecting them, and placing what the document models refuse."""

from __future__ import annotations

from collections.abc import Iterable

from pydantic import ValidationError

from yibao.base.findings import Fault, FaultsFound, Where
from yibao.base.trees import Branch, Tree, where_at
from yibao.engines.policy.complaints.syntax import refused
from yibao.engines.policy.law import FactValue


class Faults:
    """A growing list of faults; equal ones are kept once."""

    def __init__(self) -> None:
        self._faults: dict[tuple[str, Where, str], Fault] = {}
        self.additions = 0
        """How often a fault was added, the repeated ones counted: has anything gone wrong since?"""

    def add(self, fault: Fault) -> None:
        """Add one fault."""
        self.additions += 1
        self._faults.setdefault((fault.code, fault.where, fault.message.en), fault)

    def extend(self, faults: Iterable[Fault]) -> None:
        """Add faults found elsewhere."""
        for fault in faults:
            self.add(fault)

    def __len__(self) -> int:
        return len(self._faults)

    @property
    def found(self) -> list[Fault]:
        """The faults so far."""
        return list(self._faults.values())

    def raise_if_any(self) -> None:
        """Raise all of them together.

        Raises:
            FaultsFound: if there is at least one.
        """
        if self._faults:
            raise FaultsFound(self._faults.values())


def written(value: FactValue) -> str:
    """A value as people write it in a file."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _key_of(loc: tuple[int | str, ...]) -> str:
    """The last named step of a place, with the position of an entry of it: ``draws[1]``."""
    steps = [step for step in loc if not str(step).startswith(("<", "["))]
    names = [step for step in steps if isinstance(step, str)]
    if not names:
        return "–"
    position = steps[-1]
    return f"{names[-1]}[{position + 1}]" if isinstance(position, int) else names[-1]


def from_validation(
    error: ValidationError, tree: Tree, *, known_keys: Iterable[str]
) -> list[Fault]:
    """Pydantic's errors as faults with file and line, one for each."""
    known = sorted(known_keys)
    faults = []
    for detail in error.errors(include_url=False):
        loc, kind, shown = detail["loc"], detail["type"], detail.get("input")
        values: dict[str, object] = {"keys": "", "expected": "", **detail.get("ctx", {})}
        values["key"] = _key_of(loc)
        values["input"] = written(shown) if isinstance(shown, str | int | bool) else "…"
        values["expected"] = str(values["expected"]).replace("True", "true").replace(" or ", ", ")
        values["detail"] = detail["msg"]
        where = where_at(tree, loc[:-1] if kind == "missing" else loc)
        if isinstance(tree, Branch) and not where.file:
            where = tree.where
        faults.append(refused(where, kind, values=values, known_keys=known))
    return faults


def without_echoes(error: ValidationError, faults: list[Fault]) -> list[Fault]:
    """Faults without those of lists that are too short because an entry of theirs is at fault."""
    places = [(detail["type"], detail["loc"]) for detail in error.errors(include_url=False)]

    def is_echo(kind: str, loc: tuple[int | str, ...]) -> bool:
        inner = (other for _, other in places if len(other) > len(loc))
        return kind == "too_short" and any(other[: len(loc)] == loc for other in inner)

    return [fault for fault, place in zip(faults, places, strict=True) if not is_echo(*place)]
