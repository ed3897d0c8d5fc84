"""Bringing the database up to date (数据库升级): run by the owner role, never by the one that serves pages."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, create_engine, text
from sqlalchemy.engine import URL

import migrations
from tenants.scope import Signer

LOCK = 4_120_302


def migration_config(connection: Connection | None = None) -> Config:
    """Point Alembic at the migrations that ship with the product."""
    config = Config()
    config.set_main_option("script_location", str(Path(migrations.__file__).parent))
    if connection is not None:
        config.attributes["connection"] = connection
    return config


def head() -> str:
    """The newest revision that this program knows."""
    return ScriptDirectory.from_config(migration_config()).get_current_head() or ""


def upgrade(owner_url: str | URL, secret: str, *, revision: str = "head") -> str:
    """Migrate to ``revision`` and lay down the signing key; safe to run twice and from two machines at once.

    Returns the revision reached.
    """
    engine = create_engine(owner_url)
    try:
        with engine.begin() as connection:
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": LOCK})
            command.upgrade(migration_config(connection), revision)
            lay_key(connection, secret)
            return MigrationContext.configure(connection).get_current_revision() or ""
    finally:
        engine.dispose()


def current(owner_url: str | URL) -> str:
    """The revision that a database is at; empty when it was never migrated."""
    engine = create_engine(owner_url)
    try:
        with engine.connect() as connection:
            return MigrationContext.configure(connection).get_current_revision() or ""
    finally:
        engine.dispose()


def downgrade(owner_url: str | URL, revision: str) -> None:
    """Step back to a revision; for tests and rescue, since it drops what newer versions stored."""
    engine = create_engine(owner_url)
    try:
        with engine.begin() as connection:
            command.downgrade(migration_config(connection), revision)
    finally:
        engine.dispose()


def lay_key(connection: Connection, secret: str) -> None:
    """Write the key pads that ``app_scope()`` checks signatures with, when they differ from what is there."""
    inner, outer = Signer(secret).pads()
    found = connection.execute(text("SELECT inner_pad, outer_pad FROM wall_key")).first()
    if found is None or (bytes(found[0]), bytes(found[1])) != (inner, outer):
        connection.execute(text("DELETE FROM wall_key"))
        connection.execute(text("INSERT INTO wall_key VALUES (:inner, :outer)"), {"inner": inner, "outer": outer})
