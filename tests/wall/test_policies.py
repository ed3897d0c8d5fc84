"""The database is what the tables' classes promise; and the walker that says so sees every kind of breach."""

from __future__ import annotations

import pytest
from sqlalchemy import Column, Integer, MetaData, Table

from core.databases import Urls
from tests.wall.broken import alter
from tests.wall.policies import walk_classes, walk_database

BREACHES = {
    "a table without a policy": ("CREATE TABLE spy (tenant_id int)", "spy: a table outside the classes"),
    "a table that the app reads": (
        "CREATE TABLE spy (x int); GRANT SELECT ON spy TO sancheng_app",
        "spy: SELECT is granted",
    ),
    "a foreign key without tenant_id": (
        "ALTER TABLE site ADD COLUMN t int REFERENCES tenant (id)",
        "site: site_t_fkey starts with",
    ),
    "a unique key without tenant_id": ("CREATE UNIQUE INDEX spy ON site (id)", "site: spy starts with"),
    "an expression in a unique key": (
        "CREATE UNIQUE INDEX spy ON site (lower(name), tenant_id)",
        "site: spy starts with",
    ),
    "a reader's key without the author": (
        "CREATE UNIQUE INDEX spy ON publication (reader_id, sha256)",
        "publication: spy starts with",
    ),
    "a grant too many": ("GRANT DELETE ON site TO sancheng_app", "site: grants"),
    "a changeable history": ("GRANT UPDATE ON audit TO sancheng_app", "audit: grants"),
    "a changeable column": ("GRANT UPDATE (verb) ON audit TO sancheng_app", "audit.verb: UPDATE is granted"),
    "a grant to everybody": ("GRANT SELECT ON site TO PUBLIC", "site: SELECT is granted to PUBLIC"),
    "a grant to the job role": ("GRANT SELECT ON site TO sancheng_jobs", "site: SELECT is granted to sancheng_jobs"),
    "a key that is read": ("GRANT SELECT ON wall_key TO sancheng_app", "wall_key: SELECT is granted"),
    "a sequence that is read": (
        "GRANT SELECT ON SEQUENCE tenant_id_seq TO sancheng_app",
        "tenant_id_seq: SELECT is granted",
    ),
    "a grant too few": ("REVOKE INSERT ON site FROM sancheng_app", "site: grants"),
    "a dropped policy": ("DROP POLICY site_wall ON site", "site: its policies are not the tenant policy"),
    "a softer policy": ("ALTER POLICY site_wall ON site USING (true)", "site: its policies are not the tenant policy"),
    "a policy without clearance": (
        "ALTER POLICY finding_wall ON finding USING (tenant_id = app_scope())",
        "finding: its policies are not the secret policy",
    ),
    "a second policy": ("CREATE POLICY spare ON site USING (true)", "site: its policies are not the tenant policy"),
    "no force": ("ALTER TABLE site NO FORCE ROW LEVEL SECURITY", "site: row security is not forced"),
    "a view": ("CREATE VIEW spy AS SELECT * FROM site", "spy: a view"),
    "a materialised view": ("CREATE MATERIALIZED VIEW spy AS SELECT 1", "spy: a view"),
    "another owner": ("ALTER TABLE site OWNER TO postgres", "site: owned by postgres"),
    "a function too many": (
        "CREATE FUNCTION spy() RETURNS bigint LANGUAGE sql SECURITY DEFINER AS 'SELECT count(*) FROM public.site'",
        "spy(): a function outside the list",
    ),
    "a judge for everybody": (
        "GRANT EXECUTE ON FUNCTION app_scope() TO PUBLIC",
        "app_scope(): everybody may execute it",
    ),
    "a judge that can be led astray": ("ALTER FUNCTION app_scope() RESET search_path", "app_scope(): its search_path"),
    "an open job schema": ("GRANT USAGE ON SCHEMA jobs TO sancheng_app", "schema jobs: sancheng_app has USAGE"),
    "a schema to build in": ("GRANT CREATE ON SCHEMA public TO PUBLIC", "schema public: sancheng_app has CREATE"),
    "a trigger": (
        "CREATE TRIGGER spy BEFORE UPDATE ON site FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger()",
        "trigger spy",
    ),
    "a rule": ("CREATE RULE spy AS ON DELETE TO site DO INSTEAD NOTHING", "rule spy"),
    "a grant for tables to come": (
        "ALTER DEFAULT PRIVILEGES FOR ROLE sancheng_owner GRANT SELECT ON TABLES TO sancheng_app",
        "default grant r",
    ),
}


def test_the_wall_is_what_the_classes_promise(urls: Urls) -> None:
    assert walk_database(urls.superuser) == []


@pytest.mark.parametrize(("change", "complaint"), BREACHES.values(), ids=BREACHES.keys())
def test_the_walker_sees_a_breach(copy: Urls, change: str, complaint: str) -> None:
    alter(copy, *(part for part in change.split(";") if part.strip()))
    found = walk_database(copy.superuser)
    assert [said for said in found if said.startswith(complaint)], found


def test_the_walker_sees_temporary_tables_allowed(copy: Urls) -> None:
    name = copy.app.rpartition("/")[2].partition("?")[0]
    alter(copy, f'GRANT TEMPORARY ON DATABASE "{name}" TO PUBLIC')
    assert "database: sancheng_app has TEMPORARY" in walk_database(copy.superuser)


def test_the_walker_sees_a_table_without_a_class() -> None:
    metadata = MetaData()
    Table("spy", metadata, Column("tenant_id", Integer))
    Table("audit", metadata, Column("tenant_id", Integer), info={"wall": "tenant", "rights": ("SELECT", "UPDATE")})
    assert list(walk_classes(metadata)) == [
        "audit: append-only, but its class grants ['SELECT', 'UPDATE']",
        "spy: in none of the classes of table ('')",
    ]
