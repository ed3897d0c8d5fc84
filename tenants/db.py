"""The ground of every table (数据底座): the declarative base, the five wall classes, id and time types.

A mapped class names its wall class by inheriting exactly one of :class:`PlatformRow`, :class:`SharedRow`,
:class:`AddressedRow` or :class:`TenantRow`; migrations write the policies and a test walks the metadata and
fails on any table outside them.
"""

from __future__ import annotations

import os
import time
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import DateTime, ForeignKeyConstraint, Integer, MetaData, Numeric, Text, Uuid
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_1_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}

# What the app role may do with a table besides reading and inserting.
APPEND_ONLY: tuple[str, ...] = ("SELECT", "INSERT")
CORRECTABLE: tuple[str, ...] = ("SELECT", "INSERT", "UPDATE")
EXPIRING: tuple[str, ...] = ("SELECT", "INSERT", "UPDATE", "DELETE")


def new_id() -> UUID:
    """Make a UUID version 7 (RFC 9562): time-ordered, so that new rows land beside each other in every index."""
    milliseconds = time.time_ns() // 1_000_000
    random = int.from_bytes(os.urandom(10), "big")
    value = (milliseconds & (1 << 48) - 1) << 80
    value |= 0x7 << 76 | (random >> 68 & 0xFFF) << 64
    value |= 0b10 << 62 | random & (1 << 62) - 1
    return UUID(int=value)


def now() -> datetime:
    """The server's clock, aware and in UTC; the only clock that decides deadlines."""
    return datetime.now(UTC)


class Base(DeclarativeBase):
    """Typed mapped classes with one naming convention; every table carries its wall class in ``info``."""

    metadata = MetaData(naming_convention=NAMING)
    type_annotation_map: ClassVar[dict[Any, Any]] = {
        str: Text(),
        datetime: DateTime(timezone=True),
        dict[str, Any]: JSONB(),
        list[str]: JSONB(),
        Decimal: Numeric(),
        UUID: Uuid(),
    }

    wall_class: ClassVar[str] = ""
    rights: ClassVar[tuple[str, ...]] = CORRECTABLE

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        table = cls.__dict__.get("__table__")
        if table is not None:
            table.info.update(wall=cls.wall_class, rights=cls.rights, secret=issubclass(cls, SecretRow))

    def __repr__(self) -> str:
        keys = ", ".join(f"{c.name}={getattr(self, str(c.key), None)!r}" for c in self.__mapper__.primary_key)
        return f"<{type(self).__name__} {keys}>"


class PlatformRow:
    """A row of the installation itself: seen in the signed scope 0 only (平台表)."""

    wall_class: ClassVar[str] = "platform"


class SharedRow:
    """A row that login finds in scope 0 and a tenant's administrator keeps in his own (共享表)."""

    wall_class: ClassVar[str] = "shared"
    tenant_id: Mapped[int] = mapped_column(Integer, primary_key=True, sort_order=-20)


class AddressedRow:
    """A row that its author writes for one reader and nobody may change afterwards (送达表)."""

    wall_class: ClassVar[str] = "addressed"
    rights: ClassVar[tuple[str, ...]] = APPEND_ONLY
    reader_id: Mapped[int] = mapped_column(Integer, primary_key=True, sort_order=-21)
    tenant_id: Mapped[int] = mapped_column(Integer, primary_key=True, sort_order=-20)


class TenantRow:
    """A row of one district or city (租户表): ``tenant_id`` comes first in every key."""

    wall_class: ClassVar[str] = "tenant"
    tenant_id: Mapped[int] = mapped_column(Integer, primary_key=True, sort_order=-20)


class SecretRow:
    """Mixed into a tenant row that a secret round (暗访) can reach: hidden rows need a cleared scope."""

    hidden: Mapped[bool] = mapped_column(default=False, server_default="false", sort_order=90)


def uuid_key() -> Mapped[UUID]:
    """The second half of a tenant table's key: a UUID v7 made in Python or sent by the device."""
    return mapped_column(Uuid, primary_key=True, default=new_id, sort_order=-10)


def tenant_reference(column: str, target: str, **kwargs: Any) -> ForeignKeyConstraint:
    """A foreign key that cannot leave the tenant: ``(tenant_id, column) -> target(tenant_id, id)``."""
    return ForeignKeyConstraint(["tenant_id", column], [f"{target}.tenant_id", f"{target}.id"], **kwargs)


__all__ = [
    "APPEND_ONLY",
    "CORRECTABLE",
    "EXPIRING",
    "AddressedRow",
    "Base",
    "PlatformRow",
    "SecretRow",
    "SharedRow",
    "TenantRow",
    "date",
    "new_id",
    "now",
    "tenant_reference",
    "uuid_key",
]
