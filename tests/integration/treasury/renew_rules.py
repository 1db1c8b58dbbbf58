"""Writes what a fresh migration makes to ``ledger_rules.txt``: after every change of a migration.

``python -m tests.integration.treasury.renew_rules``
"""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from pathlib import Path

import asyncpg

from yibao.offices.treasury.verifying import rules
from yibao.storage.postgres.migrate import migrate
from yibao.storage.postgres.server import Server

PLACE = Path(rules.__file__).with_name(rules.FILE)


async def renewed(server: Server) -> None:
    await migrate(server.settings().needed_owner_url())
    connection = await asyncpg.connect(server.settings().service_url)
    PLACE.write_text(rules.written(await rules.standing(connection)), encoding="utf-8")
    await connection.close()


def main() -> None:
    home = Path(tempfile.mkdtemp(prefix="yibao-"))
    home.chmod(0o755)
    server = Server(home / "rules")
    server.start()
    try:
        asyncio.run(renewed(server))
    finally:
        server.stop()
        shutil.rmtree(home)


if __name__ == "__main__":
    main()
