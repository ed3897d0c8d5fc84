"""Units, people and posts of one tenant (单位、人员、岗位): effective-dated, never deleted.

Levels are not fixed: the administration tree (district > subdistrict > community > grid; departments) and the campaign
headquarters are both trees of :class:`Unit`; who stands under whom on a day is :class:`UnitParent`, its closure
:class:`UnitPath`.
"""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, and_
from sqlalchemy.orm import Mapped, foreign, mapped_column, relationship

from tenants.db import Base, TenantRow, now, tenant_reference, uuid_key


class Unit(TenantRow, Base):
    """A responsibility unit (责任单位): a node of the administration or headquarters tree, with its days of validity.

    A unit that is not ``commanded`` (驻地单位, railway) cannot be ordered by the headquarters: it gets requests.
    """

    __tablename__ = "unit"
    __table_args__ = (
        Index("ix_unit_tenant_id_code", "tenant_id", "code"),
        Index("ix_unit_tenant_id_tree_kind", "tenant_id", "tree", "kind"),
        CheckConstraint("tree IN ('administration', 'headquarters')", name="tree"),
    )

    id: Mapped[UUID] = uuid_key()
    tree: Mapped[str] = mapped_column(default="administration")
    kind: Mapped[str]
    name: Mapped[str]
    pinyin: Mapped[str] = mapped_column(default="")
    code: Mapped[str | None] = mapped_column(default=None)
    code_issuer: Mapped[str | None] = mapped_column(default=None)
    valid_from: Mapped[date]
    valid_to: Mapped[date | None] = mapped_column(default=None)
    commanded: Mapped[bool] = mapped_column(default=True, server_default="true")

    people: Mapped[list[Post]] = relationship(
        primaryjoin=lambda: and_(Unit.tenant_id == Post.tenant_id, foreign(Post.unit_id) == Unit.id), viewonly=True
    )


class UnitName(TenantRow, Base):
    """A name that a unit bore before its present one (曾用名), from a day to a day; old papers stay readable by it."""

    __tablename__ = "unit_name"
    __table_args__ = (tenant_reference("unit_id", "unit"),)

    unit_id: Mapped[UUID] = mapped_column(primary_key=True)
    valid_from: Mapped[date] = mapped_column(primary_key=True)
    valid_to: Mapped[date]
    name: Mapped[str]


class UnitParent(TenantRow, Base):
    """Who stands under whom, from a day to a day (隶属关系)."""

    __tablename__ = "unit_parent"
    __table_args__ = (tenant_reference("unit_id", "unit"), tenant_reference("parent_id", "unit"))

    unit_id: Mapped[UUID] = mapped_column(primary_key=True)
    valid_from: Mapped[date] = mapped_column(primary_key=True)
    parent_id: Mapped[UUID]
    valid_to: Mapped[date | None] = mapped_column(default=None)


class UnitPath(TenantRow, Base):
    """The dated closure of the tree: every ancestor of every unit, itself at depth 0 (层级闭包)."""

    __tablename__ = "unit_path"
    __table_args__ = (
        tenant_reference("ancestor_id", "unit"),
        tenant_reference("unit_id", "unit"),
        Index("ix_unit_path_tenant_id_unit_id", "tenant_id", "unit_id"),
    )

    ancestor_id: Mapped[UUID] = mapped_column(primary_key=True)
    unit_id: Mapped[UUID] = mapped_column(primary_key=True)
    valid_from: Mapped[date] = mapped_column(primary_key=True)
    depth: Mapped[int]
    valid_to: Mapped[date | None] = mapped_column(default=None)


class UnitRole(TenantRow, Base):
    """Which unit does a role's work here (部门对应): several roles may sit in one unit."""

    __tablename__ = "unit_role"
    __table_args__ = (tenant_reference("unit_id", "unit"),)

    role: Mapped[str] = mapped_column(primary_key=True)
    valid_from: Mapped[date] = mapped_column(primary_key=True)
    unit_id: Mapped[UUID]
    valid_to: Mapped[date | None] = mapped_column(default=None)
    confirmed: Mapped[bool] = mapped_column(default=False, server_default="false")


class Person(TenantRow, Base):
    """A person as the district knows him (人员); an account is not needed to hold a post."""

    __tablename__ = "person"

    id: Mapped[UUID] = uuid_key()
    name: Mapped[str]
    pinyin: Mapped[str] = mapped_column(default="")
    phone: Mapped[str] = mapped_column(default="")
    state: Mapped[str] = mapped_column(default="active")
    created_at: Mapped[datetime] = mapped_column(default=now)


class Post(TenantRow, Base):
    """A post at a unit (岗位) with the access role it carries, for one campaign or for all."""

    __tablename__ = "post"
    __table_args__ = (tenant_reference("unit_id", "unit"), Index("ix_post_tenant_id_unit_id", "tenant_id", "unit_id"))

    id: Mapped[UUID] = uuid_key()
    unit_id: Mapped[UUID]
    title: Mapped[str]
    role: Mapped[str]
    campaign: Mapped[str | None] = mapped_column(default=None)

    unit: Mapped[Unit] = relationship(
        primaryjoin=lambda: and_(Post.tenant_id == Unit.tenant_id, foreign(Post.unit_id) == Unit.id), viewonly=True
    )
    holdings: Mapped[list[Holding]] = relationship(
        primaryjoin=lambda: and_(Post.tenant_id == Holding.tenant_id, foreign(Holding.post_id) == Post.id),
        viewonly=True,
    )


class Holding(TenantRow, Base):
    """A person holds a post from a day to a day (任职); permissions come from nothing else.

    ``kind``: ``holder``, ``deputy`` (代理, while the holder is away) or ``assessor`` (an outside one, always with an end).
    """

    __tablename__ = "holding"
    __table_args__ = (
        tenant_reference("person_id", "person"),
        tenant_reference("post_id", "post"),
        Index("ix_holding_tenant_id_person_id", "tenant_id", "person_id"),
        Index("ix_holding_tenant_id_post_id", "tenant_id", "post_id"),
        CheckConstraint("kind IN ('holder', 'deputy', 'assessor')", name="kind"),
    )

    id: Mapped[UUID] = uuid_key()
    person_id: Mapped[UUID]
    post_id: Mapped[UUID]
    valid_from: Mapped[date]
    valid_to: Mapped[date | None] = mapped_column(default=None)
    kind: Mapped[str] = mapped_column(default="holder", server_default="holder")


class EnabledCampaign(TenantRow, Base):
    """Whether a campaign runs in this tenant (启用状态): a row, not the plugin machinery's business."""

    __tablename__ = "enabled_campaign"
    __table_args__ = (CheckConstraint("state IN ('enabled', 'suspended', 'archived')", name="state"),)

    campaign: Mapped[str] = mapped_column(primary_key=True)
    state: Mapped[str]
    edition: Mapped[str]
    edition_sha256: Mapped[str]
    changed_at: Mapped[datetime] = mapped_column(default=now, onupdate=now)
