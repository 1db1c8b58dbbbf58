"""Ledger (账簿): the treasury's books."""

from __future__ import annotations

from yibao.storage.postgres.migrations.script import run

revision = "0001_ledger"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the schema: tables, what judges every row, periods and seals, what the service calls."""
    for part in ("tables", "judging", "periods", "calls"):
        run(f"0001_ledger_{part}")
