"""Who has to publish what by when (应报日历): the terms of a city, who published in time, late or not yet, and one reminder each.

A district is expected where its grant for the campaign is in force, or where it published the period all the same.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import func, select

from core.errors import N_, Conflict, Fault, InvalidInput
from core.figures.comparison import Place, check_compare, known_districts
from core.figures.due_tables import PublicationReminder, PublicationTerm
from core.figures.grants import IN_FORCE, grants_received
from core.figures.periods import KINDS, Period, containing, day_of
from core.figures.received import along_index, of_period
from core.figures.tables import Publication
from core.work.journal import record
from tenants.access import Actor, TenantRef
from tenants.db import new_id
from tenants.scope import ScopedSession

SHOWN = 3  # ended periods of each term that the calendar lists (ours)
LONGEST = 366
IN_TIME, LATE, WAITING, OVERDUE = "in_time", "late", "waiting", "overdue"

Sent = dict[tuple[str, int, str, date], datetime]
Reminded = dict[tuple[str, int, str, date], PublicationReminder]


@dataclass(frozen=True, slots=True)
class Expected:
    """One district that has to publish a period (应报区县); ``state`` is in_time, late, waiting or overdue."""

    tenant_id: int
    slug: str
    name: str
    state: str
    published_at: datetime | None
    reminder: PublicationReminder | None


@dataclass(frozen=True, slots=True)
class Due:
    """One period of a campaign with everybody who has to publish it (应报期)."""

    campaign: str
    title_zh: str
    title_en: str
    period: Period
    on: date
    districts: tuple[Expected, ...]

    @property
    def missing(self) -> list[Expected]:
        """Who has not published yet."""
        return [one for one in self.districts if one.published_at is None]

    @property
    def unreminded(self) -> list[Expected]:
        """Who has not published and was not reminded."""
        return [one for one in self.missing if one.reminder is None]


def read_terms(session: ScopedSession, actor: Actor | None) -> list[PublicationTerm]:
    """The terms in force, by campaign and kind of period. Raises Forbidden."""
    check_compare(actor)
    query = select(PublicationTerm).where(PublicationTerm.days_after.is_not(None))
    return list(session.scalars(query.order_by(PublicationTerm.campaign, PublicationTerm.period_kind)))


def set_term(
    session: ScopedSession,
    actor: Actor,
    campaign: str,
    kind: str,
    days_after: int | None,
    *,
    since: date,
    now: datetime,
) -> PublicationTerm:
    """Let a kind of period be due so many days after its end, from the period that holds ``since``; None: no longer due.

    Raises Forbidden, and InvalidInput naming the field.
    """
    check_compare(actor)
    faults = []
    if campaign not in {one.campaign for one in known_districts(session, None).values()}:
        faults.append(Fault(N_("没有区县授权或发布过这个创建项目"), field="campaign", value=campaign))
    if kind not in KINDS:
        faults.append(Fault(N_("没有这种周期"), field="kind", value=kind))
    if days_after is not None and not 0 <= days_after <= LONGEST:
        faults.append(Fault(N_("天数应在 0 到 366 之间"), field="days_after", value=str(days_after)))
    if faults:
        raise InvalidInput(faults=faults)
    row = session.scalars(
        select(PublicationTerm).where(PublicationTerm.campaign == campaign, PublicationTerm.period_kind == kind)
    ).first()
    if row is None:
        row = PublicationTerm(campaign=campaign, period_kind=kind)
        session.add(row)
    row.days_after, row.since = days_after, containing(kind, since).start
    row.changed_by, row.changed_at = actor.name, now
    session.flush()
    record(session, actor, "term.set", "publication_term", f"{campaign}/{kind}", days_after=days_after)
    return row


def due_calendar(session: ScopedSession, actor: Actor | None, *, now: datetime) -> list[Due]:
    """The last periods of every term, the newest first, with who published and who did not. Raises Forbidden."""
    terms = read_terms(session, actor)
    today = day_of(now)
    granted = {(g.grant.campaign, g.grant.tenant_id) for g in grants_received(session, today) if g.state == IN_FORCE}
    if not terms:
        return []
    known = known_districts(session, None)
    ended = [(term, period) for term in terms for period in _ended(term, today)]
    sent, reminded = _sent(session, [(term.campaign, period) for term, period in ended]), _reminded(session)
    found = []
    for term, period in ended:
        due_on = period.end + timedelta(days=term.days_after or 0)
        rows = [
            _expected(place, names.district_slug, names.district_name, period, due_on, today, sent, reminded)
            for place, names in known.items()
            if place[0] == term.campaign and (place in granted or (*place, period.kind, period.start) in sent)
        ]
        titles = next(((n.title_zh, n.title_en) for p, n in known.items() if p[0] == term.campaign), ("", ""))
        found.append(Due(term.campaign, *titles, period, due_on, tuple(rows)))
    return sorted(found, key=lambda one: (one.on, one.campaign, one.period.kind), reverse=True)


def _ended(term: PublicationTerm, today: date) -> list[Period]:
    period = containing(term.period_kind, today).previous
    found = []
    while len(found) < SHOWN and period.start >= term.since:
        found.append(period)
        period = period.previous
    return found


def _expected(
    place: Place,
    slug: str,
    name: str,
    period: Period,
    due_on: date,
    today: date,
    sent: Sent,
    reminded: Reminded,
) -> Expected:
    key = (*place, period.kind, period.start)
    at = sent.get(key)
    in_time, late = (WAITING, OVERDUE) if at is None else (IN_TIME, LATE)
    state = in_time if (day_of(at) if at else today) <= due_on else late
    return Expected(place[1], slug, name, state, at, reminded.get(key))


def _sent(session: ScopedSession, wanted: Iterable[tuple[str, Period]]) -> Sent:
    """When each of some periods first came from each district: a correction does not make it late (one query a period)."""
    found: Sent = {}
    for campaign, period in wanted:
        query = select(Publication.tenant_id, func.min(Publication.published_at))
        rows = query.where(*of_period(session, campaign, period)).group_by(Publication.tenant_id)
        with along_index(session):
            found |= {(campaign, row[0], period.kind, period.start): row[1] for row in session.execute(rows)}
    return found


def _reminded(session: ScopedSession) -> Reminded:
    query = select(PublicationReminder).where(PublicationReminder.tenant_id == session.tenant_id)
    return {(r.campaign, r.reader_id, r.period_kind, r.period_start): r for r in session.scalars(query)}


def remind(
    session: ScopedSession,
    actor: Actor,
    campaign: str,
    period: Period,
    *,
    now: datetime,
    only: Collection[str] | None = None,
) -> list[PublicationReminder]:
    """Remind everybody who has not published a due period and was not reminded, or of them those with a slug in ``only``.

    Raises Forbidden, InvalidInput when the period is not due by any term, and Conflict when nobody is left to remind.
    """
    due = next((d for d in due_calendar(session, actor, now=now) if (d.campaign, d.period) == (campaign, period)), None)
    if due is None:
        raise InvalidInput(faults=[Fault(N_("这一期没有发布期限"), field="period", value=period.key)])
    chosen = [one for one in due.unreminded if only is None or one.slug in only]
    if not chosen:
        raise Conflict(N_("没有要提醒的区县：都已发布，或已经提醒过一次"))
    rows = [_reminder(actor.tenant, actor.name, due, one, now) for one in chosen]
    session.add_all(rows)
    session.flush()
    told = [row.reader_slug for row in rows]
    record(session, actor, "reminder.send", "publication_term", campaign, period=period.key, readers=told)
    return rows


def _reminder(city: TenantRef, by: str, due: Due, one: Expected, now: datetime) -> PublicationReminder:
    return PublicationReminder(
        id=new_id(),
        reader_id=one.tenant_id,
        tenant_id=city.id,
        reader_slug=one.slug,
        reader_name=one.name,
        city_slug=city.slug,
        city_name=city.name,
        campaign=due.campaign,
        title_zh=due.title_zh,
        title_en=due.title_en,
        period_kind=due.period.kind,
        period_start=due.period.start,
        period_end=due.period.end,
        due_on=due.on,
        reminded_by=by,
        reminded_at=now,
    )


def open_reminders(session: ScopedSession) -> list[PublicationReminder]:
    """The reminders that this district received and did not answer by publishing the period to whom it was asked by."""
    mine = session.tenant_id
    answered = select(Publication.id).where(
        Publication.tenant_id == mine,
        Publication.reader_id == PublicationReminder.tenant_id,
        Publication.campaign == PublicationReminder.campaign,
        Publication.period_kind == PublicationReminder.period_kind,
        Publication.period_start == PublicationReminder.period_start,
    )
    query = select(PublicationReminder).where(
        PublicationReminder.reader_id == mine, PublicationReminder.tenant_id != mine, ~answered.exists()
    )
    return list(session.scalars(query.order_by(PublicationReminder.due_on, PublicationReminder.campaign)))
