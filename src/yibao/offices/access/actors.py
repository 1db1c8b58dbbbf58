"""Who acts (操作主体): one value that doors make and offices ask.

An :class:`Actor` is what is known of whoever acts, at the moment of the act: a person, an
institution's key, a part of the program itself, or nobody. Its permissions are those of that
moment, so an actor lives as long as a request and is never stored.

Holds: the permissions of a person who must first change a given password are empty.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from yibao.offices.access.refusals import (
    password_change_needed,
    permission_missing,
    second_person_needed,
)

ActorKind = Literal["person", "key", "system", "nobody"]


@dataclass(frozen=True, slots=True)
class Origin:
    """From where (来源): an address or a machine's name, and the id of the request."""

    place: str = ""
    request_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """Who acts now. ``id``: a person's number or a key's public part; ``name`` is for people."""

    kind: ActorKind
    id: str
    name: str
    permissions: frozenset[str] = frozenset()
    institution: str = ""
    origin: Origin = Origin()
    must_change_password: bool = False

    @property
    def reference(self) -> str:
        """Kind and id in one word, as other offices store who did something: ``person:17``."""
        return f"{self.kind}:{self.id}"

    def may(self, permission: str) -> bool:
        """Whether the actor has a permission at this moment."""
        return permission in self.permissions


def nobody(origin: Origin) -> Actor:
    """Whoever has not proved yet who it is."""
    return Actor(kind="nobody", id="", name="", origin=origin)


def system(part: str, *, permissions: frozenset[str] = frozenset()) -> Actor:
    """A part of the program that acts by itself, such as the one that seals the books."""
    return Actor(kind="system", id=part, name=part, permissions=permissions)


def require(actor: Actor, permission: str) -> None:
    """Go on only if the actor has the permission.

    Raises:
        AccessRefused: ``password_change_needed`` or ``permission_missing``.
    """
    if actor.must_change_password:
        raise password_change_needed(actor.name)
    if not actor.may(permission):
        raise permission_missing(actor.name or actor.reference, permission)


def second_person(first: str, second: Actor) -> None:
    """Four eyes (双人复核): ``second`` must be a person, and another than did the first step.

    ``first`` is the :attr:`Actor.reference` that was stored with the first step.

    Raises:
        AccessRefused: ``second_person_needed``.
    """
    if second.kind != "person" or second.reference == first:
        raise second_person_needed(second.name or second.reference)
