"""One person's own sheet of a week (任务单): fixed person, post, time and duty (定人、定岗、定时、定责), made of his inbox and nothing else.

What stands on it is what the inbox says waits for him, sorted by the week (ours): late, due in the week, tasks that are due later, and
what has no deadline; what else is due after the week is only counted. So the sheet and the inbox are the same list: of this week
the inbox as it is, of a week to come as it will be at that week's end, of what is known now. Beside it stand, marked as such, the
tasks in his own charge that are under way and not near enough for the inbox.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.errors import N_, Fault, InvalidInput, NotFound
from core.periods import Period, containing, parse_period
from core.work.actors import resolve_actor
from core.work.calendar import local_day
from core.work.dated import valid_on
from core.work.desk.inbox import KINDS, kinds_of
from core.work.desk.inbox_duty import Duty
from core.work.desk.inbox_rows import read_duties
from core.work.desk.inbox_tasks import SHOWN, TASK_DOING
from core.work.loop.sight import sees_finding
from core.work.organisation.unit_people import people_of
from core.work.papers.notice_sight import sees_notice
from core.work.roles import DIRECT, LEAD
from core.work.tables import Finding, Notice, Task
from core.work.tasks.listing import SOON_DAYS
from core.work.tasks.sight import sees_task
from core.work.tasks.states import ACCEPTED, DOING
from tenants.access import Actor, may, reach
from tenants.models import Holding, Post, Unit

PAGE = 200  # duties read at a time
MOST = 400  # lines of one kind on a sheet; the inbox has all (ours)
MOST_PEOPLE = 80  # sheets printed at a time (ours)
FARTHEST = 26  # weeks to come that one may look at (ours)
TASK, FURTHER = "task", "further"
SHOWN_TO_OTHERS = frozenset(
    {"finding", "recheck", "handed", "sweep", "doubt", "notice", "numbers", "number", "judging", TASK}
)


@dataclass(frozen=True, slots=True)
class Line:
    """One thing on the sheet (任务单事项): a duty of the inbox and the kind under which it stands there."""

    kind: str
    duty: Duty


@dataclass(frozen=True, slots=True)
class Slip:
    """A person's sheet of a week (任务单).

    ``further`` are tasks in his charge under way that the inbox does not show yet; ``later`` is how much of the inbox is due only
    after the week.
    """

    person_id: UUID
    name: str
    posts: tuple[str, ...]
    week: Period
    late: tuple[Line, ...]
    due: tuple[Line, ...]
    under_way: tuple[Line, ...]
    undated: tuple[Line, ...]
    further: tuple[Line, ...]
    later: int

    @property
    def lines(self) -> tuple[Line, ...]:
        """What is on the sheet out of the inbox, in its order."""
        return (*self.late, *self.due, *self.under_way, *self.undated)


def week_of(text: str, today: date) -> Period:
    """The week that a key names, this one without any. Raises InvalidInput for one that is over or too far ahead.

    A sheet is of what waits, so there is none of a week that is over: what was done then stands at the tasks.
    """
    this = containing("week", today)
    wanted = parse_period(text) if text else this
    if wanted.kind != "week" or not this.start <= wanted.start <= date.fromordinal(
        this.start.toordinal() + 7 * FARTHEST
    ):
        remedy = N_("请选本周或以后半年内的一周")
        raise InvalidInput(faults=[Fault(N_("没有这一周的任务单"), "week", value=text[:20], remedy=remedy)])
    return wanted


def read_slip(session: Session, actor: Actor, week: Period, now: datetime) -> Slip:
    """The actor's own sheet of a week."""
    return _sorted(session, actor, list(_waiting(session, actor, week, now)), week, now)


def read_slips(session: Session, viewer: Actor, unit_id: UUID, week: Period, now: datetime) -> list[Slip]:
    """The sheets of all people of a unit, for whoever directs or leads there. Raises NotFound for any other.

    Only what the people's posts in the viewer's reach bring, and only what the viewer may himself see: nothing restricted, nothing
    of other places comes to him by another's sheet. People without anything are left out.
    """
    day = local_day(now)
    if not any(may(session, viewer, verb, unit_id, day) for verb in (DIRECT, LEAD)):
        raise NotFound
    units = set(session.scalars(reach(viewer, DIRECT, day))) | set(session.scalars(reach(viewer, LEAD, day)))
    found = []
    for person in people_of(session, unit_id, day)[:MOST_PEOPLE]:
        own = resolve_actor(session, viewer.tenant, person.id, day)
        if own is None:
            continue
        here = replace(own, duties=tuple(duty for duty in own.duties if duty.unit_id in units))
        lines = _seen_by(session, viewer, list(_waiting(session, here, week, now)), day)
        found.append(_sorted(session, here, lines, week, now))
    return [slip for slip in found if slip.lines or slip.further]


def inbox_moment(week: Period, now: datetime) -> datetime:
    """The moment of which the inbox is read for a week: now for this one, the last of the week for one to come."""
    first, after = week.bounds
    return after - timedelta(seconds=1) if first > now else now


def _waiting(session: Session, actor: Actor, week: Period, now: datetime) -> Iterator[Line]:
    """Everything that waits in the inbox, kind by kind, and last the further tasks in his own charge."""
    at = inbox_moment(week, now)
    for code in kinds_of(actor):
        after: Sequence[Any] | None = None
        count = 0
        while count < MOST and (rows := read_duties(session, actor, code, at, limit=PAGE, after=after)):
            yield from (Line(code, _as_of(duty, now)) for duty in rows)
            count, after = count + len(rows), rows[-1].keys
            if len(rows) < PAGE:
                break
    yield from _further(session, actor, at)


def _as_of(duty: Duty, now: datetime) -> Duty:
    """Late is what is late now, also on the sheet of a week to come."""
    return replace(duty, late=duty.late and duty.due_at is not None and duty.due_at < now)


def _further(session: Session, actor: Actor, at: datetime) -> Iterator[Line]:
    """Tasks in the actor's own charge that are under way and due too late for the inbox."""
    columns, make = SHOWN[TASK_DOING]
    far = Task.due_on > local_day(at) + timedelta(days=SOON_DAYS)
    wanted = (Task.tenant_id == actor.tenant.id, Task.person_id == actor.person_id, Task.state.in_((ACCEPTED, DOING)))
    query = select(Task).where(*wanted, far).with_only_columns(*columns).order_by(Task.due_on, Task.id).limit(MOST)
    for row in session.execute(query).all():
        yield Line(FURTHER, make(row, actor, at))


def _sorted(session: Session, actor: Actor, lines: Collection[Line], week: Period, now: datetime) -> Slip:
    _, after = week.bounds
    late: list[Line] = []
    due: list[Line] = []
    under_way: list[Line] = []
    undated: list[Line] = []
    later = 0
    for line in lines:
        at = line.duty.due_at
        if line.kind == FURTHER:
            continue
        if at is None:
            undated.append(line)
        elif line.duty.late or at <= now:
            late.append(line)
        elif at <= after:
            due.append(line)
        elif line.duty.about == TASK:
            under_way.append(line)
        else:
            later += 1
    order = list(KINDS)

    def place(line: Line) -> tuple[float, int]:
        return (line.duty.due_at.timestamp() if line.duty.due_at else 0, order.index(line.kind))

    for group in (late, due, under_way, undated):
        group.sort(key=place)
    further = tuple(line for line in lines if line.kind == FURTHER)
    posts = posts_of(session, actor.person_id, local_day(now))
    groups = (tuple(late), tuple(due), tuple(under_way), tuple(undated))
    return Slip(actor.person_id, actor.name, posts, week, *groups, further, later)


def posts_of(session: Session, person_id: UUID, day: date) -> tuple[str, ...]:
    """The posts that a person holds on a day, each with its unit (定岗)."""
    query = (
        select(Unit.name, Post.title)
        .join(Post, (Post.tenant_id == Unit.tenant_id) & (Post.unit_id == Unit.id))
        .join(Holding, (Holding.tenant_id == Post.tenant_id) & (Holding.post_id == Post.id))
        .where(Holding.person_id == person_id, valid_on(Holding, day))
        .order_by(Unit.kind, Unit.pinyin, Post.title)
    )
    return tuple(dict.fromkeys(f"{unit} {title}" for unit, title in session.execute(query)))


def _seen_by(session: Session, viewer: Actor, lines: Sequence[Line], day: date) -> list[Line]:
    """Of another's lines those whose finding or paper the viewer may see himself; kinds that say who decides stay with him."""
    findings = {line.duty.finding_id for line in lines if line.duty.finding_id}
    notices = {line.duty.id for line in lines if line.duty.about == "notice"}
    seen = _ids(session, Finding, findings, sees_finding(viewer, day)) if findings else set()
    papers = _ids(session, Notice, notices, sees_notice(viewer, day)) if notices else set()
    tasks = {line.duty.id for line in lines if line.duty.about == TASK}
    papers |= _ids(session, Task, tasks, sees_task(viewer, day)) if tasks else set()
    return [
        line
        for line in lines
        if line.duty.about in SHOWN_TO_OTHERS
        and (line.duty.finding_id is None or line.duty.finding_id in seen)
        and (line.duty.about not in ("notice", TASK) or line.duty.id in papers)
    ]


def _ids(session: Session, table: Any, ids: Collection[UUID | None], condition: Any) -> set[UUID]:
    return set(session.scalars(select(table.id).where(table.id.in_(ids), condition)))
