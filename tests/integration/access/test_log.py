"""The log on a real server: written with the act, searched, and attacked from every side."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

import asyncpg
import pytest

from tests.integration.access.bureau import DESK, Bureau, in_bureau
from tests.integration.conftest import Books, run
from yibao.offices.access.actors import Actor, nobody, second_person, system
from yibao.offices.access.log import Deed, LogQuery, demand, record, search_log
from yibao.offices.access.refusals import AccessRefused

SAW = Deed(action="member.read", object_kind="member", object_id="1001", purpose="counter 3")


class UndoneError(Exception):
    pass


async def do(bureau: Bureau, actor: Actor, *deeds: Deed, fail: bool = False) -> None:
    async def work(connection: asyncpg.Connection) -> None:
        await record(connection, actor, *deeds)
        if fail:
            raise UndoneError

    await bureau.office.database.transact(work)


def test_who_saw_this_member_and_what_did_this_person_do(database: Books):
    async def work(bureau: Bureau) -> None:
        wang = await bureau.person("wang", "clerk")
        zhao = await bureau.person("zhao", "clerk")
        auditor = await bureau.person("audit", "auditor")
        other = Deed(action="member.read", object_kind="member", object_id="1002")
        await do(bureau, wang, SAW, other)
        await do(bureau, zhao, SAW)
        office = bureau.office
        of_member = LogQuery(object_kind="member", object_id="1001")
        found = await search_log(office, auditor, query=of_member, purpose="complaint 7")
        assert [(one["actor_name"], one["purpose"]) for one in found] == [
            *(("zhao", "counter 3"), ("wang", "counter 3")),
        ]
        assert {(one["place"], one["request_id"]) for one in found} == {("10.0.0.7", "request-1")}
        did = await search_log(office, auditor, query=LogQuery(actor=wang.reference, limit=2))
        assert [(one["action"], one["object_id"]) for one in did] == [
            *(("member.read", "1002"), ("member.read", "1001")),
        ]
        older = LogQuery(actor=wang.reference, before_id=did[-1]["id"])
        assert "member.read" not in {
            one["action"] for one in await search_log(office, auditor, query=older)
        }
        (line, *_) = await bureau.lines("access.read_log")
        assert (line["actor_name"], line["object_id"], line["purpose"]) == (
            *("audit", "1001", "complaint 7"),
        )
        now = datetime.now(UTC)
        for query, count in (
            (LogQuery(action="member.read", since=now - timedelta(hours=1)), 3),
            (LogQuery(action="member.read", since=now + timedelta(hours=1)), 0),
            (LogQuery(action="member.read", until=now - timedelta(hours=1)), 0),
            (LogQuery(action="member.read", outcome="refused"), 0),
            (LogQuery(action="member.read", outcome="done"), 3),
        ):
            assert len(await search_log(office, auditor, query=query)) == count
        with pytest.raises(AccessRefused) as told:
            await search_log(office, wang, query=of_member)
        assert told.value.code == "permission_missing"

    in_bureau(database, work)


def test_an_act_that_was_undone_leaves_no_line_and_a_refused_one_does(database: Books):
    async def work(bureau: Bureau) -> None:
        wang = await bureau.person("wang", "clerk")
        with pytest.raises(UndoneError):
            await do(bureau, wang, SAW, fail=True)
        assert await bureau.lines("member.read") == []
        post = Deed(action="ledger.post", object_kind="entry", object_id="7")
        with pytest.raises(AccessRefused):
            await demand(bureau.office, wang, permission="ledger.post", deed=post)
        (line,) = await bureau.lines("ledger.post")
        assert (line["outcome"], line["detail"], line["actor_id"]) == (
            *("refused", "permission_missing", wang.id),
        )
        await demand(bureau.office, wang, permission="claim.settle", deed=SAW)
        assert await bureau.lines("member.read") == []  # who may is not written before the act

    in_bureau(database, work)


def test_a_line_with_a_stray_character_is_kept(database: Books):
    async def work(bureau: Bureau) -> None:
        await do(bureau, nobody(DESK), Deed(action="member.read", object_id="a\0b"))
        await do(bureau, system("sealer"), SAW)
        await do(bureau, system("sealer"), Deed(action="member.read", purpose="\ud800" + "x" * 500))
        lines = await bureau.lines("member.read")
        kept = [line["object_id"] for line in lines]
        assert kept == ["a\N{REPLACEMENT CHARACTER}b", "1001", ""]
        assert lines[2]["purpose"] == "?" + "x" * 398 + "…"

    in_bureau(database, work)


LINE = """INSERT INTO access.log_entry (actor_kind, actor_id, actor_name, institution_code, action,
    object_kind, object_id, purpose, outcome, detail, place, request_id)"""
GRANT = """INSERT INTO access.role_grant
    (person_id, role_code, valid_from, granted_by, granted_at)"""

CHANGES = """
    UPDATE access.log_entry SET actor_id = '99'
    DELETE FROM access.log_entry
    TRUNCATE access.log_entry
    TRUNCATE access.log_entry RESTART IDENTITY CASCADE
    INSERT INTO access.log_entry OVERRIDING SYSTEM VALUE SELECT * FROM access.log_entry LIMIT 1 \
        ON CONFLICT (id) DO UPDATE SET actor_id = '99'
    MERGE INTO access.log_entry t USING access.log_entry s ON t.id = s.id WHEN MATCHED THEN DELETE
"""
"""What nobody may do to the log."""

OF_SERVICE = """
    INSERT INTO access.log_entry (recorded_at) VALUES ('2020-01-01')
    INSERT INTO access.log_entry (id) OVERRIDING SYSTEM VALUE VALUES (1000)
    ALTER TABLE access.log_entry DISABLE TRIGGER ALL
    DROP TABLE access.log_entry
    SET session_replication_role = replica
    CREATE TABLE access.more (n int)
    UPDATE access.person_account SET login_name = 'other'
    UPDATE access.person_account SET made_by = 'other'
    DELETE FROM access.person_account
    INSERT INTO access.permission VALUES ('a.b', 'a', 'b')
    INSERT INTO access.role_permission VALUES ('clerk', 'ledger.post')
    UPDATE access.role SET holder = 'person'
    UPDATE access.role_grant SET person_id = 2
    UPDATE access.role_grant SET role_code = 'fund_accountant'
    UPDATE access.role_grant SET valid_until = NULL
    DELETE FROM access.role_grant
    UPDATE access.api_key SET secret_digest = decode(repeat('00', 32), 'hex')
    UPDATE access.api_key SET scopes = '{access.grant_role}'
    DELETE FROM access.api_key
    UPDATE access.session SET longest_until = 'infinity'
    UPDATE access.session SET person_id = 2
"""
"""What the service may not do besides."""

BY_RULE = {
    f"{GRANT} VALUES (1, 'auditor', now(), NULL, now())": "42501",
    f"{GRANT} VALUES (1, 'auditor', now(), 1, now())": "23514",
    f"{GRANT} VALUES (1, 'emperor', now(), 2, now())": "23503",
    "UPDATE access.role_grant SET withdrawn_by = NULL, withdrawn_at = NULL": "23001",
    "UPDATE access.session SET ended_at = NULL": "23001",
    "UPDATE access.session SET idle_until = 'infinity'": "23001",
    "UPDATE access.api_key SET valid_until = 'infinity'": "23001",
    "UPDATE access.api_key SET revoked_by = NULL, revoked_at = NULL": "23001",
    "UPDATE access.person_account SET password_hash = 'plain'": "23514",
    f"{LINE} VALUES ('person', '', '', '', 'a.b', '', '', '', 'done', '', '', '')": "23514",
    f"{LINE} VALUES ('nobody', '', '', '', 'free words', '', '', '', 'done', '', '', '')": "23514",
}
"""What the service has the privilege for, and a trigger or constraint refuses, with its state."""

ROWS = """
INSERT INTO access.person_account (login_name, display_name, password_hash, must_change, made_by,
    made_at, password_at) VALUES ('a.one', 'a', '$argon2id$', true, 'x', now(), now()),
    ('b.two', 'b', '$argon2id$', true, 'x', now(), now());
INSERT INTO access.role_grant (person_id, role_code, valid_from, granted_by, granted_at,
    withdrawn_by, withdrawn_at) VALUES (1, 'clerk', now(), NULL, now(), 2, now());
INSERT INTO access.session (token_digest, person_id, made_at, idle_until, longest_until, ended_at,
    place) VALUES (decode(repeat('11', 32), 'hex'), 1, now(), now(), now(), now(), '');
INSERT INTO access.api_key (key_id, secret_digest, institution_code, label, scopes, valid_from,
    valid_until, made_by, made_at, revoked_by, revoked_at) VALUES ('0123456789abcdef',
    decode(repeat('11', 32), 'hex'), 'H1', '', '{claim.read}', now(), now(), 'x', now(), 'x',
    now());
INSERT INTO access.log_entry (actor_kind, actor_id, actor_name, institution_code, action,
    object_kind, object_id, purpose, outcome, detail, place, request_id)
    VALUES ('person', '1', 'a', '', 'member.read', 'member', '1', '', 'done', '', '', '');
"""
EVERYTHING = """
SELECT md5(string_agg(line, '|' ORDER BY line)) FROM (
    SELECT l::text FROM access.log_entry l UNION ALL SELECT g::text FROM access.role_grant g
    UNION ALL SELECT s::text FROM access.session s UNION ALL SELECT k::text FROM access.api_key k
    UNION ALL SELECT p::text FROM access.person_account p
    UNION ALL SELECT r::text FROM access.role r
) AS rows (line)
"""


async def attacked(books: Books, url: str, *, statements: Iterable[str]) -> list[str]:
    """The state of each refusal; fails if a statement was let through or changed anything."""
    owner = await asyncpg.connect(books.owner_url)
    attacker = await asyncpg.connect(url)
    try:
        await owner.execute(ROWS)
        before = await owner.fetchval(EVERYTHING)
        states = []
        for statement in statements:
            with pytest.raises(asyncpg.PostgresError) as told:
                await attacker.execute(statement)
            states.append(str(told.value.sqlstate))
            assert await owner.fetchval(EVERYTHING) == before, statement
    finally:
        await attacker.close()
        await owner.close()
    return states


def one_by_one(*statements: str) -> list[str]:
    """Each line a statement."""
    return [line.strip() for line in "".join(statements).splitlines() if line.strip()]


def test_the_service_has_no_privilege_to_bend_anything(database: Books):
    statements = one_by_one(CHANGES, OF_SERVICE)
    states = run(attacked(database, database.service_url, statements=statements))
    assert dict(zip(statements, states, strict=True)) == dict.fromkeys(statements, "42501")


def test_what_the_service_may_write_is_still_held_to_the_rules(database: Books):
    states = run(attacked(database, database.service_url, statements=BY_RULE))
    assert dict(zip(BY_RULE, states, strict=True)) == BY_RULE


def test_the_owner_too_is_refused_by_the_log_itself(database: Books):
    statements = one_by_one(CHANGES)
    states = run(attacked(database, database.owner_url, statements=statements))
    assert dict(zip(statements, states, strict=True)) == dict.fromkeys(statements, "23001")


def test_replication_does_not_open_the_log(database: Books):
    """The triggers fire always, also in the mode in which ordinary ones rest."""

    async def work() -> None:
        superuser = await asyncpg.connect(database.superuser_url)
        try:
            await superuser.execute(ROWS)
            await superuser.execute("SET session_replication_role = replica")
            for statement in ("DELETE FROM access.log_entry", "TRUNCATE access.log_entry"):
                with pytest.raises(asyncpg.RestrictViolationError):
                    await superuser.execute(statement)
        finally:
            await superuser.close()

    run(work())


def test_a_table_of_the_attackers_own_does_not_stand_in_for_the_catalogue(database: Books):
    async def work() -> None:
        superuser = await asyncpg.connect(database.superuser_url)
        name = await superuser.fetchval("SELECT current_database()")
        await superuser.execute(f'GRANT TEMPORARY ON DATABASE "{name}" TO PUBLIC')
        await superuser.close()
        service = await asyncpg.connect(database.service_url)
        try:
            await service.execute(
                "CREATE TEMPORARY TABLE pg_class AS SELECT c.oid, r.oid AS relowner"
                " FROM pg_catalog.pg_class c, pg_catalog.pg_roles r"
                " WHERE r.rolname = current_user"
            )
            with pytest.raises(asyncpg.PostgresError, match="only the owner"):
                await service.execute(
                    "INSERT INTO access.role_grant (person_id, role_code, valid_from, granted_by,"
                    " granted_at) VALUES (1, 'auditor', now(), NULL, now())"
                )
        finally:
            await service.close()

    run(work())


def test_four_eyes_are_two_people():
    one = Actor(kind="person", id="1", name="one")
    second_person("person:2", one)
    for first, second in (("person:1", one), ("person:1", system("sealer"))):
        with pytest.raises(AccessRefused) as told:
            second_person(first, second)
        assert told.value.code == "second_person_needed"
