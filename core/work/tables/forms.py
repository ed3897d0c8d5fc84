"""A district's own forms (自有表格): versions that stand in for a shipped form or add one, and what they ask beside the items."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from tenants.db import APPEND_ONLY, Base, SecretRow, TenantRow, now, tenant_reference, uuid_key


class OwnForm(TenantRow, Base):
    """A version of a district's own form (表格版本), numbered by code; its content is the definition behind ``sha256``.

    At most one of a campaign's code is published; visits that were opened with an earlier one are taken by that. ``design`` is
    SHA-256 of the design's own body, which also keeps formulas, lists and layout.
    """

    __tablename__ = "own_form"
    __table_args__ = (
        UniqueConstraint("tenant_id", "campaign", "code", "number", name="uq_own_form_number"),
        Index(
            "ix_own_form_published",
            "tenant_id",
            "campaign",
            "code",
            unique=True,
            postgresql_where=text("state = 'published'"),
        ),
        CheckConstraint("state IN ('draft', 'published', 'replaced', 'withdrawn', 'dropped')", name="state"),
    )

    id: Mapped[UUID] = uuid_key()
    campaign: Mapped[str]
    code: Mapped[str]
    number: Mapped[int]
    sha256: Mapped[str]
    title_zh: Mapped[str]
    title_en: Mapped[str] = mapped_column(default="")
    state: Mapped[str] = mapped_column(default="draft")
    note: Mapped[str] = mapped_column(default="")
    file_name: Mapped[str] = mapped_column(default="")
    person_name: Mapped[str] = mapped_column(default="")
    created_at: Mapped[datetime] = mapped_column(default=now)
    published_at: Mapped[datetime | None] = mapped_column(default=None)
    ended_at: Mapped[datetime | None] = mapped_column(default=None)


class FormPicture(TenantRow, Base):
    """An illustration that a form names (示范图): what right looks like; the latest of a name counts, without a file none does."""

    __tablename__ = "form_picture"
    __table_args__ = (
        tenant_reference("file_id", "file"),
        Index("ix_form_picture_tenant_id_name", "tenant_id", "name"),
    )
    rights = APPEND_ONLY

    id: Mapped[UUID] = uuid_key()
    name: Mapped[str]
    file_id: Mapped[UUID | None]
    created_at: Mapped[datetime] = mapped_column(default=now)


class SheetEntry(TenantRow, SecretRow, Base):
    """What a visit answered to a form's further questions (填写内容): plain JSON by field, groups nested, repeats as lists."""

    __tablename__ = "sheet_entry"
    __table_args__ = (
        tenant_reference("visit_id", "visit"),
        Index("ix_sheet_entry_tenant_id_form", "tenant_id", "campaign", "form"),
    )
    rights = APPEND_ONLY

    visit_id: Mapped[UUID] = mapped_column(primary_key=True)
    campaign: Mapped[str] = mapped_column(primary_key=True)
    form: Mapped[str] = mapped_column(primary_key=True)
    form_sha256: Mapped[str]
    data: Mapped[dict[str, Any]] = mapped_column(default=dict)
