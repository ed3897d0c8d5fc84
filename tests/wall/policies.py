"""The walker (巡墙): compares what the tables' classes promise with what the database really has, and complains by name.

It knows the five classes of table and their policies by its own words, not by the migrations' ones.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg
from sqlalchemy import MetaData, Table, make_url

from core.databases import connect
from core.figures import tables as figures
from core.work import tables as work
from tenants import accounts, models
from tenants.db import Base

ROOMS = (figures, work, accounts, models)
FOREIGN = {"alembic_version", "wall_key"}
FUNCTIONS = {
    "app_scope()",
    "app_cleared()",
    "app_release(which uuid)",
    "enqueue(task text, queue text, args jsonb, lock text)",
}

ONCE = "( SELECT app_scope() AS app_scope)"
CLEARED = "( SELECT app_cleared() AS app_cleared)"
MINE = f"(tenant_id = {ONCE})"
POLICIES = {
    "platform": (f"({ONCE} = 0)",) * 2,
    "shared": (f"(({ONCE} = 0) OR {MINE})",) * 2,
    "addressed": (f"((reader_id = {ONCE}) OR (tenant_id = {ONCE}))", MINE),
    "tenant": (MINE, MINE),
    "secret": (f"({MINE} AND ((NOT hidden) OR {CLEARED}))",) * 2,
}
FIRST = {"shared": ["tenant_id"], "tenant": ["tenant_id"], "addressed": ["reader_id", "tenant_id"]}
APPENDED = {
    "audit",
    "finding_event",
    "platform_event",
    "definition",
    "publication",
    "publication_grant",
    "published_figure",
    "standing",
    "card_event",
    "card_scheme_change",
    "chase",
    "handover",
    "negative_step",
    "notice_chase",
    "notice_event",
    "rank_day",
    "recheck_sample",
    "sponsor_entry",
    "unit_lineage",
    "whistle_event",
}
"""Tables of which design 4 says that nothing in them is ever changed, whatever their class says."""


def walk_database(url: str, metadata: MetaData = Base.metadata) -> list[str]:
    """All complaints about the database of a superuser's address; empty when the wall stands."""
    with connect(url, database=make_url(url).database or "") as connection:
        return list(walk(connection, metadata))


def walk(connection: psycopg.Connection[Any], metadata: MetaData) -> Iterator[str]:
    """Walk classes, policies, keys, rights, functions and foreign bodies."""
    yield from walk_classes(metadata)
    yield from walk_tables(connection, metadata)
    yield from walk_policies(connection, metadata)
    yield from walk_keys(connection, metadata)
    yield from walk_rights(connection, metadata)
    yield from walk_functions(connection)
    yield from walk_schemas(connection)


def wall_of(table: Table) -> str:
    """The class of a table, ``secret`` for tenant rows that a secret round can reach."""
    found = str(table.info.get("wall", ""))
    return "secret" if table.info.get("secret") and found == "tenant" else found


def walk_classes(metadata: MetaData) -> Iterator[str]:
    for table in metadata.sorted_tables:
        wall = wall_of(table)
        if wall not in POLICIES:
            yield f"{table.name}: in none of the classes of table ({wall!r})"
        if table.info.get("secret") and table.info.get("wall") != "tenant":
            yield f"{table.name}: hidden rows outside a tenant table"
        rights = set(table.info.get("rights", ()))
        if (wall == "addressed" or table.name in APPENDED) and rights != {"SELECT", "INSERT"}:
            yield f"{table.name}: append-only, but its class grants {sorted(rights)}"


def walk_tables(connection: psycopg.Connection[Any], metadata: MetaData) -> Iterator[str]:
    asked = """SELECT relname, relkind, relrowsecurity, relforcerowsecurity, pg_get_userbyid(relowner) FROM pg_class
               WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p', 'v', 'm', 'f')"""
    found = {row[0]: row[1:] for row in connection.execute(asked)}
    for name in metadata.tables.keys() - found.keys():
        yield f"{name}: declared, but not in the database"
    for name, (kind, secured, forced, owner) in found.items():
        if kind in "vmf":
            yield f"{name}: a view or foreign table; views of the owner see through the wall"
        elif name not in metadata.tables and name not in FOREIGN:
            yield f"{name}: a table outside the classes"
        elif name not in FOREIGN and not (secured and forced):
            yield f"{name}: row security is not forced"
        if owner != "sancheng_owner":
            yield f"{name}: owned by {owner}"


def walk_policies(connection: psycopg.Connection[Any], metadata: MetaData) -> Iterator[str]:
    asked = "SELECT tablename, policyname, permissive, roles::text, cmd, qual, with_check FROM pg_policies WHERE schemaname = 'public'"
    found: dict[str, list[tuple[Any, ...]]] = {}
    for row in connection.execute(asked):
        found.setdefault(row[0], []).append(row[1:])
    for table in metadata.sorted_tables:
        using, check = POLICIES.get(wall_of(table), ("", ""))
        wanted = [(f"{table.name}_wall", "PERMISSIVE", "{public}", "ALL", using, check)]
        if found.pop(table.name, []) != wanted:
            yield f"{table.name}: its policies are not the {wall_of(table)} policy"
    for name in found:
        yield f"{name}: a policy on a table outside the classes"


def walk_keys(connection: psycopg.Connection[Any], metadata: MetaData) -> Iterator[str]:
    asked = """
      SELECT c.conrelid::regclass::text, c.conname, c.contype::text, columns_of(c.conrelid, c.conkey) FROM pg_constraint c
      WHERE c.connamespace = 'public'::regnamespace AND c.contype IN ('p', 'u', 'f', 'x')
      UNION ALL
      SELECT c.conrelid::regclass::text, c.conname || ' (referred)', 'f', columns_of(c.confrelid, c.confkey) FROM pg_constraint c
      WHERE c.connamespace = 'public'::regnamespace AND c.contype = 'f'
      UNION ALL
      SELECT i.indrelid::regclass::text, i.indexrelid::regclass::text, 'u', columns_of(i.indrelid, i.indkey::int2[])
      FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid
      WHERE i.indisunique AND c.relnamespace = 'public'::regnamespace"""
    columns = """ARRAY(SELECT a.attname::text FROM unnest({1}) WITH ORDINALITY AS k(n, i)
                 LEFT JOIN pg_attribute a ON a.attrelid = {0} AND a.attnum = k.n ORDER BY k.i)"""
    for pair in (("c.conrelid", "c.conkey"), ("c.confrelid", "c.confkey"), ("i.indrelid", "i.indkey::int2[]")):
        asked = asked.replace(f"columns_of({pair[0]}, {pair[1]})", columns.format(*pair))
    for name, key, _kind, parts in connection.execute(asked):
        table = metadata.tables.get(name)
        first = FIRST.get(str(table.info.get("wall")), []) if table is not None else []
        if parts[: len(first)] != first:
            yield f"{name}: {key} starts with {parts[:2]} instead of {first}"


def walk_rights(connection: psycopg.Connection[Any], metadata: MetaData) -> Iterator[str]:
    asked = """SELECT c.relname, a.privilege_type, a.grantee FROM (
                 SELECT relname, relowner, relacl FROM pg_class WHERE relnamespace = 'public'::regnamespace
                 UNION ALL SELECT c.relname || '.' || t.attname, c.relowner, t.attacl FROM pg_attribute t
                 JOIN pg_class c ON c.oid = t.attrelid WHERE c.relnamespace = 'public'::regnamespace AND t.attacl IS NOT NULL
               ) c, LATERAL (SELECT x.privilege_type, CASE x.grantee WHEN 0 THEN 'PUBLIC' ELSE pg_get_userbyid(x.grantee) END
                 AS grantee, x.grantee = c.relowner AS own FROM aclexplode(c.relacl) x) a WHERE NOT a.own"""
    given: dict[str, set[str]] = {}
    for name, right, grantee in connection.execute(asked):
        if grantee == "sancheng_app" and name in metadata.tables:
            given.setdefault(name, set()).add(right)
        else:
            yield f"{name}: {right} is granted to {grantee}"
    for table in metadata.sorted_tables:
        wanted = set(table.info.get("rights", ()))
        if given.get(table.name, set()) != wanted:
            yield f"{table.name}: grants {sorted(given.get(table.name, ()))} are not {sorted(wanted)}"


def walk_functions(connection: psycopg.Connection[Any]) -> Iterator[str]:
    asked = """SELECT p.oid::regprocedure::text, p.proname || '(' || pg_get_function_identity_arguments(p.oid) || ')',
                 n.nspname, p.prosecdef, p.proconfig::text, p.prokind::text, pg_get_userbyid(p.proowner),
                 has_function_privilege('sancheng_app', p.oid, 'EXECUTE') AND has_schema_privilege('sancheng_app', n.oid, 'USAGE'),
                 p.proacl IS NULL OR EXISTS (SELECT FROM aclexplode(p.proacl) x WHERE x.grantee = 0)
               FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
               WHERE n.nspname NOT IN ('pg_catalog', 'information_schema')"""
    seen = set()
    for shown, name, schema, definer, config, _kind, owner, callable_, public in connection.execute(asked):
        if schema == "public":
            seen.add(name)
            if name not in FUNCTIONS:
                yield f"{shown}: a function outside the list"
            if public:
                yield f"{shown}: everybody may execute it"
            if "search_path=" not in (config or "") or "pg_temp" not in (config or ""):
                yield f"{shown}: its search_path is not fixed"
            if owner != "sancheng_owner":
                yield f"{shown}: owned by {owner}"
        elif callable_:
            yield f"{shown}: the app role may call it"
        if definer and schema != "public":
            yield f"{shown}: SECURITY DEFINER outside the list"
    for name in FUNCTIONS - seen:
        yield f"{name}: missing"


def walk_schemas(connection: psycopg.Connection[Any]) -> Iterator[str]:
    asked = """SELECT n.nspname, r.rolname, right_name FROM pg_namespace n, pg_roles r, unnest(ARRAY['CREATE', 'USAGE']) right_name
               WHERE r.rolname IN ('sancheng_app', 'sancheng_jobs') AND n.nspname !~ '^pg_toast|^pg_temp|^information_schema$|^pg_catalog$'
               AND has_schema_privilege(r.oid, n.oid, right_name)"""
    allowed = {
        ("public", "sancheng_app", "USAGE"),
        ("public", "sancheng_jobs", "USAGE"),
        ("jobs", "sancheng_jobs", "USAGE"),
    }
    for row in connection.execute(asked):
        if tuple(row) not in allowed:
            yield "schema {}: {} has {}".format(*row)
    for name, right in connection.execute(
        """SELECT rolname, t FROM pg_roles, unnest(ARRAY['CREATE', 'TEMPORARY']) t WHERE rolname IN ('sancheng_app', 'sancheng_jobs')
           AND has_database_privilege(oid, current_database(), t)"""
    ):
        yield f"database: {name} has {right}"
    for kind, name in connection.execute(
        "SELECT 'trigger', tgname FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid"
        " WHERE NOT tgisinternal AND c.relnamespace = 'public'::regnamespace"
        " UNION ALL SELECT 'rule', rulename FROM pg_rules WHERE schemaname = 'public'"
        " UNION ALL SELECT 'default grant', defaclobjtype::text FROM pg_default_acl"
        " UNION ALL SELECT 'extension', extname FROM pg_extension WHERE extname <> 'plpgsql'"
    ):
        yield f"{kind} {name}: nobody asked for it"
