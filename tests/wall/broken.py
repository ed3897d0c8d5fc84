"""Walls that are broken in one way each (坏墙): what a careless change would do, made on a database of its own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from sqlalchemy import Connection, event, make_url

from core.databases import Urls, connect
from tenants import scope
from tenants.scope import Scope, ScopedSession, Wall

TABLES = """
SELECT c.relname FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' AND c.relrowsecurity
"""


@contextmanager
def superuser(urls: Urls) -> Iterator[psycopg.Connection[Any]]:
    """The database administrator's connection to the broken database."""
    with connect(urls.superuser, database=make_url(urls.superuser).database or "") as connection:
        yield connection


def alter(urls: Urls, *statements: str) -> None:
    """Change the database behind the product's back."""
    with superuser(urls) as connection:
        for statement in statements:
            connection.execute(statement)


def fell(urls: Urls) -> None:
    """Drop every policy and switch row security off everywhere; rights and keys stay as they are."""
    with superuser(urls) as connection:
        for table, policy in connection.execute("SELECT tablename, policyname FROM pg_policies").fetchall():
            connection.execute(f"DROP POLICY {policy} ON {table}")
        for (table,) in connection.execute(TABLES).fetchall():
            connection.execute(f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY, NO FORCE ROW LEVEL SECURITY")


class Unguarded(Wall):
    """A door that starts on any database, to see what a broken one lets through."""

    def _refuse_unsafe(self, dbapi_connection: Any, _record: Any) -> None:
        pass


class Literal(Wall):
    """A door that states the scope by a plain, session-level SET with the value in the statement's text."""

    def _state_scope(self, connection: Connection) -> None:
        said = connection.get_execution_options().get("scope")
        if isinstance(said, Scope):
            connection.exec_driver_sql(f"SET app.scope = '{self.signer.sign(said)}'")


class Unwashed(Wall):
    """A door that only rolls back when a connection returns to the pool."""

    def _wash(self, dbapi_connection: Any, _record: Any, _state: Any) -> None:
        dbapi_connection.rollback()


class LiteralUnwashed(Literal, Unwashed):
    """Both: the plain SET as an ordinary pool would keep it."""


@contextmanager
def without_predicate() -> Iterator[None]:
    """Take the ORM's own predicate away, to see what it was holding alone."""
    event.remove(ScopedSession, "do_orm_execute", scope._say_tenant)
    try:
        yield
    finally:
        event.listen(ScopedSession, "do_orm_execute", scope._say_tenant)


UNSIGNED = """
CREATE OR REPLACE FUNCTION public.app_scope() RETURNS integer LANGUAGE plpgsql STABLE SECURITY DEFINER PARALLEL SAFE
SET search_path = pg_catalog, pg_temp AS $$
DECLARE said text := substring(current_setting('app.scope', true) FROM '^[0-9]{1,9}');
BEGIN RETURN said::integer; END $$
"""
"""A judge that believes the number without its signature."""

UNSTAMPED = """
CREATE OR REPLACE FUNCTION public.enqueue(task text, queue text, args jsonb, lock text DEFAULT NULL) RETURNS bigint
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = jobs, pg_catalog, pg_temp AS $$
INSERT INTO jobs.procrastinate_jobs (queue_name, task_name, lock, args)
VALUES (queue, task, lock, jsonb_build_object('tenant', public.app_scope()) || args) RETURNING id $$
"""
"""A door that lets the caller's word stand over the stamp."""
