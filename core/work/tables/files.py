"""Photos (照片): kept by content under ``files/<tenant>/<sha256>``, referenced from visits and history."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Index, Numeric, text
from sqlalchemy.orm import Mapped, mapped_column

from tenants.db import APPEND_ONLY, Base, SecretRow, TenantRow, now, tenant_reference, uuid_key


class File(TenantRow, SecretRow, Base):
    """A stored photo (照片文件). Time and place were read from the original before it was re-encoded without them.

    ``id`` is what the world names it by; ``original_sha256`` is the hash of what the device sent;
    ``look`` is its difference hash (64 bits), by which a photo used twice is found. ``contact_name`` is who sent it by a link
    without an account, for whom ``person_id`` answers. ``sealed_for`` is the secret round that it was taken for.

    ``time_source`` and ``place_source`` say who read ``taken_at`` and the place: '' nobody, ``exif`` we in the bytes, ``device``
    the device that sent them. ``device_at`` and the device's own place are of the moment when the photo was taken or chosen;
    ``device_skew_seconds`` is by how much the device's clock was ahead of ours when it sent.
    """

    __tablename__ = "file"
    __table_args__ = (
        tenant_reference("person_id", "person"),
        # The same photo may be kept once more for each secret round: who met the other row would learn of it.
        Index(
            "ix_file_tenant_id_original",
            "tenant_id",
            "original_sha256",
            "sealed_for",
            unique=True,
            postgresql_nulls_not_distinct=True,
        ),
        Index(
            "ix_file_tenant_id_sealed_for",
            "tenant_id",
            "sealed_for",
            postgresql_where=text("sealed_for IS NOT NULL"),
        ),
        CheckConstraint("time_source IN ('', 'exif', 'device')", name="time_source"),
        CheckConstraint("place_source IN ('', 'exif', 'device')", name="place_source"),
    )
    rights = APPEND_ONLY

    id: Mapped[UUID] = uuid_key()
    original_sha256: Mapped[str]
    sha256: Mapped[str]
    media_type: Mapped[str]
    size: Mapped[int]
    width: Mapped[int]
    height: Mapped[int]
    taken_at: Mapped[datetime | None] = mapped_column(default=None)
    longitude: Mapped[Decimal | None] = mapped_column(Numeric(10, 6), default=None)
    latitude: Mapped[Decimal | None] = mapped_column(Numeric(10, 6), default=None)
    person_id: Mapped[UUID]
    created_at: Mapped[datetime] = mapped_column(default=now)
    look: Mapped[int | None] = mapped_column(BigInteger, default=None)
    contact_name: Mapped[str] = mapped_column(default="", server_default="")
    sealed_for: Mapped[UUID | None] = mapped_column(default=None)
    time_source: Mapped[str] = mapped_column(default="", server_default="")
    place_source: Mapped[str] = mapped_column(default="", server_default="")
    device_at: Mapped[datetime | None] = mapped_column(default=None)
    device_longitude: Mapped[Decimal | None] = mapped_column(Numeric(10, 6), default=None)
    device_latitude: Mapped[Decimal | None] = mapped_column(Numeric(10, 6), default=None)
    device_accuracy_m: Mapped[int | None] = mapped_column(default=None)
    device_skew_seconds: Mapped[int | None] = mapped_column(default=None)


class FileLook(TenantRow, SecretRow, Base):
    """One of four bands of 16 bits of a photo's difference hash (照片指纹): near twins share at least one band."""

    __tablename__ = "file_look"
    __table_args__ = (
        tenant_reference("file_id", "file"),
        Index("ix_file_look_tenant_id_band_value", "tenant_id", "band", "value"),
    )
    rights = APPEND_ONLY

    file_id: Mapped[UUID] = mapped_column(primary_key=True)
    band: Mapped[int] = mapped_column(primary_key=True)
    value: Mapped[int]


class Attachment(TenantRow, SecretRow, Base):
    """A photo's place (附件): at a question of a visit, or at a step of a finding's history."""

    __tablename__ = "attachment"
    __table_args__ = (
        tenant_reference("file_id", "file"),
        tenant_reference("visit_id", "visit"),
        tenant_reference("finding_id", "finding"),
        Index("ix_attachment_tenant_id_visit_id", "tenant_id", "visit_id"),
        Index("ix_attachment_tenant_id_finding_id", "tenant_id", "finding_id"),
        Index("ix_attachment_tenant_id_file_id", "tenant_id", "file_id"),
    )
    rights = APPEND_ONLY

    id: Mapped[UUID] = uuid_key()
    file_id: Mapped[UUID]
    visit_id: Mapped[UUID | None] = mapped_column(default=None)
    question: Mapped[str] = mapped_column(default="")
    finding_id: Mapped[UUID | None] = mapped_column(default=None)
    version: Mapped[int | None] = mapped_column(default=None)
    created_at: Mapped[datetime] = mapped_column(default=now)
