"""The schema can be distributed by tenant: every key, unique constraint and foreign key is laid out for it."""

from __future__ import annotations

import pytest
from sqlalchemy import Column, ForeignKeyConstraint, Integer, MetaData, Table, UniqueConstraint, Uuid

from tenants.db import Base
from tests.wall.distribution import DISTRIBUTED, PAGE, ROOMS, lies, page_with_table, walk


def test_every_table_could_be_distributed() -> None:
    assert ROOMS
    assert list(walk()) == []


def test_the_page_lists_every_table_as_it_lies() -> None:
    page = PAGE.read_text()
    assert page_with_table(page) == page, "run: python -m tests.wall.distribution"


def test_what_districts_write_is_distributed() -> None:
    for name in ("visit", "item_result", "finding", "finding_event", "day_count"):
        assert lies(Base.metadata.tables[name]) == (DISTRIBUTED, "tenant_id")
    assert lies(Base.metadata.tables["published_figure"]) == (DISTRIBUTED, "reader_id")


def spoilt(what: str) -> MetaData:
    """A small schema with one thing that Citus would refuse."""
    metadata = MetaData()
    info = {"wall": "tenant"}
    first = what != "key"
    Table(
        "parent",
        metadata,
        Column("tenant_id", Integer, primary_key=first, nullable=False),
        Column("id", Uuid, primary_key=True),
        info=info,
    )
    columns = [Column("tenant_id", Integer, primary_key=True), Column("id", Uuid, primary_key=True)]
    columns += [Column("parent_id", Uuid), Column("number", Integer)]
    own = [UniqueConstraint("number", name="uq_number")] if what == "unique" else []
    if what == "reference":
        own.append(ForeignKeyConstraint(["parent_id"], ["parent.id"], name="fk_parent"))
    wall = "platform" if what == "class" else "tenant"
    if what == "class":
        own.append(
            ForeignKeyConstraint(["tenant_id", "parent_id"], ["parent.tenant_id", "parent.id"], name="fk_parent")
        )
    Table("child", metadata, *columns, *own, info={"wall": wall})
    return metadata


@pytest.mark.parametrize(
    ("what", "complaint"),
    [
        ("key", "parent: primary key ['id'] is without tenant_id"),
        ("unique", "child: uq_number ['number'] is without tenant_id"),
        ("reference", "child: fk_parent to parent does not pair tenant_id with tenant_id"),
        ("class", "child: fk_parent to parent, which is no reference table"),
    ],
)
def test_the_walker_sees_what_could_not_be_distributed(what: str, complaint: str) -> None:
    assert list(walk(spoilt(what))) == [complaint]
