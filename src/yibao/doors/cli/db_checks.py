"""What a restored database is held to besides its rows (恢复后核验): each office's own check.

An office that is not there, or whose tables the backup does not have, has nothing to say.
"""

from __future__ import annotations

from importlib import import_module, util
from typing import TYPE_CHECKING, Any

from yibao.base.texts import Text

if TYPE_CHECKING:
    from yibao.storage.postgres.backup import Checked
    from yibao.storage.postgres.settings import DatabaseSettings

_LEDGER = "yibao.offices.treasury.verifying"


async def verified(settings: DatabaseSettings) -> list[Checked]:
    """Ask every office."""
    return await _ledger(settings)


async def _ledger(settings: DatabaseSettings) -> list[Checked]:
    from yibao.storage.postgres.backup import Checked
    from yibao.storage.postgres.database import Database

    if util.find_spec(_LEDGER) is None:
        return []
    async with await Database.open(settings.service_url, size=2) as database:
        if not await database.pool.fetchval("SELECT to_regclass('treasury.entry') IS NOT NULL"):
            return []
        found: Any = await import_module(_LEDGER).verify(database)
    count, wrong = found.entries_count, len(found.discrepancies)
    told = Text(
        f"账簿 {count} 笔分录、{found.seals_count} 个封记，{wrong} 处不符",
        f"{count} entries and {found.seals_count} seals of the ledger, {wrong} discrepancies",
    )
    return [Checked(told, holds=found.holds)]
