"""Serial numbers (流水号): given out in order, within the transaction that uses them, so that none is lost by a rollback."""

from __future__ import annotations

from sqlalchemy import text
from sqlalchemy.orm import Session

from core.work.bulk import ask
from tenants.access import Actor


def take_serials(session: Session, actor: Actor, series: str, count: int = 1) -> range:
    """Take the next ``count`` numbers of a series, such as ``finding-2026``; the series is locked until the commit.

    Take them late in a transaction: others who need the same series wait meanwhile.
    """
    return take_serials_of(session, actor.tenant.id, series, count)


def take_serials_of(session: Session, tenant_id: int, series: str, count: int = 1) -> range:
    """The same where nobody acts: a job that issues papers by itself."""
    asked = {"tenant": tenant_id, "series": series, "count": count}
    last = int(ask(session, _TAKE, asked).scalar_one())
    return range(last - count + 1, last + 1)


def give_back(session: Session, actor: Actor, series: str, count: int = 1) -> None:
    """Give back the numbers that were taken last in this very transaction and not used: the series is locked still."""
    ask(session, _GIVE_BACK, {"tenant": actor.tenant.id, "series": series, "count": count})


_TAKE = text("""
INSERT INTO serial (tenant_id, series, last) VALUES (:tenant, :series, :count)
ON CONFLICT (tenant_id, series) DO UPDATE SET last = serial.last + excluded.last RETURNING last
""")
_GIVE_BACK = text("UPDATE serial SET last = last - :count WHERE tenant_id = :tenant AND series = :series")
