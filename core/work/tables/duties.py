"""Who answers for a place beyond the chart (包保与到岗): sponsorships with their log, accountable posts, hand-overs."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Index
from sqlalchemy.orm import Mapped, mapped_column

from tenants.db import APPEND_ONLY, Base, TenantRow, now, tenant_reference, uuid_key


class Sponsorship(TenantRow, Base):
    """A leader, department or steward sponsors a unit, site or project, from a day to a day (包保).

    The sponsor is a person, a unit, or both (the officer of a department). The object is exactly one of ``object_unit_id``
    (an area, subdistrict, community), ``object_site_id`` and ``project`` (a name until projects have rows). ``kind`` is a
    code of :mod:`core.work.duties.sponsoring`; ``field`` names the matters ('' all), ``campaign`` limits it to one campaign.
    """

    __tablename__ = "sponsorship"
    __table_args__ = (
        tenant_reference("person_id", "person"),
        tenant_reference("unit_id", "unit"),
        tenant_reference("object_unit_id", "unit"),
        tenant_reference("object_site_id", "site"),
        Index("ix_sponsorship_tenant_id_object_unit_id", "tenant_id", "object_unit_id"),
        Index("ix_sponsorship_tenant_id_object_site_id", "tenant_id", "object_site_id"),
        Index("ix_sponsorship_tenant_id_person_id", "tenant_id", "person_id"),
        CheckConstraint("person_id IS NOT NULL OR unit_id IS NOT NULL", name="sponsor"),
        CheckConstraint(
            "(object_unit_id IS NOT NULL)::int + (object_site_id IS NOT NULL)::int + (project <> '')::int = 1",
            name="object",
        ),
    )

    id: Mapped[UUID] = uuid_key()
    kind: Mapped[str]
    person_id: Mapped[UUID | None] = mapped_column(default=None)
    unit_id: Mapped[UUID | None] = mapped_column(default=None)
    title: Mapped[str] = mapped_column(default="")
    object_unit_id: Mapped[UUID | None] = mapped_column(default=None)
    object_site_id: Mapped[UUID | None] = mapped_column(default=None)
    project: Mapped[str] = mapped_column(default="")
    field: Mapped[str] = mapped_column(default="")
    campaign: Mapped[str | None] = mapped_column(default=None)
    document: Mapped[str] = mapped_column(default="")
    valid_from: Mapped[date]
    valid_to: Mapped[date | None] = mapped_column(default=None)
    created_at: Mapped[datetime] = mapped_column(default=now)


class SponsorEntry(TenantRow, Base):
    """What a sponsor did on a day (包保记录): a visit on the spot, an item settled, a meeting; insert only."""

    __tablename__ = "sponsor_entry"
    __table_args__ = (
        tenant_reference("sponsorship_id", "sponsorship"),
        tenant_reference("person_id", "person"),
        Index("ix_sponsor_entry_tenant_id_sponsorship_id_day", "tenant_id", "sponsorship_id", "day"),
        CheckConstraint("kind IN ('visit', 'settled', 'meeting', 'other')", name="kind"),
    )
    rights = APPEND_ONLY

    id: Mapped[UUID] = uuid_key()
    sponsorship_id: Mapped[UUID]
    person_id: Mapped[UUID | None] = mapped_column(default=None)
    kind: Mapped[str]
    day: Mapped[date]
    note: Mapped[str] = mapped_column(default="")
    finding_id: Mapped[UUID | None] = mapped_column(default=None)
    created_at: Mapped[datetime] = mapped_column(default=now)


class SitePost(TenantRow, Base):
    """The post that is accountable for a site in a campaign (点位责任岗); ``campaign`` '' stands for all of them."""

    __tablename__ = "site_post"
    __table_args__ = (
        tenant_reference("site_id", "site"),
        tenant_reference("post_id", "post"),
        Index("ix_site_post_tenant_id_post_id", "tenant_id", "post_id"),
    )

    site_id: Mapped[UUID] = mapped_column(primary_key=True)
    campaign: Mapped[str] = mapped_column(primary_key=True)
    post_id: Mapped[UUID] = mapped_column(primary_key=True)
    valid_from: Mapped[date] = mapped_column(primary_key=True)
    valid_to: Mapped[date | None] = mapped_column(default=None)


class Handover(TenantRow, Base):
    """A hand-over from one person to another (交接): which posts, and what open items moved with them; insert only."""

    __tablename__ = "handover"
    __table_args__ = (
        tenant_reference("from_id", "person"),
        tenant_reference("to_id", "person"),
        Index("ix_handover_tenant_id_from_id", "tenant_id", "from_id"),
        Index("ix_handover_tenant_id_to_id", "tenant_id", "to_id"),
    )
    rights = APPEND_ONLY

    id: Mapped[UUID] = uuid_key()
    from_id: Mapped[UUID]
    to_id: Mapped[UUID]
    on: Mapped[date] = mapped_column("on_day")
    note: Mapped[str] = mapped_column(default="")
    body: Mapped[dict[str, Any]] = mapped_column(default=dict)
    person_id: Mapped[UUID | None] = mapped_column(default=None)
    person_name: Mapped[str] = mapped_column(default="")
    created_at: Mapped[datetime] = mapped_column(default=now)
