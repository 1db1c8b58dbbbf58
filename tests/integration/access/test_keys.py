"""Institutions' keys on a real server: made, used, rotated at once by two, revoked, expired."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from tests.integration.access.bureau import DESK, NOON, TICK, Bureau, in_bureau
from tests.integration.conftest import Books
from yibao.offices.access.credentials import digest
from yibao.offices.access.keys import (
    KeyOrder,
    authenticate_key,
    list_keys,
    make_key,
    revoke_key,
    rotate_key,
)
from yibao.offices.access.refusals import AccessRefused

HOSPITAL = "H99000000001"
DAY = timedelta(days=1)


async def code_of(work) -> str:
    with pytest.raises(AccessRefused) as told:
        await work
    return told.value.code


async def counts(bureau: Bureau, text: str) -> bool:
    try:
        await authenticate_key(bureau.office, text, origin=DESK)
    except AccessRefused:
        return False
    return True


def test_a_key_is_shown_once_and_answers_who_presents_it(database: Books):
    async def work(bureau: Bureau) -> None:
        order = KeyOrder(institution_code=HOSPITAL, label="his")
        made = await make_key(bureau.office, bureau.administrator, order=order)
        actor = await authenticate_key(bureau.office, str(made.key), origin=DESK)
        assert (actor.kind, actor.id, actor.institution) == ("key", made.key.key_id, HOSPITAL)
        assert actor.may("claim.settle")
        assert not actor.may("interface.try")
        assert actor.origin == DESK
        assert made.key.secret not in repr(made)
        (row,) = await bureau.fetch("SELECT * FROM access.api_key")
        assert row["secret_digest"] == digest(made.key.secret)
        assert made.key.secret not in repr(row)
        assert row["last_used_at"] == NOON
        (listed,) = await list_keys(bureau.office, bureau.administrator)
        assert "secret_digest" not in listed
        assert listed["is_live"]

    in_bureau(database, work)


def test_a_key_counts_from_its_start_to_the_moment_before_its_end(database: Books):
    async def work(bureau: Bureau) -> None:
        start, until = NOON + DAY, NOON + 2 * DAY
        order = KeyOrder(institution_code=HOSPITAL, valid_from=start, valid_until=until)
        made = await make_key(bureau.office, bureau.administrator, order=order)
        found = []
        for moment in (start - TICK, start, until - TICK, until, until + TICK):
            bureau.now = moment
            found.append(await counts(bureau, str(made.key)))
        assert found == [False, True, True, False, False]
        lines = await bureau.lines("access.use_key")
        assert [(one["outcome"], one["detail"], one["object_id"]) for one in lines] == [
            ("refused", "not_live", made.key.key_id)
        ] * 3

    in_bureau(database, work)


def test_what_is_no_key_is_refused_alike(database: Books):
    async def work(bureau: Bureau) -> None:
        order = KeyOrder(institution_code=HOSPITAL)
        made = await make_key(bureau.office, bureau.administrator, order=order)
        key_id, secret = made.key.key_id, made.key.secret
        altered = secret[:-2] + ("AA" if secret[-2:] != "AA" else "BB")
        for text in (
            *("", "yibao", "yibao..", f"yibao.{key_id}", f"yibao.{key_id}.", f"{key_id}.{secret}"),
            *(f"other.{key_id}.{secret}", f"yibao.{key_id[::-1]}.{secret}", f"yibao.\0.{secret}"),
            *(f"yibao.{key_id}.{altered}", f"yibao.{key_id}.{secret}\ud800", "\udcff"),
            f"yibao.{key_id}.{digest(secret).hex()}",
        ):
            assert not await counts(bureau, text), text
        assert await counts(bureau, f" {made.key}\n")

    in_bureau(database, work)


def test_rotation_puts_a_new_key_beside_the_old_for_the_overlap(database: Books):
    async def work(bureau: Bureau) -> None:
        office, admin = bureau.office, bureau.administrator
        scopes = frozenset({"claim.read", "interface.call"})
        order = KeyOrder(institution_code=HOSPITAL, label="his", scopes=scopes)
        old = await make_key(office, admin, order=order)
        bureau.pass_by(DAY)
        new = await rotate_key(office, admin, key_id=old.key.key_id, overlap=3 * DAY)
        assert new.old_valid_until == bureau.now + 3 * DAY
        actor = await authenticate_key(office, str(new.key), origin=DESK)
        assert (actor.permissions, actor.institution) == (scopes, HOSPITAL)
        bureau.pass_by(3 * DAY - TICK)
        assert await counts(bureau, str(old.key))
        bureau.pass_by(TICK)
        assert not await counts(bureau, str(old.key))
        assert await counts(bureau, str(new.key))
        again = rotate_key(office, admin, key_id=old.key.key_id)
        assert await code_of(again) == "key_not_live"
        at_once = await rotate_key(office, admin, key_id=new.key.key_id, overlap=timedelta(0))
        assert not await counts(bureau, str(new.key))
        assert await counts(bureau, str(at_once.key))
        below = rotate_key(office, admin, key_id=at_once.key.key_id, overlap=-TICK)
        assert await code_of(below) == "validity_empty"

    in_bureau(database, work)


def test_an_overlap_never_makes_an_old_key_live_longer(database: Books):
    async def work(bureau: Bureau) -> None:
        office, admin = bureau.office, bureau.administrator
        order = KeyOrder(institution_code=HOSPITAL, valid_until=NOON + DAY)
        old = await make_key(office, admin, order=order)
        new = await rotate_key(office, admin, key_id=old.key.key_id, overlap=9 * DAY)
        assert new.old_valid_until == NOON + DAY
        assert new.valid_until == NOON + office.settings.key_validity

    in_bureau(database, work)


def test_of_rotations_at_once_one_is_done(database: Books):
    async def work(bureau: Bureau) -> None:
        office, admin = bureau.office, bureau.administrator
        old = await make_key(office, admin, order=KeyOrder(institution_code=HOSPITAL))
        many = [rotate_key(office, admin, key_id=old.key.key_id) for _ in range(6)]
        done = await asyncio.gather(*many, return_exceptions=True)
        codes = sorted(getattr(one, "code", "rotated") for one in done)
        assert codes == [*["key_replaced"] * 5, "rotated"]
        assert len(await bureau.fetch("SELECT 1 FROM access.api_key")) == 2
        assert len(await bureau.lines("access.rotate_key")) == 1

    in_bureau(database, work)


def test_a_revoked_key_is_gone_at_once_and_stays_so(database: Books):
    async def work(bureau: Bureau) -> None:
        office, admin = bureau.office, bureau.administrator
        made = await make_key(office, admin, order=KeyOrder(institution_code=HOSPITAL))
        key_id = made.key.key_id
        assert await revoke_key(office, admin, key_id=key_id, reason="lost") == NOON
        assert not await counts(bureau, str(made.key))
        bureau.pass_by(DAY)
        assert await revoke_key(office, (await bureau.session("admin")).actor, key_id=key_id,
                                reason="again") == NOON  # fmt: skip
        assert await code_of(rotate_key(office, admin, key_id=key_id)) == "key_not_live"
        (line,) = await bureau.lines("access.revoke_key")
        assert (line["object_id"], line["detail"]) == (key_id, "lost")

    in_bureau(database, work)


def test_an_institution_rotates_its_own_key_and_no_other(database: Books):
    async def work(bureau: Bureau) -> None:
        office, admin = bureau.office, bureau.administrator
        mine = await make_key(office, admin, order=KeyOrder(institution_code=HOSPITAL))
        other = await make_key(office, admin, order=KeyOrder(institution_code="P99000000002"))
        actor = await authenticate_key(office, str(mine.key), origin=DESK)
        assert await code_of(rotate_key(office, actor, key_id=other.key.key_id)) == "key_unknown"
        new = await rotate_key(office, actor, key_id=mine.key.key_id)
        assert new.institution_code == HOSPITAL
        assert await counts(bureau, str(other.key))
        assert await code_of(revoke_key(office, actor, key_id=mine.key.key_id, reason="")) == (
            "permission_missing"
        )

    in_bureau(database, work)


@pytest.mark.parametrize(
    ("order", "code"),
    [
        (KeyOrder(institution_code=""), "institution_invalid"),
        (KeyOrder(institution_code="h1"), "institution_invalid"),
        (KeyOrder(institution_code="H" * 31), "institution_invalid"),
        (KeyOrder(institution_code="H1\n"), "institution_invalid"),
        (KeyOrder(institution_code=HOSPITAL, valid_until=NOON), "validity_empty"),
        (
            KeyOrder(institution_code=HOSPITAL, scopes=frozenset({"access.grant_role"})),
            "scope_unknown",
        ),
        (KeyOrder(institution_code=HOSPITAL, scopes=frozenset({"no.such"})), "scope_unknown"),
    ],
)
def test_a_key_that_cannot_be_is_refused(database: Books, order: KeyOrder, code: str):
    async def work(bureau: Bureau) -> None:
        making = make_key(bureau.office, bureau.administrator, order=order)
        assert await code_of(making) == code
        assert await bureau.fetch("SELECT 1 FROM access.api_key") == []
        clerk = await bureau.person("wang", "clerk")
        for refused in (
            make_key(bureau.office, clerk, order=order),
            list_keys(bureau.office, clerk),
            rotate_key(bureau.office, clerk, key_id="0123456789abcdef"),
        ):
            assert await code_of(refused) == "permission_missing"
        for unknown in ("0123456789abcdef", "none", "\0"):
            revoking = revoke_key(bureau.office, bureau.administrator, key_id=unknown, reason="")
            assert await code_of(revoking) == "key_unknown"

    in_bureau(database, work)
