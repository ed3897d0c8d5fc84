"""Lists as people keep them (常用筛选): the query of a page under a name, one's own or shared with everybody here."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from core.errors import N_, Conflict, Fault, InvalidInput, NotFound
from core.work.journal import record
from core.work.tables import SavedFilter
from core.work.wording import read_text
from tenants.access import Actor

LONGEST_NAME = 30
LONGEST_QUERY = 1000
MOST = 30  # of one person on one page (ours)


def saved_filters(session: Session, actor: Actor, page: str) -> Sequence[SavedFilter]:
    """The person's own and the shared ones of a page, by name (one query)."""
    mine = or_(SavedFilter.person_id == actor.person_id, SavedFilter.shared)
    query = select(SavedFilter).where(SavedFilter.page == page, SavedFilter.removed.is_(False), mine)
    return session.scalars(query.order_by(SavedFilter.name, SavedFilter.id)).all()


def save_filter(
    session: Session, actor: Actor, page: str, name: str, query: str, *, shared: bool = False
) -> SavedFilter:
    """Keep a page's query under a name; the same name again replaces the person's own query.

    Raises InvalidInput for no name or no filter, Conflict when there are too many.
    """
    faults: list[Fault] = []
    called = read_text(name, "name", faults, LONGEST_NAME)
    asked = read_text(query, "query", faults, LONGEST_QUERY)
    if not called and not faults:
        faults.append(Fault(N_("缺少名称"), "name", remedy=N_("给这组条件起个名字，如：我街道超期")))
    if not asked and not faults:
        faults.append(Fault(N_("还没有筛选条件"), "query", remedy=N_("先选好条件，再保存")))
    if faults:
        raise InvalidInput(faults=faults)
    row = _own(session, actor, page, called)
    if row is None:
        _check_room(session, actor, page)
        row = SavedFilter(person_id=actor.person_id, page=page, name=called, query="")
        session.add(row)
    row.query, row.shared, row.removed = asked, shared, False
    session.flush()
    record(session, actor, "filter.save", "filter", row.id, page=page, shared=shared)
    return row


def remove_filter(session: Session, actor: Actor, filter_id: UUID) -> SavedFilter:
    """Take one's own filter off the list; it can be restored. Raises NotFound for another's."""
    return _set(session, actor, filter_id, removed=True)


def restore_filter(session: Session, actor: Actor, filter_id: UUID) -> SavedFilter:
    """Put it back. Raises NotFound for another's."""
    return _set(session, actor, filter_id, removed=False)


def _set(session: Session, actor: Actor, filter_id: UUID, *, removed: bool) -> SavedFilter:
    wanted = select(SavedFilter).where(SavedFilter.id == filter_id, SavedFilter.person_id == actor.person_id)
    row = session.scalars(wanted).first()
    if row is None:
        raise NotFound
    row.removed = removed
    record(session, actor, "filter.remove" if removed else "filter.restore", "filter", row.id)
    session.flush()
    return row


def _own(session: Session, actor: Actor, page: str, name: str) -> SavedFilter | None:
    wanted = select(SavedFilter).filter_by(person_id=actor.person_id, page=page, name=name)
    return session.scalars(wanted.order_by(SavedFilter.removed)).first()


def _check_room(session: Session, actor: Actor, page: str) -> None:
    own = (SavedFilter.person_id == actor.person_id, SavedFilter.page == page, SavedFilter.removed.is_(False))
    if (session.scalar(select(func.count()).select_from(SavedFilter).where(*own)) or 0) >= MOST:
        raise Conflict(N_("常用筛选最多 {most} 个，请先去掉不用的"), most=MOST)
