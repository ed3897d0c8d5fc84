"""The product refuses to start on a database that would not keep districts apart, and says why."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import make_url, text

from core.databases import Urls, create_database, drop_database
from tenants.scope import UnsafeWall, Wall, database_answers
from tests.conftest import SECRET
from tests.wall.broken import alter
from tests.wall.policies import walk_database


def start(url: str, secret: str = SECRET, **options: object) -> bool:
    """What a process does first: open the door and ask one question."""
    wall = Wall(url, secret, **options)
    try:
        return database_answers(wall)
    finally:
        wall.dispose()


@contextmanager
def role(urls: Urls, rights: str, *members_of: str, inherit: str = "") -> Iterator[str]:
    """A login role with the app role's rights and something too many; gives its address."""
    name, word = f"probe_{secrets.token_hex(5)}", secrets.token_hex(8)
    alter(urls, f"CREATE ROLE {name} LOGIN {rights} {inherit} PASSWORD '{word}' IN ROLE sancheng_app")
    try:
        database = make_url(urls.app).database
        alter(urls, f"GRANT CONNECT ON DATABASE {database} TO {name}", *(f"GRANT {o} TO {name}" for o in members_of))
        yield make_url(urls.app).set(username=name, password=word).render_as_string(hide_password=False)
    finally:
        alter(urls, f"DROP OWNED BY {name}", f"DROP ROLE {name}")


def test_the_real_wall_starts(copy: Urls) -> None:
    assert start(copy.app)


def test_a_superuser_is_refused(copy: Urls) -> None:
    with pytest.raises(UnsafeWall, match="绕过行级安全"):
        start(copy.superuser)


def test_a_superuser_dressed_as_the_app_is_refused(copy: Urls) -> None:
    """SET ROLE hides a superuser behind the app role until somebody says RESET ROLE."""
    url = make_url(copy.superuser).update_query_dict({"options": "-c role=sancheng_app"})
    with pytest.raises(UnsafeWall, match="绕过行级安全"):
        start(url.render_as_string(hide_password=False))


@pytest.mark.parametrize("rights", ["BYPASSRLS", "CREATEROLE", "REPLICATION", "SUPERUSER"])
def test_a_role_with_a_right_too_many_is_refused(copy: Urls, rights: str) -> None:
    with role(copy, rights) as url, pytest.raises(UnsafeWall, match="绕过行级安全"):
        start(url)


def test_a_plain_second_role_may_serve(copy: Urls) -> None:
    """The control: only what is too many makes a role unsafe."""
    with role(copy, "") as url:
        assert start(url)


@pytest.mark.parametrize("inherit", ["", "NOINHERIT"])
@pytest.mark.parametrize(
    ("other", "reason"),
    [
        ("sancheng_owner", "拥有数据表"),
        ("pg_read_all_data", "签名密钥"),
        ("pg_write_all_data", "签名密钥"),
        ("pg_read_server_files", "绕过行级安全"),
    ],
)
def test_a_member_of_a_stronger_role_is_refused(copy: Urls, other: str, reason: str, inherit: str) -> None:
    with role(copy, "", other, inherit=inherit) as url, pytest.raises(UnsafeWall, match=reason):
        start(url)


def test_a_member_of_a_bypassing_role_is_refused(copy: Urls) -> None:
    """BYPASSRLS is never inherited, but one SET ROLE away."""
    strong = f"probe_{secrets.token_hex(5)}"
    alter(copy, f"CREATE ROLE {strong} BYPASSRLS")
    try:
        with role(copy, "", strong) as url, pytest.raises(UnsafeWall, match=strong):
            start(url)
    finally:
        alter(copy, f"DROP ROLE {strong}")


def test_the_owner_is_refused(copy: Urls) -> None:
    with pytest.raises(UnsafeWall, match="拥有数据表"):
        start(copy.owner)


def test_a_role_that_owns_one_table_is_refused(copy: Urls) -> None:
    alter(copy, "ALTER TABLE serial OWNER TO sancheng_app")
    with pytest.raises(UnsafeWall, match="拥有数据表 serial"):
        start(copy.app)


@pytest.mark.parametrize("change", ["NO FORCE ROW LEVEL SECURITY", "DISABLE ROW LEVEL SECURITY"])
def test_one_unforced_table_is_refused(copy: Urls, change: str) -> None:
    alter(copy, f"ALTER TABLE finding {change}")
    with pytest.raises(UnsafeWall, match="finding 没有强制行级安全"):
        start(copy.app)
    assert any("finding" in complaint for complaint in walk_database(copy.superuser))


def test_a_new_table_outside_the_wall_is_refused(copy: Urls) -> None:
    alter(copy, "SET ROLE sancheng_owner", "CREATE TABLE outside (tenant_id int)")
    with pytest.raises(UnsafeWall, match="outside 没有强制行级安全"):
        start(copy.app)


@pytest.mark.parametrize("table", ["finding"])
def test_it_is_checked_on_every_new_connection(copy: Urls, table: str) -> None:
    wall = Wall(copy.app, SECRET)
    try:
        assert database_answers(wall)
        alter(copy, f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY")
        with wall.engine.connect(), pytest.raises(UnsafeWall):
            wall.engine.connect()
    finally:
        wall.dispose()


def test_a_changed_key_is_refused(copy: Urls) -> None:
    """Under another key every list would be empty and nobody would know why."""
    with pytest.raises(UnsafeWall, match="签名密钥与数据库中的不一致"):
        start(copy.app, "another secret")


def test_a_lost_key_is_refused(copy: Urls) -> None:
    alter(copy, "DELETE FROM wall_key")
    with pytest.raises(UnsafeWall, match="签名密钥与数据库中的不一致"):
        start(copy.app)


def test_an_empty_database_is_refused_with_the_remedy(server: Urls) -> None:
    name = f"empty_{secrets.token_hex(5)}"
    create_database(server.superuser, name)
    try:
        with pytest.raises(UnsafeWall, match="sancheng db upgrade"):
            start(server.for_database(name).app)
    finally:
        drop_database(server.superuser, name)


def test_a_refused_connection_is_not_kept(copy: Urls) -> None:
    """The same door refuses again; no half-checked connection waits in its pool."""
    wall = Wall(copy.superuser, SECRET)
    try:
        for _ in range(2):
            with pytest.raises(UnsafeWall), wall.open(1) as session:
                session.execute(text("SELECT 1"))
        assert wall.engine.pool.checkedin() == 0  # type: ignore[attr-defined]  # a QueuePool
    finally:
        wall.dispose()
