"""``yibao access key`` and ``yibao access log``: institutions' keys, and who saw and did what."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import click

from yibao.base.texts import Language, Text
from yibao.doors.cli.acting import acting, as_option, json_option, run
from yibao.doors.cli.entry import language_option

if TYPE_CHECKING:
    from yibao.doors.cli.access_tables import Column
    from yibao.doors.cli.acting import Desk
    from yibao.offices.access.keys import MadeKey
    from yibao.offices.access.log import Outcome

_MOMENT = click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M"])
_KEY_ID = click.argument("key_id", metavar="KEY_ID")


@click.group()
def key() -> None:
    """Keys with which institutions' programs prove themselves.

    The text of a key is printed when it is made and never again: only a digest is stored.
    """


@key.command()
@click.argument("institution", metavar="INSTITUTION")
@click.option("--label", default="", help="What the key is for, such as the program's name.")
@click.option("--scope", "scopes", multiple=True, metavar="PERMISSION",
              help="May be repeated. Default: all of the role `institution`.")  # fmt: skip
@click.option("--from", "start", type=_MOMENT, help="When it begins. Default: now.")
@click.option("--until", type=_MOMENT, help="When it ends, itself not included. Default: a year.")
@as_option
@json_option
@language_option
def make(
    institution: str,
    label: str,
    scopes: tuple[str, ...],
    start: datetime | None,
    until: datetime | None,
    login_name: str,
    as_json: bool,
    language: Language,
) -> None:
    """Make a key for INSTITUTION, by its national code."""
    from yibao.offices.access.keys import KeyOrder, make_key

    order = KeyOrder(
        institution_code=institution,
        label=label,
        scopes=frozenset(scopes),
        valid_from=start.astimezone() if start else None,
        valid_until=until.astimezone() if until else None,
    )

    async def work() -> None:
        async with acting(login_name) as desk:
            made = await make_key(desk.office, desk.actor, order=order)
        _tell(made, as_json=as_json, language=language)

    run(work())


@key.command()
@_KEY_ID
@click.option("--overlap-days", type=click.IntRange(0, 90), default=7, show_default=True,
              help="How long the old key still counts beside the new one.")  # fmt: skip
@as_option
@json_option
@language_option
def rotate(
    key_id: str, overlap_days: int, login_name: str, as_json: bool, language: Language
) -> None:
    """Make a new key beside KEY_ID, which counts on for the overlap and then ends."""
    from yibao.offices.access.keys import rotate_key

    async def work() -> None:
        async with acting(login_name) as desk:
            made = await rotate_key(
                desk.office, desk.actor, key_id=key_id, overlap=timedelta(days=overlap_days)
            )
        _tell(made, as_json=as_json, language=language)

    run(work())


@key.command()
@_KEY_ID
@click.option("--reason", required=True, help="Why; it is kept in the log.")
@as_option
@language_option
def revoke(key_id: str, reason: str, login_name: str, language: Language) -> None:
    """Stop KEY_ID at once and for good."""
    from yibao.offices.access.keys import revoke_key

    async def work() -> datetime:
        async with acting(login_name) as desk:
            return await revoke_key(desk.office, desk.actor, key_id=key_id, reason=reason)

    since = f"{run(work()).astimezone():%Y-%m-%d %H:%M:%S}"
    told = Text(f"密钥 {key_id} 自 {since} 起已吊销", f"the key {key_id} is revoked since {since}")
    click.echo(told.in_language(language))


@key.command(name="list")
@click.option("--institution", default="", help="Only this institution's keys.")
@as_option
@json_option
@language_option
def list_(institution: str, login_name: str, as_json: bool, language: Language) -> None:
    """List keys with their dates; never their secrets."""
    from yibao.doors.cli.access_tables import Column, show
    from yibao.offices.access.keys import list_keys

    columns = (
        Column("key_id", Text("密钥", "key")),
        Column("institution_code", Text("机构", "institution")),
        Column("label", Text("用途", "label")),
        Column("is_live", Text("有效", "live")),
        Column("valid_from", Text("起", "from")),
        Column("valid_until", Text("止", "until")),
        Column("revoked_at", Text("吊销", "revoked")),
        Column("last_used_at", Text("最近使用", "last used")),
        Column("replaces", Text("替换", "replaces")),
        Column("scopes", Text("权限", "scopes")),
    )

    async def work() -> None:
        async with acting(login_name) as desk:
            rows = await list_keys(desk.office, desk.actor, institution_code=institution)
        show(rows, columns=columns, language=language, as_json=as_json)

    run(work())


@click.group()
def log() -> None:
    """The log of who saw and did what; it only grows."""


@log.command()
@click.option("--person", "whom", default="", metavar="LOGIN", help="What this person did.")
@click.option("--key", "key_id", default="", metavar="KEY_ID", help="What this key did.")
@click.option("--object", "thing", default="", metavar="KIND:ID",
              help="Who saw or changed this, such as member:1001.")  # fmt: skip
@click.option("--action", default="", help="Only this action, such as member.read.")
@click.option("--outcome", type=click.Choice(["done", "refused", "failed"]), help="Only these.")
@click.option("--since", type=_MOMENT, help="Only from then on.")
@click.option("--until", type=_MOMENT, help="Only before then.")
@click.option("--limit", type=click.IntRange(1, 10_000), default=50, show_default=True)
@click.option("--purpose", default="", help="Why you look; kept in the log, as is that you did.")
@as_option
@json_option
@language_option
def search(
    whom: str,
    key_id: str,
    thing: str,
    action: str,
    outcome: Outcome | None,
    since: datetime | None,
    until: datetime | None,
    limit: int,
    purpose: str,
    login_name: str,
    as_json: bool,
    language: Language,
) -> None:
    """Search the log, newest lines first."""
    from yibao.doors.cli.access_tables import show
    from yibao.offices.access.log import LogQuery, search_log

    kind, _, number = thing.partition(":")

    async def work() -> None:
        async with acting(login_name) as desk:
            query = LogQuery(
                actor=await _reference(desk, whom, key_id),
                object_kind=kind,
                object_id=number,
                action=action,
                outcome=outcome,
                since=since.astimezone() if since else None,
                until=until.astimezone() if until else None,
                limit=limit,
            )
            rows = await search_log(desk.office, desk.actor, query=query, purpose=purpose)
        shown = [{**row, "object": f"{row['object_kind']}:{row['object_id']}"} for row in rows]
        show(shown, columns=_log_columns(), language=language, as_json=as_json)

    run(work())


async def _reference(desk: Desk, whom: str, key_id: str) -> str:
    from yibao.offices.access.people import find_person

    if whom:
        return f"person:{await find_person(desk.office, whom)}"
    return f"key:{key_id}" if key_id else ""


def _log_columns() -> tuple[Column, ...]:
    from yibao.doors.cli.access_tables import Column

    return (
        Column("id", Text("编号", "number")),
        Column("recorded_at", Text("时间", "when")),
        Column("actor_name", Text("谁", "who")),
        Column("action", Text("操作", "action")),
        Column("object", Text("对象", "object")),
        Column("outcome", Text("结果", "outcome")),
        Column("detail", Text("说明", "detail")),
        Column("purpose", Text("目的", "purpose")),
        Column("place", Text("来源", "from")),
    )


def _tell(made: MadeKey, *, as_json: bool, language: Language) -> None:
    if as_json:
        import msgspec

        data = {
            "key": str(made.key),
            "key_id": made.key.key_id,
            "institution_code": made.institution_code,
            "valid_from": made.valid_from,
            "valid_until": made.valid_until,
            "old_valid_until": made.old_valid_until,
        }
        click.echo(msgspec.json.encode(data).decode())
        return
    until = f"{made.valid_until.astimezone():%Y-%m-%d %H:%M}"
    told = Text(
        f"密钥（只显示这一次，请即交给机构 {made.institution_code}，有效至 {until}）:",
        f"the key, shown this once; give it to {made.institution_code}; it ends {until}:",
    )
    click.echo(told.in_language(language), err=True)
    click.echo(str(made.key))
    if made.old_valid_until is not None:
        old = f"{made.old_valid_until.astimezone():%Y-%m-%d %H:%M}"
        told = Text(f"旧密钥有效至 {old}", f"the old key counts until {old}")
        click.echo(told.in_language(language), err=True)
