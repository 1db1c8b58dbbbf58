"""Backups (备份与恢复): one file that proves itself, restored into a folder of its own.

A backup is a tar of ``manifest.json`` and what ``pg_dump`` wrote, all of one moment: the rows of
each table are counted in the very snapshot that is dumped. Restoring checks every file's SHA-256,
loads into a new cluster under a hidden name, counts the rows again, lets the caller verify the
books, and only then gives the folder its name.

Holds: a file under a backup's name is whole; a folder under a home's name was checked. Passwords
are not in a backup: a new cluster draws its own.

Refuses: to write over a backup, to restore into a folder that has anything in it, and a backup
whose rows, files or service role are not what its manifest says.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import re
import shutil
import tarfile
import tempfile
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from yibao import __version__
from yibao.base.texts import Text
from yibao.storage.postgres.database import Database
from yibao.storage.postgres.errors import UnableToRestore
from yibao.storage.postgres.facts import describe, rows_counted
from yibao.storage.postgres.places import told_of, working_folder
from yibao.storage.postgres.runtime import installed_folder
from yibao.storage.postgres.server import Server
from yibao.storage.postgres.settings import (
    DatabaseSettings,
    password_of,
    service_role,
    without_password,
)

FORMAT = "yibao-backup-1"
_MANIFEST = "manifest.json"
_DUMP = "dump"
_MEMBER = re.compile(rf"{re.escape(_MANIFEST)}|{_DUMP}/[A-Za-z0-9_-][A-Za-z0-9_.-]*")
_JOBS = 2

Told = Callable[[Text], None]


@dataclass(frozen=True, slots=True)
class Checked:
    """One thing that a restored database was held to, and whether it holds."""

    told: Text
    holds: bool = True


Verifying = Callable[[DatabaseSettings], Awaitable[Sequence[Checked]]]


class Manifest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a backup holds: rows by table, SHA-256 by file."""

    format: str
    made_at: str
    program_version: str
    server_version: str
    revision: str | None
    service_role: str
    rows: dict[str, int]
    files: dict[str, str]


async def back_up(owner_url: str, file: Path, *, told: Told = lambda _: None) -> Manifest:
    """Write a backup of one moment, while others go on writing.

    Raises:
        UnableToRestore: the file exists, cannot be written, or the dump failed.
    """
    _refuse_file(file)
    facts = await describe(owner_url)
    with working_folder(file) as folder:
        async with (
            await Database.open(owner_url, size=1) as database,
            database.connection() as connection,
            connection.transaction(isolation="repeatable_read", readonly=True),
        ):
            snapshot = await connection.fetchval("SELECT pg_export_snapshot()")
            told(Text("统计各表行数", "counting the rows of each table"))
            rows = await rows_counted(connection)
            told(Text("导出数据", "writing the data out"))
            await _run(
                "pg_dump", owner_url,
                "--format=directory", f"--jobs={_JOBS}", f"--snapshot={snapshot}", "--no-owner",
                f"--file={folder / _DUMP}",
            )  # fmt: skip
        made = Manifest(
            format=FORMAT,
            made_at=datetime.now(UTC).isoformat(timespec="seconds"),
            program_version=__version__,
            server_version=facts.version,
            revision=facts.revision,
            service_role=service_role(),
            rows=rows,
            files=await asyncio.to_thread(_sums, folder),
        )
        told(Text("打包并校验", "packing and summing up"))
        await asyncio.to_thread(_pack, made, folder, file)
    return made


async def restore(
    file: Path, home: Path, *, verify: Verifying | None = None, told: Told = lambda _: None
) -> list[Checked]:
    """Restore a backup into a new home and stop its server again; what was checked.

    What ``verify`` finds wrong was wrong when the backup was made: the home stays, and it is told.

    Raises:
        UnableToRestore: the home is in use, the backup is not whole, or loading it failed. Nothing
            is left in the home then.
    """
    home = _unused(home)
    making = home.with_name(f"{home.name}.restoring")
    with told_of(home):
        making.mkdir(parents=True)
    server = Server(making)
    try:
        with told_of(file), working_folder(making) as folder:
            told(Text("校验备份文件", "checking the backup's files"))
            manifest = await asyncio.to_thread(_unpack, file, folder)
            checked = [Checked(_files_told(manifest))]
            settings = await asyncio.to_thread(server.start)
            told(Text("载入数据", "loading the data"))
            await _run(
                "pg_restore", settings.needed_owner_url(),
                f"--jobs={_JOBS}", "--exit-on-error", "--no-owner", str(folder / _DUMP),
            )  # fmt: skip
        told(Text("核对数据", "checking the data"))
        checked += [Checked(each) for each in await _compared(manifest, settings)]
        checked += await verify(settings) if verify else []
        await asyncio.to_thread(server.stop)
        making.rename(home)
    except BaseException:
        server.stop()
        shutil.rmtree(making, ignore_errors=True)  # made by this very call, and nobody's yet
        raise
    return checked


def _refuse_file(file: Path) -> None:
    if file.exists():
        raise UnableToRestore(
            "backup_exists",
            Text(f"{file} 已经存在", f"{file} exists already"),
            remedy=Text(
                "请换一个文件名，旧备份不会被覆盖", "name another: backups are not replaced"
            ),
        )


def _unused(home: Path) -> Path:
    home = home.expanduser().absolute()
    if home.exists() and (not home.is_dir() or any(home.iterdir())):
        raise UnableToRestore(
            "restore_place_taken",
            Text(f"{home} 不是空目录", f"{home} is no empty folder"),
            remedy=Text(
                "请指定新目录；已有的数据不会被覆盖", "name a new one: data is not replaced"
            ),
        )
    return home


async def _compared(manifest: Manifest, settings: DatabaseSettings) -> list[Text]:
    owner_url = settings.needed_owner_url()
    async with await Database.open(owner_url, size=1) as database:
        rows = await database.transact(rows_counted, isolation="repeatable_read", read_only=True)
    facts = await describe(owner_url)
    for name in sorted({*rows, *manifest.rows}):
        if rows.get(name) != manifest.rows.get(name):
            raise _not_whole(
                Text(
                    f"表 {name} 恢复后 {rows.get(name)} 行，备份时 {manifest.rows.get(name)} 行",
                    f"{name} has {rows.get(name)} rows, and had {manifest.rows.get(name)}",
                )
            )
    if facts.revision != manifest.revision:
        raise _not_whole(Text(f"结构版本 {facts.revision}", f"its revision is {facts.revision}"))
    total = sum(rows.values())
    return [
        Text(f"{len(rows)} 张表共 {total} 行，逐表一致", f"{total} rows in {len(rows)} tables, each"
             " table as it was counted"),
        Text(f"结构版本 {facts.revision}", f"the schema's revision {facts.revision}"),
    ]  # fmt: skip


def _files_told(manifest: Manifest) -> Text:
    count = len(manifest.files)
    return Text(f"{count} 个文件的 SHA-256 一致", f"SHA-256 of {count} files")


def _sums(folder: Path) -> dict[str, str]:
    paths = sorted(path for path in (folder / _DUMP).iterdir() if path.is_file())
    return {path.name: _sum(path) for path in paths}


def _sum(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _pack(manifest: Manifest, folder: Path, file: Path) -> None:
    told = folder / _MANIFEST
    told.write_bytes(msgspec.json.format(msgspec.json.encode(manifest), indent=1))
    packed = folder / "packed"
    descriptor = os.open(packed, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as target:
        with tarfile.open(fileobj=target, mode="w") as archive:
            archive.add(told, arcname=_MANIFEST)
            for name in manifest.files:
                archive.add(folder / _DUMP / name, arcname=f"{_DUMP}/{name}")
        target.flush()
        os.fsync(target.fileno())
    packed.replace(file)


def _extract(archive: tarfile.TarFile, member: tarfile.TarInfo, folder: Path) -> None:
    """Write one plain file where it belongs; a tar may name links and places of its own choice."""
    content = archive.extractfile(member) if member.isfile() else None
    if content is None or not _MEMBER.fullmatch(member.name):
        raise _not_whole(Text(f"不明条目 {member.name}", f"{member.name} does not belong there"))
    with content, (folder / member.name).open("xb") as target:
        shutil.copyfileobj(content, target)


def _unpack(file: Path, folder: Path) -> Manifest:
    try:
        (folder / _DUMP).mkdir()
        with tarfile.open(file, mode="r:") as archive:
            for member in archive:
                _extract(archive, member, folder)
        manifest = msgspec.json.decode((folder / _MANIFEST).read_bytes(), type=Manifest)
        found = _sums(folder)
    except (tarfile.TarError, msgspec.DecodeError, EOFError) as error:
        raise _not_whole(Text(f"无法读取: {error}", f"it cannot be read: {error}")) from None
    except FileNotFoundError as error:
        if not file.exists():
            raise
        name = Path(error.filename).name
        raise _not_whole(Text(f"缺少 {name}", f"{name} is missing")) from None
    if manifest.format != FORMAT:
        raise _not_whole(Text(f"格式 {manifest.format}", f"its format is {manifest.format}"))
    for name in sorted({*found, *manifest.files}):
        if found.get(name) != manifest.files.get(name):
            raise _not_whole(Text(f"{name} 与清单不符", f"{name} is not as the manifest says"))
    if manifest.service_role != service_role():
        raise UnableToRestore(
            "backup_of_other_role",
            Text(
                f"备份中的权限授予角色 {manifest.service_role}",
                f"the backup grants to the role {manifest.service_role}",
            ),
            remedy=Text(
                f"请设置 YIBAO_SERVICE_ROLE={manifest.service_role} 后重试",
                f"set YIBAO_SERVICE_ROLE={manifest.service_role} and try again",
            ),
        )
    return manifest


async def _run(name: str, url: str, *words: str) -> None:
    """Run one of PostgreSQL's programs as ourselves; it reads the password from a private file."""
    with tempfile.TemporaryDirectory() as folder:
        kept = Path(folder) / "pgpass"
        kept.touch(mode=0o600)
        escaped = password_of(url).replace("\\", "\\\\").replace(":", "\\:")
        kept.write_text(f"*:*:*:*:{escaped}\n", encoding="utf-8")
        process = await asyncio.create_subprocess_exec(
            installed_folder() / "bin" / name,
            *("--no-password", f"--dbname={without_password(url)}", *words),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
            env={"PATH": "/usr/bin:/bin", "LC_ALL": "C", "PGPASSFILE": str(kept)},
        )
        try:
            _, said = await process.communicate()
        except BaseException:
            process.kill()
            await process.wait()
            raise
    if process.returncode:
        last = " / ".join(said.decode("utf-8", "replace").strip().splitlines()[-4:])
        raise UnableToRestore(
            "program_failed",
            Text(f"{name} 失败: {last}", f"{name} failed: {last}"),
            remedy=Text(
                "请按其提示处理；自有服务器要求 TLS 或版本更新时，请用该服务器自带的 pg_dump",
                "do as it says; where a server of your own asks for TLS or is newer, use its own"
                " pg_dump",
            ),
        )


def _not_whole(what: Text) -> UnableToRestore:
    return UnableToRestore(
        "backup_not_whole",
        Text(
            f"备份不完整或被改动: {what.zh}", f"the backup is not whole, or was changed: {what.en}"
        ),
        remedy=Text(
            "没有恢复任何内容；请使用另一份备份", "nothing was restored; use another backup"
        ),
    )
