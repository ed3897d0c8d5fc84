"""The databases that the bench measures (测速现场): laid once, as whole databases beside each other."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from psycopg.sql import SQL, Identifier
from sqlalchemy import text

from core.bench.ground import SECRET, Trial
from core.bench.nation import Nation, lay_nation
from core.bench.plan import Size
from core.campaigns import Campaign
from core.campaigns.registry import installed
from core.database import upgrade
from core.databases import Urls, connect, create_database
from core.figures.grants import give_grant
from core.figures.publishing import publish
from core.work.tables import Finding
from tenants.access import TenantRef
from tenants.db import now
from tenants.scope import Wall
from tests.bench.ledger import Ledger, lay_ledger

COMPARED = 30
Tell = Callable[[str], None]


@dataclass(frozen=True)
class Stage:
    """The databases as they are measured (测速现场): the nation, the same with ten times the findings, without policies, and a small one."""

    at: Trial
    nation: Nation
    ledger: Ledger
    small: Wall
    small_ledger: Ledger
    ten: Wall
    urls: Urls
    campaign: Campaign


def lay_stage(at: Trial, size: Size, small: int, ledger: int, tell: Tell) -> Stage:
    """Lay the nation and a large ledger in it, then copies of it as whole databases."""
    campaign = installed().campaigns["civilized_city"]
    nation = lay_nation(at.wall, campaign, size, sealed=lambda n: n >= COMPARED, tell=tell)
    _publish_compared(at.wall, nation, campaign)
    tell("the compared districts are published by the product")
    laid = lay_ledger(at.wall, ledger)
    few = Size(min(small, size.tenants), min(small, size.tenants) * 430, 0, 1, size.today, territory=False)
    small_urls = _database(at, "small")
    with wall_of(small_urls) as wall:
        lay_nation(wall, campaign, few, tell=tell)
        small_laid = lay_ledger(wall, ledger)
    at.wall.dispose()
    _clone(at.urls.superuser, "bench", "ten")
    copy_open(at)
    ten = at.urls.for_database("ten")
    with wall_of(ten) as wall:
        for ref in nation.districts:
            _more_findings(wall, ref, 9)
    for name in ("bench", "small", "ten", "open"):
        with connect(at.urls.superuser, database=name) as plain:
            plain.execute("VACUUM ANALYZE")
    tell("all databases stand")
    return Stage(at, nation, laid, Wall(small_urls.app, SECRET), small_laid, Wall(ten.app, SECRET), at.urls, campaign)


def copy_open(at: Trial) -> None:
    """The nation again, without policies; nobody may be connected to it meanwhile."""
    _clone(at.urls.superuser, "bench", "open")
    _open(at.urls.superuser, "open")


def _publish_compared(wall: Wall, nation: Nation, campaign: Campaign) -> None:
    """The compared districts' months, scored and sealed by the product itself."""
    for ref in nation.districts[:COMPARED]:
        with wall.open(ref.id) as session:
            give_grant(
                session, None, nation.reader, campaign.key, "indicators", nation.size.periods[0].start, issuer=ref
            )
            for period in nation.size.periods:
                publish(session, None, campaign, campaign.edition, period, now=now(), issuer=ref)
            session.commit()


def _more_findings(wall: Wall, ref: TenantRef, times: int) -> None:
    """Each finding so many times again, with its parts."""
    columns = [c.name for c in Finding.__table__.columns if c.name != "id"]
    names = ", ".join(f'"{name}"' for name in columns)
    with wall.open(ref.id) as session:
        session.execute(
            text(
                f"INSERT INTO finding (id, {names}) SELECT gen_random_uuid(), {names} FROM finding, generate_series(1, :n) g(g)"
                " WHERE tenant_id = :t"
            ),
            {"t": ref.id, "n": times},
        )
        session.commit()


def _database(at: Trial, name: str) -> Urls:
    """An empty, migrated database beside the first."""
    create_database(at.urls.superuser, name)
    urls = at.urls.for_database(name)
    upgrade(urls.owner, SECRET)
    return urls


@contextmanager
def wall_of(urls: Urls) -> Iterator[Wall]:
    wall = Wall(urls.app, SECRET)
    try:
        yield wall
    finally:
        wall.dispose()


def _clone(superuser: str, source: str, name: str) -> None:
    with connect(superuser) as plain:
        plain.execute(
            SQL("CREATE DATABASE {} OWNER sancheng_owner TEMPLATE {} STRATEGY FILE_COPY").format(
                Identifier(name), Identifier(source)
            )
        )
        plain.execute(SQL("GRANT CONNECT ON DATABASE {} TO sancheng_app, sancheng_jobs").format(Identifier(name)))


def _open(superuser: str, name: str) -> None:
    """Take what policies ask away: they stay in force, and let every row pass."""
    with connect(superuser, database=name) as plain:
        for table, policy in plain.execute(
            "SELECT tablename, policyname FROM pg_policies WHERE schemaname = 'public'"
        ).fetchall():
            plain.execute(
                SQL("ALTER POLICY {} ON {} USING (true) WITH CHECK (true)").format(
                    Identifier(policy), Identifier(table)
                )
            )
