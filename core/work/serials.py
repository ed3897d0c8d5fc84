"""Serial numbers (流水号): given out in order, within the transaction that uses them, so that none is lost by a rollback."""

from __future__ import annotations

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from core.work.tables import Serial
from tenants.access import Actor


def take_serials(session: Session, actor: Actor, series: str, count: int = 1) -> range:
    """Take the next ``count`` numbers of a series, such as ``finding-2026``; the series is locked until the commit.

    Take them late in a transaction: others who need the same series wait meanwhile.
    """
    return take_serials_of(session, actor.tenant.id, series, count)


def take_serials_of(session: Session, tenant_id: int, series: str, count: int = 1) -> range:
    """The same where nobody acts: a job that issues papers by itself."""
    statement = insert(Serial).values(tenant_id=tenant_id, series=series, last=count)
    last = session.scalars(
        statement.on_conflict_do_update(
            index_elements=["tenant_id", "series"], set_={"last": Serial.last + statement.excluded.last}
        ).returning(Serial.last),
        execution_options={"populate_existing": True},
    ).one()
    return range(last - count + 1, last + 1)
