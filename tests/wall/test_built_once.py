"""Statements that are built once (一次写成的语句): whoever runs one gets his own rows, on a wall without policies too."""

from __future__ import annotations

import gc
from weakref import ref

from sqlalchemy import func, select
from sqlalchemy.orm import selectinload

from core.databases import Urls
from core.work.tables import Finding, Site
from tenants.models import Unit
from tenants.scope import Wall
from tests.conftest import SECRET
from tests.factory import add_site, bare_district
from tests.wall.broken import fell

SITES = select(Site.name).order_by(Site.name)


def two_districts(copy: Urls) -> Wall:
    """Two districts with a site each, and nothing but the ORM's own predicate between them."""
    door = Wall(copy.app, SECRET)
    for name in ("甲", "乙"):
        made = bare_district(door, f"{name}区")
        with made.session(door) as session:
            add_site(session, session.scalars(select(Unit.id)).first(), name=f"{name}点")
            session.commit()
    return door


def tenants_of(door: Wall) -> dict[str, int]:
    with door.engine.connect() as bare:
        return dict(bare.exec_driver_sql("SELECT name, tenant_id FROM site").all())


def test_each_tenant_gets_its_own_rows_from_one_statement(copy: Urls) -> None:
    door = two_districts(copy)
    fell(copy)
    try:
        known = tenants_of(door)
        assert set(known) == {"甲点", "乙点"}
        for name, number in list(known.items()) * 2:  # in turns, so that neither's number can stay with the statement
            with door.open(number) as session:
                assert session.scalars(SITES).all() == [name]
                assert session.scalar(select(func.count()).select_from(Site)) == 1
    finally:
        door.dispose()


def test_a_column_that_is_loaded_later_knows_its_tenant(copy: Urls) -> None:
    door = two_districts(copy)
    fell(copy)
    try:
        for name, number in tenants_of(door).items():
            with door.open(number) as session:
                site = session.scalars(select(Site)).one()
                session.expire(site, ["name"])
                assert site.name == name
                session.refresh(site)
                assert session.get(Site, (number, site.id)) is site
                assert session.scalars(select(Finding).options(selectinload(Finding.site))).all() == []
    finally:
        door.dispose()


def test_a_statement_of_one_request_is_not_kept(wall: Wall) -> None:
    made = bare_district(wall, "丙区")
    with made.session(wall) as session:
        statement = select(Site.name).where(Site.name == "某")
        session.execute(statement).all()
    gone = ref(statement)
    del statement
    gc.collect()
    assert gone() is None
