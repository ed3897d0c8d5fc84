"""Day counts (日计数): what each day brought in each unit, added up once, and the marks of what must be added up again."""

from __future__ import annotations

from datetime import date
from typing import ClassVar
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Index, Integer
from sqlalchemy.orm import Mapped, mapped_column

from tenants.db import Base, TenantRow, uuid_key

KINDS = ("item", "form", "visit", "opened", "closed")


class DayCount(TenantRow, Base):
    """The sums of one unit's day (单位日计数), whole numbers only; points are 1/100.

    ``kind`` is ``item`` (an item of a form, ``code``), ``form`` (a form's sheets), ``visit`` (a campaign's visits, of them
    ``passed`` without any failed item; ``n`` items passed of ``m`` answered), ``opened`` or ``closed`` (findings by
    category, ``n`` of them). Items and forms are apart by the points ``possible`` in one visit, so that scores out of 100
    add up exactly. What secret rounds found and the restricted class are not in here: the sums are everybody's.
    """

    __tablename__ = "day_count"
    __table_args__ = (
        Index("ix_day_count_kind", "tenant_id", "kind", "campaign", "day"),
        CheckConstraint("kind IN ('item', 'form', 'visit', 'opened', 'closed')", name="kind"),
    )
    rights: ClassVar[tuple[str, ...]] = ("SELECT", "INSERT", "DELETE")

    day: Mapped[date] = mapped_column(primary_key=True)
    unit_id: Mapped[UUID] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(primary_key=True)
    campaign: Mapped[str] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(primary_key=True)
    basis: Mapped[str] = mapped_column(primary_key=True)
    possible: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    visits: Mapped[int] = mapped_column(BigInteger)
    passed: Mapped[int] = mapped_column(BigInteger)
    earned: Mapped[int] = mapped_column(BigInteger)
    n: Mapped[int] = mapped_column(BigInteger)
    m: Mapped[int] = mapped_column(BigInteger)
    raw: Mapped[int] = mapped_column(BigInteger)


class DayMark(TenantRow, Base):
    """A unit's day that changed since it was counted (待重算标记): written with the change itself, one row each time.

    Writers only add rows, so that none waits for another; whoever counts deletes the very rows that it saw before.
    """

    __tablename__ = "day_mark"
    __table_args__ = (Index("ix_day_mark_tenant_id_day", "tenant_id", "day", "unit_id"),)
    rights: ClassVar[tuple[str, ...]] = ("SELECT", "INSERT", "DELETE")

    id: Mapped[UUID] = uuid_key()
    day: Mapped[date]
    unit_id: Mapped[UUID]
