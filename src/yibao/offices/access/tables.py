"""Access's tables (权限表), as the migrations made them; what each row is stands in the SQL.

A test compares these with the migrated schema, so neither can drift. The service may insert and
read the log, and change of the others only what a use case changes.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    UniqueConstraint,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import TypeEngine

from yibao.storage.postgres.metadata import METADATA

SCHEMA = "access"
_MOMENT = DateTime(timezone=True)
_Kind = TypeEngine[Any] | type[TypeEngine[Any]]


def _needed(name: str, kind: _Kind = Text) -> Column[Any]:
    return Column(name, kind, nullable=False)


def _numbered() -> Column[int]:
    return Column("id", BigInteger, Identity(always=True), primary_key=True)


def _of(name: str, target: str, **more: Any) -> Column[Any]:  # noqa: ANN401
    return Column(name, ForeignKey(f"{SCHEMA}.{target}"), **more)


PERMISSION = Table(
    "permission",
    METADATA,
    Column("code", Text, primary_key=True),
    *(_needed("label_zh"), _needed("label_en")),
    schema=SCHEMA,
)
ROLE = Table(
    "role",
    METADATA,
    Column("code", Text, primary_key=True),
    *(_needed("holder"), _needed("label_zh"), _needed("label_en")),
    schema=SCHEMA,
)
ROLE_PERMISSION = Table(
    "role_permission",
    METADATA,
    _of("role_code", "role.code", primary_key=True),
    _of("permission_code", "permission.code", primary_key=True),
    schema=SCHEMA,
)
PERSON_ACCOUNT = Table(
    "person_account",
    METADATA,
    _numbered(),
    *(_needed("login_name"), _needed("display_name"), _needed("password_hash")),
    Column("state", Text, nullable=False, server_default="active"),
    _needed("must_change", Boolean),
    Column("failed_attempts", Integer, nullable=False, server_default=text("0")),
    Column("locked_until", _MOMENT),
    *(_needed("made_by"), _needed("made_at", _MOMENT), _needed("password_at", _MOMENT)),
    UniqueConstraint("login_name"),
    schema=SCHEMA,
)
ROLE_GRANT = Table(
    "role_grant",
    METADATA,
    _numbered(),
    _of("person_id", "person_account.id", nullable=False, index=True),
    _of("role_code", "role.code", nullable=False),
    *(_needed("valid_from", _MOMENT), Column("valid_until", _MOMENT)),
    *(_of("granted_by", "person_account.id"), _needed("granted_at", _MOMENT)),
    *(_of("withdrawn_by", "person_account.id"), Column("withdrawn_at", _MOMENT)),
    schema=SCHEMA,
)
SESSION = Table(
    "session",
    METADATA,
    _numbered(),
    _needed("token_digest", LargeBinary),
    _of("person_id", "person_account.id", nullable=False, index=True),
    *(_needed("made_at", _MOMENT), _needed("idle_until", _MOMENT)),
    *(_needed("longest_until", _MOMENT), Column("ended_at", _MOMENT), _needed("place")),
    UniqueConstraint("token_digest"),
    schema=SCHEMA,
)
API_KEY = Table(
    "api_key",
    METADATA,
    Column("key_id", Text, primary_key=True),
    _needed("secret_digest", LargeBinary),
    Column("institution_code", Text, nullable=False, index=True),
    *(_needed("label"), _needed("scopes", ARRAY(Text))),
    *(_needed("valid_from", _MOMENT), _needed("valid_until", _MOMENT)),
    _of("replaces", "api_key.key_id"),
    *(_needed("made_by"), _needed("made_at", _MOMENT)),
    *(Column("revoked_by", Text), Column("revoked_at", _MOMENT), Column("last_used_at", _MOMENT)),
    UniqueConstraint("replaces"),
    schema=SCHEMA,
)
LOG_ENTRY = Table(
    "log_entry",
    METADATA,
    _numbered(),
    Column("recorded_at", _MOMENT, nullable=False, server_default=func.clock_timestamp()),
    *(_needed("actor_kind"), _needed("actor_id"), _needed("actor_name")),
    *(_needed("institution_code"), _needed("action"), _needed("object_kind")),
    *(_needed("object_id"), _needed("purpose"), _needed("outcome"), _needed("detail")),
    *(_needed("place"), _needed("request_id")),
    Index(None, "object_kind", "object_id", "id"),
    Index(None, "actor_kind", "actor_id", "id"),
    Index(None, "recorded_at", postgresql_using="brin"),
    schema=SCHEMA,
)
