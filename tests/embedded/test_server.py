"""The embedded server trusts nobody, hears only its private socket, and keeps its data."""

from __future__ import annotations

import os
import re
import subprocess
import time
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import make_conninfo
from sqlalchemy import create_engine, text

from core.account import Refused, find_account
from core.cluster import find_strays, is_held
from core.databases import Urls, clone, connect, create_database, drop_database
from core.embedded import EmbeddedServer, make_urls, serving
from core.instance import Instance
from tests.embedded.conftest import BINARIES, make_server

ROLES = {"app": "sancheng_app", "owner": "sancheng_owner", "jobs": "sancheng_jobs"}


@pytest.mark.parametrize("name", ROLES)
def test_each_role_logs_in_over_the_socket(urls: Urls, name: str) -> None:
    engine = create_engine(getattr(urls, name))
    with engine.connect() as connection:
        row = connection.execute(
            text(
                "SELECT current_user, current_database(), inet_server_addr(), current_setting('server_encoding'), "
                "current_setting('timezone'), current_setting('max_connections'), current_setting('is_superuser')"
            )
        ).one()
    engine.dispose()
    assert tuple(row) == (ROLES[name], "sancheng", None, "UTF8", "UTC", "60", "off")


@pytest.mark.parametrize("role", [*ROLES.values(), "postgres"])
@pytest.mark.parametrize("password", ["wrong", None])
def test_nobody_is_trusted(
    server: EmbeddedServer, role: str, password: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PGPASSFILE", os.devnull)
    told = {"password": password} if password else {}
    with pytest.raises(psycopg.OperationalError, match="password"):
        psycopg.connect(make_conninfo(host=str(server.instance.sockets), user=role, dbname="sancheng", **told))


def test_the_socket_folder_is_private(server: EmbeddedServer) -> None:
    sockets = server.instance.sockets
    assert sockets.stat().st_mode & 0o777 == 0o700
    assert server.instance.pgdata.stat().st_mode & 0o077 == 0
    assert server.instance.folder.stat().st_mode & 0o007 == 0
    assert server.instance.secrets.stat().st_mode & 0o777 == 0o600
    assert (sockets / ".s.PGSQL.5432").is_socket()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
def test_another_user_cannot_reach_socket_or_secrets(server: EmbeddedServer) -> None:
    for path in (server.instance.sockets / ".s.PGSQL.5432", server.instance.secrets, server.instance.pgdata):
        assert subprocess.run(["test", "-e", path], cwd="/").returncode == 0
        assert subprocess.run(["test", "-e", path], cwd="/", user=65534, group=65534, extra_groups=[]).returncode == 1


def test_tcp_is_off(server: EmbeddedServer) -> None:
    links = (os.readlink(p) for p in Path(f"/proc/{server.pid}/fd").iterdir())
    sockets = {m.group(1) for m in map(re.compile(r"socket:\[(\d+)\]").match, links) if m}
    unix = {line.split()[6] for line in Path("/proc/net/unix").read_text().splitlines()[1:]}
    assert sockets & unix
    for table in ("tcp", "tcp6"):
        path = Path("/proc/net", table)
        heard = {line.split()[9] for line in path.read_text().splitlines()[1:]} if path.exists() else set()
        assert not sockets & heard


def test_the_server_does_not_run_as_root(server: EmbeddedServer) -> None:
    assert server.pid
    owner = Path(f"/proc/{server.pid}").stat().st_uid
    assert owner == find_account().uid != 0


def test_roles_are_plain_and_app_owns_nothing(urls: Urls) -> None:
    with connect(urls.superuser) as connection:
        found = connection.execute(
            "SELECT rolname, rolsuper, rolbypassrls, rolcreatedb, rolcreaterole, rolreplication, rolcanlogin, "
            "(SELECT count(*) FROM pg_shdepend WHERE refobjid = r.oid AND deptype = 'o' AND "
            " refclassid = 'pg_authid'::regclass), "
            "(SELECT count(*) FROM pg_auth_members WHERE member = r.oid), left(rolpassword, 14) "
            "FROM pg_authid r WHERE rolname LIKE 'sancheng%' ORDER BY 1"
        ).fetchall()
    plain = (False, False, False, False, False, True)
    assert found == [
        ("sancheng_app", *plain, 0, 0, "SCRAM-SHA-256$"),
        ("sancheng_jobs", *plain, 0, 0, "SCRAM-SHA-256$"),
        ("sancheng_owner", *plain, 1, 0, "SCRAM-SHA-256$"),
    ]


def test_app_cannot_create_nor_look_elsewhere(urls: Urls) -> None:
    with connect(urls.app, database="sancheng") as connection:
        for statement in ("CREATE TABLE t (a int)", "CREATE TEMP TABLE t (a int)", "CREATE SCHEMA s"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(statement)
    with pytest.raises(psycopg.OperationalError, match="permission denied"):
        connect(urls.app, database="postgres")
    with connect(urls.owner, database="sancheng") as connection:
        connection.execute("CREATE SCHEMA own CREATE TABLE own.t (a int); DROP SCHEMA own CASCADE")


def test_databases_are_made_cloned_and_dropped(urls: Urls) -> None:
    create_database(urls.superuser, "mould")
    with connect(urls.owner, database="mould") as connection:
        connection.execute("CREATE TABLE t AS SELECT 7 AS a; GRANT SELECT ON t TO sancheng_app")
    for _ in range(2):  # a second clone replaces the first
        clone(urls.superuser, "mould", "cast")
        with create_engine(urls.for_database("cast").app).connect() as connection:
            assert connection.execute(text("SELECT a FROM t")).scalar_one() == 7
    with connect(urls.superuser, database="cast") as held:
        drop_database(urls.superuser, "cast")  # though somebody is connected
        with pytest.raises(psycopg.OperationalError):
            held.execute("SELECT 1")
    drop_database(urls.superuser, "mould")
    with pytest.raises(psycopg.OperationalError, match="does not exist"):
        connect(urls.owner, database="mould")


def test_restart_keeps_data_and_puts_roles_right(place: Path, record_property: pytest.FixtureRequest) -> None:
    took = []
    for turn in range(2):
        server = make_server(place)
        began = time.perf_counter()
        urls = server.start()
        took.append(time.perf_counter() - began)
        with connect(urls.owner, database="sancheng") as connection:
            connection.execute("CREATE TABLE IF NOT EXISTS kept (a int)")
            connection.execute("INSERT INTO kept VALUES (%s)", [turn])
            assert connection.execute("SELECT count(*) FROM kept").fetchone() == (turn + 1,)
        with connect(urls.superuser) as connection:
            assert connection.execute("SELECT rolsuper FROM pg_roles WHERE rolname = 'sancheng_app'").fetchone() == (
                False,
            )
            connection.execute("ALTER ROLE sancheng_app SUPERUSER")
        server.stop()
        assert find_strays(server.instance.pgdata) == []
    record_property("first_start_seconds", took[0])
    record_property("second_start_seconds", took[1])
    assert took[1] < took[0]


def test_two_parents_are_refused_and_a_command_borrows(place: Path) -> None:
    instance = Instance.at(place)
    with make_server(place) as urls:
        with pytest.raises(Refused, match=str(os.getpid())):
            make_server(place).start()
        assert is_held(instance)
        with serving(instance, binaries=BINARIES) as borrowed:
            assert borrowed == urls
        connect(urls.app, database="sancheng").close()  # the loser has stopped nothing
    assert not is_held(instance)
    with serving(instance, binaries=BINARIES) as own:
        connect(own.app, database="sancheng").close()
    assert find_strays(instance.pgdata) == []


def test_a_server_that_cannot_start_says_why(place: Path) -> None:
    bad = EmbeddedServer(Instance.at(place), binaries=BINARIES, settings={"fsync": "off", "max_connections": "many"})
    with pytest.raises(Refused, match="max_connections"):
        bad.start()
    assert not is_held(bad.instance)
    with make_server(place) as urls:  # the data made meanwhile is good
        connect(urls.app, database="sancheng").close()
    (bad.instance.pgdata / "PG_VERSION").write_text("9\n")
    with pytest.raises(Refused, match="PostgreSQL 9"):
        make_server(place).start()


def test_a_broken_off_initialisation_is_begun_again(place: Path) -> None:
    draft = place / "pgdata.new"
    (draft / "base").mkdir(parents=True)
    (draft / "PG_VERSION").write_text("18\n")
    with make_server(place) as urls:
        connect(urls.app, database="sancheng").close()
    assert not draft.exists()


def test_addresses_hide_passwords_and_serve_without_the_owner(urls: Urls, server: EmbeddedServer) -> None:
    kept = server.instance.read_secrets()
    assert kept.app in urls.app
    assert not any(word in repr(urls) + repr(kept) for word in (kept.app, kept.owner, kept.superuser, kept.wall_key))
    assert urls.environment() == {"SANCHENG_DATABASE_URL": urls.app, "SANCHENG_JOBS_URL": urls.jobs}
    assert make_urls(server.instance) == urls
