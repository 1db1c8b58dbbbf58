"""What Alembic runs (迁移环境): the steps, on the connection that :mod:`..migrate` opened."""

from __future__ import annotations

from alembic import context

from yibao.storage.postgres.metadata import METADATA

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=METADATA,
    version_table="schema_revision",
    version_table_schema="public",
    include_schemas=True,
    transaction_per_migration=False,
    on_version_apply=context.config.attributes["told"],
)
with context.begin_transaction():
    context.run_migrations()
