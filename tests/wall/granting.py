"""Probes of rights (权限): schema, roles, the key, the job queue, files - what the app role may not do at all.

These stand on grants, not on policies: most of them hold with the policies gone, and say so.
"""

from __future__ import annotations

import json

from sqlalchemy import make_url, text

from core.databases import connect
from tests.wall.probes import probe
from tests.wall.ring import Ring, reached

GRANT = "no such right is granted to the app role"
OWNER = "the tables belong to another role"
MISSING = ("42501", "42704", "0A000", "25001")
"""SQLSTATEs of a missing right, an unknown role, and of what is not done inside a transaction."""


def tried(ring: Ring, *statements: str, codes: tuple[str, ...] = ("42501",)) -> int:
    """How many of the statements the database let pass."""
    found = 0
    for statement in statements:
        with ring.attack() as session:
            connection = session.connection()
            found += reached(lambda: connection.exec_driver_sql(statement) and 1, *codes)
    return found


@probe("P140", "TRUNCATE", "grant", GRANT, still=GRANT)
def truncate(ring: Ring) -> int:
    """Empties whole tables, which no policy would stop."""
    return tried(ring, "TRUNCATE finding CASCADE", "TRUNCATE audit", "TRUNCATE idempotency")


@probe("P141", "DELETE where nothing is ever deleted", "grant", GRANT, still=GRANT)
def no_delete(ring: Ring) -> int:
    """Deletes sites, visits, findings, units and tenants."""
    return tried(ring, *(f"DELETE FROM {table}" for table in ("site", "visit", "finding", "unit", "tenant")))


@probe("P142", "taking the wall down", "grant", OWNER, still=OWNER)
def ddl(ring: Ring) -> int:
    """Disables row security, drops policies, adds a friendlier one, adds columns."""
    return tried(
        ring,
        "ALTER TABLE finding DISABLE ROW LEVEL SECURITY",
        "ALTER TABLE finding NO FORCE ROW LEVEL SECURITY",
        "DROP POLICY finding_wall ON finding",
        "CREATE POLICY spy ON finding USING (true)",
        "ALTER TABLE finding ADD COLUMN spy text",
        "DROP TABLE finding",
        codes=("42501", "42704"),
    )


@probe("P143", "new objects in any schema", "grant", GRANT, still=GRANT)
def create(ring: Ring) -> int:
    """Makes tables, views, functions and operators that would run leaky code or with other rights."""
    leak = "(text) RETURNS boolean LANGUAGE plpgsql COST 0.0001 AS $$BEGIN RAISE NOTICE '%%', $1; RETURN true; END$$"
    return tried(
        ring,
        "CREATE TABLE spy (x int)",
        "CREATE TEMP TABLE spy (x int)",
        "CREATE VIEW spy AS SELECT * FROM finding",
        "CREATE MATERIALIZED VIEW spy AS SELECT * FROM finding",
        f"CREATE FUNCTION public.spy{leak}",
        f"CREATE FUNCTION pg_temp.spy{leak}",
        "CREATE OPERATOR public.<<<< (LEFTARG = text, RIGHTARG = text, FUNCTION = texteq)",
        "CREATE SCHEMA spy",
    )


@probe(
    "P144", "other roles", "grant", "the app role is a member of nothing", still="the app role is a member of nothing"
)
def roles(ring: Ring) -> int:
    """Becomes the owner, the job role, or a superuser."""
    names = ("sancheng_owner", "sancheng_jobs", "postgres", "pg_read_all_data", "pg_read_server_files")
    return tried(
        ring,
        *(f"SET LOCAL ROLE {name}" for name in names),
        "SET LOCAL SESSION AUTHORIZATION sancheng_owner",
        "GRANT sancheng_owner TO sancheng_app",
        "ALTER ROLE sancheng_app BYPASSRLS",
        "CREATE ROLE spy SUPERUSER",
        codes=MISSING,
    )


@probe("P145", "the signing key", "grant", GRANT, still=GRANT)
def signing_key(ring: Ring) -> int:
    """Reads, replaces or removes the key that signatures are checked with."""
    return tried(
        ring,
        "SELECT * FROM wall_key",
        "INSERT INTO wall_key VALUES ('', '')",
        "UPDATE wall_key SET inner_pad = ''",
        "DELETE FROM wall_key",
        "SELECT pg_get_expr(adbin, adrelid), * FROM wall_key, pg_attrdef",
    )


@probe("P146", "replacing the judge", "grant", OWNER, still=OWNER)
def functions(ring: Ring) -> int:
    """Rewrites app_scope(), or puts a function of that name before it."""
    body = "RETURNS integer LANGUAGE sql AS 'SELECT 1'"
    return tried(
        ring,
        f"CREATE OR REPLACE FUNCTION public.app_scope() {body}",
        f"CREATE FUNCTION pg_temp.app_scope() {body}",
        "ALTER FUNCTION public.app_scope() SECURITY INVOKER",
        "ALTER FUNCTION public.app_scope() OWNER TO sancheng_app",
        "DROP FUNCTION public.app_scope() CASCADE",
    )


@probe("P147", "search path of the judge", "setting", "SECURITY DEFINER functions with a fixed search_path")
def search_path(ring: Ring) -> int:
    """Changes search_path and operator lookup before asking for rows."""
    found = 0
    for path in ("pg_temp, public", "public, pg_catalog", "jobs, public"):
        with ring.attack() as session:
            session.execute(text(f"SET LOCAL search_path = {path}"))
            found += ring.seen(session.execute(text("SELECT title FROM public.finding")).all())
    return found


@probe("P148", "the server's files", "grant", GRANT, still=GRANT)
def files(ring: Ring) -> int:
    """Reads the server's files, runs programs, looks at passwords."""
    return tried(
        ring,
        "SELECT pg_read_file('PG_VERSION')",
        "SELECT pg_ls_dir('.')",
        "SELECT pg_read_binary_file('base/1/1259')",
        "COPY (SELECT 1) TO PROGRAM 'true'",
        "COPY (SELECT 1) TO '/dev/null'",
        "SELECT rolpassword FROM pg_authid",
        "SELECT lo_import('/etc/passwd')",
        "SELECT * FROM pg_hba_file_rules",
    )


@probe("P149", "the job schema", "jobs", GRANT, still=GRANT)
def job_schema(ring: Ring) -> int:
    """Reads and writes the queue behind the door: tables, functions, sequences."""
    return tried(
        ring,
        "SELECT * FROM jobs.procrastinate_jobs",
        "INSERT INTO jobs.procrastinate_jobs (task_name, args) VALUES ('x', '{\"tenant\": 1}')",
        "UPDATE jobs.procrastinate_jobs SET args = '{}'",
        "DELETE FROM jobs.procrastinate_events",
        "SELECT jobs.procrastinate_register_worker_v1()",
        "SELECT nextval('jobs.procrastinate_jobs_id_seq')",
    )


@probe(
    "P150",
    "a job for the other",
    "jobs",
    "enqueue() stamps the scope over whatever was said",
    still="enqueue() stamps the scope",
)
def foreign_job(ring: Ring) -> int:
    """Enqueues jobs whose arguments name the other tenant, in several spellings."""
    theirs = ring.theirs.id
    tries = [{"tenant": theirs}, {"tenant": [theirs]}, {"Tenant": theirs, "tenant": theirs}, {"tenant": None}]
    doubled = f'{{"tenant": {theirs}, "tenant": {theirs}}}'
    task = ring.mine.canary
    with ring.wall.open(ring.mine.id) as session:
        for args in [*map(json.dumps, tries), doubled]:
            session.execute(text("SELECT enqueue(:t, 'probe', CAST(:a AS jsonb))"), {"t": task, "a": args})
        session.commit()
    stamped = queued(ring, task)
    assert len(stamped) == len(tries) + 1
    return sum(args.get("tenant") != ring.mine.id for args in stamped)


@probe(
    "P151", "a job that names nobody", "jobs", "enqueue() takes an object only", still="enqueue() takes an object only"
)
def shapeless_job(ring: Ring) -> int:
    """Enqueues arguments that are no object, so that no stamp can be read from them."""
    task = f"{ring.mine.canary}-shapeless"
    for args in ("[]", "null", '"x"', "[{}]", f'[{{"tenant": {ring.theirs.id}}}]'):
        with ring.wall.open(ring.mine.id) as session:
            asked = text("SELECT enqueue(:t, 'probe', CAST(:a AS jsonb))")
            reached(lambda: session.execute(asked, {"t": task, "a": args}) and 0, "22023")
            session.commit()
    return len(queued(ring, task))


@probe(
    "P152", "a job without a scope", "jobs", "enqueue() needs a signed scope", still="enqueue() needs a signed scope"
)
def unscoped_job(ring: Ring) -> int:
    """Enqueues on a connection without a scope, and under a forged one."""
    asked = text("SELECT enqueue('x', 'probe', '{}')")
    found = 0
    with ring.wall.engine.connect() as connection:
        found += reached(lambda: connection.execute(asked) and 1, "P0001")
    with ring.attack() as session:
        session.execute(text("SELECT set_config('app.scope', :v, true)"), {"v": f"{ring.theirs.id}.0.x"})
        return found + reached(lambda: session.execute(asked) and 1, "P0001")


@probe(
    "P153",
    "a lock of the other's",
    "jobs",
    "enqueue() puts the scope before the lock",
    still="enqueue() puts the scope before the lock",
)
def foreign_lock(ring: Ring) -> int:
    """Takes a lock name that the other's jobs use, to hold them up for ever."""
    task = f"{ring.mine.canary}-lock"
    for plot in (ring.mine, ring.theirs):
        with ring.wall.open(plot.id) as session:
            asked = text("SELECT enqueue(:t, 'probe', '{}', 'figures')")
            session.execute(asked, {"t": task})
            session.commit()
    with connect(ring.urls.superuser, database=make_url(ring.urls.superuser).database or "") as jobs:
        locks = [
            row[0] for row in jobs.execute("SELECT lock FROM jobs.procrastinate_jobs WHERE task_name = %s", [task])
        ]
    return len(locks) - len(set(locks))


@probe("P154", "sequences", "grant", GRANT, still=GRANT)
def sequences(ring: Ring) -> int:
    """Reads and moves the sequence that numbers tenants."""
    return tried(
        ring,
        "SELECT last_value FROM tenant_id_seq",
        "SELECT nextval('tenant_id_seq')",
        "SELECT setval('tenant_id_seq', 1)",
    )


@probe("P155", "bookkeeping of the installation", "grant", GRANT, still=GRANT)
def bookkeeping(ring: Ring) -> int:
    """Reads and changes the migration table."""
    return tried(ring, "SELECT * FROM alembic_version", "UPDATE alembic_version SET version_num = 'x'")


def queued(ring: Ring, task: str) -> list[dict[str, object]]:
    """The arguments of the jobs of one task, as the worker would get them."""
    with connect(ring.urls.superuser, database=make_url(ring.urls.superuser).database or "") as jobs:
        return [row[0] for row in jobs.execute("SELECT args FROM jobs.procrastinate_jobs WHERE task_name = %s", [task])]
