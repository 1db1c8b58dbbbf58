"""Ledger (账簿): the treasury's books."""

from __future__ import annotations

from yibao.storage.postgres.migrations.script import run

revision = "0001_ledger"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the schema."""
    run("0001_ledger")
