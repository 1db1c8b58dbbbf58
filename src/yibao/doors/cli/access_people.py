"""``yibao access person`` and ``yibao access role``: accounts, and what they may do from when."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

import click

from yibao.base.texts import Language, Text
from yibao.doors.cli.acting import (
    acting,
    as_option,
    asked_password,
    json_option,
    opened,
    origin,
    password_option,
    read_sessions,
    run,
    write_sessions,
)
from yibao.doors.cli.entry import language_option

_LOGIN = click.argument("whom", metavar="LOGIN")
_MOMENT = click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M"])
_PRESENT = Text("现密码", "present password")
_NEW = Text("新密码", "new password")
_FIRST = Text("初始密码（首次登录须修改）", "first password, to be changed at first login")


@click.group()
def person() -> None:
    """Accounts of the bureau's people."""


@person.command()
@_LOGIN
@click.option("--name", required=True, help="The person's name.")
@as_option
@password_option
@language_option
def add(whom: str, name: str, login_name: str, from_stdin: bool, language: Language) -> None:
    """Make an account LOGIN with a first password, which its owner must change."""
    from yibao.offices.access.people import NewPerson, create_person

    password = asked_password(_FIRST, language=language, from_stdin=from_stdin, twice=True)
    new = NewPerson(login_name=whom, display_name=name, password=password)

    async def work() -> None:
        async with acting(login_name) as desk:
            await create_person(desk.office, desk.actor, person=new)

    run(work())
    told = Text(f"已建立账号 {whom}", f"{whom} has an account")
    click.echo(told.in_language(language))


@person.command()
@_LOGIN
@click.option("--reset", is_flag=True, help="Give another person a new first password.")
@as_option
@password_option
@language_option
def password(whom: str, reset: bool, login_name: str, from_stdin: bool, language: Language) -> None:
    """Change one's own password, given the present one; with --reset, somebody else's.

    Every session of the person ends; after changing one's own, a new one begins here. From
    standard input: the present password, then the new one; with --reset only the new one.
    """
    if reset:
        _reset(whom, login_name, from_stdin=from_stdin, language=language)
    else:
        _change(whom, from_stdin=from_stdin, language=language)
    told = Text(f"{whom} 的密码已修改", f"the password of {whom} is changed")
    click.echo(told.in_language(language))


def _reset(whom: str, login_name: str, *, from_stdin: bool, language: Language) -> None:
    from yibao.offices.access.people import reset_password

    new = asked_password(_FIRST, language=language, from_stdin=from_stdin, twice=True)

    async def work() -> None:
        async with acting(login_name) as desk:
            await reset_password(desk.office, desk.actor, login_name=whom, password=new)

    run(work())


def _change(whom: str, *, from_stdin: bool, language: Language) -> None:
    from yibao.offices.access.sessions import Credentials, change_password, log_in

    kept = read_sessions()
    present = asked_password(_PRESENT, language=language, from_stdin=from_stdin, twice=False)
    new = asked_password(_NEW, language=language, from_stdin=from_stdin, twice=True)

    async def work() -> None:
        async with opened() as office:
            offered = Credentials(login_name=whom, password=present)
            place = origin()
            await change_password(office, offered, password=new, origin=place)
            again = Credentials(login_name=whom, password=new)
            session = await log_in(office, again, origin=place)
        write_sessions(kept.with_token(whom, session.token))

    run(work())


@person.command(name="list")
@as_option
@json_option
@language_option
def list_(login_name: str, as_json: bool, language: Language) -> None:
    """List the accounts, with the roles they have now."""
    from yibao.doors.cli.access_tables import Column, show
    from yibao.offices.access.people import list_people

    columns = (
        Column("login_name", Text("登录名", "login")),
        Column("display_name", Text("姓名", "name")),
        Column("state", Text("状态", "state")),
        Column("must_change", Text("须改密码", "must change password")),
        Column("locked_until", Text("等待至", "waits until")),
        Column("roles", Text("角色", "roles")),
    )

    async def work() -> None:
        async with acting(login_name) as desk:
            rows = await list_people(desk.office, desk.actor)
        show(rows, columns=columns, language=language, as_json=as_json)

    run(work())


@person.command()
@_LOGIN
@as_option
@language_option
def suspend(whom: str, login_name: str, language: Language) -> None:
    """Keep LOGIN out, and end their sessions at once."""
    _set_state(whom, login_name, state="suspended")
    click.echo(Text(f"{whom} 已停用", f"{whom} is suspended").in_language(language))


@person.command()
@_LOGIN
@as_option
@language_option
def resume(whom: str, login_name: str, language: Language) -> None:
    """Let LOGIN in again."""
    _set_state(whom, login_name, state="active")
    click.echo(Text(f"{whom} 已恢复", f"{whom} may log in again").in_language(language))


def _set_state(whom: str, login_name: str, *, state: Literal["active", "suspended"]) -> None:
    from yibao.offices.access.people import set_state

    async def work() -> None:
        async with acting(login_name) as desk:
            await set_state(desk.office, desk.actor, login_name=whom, state=state)

    run(work())


@click.group()
def role() -> None:
    """Roles: what they permit, who has them, from when to when."""


@role.command(name="list")
@json_option
@language_option
def list_roles_(as_json: bool, language: Language) -> None:
    """List the roles and what each permits."""
    from yibao.doors.cli.access_tables import Column, show
    from yibao.offices.access.roles import list_roles

    columns = (
        Column("code", Text("角色", "role")),
        Column("label_zh" if language == "zh" else "label_en", Text("名称", "name")),
        Column("holder", Text("用于", "for a")),
        Column("permissions", Text("权限", "permissions")),
    )

    async def work() -> None:
        async with opened() as office:
            rows = await list_roles(office)
        show(rows, columns=columns, language=language, as_json=as_json)

    run(work())


@role.command()
@_LOGIN
@click.argument("role_code", metavar="ROLE")
@click.option("--from", "start", type=_MOMENT, help="When it begins. Default: now.")
@click.option("--until", type=_MOMENT, help="When it ends, itself not included. Default: never.")
@as_option
@language_option
def grant(
    whom: str,
    role_code: str,
    start: datetime | None,
    until: datetime | None,
    login_name: str,
    language: Language,
) -> None:
    """Give LOGIN the role ROLE; nobody gives one to themselves.

    Days and times are in this machine's time zone: 2026-01-31, or 2026-01-31T12:00.
    """
    from yibao.offices.access.roles import Grant, grant_role

    given = Grant(
        login_name=whom,
        role=role_code,
        valid_from=start.astimezone() if start else None,
        valid_until=until.astimezone() if until else None,
    )

    async def work() -> None:
        async with acting(login_name) as desk:
            await grant_role(desk.office, desk.actor, grant=given)

    run(work())
    told = Text(f"已授予 {whom} 角色 {role_code}", f"{whom} is given the role {role_code}")
    click.echo(told.in_language(language))


@role.command()
@_LOGIN
@click.argument("role_code", metavar="ROLE")
@as_option
@language_option
def withdraw(whom: str, role_code: str, login_name: str, language: Language) -> None:
    """Take the role ROLE back from LOGIN, from this moment."""
    from yibao.offices.access.roles import withdraw_role

    async def work() -> None:
        async with acting(login_name) as desk:
            await withdraw_role(desk.office, desk.actor, login_name=whom, role=role_code)

    run(work())
    told = Text(f"已收回 {whom} 的角色 {role_code}", f"the role {role_code} of {whom} is withdrawn")
    click.echo(told.in_language(language))


@role.command(name="show")
@_LOGIN
@as_option
@json_option
@language_option
def show_(whom: str, login_name: str, as_json: bool, language: Language) -> None:
    """Show every role that LOGIN ever had, with its dates and who gave it."""
    from yibao.doors.cli.access_tables import Column, show
    from yibao.offices.access.roles import grants_of

    columns = (
        Column("role_code", Text("角色", "role")),
        Column("valid_from", Text("起", "from")),
        Column("valid_until", Text("止", "until")),
        Column("granted_by", Text("授予人", "granted by")),
        Column("withdrawn_at", Text("收回时间", "withdrawn at")),
        Column("withdrawn_by", Text("收回人", "withdrawn by")),
    )

    async def work() -> None:
        async with acting(login_name) as desk:
            rows = await grants_of(desk.office, desk.actor, login_name=whom)
        show(rows, columns=columns, language=language, as_json=as_json)

    run(work())
