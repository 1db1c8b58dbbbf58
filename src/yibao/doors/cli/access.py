"""``yibao access``: who may do what at the bureau, and who saw and did it."""

from __future__ import annotations

import click

from yibao.base.texts import Language, Text
from yibao.doors.cli.access_keys import key, log
from yibao.doors.cli.access_people import person, role
from yibao.doors.cli.acting import (
    acting,
    as_option,
    asked_password,
    chosen_token,
    json_option,
    opened,
    origin,
    password_option,
    read_sessions,
    run,
    write_sessions,
)
from yibao.doors.cli.entry import language_option

_EXAMPLES = """\b
Examples:
  yibao access init li --name 李四          the first administrator
  yibao access login li                      asks for the password
  yibao access person add wang --name 王五
  yibao access role grant wang clerk --until 2027-01-01
  yibao access key make H99000000001 --label his
  yibao access log search --object member:1001
"""
_PASSWORD = Text("密码", "password")
_NEW_PASSWORD = Text("初始密码（首次登录须修改）", "first password, to be changed at first login")


@click.group(epilog=_EXAMPLES)
def access() -> None:
    """People, roles, institutions' keys, and the log of who saw and did what.

    Commands act in the name of whoever logged in here with `yibao access login`. The database is
    the embedded one (`yibao db start`), or the one that YIBAO_DATABASE_URL names.
    """


@access.command()
@click.argument("login_name", metavar="LOGIN")
@click.option("--name", required=True, help="The person's name.")
@click.option("--another", is_flag=True, help="Though there is an administrator who can log in.")
@password_option
@language_option
def init(login_name: str, name: str, another: bool, from_stdin: bool, language: Language) -> None:
    """Make the first administrator, LOGIN.

    Needs the owner's account of the database: the embedded server's folder on the bureau's own
    machine, or YIBAO_OWNER_DATABASE_URL. It is also the way back when every administrator is gone.
    """
    from yibao.offices.access.people import NewPerson
    from yibao.offices.access.starting import make_first_administrator

    password = asked_password(_NEW_PASSWORD, language=language, from_stdin=from_stdin, twice=True)
    new = NewPerson(login_name=login_name, display_name=name, password=password)

    async def work() -> None:
        async with opened(as_owner=True) as office:
            await make_first_administrator(office, new, origin=origin(), another=another)

    run(work())
    told = Text(
        f"已设立管理员 {login_name}；请运行: yibao access person password {login_name}",
        f"{login_name} is an administrator; next: yibao access person password {login_name}",
    )
    click.echo(told.in_language(language))


@access.command()
@click.argument("login_name", metavar="LOGIN")
@password_option
@language_option
def login(login_name: str, from_stdin: bool, language: Language) -> None:
    """Log LOGIN in on this account of the machine; later commands act in their name.

    The session's token is kept in a file that only this account can read, until it ends or
    `yibao access logout`. The file is sessions.json in the user's state folder, or YIBAO_SESSIONS.
    """
    from yibao.offices.access.sessions import Credentials, log_in

    kept = read_sessions()
    password = asked_password(_PASSWORD, language=language, from_stdin=from_stdin, twice=False)
    offered = Credentials(login_name=login_name, password=password)

    async def work() -> None:
        async with opened() as office:
            session = await log_in(office, offered, origin=origin())
        write_sessions(kept.with_token(login_name, session.token))
        until = f"{session.longest_until.astimezone():%Y-%m-%d %H:%M}"
        told = Text(
            f"{login_name} 已登录，至迟 {until} 失效", f"{login_name} is logged in, until {until}"
        )
        click.echo(told.in_language(language))
        if session.actor.must_change_password:
            told = Text(
                f"须先修改初始密码: yibao access person password {login_name}",
                f"change the given password first: yibao access person password {login_name}",
            )
            click.echo(told.in_language(language))

    run(work())


@access.command()
@as_option
@language_option
def logout(login_name: str, language: Language) -> None:
    """End the session of whoever acts here, and forget it."""
    from yibao.offices.access.sessions import log_out

    kept = read_sessions()
    name, token = chosen_token(kept, login_name)

    async def work() -> None:
        async with opened() as office:
            await log_out(office, token, origin=origin())

    run(work())
    write_sessions(kept.without(name))
    told = Text(f"{name} 已退出", f"{name} is logged out")
    click.echo(told.in_language(language))


@access.command()
@as_option
@json_option
@language_option
def whoami(login_name: str, as_json: bool, language: Language) -> None:
    """Tell who acts here, and what they may do now."""
    from yibao.doors.cli.access_tables import Column, show

    async def work() -> None:
        async with acting(login_name) as desk:
            actor = desk.actor
        rows = [{"login_name": actor.name, "permission": one} for one in sorted(actor.permissions)]
        if not rows:
            rows = [{"login_name": actor.name, "permission": ""}]
        columns = (
            Column("login_name", Text("登录名", "login")),
            Column("permission", Text("权限", "permission")),
        )
        show(rows, columns=columns, language=language, as_json=as_json)

    run(work())


for command in (person, role, key, log):
    access.add_command(command)
