"""Roles with dates on a real server: who may give them, and from when to when they count."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from tests.integration.access.bureau import DESK, NOON, TICK, Bureau, in_bureau
from tests.integration.conftest import Books
from yibao.offices.access.actors import Actor
from yibao.offices.access.refusals import AccessRefused
from yibao.offices.access.roles import Grant, grant_role, grants_of, list_roles, withdraw_role
from yibao.offices.access.sessions import session_actor

DAY = timedelta(days=1)


async def code_of(work) -> str:
    with pytest.raises(AccessRefused) as told:
        await work
    return told.value.code


def test_a_grant_counts_from_its_start_to_the_moment_before_its_end(database: Books):
    async def work(bureau: Bureau) -> None:
        await bureau.person("wang")
        start, until = NOON + timedelta(minutes=5), NOON + timedelta(minutes=10)
        grant = Grant(login_name="wang", role="clerk", valid_from=start, valid_until=until)
        await grant_role(bureau.office, bureau.administrator, grant=grant)
        token = (await bureau.session("wang")).token
        found = []
        for moment in (start - TICK, start, until - TICK, until):
            bureau.now = moment
            actor = await session_actor(bureau.office, token, origin=DESK)
            found.append(actor.may("claim.settle"))
        assert found == [False, True, True, False]

    in_bureau(database, work)


def test_a_role_taken_back_is_gone_at_the_next_request(database: Books):
    async def work(bureau: Bureau) -> None:
        await bureau.person("wang", "clerk", "auditor")
        token = (await bureau.session("wang")).token
        office, admin = bureau.office, bureau.administrator
        later = Grant(login_name="wang", role="reviewer", valid_from=NOON + DAY)
        await grant_role(office, admin, grant=later)
        assert await withdraw_role(office, admin, login_name="wang", role="clerk") == 1
        assert await withdraw_role(office, admin, login_name="wang", role="reviewer") == 1
        actor = await session_actor(office, token, origin=DESK)
        assert actor.permissions == {
            *("member.read", "claim.read", "policy.read"),
            *("ledger.read", "ledger.verify", "access.read_log"),
        }  # the auditor's, alone
        again = withdraw_role(office, admin, login_name="wang", role="clerk")
        assert await code_of(again) == "role_not_held"
        await grant_role(office, admin, grant=Grant(login_name="wang", role="clerk"))
        history = await grants_of(office, admin, login_name="wang")
        assert [(one["role_code"], one["withdrawn_by"]) for one in history] == [
            *(("clerk", "admin"), ("auditor", None), ("reviewer", "admin"), ("clerk", None)),
        ]
        assert {one["granted_by"] for one in history} == {"admin"}

    in_bureau(database, work)


def test_nobody_grants_to_themselves_and_keys_and_programs_grant_nothing(database: Books):
    async def work(bureau: Bureau) -> None:
        office, admin = bureau.office, bureau.administrator
        own = Grant(login_name="admin", role="fund_accountant")
        assert await code_of(grant_role(office, admin, grant=own)) == "second_person_needed"
        await bureau.person("wang")
        may = frozenset({"access.grant_role"})
        key = Actor(kind="key", id="0123456789abcdef", name="H/0", permissions=may)
        for_wang = Grant(login_name="wang", role="clerk")
        assert await code_of(grant_role(office, key, grant=for_wang)) == "second_person_needed"
        withdrawal = withdraw_role(office, key, login_name="admin", role="administrator")
        assert await code_of(withdrawal) == "second_person_needed"
        lines = await bureau.lines("access.grant_role")
        refused = [line["detail"] for line in lines if line["outcome"] == "refused"]
        assert refused == ["second_person_needed"] * 2

    in_bureau(database, work)


@pytest.mark.parametrize(
    ("grant", "code"),
    [
        (Grant(login_name="wang", role="emperor"), "role_unknown"),
        (Grant(login_name="wang", role="cle\0rk"), "role_unknown"),
        (Grant(login_name="wang", role="institution"), "role_not_for_people"),
        (Grant(login_name="none", role="clerk"), "person_unknown"),
        (Grant(login_name="wang", role="clerk", valid_until=NOON), "validity_empty"),
        (Grant(login_name="wang", role="auditor"), "role_held_already"),
        (
            Grant(login_name="wang", role="auditor", valid_from=NOON + DAY - TICK),
            "role_held_already",
        ),
    ],
)
def test_a_grant_that_cannot_be_is_refused(database: Books, grant: Grant, code: str):
    async def work(bureau: Bureau) -> None:
        await bureau.person("wang")
        held = Grant(login_name="wang", role="auditor", valid_until=NOON + DAY)
        await grant_role(bureau.office, bureau.administrator, grant=held)
        assert await code_of(grant_role(bureau.office, bureau.administrator, grant=grant)) == code
        assert len(await bureau.fetch("SELECT 1 FROM access.role_grant")) == 2

    in_bureau(database, work)


def test_the_next_grant_may_begin_where_the_last_ends(database: Books):
    async def work(bureau: Bureau) -> None:
        await bureau.person("wang")
        office, admin = bureau.office, bureau.administrator
        held = Grant(login_name="wang", role="auditor", valid_until=NOON + DAY)
        await grant_role(office, admin, grant=held)
        following = replace(held, valid_from=NOON + DAY, valid_until=None)
        await grant_role(office, admin, grant=following)

    in_bureau(database, work)


def test_two_grants_of_one_role_at_once_leave_one(database: Books):
    async def work(bureau: Bureau) -> None:
        await bureau.person("wang")
        grant = Grant(login_name="wang", role="clerk")
        both = [grant_role(bureau.office, bureau.administrator, grant=grant) for _ in range(4)]
        done = await asyncio.gather(*both, return_exceptions=True)
        codes = sorted(getattr(one, "code", "granted") for one in done)
        assert codes == ["granted", *["role_held_already"] * 3]

    in_bureau(database, work)


def test_roles_are_listed_with_their_labels_and_what_they_permit(database: Books):
    async def work(bureau: Bureau) -> None:
        roles = {one["code"]: one for one in await list_roles(bureau.office)}
        assert {
            *("clerk", "reviewer", "fund_accountant", "auditor", "policy_officer"),
            *("member_services", "administrator", "institution", "sandbox"),
        } == set(roles)
        assert "ledger.post" in roles["fund_accountant"]["permissions"]
        assert "ledger.reopen" not in roles["fund_accountant"]["permissions"]
        assert "ledger.reopen" in roles["reviewer"]["permissions"]
        assert roles["clerk"]["label_zh"] == "经办人员"

    in_bureau(database, work)
