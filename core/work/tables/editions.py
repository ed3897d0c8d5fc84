"""Which edition of a campaign's standard holds here (版本选择): dated rows, in force or as a shadow beside it."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index
from sqlalchemy.orm import Mapped, mapped_column

from tenants.db import Base, TenantRow, now, uuid_key


class EnabledEdition(TenantRow, Base):
    """An edition chosen from a day on (启用版本); ``valid_to`` is the first day on which it holds no more.

    ``role``: ``in_force`` scores the periods that begin while it holds, ``shadow`` (影子版本) is scored beside it and never
    ranked or published. ``source``: ``shipped`` comes with a plugin, ``private`` (本区自定版本) was uploaded here. Before the
    first row in force the campaign runs the edition of its :class:`tenants.models.EnabledCampaign`. A choice that is taken back before it
    began ends on the day it would have begun, and so holds on none.
    """

    __tablename__ = "enabled_edition"
    __table_args__ = (
        ForeignKeyConstraint(
            ["tenant_id", "campaign"],
            ["enabled_campaign.tenant_id", "enabled_campaign.campaign"],
        ),
        ForeignKeyConstraint(["tenant_id", "sha256"], ["definition.tenant_id", "definition.sha256"]),
        Index("ix_enabled_edition_tenant_id_campaign", "tenant_id", "campaign", "role", "valid_from"),
        CheckConstraint("role IN ('in_force', 'shadow')", name="role"),
        CheckConstraint("source IN ('shipped', 'private')", name="source"),
        CheckConstraint("valid_to IS NULL OR valid_to >= valid_from", name="days"),
    )

    id: Mapped[UUID] = uuid_key()
    campaign: Mapped[str]
    edition: Mapped[str]
    sha256: Mapped[str]
    role: Mapped[str]
    source: Mapped[str]
    valid_from: Mapped[date]
    valid_to: Mapped[date | None] = mapped_column(default=None)
    chosen_at: Mapped[datetime] = mapped_column(default=now)
