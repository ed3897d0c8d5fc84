"""Roles and databases of a PostgreSQL server (角色与数据库): who may log in, who owns what, and throw-away copies for tests."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg.sql import SQL, Identifier, Literal
from sqlalchemy import make_url


@dataclass(frozen=True, slots=True)
class Urls:
    """Where each role logs in (连接地址), as SQLAlchemy addresses with passwords."""

    app: str
    owner: str
    jobs: str
    superuser: str

    def __repr__(self) -> str:
        return f"Urls({make_url(self.app)!r}, ...)"

    def environment(self) -> dict[str, str]:
        """What children that serve need to know; the owner's address is for ``db upgrade`` alone and stays out."""
        return {"SANCHENG_DATABASE_URL": self.app, "SANCHENG_JOBS_URL": self.jobs}

    def for_database(self, name: str) -> Urls:
        """The same roles on another database of the same server."""
        return Urls(
            *(
                make_url(url).set(database=name).render_as_string(hide_password=False)
                for url in (self.app, self.owner, self.jobs, self.superuser)
            )
        )


def connect(url: str, *, database: str = "postgres") -> psycopg.Connection[Any]:
    """A plain connection, each statement for itself, to ``database`` on the server of an SQLAlchemy address."""
    parts = make_url(url)
    host = parts.query.get("host", parts.host)
    return psycopg.connect(
        host=host if isinstance(host, str) else None,
        port=parts.port,
        user=parts.username,
        password=parts.password,
        dbname=database,
        autocommit=True,
        connect_timeout=10,
    )


def settle_roles(connection: psycopg.Connection[Any], passwords: Mapping[str, str]) -> None:
    """Make ``sancheng_<name>`` for each password, or put an existing one right: may log in, and nothing else.

    A role that somebody made a superuser by hand is one no longer. Needs the superuser's connection.
    """
    known = {row[0] for row in connection.execute("SELECT rolname FROM pg_roles")}
    for name, password in passwords.items():
        role = f"sancheng_{name}"
        verifier = connection.pgconn.encrypt_password(password.encode(), role.encode(), b"scram-sha-256").decode()
        connection.execute(
            SQL(
                "{} ROLE {} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS PASSWORD {}",
            ).format(SQL("ALTER" if role in known else "CREATE"), Identifier(role), Literal(verifier))
        )
    connection.execute("REVOKE ALL ON DATABASE postgres, template1 FROM PUBLIC")


def settle_database(connection: psycopg.Connection[Any], name: str, *, template: str = "template0") -> None:
    """Make a database unless it is there; the owner owns it, app and jobs may connect, nobody else may."""
    if connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone() is None:
        connection.execute(
            SQL("CREATE DATABASE {} OWNER sancheng_owner TEMPLATE {}").format(Identifier(name), Identifier(template))
        )
    for statement in (
        "REVOKE ALL ON DATABASE {} FROM PUBLIC",
        "GRANT CONNECT ON DATABASE {} TO sancheng_app, sancheng_jobs",
    ):
        connection.execute(SQL(statement).format(Identifier(name)))


def create_database(url: str, name: str) -> None:
    """Make an empty database, with the superuser's address; an existing one is left as it is."""
    with connect(url) as connection:
        settle_database(connection, name)


def clone(url: str, template: str, name: str) -> None:
    """Copy a database; nobody may be connected to ``template``. An existing copy is replaced."""
    with connect(url) as connection:
        connection.execute(SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(Identifier(name)))
        settle_database(connection, name, template=template)


def drop_database(url: str, name: str) -> None:
    """Drop a database if it is there, and whoever is connected to it."""
    with connect(url) as connection:
        connection.execute(SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(Identifier(name)))
