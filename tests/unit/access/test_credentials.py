"""Secrets: what a key looks like, what is stored of it, how long failures make one wait."""

from __future__ import annotations

import asyncio
import hashlib
from datetime import timedelta

import pytest
from argon2 import PasswordHasher

from yibao.offices.access import credentials
from yibao.offices.access.actors import Actor, require, second_person, system
from yibao.offices.access.credentials import (
    check_password,
    digest,
    hash_password,
    is_same,
    judge_password,
    new_key,
    new_secret,
    parse_key,
)
from yibao.offices.access.refusals import ACCESS_CODES, AccessRefused, login_refused
from yibao.offices.access.settings import AccessSettings, wait_after


def test_a_key_is_read_back_as_it_was_written():
    key = new_key()
    assert parse_key(f" {key} ") == key
    assert len(key.key_id) == 16
    assert len(key.secret) == 43  # 256 bits in base64
    assert key.secret not in repr(key)
    assert str(new_key()) != str(key)


@pytest.mark.parametrize("text", ["", ".", "yibao", "yibao.a", "yibao.a.", "yibao..b", "x.a.b"])
def test_what_does_not_look_like_a_key_is_none(text: str):
    assert parse_key(text) is None


def test_of_a_secret_its_sha256_is_stored():
    assert digest("abc").hex() == hashlib.sha256(b"abc").hexdigest()
    secret = new_secret()
    assert is_same(secret, digest(secret))
    assert not is_same(secret + "x", digest(secret))
    assert not is_same(secret, None)
    assert not is_same(secret, b"")
    assert not is_same("\ud800", bytes(32))


def test_the_profile_is_the_librarys_own_and_argon2id():
    hasher = credentials._hasher()
    ours = (hasher.type, hasher.time_cost, hasher.memory_cost, hasher.parallelism)
    library = PasswordHasher()
    assert ours == (library.type, library.time_cost, library.memory_cost, library.parallelism)
    assert hasher.type.name == "ID"


def test_a_password_is_judged_whatever_keyboard_wrote_it(monkeypatch: pytest.MonkeyPatch):
    cheap = PasswordHasher(time_cost=1, memory_cost=1_024, parallelism=1)
    monkeypatch.setattr(credentials, "_hasher", lambda: cheap)

    async def judged(password: str, stored: str | None) -> bool:
        return (await judge_password(password, stored)).is_right

    async def work() -> list[bool]:
        stored = await hash_password("ﬁne words １２")  # a ligature, full-width digits
        asked = ["fine words 12", "fine words 13", "", "\ud800", "fine words 12 "]
        return [await judged(one, stored) for one in asked] + [
            await judged("fine words 12", None),
            await judged("fine words 12", "no hash at all"),
        ]

    assert asyncio.run(work()) == [True, False, False, False, False, False, False]


@pytest.mark.parametrize(
    ("password", "fits"),
    [
        ("nine char", False),
        ("ten chars!", True),
        ("x" * 253 + "yzw", True),
        ("x" * 254 + "yzw", False),
        ("abcabcabcabc", False),
        ("abcdabcdabcd", True),
        ("wang12wang34", False),
        ("Wang and ten more", True),
        ("一二三四五六七八九", False),
        ("一二三四五六七八九十", True),
    ],
)
def test_which_passwords_fit(password: str, fits: bool):
    try:
        check_password(password, login_name="wang", settings=AccessSettings())
    except AccessRefused as told:
        assert not fits
        assert told.code == "password_weak"  # noqa: PT017
    else:
        assert fits


@pytest.mark.parametrize(
    ("failures", "seconds"),
    [(0, None), (3, None), (4, 5), (5, 10), (6, 20), (11, 640), (12, 900), (13, 900), (9_999, 900)],
)
def test_each_failure_doubles_the_wait_up_to_the_longest(failures: int, seconds: int | None):
    wait = wait_after(failures, AccessSettings())
    assert wait == (None if seconds is None else timedelta(seconds=seconds))


def test_a_permission_that_is_missing_is_told_with_its_name_and_remedy():
    actor = Actor(kind="person", id="1", name="wang", permissions=frozenset({"ledger.read"}))
    require(actor, "ledger.read")
    with pytest.raises(AccessRefused) as told:
        require(actor, "ledger.post")
    assert told.value.code == "permission_missing"
    assert told.value.exit_code == 4
    assert "wang 没有权限 ledger.post" in told.value.told("zh")
    assert "[permission_missing] wang does not have" in told.value.told("en")
    assert "yibao access role list" in told.value.told("en")


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("person:1", Actor(kind="person", id="1", name="wang")),
        ("person:1", system("sealer")),
        ("person:1", Actor(kind="key", id="2", name="H1/2")),
    ],
)
def test_four_eyes_refuse_the_same_person_and_whoever_is_none(first: str, second: Actor):
    with pytest.raises(AccessRefused) as told:
        second_person(first, second)
    assert told.value.code == "second_person_needed"
    second_person(first, Actor(kind="person", id="11", name="zhao"))


def test_codes_are_published_once():
    assert len(set(ACCESS_CODES)) == len(ACCESS_CODES)
    assert login_refused().code in ACCESS_CODES
