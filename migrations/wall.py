"""The wall as SQL (隔离墙语句): functions, policies and grants that migrations write. Add, never change what a released migration used."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

APP = "sancheng_app"
JOBS = "sancheng_jobs"

FUNCTIONS = """
REVOKE CREATE ON SCHEMA public FROM PUBLIC;

CREATE TABLE wall_key (inner_pad bytea NOT NULL, outer_pad bytea NOT NULL);
REVOKE ALL ON wall_key FROM PUBLIC;

CREATE FUNCTION app_scope() RETURNS integer LANGUAGE plpgsql STABLE SECURITY DEFINER PARALLEL SAFE
SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  said text := current_setting('app.scope', true);
  bits text[];
  pads record;
BEGIN
  IF said IS NULL OR said = '' THEN RETURN NULL; END IF;
  bits := string_to_array(said, '.');
  IF array_length(bits, 1) <> 3 OR bits[1] !~ '^[0-9]{1,9}$' OR bits[2] !~ '^[01]$' THEN RETURN NULL; END IF;
  SELECT inner_pad, outer_pad INTO pads FROM public.wall_key;
  IF encode(sha256(pads.outer_pad || sha256(pads.inner_pad || convert_to(bits[1] || '.' || bits[2], 'UTF8'))), 'hex')
     = bits[3] THEN
    RETURN bits[1]::integer;
  END IF;
  RETURN NULL;
END $$;

CREATE FUNCTION app_cleared() RETURNS boolean LANGUAGE sql STABLE SECURITY DEFINER PARALLEL SAFE
SET search_path = pg_catalog, pg_temp AS $$
  SELECT public.app_scope() IS NOT NULL AND split_part(current_setting('app.scope', true), '.', 2) = '1'
$$;

REVOKE ALL ON FUNCTION app_scope(), app_cleared() FROM PUBLIC;
"""

JOB_DOOR = """
CREATE FUNCTION enqueue(task text, queue text, args jsonb, lock text DEFAULT NULL) RETURNS bigint
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = jobs, pg_catalog, pg_temp AS $$
DECLARE
  made bigint;
BEGIN
  IF public.app_scope() IS NULL THEN RAISE EXCEPTION 'enqueue needs a signed scope'; END IF;
  IF jsonb_typeof(args) IS DISTINCT FROM 'object' THEN
    RAISE EXCEPTION 'enqueue needs an object of arguments' USING ERRCODE = 'invalid_parameter_value';
  END IF;
  INSERT INTO jobs.procrastinate_jobs (queue_name, task_name, lock, args)
  VALUES (queue, task, CASE WHEN lock IS NULL THEN NULL ELSE public.app_scope() || ':' || lock END,
          args || jsonb_build_object('tenant', public.app_scope()))
  RETURNING id INTO made;
  RETURN made;
END $$;
REVOKE ALL ON FUNCTION enqueue(text, text, jsonb, text) FROM PUBLIC;
"""

RELEASE = """
CREATE FUNCTION app_release(which uuid) RETURNS integer LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  mine integer := public.app_scope();
  visits uuid[];
  findings uuid[];
  photos uuid[];
BEGIN
  IF mine IS NULL OR mine <= 0 OR NOT public.app_cleared() THEN
    RAISE EXCEPTION 'app_release needs the cleared scope of one tenant' USING ERRCODE = 'insufficient_privilege';
  END IF;
  PERFORM FROM public.round WHERE tenant_id = mine AND id = which AND hidden AND state = 'closed' FOR UPDATE;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'app_release finds no closed secret round' USING ERRCODE = 'no_data_found';
  END IF;
  visits := ARRAY(SELECT id FROM public.visit WHERE tenant_id = mine AND round_id = which);
  findings := ARRAY(SELECT id FROM public.finding WHERE tenant_id = mine AND visit_id = ANY (visits));
  photos := ARRAY(SELECT id FROM public.file WHERE tenant_id = mine AND sealed_for = which);
  UPDATE public.visit SET hidden = false WHERE tenant_id = mine AND id = ANY (visits) AND hidden;
  UPDATE public.answer SET hidden = false WHERE tenant_id = mine AND visit_id = ANY (visits) AND hidden;
  UPDATE public.sheet SET hidden = false WHERE tenant_id = mine AND visit_id = ANY (visits) AND hidden;
  UPDATE public.sheet_entry SET hidden = false WHERE tenant_id = mine AND visit_id = ANY (visits) AND hidden;
  UPDATE public.item_result SET hidden = false WHERE tenant_id = mine AND visit_id = ANY (visits) AND hidden;
  UPDATE public.finding SET hidden = false WHERE tenant_id = mine AND id = ANY (findings) AND hidden;
  UPDATE public.finding_item SET hidden = false WHERE tenant_id = mine AND finding_id = ANY (findings) AND hidden;
  UPDATE public.finding_link SET hidden = false WHERE tenant_id = mine AND finding_id = ANY (findings) AND hidden;
  UPDATE public.finding_campaign SET hidden = false WHERE tenant_id = mine AND finding_id = ANY (findings) AND hidden;
  UPDATE public.finding_event SET hidden = false WHERE tenant_id = mine AND finding_id = ANY (findings) AND hidden;
  UPDATE public.part SET hidden = false WHERE tenant_id = mine AND finding_id = ANY (findings) AND hidden;
  UPDATE public.recheck SET hidden = false WHERE tenant_id = mine AND finding_id = ANY (findings) AND hidden;
  UPDATE public.signal SET hidden = false WHERE tenant_id = mine AND finding_id = ANY (findings) AND hidden;
  UPDATE public.hand_on SET hidden = false WHERE tenant_id = mine AND finding_id = ANY (findings) AND hidden;
  UPDATE public.not_same SET hidden = false WHERE tenant_id = mine AND hidden
    AND (finding_id = ANY (findings) OR other_id = ANY (findings)) AND NOT EXISTS (
      SELECT FROM public.finding f WHERE f.tenant_id = mine AND f.hidden AND f.id IN (finding_id, other_id));
  UPDATE public.sweep_site SET hidden = false WHERE tenant_id = mine AND hidden AND sweep_id IN (
    SELECT id FROM public.sweep WHERE tenant_id = mine AND finding_id = ANY (findings));
  UPDATE public.sweep SET hidden = false WHERE tenant_id = mine AND finding_id = ANY (findings) AND hidden;
  UPDATE public.attachment SET hidden = false WHERE tenant_id = mine AND hidden
    AND (visit_id = ANY (visits) OR finding_id = ANY (findings));
  UPDATE public.file SET hidden = false WHERE tenant_id = mine AND id = ANY (photos) AND hidden;
  UPDATE public.file_look SET hidden = false WHERE tenant_id = mine AND file_id = ANY (photos) AND hidden;
  UPDATE public.audit SET hidden = false WHERE tenant_id = mine AND sealed_for = which AND hidden;
  UPDATE public.round_team SET hidden = false WHERE tenant_id = mine AND round_id = which AND hidden;
  UPDATE public.round_member SET hidden = false WHERE tenant_id = mine AND round_id = which AND hidden;
  UPDATE public.round_line SET hidden = false WHERE tenant_id = mine AND round_id = which AND hidden;
  UPDATE public.round_stop SET hidden = false WHERE tenant_id = mine AND round_id = which AND hidden;
  UPDATE public.round_event SET hidden = false WHERE tenant_id = mine AND round_id = which AND hidden;
  UPDATE public.round SET hidden = false WHERE tenant_id = mine AND id = which;
  RETURN cardinality(findings);
END $$;
REVOKE ALL ON FUNCTION app_release(uuid) FROM PUBLIC;
"""
"""Un-hides one secret round with all that belongs to it, the rows that nobody may change included: called by its release alone."""

_VISITED = "WHERE tenant_id = mine AND visit_id = ANY (visits));"
RELEASE_6 = RELEASE.replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION").replace(
    f"findings := ARRAY(SELECT id FROM public.finding {_VISITED}",
    "findings := ARRAY(SELECT id FROM public.finding\n"
    "    WHERE tenant_id = mine AND (visit_id = ANY (visits) OR round_id = which));",
)
"""The same since 0006: with what was reported for the round without a form."""

CONDITIONS = {
    "platform": ("app_scope() = 0", "app_scope() = 0"),
    "shared": ("app_scope() = 0 OR tenant_id = app_scope()", "app_scope() = 0 OR tenant_id = app_scope()"),
    "addressed": ("reader_id = app_scope() OR tenant_id = app_scope()", "tenant_id = app_scope()"),
    "tenant": ("tenant_id = app_scope()", "tenant_id = app_scope()"),
}
HIDDEN = " AND (NOT hidden OR app_cleared())"


def protect(table: str, wall: str, rights: tuple[str, ...], *, secret: bool = False) -> list[str]:
    """Write the statements that put one table behind the wall: forced security, its policies, the app role's rights."""
    using, check = CONDITIONS[wall]
    extra = HIDDEN if secret else ""
    return [
        f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY",
        f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY",
        f"CREATE POLICY {table}_wall ON {table} USING (({using}){extra}) WITH CHECK (({check}){extra})",
        f"REVOKE ALL ON {table} FROM PUBLIC",
        f"GRANT {', '.join(rights)} ON {table} TO {APP}",
    ]


def each_tenant(raw: Callable[..., Any]) -> Iterator[int]:
    """Take the scope of one tenant after the other, cleared for hidden rows, for data that a migration must touch.

    Under FORCE the owner sees no row without a scope; it may read the key, and so signs for itself. An installation that
    has no key yet has no tenants either. ``raw`` is the connection's ``exec_driver_sql``.
    """
    sign_scope(raw, 0)
    tenants = [row[0] for row in raw("SELECT id FROM tenant ORDER BY id")]
    for tenant in tenants:
        sign_scope(raw, tenant)
        yield tenant
    raw("SELECT set_config('app.scope', '', true)")


def sign_scope(raw: Callable[..., Any], tenant: int) -> None:
    """Take the scope of one tenant, or of the platform (0), cleared for hidden rows, until the transaction ends."""
    raw(
        f"SELECT set_config('app.scope', '{tenant}.1.' || encode(sha256(outer_pad || sha256(inner_pad || "
        f"convert_to('{tenant}.1', 'UTF8'))), 'hex'), true) FROM wall_key"
    )


def ask_once(table: str) -> str:
    """Let an addressed table's policy ask for the scope once a statement instead of once a row (5 µs each, measured).

    PostgreSQL turns a tenant table's one equation into a question asked once by itself; an addressed table's two sides of
    an OR it does not. Citus refuses a sub-select in a policy: there the first form stays (docs/scaling.md).
    """
    once = "(SELECT app_scope())"
    return f"ALTER POLICY {table}_wall ON {table} USING (reader_id = {once} OR tenant_id = {once})"


def ask_all_once(raw: Callable[..., Any]) -> None:
    """Let every policy ask for scope and clearance once a statement: a look-up inside a join asked again for each row.

    Reads the policies as they stand, so that it may follow any version; leaves alone what asks once already, and all of a
    database with Citus (see ask_once).
    """
    _rewrite(raw, "app_scope()", "(SELECT app_scope())", "app_cleared()", "(SELECT app_cleared())")


def ask_each_row(raw: Callable[..., Any], *, but: tuple[str, ...]) -> None:
    """Take ask_all_once back, except for the tables that asked once before it."""
    once = "( SELECT {0}() AS {0})"
    _rewrite(raw, once.format("app_scope"), "app_scope()", once.format("app_cleared"), "app_cleared()", but=but)


def _rewrite(raw: Callable[..., Any], *pairs: str, but: tuple[str, ...] = ()) -> None:
    if raw("SELECT 1 FROM pg_extension WHERE extname = 'citus'").first() is not None:
        return
    found = raw("SELECT tablename, policyname, qual, with_check FROM pg_policies WHERE schemaname = 'public'").all()
    for table, policy, *sides in found:
        if table in but:
            continue
        using, check = (_put(side, pairs) for side in sides)
        if [using, check] != sides:
            raw(f"ALTER POLICY {policy} ON {table} USING ({using}) WITH CHECK ({check})")


def _put(side: str, pairs: tuple[str, ...]) -> str:
    """One side of a policy with each first text of the pairs replaced by its second, unless it stands there already."""
    for old, new in zip(pairs[::2], pairs[1::2], strict=True):
        if not (new.startswith("(SELECT") and f"SELECT {old}" in side):
            side = side.replace(old, new)
    return side
