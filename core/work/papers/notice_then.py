"""Notices as they were (往日文书): how far each addressee was at the end of a day, read off the history.

The paper's own state is that of the addressee who was least far, as it is today.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, case, func, or_, select
from sqlalchemy.orm import Session

from core.work.papers.notice_moves import CANCELLED, FORWARD, ISSUED, READ, SIGNED
from core.work.tables import Notice, NoticeAddressee, NoticeEvent


def addressee_then(tenant: int, until: datetime) -> ColumnElement[Any]:
    """The state of a NoticeAddressee just before a moment: the last line that is its own or the whole paper's."""
    last = select(NoticeEvent.to_state).where(
        NoticeEvent.tenant_id == tenant,
        NoticeEvent.notice_id == NoticeAddressee.notice_id,
        or_(NoticeEvent.unit_id.is_(None), NoticeEvent.unit_id == NoticeAddressee.unit_id),
        NoticeEvent.at < until,
    )
    found = last.order_by(NoticeEvent.version.desc()).limit(1).correlate(NoticeAddressee).scalar_subquery()
    return func.coalesce(found, NoticeAddressee.state)


def stood_in(tenant: int, until: datetime, states: Sequence[str]) -> ColumnElement[bool]:
    """Condition on Notice: the paper stood in one of some states just before a moment."""
    place = case({state: n for n, state in enumerate(FORWARD)}, value=addressee_then(tenant, until), else_=None)
    least = (
        select(func.min(place))
        .where(NoticeAddressee.tenant_id == tenant, NoticeAddressee.notice_id == Notice.id)
        .correlate(Notice)
        .scalar_subquery()
    )
    going = least.in_([FORWARD.index(state) for state in states if state in FORWARD])
    return or_(going, least.is_(None)) if CANCELLED in states else going


def waited(tenant: int, until: datetime, replying: Sequence[str]) -> ColumnElement[bool]:
    """Condition on NoticeAddressee beside its Notice: it had not signed, or not answered what asks for an answer."""
    state = addressee_then(tenant, until)
    return or_(state.in_((ISSUED, READ)), (state == SIGNED) & Notice.kind.in_(replying))


def states_then(
    session: Session, tenant: int, notice_ids: Collection[UUID], until: datetime
) -> dict[tuple[UUID, UUID], str]:
    """The states of the addressees of some papers just before a moment, by paper and unit (one query)."""
    found = session.execute(
        select(NoticeAddressee.notice_id, NoticeAddressee.unit_id, addressee_then(tenant, until)).where(
            NoticeAddressee.notice_id.in_(notice_ids)
        )
    )
    return {(notice_id, unit_id): state for notice_id, unit_id, state in found}
