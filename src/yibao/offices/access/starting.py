"""The first administrator (首任管理员): made by whoever holds the owner's account of the database.

Every other role is granted by a person; the first one cannot be. The database takes a grant in
nobody's name from its owner only, so that nobody who merely reached the service can make an
administrator. It is also the way back when the last administrator is gone.
"""

from __future__ import annotations

from dataclasses import replace

from yibao.base.texts import Text
from yibao.offices.access.actors import Origin, system
from yibao.offices.access.credentials import hash_password
from yibao.offices.access.log import Deed, record
from yibao.offices.access.office import AccessOffice
from yibao.offices.access.people import NewPerson, check_person, insert_person
from yibao.offices.access.refusals import AccessRefused
from yibao.offices.access.roles import insert_grant
from yibao.storage.postgres.database import Connection

ADMINISTRATOR = "administrator"


async def make_first_administrator(
    office: AccessOffice, person: NewPerson, *, origin: Origin, another: bool = False
) -> int:
    """Make an account with the administrator's role; ``office`` is opened as the owner.

    ``another`` allows it though there is an administrator who can log in.

    Raises:
        AccessRefused: ``administrator_exists``, ``login_name_invalid``, ``name_missing``,
            ``password_weak``, ``person_exists``.
    """
    check_person(person, office)
    hashed = await hash_password(person.password)
    actor = replace(system("owner"), origin=origin)

    async def work(connection: Connection) -> int:
        now = office.clock()
        await connection.execute("LOCK TABLE access.role_grant IN SHARE ROW EXCLUSIVE MODE")
        if not another and await connection.fetchval(_HOLDERS, ADMINISTRATOR, now):
            raise _exists()
        number = await insert_person(connection, actor, person=person, hashed=hashed, office=office)
        await insert_grant(connection, (number, ADMINISTRATOR, now, None, None, now))
        deed = Deed(
            action="access.grant_role",
            object_kind="person",
            object_id=str(number),
            detail=ADMINISTRATOR,
        )
        await record(connection, actor, deed)
        return number

    return await office.database.transact(work)


_HOLDERS = (
    "SELECT count(*) FROM access.role_grant g"
    " JOIN access.person_account p ON p.id = g.person_id"
    " WHERE g.role_code = $1 AND p.state = 'active' AND g.valid_from <= $2"
    " AND (g.valid_until IS NULL OR $2 < g.valid_until)"
    " AND (g.withdrawn_at IS NULL OR $2 < g.withdrawn_at)"
)


def _exists() -> AccessRefused:
    return AccessRefused(
        "administrator_exists",
        Text("已有可以登录的管理员", "there is an administrator who can log in"),
        Text(
            "请由其办理；若其密码已遗失，可加 --another 另设一人",
            "let them act; where their password was lost, add --another to make one more",
        ),
    )
