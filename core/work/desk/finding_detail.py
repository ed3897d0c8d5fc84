"""One finding as people see it (问题详情): the place, who answers, what came of it, with photos before and after."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import and_, false, or_, select
from sqlalchemy.orm import Session

from core.errors import NotFound
from core.work.calendar import load_calendar, local_day
from core.work.desk.findings import Filter, FindingRow, base_query, rows_of
from core.work.loop.standing import standing_of
from core.work.loop.transitions import WITH_UNIT, Standing, Transition, allowed
from core.work.proofs.recheck_due import without_looks
from core.work.tables import Attachment, File, Finding, FindingEvent, FindingItem, FindingLink
from tenants.access import Actor
from tenants.db import now as server_now


@dataclass(frozen=True, slots=True)
class Photo:
    """A photo beside a finding (照片): from the visit (``version`` None), or with a step of its history (1: the report itself).

    ``contact_name`` is who sent it by a link without an account.
    """

    file_id: UUID
    version: int | None
    taken_at: datetime | None
    sent_at: datetime
    width: int
    height: int
    contact_name: str = ""


@dataclass(frozen=True, slots=True)
class Detail:
    """Everything on one finding (问题详情). ``time_left`` is working time, negative when late; None when nobody waits for the unit.

    ``accept_left`` is the same for taking it. ``stopped_left`` is what was left when the clock stopped, while it stands.
    ``provisional`` says that the deadline lies in a year whose holidays are not announced yet; with less than ``amber`` left
    it is soon.
    """

    row: FindingRow
    finding: Finding
    events: Sequence[FindingEvent]
    items: Sequence[FindingItem]
    links: Sequence[FindingLink]
    before: Sequence[Photo]
    after: Sequence[Photo]
    standing: Standing
    allowed: Sequence[Transition]
    time_left: timedelta | None
    provisional: bool
    accept_left: timedelta | None = None
    stopped_left: timedelta | None = None
    amber: timedelta = timedelta(days=1)


def detail(session: Session, actor: Actor, finding_id: UUID, *, now: datetime | None = None) -> Detail:
    """One finding within the actor's reach; NotFound otherwise."""
    moment = now or server_now()
    query = base_query(actor, Filter(extra=(Finding.id == finding_id,)), moment).add_columns(Finding)
    found = session.execute(query).all()
    if not found:
        raise NotFound
    finding: Finding = found[0][-1]
    row = rows_of(session, found, moment)[0]
    standing = standing_of(session, actor, finding, local_day(moment))
    stopped = finding.stopped_at
    calendar = load_calendar(session, min(one for one in (moment, finding.due_at, stopped) if one))
    photos = _photos(session, finding)
    events = _events(session, finding)
    fixed = _fixed_on_the_spot(events)
    return Detail(
        row=row,
        finding=finding,
        events=events,
        items=session.scalars(
            select(FindingItem)
            .where(FindingItem.finding_id == finding_id)
            .order_by(FindingItem.campaign, FindingItem.form, FindingItem.item)
        ).all(),
        links=session.scalars(
            select(FindingLink)
            .where(FindingLink.finding_id == finding_id)
            .order_by(FindingLink.direct.desc(), FindingLink.campaign, FindingLink.indicator)
        ).all(),
        before=[photo for photo in photos if (photo.version or 1) == 1 and photo.file_id not in fixed],
        after=[photo for photo in photos if (photo.version or 1) > 1 or photo.file_id in fixed],
        standing=standing,
        allowed=without_looks(session, finding, allowed(finding.state, standing, finding.source)),
        time_left=calendar.working_time_left(moment, finding.due_at) if finding.state in WITH_UNIT else None,
        provisional=calendar.is_provisional(local_day(finding.due_at)),
        accept_left=calendar.working_time_left(moment, finding.accept_by) if finding.accept_by else None,
        stopped_left=calendar.working_time_left(stopped, finding.due_at) if stopped else None,
        amber=calendar.amber,
    )


def _events(session: Session, finding: Finding) -> Sequence[FindingEvent]:
    return session.scalars(
        select(FindingEvent).where(FindingEvent.finding_id == finding.id).order_by(FindingEvent.version)
    ).all()


def _fixed_on_the_spot(events: Sequence[FindingEvent]) -> frozenset[UUID]:
    """The photos that a report showed of what it had put right already; all others of the first line are from before."""
    first = next((event for event in events if event.version == 1), None)
    return frozenset(map(UUID, first.detail.get("fixed", ()))) if first else frozenset()


def _photos(session: Session, finding: Finding) -> list[Photo]:
    """The visit's photos at the failed question, and those of the history."""
    of_visit = (
        and_(Attachment.visit_id == finding.visit_id, Attachment.question == finding.question)
        if finding.visit_id
        else false()
    )
    rows = session.execute(
        select(Attachment.version, Attachment.created_at, File)
        .join(File, (File.tenant_id == Attachment.tenant_id) & (File.id == Attachment.file_id))
        .where(or_(Attachment.finding_id == finding.id, of_visit))
        .order_by(Attachment.created_at, Attachment.id)
    )
    return [
        Photo(file.id, version, file.taken_at, sent_at, file.width, file.height, file.contact_name)
        for version, sent_at, file in rows
    ]
