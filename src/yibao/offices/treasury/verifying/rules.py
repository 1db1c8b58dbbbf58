"""The rules themselves (规则核对): triggers, constraints, functions, privileges as they were made.

What the migrations made is kept as lines of text in the package (``ledger_rules.txt``), one line a
thing, and compared with what the database has. Names of roles and oids are left out, so that the
lines are the same in every city. A test holds the file against a fresh migration.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from importlib import resources

from yibao.base.texts import Text
from yibao.offices.treasury.verifying.report import Discrepancy
from yibao.storage.postgres.database import Connection

FILE = "ledger_rules.txt"
_SHORT = 16
_RULES = """
SELECT concat_ws(' ', 'trigger', c.relname, t.tgname) AS name, concat_ws(' ', t.tgenabled,
    t.tgdeferrable, t.tginitdeferred, t.tgtype, p.proname, encode(t.tgargs, 'escape'),
    coalesce(t.tgnewtable, ''), t.tgqual IS NULL) AS rule
FROM pg_trigger AS t JOIN pg_class AS c ON c.oid = t.tgrelid JOIN pg_proc AS p ON p.oid = t.tgfoid
WHERE c.relnamespace = 'treasury'::regnamespace AND NOT t.tgisinternal
UNION ALL
SELECT concat_ws(' ', 'foreign_key_triggers', c.relname, k.conname), string_agg(concat_ws(' ',
    p.proname, t.tgenabled), ', ' ORDER BY p.proname)
FROM pg_trigger AS t JOIN pg_class AS c ON c.oid = t.tgrelid JOIN pg_proc AS p ON p.oid = t.tgfoid
    JOIN pg_constraint AS k ON k.oid = t.tgconstraint
WHERE c.relnamespace = 'treasury'::regnamespace AND t.tgisinternal GROUP BY c.relname, k.conname
UNION ALL
SELECT concat_ws(' ', 'constraint', coalesce(c.relname, y.typname), k.conname),
    concat_ws(' ', pg_get_constraintdef(k.oid), k.convalidated)
FROM pg_constraint AS k LEFT JOIN pg_class AS c ON c.oid = k.conrelid
    LEFT JOIN pg_type AS y ON y.oid = k.contypid
WHERE k.connamespace = 'treasury'::regnamespace AND k.contype IN ('c', 'f', 'p', 'u')
UNION ALL
SELECT concat_ws(' ', 'column', c.relname, a.attname), concat_ws(' ', format_type(a.atttypid,
    a.atttypmod), a.attnotnull, pg_get_expr(d.adbin, d.adrelid))
FROM pg_attribute AS a JOIN pg_class AS c ON c.oid = a.attrelid
    LEFT JOIN pg_attrdef AS d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
WHERE c.relnamespace = 'treasury'::regnamespace AND c.relkind = 'r' AND a.attnum > 0
    AND NOT a.attisdropped
UNION ALL
SELECT concat_ws(' ', 'index', c.relname),
    concat_ws(' ', pg_get_indexdef(i.indexrelid), i.indisvalid)
FROM pg_index AS i JOIN pg_class AS c ON c.oid = i.indexrelid
WHERE c.relnamespace = 'treasury'::regnamespace AND i.indisunique
UNION ALL
SELECT concat_ws(' ', 'function', p.proname, pg_get_function_identity_arguments(p.oid)),
    concat_ws(' ', p.prosecdef, p.provolatile, array_to_string(p.proconfig, ', '),
        pg_get_userbyid(p.proowner) = pg_get_userbyid(n.nspowner), p.prosrc)
FROM pg_proc AS p JOIN pg_namespace AS n ON n.oid = p.pronamespace
WHERE n.nspname = 'treasury'
UNION ALL
SELECT concat_ws(' ', 'view', c.relname), pg_get_viewdef(c.oid)
FROM pg_class AS c WHERE c.relnamespace = 'treasury'::regnamespace AND c.relkind = 'v'
UNION ALL
SELECT concat_ws(' ', 'rewrite', c.relname, r.rulename), r.ev_type::text
FROM pg_rewrite AS r JOIN pg_class AS c ON c.oid = r.ev_class
WHERE c.relnamespace = 'treasury'::regnamespace AND r.rulename <> '_RETURN'
UNION ALL
SELECT concat_ws(' ', 'table', c.relname), concat_ws(' ', c.relkind, c.relpersistence,
    c.relrowsecurity, pg_get_userbyid(c.relowner) = pg_get_userbyid(n.nspowner))
FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE n.nspname = 'treasury' AND c.relkind IN ('r', 'v', 'S', 'p', 'f', 'm')
UNION ALL
SELECT concat_ws(' ', 'grant', kind, name), string_agg(concat_ws(' ', who, privilege), ', '
    ORDER BY who, privilege)
FROM (
    SELECT 'relation' AS kind, c.relname::text AS name, x.privilege_type AS privilege,
        CASE WHEN x.grantee = 0 THEN 'public' ELSE 'service' END AS who
    FROM pg_class AS c CROSS JOIN LATERAL aclexplode(c.relacl) AS x
    WHERE c.relnamespace = 'treasury'::regnamespace AND x.grantee <> c.relowner
    UNION ALL
    SELECT 'function', concat_ws(' ', p.proname, pg_get_function_identity_arguments(p.oid)),
        x.privilege_type, CASE WHEN x.grantee = 0 THEN 'public' ELSE 'service' END
    FROM pg_proc AS p
        CROSS JOIN LATERAL aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) AS x
    WHERE p.pronamespace = 'treasury'::regnamespace AND x.grantee <> p.proowner
    UNION ALL
    SELECT 'schema', n.nspname::text, x.privilege_type,
        CASE WHEN x.grantee = 0 THEN 'public' ELSE 'service' END
    FROM pg_namespace AS n CROSS JOIN LATERAL aclexplode(n.nspacl) AS x
    WHERE n.nspname = 'treasury' AND x.grantee <> n.nspowner
    UNION ALL
    SELECT 'column', concat_ws(' ', c.relname, a.attname), x.privilege_type,
        CASE WHEN x.grantee = 0 THEN 'public' ELSE 'service' END
    FROM pg_attribute AS a JOIN pg_class AS c ON c.oid = a.attrelid
        CROSS JOIN LATERAL aclexplode(a.attacl) AS x
    WHERE c.relnamespace = 'treasury'::regnamespace
) AS granted GROUP BY kind, name
UNION ALL
SELECT 'setting ' || name, setting FROM pg_settings
WHERE name = 'session_replication_role'
"""


async def standing(connection: Connection) -> dict[str, str]:
    """Every rule of the database by its name; long ones by their digest."""
    rows = await connection.fetch(_RULES)
    return {row["name"]: _short(row["rule"] or "") for row in rows}


def expected() -> dict[str, str]:
    """Every rule as the migrations made it."""
    text = resources.files(__package__).joinpath(FILE).read_text(encoding="utf-8")
    return dict(line.split("\t", 1) for line in text.splitlines() if line)


def written(rules: dict[str, str]) -> str:
    """Rules as the package keeps them: a line each, sorted."""
    return "".join(f"{name}\t{rules[name]}\n" for name in sorted(rules))


async def bent(connection: Connection) -> list[Discrepancy]:
    """Rules that are not as they were made."""
    return list(_compared(await standing(connection), expected()))


def _compared(ours: dict[str, str], made: dict[str, str]) -> Iterator[Discrepancy]:
    for name in sorted(made.keys() | ours.keys()):
        place = Text(f"规则 {name}", f"rule {name}")
        if name not in ours:
            yield Discrepancy("rule_missing", place)
        elif name not in made:
            yield Discrepancy("rule_added", place, ours[name])
        elif ours[name] != made[name]:
            yield Discrepancy("rule_changed", place, f"{made[name]} -> {ours[name]}")


def _short(rule: str) -> str:
    """A rule on one line: itself where it is short, else its digest."""
    line = " ".join(rule.split())
    if len(line) <= 80:
        return line
    return hashlib.sha256(rule.encode()).hexdigest()[:_SHORT]
