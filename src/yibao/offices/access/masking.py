"""Masking (脱敏): what of an identity number, a name or a telephone number is shown to whom.

The number of characters stays, so that tables align and a slip in length is seen. What is hidden
becomes ``*``, whatever it was: spaces and hyphens too, since their places could tell.

======================  ==========================  =====================
what, by its length     shown                       hidden at least
======================  ==========================  =====================
identity number ≥ 18    first 3, last 4             11
15 to 17                first 3, last 3             9
10 to 14                first 3, last 2             half
5 to 9                  first 1, last 1             more than half
up to 4                 nothing                     all
name of 3 and more      first 1, last 1             1
name of 2               first 1                     1
name of 1               nothing                     all
telephone ≥ 11          first 3, last 4             4
7 to 10                 last 2                      5
shorter                 nothing                     all
======================  ==========================  =====================

Holds: the answer depends on nothing that it hides but the length. The permissions that show a whole
value are :data:`FULL_ID`, :data:`FULL_NAME` and :data:`CONTACT`.
"""

from __future__ import annotations

from yibao.offices.access.actors import Actor

FULL_ID = "member.read_full_id"
FULL_NAME = "member.read_full_name"
CONTACT = "member.read_contact"

_STAR = "*"
_ID_NUMBERS = ((18, 3, 4), (15, 3, 3), (10, 3, 2), (5, 1, 1))
_NAMES = ((3, 1, 1), (2, 1, 0))
_TELEPHONES = ((11, 3, 4), (7, 0, 2))


def masked_id_number(text: str, actor: Actor) -> str:
    """An identity number (证件号码) as this actor may see it."""
    return text if actor.may(FULL_ID) else _masked(text, _ID_NUMBERS)


def masked_name(text: str, actor: Actor) -> str:
    """A person's name (姓名) as this actor may see it: 张*三."""
    return text if actor.may(FULL_NAME) else _masked(text, _NAMES)


def masked_telephone(text: str, actor: Actor) -> str:
    """A telephone number (联系电话) as this actor may see it."""
    return text if actor.may(CONTACT) else _masked(text, _TELEPHONES)


def _masked(text: str, forms: tuple[tuple[int, int, int], ...]) -> str:
    length = len(text)
    for shortest, first, last in forms:
        if length >= shortest:
            return text[:first] + _STAR * (length - first - last) + text[length - last :]
    return _STAR * length
