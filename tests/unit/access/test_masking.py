"""Masking: what is shown by length, and that what is hidden has no influence on what is shown.

Identity numbers here are invented, in an area code that was never given out.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yibao.offices.access.actors import Actor
from yibao.offices.access.masking import masked_id_number, masked_name, masked_telephone

Mask = Callable[[str, Actor], str]


def holding(*permissions: str) -> Actor:
    return Actor(kind="person", id="1", name="wang", permissions=frozenset(permissions))


NOBODY_SPECIAL = holding("member.read", "ledger.post")
ALL = [masked_id_number, masked_name, masked_telephone]
MOST_SHOWN = {masked_id_number: (3, 4), masked_name: (1, 1), masked_telephone: (3, 4)}


@pytest.mark.parametrize(
    ("mask", "text", "shown"),
    [
        (masked_id_number, "999901199003074513", "999***********4513"),
        (masked_id_number, "99990119900307451X", "999***********451X"),
        (masked_id_number, "999901900307451", "999*********451"),
        (masked_id_number, "99990190030745", "999*********45"),
        (masked_id_number, "9999019003", "999*****03"),
        (masked_id_number, "E99901900", "E*******0"),
        (masked_id_number, "E9990", "E***0"),
        (masked_id_number, "E999", "****"),
        (masked_id_number, "", ""),
        (masked_name, "张小三", "张*三"),
        (masked_name, "欧阳小三", "欧**三"),
        (masked_name, "张三", "张*"),
        (masked_name, "张", "*"),
        (masked_name, "", ""),
        (masked_name, "阿卜杜拉·买买提", "阿******提"),
        (masked_telephone, "19900001234", "199****1234"),
        (masked_telephone, "+8619900001234", "+86*******1234"),
        (masked_telephone, "0532990012", "********12"),
        (masked_telephone, "9900123", "*****23"),
        (masked_telephone, "990012", "******"),
    ],
)
def test_what_is_shown_by_length(mask: Mask, text: str, shown: str):
    assert mask(text, NOBODY_SPECIAL) == shown


@pytest.mark.parametrize(
    ("mask", "permission"),
    [
        (masked_id_number, "member.read_full_id"),
        (masked_name, "member.read_full_name"),
        (masked_telephone, "member.read_contact"),
    ],
)
def test_one_permission_shows_one_thing_in_full(mask: Mask, permission: str):
    text = "999901199003074513"
    actor = holding(permission)
    assert mask(text, actor) == text
    assert [other(text, actor) == text for other in ALL] == [other is mask for other in ALL]


@pytest.mark.parametrize("mask", ALL)
@given(text=st.text(), other=st.text())
def test_the_answer_depends_on_nothing_that_it_hides(mask: Mask, text: str, other: str):
    shown = mask(text, NOBODY_SPECIAL)
    first, last = MOST_SHOWN[mask]
    assert len(shown) == len(text)
    hidden = [
        place
        for place in range(len(text))
        if shown[place] == "*" and not (text[place] == "*" and place in (0, len(text) - 1))
    ]
    assert all(
        shown[place] == text[place] for place in range(len(text)) if place not in set(hidden)
    )
    assert set(range(first, len(text) - last)) <= set(hidden)
    filled = iter(other + "x" * len(text))
    exchanged = "".join(
        next(filled) if place in set(hidden) else sign for place, sign in enumerate(text)
    )
    assert mask(exchanged, NOBODY_SPECIAL) == shown
    assert len(hidden) >= 1 or not text


@given(text=st.text(min_size=1))
def test_of_an_identity_number_at_least_half_is_hidden(text: str):
    shown = masked_id_number(text.replace("*", "x"), NOBODY_SPECIAL)
    assert 2 * shown.count("*") >= len(text)
