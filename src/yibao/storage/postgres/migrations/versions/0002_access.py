"""Access: accounts, roles, grants, keys, sessions and the log, and the roles that come with it."""

from __future__ import annotations

from yibao.storage.postgres.migrations.roles import seed_roles
from yibao.storage.postgres.migrations.script import run

revision = "0002_access"
down_revision = "0001_ledger"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the schema, then fill in roles and permissions."""
    run("0002_access")
    seed_roles("0002_roles")
