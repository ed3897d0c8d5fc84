"""What leaves a district (发布数据表): grants, sealed publications and their figures, addressed to one reader."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKeyConstraint, Index, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from core.figures.due_tables import PublicationReminder, PublicationTerm
from core.figures.outside_tables import OutsideFigure, OutsidePublication
from core.figures.run_tables import ScoreRun
from tenants.db import AddressedRow, Base, now, uuid_key

__all__ = [
    "OutsideFigure",
    "OutsidePublication",
    "Publication",
    "PublicationGrant",
    "PublicationReminder",
    "PublicationTerm",
    "PublishedFigure",
    "ScoreRun",
]


class PublicationGrant(AddressedRow, Base):
    """A district's dated word that a reader may receive a campaign's figures (发布授权); a later row replaces it.

    ``detail`` is ``totals``, ``categories``, ``indicators``, ``units`` or ``sites``, each with what stands before it;
    ``revoked`` withdraws what came before.
    """

    __tablename__ = "publication_grant"
    __table_args__ = (Index("ix_publication_grant_tenant_id", "tenant_id", "campaign"),)

    id: Mapped[UUID] = uuid_key()
    campaign: Mapped[str]
    detail: Mapped[str]
    valid_from: Mapped[date]
    valid_to: Mapped[date | None] = mapped_column(default=None)
    revoked: Mapped[bool] = mapped_column(default=False)
    reader_slug: Mapped[str]
    reader_name: Mapped[str]
    district_slug: Mapped[str]
    district_code: Mapped[str | None] = mapped_column(default=None)
    district_name: Mapped[str]
    granted_by: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(default=now)


class Publication(AddressedRow, Base):
    """One campaign's figures of one period, sealed under a hash and addressed (发布件); corrections name the old seal.

    Points are integers of 1/100; ``cut_off`` is the moment up to which records counted; ``sha256`` covers the header and all
    figures and the previous seal of the same district, ``content_sha256`` what is said alone, so that saying the same twice
    gives it twice. ``interval_low`` and ``interval_high`` are the 95 % interval of the share of assessed points in percent,
    drawn with ``interval_seed``. ``warnings`` are machine codes with numbers. ``seal_version`` tells which columns the seal covers.
    """

    __tablename__ = "publication"
    __table_args__ = (
        UniqueConstraint("reader_id", "tenant_id", "sequence"),
        # A period's districts with their names, the last word of each at the end, from the index alone.
        Index(
            "ix_publication_reader_period",
            *("reader_id", "campaign", "period_kind", "period_start", "tenant_id", "sequence"),
            postgresql_include=[
                *("id", "district_slug", "district_name", "district_code", "edition", "edition_sha256", "is_demo"),
            ],
        ),
        # Who ever published: one entry a district, however many periods follow.
        Index("ix_publication_first", "reader_id", "tenant_id", postgresql_where=text("sequence = 1")),
        Index("ix_publication_tenant_id", "tenant_id", "campaign", "period_start"),
    )

    id: Mapped[UUID] = uuid_key()
    sequence: Mapped[int]
    reader_slug: Mapped[str]
    reader_name: Mapped[str]
    district_slug: Mapped[str]
    district_code: Mapped[str | None] = mapped_column(default=None)
    district_name: Mapped[str]
    campaign: Mapped[str]
    title_zh: Mapped[str]
    title_en: Mapped[str]
    edition: Mapped[str]
    edition_sha256: Mapped[str]
    period_kind: Mapped[str]
    period_start: Mapped[date]
    period_end: Mapped[date]
    cut_off: Mapped[datetime]
    detail: Mapped[str]
    earned: Mapped[int]
    assessed: Mapped[int]
    total: Mapped[int]
    visits: Mapped[int]
    sites: Mapped[int]
    findings: Mapped[dict[str, Any]] = mapped_column(default=dict)
    vetoes: Mapped[list[str]] = mapped_column(default=list)
    is_demo: Mapped[bool] = mapped_column(default=False)
    interval_low: Mapped[Decimal | None] = mapped_column(default=None)
    interval_high: Mapped[Decimal | None] = mapped_column(default=None)
    interval_seed: Mapped[str] = mapped_column(default="", server_default="")
    warnings: Mapped[list[dict[str, Any]]] = mapped_column(JSONB, default=list, server_default="[]")
    seal_version: Mapped[int] = mapped_column(default=2, server_default="1")
    sha256: Mapped[str]
    content_sha256: Mapped[str] = mapped_column(default="", server_default="")
    previous_sha256: Mapped[str | None] = mapped_column(default=None)
    corrects_sha256: Mapped[str | None] = mapped_column(default=None)
    reason: Mapped[str] = mapped_column(default="")
    published_by: Mapped[str]
    published_at: Mapped[datetime] = mapped_column(default=now)


class PublishedFigure(AddressedRow, Base):
    """One sealed figure (已发布数值): a category or an indicator, assessed or not, with its numerator and denominator.

    ``self_value`` and ``declared_value`` stand beside the verified ``value`` and are never mixed with it. Of a unit or a site
    (level ``unit``, ``site``) ``value`` is its share of assessed points, ``n`` its visits, ``numerator`` its findings and
    ``denominator`` its sites. ``period_start`` repeats the publication's, for an index; a figure counts by its publication.
    """

    __tablename__ = "published_figure"
    __table_args__ = (
        ForeignKeyConstraint(
            ["reader_id", "tenant_id", "publication_id"],
            ["publication.reader_id", "publication.tenant_id", "publication.id"],
        ),
        Index("ix_published_figure_publication", "reader_id", "tenant_id", "publication_id"),
        # One indicator of a whole nation in one period lies together and is read from the index alone.
        Index(
            "ix_published_figure_code",
            *("reader_id", "code", "period_start", "tenant_id"),
            postgresql_include=["publication_id", "status", "value", "n", "numerator", "denominator"],
        ),
        Index("ix_published_figure_effect", "reader_id", "period_start", postgresql_where=text("level = 'effect'")),
    )

    id: Mapped[UUID] = uuid_key()
    publication_id: Mapped[UUID]
    period_start: Mapped[date]
    position: Mapped[int]
    level: Mapped[str]
    code: Mapped[str]
    category: Mapped[str] = mapped_column(default="")
    name_zh: Mapped[str]
    name_en: Mapped[str]
    status: Mapped[str]
    reason: Mapped[str] = mapped_column(default="")
    reason_en: Mapped[str] = mapped_column(default="")
    numerator: Mapped[Decimal | None] = mapped_column(default=None)
    denominator: Mapped[Decimal | None] = mapped_column(default=None)
    value: Mapped[Decimal | None] = mapped_column(default=None)
    unit: Mapped[str] = mapped_column(default="")
    target: Mapped[str] = mapped_column(default="")
    earned: Mapped[int | None] = mapped_column(default=None)
    assessed: Mapped[int] = mapped_column(default=0)
    possible: Mapped[int]
    n: Mapped[int] = mapped_column(default=0)
    interval_low: Mapped[Decimal | None] = mapped_column(default=None)
    interval_high: Mapped[Decimal | None] = mapped_column(default=None)
    self_value: Mapped[Decimal | None] = mapped_column(default=None)
    declared_value: Mapped[Decimal | None] = mapped_column(default=None)


class Standing(AddressedRow, Base):
    """Where a district stands, as its city published it (市级公布名次): one row to one district, never changed.

    ``rank`` of ``size`` ranked districts, or ``unranked`` says why there is none; ``best`` and ``worst`` are the ranks that
    the intervals allow. ``rests_on`` is the seal of the district's own publication behind it. The author is the city, the
    reader the district; a correction is a new row that names the old seal and gives a reason.
    """

    __tablename__ = "standing"
    __table_args__ = (
        UniqueConstraint("reader_id", "tenant_id", "sequence"),
        Index("ix_standing_reader_period", "reader_id", "campaign", "period_start"),
        Index("ix_standing_tenant_id", "tenant_id", "campaign", "period_start"),
    )

    id: Mapped[UUID] = uuid_key()
    sequence: Mapped[int]
    reader_slug: Mapped[str]
    reader_name: Mapped[str]
    city_slug: Mapped[str]
    city_name: Mapped[str]
    campaign: Mapped[str]
    title_zh: Mapped[str]
    title_en: Mapped[str]
    edition: Mapped[str]
    edition_sha256: Mapped[str]
    period_kind: Mapped[str]
    period_start: Mapped[date]
    period_end: Mapped[date]
    rank: Mapped[int | None] = mapped_column(default=None)
    previous_rank: Mapped[int | None] = mapped_column(default=None)
    size: Mapped[int]
    unranked: Mapped[str] = mapped_column(default="")
    percent: Mapped[Decimal | None] = mapped_column(default=None)
    interval_low: Mapped[Decimal | None] = mapped_column(default=None)
    interval_high: Mapped[Decimal | None] = mapped_column(default=None)
    best: Mapped[int | None] = mapped_column(default=None)
    worst: Mapped[int | None] = mapped_column(default=None)
    visits: Mapped[int] = mapped_column(default=0)
    rests_on: Mapped[str]
    is_demo: Mapped[bool] = mapped_column(default=False)
    sha256: Mapped[str]
    previous_sha256: Mapped[str | None] = mapped_column(default=None)
    corrects_sha256: Mapped[str | None] = mapped_column(default=None)
    reason: Mapped[str] = mapped_column(default="")
    issued_by: Mapped[str]
    issued_at: Mapped[datetime] = mapped_column(default=now)
