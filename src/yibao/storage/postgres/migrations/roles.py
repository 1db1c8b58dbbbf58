"""Roles and permissions as data (角色与权限): a revision adds those of its own data file.

A file in ``data`` has three lists: ``permissions`` and ``roles``, each with its labels, and under a
role ``may``, the permissions that it has. A later revision brings a file with what is new; a role
named again gets the permissions listed with it besides those that it has.
"""

from __future__ import annotations

from importlib import resources

import yaml
from alembic import op
from sqlalchemy import column, table
from sqlalchemy.dialects.postgresql import insert

_PERMISSION = table(
    "permission", column("code"), column("label_zh"), column("label_en"), schema="access"
)
_ROLE = table(
    "role",
    *(column("code"), column("holder"), column("label_zh"), column("label_en")),
    schema="access",
)
_ROLE_PERMISSION = table(
    "role_permission", column("role_code"), column("permission_code"), schema="access"
)


def seed_roles(name: str) -> None:
    """Add what ``migrations/data/{name}.yaml`` holds; what is there already stays as it is."""
    place = resources.files(__package__).joinpath("data", f"{name}.yaml")
    data = yaml.safe_load(place.read_text(encoding="utf-8"))
    permissions = [
        {"code": code, "label_zh": label["zh"], "label_en": label["en"]}
        for code, label in data["permissions"].items()
    ]
    roles = [
        {"code": code, "holder": role["holder"], "label_zh": role["zh"], "label_en": role["en"]}
        for code, role in data["roles"].items()
    ]
    pairs = [
        {"role_code": code, "permission_code": permission}
        for code, role in data["roles"].items()
        for permission in role["may"]
    ]
    for target, rows in ((_PERMISSION, permissions), (_ROLE, roles), (_ROLE_PERMISSION, pairs)):
        if rows:
            op.get_bind().execute(insert(target).on_conflict_do_nothing(), rows)
