"""Accounts, passwords and sessions on a real server."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from argon2 import PasswordHasher

from tests.integration.access.bureau import DESK, FIRST, NOON, OWN, TICK, Bureau, in_bureau
from tests.integration.conftest import Books, run
from yibao.offices.access import credentials
from yibao.offices.access.actors import require
from yibao.offices.access.office import AccessOffice
from yibao.offices.access.people import (
    NewPerson,
    create_person,
    list_people,
    reset_password,
    set_state,
)
from yibao.offices.access.refusals import AccessRefused
from yibao.offices.access.roles import Grant, grant_role
from yibao.offices.access.sessions import (
    Credentials,
    change_password,
    log_in,
    log_out,
    session_actor,
)
from yibao.offices.access.starting import make_first_administrator
from yibao.storage.postgres.database import Database


async def refused(work, code: str) -> None:
    with pytest.raises(AccessRefused) as told:
        await work
    assert told.value.code == code


def test_a_first_administrator_is_made_once_and_by_the_owner_only(database: Books):
    person = NewPerson(login_name="first", display_name="李四", password=FIRST)
    other = NewPerson(login_name="second", display_name="王五", password=FIRST)

    async def work() -> None:
        async with await Database.open(database.service_url) as service:
            with pytest.raises(Exception, match="permission denied"):
                await make_first_administrator(AccessOffice(service), person, origin=DESK)
        async with await Database.open(database.owner_url) as owner:
            office = AccessOffice(owner)
            await make_first_administrator(office, person, origin=DESK)
            await refused(
                make_first_administrator(office, other, origin=DESK), "administrator_exists"
            )
            await make_first_administrator(office, other, origin=DESK, another=True)
            made = await owner.pool.fetch(
                "SELECT actor_kind, actor_id, detail FROM access.log_entry"
                " WHERE action = 'access.grant_role' ORDER BY id"
            )
            assert [tuple(row) for row in made] == [("system", "owner", "administrator")] * 2

    run(work())


def test_the_first_password_permits_nothing_but_changing_it(database: Books):
    async def work(bureau: Bureau) -> None:
        person = NewPerson(login_name="wang", display_name="王五", password=FIRST)
        await create_person(bureau.office, bureau.administrator, person=person)
        grant = Grant(login_name="wang", role="clerk")
        await grant_role(bureau.office, bureau.administrator, grant=grant)
        given = await bureau.session("wang", FIRST)
        assert given.actor.permissions == frozenset()
        with pytest.raises(AccessRefused, match="must change") as told:
            require(given.actor, "claim.settle")
        assert told.value.code == "password_change_needed"
        offered = Credentials(login_name="wang", password=FIRST)
        await refused(
            change_password(bureau.office, offered, password=FIRST, origin=DESK), "password_weak"
        )
        await change_password(bureau.office, offered, password=OWN, origin=DESK)
        await refused(session_actor(bureau.office, given.token, origin=DESK), "session_invalid")
        actor = (await bureau.session("wang")).actor
        require(actor, "claim.settle")
        (stored,) = await bureau.fetch(
            "SELECT password_hash FROM access.person_account WHERE login_name = 'wang'"
        )
        assert stored["password_hash"].startswith("$argon2id$")
        assert OWN not in stored["password_hash"]

    in_bureau(database, work)


@pytest.mark.parametrize(
    ("login_name", "display_name", "password", "code"),
    [
        ("Wang", "王五", FIRST, "login_name_invalid"),
        ("w", "王五", FIRST, "login_name_invalid"),
        ("wang\0", "王五", FIRST, "login_name_invalid"),
        ("w" * 33, "王五", FIRST, "login_name_invalid"),
        ("wang", " ", FIRST, "name_missing"),
        ("wang", "王\0五", FIRST, "name_missing"),
        ("wang", "王" * 101, FIRST, "name_missing"),
        ("wang", "王五", "nine char", "password_weak"),
        ("wang", "王五", "aaabbbcccaaa", "password_weak"),
        ("wang", "王五", "WANG12 of wang", "password_weak"),
        ("wang", "王五", "w" * 100 + "xyz" * 52 + "!", "password_weak"),
        ("admin", "王五", FIRST, "person_exists"),
    ],
)
def test_an_account_that_cannot_be_is_refused(
    database: Books, login_name: str, display_name: str, password: str, code: str
):
    async def work(bureau: Bureau) -> None:
        person = NewPerson(login_name=login_name, display_name=display_name, password=password)
        await refused(create_person(bureau.office, bureau.administrator, person=person), code)
        assert len(await bureau.fetch("SELECT 1 FROM access.person_account")) == 1

    in_bureau(database, work)


def test_every_way_of_not_getting_in_says_the_same_and_judges_one_password(
    database: Books, monkeypatch: pytest.MonkeyPatch
):
    judged: list[str] = []
    verify = PasswordHasher.verify

    def counted(self: PasswordHasher, stored: str, password: bytes) -> bool:
        judged.append(stored)
        return bool(verify(self, stored, password))

    async def work(bureau: Bureau) -> None:
        await bureau.person("wang", "clerk")
        await bureau.person("gone", "clerk")
        await set_state(bureau.office, bureau.administrator, login_name="gone", state="suspended")
        monkeypatch.setattr(PasswordHasher, "verify", counted)
        profile = credentials._hasher().hash("any").split("$")[:4]
        words = set()
        ways = [("wang", "wrong"), ("nobody", OWN), ("gone", OWN), ("no\0name", OWN)]
        ways += [("wang", "x" * 1_000), ("wang", "\ud800")]
        for login_name, password in ways:
            judged.clear()
            with pytest.raises(AccessRefused) as told:
                await bureau.session(login_name, password)
            words.add((told.value.code, told.value.told("zh"), told.value.told("en")))
            assert len(judged) == 1, login_name
            assert judged[0].split("$")[:4] == profile
        assert len(words) == 1
        lines = await bureau.lines("access.log_in")
        why = [line["detail"] for line in lines if line["outcome"] == "refused"]
        assert why == ["password", "unknown", "suspended", "unknown", "password", "password"]
        told_names = {line["object_id"] for line in lines}
        assert "unknown" in told_names
        assert "nobody" not in told_names  # a name that is none may be a password typed too early

    in_bureau(database, work)


def test_failures_make_an_account_wait_longer_and_longer(database: Books):
    async def work(bureau: Bureau) -> None:
        await bureau.person("wang", "clerk")
        for _ in range(3):  # free of waiting
            await refused(bureau.session("wang", "wrong words"), "login_refused")
        await bureau.session("wang")  # and being right forgets them
        for wait in (None, None, None, 5, 10, 20):
            await refused(bureau.session("wang", "wrong words"), "login_refused")
            if wait is None:
                continue
            bureau.pass_by(timedelta(seconds=wait) - TICK)
            await refused(bureau.session("wang"), "login_refused")  # right, and too early
            bureau.pass_by(TICK)
        await bureau.session("wang")
        (row,) = await bureau.fetch(
            "SELECT failed_attempts, locked_until FROM access.person_account"
            " WHERE login_name = 'wang'"
        )
        assert row == {"failed_attempts": 0, "locked_until": None}

    in_bureau(database, work)


def test_guesses_that_arrive_together_are_counted_one_by_one(database: Books):
    async def work(bureau: Bureau) -> None:
        await bureau.person("wang", "clerk")
        guesses = [bureau.session("wang", f"wrong words {n}") for n in range(6)]
        done = await asyncio.gather(*guesses, return_exceptions=True)
        assert all(isinstance(one, AccessRefused) for one in done)
        lines = await bureau.lines("access.log_in")
        why = [line["detail"] for line in lines if line["outcome"] == "refused"]
        assert sorted(why) == ["password"] * 4 + ["waiting"] * 2
        await refused(bureau.session("wang"), "login_refused")

    in_bureau(database, work)


def test_a_session_ends_when_it_is_not_used_and_in_the_end_anyway(database: Books):
    async def work(bureau: Bureau) -> None:
        await bureau.person("wang", "clerk")
        settings = bureau.office.settings

        async def lives(token: str) -> bool:
            try:
                return (await session_actor(bureau.office, token, origin=DESK)).name == "wang"
            except AccessRefused:
                return False

        idle = await bureau.session("wang")
        assert idle.idle_until == bureau.now + settings.session_idle
        bureau.pass_by(settings.session_idle - TICK)
        assert await lives(idle.token)  # which prolongs it
        bureau.pass_by(settings.session_idle - TICK)
        assert await lives(idle.token)
        bureau.pass_by(settings.session_idle)
        assert not await lives(idle.token)  # at its end, not after it

        used = await bureau.session("wang")
        start = bureau.now
        while bureau.now - start < settings.session_longest - settings.session_idle:
            bureau.pass_by(settings.session_idle / 2)
            assert await lives(used.token)
        bureau.now = start + settings.session_longest - TICK
        assert await lives(used.token)
        bureau.now = start + settings.session_longest
        assert not await lives(used.token)

    in_bureau(database, work)


def test_a_session_ends_by_logging_out_by_suspension_and_by_a_new_password(database: Books):
    async def work(bureau: Bureau) -> None:
        await bureau.person("wang", "clerk")

        async def lives(token: str) -> bool:
            try:
                return (await session_actor(bureau.office, token, origin=DESK)).name == "wang"
            except AccessRefused:
                return False

        left = await bureau.session("wang")
        assert await lives(left.token)
        await log_out(bureau.office, left.token, origin=DESK)
        await log_out(bureau.office, left.token, origin=DESK)
        await log_out(bureau.office, "never was", origin=DESK)
        assert not await lives(left.token)
        assert len(await bureau.lines("access.log_out")) == 1

        seized = await bureau.session("wang")
        admin = (await bureau.session("admin")).actor
        await set_state(bureau.office, admin, login_name="wang", state="suspended")
        await set_state(bureau.office, admin, login_name="wang", state="active")
        assert not await lives(seized.token)

        reset = await bureau.session("wang")
        await reset_password(bureau.office, admin, login_name="wang", password=FIRST)
        assert not await lives(reset.token)
        assert (await bureau.session("wang", FIRST)).actor.must_change_password

    in_bureau(database, work)


def test_a_password_of_an_older_profile_is_hashed_anew_at_login(
    database: Books, monkeypatch: pytest.MonkeyPatch
):
    older = PasswordHasher(time_cost=1, memory_cost=8_192, parallelism=1)
    newer = PasswordHasher(time_cost=2, memory_cost=8_192, parallelism=1)
    monkeypatch.setattr(credentials, "_hasher", lambda: newer)

    async def work(bureau: Bureau) -> None:
        with monkeypatch.context() as then:
            then.setattr(credentials, "_hasher", lambda: older)
            await bureau.person("wang", "clerk")
        find = "SELECT password_hash FROM access.person_account WHERE login_name = 'wang'"
        assert "m=8192,t=1,p=1" in (await bureau.fetch(find))[0]["password_hash"]
        await refused(bureau.session("wang", "wrong words"), "login_refused")
        assert "m=8192,t=1,p=1" in (await bureau.fetch(find))[0]["password_hash"]
        await bureau.session("wang")
        assert "m=8192,t=2,p=1" in (await bureau.fetch(find))[0]["password_hash"]
        await bureau.session("wang")

    in_bureau(database, work)


def test_only_who_manages_people_manages_them_and_the_refusal_is_kept(database: Books):
    async def work(bureau: Bureau) -> None:
        clerk = await bureau.person("wang", "clerk")
        person = NewPerson(login_name="more", display_name="王五", password=FIRST)
        office = bureau.office
        await refused(create_person(office, clerk, person=person), "permission_missing")
        await refused(
            reset_password(office, clerk, login_name="admin", password=FIRST),
            "permission_missing",
        )
        await refused(
            set_state(office, clerk, login_name="admin", state="suspended"), "permission_missing"
        )
        await refused(list_people(office, clerk), "permission_missing")
        await refused(
            set_state(office, bureau.administrator, login_name="none", state="active"),
            "person_unknown",
        )
        kept = await bureau.fetch(
            "SELECT action, actor_name, detail FROM access.log_entry"
            " WHERE outcome = 'refused' ORDER BY id"
        )
        assert [(line["action"], line["actor_name"], line["detail"]) for line in kept] == [
            ("access.create_person", "wang", "permission_missing"),
            ("access.reset_password", "wang", "permission_missing"),
            ("access.suspend_person", "wang", "permission_missing"),
            ("access.list_people", "wang", "permission_missing"),
        ]
        people = await list_people(office, bureau.administrator)
        assert [(one["login_name"], one["roles"]) for one in people] == [
            ("admin", ["administrator"]),
            ("wang", ["clerk"]),
        ]
        assert "password_hash" not in people[0]

    in_bureau(database, work)


def test_a_token_is_stored_as_its_digest_only(database: Books):
    async def work(bureau: Bureau) -> None:
        session = await bureau.session("admin")
        rows = await bureau.fetch("SELECT token_digest FROM access.session ORDER BY id")
        assert rows[-1]["token_digest"] == credentials.digest(session.token)
        assert session.token not in repr(session)
        await refused(
            log_in(
                bureau.office,
                Credentials(login_name="admin", password=session.token),
                origin=DESK,
            ),
            "login_refused",
        )
        assert bureau.now == NOON

    in_bureau(database, work)
