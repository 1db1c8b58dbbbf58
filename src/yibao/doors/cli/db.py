"""`yibao db`: start and stop the embedded database, bring its schema forward, back it up."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from yibao.base.texts import Language, Text
from yibao.doors.cli.entry import language_option
from yibao.doors.cli.running import awaited, interruptible

if TYPE_CHECKING:
    from yibao.storage.postgres.facts import DatabaseFacts
    from yibao.storage.postgres.server import Server, ServerStatus

_FOLDER = click.Path(path_type=Path)
_MIB = 1024 * 1024
_WIDTH = 100


def home_option(command: Callable[..., None]) -> Callable[..., None]:
    """``--home`` for every command."""
    return click.option(
        "--home", type=_FOLDER, show_default="YIBAO_DATABASE_HOME, else the user's data folder",
        help="The embedded server's folder.",
    )(command)  # fmt: skip


json_option = click.option("--json", "as_json", is_flag=True, help="Print one line of JSON.")


@click.group()
def db() -> None:
    """Start and stop the database, bring its schema forward, back it up and restore it.

    Without YIBAO_DATABASE_URL a PostgreSQL of our own runs in a folder; docs/database.md.
    """


@db.command()
@home_option
@json_option
@language_option
def start(home: Path | None, as_json: bool, language: Language) -> None:
    """Start the embedded server; the first time, make its folder, roles and database."""
    server = _embedded(home)
    if not server.status().is_made:
        _step(Text(f"建立数据库: {server.home}", f"making a database in {server.home}"), language)
    server.start()
    _show_status(server, as_json=as_json, language=language)


@db.command()
@home_option
@json_option
@language_option
def stop(home: Path | None, as_json: bool, language: Language) -> None:
    """Stop the embedded server; open transactions are undone, connections closed."""
    server = _embedded(home)
    stopped = server.stop()
    told = Text("已停止", "stopped") if stopped else Text("没有在运行", "it did not run")
    _say(
        {"stopped": stopped, "home": str(server.home)},
        told=Text(f"{told.zh}: {server.home}", f"{told.en}: {server.home}"),
        as_json=as_json,
        language=language,
    )


@db.command()
@home_option
@json_option
@language_option
def status(home: Path | None, as_json: bool, language: Language) -> None:
    """Show whether it runs, where, its version, size, schema and roles."""
    import os

    if home is None and os.environ.get("YIBAO_DATABASE_URL"):
        _show_status(None, as_json=as_json, language=language)
    else:
        _show_status(_embedded(home), as_json=as_json, language=language)


@db.command()
@home_option
@click.option("--owner", is_flag=True, help="The owner's URL, not the service's.")
@click.option("--with-password", is_flag=True, help="Print the password as well.")
@json_option
@language_option
def url(
    home: Path | None, owner: bool, with_password: bool, as_json: bool, language: Language
) -> None:
    """Print the URL that the service's role connects with."""
    from yibao.storage.postgres.settings import settings, without_password

    known = settings(home)
    place = known.needed_owner_url() if owner else known.service_url
    shown = place if with_password else without_password(place)
    _say({"url": shown}, told=Text(shown, shown), as_json=as_json, language=language)


@db.command()
@home_option
@click.option("--to", "revision", default="head", show_default=True, help="A revision to stop at.")
@json_option
@language_option
def migrate(home: Path | None, revision: str, as_json: bool, language: Language) -> None:
    """Bring the schema forward, step by step; all steps or none."""
    from yibao.storage.postgres.migrate import current
    from yibao.storage.postgres.migrate import migrate as bring
    from yibao.storage.postgres.settings import settings

    owner_url = settings(home).needed_owner_url()
    done = awaited(
        bring(owner_url, revision, told=lambda step: _step(Text(f"迁移 {step}", step), language))
    )
    now = awaited(current(owner_url))
    told = Text(f"结构版本 {now}，执行 {len(done)} 步", f"revision {now}, {len(done)} steps run")
    _say({"revision": now, "steps": done}, told=told, as_json=as_json, language=language)


@db.command()
@click.argument("file", type=_FOLDER)
@home_option
@json_option
@language_option
def backup(file: Path, home: Path | None, as_json: bool, language: Language) -> None:
    """Write a backup of one moment to FILE, with checksums; others may go on writing."""
    from yibao.storage.postgres.backup import back_up
    from yibao.storage.postgres.settings import settings

    owner_url = settings(home).needed_owner_url()
    with interruptible():
        made = awaited(back_up(owner_url, file, told=lambda step: _step(step, language)))
    rows = sum(made.rows.values())
    size = file.stat().st_size
    told = Text(
        f"{file}: {len(made.rows)} 张表共 {rows} 行，{_size(size)}，结构版本 {made.revision}",
        f"{file}: {rows} rows in {len(made.rows)} tables, {_size(size)}, revision {made.revision}",
    )
    data = {"file": str(file), "bytes": size, "rows": made.rows, "revision": made.revision}
    _say(data, told=told, as_json=as_json, language=language)


@db.command()
@click.argument("file", type=_FOLDER)
@click.option("--home", type=_FOLDER, required=True, help="A new folder for the restored server.")
@json_option
@language_option
def restore(file: Path, home: Path, as_json: bool, language: Language) -> None:
    """Restore FILE into a new folder and check it; what stands elsewhere is left alone.

    Exit code 1: it is restored, but the books in it do not hold.
    """
    from yibao.doors.cli.db_checks import verified
    from yibao.storage.postgres import backup as backups

    with interruptible():
        work = backups.restore(file, home, verify=verified, told=lambda step: _step(step, language))
        checked = awaited(work)
    lines = Text(
        "\n".join(f"{'已核对' if it.holds else '不符'}: {it.told.zh}" for it in checked),
        "\n".join(f"{'checked' if it.holds else 'NOT SO'}: {it.told.en}" for it in checked),
    )
    told = Text(
        f"{lines.zh}\n已恢复到 {home}；启动: yibao db start --home {home}",
        f"{lines.en}\nrestored into {home}; to start it: yibao db start --home {home}",
    )
    listed = [{"told": it.told.in_language(language), "holds": it.holds} for it in checked]
    data = {"home": str(home), "checked": listed}
    _say(data, told=told, as_json=as_json, language=language)
    if not all(it.holds for it in checked):
        raise SystemExit(1)


def _embedded(home: Path | None) -> Server:
    from yibao.storage.postgres.server import Server
    from yibao.storage.postgres.settings import embedded_home

    return Server(embedded_home(home))


def _show_status(server: Server | None, *, as_json: bool, language: Language) -> None:
    from yibao.storage.postgres.facts import describe
    from yibao.storage.postgres.migrate import head
    from yibao.storage.postgres.settings import settings, without_password

    stands = server.status() if server else None
    runs = stands is None or stands.is_running
    known = (server.settings() if server else settings()) if runs else None
    facts = awaited(describe(known.service_url)) if known else None
    place = without_password(known.service_url) if known else None
    if as_json:
        click.echo(json.dumps(_as_data(stands, facts, place=place), ensure_ascii=False))
        return
    rows = [_running_row(stands)]
    if stands is not None:
        rows.append((Text("目录", "folder"), str(stands.home)))
    if facts is not None:
        rows += [(Text("地址", "where"), place or ""), *_facts_rows(facts, head=head())]
    _print_rows(rows, language)


def _running_row(stands: ServerStatus | None) -> tuple[Text, str | Text]:
    state: str | Text
    if stands is None:
        state = Text("自有服务器，可连接", "a server of your own, reachable")
    elif stands.is_running:
        number, account = stands.process_id, stands.account
        state = Text(f"运行中 (进程 {number}，账户 {account})",
                     f"running (process {number}, account {account})")  # fmt: skip
    elif stands.is_made:
        state = Text("未运行；启动: yibao db start", "not running; to start it: yibao db start")
    else:
        state = Text("尚未建立；建立: yibao db start", "not made; to make it: yibao db start")
    return Text("状态", "state"), state


def _facts_rows(facts: DatabaseFacts, *, head: str | None) -> list[tuple[Text, str | Text]]:
    revision: Text | str = facts.revision or Text("空", "none")
    if facts.revision != head:
        revision = Text(f"{revision if isinstance(revision, str) else revision.zh}，"
                        f"本程序为 {head}: 请运行 yibao db migrate",
                        f"{revision if isinstance(revision, str) else revision.en}, this program"
                        f" has {head}: run yibao db migrate")  # fmt: skip
    roles = [(role.name, _role_kind(facts, role.name)) for role in facts.roles]
    return [
        (Text("版本", "version"), f"PostgreSQL {facts.version}"),
        (Text("大小", "size"), _size(facts.size_bytes)),
        (Text("连接", "connections"), str(facts.connections)),
        (Text("结构版本", "schema"), revision),
        (
            Text("角色", "roles"),
            Text("，".join(f"{name} ({kind.zh})" for name, kind in roles),
                 ", ".join(f"{name} ({kind.en})" for name, kind in roles)),
        ),
    ]  # fmt: skip


def _role_kind(facts: DatabaseFacts, name: str) -> Text:
    role = next(each for each in facts.roles if each.name == name)
    if role.is_superuser:
        return Text("超级用户", "superuser")
    if role.owns_database:
        return Text("所有者", "owner")
    return Text("可登录", "may log in") if role.may_login else Text("不可登录", "no login")


def _as_data(
    stands: ServerStatus | None, facts: DatabaseFacts | None, *, place: str | None
) -> dict[str, Any]:
    import dataclasses

    data: dict[str, Any] = {"running": facts is not None, "url": place}
    if stands is not None:
        data |= {"home": str(stands.home), "made": stands.is_made, "process": stands.process_id}
        data |= {"account": stands.account}
    return data | (dataclasses.asdict(facts) if facts else {})


def _print_rows(rows: Sequence[tuple[Text, str | Text]], language: Language) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table.grid(padding=(0, 2))
    for label, value in rows:
        shown = value if isinstance(value, str) else value.in_language(language)
        table.add_row(label.in_language(language), shown)
    console = Console(highlight=False)
    shown_on = console if console.is_terminal else Console(highlight=False, width=_WIDTH)
    shown_on.print(table)


def _say(data: dict[str, Any], *, told: Text, as_json: bool, language: Language) -> None:
    click.echo(json.dumps(data, ensure_ascii=False) if as_json else told.in_language(language))


def _step(told: Text, language: Language) -> None:
    click.echo(told.in_language(language), err=True)


def _size(size_bytes: int) -> str:
    return f"{size_bytes / _MIB:,.1f} MiB"
