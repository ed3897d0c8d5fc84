"""Finding places and reading their plates (门牌与检索): parts of a site's names, plates with a code, citizens' reports."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index, SmallInteger, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from tenants.db import Base, TenantRow, now, tenant_reference, uuid_key


class SiteGram(TenantRow, Base):
    """A part of what a site is called, from some letter on (点位检索词): a text sought is the beginning of one of them.

    ``rank`` is the best place where it stands (0 code, 1 name, 2 initials, 3 pinyin, each from its beginning; 4 inside the
    name or code, 5 inside the pinyin or initials, 6 address). Written by one statement of ``core.work.places.grams`` alone.
    """

    __tablename__ = "site_gram"
    # Every row is in it. The condition, which only forgetting a site names, keeps a search from reading this index: before
    # statistics know of a new district's rows, the planner holds it as cheap as the key's.
    __table_args__ = (
        Index("ix_site_gram_tenant_id_site_id", "tenant_id", "site_id", postgresql_where=text("rank >= 0")),
    )
    rights = ("SELECT", "INSERT", "DELETE")

    gram: Mapped[str] = mapped_column(Text(collation="C"), primary_key=True)
    site_id: Mapped[UUID] = mapped_column(primary_key=True)
    rank: Mapped[int] = mapped_column(SmallInteger)


class Plate(TenantRow, Base):
    """A plate at a site with a code of chance to scan (门牌): one in force a site; a replaced one goes on saying so.

    ``duties`` is what the plate says the keeper sees to, such as 门前三包. ``person_id`` issued it and answers for what comes in.
    """

    __tablename__ = "plate"
    __table_args__ = (
        tenant_reference("site_id", "site"),
        tenant_reference("person_id", "person"),
        Index("ix_plate_tenant_id_code", "tenant_id", "code", unique=True),
        Index(
            "ix_plate_tenant_id_site_id",
            "tenant_id",
            "site_id",
            unique=True,
            postgresql_where=text("revoked_at IS NULL"),
        ),
    )

    id: Mapped[UUID] = uuid_key()
    site_id: Mapped[UUID]
    code: Mapped[str]
    duties: Mapped[str] = mapped_column(default="", server_default="")
    person_id: Mapped[UUID]
    issued_at: Mapped[datetime] = mapped_column(default=now)
    revoked_at: Mapped[datetime | None] = mapped_column(default=None)


class CitizenReport(TenantRow, Base):
    """What a citizen reported at a plate (市民随手拍): the finding, the receipt to ask with, and how to reach him if he said.

    ``contact`` is personal data: the HQ office alone reads it, and it is emptied some days after the finding was closed.
    """

    __tablename__ = "citizen_report"
    __table_args__ = (
        tenant_reference("finding_id", "finding"),
        tenant_reference("plate_id", "plate"),
        Index("ix_citizen_report_tenant_id_receipt", "tenant_id", "receipt", unique=True),
    )

    finding_id: Mapped[UUID] = mapped_column(primary_key=True)
    plate_id: Mapped[UUID]
    receipt: Mapped[str]
    contact: Mapped[str] = mapped_column(default="", server_default="")
    sent_at: Mapped[datetime] = mapped_column(default=now)
    purged_at: Mapped[datetime | None] = mapped_column(default=None)
